/*
 * list: the counters, and what is known of each
 *
 * Two readings show energy and age; period and power need an update, see --duration.
 */
#include "common/command.h"
#include "common/inputs.h"
#include "common/json.h"
#include "common/message.h"
#include "common/show.h"
#include "common/stop.h"
#include "look/roster.h"

#include "core/clock.h"
#include "core/counter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Between two looks, after which a counter that the kernel computes has a power. */
#define LOOK_EVERY_NS (200 * NS_PER_MS)

struct list {
  const struct options *options;
  struct roster *roster;
  struct sink *sinks[1];
  struct sampler *sampler;
  struct stop stop;
};

static enum sample_state shown_state(const struct sample *sample) {
  return sample->state == SAMPLE_HELD ? SAMPLE_OK : sample->state;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

enum column { COLUMN_VM, COLUMN_ENERGY, COLUMN_AGE, COLUMN_PERIOD, COLUMN_POWER, COLUMN_STATE, COLUMNS };

static const char *const heads[COLUMNS] = {"VM", "ENERGY", "AGE", "PERIOD", "POWER", "STATE"};

/* Returns a borrowed label, or text. */
static const char *cell(enum column column, const struct sample *sample, char text[SHOW_NUMBER_MAX]) {
  snprintf(text, SHOW_NUMBER_MAX, "-");
  switch (column) {
  case COLUMN_VM:
    return sample->label;
  case COLUMN_STATE:
    return meter_state_name(shown_state(sample));
  case COLUMN_ENERGY:
    if (sample->has_energy)
      show_energy(sample->energy_j, text);
    break;
  case COLUMN_AGE:
    if (sample->has_energy)
      show_age(sample->age_ns, text);
    break;
  case COLUMN_PERIOD:
    if (sample->period_ns > 0 && sample->mtime_moves)
      show_period(sample->period_ns, text);
    break;
  case COLUMN_POWER:
    if (sample->has_power)
      show_power(sample->power_w, text);
    break;
  case COLUMNS:
    break;
  }
  return text;
}

/* Length of the directories that all paths share, with the slash at their end; 0: none. */
static size_t common_directory(const struct roster *roster) {
  const char *first = inputs_display_path(roster_at(roster, 0)->last.path);
  size_t len = strlen(first);
  for (size_t i = 0; i < roster_count(roster); i++) {
    const char *path = inputs_display_path(roster_at(roster, i)->last.path);
    size_t same = 0;
    while (same < len && path[same] == first[same])
      same++;
    len = same;
    while (len > 0 && first[len - 1] != '/')
      len--;
  }
  return len > 1 ? len : 0;
}

static size_t longest_path(const struct roster *roster) {
  size_t longest = 0;
  for (size_t i = 0; i < roster_count(roster); i++) {
    size_t width = show_width(inputs_display_path(roster_at(roster, i)->last.path));
    if (width > longest)
      longest = width;
  }
  return longest;
}

static void print_cell(enum column column, const char *text, size_t width) {
  char fit[1024];
  bool left = column == COLUMN_VM || column == COLUMN_STATE;
  if (left)
    show_fit(text, width, fit, sizeof(fit));
  else
    snprintf(fit, sizeof(fit), "%*s", (int)width, text);
  printf("%s  ", fit);
}

static void print_table(const struct roster *roster) {
  size_t widths[COLUMNS], total = 0;
  char text[SHOW_NUMBER_MAX];
  for (enum column column = 0; column < COLUMNS; column++) {
    widths[column] = strlen(heads[column]);
    for (size_t i = 0; i < roster_count(roster); i++) {
      size_t width = show_width(cell(column, &roster_at(roster, i)->last, text));
      if (width > widths[column])
        widths[column] = width;
    }
    total += widths[column] + 2;
  }
  size_t common = total + longest_path(roster) > show_columns(STDOUT_FILENO) ? common_directory(roster) : 0;
  for (enum column column = 0; column < COLUMNS; column++)
    print_cell(column, heads[column], widths[column]);
  if (common > 0)
    message_print(stdout, "FILE in %.*s", (int)common, inputs_display_path(roster_at(roster, 0)->last.path));
  else
    puts("FILE");
  for (size_t i = 0; i < roster_count(roster); i++) {
    const struct sample *sample = &roster_at(roster, i)->last;
    for (enum column column = 0; column < COLUMNS; column++)
      print_cell(column, cell(column, sample, text), widths[column]);
    message_print(stdout, "%s", inputs_display_path(sample->path) + common);
  }
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static json_t *sample_to_json(size_t index, const void *arg) {
  const struct sample *s = &roster_at(arg, index)->last;
  bool has_period = s->mtime_moves && s->period_ns > 0;
  return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "label", s->label, "path", json_path(s->path),
                   "energy_uj", json_counter_or_null(s->has_energy, s->energy_uj), "energy_j",
                   json_number_or_null(s->has_energy, s->energy_j), "age_s",
                   json_number_or_null(s->has_energy, (double)s->age_ns / 1e9), "period_s",
                   json_number_or_null(has_period, (double)s->period_ns / 1e9), "power_w",
                   json_number_or_null(s->has_power, s->power_w), "state", meter_state_name(shown_state(s)), "error",
                   s->error != 0 ? json_string(counter_error_text(s->error)) : json_null());
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int look(struct list *list) {
  struct instant now;
  int status = clock_now(&now);
  if (status == 0)
    status = sampler_pass(list->sampler, &now);
  int64_t end_ns = now.mono_ns + list->options->duration_ns;
  do {
    if (status == 0)
      status = stop_wait(&list->stop, now.mono_ns + LOOK_EVERY_NS);
    if (status != 0)
      return status < 0 ? status : 0; /* a signal: report what is known */
    status = clock_now(&now);
    if (status == 0)
      status = sampler_pass(list->sampler, &now);
  } while (now.mono_ns < end_ns);
  return status;
}

static size_t report_unread(const struct roster *roster) {
  size_t unread = 0;
  for (size_t i = 0; i < roster_count(roster); i++) {
    const struct sample *sample = &roster_at(roster, i)->last;
    if (sample->error == 0)
      continue;
    inputs_report_unread(sample->path, "now", sample->error);
    unread++;
  }
  return unread;
}

static bool list_counters(struct list *list) {
  int status = look(list);
  if (status != 0) {
    message_error("unable to read the counters: %s", strerror(-status));
    return false;
  }
  bool found = roster_count(list->roster) > 0;
  if (list->options->json)
    status = json_print(json_pack("{s:o}", "vms", json_list(roster_count(list->roster), sample_to_json, list->roster)),
                        stdout); /* other errors are reported when it is closed */
  else if (found)
    print_table(list->roster);
  if (status == -ENOMEM)
    message_error("unable to print: %s", strerror(-status));
  message_flush_output();
  found = inputs_report_search(list->sampler, list->options) && found;
  return report_unread(list->roster) == 0 && found && status == 0;
}

static int run_list(const struct options *options) {
  int usage = inputs_check(options);
  if (usage != STATUS_DONE)
    return usage;
  struct list list = {.options = options};
  bool good = false;
  int status = roster_new(0, &list.roster);
  if (status == 0) {
    list.sinks[0] = roster_sink(list.roster);
    status = inputs_sampler(options, list.sinks, 1, &list.sampler);
  }
  if (status == 0)
    status = stop_open(&list.stop, -1, NULL);
  if (status == 0) {
    good = list_counters(&list);
    stop_close(&list.stop);
  } else {
    message_error("unable to start: %s", strerror(-status));
  }
  sampler_free(list.sampler);
  roster_free(list.roster);
  return good ? STATUS_DONE : STATUS_FAILED;
}

const struct command command_list = {
    .name = "list",
    .summary = "list the VMs that there are, with energy, age and state",
    .synopsis = "[--files PATH...] [OPTION]...",
    .text = "Lists each counter with its energy, the time since its last update, and its\n"
            "file. Update period and power are known after an update: watch for one or two\n"
            "with --duration.\n",
    .examples = "  vm_energy list\n"
                "  vm_energy list --duration 12 --json | jq '.vms[] | {label, power_w}'\n",
    .options = OPTIONS_LIST,
    .run = run_list,
};
