#include "measure/measure.h"

#include "common/inputs.h"
#include "common/json.h"
#include "common/message.h"

#include "core/clock.h"

#include <inttypes.h>
#include <string.h>

/* Little is lost by a reset within a second; closer looks at the edges of a window make its bounds narrow. */
#define LOOK_EVERY_NS NS_PER_S
#define LOOK_CLOSE_NS (100 * NS_PER_MS)

/* A figure that may be wrong by more than this share gets a warning. */
#define UNCERTAINTY_MAX 0.05

bool measure_open(struct measure *measure, const struct options *options, bool bounds, int input_fd,
                  const sigset_t *more) {
  *measure = (struct measure){.options = options, .bounds = bounds};
  int status = window_new(&measure->window);
  if (status == 0) {
    measure->sinks[0] = window_sink(measure->window);
    status = inputs_sampler(options, measure->sinks, 1, &measure->sampler);
  }
  if (status == 0)
    status = stop_open(&measure->stop, input_fd, more);
  if (status == 0)
    return true;
  message_error("unable to start: %s", strerror(-status));
  sampler_free(measure->sampler);
  window_free(measure->window);
  return false;
}

void measure_close(struct measure *measure) {
  stop_close(&measure->stop);
  sampler_free(measure->sampler);
  window_free(measure->window);
}

static int look(struct measure *measure, struct instant *now) {
  int status = clock_now(now);
  return status != 0 ? status : sampler_pass(measure->sampler, now);
}

static bool has_any_value(const struct measure *measure) {
  for (size_t i = 0; i < window_count(measure->window); i++) {
    struct window_result result;
    window_result(measure->window, i, &result);
    if (!result.failed_at_start)
      return true;
  }
  return false;
}

static bool report_failure(int status) {
  message_error("the measurement failed: %s", strerror(-status));
  return false;
}

bool measure_begin(struct measure *measure) {
  int status = look(measure, &measure->start);
  if (status != 0)
    return report_failure(status);
  if (!inputs_report_search(measure->sampler, measure->options))
    return false;
  if (!has_any_value(measure)) {
    measure_report_faults(measure);
    return false;
  }
  if (!measure->bounds)
    return true;
  /* so that the first pass is certainly before the window */
  status = clock_now(&measure->start);
  if (status != 0)
    return report_failure(status);
  window_begin(measure->window, measure->start.mono_ns);
  struct instant now;
  status = look(measure, &now);
  return status == 0 ? true : report_failure(status);
}

static int wait_and_look(struct measure *measure, int64_t next_ns, int64_t end_ns) {
  int status = stop_wait(&measure->stop, next_ns < end_ns ? next_ns : end_ns);
  if (status < 0)
    return status;
  bool over = status > 0;
  status = look(measure, &measure->end);
  return status != 0 ? status : over;
}

int measure_wait(struct measure *measure, int64_t end_ns) {
  measure->end = measure->start;
  int64_t next_ns = measure->start.mono_ns;
  for (;;) {
    bool close = measure->bounds && !window_has_begun(measure->window);
    next_ns += close ? LOOK_CLOSE_NS : LOOK_EVERY_NS;
    int status = wait_and_look(measure, next_ns, end_ns);
    if (status < 0)
      report_failure(status);
    if (status != 0)
      return status;
    if (measure->end.mono_ns >= end_ns)
      return 0;
    if (measure->end.mono_ns > next_ns)
      next_ns = measure->end.mono_ns;
  }
}

bool measure_end(struct measure *measure) {
  if (!measure->bounds)
    return true; /* it ended with the last look */
  int status = clock_now(&measure->end);
  if (status != 0)
    return report_failure(status);
  window_end(measure->window, measure->end.mono_ns);
  struct instant now;
  status = look(measure, &now);
  if (status == 0 && !window_is_complete(measure->window))
    message_note("waiting for the next update of the counters");
  while (status == 0 && !window_is_complete(measure->window)) {
    status = stop_wait(&measure->stop, now.mono_ns + LOOK_CLOSE_NS);
    if (status > 0 && measure->stop.reason == STOP_SIGNAL) {
      message_warning("not waiting any longer: some counters have no upper bound");
      return true;
    }
    if (status >= 0)
      status = look(measure, &now);
  }
  return status == 0 ? true : report_failure(status);
}

double measure_duration_s(const struct measure *measure) {
  return (double)(measure->end.mono_ns - measure->start.mono_ns) / 1e9;
}

/* ---- the report -------------------------------------------------------------------------------------------------- */

static void print_bounds(const struct bounds_result *bounds, FILE *out) {
  if (bounds->has_high)
    fprintf(out, "   (between %.6f and %.6f)", bounds->low_j, bounds->high_j);
  else
    fprintf(out, "   (at least %.6f)", bounds->low_j);
}

/* The sum of all counters. If one has no energy, that of all is unknown, but at least that of the others. */
static void add_up(const struct measure *measure, struct window_result *total, size_t *known) {
  *total = (struct window_result){.label = "total", .has_energy = true, .has_power = true, .bounds.has_high = true};
  *known = 0;
  for (size_t i = 0; i < window_count(measure->window); i++) {
    struct window_result result;
    window_result(measure->window, i, &result);
    total->has_energy &= result.has_energy;
    total->has_power &= result.has_power;
    total->bounds.has_high &= result.has_energy && result.bounds.has_high;
    if (!result.has_energy)
      continue;
    ++*known;
    total->energy_j += result.energy_j;
    total->power_w += result.power_w;
    total->bounds.low_j += result.bounds.low_j;
    total->bounds.high_j += result.bounds.high_j;
  }
}

/* "total: 12.300000 J   avg 1.230 W   (2 VMs)", "total: n/a   (at least 12.300000)   avg n/a   (2 of 3 VMs)" */
static void print_total(const struct measure *measure, FILE *out) {
  struct window_result total;
  size_t known, count = window_count(measure->window);
  add_up(measure, &total, &known);
  if (total.has_energy)
    fprintf(out, "total: %.6f J", total.energy_j);
  else
    fputs("total: n/a", out);
  if (measure->bounds && known > 0)
    print_bounds(&total.bounds, out);
  if (total.has_power)
    fprintf(out, "   avg %.3f W", total.power_w);
  else
    fputs("   avg n/a", out);
  if (known < count)
    fprintf(out, "   (%zu of %zu VMs)\n", known, count);
  else
    fprintf(out, "   (%zu VM%s)\n", count, count == 1 ? "" : "s");
}

void measure_print_text(const struct measure *measure, FILE *out) {
  fprintf(out, "Duration: %.3fs\n", measure_duration_s(measure));
  for (size_t i = 0; i < window_count(measure->window); i++) {
    struct window_result result;
    window_result(measure->window, i, &result);
    if (!result.has_energy)
      continue; /* see measure_report_faults() */
    fprintf(out, "%s: %.6f J", result.label, result.energy_j);
    if (measure->bounds)
      print_bounds(&result.bounds, out);
    fputs("   avg ", out);
    if (result.has_power)
      fprintf(out, "%.3f W", result.power_w);
    else
      fputs("n/a", out);
    if (measure->bounds)
      fputc('\n', out);
    else
      message_print(out, "   (%s)", inputs_display_path(result.path));
  }
  bool of_command = measure->options->command != NULL;
  if (measure->options->total && (!of_command || window_count(measure->window) > 1))
    print_total(measure, out);
}

static json_t *result_to_json(size_t index, const void *arg) {
  const struct measure *measure = arg;
  struct window_result result;
  window_result(measure->window, index, &result);
  json_t *vm = json_pack("{s:s, s:o, s:o}", "label", result.label, "path", json_path(result.path), "energy_j",
                         json_number_or_null(result.has_energy, result.energy_j));
  bool failed = vm == NULL;
  if (!failed && measure->bounds)
    failed =
        json_object_set_new(vm, "energy_low_j", json_number_or_null(result.has_energy, result.bounds.low_j)) != 0 ||
        json_object_set_new(vm, "energy_high_j",
                            json_number_or_null(result.has_energy && result.bounds.has_high, result.bounds.high_j)) !=
            0;
  if (!failed)
    failed = json_object_set_new(vm, "power_w", json_number_or_null(result.has_power, result.power_w)) != 0 ||
             json_object_set_new(vm, "state", json_string(meter_state_name(result.state))) != 0;
  if (!failed)
    return vm;
  json_decref(vm);
  return NULL;
}

/* NULL: no --total, or out of memory. Without bounds both limits are null. */
static json_t *total_to_json(const struct measure *measure) {
  struct window_result total;
  size_t known;
  if (!measure->options->total)
    return NULL;
  add_up(measure, &total, &known);
  return json_pack("{s:o, s:o, s:o, s:o}", "energy_j", json_number_or_null(total.has_energy, total.energy_j),
                   "energy_low_j", json_number_or_null(measure->bounds && known > 0, total.bounds.low_j),
                   "energy_high_j", json_number_or_null(measure->bounds && total.bounds.has_high, total.bounds.high_j),
                   "power_w", json_number_or_null(total.has_power, total.power_w));
}

static json_t *to_json(const struct measure *measure) {
  json_t *vms = json_list(window_count(measure->window), result_to_json, measure), *total = total_to_json(measure);
  double start_s = (double)measure->start.wall_ns / 1e9, duration_s = measure_duration_s(measure);
  return json_pack("{s:f, s:f, s:f, s:o, s:o*}", "start", start_s, "end", start_s + duration_s, "duration_s",
                   duration_s, "vms", vms, "total", total);
}

int measure_print_json(const struct measure *measure, FILE *out) {
  return json_print(to_json(measure), out);
}

static void warn_uncertain(const struct window_result *worst, size_t uncertain, bool of_command) {
  char more[64] = "";
  if (uncertain > 1)
    snprintf(more, sizeof(more), " (and %zu more counters)", uncertain - 1);
  message_warning("'%s'%s was updated %" PRIu64
                  " time%s in the window, so its energy may be wrong by up to %.0f %%; %s",
                  worst->label, more, worst->updates, worst->updates == 1 ? "" : "s", worst->uncertainty * 100,
                  of_command ? "leave out --no-bounds" : "use --bounds, or a longer window");
}

size_t measure_report_faults(const struct measure *measure) {
  struct window_result worst = {.uncertainty = 0};
  size_t unread = 0, uncertain = 0;
  for (size_t i = 0; i < window_count(measure->window); i++) {
    struct window_result result;
    window_result(measure->window, i, &result);
    if (!result.has_energy && result.error != 0) {
      inputs_report_unread(result.path, result.failed_at_start ? "at the start" : "at the end", result.error);
      unread++;
      continue;
    }
    if (result.state == SAMPLE_RESET)
      message_warning("'%s' was reset in the window: energy right before the reset is lost", result.label);
    else if (result.state == SAMPLE_SPIKE)
      message_warning("'%s' rose by more than a machine can draw, power discarded: are two series in one file?",
                      result.label);
    else if (result.state == SAMPLE_STALE)
      message_warning("'%s' is not updated any more: the VM is off, or Scaphandre has stopped", result.label);
    else if (!result.has_energy)
      message_warning("'%s' was not updated: its energy is not known", result.label);
    uncertain += result.uncertainty > UNCERTAINTY_MAX;
    if (result.uncertainty > worst.uncertainty)
      worst = result;
  }
  if (uncertain > 0)
    warn_uncertain(&worst, uncertain, measure->options->command != NULL);
  return unread;
}
