/*
 * window: the energy of each counter between two instants
 *
 * A sink. Counters that are not in all of the window have no energy. Two ways:
 *
 *   readings   from the first pass to the last, by what the counters showed then
 *   bounds     between two instants after the first pass; the energy is interpolated and has bounds, see bounds.h. The
 *              passes continue until the counters were updated after the end.
 */
#ifndef VM_ENERGY_WINDOW_H
#define VM_ENERGY_WINDOW_H

#include "common/bounds.h"

#include "core/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window;

struct window_result {
  const char *label, *path; /* valid until window_free() */
  bool has_energy;          /* there is a value at the start and at the end */
  double energy_j;
  struct bounds_result bounds; /* of a window with bounds */
  bool has_power;
  /*
   * Energy by the time of the window; by updates, the time from the update before the start to the last one. None if
   * the counter is stale at the end or, by updates, was stale between two of them.
   */
  double power_w;
  enum sample_state state; /* why there is no energy; else reset, spike, wrap or gap if seen; else the last one */
  int error;               /* why there is no energy, see counter_error_text() */
  bool failed_at_start;
  double uncertainty; /* readings: share of energy_j, 0 to 1, that may be from outside the window; 0: unknown */
  uint64_t updates;
};

/* 0 or -ENOMEM. */
int window_new(struct window **window);
/* After the sampler that has the sink. NULL is fine. */
void window_free(struct window *window);
struct sink *window_sink(struct window *window);

/* A window with bounds, in mono_ns: begin after the first pass, end before the first pass after end_ns. */
void window_begin(struct window *window, int64_t start_ns);
void window_end(struct window *window, int64_t end_ns);

/* True once each counter was updated since the start, or the end, or will not be: stale, removed, unreadable. */
bool window_has_begun(const struct window *window);
bool window_is_complete(const struct window *window);

/* How many counters there are, and the result of one, in the order of the first pass. */
size_t window_count(const struct window *window);
void window_result(const struct window *window, size_t index, struct window_result *result);

#endif
