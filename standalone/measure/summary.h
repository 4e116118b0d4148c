/*
 * summary: how good a time series is
 *
 * A sink that counts samples by their states.
 */
#ifndef VM_ENERGY_SUMMARY_H
#define VM_ENERGY_SUMMARY_H

#include "core/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct summary;

struct summary_counts {
  uint64_t samples; /* one per counter and tick */
  uint64_t updates; /* of all counters */
  uint64_t held;    /* no update since the sample before */
  uint64_t stale;   /* no update for the stale time */
  uint64_t bad;     /* no value: torn, missing, denied, removed */
  uint64_t resets;
  uint64_t wraps;
  uint64_t spikes;    /* implausible powers, discarded */
  uint64_t pauses;    /* of the writer; the maximum of a counter */
  double pause_share; /* share of the time in which the writer may not have counted, 0 to 1; the maximum of a counter */
  int64_t period_ns;  /* the longest learned time between two updates; 0: unknown */
  int64_t silent_ns;  /* the longest time without an update of any counter */
  size_t counters;    /* ever seen */
  size_t removed;     /* of these, now */
};

/* The schedule, for the report. */
struct summary_run {
  int64_t interval_ns;
  uint64_t taken;   /* ticks sampled */
  uint64_t planned; /* ticks asked for; 0: endless */
  uint64_t missed;
  int64_t late_max_ns;
  uint64_t steps; /* of the wall clock */
};

/* 0 or -ENOMEM. */
int summary_new(struct summary **summary);
/* After the sampler that has the sink. NULL is fine. */
void summary_free(struct summary *summary);
struct sink *summary_sink(struct summary *summary);

/*
 * Starts to count; the passes before were the baseline. follow: later counters count too, and a removed one is no
 * fault. Otherwise only the counters of the baseline count, and a removed one has a bad sample per tick.
 */
void summary_start(struct summary *summary, bool follow);

void summary_count(const struct summary *summary, struct summary_counts *counts);

/* A counter, perhaps removed. The strings are valid until summary_free(). */
struct summary_counter {
  const char *label, *path;
  bool has_start;
  uint64_t start_uj;       /* the raw counter of the baseline */
  bool has_update_at;      /* start_update_ns is known */
  int64_t start_update_ns; /* mono_ns of the update with that number */
  uint64_t range_uj;       /* where the counter wraps; 0: never, or unknown */
  int64_t period_ns;       /* learned time between two updates; 0: unknown */
};

/* How many counters there were in all, and one of them, in the order of appearance. */
size_t summary_counters(const struct summary *summary);
void summary_counter(const struct summary *summary, size_t index, struct summary_counter *counter);

/* Begins to wait for an update of each counter with a value; complete when each was updated or removed. */
void summary_await(struct summary *summary);
bool summary_is_complete(const struct summary *summary);

/* The report, without warnings. */
void summary_print(const struct summary *summary, const struct summary_run *run, FILE *out);

/*
 * Warns, once, if the power of the time base `sample` depends more on the writer's rhythm than on the load. Call it
 * after each pass; needs two updates of a counter. At the end of the run one is enough, and none at all is a warning,
 * too.
 */
void summary_warn(struct summary *summary, enum meter_base base, int64_t interval_ns, bool at_end);

/* Reports counters without a value now; `when` as for inputs_report_unread(). Returns their number. */
size_t summary_report_unread(const struct summary *summary, const char *when);

/* "5.2 s", "250 s": a duration in words, at most 31 characters. */
void summary_format_duration(int64_t ns, char text[32]);

#endif
