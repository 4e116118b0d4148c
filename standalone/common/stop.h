/*
 * stop: waiting for the next tick, or for the sign to end
 *
 * SIGINT, SIGTERM and SIGHUP end a run (SIGHUP unless it was ignored, as under nohup); where asked for, so do Enter
 * and end of file on an input, and the end of a child. The wait ends at once, and the caller finishes its files and
 * reports, or goes on waiting. A key that somebody else reads ends the wait, too.
 *
 * The input is read line by line, and only while we are in the foreground of the terminal that it may be: a job in the
 * background is not stopped for it (SIGTTIN), and takes no line that was typed for others.
 */
#ifndef VM_ENERGY_STOP_H
#define VM_ENERGY_STOP_H

#include "common/lines.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stop_reason { STOP_NONE, STOP_ENTER, STOP_LINE, STOP_EOF, STOP_SIGNAL, STOP_CHILD, STOP_KEY };

struct stop {
  int input_fd;  /* borrowed; -1: none is read, and it may be set to that at any time */
  int child_fd;  /* borrowed, see pidfd_open(2); -1, as stop_open() leaves it: none is waited for */
  int key_fd;    /* borrowed; where keys come that the caller reads; -1, as stop_open() leaves it: nowhere */
  int signal_fd; /* ours */
  int timer_fd;  /* ours */
  sigset_t old_mask;
  enum stop_reason reason; /* STOP_NONE until it is time to end */
  int signal;              /* which one, with STOP_SIGNAL */
  bool by_terminal;        /* a key made it, so that every process of the terminal's group has it */

  bool reports_lines; /* STOP_LINE for a line with words in it; false, as stop_open() leaves it: STOP_ENTER for any */
  struct lines lines; /* lines.text: the line, with STOP_LINE */
  char input[256];    /* what was read and not looked at yet */
  size_t input_at, input_len;
};

/*
 * Blocks the signals from now on. input_fd: where Enter and end of file are looked for; -1: nowhere. more: other
 * signals that end the wait; NULL: none. 0 or -errno.
 */
int stop_open(struct stop *stop, int input_fd, const sigset_t *more);

/*
 * Gives the signals back. One that came and was not seen is delivered then; but when a signal has ended the run, those
 * behind it asked for the same, and are dropped.
 */
void stop_close(struct stop *stop);

/*
 * Waits until deadline_ns on the clock of mono_ns, or for the sign to end (which wins when both are there, except a
 * line behind a line: no flood of them keeps a deadline from being met). A deadline in the past is fine: the signs are
 * looked at. STOP_NO_DEADLINE waits for the sign alone.
 * 0: the deadline is reached. 1: end, see stop->reason. -errno: waiting itself failed.
 */
#define STOP_NO_DEADLINE INT64_MAX
int stop_wait(struct stop *stop, int64_t deadline_ns);

/* True if fd is our terminal and others are in its foreground: a read from it would stop us. */
bool stop_in_background(int fd);

#endif
