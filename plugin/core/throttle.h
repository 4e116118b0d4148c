/*
 * throttle: how often something may be said
 *
 * A bucket of `burst` messages that fills up again by one every `refill_ns`. What is held back is counted, so that the
 * next message can tell: nothing is lost silently. The clock is handed in.
 */
#ifndef VM_ENERGY_THROTTLE_H
#define VM_ENERGY_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle {
  int64_t full_ns; /* when the bucket is full again; 0 at first */
  uint64_t held_back;
};

/*
 * Whether a message may be said at mono_ns. If so, *held_back is how many were not since the last one that was; if not,
 * it is counted, and *held_back is 0.
 */
bool throttle_take(struct throttle *throttle, unsigned burst, int64_t refill_ns, int64_t mono_ns, uint64_t *held_back);

#endif
