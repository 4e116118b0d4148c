/*
 * world: one VM, the exporter that counts for it, the file, and the clocks, all simulated
 *
 * For tests that need days within a second and know the truth. Time passes only when told to. Everything that is random
 * comes from the seed, by a generator of our own: the same on every machine. No I/O.
 *
 * The exporter does what the real one does (exporter.h), with one VM: at the start it is running, and the file was just
 * written. What is drawn while it is down is not counted.
 */
#ifndef VM_ENERGY_SIM_WORLD_H
#define VM_ENERGY_SIM_WORLD_H

#include "core/clock.h"
#include "core/counter.h"
#include "exporter.h"
#include "load.h"

#include <stdbool.h>
#include <stdint.h>

struct world_options {
  const struct load *load; /* its curve; its events are ignored */
  double period_s;         /* of the exporter */
  double jitter_s;         /* EXPORTER_REAL, or a distortion: see exporter.h */
  int64_t tick_ns;         /* file times are rounded down to a multiple of this; 1: exact */
  uint64_t start_uj;       /* the counter's first number */
  uint64_t other_uj;       /* that of a second series, which is shown after world_switch() */
  bool computed;           /* no exporter: the kernel computes the number at each read */
  uint64_t seed;
};

#define WORLD_LOSSES 8

/* Look, don't touch. Times in seconds since the start, by the clock that never steps. */
struct world {
  struct world_options options;
  struct exporter exporter;
  uint64_t random;
  double now_s;
  double asleep_s;        /* how much of it the machine was suspended */
  int64_t wall_offset_ns; /* wall - mono */

  bool down;        /* the exporter */
  unsigned seen;    /* passes since its start */
  double position;  /* of the VM among all that a pass writes, 0 to 1: drawn at each start of the exporter */
  bool resets;      /* its next update starts at 0 */
  bool switches;    /* its next update shows the other series */
  double pass_s;    /* start of the last pass */
  double seen_j;    /* what the VM had drawn then */
  double next_s;    /* start of the next pass */
  bool writing;     /* a pass has started that is going to write the file, */
  double empty_s;   /* truncate it then, */
  double write_s;   /* write it then, */
  double more_j;    /* and add so much */
  double updated_s; /* when the last update was */
  double rest_uj;   /* what did not make a whole microjoule yet */
  int shown;
  uint64_t series[2];

  uint64_t number; /* what is in the file */
  int64_t mtime_ns;

  double counted_j;   /* true energy of all updates, those that a reset swallowed included */
  double swallowed_j; /* of these alone */
  uint64_t updates;

  struct world_loss {
    double from_s, to_s;
  } losses[WORLD_LOSSES]; /* the latest spans that were never counted, in a ring */
  unsigned losses_num;
};

/* The file is written once. The options are copied, the load is borrowed. */
void world_init(struct world *world, const struct world_options *options);

/* Lets time pass; less than 0 is 0. */
void world_pass(struct world *world, double seconds);

/* The machine sleeps: nobody draws, writes or reads, and both clocks go on. */
void world_suspend(struct world *world, double seconds);

void world_set_clock(struct world *world, double by_s);

/* Ends the exporter after the pass that it may be in. Its next start is its first pass of three without a number. */
void world_stop_exporter(struct world *world);
void world_start_exporter(struct world *world);

/* A powercap zone of the host wraps: the next pass writes nothing. */
void world_wrap(struct world *world);

/* With the next update (computed: with the next read) the number falls to 0; the other series is shown. */
void world_reset(struct world *world);
void world_switch(struct world *world);

void world_clock(const struct world *world, struct instant *now);

/* Reads the file. One that is empty is read again for COUNTER_PATIENCE_NS, in which time passes; then -ENODATA. */
void world_read(struct world *world, struct reading *reading);

/* What the VM really drew until then, in J. Where the machine was suspended since, the answer is wrong. */
double world_energy_j(const struct world *world, double at_s);

/* What it drew between the two and the exporter never counts, as far as the losses are remembered. */
double world_lost_j(const struct world *world, double from_s, double to_s);

/* The next random number, 0 or more and below most. */
double world_random(struct world *world, double most);

#endif
