/*
 * recording_times: judges the steps between the time stamps of one VM of a file
 *
 * Files are appended to each other, clocks are set, rows are copied. The time between two rows counts only if their
 * time stamps prove how long it was. Pure.
 */
#ifndef VM_ENERGY_RECORDING_TIMES_H
#define VM_ENERGY_RECORDING_TIMES_H

#include "report/recording.h"

#define RECORDING_TIMES_STEPS 5

/* Start with zeros. */
struct recording_times {
  bool has_row;
  bool starts_table; /* set by the caller: the next row is the first of another table */
  bool in_copy;      /* in a block of copied rows */
  bool has_energy;   /* energy_uj is that of the last row with one */
  bool has_power;
  bool power_varies;
  int64_t first_ns, last_ns;
  uint64_t energy_uj;
  double power_w;
  int64_t steps[RECORDING_TIMES_STEPS]; /* the last ones, as a ring */
  size_t steps_num;                     /* of all rows so far */
};

enum recording_step {
  RECORDING_STEP_FIRST, /* the first row */
  RECORDING_STEP_NORMAL,
  RECORDING_STEP_NONE,  /* no time passed */
  RECORDING_STEP_HOLE,  /* rows are missing; only a counter knows what was drawn */
  RECORDING_STEP_TABLE, /* another table begins. As with the next two, nothing is known of the time between */
  RECORDING_STEP_BACK,  /* the clock was set back */
  RECORDING_STEP_JUMP,  /* the clock was set, or the row is of another run */
  RECORDING_STEP_COPY,  /* a copy of an earlier row */
  RECORDING_STEPS
};

/* The time allows a copy of an earlier row: the caller compares the values. */
bool recording_times_may_repeat(const struct recording_times *times, int64_t ts_ns);

/*
 * True if values that equal those of an earlier row prove a copy, since they would differ after the clock was set back:
 * the counter fell, the power varies, or a table begins.
 */
bool recording_times_prove_copy(const struct recording_times *times, const struct recording_value *value);

/*
 * Takes the next row. repeats: it is a copy; so are the rows after it up to the last time stamp. is_trusted: run.json
 * records when the clock was set.
 */
enum recording_step recording_times_take(struct recording_times *times, const struct recording_value *value,
                                         bool repeats, bool is_trusted);

#endif
