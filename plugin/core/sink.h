/*
 * sink: interface between measurement and output
 *
 * collectd's dispatch, a CSV file and a screen are sinks; a new output is a new sink: a struct whose first member is
 * this one, with functions that a sampler calls. Models: dispatch_put() in plugin/vm_energy.c, the smallest, and
 * standalone/look/roster.c, which stores data per counter.
 *
 * Each function is optional (NULL); most sinks need put(). In each pass a sampler calls added() and removed() for the
 * counters that came and went, update() for what it read, then begin() once, put() once per counter, end() once. A
 * look between two passes calls only added(), removed() and update().
 *
 * begin, put and end return 0 or -errno. A failure does not end the pass, neither for this sink nor for others: the
 * sampler returns the first error after the pass. Samples and updates are borrowed, valid during the call.
 *
 * slot, in samples and updates, is where the sink may store data of this counter. Each sink has its own. *slot is NULL
 * when the counter is added; the sink frees its data in removed(), after which the sampler clears *slot.
 *
 * Tests: tests/check_sampler.c.
 */
#ifndef VM_ENERGY_SINK_H
#define VM_ENERGY_SINK_H

#include "meter.h"

#include <stddef.h>

struct sink {
  /* A pass over count counters at *now begins. */
  int (*begin)(struct sink *sink, const struct instant *now, size_t count);

  int (*put)(struct sink *sink, const struct sample *sample);

  int (*end)(struct sink *sink);

  /* A look saw something new, see struct update; also called before removed(), except in sampler_free(). In order of
     time per counter. */
  void (*update)(struct sink *sink, const struct update *update);

  /*
   * A counter was added or removed. The sample has label, path and slot; in removed(), which sampler_free() calls, too,
   * also the state of the last put(), and energy and instant of the last reading with a value.
   */
  void (*added)(struct sink *sink, const struct sample *sample);
  void (*removed)(struct sink *sink, const struct sample *sample);
};

#endif
