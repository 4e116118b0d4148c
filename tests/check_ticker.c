/* The schedule: which ticks are taken or missed, and their time stamps. No clock, no waiting. */
#include "../standalone/common/ticker.h"

#include "suite.h"

#include <stdlib.h>

#define MONO INT64_C(5000000000)
#define WALL INT64_C(1795466093999900000) /* just before a full second */

static struct instant at(int64_t since_start_ns) {
  return (struct instant){.mono_ns = MONO + since_start_ns, .wall_ns = WALL + since_start_ns};
}

static struct ticker make(int64_t interval_ns) {
  struct ticker ticker;
  struct instant start = at(0);
  ticker_start(&ticker, &start, interval_ns);
  return ticker;
}

/* After tick 1 was taken on time: now, in milliseconds, at an interval of 100 ms. */
static const struct {
  int64_t now_ms;
  bool taken;
  uint64_t last, missed;
  int64_t late_ms;
} take_rows[] = {
    {100, false, 1, 0, 0},   {150, false, 1, 0, 0},
    {199, false, 1, 0, 0},   {200, true, 2, 0, 0},
    {201, true, 2, 0, 1},    {299, true, 2, 0, 99},
    {300, true, 3, 1, 0},    {301, true, 3, 1, 1},
    {1099, true, 10, 8, 99}, {86400000, true, 864000, 863998, 0},
};

START_TEST(test_take) {
  struct ticker ticker = make(100 * NS_PER_MS);
  int64_t wall_ns = 0;
  struct instant now = at(100 * NS_PER_MS);
  ck_assert_int_eq(ticker_deadline(&ticker), now.mono_ns);
  ck_assert(ticker_take(&ticker, &now, &wall_ns));
  ck_assert_int_eq(wall_ns, WALL + 100 * NS_PER_MS);

  wall_ns = 7;
  now = at(take_rows[_i].now_ms * NS_PER_MS);
  ck_assert_int_eq(ticker_take(&ticker, &now, &wall_ns), take_rows[_i].taken);
  ck_assert_uint_eq(ticker.last, take_rows[_i].last);
  ck_assert_uint_eq(ticker.missed, take_rows[_i].missed);
  ck_assert_uint_eq(ticker.taken, take_rows[_i].taken ? 2 : 1);
  ck_assert_int_eq(ticker.late_max_ns, take_rows[_i].late_ms * NS_PER_MS);
  int64_t hole = ticker.missed > 0 ? (int64_t)(ticker.missed + 1) * ticker.interval_ns : 0;
  ck_assert_int_eq(ticker.hole_max_ns, hole);
  ck_assert_int_eq(ticker_deadline(&ticker), MONO + (int64_t)(take_rows[_i].last + 1) * 100 * NS_PER_MS);
  int64_t expected = take_rows[_i].taken ? WALL + (int64_t)take_rows[_i].last * 100 * NS_PER_MS : 7;
  ck_assert_int_eq(wall_ns, expected);
}
END_TEST

/* Woken late by anything below the interval, each time stamp is the one before and the interval. */
START_TEST(test_even) {
  struct ticker ticker = make(500 * NS_PER_MS);
  int64_t before_ns = WALL, wall_ns;
  unsigned seed = 1;
  for (int k = 1; k <= 500; k++) {
    struct instant now = at(k * 500 * NS_PER_MS + rand_r(&seed) % (400 * NS_PER_MS));
    now.wall_ns += rand_r(&seed) % (2 * NS_PER_MS) - NS_PER_MS; /* clocks read one after the other */
    ck_assert(ticker_take(&ticker, &now, &wall_ns));
    ck_assert_int_eq(wall_ns - before_ns, 500 * NS_PER_MS);
    before_ns = wall_ns;
  }
  ck_assert_uint_eq(ticker.missed, 0);
  ck_assert_uint_eq(ticker.steps, 0);
}
END_TEST

static const int64_t step_rows[] = {3600 * NS_PER_S, -3600 * NS_PER_S, NS_PER_S, -NS_PER_S, 11 * NS_PER_MS};

START_TEST(test_wall_clock_is_set) {
  struct ticker ticker = make(NS_PER_S);
  int64_t wall_ns;
  struct instant now = at(NS_PER_S + 5);
  ck_assert(ticker_take(&ticker, &now, &wall_ns));
  now = at(2 * NS_PER_S + 5);
  now.wall_ns += step_rows[_i];
  ck_assert(ticker_take(&ticker, &now, &wall_ns));
  ck_assert_int_eq(wall_ns, WALL + 2 * NS_PER_S + step_rows[_i]);
  now = at(3 * NS_PER_S + 5);
  now.wall_ns += step_rows[_i];
  ck_assert(ticker_take(&ticker, &now, &wall_ns));
  ck_assert_int_eq(wall_ns, WALL + 3 * NS_PER_S + step_rows[_i]);
  ck_assert_uint_eq(ticker.steps, 1);
  ck_assert_uint_eq(ticker.missed, 0);
}
END_TEST

/* Successive looks, the last one at the tick; in ms since the start. */
static const struct {
  int64_t interval_ms;
  int64_t looks_ms[6];
} look_rows[] = {
    {500, {500, 1000, 1500}},
    {2000, {2000, 4000, 6000}},
    {2001, {1000, 2001, 3001, 4002}},
    {3000, {1500, 3000, 4500, 6000}},
    {5000, {1666, 3333, 5000, 6666, 8333, 10000}},
    {10000, {2000, 4000, 6000, 8000, 10000, 12000}},
};

START_TEST(test_looks) {
  struct ticker ticker = make(look_rows[_i].interval_ms * NS_PER_MS);
  int64_t mono_ns = MONO, wall_ns;
  for (int i = 0; i < 6 && look_rows[_i].looks_ms[i] > 0; i++) {
    mono_ns = ticker_next_look(&ticker, mono_ns);
    ck_assert_int_eq((mono_ns - MONO) / NS_PER_MS, look_rows[_i].looks_ms[i]);
    struct instant now = at(mono_ns - MONO);
    ticker_take(&ticker, &now, &wall_ns);
  }
  /* no extra looks after a late one */
  struct ticker late = make(10 * NS_PER_S);
  ck_assert_int_eq(ticker_next_look(&late, MONO + 5 * NS_PER_S), MONO + 6 * NS_PER_S);
  ck_assert_int_eq(ticker_next_look(&late, MONO + 9 * NS_PER_S), MONO + 10 * NS_PER_S);
  ck_assert_int_eq(ticker_next_look(&late, MONO + 11 * NS_PER_S), MONO + 10 * NS_PER_S);
}
END_TEST

static const struct {
  int64_t interval_ns;
  unsigned decimals;
} decimals_rows[] = {
    {NS_PER_S, 0},
    {2 * NS_PER_S, 0},
    {1500 * NS_PER_MS, 3},
    {2250 * NS_PER_MS, 3},
    {61 * NS_PER_S + 1, 3},
    {86400 * NS_PER_S, 0},
    {NS_PER_S - 1, 3},
    {500 * NS_PER_MS, 3},
    {333333333, 3},
    {10 * NS_PER_MS, 3},
    {NS_PER_MS, 3},
    {10500 * NS_PER_US, 6},
    {NS_PER_MS / 2, 6},
    {NS_PER_US, 6},
    {33333333, 6},
    {NS_PER_US / 2, 9},
    {1, 9},
    {12345, 9},
};

START_TEST(test_decimals) {
  ck_assert_uint_eq(ticker_decimals(decimals_rows[_i].interval_ns), decimals_rows[_i].decimals);
}
END_TEST

static const struct {
  int64_t interval_ns;
  uint64_t tick;
  int64_t now_ns, left_ns;
} left_rows[] = {
    {NS_PER_S, 120, 0, 120 * NS_PER_S},
    {NS_PER_S, 120, 500 * NS_PER_MS, 119500 * NS_PER_MS},
    {NS_PER_S, 120, 120 * NS_PER_S, 0},
    {NS_PER_S, 120, 130 * NS_PER_S, 0},
    {1, 1, 0, 1},
    {NS_PER_S, INT64_C(9223372036), 1, INT64_C(9223372036) * NS_PER_S - 1},
    {NS_PER_S, INT64_C(9223372037), 1, INT64_MAX}, /* 292 years */
    {NS_PER_S, INT64_C(1000000000000), 0, INT64_MAX},
    {INT64_C(315360000) * NS_PER_S, INT64_C(1000000000000), NS_PER_S, INT64_MAX},
    {1, UINT64_MAX, 0, INT64_MAX},
};

START_TEST(test_left) {
  struct ticker ticker = make(left_rows[_i].interval_ns);
  struct instant now = at(left_rows[_i].now_ns);
  ck_assert_int_eq(ticker_left(&ticker, left_rows[_i].tick, &now), left_rows[_i].left_ns);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ticker");
  suite_case(suite, "schedule", NULL, NULL, EACH(test_take, take_rows), EACH(test_looks, look_rows), ONCE(test_even),
             EACH(test_wall_clock_is_set, step_rows), EACH(test_decimals, decimals_rows), EACH(test_left, left_rows));
  return suite_run(suite);
}
