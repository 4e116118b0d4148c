/*
 * quantile: median, 95th percentile and the like of any number of values, in little memory
 *
 * Up to QUANTILE_EXACT values are kept, and the answer is exact: interpolated linearly between the two nearest ranks,
 * as numpy and pandas do. From then on they are counted in bins that are 1 % wide, and the answer is within 0.5 % of
 * that.
 */
#ifndef VM_ENERGY_QUANTILE_H
#define VM_ENERGY_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUANTILE_EXACT 1000

/* Values below are counted as 0: six decimals are all that a capture has. */
#define QUANTILE_LEAST 1e-6

/* Start with zeros. */
struct quantile {
  uint64_t count;
  double min, max, sum; /* exact; min and max are meaningless without a value */
  double *values;       /* all of them, while they are few; NULL afterwards */
  size_t values_size;
  bool sorted;
  uint64_t *bins; /* bins_num of them, the first one is bin first_bin; see quantile.c */
  uint64_t zeros; /* values below QUANTILE_LEAST */
  int32_t first_bin;
  size_t bins_num;
};

/* value: 0 or more, finite. 0 or -ENOMEM; the value is then not counted. */
int quantile_add(struct quantile *quantile, double value);

/* p: 0 to 1. 0 when there is no value. */
double quantile_get(struct quantile *quantile, double p);

/* 0 when there is no value. */
double quantile_mean(const struct quantile *quantile);

void quantile_free(struct quantile *quantile);

#endif
