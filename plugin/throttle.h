/*
 * throttle: limits how often messages are logged
 *
 * A bucket of `burst` messages that refills by one every `refill_ns`.
 */
#ifndef VM_ENERGY_THROTTLE_H
#define VM_ENERGY_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle {
  int64_t full_ns;    /* when the bucket is full again; 0 at first */
  uint64_t held_back; /* messages since the caller set it to 0 */
};

/* True if a message may be logged at mono_ns. Otherwise counts it as held back. */
bool throttle_take(struct throttle *throttle, unsigned burst, int64_t refill_ns, int64_t mono_ns);

#endif
