/*
 * log: how the plugin speaks, in collectd's log and in notifications
 *
 * Nothing that a tenant chose, such as a name or a path, can break a line or a terminal there.
 */
#ifndef VM_ENERGY_LOG_H
#define VM_ENERGY_LOG_H

#include "daemon.h"

#include <stdarg.h>
#include <stddef.h>

/* collectd cuts log messages at 1023 bytes. */
#define MESSAGE_MAX 1000

/* Formats into text; what does not fit is cut at a character. */
__attribute__((format(printf, 3, 0))) void format_safely(char *text, size_t size, const char *format, va_list args);

/* A line in the log. severity: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO. */
__attribute__((format(printf, 2, 3))) void say(int severity, const char *format, ...);

#endif
