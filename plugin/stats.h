/*
 * stats: the option ReportStats: a sink that reports values about the plugin itself
 *
 * The last sink of a pass, so that the duration includes the others. Its values, all of collectd's stock types:
 *
 *   files-counters      counters in this pass
 *   files-stale         of these, not updated for the stale time
 *   files-unreadable    of these, without a value: empty, invalid, missing, denied
 *   duration-read       seconds from the start of the read until all other values were passed on
 *   errors-bad_reads    sum of files-unreadable since the start
 *   errors-pauses       pauses of the writer since the start
 *
 * A pause of the writer makes the next update of each counter late (see meter.h), except those of new VMs; if only a
 * few are late, these VMs were off. So a pass adds the late updates that more than half of its updated counters had. A
 * stop for longer than the stale time is no pause: all counters are stale.
 *
 * Without a pass there are no values: missing data means that the plugin does not read. Tests: tests/check_stats.c.
 */
#ifndef VM_ENERGY_STATS_H
#define VM_ENERGY_STATS_H

#include "core/sink.h"
#include "daemon.h"

/* Dispatches a value of the plugin itself. */
typedef void stats_put_value(const char *type, const char *type_instance, value_t value);

/* Pauses of one pass; more are not counted. */
#define STATS_LATE_MAX 16

/* No pointers to free. Private: use stats_start(). */
struct stats {
  struct sink sink;
  stats_put_value *put_value;
  derive_t bad_reads, pauses; /* since the start */
  int64_t paused_ns;          /* mono; when the last pause was counted */

  /* of this pass */
  int64_t begin_ns;
  size_t counters, stale, unreadable;
  size_t updated;              /* counters with an update and a known period; these two: of those */
  size_t late[STATS_LATE_MAX]; /* [n]: with more than n late updates */
  int64_t period_ns;           /* the shortest */
};

/* Returns the sink, which is a part of *stats. */
struct sink *stats_start(struct stats *stats, stats_put_value *put_value);

#endif
