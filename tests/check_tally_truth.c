/*
 * Energies of phases, from updates.dat and from rows alone, against the truth of a simulated world in which the
 * exporter stops and starts, reads are torn and the counter is reset. And the sum of a replay against that of the live
 * meter, also if two series alternate.
 */
#include "../standalone/report/tally.h"

#include "core/clock.h"
#include "core/meter.h"
#include "one_look.h"
#include "sim/world.h"
#include "suite.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define WORLDS  100 /* per row */
#define LOOKS   300 /* per world, one each 0.5 s */
#define MARKS   5
#define SCALE   5.0
#define PEAK_W  200.0
#define FIRST_S 20

static const struct kind {
  const char *load;
  int looks_per_row;
  bool happens; /* stops, resets, torn reads */
  double off;   /* how far the value of a phase from updates may be off the truth; 0: any, within the bounds */
} kinds[] = {
    {"const:64", 1, false, 0.01},   {"const:64", 2, false, 0.01}, {"step:0:200:23", 1, false, 0},
    {"sine:100:90:7", 2, false, 0}, {"const:64", 2, true, 0},     {"step:0:200:23", 1, true, 0},
    {"sine:100:90:7", 20, true, 0},
};

struct seen {
  int64_t to_ns;
  struct update update;
};

static void happen(struct world *world) {
  switch ((int)world_random(world, 3)) {
  case 0:
    world_stop_exporter(world);
    break;
  case 1:
    world_start_exporter(world);
    break;
  default:
    world_reset(world);
  }
}

static void judge(const struct kind *kind, uint64_t seed, const struct world *world, const char *from,
                  const struct tally *tally, const double edges_s[MARKS + 2], double off) {
  for (size_t i = 0; i <= MARKS; i++) {
    struct bounds_result energy;
    tally_energy(tally, i, &energy);
    if (!energy.has_energy)
      continue;
    double real_j = SCALE * (world_energy_j(world, edges_s[i + 1]) - world_energy_j(world, edges_s[i]) -
                             world_lost_j(world, edges_s[i], edges_s[i + 1]));
    double slack_j = SCALE * PEAK_W * EXPORTER_LAG_S + 1e-3;
    ck_assert_msg(real_j >= energy.low_j - slack_j, "%s, seed %d, phase %zu from %s: %f J, at least %f", kind->load,
                  (int)seed, i, from, real_j, energy.low_j);
    ck_assert_msg(!energy.has_high || real_j <= energy.high_j + slack_j,
                  "%s, seed %d, phase %zu from %s: %f J, at most %f", kind->load, (int)seed, i, from, real_j,
                  energy.high_j);
    ck_assert(energy.energy_j >= energy.low_j - 1e-6 && (!energy.has_high || energy.energy_j <= energy.high_j + 1e-6));
    ck_assert_msg(off <= 0 || edges_s[i + 1] - edges_s[i] < 3 || fabs(energy.energy_j - real_j) <= off * real_j,
                  "%s, seed %d, phase %zu from %s: %f J, not %f", kind->load, (int)seed, i, from, energy.energy_j,
                  real_j);
  }
}

START_TEST(test_world) {
  const struct kind *kind = &kinds[_i];
  struct load load;
  const char *problem;
  ck_assert_int_eq(load_parse(kind->load, &load, &problem), 0);
  int high = 0;
  for (uint64_t seed = 1; seed <= WORLDS; seed++) {
    struct world world;
    struct world_options world_options = {.load = &load,
                                          .period_s = 5,
                                          .jitter_s = EXPORTER_REAL,
                                          .tick_ns = 4 * NS_PER_MS,
                                          .start_uj = UINT64_C(200000000000),
                                          .seed = seed};
    const struct meter_options options = {.base = METER_SAMPLE, .scale = SCALE, .tick_ns = 4 * NS_PER_MS};
    const struct meter_options live = {.base = METER_SAMPLE, .scale = 1, .tick_ns = 4 * NS_PER_MS};
    struct run_info info = {.scale = SCALE};
    struct phases phases;
    struct instant now;
    world_init(&world, &world_options);
    world_pass(&world, FIRST_S + world_random(&world, 5));
    world_clock(&world, &now);
    double edges_s[MARKS + 2] = {world.now_s};
    int64_t offset_ns = now.wall_ns - (int64_t)(world.now_s * 1e9);
    ck_assert_int_eq(phases_read(NULL, &info, &phases), 0);
    for (int i = 1; i <= MARKS; i++) {
      edges_s[i] = edges_s[i - 1] + 1 + world_random(&world, 25);
      ck_assert_int_eq(phases_add(&phases, offset_ns + (int64_t)(edges_s[i] * 1e9), "x"), 0);
    }

    struct tally updates, rows;
    const struct tally_options with = {.phases = &phases, .scale = SCALE};
    const struct tally_options without = {.phases = &phases, .scale = SCALE, .replay = &options};
    const struct recording_vm vm = {.has_counter = true, .unit_ns = NS_PER_US};
    ck_assert_int_eq(tally_init(&updates, &with, &vm), 0);
    ck_assert_int_eq(tally_init(&rows, &without, &vm), 0);
    struct seen seen[LOOKS + 1];
    size_t seen_num = 0;
    struct meter meter;
    struct sample sample = {0};
    meter_init(&meter, &live);
    for (int look = 0; look < LOOKS; look++) {
      struct reading reading = {.error = -ENODATA};
      if (look > 0) {
        if (kind->happens && world_random(&world, 1) < 0.02)
          happen(&world);
        world_pass(&world, 0.5);
      }
      world_clock(&world, &now);
      if (!kind->happens || look == 0 || world_random(&world, 1) < 0.95)
        world_read(&world, &reading);
      take_and_sample(&meter, &reading, &now, &sample);
      if (meter_update(&meter, &seen[seen_num].update)) {
        seen[seen_num].to_ns = seen[seen_num].update.mono_ns + now.wall_ns - now.mono_ns;
        seen_num++;
      }
      if (look % kind->looks_per_row != 0)
        continue;
      struct recording_value value = {
          .ts_ns = now.wall_ns, .has_energy = sample.has_energy, .energy_uj = sample.energy_uj};
      struct tally_span span;
      ck_assert_int_eq(tally_add(&updates, &value, &span), 0);
      ck_assert_int_eq(tally_add(&rows, &value, &span), 0);
      edges_s[MARKS + 1] = world.now_s;
    }
    tally_end(&updates, updates.row_ns);
    tally_end(&rows, rows.row_ns);
    for (size_t i = 0; i < seen_num; i++) {
      struct tally_span span;
      ck_assert_int_eq(tally_update(&updates, seen[i].to_ns, &seen[i].update, &span), 0);
    }
    struct bounds_result whole;
    tally_energy(&updates, 1, &whole);
    high += whole.has_high;
    judge(kind, seed, &world, "updates", &updates, edges_s, kind->off);
    if (rows.number_ns == rows.row_ns)
      judge(kind, seed, &world, "rows", &rows, edges_s, 0);
    tally_free(&updates);
    tally_free(&rows);
    phases_free(&phases);
  }
  ck_assert_int_ge(high, kind->happens ? WORLDS / 5 : WORLDS);
}
END_TEST

/* ---- a replay, against the meter --------------------------------------------------------------------------------- */

#define SAMPLES 300 /* per world, one each second */
#define LIMIT_W 300.0

/*
 * How far a replay may be off for each reset or switch of series: two updates of the highest power. It sees no file
 * times. Without such events it is exact.
 */
#define EVENT_J (PEAK_W * 2 * 7 * SCALE)

static const struct {
  const char *what;
  bool happens, alternates, limited;
} replay_rows[] = {
    {"nothing happens", false, false, false},
    {"stops, resets, torn reads", true, false, false},
    {"the same, limited", true, false, true},
    {"two series, limited", true, true, true},
};

static void happen_or_switch(struct world *world, bool alternates, unsigned *events) {
  switch ((int)world_random(world, 4)) {
  case 0:
    world_stop_exporter(world);
    break;
  case 1:
    world_start_exporter(world);
    break;
  case 2:
    if (alternates)
      world_switch(world);
    else
      world_reset(world);
    ++*events;
    break;
  default:
    break;
  }
}

/* What was accumulated between the first value and the last one, of the meter and of the replay of its rows. */
static unsigned live_and_replay(struct world *world, size_t row, double *live_j, double *replayed_j) {
  const struct meter_options options = {
      .base = METER_SAMPLE, .scale = SCALE, .max_power_w = replay_rows[row].limited ? SCALE * LIMIT_W : 0};
  const struct recording_vm vm = {.has_counter = true, .unit_ns = NS_PER_US};
  struct meter meter;
  struct replay replay;
  struct sample sample = {0};
  double start_j = -1, first_j = -1;
  unsigned events = 0;
  meter_init(&meter, &options);
  replay_init(&replay, &options, &vm);
  for (int i = 0; i < SAMPLES; i++) {
    struct instant now;
    struct reading reading = {.error = -ENODATA};
    if (replay_rows[row].happens && world_random(world, 1) < 0.1)
      happen_or_switch(world, replay_rows[row].alternates, &events);
    world_pass(world, 1);
    world_clock(world, &now);
    if (!replay_rows[row].happens || world_random(world, 1) < 0.95)
      world_read(world, &reading);
    take_and_sample(&meter, &reading, &now, &sample);
    struct recording_value value = {
        .ts_ns = now.wall_ns, .has_energy = sample.has_energy, .energy_uj = sample.energy_uj};
    struct update update;
    int64_t to_ns;
    if (replay_take(&replay, &value, &to_ns, &update)) {
      first_j = first_j < 0 ? update.energy_j : first_j;
      *replayed_j = update.energy_j - first_j;
    }
    if (sample.has_energy) {
      start_j = start_j < 0 ? sample.energy_j : start_j;
      *live_j = sample.energy_j - start_j;
    }
  }
  return events;
}

START_TEST(test_replay) {
  struct load load;
  const char *problem;
  ck_assert_int_eq(load_parse("step:0:200:23", &load, &problem), 0);
  for (uint64_t seed = 1; seed <= WORLDS; seed++) {
    struct world world;
    struct world_options options = {.load = &load,
                                    .period_s = 5,
                                    .jitter_s = 0.4,
                                    .tick_ns = 4 * NS_PER_MS,
                                    .start_uj = UINT64_C(200000000000),
                                    .other_uj = UINT64_C(500000000000),
                                    .seed = seed};
    double live_j = 0, replayed_j = 0;
    world_init(&world, &options);
    unsigned events = live_and_replay(&world, (size_t)_i, &live_j, &replayed_j);
    ck_assert_msg(fabs(replayed_j - live_j) <= events * EVENT_J + 1e-3, "%s, seed %d: %f J, the meter %f J, %u events",
                  replay_rows[_i].what, (int)seed, replayed_j, live_j, events);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tally_truth");
  tcase_set_timeout(suite_case(suite, "worlds", NULL, NULL, EACH(test_world, kinds), EACH(test_replay, replay_rows)),
                    120);
  return suite_run(suite);
}
