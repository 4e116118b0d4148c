/* Bins: stretches of power, shared among equal spans of time. */
#include "../standalone/bins.h"

#include "suite.h"

#include "core/clock.h"

#include <math.h>

#define GAP (-1.0)

/* Ten seconds from 100 s on, in bins of 2 s; stretches of power, up to one at 0. */
static const struct {
  const char *what;
  struct {
    double from_s, to_s, power_w;
  } in[8];
  double mean_w[5], sum_w[5];
} rows[] = {
    {"nothing", {{0, 0, 0}}, {GAP, GAP, GAP, GAP, GAP}, {0}},
    {"all at once", {{100, 110, 50}}, {50, 50, 50, 50, 50}, {50, 50, 50, 50, 50}},
    {"one bin", {{102, 104, 50}}, {GAP, 50, GAP, GAP, GAP}, {0, 50, 0, 0, 0}},
    {"each bin is the mean of its samples",
     {{100, 101, 10}, {101, 102, 30}, {102, 103, 0}, {103, 104, 8}},
     {20, 4, GAP, GAP, GAP},
     {20, 4, 0, 0, 0}},
    {"a sample across an edge", {{101, 105, 50}}, {50, 50, 50, GAP, GAP}, {25, 50, 25, 0, 0}},
    {"less than half of a bin is a gap", {{100, 100.9, 50}}, {GAP, GAP, GAP, GAP, GAP}, {22.5, 0, 0, 0, 0}},
    {"outside, and over the ends",
     {{90, 99, 7}, {99, 101, 50}, {109, 120, 30}, {111, 112, 7}},
     {50, GAP, GAP, GAP, 30},
     {25, 0, 0, 0, 15}},
    {"no time, or time backwards", {{101, 101, 50}, {104, 102, 50}}, {GAP, GAP, GAP, GAP, GAP}, {0}},
    {"two VMs: their sum, whatever order they come in",
     {{100, 102, 10}, {102, 104, 10}, {100, 104, 5}},
     {7.5, 7.5, GAP, GAP, GAP},
     {15, 15, 0, 0, 0}},
    {"0 W is no gap", {{104, 106, 0}}, {GAP, GAP, 0, GAP, GAP}, {0}},
};

static int64_t ns(double s) {
  return (int64_t)llround(s * 1e9);
}

START_TEST(test_bins) {
  struct bins bins;
  ck_assert_int_eq(bins_init(&bins, ns(100), ns(110), 5), 0);
  for (size_t i = 0; rows[_i].in[i].from_s > 0; i++)
    bins_add(&bins, ns(rows[_i].in[i].from_s), ns(rows[_i].in[i].to_s), rows[_i].in[i].power_w);
  for (size_t i = 0; i < 5; i++) {
    double mean_w = GAP;
    bool has = bins_mean_w(&bins, i, &mean_w);
    ck_assert_msg(has == (rows[_i].mean_w[i] >= 0), "%s: bin %zu", rows[_i].what, i);
    ck_assert_msg(fabs(mean_w - rows[_i].mean_w[i]) < 1e-9, "%s: bin %zu: %f W", rows[_i].what, i, mean_w);
    double sum_w = bins_sum_w(&bins, i);
    ck_assert_msg(fabs(sum_w - rows[_i].sum_w[i]) < 1e-9, "%s: bin %zu: sum %f W", rows[_i].what, i, sum_w);
  }
  bins_free(&bins);
}
END_TEST

START_TEST(test_extremes) {
  struct bins bins;
  ck_assert_int_eq(bins_init(&bins, 0, ns(10), 1), 0);
  bins_add(&bins, 0, ns(1), 5);
  bins_add(&bins, ns(1), ns(2), 3);
  bins_add(&bins, ns(2), ns(3), 9);
  ck_assert_double_eq(bins.list[0].min_w, 3);
  ck_assert_double_eq(bins.list[0].max_w, 9);
  bins_free(&bins);
}
END_TEST

/* No energy is lost or made, however samples and bins lie to each other. */
START_TEST(test_energy) {
  static const size_t nums[] = {1, 3, 7, 100, 1200};
  for (size_t n = 0; n < sizeof(nums) / sizeof(nums[0]); n++) {
    struct bins bins;
    int64_t start_ns = INT64_C(1795466093250000000), at_ns = start_ns;
    unsigned seed = 1;
    double in_j = 0, out_j = 0, covered_s = 0;
    ck_assert_int_eq(bins_init(&bins, start_ns, start_ns + ns(1000), nums[n]), 0);
    while (at_ns < start_ns + ns(1000)) {
      int64_t next_ns = at_ns + 1 + rand_r(&seed) % ns(2);
      next_ns = next_ns < start_ns + ns(1000) ? next_ns : start_ns + ns(1000);
      double power_w = rand_r(&seed) % 1000;
      bins_add(&bins, at_ns, next_ns, power_w);
      in_j += power_w * (double)(next_ns - at_ns) * 1e-9;
      at_ns = next_ns;
    }
    for (size_t i = 0; i < bins.num; i++) {
      out_j += bins.list[i].energy_j;
      covered_s += bins.list[i].covered_s;
    }
    ck_assert_double_eq_tol(out_j, in_j, in_j * 1e-9);
    ck_assert_double_eq_tol(covered_s, 1000, 1e-6);
    ck_assert_int_eq(bins_start_ns(&bins, 0), start_ns);
    ck_assert_int_eq(bins_start_ns(&bins, bins.num), start_ns + ns(1000));
    bins_free(&bins);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bins");
  TCase *cases = tcase_create("bins");
  tcase_add_loop_test(cases, test_bins, 0, ROWS(rows));
  tcase_add_test(cases, test_extremes);
  tcase_add_test(cases, test_energy);
  suite_add_tcase(suite, cases);
  return suite_run(suite);
}
