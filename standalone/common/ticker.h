/*
 * ticker: the schedule of a time series
 *
 * Absolute: tick k is at start + k * interval, whatever the work between two ticks took, so nothing drifts. A tick
 * whose time passes before it can be taken is skipped and counted, never queued: of several that are due only the
 * latest is taken. Pure arithmetic, no clock; who waits hands in the time.
 */
#ifndef VM_ENERGY_TICKER_H
#define VM_ENERGY_TICKER_H

#include "core/clock.h"
#include "core/meter.h"

#include <stdbool.h>
#include <stdint.h>

struct ticker {
  struct instant start; /* tick 0, at which the baseline was read */
  int64_t interval_ns;
  int64_t offset_ns;   /* wall - mono, until the wall clock is set */
  uint64_t last;       /* the last tick that was taken; 0: none was */
  uint64_t taken;      /* how many were */
  uint64_t missed;     /* how many were skipped */
  uint64_t steps;      /* how often the wall clock was set meanwhile */
  int64_t step_at_ns;  /* the last time, noticed when it would have shown this without, */
  int64_t step_ns;     /* and by how much */
  int64_t late_max_ns; /* how late a tick was taken at most */
  int64_t hole_max_ns; /* the longest time between two ticks that were taken, with one or more missed in it */
};

/* interval_ns: 1 or more. */
void ticker_start(struct ticker *ticker, const struct instant *start, int64_t interval_ns);

/* When the next tick is, in mono_ns. */
int64_t ticker_deadline(const struct ticker *ticker);

/*
 * When the counters are to be looked at next, in mono_ns: at the next tick, or before it, so that no two looks are more
 * than METER_LOOK_NS apart. Looks divide the interval evenly.
 */
int64_t ticker_next_look(const struct ticker *ticker, int64_t mono_ns);

/* How long it is from now until that tick; 0 when it is past, INT64_MAX when it is further than can be told. */
int64_t ticker_left(const struct ticker *ticker, uint64_t tick, const struct instant *now);

/*
 * Takes the tick that is due. False: none is, *wall_ns is untouched. *wall_ns is the time on the schedule, told by the
 * wall clock: the time stamps of a run are evenly spaced also when the machine wakes us late. They follow the wall
 * clock when it is set by more than 10 ms; smaller differences are those of reading two clocks one after the other.
 */
bool ticker_take(struct ticker *ticker, const struct instant *now, int64_t *wall_ns);

/*
 * How many decimals time stamps need that are interval_ns apart: none for whole seconds, else 3, 6 or 9, so many that
 * they are even within 1 %.
 */
unsigned ticker_decimals(int64_t interval_ns);

#endif
