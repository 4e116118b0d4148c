/*
 * metadata: run.json, which tells what a capture is
 *
 * It lies beside the capture: which version on which host, the command line, the counters and the files, the time base
 * and scale, the interval that was asked for and the real one, and how good the series is. Written when the run starts,
 * so that a crash leaves what was known, and again when it ends; each time under another name first and then renamed,
 * so that no reader sees half of it.
 *
 *   start, end        Unix seconds; end is null until the run has ended
 *   counters          label, path, start_energy_uj (the raw counter at `start`), period_s (between two updates)
 *   interval          asked_s; mean_s, p95_s, max_s: between two samples as they were taken
 *   quality           what the summary of ts says; null until the run has ended
 */
#ifndef VM_ENERGY_METADATA_H
#define VM_ENERGY_METADATA_H

#include "options.h"
#include "quantile.h"
#include "summary.h"
#include "ticker.h"

#include "core/csv.h"

#include <stdint.h>

#define METADATA_FILE "run.json"

/* What there is to tell. All is borrowed. */
struct metadata {
  const struct options *options;
  struct csv *csv;
  const struct summary *summary;
  const struct ticker *ticker;
  struct quantile *intervals; /* between two samples, in s */
  uint64_t marks;
  int64_t end_wall_ns; /* 0: the run goes on */
};

/* Writes <dir of the csv>/run.json. 0 or -errno; what was there is then still there. */
int metadata_write(const struct metadata *metadata);

#endif
