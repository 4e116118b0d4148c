/* Quantiles: exact while values are few, within 0.5 % of the exact ones afterwards. */
#include "../standalone/common/quantile.h"

#include "suite.h"

#include <math.h>
#include <stdlib.h>

/* By hand, or as numpy.quantile() has them. */
static const struct {
  size_t count;
  double values[8], p, expected;
} small_rows[] = {
    {0, {0}, 0.5, 0},
    {1, {7}, 0, 7},
    {1, {7}, 0.95, 7},
    {1, {7}, 1, 7},
    {2, {3, 1}, 0.5, 2},
    {2, {3, 1}, 0.95, 2.9},
    {3, {5, 1, 2}, 0.5, 2},
    {4, {4, 1, 3, 2}, 0.5, 2.5},
    {4, {4, 1, 3, 2}, 0, 1},
    {4, {4, 1, 3, 2}, 1, 4},
    {5, {10, 20, 30, 40, 50}, 0.95, 48},
    {5, {0, 0, 0, 0, 505}, 0.5, 0},
    {5, {0, 0, 0, 0, 505}, 0.95, 404},
    {5, {1e-7, 0, 1e12, 3, 3}, 0.5, 3},
};

START_TEST(test_small) {
  struct quantile quantile = {0};
  for (size_t i = 0; i < small_rows[_i].count; i++)
    ck_assert_int_eq(quantile_add(&quantile, small_rows[_i].values[i]), 0);
  ck_assert_double_eq_tol(quantile_get(&quantile, small_rows[_i].p), small_rows[_i].expected, 1e-9);
  quantile_free(&quantile);
}
END_TEST

START_TEST(test_adds_behind_an_answer) {
  struct quantile quantile = {0};
  quantile_add(&quantile, 3);
  ck_assert_double_eq(quantile_get(&quantile, 0.5), 3);
  quantile_add(&quantile, 1);
  quantile_add(&quantile, 2);
  ck_assert_double_eq(quantile_get(&quantile, 0.5), 2);
  quantile_free(&quantile);
}
END_TEST

static double seeded(void) {
  static unsigned seed = 1;
  return (double)rand_r(&seed) / RAND_MAX;
}

static double constant(void) {
  return 100.04;
}
static double even(void) {
  return 40 + 80 * seeded();
}
static double wide(void) {
  return pow(10, 12 * seeded() - 5);
}
static double mostly_zero(void) {
  return seeded() < 0.8 ? 0 : 505 + seeded();
}
static double two_levels(void) {
  return seeded() < 0.5 ? 1 : 1000;
}
static double least(void) {
  return seeded() < 0.5 ? 1e-6 : 2e-6;
}

static double (*const draw_rows[])(void) = {constant, even, wide, mostly_zero, two_levels, least};

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

#define MANY 20001

/* Against all values, sorted; also at the first inexact count. */
START_TEST(test_many) {
  static double values[MANY];
  static const double at[] = {0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1};
  static const size_t counts[] = {QUANTILE_EXACT - 1, QUANTILE_EXACT, QUANTILE_EXACT + 1, MANY};
  for (int c = 0; c < ROWS(counts); c++) {
    struct quantile quantile = {0};
    for (size_t i = 0; i < counts[c]; i++) {
      values[i] = draw_rows[_i]();
      ck_assert_int_eq(quantile_add(&quantile, values[i]), 0);
    }
    qsort(values, counts[c], sizeof(values[0]), compare);
    for (int i = 0; i < ROWS(at); i++) {
      double position = at[i] * (double)(counts[c] - 1);
      size_t rank = (size_t)position, next = rank + 1 < counts[c] ? rank + 1 : rank;
      double exact = values[rank] + (position - (double)rank) * (values[next] - values[rank]);
      double tolerance = counts[c] <= QUANTILE_EXACT ? 1e-12 : 0.005;
      ck_assert_double_ge(quantile_get(&quantile, at[i]), values[0]);
      ck_assert_double_le(quantile_get(&quantile, at[i]), values[counts[c] - 1]);
      ck_assert_double_le(fabs(quantile_get(&quantile, at[i]) - exact), tolerance * exact);
    }
    ck_assert_double_eq(quantile.min, values[0]);
    ck_assert_double_eq(quantile.max, values[counts[c] - 1]);
    ck_assert_uint_eq(quantile.count, counts[c]);
    quantile_free(&quantile);
  }
}
END_TEST

/* A few KiB per VM, however long the capture. */
START_TEST(test_memory) {
  struct quantile quantile = {0};
  for (int i = 0; i < 100000; i++)
    ck_assert_int_eq(quantile_add(&quantile, 1 + 499 * seeded()), 0);
  ck_assert_ptr_null(quantile.values);
  ck_assert_uint_le(quantile.bins_num * sizeof(quantile.bins[0]), 8192);
  quantile_free(&quantile);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("quantile");
  suite_case(suite, "quantile", NULL, NULL, EACH(test_small, small_rows), ONCE(test_adds_behind_an_answer),
             EACH(test_many, draw_rows), ONCE(test_memory));
  return suite_run(suite);
}
