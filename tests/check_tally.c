/* What samples add up to: stories of one VM. Times in s, energies in J, power in W. */
#include "../standalone/report/tally.h"

#include "suite.h"

#include "core/clock.h"

#include <math.h>
#include <string.h>

#define NONE (-1.0) /* an empty field */
#define LAST                                                                                                           \
  { 0 }

/* Rows without a state: clang warns. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct row {
  double ts_s, counter_j, power_w;
  const char *state; /* NULL: the layout has none */
  bool after_hole;
};

struct story {
  const char *what;
  double scale;            /* 0: 1 */
  double start_s, start_j; /* start_s 0: not known */
  double start_update_s;   /* 0: not known */
  double max_power_w;      /* 0: not known */
  double marks_s[4];
  struct row rows[12]; /* up to one at 0 */
  double energy_j;     /* NONE: not known */
  double phase_j[4];   /* with marks */
  unsigned samples, held, with_power, resets;
  double mean_w; /* energy divided by counted time; 0: not checked */
};

static const struct story stories[] = {
    {"counter that moves at each sample", .rows = {{10, 1000, 100}, {11, 1100, 100}, {12, 1200, 100}, LAST},
     .energy_j = 200, .samples = 3, .with_power = 3},
    {"the start of the run counts", .start_s = 9, .start_j = 900, .rows = {{10, 1000, 100}, {11, 1100, 100}, LAST},
     .energy_j = 200, .samples = 2, .with_power = 2},
    {"one sample, and the start", .start_s = 9, .start_j = 900, .rows = {{10, 1000, 100}, LAST}, .energy_j = 100,
     .samples = 1, .with_power = 1},
    {"one sample alone has no energy", .rows = {{10, 1000, 100}, LAST}, .energy_j = NONE, .samples = 1,
     .with_power = 1},
    {"scale is for the counter", .scale = 5, .rows = {{10, 1000, 500}, {11, 1100, 500}, LAST}, .energy_j = 500,
     .samples = 2, .with_power = 2},
    {"scale is not for power", .scale = 5, .rows = {{10, NONE, 500}, {11, NONE, 500}, LAST}, .energy_j = 500,
     .samples = 2, .with_power = 2},
    {"reset, without a power", .rows = {{10, 1000, 100}, {11, 1100, 100}, {12, 50, NONE}, {13, 150, 100}, LAST},
     .energy_j = 200, .samples = 4, .with_power = 3, .resets = 1},
    {"reset as the seed writes it", .rows = {{10, 1000, 100}, {11, 1100, 100}, {12, 50, 0}, {13, 150, 100}, LAST},
     .energy_j = 200, .samples = 4, .with_power = 4, .resets = 1},
    {"wrap: the power gives the range", .rows = {{10, 1000, 100}, {11, 20, 100}, {12, 120, 100}, LAST}, .energy_j = 200,
     .samples = 3, .with_power = 3},
    {"wrap, scaled: its power is, the counter is not", .scale = 5,
     .rows = {{10, 1000, 500}, {11, 1100, 500}, {12, 1200, 500}, {13, 20, 400}, {14, 120, 500}, {15, 220, 500}, LAST},
     .energy_j = 2400, .samples = 6, .with_power = 6},
    {"bad reads: the next good one has it all",
     .rows = {{10, 1000, 100}, {11, NONE, NONE}, {12, NONE, NONE}, {13, 1300, 100}, LAST}, .energy_j = 300,
     .samples = 4, .with_power = 2},
    {"no counter: power by time", .rows = {{10, NONE, 100}, {11, NONE, 50}, {13, NONE, 10}, LAST}, .energy_j = 70,
     .samples = 3, .with_power = 3},
    {"no counter: a sample without a power has no energy",
     .rows = {{10, NONE, 100}, {11, NONE, NONE}, {12, NONE, 10}, LAST}, .energy_j = 10, .samples = 3, .with_power = 2},
    {"no counter, with a start", .start_s = 0, .rows = {{10, NONE, NONE}, {11, NONE, NONE}, LAST}, .energy_j = NONE,
     .samples = 2},
    {"a counter that stands still", .rows = {{10, 1000, 0}, {11, 1000, 0}, {12, 1000, 0}, LAST}, .energy_j = NONE,
     .samples = 3, .held = 2, .with_power = 3},
    {"two samples of one time stamp, as the seed writes them below 1 s",
     .rows = {{10, 1000, 100}, {10, 1050, 100}, {11, 1100, 100}, {11, 1150, 100}, LAST}, .energy_j = 100, .samples = 4,
     .with_power = 4},
    {"the same without a counter", .rows = {{10, NONE, 100}, {10, NONE, 100}, {11, NONE, 100}, {11, NONE, 100}, LAST},
     .energy_j = 100, .samples = 4, .with_power = 4},
    {"states tell what is held, not numbers",
     .rows = {{10, 1000, NONE, "first"}, {11, 1000, 0, "ok"}, {12, 1000, 0, "held"}, {13, 1000, 0, "ok"}, LAST},
     .energy_j = NONE, .samples = 4, .held = 1, .with_power = 3},
    {"a spike, and back", .max_power_w = 500,
     .rows = {{10, 1000, 100, "ok"},
              {11, 1100, 100, "ok"},
              {12, 9000, NONE, "spike"},
              {13, 1300, NONE, "gap"},
              {14, 1400, 100, "ok"},
              LAST},
     .energy_j = 400, .samples = 5, .with_power = 3},
    {"a spike that stays is the new series", .max_power_w = 500,
     .rows = {{10, 1000, 100, "ok"}, {11, 9000, NONE, "spike"}, {12, 9100, 100, "ok"}, LAST}, .energy_j = 150,
     .samples = 3, .with_power = 2},
    {"two counters that alternate: the energy of one", .max_power_w = 500,
     .rows = {{10, 1000, NONE, "first"},
              {11, 5000, NONE, "spike"},
              {12, 1200, NONE, "gap"},
              {13, 5200, NONE, "spike"},
              {14, 1400, NONE, "gap"},
              {15, 5400, NONE, "spike"},
              {16, 1600, NONE, "gap"},
              LAST},
     .energy_j = 600, .samples = 7},
    {"what was added since is not added twice", .max_power_w = 500,
     .rows =
         {{10, 1000, NONE, "first"}, {11, 5000, NONE, "spike"}, {12, 5100, 100, "ok"}, {13, 1300, NONE, "gap"}, LAST},
     .energy_j = 300, .samples = 4, .with_power = 1},
    {"without states: two counters that alternate",
     .rows = {{10, 1000, NONE}, {11, 500, NONE}, {12, 1200, NONE}, {13, 700, NONE}, {14, 1400, NONE}, LAST},
     .energy_j = 400, .samples = 5, .resets = 2},
    {"without states: what the run took for impossible", .max_power_w = 500,
     .rows = {{10, 1000, 100}, {11, 5000, NONE}, {12, 1200, NONE}, {13, 1300, 100}, LAST}, .energy_j = 350,
     .samples = 4, .with_power = 2},
    {"without states: the first update, its power not known yet", .start_s = 9.5, .start_j = 1,
     .rows = {{10, 4001, NONE}, {15, 8001, 800}, LAST}, .energy_j = 8000, .samples = 2, .with_power = 1},
    {"after a reset, up past the old number, as a load does",
     .rows = {{10, 1000, 100}, {11, 900, NONE}, {12, 1000, 100}, {13, 1100, 100}, LAST}, .energy_j = 150, .samples = 4,
     .with_power = 3, .resets = 1},
    {"phases of a counter that moves at each sample", .marks_s = {11, 13},
     .rows = {{10, 0, 100}, {11, 100, 100}, {12, 200, 50}, {13, 250, 50}, {14, 300, 50}, LAST}, .energy_j = 275,
     .phase_j = {100, 125, 50}, .samples = 5, .with_power = 5},
    {"one update: it may have been at any time between the two rows", .marks_s = {10.25},
     .rows = {{10, 0, 100}, {11, 100, 100}, LAST}, .energy_j = 100, .phase_j = {50, 50}, .samples = 2, .with_power = 2},
    {"three marks between two samples", .marks_s = {10.1, 10.2, 10.6}, .rows = {{10, 0, 100}, {11, 100, 100}, LAST},
     .energy_j = 100, .phase_j = {20, 20, 60, 0}, .samples = 2, .with_power = 2},
    {"power by time in phases", .marks_s = {10.25}, .rows = {{10, NONE, 7}, {11, NONE, 100}, LAST}, .energy_j = 100,
     .phase_j = {25, 75}, .samples = 2, .with_power = 2},
    {"an update every 4 s is spread over its 4 s", .marks_s = {12},
     .rows = {{8, 0, 0}, {9, 0, 0}, {10, 400, 0}, {11, 400, 0}, {12, 400, 0}, {13, 400, 0}, {14, 800, 0}, LAST},
     .energy_j = 600, .phase_j = {400, 200}, .samples = 7, .held = 4, .with_power = 7},
    {"the same, seen less often", .marks_s = {12}, .rows = {{8, 0, 0}, {10, 400, 0}, {12, 400, 0}, {14, 800, 0}, LAST},
     .energy_j = 600, .phase_j = {400, 200}, .samples = 4, .held = 1, .with_power = 4},
    {"marks outside of the capture", .marks_s = {5, 20}, .rows = {{10, 0, 100}, {11, 100, 100}, LAST}, .energy_j = 100,
     .phase_j = {0, 100, 0}, .samples = 2, .with_power = 2},
    {"no number any more: nothing counts after the last one",
     .rows = {{10, 1000, 100}, {11, 1100, 100}, {12, 1200, 100}, {13, NONE, NONE}, {14, NONE, NONE}, LAST},
     .energy_j = 200, .samples = 5, .with_power = 3, .mean_w = 100},
    {"the start was updated before: its energy is shared by time", .start_s = 10, .start_j = 1000, .start_update_s = 6,
     .marks_s = {5, 12}, .rows = {{11, 1000, 0}, {12, 1000, 0}, {13, 1700, 700}, {14, 1700, 0}, {15, 1900, 200}, LAST},
     .energy_j = 519.438029, .phase_j = {0, 215.550423, 303.887606}, .samples = 5, .held = 3, .with_power = 5},
    {"away, and back with the same number", .marks_s = {13, 25},
     .rows = {{10, 0, NONE, "first"},
              {11, 100, 100, "ok"},
              {12, 200, 100, "ok"},
              {12.5, NONE, NONE, "missing"},
              {30, 200, NONE, "first"},
              {31, 300, 100, "ok"},
              {32, 400, 100, "ok"},
              LAST},
     .energy_j = 400, .phase_j = {150, NONE, 250}, .samples = 7, .with_power = 4, .mean_w = 100},
    {"the writer died", .marks_s = {15},
     .rows = {{10, 0, NONE}, {11, 100, 100}, {12, 200, 100}, {13, 200, 0}, {14, 200, 0}, {18, 200, 0}, LAST},
     .energy_j = 300, .phase_j = {300, NONE}, .samples = 6, .held = 3, .with_power = 5, .mean_w = 100},
    {"no counter: nothing is known of a row without a power", .marks_s = {13},
     .rows = {{10, NONE, 100},
              {11, NONE, 100},
              {12, NONE, NONE},
              {13, NONE, NONE},
              {14, NONE, 100},
              {15, NONE, 100},
              {16, NONE, NONE},
              LAST},
     .energy_j = 300, .phase_j = {100, 200}, .samples = 7, .with_power = 4, .mean_w = 100},
    {"no counter: what lies in a hole is not known", .marks_s = {12, 18},
     .rows = {{10, NONE, 100}, {11, NONE, 100}, {12, NONE, 100}, {20, NONE, 100, NULL, true}, {21, NONE, 100}, LAST},
     .energy_j = 300, .phase_j = {200, NONE, 100}, .samples = 5, .with_power = 4, .mean_w = 100},
};

static int64_t ns(double s) {
  return (int64_t)llround(s * 1e9);
}

static void make_phases(const struct story *story, const struct run_info *info, struct phases *phases) {
  ck_assert_int_eq(phases_read(NULL, info, phases), 0);
  for (size_t i = 0; i < 4 && story->marks_s[i] > 0; i++)
    ck_assert_int_eq(phases_add(phases, ns(story->marks_s[i]), "x"), 0);
}

static enum sample_state state_of(const char *name) {
  int state = 0;
  while (strcmp(meter_state_name((enum sample_state)state), name) != 0)
    ck_assert_int_lt(++state, SAMPLE_STATES);
  return (enum sample_state)state;
}

static struct recording_value value_of(const struct row *row) {
  return (struct recording_value){.ts_ns = ns(row->ts_s),
                                  .has_energy = row->counter_j >= 0,
                                  .energy_uj = row->counter_j >= 0 ? (uint64_t)(row->counter_j * 1e6) : 0,
                                  .has_power = row->power_w >= 0,
                                  .power_w = row->power_w,
                                  .after_hole = row->after_hole,
                                  .has_state = row->state != NULL,
                                  .state = row->state != NULL ? state_of(row->state) : SAMPLE_FIRST};
}

START_TEST(test_story) {
  const struct story *story = &stories[_i];
  struct phases phases;
  struct tally tally;
  struct run_info none = {.scale = 1};
  make_phases(story, &none, &phases);
  const struct meter_options replay = {
      .base = METER_SAMPLE, .scale = story->scale > 0 ? story->scale : 1, .max_power_w = story->max_power_w};
  const struct tally_options options = {.phases = &phases, .scale = replay.scale, .recorded = true, .replay = &replay};
  struct recording_vm vm = {.has_counter = story->rows[0].counter_j >= 0,
                            .has_start = story->start_s > 0,
                            .start_ns = ns(story->start_s),
                            .start_uj = (uint64_t)(story->start_j * 1e6),
                            .start_update_ns = ns(story->start_update_s)};
  struct tally_span span;
  ck_assert_int_eq(tally_init(&tally, &options, &vm), 0);
  for (const struct row *row = story->rows; row->ts_s > 0; row++) {
    struct recording_value value = value_of(row);
    ck_assert_int_eq(tally_add(&tally, &value, &span), 0);
  }
  tally_end(&tally, tally.row_ns);
  struct bounds_result energy;
  tally_energy(&tally, SIZE_MAX, &energy);
  ck_assert_msg(energy.has_energy == (story->energy_j >= 0), "%s", story->what);
  if (story->energy_j >= 0)
    ck_assert_msg(fabs(energy.energy_j - story->energy_j) < 1e-6, "%s: %f J", story->what, energy.energy_j);
  double sum_j = 0;
  uint64_t samples = 0;
  for (size_t i = 0; i < phases.num && phases.num > 1; i++) {
    struct bounds_result part;
    tally_energy(&tally, i, &part);
    bool is_none = story->mean_w > 0 && story->phase_j[i] < 0;
    ck_assert_msg(!is_none || !part.has_energy, "%s: phase %zu has an energy", story->what, i);
    double part_j = part.has_energy ? part.energy_j : 0;
    ck_assert_msg(is_none || fabs(part_j - story->phase_j[i]) < 1e-6, "%s: phase %zu: %f J", story->what, i, part_j);
    sum_j += part_j;
    samples += tally_part(&tally, i)->samples;
  }
  ck_assert(phases.num == 1 || (fabs(sum_j - energy.energy_j) < 1e-6 && samples == story->samples));
  double mean_w = energy.energy_j / ((double)energy.counted_ns * 1e-9);
  ck_assert_msg(story->mean_w <= 0 || fabs(mean_w - story->mean_w) < 1e-6, "%s: %f W", story->what, mean_w);
  ck_assert_msg(tally.whole.samples == story->samples, "%s", story->what);
  ck_assert_msg(tally.whole.held == story->held, "%s: %d held", story->what, (int)tally.whole.held);
  ck_assert_msg(tally.whole.resets == story->resets, "%s", story->what);
  bool ignored = story->start_s <= 0 && story->rows[0].power_w >= 0; /* the power of the first row may be anything */
  ck_assert_msg(tally.whole.power_w.count == story->with_power - ignored, "%s: %d powers", story->what,
                (int)tally.whole.power_w.count);
  tally_free(&tally);
  phases_free(&phases);
}
END_TEST

/* An instant on a boundary belongs to the earlier phase. */
static const struct {
  double at_s;
  size_t phase;
} phase_rows[] = {{0, 0}, {9.999, 0}, {10, 0}, {10.001, 1}, {20, 1}, {20.5, 3}, {30, 3}, {1e6, 4}};

START_TEST(test_phases) {
  struct phases phases;
  struct run_info none = {.scale = 1};
  ck_assert_int_eq(phases_read(NULL, &none, &phases), 0);
  static const double marks_s[] = {10, 30, 20, 20}; /* not in order, and two at once */
  for (size_t i = 0; i < 4; i++)
    ck_assert_int_eq(phases_add(&phases, ns(marks_s[i]), "x"), 0);
  ck_assert_uint_eq(phases_at(&phases, ns(phase_rows[_i].at_s)), phase_rows[_i].phase);
  ck_assert_int_eq(phases_end(&phases, 1), ns(20));
  ck_assert_int_eq(phases_end(&phases, 4), INT64_MAX);
  phases_free(&phases);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tally");
  suite_case(suite, "stories", NULL, NULL, EACH(test_story, stories), EACH(test_phases, phase_rows));
  return suite_run(suite);
}
