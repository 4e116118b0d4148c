/*
 * throttle: limits how often messages are logged
 *
 * A bucket of `burst` messages that refills by one every `refill_ns`. Messages held back are counted, so that the next
 * one can report them. The caller passes the time.
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
 * True if a message may be logged at mono_ns; *held_back is how many were held back since the last one. Otherwise
 * counts the message, and *held_back is 0.
 */
bool throttle_take(struct throttle *throttle, unsigned burst, int64_t refill_ns, int64_t mono_ns, uint64_t *held_back);

#endif
