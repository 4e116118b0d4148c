/*
 * discovery: the option File: where counters are looked for, and what the log says of the search
 *
 * An error of the search is logged once per directory, and so is its end.
 */
#ifndef VM_ENERGY_DISCOVERY_H
#define VM_ENERGY_DISCOVERY_H

#include "core/sampler.h"
#include "log.h"
#include "settings.h"

#include <limits.h>
#include <stdbool.h>

struct discovery {
  const struct settings *options;
  struct trouble search, mounts, no_counter;
  char search_path[PATH_MAX]; /* directory of the last search error */
  bool started;               /* the first look is over */
};

/* throttle limits the messages, together with the caller's own. Both are borrowed. */
void discovery_init(struct discovery *discovery, const struct settings *options, struct throttle *throttle);

/*
 * Adds the paths and patterns of the option File, or the default ones. One that is refused is logged and costs no
 * other. Returns 0, or -errno if a default one could not be added.
 */
int discovery_add(const struct discovery *discovery, struct sampler *sampler);

/* To be called after each look and pass of the sampler. expected: false if no counter is to be found. */
void discovery_report(struct discovery *discovery, const struct sampler *sampler, bool expected, int64_t mono_ns);

#endif
