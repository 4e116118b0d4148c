/* A look and its sample, for tests that sample at each look. */
#ifndef VM_ENERGY_TESTS_ONE_LOOK_H
#define VM_ENERGY_TESTS_ONE_LOOK_H

#include "core/meter.h"
#include "core/sink.h"

static inline void take_and_sample(struct meter *meter, const struct reading *reading, const struct instant *now,
                                   struct sample *sample) {
  struct reading at_now = *reading;
  at_now.at = *now;
  at_now.local = true;
  meter_take(meter, &at_now);
  meter_sample(meter, sample);
}

/* What a sampler passes on after a look: a new counter, and its update. */
static inline void pass_update(struct sink *sink, const struct meter *meter, const struct sample *sample) {
  struct update update;
  if (*sample->slot == NULL && sink->added != NULL)
    sink->added(sink, sample);
  if (!meter_update(meter, &update))
    return;
  update.label = sample->label;
  update.path = sample->path;
  update.slot = sample->slot;
  sink->update(sink, &update);
}

#endif
