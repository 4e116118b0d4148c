/*
 * recording_times: the time stamps of one VM of a file, and which steps between two of them make sense
 *
 * Files are appended to each other, clocks are set, rows are copied. What lies between two rows counts only if their
 * times say how long that was. Pure.
 *
 *   course_may_repeat()  the row may be a copy of one before: the caller looks whether the same values were there
 *   course_take()        what to make of the row
 */
#ifndef VM_ENERGY_RECORDING_TIMES_H
#define VM_ENERGY_RECORDING_TIMES_H

#include "report/recording.h"

#define COURSE_STEPS 5

/* Start with zeros. */
struct course {
  bool has_row;
  bool is_fresh;   /* set by the caller: the next row is the first one of another table */
  bool repeats;    /* in a block that stands in the file already */
  bool has_number; /* of the counter */
  bool has_power;
  bool varies; /* power did */
  int64_t first_ns, last_ns;
  uint64_t number_uj;
  double power_w;
  int64_t steps[COURSE_STEPS]; /* the last ones between two rows */
  size_t steps_num;            /* so far */
};

enum course_step {
  COURSE_FIRST,  /* no row is before it */
  COURSE_ON,     /* as it should be */
  COURSE_STILL,  /* no time passed */
  COURSE_HOLE,   /* rows are missing; the counter, where there is one, knows what was drawn */
  COURSE_NEW,    /* another table begins; it and the next two: nothing is known of what lies between */
  COURSE_BACK,   /* the clock was set back */
  COURSE_JUMP,   /* the clock was set, or the row is of another run */
  COURSE_REPEATS /* the row is there already */
};

bool course_may_repeat(const struct course *course, int64_t ts_ns);

/*
 * True if values like those of a row before tell that it is a copy, since they would differ if the clock had been set
 * back: the counter fell, the power varies, or it begins a table.
 */
bool course_tells(const struct course *course, const struct recording_value *value);

/*
 * repeats: the row is a copy, as are those after it up to the time of the last one. is_trusted: the run has recorded
 * when the clock was set; rows are late at most.
 */
enum course_step course_take(struct course *course, const struct recording_value *value, bool repeats, bool is_trusted);

#endif
