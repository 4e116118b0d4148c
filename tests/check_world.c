/* The simulated exporter behaves as the real one was measured. */
#include "sim/world.h"
#include "suite.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define PASSES 20000

static struct load steady = {.curve = LOAD_CONST, .low_w = 100};

static const struct world_options real = {
    .load = &steady, .period_s = 5, .jitter_s = EXPORTER_REAL, .tick_ns = 1, .start_uj = 1000, .seed = 1};

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

/* Measured quantiles in seconds, and the tolerance. */
static const struct {
  const char *name;
  double (*next)(struct exporter *);
  double share, seconds, within;
} quantiles[] = {
    {"pause", exporter_pause_s, 0, 4.998, 0.001},     {"pause", exporter_pause_s, 0.5, 5.008, 0.001},
    {"pause", exporter_pause_s, 0.95, 5.028, 0.002},  {"pause", exporter_pause_s, 1, 5.081, 0.002},
    {"spread", exporter_spread_s, 0.5, 0.0013, 2e-4}, {"spread", exporter_spread_s, 0.95, 0.012, 1e-3},
    {"hole", exporter_hole_s, 0.5, 0.0003, 1e-4},     {"hole", exporter_hole_s, 1, 0.0083, 1e-4},
};

START_TEST(times_of_the_real_one) {
  static double times[PASSES];
  struct exporter exporter;
  exporter_init(&exporter, 5, EXPORTER_REAL, 7);
  for (int i = 0; i < PASSES; i++)
    times[i] = quantiles[_i].next(&exporter);
  qsort(times, PASSES, sizeof(times[0]), by_value);
  double found = times[(int)(quantiles[_i].share * (PASSES - 1))];
  ck_assert_msg(fabs(found - quantiles[_i].seconds) <= quantiles[_i].within, "%s: %g of all below %g s",
                quantiles[_i].name, quantiles[_i].share, found);
}
END_TEST

START_TEST(mean_of_the_period) {
  struct exporter exporter;
  double sum_s = 0;
  exporter_init(&exporter, 5, EXPORTER_REAL, 7);
  for (int i = 0; i < PASSES; i++)
    sum_s += exporter_pause_s(&exporter);
  ck_assert_double_eq_tol(sum_s / PASSES, 5.010, 0.001);
}
END_TEST

START_TEST(a_fast_writer_is_the_same_in_small) {
  struct exporter slow, fast;
  exporter_init(&slow, 5, EXPORTER_REAL, 7);
  exporter_init(&fast, 0.5, EXPORTER_REAL, 7);
  for (int i = 0; i < 100; i++) {
    ck_assert_double_eq_tol(exporter_pause_s(&fast), exporter_pause_s(&slow) / 10, 1e-12);
    ck_assert_double_eq_tol(exporter_spread_s(&fast), exporter_spread_s(&slow) / 10, 1e-12);
    ck_assert_double_eq_tol(exporter_hole_s(&fast), exporter_hole_s(&slow) / 10, 1e-12);
  }
  exporter_init(&fast, 0.5, 0.1, 7);
  for (int i = 0; i < 100; i++) {
    double pause_s = exporter_pause_s(&fast);
    ck_assert(pause_s >= 0.5 && pause_s < 0.6);
    ck_assert(exporter_spread_s(&fast) == 0 && exporter_hole_s(&fast) == 0);
  }
}
END_TEST

/* Passes until the number of updates changes; returns the time that this took. */
static double next_update(struct world *w) {
  uint64_t updates = w->updates;
  double start_s = w->updated_s;
  while (w->updates == updates)
    world_pass(w, 0.0001);
  return w->updated_s - start_s;
}

START_TEST(an_update_adds_what_was_drawn) {
  struct world w;
  world_init(&w, &real);
  for (int i = 0; i < 200; i++) {
    uint64_t before = w.number;
    double interval_s = next_update(&w);
    ck_assert_double_eq_tol(interval_s, 5.03, 0.1);
    ck_assert_double_eq_tol((double)(w.number - before) / 1e6, 100 * interval_s, 100 * EXPORTER_LAG_S);
    ck_assert_double_ge(w.updated_s, w.pass_s);
    ck_assert_double_le(w.updated_s, w.pass_s + EXPORTER_LAG_S);
  }
  ck_assert_double_eq_tol(w.counted_j, (double)(w.number - 1000) / 1e6, 1e-5);
}
END_TEST

START_TEST(a_wrap_skips_a_pass) {
  struct world w;
  world_init(&w, &real);
  next_update(&w);
  uint64_t before = w.number;
  world_wrap(&w);
  ck_assert_double_eq_tol(next_update(&w), 10.03, 0.13);
  ck_assert_double_eq_tol((double)(w.number - before) / 1e6, 501, 10); /* of 5 s */
  ck_assert_double_eq_tol(world_lost_j(&w, 0, w.now_s), 501, 10);
  ck_assert_double_eq_tol(w.counted_j + world_lost_j(&w, 0, w.now_s), world_energy_j(&w, w.pass_s), 1e-6);
  ck_assert_double_eq_tol(next_update(&w), 5.03, 0.1);
}
END_TEST

START_TEST(a_restart_counts_one_period) {
  struct world w;
  world_init(&w, &real);
  next_update(&w);
  uint64_t before = w.number;
  world_stop_exporter(&w);
  world_pass(&w, 17);
  ck_assert_uint_eq(w.number, before);
  double started_s = w.now_s;
  world_start_exporter(&w);
  next_update(&w);
  ck_assert_double_eq_tol(w.updated_s - started_s, 10.03, 0.17);
  ck_assert_double_eq_tol((double)(w.number - before) / 1e6, 501, 10);
  ck_assert_double_eq_tol(w.counted_j + world_lost_j(&w, 0, w.now_s), world_energy_j(&w, w.pass_s), 1e-6);
  ck_assert_double_eq_tol(next_update(&w), 5.03, 0.1);
}
END_TEST

/* A package of 262 kJ at 150 W wraps every 29 minutes, DRAM of 66 kJ at 10 W every 110. */
START_TEST(zones_wrap) {
  struct exporter exporter;
  exporter_init(&exporter, 5, EXPORTER_REAL, 7);
  int wraps = 0, at[2] = {0};
  for (int i = 1; i <= 1400; i++) {
    exporter_draw(&exporter, 160 * 5);
    if (!exporter_pass(&exporter) && wraps++ < 2)
      at[wraps - 1] = i;
  }
  ck_assert_int_eq(at[0], 350);
  ck_assert_int_eq(at[1], 700);
  ck_assert_int_eq(wraps, 4 + 1);
}
END_TEST

/* An empty file that is not written within the patience of the reader is a torn read. */
START_TEST(the_file_is_empty_for_a_while) {
  struct world w;
  struct reading reading;
  world_init(&w, &real);
  int torn = 0, waited = 0;
  for (int i = 0; i < 1000; i++) {
    double until_s = w.next_s;
    world_pass(&w, until_s - w.now_s); /* the pass begins */
    world_pass(&w, w.empty_s - w.now_s + 1e-9);
    double hole_s = w.write_s - w.now_s;
    uint64_t updates = w.updates;
    world_read(&w, &reading);
    if (hole_s > 0.003) {
      ck_assert_int_eq(reading.error, -ENODATA);
      ck_assert_uint_eq(w.updates, updates);
      torn++;
    } else {
      ck_assert_int_eq(reading.error, 0);
      ck_assert_uint_eq(w.updates, updates + 1);
      ck_assert_uint_eq(reading.energy_uj, w.number);
      waited++;
    }
    world_pass(&w, 1);
  }
  ck_assert_int_ge(torn, 10);
  ck_assert_int_ge(waited, 900);
}
END_TEST

START_TEST(the_same_seed_the_same_world) {
  struct world a, b;
  struct world_options other = real;
  other.seed = 2;
  world_init(&a, &real);
  world_init(&b, &real);
  world_pass(&a, 1000);
  world_pass(&b, 1000);
  ck_assert(a.mtime_ns == b.mtime_ns && a.number == b.number);
  world_init(&b, &other);
  world_pass(&b, 1000);
  ck_assert(a.mtime_ns != b.mtime_ns && a.number != b.number && a.position != b.position);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("world");
  suite_case(suite, "world", NULL, NULL, EACH(times_of_the_real_one, quantiles), ONCE(mean_of_the_period),
             ONCE(a_fast_writer_is_the_same_in_small), ONCE(an_update_adds_what_was_drawn), ONCE(a_wrap_skips_a_pass),
             ONCE(a_restart_counts_one_period), ONCE(zones_wrap), ONCE(the_file_is_empty_for_a_while),
             ONCE(the_same_seed_the_same_world));
  return suite_run(suite);
}
