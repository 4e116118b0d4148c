/* Output of the command compare: text, JSON, CSV. */
#include "report/compare.h"

#include "common/json.h"
#include "report/print_csv.h"
#include "report/print_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define NAME_SIZE 24

static const char *const measure_names[COMPARE_MEASURES] = {"energy_j", "power_w", "duration_s"};
static const char *const kind_names[] = {[COMPARE_VM] = "vm", [COMPARE_GROUP] = "group", [COMPARE_TOTAL] = "total"};

/* NULL: the difference may be 0. */
static const char *verdict_name(const struct compare_difference *difference) {
  static const char *const names[] = {[COMPARE_LESS] = "less", [COMPARE_MORE] = "more"};
  return names[difference->verdict];
}

/* "A", "B", ... "Z", "27". */
static const char *side_name(size_t side, char name[NAME_SIZE]) {
  if (side < 26)
    snprintf(name, NAME_SIZE, "%c", (char)('A' + side));
  else
    snprintf(name, NAME_SIZE, "%zu", side + 1);
  return name;
}

static const struct compare_figures *figures_of(const struct compare_subject *subject, size_t side,
                                                enum compare_measure measure) {
  return &subject->sides[side * COMPARE_MEASURES + measure];
}

static struct compare_difference difference_of(const struct compare_subject *subject, size_t side,
                                               enum compare_measure measure) {
  struct compare_difference difference;
  compare_difference(figures_of(subject, 0, measure), figures_of(subject, side, measure), &difference);
  return difference;
}

static double mean_low(const struct compare_figures *figures) {
  return figures->low_sum / (double)figures->spread.runs;
}

static double mean_high(const struct compare_figures *figures) {
  return figures->high_sum / (double)figures->spread.runs;
}

static bool has_low(const struct compare_figures *figures) {
  return figures->spread.runs > 0 && !figures->lacks_low;
}

static bool has_high(const struct compare_figures *figures) {
  return figures->spread.runs > 0 && !figures->lacks_high;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static const char *const heads[] = {"VM",       "side",          "runs",          "energy J",
                                    "sd J",     "mean W",        "duration s",    "difference J",
                                    "per cent", "95 % interval", "for certain J", "verdict"};

#define COLUMNS (sizeof(heads) / sizeof(heads[0]))

static void put_range(struct print_table *table, bool has_from, double from, bool has_to, double to) {
  double most = fmax(has_from ? fabs(from) : 0, has_to ? fabs(to) : 0);
  int decimals = most < 100 ? 3 : 1;
  if (has_from && has_to)
    print_table_put(table, "%.*f to %.*f", decimals, from, decimals, to);
  else if (has_from)
    print_table_put(table, "at least %.*f", decimals, from);
  else if (has_to)
    print_table_put(table, "at most %.*f", decimals, to);
  else
    print_table_put(table, "-");
}

static void put_verdict(struct print_table *table, const struct compare_difference *d) {
  if (!d->has)
    print_table_put(table, "-");
  else if (d->at_least)
    print_table_put(table, "not known: counted in part");
  else if (d->verdict != COMPARE_UNKNOWN)
    print_table_put(table, "%s%s", verdict_name(d), d->by_interval ? "" : ", for certain");
  else
    print_table_put(table, "not known");
}

static void put_difference(struct print_table *table, const struct compare_difference *d) {
  print_table_put_number(table, d->has, d->value, 3);
  if (d->has_ratio)
    print_table_put(table, "%+.2f %%", 100 * (d->ratio - 1));
  else
    print_table_put(table, "-");
  put_range(table, d->interval.has, d->interval.low, d->interval.has, d->interval.high);
  put_range(table, d->has_low, d->low, d->has_high, d->high);
  put_verdict(table, d);
}

static void put_line(struct print_table *table, const struct compare_subject *subject, size_t side) {
  char name[NAME_SIZE];
  const struct compare_figures *energy = figures_of(subject, side, COMPARE_ENERGY_J),
                               *power = figures_of(subject, side, COMPARE_POWER_W),
                               *duration = figures_of(subject, side, COMPARE_DURATION_S);
  print_table_put(table, "%s%s", subject->kind == COMPARE_GROUP ? "group " : "",
                  subject->kind == COMPARE_TOTAL ? "total" : subject->label);
  print_table_put(table, "%s", side_name(side, name));
  print_table_put(table, "%" PRIu64, energy->spread.runs);
  print_table_put_number(table, energy->spread.runs > 0, energy->spread.mean, 3);
  print_table_put_number(table, energy->spread.runs > 1, compare_spread_sd(&energy->spread), 3);
  print_table_put_number(table, power->spread.runs > 0, power->spread.mean, 3);
  print_table_put_number(table, duration->spread.runs > 0, duration->spread.mean, 3);
  if (side == 0) {
    for (int i = 0; i < 4; i++)
      print_table_put(table, "-");
    print_table_put(table, "reference");
    return;
  }
  struct compare_difference difference = difference_of(subject, side, COMPARE_ENERGY_J);
  put_difference(table, &difference);
}

/* One VM needs no total. */
static bool is_shown(const struct compare *compare, size_t index) {
  const struct compare_subject *subject = compare->subjects[index];
  return subject->kind != COMPARE_TOTAL || index < 2 || compare->subjects[index - 2]->span == subject->span;
}

static void print_span(const struct compare *compare, size_t span, FILE *out) {
  const struct compare_span *s = &compare->spans[span];
  fputc('\n', out);
  if (!s->is_phase)
    fputs("the whole", out);
  else
    fprintf(out, "phase %s", s->name != NULL ? s->name : "before the first mark");
  if (s->occurrence > 1)
    fprintf(out, " (%zu)", s->occurrence);
  fputc('\n', out);
  struct print_table table = {.columns = COLUMNS, .left = 2};
  for (size_t i = 0; i < COLUMNS; i++)
    print_table_put(&table, "%s", heads[i]);
  for (size_t i = 0; i < compare->subjects_num; i++)
    for (size_t side = 0; side < compare->sides_num; side++)
      if (compare->subjects[i]->span == span && is_shown(compare, i))
        put_line(&table, compare->subjects[i], side);
  if (!print_table_write(&table, out))
    fputs("  (no memory for the table)\n", out);
  print_table_free(&table);
}

void compare_print_text(const struct compare *compare, FILE *out) {
  char name[NAME_SIZE];
  for (size_t i = 0; i < compare->sides_num; i++)
    fprintf(out, "%s: %s, %" PRIu64 " run%s%s\n", side_name(i, name), compare->sides[i].shown, compare->sides[i].runs,
            compare->sides[i].runs == 1 ? "" : "s", i == 0 ? "; the reference" : "");
  for (size_t i = 0; i < compare->spans_num; i++)
    print_span(compare, i, out);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *figures_to_json(const struct compare_figures *figures) {
  const struct compare_spread *spread = &figures->spread;
  struct compare_interval interval = compare_spread_interval(spread);
  return json_pack(
      "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "runs", (json_int_t)spread->runs, "mean",
      json_number_or_null(spread->runs > 0, spread->mean), "sd",
      json_number_or_null(spread->runs > 1, compare_spread_sd(spread)), "ci95_low",
      json_number_or_null(interval.has, interval.low), "ci95_high", json_number_or_null(interval.has, interval.high),
      "low", json_number_or_null(has_low(figures), mean_low(figures)), "high",
      json_number_or_null(has_high(figures), mean_high(figures)), "runs_at_least", (json_int_t)figures->at_least);
}

static json_t *difference_to_json(const struct compare_difference *d) {
  const char *verdict = d->has ? verdict_name(d) : NULL;
  return json_pack(
      "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:s?}", "difference",
      json_number_or_null(d->has, d->value), "difference_low", json_number_or_null(d->has_low, d->low),
      "difference_high", json_number_or_null(d->has_high, d->high), "difference_ci95_low",
      json_number_or_null(d->interval.has, d->interval.low), "difference_ci95_high",
      json_number_or_null(d->interval.has, d->interval.high), "ratio", json_number_or_null(d->has_ratio, d->ratio),
      "ratio_low", json_number_or_null(d->has_ratio_low, d->ratio_low), "ratio_high",
      json_number_or_null(d->has_ratio_high, d->ratio_high), "ratio_ci95_low",
      json_number_or_null(d->ratio_interval.has, d->ratio_interval.low), "ratio_ci95_high",
      json_number_or_null(d->ratio_interval.has, d->ratio_interval.high), "verdict", verdict, "verdict_from",
      verdict == NULL  ? NULL
      : d->by_interval ? "interval"
                       : "bounds");
}

static json_t *side_to_json(const struct compare_subject *subject, size_t side) {
  char name[NAME_SIZE];
  json_t *object = json_pack("{s:s}", "side", side_name(side, name));
  int status = 0;
  for (enum compare_measure i = 0; i < COMPARE_MEASURES; i++) {
    json_t *figures = figures_to_json(figures_of(subject, side, i));
    if (side > 0) {
      struct compare_difference d = difference_of(subject, side, i);
      json_t *difference = difference_to_json(&d);
      status |= json_object_update(figures, difference);
      json_decref(difference);
    }
    status |= json_object_set_new(object, measure_names[i], figures);
  }
  if (status == 0)
    return object;
  json_decref(object);
  return NULL;
}

static json_t *subject_to_json(const struct compare *compare, const struct compare_subject *subject) {
  const struct compare_span *span = &compare->spans[subject->span];
  json_t *sides = json_array();
  int status = 0;
  for (size_t i = 0; i < compare->sides_num; i++)
    status |= json_array_append_new(sides, side_to_json(subject, i));
  json_t *object = json_pack("{s:b, s:o, s:I, s:s, s:o, s:o}", "is_phase", span->is_phase, "phase",
                             span->name != NULL ? json_text(span->name) : json_null(), "occurrence",
                             (json_int_t)span->occurrence, "kind", kind_names[subject->kind], "label",
                             subject->kind != COMPARE_TOTAL ? json_text(subject->label) : json_null(), "sides", sides);
  if (status == 0)
    return object;
  json_decref(object);
  return NULL;
}

int compare_print_json(const struct compare *compare, FILE *out) {
  char name[NAME_SIZE];
  json_t *sides = json_array(), *subjects = json_array();
  int status = 0;
  for (size_t i = 0; i < compare->sides_num; i++)
    status |= json_array_append_new(sides, json_pack("{s:s, s:o, s:I}", "side", side_name(i, name), "path",
                                                     json_text(compare->sides[i].path), "runs",
                                                     (json_int_t)compare->sides[i].runs));
  for (size_t i = 0; i < compare->subjects_num; i++)
    status |= json_array_append_new(subjects, subject_to_json(compare, compare->subjects[i]));
  json_t *root = json_pack("{s:o, s:o}", "sides", sides, "subjects", subjects);
  if (status == 0)
    return json_print(root, out);
  json_decref(root);
  return -ENOMEM;
}

/* --- CSV ---------------------------------------------------------------------------------------------------------- */

static int print_row(struct csv_text *row, const struct compare *compare, const struct compare_subject *subject,
                     size_t side, enum compare_measure measure, FILE *out) {
  char name[NAME_SIZE];
  const struct compare_span *span = &compare->spans[subject->span];
  const struct compare_figures *figures = figures_of(subject, side, measure);
  const struct compare_spread *spread = &figures->spread;
  struct compare_difference d = {.has = false};
  if (side > 0)
    d = difference_of(subject, side, measure);
  print_csv_name(row, span->is_phase ? "phase" : "whole");
  print_csv_name(row, span->name);
  print_csv_count(row, span->occurrence);
  print_csv_name(row, kind_names[subject->kind]);
  print_csv_name(row, subject->label);
  print_csv_name(row, measure_names[measure]);
  print_csv_name(row, side_name(side, name));
  print_csv_count(row, spread->runs);
  print_csv_number(row, spread->runs > 0, spread->mean);
  print_csv_number(row, spread->runs > 1, compare_spread_sd(spread));
  print_csv_number(row, has_low(figures), mean_low(figures));
  print_csv_number(row, has_high(figures), mean_high(figures));
  print_csv_number(row, d.has, d.value);
  print_csv_number(row, d.has_low, d.low);
  print_csv_number(row, d.has_high, d.high);
  print_csv_number(row, d.interval.has, d.interval.low);
  print_csv_number(row, d.interval.has, d.interval.high);
  print_csv_number(row, d.has_ratio, d.ratio);
  print_csv_number(row, d.has_ratio_low, d.ratio_low);
  print_csv_number(row, d.has_ratio_high, d.ratio_high);
  print_csv_number(row, d.ratio_interval.has, d.ratio_interval.low);
  print_csv_number(row, d.ratio_interval.has, d.ratio_interval.high);
  print_csv_name(row, d.has ? verdict_name(&d) : NULL);
  return print_csv_row(row, out);
}

int compare_print_csv(const struct compare *compare, FILE *out) {
  struct csv_text row = {0};
  int status = 0;
  fputs("span,phase,occurrence,kind,label,measure,side,runs,mean,sd,low,high,difference,difference_low,difference_high,"
        "difference_ci95_low,difference_ci95_high,ratio,ratio_low,ratio_high,ratio_ci95_low,ratio_ci95_high,verdict\n",
        out);
  for (size_t i = 0; i < compare->subjects_num; i++)
    for (size_t side = 0; side < compare->sides_num; side++)
      for (enum compare_measure measure = 0; measure < COMPARE_MEASURES && status == 0; measure++)
        status = print_row(&row, compare, compare->subjects[i], side, measure, out);
  free(row.data);
  return status;
}
