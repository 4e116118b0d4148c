/*
 * plot_bins: mean power over time, in as many equal bins as a picture can show
 *
 * The power of a stretch of time is shared among the bins that it touches. Energy between two instants is a lower bound
 * of the bin that holds both, and an upper bound of each bin between them.
 */
#ifndef VM_ENERGY_PLOT_BINS_H
#define VM_ENERGY_PLOT_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plot_bin {
  double energy_j;
  double covered_s; /* time with known power; of several VMs, the sum of theirs */
  double min_w, max_w;
  double present_s;     /* time in which a VM is present; of several VMs, the sum of theirs */
  double low_j, high_j; /* bounds of energy_j */
  double bounded_s;     /* of covered_s, the time that has bounds */
};

struct plot_bins {
  int64_t start_ns, end_ns;
  size_t num;
  struct plot_bin *list;
};

/* end_ns > start_ns, num > 0. 0 or -ENOMEM. */
int plot_bins_init(struct plot_bins *bins, int64_t start_ns, int64_t end_ns, size_t num);
void plot_bins_free(struct plot_bins *bins);

void plot_bins_add(struct plot_bins *bins, int64_t from_ns, int64_t to_ns, double power_w);

/* energy_j was drawn between least_ns and most_ns; it is counted in from_ns to to_ns, a part of that. */
void plot_bins_bound(struct plot_bins *bins, int64_t least_ns, int64_t most_ns, double energy_j, int64_t from_ns,
                     int64_t to_ns);

/* A VM is present between these instants. */
void plot_bins_expect(struct plot_bins *bins, int64_t from_ns, int64_t to_ns);

/* The mean of all power in the bin. False if less than half of the bin has one. */
bool plot_bins_mean_w(const struct plot_bins *bins, size_t bin, double *power_w);

/* The sum over several VMs; a VM of unknown power counts as 0. */
double plot_bins_sum_w(const struct plot_bins *bins, size_t bin);

/* The same; false if the power of a VM that is present is unknown. */
bool plot_bins_group_w(const struct plot_bins *bins, size_t bin, double *power_w);

/* Bounds of the mean power of all VMs together. False if a part of the bin has none. */
bool plot_bins_band_w(const struct plot_bins *bins, size_t bin, double *low_w, double *high_w);

/* bin num: the end of the span. */
int64_t plot_bins_start_ns(const struct plot_bins *bins, size_t bin);

#endif
