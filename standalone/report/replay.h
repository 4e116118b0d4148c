/*
 * replay: the rows of one VM -> updates, for captures without updates.dat
 *
 * A number that differs between two rows was updated between them. core/meter.h decides what a rise, a fall or a glitch
 * means, as in a live run. Without a raw counter, energy is power times time. Tested by tests/check_tally*.c.
 */
#ifndef VM_ENERGY_REPLAY_H
#define VM_ENERGY_REPLAY_H

#include "report/recording.h"

#include "core/meter.h"

struct replay {
  struct meter meter;
  int64_t unit_ns; /* see struct recording_vm */
  uint64_t range_uj;
  bool has_counter;
  bool has_row, has_number;
  int64_t row_ns, number_ns; /* the last row; the last one with a number */
  int64_t changed_ns;        /* when number_uj was first seen */
  int64_t step_ns;           /* between the last rows: a number that returns is newer than the row before; 0: unknown */
  uint64_t number_uj;
  double power_j; /* power times time, since the first row */
};

/* options: with scale and max_power_w; borrowed. */
void replay_init(struct replay *replay, const struct meter_options *options, const struct recording_vm *vm);

/* Takes the next row. True: it shows an update, made in (*to_ns - update->within_ns, *to_ns]. */
bool replay_take(struct replay *replay, const struct recording_value *value, int64_t *to_ns, struct update *update);

#endif
