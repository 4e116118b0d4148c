/*
 * statefile: the option StateFile: a sink that saves accumulated energies over a restart of collectd
 *
 * Saves the accumulated energy of each counter, and the counter's value at that time; core/state.h has the format,
 * core/state_file.h reads and writes it. Tests: tests/check_statefile.c.
 *
 * Reads the file at the start; writes it at the end, and once a minute if something changed. A thread of its own
 * writes, so that a slow disk delays no pass; the result is logged in a later pass.
 *
 * Errors of the disk cost no values and are not returned. An error, or a disk that does not answer for a minute, is
 * logged once, with its remedy, and so is its end. A damaged file is renamed, not overwritten. A file that cannot be
 * read, or that another process uses, is left unchanged, and nothing is saved.
 */
#ifndef VM_ENERGY_STATEFILE_H
#define VM_ENERGY_STATEFILE_H

#include "core/sink.h"

#include <stdbool.h>

/* Reads the file, and returns the sink. path is borrowed. NULL: nothing can be saved; the reason has been logged. */
struct sink *statefile_new(const char *path);

/* To be called after the sampler that has the sink was freed. Writes the file, and waits for the disk. NULL is fine. */
void statefile_free(struct sink *statefile);

/* Fills in what was saved of the counter; false: nothing. For sampler_options.saved, with the sink as arg. */
bool statefile_saved(const char *path, struct meter_saved *saved, void *arg);

#endif
