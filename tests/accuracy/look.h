/* How the bench drives a meter: the only place here that knows. */
#ifndef VM_ENERGY_ACCURACY_LOOK_H
#define VM_ENERGY_ACCURACY_LOOK_H

#include "../sim/world.h"
#include "core/meter.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

/* No two looks are further apart, whatever the interval of the samples. */
#define LOOK_S 2.0

/* Looks in each interval: the last one is that of the sample. */
static inline int looks_in(double interval_s) {
  return (int)ceil(interval_s / LOOK_S - 1e-9);
}

/* One look now; fills *sample where one is due. */
static inline void look_at(struct meter *meter, struct world *world, bool is_torn, bool is_due, struct sample *sample) {
  struct reading reading = {.error = -ENODATA};
  if (!is_torn)
    world_read(world, &reading);
  world_clock(world, &reading.at);
  reading.local = true;
  meter_take(meter, &reading);
  if (is_due)
    meter_sample(meter, sample);
}

#endif
