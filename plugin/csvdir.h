/*
 * csvdir: the option CSVDir: a sink that writes captures, in the layout of the tool's separate files
 *
 * The first pass creates a run directory. There each VM has a file power_<label>.csv, from the pass it appears in.
 * Beside them are updates.dat (see core/updates.h) and run.json, a subset of the tool's, written again at each step of
 * the wall clock: tool, version, host, start, layout, time_base, scale, max_power_w, clock_steps.
 *
 * The sink always returns 0: a full disk costs rows, never values. An error is logged once, with its remedy, and so is
 * its end. Each pass tries again to create what is missing, such as a run directory that was removed or moved.
 */
#ifndef VM_ENERGY_CSVDIR_H
#define VM_ENERGY_CSVDIR_H

#include "core/sink.h"

/* Returns the sink. ts_decimals: as in csv_options. NULL: out of memory, which has been logged. */
struct sink *csvdir_new(unsigned ts_decimals);

/* To be called after the sampler that has the sink was freed. Closes the files. NULL is fine. */
void csvdir_free(struct sink *csvdir);

#endif
