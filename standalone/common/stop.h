/*
 * stop: waits for the next tick, or for an event
 *
 * Events are SIGINT, SIGTERM and SIGHUP (unless it was ignored, as under nohup) and, where the caller asks for them,
 * lines and end of file of an input, other signals, and a key that the caller reads. The wait ends at once; the caller
 * finishes its files, or waits again.
 *
 * A terminal is read in the foreground only: a background job is not stopped by SIGTTIN, and takes no line that was
 * typed for others.
 */
#ifndef VM_ENERGY_STOP_H
#define VM_ENERGY_STOP_H

#include "common/lines.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stop_reason { STOP_NONE, STOP_ENTER, STOP_LINE, STOP_EOF, STOP_SIGNAL, STOP_KEY };

struct stop {
  int input_fd;  /* borrowed; -1: none; the caller may set -1 at any time */
  int key_fd;    /* borrowed; keys that the caller reads; -1, as set by stop_open(): none */
  int signal_fd; /* ours */
  int timer_fd;  /* ours */
  sigset_t old_mask;
  enum stop_reason reason; /* of the last wait */
  int signal;              /* which one, with STOP_SIGNAL */
  bool by_terminal;        /* from a key, so that all processes in the foreground got it */

  bool reports_lines; /* STOP_LINE for a line with words; false, as set by stop_open(): STOP_ENTER for any line */
  struct lines lines; /* lines.text with STOP_LINE */
  char input[256];    /* read, from input_at on not yet parsed */
  size_t input_at, input_len;
};

/* Blocks the signals. input_fd: see struct stop. more: other signals that end the wait; NULL: none. 0 or -errno. */
int stop_open(struct stop *stop, int input_fd, const sigset_t *more);

/* Unblocks the signals. A pending one is delivered, or, if a signal ended the wait, dropped: it asked the same. */
void stop_close(struct stop *stop);

/*
 * Waits until deadline_ns on the clock of mono_ns, or for an event; with a deadline in the past only checks for events.
 * An event comes before the deadline, but further lines after it, so that no flood of input delays the deadline.
 * 0: the deadline is reached. 1: an event, see stop->reason. -errno: waiting failed.
 */
#define STOP_NO_DEADLINE INT64_MAX
int stop_wait(struct stop *stop, int64_t deadline_ns);

/* "INT", "TERM" or "HUP": a signal that ends a run. */
const char *stop_signal_name(int signal);

/* True if fd is our terminal and we are in its background: a read would stop us. */
bool stop_in_background(int fd);

#endif
