/* The sampler on real files: what reaches the sinks, in which order, and what happens when one of them fails. */
#include "core/label.h"
#include "core/sampler.h"
#include "file_clock.h"
#include "scratch.h"
#include "suite.h"

#include <stdarg.h>
#include <time.h>

#define WALL0 (INT64_C(1795000000) * NS_PER_S)

/* These stand in for core/clock.c: a reading is made when the pass is. */
static struct instant now_is;

int clock_now(struct instant *now) {
  *now = now_is;
  return 0;
}

int64_t clock_tick_ns(void) {
  return NS_PER_MS;
}

/* Time that the module would have slept; no test waits. */
static int64_t slept_ns;

int nanosleep(const struct timespec *time, struct timespec *left) {
  (void)left;
  slept_ns += time->tv_sec * NS_PER_S + time->tv_nsec;
  return 0;
}

static const char *name_of(const char *vm) {
  static char name[64];
  snprintf(name, sizeof(name), "%s/energy_uj", vm);
  return name;
}

/* VM's counter, as if it had been written at second t. */
static void write_counter(const char *vm, const char *content, int64_t t) {
  write_text(name_of(vm), content);
  set_mtime(name_of(vm), WALL0 / NS_PER_S + t, 1);
}

static void remove_counter(const char *vm) {
  remove_file(name_of(vm));
  ck_assert_int_eq(rmdir(in_scratch(vm)), 0); /* so that the next search finds a change */
}

/* A sink that records its calls. */
struct recorder {
  struct sink sink;
  char said[1024];
  int fail_put, fail_begin, fail_end;
};

__attribute__((format(printf, 2, 3))) static void say(struct recorder *r, const char *format, ...) {
  size_t used = strlen(r->said);
  va_list args;
  va_start(args, format);
  vsnprintf(r->said + used, sizeof(r->said) - used, format, args);
  va_end(args);
}

static int record_begin(struct sink *sink, const struct instant *now, size_t count) {
  struct recorder *r = (struct recorder *)sink;
  char text[32];
  snprintf(text, sizeof(text), "%d:%zu", (int)((now->wall_ns - WALL0) / NS_PER_S), count);
  say(r, "begin %s;", text);
  return r->fail_begin;
}

static int record_put(struct sink *sink, const struct sample *s) {
  struct recorder *r = (struct recorder *)sink;
  char power[64] = "-";
  if (s->has_power)
    snprintf(power, sizeof(power), "%g", s->power_w);
  if (s->has_average)
    snprintf(power + strlen(power), sizeof(power) - strlen(power), "~%g", s->average_w);
  say(r, "%s %s %s%s;", s->label, meter_state_name(s->state), power, *s->slot != NULL ? "+" : "");
  return r->fail_put;
}

static int record_end(struct sink *sink) {
  say((struct recorder *)sink, "end;");
  return ((struct recorder *)sink)->fail_end;
}

static void record_added(struct sink *sink, const struct sample *s) {
  ck_assert_ptr_null(*s->slot);
  *s->slot = strdup(s->label);
  say((struct recorder *)sink, "+%s;", s->label);
}

static void record_removed(struct sink *sink, const struct sample *s) {
  say((struct recorder *)sink, "-%s(%s);", s->label, meter_state_name(s->state));
  free(*s->slot);
}

static struct recorder new_recorder(void) {
  return (struct recorder){.sink = {.begin = record_begin,
                                    .put = record_put,
                                    .end = record_end,
                                    .added = record_added,
                                    .removed = record_removed}};
}

static struct recorder r; /* of most tests, and the sampler of all */
static struct sampler *sampler;

static void make_sampler(struct sink *const *sinks, size_t count, struct sampler_options options) {
  options.meter = (struct meter_options){.base = METER_AUTO, .scale = 1, .tick_ns = NS_PER_MS};
  options.label_max = LABEL_MAX_COLLECTD;
  ck_assert_int_eq(sampler_new(&options, sinks, count, &sampler), 0);
  ck_assert_int_eq(sampler_add(sampler, in_scratch("*/energy_uj")), 0);
}

static void record_with(struct sampler_options options) {
  static struct sink *const sinks[] = {&r.sink};
  make_sampler(sinks, 1, options);
}

static void record(void) {
  record_with((struct sampler_options){.smooth = 0});
}

static void end(void) {
  sampler_free(sampler);
  sampler = NULL;
}

static void set_up(void) {
  scratch_make();
  r = new_recorder();
}

static void tear_down(void) {
  end();
  scratch_clean();
}

static int pass(int64_t t) {
  now_is = (struct instant){.mono_ns = (1000 + t) * NS_PER_S, .wall_ns = WALL0 + t * NS_PER_S};
  return sampler_pass(sampler, &now_is);
}

#define expect(recorder, text)                                                                                         \
  do {                                                                                                                 \
    ck_assert_str_eq((recorder)->said, text);                                                                          \
    (recorder)->said[0] = '\0';                                                                                        \
  } while (0)

START_TEST(come_and_go) {
  record();
  ck_assert_int_eq(pass(0), 0);
  expect(&r, "begin 0:0;end;");
  write_counter("b", "1000000", 0);
  ck_assert_int_eq(pass(1), 0);
  expect(&r, "+b;begin 1:1;b first -+;end;");
  write_counter("a", "5000000", 5);
  write_counter("b", "501000000", 5);
  ck_assert_int_eq(pass(6), 0);
  expect(&r, "+a;begin 6:2;a first -+;b ok 100+;end;");
  ck_assert_uint_eq(sampler_count(sampler), 2);
  write_counter("b", "", 7);
  ck_assert_int_eq(pass(7), 0);
  expect(&r, "begin 7:2;a held -+;b torn -+;end;");
  remove_counter("b");
  ck_assert_int_eq(pass(8), 0);
  expect(&r, "-b(torn);begin 8:1;a held -+;end;");
  end();
  expect(&r, "-a(held);");
}
END_TEST

START_TEST(average) {
  record_with((struct sampler_options){.smooth = 2});
  write_counter("a", "0", 0);
  pass(0);
  write_counter("a", "100000000", 1);
  pass(1);
  write_counter("a", "", 2); /* no power: not in the mean */
  pass(2);
  write_counter("a", "300000000", 2);
  pass(3);
  write_counter("a", "600000000", 3);
  pass(4);
  expect(&r, "+a;begin 0:1;a first -+;end;begin 1:1;a ok 100~100+;end;begin 2:1;a torn -+;end;"
             "begin 3:1;a gap 200~150+;end;begin 4:1;a ok 300~250+;end;");
}
END_TEST

START_TEST(a_failing_sink_harms_no_other) {
  static struct recorder bad, good;
  bad = good = new_recorder();
  bad.sink.added = NULL;
  bad.sink.removed = NULL;
  bad.fail_put = -ENOSPC;
  bad.fail_end = -EIO;
  static struct sink *const sinks[] = {&bad.sink, &good.sink};
  make_sampler(sinks, 2, (struct sampler_options){.smooth = 0});
  write_counter("a", "1", 0);
  write_counter("b", "1", 0);
  ck_assert_int_eq(pass(0), -ENOSPC);
  expect(&bad, "begin 0:2;a first -;b first -;end;");
  expect(&good, "+a;+b;begin 0:2;a first -+;b first -+;end;");
  bad.fail_put = 0;
  bad.fail_begin = -EBADF;
  ck_assert_int_eq(pass(1), -EBADF);
  bad.fail_begin = bad.fail_end = 0;
  ck_assert_int_eq(pass(2), 0);
}
END_TEST

/* Two that keep data per counter, one of them without begin and end; record_added() wants an empty slot. */
START_TEST(each_sink_has_its_slots) {
  static struct recorder one, other;
  one = other = new_recorder();
  other.sink.begin = NULL;
  other.sink.end = NULL;
  static struct sink none = {.put = NULL};
  static struct sink *const sinks[] = {&one.sink, &none, &other.sink};
  make_sampler(sinks, 3, (struct sampler_options){.smooth = 0});
  write_counter("a", "1", 0);
  ck_assert_int_eq(pass(0), 0);
  remove_counter("a");
  ck_assert_int_eq(pass(5), 0);
  write_counter("a", "500000001", 10); /* back, with empty slots */
  ck_assert_int_eq(pass(10), 0);
  expect(&one, "+a;begin 0:1;a first -+;end;-a(first);begin 5:0;end;+a;begin 10:1;a gap 50+;end;");
  expect(&other, "+a;a first -+;-a(first);+a;a gap 50+;");
}
END_TEST

static int only_a(const char *name, void *arg) {
  ++*(int *)arg;
  return strcmp(name, "a") == 0;
}

START_TEST(selection) {
  int asked = 0;
  record_with((struct sampler_options){.wanted = only_a, .wanted_arg = &asked});
  write_counter("a", "1", 0);
  write_counter("b", "1", 0);
  pass(0);
  pass(1);
  expect(&r, "+a;begin 0:1;a first -+;end;begin 1:1;a held -+;end;");
  ck_assert_int_eq(asked, 2);
}
END_TEST

/* Energy in the sample of removed(). */
static uint64_t removed_total_uj, removed_energy_uj;
static int64_t removed_at_s;

static void keep_removed(struct sink *sink, const struct sample *s) {
  record_removed(sink, s);
  removed_total_uj = s->has_energy ? s->total_uj : 0;
  removed_energy_uj = s->energy_uj;
  removed_at_s = (s->at.wall_ns - WALL0) / NS_PER_S;
}

/* Only a has something saved. */
static bool saved_of_a(const char *path, struct meter_saved *saved, void *arg) {
  ++*(int *)arg;
  ck_assert_ptr_eq(strstr(path, scratch), path);
  *saved = (struct meter_saved){.total_uj = 900, .counter_uj = 100, .wall_ns = WALL0};
  return strstr(path, "/a/energy_uj") != NULL;
}

START_TEST(goes_on_from_what_was_saved) {
  r.sink.removed = keep_removed;
  int asked = 0;
  record_with((struct sampler_options){.saved = saved_of_a, .saved_arg = &asked});
  write_counter("a", "150", 0);
  write_counter("b", "150", 0);
  pass(0);
  ck_assert_int_eq(asked, 2);
  write_counter("a", "160", 5);
  write_counter("b", "", 5);
  pass(5);
  ck_assert_int_eq(asked, 2);
  remove_counter("a");
  pass(6);
  ck_assert_uint_eq(removed_total_uj, 960);
  ck_assert_uint_eq(removed_energy_uj, 160);
  ck_assert_int_eq(removed_at_s, 5);
  write_counter("a", "170", 7); /* back: the sampler knows newer values than the saved ones */
  pass(7);
  ck_assert_int_eq(asked, 2);
  remove_counter("a");
  end(); /* b is last */
  ck_assert_uint_eq(removed_total_uj, 150);
  ck_assert_int_eq(removed_at_s, 0);
}
END_TEST

static uint64_t last_total_uj; /* of the last counter in a pass */

static int keep_total(struct sink *sink, const struct sample *s) {
  last_total_uj = s->total_uj;
  return record_put(sink, s);
}

/* Removed and back with a lower number, as after an unmount: the total continues. */
START_TEST(goes_on_after_it_was_away) {
  r.sink.put = keep_total;
  record();
  write_counter("a", "6966500000", 0);
  pass(0);
  expect(&r, "+a;begin 0:1;a first -+;end;");
  remove_counter("a");
  pass(5);
  pass(10);
  expect(&r, "-a(first);begin 5:0;end;begin 10:0;end;");
  write_counter("a", "0", 20);
  pass(20);
  expect(&r, "+a;begin 20:1;a reset -+;end;");
  ck_assert_uint_eq(last_total_uj, UINT64_C(6966500000));
  write_counter("a", "500000000", 25);
  pass(25);
  expect(&r, "begin 25:1;a ok 100+;end;");
  ck_assert_uint_eq(last_total_uj, UINT64_C(7466500000));
}
END_TEST

static int keep_total_quietly(struct sink *sink, const struct sample *s) {
  (void)sink;
  last_total_uj = s->total_uj;
  return 0;
}

/* At most LABEL_AWAY_MAX removed counters are kept; the one removed first is dropped first. */
START_TEST(the_longest_away_is_dropped) {
  char name[32];
  r.sink = (struct sink){.put = keep_total_quietly};
  record();
  ck_assert_int_eq(sampler_add(sampler, in_scratch("shown/*/energy_uj")), 0);
  write_counter("first", "100", 0);
  write_counter("second", "100", 0);
  pass(0);
  remove_counter("first");
  pass(5);
  remove_counter("second");
  for (int i = 0; i < LABEL_AWAY_MAX - 1; i++) {
    snprintf(name, sizeof(name), "hidden/%05d", i);
    write_counter(name, "100", 0);
  }
  ck_assert_int_eq(rename(in_scratch("hidden"), in_scratch("shown")), 0);
  pass(10);
  ck_assert_uint_eq(sampler_count(sampler), LABEL_AWAY_MAX - 1);
  ck_assert_int_eq(rename(in_scratch("shown"), in_scratch("hidden")), 0);
  pass(15);
  ck_assert_uint_eq(sampler_count(sampler), 0);
  write_counter("second", "10", 20);
  pass(20);
  ck_assert_uint_eq(last_total_uj, 100);
  remove_counter("second");
  write_counter("first", "10", 25);
  pass(25);
  ck_assert_uint_eq(last_total_uj, 10);
}
END_TEST

START_TEST(wraps_at_its_range) {
  write_counter("zone", "9999900000", 0);
  write_text("zone/max_energy_range_uj", "10000000000\n");
  record();
  pass(0);
  write_counter("zone", "400000000", 5);
  pass(5);
  expect(&r, "+zone;begin 0:1;zone first -+;end;begin 5:1;zone wrap 80.02+;end;");
}
END_TEST

/* Many tenants with bad content cannot delay a pass, and one that stays bad is not waited for in the next. */
START_TEST(patience_of_a_pass) {
  make_sampler(NULL, 0, (struct sampler_options){.smooth = 0});
  char vm[16];
  for (int i = 0; i < 100; i++) {
    snprintf(vm, sizeof(vm), "vm%03d", i);
    write_counter(vm, "", 0);
  }
  slept_ns = 0;
  pass(0);
  ck_assert_int_gt(slept_ns, 0);
  ck_assert_int_le(slept_ns, 20 * NS_PER_MS);
  slept_ns = 0;
  pass(1);
  ck_assert_int_eq(slept_ns, 0);
  write_counter("vm000", "1", 2);
  pass(2);
  write_counter("vm000", "", 3); /* good before, so it may be being written */
  slept_ns = 0;
  pass(3);
  ck_assert_int_gt(slept_ns, 0);
  ck_assert_int_le(slept_ns, COUNTER_PATIENCE_NS);
}
END_TEST

/* A VM's file system can be unmounted between two passes. */
START_TEST(nothing_is_held) {
  make_sampler(NULL, 0, (struct sampler_options){.smooth = 0});
  ck_assert_int_eq(sampler_add(sampler, in_scratch("written-out/energy_uj")), 0);
  int before = count_open_files() + 1;
  pass(-1); /* opens the mount table, which stays open */
  ck_assert_int_eq(count_open_files(), before);
  write_counter("written-out", "1", 0);
  write_counter("good", "1", 0);
  write_counter("bad", "", 0);
  for (int t = 0; t < 3; t++) {
    pass(t);
    ck_assert_int_eq(count_open_files(), before);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sampler");
  suite_case(suite, "sampler", set_up, tear_down, ONCE(come_and_go), ONCE(average), ONCE(a_failing_sink_harms_no_other),
             ONCE(each_sink_has_its_slots), ONCE(selection), ONCE(goes_on_from_what_was_saved),
             ONCE(goes_on_after_it_was_away), ONCE(wraps_at_its_range), ONCE(patience_of_a_pass),
             ONCE(nothing_is_held));
  tcase_set_timeout(suite_case(suite, "many", set_up, tear_down, ONCE(the_longest_away_is_dropped)), 120);
  return suite_run(suite);
}
