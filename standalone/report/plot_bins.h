/*
 * plot_bins: power over time, in as many steps as a picture can show
 *
 * A span of time is cut into equal bins. What comes in is the mean power of a stretch of time, as a sample tells it; it
 * is shared among the bins that it touches, so that each of them has the mean over all that is known of it, whatever
 * the number of samples was.
 *
 * What a bin has for certain: energy counts as at least drawn in the bin in which it was drawn with all its bounds, and
 * as at most drawn in each bin that these touch.
 */
#ifndef VM_ENERGY_PLOT_BINS_H
#define VM_ENERGY_PLOT_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plot_bin {
  double energy_j;
  double covered_s; /* how much of it is known; of a sum over VMs, more than there is */
  double min_w, max_w;
  double present_s;     /* how long the VMs are there, see plot_bins_expect(); of several, more than there is */
  double low_j, high_j; /* what was drawn in it for certain, and at most */
  double bounded_s;     /* of covered_s, the time of these */
};

struct plot_bins {
  int64_t start_ns, end_ns;
  size_t num;
  struct plot_bin *list;
};

/* end_ns > start_ns, num > 0. 0 or -ENOMEM. */
int plot_bins_init(struct plot_bins *bins, int64_t start_ns, int64_t end_ns, size_t num);
void plot_bins_free(struct plot_bins *bins);

/* What lies outside of the span is left out. */
void plot_bins_add(struct plot_bins *bins, int64_t from_ns, int64_t to_ns, double power_w);

/* Energy that was drawn between these instants for certain; from_ns to to_ns, a part of it, is known thereby. */
void plot_bins_bound(struct plot_bins *bins, int64_t least_ns, int64_t most_ns, double energy_j, int64_t from_ns,
                     int64_t to_ns);

/* Between these instants a VM is there. */
void plot_bins_expect(struct plot_bins *bins, int64_t from_ns, int64_t to_ns);

/* The mean power of a VM, or of those of several that are known; false where less than half of the bin is known. */
bool plot_bins_mean_w(const struct plot_bins *bins, size_t bin, double *power_w);

/* Of several VMs: the sum of their powers, 0 where nothing is known. */
double plot_bins_sum_w(const struct plot_bins *bins, size_t bin);

/* Of several VMs: the sum of their powers; false where that of one that is there is not known. */
bool plot_bins_group_w(const struct plot_bins *bins, size_t bin, double *power_w);

/* Between what the mean power of all VMs together is for certain; false where something of it is not known. */
bool plot_bins_band_w(const struct plot_bins *bins, size_t bin, double *low_w, double *high_w);

/* When the bin begins; that of bin num is the end. */
int64_t plot_bins_start_ns(const struct plot_bins *bins, size_t bin);

#endif
