#include "throttle.h"

bool throttle_take(struct throttle *throttle, unsigned burst, int64_t refill_ns, int64_t mono_ns) {
  int64_t full_ns = throttle->full_ns > mono_ns ? throttle->full_ns : mono_ns;
  if (full_ns - mono_ns > (int64_t)(burst - 1) * refill_ns) {
    throttle->held_back++;
    return false;
  }
  throttle->full_ns = full_ns + refill_ns;
  return true;
}
