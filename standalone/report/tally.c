#include "report/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* File times are this coarse at most, except those in whole seconds. */
#define TICK_NS INT64_C(10000000)

/* --- start and end ------------------------------------------------------------------------------------------------ */

static void set_edges(struct tally *tally, int64_t start_ns) {
  size_t num = tally->phases->num;
  tally->edges[0].at_ns = start_ns;
  for (size_t i = 1; i < num; i++) {
    int64_t mark_ns = tally->phases->list[i].start_ns;
    tally->edges[i].at_ns = mark_ns > start_ns ? mark_ns : start_ns;
  }
  tally->edges[num].at_ns = BOUNDS_OPEN;
  tally->has_edges = true;
}

/* Out of memory: the stay is lost, and the VM counts as absent. */
static void end_stay(struct tally *tally, int64_t ns) {
  struct total_power_stay *stays =
      tally->is_present ? reallocarray(tally->stays, tally->stays_num + 1, sizeof(*stays)) : NULL;
  tally->is_present = false;
  if (stays == NULL)
    return;
  stays[tally->stays_num++] = (struct total_power_stay){.from_ns = tally->present_since_ns, .to_ns = ns};
  tally->stays = stays;
}

static void begin_stay(struct tally *tally, int64_t ns) {
  if (!tally->is_present)
    tally->present_since_ns = ns;
  tally->is_present = true;
}

/* run.json has the counter at the start, and perhaps when that was updated. */
static void replay_start(struct tally *tally, const struct recording_vm *vm) {
  struct recording_value value = {.ts_ns = vm->start_ns, .has_energy = true, .energy_uj = vm->start_uj};
  struct update first;
  int64_t to_ns;
  replay_take(tally->replay, &value, &to_ns, &first);
  if (vm->start_update_ns > 0 && vm->start_update_ns <= vm->start_ns) {
    first.within_ns = TICK_NS;
    to_ns = vm->start_update_ns + TICK_NS < vm->start_ns ? vm->start_update_ns + TICK_NS : vm->start_ns;
  }
  bounds_add(&tally->bounds, to_ns, &first, NULL);
}

int tally_init(struct tally *tally, const struct tally_options *options, const struct recording_vm *vm) {
  size_t num = options->phases->num;
  *tally = (struct tally){.phases = options->phases,
                          .recorded = options->recorded || !vm->has_counter,
                          .recorded_by_option = options->recorded,
                          .has_counter = vm->has_counter,
                          .stretch_has_counter = vm->has_counter,
                          .scale = options->scale,
                          .edges = calloc(num + 1, sizeof(*tally->edges)),
                          .parts = num > 1 ? calloc(num, sizeof(*tally->parts)) : NULL,
                          .replay = options->replay != NULL ? malloc(sizeof(*tally->replay)) : NULL};
  if (tally->edges == NULL || (num > 1 && tally->parts == NULL) || (options->replay != NULL && tally->replay == NULL)) {
    tally_free(tally);
    return -ENOMEM;
  }
  bounds_init(&tally->bounds, tally->edges, num + 1);
  tally->bounds.tariffs = options->tariffs;
  if (tally->replay != NULL)
    replay_init(tally->replay, options->replay, vm);
  if (vm->has_start || (vm->start_ns != 0 && tally->replay == NULL))
    set_edges(tally, vm->start_ns);
  if (!vm->has_start)
    return 0;
  tally->has_row = tally->has_number = true;
  tally->first_ns = tally->row_ns = tally->number_ns = vm->start_ns;
  begin_stay(tally, vm->start_ns);
  tally->number_uj = vm->start_uj;
  if (tally->replay != NULL)
    replay_start(tally, vm);
  return 0;
}

void tally_end(struct tally *tally, int64_t end_ns) {
  size_t num = tally->phases->num;
  end_stay(tally, tally->row_ns);
  if (tally->replay != NULL && (tally->has_number || !tally->stretch_has_counter))
    end_ns = tally->number_ns;
  for (size_t i = 1; i < num && tally->has_edges; i++)
    if (tally->edges[i].at_ns > end_ns)
      bounds_close(&tally->bounds, i, end_ns);
  bounds_close(&tally->bounds, num, end_ns);
  tally->is_ended = true;
}

/* --- stretches ---------------------------------------------------------------------------------------------------- */

static bool reaches_phase(const struct tally *tally, size_t phase) {
  bool whole = phase == SIZE_MAX;
  const struct bounds_edge *edges = tally->edges;
  return tally->has_edges && tally->is_ended &&
         edges[whole ? 0 : phase].at_ns < edges[whole ? tally->phases->num : phase + 1].at_ns;
}

/* Of the current stretch. */
static void energy_of(const struct tally *tally, size_t phase, struct bounds_result *result) {
  *result = (struct bounds_result){.has_energy = false};
  if (!tally->has_edges || !tally->is_ended)
    return;
  bool whole = phase == SIZE_MAX;
  bounds_result(&tally->bounds, whole ? 0 : phase, whole ? tally->phases->num : phase + 1, result);
}

/* A stretch of unknown energy removes the upper bound. */
static void add_result(struct bounds_result *sum, const struct bounds_result *other) {
  bool has_high = sum->has_energy && sum->has_high && other->has_energy && other->has_high;
  double energy_j = other->has_energy ? other->energy_j : 0, low_j = other->has_energy ? other->low_j : 0;
  sum->energy_j = energy_j + (sum->has_energy ? sum->energy_j : 0);
  sum->low_j = low_j + (sum->has_energy ? sum->low_j : 0);
  sum->high_j = has_high ? sum->high_j + other->high_j : 0;
  sum->has_high = has_high;
  sum->counted_ns += other->counted_ns;
  for (size_t i = 0; i < TARIFFS; i++)
    bounds_add_bill(&sum->bills[i], sum->has_energy, &other->bills[i], other->has_energy);
  sum->at_least = sum->at_least || other->at_least;
  sum->goes_on = (sum->has_energy && sum->goes_on) || (other->has_energy && other->goes_on);
  sum->has_energy = sum->has_energy || other->has_energy;
}

static void keep_energy(struct tally *tally, size_t phase) {
  struct tally_part *part = tally_part(tally, phase);
  struct bounds_result energy;
  if (!reaches_phase(tally, phase))
    return;
  energy_of(tally, phase, &energy);
  if (part->has_earlier)
    add_result(&part->earlier, &energy);
  else
    part->earlier = energy;
  part->has_earlier = true;
}

void tally_begin_stretch(struct tally *tally, const struct recording_vm *vm) {
  size_t num = tally->phases->num;
  const struct tariffs *tariffs = tally->bounds.tariffs;
  if (tally->has_row) {
    tally_end(tally, tally->row_ns);
    keep_energy(tally, SIZE_MAX);
    for (size_t i = 0; i < num && tally->parts != NULL; i++)
      keep_energy(tally, i);
  }
  tally->stretch_has_counter = vm->has_counter;
  tally->has_counter = tally->has_counter && vm->has_counter;
  tally->recorded = tally->recorded_by_option || !vm->has_counter;
  tally->has_edges = tally->is_ended = tally->has_row = tally->has_number = false;
  memset(tally->edges, 0, (num + 1) * sizeof(*tally->edges));
  bounds_init(&tally->bounds, tally->edges, num + 1);
  tally->bounds.tariffs = tariffs;
  if (tally->replay != NULL)
    replay_init(tally->replay, tally->replay->meter.options, vm);
}

void tally_free(struct tally *tally) {
  quantile_free(&tally->whole.power_w);
  for (size_t i = 0; tally->parts != NULL && i < tally->phases->num; i++)
    quantile_free(&tally->parts[i].power_w);
  free(tally->parts);
  free(tally->edges);
  free(tally->replay);
  free(tally->stays);
  tally->stays = NULL;
  tally->parts = NULL;
  tally->edges = NULL;
  tally->replay = NULL;
}

/* --- updates ------------------------------------------------------------------------------------------------------ */

struct tally_part *tally_part(struct tally *tally, size_t phase) {
  return phase != SIZE_MAX && tally->parts != NULL ? &tally->parts[phase] : &tally->whole;
}

/* Power counts in each phase that its span touches. */
static int add_power(struct tally *tally, const struct tally_span *span) {
  int64_t end_ns = tally->edges[tally->phases->num].at_ns;
  if (span->from_ns >= end_ns || span->to_ns <= tally->edges[0].at_ns)
    return 0;
  int status = quantile_add(&tally->whole.power_w, span->power_w);
  if (tally->parts == NULL)
    return status;
  size_t last = phases_at(tally->phases, span->to_ns < end_ns ? span->to_ns : end_ns);
  for (size_t i = phases_at(tally->phases, span->from_ns + 1); i <= last && status == 0; i++)
    status = quantile_add(&tally->parts[i].power_w, span->power_w);
  return status;
}

static int add_update(struct tally *tally, int64_t to_ns, const struct update *update, struct tally_span *span) {
  struct bounds_span power;
  bool has = bounds_add(&tally->bounds, to_ns, update, &power);
  if (update->state == SAMPLE_RESET) {
    tally->whole.resets++;
    if (tally->parts != NULL)
      tally->parts[phases_at(tally->phases, to_ns)].resets++;
  }
  if (!has || tally->recorded)
    return 0;
  *span = (struct tally_span){.has = true,
                              .from_ns = power.from_ns,
                              .to_ns = power.to_ns,
                              .power_w = power.power_w,
                              .has_bounds = true,
                              .energy_j = power.energy_j,
                              .least_ns = power.least_ns,
                              .most_ns = power.most_ns};
  return add_power(tally, span);
}

int tally_update(struct tally *tally, int64_t to_ns, const struct update *update, struct tally_span *span) {
  struct update scaled = *update;
  scaled.energy_j *= tally->scale;
  *span = (struct tally_span){.has = false};
  tally->number_in_updates = tally->number_in_updates || (update->has_energy && update->energy_uj == tally->number_uj);
  return tally->has_edges ? add_update(tally, to_ns, &scaled, span) : 0;
}

bool tally_lacks_updates(const struct tally *tally) {
  return tally->replay == NULL && tally->has_number && !tally->number_in_updates;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static void count_row(struct tally_part *part, const struct recording_value *value, bool held) {
  part->samples++;
  part->held += held;
  part->empty += !value->has_power;
}

/* Adds the time since the row before, by phase. */
static void add_time(struct tally *tally, int64_t to_ns) {
  int64_t from_ns = tally->row_ns;
  tally->whole.known_ns += to_ns - from_ns;
  if (tally->parts == NULL || to_ns <= from_ns)
    return;
  for (size_t i = phases_at(tally->phases, from_ns + 1); from_ns < to_ns; i++) {
    int64_t end_ns = phases_end(tally->phases, i);
    end_ns = end_ns < to_ns ? end_ns : to_ns;
    tally->parts[i].known_ns += end_ns - from_ns;
    from_ns = end_ns;
  }
}

static int add_recorded(struct tally *tally, const struct recording_value *value, struct tally_span *span) {
  *span = (struct tally_span){.has = true, .from_ns = tally->row_ns, .to_ns = value->ts_ns, .power_w = value->power_w};
  int status = quantile_add(&tally->whole.power_w, value->power_w);
  if (status == 0 && tally->parts != NULL)
    status = quantile_add(&tally->parts[phases_at(tally->phases, value->ts_ns)].power_w, value->power_w);
  return status;
}

int tally_add(struct tally *tally, const struct recording_value *value, struct tally_span *span) {
  bool known = value->has_energy && tally->has_number;
  bool held = value->has_state ? value->state == SAMPLE_HELD : known && value->energy_uj == tally->number_uj;
  int status = 0;
  *span = (struct tally_span){.has = false};
  count_row(&tally->whole, value, held);
  if (tally->parts != NULL)
    count_row(&tally->parts[phases_at(tally->phases, value->ts_ns)], value, held);
  if (!tally->has_edges)
    set_edges(tally, value->ts_ns);
  if (!tally->has_row)
    tally->first_ns = value->ts_ns;
  if (value->has_state && value->state == SAMPLE_MISSING)
    end_stay(tally, value->ts_ns);
  else
    begin_stay(tally, value->ts_ns);

  struct update update;
  int64_t to_ns;
  if (tally->replay != NULL && replay_take(tally->replay, value, &to_ns, &update))
    status = add_update(tally, to_ns, &update, span);
  bool has_power = value->has_power && tally->has_row && !value->after_hole;
  if (has_power)
    tally->recorded_j += value->power_w * (double)(value->ts_ns - tally->row_ns) * 1e-9;
  /* the power of a first row may be the whole counter divided by the interval */
  if (status == 0 && tally->recorded && has_power)
    status = add_recorded(tally, value, span);
  tally->steps += tally->has_row;
  if (tally->has_row)
    add_time(tally, value->ts_ns);
  tally->has_row = true;
  tally->row_ns = value->ts_ns;
  if (value->has_energy || !tally->stretch_has_counter)
    tally->number_ns = value->ts_ns;
  tally->has_number = tally->has_number || value->has_energy;
  if (value->has_energy)
    tally->number_uj = value->energy_uj;
  return status;
}

/* --- energy ------------------------------------------------------------------------------------------------------- */

void tally_energy(const struct tally *tally, size_t phase, struct bounds_result *result) {
  const struct tally_part *part = phase != SIZE_MAX && tally->parts != NULL ? &tally->parts[phase] : &tally->whole;
  energy_of(tally, phase, result);
  if (!part->has_earlier)
    return;
  struct bounds_result sum = part->earlier;
  if (reaches_phase(tally, phase))
    add_result(&sum, result);
  *result = sum;
}
