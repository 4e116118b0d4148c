/* Bins: stretches of power, shared among equal spans of time. */
#include "../standalone/report/plot_bins.h"

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
    ROW("each bin is the mean of its samples", {{100, 101, 10}, {101, 102, 30}, {102, 103, 0}, {103, 104, 8}},
        {20, 4, GAP, GAP, GAP}, {20, 4, 0, 0, 0}),
    {"a sample across an edge", {{101, 105, 50}}, {50, 50, 50, GAP, GAP}, {25, 50, 25, 0, 0}},
    {"less than half of a bin is a gap", {{100, 100.9, 50}}, {GAP, GAP, GAP, GAP, GAP}, {22.5, 0, 0, 0, 0}},
    ROW("outside, and over the ends", {{90, 99, 7}, {99, 101, 50}, {109, 120, 30}, {111, 112, 7}},
        {50, GAP, GAP, GAP, 30}, {25, 0, 0, 0, 15}),
    {"no time, or time backwards", {{101, 101, 50}, {104, 102, 50}}, {GAP, GAP, GAP, GAP, GAP}, {0}},
    ROW("two VMs: their sum, whatever order they come in", {{100, 102, 10}, {102, 104, 10}, {100, 104, 5}},
        {7.5, 7.5, GAP, GAP, GAP}, {15, 15, 0, 0, 0}),
    {"0 W is no gap", {{104, 106, 0}}, {GAP, GAP, 0, GAP, GAP}, {0}},
};

static int64_t ns(double s) {
  return (int64_t)llround(s * 1e9);
}

START_TEST(test_bins) {
  struct plot_bins bins;
  ck_assert_int_eq(plot_bins_init(&bins, ns(100), ns(110), 5), 0);
  for (size_t i = 0; rows[_i].in[i].from_s > 0; i++)
    plot_bins_add(&bins, ns(rows[_i].in[i].from_s), ns(rows[_i].in[i].to_s), rows[_i].in[i].power_w);
  for (size_t i = 0; i < 5; i++) {
    double mean_w = GAP;
    bool has = plot_bins_mean_w(&bins, i, &mean_w);
    ck_assert_msg(has == (rows[_i].mean_w[i] >= 0), "%s: bin %zu", rows[_i].what, i);
    ck_assert_msg(fabs(mean_w - rows[_i].mean_w[i]) < 1e-9, "%s: bin %zu: %f W", rows[_i].what, i, mean_w);
    double sum_w = plot_bins_sum_w(&bins, i);
    ck_assert_msg(fabs(sum_w - rows[_i].sum_w[i]) < 1e-9, "%s: bin %zu: sum %f W", rows[_i].what, i, sum_w);
  }
  plot_bins_free(&bins);
}
END_TEST

START_TEST(test_extremes) {
  struct plot_bins bins;
  ck_assert_int_eq(plot_bins_init(&bins, 0, ns(10), 1), 0);
  plot_bins_add(&bins, 0, ns(1), 5);
  plot_bins_add(&bins, ns(1), ns(2), 3);
  plot_bins_add(&bins, ns(2), ns(3), 9);
  ck_assert_double_eq(bins.list[0].min_w, 3);
  ck_assert_double_eq(bins.list[0].max_w, 9);
  plot_bins_free(&bins);
}
END_TEST

/* No energy is lost or made, however samples and bins lie to each other. */
START_TEST(test_energy) {
  static const size_t nums[] = {1, 3, 7, 100, 1200};
  for (int n = 0; n < ROWS(nums); n++) {
    struct plot_bins bins;
    int64_t start_ns = INT64_C(1795466093250000000), at_ns = start_ns;
    unsigned seed = 1;
    double in_j = 0, out_j = 0, covered_s = 0;
    ck_assert_int_eq(plot_bins_init(&bins, start_ns, start_ns + ns(1000), nums[n]), 0);
    while (at_ns < start_ns + ns(1000)) {
      int64_t next_ns = at_ns + 1 + rand_r(&seed) % ns(2);
      next_ns = next_ns < start_ns + ns(1000) ? next_ns : start_ns + ns(1000);
      double power_w = rand_r(&seed) % 1000;
      plot_bins_add(&bins, at_ns, next_ns, power_w);
      in_j += power_w * (double)(next_ns - at_ns) * 1e-9;
      at_ns = next_ns;
    }
    for (size_t i = 0; i < bins.num; i++) {
      out_j += bins.list[i].energy_j;
      covered_s += bins.list[i].covered_s;
    }
    ck_assert_double_eq_tol(out_j, in_j, in_j * 1e-9);
    ck_assert_double_eq_tol(covered_s, 1000, 1e-6);
    ck_assert_int_eq(plot_bins_start_ns(&bins, 0), start_ns);
    ck_assert_int_eq(plot_bins_start_ns(&bins, bins.num), start_ns + ns(1000));
    plot_bins_free(&bins);
  }
}
END_TEST

/* When each VM of a group is present, and its known power; up to one at 0. */
static const struct {
  const char *what;
  struct {
    double from_s, to_s, known_from_s, known_to_s, power_w;
  } in[3];
  double group_w[5];
} group_rows[] = {
    {"both known", {{100, 110, 100, 110, 50}, {100, 110, 100, 110, 5}}, {55, 55, 55, 55, 55}},
    {"one not known at first", {{100, 110, 100, 110, 50}, {100, 110, 103, 110, 5}}, {GAP, GAP, 55, 55, 55}},
    {"one not known at the end", {{100, 110, 100, 110, 50}, {100, 110, 100, 108, 5}}, {55, 55, 55, 55, GAP}},
    {"one that comes later", {{100, 110, 100, 110, 50}, {103, 110, 103, 110, 8}}, {50, 54, 58, 58, 58}},
    {"one that goes", {{100, 110, 100, 110, 50}, {100, 104, 100, 104, 8}}, {58, 58, 50, 50, 50}},
    {"none there", {{100, 104, 100, 104, 8}}, {8, 8, GAP, GAP, GAP}},
};

START_TEST(test_groups) {
  struct plot_bins bins;
  ck_assert_int_eq(plot_bins_init(&bins, ns(100), ns(110), 5), 0);
  for (size_t i = 0; i < 3 && group_rows[_i].in[i].to_s > 0; i++) {
    plot_bins_expect(&bins, ns(group_rows[_i].in[i].from_s), ns(group_rows[_i].in[i].to_s));
    plot_bins_add(&bins, ns(group_rows[_i].in[i].known_from_s), ns(group_rows[_i].in[i].known_to_s),
                  group_rows[_i].in[i].power_w);
  }
  for (size_t i = 0; i < 5; i++) {
    double power_w;
    if (!plot_bins_group_w(&bins, i, &power_w))
      power_w = GAP;
    ck_assert_msg(fabs(power_w - group_rows[_i].group_w[i]) < 1e-9, "%s: bin %zu: %f W", group_rows[_i].what, i,
                  power_w);
  }
  plot_bins_free(&bins);
}
END_TEST

/* Updates of a load that changes each second, made at some time within the second before they are seen. */
START_TEST(bands_hold_the_truth) {
  enum { SECONDS = 1000, BINS = 25 };
  unsigned seed = 7;
  for (int round = 0; round < 100; round++) {
    static double power_w[SECONDS];
    double truth_j[BINS] = {0}, since_j = 0, known_low_j[BINS] = {0};
    struct plot_bins bins;
    int bands = 0, last_s = 0;
    ck_assert_int_eq(plot_bins_init(&bins, 0, ns(SECONDS), BINS), 0);
    plot_bins_expect(&bins, 0, ns(SECONDS));
    for (int s = 0; s < SECONDS; s++) {
      power_w[s] = rand_r(&seed) % 100;
      truth_j[s * BINS / SECONDS] += power_w[s];
      since_j += power_w[s];
      if (rand_r(&seed) % 6 != 0)
        continue;
      int64_t least_ns = ns(last_s - 1), most_ns = ns(s + 1.5), to_ns = ns(s + 1), from_ns = ns(last_s);
      plot_bins_add(&bins, from_ns, to_ns, since_j / (s + 1 - last_s));
      plot_bins_bound(&bins, least_ns, most_ns, since_j, from_ns, to_ns);
      if (last_s - 1 >= 0 && (last_s - 1) * BINS / SECONDS == (s + 1) * BINS / SECONDS)
        known_low_j[s * BINS / SECONDS] += since_j;
      last_s = s + 1;
      since_j = 0;
    }
    for (size_t i = 0; i < BINS; i++) {
      double low_w, high_w, s = (double)SECONDS / BINS;
      if (!plot_bins_band_w(&bins, i, &low_w, &high_w))
        continue;
      bands++;
      ck_assert_msg(low_w * s <= truth_j[i] + 1e-6 && truth_j[i] <= high_w * s + 1e-6, "bin %zu: %f J in %f to %f", i,
                    truth_j[i], low_w * s, high_w * s);
      ck_assert_double_ge(low_w * s, known_low_j[i] - 1e-6); /* a band from nothing would be no bound */
    }
    ck_assert_int_ge(bands, BINS - 1); /* all but the last, whose end is not known */
    plot_bins_free(&bins);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plot_bins");
  suite_case(suite, "bins", NULL, NULL, EACH(test_bins, rows), ONCE(test_extremes), ONCE(test_energy),
             EACH(test_groups, group_rows), ONCE(bands_hold_the_truth));
  return suite_run(suite);
}
