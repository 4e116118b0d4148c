#include "measure/summary.h"

#include "common/inputs.h"
#include "common/message.h"

#include "core/counter.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* Further counters are not named. */
#define NAMED_MAX 10

/* If the age of the value changes by a tenth of the interval between two samples, the power is wrong by a tenth. */
#define ALIAS_FACTOR 10

/* File times have a granularity. */
#define ALIAS_MIN_NS (10 * NS_PER_MS)

/* One counter, perhaps removed. */
struct record {
  const char *label; /* in the same allocation */
  char *path;
  bool removed;
  bool tracked;
  bool has_start, has_update_at;
  bool awaited; /* no update since summary_await() */
  uint64_t start_uj, range_uj;
  int64_t start_update_ns;
  int error;     /* of the last sample */
  int bad_error; /* of the last bad one */
  int64_t period_ns;
  uint32_t updates, bad, resets, spikes, pauses;
  int64_t pause_ns, first_ns, last_ns;    /* mono_ns of the first and the last sample with a value */
  int64_t new_age_min_ns, new_age_max_ns; /* age of an update when it was found */
  int64_t held_age_min_ns;                /* the least age of a value without an update; 0: none */
};

struct summary {
  struct sink sink;
  bool counting, follow;
  struct record **records;
  size_t records_num, records_size;
  void *by_label; /* tsearch(3) */
  size_t removed_num;
  struct summary_counts counts;
  int64_t now_ns, updated_ns; /* of this pass; of the last one that saw an update */
  int64_t silent_ns;          /* the longest time between two such passes */
  bool tracks, updated;       /* in this pass: a counter whose file dates its updates; an update of one */
  uint64_t judged_updates;    /* counts.updates at the last summary_warn() */
  bool warned;
};

static void free_record(struct record *record) {
  if (record == NULL)
    return;
  free(record->path);
  free(record);
}

static int compare_labels(const void *a, const void *b) {
  return strcmp(((const struct record *)a)->label, ((const struct record *)b)->label);
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
  size_t len = strlen(sample->label);
  struct record *record = calloc(1, sizeof(*record) + len + 1);
  if (record == NULL)
    return NULL;
  record->label = memcpy(record + 1, sample->label, len);
  record->path = strdup(sample->path);
  if (record->path == NULL || tsearch(record, &summary->by_label, compare_labels) == NULL) {
    free_record(record);
    return NULL;
  }
  record->first_ns = sample->at.mono_ns;
  summary->records[summary->records_num++] = record;
  return record;
}

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  struct summary *summary = (struct summary *)sink;
  (void)count;
  summary->now_ns = now->mono_ns;
  summary->tracks = summary->updated = false;
  return 0;
}

/* The ages show how the rhythms of updates and samples relate. */
static void note_age(struct record *record, const struct sample *sample) {
  int64_t age_ns = sample->age_ns;
  if (sample->updates == 0) {
    if (record->held_age_min_ns == 0 || age_ns < record->held_age_min_ns)
      record->held_age_min_ns = age_ns;
    return;
  }
  if (record->updates == 0 || age_ns < record->new_age_min_ns)
    record->new_age_min_ns = age_ns;
  if (record->updates == 0 || age_ns > record->new_age_max_ns)
    record->new_age_max_ns = age_ns;
  record->updates++;
}

static void count_bad(struct summary_counts *counts, struct record *record, int error) {
  counts->bad++;
  record->bad++;
  record->bad_error = error;
}

static void count_sample(struct summary_counts *counts, struct record *record, const struct sample *sample) {
  counts->samples++;
  counts->updates += sample->updates;
  counts->held += sample->state == SAMPLE_HELD;
  counts->stale += sample->state == SAMPLE_STALE;
  counts->wraps += sample->state == SAMPLE_WRAP;
  counts->resets += sample->state == SAMPLE_RESET;
  record->resets += sample->state == SAMPLE_RESET;
  counts->spikes += sample->state == SAMPLE_SPIKE;
  record->spikes += sample->state == SAMPLE_SPIKE;
  record->pauses += sample->pauses;
  record->pause_ns += sample->pause_ns;
  if (sample->has_energy) {
    record->last_ns = sample->at.mono_ns;
    note_age(record, sample);
  } else {
    count_bad(counts, record, sample->error);
  }
}

/* The record of a removed counter that is back. */
static struct record *find_removed(struct summary *summary, const char *label) {
  const struct record key = {.label = label};
  struct record **node = tfind(&key, &summary->by_label, compare_labels);
  if (node == NULL || !(*node)->removed)
    return NULL;
  (*node)->removed = false;
  summary->removed_num--;
  return *node;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct summary *summary = (struct summary *)sink;
  struct record *record = *sample->slot;
  if (record == NULL) {
    record = find_removed(summary, sample->label);
    if (record == NULL && summary->counting && !summary->follow)
      return 0;
    if (record == NULL)
      record = add_record(summary, sample);
    if (record == NULL)
      return -ENOMEM;
    *sample->slot = record;
  }
  record->error = sample->error;
  record->tracked = sample->mtime_moves;
  if (sample->period_ns > 0)
    record->period_ns = sample->period_ns;
  if (summary->counting) {
    count_sample(&summary->counts, record, sample);
    bool tracks = sample->mtime_moves && sample->has_energy;
    summary->tracks = summary->tracks || tracks;
    summary->updated = summary->updated || (tracks && sample->updates > 0);
  } else {
    record->has_start = sample->has_energy;
    record->start_uj = sample->energy_uj;
    record->has_update_at = sample->has_age;
    record->start_update_ns = sample->update_mono_ns;
  }
  record->range_uj = sample->range_uj;
  return 0;
}

static void note_update(struct sink *sink, const struct update *update) {
  (void)sink;
  struct record *record = *update->slot;
  if (record != NULL)
    record->awaited = false; /* also without a value: the wait for this counter is over */
}

static int end_pass(struct sink *sink) {
  struct summary *summary = (struct summary *)sink;
  if (summary->tracks && summary->now_ns - summary->updated_ns > summary->silent_ns)
    summary->silent_ns = summary->now_ns - summary->updated_ns;
  if (summary->updated || !summary->tracks)
    summary->updated_ns = summary->now_ns;
  if (!summary->counting || summary->follow || summary->removed_num == 0)
    return 0;
  for (size_t i = 0; i < summary->records_num; i++) {
    if (!summary->records[i]->removed)
      continue;
    summary->counts.samples++;
    count_bad(&summary->counts, summary->records[i], -ENOENT);
  }
  return 0;
}

static void forget_counter(struct sink *sink, const struct sample *sample) {
  struct summary *summary = (struct summary *)sink;
  struct record *record = *sample->slot;
  *sample->slot = NULL;
  if (record == NULL)
    return;
  record->removed = true;
  record->awaited = false;
  record->error = -ENOENT;
  summary->removed_num++;
}

int summary_new(struct summary **summary) {
  struct summary *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return -ENOMEM;
  s->sink = (struct sink){
      .begin = begin_pass, .put = put_sample, .end = end_pass, .update = note_update, .removed = forget_counter};
  *summary = s;
  return 0;
}

/* The records are freed with the array. */
static void keep(void *record) {
  (void)record;
}

void summary_free(struct summary *summary) {
  if (summary == NULL)
    return;
  tdestroy(summary->by_label, keep);
  for (size_t i = 0; i < summary->records_num; i++)
    free_record(summary->records[i]);
  free(summary->records);
  free(summary);
}

struct sink *summary_sink(struct summary *summary) {
  return &summary->sink;
}

void summary_start(struct summary *summary, bool follow) {
  summary->counting = true;
  summary->updated_ns = summary->now_ns;
  summary->follow = follow;
}

void summary_count(const struct summary *summary, struct summary_counts *counts) {
  *counts = summary->counts;
  counts->silent_ns = summary->silent_ns;
  counts->counters = summary->records_num;
  counts->removed = summary->removed_num;
  for (size_t i = 0; i < summary->records_num; i++) {
    const struct record *record = summary->records[i];
    double seen_ns = (double)(record->last_ns - record->first_ns);
    if (record->tracked && record->period_ns > counts->period_ns)
      counts->period_ns = record->period_ns;
    double share = record->pauses > 0 && seen_ns > 0 ? (double)record->pause_ns / seen_ns : 0;
    if (record->pauses > counts->pauses)
      counts->pauses = record->pauses;
    if (share > counts->pause_share)
      counts->pause_share = share < 1 ? share : 1;
  }
}

void summary_await(struct summary *summary) {
  for (size_t i = 0; i < summary->records_num; i++)
    summary->records[i]->awaited = !summary->records[i]->removed && summary->records[i]->error == 0;
}

bool summary_is_complete(const struct summary *summary) {
  for (size_t i = 0; i < summary->records_num; i++)
    if (summary->records[i]->awaited)
      return false;
  return true;
}

size_t summary_counters(const struct summary *summary) {
  return summary->records_num;
}

void summary_counter(const struct summary *summary, size_t index, struct summary_counter *counter) {
  const struct record *record = summary->records[index];
  *counter = (struct summary_counter){.label = record->label,
                                      .path = record->path,
                                      .has_start = record->has_start,
                                      .start_uj = record->start_uj,
                                      .has_update_at = record->has_update_at,
                                      .start_update_ns = record->start_update_ns,
                                      .range_uj = record->range_uj,
                                      .period_ns = record->period_ns};
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

/* Learned times between two updates. */
struct period {
  int64_t min_ns, max_ns; /* 0: unknown */
  bool or_less;           /* some are upper limits: there was an update in each sample */
};

/* True if samples saw no update, so that the period is exact. A writer that stopped is not slow. */
static bool is_slow(const struct record *record) {
  return record->held_age_min_ns > 0 && record->held_age_min_ns < record->period_ns - record->period_ns / 10;
}

static void add_period(struct period *period, const struct record *record) {
  if (record->period_ns == 0)
    return;
  if (period->max_ns == 0 || record->period_ns < period->min_ns)
    period->min_ns = record->period_ns;
  if (record->period_ns > period->max_ns)
    period->max_ns = record->period_ns;
  period->or_less = period->or_less || !is_slow(record);
}

/* "every 5.2 s", "every 5 s to 10.1 s" if the counters differ, "every 1 s or less"; "" if unknown */
static void format_period(const struct period *period, char text[80]) {
  char least[32], most[32];
  summary_format_duration(period->min_ns, least);
  summary_format_duration(period->max_ns, most);
  if (period->max_ns == 0)
    *text = '\0';
  else if (period->or_less)
    snprintf(text, 80, "every %s or less", most);
  else if (period->max_ns - period->min_ns <= period->max_ns / 10)
    snprintf(text, 80, "every %s", most);
  else
    snprintf(text, 80, "every %s to %s", least, most);
}

static const char *plural(uint64_t count) {
  return count == 1 ? "" : "s";
}

/* "  vm-001: 2 without a value, the last: is empty; 1 reset" */
static void print_fault(const struct record *record, FILE *out) {
  const char *between = " ";
  fprintf(out, "  %s:", record->label);
  if (record->bad > 0) {
    fprintf(out, "%s%" PRIu32 " without a value, the last: %s", between, record->bad,
            counter_error_text(record->bad_error));
    between = "; ";
  }
  if (record->resets > 0) {
    fprintf(out, "%s%" PRIu32 " reset%s", between, record->resets, plural(record->resets));
    between = "; ";
  }
  if (record->spikes > 0)
    fprintf(out, "%s%" PRIu32 " spike%s", between, record->spikes, plural(record->spikes));
  fputc('\n', out);
}

static void print_faults(const struct summary *summary, FILE *out) {
  size_t named = 0, more = 0;
  for (size_t i = 0; i < summary->records_num; i++) {
    const struct record *record = summary->records[i];
    if (record->bad == 0 && record->resets == 0 && record->spikes == 0)
      continue;
    if (named == NAMED_MAX) {
      more++;
      continue;
    }
    named++;
    print_fault(record, out);
  }
  if (more > 0)
    fprintf(out, "  and %zu more counter%s\n", more, plural(more));
}

void summary_print(const struct summary *summary, const struct summary_run *run, FILE *out) {
  struct summary_counts counts;
  summary_count(summary, &counts);
  char interval[32], every[80], late[32];
  summary_format_duration(run->interval_ns, interval);
  summary_format_duration(run->late_max_ns, late);
  struct period period = {0};
  for (size_t i = 0; i < summary->records_num; i++)
    add_period(&period, summary->records[i]);
  format_period(&period, every);

  fprintf(out, "samples       %" PRIu64, run->taken);
  if (run->planned > 0)
    fprintf(out, " of %" PRIu64, run->planned);
  fprintf(out, ", every %s, of %zu counter%s", interval, counts.counters, plural(counts.counters));
  if (counts.removed > 0)
    fprintf(out, ", %zu removed at the end", counts.removed);
  fputc('\n', out);
  fprintf(out, "missed ticks  %" PRIu64 ", the latest sample %s after its tick\n", run->missed, late);
  fprintf(out, "updates       %" PRIu64 "%s%s\n", counts.updates, *every == '\0' ? "" : ", ", every);
  double share = counts.samples > 0 ? 100.0 * (double)counts.held / (double)counts.samples : 0;
  fprintf(out, "held          %.1f %% of the samples saw no update\n", share);
  fprintf(out, "resets        %" PRIu64 "\n", counts.resets);
  fprintf(out, "bad reads     %" PRIu64 "\n", counts.bad);
  if (counts.wraps > 0)
    fprintf(out, "wraps         %" PRIu64 ", corrected\n", counts.wraps);
  if (counts.spikes > 0)
    fprintf(out, "spikes        %" PRIu64 ", discarded: more than a machine can draw\n", counts.spikes);
  if (counts.stale > 0)
    fprintf(out, "stale         %" PRIu64 "\n", counts.stale);
  if (counts.pauses > 0)
    fprintf(out, "pauses        %" PRIu64 " of the writer, which may not have counted for %.1f %% of the time\n",
            counts.pauses, 100 * counts.pause_share);
  if (run->steps > 0)
    fprintf(out, "clock         the wall clock was set %" PRIu64 " time%s\n", run->steps, plural(run->steps));
  print_faults(summary, out);
}

static bool aliases(const struct record *record, int64_t interval_ns) {
  int64_t spread_ns = record->new_age_max_ns - record->new_age_min_ns;
  return record->tracked && (is_slow(record) || (spread_ns > ALIAS_MIN_NS && spread_ns >= interval_ns / ALIAS_FACTOR));
}

static void warn_of_aliases(struct summary *summary, int64_t interval_ns, uint32_t least_updates) {
  struct period period = {0};
  for (size_t i = 0; i < summary->records_num; i++) {
    const struct record *record = summary->records[i];
    if (record->updates >= least_updates && aliases(record, interval_ns))
      add_period(&period, record);
  }
  if (period.max_ns == 0)
    return;
  char interval[32], every[80];
  summary_format_duration(interval_ns, interval);
  format_period(&period, every);
  message_warning("counters are updated %s and sampled every %s, so the power depends on how many updates fall into a "
                  "sample; use --time-base auto",
                  every, interval);
  summary->warned = true;
}

void summary_warn(struct summary *summary, enum meter_base base, int64_t interval_ns, bool at_end) {
  const struct summary_counts *counts = &summary->counts;
  bool has_updates = counts->updates != summary->judged_updates;
  summary->judged_updates = counts->updates;
  if (at_end && counts->samples > counts->bad && counts->updates == 0)
    message_warning("no counter was updated during the run: is the writer running?");
  else if (base == METER_SAMPLE && !summary->warned && (has_updates || at_end))
    warn_of_aliases(summary, interval_ns, at_end ? 1 : 2);
}

size_t summary_report_unread(const struct summary *summary, const char *when) {
  size_t unread = 0;
  for (size_t i = 0; i < summary->records_num; i++) {
    const struct record *record = summary->records[i];
    if (record->error == 0 || (record->removed && summary->follow))
      continue;
    if (unread < NAMED_MAX)
      inputs_report_unread(record->path, when, record->error);
    unread++;
  }
  if (unread > NAMED_MAX)
    message_error("no value from %zu more counter%s %s", unread - NAMED_MAX, plural(unread - NAMED_MAX), when);
  return unread;
}
