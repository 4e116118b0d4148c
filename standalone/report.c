#include "report.h"

#include "message.h"

#include "core/updates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A capture whose power and counters differ by that much, and without a run.json, has a scale that we do not know. */
#define SCALE_DOUBT   0.2
#define SCALE_SAMPLES 10

struct tally_options report_tally_options(const struct report *report) {
  return (struct tally_options){.phases = &report->recording.phases,
                                .scale = report->scale,
                                .recorded = report->recorded,
                                .replay = report->recording.updates == NULL ? &report->replay : NULL};
}

static int add_vm(void *arg, size_t vm, const struct recording_vm *info) {
  struct report *report = arg;
  (void)vm; /* they come one behind the other */
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
  report->vms_num++;
  return 0;
}

static int add_value(void *arg, size_t vm, const struct recording_value *value) {
  struct report *report = arg;
  struct tally *tally = &report->vms[vm].tally;
  struct tally_span span;
  int status = tally_add(tally, value, &span);
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
  return tally_update(&report->vms[vm].tally, to_ns, update, &span);
}

/* Counters tell the truth, but not by which factor the power was scaled: that is to be seen. */
void report_tell_scale(const struct report *report) {
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
    tell_warning(
        "'%s': the power adds up to %.3g times what the counters say; if that is a scale, name it with --scale",
        report->recording.shown, ratio);
}

/* The file was cut off, or could not be written: energies are too low. */
static void tell_lacking(struct report *report) {
  size_t lacking = 0;
  for (size_t i = 0; i < report->vms_num && report->recording.updates != NULL; i++)
    lacking += tally_lacks_updates(&report->vms[i].tally);
  if (lacking == 0)
    return;
  tell_error("'%s' is not complete: the last updates of %zu VM%s are missing in %s; energies are too low",
             report->recording.shown, lacking, lacking == 1 ? "" : "s", UPDATES_FILE);
  report->recording.incomplete = true;
}

int report_open(struct report *report, const char *path, double scale, bool recorded) {
  *report = (struct report){0};
  int status = recording_open(&report->recording, path);
  if (status != STATUS_DONE)
    return status;
  report->scale_is_known = scale > 0 || report->recording.has_info;
  report->scale = scale > 0 ? scale : report->recording.info.scale;
  report->recorded = recorded;
  report->replay = (struct meter_options){
      .base = METER_SAMPLE, .scale = report->scale, .max_power_w = report->recording.info.max_power_w};
  const struct recording_sink sink = {.vm = add_vm, .value = add_value, .arg = report};
  status = recording_read(&report->recording, &sink);
  for (size_t i = 0; i < report->vms_num; i++)
    tally_end(&report->vms[i].tally, report->end_ns);
  if (status == STATUS_DONE)
    status = recording_read_updates(&report->recording, add_update, report);
  if (status == STATUS_DONE)
    tell_lacking(report);
  else
    report_close(report);
  return status;
}

void report_close(struct report *report) {
  for (size_t i = 0; i < report->vms_num; i++) {
    free(report->vms[i].label);
    tally_free(&report->vms[i].tally);
  }
  free(report->vms);
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

static bool phase_span(const struct report *report, size_t phase, struct report_span *span) {
  const struct phases *phases = &report->recording.phases;
  int64_t start_ns = phases->list[phase].start_ns, end_ns = phases_end(phases, phase);
  *span = (struct report_span){.name = phases->list[phase].name,
                               .is_phase = true,
                               .phase = phase,
                               .start_ns = start_ns > report->start_ns ? start_ns : report->start_ns,
                               .end_ns = end_ns < report->end_ns ? end_ns : report->end_ns};
  return report->has_span && span->start_ns < span->end_ns;
}

bool report_span(const struct report *report, size_t index, struct report_span *span) {
  *span = (struct report_span){.start_ns = report->start_ns, .end_ns = report->end_ns};
  if (index == 0)
    return true;
  const struct phases *phases = &report->recording.phases;
  for (size_t phase = 0; phases->num > 1 && phase < phases->num; phase++)
    if (phase_span(report, phase, span) && --index == 0)
      return true;
  return false;
}

/* The time that the VM was there in the span. */
static double seconds_of(const struct tally *tally, const struct report_span *span) {
  int64_t start_ns = tally->first_ns > span->start_ns ? tally->first_ns : span->start_ns;
  int64_t end_ns = tally->row_ns < span->end_ns ? tally->row_ns : span->end_ns;
  return (double)(end_ns - start_ns) * 1e-9;
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
                                     .has_low = energy.has_energy && tally->has_counter,
                                     .low_j = energy.low_j,
                                     .has_high = energy.has_high && tally->has_counter,
                                     .high_j = energy.high_j,
                                     .from_counter = tally->has_counter,
                                     .has_power = power_w->count > 0,
                                     .samples = part->samples,
                                     .held = part->held,
                                     .empty = part->empty,
                                     .resets = part->resets};
  if (!figures->has_power)
    return;
  double s = seconds_of(tally, span);
  figures->mean_w = tally->recorded || !energy.has_energy || s <= 0 ? quantile_mean(power_w) : energy.energy_j / s;
  figures->min_w = power_w->min;
  figures->median_w = quantile_get(power_w, 0.5);
  figures->p95_w = quantile_get(power_w, 0.95);
  figures->max_w = power_w->max;
}

void report_total(struct report *report, const struct report_span *span, struct report_figures *figures) {
  *figures = (struct report_figures){.from_counter = true, .has_low = true, .has_high = true};
  for (size_t i = 0; i < report->vms_num; i++) {
    struct report_figures vm;
    report_vm_figures(report, i, span, &vm);
    if (vm.has_energy) {
      figures->has_energy = true;
      figures->energy_j += vm.energy_j;
      figures->from_counter = figures->from_counter && vm.from_counter;
      figures->goes_on = figures->goes_on || vm.goes_on;
      figures->has_low = figures->has_low && vm.has_low;
      figures->low_j += vm.low_j;
      figures->has_high = figures->has_high && vm.has_high;
      figures->high_j += vm.high_j;
    } else if (vm.samples > 0) {
      figures->has_high = false; /* it may have drawn something */
    }
    figures->samples += vm.samples;
    figures->held += vm.held;
    figures->empty += vm.empty;
    figures->resets += vm.resets;
  }
  figures->has_low = figures->has_low && figures->has_energy;
  figures->has_high = figures->has_high && figures->has_energy;
}
