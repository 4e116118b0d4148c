/*
 * window: the energy of each counter between two instants
 *
 * A sink. Its counters are those of the first pass: one that comes later has no energy of the whole window, and one
 * that goes has none either. Two ways:
 *
 *   readings   the window is what lies between the first pass and the last: what the counters showed then
 *   bounds     the window lies between two instants behind the first pass; its energy is interpolated, with a bracket,
 *              see bounds.h. The passes go on until the counters were updated behind the end.
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
  const char *label, *path; /* borrowed, until window_free() */
  bool has_energy;          /* a value at the start and one at the end */
  double energy_j;
  struct bounds_result bounds; /* of a window with bounds */
  bool has_power;
  /*
   * Energy by the time of the window; where updates are the base, by the time between the update that stood at the
   * start and the last one. There is none when the counter is stale at the end, and, by updates, when it was stale
   * between two of them.
   */
  double power_w;
  enum sample_state
      state; /* why there is no energy; else reset, spike, wrap or gap when there was one, else how it ended */
  int error; /* why there is no energy, see counter_error_text() */
  bool failed_at_start;
  double uncertainty; /* readings: the share of energy_j, 0 to 1, that may be of before or behind the window; 0: not
                         known */
  uint64_t updates;
};

/* 0 or -ENOMEM. */
int window_new(struct window **window);
/* After the sampler that has the sink. NULL is fine. */
void window_free(struct window *window);
struct sink *window_sink(struct window *window);

/* After the first pass: from now on with bounds. end_ns in mono_ns, before the first pass after it. */
void window_begin(struct window *window, int64_t start_ns);
void window_end(struct window *window, int64_t end_ns);

/* Whether each counter was updated since the window's start; or since its end; or will not be: stale, gone, unreadable.
 */
bool window_has_begun(const struct window *window);
bool window_is_complete(const struct window *window);

/* How many counters there are, and what was measured of one, in the order of the passes. */
size_t window_count(const struct window *window);
void window_result(const struct window *window, size_t index, struct window_result *result);

#endif
