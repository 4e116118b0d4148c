/*
 * sampler: looks at all counters of a source, and puts samples of them into sinks
 *
 * Owns a meter, and with `smooth` a moving average, per counter:
 *
 *   sampler_look(s)        reads each counter, between two samples: at least every METER_LOOK_NS
 *   sampler_pass(s, &now)  reads each counter and puts a sample of each into each sink
 *
 * A counter that is removed and comes back, as when a VM's directory is created again, continues from its accumulated
 * energy: the meters of up to LABEL_AWAY_MAX removed counters are kept; the one removed first is dropped first.
 *
 * Use a sampler in one thread at a time.
 */
#ifndef VM_ENERGY_SAMPLER_H
#define VM_ENERGY_SAMPLER_H

#include "meter.h"
#include "sink.h"
#include "source.h"

#include <stdbool.h>
#include <stddef.h>

struct sampler_options {
  struct meter_options meter;
  size_t smooth;    /* window of the moving average, in samples that have a power; 0: none */
  size_t label_max; /* LABEL_MAX_... */
  const char *host; /* as in source_options */
  /* 1 if the VM of this name is wanted, 0, or -errno: then called again. NULL: all. */
  int (*wanted)(const char *name, void *arg);
  void *wanted_arg;
  /* Called for a new counter. Fills in what was saved of it; false: nothing. May be NULL. */
  bool (*saved)(const char *path, struct meter_saved *saved, void *arg);
  void *saved_arg;
  /* Called for a path that is dropped because it leads to the same file as another. May be NULL. */
  void (*duplicate)(const char *dropped, const char *kept);
};

struct sampler;

/*
 * 0 and *sampler, or -ENOMEM. The options are copied. sinks is an array of count pointers; it and the sinks are
 * borrowed and must outlive the sampler.
 */
int sampler_new(const struct sampler_options *options, struct sink *const *sinks, size_t count,
                struct sampler **sampler);

/* Calls removed() of the sinks for each counter. NULL is fine. */
void sampler_free(struct sampler *sampler);

/* As source_add(). */
int sampler_add(struct sampler *sampler, const char *path_or_pattern);

/* Finds counters and reads each, without a sample. Sinks get added(), removed() and update(). 0 or -ENOMEM. */
int sampler_look(struct sampler *sampler);

/*
 * The same, then puts a sample of each counter into each sink. 0, or the first error of a sink or of memory; a counter
 * that cannot be read is no error but a sample with that state.
 */
int sampler_pass(struct sampler *sampler, const struct instant *now);

/* 0 or the error of source_begin() in the last look or pass, with the directory in *where (borrowed until the next). */
int sampler_search_error(const struct sampler *sampler, const char **where);

/* As source_mounts_error(), of the last look or pass. */
int sampler_mounts_error(const struct sampler *sampler);

/* How many counters the last look or pass found. */
size_t sampler_count(const struct sampler *sampler);

#endif
