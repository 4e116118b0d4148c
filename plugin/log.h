/*
 * log: messages of the plugin, in collectd's log and in notifications
 *
 * All messages go through log_format(): nothing that a tenant chose, such as a name or a path, can break a line or a
 * terminal. Callers pass names and paths as they are. Tests: tests/check_plugin.c, tests/check_statefile.c.
 */
#ifndef VM_ENERGY_LOG_H
#define VM_ENERGY_LOG_H

#include "core/clock.h"
#include "daemon.h"
#include "throttle.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* collectd cuts log messages at 1023 bytes. */
#define MESSAGE_MAX 1000

/* Formats into text and makes it printable. What does not fit is cut at a character. */
__attribute__((format(printf, 3, 0))) void log_format(char *text, size_t size, const char *format, va_list args);

/* Logs a line. severity: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO. */
__attribute__((format(printf, 2, 3))) void log_line(int severity, const char *format, ...);

/* Limits on messages: about one VM or option, ten in a burst, then one every six minutes; about all else together. */
#define VM_BURST         10
#define VM_REFILL_NS     (360 * NS_PER_S)
#define PLUGIN_BURST     50
#define PLUGIN_REFILL_NS (10 * NS_PER_S)

/*
 * True if another message may be logged at mono_ns: about this VM or option, or (NULL) about anything else, such as VMs
 * that come and go. Logs the number of messages held back before.
 */
bool log_allows(struct throttle *throttle, const char *about, int64_t mono_ns);

/* Something that can fail for some time: an error is logged once, and so is its end. */
struct trouble {
  int error;         /* last state: -errno; 0: none */
  const char *about; /* these two: as in log_allows() */
  struct throttle *throttle;
};

/* Set the state, and return true if it changed and may be logged. 0 begins nothing, nor does the same error again. */
bool log_trouble_begins(struct trouble *trouble, int error, int64_t mono_ns);
bool log_trouble_ends(struct trouble *trouble, int64_t mono_ns);

/* Logs, once per error, that the file of the option trouble->about cannot be written, and the remedy. */
void log_unwritable(struct trouble *trouble, const char *path, int error, int64_t mono_ns);

#endif
