#include "world.h"

#include <math.h>

/* Where the two clocks stand at the start: an hour after boot, in 2026. */
#define MONO_START_NS (INT64_C(3600) * NS_PER_S)
#define WALL_START_NS (INT64_C(1795000000) * NS_PER_S)

/* SplitMix64: a counter that is stirred. */
static uint64_t next_random(struct world *w) {
  w->random += UINT64_C(0x9E3779B97F4A7C15);
  uint64_t z = w->random;
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

double world_random(struct world *w, double most) {
  return (double)(next_random(w) >> 11) * 0x1p-53 * most;
}

double world_energy_j(const struct world *w, double at_s) {
  return load_energy_j(w->options.load, at_s - w->asleep_s);
}

static void update(struct world *w, double at_s) {
  double drawn_j = world_energy_j(w, at_s), more_j = w->uncounted ? 0 : drawn_j - w->seen_j;
  w->seen_j = drawn_j;
  w->uncounted = false;
  w->counted_j += more_j;
  w->rest_uj += more_j * 1e6;
  double whole_uj = floor(w->rest_uj);
  w->rest_uj -= whole_uj;
  for (int i = 0; i < 2; i++)
    w->series[i] += (uint64_t)whole_uj;
  if (w->switches)
    w->shown = 1 - w->shown;
  if (w->resets) {
    w->series[w->shown] = 0;
    w->swallowed_j += more_j;
  }
  w->switches = w->resets = false;
  w->number = w->series[w->shown];
  int64_t wall_ns = MONO_START_NS + llround(at_s * 1e9) + w->wall_offset_ns;
  w->mtime_ns = wall_ns - wall_ns % w->options.tick_ns;
  w->updates++;
  w->updated_s = at_s;
  w->next_s = at_s + w->options.period_s + world_random(w, w->options.jitter_s);
}

void world_init(struct world *w, const struct world_options *options) {
  *w = (struct world){.options = *options,
                      .random = options->seed,
                      .wall_offset_ns = WALL_START_NS - MONO_START_NS,
                      .uncounted = true,
                      .series = {options->start_uj, options->other_uj}};
  update(w, 0);
}

void world_pass(struct world *w, double seconds) {
  w->now_s += seconds;
  while (!w->options.computed && !w->down && w->next_s <= w->now_s)
    update(w, w->next_s);
}

void world_suspend(struct world *w, double seconds) {
  w->now_s += seconds;
  w->asleep_s += seconds;
  w->next_s += seconds;
}

void world_set_clock(struct world *w, double by_s) {
  w->wall_offset_ns += llround(by_s * 1e9);
}

void world_stop_exporter(struct world *w) {
  w->down = true;
}

void world_start_exporter(struct world *w) {
  if (!w->down)
    return;
  w->down = false;
  w->uncounted = true;
  w->next_s = w->now_s;
  world_pass(w, 0);
}

void world_reset(struct world *w) {
  w->resets = true;
}

void world_switch(struct world *w) {
  w->switches = true;
}

void world_clock(const struct world *w, struct instant *now) {
  now->mono_ns = MONO_START_NS + llround(w->now_s * 1e9);
  now->wall_ns = now->mono_ns + w->wall_offset_ns;
}

void world_read(struct world *w, struct reading *reading) {
  if (w->options.computed)
    update(w, w->now_s);
  *reading = (struct reading){.energy_uj = w->number, .mtime_ns = w->mtime_ns, .computed = w->options.computed};
}
