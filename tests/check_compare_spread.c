/* Against printed tables, and against figures that were computed in another way. */
#include "../standalone/report/compare_spread.h"

#include "suite.h"

#include <math.h>
#include <stdlib.h>

/* Printed tables of Student's t have these, for 95 % on two sides. */
static const struct {
  double freedom, t;
} t_rows[] = {{1, 12.706}, {2, 4.303},  {3, 3.182},   {4, 2.776},  {5, 2.571},
              {10, 2.228}, {30, 2.042}, {120, 1.980}, {1e6, 1.960}};

START_TEST(test_student_t) {
  ck_assert_double_eq_tol(compare_spread_t(t_rows[_i].freedom), t_rows[_i].t, 0.0005);
}
END_TEST

/* The limits are those of Python, with the density of t integrated by Simpson's rule, and the roots of Fieller. */
static const struct {
  double a[5], b[5];
  size_t a_num, b_num;
  double mean, sd, low, high, ratio_low, ratio_high; /* mean and sd: of b */
} rows[] = {
    {{1, 2, 3}, {4, 6, 8, 10}, 3, 4, 7, 2.5819889, 1.1020245, 8.8979755, 1.4006159, 17.6777462},
    ROW({100, 101, 99, 100.5, 99.5}, {97, 98, 96.2, 97.1, 96.7}, 5, 5, 97, 0.6595453, -4.0677313, -1.9322687, 0.9595750,
        0.9805554),
    {{10, 10, 10}, {12, 11, 13}, 3, 3, 12, 1, -0.4841377, 4.4841377, 0.9515862, 1.4484138},
};

static void assert_interval(const struct compare_interval *interval, double low, double high) {
  ck_assert(interval->has);
  ck_assert_double_eq_tol(interval->low, low, 1e-4 * (1 + fabs(low)));
  ck_assert_double_eq_tol(interval->high, high, 1e-4 * (1 + fabs(high)));
}

START_TEST(test_welch) {
  struct compare_spread a = {0}, b = {0};
  for (size_t i = 0; i < rows[_i].a_num; i++)
    compare_spread_add(&a, rows[_i].a[i]);
  for (size_t i = 0; i < rows[_i].b_num; i++)
    compare_spread_add(&b, rows[_i].b[i]);
  ck_assert_double_eq_tol(b.mean, rows[_i].mean, 1e-9);
  ck_assert_double_eq_tol(compare_spread_sd(&b), rows[_i].sd, 1e-6);
  struct compare_interval difference = compare_spread_difference(&a, &b), ratio = compare_spread_ratio(&a, &b);
  assert_interval(&difference, rows[_i].low, rows[_i].high);
  assert_interval(&ratio, rows[_i].ratio_low, rows[_i].ratio_high);
}
END_TEST

/* Two runs have no interval; a divisor that may be 0 gives no ratio. */
START_TEST(test_too_little) {
  struct compare_spread a = {0}, b = {0}, wide = {0};
  const double wide_values[] = {-5, 1, 7};
  for (int i = 0; i < 3; i++) {
    compare_spread_add(&a, 10 + i);
    compare_spread_add(&wide, wide_values[i]);
  }
  compare_spread_add(&b, 10);
  ck_assert_double_eq(compare_spread_sd(&b), 0);
  compare_spread_add(&b, 11);
  ck_assert(!compare_spread_interval(&b).has);
  ck_assert(!compare_spread_difference(&a, &b).has);
  ck_assert(!compare_spread_difference(&b, &a).has);
  ck_assert(!compare_spread_ratio(&b, &a).has);
  ck_assert(compare_spread_interval(&a).has);
  ck_assert(compare_spread_difference(&wide, &a).has);
  ck_assert(!compare_spread_ratio(&wide, &a).has);
}
END_TEST

/* Equal runs have an interval of one point. */
START_TEST(test_no_spread) {
  struct compare_spread a = {0}, b = {0};
  for (int i = 0; i < 3; i++) {
    compare_spread_add(&a, 10);
    compare_spread_add(&b, 12);
  }
  struct compare_interval difference = compare_spread_difference(&a, &b);
  assert_interval(&difference, 2, 2);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("compare_spread");
  suite_case(suite, "welch", NULL, NULL, EACH(test_student_t, t_rows), EACH(test_welch, rows), ONCE(test_too_little),
             ONCE(test_no_spread));
  return suite_run(suite);
}
