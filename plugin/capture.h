/*
 * capture: the option CSVDir, samples as files in the layout of the tool's separate files
 *
 * The first pass creates a run directory; in it each VM has power_<label>.csv from when it appears. A sink that always
 * returns 0: a full disk costs rows, never values. An error is logged once, with its remedy, and so is its end. Each
 * pass tries again to create what is missing; after a run directory was removed or moved away, a new one is created.
 */
#ifndef VM_ENERGY_CAPTURE_H
#define VM_ENERGY_CAPTURE_H

#include "core/sink.h"

#include <stddef.h>

/* Returns the sink. dir is borrowed. smooth: window of the moving average, 0: none. NULL: out of memory; logged. */
struct sink *capture_new(const char *dir, size_t smooth, unsigned ts_decimals);

/* To be called after the sampler that has the sink was freed. Closes the files. NULL is fine. */
void capture_free(struct sink *capture);

#endif
