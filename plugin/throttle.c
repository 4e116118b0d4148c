#include "throttle.h"

bool throttle_take(struct throttle *throttle, unsigned burst, int64_t refill_ns, int64_t mono_ns, uint64_t *held_back) {
  int64_t full_ns = throttle->full_ns > mono_ns ? throttle->full_ns : mono_ns;
  *held_back = 0;
  if (full_ns - mono_ns > (int64_t)(burst - 1) * refill_ns) {
    throttle->held_back++;
    return false;
  }
  throttle->full_ns = full_ns + refill_ns;
  *held_back = throttle->held_back;
  throttle->held_back = 0;
  return true;
}
