#include "common/quantile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bin i holds [GROWTH^i, GROWTH^(i+1)). */
#define GROWTH 1.01

/* Bins are allocated in steps of this size. */
#define BINS_STEP 64

static int32_t bin_of(double value) {
  return (int32_t)floor(log(value) / log(GROWTH));
}

/* The number that is relatively nearest to both ends of the bin. */
static double middle_of(int32_t bin) {
  return pow(GROWTH, bin) * 2 * GROWTH / (1 + GROWTH);
}

/* Makes the bin one of bins[]. */
static int reach(struct quantile *q, int32_t bin) {
  int32_t first = q->first_bin, end = first + (int32_t)q->bins_num;
  if (q->bins_num == 0)
    first = end = bin;
  if (bin >= first && bin < end)
    return 0;
  int32_t new_first = bin < first ? bin - BINS_STEP : first, new_end = bin >= end ? bin + BINS_STEP : end;
  size_t num = (size_t)(new_end - new_first);
  uint64_t *bins = calloc(num, sizeof(*bins));
  if (bins == NULL)
    return -ENOMEM;
  if (q->bins_num > 0)
    memcpy(bins + (first - new_first), q->bins, q->bins_num * sizeof(*bins));
  free(q->bins);
  q->bins = bins;
  q->first_bin = new_first;
  q->bins_num = num;
  return 0;
}

static int count_in_bin(struct quantile *q, double value) {
  if (value < QUANTILE_LEAST) {
    q->zeros++;
    return 0;
  }
  int32_t bin = bin_of(value);
  int status = reach(q, bin);
  if (status == 0)
    q->bins[bin - q->first_bin]++;
  return status;
}

/* Counts all values in bins. */
static int give_up_values(struct quantile *q) {
  for (size_t i = 0; i < q->count; i++) {
    int status = count_in_bin(q, q->values[i]);
    if (status != 0) {
      free(q->bins);
      q->bins = NULL;
      q->bins_num = 0;
      q->zeros = 0;
      return status;
    }
  }
  free(q->values);
  q->values = NULL;
  return 0;
}

static int keep_value(struct quantile *q, double value) {
  if (q->values == NULL || q->count == q->values_size) {
    size_t size = q->values_size == 0 ? 16 : 2 * q->values_size;
    size = size < QUANTILE_EXACT ? size : QUANTILE_EXACT;
    double *values = realloc(q->values, size * sizeof(*values));
    if (values == NULL)
      return -ENOMEM;
    q->values = values;
    q->values_size = size;
  }
  q->values[q->count] = value;
  q->sorted = false;
  return 0;
}

int quantile_add(struct quantile *quantile, double value) {
  int status = 0;
  if (quantile->count == QUANTILE_EXACT && quantile->values != NULL)
    status = give_up_values(quantile);
  if (status == 0)
    status = quantile->count < QUANTILE_EXACT ? keep_value(quantile, value) : count_in_bin(quantile, value);
  if (status != 0)
    return status;
  if (quantile->count == 0 || value < quantile->min)
    quantile->min = value;
  if (quantile->count == 0 || value > quantile->max)
    quantile->max = value;
  quantile->sum += value;
  quantile->count++;
  return 0;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The value of that rank; rank 0 is the least value. */
static double at_rank(const struct quantile *q, uint64_t rank) {
  if (q->values != NULL)
    return q->values[rank];
  uint64_t below = q->zeros;
  if (rank < below)
    return q->min < QUANTILE_LEAST ? q->min : 0;
  for (size_t i = 0; i < q->bins_num; i++) {
    below += q->bins[i];
    if (rank < below) {
      double middle = middle_of(q->first_bin + (int32_t)i);
      return middle < q->min ? q->min : middle > q->max ? q->max : middle;
    }
  }
  return q->max;
}

double quantile_get(struct quantile *quantile, double p) {
  if (quantile->count == 0)
    return 0;
  if (quantile->values != NULL && !quantile->sorted) {
    qsort(quantile->values, quantile->count, sizeof(*quantile->values), compare);
    quantile->sorted = true;
  }
  double position = p * (double)(quantile->count - 1);
  uint64_t rank = (uint64_t)position;
  double low = at_rank(quantile, rank);
  if (rank + 1 >= quantile->count)
    return low;
  return low + (position - (double)rank) * (at_rank(quantile, rank + 1) - low);
}

double quantile_mean(const struct quantile *quantile) {
  return quantile->count > 0 ? quantile->sum / (double)quantile->count : 0;
}

void quantile_free(struct quantile *quantile) {
  free(quantile->values);
  free(quantile->bins);
  *quantile = (struct quantile){0};
}
