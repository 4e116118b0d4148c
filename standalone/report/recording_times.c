#include "report/recording_times.h"

#include "core/clock.h"

/* Rows are missing if a step is longer than the usual one by this factor. */
#define HOLE_FACTOR 2.5

/* A run with pauses as long as that is not one run, unless its rows are always so far apart. */
#define JUMP_NS     (INT64_C(86400) * NS_PER_S)
#define JUMP_FACTOR 1000.0

/* No rows are that far apart: the clock was not set before. */
#define NEVER_NS (INT64_C(366) * 24 * 3600 * NS_PER_S)

/* A clock that was set back by less may go unnoticed by the run that records this. */
#define UNNOTICED_NS (10 * NS_PER_S)

/* The median of the last steps; 0: there is none. */
static int64_t usual_step(const struct course *course) {
  int64_t steps[COURSE_STEPS];
  size_t num = course->steps_num < COURSE_STEPS ? course->steps_num : COURSE_STEPS;
  for (size_t i = 0; i < num; i++) {
    size_t at = i;
    for (; at > 0 && steps[at - 1] > course->steps[i]; at--)
      steps[at] = steps[at - 1];
    steps[at] = course->steps[i];
  }
  return num > 0 ? steps[num / 2] : 0;
}

static bool is_hole(const struct course *course, int64_t step_ns) {
  if (course->steps_num == 0)
    return false;
  int64_t before_ns = course->steps[(course->steps_num - 1) % COURSE_STEPS];
  if ((double)step_ns <= HOLE_FACTOR * (double)before_ns)
    return false;
  return (double)step_ns > HOLE_FACTOR * (double)usual_step(course);
}

static bool is_jump(const struct course *course, int64_t step_ns) {
  int64_t usual_ns = usual_step(course);
  return step_ns > NEVER_NS || (usual_ns > 0 && step_ns > JUMP_NS && (double)step_ns > JUMP_FACTOR * (double)usual_ns);
}

bool course_may_repeat(const struct course *course, int64_t ts_ns) {
  if (!course->has_row || course->repeats || ts_ns < course->first_ns)
    return false;
  return ts_ns < course->last_ns || (course->is_fresh && ts_ns == course->last_ns);
}

bool course_tells(const struct course *course, const struct recording_value *value) {
  if (value->has_energy && course->has_number)
    return course->is_fresh || value->energy_uj < course->number_uj;
  return course->is_fresh || course->varies;
}

static enum course_step judge(const struct course *course, int64_t ts_ns, bool is_trusted) {
  if (!course->has_row)
    return COURSE_FIRST;
  if (course->is_fresh)
    return COURSE_NEW;
  int64_t step_ns = ts_ns - course->last_ns;
  if (step_ns < 0)
    return COURSE_BACK;
  if (step_ns == 0)
    return COURSE_STILL;
  if (!is_trusted && is_jump(course, step_ns))
    return COURSE_JUMP;
  return is_hole(course, step_ns) ? COURSE_HOLE : COURSE_ON;
}

enum course_step course_take(struct course *course, const struct recording_value *value, bool repeats,
                             bool is_trusted) {
  int64_t ts_ns = value->ts_ns;
  if (repeats)
    course->repeats = true;
  if (course->repeats) {
    if (ts_ns <= course->last_ns)
      return COURSE_REPEATS;
    course->repeats = course->is_fresh = false; /* the copy is over, and the run goes on where it had ended */
  }
  if (is_trusted && course->has_row && ts_ns < course->last_ns && course->last_ns - ts_ns < UNNOTICED_NS)
    ts_ns = course->last_ns;
  enum course_step step = judge(course, ts_ns, is_trusted);
  if (step == COURSE_ON || step == COURSE_HOLE)
    course->steps[course->steps_num++ % COURSE_STEPS] = ts_ns - course->last_ns;
  if (step == COURSE_FIRST || ts_ns < course->first_ns)
    course->first_ns = ts_ns;
  course->last_ns = ts_ns;
  course->has_row = true;
  course->is_fresh = false;
  if (value->has_energy) {
    course->has_number = true;
    course->number_uj = value->energy_uj;
  }
  if (value->has_power) {
    course->varies = course->varies || (course->has_power && value->power_w != course->power_w);
    course->has_power = true;
    course->power_w = value->power_w;
  }
  return step;
}
