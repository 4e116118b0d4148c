/*
 * message: what the tool says to its user, on standard error
 *
 * Each is one line: "vm_energy: ...", no capital at the start, no full stop at the end. What a terminal would obey is
 * replaced as label_printable() does, so callers pass names and paths as they are. A progress line that stands on the
 * terminal is cleared before.
 */
#ifndef VM_ENERGY_MESSAGE_H
#define VM_ENERGY_MESSAGE_H

#include <stdio.h>

/* Exit status of the tool. */
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "vm_energy: warning: ..."; silent after message_be_quiet(). */
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What happens, without being wrong: "vm_energy: ..."; silent after message_be_quiet(). */
void message_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

void message_be_quiet(void);

/* A line of a result, made safe in the same way. */
void message_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Sends what was printed on its way, so that it stands before what is told next. message_close_output() closes standard
 * output and answers 0, or the first -errno of both.
 */
void message_flush_output(void);
int message_close_output(void);

/* Called before each line is written; NULL: nothing is. */
void message_before(void (*clear)(void *arg), void *arg);

#endif
