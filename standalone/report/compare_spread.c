#include "report/compare_spread.h"

#include <math.h>

#define CONFIDENCE 0.95

/* Steps of the integral of compare_spread_t(): its error is below 1e-4 of t. */
#define STEPS 2000

/* The integral ends at this many standard deviations, where next to nothing is left. */
#define TAIL 40

void compare_spread_add(struct compare_spread *spread, double value) {
  double before = value - spread->mean;
  spread->runs++;
  spread->mean += before / (double)spread->runs;
  spread->squares += before * (value - spread->mean);
}

static double variance(const struct compare_spread *spread) {
  return spread->runs > 1 ? spread->squares / (double)(spread->runs - 1) : 0;
}

double compare_spread_sd(const struct compare_spread *spread) {
  return sqrt(variance(spread));
}

/*
 * With t = sqrt(freedom) * tan(angle), the density of the angle is cos(angle)^(freedom - 1), except for a factor. Finds
 * the angle below which the share CONFIDENCE of the integral from 0 lies.
 */
double compare_spread_t(double freedom) {
  double end = fmin(M_PI_2, TAIL / sqrt(freedom)), step = end / STEPS, whole = 0;
  for (int i = 0; i < STEPS; i++)
    whole += pow(cos((i + 0.5) * step), freedom - 1);
  double part = 0, sought = CONFIDENCE * whole;
  for (int i = 0; i < STEPS; i++) {
    double slice = pow(cos((i + 0.5) * step), freedom - 1);
    if (part + slice >= sought)
      return sqrt(freedom) * tan((i + (sought - part) / slice) * step);
    part += slice;
  }
  return INFINITY;
}

/* The squared standard error of the mean. */
static double error_squared(const struct compare_spread *spread) {
  return variance(spread) / (double)spread->runs;
}

static struct compare_interval around(double middle, double half) {
  return (struct compare_interval){.has = true, .low = middle - half, .high = middle + half};
}

struct compare_interval compare_spread_interval(const struct compare_spread *a) {
  if (a->runs < COMPARE_SPREAD_RUNS_MIN)
    return (struct compare_interval){.has = false};
  return around(a->mean, compare_spread_t((double)(a->runs - 1)) * sqrt(error_squared(a)));
}

/* t for both sides together; 0 if neither spreads. */
static double joint_t(const struct compare_spread *a, const struct compare_spread *b) {
  double a2 = error_squared(a), b2 = error_squared(b);
  if (a2 + b2 <= 0)
    return 0;
  double freedom = (a2 + b2) * (a2 + b2) / (a2 * a2 / (double)(a->runs - 1) + b2 * b2 / (double)(b->runs - 1));
  return compare_spread_t(freedom);
}

static bool have_runs(const struct compare_spread *a, const struct compare_spread *b) {
  return a->runs >= COMPARE_SPREAD_RUNS_MIN && b->runs >= COMPARE_SPREAD_RUNS_MIN;
}

struct compare_interval compare_spread_difference(const struct compare_spread *a, const struct compare_spread *b) {
  if (!have_runs(a, b))
    return (struct compare_interval){.has = false};
  return around(b->mean - a->mean, joint_t(a, b) * sqrt(error_squared(a) + error_squared(b)));
}

struct compare_interval compare_spread_ratio(const struct compare_spread *a, const struct compare_spread *b) {
  if (!have_runs(a, b) || a->mean <= 0)
    return (struct compare_interval){.has = false};
  double t = joint_t(a, b), a2 = error_squared(a), b2 = error_squared(b);
  double ratio = b->mean / a->mean, share = t * t * a2 / (a->mean * a->mean);
  if (share >= 1) /* the divisor may be 0 */
    return (struct compare_interval){.has = false};
  return around(ratio / (1 - share), t / a->mean * sqrt(b2 * (1 - share) + ratio * ratio * a2) / (1 - share));
}
