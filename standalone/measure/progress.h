/*
 * progress: a line on the terminal with the progress of a time series
 *
 *   sample 12 of 120, 1:48 left, vm-001 100.04 W, vm-002 43.00 W
 *
 * A sink that keeps the last pass. The power of each VM if that fits into a line, else that of all:
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

/* user_types: the user types lines on the same terminal; the progress stays above them. 0 or -ENOMEM. */
int progress_new(bool user_types, struct progress **progress);
/* Clears the line if there is one. NULL is fine. */
void progress_free(struct progress *progress);
struct sink *progress_sink(struct progress *progress);

/*
 * The line, without a line end. planned: samples, 0 for an endless run; left_ns: time until the last one, or since the
 * start of an endless run. The text has at most `width` bytes; no character of a label is cut.
 */
#define PROGRESS_LINE_MAX 512
void progress_format(const struct progress *progress, uint64_t taken, uint64_t planned, int64_t left_ns, size_t width,
                     char text[PROGRESS_LINE_MAX]);

/* Prints the line over the last one; mono_ns: now. At most ten times a second, and not in the background. */
void progress_show(struct progress *progress, uint64_t taken, uint64_t planned, int64_t left_ns, int64_t mono_ns);

/* Clears the line before other output; where the user types, begins a new line. arg: the progress. */
void progress_clear(void *arg);

/* After Enter: the line stays, and the next one comes below the typed one. NULL is fine. */
void progress_leave(struct progress *progress);

#endif
