/*
 * world: one VM, the exporter that counts for it, the file, and the clocks, all simulated
 *
 * For tests that need days within a second and know the truth. Time passes only when told to. Everything that is random
 * comes from the seed, by a generator of our own: the same on every machine. No I/O.
 *
 * The exporter does what Scaphandre's does: it writes, then sleeps, so its period is a bit longer than asked, and
 * drifts. What the VM draws while the exporter is down is not counted.
 */
#ifndef VM_ENERGY_SIM_WORLD_H
#define VM_ENERGY_SIM_WORLD_H

#include "core/clock.h"
#include "core/counter.h"
#include "load.h"

#include <stdbool.h>
#include <stdint.h>

struct world_options {
  const struct load *load; /* its curve; its events are not looked at */
  double period_s;         /* of the exporter */
  double jitter_s;         /* up to so much longer, at random */
  int64_t tick_ns;         /* file times are rounded down to a multiple of this; 1: exact */
  uint64_t start_uj;       /* the counter's first number */
  uint64_t other_uj;       /* that of a second series, which is shown after world_switch() */
  bool computed;           /* no exporter: the kernel computes the number at each read */
  uint64_t seed;
};

/* Look, don't touch. Times in seconds since the start, by the clock that never steps. */
struct world {
  struct world_options options;
  uint64_t random;
  double now_s;
  double asleep_s;        /* how much of it the machine was suspended */
  int64_t wall_offset_ns; /* wall - mono */

  bool down;        /* the exporter */
  bool uncounted;   /* its next update is its first: it adds nothing */
  bool resets;      /* its next update starts at 0 */
  bool switches;    /* its next update shows the other series */
  double updated_s; /* when the last one was */
  double next_s;    /* when the next one is */
  double seen_j;    /* what the VM had drawn at the last one */
  double rest_uj;   /* what did not make a whole microjoule yet */
  int shown;
  uint64_t series[2];

  uint64_t number; /* what is in the file */
  int64_t mtime_ns;

  double counted_j;   /* true energy of all updates, those that a reset swallowed included */
  double swallowed_j; /* of these alone */
  uint64_t updates;
};

/* The file is written once. The options are copied, the load is borrowed. */
void world_init(struct world *world, const struct world_options *options);

void world_pass(struct world *world, double seconds);

/* The machine sleeps: nobody draws, writes or reads, and both clocks go on. */
void world_suspend(struct world *world, double seconds);

void world_set_clock(struct world *world, double by_s);
void world_stop_exporter(struct world *world);
void world_start_exporter(struct world *world);

/* With the next update (computed: with the next read) the number falls to 0; the other series is shown. */
void world_reset(struct world *world);
void world_switch(struct world *world);

void world_clock(const struct world *world, struct instant *now);
void world_read(struct world *world, struct reading *reading);

/* What the VM really drew until then, in J. Where the machine was suspended since, the answer is wrong. */
double world_energy_j(const struct world *world, double at_s);

/* The next random number, 0 or more and below most. */
double world_random(struct world *world, double most);

#endif
