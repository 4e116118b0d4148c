/*
 * window: the energy of each counter between the first and the last pass
 *
 * A sink. Its counters are those of the first pass: one that comes later has no energy of the whole window, and one
 * that goes has none either.
 */
#ifndef VM_ENERGY_WINDOW_H
#define VM_ENERGY_WINDOW_H

#include "core/sink.h"

#include <stdbool.h>
#include <stddef.h>

struct window;

struct window_result {
  const char *label, *path; /* borrowed, until window_free() */
  bool has_energy;          /* a value at the start and one at the end */
  double energy_j;
  bool has_power;
  double power_w; /* energy by time: by that of the window, or by that between two updates where they are the base */
  enum sample_state state; /* the worst: how it ended, or reset, wrap, gap when there was one */
  int error;               /* why there is no energy, see counter_error_text() */
  bool failed_at_start;
};

/* 0 or -ENOMEM. */
int window_new(struct window **window);
/* After the sampler that has the sink. NULL is fine. */
void window_free(struct window *window);
struct sink *window_sink(struct window *window);

/* How many counters there are, and what was measured of one, in the order of the passes. */
size_t window_count(const struct window *window);
void window_result(const struct window *window, size_t index, struct window_result *result);

#endif
