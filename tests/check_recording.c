/*
 * 30 minutes of the real Scaphandre, as if its files were live: through the meter alone, and through source, meter and
 * plugin on real files. What is to come out is in the recording: each power is the mean over the steady updates that
 * the sample covers, a pause of the writer has none, and each VM's energy is the sum of its rises.
 */
#include "fake_collectd.h"
#include "recordings/replay.h"
#include "scratch.h"
#include "suite.h"

#include "core/meter.h"
#include "file_clock.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the clock: that of the recording ---------------------------------------------------------------------------- */

static struct replay *replay;
static double now_s;

int clock_now(struct instant *now) {
  replay_clock(replay, now_s, now);
  return 0;
}

int64_t clock_tick_ns(void) {
  return 4 * NS_PER_MS;
}

static double first_s, last_s;

static void setup(void) {
  char path[PATH_MAX];
  const char *srcdir = getenv("abs_top_srcdir");
  snprintf(path, sizeof(path), "%s/tests/recordings/scaphandre-1.0.csv", srcdir != NULL ? srcdir : ".");
  size_t line, count;
  int status = replay_open(&replay, path, &line);
  ck_assert_msg(status == 0, "%s: line %zu: %s", path, line, strerror(-status));
  const struct replay_row *rows = replay_rows(replay, &count);
  first_s = rows[0].mono_s + 1.4; /* so that an update which lives for 1.3 s falls into a look */
  last_s = rows[count - 1].mono_s + 0.01;
  scratch_make();
  all_is_new();
}

static void teardown(void) {
  replay_free(replay);
  scratch_clean();
}

/* ---- what is to come out ----------------------------------------------------------------------------------------- */

/* One counter, from sample to sample. */
struct checker {
  size_t counter;
  double from_s;  /* of the last sample with a value */
  double power_w; /* then; negative: none */
  double start_j; /* energy of the first one, less its rises */
  bool started;
  int powers, pauses;
};

/* What the sample at now_s says against the recording. */
static void check(struct checker *c, bool has_energy, double energy_j, bool has_power, double power_w) {
  const char *name = replay_counter(replay, c->counter);
  if (!has_energy)
    return;
  double rises_j = (double)replay_rises_uj(replay, c->counter, 0, now_s) / 1e6;
  if (!c->started) {
    c->start_j = energy_j - rises_j;
    c->started = true;
    c->power_w = -1;
  } else {
    ck_assert_msg(fabs(energy_j - c->start_j - rises_j) < 1e-4, "%s at %.3f s: %.6f J, the rises are %.6f J", name,
                  now_s, energy_j - c->start_j, rises_j);
    double steady_w = replay_power_w(replay, c->counter, c->from_s, now_s);
    size_t count, updates = 0;
    const struct replay_update *all = replay_updates(replay, c->counter, &count);
    for (size_t i = 0; i < count; i++)
      updates += all[i].mono_s > c->from_s && all[i].mono_s <= now_s;
    if (has_power && updates > 0) {
      ck_assert_msg(steady_w >= 0, "%s at %.3f s: %.3f W from a pause", name, now_s, power_w);
      ck_assert_msg(fabs(power_w - steady_w) <= 0.01 * steady_w + 1e-9, "%s at %.3f s: %.3f W, not %.3f W", name, now_s,
                    power_w, steady_w);
    } else if (has_power) {
      ck_assert_msg(fabs(power_w - c->power_w) < 1e-9, "%s at %.3f s: %.3f W held of %.3f W", name, now_s, power_w,
                    c->power_w);
    }
    c->powers += has_power;
    c->pauses += updates > 0 && !has_power;
    c->power_w = has_power ? power_w : -1;
  }
  c->from_s = now_s;
}

/* Most samples have a power, or the rules would be useless. */
static void check_share(const struct checker *c, const char *vm, int samples, double interval_s) {
  ck_assert_msg(c->powers >= samples * 0.85, "%s: %d powers in %d samples", vm, c->powers, samples);
  ck_assert_msg(c->pauses > 0 || interval_s > 5, "%s: no pause", vm);
}

static const double reported_s[] = {1, 5, 10, 30};

/* ---- the meter alone --------------------------------------------------------------------------------------------- */

static void read_state(size_t counter, struct reading *reading) {
  const struct replay_row *row = replay_state(replay, counter, now_s);
  *reading = (struct reading){.error = -ENOENT, .local = true};
  replay_clock(replay, now_s, &reading->at);
  if (row == NULL || !row->present)
    return;
  char *end;
  reading->error = 0;
  reading->mtime_ns = row->mtime_ns;
  reading->energy_uj = strtoull(row->content, &end, 10);
  if (end == row->content)
    reading->error = -ENODATA;
}

START_TEST(meter_on_the_recording) {
  double interval_s = reported_s[_i];
  double look_s = (double)meter_look_ns(llround(interval_s * 1e9)) / 1e9;
  const struct meter_options options = {
      .base = METER_AUTO, .scale = 1, .tick_ns = 4 * NS_PER_MS, .look_ns = llround(look_s * 1e9)};
  for (size_t counter = 0; counter < replay_counters(replay); counter++) {
    struct meter meter;
    struct sample sample = {0};
    struct checker checker = {.counter = counter};
    int samples = 0, looks = 0, looks_in = (int)lround(interval_s / look_s);
    meter_init(&meter, &options);
    for (now_s = first_s; now_s < last_s; now_s += look_s) {
      struct reading reading;
      read_state(counter, &reading);
      meter_take(&meter, &reading);
      if (looks++ % looks_in != 0)
        continue;
      meter_sample(&meter, &sample);
      check(&checker, sample.has_energy, sample.energy_j, sample.has_power, sample.power_w);
      samples += sample.has_energy && sample.state != SAMPLE_STALE;
    }
    if (samples > 900 / interval_s)
      check_share(&checker, replay_counter(replay, counter), samples, interval_s);
  }
}
END_TEST

/* ---- source, meter and plugin ------------------------------------------------------------------------------------ */

/* VMs whose names are their labels. */
static const char *const vms[] = {"web-1", "idle-1", "db-1", "new-1", "load-1", "load-2", "rec-1", "a", "k"};

static double last_value(const char *vm, const char *type) {
  char name[64];
  snprintf(name, sizeof(name), "node1/vm_energy-%s/%s", vm, type);
  return fake_value(name);
}

START_TEST(plugin_on_the_recording) {
  struct checker checkers[ROWS(vms)] = {{0}};
  for (int i = 0; i < ROWS(vms); i++) {
    char path[64];
    snprintf(path, sizeof(path), "%s/intel-rapl:0/energy_uj", vms[i]);
    checkers[i].counter = replay_find(replay, path);
    ck_assert_uint_lt(checkers[i].counter, replay_counters(replay));
  }
  fake_reset();
  interval_g = DOUBLE_TO_CDTIME_T(reported_s[_i]);
  module_register();
  ck_assert_int_eq(fake_config("File '%s/*/intel-rapl:0/energy_uj'", scratch), 0);
  now_s = first_s;
  ck_assert_int_eq(fake_init(), 0);
  double look_s = CDTIME_T_TO_DOUBLE(fake.read_interval);
  ck_assert_double_le(look_s, 2);
  ck_assert_double_eq_tol(reported_s[_i] / look_s, round(reported_s[_i] / look_s), 1e-6);
  int looks_in = (int)lround(reported_s[_i] / look_s), looks = 0;
  for (; now_s < last_s; now_s += look_s) {
    ck_assert_int_eq(replay_show(replay, scratch, now_s), 0);
    fake_forget();
    ck_assert_int_eq(fake_read(), 0);
    bool due = looks++ % looks_in == 0;
    ck_assert_msg(due || fake.values_num == 0, "%zu values between two intervals", fake.values_num);
    for (size_t i = 0; i < fake.values_num; i++)
      ck_assert_uint_eq(fake.values[i].interval, interval_g);
    for (int i = 0; due && i < ROWS(vms); i++) {
      double energy_j = last_value(vms[i], "energy"), power_w = last_value(vms[i], "power");
      check(&checkers[i], !isnan(energy_j), energy_j, !isnan(power_w), power_w);
    }
  }
  check_share(&checkers[0], vms[0], (int)((last_s - first_s) / reported_s[_i]), reported_s[_i]);
  ck_assert_int_eq(fake_shutdown(), 0);
  ck_assert_uint_eq(fake.unsafe, 0);
  fake_reset();
  free(hostname_g);
  hostname_g = NULL;
}
END_TEST

int main(void) {
  Suite *suite = suite_create("recording");
  TCase *tcase = tcase_create("scaphandre 1.0");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, meter_on_the_recording, 0, ROWS(reported_s));
  tcase_add_loop_test(tcase, plugin_on_the_recording, 0, ROWS(reported_s));
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
