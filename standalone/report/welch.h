/*
 * welch: what repeated runs say of a mean, and of the difference of two
 *
 * Two sides with runs of their own, which need not spread alike: Welch's t interval of the difference of the means,
 * with the degrees of freedom of Welch and Satterthwaite, and Fieller's interval of their ratio with the same. Each
 * holds the truth in 95 of 100 experiments, where the runs are independent and about normal.
 *
 * B. L. Welch, "The generalization of Student's problem when several different population variances are involved",
 * Biometrika 34 (1947); E. C. Fieller, "Some problems in interval estimation", J. R. Stat. Soc. B 16 (1954).
 */
#ifndef VM_ENERGY_WELCH_H
#define VM_ENERGY_WELCH_H

#include <stdbool.h>
#include <stdint.h>

/* Fewer runs than this say too little of how they spread. */
#define WELCH_RUNS_MIN 3

/* Values of runs. Start with zeros. */
struct spread {
  uint64_t runs;
  double mean;
  double squares; /* sum of the squared deviations from the mean */
};

void spread_add(struct spread *spread, double value);

/* The standard deviation of the runs; 0 with fewer than two. */
double spread_sd(const struct spread *spread);

struct interval {
  bool has; /* false: too few runs, or a ratio whose divisor may be 0 */
  double low, high;
};

/* The mean of one side. */
struct interval spread_interval(const struct spread *a);

/* b - a, and b / a. */
struct interval welch_difference(const struct spread *a, const struct spread *b);
struct interval welch_ratio(const struct spread *a, const struct spread *b);

/* With so many degrees of freedom, 1 or more, |t| is below it with a probability of 0.95. */
double student_t(double freedom);

#endif
