#include "report.h"

#include "message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A capture whose power and counters differ by that much, and without a run.json, has a scale that we do not know. */
#define SCALE_DOUBT   0.2
#define SCALE_SAMPLES 10

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
  if (label == NULL || tally_init(&added->tally, &report->recording.phases, report->scale, info) != 0) {
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
  int status = tally_add(tally, value);
  if (!report->has_span || tally->first_ns < report->start_ns)
    report->start_ns = tally->first_ns;
  if (!report->has_span || value->ts_ns > report->end_ns)
    report->end_ns = value->ts_ns;
  report->has_span = true;
  return status;
}

/* Counters tell the truth, but not by which factor the power was scaled: that is to be seen. */
void report_tell_scale(const struct report *report) {
  if (report->scale_is_known)
    return;
  double counter_j = 0, power_j = 0;
  for (size_t i = 0; i < report->vms_num; i++) {
    const struct tally *tally = &report->vms[i].tally;
    if (!tally->counted || tally->whole.power_w.count < SCALE_SAMPLES)
      continue;
    counter_j += tally->whole.counter_j;
    power_j += tally->whole.power_j;
  }
  double ratio = counter_j > 0 ? power_j / counter_j : 1;
  if (ratio < 1 - SCALE_DOUBT || ratio > 1 + SCALE_DOUBT)
    tell_warning(
        "'%s': the power adds up to %.3g times what the counters say; if that is a scale, name it with --scale",
        report->recording.shown, ratio);
}

int report_open(struct report *report, const char *path, double scale) {
  *report = (struct report){0};
  int status = recording_open(&report->recording, path);
  if (status != STATUS_DONE)
    return status;
  report->scale_is_known = scale > 0 || report->recording.has_info;
  report->scale = scale > 0 ? scale : report->recording.info.scale;
  const struct recording_sink sink = {.vm = add_vm, .value = add_value, .arg = report};
  status = recording_read(&report->recording, &sink);
  if (status != STATUS_DONE)
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

void report_vm_figures(struct report *report, size_t vm, const struct report_span *span,
                       struct report_figures *figures) {
  struct tally *tally = &report->vms[vm].tally;
  struct tally_part *part = span->is_phase ? tally_phase(tally, span->phase) : &tally->whole;
  struct quantile *power_w = &part->power_w;
  bool has_power = power_w->count > 0;
  *figures = (struct report_figures){.has_energy = tally_has_energy(tally),
                                     .energy_j = tally_energy_j(tally, part),
                                     .from_counter = tally->counted,
                                     .has_power = has_power,
                                     .samples = part->samples,
                                     .held = part->held,
                                     .empty = part->samples - power_w->count,
                                     .resets = part->resets};
  if (!has_power)
    return;
  figures->mean_w = quantile_mean(power_w);
  figures->min_w = power_w->min;
  figures->median_w = quantile_get(power_w, 0.5);
  figures->p95_w = quantile_get(power_w, 0.95);
  figures->max_w = power_w->max;
}

void report_total(struct report *report, const struct report_span *span, struct report_figures *figures) {
  *figures = (struct report_figures){.from_counter = true};
  for (size_t i = 0; i < report->vms_num; i++) {
    struct report_figures vm;
    report_vm_figures(report, i, span, &vm);
    if (vm.has_energy) {
      figures->has_energy = true;
      figures->energy_j += vm.energy_j;
      figures->from_counter = figures->from_counter && vm.from_counter;
    }
    figures->samples += vm.samples;
    figures->held += vm.held;
    figures->empty += vm.empty;
    figures->resets += vm.resets;
  }
}
