/*
 * The values of ReportStats: what each counts, and that there are none without a read.
 */
#include "plugin_bench.h"

#define OPTIONS "ReportStats true; ReportEnergy false; ReportPower false; "

/* The last value of the plugin itself with this type and type instance. */
static double stat_of(const char *name) {
  return fake_value(text_of("node1/vm_energy/%s", name));
}

#define expect_files(counters, stale, unreadable)                                                                      \
  do {                                                                                                                 \
    ck_assert_double_eq(stat_of("files-counters"), counters);                                                          \
    ck_assert_double_eq(stat_of("files-stale"), stale);                                                                \
    ck_assert_double_eq(stat_of("files-unreadable"), unreadable);                                                      \
  } while (0)

/* As those of a VM: of the pass and the interval, one number each; the host is collectd's own. */
START_TEST(identifiers) {
  static const char *const names[] = {"files-counters", "files-stale",      "files-unreadable",
                                      "duration-read",  "errors-bad_reads", "errors-pauses"};
  interval_g = DOUBLE_TO_CDTIME_T(10);
  start(OPTIONS "HostnameFormat 'name'");
  update_at("a", "1000000", 0);
  fake_forget();
  for (int t = 2; t <= 10; t += 2) {
    ck_assert_uint_eq(fake.values_num, 0); /* no value of a look between two samples */
    read_at(t);
  }
  ck_assert_uint_eq(fake.values_num, ROWS(names));
  for (size_t i = 0; i < ROWS(names); i++) {
    ck_assert_str_eq(fake.values[i].name, text_of("node1/vm_energy/%s", names[i]));
    ck_assert_uint_eq(fake.values[i].time, NS_TO_CDTIME_T((cdtime_t)WALL0_S * 1000000000 + 10000000000));
    ck_assert_uint_eq(fake.values[i].interval, interval_g);
    ck_assert_uint_eq(fake.values[i].count, 1);
  }
}
END_TEST

/* Each read with what was done before it. A VM that is removed takes no bad read with it. */
START_TEST(files_and_bad_reads) {
  start(OPTIONS "StaleTimeout 10");
  read_at(0);
  expect_files(0, 0, 0);
  counter_at("a", "1000000", 1);
  update_at("b", "1000000", 1);
  expect_files(2, 0, 0);
  counter_at("a", "2000000", 8);
  update_at("b", "", 8);
  expect_files(2, 0, 1);
  ck_assert_double_eq(stat_of("errors-bad_reads"), 1);
  update_at("c", "garbled", 9);
  expect_files(3, 0, 2);
  ck_assert_double_eq(stat_of("errors-bad_reads"), 3);
  read_at(12); /* b has had no value for 11 s: unreadable, not stale */
  expect_files(3, 0, 2);
  ck_assert_double_eq(stat_of("errors-bad_reads"), 5);
  counter_at("b", "2000000", 13);
  remove_counter("c");
  read_at(13);
  expect_files(2, 0, 0);
  read_at(19); /* a */
  expect_files(2, 1, 0);
  read_at(24);
  expect_files(2, 2, 0);
  update_at("a", "3000000", 25);
  expect_files(2, 1, 0);
  ck_assert_double_eq(stat_of("errors-bad_reads"), 5);
}
END_TEST

/* A path without a pattern is a counter also while there is no such file. */
START_TEST(a_missing_file_is_unreadable) {
  make_parents(in_scratch("a/energy_uj"));
  start_block("File '%s/a/energy_uj'; ReportStats true", scratch);
  for (int t = 0; t < 3; t++)
    read_at(t);
  expect_files(1, 0, 1);
  ck_assert_double_eq(stat_of("errors-bad_reads"), 3);
}
END_TEST

/* collectd takes a quarter of a second for each value. */
static void take_time(bool plugins) {
  clock_ns += plugins ? 0 : 250 * NS_PER_MS;
}

START_TEST(duration_of_a_read) {
  start("ReportStats true; ReportPower false");
  counter_at("a", "1000000", 0);
  counter_at("b", "1000000", 0);
  read_at(0);
  ck_assert_double_eq(stat_of("duration-read"), 0);
  fake.on_turn = take_time;
  read_at(10);
  ck_assert_double_eq(stat_of("duration-read"), 2 * 0.25); /* two energies */
}
END_TEST

/* A writer of 5 s. */
#define VMS 3
#define ALL VMS
static const struct {
  const char *about;
  int interval_s;
  struct {
    int vm, from, to; /* no update in (from, to) */
  } silent[3];
  int lag_s;    /* of each VM after the one before */
  int standing; /* VMs beside these whose modification time stands still, so that none of their updates is late */
  int pauses;
} pause_rows[] = {
    {"none", 10, {{0}}, .pauses = 0},
    {"a skipped pass", 10, {{ALL, 60, 70}}, .pauses = 1},
    {"two and one", 10, {{ALL, 60, 75}, {ALL, 100, 110}}, .pauses = 2},
    {"two in one interval", 60, {{ALL, 65, 75}, {ALL, 90, 100}}, .pauses = 2},
    {"every second", 1, {{ALL, 60, 70}, {ALL, 100, 110}}, .pauses = 2},
    {"once, although three intervals see it", 1, {{ALL, 60, 70}}, .lag_s = 1, .pauses = 1},
    {"beside others", 10, {{ALL, 60, 70}}, .standing = 5, .pauses = 1},
    {"beside a new VM", 10, {{2, -1, 58}, {ALL, 60, 70}}, .pauses = 1},
    {"while one VM is off", 10, {{1, 40, 200}, {ALL, 100, 110}}, .pauses = 1},
    {"one VM alone", 10, {{1, 60, 70}}, .pauses = 0},
    {"one VM alone, twice in one interval", 60, {{1, 65, 75}, {1, 90, 100}}, .pauses = 0},
    {"one VM alone, twice in a row", 30, {{1, 60, 70}, {1, 70, 80}}, .pauses = 0},
    {"one VM twice, and all once", 60, {{1, 65, 75}, {ALL, 90, 100}}, .pauses = 1},
    {"one of two", 10, {{2, -1, 200}, {1, 60, 70}}, .pauses = 0},
    {"a stop for longer than the stale time", 10, {{ALL, 60, 100}}, .pauses = 0},
};

static bool is_silent(int row, int vm, int t) {
  for (size_t i = 0; i < ROWS(pause_rows[row].silent); i++)
    if (t > pause_rows[row].silent[i].from && t < pause_rows[row].silent[i].to &&
        (pause_rows[row].silent[i].vm == vm || pause_rows[row].silent[i].vm == ALL))
      return true;
  return false;
}

START_TEST(pauses_of_the_writer) {
  char name[16], content[16];
  interval_g = DOUBLE_TO_CDTIME_T(pause_rows[_i].interval_s);
  start(OPTIONS);
  double pauses = 0;
  for (int t = 0; t <= 180; t++) {
    snprintf(content, sizeof(content), "%d000000", t);
    for (int vm = 0; vm < VMS + pause_rows[_i].standing; vm++) {
      int pass = t - vm * pause_rows[_i].lag_s; /* of the writer */
      snprintf(name, sizeof(name), "vm-%d", vm);
      if (vm >= VMS || (pass % 5 == 0 && !is_silent(_i, vm, pass)))
        counter_at(name, content, vm < VMS ? t : 0);
    }
    fake_forget();
    read_at(t + 0.5);
    double now = stat_of("errors-pauses");
    ck_assert_msg(isnan(now) || now >= pauses, "%s: fell to %g", pause_rows[_i].about, now);
    pauses = isnan(now) ? pauses : now;
  }
  ck_assert_msg(pauses == pause_rows[_i].pauses, "%s: %g pauses", pause_rows[_i].about, pauses);
}
END_TEST

/* The writer stops: the counters become stale, and what is reported about the plugin itself continues. */
START_TEST(the_writer_stops) {
  start(OPTIONS "StaleTimeout 30");
  for (int t = 0; t <= 120; t += 5) {
    if (t <= 60) {
      counter_at("a", "1000000", t);
      counter_at("b", "1000000", t);
    }
    fake_forget();
    read_at(t);
    expect_files(2, t > 90 ? 2 : 0, 0);
  }
}
END_TEST

/* No values, rather than old ones. */
START_TEST(without_a_read_no_values) {
  start(OPTIONS);
  clock_error = -EINVAL;
  read_at(0);
  expect_values("");
  clock_error = 0;
  read_at(1);
  expect_files(0, 0, 0);
}
END_TEST

START_TEST(refused_values) {
  start(OPTIONS);
  fake.dispatch_status = -7;
  counter_at("a", "1000000", 0);
  read_at(0);
  ck_assert_uint_eq(fake_count("collectd refused the files of the plugin itself (status -7)"), 3);
}
END_TEST

/* The next life of the plugin starts from 0. */
START_TEST(two_lives) {
  for (int life = 0; life < 2; life++) {
    start(OPTIONS);
    update_at("a", "", life * 10);
    ck_assert_double_eq(stat_of("errors-bad_reads"), 1);
    ck_assert_int_eq(fake_shutdown(), 0);
    fake_reset();
    module_register();
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("stats");
  TCase *tcase = tcase_create("stats");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, identifiers);
  tcase_add_test(tcase, files_and_bad_reads);
  tcase_add_test(tcase, a_missing_file_is_unreadable);
  tcase_add_test(tcase, duration_of_a_read);
  tcase_add_loop_test(tcase, pauses_of_the_writer, 0, ROWS(pause_rows));
  tcase_add_test(tcase, the_writer_stops);
  tcase_add_test(tcase, without_a_read_no_values);
  tcase_add_test(tcase, refused_values);
  tcase_add_test(tcase, two_lives);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
