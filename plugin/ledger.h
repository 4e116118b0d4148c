/*
 * ledger: the option StateFile, accumulated energies over a restart
 *
 * A sink that notes what each counter had accumulated, and what it showed then: in a file that is read at the start and
 * written at the end, and once a minute when something changed. It answers 0 for whatever a disk does: that costs no
 * values. What goes wrong is told in the log once, with what to do, and so is its end. What is in a file that cannot be
 * read is not lost: one that is damaged is set aside under another name, and any other one is left alone, and nothing
 * is written.
 */
#ifndef VM_ENERGY_LEDGER_H
#define VM_ENERGY_LEDGER_H

#include "core/sink.h"

#include <stdbool.h>

/* Reads the file, and returns the sink. path is borrowed. NULL: nothing can be kept in it; logged. */
struct sink *ledger_new(const char *path);

/* To be called after the sampler that has the sink was freed. Writes the file. NULL is fine. */
void ledger_free(struct sink *ledger);

/* Fills in what was saved of the counter; false: nothing was. For sampler_options; arg is the sink. */
bool ledger_saved(const char *path, struct meter_saved *saved, void *arg);

#endif
