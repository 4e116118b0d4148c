/*
 * csvdir: the option CSVDir, samples as files in the layout of the tool's separate files
 *
 * The first pass creates a run directory; in it each VM has power_<label>.csv from when it appears. A sink that always
 * returns 0: a full disk costs rows, never values. An error is logged once, with its remedy, and so is its end. Each
 * pass tries again to create what is missing; after a run directory was removed or moved away, a new one is created.
 *
 * Beside the captures lie updates.dat (see core/updates.h) and a small run.json, a subset of the tool's: tool, version,
 * host, start, layout, time_base, scale, max_power_w, and clock_steps, which is written again at each step.
 */
#ifndef VM_ENERGY_CSVDIR_H
#define VM_ENERGY_CSVDIR_H

#include "settings.h"

/* Returns the sink. The options are borrowed. NULL: out of memory; logged. */
struct sink *csvdir_new(const struct settings *options, unsigned ts_decimals);

/* To be called after the sampler that has the sink was freed. Closes the files. NULL is fine. */
void csvdir_free(struct sink *csvdir);

#endif
