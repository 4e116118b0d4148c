#include "settings.h"

#include "core/clock.h"
#include "core/label.h"
#include "log.h"

#include <errno.h>
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
  settings.report_energy = settings.report_power = true;
}

struct option {
  const char *name;
  int (*set)(const struct option *option, const oconfig_value_t *value); /* 0; -EINVAL: it does not fit; -ENOMEM */
  int type;
  void *target;
  const char *takes; /* what fits, for the message */
};

static int set_boolean(const struct option *option, const oconfig_value_t *value) {
  *(bool *)option->target = value->value.boolean != 0;
  return 0;
}

static bool is_absolute(const char *path, bool may_be_dir) {
  return path[0] == '/' && (may_be_dir || path[strlen(path) - 1] != '/');
}

static int set_path(const struct option *option, const oconfig_value_t *value) {
  char **target = option->target;
  if (!is_absolute(value->value.string, target == &settings.csv_dir))
    return -EINVAL;
  char *path = strdup(value->value.string);
  if (path == NULL)
    return -ENOMEM;
  free(*target);
  *target = path;
  return 0;
}

static int set_file(const struct option *option, const oconfig_value_t *value) {
  (void)option;
  if (!is_absolute(value->value.string, false))
    return -EINVAL;
  char **files = reallocarray(settings.files, settings.files_num + 1, sizeof(*files));
  if (files == NULL)
    return -ENOMEM;
  settings.files = files;
  files[settings.files_num] = strdup(value->value.string);
  if (files[settings.files_num] == NULL)
    return -ENOMEM;
  settings.files_num++;
  return 0;
}

static int set_vm(const struct option *option, const oconfig_value_t *value) {
  (void)option;
  if (settings.selection == NULL)
    settings.selection = selection_new();
  int status = settings.selection == NULL ? -ENOMEM : selection_add(settings.selection, value->value.string);
  settings.vms_num += status == 0;
  return status;
}

static int set_time_base(const struct option *option, const oconfig_value_t *value) {
  (void)option;
  return meter_base_from_name(value->value.string, &settings.meter.base);
}

static int set_stale_timeout(const struct option *option, const oconfig_value_t *value) {
  (void)option;
  bool fits = value->value.number >= 0 && value->value.number <= 86400 * 365;
  if (fits)
    settings.meter.stale_ns = (int64_t)(value->value.number * 1e9 + 0.5);
  return fits ? 0 : -EINVAL;
}

static int set_number(const struct option *option, const oconfig_value_t *value) {
  double *target = option->target, number = value->value.number;
  bool fits = number >= 0 && number <= 1e9 && (number > 0 || target != &settings.meter.scale);
  if (fits)
    *target = number;
  return fits ? 0 : -EINVAL;
}

static int set_smooth(const struct option *option, const oconfig_value_t *value) {
  (void)option;
  double number = value->value.number;
  bool fits = number >= 0 && number <= 86400 && number == (double)(size_t)number;
  if (fits)
    settings.smooth = (size_t)number;
  return fits ? 0 : -EINVAL;
}

/* Fields separated by spaces, as in the virt plugin. A plugin instance is one field, or "none". */
static int set_format(const struct option *option, const oconfig_value_t *value) {
  char *fields = strdup(value->value.string), *save = NULL;
  if (fields == NULL)
    return -ENOMEM;
  struct format format = {.fields_num = 0};
  bool is_host = option->target == &settings.host, is_none = false, good = true;
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
  good = good && (is_none || format.fields_num > 0);
  if (good)
    *(struct format *)option->target = format;
  return good ? 0 : -EINVAL;
}

#define TAKES_BOOLEAN "true or false"
#define TAKES_VM      "the name of a VM in quotes, or an extended regular expression between two slashes"

static const struct option options[] = {
    {"File", set_file, OCONFIG_TYPE_STRING, NULL, "the absolute path of a file, or a pattern of them, in quotes"},
    {"VM", set_vm, OCONFIG_TYPE_STRING, NULL, TAKES_VM},
    {"Domain", set_vm, OCONFIG_TYPE_STRING, NULL, TAKES_VM},
    {"IgnoreSelected", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.ignore_selected, TAKES_BOOLEAN},
    {"TimeBase", set_time_base, OCONFIG_TYPE_STRING, NULL, "\"auto\", \"update\" or \"sample\""},
    {"StaleTimeout", set_stale_timeout, OCONFIG_TYPE_NUMBER, NULL,
     "a number of seconds from 0 (the default rule) to 31536000"},
    {"Scale", set_number, OCONFIG_TYPE_NUMBER, &settings.meter.scale,
     "a number above 0, at most 1000000000, without an exponent"},
    {"MaxPower", set_number, OCONFIG_TYPE_NUMBER, &settings.meter.max_power_w,
     "a number of watts from 0 (off) to 1000000000"},
    {"Smooth", set_smooth, OCONFIG_TYPE_NUMBER, NULL, "a whole number of samples from 0 (off) to 86400"},
    {"HostnameFormat", set_format, OCONFIG_TYPE_STRING, &settings.host,
     "one to four of hostname and name; energy files have no uuid and no metadata"},
    {"PluginInstanceFormat", set_format, OCONFIG_TYPE_STRING, &settings.plugin_instance,
     "name or none; energy files have no uuid and no metadata"},
    {"EscapeDots", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.escape_dots, TAKES_BOOLEAN},
    {"ReportEnergy", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.report_energy, TAKES_BOOLEAN},
    {"ReportPower", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.report_power, TAKES_BOOLEAN},
    {"ReportStats", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.report_stats, TAKES_BOOLEAN},
    {"NotifyAdd", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.notify_add, TAKES_BOOLEAN},
    {"NotifyRemove", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.notify_remove, TAKES_BOOLEAN},
    {"NotifyStale", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.notify_stale, TAKES_BOOLEAN},
    {"NotifyReset", set_boolean, OCONFIG_TYPE_BOOLEAN, &settings.notify_reset, TAKES_BOOLEAN},
    {"CSVDir", set_path, OCONFIG_TYPE_STRING, &settings.csv_dir, "the absolute path of a directory, in quotes"},
    {"StateFile", set_path, OCONFIG_TYPE_STRING, &settings.state_file, "the absolute path of a file, in quotes"},
    {.name = NULL},
};

/* Like collectd's own plugins, accepts a quoted word as a boolean, and a number as a name. text: room for the name. */
static oconfig_value_t convert(const struct option *option, oconfig_value_t value, char *text, size_t size) {
  static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
  if (option->type == OCONFIG_TYPE_BOOLEAN && value.type == OCONFIG_TYPE_STRING) {
    for (int i = 0; i < 6; i++)
      if (strcasecmp(value.value.string, words[i]) == 0)
        return (oconfig_value_t){.type = OCONFIG_TYPE_BOOLEAN, .value.boolean = i % 2};
  } else if (option->set == set_vm && value.type == OCONFIG_TYPE_NUMBER) {
    snprintf(text, size, "%.15g", value.value.number);
    return (oconfig_value_t){.type = OCONFIG_TYPE_STRING, .value.string = text};
  }
  return value;
}

/* Returns 0, -EINVAL or -ENOMEM; *fault is the reason for -EINVAL, or "". */
static int take(const struct option *option, const oconfig_item_t *item, const char **fault) {
  char text[32];
  *fault = "";
  if (item->values_num != 1 || item->children_num != 0)
    return -EINVAL;
  oconfig_value_t value = convert(option, item->values[0], text, sizeof(text));
  if (value.type != option->type)
    return -EINVAL;
  int status = option->set(option, &value);
  if (status == -EINVAL && option->set == set_vm)
    *fault = selection_fault(settings.selection);
  return status;
}

/* Stores refusals that must not widen what is reported. */
static void note_refusal(const struct option *option, bool refused) {
  settings.file_refused = settings.file_refused || (refused && option->set == set_file);
  settings.vm_refused = settings.vm_refused || (refused && option->set == set_vm);
  if (option->target == &settings.ignore_selected)
    settings.ignore_refused = refused;
}

static void report_refusal(const oconfig_item_t *item, int status, const char *takes, const char *fault) {
  char text[256];
  size_t used = (size_t)snprintf(text, sizeof(text), "%s", item->key);
  for (int i = 0; i < item->values_num && used < sizeof(text); i++) {
    const oconfig_value_t *value = &item->values[i];
    char *end = text + used;
    size_t room = sizeof(text) - used;
    if (value->type == OCONFIG_TYPE_STRING)
      used += (size_t)snprintf(end, room, " \"%s\"", value->value.string);
    else if (value->type == OCONFIG_TYPE_NUMBER)
      used += (size_t)snprintf(end, room, " %.15g", value->value.number);
    else
      used += (size_t)snprintf(end, room, " %s", value->value.boolean ? "true" : "false");
  }
  if (status == -ENOMEM)
    log_line(LOG_ERR, "option '%s' is ignored: out of memory", text);
  else
    log_line(LOG_WARNING, "option '%s' is ignored: it takes %s%s%s", text, takes, fault[0] != '\0' ? ": " : "", fault);
}

/* Always 0: an error of the config callback would stop the daemon. */
int settings_take(oconfig_item_t *block) {
  for (int i = 0; i < block->children_num; i++) {
    const oconfig_item_t *item = &block->children[i];
    const struct option *option = options;
    while (option->name != NULL && strcasecmp(item->key, option->name) != 0)
      option++;
    if (option->name == NULL) {
      log_line(LOG_WARNING, "unknown option '%s' is ignored", item->key);
      continue;
    }
    const char *fault;
    int status = take(option, item, &fault);
    note_refusal(option, status != 0);
    if (status != 0)
      report_refusal(item, status, option->takes, fault);
  }
  return 0;
}

/* The reason why nothing may be reported, or NULL. */
static const char *find_closing_fault(void) {
  if (settings.file_refused && settings.files_num == 0)
    return "each option File was refused";
  if (settings.ignore_refused && settings.vms_num > 0)
    return "IgnoreSelected was refused, so it is unknown whether the named VMs are wanted";
  if (settings.vm_refused && settings.ignore_selected)
    return "an option VM that was refused may name a VM that is to be ignored";
  if (settings.vm_refused && settings.vms_num == 0)
    return "each option VM was refused";
  return NULL;
}

bool settings_finish(void) {
  if (!settings.host.has_name && !settings.plugin_instance.has_name) {
    log_line(LOG_WARNING,
             "neither HostnameFormat nor PluginInstanceFormat has the name of the VM, so all VMs would be one "
             "series: using PluginInstanceFormat \"name\"");
    settings.plugin_instance = by_name;
  }
  if (settings.selection != NULL)
    selection_invert(settings.selection, settings.ignore_selected);
  const char *fault = find_closing_fault();
  if (fault != NULL)
    log_line(LOG_ERR, "nothing is reported: %s", fault);
  return fault == NULL;
}

/*
 * Replaces the characters that write_graphite would replace by '_' (GRAPHITE_FORBIDDEN and the escape character of
 * collectd's format_graphite.c; no label has the others), and adds the mark of a changed name. Returns NULL if nothing
 * is to be replaced, or out of memory. The caller frees it.
 */
static char *escape_dots(const char *label) {
  static const char replaced[] = ". \"\\:!,()";
  char *raw = settings.escape_dots && strpbrk(label, replaced) != NULL ? strdup(label) : NULL;
  if (raw == NULL)
    return NULL;
  for (char *c = raw; (c = strpbrk(c, replaced)) != NULL;)
    *c = (char)(strchr(replaced, *c) - replaced + 1); /* replaced below; "a.b" and "a b" get different marks */
  char *safe = label_make_safe(raw);
  free(raw);
  return safe;
}

void settings_expand(const struct format *format, const char *label, char *text, size_t size) {
  char whole[2 * DATA_MAX_NAME_LEN * FIELDS_MAX] = "";
  size_t used = 0;
  char *escaped = format->has_name ? escape_dots(label) : NULL;
  const char *name = escaped != NULL ? escaped : label;
  for (size_t i = 0; i < format->fields_num; i++)
    used += (size_t)snprintf(whole + used, sizeof(whole) - used, "%s%.*s", i > 0 ? ":" : "", DATA_MAX_NAME_LEN - 1,
                             format->fields[i] == FIELD_NAME ? name : hostname_g);
  free(escaped);
  char *cut = format->has_name && used > LABEL_MAX_COLLECTD ? label_cut(whole, LABEL_MAX_COLLECTD) : NULL;
  snprintf(text, size, "%s", cut != NULL ? cut : whole);
  free(cut);
}
