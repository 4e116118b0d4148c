/*
 * once: energy and mean power over a window
 */
#include "common/command.h"
#include "common/inputs.h"
#include "common/message.h"
#include "measure/measure.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static bool report_stopped(const struct measure *measure) {
  const struct options *options = measure->options;
  if (measure->stop.reason != STOP_SIGNAL || options->until_enter)
    return false;
  message_error("stopped by SIG%s after %.3f of %.3f s", stop_signal_name(measure->stop.signal),
                measure_duration_s(measure), (double)options->duration_ns / 1e9);
  return true;
}

/* Shorter windows measure nothing: mostly a script without a terminal. */
#define WINDOW_LEAST_S 0.01

static bool report_empty(const struct measure *measure) {
  enum stop_reason reason = measure->stop.reason;
  if ((reason != STOP_EOF && reason != STOP_ENTER) || measure_duration_s(measure) >= WINDOW_LEAST_S)
    return false;
  message_error("stopped at once by %s: nothing was measured",
                reason == STOP_EOF ? "the end of standard input" : "standard input");
  return true;
}

static bool run_window(struct measure *measure) {
  const struct options *options = measure->options;
  if (!measure_begin(measure))
    return false;
  if (options->until_enter)
    message_note("measuring until you press Enter");
  int status =
      measure_wait(measure, options->until_enter ? STOP_NO_DEADLINE : measure->start.mono_ns + options->duration_ns);
  if (status < 0)
    return false;
  if (report_empty(measure))
    return false;
  bool cut_short = report_stopped(measure);
  if (!measure_end(measure))
    return false;
  status = 0;
  if (!options->json)
    measure_print_text(measure, stdout);
  else if ((status = measure_print_json(measure, stdout)) == -ENOMEM) /* other errors are reported when it is closed */
    message_error("unable to print: %s", strerror(-status));
  message_flush_output();
  size_t unread = measure_report_faults(measure);
  return status == 0 && !cut_short && unread == 0;
}

static int run_once(const struct options *options) {
  int usage = inputs_check(options);
  if (usage != STATUS_DONE)
    return usage;
  struct measure measure;
  if (!measure_open(&measure, options, options->bounds, options->until_enter ? STDIN_FILENO : -1, NULL))
    return STATUS_FAILED;
  bool good = run_window(&measure);
  measure_close(&measure);
  return good ? STATUS_DONE : STATUS_FAILED;
}

const struct command command_once = {
    .name = "once",
    .summary = "measure energy and mean power over a window",
    .synopsis = "[--files PATH...] [OPTION]...",
    .text = "Measures the energy of each counter over a window, and its mean power.\n\n"
            "A counter that is updated every 5 s does not show where a window begins and\n"
            "ends; --bounds interpolates its energy, and prints a lower and an upper\n"
            "bound.\n",
    .examples = "  vm_energy once --files /path/to/vmA/energy_uj /path/to/vmB/energy_uj --duration 10\n"
                "  vm_energy once --bounds --until-enter --json\n",
    .options = OPTIONS_ONCE,
    .run = run_once,
};
