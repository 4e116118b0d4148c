/*
 * sink: interface between measurement and output
 *
 * One pass over the counters calls begin() once, put() once per counter, end() once. collectd's dispatch, a CSV file
 * and a printed report are sinks; a new output is a new sink. A sink embeds this struct as its first member.
 *
 * Each function is optional (NULL). begin, put and end return 0 or -errno. A failure does not end the pass, neither for
 * this sink nor for others: the sampler returns the first error after the pass.
 */
#ifndef VM_ENERGY_SINK_H
#define VM_ENERGY_SINK_H

#include "meter.h"

#include <stddef.h>

struct sink {
  /* A pass over count counters at *now begins. */
  int (*begin)(struct sink *sink, const struct instant *now, size_t count);

  /*
   * One counter. The sample is borrowed, valid during the call. *sample->slot is for the one sink of the list that
   * stores data per counter: NULL at first; that sink frees it in removed().
   */
  int (*put)(struct sink *sink, const struct sample *sample);

  int (*end)(struct sink *sink);

  /*
   * A look saw something new of one counter, see struct update; or it was removed, then removed() follows. Called at
   * each look, before begin() of the pass. Borrowed, valid during the call; slot as in put(). Updates of one counter
   * come in the order of their times.
   */
  void (*update)(struct sink *sink, const struct update *update);

  /*
   * A counter was added or removed. Called before begin() of the pass that noticed it, removed() also by
   * sampler_free(). Label, name, path and slot of the sample are set, in removed() also the state of the last put(),
   * and the energy of the last one that had some, with its instant.
   */
  void (*added)(struct sink *sink, const struct sample *sample);
  void (*removed)(struct sink *sink, const struct sample *sample);
};

#endif
