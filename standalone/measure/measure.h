/*
 * measure: one window over the counters that the user named, from making everything to the report
 *
 *   measure_open()      makes sampler, window and stop
 *   measure_begin()     the window begins
 *   measure_wait()      passes over the counters, until an instant or a sign
 *   measure_end()       the window ends; with bounds, waits for the updates behind it
 *   measure_print...()  the report
 *   measure_close()
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

/* The signals are blocked from now on; input_fd and more as for stop_open(). False: told why, nothing is to be closed.
 */
bool measure_open(struct measure *measure, const struct options *options, bool bounds, int input_fd,
                  const sigset_t *more);
void measure_close(struct measure *measure);

/* False: no counter, or none with a value, or the measurement failed; told. */
bool measure_begin(struct measure *measure);

/*
 * Goes on until end_ns, or the sign to end, see measure->stop.reason; STOP_NO_DEADLINE: that alone. It may be called
 * again when the sign was none. 0: end_ns was reached. 1: a sign. -errno: reported.
 */
int measure_wait(struct measure *measure, int64_t end_ns);

/*
 * The window ends now. With bounds, waits until the counters were updated once more, or a signal says to leave it.
 * False: the measurement failed; told.
 */
bool measure_end(struct measure *measure);

double measure_duration_s(const struct measure *measure);

/*
 * "Duration: 10.000s", a line for each counter that has a value, and one for all where that is asked for; or one JSON
 * object. 0, or -errno: out of memory, or of the output.
 */
void measure_print_text(const struct measure *measure, FILE *out);
int measure_print_json(const struct measure *measure, FILE *out);

/* Tells on standard error what has no value, and what is doubtful. Returns how many counters have no value. */
size_t measure_report_faults(const struct measure *measure);

#endif
