#include "world.h"

#include <errno.h>
#include <math.h>

/* Where the two clocks stand at the start: an hour after boot, in 2026. */
#define MONO_START_NS (INT64_C(3600) * NS_PER_S)
#define WALL_START_NS (INT64_C(1795000000) * NS_PER_S)

double world_random(struct world *w, double most) {
  return exporter_random(&w->random, most);
}

double world_energy_j(const struct world *w, double at_s) {
  return load_energy_j(w->options.load, at_s - w->asleep_s);
}

double world_lost_j(const struct world *w, double from_s, double to_s) {
  double sum_j = 0;
  unsigned first = w->losses_num > WORLD_LOSSES ? w->losses_num - WORLD_LOSSES : 0;
  for (unsigned i = first; i < w->losses_num; i++) {
    const struct world_loss *loss = &w->losses[i % WORLD_LOSSES];
    double lost_from_s = fmax(loss->from_s, from_s), lost_to_s = fmin(loss->to_s, to_s);
    if (lost_from_s < lost_to_s)
      sum_j += world_energy_j(w, lost_to_s) - world_energy_j(w, lost_from_s);
  }
  return sum_j;
}

/* What the VM drew since the last pass, or the last look at a computed counter. */
static double draw(struct world *w, double at_s) {
  double drawn_j = world_energy_j(w, at_s), more_j = drawn_j - w->seen_j;
  w->seen_j = drawn_j;
  return more_j;
}

static void update(struct world *w, double at_s, double more_j) {
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
}

static void start_pass(struct world *w) {
  double at_s = w->next_s, more_j = draw(w, at_s);
  bool writes = exporter_pass(&w->exporter);
  if (++w->seen < EXPORTER_SEEN || !writes) {
    w->losses[w->losses_num++ % WORLD_LOSSES] = (struct world_loss){w->pass_s, at_s};
  } else {
    w->writing = true;
    w->more_j = more_j;
    w->empty_s = at_s + w->position * exporter_spread_s(&w->exporter);
    w->write_s = w->empty_s + exporter_hole_s(&w->exporter);
  }
  w->pass_s = at_s;
  w->next_s = at_s + exporter_pause_s(&w->exporter);
}

void world_init(struct world *w, const struct world_options *options) {
  *w = (struct world){.options = *options,
                      .random = options->seed,
                      .wall_offset_ns = WALL_START_NS - MONO_START_NS,
                      .seen = EXPORTER_SEEN,
                      .series = {options->start_uj, options->other_uj}};
  exporter_init(&w->exporter, options->period_s, options->jitter_s, ~options->seed);
  w->position = exporter_random(&w->exporter.random, 1);
  update(w, 0, 0);
  w->next_s = exporter_pause_s(&w->exporter);
}

void world_pass(struct world *w, double seconds) {
  w->now_s += fmax(seconds, 0);
  while (!w->options.computed) {
    if (w->writing && w->write_s <= w->now_s) {
      w->writing = false;
      update(w, w->write_s, w->more_j);
    } else if (!w->writing && !w->down && w->next_s <= w->now_s) {
      start_pass(w);
    } else {
      return;
    }
  }
}

void world_suspend(struct world *w, double seconds) {
  w->now_s += seconds;
  w->asleep_s += seconds;
  w->next_s += seconds;
  w->empty_s += seconds;
  w->write_s += seconds;
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
  w->seen = 0;
  w->position = exporter_random(&w->exporter.random, 1);
  w->next_s = w->now_s;
  world_pass(w, 0);
}

void world_wrap(struct world *w) {
  w->exporter.wrapped = true;
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
    update(w, w->now_s, draw(w, w->now_s));
  if (w->writing && w->empty_s <= w->now_s) {
    double patience_s = (double)COUNTER_PATIENCE_NS / 1e9, wait_s = w->write_s - w->now_s;
    world_pass(w, fmin(wait_s, patience_s));
    if (wait_s > patience_s) {
      *reading = (struct reading){.error = -ENODATA};
      return;
    }
  }
  *reading = (struct reading){.energy_uj = w->number, .mtime_ns = w->mtime_ns, .computed = w->options.computed};
}
