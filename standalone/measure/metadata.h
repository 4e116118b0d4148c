/*
 * metadata: run.json, which tells what a capture is
 *
 * It lies beside the capture: which version on which host, the command line, the counters and the files, the time base
 * and scale, the interval that was asked for and the real one, and how good the series is. Written when the run starts,
 * so that a crash leaves what was known, and again when it ends; each time under another name first and then renamed,
 * so that no reader sees half of it.
 *
 *   start, end        Unix seconds; end is null until the run has ended
 *   counters          label, path, start_energy_uj (the raw counter at `start`), start_update (Unix seconds of the
 *                     update that it is from; null: not known), range_uj (where it wraps; null: it does not, or
 *                     unknown), period_s (between two updates)
 *   clock_steps       ts, by_s: the wall clock was set, noticed when it would have shown ts, by so much
 *   interval          asked_s; mean_s, p95_s, max_s: between two samples as they were taken
 *   quality           what the summary of ts says; null until the run has ended
 */
#ifndef VM_ENERGY_METADATA_H
#define VM_ENERGY_METADATA_H

#include "common/options.h"
#include "common/quantile.h"
#include "common/ticker.h"
#include "measure/summary.h"

#include "core/csv.h"

#include <stdint.h>

/* A step of the wall clock. */
struct metadata_step {
  int64_t at_ns; /* wall time as it would have been without */
  int64_t by_ns;
};

/* What there is to tell. All is borrowed. */
struct metadata {
  const struct options *options;
  struct csv *csv;
  const struct summary *summary;
  const struct ticker *ticker;
  struct quantile *intervals; /* between two samples, in s */
  const struct metadata_step *steps;
  size_t steps_num;
  uint64_t marks;
  int64_t end_wall_ns; /* 0: the run goes on */
};

/* Writes <dir of the csv>/run.json. 0 or -errno; what was there is then still there. */
int metadata_write(const struct metadata *metadata);

#endif
