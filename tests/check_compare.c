/* Differences from figures by hand, and from captures on disk whose truth is known. */
#include "../standalone/report/compare.h"

#include "../standalone/common/message.h"

#include "scratch.h"
#include "suite.h"

#include <math.h>

/* ---- differences ------------------------------------------------------------------------------------------------- */

#define NO (-1)

/* Values of the runs of one side, and their bounds; NO: unknown. */
struct side_row {
  size_t runs;
  double values[4];
  double low, high; /* of each run: so far from its value */
  uint64_t at_least;
};

static const struct {
  const char *what;
  struct side_row a, b;
  double value, low, high; /* the difference; NO where that is not known */
  enum compare_verdict verdict;
  bool by_interval;
} rows[] = {
    {"bounds apart: more for certain", {1, {100}, 5, 5, 0}, {1, {120}, 5, 5, 0}, 20, 10, 30, COMPARE_MORE, false},
    {"bounds apart: less for certain", {1, {120}, 5, 5, 0}, {1, {100}, 5, 5, 0}, -20, -30, -10, COMPARE_LESS, false},
    {"bounds overlap", {1, {100}, 5, 5, 0}, {1, {109}, 5, 5, 0}, 9, -1, 19, COMPARE_UNKNOWN, false},
    {"no upper bound of b: still more", {1, {100}, 5, 5, 0}, {1, {120}, 5, NO, 0}, 20, 10, NO, COMPARE_MORE, false},
    {"no upper bound of a: not known", {1, {100}, 5, NO, 0}, {1, {120}, 5, 5, 0}, 20, NO, 30, COMPARE_UNKNOWN, false},
    {"no upper bound of a: still less", {1, {120}, 5, NO, 0}, {1, {100}, 5, 5, 0}, -20, NO, -10, COMPARE_LESS, false},
    {"power alone has no bounds", {1, {100}, NO, NO, 0}, {1, {200}, NO, NO, 0}, 100, NO, NO, COMPARE_UNKNOWN, false},
    {"two runs: the bounds decide", {2, {99, 101}, 5, 5, 0}, {2, {118, 122}, 5, 5, 0}, 20, 10, 30, COMPARE_MORE, false},
    ROW("three runs: they decide, within wide bounds", {3, {99, 100, 101}, 50, 50, 0}, {3, {119, 120, 121}, 50, 50, 0},
        20, -80, 120, COMPARE_MORE, true),
    ROW("three runs that spread too much", {3, {80, 100, 120}, 0, 0, 0}, {3, {90, 110, 130}, 0, 0, 0}, 10, 10, 10,
        COMPARE_UNKNOWN, true),
    ROW("three against one: the bounds decide", {3, {99, 100, 101}, 5, 5, 0}, {1, {120}, 5, 5, 0}, 20, 10, 30,
        COMPARE_MORE, false),
    ROW("counted in part: no interval", {3, {99, 100, 101}, 5, NO, 1}, {3, {119, 120, 121}, 5, 5, 0}, 20, NO, 30,
        COMPARE_UNKNOWN, false),
    ROW("counted in part, and more already", {3, {99, 100, 101}, 5, 5, 0}, {3, {119, 120, 121}, 5, NO, 1}, 20, 10, NO,
        COMPARE_MORE, false),
    ROW("rounding is no difference", {1, {60}, 0, 0, 0}, {1, {60.00000000000001}, 0, 0, 0}, 0, 0, 0, COMPARE_UNKNOWN,
        false),
    ROW("the same, of three runs", {3, {60, 60, 60}, 0, 0, 0},
        {3, {60.00000000000001, 60.00000000000001, 60.00000000000001}, 0, 0, 0}, 0, 0, 0, COMPARE_UNKNOWN, true),
    {"nothing drawn on both sides", {1, {0}, 0, 0, 0}, {1, {0}, 0, 0, 0}, 0, 0, 0, COMPARE_UNKNOWN, false},
};

static struct compare_figures figures_of(const struct side_row *row) {
  struct compare_figures figures = {.lacks_low = row->low < 0, .lacks_high = row->high < 0, .at_least = row->at_least};
  for (size_t i = 0; i < row->runs; i++) {
    compare_spread_add(&figures.spread, row->values[i]);
    figures.low_sum += row->values[i] - row->low;
    figures.high_sum += row->values[i] + row->high;
  }
  return figures;
}

START_TEST(test_difference) {
  struct compare_figures a = figures_of(&rows[_i].a), b = figures_of(&rows[_i].b);
  struct compare_difference d;
  compare_difference(&a, &b, &d);
  ck_assert(d.has);
  ck_assert_double_eq_tol(d.value, rows[_i].value, 1e-9);
  ck_assert_msg(d.verdict == rows[_i].verdict, "%s: verdict %d", rows[_i].what, (int)d.verdict);
  ck_assert_int_eq(d.by_interval, rows[_i].by_interval);
  bool has_low = !(rows[_i].a.high < 0 || rows[_i].b.low < 0), has_high = !(rows[_i].a.low < 0 || rows[_i].b.high < 0);
  ck_assert_int_eq(d.has_low, has_low);
  ck_assert_int_eq(d.has_high, has_high);
  if (has_low)
    ck_assert_double_eq_tol(d.low, rows[_i].low, 1e-9);
  if (has_high)
    ck_assert_double_eq_tol(d.high, rows[_i].high, 1e-9);
}
END_TEST

/* 95 to 105 against 115 to 125 J: the ratio is within 115/105 and 125/95. */
START_TEST(test_ratio) {
  const struct side_row low = {1, {100}, 5, 5, 0}, high = {1, {120}, 5, 5, 0}, none = {1, {0}, 0, 0, 0}, absent = {0};
  struct compare_figures a = figures_of(&low), b = figures_of(&high), zero = figures_of(&none),
                         no = figures_of(&absent);
  struct compare_difference d;
  compare_difference(&a, &b, &d);
  ck_assert_double_eq_tol(d.ratio, 1.2, 1e-12);
  ck_assert_double_eq_tol(d.ratio_low, 115.0 / 105, 1e-12);
  ck_assert_double_eq_tol(d.ratio_high, 125.0 / 95, 1e-12);
  compare_difference(&zero, &b, &d);
  ck_assert(d.has && !d.has_ratio && !d.has_ratio_low && !d.has_ratio_high);
  compare_difference(&a, &no, &d);
  ck_assert(!d.has && d.verdict == COMPARE_UNKNOWN);
}
END_TEST

/* ---- sides on disk ----------------------------------------------------------------------------------------------- */

static uint32_t seed;

static double uniform(void) {
  seed = seed * 1664525 + 1013904223;
  return ((double)(seed >> 8) + 0.5) / (1 << 24);
}

/* By Box and Muller. */
static double normal(void) {
  return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* A minute, a row each 5 s, of a VM that draws power_w; its writer updates each 5 s, at another time in each run. */
static void write_run(const char *path, double power_w) {
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  double phase_s = 5 * uniform();
  fputs("ts,vm_energy_uj,vm_power_w\n", file);
  for (int s = 0; s <= 60; s += 5)
    fprintf(file, "%d,%.0f,%.6f\n", 1700000000 + s, 1e9 + 1e6 * power_w * (s + 5 * phase_s - phase_s), power_w);
  fclose(file);
}

static const struct compare_figures *energy_of(const struct compare *compare, size_t subject, size_t side) {
  return &compare->subjects[subject]->sides[side * COMPARE_MEASURES + COMPARE_ENERGY_J];
}

#define TRIALS 1000
#define RUNS   5

/* Five runs a side, spread of 1 %, difference of 3 %: the interval holds the truth as often as promised. */
START_TEST(test_coverage) {
  char names[2 * RUNS][sizeof(scratch) + 40], sides[2][sizeof(scratch) + 8];
  const char *const paths[] = {sides[0], sides[1]};
  for (int i = 0; i < 2 * RUNS; i++) {
    snprintf(names[i], sizeof(names[i]), "%s/%d/run_%d/power.csv", scratch, i / RUNS, i);
    make_parents(names[i]);
  }
  for (int i = 0; i < 2; i++)
    snprintf(sides[i], sizeof(sides[i]), "%s/%d", scratch, i);
  int held = 0, ratio_held = 0, decided = 0;
  seed = 1;
  message_be_quiet();
  for (int trial = 0; trial < TRIALS; trial++) {
    for (int i = 0; i < 2 * RUNS; i++)
      write_run(names[i], (i < RUNS ? 100 : 97) * (1 + 0.01 * normal()));
    struct compare compare;
    struct compare_difference d;
    ck_assert_int_eq(compare_read(&compare, paths, 2, &(struct report_options){.scale = 0}), STATUS_DONE);
    ck_assert_uint_eq(compare.subjects_num, 2);
    compare_difference(energy_of(&compare, 0, 0), energy_of(&compare, 0, 1), &d);
    ck_assert_uint_eq(energy_of(&compare, 0, 1)->spread.runs, RUNS);
    ck_assert(d.interval.has && d.ratio_interval.has);
    held += d.interval.low <= -180 && d.interval.high >= -180;
    ratio_held += d.ratio_interval.low <= 0.97 && d.ratio_interval.high >= 0.97;
    decided += d.verdict == COMPARE_LESS;
    compare_free(&compare);
  }
  ck_assert_msg(held >= 930 && held <= 970, "%d of %d", held, TRIALS);
  ck_assert_msg(ratio_held >= 930 && ratio_held <= 970, "%d of %d", ratio_held, TRIALS);
  ck_assert_msg(decided > 900, "%d of %d", decided, TRIALS);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("compare");
  suite_case(suite, "differences", NULL, NULL, EACH(test_difference, rows), ONCE(test_ratio));
  tcase_set_timeout(suite_case(suite, "disk", scratch_make, scratch_clean, ONCE(test_coverage)), 300);
  return suite_run(suite);
}
