/*
 * plot_time_axis: the time axis of a plot, in local time
 *
 * gnuplot knows only UTC. So x is Unix time, and each tic is written here, at a round local time by the offset from UTC
 * at that time: the axis is right on both sides of a change to or from summer time.
 */
#ifndef VM_ENERGY_PLOT_TIME_AXIS_H
#define VM_ENERGY_PLOT_TIME_AXIS_H

#include <stdint.h>
#include <stdio.h>

/* Unix time in s, as x of a point. */
double plot_time_axis_x(int64_t wall_ns);

/*
 * Writes range, tics and label of the axis. letters: how many fit side by side below it; labels never touch.
 * end_ns > start_ns.
 */
void plot_time_axis_write(int64_t start_ns, int64_t end_ns, unsigned letters, FILE *script);

/* The same for times since a start, 0 to end_ns. */
void plot_time_axis_write_relative(int64_t end_ns, unsigned letters, FILE *script);

/* "2026-11-24 12:00:00 to 12:01:00"; with milliseconds where a span under 10 s has fractions of a second. */
#define PLOT_TIME_AXIS_SPAN_MAX 96
void plot_time_axis_span(int64_t start_ns, int64_t end_ns, char text[PLOT_TIME_AXIS_SPAN_MAX]);

#endif
