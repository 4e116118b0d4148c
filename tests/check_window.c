/* Energy and power over a window: tables of readings, through a real meter. */
#include "../standalone/measure/window.h"

#include "core/meter.h"
#include "one_look.h"
#include "suite.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define WALL_NS      (INT64_C(1795000000) * NS_PER_S + 123456789) /* no whole second */
#define READINGS_MAX 8

/* The file in one pass; seconds since the start. */
struct step {
  double t_s, mtime_s;
  uint64_t energy_uj;
  int error; /* then mtime_s and energy_uj are unused */
};

/* One counter, as a sampler has it. */
struct counter {
  const char *label, *path;
  struct meter meter;
  struct sample sample;
  void *slot;
};

static struct window *window;
static struct sink *sink;

static void set_up(void) {
  ck_assert_int_eq(window_new(&window), 0);
  sink = window_sink(window);
}

static void tear_down(void) {
  window_free(window);
}

/* All counters of a test have the same options. */
static void counter_init(struct counter *counter, const char *label, struct meter_options options) {
  static struct meter_options kept;
  kept = options;
  *counter = (struct counter){.label = label, .path = "/vms/energy_uj"};
  meter_init(&counter->meter, &kept);
}

static int64_t to_ns(double s) {
  return (int64_t)llround(s * 1e9);
}

static struct instant at(double t_s) {
  return (struct instant){.mono_ns = 1000 * NS_PER_S + to_ns(t_s), .wall_ns = WALL_NS + to_ns(t_s)};
}

static void put(struct counter *counter, const struct step *step, uint64_t range_uj, bool computed) {
  struct instant now = at(step->t_s);
  struct reading reading = {.error = step->error,
                            .energy_uj = step->energy_uj,
                            .mtime_ns = WALL_NS + to_ns(step->mtime_s),
                            .range_uj = range_uj,
                            .computed = computed};
  counter->sample.label = counter->label;
  counter->sample.path = counter->path;
  counter->sample.slot = &counter->slot;
  take_and_sample(&counter->meter, &reading, &now, &counter->sample);
  pass_update(sink, &counter->meter, &counter->sample);
  ck_assert_int_eq(sink->put(sink, &counter->sample), 0);
}

static void begin(size_t count) {
  struct instant now = at(0);
  ck_assert_int_eq(sink->begin(sink, &now, count), 0);
}

/* A pass of one counter. */
static void look(struct counter *counter, const struct step *step, uint64_t range_uj, bool computed) {
  begin(1);
  put(counter, step, range_uj, computed);
  ck_assert_int_eq(sink->end(sink), 0);
}

/* ---- one counter ------------------------------------------------------------------------------------------------- */

#define NONE  NAN
#define RANGE 5000000

static const struct {
  const char *what;
  enum meter_base base;
  struct step steps[READINGS_MAX]; /* until one that is all zero */
  double energy_j, power_w;
  enum sample_state state;
  int error;
  bool failed_at_start;
} rows[] = {
    /* a window of 10 s, in joules: 0 to 1000 by a writer of 5 s that wrote 1 s before the start */
    ROW("sample: by the window", METER_SAMPLE,
        {{0.001, -1, 1000000, 0}, {5.001, 4, 501000000, 0}, {10.001, 9, 1001000000, 0}}, 1000, 100, SAMPLE_OK, 0,
        false),
    ROW("update: by the time between updates", METER_UPDATE,
        {{0.001, -1, 1000000, 0}, {5, 4, 501000000, 0}, {12.501, 9, 1001000000, 0}}, 1000, 100, SAMPLE_OK, 0, false),
    ROW("auto: the same, the modification time moves", METER_AUTO,
        {{0.001, -1, 1000000, 0}, {5, 4, 501000000, 0}, {12.501, 9, 1001000000, 0}}, 1000, 100, SAMPLE_OK, 0, false),
    ROW("auto: by the window, it does not", METER_AUTO,
        {{0.001, -1, 1000000, 0}, {5, -1, 501000000, 0}, {10.001, -1, 1001000000, 0}}, 1000, 100, SAMPLE_OK, 0, false),
    ROW("sample: with a window that aliases", METER_SAMPLE, {{0.001, -1, 1000000, 0}, {8.001, 4, 501000000, 0}}, 500,
        62.5, SAMPLE_OK, 0, false),
    ROW("update: no alias", METER_UPDATE, {{0.001, -1, 1000000, 0}, {8.001, 4, 501000000, 0}}, 500, 100, SAMPLE_OK, 0,
        false),
    ROW("update: held at the end is ok when one was seen", METER_UPDATE,
        {{0.001, -1, 1000000, 0}, {5, 4, 501000000, 0}, {6, 4, 501000000, 0}, {8, 4, 501000000, 0}}, 500, 100,
        SAMPLE_OK, 0, false),
    ROW("update: an idle VM is 0 W", METER_UPDATE, {{0.001, -1, 7000000, 0}, {5, 4, 7000000, 0}}, 0, 0, SAMPLE_OK, 0,
        false),
    /* no update */
    {"sample: no update", METER_SAMPLE, {{1, 0, 5, 0}, {2, 0, 5, 0}, {3, 0, 5, 0}}, 0, 0, SAMPLE_HELD, 0, false},
    {"update: no update is not 0 W", METER_UPDATE, {{1, 0, 5, 0}, {3, 0, 5, 0}}, 0, NONE, SAMPLE_HELD, 0, false},
    {"sample: stale", METER_SAMPLE, {{1, 0, 5, 0}, {181, 0, 5, 0}}, 0, NONE, SAMPLE_STALE, 0, false},
    {"sample: not yet", METER_SAMPLE, {{1, 0, 5, 0}, {180, 0, 5, 0}}, 0, 0, SAMPLE_HELD, 0, false},
    ROW("sample: died in the window", METER_SAMPLE, {{1, 0, 5, 0}, {6, 5, 1000005, 0}, {40, 5, 1000005, 0}}, 1, NONE,
        SAMPLE_STALE, 0, false),
    ROW("a gap before does not hide that it died", METER_SAMPLE,
        {{1, 0, 5, 0}, {2, 0, 0, -ENODATA}, {6, 5, 1000005, 0}, {40, 5, 1000005, 0}}, 1, NONE, SAMPLE_GAP, 0, false),
    /* a stale spell adds its energy, in no known time */
    ROW("update: stale at the start, power from the first update on", METER_UPDATE,
        {{0.001, -3600, 0, 0}, {5, 4, 900000000, 0}, {10, 9, 1400000000, 0}}, 1400, 100, SAMPLE_GAP, 0, false),
    ROW("update: stale at the start, one update", METER_UPDATE, {{0.001, -3600, 0, 0}, {5, 4, 900000000, 0}}, 900, NONE,
        SAMPLE_GAP, 0, false),
    ROW("update: torn in a stale spell changes nothing", METER_UPDATE,
        {{0.001, -3600, 0, 0}, {1, 0, 0, -ENODATA}, {5, 4, 900000000, 0}, {10, 9, 1400000000, 0}}, 1400, 100,
        SAMPLE_GAP, 0, false),
    ROW("update: stale in the middle", METER_UPDATE,
        {{0.001, -1, 0, 0},
         {5, 4, 500000000, 0},
         {99, 4, 500000000, 0},
         {100, 99, 501000000, 0},
         {105, 104, 1001000000, 0}},
        1001, NONE, SAMPLE_GAP, 0, false),
    ROW("update: and again", METER_UPDATE,
        {{0.001, -3600, 0, 0}, {5, 4, 500000000, 0}, {199, 4, 500000000, 0}, {200, 199, 501000000, 0}}, 501, NONE,
        SAMPLE_GAP, 0, false),
    ROW("sample: stale in the middle, by the window", METER_SAMPLE,
        {{0, -1, 0, 0}, {5, 4, 500000000, 0}, {99, 4, 500000000, 0}, {100, 99, 1000000000, 0}}, 1000, 10, SAMPLE_GAP, 0,
        false),
    /* resets and wraps */
    ROW("reset: what came before and after", METER_SAMPLE,
        {{0, 0, 10000000, 0}, {1, 1, 12000000, 0}, {2, 2, 500000, 0}, {4, 4, 2500000, 0}}, 4, 1, SAMPLE_RESET, 0,
        false),
    {"reset: at the end", METER_SAMPLE, {{0, 0, 10000000, 0}, {1, 1, 10, 0}}, 0, 0, SAMPLE_RESET, 0, false},
    ROW("reset: twice", METER_SAMPLE,
        {{0, 0, 10000000, 0}, {1, 1, 6000000, 0}, {2, 2, 8000000, 0}, {3, 3, 5500000, 0}, {4, 4, 7500000, 0}}, 4, 1,
        SAMPLE_RESET, 0, false),
    {"wrap: corrected", METER_SAMPLE, {{0, 0, 4000000, 0}, {2, 2, 1000000, 0}}, 2, 1, SAMPLE_WRAP, 0, false},
    ROW("wrap: then held", METER_SAMPLE, {{0, 0, 4000000, 0}, {2, 2, 1000000, 0}, {4, 2, 1000000, 0}}, 2, 0.5,
        SAMPLE_WRAP, 0, false),
    ROW("a reset is worse than a wrap", METER_SAMPLE,
        {{0, 0, 4000000, 0}, {2, 2, 1000000, 0}, {3, 3, 9000000, 0}, {4, 4, 10, 0}}, 10, 2.5, SAMPLE_RESET, 0, false),
    ROW("a wrap is worse than a gap", METER_SAMPLE,
        {{0, 0, 4000000, 0}, {1, 0, 0, -EINVAL}, {2, 2, 4000001, 0}, {4, 4, 1000000, 0}}, 2, 0.5, SAMPLE_WRAP, 0,
        false),
    /* bad reads */
    ROW("torn in the middle costs nothing", METER_SAMPLE, {{0, 0, 1000000, 0}, {1, 0, 0, -ENODATA}, {2, 2, 5000000, 0}},
        4, 2, SAMPLE_GAP, 0, false),
    ROW("missing in the middle", METER_UPDATE, {{0.5, 0, 1000000, 0}, {1, 0, 0, -ENOENT}, {4.5, 4, 5000000, 0}}, 4, 1,
        SAMPLE_GAP, 0, false),
    ROW("torn at the end", METER_SAMPLE, {{0, 0, 1000000, 0}, {1, 1, 2000000, 0}, {2, 0, 0, -EINVAL}}, NONE, NONE,
        SAMPLE_TORN, -EINVAL, false),
    ROW("torn at the end, reset before", METER_SAMPLE, {{0, 0, 1000000, 0}, {1, 1, 2, 0}, {2, 0, 0, -ENODATA}}, NONE,
        NONE, SAMPLE_TORN, -ENODATA, false),
    ROW("missing at the end", METER_SAMPLE, {{0, 0, 1000000, 0}, {2, 0, 0, -ENOENT}}, NONE, NONE, SAMPLE_MISSING,
        -ENOENT, false),
    ROW("denied at the end", METER_SAMPLE, {{0, 0, 1000000, 0}, {2, 0, 0, -EACCES}}, NONE, NONE, SAMPLE_DENIED, -EACCES,
        false),
    ROW("torn at the start", METER_SAMPLE, {{0, 0, 0, -ENODATA}, {1, 1, 2000000, 0}, {2, 2, 3000000, 0}}, NONE, NONE,
        SAMPLE_TORN, -ENODATA, true),
    ROW("denied at the start, missing at the end", METER_SAMPLE,
        {{0, 0, 0, -EACCES}, {1, 1, 2000000, 0}, {2, 0, 0, -ENOENT}}, NONE, NONE, SAMPLE_DENIED, -EACCES, true),
    /* the shortest */
    {"two passes at once", METER_SAMPLE, {{1, 0, 5, 0}, {1, 0, 5, 0}}, 0, NONE, SAMPLE_HELD, 0, false},
};

static void ck_number(const char *what, bool has, double value, double expected) {
  ck_assert_msg(has == !isnan(expected), "%s: %s", what, has ? "there is one" : "there is none");
  if (has)
    ck_assert_msg(fabs(value - expected) <= 1e-3 * expected, "%s: %.9g, not %.9g", what, value, expected);
}

START_TEST(test_window) {
  struct counter counter;
  counter_init(&counter, "vm-001", (struct meter_options){.base = rows[_i].base, .scale = 1});
  for (const struct step *step = rows[_i].steps; step == rows[_i].steps || step->t_s > 0; step++) {
    look(&counter, step, RANGE, false);
  }
  ck_assert_uint_eq(window_count(window), 1);
  struct window_result result;
  window_result(window, 0, &result);
  ck_assert_str_eq(result.label, "vm-001");
  ck_assert_str_eq(result.path, "/vms/energy_uj");
  ck_number(rows[_i].what, result.has_energy, result.energy_j, rows[_i].energy_j);
  ck_number(rows[_i].what, result.has_power, result.power_w, rows[_i].power_w);
  ck_assert_msg(result.state == rows[_i].state, "%s: %s", rows[_i].what, meter_state_name(result.state));
  ck_assert_int_eq(result.error, rows[_i].error);
  ck_assert_int_eq(result.failed_at_start, rows[_i].failed_at_start);
}
END_TEST

/* Without a value all numbers are 0. */
START_TEST(test_nothing_is_zero) {
  struct counter counter;
  counter_init(&counter, "a", (struct meter_options){.base = METER_SAMPLE, .scale = 1});
  look(&counter, &(struct step){0, 0, 1000000, 0}, 0, false);
  look(&counter, &(struct step){2, 0, 0, -ENODATA}, 0, false);
  struct window_result result;
  memset(&result, 0xff, sizeof(result));
  window_result(window, 0, &result);
  ck_assert(!result.has_energy && !result.has_power);
  ck_assert_double_eq(result.energy_j, 0);
  ck_assert_double_eq(result.power_w, 0);
}
END_TEST

/* sysfs: each read is an update, at the time of the read. */
START_TEST(test_computed) {
  struct counter counter;
  counter_init(&counter, "package", (struct meter_options){.base = _i == 0 ? METER_AUTO : METER_UPDATE, .scale = 5});
  static const struct step steps[] = {{1, -99999, 1000000, 0}, {2, -99999, 2000000, 0}, {5, -99999, 9000000, 0}};
  for (int i = 0; i < ROWS(steps); i++) {
    look(&counter, &steps[i], 0, true);
  }
  struct window_result result;
  window_result(window, 0, &result);
  ck_number("energy", result.has_energy, result.energy_j, 40);
  ck_number("power", result.has_power, result.power_w, 10);
  ck_assert_int_eq(result.state, SAMPLE_OK);
}
END_TEST

/* 100 W; the file times stand still from 10 s on. The first reading in the window is nearly five seconds old. */
START_TEST(test_times_stop) {
  struct counter counter;
  counter_init(&counter, "a", (struct meter_options){.base = METER_AUTO, .scale = 1});
  static const struct step steps[] = {{4.7, 0, 0, 0},          {4.9, 0, 0, 0},          {6, 5, 500000000, 0},
                                      {11, 10, 1000000000, 0}, {13, 10, 1300000000, 0}, {15, 10, 1500000000, 0},
                                      {17, 10, 1700000000, 0}, {20, 10, 2000000000, 0}};
  for (int i = 0; i < ROWS(steps); i++) {
    look(&counter, &steps[i], 0, false);
    if (i == 0)
      window_begin(window, at(4.8).mono_ns);
  }
  window_end(window, at(20).mono_ns);
  struct window_result result;
  window_result(window, 0, &result);
  ck_number("low", true, result.bounds.low_j, 1500); /* 5 to 20 s */
  ck_assert(!result.bounds.has_high);                /* nothing was read after the end */
}
END_TEST

/* A spike is reported, and may hide energy: there is no upper bound. */
START_TEST(test_spikes) {
  struct counter counter;
  counter_init(&counter, "a",
               (struct meter_options){.base = _i == 0 ? METER_AUTO : METER_SAMPLE, .scale = 1, .max_power_w = 500});
  static const struct step steps[] = {
      {0, 0, 1000000, 0}, {5, 5, 501000000, 0}, {10, 10, 900000000000, 0}, {15, 15, 900500000000, 0}};
  for (int i = 0; i < ROWS(steps); i++) {
    if (i + 1 == ROWS(steps))
      window_end(window, at(14).mono_ns);
    look(&counter, &steps[i], 0, false);
    if (i == 0 && _i == 0)
      window_begin(window, at(1).mono_ns);
  }
  struct window_result result;
  window_result(window, 0, &result);
  ck_assert_int_eq(result.state, SAMPLE_SPIKE);
  ck_assert(result.has_energy);
  ck_assert(!result.bounds.has_high);
  if (_i == 1)
    ck_number("energy", result.has_energy, result.energy_j, 1000);
}
END_TEST

/* ---- several ----------------------------------------------------------------------------------------------------- */

/* A counter that appears later is left out; one that was removed has no value, even if it is back at the end. */
START_TEST(test_coming_and_going) {
  const struct meter_options options = {.base = METER_SAMPLE, .scale = 1};
  struct counter stays, goes, comes;
  counter_init(&stays, "stays", options);
  counter_init(&goes, "goes", options);
  counter_init(&comes, "comes", options);

  begin(2);
  put(&stays, &(struct step){0, 0, 0, 0}, 0, false);
  put(&goes, &(struct step){0, 0, 0, 0}, 0, false);
  ck_assert_int_eq(sink->end(sink), 0);

  sink->removed(sink, &goes.sample);
  begin(2);
  put(&comes, &(struct step){1, 1, 0, 0}, 0, false);
  put(&stays, &(struct step){1, 1, 5000000, 0}, 0, false);
  sink->end(sink);

  counter_init(&goes, "goes", options);
  begin(3);
  put(&goes, &(struct step){2, 2, 3, 0}, 0, false);
  put(&comes, &(struct step){2, 2, 4, 0}, 0, false);
  put(&stays, &(struct step){2, 2, 9000000, 0}, 0, false);
  sink->end(sink);

  ck_assert_uint_eq(window_count(window), 2);
  struct window_result result;
  window_result(window, 0, &result);
  ck_assert_str_eq(result.label, "stays");
  ck_number("stays", result.has_energy, result.energy_j, 9);
  ck_assert_int_eq(result.error, 0);
  window_result(window, 1, &result);
  ck_assert_str_eq(result.label, "goes");
  ck_assert(!result.has_energy && !result.has_power && !result.failed_at_start);
  ck_assert_int_eq(result.error, -ENOENT);
  ck_assert_int_eq(result.state, SAMPLE_MISSING);

  /* as the sampler does at its end, for one that was left out */
  sink->removed(sink, &comes.sample);
  ck_assert_ptr_null(comes.slot);
}
END_TEST

/* A counter without a value at the start, then removed: the first error is reported. */
START_TEST(test_bad_and_gone) {
  struct counter counter;
  counter_init(&counter, "a", (struct meter_options){.base = METER_SAMPLE, .scale = 1});
  look(&counter, &(struct step){0, 0, 0, -EACCES}, 0, false);
  sink->removed(sink, &counter.sample);
  ck_assert_ptr_null(counter.slot);
  struct window_result result;
  window_result(window, 0, &result);
  ck_assert_int_eq(result.error, -EACCES);
  ck_assert_int_eq(result.state, SAMPLE_DENIED);
  ck_assert(result.failed_at_start);
}
END_TEST

START_TEST(test_empty) {
  ck_assert_uint_eq(window_count(window), 0);
  begin(0);
  ck_assert_int_eq(sink->end(sink), 0);
  ck_assert_uint_eq(window_count(window), 0);
  window_free(NULL);
}
END_TEST

/* Names and paths are copies: the sampler may be freed before the results are read. */
START_TEST(test_owns_its_names) {
  char label[] = "vm", path[] = "/p";
  struct counter counter;
  counter_init(&counter, label, (struct meter_options){.base = METER_SAMPLE, .scale = 1});
  counter.path = path;
  look(&counter, &(struct step){0, 0, 0, 0}, 0, false);
  label[0] = path[0] = '!';
  struct window_result result;
  window_result(window, 0, &result);
  ck_assert_str_eq(result.label, "vm");
  ck_assert_str_eq(result.path, "/p");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("window");
  suite_case(suite, "all", set_up, tear_down, EACH(test_window, rows), ONCE(test_nothing_is_zero),
             ONCE(test_times_stop), TIMES(test_computed, 2), TIMES(test_spikes, 2), ONCE(test_coming_and_going),
             ONCE(test_bad_and_gone), ONCE(test_empty), ONCE(test_owns_its_names));
  return suite_run(suite);
}
