/*
 * metadata: run.json, which describes the capture beside it
 *
 * Version, host, command line, counters, files, time base, scale, interval, and quality of the series. Written when the
 * run starts, for the case of a crash, and again when it ends; under another name first and then renamed, so that no
 * reader sees half of it. Tests: tests/cli/check_metadata.sh.
 *
 *   start, end        Unix seconds; end is null until the run has ended
 *   counters          label, path, start_energy_uj (the raw counter at `start`), start_update (Unix seconds of its
 *                     update; null: unknown), range_uj (where it wraps; null: never, or unknown), period_s (between two
 *                     updates)
 *   clock_steps       the wall clock was set by by_s, when it would have shown ts
 *   interval          asked_s; mean_s, p95_s, max_s: between two samples as they were taken
 *   quality           the summary of ts; null until the run has ended
 */
#ifndef VM_ENERGY_METADATA_H
#define VM_ENERGY_METADATA_H

#include "common/options.h"
#include "common/quantile.h"
#include "common/ticker.h"
#include "measure/summary.h"

#include "core/csv.h"

#include <stdint.h>

struct metadata_step {
  int64_t at_ns; /* wall time without the step */
  int64_t by_ns;
};

/* All is borrowed. */
struct metadata {
  const struct options *options;
  struct csv *csv;
  const struct summary *summary;
  const struct ticker *ticker;
  struct quantile *intervals; /* between two samples, in s */
  const struct metadata_step *steps;
  size_t steps_num;
  uint64_t marks;
  int64_t end_wall_ns; /* 0: the run has not ended */
};

/* Writes <dir of the csv>/run.json. 0, or -errno: the old file is intact. */
int metadata_write(const struct metadata *metadata);

#endif
