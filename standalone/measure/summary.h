/*
 * summary: how good a time series is
 *
 * A sink that counts what the samples were like. It uses the slot of each counter.
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
  uint64_t bad;     /* no value: torn, missing, denied, gone */
  uint64_t resets;
  uint64_t wraps;
  uint64_t spikes;    /* powers above what can be, dropped */
  uint64_t pauses;    /* of the writer: the most of one counter */
  double pause_share; /* part of the time that the writer may not have counted: the most of one counter, 0 to 1 */
  int64_t period_ns;  /* the longest learned time between two updates; 0: none is known */
  int64_t silent_ns;  /* the longest time in which no counter was updated, between two samples */
  size_t counters;    /* that there were */
  size_t removed;     /* of these, at the end */
};

/* What the schedule says, for the report. */
struct summary_run {
  int64_t interval_ns;
  uint64_t taken;   /* ticks sampled */
  uint64_t planned; /* ticks asked for; 0: without end */
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
 * Counting starts: the passes before were the baseline. follow: counters that come later count too, and one that goes
 * is no fault. Otherwise the counters are those of the baseline, and one that is gone has a sample without a value per
 * tick.
 */
void summary_start(struct summary *summary, bool follow);

void summary_count(const struct summary *summary, struct summary_counts *counts);

/* A counter, also one that is gone. The strings are borrowed, until summary_free(). */
struct summary_counter {
  const char *label, *path;
  bool has_start;
  uint64_t start_uj;       /* the raw counter of the baseline */
  bool has_update_at;      /* start_update_ns is known */
  int64_t start_update_ns; /* mono_ns of the update that this number is from */
  uint64_t range_uj;       /* where the counter wraps; 0: it does not, or unknown */
  int64_t period_ns;       /* learned time between two updates; 0: not known */
};

/* How many there were in all, and one of them, in the order in which they came. */
size_t summary_counters(const struct summary *summary);
void summary_counter(const struct summary *summary, size_t index, struct summary_counter *counter);

/*
 * Begins to wait for an update of each counter that has a value. Then: whether each of them was updated, or cannot be.
 */
void summary_await(struct summary *summary);
bool summary_is_complete(const struct summary *summary);

/* The report, without warnings. */
void summary_print(const struct summary *summary, const struct summary_run *run, FILE *out);

/*
 * Warns, once, when the power of the time base `sample` says more about the writer's rhythm than about the load. To be
 * called after each pass; needs two updates of a counter. At the end of the run one is enough, and it warns when there
 * was none at all.
 */
void summary_warn(struct summary *summary, enum meter_base base, int64_t interval_ns, bool at_end);

/*
 * Tells on standard error which counters have no value now; `when` as for inputs_report_unread(). Returns how many
 * those are.
 */
size_t summary_report_unread(const struct summary *summary, const char *when);

/* "5.2 s", "250 s": a duration in words, at most 31 characters. */
void summary_format_duration(int64_t ns, char text[32]);

#endif
