/*
 * trial: the meter over a simulated day, and how far it was from the truth
 *
 * No files, no waiting: a simulated world (sim/world.h) is looked at as a collector does it: at least every 2 s, and
 * once for each sample. The same trial gives the same score on every machine.
 */
#ifndef VM_ENERGY_ACCURACY_TRIAL_H
#define VM_ENERGY_ACCURACY_TRIAL_H

#include "../sim/exporter.h"
#include "core/meter.h"

#include <stdint.h>

struct trial {
  enum meter_base base;
  const char *load; /* as in sim/load.h */
  double interval_s;
  double duration_s;
  double period_s; /* of the exporter */
  double jitter_s; /* EXPORTER_REAL, or a distortion: see sim/exporter.h */
  int64_t tick_ns; /* of file times */
  /* at random moments: */
  int resets;
  int restarts; /* of the exporter, which is down for 10 to 60 s; two passes more bring no number */
  int wraps;    /* of a powercap zone: a pass is skipped */
  int torn;     /* reads */
  uint64_t seed;
};

struct score {
  uint64_t samples;
  uint64_t powers; /* samples with a power */

  /*
   * The error of a power: what is told, less the mean of what the VM really drew since the sample before. So it holds
   * the delay as well, by which a collector that looks at a slow counter comes late.
   */
  double rms_w;
  double worst_w; /* largest error, either way */

  double energy_j;  /* accumulated from the first sample to the last */
  double drawn_j;   /* what the VM really drew in that time */
  double counted_j; /* what the exporter counted of it */

  uint64_t resets; /* that the meter saw */
  double
      swallowed_j; /* energy of the updates that started anew at 0, and what was added from there to the sample after */
  double around_j; /* what was counted between the samples before and after the resets */
};

/* A load that is wrong ends the program. */
void trial_run(const struct trial *trial, struct score *score);

#endif
