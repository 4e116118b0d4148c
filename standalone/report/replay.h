/*
 * replay: the rows of one VM -> updates, by the rules of the live meter
 *
 * For captures that have no updates.dat: older ones, and those of other programs. A number that changed between two
 * rows was updated between them. What a rise, a fall, a glitch means is for the meter to say (core/meter.h). Without a
 * raw counter, power by time is the energy.
 */
#ifndef VM_ENERGY_REPLAY_H
#define VM_ENERGY_REPLAY_H

#include "report/recording.h"

#include "core/meter.h"

struct replay {
  struct meter meter;
  int64_t unit_ns; /* how much later than its time stamp a row may have been taken */
  uint64_t range_uj;
  bool has_counter;
  bool has_row, has_number;
  int64_t row_ns, number_ns; /* of the last row; of the last one with a number */
  int64_t changed_ns;        /* of the last one with another number */
  int64_t step_ns;           /* between two rows, so that one that is back was not there before; 0: not known */
  uint64_t number_uj;
  double power_j; /* by the power, since the first row */
};

/* options: with scale and max_power_w; borrowed. */
void replay_init(struct replay *replay, const struct meter_options *options, const struct recording_vm *vm);

/* The next row. True: it shows an update, made in (*to_ns - update->within_ns, *to_ns]. */
bool replay_take(struct replay *replay, const struct recording_value *value, int64_t *to_ns, struct update *update);

#endif
