/*
 * log: how the plugin speaks, in collectd's log and in notifications
 *
 * Nothing that a tenant chose, such as a name or a path, can break a line or a terminal there.
 */
#ifndef VM_ENERGY_LOG_H
#define VM_ENERGY_LOG_H

#include "core/throttle.h"
#include "daemon.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* collectd cuts log messages at 1023 bytes. */
#define MESSAGE_MAX 1000

/* Formats into text; what does not fit is cut at a character. */
__attribute__((format(printf, 3, 0))) void format_safely(char *text, size_t size, const char *format, va_list args);

/* A line in the log. severity: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO. */
__attribute__((format(printf, 2, 3))) void say(int severity, const char *format, ...);

/* How often something may be said: burst messages at once, then one every refill_ns. about: what, for those held back.
 */
struct pace {
  unsigned burst;
  int64_t refill_ns;
  const char *about;
};

/* Whether a message may be said at mono_ns. If so, and some were held back before, their number is said first. */
bool may_say(struct throttle *throttle, const struct pace *pace, int64_t mono_ns);

#endif
