/*
 * progress: one line on a terminal that tells how far a time series is
 *
 *   sample 12 of 120, 1:48 left, vm-001 100.04 W, vm-002 43.00 W
 *
 * A sink that keeps what the last pass said. The power of each VM where that fits into a line, else that of all:
 *
 *   sample 12 of 120, 1:48 left, 143.04 W in all, 2 VMs
 */
#ifndef VM_ENERGY_PROGRESS_H
#define VM_ENERGY_PROGRESS_H

#include "core/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress;

/*
 * user_types: the user types lines on the same terminal; the line stands above what is typed, and what is typed is
 * never cleared. 0 or -ENOMEM.
 */
int progress_new(bool user_types, struct progress **progress);
/* Clears the line when one stands there. NULL is fine. */
void progress_free(struct progress *progress);
struct sink *progress_sink(struct progress *progress);

/*
 * The line, without an end. taken of planned samples (planned 0: without end); left_ns: time until the last one, or,
 * without end, since the start. width: columns that there are; the text has at most that many bytes, and no character
 * of a label is cut.
 */
#define PROGRESS_LINE_MAX 512
void progress_format(const struct progress *progress, uint64_t taken, uint64_t planned, int64_t left_ns, size_t width,
                     char text[PROGRESS_LINE_MAX]);

/*
 * Puts the line on standard error, over the one before; mono_ns: now. At most ten times a second, and not while we are
 * in the background of the terminal.
 */
void progress_show(struct progress *progress, uint64_t taken, uint64_t planned, int64_t left_ns, int64_t mono_ns);

/* Takes the line away, before something else is written; goes to a new line where the user types. arg: the progress. */
void progress_clear(void *arg);

/* The user pressed Enter: the line stays where it is, and the next one is below what was typed. NULL is fine. */
void progress_leave(struct progress *progress);

#endif
