#include "bins.h"

#include <errno.h>
#include <stdlib.h>

int bins_init(struct bins *bins, int64_t start_ns, int64_t end_ns, size_t num) {
  *bins = (struct bins){.start_ns = start_ns, .end_ns = end_ns, .num = num, .list = calloc(num, sizeof(*bins->list))};
  return bins->list != NULL ? 0 : -ENOMEM;
}

void bins_free(struct bins *bins) {
  free(bins->list);
  *bins = (struct bins){0};
}

static double width_ns(const struct bins *bins) {
  return (double)(bins->end_ns - bins->start_ns) / (double)bins->num;
}

int64_t bins_start_ns(const struct bins *bins, size_t bin) {
  return bin == bins->num ? bins->end_ns : bins->start_ns + (int64_t)(width_ns(bins) * (double)bin);
}

/* The bin that the instant lies in; one before the start or behind the end is in the first or last. */
static size_t bin_at(const struct bins *bins, int64_t ns) {
  if (ns <= bins->start_ns)
    return 0;
  size_t bin = (size_t)((double)(ns - bins->start_ns) / width_ns(bins));
  return bin < bins->num ? bin : bins->num - 1;
}

static void add_to_bin(struct bin *bin, int64_t ns, double power_w) {
  double s = (double)ns * 1e-9;
  if (bin->covered_s <= 0 || power_w < bin->min_w)
    bin->min_w = power_w;
  if (bin->covered_s <= 0 || power_w > bin->max_w)
    bin->max_w = power_w;
  bin->energy_j += power_w * s;
  bin->covered_s += s;
}

void bins_add(struct bins *bins, int64_t from_ns, int64_t to_ns, double power_w) {
  if (to_ns > bins->end_ns)
    to_ns = bins->end_ns;
  if (from_ns >= to_ns)
    return;
  size_t last = bin_at(bins, to_ns);
  for (size_t i = bin_at(bins, from_ns); i <= last; i++) {
    int64_t start_ns = bins_start_ns(bins, i), end_ns = bins_start_ns(bins, i + 1);
    start_ns = start_ns > from_ns ? start_ns : from_ns;
    end_ns = end_ns < to_ns ? end_ns : to_ns;
    if (start_ns < end_ns)
      add_to_bin(&bins->list[i], end_ns - start_ns, power_w);
  }
}

bool bins_mean_w(const struct bins *bins, size_t bin, double *power_w) {
  const struct bin *b = &bins->list[bin];
  if (b->covered_s < width_ns(bins) * 1e-9 / 2)
    return false;
  *power_w = b->energy_j / b->covered_s;
  return true;
}

double bins_sum_w(const struct bins *bins, size_t bin) {
  int64_t ns = bins_start_ns(bins, bin + 1) - bins_start_ns(bins, bin);
  return ns > 0 ? bins->list[bin].energy_j / ((double)ns * 1e-9) : 0;
}
