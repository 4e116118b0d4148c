/*
 * average: mean of the last N values, of fewer at the start
 *
 * The mean is summed anew from the values kept, so no rounding error grows over months.
 */
#ifndef VM_ENERGY_AVERAGE_H
#define VM_ENERGY_AVERAGE_H

#include <stddef.h>

#define AVERAGE_WINDOW_MAX 86400

struct average;

/* window: 1 to AVERAGE_WINDOW_MAX values. NULL: out of memory. */
struct average *average_new(size_t window);
void average_free(struct average *average);

/* Takes a value in and returns the mean over the window that ends in it. */
double average_add(struct average *average, double value);

#endif
