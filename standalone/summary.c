#include "summary.h"

#include "inputs.h"
#include "message.h"

#include "core/counter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* More counters than this are not named one by one. */
#define NAMED_MAX 10

/*
 * With a tenth of the interval between updates, a sample of a steady load is wrong by up to a tenth: an update more or
 * less falls into it.
 */
#define ALIAS_FACTOR 10

/* One counter, also when it is gone. */
struct record {
  char *label, *path;
  bool gone;
  bool tracked;
  int error;     /* of the last sample */
  int bad_error; /* of the last bad one */
  int64_t period_ns;
  uint64_t bad, resets;
};

struct summary {
  struct sink sink;
  bool counting;
  struct record **records;
  size_t records_num, records_size;
  struct summary_counts counts;
};

static void free_record(struct record *record) {
  if (record == NULL)
    return;
  free(record->label);
  free(record->path);
  free(record);
}

static struct record *add_record(struct summary *summary, const struct sample *sample) {
  if (summary->records_num == summary->records_size) {
    size_t size = 2 * summary->records_size + 16;
    struct record **records = realloc(summary->records, size * sizeof(struct record *));
    if (records == NULL)
      return NULL;
    summary->records = records;
    summary->records_size = size;
  }
  struct record *record = calloc(1, sizeof(*record));
  if (record == NULL)
    return NULL;
  record->label = strdup(sample->label);
  record->path = strdup(sample->path);
  if (record->label == NULL || record->path == NULL) {
    free_record(record);
    return NULL;
  }
  summary->records[summary->records_num++] = record;
  return record;
}

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  (void)sink;
  (void)now;
  (void)count;
  return 0;
}

static void count_sample(struct summary_counts *counts, struct record *record, const struct sample *sample) {
  counts->samples++;
  counts->updates += sample->updated;
  counts->held += sample->state == SAMPLE_HELD;
  counts->stale += sample->state == SAMPLE_STALE;
  counts->wraps += sample->state == SAMPLE_WRAP;
  counts->resets += sample->state == SAMPLE_RESET;
  counts->bad += !sample->has_energy;
  record->resets += sample->state == SAMPLE_RESET;
  record->bad += !sample->has_energy;
  if (!sample->has_energy)
    record->bad_error = sample->error;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct summary *summary = (struct summary *)sink;
  struct record *record = *sample->slot;
  if (record == NULL) {
    record = add_record(summary, sample);
    if (record == NULL)
      return -ENOMEM;
    *sample->slot = record;
  }
  record->error = sample->error;
  record->tracked = sample->tracked;
  record->period_ns = sample->period_ns;
  if (summary->counting)
    count_sample(&summary->counts, record, sample);
  return 0;
}

static int end_pass(struct sink *sink) {
  (void)sink;
  return 0;
}

static void forget_counter(struct sink *sink, const struct sample *sample) {
  (void)sink;
  struct record *record = *sample->slot;
  if (record != NULL)
    record->gone = true;
  *sample->slot = NULL;
}

int summary_new(struct summary **summary) {
  struct summary *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return -ENOMEM;
  s->sink = (struct sink){.begin = begin_pass, .put = put_sample, .end = end_pass, .removed = forget_counter};
  *summary = s;
  return 0;
}

void summary_free(struct summary *summary) {
  if (summary == NULL)
    return;
  for (size_t i = 0; i < summary->records_num; i++)
    free_record(summary->records[i]);
  free(summary->records);
  free(summary);
}

struct sink *summary_sink(struct summary *summary) {
  return &summary->sink;
}

void summary_start(struct summary *summary) {
  summary->counting = true;
}

void summary_count(const struct summary *summary, struct summary_counts *counts) {
  *counts = summary->counts;
  for (size_t i = 0; i < summary->records_num; i++) {
    const struct record *record = summary->records[i];
    if (record->gone)
      continue;
    counts->counters++;
    counts->tracked += record->tracked;
    counts->denied += record->error == -EACCES || record->error == -EPERM;
    if (record->period_ns == 0)
      continue;
    if (counts->period_min_ns == 0 || record->period_ns < counts->period_min_ns)
      counts->period_min_ns = record->period_ns;
    if (record->period_ns > counts->period_max_ns)
      counts->period_max_ns = record->period_ns;
  }
}

void summary_format_duration(int64_t ns, char text[32]) {
  double s = (double)ns / 1e9;
  if (s >= 100)
    snprintf(text, 32, "%.0f s", s);
  else if (s >= 0.001)
    snprintf(text, 32, "%.3g s", s);
  else
    snprintf(text, 32, "%.3g ms", s * 1e3);
}

/* "every 5.2 s", or "every 5 to 10.1 s" when the counters differ; nothing when not known */
static void format_period(const struct summary_counts *counts, char text[80]) {
  char least[32], most[32];
  summary_format_duration(counts->period_min_ns, least);
  summary_format_duration(counts->period_max_ns, most);
  if (counts->period_max_ns == 0)
    *text = '\0';
  else if (counts->period_max_ns - counts->period_min_ns <= counts->period_max_ns / 10)
    snprintf(text, 80, "every %s", most);
  else
    snprintf(text, 80, "every %s to %s", least, most);
}

static void print_faults(const struct summary *summary, FILE *out) {
  size_t named = 0, more = 0;
  for (size_t i = 0; i < summary->records_num; i++) {
    const struct record *record = summary->records[i];
    if (record->bad == 0 && record->resets == 0)
      continue;
    if (named == NAMED_MAX) {
      more++;
      continue;
    }
    named++;
    fprintf(out, "  %s:", record->label);
    if (record->bad > 0)
      fprintf(out, " %" PRIu64 " without a value, the last: %s%s", record->bad, counter_error_text(record->bad_error),
              record->resets > 0 ? ";" : "");
    if (record->resets > 0)
      fprintf(out, " %" PRIu64 " reset%s", record->resets, record->resets == 1 ? "" : "s");
    fputc('\n', out);
  }
  if (more > 0)
    fprintf(out, "  and %zu more counters\n", more);
}

void summary_print(const struct summary *summary, const struct summary_run *run, FILE *out) {
  struct summary_counts counts;
  summary_count(summary, &counts);
  char interval[32], period[80], late[32];
  summary_format_duration(run->interval_ns, interval);
  summary_format_duration(run->late_max_ns, late);
  format_period(&counts, period);

  fprintf(out, "samples       %" PRIu64, run->taken);
  if (run->planned > 0)
    fprintf(out, " of %" PRIu64, run->planned);
  fprintf(out, ", every %s, of %zu counter%s\n", interval, counts.counters, counts.counters == 1 ? "" : "s");
  fprintf(out, "missed ticks  %" PRIu64 ", the latest sample %s after its tick\n", run->missed, late);
  fprintf(out, "updates       %" PRIu64 "%s%s\n", counts.updates, *period == '\0' ? "" : ", ", period);
  double share = counts.samples > 0 ? 100.0 * (double)counts.held / (double)counts.samples : 0;
  fprintf(out, "held          %.1f %% of the samples saw no update\n", share);
  fprintf(out, "resets        %" PRIu64 "\n", counts.resets);
  fprintf(out, "bad reads     %" PRIu64 "\n", counts.bad);
  if (counts.wraps > 0)
    fprintf(out, "wraps         %" PRIu64 ", corrected\n", counts.wraps);
  if (counts.stale > 0)
    fprintf(out, "stale         %" PRIu64 "\n", counts.stale);
  if (run->steps > 0)
    fprintf(out, "clock         the wall clock was set %" PRIu64 " time%s\n", run->steps, run->steps == 1 ? "" : "s");
  print_faults(summary, out);
}

void summary_warn(const struct summary *summary, const struct summary_run *run) {
  struct summary_counts counts;
  summary_count(summary, &counts);
  if (counts.samples > counts.bad && counts.updates == 0) {
    tell_warning("no counter was updated during the run: is the writer running?");
    return;
  }
  if (run->base != METER_SAMPLE || counts.tracked == 0 || counts.period_max_ns < run->interval_ns / ALIAS_FACTOR)
    return;
  char interval[32], period[80];
  summary_format_duration(run->interval_ns, interval);
  format_period(&counts, period);
  tell_warning("the counters were updated %s and sampled every %s, so the power depends on how many updates fell into "
               "a sample; use --time-base auto",
               period, interval);
}

size_t summary_tell_unread(const struct summary *summary, const char *when) {
  size_t unread = 0;
  for (size_t i = 0; i < summary->records_num; i++) {
    const struct record *record = summary->records[i];
    if (record->gone || record->error == 0)
      continue;
    if (unread < NAMED_MAX)
      inputs_tell_unread(record->path, when, record->error);
    unread++;
  }
  if (unread > NAMED_MAX)
    tell_error("no value from %zu more counters %s", unread - NAMED_MAX, when);
  return unread;
}
