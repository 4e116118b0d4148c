#include "report/recording_times.h"

#include "core/clock.h"

/* Rows are missing if a step is this many times the usual one. */
#define HOLE_FACTOR 2.5

/* A longer step ends the run, unless its usual step is long too. */
#define JUMP_NS     (INT64_C(86400) * NS_PER_S)
#define JUMP_FACTOR 1000.0

/* A longer step comes from a clock that was not set before. */
#define NEVER_NS (INT64_C(366) * 24 * 3600 * NS_PER_S)

/* A run may not notice that the clock was set back by less. */
#define UNNOTICED_NS (10 * NS_PER_S)

/* The median of the last steps; 0: none. */
static int64_t usual_step(const struct recording_times *times) {
  int64_t steps[RECORDING_TIMES_STEPS];
  size_t num = times->steps_num < RECORDING_TIMES_STEPS ? times->steps_num : RECORDING_TIMES_STEPS;
  for (size_t i = 0; i < num; i++) {
    size_t at = i;
    for (; at > 0 && steps[at - 1] > times->steps[i]; at--)
      steps[at] = steps[at - 1];
    steps[at] = times->steps[i];
  }
  return num > 0 ? steps[num / 2] : 0;
}

static bool is_hole(const struct recording_times *times, int64_t step_ns) {
  if (times->steps_num == 0)
    return false;
  int64_t before_ns = times->steps[(times->steps_num - 1) % RECORDING_TIMES_STEPS];
  if ((double)step_ns <= HOLE_FACTOR * (double)before_ns)
    return false;
  return (double)step_ns > HOLE_FACTOR * (double)usual_step(times);
}

static bool is_jump(const struct recording_times *times, int64_t step_ns) {
  int64_t usual_ns = usual_step(times);
  return step_ns > NEVER_NS || (usual_ns > 0 && step_ns > JUMP_NS && (double)step_ns > JUMP_FACTOR * (double)usual_ns);
}

bool recording_times_may_repeat(const struct recording_times *times, int64_t ts_ns) {
  if (!times->has_row || times->in_copy || ts_ns < times->first_ns)
    return false;
  return ts_ns < times->last_ns || (times->starts_table && ts_ns == times->last_ns);
}

bool recording_times_prove_copy(const struct recording_times *times, const struct recording_value *value) {
  if (value->has_energy && times->has_energy)
    return times->starts_table || value->energy_uj < times->energy_uj;
  return times->starts_table || times->power_varies;
}

static enum recording_step judge(const struct recording_times *times, int64_t ts_ns, bool is_trusted) {
  if (!times->has_row)
    return RECORDING_STEP_FIRST;
  if (times->starts_table)
    return RECORDING_STEP_TABLE;
  int64_t step_ns = ts_ns - times->last_ns;
  if (step_ns < 0)
    return RECORDING_STEP_BACK;
  if (step_ns == 0)
    return RECORDING_STEP_NONE;
  if (!is_trusted && is_jump(times, step_ns))
    return RECORDING_STEP_JUMP;
  return is_hole(times, step_ns) ? RECORDING_STEP_HOLE : RECORDING_STEP_NORMAL;
}

enum recording_step recording_times_take(struct recording_times *times, const struct recording_value *value,
                                         bool repeats, bool is_trusted) {
  int64_t ts_ns = value->ts_ns;
  if (repeats)
    times->in_copy = true;
  if (times->in_copy) {
    if (ts_ns <= times->last_ns)
      return RECORDING_STEP_COPY;
    times->in_copy = times->starts_table = false; /* after the copy the run continues */
  }
  if (is_trusted && times->has_row && ts_ns < times->last_ns && times->last_ns - ts_ns < UNNOTICED_NS)
    ts_ns = times->last_ns;
  enum recording_step step = judge(times, ts_ns, is_trusted);
  if (step == RECORDING_STEP_NORMAL || step == RECORDING_STEP_HOLE)
    times->steps[times->steps_num++ % RECORDING_TIMES_STEPS] = ts_ns - times->last_ns;
  if (step == RECORDING_STEP_FIRST || ts_ns < times->first_ns)
    times->first_ns = ts_ns;
  times->last_ns = ts_ns;
  times->has_row = true;
  times->starts_table = false;
  if (value->has_energy) {
    times->has_energy = true;
    times->energy_uj = value->energy_uj;
  }
  if (value->has_power) {
    times->power_varies = times->power_varies || (times->has_power && value->power_w != times->power_w);
    times->has_power = true;
    times->power_w = value->power_w;
  }
  return step;
}
