/*
 * compare_spread: 95 % confidence intervals of means of repeated runs, of their difference and ratio
 *
 * The two sides may spread differently: Welch's t interval of the difference, with the degrees of freedom of Welch and
 * Satterthwaite, and Fieller's interval of the ratio with the same. Each holds the truth in 95 of 100 experiments if
 * runs are independent and about normal.
 *
 * B. L. Welch, "The generalization of Student's problem when several different population variances are involved",
 * Biometrika 34 (1947); E. C. Fieller, "Some problems in interval estimation", J. R. Stat. Soc. B 16 (1954).
 */
#ifndef VM_ENERGY_COMPARE_SPREAD_H
#define VM_ENERGY_COMPARE_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Fewer runs have no interval. */
#define COMPARE_SPREAD_RUNS_MIN 3

/* Start with zeros. */
struct compare_spread {
  uint64_t runs;
  double mean;
  double squares; /* sum of the squared deviations from the mean */
};

void compare_spread_add(struct compare_spread *spread, double value);

/* The standard deviation; 0 with fewer than two runs. */
double compare_spread_sd(const struct compare_spread *spread);

struct compare_interval {
  bool has; /* false: too few runs, or a ratio whose divisor may be 0 */
  double low, high;
};

/* The mean of one side. */
struct compare_interval compare_spread_interval(const struct compare_spread *a);

/* b - a, and b / a. */
struct compare_interval compare_spread_difference(const struct compare_spread *a, const struct compare_spread *b);
struct compare_interval compare_spread_ratio(const struct compare_spread *a, const struct compare_spread *b);

/* |t| is below it with probability 0.95. freedom: degrees, 1 or more. */
double compare_spread_t(double freedom);

#endif
