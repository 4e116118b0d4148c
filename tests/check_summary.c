/* The quality of a time series: counts, report and warnings, from tables of samples. */
#include "../standalone/measure/summary.h"

#include "../standalone/common/message.h"
#include "capture.h"
#include "suite.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* A counter as a sampler has it. */
struct counter {
  struct sample sample;
  void *slot;
};

static struct summary *summary;
static struct sink *sink;

static void set_up(void) {
  ck_assert_int_eq(summary_new(&summary), 0);
  sink = summary_sink(summary);
}

static void tear_down(void) {
  summary_free(summary);
}

static void put(struct counter *counter, const char *label, const struct sample *sample) {
  counter->sample = *sample;
  counter->sample.label = label;
  counter->sample.path = label;
  counter->sample.slot = &counter->slot;
  ck_assert_int_eq(sink->put(sink, &counter->sample), 0);
}

static void end(void) {
  ck_assert_int_eq(sink->end(sink), 0);
}

/* A pass over one counter. */
static void pass(struct counter *counter, const char *label, const struct sample *sample) {
  put(counter, label, sample);
  end();
}

static struct sample good(enum sample_state state, bool updated) {
  return (struct sample){.state = state, .has_energy = true, .updates = updated};
}

static struct sample bad(int error) {
  return (struct sample){.state = SAMPLE_TORN, .error = error};
}

static struct summary_counts count(void) {
  struct summary_counts counts;
  summary_count(summary, &counts);
  return counts;
}

static const char *report(const struct summary_run *run) {
  static char text[4096];
  FILE *out = fmemopen(text, sizeof(text), "w");
  ck_assert_ptr_nonnull(out);
  summary_print(summary, run, out);
  ck_assert_int_eq(fclose(out), 0);
  return text;
}

static const char *warning(enum meter_base base, int64_t interval_ns, bool at_end) {
  capture_begin();
  summary_warn(summary, base, interval_ns, at_end);
  return capture_end();
}

static const char *unread(const char *when, size_t expected) {
  capture_begin();
  size_t count = summary_report_unread(summary, when);
  const char *text = capture_end();
  ck_assert_uint_eq(count, expected);
  return text;
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

static const struct {
  struct sample sample;
  uint64_t updates, held, stale, bad, resets, wraps, spikes;
} count_rows[] = {
    {{.state = SAMPLE_FIRST, .has_energy = true}, 0, 0, 0, 0, 0, 0, 0},
    {{.state = SAMPLE_OK, .has_energy = true, .updates = 1}, 1, 0, 0, 0, 0, 0, 0},
    {{.state = SAMPLE_HELD, .has_energy = true}, 0, 1, 0, 0, 0, 0, 0},
    {{.state = SAMPLE_STALE, .has_energy = true}, 0, 0, 1, 0, 0, 0, 0},
    {{.state = SAMPLE_GAP, .has_energy = true, .updates = 1}, 1, 0, 0, 0, 0, 0, 0},
    {{.state = SAMPLE_GAP, .has_energy = true}, 0, 0, 0, 0, 0, 0, 0},
    {{.state = SAMPLE_WRAP, .has_energy = true, .updates = 1}, 1, 0, 0, 0, 0, 1, 0},
    {{.state = SAMPLE_RESET, .has_energy = true, .updates = 1}, 1, 0, 0, 0, 1, 0, 0},
    {{.state = SAMPLE_SPIKE, .has_energy = true, .updates = 1}, 1, 0, 0, 0, 0, 0, 1},
    {{.state = SAMPLE_TORN, .error = -ENODATA}, 0, 0, 0, 1, 0, 0, 0},
    {{.state = SAMPLE_MISSING, .error = -ENOENT}, 0, 0, 0, 1, 0, 0, 0},
    {{.state = SAMPLE_DENIED, .error = -EACCES}, 0, 0, 0, 1, 0, 0, 0},
};

START_TEST(test_count) {
  struct counter counter = {0};
  pass(&counter, "a", &count_rows[_i].sample); /* the baseline does not count */
  ck_assert_uint_eq(count().samples, 0);
  ck_assert_uint_eq(count().bad, 0);
  summary_start(summary, false);
  pass(&counter, "a", &count_rows[_i].sample);
  pass(&counter, "a", &count_rows[_i].sample);
  struct summary_counts counts = count();
  ck_assert_uint_eq(counts.samples, 2);
  ck_assert_uint_eq(counts.updates, 2 * count_rows[_i].updates);
  ck_assert_uint_eq(counts.held, 2 * count_rows[_i].held);
  ck_assert_uint_eq(counts.stale, 2 * count_rows[_i].stale);
  ck_assert_uint_eq(counts.bad, 2 * count_rows[_i].bad);
  ck_assert_uint_eq(counts.resets, 2 * count_rows[_i].resets);
  ck_assert_uint_eq(counts.wraps, 2 * count_rows[_i].wraps);
  ck_assert_uint_eq(counts.spikes, 2 * count_rows[_i].spikes);
  ck_assert_uint_eq(counts.counters, 1);
  ck_assert_uint_eq(counts.removed, 0);
}
END_TEST

/* With fixed columns a later counter is left out, and a removed one leaves empty fields. */
START_TEST(test_fixed_counters) {
  struct counter stays = {0}, goes = {0}, comes = {0};
  const struct sample ok = good(SAMPLE_OK, true);
  put(&stays, "stays", &ok);
  put(&goes, "goes", &ok);
  end();
  summary_start(summary, false);
  sink->removed(sink, &goes.sample);
  ck_assert_ptr_null(goes.slot);
  for (int i = 0; i < 3; i++) {
    put(&stays, "stays", &ok);
    put(&comes, "comes", &ok);
    end();
  }
  struct summary_counts counts = count();
  ck_assert_uint_eq(counts.samples, 6);
  ck_assert_uint_eq(counts.bad, 3);
  ck_assert_uint_eq(counts.updates, 3);
  ck_assert_uint_eq(counts.counters, 2);
  ck_assert_uint_eq(counts.removed, 1);
  ck_assert_str_eq(unread("at the end", 1), "vm_energy: no value from 'goes' at the end: there is no such file\n");
  sink->removed(sink, &comes.sample); /* which has no slot */

  /* it is back */
  put(&stays, "stays", &ok);
  put(&goes, "goes", &ok);
  end();
  counts = count();
  ck_assert_uint_eq(counts.samples, 8);
  ck_assert_uint_eq(counts.bad, 3);
  ck_assert_uint_eq(counts.counters, 2);
  ck_assert_uint_eq(counts.removed, 0);
  ck_assert_str_eq(unread("at the end", 0), "");

  /* another one is removed */
  sink->removed(sink, &stays.sample);
  pass(&goes, "goes", &ok);
  ck_assert_uint_eq(count().samples, 10);
  ck_assert_uint_eq(count().bad, 4);
}
END_TEST

START_TEST(test_gone_before_the_start) {
  struct counter counter = {0};
  const struct sample ok = good(SAMPLE_OK, true);
  pass(&counter, "a", &ok);
  sink->removed(sink, &counter.sample);
  end();
  ck_assert_uint_eq(count().samples, 0);
  ck_assert_uint_eq(count().bad, 0);
}
END_TEST

START_TEST(test_following_counters) {
  struct counter stays = {0}, goes = {0}, comes = {0};
  const struct sample ok = good(SAMPLE_OK, true);
  put(&stays, "stays", &ok);
  put(&goes, "goes", &ok);
  end();
  summary_start(summary, true);
  sink->removed(sink, &goes.sample);
  put(&stays, "stays", &ok);
  put(&comes, "comes", &ok);
  end();
  struct summary_counts counts = count();
  ck_assert_uint_eq(counts.samples, 2);
  ck_assert_uint_eq(counts.bad, 0);
  ck_assert_uint_eq(counts.counters, 3);
  ck_assert_uint_eq(counts.removed, 1);
  ck_assert_str_eq(unread("at the end", 0), "");

  /* one that comes and goes every minute is one counter */
  for (int i = 0; i < 5; i++) {
    put(&goes, "goes", &ok);
    end();
    sink->removed(sink, &goes.sample);
  }
  ck_assert_uint_eq(count().counters, 3);
  ck_assert_uint_eq(count().removed, 1);

  /* a listed counter without a value is a fault */
  const struct sample empty = bad(-ENODATA);
  pass(&stays, "stays", &empty);
  ck_assert_str_eq(unread("at the end", 1), "vm_energy: no value from 'stays' at the end: is empty\n");
}
END_TEST

START_TEST(test_many_counters) {
  enum { MANY = 1000 };
  static struct counter counters[MANY];
  static char labels[MANY][16];
  const struct sample ok = good(SAMPLE_OK, true);
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < MANY; i++) {
      snprintf(labels[i], sizeof(labels[i]), "vm-%d", i);
      put(&counters[i], labels[i], &ok);
    }
    end();
    summary_start(summary, false);
  }
  ck_assert_uint_eq(count().counters, MANY);
  ck_assert_uint_eq(count().samples, MANY);
}
END_TEST

/* The CPU time of passes in which all counters are replaced by as many others. */
static double replace_all(bool follow, int number) {
  struct summary *other;
  ck_assert_int_eq(summary_new(&other), 0);
  struct sink *to = summary_sink(other);
  struct counter *counters = calloc(2 * (size_t)number, sizeof(*counters));
  char(*labels)[16] = calloc(2 * (size_t)number, sizeof(*labels));
  ck_assert(counters != NULL && labels != NULL);
  for (int i = 0; i < 2 * number; i++) {
    snprintf(labels[i], sizeof(labels[i]), "vm-%d", i);
    counters[i].sample = good(SAMPLE_OK, true);
    counters[i].sample.label = counters[i].sample.path = labels[i];
    counters[i].sample.slot = &counters[i].slot;
  }
  for (int i = 0; i < number; i++)
    ck_assert_int_eq(to->put(to, &counters[i].sample), 0);
  summary_start(other, follow);
  double start_s = cpu_s();
  for (int i = 0; i < number; i++)
    to->removed(to, &counters[i].sample);
  for (int j = 0; j < 2; j++)
    for (int i = number; i < 2 * number; i++)
      ck_assert_int_eq(to->put(to, &counters[i].sample), 0);
  double took_s = cpu_s() - start_s;
  summary_free(other);
  free(counters);
  free(labels);
  return took_s;
}

/* 16 times as many take about 16 times as long, not 256 times. */
START_TEST(test_replaced) {
  double few_s = 1e9;
  for (int i = 0; i < 3; i++) {
    double s = replace_all(_i, 1000);
    few_s = s < few_s ? s : few_s;
  }
  double many_s = replace_all(_i, 16000);
  ck_assert_msg(many_s < 64 * few_s, "%g s, %g s", few_s, many_s);
}
END_TEST

/* ---- the report -------------------------------------------------------------------------------------------------- */

static const struct summary_run calm = {.interval_ns = NS_PER_S, .taken = 3, .planned = 3, .late_max_ns = 210000};

START_TEST(test_report) {
  struct counter counter = {0};
  struct sample samples[] = {good(SAMPLE_OK, true), good(SAMPLE_HELD, false), good(SAMPLE_HELD, false)};
  samples[0].period_ns = 5200 * NS_PER_MS;
  samples[1].age_ns = NS_PER_S;
  samples[2].age_ns = 2 * NS_PER_S;
  summary_start(summary, true);
  for (int i = 0; i < ROWS(samples); i++)
    pass(&counter, "vm-001", &samples[i]);
  ck_assert_str_eq(report(&calm), "samples       3 of 3, every 1 s, of 1 counter\n"
                                  "missed ticks  0, the latest sample 0.21 ms after its tick\n"
                                  "updates       1, every 5.2 s\n"
                                  "held          66.7 % of the samples saw no update\n"
                                  "resets        0\n"
                                  "bad reads     0\n");
}
END_TEST

START_TEST(test_report_of_nothing) {
  summary_start(summary, false);
  const struct summary_run run = {.interval_ns = 500 * NS_PER_MS, .planned = 120};
  ck_assert_str_eq(report(&run), "samples       0 of 120, every 0.5 s, of 0 counters\n"
                                 "missed ticks  0, the latest sample 0 ms after its tick\n"
                                 "updates       0\n"
                                 "held          0.0 % of the samples saw no update\n"
                                 "resets        0\n"
                                 "bad reads     0\n");
}
END_TEST

/* Every fault that a run can have. */
START_TEST(test_report_of_faults) {
  static const char *const labels[] = {"a", "b", "c"};
  struct counter counters[3] = {0};
  const struct sample ok = good(SAMPLE_OK, true), reset = good(SAMPLE_RESET, true), wrap = good(SAMPLE_WRAP, true),
                      stale = good(SAMPLE_STALE, false), spike = good(SAMPLE_SPIKE, true), empty = bad(-ENODATA),
                      denied = bad(-EACCES);
  const struct sample *const samples[][3] = {
      {&ok, &ok, &ok}, {&empty, &reset, &wrap}, {&denied, &spike, &stale}, {&reset, &reset, &spike}};
  summary_start(summary, true);
  for (int i = 0; i < ROWS(samples); i++) {
    for (int j = 0; j < 3; j++)
      put(&counters[j], labels[j], samples[i][j]);
    end();
  }
  sink->removed(sink, &counters[2].sample);
  const struct summary_run run = {
      .interval_ns = 2 * NS_PER_S, .taken = 4, .missed = 7, .late_max_ns = 1500 * NS_PER_MS, .steps = 1};
  ck_assert_str_eq(report(&run), "samples       4, every 2 s, of 3 counters, 1 removed at the end\n"
                                 "missed ticks  7, the latest sample 1.5 s after its tick\n"
                                 "updates       9\n"
                                 "held          0.0 % of the samples saw no update\n"
                                 "resets        3\n"
                                 "bad reads     2\n"
                                 "wraps         1, corrected\n"
                                 "spikes        2, discarded: more than a machine can draw\n"
                                 "stale         1\n"
                                 "clock         the wall clock was set 1 time\n"
                                 "  a: 2 without a value, the last: permission denied; 1 reset\n"
                                 "  b: 2 resets; 1 spike\n"
                                 "  c: 1 spike\n");
}
END_TEST

/* Ten are named, the rest is counted; a VM in trouble does not hide the others. */
static const struct {
  int count;
  const char *more;
} many_rows[] = {{10, NULL}, {11, "  and 1 more counter\n"}, {13, "  and 3 more counters\n"}};

START_TEST(test_many_faults) {
  struct counter counters[20] = {0};
  char labels[20][16];
  const struct sample empty = bad(-ENODATA);
  for (int i = 0; i < many_rows[_i].count; i++) {
    snprintf(labels[i], sizeof(labels[i]), "vm-%02d", i);
    put(&counters[i], labels[i], &empty);
  }
  end();
  summary_start(summary, false);
  for (int i = 0; i < many_rows[_i].count; i++)
    put(&counters[i], labels[i], &empty);
  end();
  const char *text = report(&calm);
  ck_assert_ptr_nonnull(strstr(text, "  vm-09: 1 without a value, the last: is empty\n"));
  ck_assert_ptr_null(strstr(text, "vm-10"));
  const char *more = strstr(text, "  and ");
  ck_assert_int_eq(more == NULL, many_rows[_i].more == NULL);
  if (more != NULL)
    ck_assert_str_eq(more, many_rows[_i].more);

  text = unread("at the start", (size_t)many_rows[_i].count);
  ck_assert_ptr_nonnull(strstr(text, "vm_energy: no value from 'vm-09' at the start: is empty\n"));
  ck_assert_ptr_null(strstr(text, "vm-10"));
  char expected[80] = "";
  if (many_rows[_i].count > 10)
    snprintf(expected, sizeof(expected), "vm_energy: no value from %d more counter%s at the start\n",
             many_rows[_i].count - 10, many_rows[_i].count == 11 ? "" : "s");
  ck_assert_str_eq(text + strlen(text) - strlen(expected), expected);
  ck_assert_int_eq(strstr(text, "more counter") != NULL, many_rows[_i].count > 10);
}
END_TEST

static const struct {
  int64_t ns;
  const char *text;
} duration_rows[] = {
    {0, "0 ms"},
    {52300, "0.0523 ms"},
    {999400, "0.999 ms"},
    {NS_PER_MS, "0.001 s"},
    {20 * NS_PER_MS, "0.02 s"},
    {NS_PER_S, "1 s"},
    {5234 * NS_PER_MS, "5.23 s"},
    {99940 * NS_PER_MS, "99.9 s"},
    {99999 * NS_PER_MS, "100 s"},
    {1234567 * NS_PER_MS, "1235 s"},
    {INT64_C(315360000) * NS_PER_S, "315360000 s"},
    {INT64_MAX, "9223372037 s"},
};

START_TEST(test_duration) {
  char text[32];
  summary_format_duration(duration_rows[_i].ns, text);
  ck_assert_str_eq(text, duration_rows[_i].text);
}
END_TEST

/* ---- the learned period ------------------------------------------------------------------------------------------ */

#define NEW(age_ms)  ROW(true, age_ms)
#define HELD(age_ms) ROW(false, age_ms)
#define LOOKS_MAX    6

/* A counter at a tick: whether it was updated, and the age of its value. */
struct look {
  bool updated;
  int64_t age_ms;
};

struct life {
  int64_t period_ms; /* as learned; 0: unknown */
  bool untracked;
  struct look looks[LOOKS_MAX]; /* all of them */
};

static void live(const struct life *lives, int count) {
  static const char *const labels[] = {"a", "b", "c"};
  struct counter counters[3] = {0};
  summary_start(summary, true);
  for (int i = 0; i < LOOKS_MAX; i++) {
    for (int j = 0; j < count; j++) {
      const struct look *look = &lives[j].looks[i];
      struct sample sample = good(look->updated ? SAMPLE_OK : SAMPLE_HELD, look->updated);
      sample.age_ns = look->age_ms * NS_PER_MS;
      sample.period_ns = lives[j].period_ms * NS_PER_MS;
      sample.mtime_moves = !lives[j].untracked;
      put(&counters[j], labels[j], &sample);
    }
    end();
  }
}

#define LIFE_5S      ROW(5000, false, ROW(NEW(100), HELD(1100), HELD(2100), HELD(3100), HELD(4100), NEW(100)))
#define LIFE_2S      ROW(2000, false, ROW(NEW(500), HELD(1500), NEW(500), HELD(1500), NEW(500), HELD(1500)))
#define LIFE_5_2S    ROW(5200, false, ROW(HELD(2000), HELD(3000), HELD(4000), HELD(5000), NEW(800), HELD(1800)))
#define LIFE_FAST    ROW(1000, false, ROW(NEW(10), NEW(40), NEW(0), NEW(20), NEW(30), NEW(20)))
#define LIFE_UNKNOWN ROW(0, false, ROW(HELD(1000), HELD(2000), HELD(3000), HELD(4000), HELD(5000), HELD(6000)))

static const struct {
  struct life lives[3];
  int count;
  const char *line;
} period_rows[] = {
    {{LIFE_5S}, 1, "updates       2, every 5 s\n"},
    {{LIFE_UNKNOWN}, 1, "updates       0\n"},
    {{LIFE_5S, LIFE_UNKNOWN}, 2, "updates       2, every 5 s\n"},
    {{LIFE_5S, LIFE_5_2S}, 2, "updates       3, every 5.2 s\n"}, /* within a tenth */
    {{LIFE_5S, LIFE_2S}, 2, "updates       5, every 2 s to 5 s\n"},
    {{LIFE_2S, LIFE_5S}, 2, "updates       5, every 2 s to 5 s\n"},
    {{LIFE_FAST}, 1, "updates       6, every 1 s or less\n"},
    {{LIFE_FAST, LIFE_5S}, 2, "updates       8, every 5 s or less\n"},
    /* the kernel's: each read is an update */
    {{{1000, true, {NEW(0), NEW(0), NEW(0), NEW(0), NEW(0), NEW(0)}}}, 1, "updates       6, every 1 s or less\n"},
};

START_TEST(test_period) {
  live(period_rows[_i].lives, period_rows[_i].count);
  const char *line = strstr(report(&calm), "updates ");
  ck_assert_ptr_nonnull(line);
  ck_assert_msg(strncmp(line, period_rows[_i].line, strlen(period_rows[_i].line)) == 0, "%s", line);
}
END_TEST

/* The last period learned is reported, even if the counter has none at the end. */
START_TEST(test_last_period) {
  struct counter counter = {0};
  struct sample sample = good(SAMPLE_OK, true);
  summary_start(summary, true);
  static const int64_t period_ms[] = {5000, 6000, 0};
  for (int i = 0; i < ROWS(period_ms); i++) {
    sample.period_ns = period_ms[i] * NS_PER_MS;
    pass(&counter, "a", &sample);
  }
  ck_assert_ptr_nonnull(strstr(report(&calm), "updates       3, every 6 s or less\n"));
}
END_TEST

/* ---- warnings ---------------------------------------------------------------------------------------------------- */

#define ALIASES(every)                                                                                                 \
  "vm_energy: warning: counters are updated every " every                                                              \
  " and sampled every 1 s, so the power depends on how many updates fall into a sample; use --time-base auto\n"

static const struct {
  const char *what;
  enum meter_base base;
  struct life lives[3];
  int count;
  const char *message;
} warn_rows[] = {
    {"a writer of 5 s, looked at each second", METER_SAMPLE, {LIFE_5S}, 1, ALIASES("5 s")},
    {"by updates, that is right", METER_UPDATE, {LIFE_5S}, 1, ""},
    {"auto: too", METER_AUTO, {LIFE_5S}, 1, ""},
    ROW("one update, then none", METER_SAMPLE,
        {{5000, false, {NEW(100), HELD(1100), HELD(2100), HELD(3100), HELD(4100), HELD(5100)}}}, 1, ALIASES("5 s")),
    {"none, then one", METER_SAMPLE, {LIFE_5_2S}, 1, ALIASES("5.2 s")},
    {"twenty updates fall into each sample", METER_SAMPLE, {LIFE_FAST}, 1, ""},
    ROW("ages that differ by less than a tenth of the interval", METER_SAMPLE,
        {{1000, false, {NEW(300), NEW(399), NEW(300), NEW(350), NEW(300), NEW(300)}}}, 1, ""),
    ROW("by a tenth", METER_SAMPLE, {{1000, false, {NEW(399), NEW(300), NEW(400), NEW(350), NEW(300), NEW(300)}}}, 1,
        ALIASES("1 s or less")),
    ROW("by a tenth, downwards", METER_SAMPLE,
        {{1000, false, {NEW(400), NEW(400), NEW(300), NEW(400), NEW(350), NEW(350)}}}, 1, ALIASES("1 s or less")),
    ROW("in step with the writer", METER_SAMPLE,
        {{1000, false, {NEW(900), NEW(900), NEW(901), NEW(900), NEW(902), NEW(900)}}}, 1, ""),
    ROW("a fast writer that died is not slow", METER_SAMPLE,
        {{1000, false, {NEW(20), NEW(30), NEW(10), HELD(1010), HELD(2010), HELD(3010)}}}, 1, ""),
    ROW("a value is held for nine tenths of the period", METER_SAMPLE,
        {{1000, false, {NEW(20), NEW(20), HELD(900), NEW(20), NEW(20), NEW(20)}}}, 1, ""),
    ROW("for less", METER_SAMPLE, {{1000, false, {NEW(20), NEW(20), HELD(899), NEW(20), NEW(20), NEW(20)}}}, 1,
        ALIASES("1 s")),
    ROW("nothing is known of the times", METER_SAMPLE,
        {{5000, true, {NEW(100), HELD(1100), HELD(2100), HELD(3100), HELD(4100), NEW(100)}}}, 1, ""),
    {"one of two", METER_SAMPLE, {LIFE_FAST, LIFE_5S}, 2, ALIASES("5 s")},
    {"both", METER_SAMPLE, {LIFE_2S, LIFE_5S}, 2, ALIASES("2 s to 5 s")},
    ROW("none was updated", METER_SAMPLE, {LIFE_UNKNOWN}, 1,
        "vm_energy: warning: no counter was updated during the run: is the writer running?\n"),
    ROW("none was updated, by updates", METER_UPDATE, {LIFE_UNKNOWN}, 1,
        "vm_energy: warning: no counter was updated during the run: is the writer running?\n"),
    {"one was not", METER_SAMPLE, {LIFE_UNKNOWN, LIFE_FAST}, 2, ""},
};

START_TEST(test_warn) {
  live(warn_rows[_i].lives, warn_rows[_i].count);
  const char *text = warning(warn_rows[_i].base, NS_PER_S, true);
  ck_assert_msg(strcmp(text, warn_rows[_i].message) == 0, "%s: %s", warn_rows[_i].what, text);
}
END_TEST

/* Ages are multiples of a tick of up to 10 ms: below that they prove nothing. */
START_TEST(test_warn_of_short_intervals) {
  static const struct {
    int64_t spread_ms, interval_ms;
    bool warned;
  } rows[] = {{10, 20, false}, {11, 20, true}, {11, 110, true}, {11, 111, false}, {12, 111, true}};
  const struct life life = {
      rows[_i].interval_ms, false, {NEW(0), NEW(rows[_i].spread_ms), NEW(0), NEW(0), NEW(0), NEW(0)}};
  live(&life, 1);
  ck_assert_int_eq(*warning(METER_SAMPLE, rows[_i].interval_ms * NS_PER_MS, true) != '\0', rows[_i].warned);
}
END_TEST

/* During the run: after the second update, and once. */
START_TEST(test_warn_early) {
  static const struct look looks[] = {HELD(4100), NEW(100), HELD(1100), HELD(2100), NEW(100), HELD(1100), NEW(100)};
  struct counter counter = {0};
  pass(&counter, "a", &(struct sample){.has_energy = true});
  summary_start(summary, false);
  for (int i = 0; i < ROWS(looks); i++) {
    struct sample sample = good(SAMPLE_OK, looks[i].updated);
    sample.age_ns = looks[i].age_ms * NS_PER_MS;
    sample.period_ns = 5 * NS_PER_S;
    sample.mtime_moves = true;
    pass(&counter, "a", &sample);
    ck_assert_str_eq(warning(METER_SAMPLE, NS_PER_S, false), i == 4 ? ALIASES("5 s") : "");
  }
  ck_assert_str_eq(warning(METER_SAMPLE, NS_PER_S, true), "");
}
END_TEST

/* A run without a value has another message; one that is quiet has none of these. */
START_TEST(test_no_warning) {
  struct counter counter = {0};
  const struct sample empty = bad(-ENODATA);
  summary_start(summary, true);
  ck_assert_str_eq(warning(METER_SAMPLE, NS_PER_S, true), "");
  pass(&counter, "a", &empty);
  ck_assert_str_eq(warning(METER_SAMPLE, NS_PER_S, true), "");
  const struct life life = LIFE_5S;
  live(&life, 1);
  message_be_quiet();
  ck_assert_str_eq(warning(METER_SAMPLE, NS_PER_S, true), "");
}
END_TEST

/* The period of a removed counter is still reported. */
START_TEST(test_gone_counts) {
  struct counter counter = {0};
  summary_start(summary, true);
  struct sample sample = good(SAMPLE_OK, true);
  sample.mtime_moves = true;
  sample.period_ns = 5 * NS_PER_S;
  pass(&counter, "a", &sample);
  sample = good(SAMPLE_HELD, false);
  sample.mtime_moves = true;
  sample.age_ns = NS_PER_S;
  sample.period_ns = 5 * NS_PER_S;
  pass(&counter, "a", &sample);
  sink->removed(sink, &counter.sample);
  ck_assert_ptr_nonnull(strstr(report(&calm), "updates       1, every 5 s\n"));
  ck_assert_str_eq(warning(METER_SAMPLE, NS_PER_S, true), ALIASES("5 s"));
}
END_TEST

START_TEST(test_free_nothing) {
  summary_free(NULL);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("summary");
  suite_case(suite, "all", set_up, tear_down, EACH(test_count, count_rows), ONCE(test_fixed_counters),
             ONCE(test_gone_before_the_start), ONCE(test_following_counters), ONCE(test_many_counters),
             TIMES(test_replaced, 2), ONCE(test_report), ONCE(test_report_of_nothing), ONCE(test_report_of_faults),
             EACH(test_many_faults, many_rows), EACH(test_duration, duration_rows), EACH(test_period, period_rows),
             ONCE(test_last_period), EACH(test_warn, warn_rows), TIMES(test_warn_of_short_intervals, 5),
             ONCE(test_warn_early), ONCE(test_no_warning), ONCE(test_gone_counts), ONCE(test_free_nothing));
  return suite_run(suite);
}
