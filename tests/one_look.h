/* One look and the sample of it, for tests whose looks are all samples. */
#ifndef VM_ENERGY_TESTS_ONE_LOOK_H
#define VM_ENERGY_TESTS_ONE_LOOK_H

#include "core/meter.h"

static inline void take_and_sample(struct meter *meter, const struct reading *reading, const struct instant *now,
                                   struct sample *sample) {
  struct reading at_now = *reading;
  at_now.at = *now;
  at_now.local = true;
  meter_take(meter, &at_now);
  meter_sample(meter, sample);
}

#endif
