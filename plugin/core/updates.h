/*
 * updates: updates.dat, what was really measured
 *
 *   update_ts,within_s,label,energy_uj,total_uj,state
 *   1795466093.250000,0.004000,vm-001,64000000,64000000,first
 *
 * A sink. The file lies beside a capture of any layout. It has a row for each update that was seen, and one when a VM
 * is added, is removed or becomes unreadable. CSV by its content; the name keeps it apart from captures.
 *
 *   update_ts  Unix time at the start plus CLOCK_BOOTTIME since then
 *   within_s   the update was made in (update_ts - within_s, update_ts]; empty: some time before
 *   label      as in the capture
 *   energy_uj  the raw counter; empty if there is no value (torn, missing, denied)
 *   total_uj   accumulated until then, raw; never falls
 *   state      see struct update in meter.h
 *
 * Whole rows are written, those of a pass with one write(2); the file is open only for that. Rows that cannot be
 * written are kept, up to 4 MiB, and tried again.
 */
#ifndef VM_ENERGY_UPDATES_H
#define VM_ENERGY_UPDATES_H

#include "clock.h"
#include "sink.h"

#define UPDATES_FILE "updates.dat"

struct updates;

/* update_ts counts from `start`. Rows are kept until updates_start(). 0 or -ENOMEM. */
int updates_new(const struct instant *start, struct updates **updates);
/* Calls updates_finish(). NULL is fine. Free the sampler that has the sink first. */
void updates_free(struct updates *updates);

struct sink *updates_sink(struct updates *updates);

/* Creates the file in dir; it must not exist. 0, or -errno: may be called again. */
int updates_start(struct updates *updates, const char *dir);

/* The path of the file; NULL: none yet. */
const char *updates_path(const struct updates *updates);

/* -errno of the last write; 0: all rows so far are in the file. */
int updates_error(const struct updates *updates);

/* Writes what is left. -errno: why rows were lost, now or before. 0: none were, or there is no file. */
int updates_finish(struct updates *updates);

#endif
