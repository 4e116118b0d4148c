#include "tally.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>

/* An update may come later than the learned period by so much, and still be the next one. */
#define PERIOD_SLACK 1.2

/* Scaphandre's period, where none is known. */
#define PERIOD_NS (5 * NS_PER_S)

/* More than any VM draws. */
#define MAX_POWER_W 1e4

int tally_init(struct tally *tally, const struct phases *phases, double scale, const struct recording_vm *vm) {
  *tally = (struct tally){.phases = phases,
                          .scale = scale,
                          .period_ns = vm->period_ns,
                          .max_power_w = vm->max_power_w > 0 ? vm->max_power_w : MAX_POWER_W};
  if (phases->num > 1) {
    tally->parts = calloc(phases->num, sizeof(*tally->parts));
    if (tally->parts == NULL)
      return -ENOMEM;
  }
  if (vm->has_start) {
    tally->has_row = tally->has_counter = true;
    tally->first_ns = tally->row_ns = tally->counter_ns = tally->moved_ns = vm->start_ns;
    tally->counter_uj = vm->start_uj;
  }
  return 0;
}

void tally_free(struct tally *tally) {
  quantile_free(&tally->whole.power_w);
  for (size_t i = 0; tally->parts != NULL && i < tally->phases->num; i++)
    quantile_free(&tally->parts[i].power_w);
  free(tally->parts);
  tally->parts = NULL;
}

struct tally_part *tally_phase(struct tally *tally, size_t phase) {
  return tally->parts != NULL ? &tally->parts[phase] : &tally->whole;
}

static double *energy_of(struct tally_part *part, bool counter) {
  return counter ? &part->counter_j : &part->power_j;
}

/* Energy that came evenly between two instants: to the whole, and to each phase its share. */
static void spread(struct tally *tally, bool counter, double energy_j, int64_t from_ns, int64_t to_ns) {
  *energy_of(&tally->whole, counter) += energy_j;
  if (tally->parts == NULL || energy_j <= 0)
    return;
  size_t first = phases_at(tally->phases, from_ns), last = phases_at(tally->phases, to_ns);
  if (first >= last) {
    *energy_of(&tally->parts[last], counter) += energy_j;
    return;
  }
  for (size_t i = first; i <= last; i++) {
    int64_t start_ns = i == first ? from_ns : tally->phases->list[i].start_ns;
    int64_t end_ns = i == last ? to_ns : phases_end(tally->phases, i);
    double share = (double)(end_ns - start_ns) / (double)(to_ns - from_ns);
    *energy_of(&tally->parts[i], counter) += share * energy_j;
  }
}

/* Since when what the counter has now may have come. */
static int64_t update_start(const struct tally *tally, int64_t now_ns) {
  int64_t longest_ns = now_ns - (int64_t)(PERIOD_SLACK * (double)tally->period_ns);
  int64_t start_ns = tally->moved_ns > longest_ns ? tally->moved_ns : longest_ns;
  return start_ns < tally->counter_ns ? start_ns : tally->counter_ns;
}

/* More than a VM can draw, without a power that says otherwise; by the time of updates, since samples may be close. */
static bool is_too_much(const struct tally *tally, const struct recording_value *value, double rise_j) {
  int64_t period_ns = tally->period_ns > 0 ? tally->period_ns : PERIOD_NS;
  int64_t time_ns = value->ts_ns - tally->moved_ns + period_ns;
  return time_ns > 0 && rise_j > tally->max_power_w * (double)time_ns * 1e-9;
}

static bool passes_left(const struct tally *tally, uint64_t energy_uj) {
  return tally->has_left && tally->counter_uj < tally->left_uj && energy_uj >= tally->left_uj;
}

static bool is_spike(const struct tally *tally, const struct recording_value *value, double rise_j) {
  bool suspect = value->has_state ? value->state == SAMPLE_SPIKE || value->state == SAMPLE_GAP : !value->has_power;
  return suspect && (passes_left(tally, value->energy_uj) || is_too_much(tally, value, rise_j));
}

/* What the series that was left has counted meanwhile and is not in the sum yet. Another one is left for it. */
static double go_back(struct tally *tally, uint64_t energy_uj) {
  double missing_j = (double)(energy_uj - tally->left_uj) * 1e-6 * tally->scale - tally->left_j;
  tally->left_uj = tally->counter_uj;
  tally->left_j = missing_j > 0 ? missing_j : 0;
  return tally->left_j;
}

static void leave(struct tally *tally) {
  tally->has_left = true;
  tally->left_uj = tally->counter_uj;
  tally->left_j = 0;
}

/* The energy that this number came with. power_j: that of the sample. */
static double energy_since(struct tally *tally, const struct recording_value *value, double power_j) {
  uint64_t now_uj = value->energy_uj;
  if (now_uj >= tally->counter_uj) {
    double rise_j = (double)(now_uj - tally->counter_uj) * 1e-6 * tally->scale;
    if (!is_spike(tally, value, rise_j)) {
      tally->left_j += rise_j;
      return rise_j;
    }
    if (passes_left(tally, now_uj) && !(value->has_state && value->state == SAMPLE_SPIKE))
      return go_back(tally, now_uj);
    leave(tally);
    return 0;
  }
  if (tally->has_left && now_uj >= tally->left_uj)
    return go_back(tally, now_uj);
  if (power_j <= 0)
    leave(tally);
  return power_j;
}

static void add_counter(struct tally *tally, const struct recording_value *value, double power_j) {
  bool moved = !tally->has_counter || value->energy_uj != tally->counter_uj;
  if (tally->has_counter) {
    tally->counted = true;
    double energy_j = energy_since(tally, value, power_j);
    spread(tally, true, energy_j, update_start(tally, value->ts_ns), value->ts_ns);
  }
  tally->has_counter = true;
  tally->counter_uj = value->energy_uj;
  tally->counter_ns = value->ts_ns;
  if (moved)
    tally->moved_ns = value->ts_ns;
}

static int count_sample(struct tally_part *part, const struct recording_value *value, bool held, bool reset) {
  part->samples++;
  part->held += held;
  part->resets += reset;
  return value->has_power ? quantile_add(&part->power_w, value->power_w) : 0;
}

int tally_add(struct tally *tally, const struct recording_value *value) {
  bool known = value->has_energy && tally->has_counter;
  bool held = value->has_state ? value->state == SAMPLE_HELD : known && value->energy_uj == tally->counter_uj;
  int64_t dt_ns = tally->has_row ? value->ts_ns - tally->row_ns : 0;
  double power_j = value->has_power && dt_ns > 0 ? value->power_w * (double)dt_ns * 1e-9 : 0;
  bool returns = tally->has_left && value->energy_uj >= tally->left_uj;
  bool reset = known && value->energy_uj < tally->counter_uj && power_j <= 0 && !returns;

  spread(tally, false, power_j, tally->row_ns, value->ts_ns);
  tally->timed = tally->timed || (value->has_power && tally->has_row);
  if (value->has_energy)
    add_counter(tally, value, power_j);
  if (!tally->has_row)
    tally->first_ns = value->ts_ns;
  tally->steps += tally->has_row;
  tally->has_row = true;
  tally->row_ns = value->ts_ns;

  int status = count_sample(&tally->whole, value, held, reset);
  if (status == 0 && tally->parts != NULL)
    status = count_sample(&tally->parts[phases_at(tally->phases, value->ts_ns)], value, held, reset);
  return status;
}

bool tally_has_energy(const struct tally *tally) {
  return tally->counted || tally->timed;
}

double tally_energy_j(const struct tally *tally, const struct tally_part *part) {
  return tally->counted ? part->counter_j : part->power_j;
}
