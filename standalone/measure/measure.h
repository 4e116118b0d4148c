/*
 * measure: one window over the counters that the user named: open, begin, wait, end, print, close
 *
 * Tests: tests/cli/check_once.sh and check_run.sh.
 */
#ifndef VM_ENERGY_MEASURE_H
#define VM_ENERGY_MEASURE_H

#include "common/options.h"
#include "common/stop.h"
#include "measure/window.h"

#include "core/sampler.h"

#include <stdio.h>

struct measure {
  const struct options *options;
  bool bounds;
  struct window *window;
  struct sink *sinks[1];
  struct sampler *sampler;
  struct stop stop;
  struct instant start, end;
};

/* Blocks the signals; input_fd and more as for stop_open(). False: an error has been printed; do not close. */
bool measure_open(struct measure *measure, const struct options *options, bool bounds, int input_fd,
                  const sigset_t *more);
void measure_close(struct measure *measure);

/* The window begins. False: no counter with a value, or the measurement failed; an error has been printed. */
bool measure_begin(struct measure *measure);

/*
 * Passes over the counters until end_ns (or STOP_NO_DEADLINE) or an event; may be called again after one. 0: end_ns was
 * reached. 1: an event, see measure->stop.reason. -errno: an error has been printed.
 */
int measure_wait(struct measure *measure, int64_t end_ns);

/*
 * The window ends. With bounds, waits for one more update of each counter, or a signal. False: the measurement failed;
 * an error has been printed.
 */
bool measure_end(struct measure *measure);

double measure_duration_s(const struct measure *measure);

/*
 * "Duration: 10.000s", a line for each counter that has a value, and one for all where that is asked for; or one JSON
 * object. 0, or -errno: out of memory, or of the output.
 */
void measure_print_text(const struct measure *measure, FILE *out);
int measure_print_json(const struct measure *measure, FILE *out);

/* Reports what has no value, and what is uncertain. Returns how many counters have no value. */
size_t measure_report_faults(const struct measure *measure);

#endif
