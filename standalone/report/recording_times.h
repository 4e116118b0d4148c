/*
 * recording_times: the time stamps of one VM of a file, and which steps between two of them make sense
 *
 * Files are appended to each other, clocks are set, rows are copied. What lies between two rows counts only if their
 * times say how long that was. Pure.
 *
 *   recording_times_may_repeat()  the row may be a copy of one before: the caller looks whether the same values were
 * there recording_times_take()        what to make of the row
 */
#ifndef VM_ENERGY_RECORDING_TIMES_H
#define VM_ENERGY_RECORDING_TIMES_H

#include "report/recording.h"

#define RECORDING_TIMES_STEPS 5

/* Start with zeros. */
struct recording_times {
  bool has_row;
  bool starts_table; /* set by the caller: the next row is the first one of another table */
  bool in_copy;      /* in a block that stands in the file already */
  bool has_energy;   /* of the counter */
  bool has_power;
  bool power_varies; /* power did */
  int64_t first_ns, last_ns;
  uint64_t energy_uj;
  double power_w;
  int64_t steps[RECORDING_TIMES_STEPS]; /* the last ones between two rows */
  size_t steps_num;                     /* so far */
};

enum recording_step {
  RECORDING_STEP_FIRST,  /* no row is before it */
  RECORDING_STEP_NORMAL, /* as it should be */
  RECORDING_STEP_NONE,   /* no time passed */
  RECORDING_STEP_HOLE,   /* rows are missing; the counter, where there is one, knows what was drawn */
  RECORDING_STEP_TABLE,  /* another table begins; it and the next two: nothing is known of what lies between */
  RECORDING_STEP_BACK,   /* the clock was set back */
  RECORDING_STEP_JUMP,   /* the clock was set, or the row is of another run */
  RECORDING_STEP_COPY    /* the row is there already */
};

bool recording_times_may_repeat(const struct recording_times *times, int64_t ts_ns);

/*
 * True if values like those of a row before tell that it is a copy, since they would differ if the clock had been set
 * back: the counter fell, the power varies, or it begins a table.
 */
bool recording_times_prove_copy(const struct recording_times *times, const struct recording_value *value);

/*
 * repeats: the row is a copy, as are those after it up to the time of the last one. is_trusted: the run has recorded
 * when the clock was set; rows are late at most.
 */
enum recording_step recording_times_take(struct recording_times *times, const struct recording_value *value,
                                         bool repeats, bool is_trusted);

#endif
