/*
 * brackets: windows over a simulated world, and whether the true energy was inside the bounds that `once --bounds` and
 * `run` would have told
 */
#ifndef VM_ENERGY_ACCURACY_BRACKETS_H
#define VM_ENERGY_ACCURACY_BRACKETS_H

#include "trial.h"

struct bracket_score {
  int windows;
  int inside; /* of these, whose true energy was at least the low bound and at most the high one, where there is one,
                 give or take what is drawn in EXPORTER_LAG_S */
  int with_high;
  double width_j; /* mean of high - low of those that have a high one */
};

/*
 * So many windows of 1 to 60 s, each in a world of its own. Of the trial, base and duration are not looked at; where it
 * has resets, restarts, wraps or torn reads, every window or the time around it has one.
 */
void brackets_run(const struct trial *trial, int windows, struct bracket_score *score);

#endif
