/*
 * message: errors, warnings and notes of the tool, on standard error
 *
 * Each is one line, "vm_energy: ...", without a capital at the start or a full stop at the end. Control characters are
 * replaced as by label_printable(), so callers pass names and paths as they are.
 */
#ifndef VM_ENERGY_MESSAGE_H
#define VM_ENERGY_MESSAGE_H

#include <stdio.h>

/* Exit status of the tool; `check` has those of a monitoring check, see look/verdict.h. */
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "vm_energy: warning: ..."; silent after message_be_quiet(). */
void message_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "vm_energy: ..."; silent after message_be_quiet(). */
void message_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

void message_be_quiet(void);

/* A line of a result, with control characters replaced, too. */
void message_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Flushes standard output, so that results come before the next message. message_close_output() closes it, and returns
 * 0 or the first -errno of both.
 */
void message_flush_output(void);
int message_close_output(void);

/* Sets what is called before each message, to clear a progress line; NULL: nothing. */
void message_before(void (*clear)(void *arg), void *arg);

#endif
