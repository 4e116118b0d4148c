/*
 * log: messages of the plugin, in collectd's log and in notifications
 *
 * Nothing that a tenant chose, such as a name or a path, can break a line or a terminal there.
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

/* Formats into text; cuts at a character what does not fit. */
__attribute__((format(printf, 3, 0))) void format_safely(char *text, size_t size, const char *format, va_list args);

/* Logs a line. severity: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO. */
__attribute__((format(printf, 2, 3))) void report(int severity, const char *format, ...);

/* Logs that the file of an option cannot be written, and the remedy. */
void report_unwritable(const char *option, const char *path, int error);

/* Limit on messages about one VM or one option: ten in a burst, then one every six minutes. */
#define VM_BURST     10
#define VM_REFILL_NS (360 * NS_PER_S)

/* The limit on all others together. */
#define PLUGIN_BURST     50
#define PLUGIN_REFILL_NS (10 * NS_PER_S)

/*
 * True if another message may be logged at mono_ns: about this VM or option, or (NULL) of all others, such as VMs that
 * come and go. Then the number of those held back before is logged first.
 */
bool may_report(struct throttle *throttle, const char *about, int64_t mono_ns);

#endif
