/*
 * tally: energy and power of one VM of a capture, in the whole and in each phase
 *
 * Energy and its bounds come from updates: those of updates.dat, or those that replay.h finds in the rows.
 * common/bounds.h computes them between two instants; here the marks become these instants (phases.h), and stretches of
 * the capture add up. Power is the mean between two updates; it is that of the rows where the caller wants it
 * (recorded) or the rows have no counter. A row belongs to the phase that ends with it.
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

/* Of the whole, or of a phase. */
struct tally_part {
  struct quantile power_w;
  uint64_t samples; /* with or without power */
  uint64_t empty;   /* without power */
  uint64_t held;    /* state held; without states: the counter did not change */
  uint64_t resets;
  int64_t known_ns;             /* between its rows, without unknown stretches */
  bool has_earlier;             /* a stretch has ended, see tally_begin_stretch() */
  struct bounds_result earlier; /* sum of the ended stretches */
};

struct tally {
  const struct phases *phases;
  bool recorded; /* power is that of the rows */
  struct tally_part whole;
  struct tally_part *parts; /* by phase; NULL: there is only one */
  struct bounds bounds;
  struct bounds_edge *edges; /* the start, each mark, the end */
  struct replay *replay;     /* NULL: updates.dat is used */
  double scale;

  bool has_counter;         /* energy comes from it, and has bounds; else it is power times time */
  bool stretch_has_counter; /* the same of the current stretch */
  bool recorded_by_option;
  bool has_edges, is_ended;
  bool has_row, has_number;
  int64_t first_ns, row_ns; /* of this stretch: its start or first row; its last row */
  int64_t number_ns;        /* of the last row with a counter value */
  uint64_t number_uj;
  bool number_in_updates; /* updates.dat has number_uj */
  uint64_t steps;         /* rows after the first */
  double recorded_j;      /* power of the rows times time */

  struct total_power_stay *stays; /* when it was present; complete after tally_end() */
  size_t stays_num;
  bool is_present;
  int64_t present_since_ns;
};

/* All borrowed. replay: options of the meter if there is no updates.dat, else NULL. */
struct tally_options {
  const struct phases *phases;
  double scale;
  bool recorded;
  const struct meter_options *replay;
  const struct tariffs *tariffs; /* NULL: no costs */
};

/* 0 or -ENOMEM. */
int tally_init(struct tally *tally, const struct tally_options *options, const struct recording_vm *vm);

/*
 * Begins another stretch of the VM: nothing is known of the time between the last row and the next one. Energies of
 * stretches, and their bounds, add up.
 */
void tally_begin_stretch(struct tally *tally, const struct recording_vm *vm);

/* Power in a span of time, as a plot shows it. */
struct tally_span {
  bool has;
  int64_t from_ns, to_ns;
  double power_w;
  bool has_bounds; /* of the next three */
  double energy_j; /* certainly drawn between least_ns and most_ns */
  int64_t least_ns, most_ns;
};

/* Takes a row. *span: the power that it shows. 0 or -ENOMEM. */
int tally_add(struct tally *tally, const struct recording_value *value, struct tally_span *span);

/* After the last row. What follows end_ns, or without updates.dat the VM's last row, does not count. */
void tally_end(struct tally *tally, int64_t end_ns);

/* Takes an unscaled update of updates.dat. 0 or -ENOMEM. */
int tally_update(struct tally *tally, int64_t to_ns, const struct update *update, struct tally_span *span);

/* After the last update. True if updates.dat ends before the rows do, so that energy is missing. */
bool tally_lacks_updates(const struct tally *tally);

void tally_free(struct tally *tally);

/* phase SIZE_MAX: the whole. */
struct tally_part *tally_part(struct tally *tally, size_t phase);
void tally_energy(const struct tally *tally, size_t phase, struct bounds_result *result);

#endif
