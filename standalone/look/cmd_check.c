/*
 * check: what is wrong, and what to do about it
 *
 * Prints the findings as a monitoring check does: a line for all with figures to graph, a line for each, and the exit
 * status.
 */
#include "common/command.h"
#include "common/inputs.h"
#include "common/json.h"
#include "common/message.h"
#include "common/show.h"
#include "look/findings.h"
#include "look/watch.h"

#include "core/shell_word.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a monitoring check that failed. */
enum { STATUS_UNKNOWN = 3 };

static const char *const subject_names[] = {"vm", "search", "host"};

static size_t count_level(const struct findings *findings, enum verdict_level level) {
  size_t count = 0;
  for (size_t i = 0; i < findings->num; i++)
    count += verdict_level(findings->list[i].verdict.kind) == level;
  return count;
}

/* False if no power is known, or a VM that is on has none yet: unknown is not 0 W. */
static bool sum_power(const struct findings *findings, double *sum_w) {
  bool known = false;
  *sum_w = 0;
  for (size_t i = 0; i < roster_count(findings->watch->roster); i++) {
    const struct roster_entry *entry = roster_at(findings->watch->roster, i);
    const struct facts *facts = &((const struct watch_counter *)entry->own)->facts;
    if (entry->last.has_power) {
      *sum_w += entry->last.power_w;
      known = true;
    } else if (facts->error == 0 && !facts_are_stale(facts)) {
      return false;
    }
  }
  return known;
}

/* "3 VMs, 249.01 W", after the worst finding. NULL: out of memory; else to be freed. */
static char *summarize(const struct findings *findings) {
  const struct finding *worst = &findings->list[0];
  size_t count = roster_count(findings->watch->roster);
  size_t bad = count_level(findings, LEVEL_UNKNOWN) + count_level(findings, LEVEL_WARNING) +
               count_level(findings, LEVEL_CRITICAL);
  char power[SHOW_NUMBER_MAX] = "power unknown", more[40] = "; ", *text;
  double power_w;
  if (bad > 1)
    snprintf(more, sizeof(more), " (and %zu more); ", bad - 1);
  if (sum_power(findings, &power_w))
    show_power(power_w, power);
  bool has_fault = bad > 0;
  int len = asprintf(&text, "%s%s%s%s%zu VM%s, %s", has_fault ? worst->name : "", has_fault ? ": " : "",
                     has_fault ? worst->verdict.text : "", has_fault ? more : "", count, count == 1 ? "" : "s", power);
  return len < 0 ? NULL : text;
}

/* Monitoring systems read figures after a '|'. */
static void print_text(const char *text) {
  for (; *text != '\0'; text++)
    putchar(*text == '|' ? '_' : *text);
}

static void print_lines(const struct findings *findings, const char *summary, enum verdict_level level) {
  printf("VM_ENERGY %s - ", verdict_level_name(level == LEVEL_NOTE ? LEVEL_OK : level));
  print_text(summary);
  double power_w;
  if (sum_power(findings, &power_w))
    printf(" | power=%.3f", power_w);
  else
    fputs(" | power=U", stdout); /* unknown */
  printf(" vms=%zu warning=%zu critical=%zu\n", roster_count(findings->watch->roster),
         count_level(findings, LEVEL_WARNING), count_level(findings, LEVEL_CRITICAL));
  for (size_t i = 0; i < findings->num; i++) {
    const struct finding *finding = &findings->list[i];
    char *path = finding->is_ambiguous && finding->path != NULL ? shell_word(finding->path) : NULL;
    printf("%-8s  %s  ", verdict_level_name(verdict_level(finding->verdict.kind)), finding->shown);
    print_text(finding->verdict.text);
    if (path != NULL)
      printf(" (%s)", path);
    free(path);
    if (finding->verdict.next != NULL) {
      fputs("\n          -> ", stdout);
      print_text(finding->verdict.next);
    }
    putchar('\n');
  }
}

static json_t *finding_to_json(size_t index, const void *arg) {
  const struct findings *findings = arg;
  const struct finding *finding = &findings->list[index];
  const struct verdict *verdict = &finding->verdict;
  const struct sample *s = finding->sample;
  const char *level = verdict_level_name(verdict_level(verdict->kind));
  json_t *object =
      json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s*}", "subject", subject_names[finding->subject], "label",
                finding->name, "path", finding->path != NULL ? json_path(finding->path) : json_null(), "level", level,
                "verdict", verdict_name(verdict->kind), "text", verdict->text, "next_step", verdict->next);
  json_t *more = NULL;
  if (s != NULL)
    more = json_pack("{s:s, s:o, s:o, s:o, s:o}", "state", meter_state_name(s->state), "energy_j",
                     json_number_or_null(s->has_energy, s->energy_j), "power_w",
                     json_number_or_null(s->has_power, s->power_w), "age_s",
                     json_number_or_null(s->has_energy, (double)s->age_ns / 1e9), "period_s",
                     json_number_or_null(s->period_ns > 0, (double)s->period_ns / 1e9));
  else if (finding->subject == SUBJECT_HOST)
    more = json_pack(
        "{s:o, s:o}", "vms_power_w", json_number_or_null(findings->comparison.counted > 0, findings->comparison.vms_w),
        "packages_power_w", json_number_or_null(findings->comparison.host_w > 0, findings->comparison.host_w));
  if (more != NULL)
    json_object_update(object, more);
  json_decref(more);
  return object;
}

static int print_json(const struct findings *findings, const char *summary, enum verdict_level level) {
  double power_w;
  bool known = sum_power(findings, &power_w);
  return json_print(json_pack("{s:s, s:i, s:s, s:f, s:o, s:I, s:I, s:I, s:o}", "level",
                              verdict_level_name(level == LEVEL_NOTE ? LEVEL_OK : level), "exit_status",
                              verdict_level_status(level), "summary", summary, "watched_s",
                              (double)(findings->watch->now.mono_ns - findings->watch->start.mono_ns) / 1e9, "power_w",
                              json_number_or_null(known, power_w), "vms",
                              (json_int_t)roster_count(findings->watch->roster), "warning",
                              (json_int_t)count_level(findings, LEVEL_WARNING), "critical",
                              (json_int_t)count_level(findings, LEVEL_CRITICAL), "findings",
                              json_list(findings->num, finding_to_json, findings)),
                    stdout);
}

static int report(const struct findings *findings) {
  char *summary = summarize(findings);
  enum verdict_level level = verdict_level(findings->list[0].verdict.kind);
  int status = 0;
  if (summary == NULL)
    status = -ENOMEM;
  else if (findings->watch->options->json)
    status = print_json(findings, summary, level);
  else
    print_lines(findings, summary, level);
  free(summary);
  inputs_report_unmatched(findings->watch->options);
  if (status == -ENOMEM)
    message_error("unable to print: %s", strerror(-status));
  message_flush_output();
  return status != 0 || ferror(stdout) != 0 ? STATUS_UNKNOWN : verdict_level_status(level);
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int run_check(const struct options *options) {
  struct watch watch;
  struct findings findings = {.num = 0};
  int result = STATUS_UNKNOWN, status = watch_open(&watch, options);
  if (status == 0)
    status = watch_run(&watch);
  if (status == 0)
    status = findings_make(&findings, &watch);
  if (status == 0)
    result = report(&findings);
  else
    message_error("unable to check: %s", strerror(-status));
  findings_free(&findings);
  watch_close(&watch);
  return result;
}

const struct command command_check = {
    .name = "check",
    .summary = "say what is wrong, and what to do",
    .synopsis = "[--files PATH...] [OPTION]...",
    .text = "Watches the counters for an update or two, then says what is wrong with each,\n"
            "and the next step; and whether the VMs' energy fits to that of the host.\n\n"
            "It ends within 9 s, unless --duration says how long. The first line is for a\n"
            "monitoring system, as is the exit status: 0 all is well, 1 warnings,\n"
            "2 critical, 3 it could not be checked, or wrong usage.\n",
    .examples = "  vm_energy check\n"
                "  vm_energy check --vm spare-1 --ignore-selected    # off on purpose\n"
                "  vm_energy check --duration 15 --json | jq '.findings[] | select(.level != \"OK\")'\n",
    .options = OPTIONS_CHECK,
    .wrong_usage = STATUS_UNKNOWN,
    .run = run_check,
};
