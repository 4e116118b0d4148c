#include "report/plot_bins.h"

#include <errno.h>
#include <stdlib.h>

int plot_bins_init(struct plot_bins *bins, int64_t start_ns, int64_t end_ns, size_t num) {
  *bins =
      (struct plot_bins){.start_ns = start_ns, .end_ns = end_ns, .num = num, .list = calloc(num, sizeof(*bins->list))};
  return bins->list != NULL ? 0 : -ENOMEM;
}

void plot_bins_free(struct plot_bins *bins) {
  free(bins->list);
  *bins = (struct plot_bins){0};
}

static double width_ns(const struct plot_bins *bins) {
  return (double)(bins->end_ns - bins->start_ns) / (double)bins->num;
}

int64_t plot_bins_start_ns(const struct plot_bins *bins, size_t bin) {
  return bin == bins->num ? bins->end_ns : bins->start_ns + (int64_t)(width_ns(bins) * (double)bin);
}

/* An instant outside of the span lies in the first or last bin. */
static size_t bin_at(const struct plot_bins *bins, int64_t ns) {
  if (ns <= bins->start_ns)
    return 0;
  size_t bin = (size_t)((double)(ns - bins->start_ns) / width_ns(bins));
  return bin < bins->num ? bin : bins->num - 1;
}

static void add_to_bin(struct plot_bin *bin, int64_t ns, double power_w) {
  double s = (double)ns * 1e-9;
  if (bin->covered_s <= 0 || power_w < bin->min_w)
    bin->min_w = power_w;
  if (bin->covered_s <= 0 || power_w > bin->max_w)
    bin->max_w = power_w;
  bin->energy_j += power_w * s;
  bin->covered_s += s;
}

static int64_t part_ns(const struct plot_bins *bins, size_t bin, int64_t from_ns, int64_t to_ns) {
  int64_t start_ns = plot_bins_start_ns(bins, bin), end_ns = plot_bins_start_ns(bins, bin + 1);
  start_ns = start_ns > from_ns ? start_ns : from_ns;
  end_ns = end_ns < to_ns ? end_ns : to_ns;
  return start_ns < end_ns ? end_ns - start_ns : 0;
}

void plot_bins_add(struct plot_bins *bins, int64_t from_ns, int64_t to_ns, double power_w) {
  size_t last = bin_at(bins, to_ns);
  for (size_t i = bin_at(bins, from_ns); from_ns < to_ns && i <= last; i++) {
    int64_t ns = part_ns(bins, i, from_ns, to_ns);
    if (ns > 0)
      add_to_bin(&bins->list[i], ns, power_w);
  }
}

void plot_bins_bound(struct plot_bins *bins, int64_t least_ns, int64_t most_ns, double energy_j, int64_t from_ns,
                     int64_t to_ns) {
  size_t first = bin_at(bins, least_ns), last = bin_at(bins, most_ns);
  for (size_t i = first; i <= last; i++)
    if (part_ns(bins, i, least_ns, most_ns) > 0)
      bins->list[i].high_j += energy_j;
  if (least_ns >= plot_bins_start_ns(bins, first) && most_ns <= plot_bins_start_ns(bins, first + 1))
    bins->list[first].low_j += energy_j;
  for (size_t i = bin_at(bins, from_ns); i <= bin_at(bins, to_ns); i++)
    bins->list[i].bounded_s += (double)part_ns(bins, i, from_ns, to_ns) * 1e-9;
}

void plot_bins_expect(struct plot_bins *bins, int64_t from_ns, int64_t to_ns) {
  for (size_t i = bin_at(bins, from_ns); i <= bin_at(bins, to_ns); i++)
    bins->list[i].present_s += (double)part_ns(bins, i, from_ns, to_ns) * 1e-9;
}

bool plot_bins_mean_w(const struct plot_bins *bins, size_t bin, double *power_w) {
  const struct plot_bin *b = &bins->list[bin];
  if (b->covered_s < width_ns(bins) * 1e-9 / 2)
    return false;
  *power_w = b->energy_j / b->covered_s;
  return true;
}

double plot_bins_sum_w(const struct plot_bins *bins, size_t bin) {
  int64_t ns = plot_bins_start_ns(bins, bin + 1) - plot_bins_start_ns(bins, bin);
  return ns > 0 ? bins->list[bin].energy_j / ((double)ns * 1e-9) : 0;
}

/* Relative error of times that are sums of rounded numbers. */
#define ROUNDED 1e-3

bool plot_bins_group_w(const struct plot_bins *bins, size_t bin, double *power_w) {
  const struct plot_bin *b = &bins->list[bin];
  *power_w = plot_bins_sum_w(bins, bin);
  return b->present_s > 0 && b->covered_s >= b->present_s * (1 - ROUNDED);
}

bool plot_bins_band_w(const struct plot_bins *bins, size_t bin, double *low_w, double *high_w) {
  const struct plot_bin *b = &bins->list[bin];
  double s = width_ns(bins) * 1e-9;
  *low_w = b->low_j / s;
  *high_w = b->high_j / s;
  return b->present_s > 0 && b->bounded_s >= b->present_s * (1 - ROUNDED);
}
