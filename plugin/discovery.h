/*
 * discovery: the option File: where counters are looked for, and what the log says of the search
 *
 * One for the whole process, like the settings. An error of the search is logged once per directory, and so is its end.
 * Tests: tests/check_plugin.c.
 */
#ifndef VM_ENERGY_DISCOVERY_H
#define VM_ENERGY_DISCOVERY_H

#include "core/sampler.h"
#include "throttle.h"

#include <stdbool.h>

/*
 * Adds the paths and patterns of the option File, or the default ones; none where nothing may be reported. One that is
 * refused is logged and costs no other. throttle is borrowed; it limits the messages, together with the caller's own.
 * Returns 0, or -errno if a default one could not be added.
 */
int discovery_start(struct sampler *sampler, bool may_report, struct throttle *throttle);

/* To be called after each look and pass of the sampler. */
void discovery_report(const struct sampler *sampler, int64_t mono_ns);

#endif
