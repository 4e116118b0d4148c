/*
 * tally: what the samples of one VM add up to, as a whole and by phase
 *
 * Energy. Where the capture has a raw counter, its differences are what was measured: from the start of the run where
 * that is known, else from the first sample, to the last one, with nothing lost where samples have no value. Where it
 * fell, the power of that sample by its time counts: a wrap was corrected there, and a reset has no power and adds
 * nothing. Without a counter, energy is power by time, throughout.
 *
 * A spike (see core/meter.h) adds nothing, nor does the way back from it, but for what the series counted meanwhile
 * that it goes back to. It is a rise in the state spike or gap, or, in layouts without states, one without a power; and
 * it passes the number which the counter had fallen from, or is more than max_power_w of the run, or 10 kW where that
 * is not known.
 *
 * A counter moves when it is updated, every 5 s or so. Its energy is spread evenly over the time since the update
 * before, and no longer than an update takes, so that a phase gets its share of the updates at its edges.
 *
 * Power. Mean, minimum, maximum, quantiles are those of the samples that have a power. A sample belongs to the phase
 * that is over with it.
 */
#ifndef VM_ENERGY_TALLY_H
#define VM_ENERGY_TALLY_H

#include "phases.h"
#include "quantile.h"
#include "recording.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole, or a phase. */
struct tally_part {
  struct quantile power_w;
  uint64_t samples; /* with a power or not */
  uint64_t held;    /* state held; without states: the counter did not move */
  uint64_t resets;
  double counter_j, power_j; /* by the counter, by the power */
};

struct tally {
  const struct phases *phases;
  double scale;
  int64_t period_ns;
  double max_power_w;
  struct tally_part whole;
  struct tally_part *parts; /* by phase; NULL: there is but one */

  bool has_row, has_counter;
  bool counted;             /* the counter was compared at least once */
  bool timed;               /* so was a power multiplied by time */
  int64_t first_ns, row_ns; /* of the start or the first sample, of the last one */
  uint64_t steps;           /* between them */
  uint64_t counter_uj;
  int64_t counter_ns; /* when the counter was last seen, */
  int64_t moved_ns;   /* and when it was last seen to have moved */
  bool has_left;      /* a series of numbers was left, */
  uint64_t left_uj;   /* with this one, */
  double left_j;      /* and so much was added since */
};

/* phases is borrowed. scale: of the raw counter. 0 or -ENOMEM. */
int tally_init(struct tally *tally, const struct phases *phases, double scale, const struct recording_vm *vm);

/* 0 or -ENOMEM. */
int tally_add(struct tally *tally, const struct recording_value *value);

void tally_free(struct tally *tally);

/* Whether an energy is known, and whether from the counter; the part's, in J. */
bool tally_has_energy(const struct tally *tally);
double tally_energy_j(const struct tally *tally, const struct tally_part *part);

/* Of a phase. */
struct tally_part *tally_phase(struct tally *tally, size_t phase);

#endif
