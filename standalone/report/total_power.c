#include "report/total_power.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Widths are LEAST_NS times a power of two: 15.6 ms, ..., 0.5 s, 1 s, 2 s, ... */
#define LEAST_NS (NS_PER_S / 64)
#define MOST_NS  (4 * NS_PER_S)

/* Relative error of known_s, a sum of rounded numbers. */
#define ROUNDED 1e-3

static int64_t number_of(const struct total_power *steps, int64_t ns) {
  int64_t number = ns / steps->width_ns;
  return number * steps->width_ns > ns ? number - 1 : number;
}

static void widen(struct total_power *steps) {
  int64_t first = steps->first >= 0 ? steps->first / 2 : (steps->first - 1) / 2;
  size_t num = 0;
  for (size_t i = 0; i < steps->num; i++) {
    struct total_power_step step = steps->list[i];
    size_t to = (size_t)((steps->first + (int64_t)i - 2 * first) / 2);
    steps->list[i] = (struct total_power_step){0};
    steps->list[to].energy_j += step.energy_j;
    steps->list[to].known_s += step.known_s;
    num = to + 1;
  }
  steps->width_ns *= 2;
  steps->first = first;
  steps->num = num;
}

/* Extends the list to the steps from..to. */
static int reach(struct total_power *steps, int64_t from, int64_t to) {
  int64_t first = steps->num > 0 && steps->first < from ? steps->first : from;
  int64_t last = steps->first + (int64_t)steps->num - 1;
  last = steps->num > 0 && last > to ? last : to;
  size_t num = (size_t)(last - first) + 1;
  if (num > steps->size) {
    size_t size = 2 * num + 64;
    struct total_power_step *list = realloc(steps->list, size * sizeof(*list));
    if (list == NULL)
      return -ENOMEM;
    steps->list = list;
    steps->size = size;
  }
  size_t ahead = steps->num > 0 ? (size_t)(steps->first - first) : 0;
  if (ahead > 0) { /* not for each step that follows the others: many times the time of a month */
    memmove(steps->list + ahead, steps->list, steps->num * sizeof(*steps->list));
    memset(steps->list, 0, ahead * sizeof(*steps->list));
  }
  memset(steps->list + ahead + steps->num, 0, (num - ahead - steps->num) * sizeof(*steps->list));
  steps->first = first;
  steps->num = num;
  return 0;
}

static bool is_too_far(const struct total_power *steps, int64_t from_ns, int64_t to_ns) {
  int64_t first = number_of(steps, from_ns), last = number_of(steps, to_ns);
  if (steps->num > 0) {
    int64_t end = steps->first + (int64_t)steps->num - 1;
    first = steps->first < first ? steps->first : first;
    last = end > last ? end : last;
  }
  return last - first >= (int64_t)TOTAL_POWER_STEPS_MAX;
}

int total_power_add(struct total_power *steps, int64_t from_ns, int64_t to_ns, double power_w) {
  if (from_ns >= to_ns)
    return 0;
  if (steps->width_ns == 0)
    for (steps->width_ns = LEAST_NS; steps->width_ns < MOST_NS && 8 * steps->width_ns <= to_ns - from_ns;)
      steps->width_ns *= 2;
  while (is_too_far(steps, from_ns, to_ns))
    widen(steps);
  int64_t from = number_of(steps, from_ns), to = number_of(steps, to_ns - 1);
  int status = reach(steps, from, to);
  for (int64_t i = from; i <= to && status == 0; i++) {
    int64_t start_ns = i * steps->width_ns, end_ns = start_ns + steps->width_ns;
    double s = (double)((end_ns < to_ns ? end_ns : to_ns) - (start_ns > from_ns ? start_ns : from_ns)) * 1e-9;
    struct total_power_step *step = &steps->list[i - steps->first];
    step->energy_j += power_w * s;
    step->known_s += s;
  }
  return status;
}

/* part_s: VMs that are present in a part of the step. more: change, from the step before, of VMs that are present in
 * all. */
struct stay_sum {
  double part_s, more;
};

static void add_stay(const struct total_power *steps, int64_t first, size_t num, const struct total_power_stay *stay,
                     struct stay_sum *sums) {
  int64_t begin_ns = first * steps->width_ns, end_ns = begin_ns + (int64_t)num * steps->width_ns;
  int64_t from_ns = stay->from_ns > begin_ns ? stay->from_ns : begin_ns;
  int64_t to_ns = stay->to_ns < end_ns ? stay->to_ns : end_ns;
  if (from_ns >= to_ns)
    return;
  int64_t from = number_of(steps, from_ns) - first, to = number_of(steps, to_ns) - first;
  if (from == to) {
    sums[from].part_s += (double)(to_ns - from_ns) * 1e-9;
    return;
  }
  sums[from].part_s += (double)(begin_ns + (from + 1) * steps->width_ns - from_ns) * 1e-9;
  sums[to].part_s += (double)(to_ns - begin_ns - to * steps->width_ns) * 1e-9;
  sums[from + 1].more++;
  sums[to].more--;
}

int total_power_sum(const struct total_power *steps, int64_t start_ns, int64_t end_ns,
                    const struct total_power_stay *stays, size_t num, struct quantile *power_w) {
  if (steps->width_ns == 0)
    return 0;
  int64_t first = number_of(steps, start_ns + steps->width_ns - 1), end = number_of(steps, end_ns);
  int64_t list_end = steps->first + (int64_t)steps->num;
  first = first > steps->first ? first : steps->first;
  end = end < list_end ? end : list_end;
  if (first >= end)
    return 0;
  struct stay_sum *sums = calloc((size_t)(end - first) + 1, sizeof(*sums));
  if (sums == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < num; i++)
    add_stay(steps, first, (size_t)(end - first), &stays[i], sums);
  double width_s = (double)steps->width_ns * 1e-9, present = 0;
  int status = 0;
  for (int64_t i = first; i < end && status == 0; i++) {
    const struct total_power_step *step = &steps->list[i - steps->first];
    present += sums[i - first].more;
    double stay_s = present * width_s + sums[i - first].part_s;
    if (stay_s > 0 && step->known_s >= stay_s * (1 - ROUNDED))
      status = quantile_add(power_w, step->energy_j / width_s);
  }
  free(sums);
  if ((double)power_w->count * width_s >= (double)(end_ns - start_ns) * 1e-9 / 2)
    return status;
  quantile_free(power_w);
  *power_w = (struct quantile){0};
  return status;
}

void total_power_free(struct total_power *steps) {
  free(steps->list);
  *steps = (struct total_power){0};
}
