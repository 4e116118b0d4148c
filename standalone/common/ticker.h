/*
 * ticker: the schedule of a time series
 *
 * Tick k is at start + k * interval, however long the work between two ticks takes, so nothing drifts. Of several ticks
 * that are due only the latest is taken; the others are counted as missed. Pure: the caller passes the time.
 */
#ifndef VM_ENERGY_TICKER_H
#define VM_ENERGY_TICKER_H

#include "core/clock.h"
#include "core/meter.h"

#include <stdbool.h>
#include <stdint.h>

struct ticker {
  struct instant start; /* tick 0, the baseline */
  int64_t interval_ns;
  int64_t offset_ns;   /* wall - mono; changes when the wall clock is set */
  uint64_t last;       /* the last tick taken; 0: none */
  uint64_t taken;      /* how many ticks */
  uint64_t missed;     /* how many were skipped */
  uint64_t steps;      /* how often the wall clock was set */
  int64_t step_at_ns;  /* the last step: the time that the wall clock would have shown without it, */
  int64_t step_ns;     /* and by how much */
  int64_t late_max_ns; /* how late a tick was taken, at most */
  int64_t hole_max_ns; /* the longest time between two taken ticks with missed ones between */
};

/* interval_ns: 1 or more. */
void ticker_start(struct ticker *ticker, const struct instant *start, int64_t interval_ns);

/* The next tick, in mono_ns. */
int64_t ticker_deadline(const struct ticker *ticker);

/*
 * The next look at the counters, in mono_ns: at the next tick, or before it, so that two looks are at most
 * METER_LOOK_NS apart. Looks divide the interval evenly.
 */
int64_t ticker_next_look(const struct ticker *ticker, int64_t mono_ns);

/* The time until that tick: 0 if it is past, INT64_MAX if it does not fit. */
int64_t ticker_left(const struct ticker *ticker, uint64_t tick, const struct instant *now);

/*
 * Takes the tick that is due. False: none is; *wall_ns is unchanged. *wall_ns is the scheduled time by the wall clock,
 * so that time stamps are evenly spaced even if we wake late. They follow the wall clock when it is set by more than
 * 10 ms; smaller differences come from reading two clocks one after the other.
 */
bool ticker_take(struct ticker *ticker, const struct instant *now, int64_t *wall_ns);

/* Decimals for time stamps that are interval_ns apart: 0 for whole seconds, else 3, 6 or 9, to be even within 1 %. */
unsigned ticker_decimals(int64_t interval_ns);

#endif
