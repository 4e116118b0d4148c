/*
 * The plugin's options, as collectd's parser may hand them over: any key, any number and type of values, blocks in
 * blocks. None stops the daemon, what is set is in its range, and what is said is fit for a log.
 *
 * A line is an item. Its first byte chooses one of the keys, or says that the key is what follows; then fields behind
 * tabs are its values: t, f, #number as eight bytes, or text; { begins a block of the lines up to }.
 */
#include "fuzz.h"

#include "../fake_collectd.h"
#include "settings.h"

#include <math.h>

#define ITEMS_MAX  64
#define VALUES_MAX 6

static const char *const keys[] = {"File",         "VM",          "Domain",    "IgnoreSelected", "TimeBase",
                                   "StaleTimeout", "Scale",       "Smooth",    "HostnameFormat", "PluginInstanceFormat",
                                   "ReportEnergy", "ReportPower", "NotifyAdd", "NotifyRemove",   "NotifyStale",
                                   "NotifyReset",  "CSVDir",      "StateFile", "MaxPower",       "ReportStats"};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Tabs and newlines are what the format is made of, so no text has them but by \t and \n. */
static char *unescape(char *text) {
  char *to = text;
  for (const char *from = text; *from != '\0'; from++)
    if (from[0] == '\\' && (from[1] == 't' || from[1] == 'n'))
      *to++ = *++from == 't' ? '\t' : '\n';
    else
      *to++ = *from;
  *to = '\0';
  return text;
}

static oconfig_value_t make_value(char *text) {
  oconfig_value_t value = {.type = OCONFIG_TYPE_BOOLEAN};
  if (strcmp(text, "t") == 0 || strcmp(text, "f") == 0) {
    value.value.boolean = text[0] == 't';
  } else if (text[0] == '#') {
    char bytes[8] = {0};
    memcpy(bytes, text + 1, strnlen(text + 1, 8));
    value.type = OCONFIG_TYPE_NUMBER;
    if (text[1] >= '0' && text[1] <= '9')
      value.value.number = strtod(text + 1, NULL);
    else
      memcpy(&value.value.number, bytes, sizeof(bytes));
  } else {
    value.type = OCONFIG_TYPE_STRING;
    value.value.string = strdup(unescape(text));
    MUST(value.value.string != NULL);
    return value;
  }
  return value;
}

static void take_items(struct input *input, oconfig_item_t *parent, int depth) {
  parent->children = calloc(ITEMS_MAX, sizeof(*parent->children));
  MUST(parent->children != NULL);
  while (input->size > 0 && parent->children_num < ITEMS_MAX) {
    char *line = take_text(input, '\n');
    if (line[0] == '}') {
      free(line);
      return;
    }
    oconfig_item_t *item = &parent->children[parent->children_num++];
    item->parent = parent;
    item->values = calloc(VALUES_MAX, sizeof(*item->values));
    MUST(item->values != NULL);
    char *rest = line, *key = strsep(&rest, "\t");
    item->key = strdup(key[0] >= 'A' && (size_t)(key[0] - 'A') < KEYS && key[1] == '\0' ? keys[key[0] - 'A'] : key);
    MUST(item->key != NULL);
    bool block = false;
    while (rest != NULL && item->values_num < VALUES_MAX) {
      char *field = strsep(&rest, "\t");
      if (strcmp(field, "{") == 0)
        block = true;
      else
        item->values[item->values_num++] = make_value(field);
    }
    free(line);
    if (block && depth < 4)
      take_items(input, item, depth + 1);
  }
}

static void free_items(oconfig_item_t *item) {
  for (int i = 0; i < item->children_num; i++)
    free_items(&item->children[i]);
  for (int i = 0; i < item->values_num; i++)
    if (item->values[i].type == OCONFIG_TYPE_STRING)
      free(item->values[i].value.string);
  free(item->values);
  free(item->children);
  free(item->key);
}

static void check_format(const struct format *format, size_t max) {
  MUST(format->fields_num <= max);
  for (size_t i = 0; i < format->fields_num; i++)
    MUST(format->fields[i] == FIELD_HOSTNAME || format->fields[i] == FIELD_NAME);
}

static void check_settings(void) {
  MUST(settings.meter.scale > 0 && settings.meter.scale <= 1e9);
  MUST(settings.meter.stale_ns >= 0);
  MUST(isfinite(settings.meter.max_power_w) && settings.meter.max_power_w >= 0);
  MUST(settings.meter.base == METER_AUTO || settings.meter.base == METER_UPDATE || settings.meter.base == METER_SAMPLE);
  MUST(settings.smooth <= 86400);
  check_format(&settings.host, FIELDS_MAX);
  MUST(settings.host.fields_num > 0);
  check_format(&settings.plugin_instance, 1);
  for (size_t i = 0; i < settings.files_num; i++)
    MUST(settings.files[i][0] == '/' && settings.files[i][strlen(settings.files[i]) - 1] != '/');
  MUST(settings.csv_dir == NULL || settings.csv_dir[0] == '/');
  MUST(settings.state_file == NULL || settings.state_file[0] == '/');
  if (settings.selection != NULL)
    selection_wants(settings.selection, "vm-001");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input input = {data, size};
  oconfig_item_t block = {.key = NULL};
  block.key = strdup("Plugin");
  take_items(&input, &block, 0);
  fake_reset();
  module_register();
  MUST(fake_config_block(&block) == 0);
  free_items(&block); /* as the daemon does: nothing of it is kept */
  check_settings();
  MUST(fake.unsafe == 0);
  for (size_t i = 0; i < fake.lines_num; i++)
    MUST(strncmp(fake.lines[i].text, "vm_energy plugin: ", 18) == 0);
  MUST(fake_shutdown() == 0); /* init is left out: it would open what the fuzzer made up */
  fake_reset();
  free(hostname_g);
  hostname_g = NULL;
  return 0;
}
