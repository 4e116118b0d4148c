#include "report/report.h"

#include "common/message.h"
#include "common/show.h"

#include "core/updates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Without run.json, power and counters that differ by this share suggest an unknown scale. */
#define SCALE_DOUBT   0.2
#define SCALE_SAMPLES 10

struct tally_options report_tally_options(const struct report *report) {
  return (struct tally_options){.phases = &report->recording.phases,
                                .scale = report->scale,
                                .recorded = report->recorded,
                                .tariffs = report->tariffs,
                                .replay = report->recording.updates == NULL ? &report->replay : NULL};
}

static int add_vm(void *arg, size_t vm, const struct recording_vm *info) {
  struct report *report = arg;
  if (vm < report->vms_num) {
    tally_begin_stretch(&report->vms[vm].tally, info);
    return 0;
  }
  if (report->vms_num == report->vms_size) {
    size_t size = 2 * report->vms_size + 16;
    struct report_vm *vms = realloc(report->vms, size * sizeof(*vms));
    if (vms == NULL)
      return -ENOMEM;
    report->vms = vms;
    report->vms_size = size;
  }
  struct report_vm *added = &report->vms[report->vms_num];
  char *label = strdup(info->label);
  const struct tally_options options = report_tally_options(report);
  if (label == NULL || tally_init(&added->tally, &options, info) != 0) {
    free(label);
    return -ENOMEM;
  }
  added->label = label;
  added->group = NULL;
  report->vms_num++;
  return 0;
}

static int add_value(void *arg, size_t vm, const struct recording_value *value) {
  struct report *report = arg;
  struct tally *tally = &report->vms[vm].tally;
  struct tally_span span;
  int64_t before_ns = tally->has_row ? tally->row_ns : value->ts_ns;
  int status = tally_add(tally, value, &span);
  if (status == 0)
    status = cover_add(&report->cover, before_ns, value->ts_ns);
  if (value->ts_ns >= REPORT_CLOCK_NS && (!report->has_clock || value->ts_ns < report->clock_ns)) {
    report->has_clock = true;
    report->clock_ns = value->ts_ns;
  }
  if (status == 0 && span.has)
    status = total_power_add(&report->total, span.from_ns, span.to_ns, span.power_w);
  if (!report->has_span || tally->first_ns < report->start_ns)
    report->start_ns = tally->first_ns;
  if (!report->has_span || value->ts_ns > report->end_ns)
    report->end_ns = value->ts_ns;
  report->has_span = true;
  return status;
}

static int add_update(void *arg, size_t vm, int64_t to_ns, const struct update *update) {
  struct report *report = arg;
  struct tally_span span;
  int status = tally_update(&report->vms[vm].tally, to_ns, update, &span);
  return status == 0 && span.has ? total_power_add(&report->total, span.from_ns, span.to_ns, span.power_w) : status;
}

static void warn_of_scale(const struct report *report) {
  if (report->scale_is_known)
    return;
  double counter_j = 0, power_j = 0;
  for (size_t i = 0; i < report->vms_num; i++) {
    const struct tally *tally = &report->vms[i].tally;
    struct bounds_result energy;
    tally_energy(tally, SIZE_MAX, &energy);
    if (!tally->has_counter || !energy.has_energy || tally->whole.samples - tally->whole.empty < SCALE_SAMPLES)
      continue;
    counter_j += energy.energy_j;
    power_j += tally->recorded_j;
  }
  double ratio = counter_j > 0 ? power_j / counter_j : 1;
  if (ratio < 1 - SCALE_DOUBT || ratio > 1 + SCALE_DOUBT)
    message_warning(
        "'%s': the power adds up to %.3g times what the counters say; if that is a scale, name it with --scale",
        report->recording.shown, ratio);
}

static void warn_of_tariffs(const struct report *report) {
  static const char *const names[TARIFFS] = {[TARIFF_GCO2] = "gCO2", [TARIFF_PRICE] = "price"};
  for (size_t i = 0; i < TARIFFS && report->tariffs != NULL && report->has_span; i++) {
    const struct tariff *tariff = &report->tariffs->of[i];
    int64_t until_ns = tariff_covers_until(tariff, report->start_ns, report->end_ns);
    char since[SHOW_TIME_MAX];
    if (tariff->num == 0 || until_ns >= report->end_ns)
      continue;
    show_time(until_ns, since);
    message_warning("'%s' has no value for a part of '%s', from %s on: that part has no %s", tariff->path,
                    report->recording.shown, since, names[i]);
  }
}

void report_warn(const struct report *report) {
  warn_of_scale(report);
  warn_of_tariffs(report);
}

static void drop_vms(struct report *report) {
  for (size_t i = 0; i < report->vms_num; i++) {
    free(report->vms[i].label);
    tally_free(&report->vms[i].tally);
  }
  report->vms_num = 0;
  report->has_span = report->has_clock = false;
  cover_free(&report->cover);
  total_power_free(&report->total);
}

/* updates.dat belongs to one run: it is no use for rows of several. */
static int read_rows(struct report *report) {
  struct recording *recording = &report->recording;
  const struct recording_sink sink = {.vm = add_vm, .value = add_value, .arg = report};
  int status = recording_read(recording, &sink);
  if (status != STATUS_DONE || recording->updates == NULL || !recording->has_breaks)
    return status;
  message_warning("'%s' is skipped: it is of one run, and the rows beside it are of several", recording->updates);
  free(recording->updates);
  recording->updates = NULL;
  drop_vms(report);
  return recording_read(recording, &sink);
}

static void report_missing_updates(struct report *report) {
  size_t lacking = 0;
  if (report->recording.updates_empty && report->vms_num > 0) {
    message_error("'%s' is not complete: %s has no updates; energies are those of the rows", report->recording.shown,
                  UPDATES_FILE);
    report->recording.incomplete = true;
  }
  for (size_t i = 0; i < report->vms_num && report->recording.updates != NULL; i++)
    lacking += tally_lacks_updates(&report->vms[i].tally);
  if (lacking == 0)
    return;
  message_error("'%s' is not complete: the last updates of %zu VM%s are missing in %s; energies are too low",
                report->recording.shown, lacking, lacking == 1 ? "" : "s", UPDATES_FILE);
  report->recording.incomplete = true;
}

/* Index of the group; groups_num: it is new. */
static size_t find_group(const struct report *report, const char *group) {
  size_t i = 0;
  while (i < report->groups_num && report->groups[i] != group)
    i++;
  return i;
}

static int group_vms(struct report *report, const struct groups *groups) {
  report->groups = calloc(report->vms_num + 1, sizeof(*report->groups));
  if (report->groups == NULL) {
    message_error("unable to group the VMs: %s", strerror(ENOMEM));
    return STATUS_FAILED;
  }
  report->is_grouped = true;
  for (size_t i = 0; i < report->vms_num; i++) {
    const char *group = groups_find(groups, report->vms[i].label);
    report->vms[i].group = group;
    if (group != NULL && find_group(report, group) == report->groups_num)
      report->groups[report->groups_num++] = group;
  }
  return STATUS_DONE;
}

int report_open(struct report *report, const char *path, const struct report_options *options) {
  *report = (struct report){.tariffs = options->tariffs, .recorded = options->recorded};
  int status = recording_open(&report->recording, path);
  if (status != STATUS_DONE)
    return status;
  const struct run_info *info = &report->recording.info;
  report->scale_is_known = options->scale > 0 || report->recording.has_info;
  report->scale = options->scale > 0 ? options->scale : info->scale;
  report->replay =
      (struct meter_options){.base = METER_SAMPLE, .scale = report->scale, .max_power_w = info->max_power_w};
  status = read_rows(report);
  for (size_t i = 0; i < report->vms_num; i++)
    tally_end(&report->vms[i].tally, report->end_ns);
  if (status == STATUS_DONE)
    status = recording_read_updates(&report->recording, add_update, report);
  if (status == STATUS_DONE && options->groups != NULL && options->groups->index != NULL)
    status = group_vms(report, options->groups);
  if (status == STATUS_DONE)
    report_missing_updates(report);
  else
    report_close(report);
  return status;
}

void report_close(struct report *report) {
  drop_vms(report);
  free(report->vms);
  free(report->groups);
  recording_close(&report->recording);
  *report = (struct report){0};
}

const char *report_power_from(const struct report *report) {
  bool updates = false;
  for (size_t i = 0; i < report->vms_num; i++)
    updates = updates || !report->vms[i].tally.recorded;
  return updates ? "updates" : "recorded";
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

/* phase SIZE_MAX: the whole. If a clock was set back, a VM may have more time than the clock shows. */
static int64_t duration_of(const struct report *report, size_t phase, int64_t start_ns, int64_t end_ns) {
  if (!report->recording.has_breaks)
    return end_ns - start_ns;
  int64_t duration_ns = cover_ns(&report->cover, start_ns, end_ns);
  for (size_t i = 0; i < report->vms_num; i++) {
    const struct tally *tally = &report->vms[i].tally;
    const struct tally_part *part = phase != SIZE_MAX && tally->parts != NULL ? &tally->parts[phase] : &tally->whole;
    duration_ns = part->known_ns > duration_ns ? part->known_ns : duration_ns;
  }
  return duration_ns;
}

static bool phase_span(const struct report *report, size_t phase, struct report_span *span) {
  const struct phases *phases = &report->recording.phases;
  int64_t start_ns = phases->list[phase].start_ns, end_ns = phases_end(phases, phase);
  *span = (struct report_span){.name = phases->list[phase].name,
                               .is_phase = true,
                               .phase = phase,
                               .start_ns = start_ns > report->start_ns ? start_ns : report->start_ns,
                               .end_ns = end_ns < report->end_ns ? end_ns : report->end_ns};
  span->duration_ns = duration_of(report, phase, span->start_ns, span->end_ns);
  return report->has_span && span->start_ns < span->end_ns;
}

bool report_span(const struct report *report, size_t index, struct report_span *span) {
  *span = (struct report_span){.start_ns = report->start_ns,
                               .end_ns = report->end_ns,
                               .duration_ns = duration_of(report, SIZE_MAX, report->start_ns, report->end_ns)};
  if (index == 0)
    return true;
  const struct phases *phases = &report->recording.phases;
  for (size_t phase = 0; phases->num > 1 && phase < phases->num; phase++)
    if (phase_span(report, phase, span) && --index == 0)
      return true;
  return false;
}

static void put_powers(struct report_figures *figures, struct quantile *power_w) {
  figures->min_w = power_w->min;
  figures->median_w = quantile_get(power_w, 0.5);
  figures->p95_w = quantile_get(power_w, 0.95);
  figures->max_w = power_w->max;
}

void report_vm_figures(struct report *report, size_t vm, const struct report_span *span,
                       struct report_figures *figures) {
  struct tally *tally = &report->vms[vm].tally;
  size_t phase = span->is_phase ? span->phase : SIZE_MAX;
  struct tally_part *part = tally_part(tally, phase);
  struct bounds_result energy;
  tally_energy(tally, phase, &energy);
  struct quantile *power_w = &part->power_w;
  *figures = (struct report_figures){.has_energy = energy.has_energy,
                                     .energy_j = energy.energy_j,
                                     .goes_on = energy.goes_on,
                                     .at_least = energy.at_least && tally->has_counter,
                                     .duration_s = (double)part->known_ns * 1e-9,
                                     .counted_s = (double)energy.counted_ns * 1e-9,
                                     .has_low = energy.has_energy && tally->has_counter,
                                     .low_j = energy.low_j,
                                     .has_high = energy.has_high && tally->has_counter,
                                     .high_j = energy.high_j,
                                     .from_counter = tally->has_counter,
                                     .has_mean = power_w->count > 0,
                                     .has_power = power_w->count > 0,
                                     .samples = part->samples,
                                     .held = part->held,
                                     .empty = part->empty,
                                     .resets = part->resets};
  for (size_t i = 0; i < TARIFFS; i++) {
    figures->bills[i] = energy.bills[i];
    figures->bills[i].has_low = energy.bills[i].has_low && (tally->has_counter || !energy.has_energy);
    figures->bills[i].has_high = energy.bills[i].has_high && tally->has_counter;
  }
  if (!figures->has_power)
    return;
  double s = figures->counted_s;
  figures->mean_w = tally->recorded || !energy.has_energy || s <= 0 ? quantile_mean(power_w) : energy.energy_j / s;
  put_powers(figures, power_w);
}

static void add_figures(struct report_figures *figures, const struct report_figures *vm) {
  for (size_t i = 0; i < TARIFFS && (vm->has_energy || vm->samples > 0); i++)
    bounds_add_bill(&figures->bills[i], figures->has_energy, &vm->bills[i], vm->has_energy);
  if (vm->has_energy) {
    figures->has_energy = true;
    figures->energy_j += vm->energy_j;
    figures->from_counter = figures->from_counter && vm->from_counter;
    figures->goes_on = figures->goes_on || vm->goes_on;
    figures->at_least = figures->at_least || vm->at_least;
    figures->has_low = figures->has_low && vm->has_low;
    figures->low_j += vm->low_j;
    figures->has_high = figures->has_high && vm->has_high;
    figures->high_j += vm->high_j;
  } else if (vm->samples > 0) {
    figures->at_least = true;
    figures->has_high = false; /* it may have drawn something */
  }
  figures->samples += vm->samples;
  figures->held += vm->held;
  figures->empty += vm->empty;
  figures->resets += vm->resets;
}

static int sum_powers(const struct report *report, const struct report_span *span, const struct total_power_stay *stays,
                      size_t num, struct report_figures *figures) {
  struct quantile power_w = {0};
  int status = total_power_sum(&report->total, span->start_ns, span->end_ns, stays, num, &power_w);
  figures->has_power = status == 0 && power_w.count > 0;
  if (figures->has_power)
    put_powers(figures, &power_w);
  if (figures->has_power && report->recorded)
    figures->mean_w = quantile_mean(&power_w);
  quantile_free(&power_w);
  return status;
}

int report_sum(struct report *report, const struct report_span *span, const char *group,
               struct report_figures *figures) {
  *figures = (struct report_figures){
      .from_counter = true, .has_low = true, .has_high = true, .duration_s = (double)span->duration_ns * 1e-9};
  figures->counted_s = figures->duration_s;
  for (size_t i = 0; i < TARIFFS; i++)
    figures->bills[i].has_low = figures->bills[i].has_high = true;
  size_t num = 0;
  for (size_t i = 0; i < report->vms_num; i++)
    num += report->vms[i].tally.stays_num;
  struct total_power_stay *stays = calloc(num + 1, sizeof(*stays));
  if (stays == NULL)
    return -ENOMEM;
  num = 0;
  for (size_t i = 0; i < report->vms_num; i++) {
    struct report_vm *vm = &report->vms[i];
    if (group != NULL && vm->group != group)
      continue;
    struct report_figures of_vm;
    report_vm_figures(report, i, span, &of_vm);
    add_figures(figures, &of_vm);
    for (size_t k = 0; k < vm->tally.stays_num && of_vm.has_energy; k++)
      stays[num++] = vm->tally.stays[k];
  }
  figures->has_low = figures->has_low && figures->has_energy;
  figures->has_high = figures->has_high && figures->has_energy;
  for (size_t i = 0; i < TARIFFS; i++) {
    figures->bills[i].has_low = figures->bills[i].has_low && figures->bills[i].has_cost;
    figures->bills[i].has_high = figures->bills[i].has_high && figures->bills[i].has_cost;
  }
  figures->has_mean = figures->has_energy && figures->duration_s > 0;
  if (figures->has_mean)
    figures->mean_w = figures->energy_j / figures->duration_s;
  int status = group == NULL ? sum_powers(report, span, stays, num, figures) : 0;
  free(stays);
  return status;
}
