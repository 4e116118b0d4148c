/*
 * total_power: the sum of the powers of all VMs over time
 *
 * The power of a VM is a mean between two of its updates, which come at other times for each VM. So time is cut into
 * steps, and the sum is the mean power of each. Steps begin at whole multiples of their width, which is at most a
 * quarter of the first stretch of time. It doubles when there would be more than TOTAL_POWER_STEPS_MAX steps, so that
 * memory does not grow with the capture. A step has a sum only if the power of every VM that is present is known for
 * all of it.
 */
#ifndef VM_ENERGY_TOTAL_POWER_H
#define VM_ENERGY_TOTAL_POWER_H

#include "common/quantile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOTAL_POWER_STEPS_MAX ((size_t)1 << 17)

struct total_power_step {
  double energy_j, known_s; /* sums over VMs */
};

/* Start with zeros. */
struct total_power {
  int64_t width_ns; /* 0: nothing was added */
  int64_t first;    /* the first one begins at first * width_ns */
  size_t num, size;
  struct total_power_step *list;
};

/* Adds the power of a VM in a stretch of time, in any order. 0 or -ENOMEM. */
int total_power_add(struct total_power *steps, int64_t from_ns, int64_t to_ns, double power_w);

/* A VM is present in this stretch of time. */
struct total_power_stay {
  int64_t from_ns, to_ns;
};

/*
 * Adds the sum of each step within [start_ns, end_ns] to power_w, which stays empty if less than half of that time has
 * a sum. 0 or -ENOMEM.
 */
int total_power_sum(const struct total_power *steps, int64_t start_ns, int64_t end_ns,
                    const struct total_power_stay *stays, size_t num, struct quantile *power_w);

void total_power_free(struct total_power *steps);

#endif
