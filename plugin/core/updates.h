/*
 * updates: updates.dat, what was really measured
 *
 *   update_ts,within_s,label,energy_uj,total_uj,state
 *   1795466093.250000,0.004000,vm-001,64000000,64000000,first
 *
 * A sink. It lies beside a capture of any layout, and has a row for each update that was seen, and one when a VM comes,
 * is removed or becomes unreadable. CSV by its content; the name keeps it apart from captures.
 *
 *   update_ts   Unix time on the reader's clock: the wall time at the start and what a steady clock counted since. A
 * step of the wall clock does not show here within_s    the update was made in (update_ts - within_s, update_ts];
 * empty: some time before label       as in the capture energy_uj   the raw counter; empty where there is no value
 * (torn, missing, denied) total_uj    accumulated until then, raw: as the meter judged it. It never falls state see
 * struct update in meter.h
 *
 * Rows of a pass are written with one write(2), as whole rows. The file is open only for that. What cannot be written
 * is kept, up to 4 MiB, and tried again.
 */
#ifndef VM_ENERGY_UPDATES_H
#define VM_ENERGY_UPDATES_H

#include "clock.h"
#include "sink.h"

#include <stdint.h>

#define UPDATES_FILE "updates.dat"

struct updates;

/* start: what the times are told by. Rows are kept until updates_start(). 0 or -ENOMEM. */
int updates_new(const struct instant *start, struct updates **updates);
/* Closes the file. NULL is fine. Free the sampler that has the sink first. */
void updates_delete(struct updates *updates);

struct sink *updates_sink(struct updates *updates);

/* Makes the file in the directory; it must not exist. 0 or -errno; it may be tried again. */
int updates_start(struct updates *updates, const char *dir);

/* Writes what is left, and closes the file. Rows that cannot be written now are lost. 0, or the last -errno. */
int updates_finish(struct updates *updates);

/* Bytes of rows that were lost, and the -errno of the last try to write; 0 if none. */
uint64_t updates_dropped(const struct updates *updates);
int updates_last_error(const struct updates *updates);

#endif
