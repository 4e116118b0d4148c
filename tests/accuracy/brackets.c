#include "brackets.h"
#include "../one_look.h"

#include "../sim/world.h"
#include "look.h"
#include "measure/window.h"

#include <stdlib.h>

/* Nobody waits longer for the update behind a window; by then a counter is stale. */
#define PATIENCE_S 300.0

/*
 * The exporter counts up to the start of its pass and writes a bit later, so an update may lack what was drawn in
 * EXPORTER_LAG_S. No load here draws more than this.
 */
#define PEAK_W 200.0

struct bracket {
  const struct trial *trial;
  struct world world;
  struct meter meter;
  struct window *window;
  void *slot;
  double reset_s, torn_s; /* moments; negative: never, or over */
  double stop_s, restart_s, wrap_s;
};

/* Whether the moment lies in the time that passes until then; it is over with that. */
static bool is_over(double *moment_s, double until_s) {
  if (*moment_s < 0 || *moment_s > until_s)
    return false;
  *moment_s = -1;
  return true;
}

static void live_until(struct bracket *b, double until_s) {
  struct world *world = &b->world;
  double stop_s = b->stop_s, restart_s = b->restart_s;
  if (is_over(&b->reset_s, until_s))
    world_reset(world);
  if (is_over(&b->stop_s, until_s)) {
    world_pass(world, stop_s - world->now_s);
    world_stop_exporter(world);
  }
  if (is_over(&b->restart_s, until_s)) {
    world_pass(world, restart_s - world->now_s);
    world_start_exporter(world);
  }
  if (is_over(&b->wrap_s, until_s))
    world_wrap(world);
  world_pass(world, until_s - world->now_s);
}

static void look(struct bracket *b, double at_s, bool is_due) {
  struct sample sample = {.label = "vm", .path = "/vm/energy_uj", .slot = &b->slot};
  struct sink *sink = window_sink(b->window);
  live_until(b, at_s);
  look_at(&b->meter, &b->world, is_over(&b->torn_s, at_s), is_due, &sample);
  pass_update(sink, &b->meter, &sample);
  if (is_due && (sink->begin(sink, &sample.at, 1) != 0 || sink->put(sink, &sample) != 0 || sink->end(sink) != 0))
    abort();
}

/* The sample at the end of an interval, and the looks within. */
static void sample_at(struct bracket *b, double at_s) {
  int looks = looks_in(b->trial->interval_s);
  for (int i = looks - 1; i >= 0; i--)
    look(b, at_s - b->trial->interval_s * i / looks, i == 0);
}

static int64_t mono_ns(const struct bracket *b, double at_s) {
  struct instant now;
  world_clock(&b->world, &now);
  return now.mono_ns + (int64_t)((at_s - b->world.now_s) * 1e9);
}

static void measure(struct bracket *b, struct bracket_score *score) {
  const struct trial *trial = b->trial;
  struct world *world = &b->world;
  double start_s = 120 + world_random(world, 600), end_s = start_s + 1 + world_random(world, 59);
  double around_s = end_s - start_s + 10;
  b->reset_s = trial->resets > 0 ? start_s - 5 + world_random(world, around_s) : -1;
  b->torn_s = trial->torn > 0 ? start_s + world_random(world, around_s) : -1;
  b->stop_s = b->restart_s = b->wrap_s = -1;
  if (trial->restarts > 0) {
    b->stop_s = start_s - 5 + world_random(world, around_s);
    b->restart_s = b->stop_s + 10 + world_random(world, 50);
  }
  if (trial->wraps > 0)
    b->wrap_s = start_s - 5 + world_random(world, around_s);

  double at_s = start_s;
  look(b, at_s, true);
  window_begin(b->window, mono_ns(b, start_s));
  while ((at_s += trial->interval_s) < end_s)
    sample_at(b, at_s);
  window_end(b->window, mono_ns(b, end_s));
  for (; !window_is_complete(b->window) && at_s < end_s + PATIENCE_S; at_s += trial->interval_s)
    sample_at(b, at_s);
  live_until(b, at_s + 2 * PATIENCE_S);

  struct window_result result;
  window_result(b->window, 0, &result);
  if (!result.has_energy)
    return;
  double real_j = world_energy_j(world, end_s) - world_energy_j(world, start_s) - world_lost_j(world, start_s, end_s);
  const struct bounds_result *bounds = &result.bounds;
  score->windows++;
  score->with_high += bounds->has_high;
  double slack_j = PEAK_W * EXPORTER_LAG_S;
  score->inside += real_j >= bounds->low_j - slack_j && (!bounds->has_high || real_j <= bounds->high_j + slack_j);
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
