/* The sum of the powers of several VMs over time: where it is known, and in little memory. */
#include "../standalone/report/total_power.h"

#include "core/clock.h"
#include "suite.h"

#include <math.h>

#define T0 INT64_C(1795536000)

struct stretch {
  double from_s, to_s, power_w; /* since T0; power below 0: present, but unknown */
};

static int64_t at(double s) {
  return T0 * NS_PER_S + (int64_t)llround(s * 1e9);
}

static const struct {
  struct stretch list[8];
  double start_s, end_s;
  double max_w, p95_w; /* below 0: there is none */
} rows[] = {
    /* updates every 5 s, those of the other VM 2 s later: 100 + 10, 100 + 20, 200 + 20 */
    {{{0, 5, 100}, {5, 10, 100}, {10, 15, 200}, {0, 7, 10}, {7, 15, 20}}, 0, 15, 220, 220},
    {{{0, 5, 100}, {5, 10, 300}, {10, 15, 100}, {0, 15, 10}}, 0, 15, 310, 310},
    {{{0, 5, 100}, {5, 10, 300}, {10, 15, 100}, {0, 15, 10}}, 0, 5, 110, 110},
    /* unknown for one, unknown for the sum */
    {{{0, 5, 100}, {5, 10, 300}, {10, 15, 100}, {0, 5, 10}, {5, 10, -1}, {10, 15, 10}}, 0, 15, 110, 110},
    {{{0, 15, 100}, {0, 4, 10}, {4, 15, -1}}, 0, 15, -1, -1},
    /* an absent VM draws nothing; one that comes within a step is part of it */
    {{{0, 16, 100}, {8, 12, 50}}, 0, 16, 150, 100 + 0.85 * 50},
    {{{0, 16, 100}, {9, 10, 50}}, 0, 16, 112.5, 100 + 0.85 * 12.5},
    /* samples are closer than a step can be */
    {{{0, 0.01, 100}, {0.01, 2, 200}}, 0, 2, 200, 200},
    {{{0, 5, 100}}, 20, 30, -1, -1},
    {{{0, 0, 0}}, 0, 10, -1, -1},
};

START_TEST(test_sum) {
  struct total_power steps = {0};
  struct total_power_stay stays[8];
  size_t num = 0;
  for (const struct stretch *s = rows[_i].list; s < rows[_i].list + 8 && s->to_s > 0; s++) {
    stays[num++] = (struct total_power_stay){.from_ns = at(s->from_s), .to_ns = at(s->to_s)};
    if (s->power_w >= 0)
      ck_assert_int_eq(total_power_add(&steps, at(s->from_s), at(s->to_s), s->power_w), 0);
  }
  struct quantile power_w = {0};
  ck_assert_int_eq(total_power_sum(&steps, at(rows[_i].start_s), at(rows[_i].end_s), stays, num, &power_w), 0);
  if (rows[_i].max_w < 0) {
    ck_assert_uint_eq(power_w.count, 0);
  } else {
    ck_assert_uint_gt(power_w.count, 0);
    ck_assert_double_eq_tol(power_w.max, rows[_i].max_w, 1e-3);
    ck_assert_double_eq_tol(quantile_get(&power_w, 0.95), rows[_i].p95_w, 1e-3);
  }
  quantile_free(&power_w);
  total_power_free(&steps);
}
END_TEST

/* A month of updates every 5 s; the second VM comes after the first one, as from separate files. */
START_TEST(test_month) {
  struct total_power steps = {0};
  const double end_s = 30 * 86400;
  const struct total_power_stay stays[] = {{at(0), at(end_s)}, {at(-1000), at(end_s)}};
  for (double s = 0; s < end_s; s += 5)
    ck_assert_int_eq(total_power_add(&steps, at(s), at(s + 5), 100), 0);
  for (double s = -1000; s < end_s; s += 5)
    ck_assert_int_eq(total_power_add(&steps, at(s), at(s + 5), s >= 3600 && s < 7200 ? 80 : 50), 0);
  ck_assert_uint_le(steps.num, TOTAL_POWER_STEPS_MAX);
  struct quantile power_w = {0};
  ck_assert_int_eq(total_power_sum(&steps, at(0), at(end_s), stays, 2, &power_w), 0);
  ck_assert_double_eq_tol(power_w.max, 180, 1e-2);
  ck_assert_double_eq_tol(power_w.min, 150, 1e-2);
  ck_assert_double_eq_tol((double)power_w.count * (double)steps.width_ns * 1e-9, end_s, 40);
  quantile_free(&power_w);
  total_power_free(&steps);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("total_power");
  suite_case(suite, "steps", NULL, NULL, EACH(test_sum, rows), ONCE(test_month));
  return suite_run(suite);
}
