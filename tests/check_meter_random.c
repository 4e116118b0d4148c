/*
 * The meter against a simulated world in which everything goes wrong at random: whatever happens, no power is told that
 * did not exist, and no energy is lost without a state that says so.
 */
#include "core/meter.h"
#include "sim/world.h"
#include "suite.h"

#include <errno.h>
#include <math.h>

#define WORLDS  400 /* per row */
#define EVENTS  250 /* per world */
#define TICK_NS (4 * NS_PER_MS)
#define PEAK_W  200.0
#define LIMIT_W 300.0 /* max_power_w where it is set */

enum series { ONE, FAR, NEAR }; /* how many series there are, and how far the second is from the first */

static const struct kind {
  const char *name;
  enum meter_base base;
  bool computed;
  bool limited; /* max_power_w is set */
  enum series series;
} kinds[] = {
    {"auto", METER_AUTO, false, false, ONE},
    {"auto, limited", METER_AUTO, false, true, ONE},
    {"auto, two series", METER_AUTO, false, false, FAR},
    {"auto, two series, limited", METER_AUTO, false, true, FAR},
    {"auto, two series that are near, limited", METER_AUTO, false, true, NEAR},
    {"update", METER_UPDATE, false, false, ONE},
    {"sample", METER_SAMPLE, false, false, ONE},
    {"sample, limited", METER_SAMPLE, false, true, ONE},
    {"sample, two series", METER_SAMPLE, false, false, FAR},
    {"computed", METER_AUTO, true, false, ONE},
    {"computed, limited", METER_AUTO, true, true, ONE},
    {"computed, two series", METER_AUTO, true, false, FAR},
    {"computed, two series, limited", METER_AUTO, true, true, FAR},
};

static const char *const curves[] = {"const:100", "sine:100:100:37", "step:0:200:23", "idle"};

/* A run, and what it knows of the last good reading. */
struct run {
  const struct kind *kind;
  uint64_t seed;
  struct world world;
  struct meter meter;
  struct sample sample;
  int good;         /* readings */
  bool stepped;     /* the wall clock was, since the last good reading */
  bool reset;       /* the counter was */
  double counted_j; /* then */
  double energy_j;
  double start_j;
  double lost_j; /* what resets may have swallowed */
};

/* One that looks at each of millions of samples; ck_assert tells its parent of each. */
#define SAYS(run, condition)                                                                                           \
  do {                                                                                                                 \
    if (!(condition))                                                                                                  \
      ck_abort_msg("%s, seed %llu, %.3f s: %s: " #condition " (%g W, %g J)", (run)->kind->name,                        \
                   (unsigned long long)(run)->seed, (run)->world.now_s, sample_state_name((run)->sample.state),        \
                   (run)->sample.power_w, (run)->sample.energy_j);                                                     \
  } while (0)

/* What is true of every sample. */
static void check_sample(struct run *run) {
  const struct sample *s = &run->sample;
  const struct kind *kind = run->kind;
  double more_j = run->world.counted_j - run->counted_j;
  SAYS(run, !s->has_power || (s->power_w >= 0 && run->good >= 2));
  SAYS(run, s->age_ns >= 0);
  if (!s->has_energy)
    return;

  if (s->has_power && s->by_update && !kind->computed)
    SAYS(run, s->power_w <= PEAK_W * 1.005 + 1e-3 || (kind->series != ONE && kind->limited));
  if (s->has_power && kind->computed) /* its times are exact, its numbers whole microjoules */
    SAYS(run, s->power_w <= PEAK_W + 1e3 / (double)s->dt_ns + 1e-6 || (kind->series != ONE && kind->limited));
  if (s->has_power && !s->by_update) /* never more than was counted meanwhile, however short the sample */
    SAYS(run, s->power_w * (double)s->dt_ns / 1e9 <= more_j + 2e-6 || (kind->series != ONE && kind->limited));
  if (s->has_power && kind->limited)
    SAYS(run, s->power_w <= LIMIT_W);

  SAYS(run, s->energy_j >= run->energy_j);
  SAYS(run, fabs(s->energy_j - run->energy_j - s->delta_j) < 1e-5);
  if (run->reset || s->state == SAMPLE_RESET || s->state == SAMPLE_SPIKE)
    run->lost_j += more_j;
  if (kind->series != NEAR)
    SAYS(run, s->energy_j - run->start_j <= run->world.counted_j + 1e-5);
  if (kind->series == ONE)
    SAYS(run, s->energy_j - run->start_j >= run->world.counted_j - run->lost_j - 1e-5);
  if (kind->series == ONE && kind->limited && kind->base != METER_SAMPLE && !kind->computed)
    SAYS(run, s->state != SAMPLE_SPIKE || run->meter.alternates);
  run->energy_j = s->energy_j;
}

/* The instant is looked at, late_s pass, and the file is read. */
static void look(struct run *run, double late_s, bool torn) {
  struct instant now;
  struct reading reading = {.error = -ENODATA};
  world_clock(&run->world, &now);
  world_pass(&run->world, late_s);
  if (!torn) {
    world_read(&run->world, &reading);
    run->good++;
  }
  meter_update(&run->meter, &reading, &now, &run->sample);
  if (run->good == 1 && !torn) {
    run->start_j = run->energy_j = run->sample.energy_j;
    run->start_j -= run->world.counted_j;
  }
  check_sample(run);
  if (torn)
    return;
  run->counted_j = run->world.counted_j;
  run->reset = run->world.resets;
  run->stepped = false;
}

static double either_sign(struct world *w, double value) {
  return world_random(w, 1) < 0.5 ? -value : value;
}

static void happen(struct run *run) {
  struct world *w = &run->world;
  const struct kind *kind = run->kind;
  switch ((int)world_random(w, 12)) {
  case 0: /* within and between two updates; one that nobody saw, or two in one sample, cannot always be known */
    if (!run->stepped && run->good > 0)
      world_set_clock(w, either_sign(w, 0.02 + pow(world_random(w, 1), 4) * 4000));
    run->stepped = true;
    break;
  case 1:
    world_suspend(w, world_random(w, 4000));
    break;
  case 2: /* the sampler is stopped */
    world_pass(w, world_random(w, 60));
    break;
  case 3: /* ... between the look at the clock and the read: only modification times that are known can tell */
    if (kind->base != METER_SAMPLE && !kind->computed && !kind->limited && !run->stepped)
      look(run, 30, false);
    break;
  case 4:
    world_stop_exporter(w);
    break;
  case 5:
    world_start_exporter(w);
    break;
  case 6: /* two series that start anew are near each other */
    if (kind->series == ONE) {
      world_reset(w);
      run->reset = true;
    }
    break;
  case 7:
  case 8:
    if (kind->series != ONE && run->good > 0) /* without a limit, from the low one to the high one may be a load */
      world_switch(w);
    break;
  default:
    break;
  }
}

static void live(struct run *run, const struct load *load) {
  const struct kind *kind = run->kind;
  struct meter_options options = {
      .base = kind->base, .scale = 1, .tick_ns = TICK_NS, .max_power_w = kind->limited ? LIMIT_W : 0};
  double gap_j = kind->series == NEAR ? 300 : 1e8;
  struct world_options world = {.load = load,
                                .tick_ns = TICK_NS,
                                .start_uj = UINT64_C(200000000000000),
                                .computed = kind->computed,
                                .seed = run->seed};
  world.other_uj = world.start_uj - (uint64_t)(gap_j * 1e6);
  struct world dice = {.random = run->seed}; /* what the world is like, before it is */
  world.period_s = world_random(&dice, 1) < 0.3 ? 0.02 + world_random(&dice, 1) : 5;
  world.jitter_s = world.period_s * world_random(&dice, 0.2);
  if (kind->series == ONE && world_random(&dice, 1) < 0.5)
    world.start_uj = (uint64_t)world_random(&dice, 1e9);
  if (kind->series != ONE && kind->limited && world_random(&dice, 1) < 0.5) { /* the low one first */
    uint64_t high_uj = world.start_uj;
    world.start_uj = world.other_uj;
    world.other_uj = high_uj;
  }
  double interval_s = pow(10, world_random(&dice, 3) - 1.7);

  world_init(&run->world, &world);
  meter_init(&run->meter, &options);
  for (int i = 0; i < EVENTS; i++) {
    if (world_random(&run->world, 1) < 0.3)
      happen(run);
    world_pass(&run->world, world_random(&run->world, interval_s));
    if (world_random(&run->world, 1) < 0.2)
      happen(run);
    world_pass(&run->world, world_random(&run->world, interval_s));
    look(run, 0, world_random(&run->world, 1) < 0.1);
  }
}

START_TEST(nothing_is_made_up) {
  for (uint64_t seed = 0; seed < WORLDS; seed++) {
    struct load load;
    const char *problem;
    ck_assert_int_eq(load_parse(curves[seed % 4], &load, &problem), 0);
    struct run run = {.kind = &kinds[_i], .seed = seed * 7919 + (uint64_t)_i};
    live(&run, &load);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("meter_random");
  TCase *tcase = tcase_create("worlds");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, nothing_is_made_up, 0, ROWS(kinds));
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
