/*
 * average: mean of the last N values, fewer at the start
 *
 * Sums the stored values each time, so that rounding errors do not accumulate over months.
 */
#ifndef VM_ENERGY_AVERAGE_H
#define VM_ENERGY_AVERAGE_H

#include <stddef.h>

#define AVERAGE_WINDOW_MAX 86400

struct average;

/* window: 1 to AVERAGE_WINDOW_MAX values. NULL: out of memory. */
struct average *average_new(size_t window);
void average_free(struct average *average);

/* Adds a value and returns the mean over the window that ends with it. */
double average_add(struct average *average, double value);

#endif
