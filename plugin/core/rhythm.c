#include "rhythm.h"

#include "clock.h"

#include <stddef.h>
#include <string.h>

#define STEADY_SHARE  0.1
#define STEADY_MIN    3
#define LATE_FACTOR   1.5
#define SILENT_FACTOR 1.1
#define LATE_IN_A_ROW 3
#define PERIOD_MAX_NS (INT64_C(24) * 3600 * NS_PER_S)

static double seconds(int64_t dt_ns) {
  return (double)(dt_ns < PERIOD_MAX_NS ? dt_ns : PERIOD_MAX_NS) / 1e9;
}

static double median_s(const struct rhythm *rhythm) {
  float sorted[RHYTHM_INTERVALS];
  size_t num = rhythm->intervals_num;
  for (size_t i = 0; i < num; i++) {
    size_t j = i;
    for (; j > 0 && sorted[j - 1] > rhythm->intervals_s[i]; j--)
      sorted[j] = sorted[j - 1];
    sorted[j] = rhythm->intervals_s[i];
  }
  return num > 0 ? (double)sorted[(num - 1) / 2] : 0;
}

static bool is_off(double dt_s, double median) {
  return dt_s - median > STEADY_SHARE * median || dt_s - median < -STEADY_SHARE * median;
}

static bool is_steady(const struct rhythm *rhythm, double median) {
  size_t off = 0;
  for (size_t i = 0; i < rhythm->intervals_num; i++)
    off += is_off((double)rhythm->intervals_s[i], median);
  return rhythm->intervals_num >= STEADY_MIN && off <= 1;
}

enum rhythm_kind rhythm_judge(const struct rhythm *rhythm, int64_t dt_ns, int64_t silent_ns) {
  double dt_s = seconds(dt_ns), median = median_s(rhythm);
  if (!is_steady(rhythm, median))
    return RHYTHM_REGULAR;
  if (dt_s >= LATE_FACTOR * median && (double)silent_ns / 1e9 >= SILENT_FACTOR * median)
    return RHYTHM_LATE;
  return is_off(dt_s, median) ? RHYTHM_OFF : RHYTHM_REGULAR;
}

static void add(struct rhythm *rhythm, float interval_s) {
  float *intervals_s = rhythm->intervals_s;
  if (rhythm->intervals_num == RHYTHM_INTERVALS)
    memmove(&intervals_s[0], &intervals_s[1], --rhythm->intervals_num * sizeof(intervals_s[0]));
  intervals_s[rhythm->intervals_num++] = interval_s;
}

void rhythm_learn(struct rhythm *rhythm, int64_t dt_ns, bool late) {
  float dt_s = (float)seconds(dt_ns);
  if (!late) {
    rhythm->late_num = 0;
    add(rhythm, dt_s);
    return;
  }
  if (rhythm->late_num == 0 || dt_s < rhythm->late_s)
    rhythm->late_s = dt_s;
  if (++rhythm->late_num < LATE_IN_A_ROW)
    return;
  rhythm->late_num = 0;
  for (int i = 0; i < LATE_IN_A_ROW; i++)
    add(rhythm, rhythm->late_s);
}

int64_t rhythm_period_ns(const struct rhythm *rhythm) {
  return (int64_t)(median_s(rhythm) * 1e9);
}
