#include "settings.h"

#include "core/clock.h"
#include "core/label.h"
#include "log.h"

#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct settings settings;

static const struct format by_name = {.fields = {FIELD_NAME}, .fields_num = 1, .has_name = true};

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
  settings.plugin_instance = by_name;
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
  report(LOG_WARNING, "option '%s' is ignored: it takes %s", text, takes);
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

static void report_lost(const struct option *option, const char *text) {
  report(LOG_ERR, "option '%s \"%s\"' is lost: out of memory", option->name, text);
}

/* A copy of an absolute path, which names a file unless may_be_dir. NULL: none; an error was logged. */
static char *take_path(const struct option *option, const oconfig_item_t *item, bool may_be_dir) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  const char *path = value == NULL ? "" : value->value.string;
  if (path[0] != '/' || (!may_be_dir && path[strlen(path) - 1] == '/')) {
    reject(item, option->takes);
    return NULL;
  }
  char *copy = strdup(path);
  if (copy == NULL)
    report_lost(option, path);
  return copy;
}

static void set_path(const struct option *option, const oconfig_item_t *item) {
  char **target = option->target, *path = take_path(option, item, target == &settings.csv_dir);
  if (path == NULL)
    return;
  free(*target);
  *target = path;
}

static void set_file(const struct option *option, const oconfig_item_t *item) {
  char *path = take_path(option, item, false);
  char **files = path == NULL ? NULL : reallocarray(settings.files, settings.files_num + 1, sizeof(*files));
  if (files != NULL) {
    settings.files = files;
    settings.files[settings.files_num++] = path;
  } else if (path != NULL) {
    report_lost(option, path);
    free(path);
  }
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
    report_lost(option, value->value.string);
  else if (status != 0)
    reject(item, option->takes);
}

static void set_time_base(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  if (value == NULL || meter_base_from_name(value->value.string, &settings.meter.base) != 0)
    reject(item, option->takes);
}

/* Sets *number if the value is within min and max; else rejects it. */
static bool take_number(const struct option *option, const oconfig_item_t *item, double min, double max,
                        double *number) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_NUMBER);
  bool fits = value != NULL && value->value.number >= min && value->value.number <= max;
  if (fits)
    *number = value->value.number;
  else
    reject(item, option->takes);
  return fits;
}

static void set_stale_timeout(const struct option *option, const oconfig_item_t *item) {
  double number;
  if (take_number(option, item, 0, 86400 * 365, &number))
    settings.meter.stale_ns = (int64_t)(number * 1e9 + 0.5);
}

static void set_scale(const struct option *option, const oconfig_item_t *item) {
  take_number(option, item, DBL_TRUE_MIN, 1e9, &settings.meter.scale);
}

static void set_max_power(const struct option *option, const oconfig_item_t *item) {
  take_number(option, item, 0, 1e9, &settings.meter.max_power_w);
}

static void set_smooth(const struct option *option, const oconfig_item_t *item) {
  double number;
  if (!take_number(option, item, 0, 86400, &number))
    return;
  if (number == (double)(size_t)number)
    settings.smooth = (size_t)number;
  else
    reject(item, option->takes);
}

/* Fields separated by spaces, as in the virt plugin. A plugin instance is one field, or none. */
static void set_format(const struct option *option, const oconfig_item_t *item) {
  const oconfig_value_t *value = only_value(item, OCONFIG_TYPE_STRING);
  char *fields = value == NULL ? NULL : strdup(value->value.string), *save = NULL;
  struct format format = {.fields_num = 0};
  bool is_host = option->target == &settings.host, is_none = false, good = fields != NULL;
  for (char *rest = fields, *field; good && (field = strtok_r(rest, " \t", &save)) != NULL; rest = NULL) {
    bool is_name = strcasecmp(field, "name") == 0;
    if (is_none || format.fields_num == (is_host ? FIELDS_MAX : 1))
      good = false;
    else if (is_name || (is_host && strcasecmp(field, "hostname") == 0))
      format.fields[format.fields_num++] = is_name ? FIELD_NAME : FIELD_HOSTNAME;
    else
      good = is_none = !is_host && strcasecmp(field, "none") == 0;
    format.has_name = format.has_name || is_name;
  }
  free(fields);
  if (good && (is_none || format.fields_num > 0))
    *(struct format *)option->target = format;
  else
    reject(item, option->takes);
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
     "one to four of hostname and name; energy files have no uuid and no metadata"},
    {"PluginInstanceFormat", set_format, &settings.plugin_instance,
     "name or none; energy files have no uuid and no metadata"},
    {"ReportEnergy", set_boolean, &settings.report_energy, TAKES_BOOLEAN},
    {"ReportPower", set_boolean, &settings.report_power, TAKES_BOOLEAN},
    {"NotifyAdd", set_boolean, &settings.notify_add, TAKES_BOOLEAN},
    {"NotifyRemove", set_boolean, &settings.notify_remove, TAKES_BOOLEAN},
    {"NotifyStale", set_boolean, &settings.notify_stale, TAKES_BOOLEAN},
    {"NotifyReset", set_boolean, &settings.notify_reset, TAKES_BOOLEAN},
    {"CSVDir", set_path, &settings.csv_dir, "the absolute path of a directory, in quotes"},
    {"StateFile", set_path, &settings.state_file, "the absolute path of a file, in quotes"},
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

int settings_take(oconfig_item_t *block) {
  for (int i = 0; i < block->children_num; i++) {
    const oconfig_item_t *item = &block->children[i];
    size_t row = 0;
    while (row < OPTIONS && strcasecmp(item->key, options[row].name) != 0)
      row++;
    if (row < OPTIONS)
      options[row].set(&options[row], item);
    else
      report(LOG_WARNING, "unknown option '%s' is ignored", item->key);
  }
  return 0;
}

void settings_finish(void) {
  if (!settings.host.has_name && !settings.plugin_instance.has_name) {
    report(LOG_WARNING,
           "neither HostnameFormat nor PluginInstanceFormat has the name of the VM, so all VMs would be one "
           "series: using PluginInstanceFormat \"name\"");
    settings.plugin_instance = by_name;
  }
  if (settings.selection != NULL)
    selection_invert(settings.selection, settings.ignore_selected);
}

void format_expand(const struct format *format, const char *label, char *text, size_t size) {
  char whole[2 * DATA_MAX_NAME_LEN * FIELDS_MAX] = "";
  size_t used = 0;
  for (size_t i = 0; i < format->fields_num; i++)
    used += (size_t)snprintf(whole + used, sizeof(whole) - used, "%s%.*s", i > 0 ? ":" : "", DATA_MAX_NAME_LEN - 1,
                             format->fields[i] == FIELD_NAME ? label : hostname_g);
  char *cut = format->has_name && used > LABEL_MAX_COLLECTD ? label_cut(whole, LABEL_MAX_COLLECTD) : NULL;
  snprintf(text, size, "%s", cut != NULL ? cut : whole);
  free(cut);
}
