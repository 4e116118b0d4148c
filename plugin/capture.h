/*
 * capture: the option CSVDir, samples as files in the layout of the tool's separate files
 *
 * A run directory that is made in the first pass, in it power_<label>.csv for each VM, from when it appears. A sink
 * that answers 0 whatever happens: a disk that is full costs rows, never values. What goes wrong is told in the log
 * once, with what to do, and so is its end. What cannot be made is tried again in each pass; a run directory that was
 * removed or moved away is followed by another one.
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
