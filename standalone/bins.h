/*
 * bins: power over time, in as many steps as a picture can show
 *
 * A span of time is cut into equal bins. What comes in is the mean power of a stretch of time, as a sample tells it; it
 * is shared among the bins that it touches, so that each of them has the mean over all that is known of it, whatever
 * the number of samples was.
 */
#ifndef VM_ENERGY_BINS_H
#define VM_ENERGY_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bin {
  double energy_j;
  double covered_s; /* how much of it is known; of a sum over VMs, more than there is */
  double min_w, max_w;
};

struct bins {
  int64_t start_ns, end_ns;
  size_t num;
  struct bin *list;
};

/* end_ns > start_ns, num > 0. 0 or -ENOMEM. */
int bins_init(struct bins *bins, int64_t start_ns, int64_t end_ns, size_t num);
void bins_free(struct bins *bins);

/* What lies outside of the span is left out. */
void bins_add(struct bins *bins, int64_t from_ns, int64_t to_ns, double power_w);

/* The mean power of a VM, or of those of several that are known; false where less than half of the bin is known. */
bool bins_mean_w(const struct bins *bins, size_t bin, double *power_w);

/* Of several VMs: the sum of their powers, 0 where nothing is known. */
double bins_sum_w(const struct bins *bins, size_t bin);

/* When the bin begins; that of bin num is the end. */
int64_t bins_start_ns(const struct bins *bins, size_t bin);

#endif
