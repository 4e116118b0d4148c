/*
 * clock: one instant, read from two clocks at once
 *
 * mono_ns   nanoseconds of CLOCK_BOOTTIME: never steps, and continues during suspend. Every duration is a difference of
 *           two mono_ns. (CLOCK_MONOTONIC stops during suspend, which would look like a step of the wall clock.)
 * wall_ns   nanoseconds of CLOCK_REALTIME since 1970-01-01 UTC: the clock of file times and of time stamps in rows. An
 *           operator or NTP may step it; wall_ns - mono_ns changes only then.
 *
 * The caller passes the time of a sample to the core, so that a test can pass hours at once.
 */
#ifndef VM_ENERGY_CLOCK_H
#define VM_ENERGY_CLOCK_H

#include <stdint.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

struct instant {
  int64_t mono_ns;
  int64_t wall_ns;
};

/*
 * Fills *now. Reads the two clocks within some microseconds, unless several attempts fail on a busy machine. Returns 0,
 * or -errno of clock_gettime (*now is then unchanged).
 */
int clock_now(struct instant *now);

/* How far the wall clock was set since wall - mono equalled offset_ns; 0: CLOCK_STEP_NS or less. */
#define CLOCK_STEP_NS (10 * NS_PER_MS)
static inline int64_t clock_step_ns(const struct instant *now, int64_t offset_ns) {
  int64_t step_ns = now->wall_ns - now->mono_ns - offset_ns;
  return step_ns > CLOCK_STEP_NS || step_ns < -CLOCK_STEP_NS ? step_ns : 0;
}

/* The modification time of a local file written now: CLOCK_REALTIME as of the last tick. 0: unknown. */
int64_t clock_file_ns(void);

/* The tick of that clock (CLOCK_REALTIME_COARSE): 1 to 10 ms. 0: unknown. */
int64_t clock_tick_ns(void);

#endif
