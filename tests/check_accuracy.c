/* The accuracy of the meter: a small part of the table of `make accuracy`. */
#include "accuracy/trial.h"
#include "suite.h"

#include <math.h>
#include <string.h>

#define DAY_S 86400.0
#define SEEDS 8

/* Scaphandre's writer. */
static const struct trial typical = {.base = METER_AUTO,
                                     .load = "const:100",
                                     .interval_s = 1,
                                     .duration_s = DAY_S / 12,
                                     .period_s = 5,
                                     .jitter_s = EXPORTER_REAL,
                                     .tick_ns = 4 * NS_PER_MS,
                                     .seed = 1};

static const double intervals_s[] = {0.05, 0.5, 1, 2, 5, 10, 30};

/*
 * The target: RMS at most 0.1 % at every interval, over VMs whose turn in the exporter's pass differs. A VM that is
 * written late in its pass has the larger error: the exporter counted up to the start of the pass.
 */
START_TEST(constant_load) {
  struct trial trial = typical;
  struct score score;
  double squares = 0;
  trial.interval_s = intervals_s[_i];
  for (trial.seed = 1; trial.seed <= SEEDS; trial.seed++) {
    trial_run(&trial, &score);
    squares += score.rms_w * score.rms_w;
    ck_assert_msg(score.worst_w <= 0.6, "%g s: worst %g W", trial.interval_s, score.worst_w);
    ck_assert_msg((double)score.powers >= (double)score.samples - 1 - 10 / trial.interval_s, "%g s: %d of %d samples",
                  trial.interval_s, (int)score.powers, (int)score.samples);
    ck_assert_double_eq_tol(score.energy_j, score.drawn_j, 600);
  }
  ck_assert_msg(sqrt(squares / SEEDS) <= 0.1, "%g s: RMS %g W", trial.interval_s, sqrt(squares / SEEDS));
}
END_TEST

/* Including wraps and restarts: an update that the exporter did not count in full has no power. */
START_TEST(pauses_have_no_power) {
  static const double reported_s[] = {0.5, 1, 2, 5, 10, 30};
  struct trial trial = typical;
  struct score score;
  double squares = 0;
  trial.interval_s = reported_s[_i];
  trial.duration_s = DAY_S / 4;
  trial.wraps = 12;
  trial.restarts = 5;
  for (trial.seed = 1; trial.seed <= SEEDS; trial.seed++) {
    trial_run(&trial, &score);
    squares += score.rms_w * score.rms_w;
    ck_assert_msg(score.worst_w <= 0.6, "%g s: worst %g W", trial.interval_s, score.worst_w);
    ck_assert_double_ge((double)score.powers, 0.95 * (double)score.samples);
    ck_assert_double_eq_tol(score.energy_j, score.counted_j, 1e-3);
  }
  ck_assert_msg(sqrt(squares / SEEDS) <= 0.1, "%g s: RMS %g W", trial.interval_s, sqrt(squares / SEEDS));
}
END_TEST

/* Other writers, file times in the coarsest ticks that Linux has. */
START_TEST(writers) {
  static const double periods_s[] = {0.05, 0.5, 1, 15, 60};
  struct trial trial = typical;
  struct score score;
  trial.period_s = periods_s[_i];
  trial.tick_ns = 10 * NS_PER_MS;
  for (int i = 0; i < ROWS(intervals_s); i++) {
    trial.interval_s = intervals_s[i];
    trial_run(&trial, &score);
    ck_assert_msg(score.rms_w <= 0.5, "every %g s, looked at every %g s: RMS %g W", trial.period_s, trial.interval_s,
                  score.rms_w);
    ck_assert(score.powers > 0);
  }
}
END_TEST

/* The bench detects an error: that of readers who divide by their own interval. */
START_TEST(aliasing_is_seen) {
  struct trial trial = typical;
  struct score score;
  trial.base = METER_SAMPLE;
  trial_run(&trial, &score);
  ck_assert_double_gt(score.rms_w, 150);
  trial.interval_s = 10;
  trial_run(&trial, &score);
  ck_assert_double_gt(score.rms_w, 2);
}
END_TEST

/* No power is above the load. */
START_TEST(never_above_the_load) {
  static const struct {
    const char *load;
    double peak_w, least_w;
  } loads[] = {{"sine:100:50:300", 150, 50}, {"step:50:150:60", 150, 50}, {"step:0:200:7", 200, 0}, {"idle", 0, 0}};
  struct trial trial = typical;
  struct score score;
  trial.load = loads[_i].load;
  for (int i = 0; i < ROWS(intervals_s); i++) {
    trial.interval_s = intervals_s[i];
    trial_run(&trial, &score);
    ck_assert_double_le(score.worst_w, (loads[_i].peak_w - loads[_i].least_w) * 1.005);
    ck_assert_double_ge(score.energy_j, score.counted_j - 1e-3);
    ck_assert_double_le(score.energy_j, score.counted_j + 1e-3);
  }
}
END_TEST

/*
 * A day with 20 resets, 100 torn reads, 50 powercap wraps and 5 restarts of the exporter. The energy is that of the
 * updates, less what cannot be known: an update that starts anew at 0, and what was added from there to the next
 * sample. Where updates come faster than samples, it is also what was counted from the sample before to the reset.
 */
START_TEST(energy_over_a_bad_day) {
  static const char *const loads[] = {"const:100", "sine:100:50:300", "step:50:150:60", "idle"};
  for (int k = 0; k < ROWS(loads); k++) {
    struct trial trial = typical;
    struct score score;
    trial.load = loads[k];
    trial.interval_s = intervals_s[_i];
    trial.duration_s = DAY_S;
    trial.resets = 20;
    trial.restarts = 5;
    trial.wraps = 50;
    trial.torn = 100;
    trial.seed = 11 + (uint64_t)k;
    trial_run(&trial, &score);
    double missing_j = score.counted_j - score.energy_j;
    double bound_j = trial.interval_s < trial.period_s / 2 ? score.swallowed_j : score.around_j;
    ck_assert_msg(missing_j >= -1e-3 && missing_j <= bound_j + 1e-3, "%s every %g s: %g J missing, %g J bound",
                  trial.load, trial.interval_s, missing_j, bound_j);
    ck_assert_msg(k == 3 || bound_j > 0.1 * score.counted_j / DAY_S * 20, "the resets were not felt");
    ck_assert_uint_eq(score.resets, k == 3 ? 1 : 20);
  }
}
END_TEST

START_TEST(the_same_again) {
  struct trial trial = typical;
  struct score a, b;
  trial.torn = 100;
  trial.resets = 3;
  trial_run(&trial, &a);
  trial_run(&trial, &b);
  ck_assert(a.rms_w == b.rms_w && a.energy_j == b.energy_j && a.powers == b.powers);
  trial.seed++;
  trial_run(&trial, &b);
  ck_assert(a.energy_j != b.energy_j);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("accuracy");
  suite_case(suite, "accuracy", NULL, NULL, EACH(constant_load, intervals_s), TIMES(pauses_have_no_power, 6),
             TIMES(writers, 5), ONCE(aliasing_is_seen), TIMES(never_above_the_load, 4),
             EACH(energy_over_a_bad_day, intervals_s), ONCE(the_same_again));
  return suite_run(suite);
}
