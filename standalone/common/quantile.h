/*
 * quantile: median, 95th percentile and others of any number of values, in little memory
 *
 * Exact for up to QUANTILE_EXACT values: interpolated linearly between the two nearest ranks, as numpy and pandas do.
 * More values are counted in bins that are 1 % wide, so that the result is within 0.5 % of that.
 */
#ifndef VM_ENERGY_QUANTILE_H
#define VM_ENERGY_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUANTILE_EXACT 1000

/* Values below count as 0: a capture has six decimals. */
#define QUANTILE_LEAST 1e-6

/* Zero-initialize. */
struct quantile {
  uint64_t count;
  double min, max, sum; /* exact; min and max are undefined without a value */
  double *values;       /* up to QUANTILE_EXACT; NULL with more */
  size_t values_size;
  bool sorted;
  uint64_t *bins; /* bins_num of them, from bin first_bin on; see quantile.c */
  uint64_t zeros; /* values below QUANTILE_LEAST */
  int32_t first_bin;
  size_t bins_num;
};

/* value: 0 or more, finite. 0, or -ENOMEM: it is not counted. */
int quantile_add(struct quantile *quantile, double value);

/* p: 0 to 1. Returns 0 without a value. */
double quantile_get(struct quantile *quantile, double p);

/* Returns 0 without a value. */
double quantile_mean(const struct quantile *quantile);

void quantile_free(struct quantile *quantile);

#endif
