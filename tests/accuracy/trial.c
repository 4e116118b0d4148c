#include "trial.h"

#include "../sim/world.h"
#include "look.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum event_kind { EVENT_RESET, EVENT_STOP, EVENT_START, EVENT_WRAP, EVENT_TORN };

struct event {
  double at_s;
  enum event_kind kind;
};

static int by_time(const void *a, const void *b) {
  double left = ((const struct event *)a)->at_s, right = ((const struct event *)b)->at_s;
  return (left > right) - (left < right);
}

/* All that befalls, in the order of time; *count of them. The caller frees it. */
static struct event *plan(const struct trial *trial, size_t *count) {
  struct world dice = {.random = trial->seed ^ 0x5eed};
  *count = (size_t)(trial->resets + 2 * trial->restarts + trial->wraps + trial->torn);
  struct event *events = calloc(*count + 1, sizeof(*events)), *next = events;
  if (events == NULL)
    abort();
  for (int i = 0; i < trial->resets; i++)
    *next++ = (struct event){world_random(&dice, trial->duration_s), EVENT_RESET};
  for (int i = 0; i < trial->restarts; i++) {
    double stop_s = world_random(&dice, trial->duration_s);
    *next++ = (struct event){stop_s, EVENT_STOP};
    *next++ = (struct event){stop_s + 10 + world_random(&dice, 50), EVENT_START};
  }
  for (int i = 0; i < trial->wraps; i++)
    *next++ = (struct event){world_random(&dice, trial->duration_s), EVENT_WRAP};
  for (int i = 0; i < trial->torn; i++)
    *next++ = (struct event){world_random(&dice, trial->duration_s), EVENT_TORN};
  qsort(events, *count, sizeof(*events), by_time);
  return events;
}

/* A run, and what was so at the last good sample. */
struct run {
  struct world world;
  struct meter meter;
  struct sample sample;
  bool started;
  bool torn; /* the next read is */
  double last_s;
  double energy_j;
  double counted_j;
  double swallowed_j;
  double squares; /* of the errors */
  double first_j, first_drawn_j, first_counted_j;
};

/* Lets time pass until then, with what befalls in it. */
static void live_until(struct run *run, double until_s, const struct event **next, const struct event *end) {
  for (; *next < end && (*next)->at_s <= until_s; (*next)++) {
    world_pass(&run->world, (*next)->at_s - run->world.now_s);
    switch ((*next)->kind) {
    case EVENT_RESET:
      world_reset(&run->world);
      break;
    case EVENT_STOP:
      world_stop_exporter(&run->world);
      break;
    case EVENT_START:
      world_start_exporter(&run->world);
      break;
    case EVENT_WRAP:
      world_wrap(&run->world);
      break;
    case EVENT_TORN:
      run->torn = true;
      break;
    }
  }
  world_pass(&run->world, until_s - run->world.now_s);
}

static void score_power(struct run *run, struct score *score) {
  const struct world *world = &run->world;
  score->samples++;
  if (!run->sample.has_power)
    return;
  double real_w =
      (world_energy_j(world, world->now_s) - world_energy_j(world, run->last_s)) / (world->now_s - run->last_s);
  double error_w = fabs(run->sample.power_w - real_w);
  score->powers++;
  run->squares += error_w * error_w;
  if (error_w > score->worst_w)
    score->worst_w = error_w;
}

static void score_energy(struct run *run, struct score *score) {
  const struct world *world = &run->world;
  double drawn_j = world_energy_j(world, world->now_s);
  if (!run->started) {
    run->first_j = run->sample.energy_j;
    run->first_drawn_j = drawn_j;
    run->first_counted_j = world->counted_j;
    run->started = true;
  } else if (world->swallowed_j > run->swallowed_j) {
    score->swallowed_j += world->swallowed_j - run->swallowed_j + (double)world->number / 1e6;
    score->around_j += world->counted_j - run->counted_j;
  }
  score->resets += run->sample.state == SAMPLE_RESET;
  score->energy_j = run->sample.energy_j - run->first_j;
  score->drawn_j = drawn_j - run->first_drawn_j;
  score->counted_j = world->counted_j - run->first_counted_j;
  run->counted_j = world->counted_j;
  run->swallowed_j = world->swallowed_j;
}

static void look(struct run *run, bool is_due, struct score *score) {
  look_at(&run->meter, &run->world, run->torn, is_due, &run->sample);
  run->torn = false;
  if (!is_due)
    return;
  if (run->started)
    score_power(run, score);
  if (run->sample.has_energy)
    score_energy(run, score);
  run->last_s = run->world.now_s;
}

void trial_run(const struct trial *trial, struct score *score) {
  struct load load;
  const char *problem;
  if (load_parse(trial->load, &load, &problem) != 0) {
    fprintf(stderr, "'%s': %s\n", trial->load, problem);
    exit(2);
  }
  struct meter_options options = {.base = trial->base, .scale = 1, .tick_ns = trial->tick_ns};
  struct world_options world = {.load = &load,
                                .period_s = trial->period_s,
                                .jitter_s = trial->jitter_s,
                                .tick_ns = trial->tick_ns,
                                .start_uj = UINT64_C(1000000000),
                                .seed = trial->seed};
  struct run run = {0};
  world_init(&run.world, &world);
  meter_init(&run.meter, &options);
  *score = (struct score){0};

  size_t count;
  struct event *events = plan(trial, &count);
  const struct event *next = events;
  double start_s = world_random(&run.world, trial->period_s);
  uint64_t ticks = (uint64_t)((trial->duration_s - start_s) / trial->interval_s);
  int looks = looks_in(trial->interval_s);
  for (uint64_t tick = 0; tick <= ticks; tick++) { /* an absolute schedule */
    for (int i = tick == 0 ? 0 : looks - 1; i >= 0; i--) {
      double before_s = trial->interval_s * i / looks;
      live_until(&run, start_s + (double)tick * trial->interval_s - before_s, &next, events + count);
      look(&run, i == 0, score);
    }
  }
  free(events);
  score->rms_w = score->powers > 0 ? sqrt(run.squares / (double)score->powers) : 0;
}
