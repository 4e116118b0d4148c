#include "report/compare.h"

#include "common/message.h"
#include "report/runs.h"

#include "core/label.h"

#include <errno.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* --- subjects ----------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b) {
  const struct compare_subject *x = a, *y = b;
  if (x->span != y->span)
    return x->span < y->span ? -1 : 1;
  if (x->kind != y->kind)
    return x->kind < y->kind ? -1 : 1;
  return strcmp(x->label, y->label);
}

static int by_order(const void *a, const void *b) {
  const struct compare_subject *x = *(struct compare_subject *const *)a, *y = *(struct compare_subject *const *)b;
  if (x->span != y->span)
    return x->span < y->span ? -1 : 1;
  if (x->kind != y->kind)
    return x->kind < y->kind ? -1 : 1;
  return x->order < y->order ? -1 : 1;
}

static void free_subject(struct compare_subject *subject) {
  if (subject == NULL)
    return;
  free(subject->label);
  free(subject->sides);
  free(subject);
}

static struct compare_subject *new_subject(const struct compare *compare, size_t span, enum compare_kind kind,
                                           const char *label) {
  struct compare_subject *subject = calloc(1, sizeof(*subject));
  if (subject == NULL)
    return NULL;
  *subject = (struct compare_subject){.span = span,
                                      .kind = kind,
                                      .label = strdup(label),
                                      .order = compare->subjects_num,
                                      .sides = calloc(compare->sides_num * COMPARE_MEASURES, sizeof(*subject->sides))};
  if (subject->label != NULL && subject->sides != NULL)
    return subject;
  free_subject(subject);
  return NULL;
}

/* Finds or adds the subject. NULL: out of memory. */
static struct compare_subject *find_subject(struct compare *compare, size_t span, enum compare_kind kind,
                                            const char *label) {
  struct compare_subject *subject = new_subject(compare, span, kind, label);
  struct compare_subject **subjects =
      reallocarray(compare->subjects, compare->subjects_num + 1, sizeof(struct compare_subject *));
  if (subjects != NULL)
    compare->subjects = subjects;
  struct compare_subject **found =
      subject != NULL && subjects != NULL ? tsearch(subject, &compare->by_key, by_key) : NULL;
  if (found == NULL || *found != subject) {
    free_subject(subject);
    return found != NULL ? *found : NULL;
  }
  subjects[compare->subjects_num++] = subject;
  return subject;
}

static bool same_name(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/*
 * Finds or adds the first span of that name that this run does not have yet. 0 or -ENOMEM.
 */
static int find_span(struct compare *compare, const struct report_span *span, size_t *index) {
  size_t occurrence = 1;
  for (size_t i = 0; i < compare->spans_num; i++) {
    struct compare_span *known = &compare->spans[i];
    if (known->is_phase != span->is_phase || !same_name(known->name, span->name))
      continue;
    if (known->run != compare->runs_num) {
      known->run = compare->runs_num;
      *index = i;
      return 0;
    }
    occurrence++;
  }
  struct compare_span *spans = reallocarray(compare->spans, compare->spans_num + 1, sizeof(*spans));
  char *name = spans != NULL && span->name != NULL ? strdup(span->name) : NULL;
  if (spans != NULL)
    compare->spans = spans;
  if (spans == NULL || (span->name != NULL && name == NULL))
    return -ENOMEM;
  *index = compare->spans_num++;
  spans[*index] = (struct compare_span){
      .is_phase = span->is_phase, .name = name, .occurrence = occurrence, .run = compare->runs_num};
  return 0;
}

/* --- one run ------------------------------------------------------------------------------------------------------ */

static void add_figure(struct compare_figures *figures, const struct report_figures *run, double value, double low,
                       double high) {
  compare_spread_add(&figures->spread, value);
  figures->lacks_low = figures->lacks_low || !run->has_low;
  figures->lacks_high = figures->lacks_high || !run->has_high;
  figures->low_sum += low;
  figures->high_sum += high;
  figures->at_least += run->at_least;
}

static int add_figures(struct compare *compare, size_t side, size_t span, enum compare_kind kind, const char *label,
                       const struct report_figures *run) {
  struct compare_subject *subject = find_subject(compare, span, kind, label);
  if (subject == NULL)
    return -ENOMEM;
  struct compare_figures *measures = &subject->sides[side * COMPARE_MEASURES];
  double s = run->counted_s; /* without the time in which a VM was missing */
  if (run->has_energy)
    add_figure(&measures[COMPARE_ENERGY_J], run, run->energy_j, run->low_j, run->high_j);
  if (run->has_energy && s > 0)
    add_figure(&measures[COMPARE_POWER_W], run, run->energy_j / s, run->low_j / s, run->high_j / s);
  static const struct report_figures exact = {.has_low = true, .has_high = true};
  if (run->duration_s > 0)
    add_figure(&measures[COMPARE_DURATION_S], &exact, run->duration_s, run->duration_s, run->duration_s);
  return 0;
}

static int add_span(struct compare *compare, size_t side, struct report *report, const struct report_span *span) {
  struct report_figures figures;
  size_t index;
  int status = find_span(compare, span, &index);
  for (size_t vm = 0; vm < report->vms_num && status == 0; vm++) {
    report_vm_figures(report, vm, span, &figures);
    status = add_figures(compare, side, index, COMPARE_VM, report->vms[vm].label, &figures);
  }
  if (status != 0)
    return status;
  for (size_t i = 0; i <= report->groups_num && status == 0; i++) {
    const char *group = i < report->groups_num ? report->groups[i] : NULL;
    status = report_sum(report, span, group, &figures);
    if (status == 0)
      status = add_figures(compare, side, index, group != NULL ? COMPARE_GROUP : COMPARE_TOTAL,
                           group != NULL ? group : "", &figures);
  }
  return status;
}

static int add_run(struct compare *compare, size_t side, const char *path, const struct report_options *options) {
  struct report report;
  struct report_span span;
  int status = report_open(&report, path, options);
  if (status != STATUS_DONE)
    return status;
  report_warn(&report);
  compare->incomplete = compare->incomplete || report.recording.incomplete;
  compare->sides[side].runs++;
  compare->runs_num++;
  for (size_t i = 0; status == 0 && report_span(&report, i, &span); i++)
    status = add_span(compare, side, &report, &span);
  report_close(&report);
  if (status == 0)
    return STATUS_DONE;
  message_error("unable to compare: %s", strerror(-status));
  return STATUS_FAILED;
}

/* --- sides -------------------------------------------------------------------------------------------------------- */

/* A repeated run that cannot be read is reported; the others count. */
static int add_side(struct compare *compare, size_t side, const char *path, const struct report_options *options) {
  struct runs runs = {0};
  int status = STATUS_DONE;
  if (runs_add(&runs, path) != 0) {
    message_error("unable to compare: %s", strerror(ENOMEM));
    status = STATUS_FAILED;
  }
  for (size_t i = 0; i < runs.num && status != STATUS_USAGE; i++) {
    status = add_run(compare, side, runs.paths[i], options);
    compare->incomplete = compare->incomplete || status != STATUS_DONE;
  }
  if (runs.are_repeated)
    status = compare->sides[side].runs > 0 ? STATUS_DONE : STATUS_FAILED;
  runs_free(&runs);
  return status;
}

int compare_read(struct compare *compare, const char *const *paths, size_t num, const struct report_options *options) {
  *compare = (struct compare){.sides = calloc(num, sizeof(*compare->sides)), .sides_num = num};
  int worst = STATUS_DONE;
  for (size_t i = 0; i < num; i++) {
    char *shown = compare->sides != NULL ? label_printable(paths[i]) : NULL;
    if (shown == NULL) {
      message_error("unable to compare: %s", strerror(ENOMEM));
      return STATUS_FAILED;
    }
    compare->sides[i] = (struct compare_side){.path = paths[i], .shown = shown};
    int status = add_side(compare, i, paths[i], options);
    worst = status > worst ? status : worst;
  }
  qsort(compare->subjects, compare->subjects_num, sizeof(struct compare_subject *), by_order);
  return worst;
}

static void keep_subject(void *subject) {
  (void)subject; /* compare->subjects owns it */
}

void compare_free(struct compare *compare) {
  tdestroy(compare->by_key, keep_subject);
  for (size_t i = 0; i < compare->subjects_num; i++)
    free_subject(compare->subjects[i]);
  free(compare->subjects);
  for (size_t i = 0; i < compare->spans_num; i++)
    free(compare->spans[i].name);
  free(compare->spans);
  for (size_t i = 0; compare->sides != NULL && i < compare->sides_num; i++)
    free(compare->sides[i].shown);
  free(compare->sides);
  *compare = (struct compare){0};
}

/* --- differences -------------------------------------------------------------------------------------------------- */

static void add_bounds(const struct compare_figures *a, const struct compare_figures *b, struct compare_difference *d) {
  double a_runs = (double)a->spread.runs, b_runs = (double)b->spread.runs;
  double a_low = a->low_sum / a_runs, a_high = a->high_sum / a_runs;
  double b_low = b->low_sum / b_runs, b_high = b->high_sum / b_runs;
  d->has_low = !b->lacks_low && !a->lacks_high;
  d->low = b_low - a_high;
  d->has_high = !b->lacks_high && !a->lacks_low;
  d->high = b_high - a_low;
  d->has_ratio_low = d->has_low && a_high > 0;
  d->ratio_low = d->has_ratio_low ? b_low / a_high : 0;
  d->has_ratio_high = d->has_high && a_low > 0;
  d->ratio_high = d->has_ratio_high ? b_high / a_low : 0;
}

/* A difference below this share of both is rounding. */
#define LEAST_SHARE 1e-9

void compare_difference(const struct compare_figures *reference, const struct compare_figures *figures,
                        struct compare_difference *difference) {
  const struct compare_spread *a = &reference->spread, *b = &figures->spread;
  *difference = (struct compare_difference){.has = a->runs > 0 && b->runs > 0};
  if (!difference->has)
    return;
  difference->value = b->mean - a->mean;
  difference->has_ratio = a->mean > 0;
  difference->ratio = difference->has_ratio ? b->mean / a->mean : 0;
  add_bounds(reference, figures, difference);
  difference->at_least = reference->at_least + figures->at_least > 0;
  if (!difference->at_least) {
    difference->interval = compare_spread_difference(a, b);
    difference->ratio_interval = compare_spread_ratio(a, b);
  }
  difference->by_interval = difference->interval.has;
  bool has_low = difference->by_interval || difference->has_low;
  bool has_high = difference->by_interval || difference->has_high;
  double low = difference->by_interval ? difference->interval.low : difference->low;
  double high = difference->by_interval ? difference->interval.high : difference->high;
  double least = LEAST_SHARE * (fabs(a->mean) + fabs(b->mean));
  if (has_low && low > least)
    difference->verdict = COMPARE_MORE;
  else if (has_high && high < -least)
    difference->verdict = COMPARE_LESS;
}
