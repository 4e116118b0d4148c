/*
 * tally: what is known of one VM of a capture, as a whole and by phase
 *
 * Energy, with what it is at least and at most, is from the updates: see bounds.h. So is power, unless the recorded one
 * is asked for or there is no counter: minimum, median, maximum are those of the mean powers between two updates, and
 * the mean is energy by the time in which it was counted. What a row has belongs to the phase that is over with it.
 */
#ifndef VM_ENERGY_TALLY_H
#define VM_ENERGY_TALLY_H

#include "common/bounds.h"
#include "common/quantile.h"
#include "report/phases.h"
#include "report/recording.h"
#include "report/replay.h"
#include "report/total_power.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole, or a phase. */
struct tally_part {
  struct quantile power_w;
  uint64_t samples; /* with a power or not */
  uint64_t empty;   /* without */
  uint64_t held;    /* state held; without states: the counter did not move */
  uint64_t resets;
  int64_t known_ns;             /* between its rows, as far as that is known */
  bool has_earlier;             /* there is a stretch that is over, see tally_begin_stretch() */
  struct bounds_result earlier; /* of these stretches */
};

struct tally {
  const struct phases *phases;
  bool recorded; /* power is that of the rows */
  struct tally_part whole;
  struct tally_part *parts; /* by phase; NULL: there is but one */
  struct bounds bounds;
  struct bounds_edge *edges; /* the start, that of each phase but the first, the end */
  struct replay *replay;     /* NULL: there is an updates.dat */
  double scale;

  bool has_counter;         /* energy is from one, and has bounds; else from power by time */
  bool stretch_has_counter; /* the same, of this stretch */
  bool recorded_by_option;  /* the option */
  bool has_edges, is_ended;
  bool has_row, has_number;
  int64_t first_ns, row_ns; /* of this stretch: of the start or the first row, of the last one */
  int64_t number_ns;        /* of the last one with a value */
  uint64_t number_uj;
  bool number_in_updates; /* updates.dat has number_uj */
  uint64_t steps;         /* rows after the first */
  double recorded_j;      /* by the power of the rows */

  struct total_power_stay *stays; /* when it was there, complete after tally_end() */
  size_t stays_num;
  bool is_present;          /* now, */
  int64_t present_since_ns; /* since then */
};

/* All borrowed. replay: there is no updates.dat; its options. */
struct tally_options {
  const struct phases *phases;
  double scale;
  bool recorded;
  const struct meter_options *replay;
  const struct tariffs *tariffs; /* NULL: costs are not asked for */
};

/* 0 or -ENOMEM. */
int tally_init(struct tally *tally, const struct tally_options *options, const struct recording_vm *vm);

/*
 * The VM goes on, but nothing is known of what lies between the last row and the next one: another stretch begins.
 * Energies and their bounds add up.
 */
void tally_begin_stretch(struct tally *tally, const struct recording_vm *vm);

/* What the power was in a stretch of time; power_w is then what a plot shows. */
struct tally_span {
  bool has;
  int64_t from_ns, to_ns;
  double power_w;
  bool has_bounds; /* from here on */
  double energy_j; /* was drawn between these two instants, for certain */
  int64_t least_ns, most_ns;
};

/* A row. *span is what it shows of the power. 0 or -ENOMEM. */
int tally_add(struct tally *tally, const struct recording_value *value, struct tally_span *span);

/* After the last row: nothing counts that is after end_ns, or after the VM's last row where there is no updates.dat. */
void tally_end(struct tally *tally, int64_t end_ns);

/* An update of updates.dat, unscaled. 0 or -ENOMEM. */
int tally_update(struct tally *tally, int64_t to_ns, const struct update *update, struct tally_span *span);

/* After the last update: whether those of updates.dat end before the rows do, so that energy is missing. */
bool tally_lacks_updates(const struct tally *tally);

void tally_free(struct tally *tally);

/* Of a phase; SIZE_MAX: the whole. */
struct tally_part *tally_part(struct tally *tally, size_t phase);
void tally_energy(const struct tally *tally, size_t phase, struct bounds_result *result);

#endif
