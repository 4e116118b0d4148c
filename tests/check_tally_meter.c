/*
 * What a report adds up from a capture, against the meter that made it, in a simulated world in which the exporter
 * stops and starts, reads are torn, the counter is reset, or alternates with another one.
 */
#include "../standalone/tally.h"

#include "core/clock.h"
#include "core/meter.h"
#include "one_look.h"
#include "sim/world.h"
#include "suite.h"

#include <errno.h>
#include <math.h>

#define WORLDS  150 /* per row */
#define SAMPLES 300 /* per world */
#define PEAK_W  200.0
#define LIMIT_W 300.0
#define SCALE   5.0

/*
 * How far the report may be off for each reset or switch of series: two updates of the highest power. It sees no file
 * times, and does not weigh what is likely as the meter does. Without such events it is exact.
 */
#define EVENT_J (PEAK_W * 2 * 7 * SCALE)

static const struct kind {
  const char *name;
  enum meter_base base;
  bool alternates, limited;
} kinds[] = {
    {"update", METER_UPDATE, false, false},         {"sample", METER_SAMPLE, false, false},
    {"update, limited", METER_UPDATE, false, true}, {"update, two series, limited", METER_UPDATE, true, true},
    {"sample, limited", METER_SAMPLE, false, true}, {"sample, two series, limited", METER_SAMPLE, true, true},
};

struct run {
  const struct kind *kind;
  uint64_t seed;
  struct world world;
  struct meter meter;
  struct phases phases;
  struct tally with_states, without;
  bool started;
  double start_j, last_j; /* of the meter */
  unsigned events;
};

static void happen(struct run *run) {
  switch ((int)world_random(&run->world, 4)) {
  case 0:
    world_stop_exporter(&run->world);
    break;
  case 1:
    world_start_exporter(&run->world);
    break;
  case 2:
    if (run->kind->alternates)
      world_switch(&run->world);
    else
      world_reset(&run->world);
    run->events++;
    break;
  default:
    break;
  }
}

static void add(struct run *run, const struct sample *sample) {
  struct recording_value value = {.ts_ns = sample->at.wall_ns,
                                  .has_energy = sample->has_energy,
                                  .has_power = sample->has_power,
                                  .energy_uj = sample->energy_uj,
                                  .power_w = sample->power_w,
                                  .has_state = true,
                                  .state = sample->state};
  ck_assert_int_eq(tally_add(&run->with_states, &value), 0);
  value.has_state = false;
  ck_assert_int_eq(tally_add(&run->without, &value), 0);
}

static void live(struct run *run) {
  struct sample sample = {0};
  for (int i = 0; i < SAMPLES; i++) {
    struct instant now;
    struct reading reading = {.error = -ENODATA};
    if (world_random(&run->world, 1) < 0.1)
      happen(run);
    world_pass(&run->world, 1);
    world_clock(&run->world, &now);
    if (world_random(&run->world, 1) < 0.95)
      world_read(&run->world, &reading);
    take_and_sample(&run->meter, &reading, &now, &sample);
    if (sample.has_energy && !run->started)
      run->start_j = sample.energy_j;
    run->started = run->started || sample.has_energy;
    if (sample.has_energy)
      run->last_j = sample.energy_j;
    add(run, &sample);
  }
  double meter_j = run->last_j - run->start_j;
  double long_j = run->with_states.whole.counter_j, wide_j = run->without.whole.counter_j;
  double off_j = run->events * EVENT_J + 1e-3;
  ck_assert_msg(fabs(long_j - meter_j) <= off_j, "%s, seed %d: %f J, the meter %f J, %u events", run->kind->name,
                (int)run->seed, long_j, meter_j, run->events);
  ck_assert_msg(fabs(wide_j - meter_j) <= off_j, "%s, seed %d: without states %f J, the meter %f J, %u events",
                run->kind->name, (int)run->seed, wide_j, meter_j, run->events);
}

START_TEST(test_world) {
  const struct kind *kind = &kinds[_i];
  struct load load;
  const char *problem;
  ck_assert_int_eq(load_parse("step:0:200:23", &load, &problem), 0);
  for (uint64_t seed = 1; seed <= WORLDS; seed++) {
    struct run run = {.kind = kind, .seed = seed};
    struct world_options world = {.load = &load,
                                  .period_s = 5,
                                  .jitter_s = 0.4,
                                  .tick_ns = 4 * NS_PER_MS,
                                  .start_uj = UINT64_C(200000000000),
                                  .other_uj = UINT64_C(500000000000),
                                  .seed = seed};
    struct meter_options options = {
        .base = kind->base, .scale = SCALE, .max_power_w = kind->limited ? SCALE * LIMIT_W : 0};
    struct recording_vm vm = {.period_ns = 5 * NS_PER_S, .max_power_w = options.max_power_w};
    world_init(&run.world, &world);
    meter_init(&run.meter, &options);
    ck_assert_int_eq(phases_read(NULL, &run.phases), 0);
    ck_assert_int_eq(tally_init(&run.with_states, &run.phases, SCALE, &vm), 0);
    ck_assert_int_eq(tally_init(&run.without, &run.phases, SCALE, &vm), 0);
    live(&run);
    tally_free(&run.with_states);
    tally_free(&run.without);
    phases_free(&run.phases);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tally_meter");
  TCase *cases = tcase_create("worlds");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, test_world, 0, ROWS(kinds));
  suite_add_tcase(suite, cases);
  return suite_run(suite);
}
