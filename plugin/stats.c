#include "stats.h"

#include <string.h>

static int sink_begin(struct sink *sink, const struct instant *now, size_t count) {
  struct stats *stats = (struct stats *)sink;
  stats->begin_ns = now->mono_ns;
  stats->counters = count;
  stats->stale = stats->unreadable = stats->updated = 0;
  memset(stats->late, 0, sizeof(stats->late));
  return 0;
}

static int sink_put(struct sink *sink, const struct sample *sample) {
  struct stats *stats = (struct stats *)sink;
  stats->stale += sample->state == SAMPLE_STALE;
  stats->unreadable += !sample->has_energy;
  if (sample->updates == 0 || sample->period_ns == 0)
    return 0;
  if (stats->updated == 0 || sample->period_ns < stats->period_ns)
    stats->period_ns = sample->period_ns;
  for (size_t i = 0; i < sample->pauses && i < STATS_LATE_MAX; i++)
    stats->late[i]++;
  stats->updated++;
  return 0;
}

/* As many late updates as more than half of the counters had. Two passes may see the end of one pause: the first counts
 * it. */
static void count_pauses(struct stats *stats) {
  derive_t pauses = 0;
  while (pauses < STATS_LATE_MAX && 2 * stats->late[pauses] > stats->updated)
    pauses++;
  if (pauses == 0 || (stats->pauses > 0 && stats->begin_ns - stats->paused_ns < stats->period_ns))
    return;
  stats->pauses += pauses;
  stats->paused_ns = stats->begin_ns;
}

static int sink_end(struct sink *sink) {
  struct stats *stats = (struct stats *)sink;
  struct instant now;
  int status = clock_now(&now);
  if (status != 0)
    return status;
  count_pauses(stats);
  stats->bad_reads += (derive_t)stats->unreadable;
  stats->put_value("files", "counters", (value_t){.gauge = (gauge_t)stats->counters});
  stats->put_value("files", "stale", (value_t){.gauge = (gauge_t)stats->stale});
  stats->put_value("files", "unreadable", (value_t){.gauge = (gauge_t)stats->unreadable});
  stats->put_value("duration", "read", (value_t){.gauge = (gauge_t)(now.mono_ns - stats->begin_ns) / 1e9});
  stats->put_value("errors", "bad_reads", (value_t){.derive = stats->bad_reads});
  stats->put_value("errors", "pauses", (value_t){.derive = stats->pauses});
  return 0;
}

struct sink *stats_start(struct stats *stats, stats_put_value *put_value) {
  *stats = (struct stats){.sink = {.begin = sink_begin, .put = sink_put, .end = sink_end}, .put_value = put_value};
  return &stats->sink;
}
