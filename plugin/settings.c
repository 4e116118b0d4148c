#include "settings.h"

#include "core/clock.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct settings settings;

void settings_reset(void) {
  for (size_t i = 0; i < settings.files_num; i++)
    free(settings.files[i]);
  free(settings.files);
  selection_free(settings.selection);
  free(settings.csv_dir);
  free(settings.state_file);
  memset(&settings, 0, sizeof(settings));
  settings.meter = (struct meter_options){.base = METER_AUTO, .scale = 1, .tick_ns = clock_tick_ns()};
  settings.host = (struct format){.fields = {FIELD_HOSTNAME}, .fields_num = 1};
  settings.plugin_instance = (struct format){.fields = {FIELD_NAME}, .fields_num = 1};
  settings.report_energy = true;
  settings.report_power = true;
}

/* The option as it was written, for messages. */
static void describe_item(const oconfig_item_t *item, char *text, size_t size) {
  size_t used = (size_t)snprintf(text, size, "%s", item->key);
  for (int i = 0; i < item->values_num && used < size; i++) {
    const oconfig_value_t *value = &item->values[i];
    int len;
    if (value->type == OCONFIG_TYPE_STRING)
      len = snprintf(text + used, size - used, " \"%s\"", value->value.string);
    else if (value->type == OCONFIG_TYPE_NUMBER)
      len = snprintf(text + used, size - used, " %.15g", value->value.number);
    else
      len = snprintf(text + used, size - used, " %s", value->value.boolean ? "true" : "false");
    used += (size_t)len;
  }
}

/* A bad option must not stop the daemon, which an error of the config callback would do. */
static void reject(const oconfig_item_t *item, const char *takes) {
  char text[256];
  describe_item(item, text, sizeof(text));
  say(LOG_WARNING, "option '%s' is ignored: it takes %s", text, takes);
}

/* The only value if it has the type, else NULL. */
static const oconfig_value_t *only_value(const oconfig_item_t *item, int type) {
  bool fits = item->values_num == 1 && item->values[0].type == type && item->children_num == 0;
  return fits ? &item->values[0] : NULL;
}

struct option {
  const char *name;
  void (*set)(const struct option *option, const oconfig_item_t *item);
  void *target;
  const char *takes; /* for the message when it does not */
};

static void set_boolean(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_BOOLEAN);
  if (value == NULL)
    reject(item, option->takes);
  else
    *(bool *)option->target = value->value.boolean != 0;
}

static void set_file(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  size_t len = value == NULL ? 0 : strlen(value->value.string);
  if (len == 0 || value->value.string[0] != '/' || value->value.string[len - 1] == '/') {
    reject(item, option->takes);
    return;
  }
  char **files = reallocarray(settings.files, settings.files_num + 1, sizeof(*files));
  if (files != NULL)
    settings.files = files;
  char *file = files == NULL ? NULL : strdup(value->value.string);
  if (file == NULL)
    say(LOG_ERR, "option 'File \"%s\"' is lost: out of memory", value->value.string);
  else
    settings.files[settings.files_num++] = file;
}

static void set_vm(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  if (value == NULL) {
    reject(item, option->takes);
    return;
  }
  if (settings.selection == NULL)
    settings.selection = selection_new();
  int status = settings.selection == NULL ? -ENOMEM : selection_add(settings.selection, value->value.string);
  if (status == -ENOMEM)
    say(LOG_ERR, "option 'VM \"%s\"' is lost: out of memory", value->value.string);
  else if (status != 0)
    reject(item, option->takes);
}

static void set_time_base(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  if (value == NULL || meter_base_from_name(value->value.string, &settings.meter.base) != 0)
    reject(item, option->takes);
}

static void set_stale_timeout(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_NUMBER);
  if (value == NULL || !(value->value.number >= 0 && value->value.number <= 86400 * 365))
    reject(item, option->takes);
  else
    settings.meter.stale_ns = (int64_t)(value->value.number * 1e9 + 0.5);
}

static void set_scale(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_NUMBER);
  if (value == NULL || !(value->value.number > 0 && value->value.number <= 1e9))
    reject(item, option->takes);
  else
    settings.meter.scale = value->value.number;
}

static void set_max_power(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_NUMBER);
  if (value == NULL || !(value->value.number >= 0 && value->value.number <= 1e9))
    reject(item, option->takes);
  else
    settings.meter.max_power_w = value->value.number;
}

static void set_smooth(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_NUMBER);
  if (value == NULL || !(value->value.number >= 0 && value->value.number <= 86400) ||
      value->value.number != (double)(size_t)value->value.number)
    reject(item, option->takes);
  else
    settings.smooth = (size_t)value->value.number;
}

/* Fields separated by spaces, as in the virt plugin. A plugin instance is one field, or none. */
static void set_format(const struct option *option, const oconfig_item_t *item) {
  static const char *const names[] = {"hostname", "name"};
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  char *fields = value == NULL ? NULL : strdup(value->value.string), *save = NULL;
  if (fields == NULL) {
    reject(item, option->takes);
    return;
  }
  struct format format = {.fields_num = 0};
  bool is_host = option->target == &settings.host;
  size_t words = 0, words_max = is_host ? FIELDS_MAX : 1;
  bool good = true;
  for (char *field = strtok_r(fields, " \t", &save); field != NULL && good; field = strtok_r(NULL, " \t", &save)) {
    size_t i = is_host ? 0 : 1;
    while (i < 2 && strcasecmp(field, names[i]) != 0)
      i++;
    if (i < 2 && words < words_max)
      format.fields[format.fields_num++] = (enum field)i;
    else if (is_host || strcasecmp(field, "none") != 0 || words > 0)
      good = false;
    words++;
  }
  free(fields);
  if (!good || words == 0)
    reject(item, option->takes);
  else
    *(struct format *)option->target = format;
}

static void set_csv_dir(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  if (value == NULL || value->value.string[0] != '/') {
    reject(item, option->takes);
    return;
  }
  char *dir = strdup(value->value.string);
  if (dir == NULL) {
    say(LOG_ERR, "option 'CSVDir \"%s\"' is lost: out of memory", value->value.string);
    return;
  }
  free(settings.csv_dir);
  settings.csv_dir = dir;
}

static void set_state_file(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  size_t len = value == NULL ? 0 : strlen(value->value.string);
  if (len == 0 || value->value.string[0] != '/' || value->value.string[len - 1] == '/') {
    reject(item, option->takes);
    return;
  }
  char *file = strdup(value->value.string);
  if (file == NULL) {
    say(LOG_ERR, "option 'StateFile \"%s\"' is lost: out of memory", value->value.string);
    return;
  }
  free(settings.state_file);
  settings.state_file = file;
}

#define TAKES_BOOLEAN "true or false"
#define TAKES_VM      "the name of a VM in quotes, or an extended regular expression between two slashes"

/* One row per option. */
static const struct option options[] = {
    {"File", set_file, NULL, "the absolute path of a file, or a pattern of them, in quotes"},
    {"VM", set_vm, NULL, TAKES_VM},
    {"Domain", set_vm, NULL, TAKES_VM},
    {"IgnoreSelected", set_boolean, &settings.ignore_selected, TAKES_BOOLEAN},
    {"TimeBase", set_time_base, NULL, "\"auto\", \"update\" or \"sample\""},
    {"StaleTimeout", set_stale_timeout, NULL, "a number of seconds from 0 (the default rule) to 31536000"},
    {"Scale", set_scale, NULL, "a number above 0, at most 1000000000, without an exponent"},
    {"MaxPower", set_max_power, NULL, "a number of watts from 0 (off) to 1000000000"},
    {"Smooth", set_smooth, NULL, "a whole number of samples from 0 (off) to 86400"},
    {"HostnameFormat", set_format, &settings.host,
     "one to four of hostname and name; energy files tell no uuid and no metadata"},
    {"PluginInstanceFormat", set_format, &settings.plugin_instance,
     "name or none; energy files tell no uuid and no metadata"},
    {"ReportEnergy", set_boolean, &settings.report_energy, TAKES_BOOLEAN},
    {"ReportPower", set_boolean, &settings.report_power, TAKES_BOOLEAN},
    {"NotifyAdd", set_boolean, &settings.notify_add, TAKES_BOOLEAN},
    {"NotifyRemove", set_boolean, &settings.notify_remove, TAKES_BOOLEAN},
    {"NotifyStale", set_boolean, &settings.notify_stale, TAKES_BOOLEAN},
    {"NotifyReset", set_boolean, &settings.notify_reset, TAKES_BOOLEAN},
    {"CSVDir", set_csv_dir, NULL, "the absolute path of a directory, in quotes"},
    {"StateFile", set_state_file, NULL, "the absolute path of a file, in quotes"},
};

static void set_option(const oconfig_item_t *item) {
  for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
    if (strcasecmp(item->key, options[i].name) == 0) {
      options[i].set(&options[i], item);
      return;
    }
  say(LOG_WARNING, "unknown option '%s' is ignored", item->key);
}

void settings_take(const oconfig_item_t *block) {
  for (int i = 0; i < block->children_num; i++)
    set_option(&block->children[i]);
}
