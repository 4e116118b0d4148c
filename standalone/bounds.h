/*
 * bounds: the energy of a window, and between what it is for certain
 *
 * A counter that moves every 5 s does not show what it was when a window began or ended: only what it was at the
 * updates around these two instants. Its energy grows from update to update,
 *
 *        a     s     b         c       e      d          a: the last update before the window, b: the first in it or
 *   -----+-----|-----+---------+-------|------+-----        behind its start; c: the last before its end, d: the first
 *                                                           behind it
 *
 * so the energy of [s, e] is at least that of b..c and at most that of a..d, whatever happened between two updates. The
 * figure itself interpolates linearly within a..b and c..d.
 *
 * Pure: no clock, no I/O. An update whose time is within a tick of an edge may lie on either side, and is not used for
 * it. Energies are in J since the first reading, times are mono_ns.
 */
#ifndef VM_ENERGY_BOUNDS_H
#define VM_ENERGY_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bounds_update {
  int64_t mono_ns;
  double energy_j;
};

#define BOUNDS_RECENT 4

struct bounds {
  int64_t start_ns, end_ns; /* end_ns: BOUNDS_OPEN until it is known */
  int64_t tick_ns;          /* how wrong the time of an update may be */
  struct bounds_update before_start, after_start;
  bool has_after_start, has_after_end;
  struct bounds_update after_end;
  struct bounds_update recent[BOUNDS_RECENT]; /* the newest updates before the end, oldest first */
  size_t recent_num;
  struct bounds_update newest;
  bool lossy; /* the counter lost energy that nobody can know */
};

#define BOUNDS_OPEN INT64_MAX

struct bounds_result {
  double energy_j; /* as far as is known: up to the last update where none came behind the end */
  double low_j;    /* at least so much */
  bool has_high;   /* false: no update behind the end, or the counter was reset */
  double high_j;   /* at most so much */
};

/*
 * first: what was read before the window, with the time of the update that it is from. It counts as made before
 * start_ns whatever that time is, since it was read before. tick_ns: see clock_tick_ns(); 0 for a counter that is
 * computed when it is read.
 */
void bounds_start(struct bounds *bounds, int64_t start_ns, int64_t tick_ns, const struct bounds_update *first);

/* An update was seen. Their times do not fall. */
void bounds_add(struct bounds *bounds, const struct bounds_update *update);

/* The counter was reset, or what it counted is lost in another way: there is no upper bound any more. */
void bounds_lose(struct bounds *bounds);

/* The window is over. Updates that are behind it may be added before and after this call. */
void bounds_end(struct bounds *bounds, int64_t end_ns);

/* Whether an update behind the end was seen, so that all is known that can be. Only after bounds_end(). */
bool bounds_are_complete(const struct bounds *bounds);

/* After bounds_end(). */
void bounds_result(const struct bounds *bounds, struct bounds_result *result);

#endif
