/*
 * total_power: the sum of the powers of several VMs over time
 *
 * Each VM's power is a mean between two of its updates, and these are at other times for each VM. So time is cut into
 * steps, and the sum is the mean power of each. Steps begin at whole multiples of their width. The width follows from
 * the first stretch of time, a quarter of it or less; it is doubled where there would be more than
 * TOTAL_POWER_STEPS_MAX of them, so that memory does not grow with the capture.
 *
 * A step has a sum only where the power of every VM that is there is known all the time.
 */
#ifndef VM_ENERGY_TOTAL_POWER_H
#define VM_ENERGY_TOTAL_POWER_H

#include "common/quantile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOTAL_POWER_STEPS_MAX ((size_t)1 << 17)

struct total_power_step {
  double energy_j, known_s; /* of all VMs */
};

/* Start with zeros. */
struct total_power {
  int64_t width_ns; /* 0: nothing was added */
  int64_t first;    /* number of the first one: it begins at first * width_ns */
  size_t num, size;
  struct total_power_step *list;
};

/* The power of a VM in a stretch of time, in any order. 0 or -ENOMEM. */
int total_power_add(struct total_power *steps, int64_t from_ns, int64_t to_ns, double power_w);

/* A VM is there in this stretch of time. */
struct total_power_stay {
  int64_t from_ns, to_ns;
};

/*
 * Adds the sum of each step within [start_ns, end_ns] to power_w. Leaves it empty where less than half of that time has
 * a sum. 0 or -ENOMEM.
 */
int total_power_sum(const struct total_power *steps, int64_t start_ns, int64_t end_ns,
                    const struct total_power_stay *stays, size_t num, struct quantile *power_w);

void total_power_free(struct total_power *steps);

#endif
