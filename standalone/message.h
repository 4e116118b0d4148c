/*
 * message: what the tool says to its user, on standard error
 *
 * Each is one line: "vm_energy: ...", no capital at the start, no full stop at the end. A progress line that stands on
 * the terminal is to be cleared before.
 */
#ifndef VM_ENERGY_MESSAGE_H
#define VM_ENERGY_MESSAGE_H

/* Exit status of the tool. */
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

void tell_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "vm_energy: warning: ..."; silent after quiet_warnings(). */
void tell_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void quiet_warnings(void);

#endif
