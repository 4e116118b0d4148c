#include "brackets.h"

#include "sim/world.h"
#include "window.h"

#include <errno.h>
#include <stdlib.h>

/* Nobody waits longer for the update behind a window; by then a counter is stale. */
#define PATIENCE_S 300.0

/* Energy is told in whole microjoules, and the sums of two thousand of them are rounded. */
#define ROUNDING_J 1e-4

struct bracket {
  const struct trial *trial;
  struct world world;
  struct meter meter;
  struct window *window;
  void *slot;
  double reset_s, torn_s; /* moments; negative: never, or over */
  double stop_s, restart_s;
  double uncounted_from_s, uncounted_to_s; /* the exporter saw nothing of this */
};

/* Whether the moment lies in the time that passes until then; it is over with that. */
static bool is_due(double *moment_s, double until_s) {
  if (*moment_s < 0 || *moment_s > until_s)
    return false;
  *moment_s = -1;
  return true;
}

static void live_until(struct bracket *b, double until_s) {
  struct world *world = &b->world;
  double stop_s = b->stop_s, restart_s = b->restart_s;
  if (is_due(&b->reset_s, until_s))
    world_reset(world);
  if (is_due(&b->stop_s, until_s)) {
    world_pass(world, stop_s - world->now_s);
    b->uncounted_from_s = world->updated_s;
    world_stop_exporter(world);
  }
  if (is_due(&b->restart_s, until_s)) {
    world_pass(world, restart_s - world->now_s);
    world_start_exporter(world);
  }
  world_pass(world, until_s - world->now_s);
}

static void look(struct bracket *b, double at_s) {
  struct instant now;
  struct reading reading = {.error = -ENODATA};
  struct sample sample = {.label = "vm", .name = "vm", .path = "/vm/energy_uj", .slot = &b->slot};
  struct sink *sink = window_sink(b->window);
  live_until(b, at_s);
  world_clock(&b->world, &now);
  if (!is_due(&b->torn_s, at_s))
    world_read(&b->world, &reading);
  meter_update(&b->meter, &reading, &now, &sample);
  if (sink->begin(sink, &now, 1) != 0 || sink->put(sink, &sample) != 0 || sink->end(sink) != 0)
    abort();
}

static int64_t mono_ns(const struct bracket *b, double at_s) {
  struct instant now;
  world_clock(&b->world, &now);
  return now.mono_ns + (int64_t)((at_s - b->world.now_s) * 1e9);
}

/* What the exporter counted of the time between the two. */
static double truth_j(const struct bracket *b, double from_s, double to_s) {
  double lost_from_s = from_s > b->uncounted_from_s ? from_s : b->uncounted_from_s;
  double lost_to_s = to_s < b->uncounted_to_s ? to_s : b->uncounted_to_s;
  double lost_j =
      lost_from_s < lost_to_s ? world_energy_j(&b->world, lost_to_s) - world_energy_j(&b->world, lost_from_s) : 0;
  return world_energy_j(&b->world, to_s) - world_energy_j(&b->world, from_s) - lost_j;
}

static void measure(struct bracket *b, struct bracket_score *score) {
  const struct trial *trial = b->trial;
  struct world *world = &b->world;
  double start_s = 120 + world_random(world, 600), end_s = start_s + 1 + world_random(world, 59);
  double around_s = end_s - start_s + 10;
  b->reset_s = trial->resets > 0 ? start_s - 5 + world_random(world, around_s) : -1;
  b->torn_s = trial->torn > 0 ? start_s + world_random(world, around_s) : -1;
  b->stop_s = b->restart_s = -1;
  b->uncounted_from_s = b->uncounted_to_s = -1;
  if (trial->restarts > 0) {
    b->stop_s = start_s - 5 + world_random(world, around_s);
    b->restart_s = b->uncounted_to_s = b->stop_s + 10 + world_random(world, 50);
  }

  double at_s = start_s;
  look(b, at_s);
  window_begin(b->window, mono_ns(b, start_s), trial->tick_ns);
  while ((at_s += trial->interval_s) < end_s)
    look(b, at_s);
  window_end(b->window, mono_ns(b, end_s));
  for (; !window_is_complete(b->window) && at_s < end_s + PATIENCE_S; at_s += trial->interval_s)
    look(b, at_s);
  live_until(b, at_s + 2 * PATIENCE_S);

  struct window_result result;
  window_result(b->window, 0, &result);
  if (!result.has_energy)
    return;
  double real_j = truth_j(b, start_s, end_s);
  const struct bounds_result *bounds = &result.bounds;
  score->windows++;
  score->with_high += bounds->has_high;
  score->inside += real_j >= bounds->low_j - ROUNDING_J && (!bounds->has_high || real_j <= bounds->high_j + ROUNDING_J);
  if (bounds->has_high)
    score->width_j += bounds->high_j - bounds->low_j;
}

void brackets_run(const struct trial *trial, int windows, struct bracket_score *score) {
  struct load load;
  const char *problem;
  if (load_parse(trial->load, &load, &problem) != 0)
    abort();
  struct meter_options options = {.base = METER_AUTO, .scale = 1, .tick_ns = trial->tick_ns};
  *score = (struct bracket_score){0};
  for (int i = 0; i < windows; i++) {
    struct world_options world = {.load = &load,
                                  .period_s = trial->period_s,
                                  .jitter_s = trial->jitter_s,
                                  .tick_ns = trial->tick_ns,
                                  .start_uj = UINT64_C(1000000000),
                                  .seed = trial->seed * 1000003 + (uint64_t)i};
    struct bracket b = {.trial = trial};
    world_init(&b.world, &world);
    meter_init(&b.meter, &options);
    if (window_new(&b.window) != 0)
      abort();
    measure(&b, score);
    window_free(b.window);
  }
  if (score->with_high > 0)
    score->width_j /= score->with_high;
}
