#include "fake_collectd.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* collectd cuts its log messages here. */
#define LINE_MAX_BYTES 1023

struct fake fake;
char *hostname_g;
cdtime_t interval_g = TIME_T_TO_CDTIME_T_STATIC(10);

static struct {
  char names[256];
  int (*config)(oconfig_item_t *);
  int (*init)(void);
  int (*read)(user_data_t *);
  int (*shutdown)(void);
} registered;

__attribute__((noreturn)) static void give_up(const char *why) {
  fprintf(stderr, "fake_collectd: %s\n", why);
  abort();
}

/* Room for one more item. Not a byte more, so that the address sanitizer finds accesses beyond the end. */
static void *grow(void *items, size_t num, size_t size) {
  void *larger = reallocarray(items, num + 1, size);
  if (larger == NULL)
    give_up("out of memory");
  return larger;
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args) {
  char *text;
  if (vasprintf(&text, format, args) < 0)
    give_up("out of memory");
  return text;
}

/* To be called where the plugin's code begins to run (true) and ends (false). */
static void turn(bool plugins) {
  if (fake.on_turn != NULL)
    fake.on_turn(plugins);
}

/* ---- what is recorded -------------------------------------------------------------------------------------------- */

static bool has_control(const char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < 0x20 || *text == 0x7f)
      return true;
  return false;
}

static bool has_slash(const char *text) {
  return strchr(text, '/') != NULL;
}

static char *make_name(const char *host, const char *plugin, const char *plugin_instance, const char *type,
                       const char *type_instance) {
  char *name;
  if (asprintf(&name, "%s/%s%s%s/%s%s%s", host, plugin, plugin_instance[0] != '\0' ? "-" : "", plugin_instance, type,
               type_instance[0] != '\0' ? "-" : "", type_instance) < 0)
    give_up("out of memory");
  fake.unsafe += has_control(name) || host[0] == '\0' || plugin[0] == '\0' || type[0] == '\0' || has_slash(host) ||
                 has_slash(plugin_instance) || has_slash(type_instance);
  return name;
}

void plugin_log(int level, const char *format, ...) {
  turn(false);
  va_list args;
  va_start(args, format);
  char *text = format_text(format, args);
  va_end(args);
  fake.unsafe += has_control(text) || strlen(text) > LINE_MAX_BYTES;
  fake.lines = grow(fake.lines, fake.lines_num, sizeof(*fake.lines));
  fake.lines[fake.lines_num++] = (struct fake_line){.severity = level, .text = text};
  turn(true);
  if (fake.on_log != NULL)
    fake.on_log();
}

/* The type errors is the only DERIVE that the plugin uses. */
static gauge_t first_value(const value_list_t *list) {
  if (list->values_len == 0)
    return (gauge_t)NAN;
  return strcmp(list->type, "errors") == 0 ? (gauge_t)list->values[0].derive : list->values[0].gauge;
}

static int record_values(const value_list_t *list) {
  if (fake.dispatch_status != 0)
    return fake.dispatch_status;
  fake.values = grow(fake.values, fake.values_num, sizeof(*fake.values));
  fake.values[fake.values_num++] = (struct fake_value){
      .name = make_name(list->host, list->plugin, list->plugin_instance, list->type, list->type_instance),
      .time = list->time,
      .interval = list->interval,
      .count = list->values_len,
      .value = first_value(list)};
  return 0;
}

int plugin_dispatch_values(value_list_t const *list) {
  turn(false);
  int status = record_values(list);
  turn(true);
  return status;
}

int plugin_dispatch_notification(const notification_t *n) {
  turn(false);
  char *message = strdup(n->message);
  if (message == NULL)
    give_up("out of memory");
  fake.unsafe += has_control(message);
  fake.notifications = grow(fake.notifications, fake.notifications_num, sizeof(*fake.notifications));
  fake.notifications[fake.notifications_num++] =
      (struct fake_notification){.severity = n->severity,
                                 .name = make_name(n->host, n->plugin, n->plugin_instance, n->type, n->type_instance),
                                 .message = message,
                                 .time = n->time};
  turn(true);
  return 0;
}

cdtime_t plugin_get_interval(void) {
  return interval_g;
}

/* ---- what is registered ------------------------------------------------------------------------------------------ */

static int note(const char *kind, const char *name) {
  size_t used = strlen(registered.names);
  snprintf(registered.names + used, sizeof(registered.names) - used, "%s:%s ", kind, name);
  return 0;
}

int plugin_register_complex_config(const char *name, int (*callback)(oconfig_item_t *)) {
  registered.config = callback;
  return note("config", name);
}

int plugin_register_init(const char *name, plugin_init_cb callback) {
  registered.init = callback;
  return note("init", name);
}

int plugin_register_complex_read(const char *group, const char *name, int (*callback)(user_data_t *), cdtime_t interval,
                                 user_data_t const *user_data) {
  (void)group, (void)user_data;
  registered.read = callback;
  fake.read_interval = interval;
  return note("read", name);
}

int plugin_register_shutdown(const char *name, plugin_shutdown_cb callback) {
  registered.shutdown = callback;
  return note("shutdown", name);
}

/* ---- a block from a text ----------------------------------------------------------------------------------------- */

static void skip_blanks(const char **text, const char *blanks) {
  *text += strspn(*text, blanks);
}

/* The next word or quoted text, to be freed. */
static char *take_word(const char **text, bool *quoted) {
  *quoted = **text == '"' || **text == '\'';
  const char *start = *text + *quoted;
  char end[2] = {**text, '\0'};
  size_t len = strcspn(start, *quoted ? end : " \t\n;{}");
  if (*quoted ? start[len] == '\0' : len == 0)
    give_up("a word or a closing quote is missing in a block");
  char *word = strndup(start, len);
  if (word == NULL)
    give_up("out of memory");
  *text = start + len + *quoted;
  return word;
}

static oconfig_value_t take_value(const char **text) {
  bool quoted;
  char *word = take_word(text, &quoted);
  if (quoted)
    return (oconfig_value_t){.type = OCONFIG_TYPE_STRING, .value.string = word};
  oconfig_value_t value = {.type = OCONFIG_TYPE_BOOLEAN, .value.boolean = strcmp(word, "true") == 0};
  if (!value.value.boolean && strcmp(word, "false") != 0) {
    char *end;
    value.type = OCONFIG_TYPE_NUMBER;
    value.value.number = strtod(word, &end);
    if (*end != '\0')
      give_up("a block has a bad value");
  }
  free(word);
  return value;
}

static void take_items(const char **text, oconfig_item_t *block);

static oconfig_item_t take_item(const char **text) {
  bool quoted;
  oconfig_item_t item = {.key = take_word(text, &quoted)};
  for (skip_blanks(text, " \t"); strchr(";\n{}", **text) == NULL; skip_blanks(text, " \t")) {
    item.values = grow(item.values, (size_t)item.values_num, sizeof(*item.values));
    item.values[item.values_num++] = take_value(text);
  }
  if (**text == '{') {
    ++*text;
    take_items(text, &item);
    if (**text != '}')
      give_up("a closing brace is missing in a block");
    ++*text;
  }
  return item;
}

static void take_items(const char **text, oconfig_item_t *block) {
  for (skip_blanks(text, " \t\n;"); **text != '\0' && **text != '}'; skip_blanks(text, " \t\n;")) {
    block->children = grow(block->children, (size_t)block->children_num, sizeof(*block->children));
    block->children[block->children_num++] = take_item(text);
  }
}

/* To be called when no array grows any more: until then items move. */
static void set_parents(oconfig_item_t *item) {
  for (int i = 0; i < item->children_num; i++) {
    item->children[i].parent = item;
    set_parents(&item->children[i]);
  }
}

static void free_item(oconfig_item_t *item) {
  for (int i = 0; i < item->children_num; i++)
    free_item(&item->children[i]);
  for (int i = 0; i < item->values_num; i++)
    if (item->values[i].type == OCONFIG_TYPE_STRING)
      free(item->values[i].value.string);
  free(item->children);
  free(item->values);
  free(item->key);
}

/* ---- what the test calls ----------------------------------------------------------------------------------------- */

void fake_forget(void) {
  for (size_t i = 0; i < fake.lines_num; i++)
    free(fake.lines[i].text);
  for (size_t i = 0; i < fake.values_num; i++)
    free(fake.values[i].name);
  for (size_t i = 0; i < fake.notifications_num; i++) {
    free(fake.notifications[i].name);
    free(fake.notifications[i].message);
  }
  free(fake.lines);
  free(fake.values);
  free(fake.notifications);
  fake = (struct fake){.unsafe = fake.unsafe,
                       .threads_wait = fake.threads_wait,
                       .thread_error = fake.thread_error,
                       .dispatch_status = fake.dispatch_status,
                       .on_log = fake.on_log,
                       .on_turn = fake.on_turn};
}

void fake_hostname(const char *name) {
  free(hostname_g);
  hostname_g = strdup(name);
  if (hostname_g == NULL)
    give_up("out of memory");
}

void fake_reset(void) {
  fake_forget();
  fake = (struct fake){.lines = NULL};
  memset(&registered, 0, sizeof(registered));
  fake_hostname("node1");
}

const char *fake_registered(void) {
  return registered.names;
}

static int call(int (*callback)(void)) {
  if (callback == NULL)
    return FAKE_NO_CALLBACK;
  turn(true);
  int status = callback();
  turn(false);
  return status;
}

int fake_config_block(oconfig_item_t *block) {
  if (registered.config == NULL)
    return FAKE_NO_CALLBACK;
  turn(true);
  int status = registered.config(block);
  turn(false);
  return status;
}

int fake_config(const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = format_text(format, args);
  va_end(args);

  bool quoted;
  const char *name = "Plugin", *rest = text;
  oconfig_item_t block = {.key = take_word(&name, &quoted)};
  take_items(&rest, &block);
  if (*rest != '\0')
    give_up("an opening brace is missing in a block");
  set_parents(&block);
  free(text);
  int status = fake_config_block(&block);
  free_item(&block);
  return status;
}

int fake_init(void) {
  return call(registered.init);
}

int fake_read(void) {
  turn(true);
  int status = registered.read == NULL ? FAKE_NO_CALLBACK : registered.read(NULL);
  turn(false);
  return status;
}

int fake_shutdown(void) {
  return call(registered.shutdown);
}

size_t fake_count(const char *text) {
  size_t count = 0;
  for (size_t i = 0; i < fake.lines_num; i++)
    count += strstr(fake.lines[i].text, text) != NULL;
  return count;
}

gauge_t fake_value(const char *name) {
  for (size_t i = fake.values_num; i > 0; i--)
    if (strcmp(fake.values[i - 1].name, name) == 0)
      return fake.values[i - 1].value;
  return (gauge_t)NAN;
}
