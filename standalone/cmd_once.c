/*
 * once: energy and mean power over a window
 *
 * The window begins with the first reading and ends with the last; between them the counters are read once a second,
 * so that a reset costs no more than what was added in that second.
 */
#include "command.h"
#include "inputs.h"
#include "message.h"
#include "stop.h"
#include "ticker.h"
#include "window.h"

#include "core/clock.h"
#include "core/label.h"
#include "core/sampler.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_NS NS_PER_S

/* Digits of a number in JSON: microseconds of a Unix time, and no 0.30000000000000004. */
#define JSON_DIGITS 16

struct once {
  const struct options *options;
  struct window *window;
  struct sampler *sampler;
  struct stop stop;
  struct instant start, end;
  bool failed;
};

static int look(struct once *once, struct instant *now) {
  int status = clock_now(now);
  return status != 0 ? status : sampler_pass(once->sampler, now);
}

static void tell_stopped(struct once *once) {
  const struct options *options = once->options;
  if (once->stop.reason != STOP_SIGNAL || options->until_enter)
    return;
  tell_error("stopped by SIG%s after %.3f of %.3f s", sigabbrev_np(once->stop.signal),
             (double)(once->end.mono_ns - once->start.mono_ns) / 1e9, (double)options->duration_ns / 1e9);
  once->failed = true;
}

/* From the first reading to the last. */
static int measure(struct once *once) {
  const struct options *options = once->options;
  int64_t end_ns = options->until_enter ? STOP_NO_DEADLINE : once->start.mono_ns + options->duration_ns;
  struct ticker ticker;
  ticker_start(&ticker, &once->start, LOOK_EVERY_NS);
  for (;;) {
    int64_t tick_ns = ticker_deadline(&ticker);
    int status = stop_wait(&once->stop, tick_ns < end_ns ? tick_ns : end_ns);
    bool over = status > 0;
    if (status >= 0)
      status = look(once, &once->end);
    if (status < 0)
      return status;
    if (over || once->end.mono_ns >= end_ns)
      return 0;
    int64_t wall_ns;
    ticker_take(&ticker, &once->end, &wall_ns);
  }
}

static double duration_s(const struct once *once) {
  return (double)(once->end.mono_ns - once->start.mono_ns) / 1e9;
}

static void print_text(const struct once *once) {
  printf("Duration: %.3fs\n", duration_s(once));
  for (size_t i = 0; i < window_count(once->window); i++) {
    struct window_result result;
    window_result(once->window, i, &result);
    if (!result.has_energy)
      continue; /* told on standard error */
    printf("%s: %.6f J   avg ", result.label, result.energy_j);
    if (result.has_power)
      printf("%.3f W", result.power_w);
    else
      printf("n/a");
    printf("   (%s)\n", inputs_shown(result.path));
  }
}

static json_t *number_or_null(bool has, double number) {
  return has ? json_real(number) : json_null();
}

/* JSON is UTF-8, paths may be anything. */
static json_t *path_to_json(const char *path) {
  const char *shown = inputs_shown(path);
  json_t *exact = json_string(shown);
  if (exact != NULL)
    return exact;
  char *printable = label_printable(shown);
  json_t *text = json_string(printable != NULL ? printable : "?");
  free(printable);
  return text;
}

static json_t *result_to_json(const struct window_result *result) {
  return json_pack("{s:s, s:o, s:o, s:o, s:s}", "label", result->label, "path", path_to_json(result->path), "energy_j",
                   number_or_null(result->has_energy, result->energy_j), "power_w",
                   number_or_null(result->has_power, result->power_w), "state", sample_state_name(result->state));
}

static json_t *to_json(const struct once *once) {
  json_t *vms = json_array();
  for (size_t i = 0; i < window_count(once->window); i++) {
    struct window_result result;
    window_result(once->window, i, &result);
    if (json_array_append_new(vms, result_to_json(&result)) != 0) {
      json_decref(vms);
      return NULL;
    }
  }
  double start_s = (double)once->start.wall_ns / 1e9;
  return json_pack("{s:f, s:f, s:f, s:o}", "start", start_s, "end", start_s + duration_s(once), "duration_s",
                   duration_s(once), "vms", vms);
}

static int print_json(const struct once *once) {
  json_t *root = to_json(once);
  if (root == NULL)
    return -ENOMEM;
  int status = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(JSON_DIGITS)) == 0 ? 0 : -EIO;
  putchar('\n');
  json_decref(root);
  return status;
}

/* What has no value is named, and the run has failed; the others are printed all the same. */
static void tell_faults(struct once *once) {
  for (size_t i = 0; i < window_count(once->window); i++) {
    struct window_result result;
    window_result(once->window, i, &result);
    if (!result.has_energy) {
      inputs_tell_unread(result.path, result.failed_at_start ? "at the start" : "at the end", result.error);
      once->failed = true;
    } else if (result.state == SAMPLE_RESET) {
      tell_warning("'%s' was reset meanwhile: its energy is that before and after, less what a second around it took",
                   result.label);
    }
  }
}

static bool run_window(struct once *once) {
  int status = look(once, &once->start);
  if (status == 0 && sampler_count(once->sampler) == 0) {
    inputs_tell_none(once->sampler, once->options, false);
    return false;
  }
  if (status == 0 && once->options->until_enter)
    tell_note("measuring until you press Enter");
  if (status == 0)
    status = measure(once);
  if (status != 0) {
    tell_error("the measurement failed: %s", strerror(-status));
    return false;
  }
  tell_stopped(once);
  if (!once->options->json)
    print_text(once);
  else if ((status = print_json(once)) != 0 && status != -EIO) /* -EIO is told when standard output is closed */
    tell_error("unable to print: %s", strerror(-status));
  output_flush();
  tell_faults(once);
  return status == 0 && !once->failed;
}

static int run_once(const struct options *options) {
  if (options->quiet)
    message_be_quiet();
  int usage = inputs_check(options);
  if (usage != STATUS_DONE)
    return usage;
  struct once once = {.options = options};
  struct sink *sinks[1];
  bool good = false;
  int status = window_new(&once.window);
  if (status == 0) {
    sinks[0] = window_sink(once.window);
    status = inputs_sampler(options, sinks, 1, &once.sampler);
  }
  if (status == 0)
    status = stop_open(&once.stop, options->until_enter ? STDIN_FILENO : -1);
  if (status == 0) {
    good = run_window(&once);
    stop_close(&once.stop);
  } else {
    tell_error("unable to start: %s", strerror(-status));
  }
  sampler_free(once.sampler);
  window_free(once.window);
  return good ? STATUS_DONE : STATUS_FAILED;
}

const struct command command_once = {
    .name = "once",
    .summary = "measure energy and mean power over a window",
    .synopsis = "[--files PATH...] [OPTION]...",
    .text = "Measures the energy of each counter over a window, and its mean power.\n",
    .examples = "  vm_energy once --files /path/to/vmA/energy_uj /path/to/vmB/energy_uj --duration 10\n"
                "  vm_energy once --until-enter --json\n",
    .options = OPTIONS_ONCE,
    .run = run_once,
};
