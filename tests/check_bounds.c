/*
 * The bounds of a window: rows of updates around it, and simulated counters through the real meter, whose true energy
 * must lie within the bounds.
 */
#include "../standalone/common/bounds.h"
#include "../standalone/measure/window.h"
#include "one_look.h"
#include "sim/load.h"
#include "suite.h"

#include "core/clock.h"
#include "core/counter.h"
#include "core/meter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS (4 * NS_PER_MS)
#define UPDATES 8

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* The window is from 100 to 120 s. The first update was read before it. */
static const struct bounds_row {
  const char *what;
  struct {
    double s, j;
  } updates[UPDATES]; /* until s is 0 */
  bool lossy;
  bool complete, has_high;
  double energy_j, low_j, high_j;
} bounds_rows[] = {
    ROW("a steady 10 W", {{97, 0}, {102, 50}, {107, 100}, {112, 150}, {117, 200}, {122, 250}}, false, true, true, 200,
        150, 250),
    {"updates at the very edges", {{95, 0}, {100, 50}, {110, 150}, {120, 250}}, false, true, true, 200, 100, 250},
    ROW("power before and after is not that inside", {{97, 0}, {102, 500}, {117, 500}, {122, 1000}}, false, true, true,
        500, 0, 1000),
    {"no update inside", {{95, 0}, {125, 300}}, false, true, true, 200, 0, 300},
    {"one update inside", {{90, 0}, {110, 200}, {130, 400}}, false, true, true, 200, 0, 400},
    {"nothing at all", {{95, 0}}, false, false, false, 0, 0, 0},
    ROW("no update after the end: the last power goes on", {{95, 0}, {105, 100}, {115, 200}}, false, false, false, 200,
        100, 0),
    {"a reset", {{95, 0}, {105, 100}, {115, 200}, {125, 300}}, true, true, false, 200, 100, 0},
    ROW("more after the end changes nothing", {{95, 0}, {115, 200}, {125, 300}, {135, 900}}, false, true, true, 200, 0,
        300),
    ROW("an update within the tick before the start is on neither side",
        {{95, 0}, {99.998, 50}, {110, 150}, {125, 300}}, false, true, true, 200, 0, 300),
    ROW("one a tick before the start is before it", {{95, 0}, {99.996, 50}, {110, 150}, {125, 300}}, false, true, true,
        199.960016, 0, 250),
    ROW("an update within the tick before the end is on neither side",
        {{95, 0}, {105, 100}, {115, 200}, {119.998, 250}, {125, 300}}, false, true, true, 200, 100, 300),
    ROW("read before the window, dated in it (a tick is coarse)", {{100.002, 0}, {110, 100}, {121, 210}}, false, true,
        true, 200, 0, 210),
    ROW("many updates: the ring keeps the newest",
        {{99, 0}, {101, 10}, {103, 30}, {105, 50}, {107, 70}, {109, 90}, {119, 190}, {121, 210}}, false, true, true,
        195, 180, 210),
};

static int64_t ns(double s) {
  return (int64_t)llround(s * 1e9);
}

START_TEST(test_bounds) {
  const struct bounds_row *row = &bounds_rows[_i];
  struct bounds_edge edges[2] = {{.at_ns = ns(100)}, {.at_ns = BOUNDS_OPEN}};
  struct bounds bounds;
  size_t num = 0;
  bounds_init(&bounds, edges, 2);
  for (; num < UPDATES && row->updates[num].s != 0; num++) {
    int64_t to_ns = ns(row->updates[num].s) + TICK_NS;
    if (num == 0 && to_ns > ns(100))
      to_ns = ns(100); /* when it was read */
    struct update update = {.within_ns = TICK_NS,
                            .has_energy = true,
                            .energy_j = row->updates[num].j,
                            .state = row->lossy && num == 2 ? SAMPLE_RESET : SAMPLE_OK};
    if (to_ns > ns(120))
      edges[1].at_ns = ns(120);
    bounds_add(&bounds, to_ns, &update, NULL);
  }
  edges[1].at_ns = ns(120);
  struct bounds_result result;
  bounds_result(&bounds, 0, 1, &result);
  ck_assert_msg(bounds_are_complete(&bounds, 1) == row->complete, "%s: complete", row->what);
  ck_assert_msg(result.has_energy == (num > 1), "%s: has_energy", row->what);
  ck_assert_msg(result.has_high == row->has_high, "%s: has_high", row->what);
  ck_assert_msg(fabs(result.energy_j - row->energy_j) < 0.05, "%s: energy %.6f", row->what, result.energy_j);
  ck_assert_msg(fabs(result.low_j - row->low_j) < 1e-6, "%s: low %.6f", row->what, result.low_j);
  ck_assert_msg(!row->has_high || fabs(result.high_j - row->high_j) < 1e-6, "%s: high %.6f", row->what, result.high_j);
}
END_TEST

/* ---- rows of an update each -------------------------------------------------------------------------------------- */

/*
 * Edges at 0, 10, 20, 30 s. Between two of them: value (-1: none), low, high (-1: none), and the time in s in which it
 * was counted.
 */
#define EDGES                        4
#define AT(to_s, within_s, j, state) ROW(to_s, within_s, j, SAMPLE_##state)
static const struct story_row {
  const char *what;
  struct {
    double to_s, within_s, j; /* within_s -1: not known */
    enum sample_state state;
  } updates[UPDATES]; /* until to_s is 0 */
  double energies[EDGES - 1][4];
} story_rows[] = {
    ROW("10 W, dated",
        {AT(-2, 0, 0, FIRST), AT(3, 0, 50, OK), AT(8, 0, 100, OK), AT(13, 0, 150, OK), AT(18, 0, 200, OK),
         AT(23, 0, 250, OK), AT(28, 0, 300, OK), AT(33, 0, 350, OK)},
        {{100, 50, 150, 10}, {100, 50, 150, 10}, {100, 50, 150, 10}}),
    ROW("first not dated: before the next as the power leads",
        {AT(-0.1, -1, 0, FIRST), AT(3, 0, 50, OK), AT(8, 0, 100, OK), AT(13, 0, 150, OK), AT(33, 0, 350, OK)},
        {{100, 50, 150, 10}, {100, 0, 250, 10}, {100, 0, 200, 10}}),
    ROW("between two rows, on either side of an edge",
        {AT(-0.1, -1, 0, FIRST), AT(5, 1, 45, OK), AT(10.5, 1, 100, OK), AT(15, 1, 145, OK), AT(25, 1, 245, OK),
         AT(35, 1, 345, OK)},
        {{99.0217391, 0, 145, 10}, {100, 0, 200, 10}, {100, 0, 200, 10}}),
    ROW("it came in the second window",
        {AT(12, 0, 500, FIRST), AT(17, 0, 550, OK), AT(22, 0, 600, OK), AT(32, 0, 700, OK)},
        {{-1, 0, 0, 0}, {80, 50, 100, 8}, {100, 0, 150, 10}}),
    ROW("the same, and when it was written is not known",
        {AT(12, -1, 500, FIRST), AT(17, 0, 550, OK), AT(22, 0, 600, OK), AT(32, 0, 700, OK)},
        {{-1, 0, 0, 0}, {80, 50, 100, 8}, {100, 0, 150, 10}}),
    ROW("it was removed, and what it drew last is not known",
        {AT(-2, 0, 0, FIRST), AT(3, 0, 50, OK), AT(8, 0, 100, OK), AT(13, 0, 150, OK), AT(16, 3, 150, MISSING)},
        {{100, 50, 150, 10}, {30, 0, -1, 3}, {-1, 0, -1, 0}}),
    ROW("a pause: more may have been drawn",
        {AT(-5, 0, 0, FIRST), AT(5, 0, 100, OK), AT(25, 0, 300, GAP), AT(35, 0, 400, OK)},
        {{100, 0, -1, 10}, {100, 0, -1, 10}, {100, 0, -1, 10}}),
    ROW("a pause before the window is of no concern",
        {AT(-25, 0, 0, FIRST), AT(-5, 0, 100, GAP), AT(5, 0, 200, OK), AT(15, 0, 300, OK), AT(25, 0, 400, OK),
         AT(35, 0, 500, OK)},
        {{100, 0, 200, 10}, {100, 0, 200, 10}, {100, 0, 200, 10}}),
    ROW("the writer died: its power goes on for one and a half intervals", {AT(-5, 0, 0, FIRST), AT(5, 0, 100, OK)},
        {{100, 0, -1, 10}, {100, 0, -1, 10}, {-1, 0, -1, 0}}),
    ROW("idle is 0 J, and known to be",
        {AT(-5, 0, 7, FIRST), AT(5, 0, 7, OK), AT(15, 0, 7, OK), AT(25, 0, 7, OK), AT(35, 0, 7, OK)},
        {{0, 0, 0, 10}, {0, 0, 0, 10}, {0, 0, 0, 10}}),
    ROW("idle until the end: 0 J as far as is known",
        {AT(-5, 0, 7, FIRST), AT(5, 0, 7, OK), AT(15, 0, 7, OK), AT(25, 0, 7, OK)},
        {{0, 0, 0, 10}, {0, 0, 0, 10}, {0, 0, -1, 10}}),
    {"no update at all is no energy", {AT(-5, 0, 7, FIRST)}, {{-1, 0, -1, 0}, {-1, 0, -1, 0}, {-1, 0, -1, 0}}},
    ROW("unreadable for a while is nothing",
        {AT(-5, 0, 0, FIRST), AT(5, 0, 100, OK), AT(10, 1, 100, TORN), AT(15, 0, 200, OK), AT(25, 0, 300, OK),
         AT(35, 0, 400, OK)},
        {{100, 0, 200, 10}, {100, 0, 200, 10}, {100, 0, 200, 10}}),
    ROW("a glitch, and back: its energy is that of all the time since",
        {AT(-5, 0, 0, FIRST), AT(5, 0, 100, OK), AT(11, 0, 100, RESET), AT(12, 0, 110, OK), AT(19, 0, 240, GAP),
         AT(29, 0, 340, OK), AT(39, 0, 440, OK)},
        {{100, 0, -1, 10}, {100, 0, -1, 10}, {100, 0, 200, 10}}),
    ROW("a gap long after a reset is of its own time",
        {AT(-35, 0, 0, RESET), AT(-34, 0, 0, OK), AT(-33, 0, 10, OK), AT(-32, 0, 20, OK), AT(-31, 0, 30, OK),
         AT(5, 0, 390, GAP), AT(15, 0, 490, OK), AT(25, 0, 590, OK)},
        {{100, 0, -1, 10}, {100, 0, 200, 10}, {100, 0, -1, 10}}),
    ROW("away, and back with the same number: what it drew meanwhile is nowhere",
        {AT(-5, 0, 0, FIRST), AT(-1, 0, 40, OK), AT(4, 0, 90, OK), AT(6, 1, 0, MISSING), AT(26, 0, 90, FIRST),
         AT(31, 0, 140, OK)},
        {{40, 0, -1, 4}, {-1, 0, 0, 0}, {40, 0, -1, 4}}),
    ROW("a reset: what was drawn before it is not counted",
        {AT(-5, 0, 0, FIRST), AT(5, 0, 100, OK), AT(15, 0, 100, RESET), AT(25, 0, 200, OK), AT(35, 0, 300, OK)},
        {{50, 0, -1, 5}, {50, 0, -1, 5}, {100, 0, 200, 10}}),
    ROW("a reset, and the number after it counts",
        {AT(-5, 0, 0, FIRST), AT(5, 0, 100, OK), AT(15, 0, 180, RESET), AT(25, 0, 280, OK)},
        {{90, 0, -1, 10}, {90, 0, -1, 10}, {100, 0, -1, 10}}),
    ROW("what was impossible is not counted, and the next number has all",
        {AT(-5, 0, 0, FIRST), AT(5, 0, 100, OK), AT(15, 0, 100, SPIKE), AT(25, 0, 300, GAP), AT(35, 0, 400, OK)},
        {{100, 0, -1, 10}, {100, 0, -1, 10}, {100, 0, -1, 10}}),
};

START_TEST(test_stories) {
  const struct story_row *row = &story_rows[_i];
  struct bounds_edge edges[EDGES] = {{.at_ns = 0}, {.at_ns = ns(10)}, {.at_ns = ns(20)}, {.at_ns = ns(30)}};
  struct bounds bounds;
  bounds_init(&bounds, edges, EDGES);
  for (size_t i = 0; i < UPDATES && row->updates[i].to_s != 0; i++) {
    enum sample_state state = row->updates[i].state;
    double within_s = row->updates[i].within_s;
    struct update update = {.within_ns = within_s < 0 ? UPDATE_UNDATED : ns(within_s),
                            .has_energy = state != SAMPLE_MISSING && state != SAMPLE_TORN,
                            .energy_j = row->updates[i].j,
                            .state = state};
    bounds_add(&bounds, ns(row->updates[i].to_s), &update, NULL);
  }
  double sum_j = 0;
  for (size_t i = 0; i + 1 < EDGES; i++) {
    const double *expected = row->energies[i];
    struct bounds_result result;
    bounds_result(&bounds, i, i + 1, &result);
    ck_assert_msg(result.has_energy == (expected[0] >= 0), "%s: window %zu has energy: %d", row->what, i,
                  result.has_energy);
    if (!result.has_energy)
      continue;
    sum_j += result.energy_j;
    ck_assert_msg(fabs((double)result.counted_ns - expected[3] * 1e9) < 1e3, "%s: window %zu: counted %.9f s",
                  row->what, i, (double)result.counted_ns * 1e-9);
    ck_assert_msg(fabs(result.energy_j - expected[0]) < 1e-6, "%s: window %zu: %.6f", row->what, i, result.energy_j);
    ck_assert_msg(fabs(result.low_j - expected[1]) < 1e-6, "%s: window %zu: low %.6f", row->what, i, result.low_j);
    ck_assert_msg(result.has_high == (expected[2] >= 0), "%s: window %zu has high", row->what, i);
    ck_assert_msg(!result.has_high || fabs(result.high_j - expected[2]) < 1e-6, "%s: window %zu: high %.6f", row->what,
                  i, result.high_j);
  }
  struct bounds_result whole;
  bounds_result(&bounds, 0, EDGES - 1, &whole);
  ck_assert_msg(!whole.has_energy || fabs(whole.energy_j - sum_j) < 1e-6, "%s: the windows do not add up", row->what);
}
END_TEST

/* ---- a simulated counter ----------------------------------------------------------------------------------------- */

/* Writer and VM begin at 0 s of the monotonic clock; the wall clock is ahead of it by a constant. */
#define WALL_NS   (INT64_C(1795466093) * NS_PER_S)
#define WRITES    60
#define PERIOD_NS (5 * NS_PER_S)
#define STEP_NS   (20 * NS_PER_MS)

/* Modification times: of the update; standing still, of a counter computed when read; none, as in sysfs. */
enum times { UPDATED, STANDING, NONE };

struct counter {
  struct load load;
  double down_from_s, down_to_s; /* the writer is stopped, and does not count */
  double reset_s;                /* negative: never */
  enum times times;
  int64_t written_ns[WRITES];
  size_t writes;
};

static double random_between(double low, double high) {
  return low + (high - low) * ((double)random() / (double)RAND_MAX);
}

/* Energy counted by then, without resets. */
static double truth_j(const struct counter *counter, double s) {
  double down_s = 0;
  if (s > counter->down_from_s)
    down_s = (s < counter->down_to_s ? s : counter->down_to_s) - counter->down_from_s;
  return load_energy_j(&counter->load, s - down_s);
}

static void make_counter(struct counter *counter, const char *load, double down_s, bool resets) {
  const char *problem;
  ck_assert_int_eq(load_parse(load, &counter->load, &problem), 0);
  counter->down_from_s = random_between(20, 100);
  counter->down_to_s = counter->down_from_s + down_s;
  counter->reset_s = resets ? random_between(20, 100) : -1;
  counter->writes = 0;
  for (int64_t at_ns = ns(random_between(0, 1)); counter->writes < WRITES;
       at_ns += PERIOD_NS + ns(random_between(0, 0.4))) {
    double s = (double)at_ns / 1e9;
    if (s < counter->down_from_s || s >= counter->down_to_s)
      counter->written_ns[counter->writes++] = at_ns;
  }
}

static struct reading read_at(const struct counter *counter, int64_t mono_ns) {
  if (counter->times != UPDATED) /* moves every 20 ms */
    return (struct reading){.energy_uj =
                                (uint64_t)floor(truth_j(counter, (double)(mono_ns / STEP_NS * STEP_NS) / 1e9) * 1e6),
                            .mtime_ns = WALL_NS - 3600 * NS_PER_S + 1,
                            .computed = counter->times == NONE};
  size_t last = 0;
  while (last + 1 < counter->writes && counter->written_ns[last + 1] <= mono_ns)
    last++;
  double s = (double)counter->written_ns[last] / 1e9, base_j = 0;
  if (counter->reset_s >= 0 && s >= counter->reset_s)
    base_j = truth_j(counter, counter->reset_s);
  return (struct reading){.energy_uj = (uint64_t)floor((truth_j(counter, s) - base_j) * 1e6),
                          .mtime_ns = (WALL_NS + counter->written_ns[last]) / TICK_NS * TICK_NS};
}

struct pass {
  struct window *window;
  struct meter meter;
  const struct counter *counter;
  void *slot;
  double torn; /* share of the readings that find the file empty */
};

static void look(struct pass *pass, int64_t mono_ns) {
  struct instant now = {.mono_ns = mono_ns, .wall_ns = WALL_NS + mono_ns};
  struct sink *sink = window_sink(pass->window);
  struct sample sample = {.label = "vm", .path = "/vm/energy_uj", .slot = &pass->slot};
  struct reading reading = read_at(pass->counter, mono_ns);
  if (pass->torn > 0 && random_between(0, 1) < pass->torn)
    reading = (struct reading){.error = -ENODATA};
  take_and_sample(&pass->meter, &reading, &now, &sample);
  pass_update(sink, &pass->meter, &sample);
  ck_assert_int_eq(sink->begin(sink, &now, 1), 0);
  ck_assert_int_eq(sink->put(sink, &sample), 0);
  ck_assert_int_eq(sink->end(sink), 0);
}

static const struct {
  const char *load;
  double down_s;
  bool resets;
  enum times times;
  bool exact; /* the interpolation is right within the tick, for a steady load */
} window_rows[] = {
    {"const:100", 0, false, UPDATED, true},       {"sine:100:90:7", 0, false, UPDATED, false},
    {"step:0:300:8", 0, false, UPDATED, false},   {"idle", 0, false, UPDATED, true},
    {"const:100", 0, true, UPDATED, false},       {"sine:50:50:31", 18, false, UPDATED, false},
    {"sine:100:90:7", 0, false, STANDING, false}, {"const:100", 0, false, STANDING, false},
    {"sine:100:90:7", 0, false, NONE, false},
};

#define WINDOWS 200

START_TEST(test_windows) {
  srandom(20261124 + (unsigned)_i);
  const struct meter_options options = {.base = METER_AUTO, .scale = 1, .tick_ns = TICK_NS};
  int with_high = 0;
  for (int i = 0; i < WINDOWS; i++) {
    struct counter counter;
    make_counter(&counter, window_rows[_i].load, window_rows[_i].down_s, window_rows[_i].resets);
    struct pass pass = {.counter = &counter};
    meter_init(&pass.meter, &options);
    ck_assert_int_eq(window_new(&pass.window), 0);

    int64_t start_ns = ns(random_between(10, 80)), end_ns = start_ns + ns(random_between(1, 60));
    counter.times = window_rows[_i].times;
    look(&pass, start_ns - 100 * NS_PER_US);
    window_begin(pass.window, start_ns);
    pass.torn = counter.times != UPDATED ? 0 : 0.1;
    int64_t at_ns = start_ns + 50 * NS_PER_US;
    for (; at_ns < end_ns; at_ns += window_has_begun(pass.window) ? NS_PER_S : 100 * NS_PER_MS)
      look(&pass, at_ns);
    look(&pass, end_ns - 50 * NS_PER_US);
    window_end(pass.window, end_ns);
    for (at_ns = end_ns + 50 * NS_PER_US; !window_is_complete(pass.window); at_ns += 100 * NS_PER_MS)
      look(&pass, at_ns);

    struct window_result result;
    window_result(pass.window, 0, &result);
    ck_assert(result.has_energy);
    double real_j = truth_j(&counter, (double)end_ns / 1e9) - truth_j(&counter, (double)start_ns / 1e9);
    double slack_j = counter.times != UPDATED ? 200 * 0.02 : 2e-6;
    ck_assert_msg(result.bounds.low_j <= real_j + slack_j, "window %d: low %.6f, truth %.6f", i, result.bounds.low_j,
                  real_j);
    ck_assert_msg(!result.bounds.has_high || result.bounds.high_j >= real_j - slack_j,
                  "window %d: high %.6f, truth %.6f", i, result.bounds.high_j, real_j);
    ck_assert_double_ge(result.energy_j, result.bounds.low_j - 1e-6);
    if (result.bounds.has_high)
      ck_assert_double_le(result.energy_j, result.bounds.high_j + 1e-6);
    /* two edges, a step of the number each; else it was between two looks, and looks are slow while it seems stale */
    if (counter.times != UPDATED)
      ck_assert_msg(result.bounds.high_j - result.bounds.low_j <= 200 * 2 * (counter.times == NONE ? 0.02 : 0.6),
                    "window %d of %.3f s: %.3f to %.3f", i, (double)(end_ns - start_ns) / 1e9, result.bounds.low_j,
                    result.bounds.high_j);
    if (window_rows[_i].exact) /* two edges, a tick each */
      ck_assert_double_le(fabs(result.energy_j - real_j), 100 * 2 * 0.004 + 1e-6);
    with_high += result.bounds.has_high;
    window_free(pass.window);
  }
  /* an answer that is always "at least" would be no answer */
  ck_assert_int_ge(with_high, window_rows[_i].resets || window_rows[_i].down_s > 0 ? WINDOWS / 4 : WINDOWS);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bounds");
  suite_case(suite, "rows", NULL, NULL, EACH(test_bounds, bounds_rows), EACH(test_stories, story_rows));
  suite_case(suite, "windows", NULL, NULL, EACH(test_windows, window_rows));
  return suite_run(suite);
}
