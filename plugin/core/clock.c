#include "clock.h"

#include <errno.h>
#include <time.h>

/* Readings of the monotonic clock before and after the wall clock that are further apart: we were interrupted. */
#define CLOSE_NS (20 * NS_PER_US)
#define ATTEMPTS 5

static int read_ns(clockid_t id, int64_t *ns) {
  struct timespec t;
  if (clock_gettime(id, &t) != 0)
    return -errno;
  *ns = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
  return 0;
}

int clock_now(struct instant *now) {
  int64_t before_ns = 0, wall_ns = 0, after_ns = 0;
  struct instant best = {0};
  int64_t best_ns = INT64_MAX;
  for (int i = 0; i < ATTEMPTS && best_ns > CLOSE_NS; i++) {
    int status = read_ns(CLOCK_BOOTTIME, &before_ns);
    if (status == 0)
      status = read_ns(CLOCK_REALTIME, &wall_ns);
    if (status == 0)
      status = read_ns(CLOCK_BOOTTIME, &after_ns);
    if (status != 0)
      return status;
    if (after_ns - before_ns < best_ns) {
      best_ns = after_ns - before_ns;
      best = (struct instant){.mono_ns = before_ns + best_ns / 2, .wall_ns = wall_ns};
    }
  }
  *now = best;
  return 0;
}

int64_t clock_file_ns(void) {
  int64_t ns = 0;
  return read_ns(CLOCK_REALTIME_COARSE, &ns) == 0 ? ns : 0;
}

int64_t clock_tick_ns(void) {
  struct timespec t;
  return clock_getres(CLOCK_REALTIME_COARSE, &t) == 0 ? (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec : 0;
}
