/*
 * The plugin in a fake daemon: values, log lines and notifications while VMs come, change and go.
 */
#include "plugin_bench.h"

#include "core/label.h"
#include "core/sampler.h"

#include <linux/capability.h>

/* ---- registration and identifiers -------------------------------------------------------------------------------- */

START_TEST(registers_its_callbacks) {
  ck_assert_str_eq(fake_registered(), "config:vm_energy init:vm_energy shutdown:vm_energy ");
  start("");
  ck_assert_str_eq(fake_registered(), "config:vm_energy init:vm_energy shutdown:vm_energy read:vm_energy ");
  expect_log("");
}
END_TEST

START_TEST(identifiers) {
  static const char *const types[] = {"energy", "power", "power-sma3"}; /* all GAUGE in the stock types.db */
  start("Smooth 3; NotifyAdd true");
  update_at("a", "0", 0);
  counter_at("a", "500000000", 5);
  counter_at("b", "0", 5);
  fake_forget();
  read_at(6.25);
  ck_assert_uint_eq(fake.values_num, 4);
  ck_assert_uint_eq(fake.notifications_num, 1);
  cdtime_t time = NS_TO_CDTIME_T((cdtime_t)WALL0_S * 1000000000 + 6250000000);
  for (size_t i = 0; i < 3; i++) {
    char name[64];
    snprintf(name, sizeof(name), "node1/vm_energy-a/%s", types[i]);
    ck_assert_str_eq(fake.values[i].name, name);
    ck_assert_uint_eq(fake.values[i].time, time); /* of the pass, so that its values belong together */
    ck_assert_uint_eq(fake.values[i].interval, interval_g);
    ck_assert_uint_eq(fake.values[i].count, 1);
  }
  ck_assert_double_eq_tol(fake_value("node1/vm_energy-a/power"), 100, 1e-9);
  ck_assert_str_eq(fake.notifications[0].name, "node1/vm_energy-b/energy");
  ck_assert_uint_eq(fake.notifications[0].time, time);
}
END_TEST

/* ---- looks and values -------------------------------------------------------------------------------------------- */

/* Interval, looks per interval, the times of the daemon's reads (in looks since the start), and which have values. */
static const struct {
  double interval_s;
  int looks;
  double reads[14];
  const char *values; /* v: values, -: none */
} due_rows[] = {
    {0.5, 1, {0, 1, 2, 3, 4}, "vvvvv"},
    {2, 1, {0, 1, 2, 3}, "vvvv"},
    {3, 2, {0, 1, 2, 3, 4}, "v-v-v"},
    {10, 5, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "v----v----v"},
    {10, 5, {0, 1.1, 1.9, 3.2, 4.2, 5.3, 6, 7, 8, 9, 9.8, 11}, "v----v----v-"}, /* late and early, and no drift */
    {10, 5, {0, 1, 2, 9, 10, 11, 12, 13, 14}, "v--v----v"}, /* stopped for longer than an interval */
    {300, 150, {0, 1, 2, 149, 150, 151}, "v---v-"},
};

START_TEST(values_when_due) {
  interval_g = DOUBLE_TO_CDTIME_T(due_rows[_i].interval_s);
  start("");
  counter_at("a", "1000000", 0);
  double look_s = CDTIME_T_TO_DOUBLE(fake.read_interval);
  ck_assert_double_eq_tol(look_s, due_rows[_i].interval_s / due_rows[_i].looks, 1e-6);
  for (size_t i = 0; due_rows[_i].values[i] != '\0'; i++) {
    counter_at("a", "1000000", due_rows[_i].reads[i] * look_s);
    fake_forget();
    read_at(due_rows[_i].reads[i] * look_s);
    ck_assert_msg((fake.values_num > 0) == (due_rows[_i].values[i] == 'v'), "read %zu: %zu values", i, fake.values_num);
    for (size_t j = 0; j < fake.values_num; j++)
      ck_assert_uint_eq(fake.values[j].interval, interval_g);
  }
}
END_TEST

/* A writer of 5 s that skips three passes: no power of these updates, whatever the interval. One line in the log says,
   after ten minutes, how many pauses there were until then, and for what part of the time. */
START_TEST(pauses_are_logged_once) {
  char content[32];
  interval_g = DOUBLE_TO_CDTIME_T(10);
  start("");
  int64_t energy = 0;
  int powers = 0;
  for (int t = 0, next = 0; t < 800; t += 2) {
    if (t >= next) {
      snprintf(content, sizeof(content), "%" PRId64, energy);
      counter_at("a", content, next);
      energy += 500000000;
      next += next == 40 || next == 80 || next == 700 ? 10 : 5;
    }
    fake_forget();
    read_at(t + 0.5);
    double power_w = fake_value("node1/vm_energy-a/power");
    ck_assert(isnan(power_w) || fabs(power_w - 100) < 1e-6);
    powers += !isnan(power_w);
    if (t == 600)
      expect_log(
          "N VM 'a': the writer of '@/a/energy_uj' paused 2 times in 10 min, and may not have counted for 1.7 % of "
          "the time; updates after a pause have no power; further pauses are not logged, see vm_energy check\n");
    else
      ck_assert_uint_eq(fake_count("paused"), 0);
  }
  ck_assert_int_ge(powers, 75);
}
END_TEST

/* Power by samples: a pause costs none. */
START_TEST(a_pause_with_power_by_samples) {
  start("TimeBase 'sample'");
  for (int t = 0; t <= 600; t++) {
    if (t % 5 == 0 && t != 100)
      counter_at("a", "1000000", t);
    fake_forget();
    read_at(t);
  }
  expect_log(
      "N VM 'a': the writer of '@/a/energy_uj' paused 1 time in 10 min, and may not have counted for 0.8 % of the "
      "time; further pauses are not logged, see vm_energy check\n");
}
END_TEST

/* The counter may wrap more than once between two looks: energy, no power, and one line in the log. */
START_TEST(a_small_range_is_logged_once) {
  char content[32];
  start("");
  write_text("a/max_energy_range_uj", "200000000");
  int lines = 0;
  for (int t = 0; t < 20; t++) {
    snprintf(content, sizeof(content), "%d", t * 70 % 200 * 1000000);
    counter_at("a", content, t);
    fake_forget();
    read_at(t + 0.25);
    lines += (int)fake_count("may wrap more than once");
    ck_assert(isnan(fake_value("node1/vm_energy-a/power")));
  }
  ck_assert_int_eq(lines, 1);
}
END_TEST

/* ---- where counters are looked for ------------------------------------------------------------------------------- */

#define NOTHING_IN "W no counter found in "
#define NOTHING_HINT                                                                                                   \
  "; start Scaphandre's qemu exporter, or set the option File (and see that the option VM leaves some)\n"
#define DEFAULT_FIRST "/var/lib/libvirt/scaphandre"
#define DEFAULT_OTHER "/var/lib/scaphandre"

START_TEST(default_places) {
  if (!have_own_mounts("check_plugin: default_places"))
    return;
  ck_assert_int_eq(mount(scratch, "/var/lib", NULL, MS_BIND, NULL), 0); /* has the default places */
  ck_assert_int_eq(fake_init(), 0);                                     /* without a block of its own */
  read_at(0);
  read_at(10);
  expect_values("");
  expect_log(NOTHING_IN "'" DEFAULT_FIRST "/*/intel-rapl:0/energy_uj', '" DEFAULT_OTHER
                        "/*/energy_uj', '/var/scaphandre/intel-rapl:*/energy_uj'" NOTHING_HINT);

  fake_forget();
  write_text("libvirt/scaphandre/a/intel-rapl:0/energy_uj", "1000000");
  write_text("scaphandre/b/energy_uj", "2000000");
  set_mtime("libvirt/scaphandre/a/intel-rapl:0/energy_uj", WALL0_S + 20, 0);
  set_mtime("scaphandre/b/energy_uj", WALL0_S + 20, 0);
  read_at(20);
  expect_values("a/energy=1; b/energy=2");
  expect_log("I VM 'a': reading '" DEFAULT_FIRST "/a/intel-rapl:0/energy_uj'\n"
             "I VM 'b': reading '" DEFAULT_OTHER "/b/energy_uj'\n");
}
END_TEST

START_TEST(nothing_found) {
  start("File '/nowhere/[ab]/energy_uj'");
  for (int t = 0; t < 5; t++)
    read_at(t);
  expect_log(NOTHING_IN "'@/*/energy_uj', '/nowhere/[ab]/energy_uj'" NOTHING_HINT);
  fake_forget();
  update_at("a", "1", 5);
  expect_log("I VM 'a': reading '@/a/energy_uj'\n");
  fake_forget();
  remove_counter("a");
  for (int t = 6; t < 10; t++)
    read_at(t);
  expect_log("I VM 'a': '@/a/energy_uj' was removed\n" NOTHING_IN
             "'@/*/energy_uj', '/nowhere/[ab]/energy_uj'" NOTHING_HINT);
}
END_TEST

START_TEST(reading_so_many) {
  start("");
  counter_at("a", "1", 0);
  update_at("b", "1", 0);
  read_at(1);
  expect_log("I reading 2 counters\n");
}
END_TEST

static void in_closed_directory(void) {
  start_block("File '%s/closed/*/energy_uj'", scratch);
  for (int t = 0; t < 5; t++)
    read_at(t);
  expect_log(text_of(
      "W cannot look for VMs in '@/closed/': Permission denied; collectd runs as uid %u and needs read and search "
      "permission on it\n%s",
      geteuid(), NOTHING_IN "'@/closed/*/energy_uj'" NOTHING_HINT));
  ck_assert_int_eq(fake_shutdown(), 0);
}

START_TEST(unreadable_directory) {
  write_text("closed/a/energy_uj", "1");
  ck_assert_int_eq(chmod(in_scratch("closed"), 0), 0);
  as_nobody(in_closed_directory);
  ck_assert_int_eq(chmod(in_scratch("closed"), 0755), 0);
}
END_TEST

#define CANNOT_LOOK                                                                                                    \
  "W cannot look for VMs in '@/%s/': Permission denied; collectd runs as uid %u and needs read and search permission " \
  "on it\n"

/* Two closed directories; the first one is logged. That the error moves to the other one is logged, and so is its end.
 */
static void search_error_moves(void) {
  unsigned uid = geteuid();
  for (const char *const *name = (const char *const[]){"open/x", "open/y", NULL}; *name != NULL; name++)
    ck_assert_int_eq(mkdir(in_scratch(*name), 0), 0);
  ck_assert_int_eq(fake_config("File '%s/open/x/*/energy_uj'; File '%s/open/y/*/energy_uj'", scratch, scratch), 0);
  counter_at("open/a", "1", 0);
  start_block("File '%s/open/a/energy_uj'", scratch);
  read_at(0);
  read_at(1);
  ck_assert_int_eq(chmod(in_scratch("open/x"), 0700), 0);
  read_at(2);
  read_at(3);
  expect_log(text_of(CANNOT_LOOK "I reading 1 counter\n" CANNOT_LOOK, "open/x", uid, "open/y", uid));
  fake_forget();
  ck_assert_int_eq(chmod(in_scratch("open/y"), 0700), 0);
  read_at(4);
  read_at(5);
  expect_log("N '@/open/y/' can be searched for VMs again\n");
  fake_forget();
  ck_assert_int_eq(chmod(in_scratch("open/y"), 0), 0);
  read_at(6);
  ck_assert_uint_eq(fake_count("cannot look for VMs in '"), 1);
  ck_assert_int_eq(fake_shutdown(), 0);
}

START_TEST(a_search_error_that_moves_and_ends) {
  ck_assert_int_eq(mkdir(in_scratch("open"), 0755), 0);
  ck_assert_int_eq(chmod(in_scratch("open"), 0777), 0);
  as_nobody(search_error_moves);
}
END_TEST

/* ---- one VM's life ----------------------------------------------------------------------------------------------- */

#define EMPTY "W VM 'a': '@/a/energy_uj': is empty; it has no values until this is fixed\n"
#define AGAIN "N VM 'a': '@/a/energy_uj' can be read again\n"

struct step {
  double t;
  const char *content; /* of a's counter, written at t; NULL: unchanged; REMOVED: removed */
  const char *values, *log, *notes;
};

static const char REMOVED[] = "removed";

/* Only changes are reported: a step that repeats one has no messages. */
static const struct step life[] = {
    {0, "1000000", "a/energy=1", "I reading 1 counter\n", ""},
    {5, "501000000", "a/energy=501; a/power=100", "", ""},
    {6, NULL, "a/energy=501; a/power=100", "", ""},
    {7, "", "", "", ""}, /* torn: nothing, and never 0 */
    {8, NULL, "", EMPTY, ""},
    {9, "garbled", "", "W VM 'a': '@/a/energy_uj': is not a decimal number; it has no values until this is fixed\n",
     ""},
    {10, "1001000000", "a/energy=1001; a/power=100", AGAIN, ""},
    {15, "1000", "a/energy=1001",
     "N VM 'a': the counter '@/a/energy_uj' fell: treated as a reset; accumulated energy continues\n",
     "W The energy counter of VM a was reset.\n"},
    {20, "250001000", "a/energy=1251; a/power=50", "", ""},
    {25, "250001000", "a/energy=1251; a/power=0", "", ""}, /* an update that adds nothing is 0 W */
    {50, NULL, "a/energy=1251; a/power=0", "", ""},
    {56, NULL, "",
     "W VM 'a': no update of '@/a/energy_uj' for 31 s: it has no values until the next one; the VM is off, or "
     "Scaphandre has stopped\n",
     "W The energy counter of VM a was not updated for 31 s.\n"},
    {59, "", "", "", ""},
    {60, NULL, "", EMPTY, ""}, /* and it is still stale */
    {61, NULL, "", "", ""},
    {62, "300001000", "a/energy=1301", AGAIN "N VM 'a': '@/a/energy_uj' is updated again\n",
     "O The energy counter of VM a is updated again.\n"},
    {67, "550001000", "a/energy=1551; a/power=50", "", ""},
    {68, REMOVED, "", "I VM 'a': '@/a/energy_uj' was removed\n" NOTHING_IN "'@/*/energy_uj'" NOTHING_HINT,
     "W VM a was removed.\n"},
    {69, NULL, "", "", ""},
    {70, "9000000", "a/energy=1551", /* back, with a lower number: energy continues */
     "I VM 'a': reading '@/a/energy_uj'\n"
     "N VM 'a': the counter '@/a/energy_uj' fell: treated as a reset; accumulated energy continues\n",
     "O VM a appeared.\nW The energy counter of VM a was reset.\n"},
    {75, "509000000", "a/energy=2051; a/power=100", "", ""},
};

static void take_step(const struct step *step) {
  if (step->content == REMOVED)
    remove_counter("a");
  else if (step->content != NULL)
    counter_at("a", step->content, step->t);
  read_at(step->t);
}

static void live(const struct step *steps, int count, bool notify) {
  for (const struct step *step = steps; step < steps + count; step++) {
    fake_forget();
    take_step(step);
    ck_assert_msg(strcmp(of(show_values), step->values) == 0, "second %g: values '%s'", step->t, shown);
    ck_assert_msg(strcmp(of(show_log), step->log) == 0, "second %g: log '%s'", step->t, shown);
    ck_assert_msg(strcmp(of(show_notes), notify ? step->notes : "") == 0, "second %g: notes '%s'", step->t, shown);
  }
}

START_TEST(life_without_notifications) {
  start("");
  live(life, ROWS(life), false);
}
END_TEST

/* VMs that the first pass finds did not appear. */
START_TEST(life_with_notifications) {
  start("NotifyAdd true; NotifyRemove true; NotifyStale true; NotifyReset true");
  live(life, ROWS(life), true);
}
END_TEST

/* Each option alone enables its own notifications and no other. */
static const struct {
  const char *option, *notes;
} notify_rows[] = {
    {"NotifyAdd true", "O VM a appeared.\n"},
    {"NotifyRemove true", "W VM a was removed.\n"},
    {"NotifyStale true", "W The energy counter of VM a was not updated for 31 s.\n"
                         "O The energy counter of VM a is updated again.\n"},
    {"NotifyReset true", "W The energy counter of VM a was reset.\nW The energy counter of VM a was reset.\n"},
    {"NotifyReset true; notifyreset false", ""},
};

START_TEST(one_notification_option) {
  start(notify_rows[_i].option);
  for (int i = 0; i < ROWS(life); i++)
    take_step(&life[i]);
  expect_notes(notify_rows[_i].notes);
}
END_TEST

/* A file that was stale before collectd started. */
static const struct step dead[] = {
    {200, NULL, "",
     "W VM 'a': no update of '@/a/energy_uj' for 200 s: it has no values until the next one; the VM is off, or "
     "Scaphandre has stopped\nI reading 1 counter\n",
     "W The energy counter of VM a was not updated for 200 s.\n"},
    {210, NULL, "", "", ""},
    {220, "501000000", "a/energy=501", "N VM 'a': '@/a/energy_uj' is updated again\n",
     "O The energy counter of VM a is updated again.\n"},
    {225, "1001000000", "a/energy=1001; a/power=100", "", ""},
};

START_TEST(dead_from_the_start) {
  start("NotifyStale true");
  counter_at("a", "1000000", 0);
  live(dead, ROWS(dead), true);
}
END_TEST

/* A path without a pattern is read whether it exists or not. */
static const struct step written_out[] = {
    {0, NULL, "",
     "W VM 'a': '@/a/energy_uj': there is no such file; start Scaphandre's qemu exporter, or correct the option File\n"
     "I reading 1 counter\n",
     ""},
    {1, NULL, "", "", ""},
    {5, "1000000", "a/energy=1", AGAIN, "O VM a appeared.\n"},
    {10, "501000000", "a/energy=501; a/power=100", "", ""},
    {11, REMOVED, "",
     "W VM 'a': '@/a/energy_uj': there is no such file; start Scaphandre's qemu exporter, or correct the option File\n",
     "W VM a was removed.\n"},
    {12, NULL, "", "", ""},
    {15, "1001000000", "a/energy=1001; a/power=100", AGAIN, "O VM a appeared.\n"},
};

START_TEST(missing_file) {
  make_parents(in_scratch("a/energy_uj"));
  start_block("File '%s/a/energy_uj'; NotifyAdd true; NotifyRemove true", scratch);
  live(written_out, ROWS(written_out), true);
}
END_TEST

/* A file that exists when collectd starts did not appear. */
START_TEST(a_written_out_file_at_start) {
  counter_at("a", "1000000", 0);
  start_block("File '%s/a/energy_uj'; NotifyAdd true; NotifyRemove true", scratch);
  read_at(0);
  expect_notes("");
  remove_counter("a");
  read_at(1);
  read_at(2);
  expect_notes("W VM a was removed.\n");
}
END_TEST

/* An empty file costs a value, but is logged only when the next look finds it empty, too. */
START_TEST(a_hole_is_not_worth_a_line) {
  interval_g = DOUBLE_TO_CDTIME_T(10);
  start("");
  update_at("a", "1000000", 0);
  fake_forget();
  for (int t = 2; t <= 30; t += 2) {
    if (t % 10 == 0)
      counter_at("a", "", t);
    else if (t % 10 == 2)
      counter_at("a", "1000000", t);
    read_at(t);
  }
  expect_values("");
  expect_log("");
  update_at("a", "", 32);
  read_at(34);
  read_at(40);
  expect_log(EMPTY);
}
END_TEST

/* ---- stale VMs --------------------------------------------------------------------------------------------------- */

/* A warning that the VM is stale ends when it is removed, also without NotifyRemove. */
static const struct {
  const char *options, *notes;
} end_rows[] = {
    {"", "O VM a was removed.\n"},
    {"NotifyRemove true", "W VM a was removed.\n"},
};

START_TEST(a_stale_vm_is_removed) {
  char options[128];
  snprintf(options, sizeof(options), "NotifyStale true; StaleTimeout 10; %s", end_rows[_i].options);
  start(options);
  update_at("a", "1000000", 0);
  read_at(11);
  expect_notes("W The energy counter of VM a was not updated for 11 s.\n");
  fake_forget();
  remove_counter("a");
  read_at(12);
  expect_notes(end_rows[_i].notes);
  fake_forget();
  update_at("a", "1000000", 20);
  expect_notes("");
}
END_TEST

START_TEST(a_stale_file_that_was_written_out_is_removed) {
  counter_at("a", "1000000", 0);
  start_block("File '%s/a/energy_uj'; NotifyStale true; StaleTimeout 10", scratch);
  read_at(0);
  read_at(11);
  remove_counter("a");
  read_at(12);
  read_at(30);
  update_at("a", "", 31);
  read_at(40);
  expect_notes("W The energy counter of VM a was not updated for 11 s.\nO VM a was removed.\n");
}
END_TEST

/* A counter that has no value for the stale time is reported like one that is not updated. */
static const struct {
  const char *options, *content;
  double since; /* 0: from the start */
  int stale_s;
  const char *fault;
} valueless_rows[] = {
    {"StaleTimeout 20", "", 5, 20, "is empty"},
    {"StaleTimeout 20", "x", 5, 20, "is not a decimal number"},
    {"", "", 0, 180, "is empty"},
    {"StaleTimeout 20; TimeBase 'sample'", "", 0, 20, "is empty"},
};

START_TEST(no_value_for_the_stale_time) {
  char options[128];
  snprintf(options, sizeof(options), "NotifyStale true; %s", valueless_rows[_i].options);
  start(options);
  double since = valueless_rows[_i].since;
  for (int t = 0; t <= since; t++) {
    update_at("a", t < since ? "1000000" : valueless_rows[_i].content, t);
  }
  double last_good = since > 0 ? since - 1 : 0;
  for (double t = since + 1; t <= last_good + valueless_rows[_i].stale_s; t++)
    read_at(t);
  expect_notes("");
  for (int t = 1; t <= 5; t++)
    read_at(last_good + valueless_rows[_i].stale_s + t);
  expect_notes(text_of("W The energy counter of VM a has had no value for %d s: %s.\n", valueless_rows[_i].stale_s + 1,
                       valueless_rows[_i].fault));
  fake_forget();
  update_at("a", "2000000", 300);
  expect_notes("O The energy counter of VM a is updated again.\n");
  expect_log("N VM 'a': '@/a/energy_uj' can be read again\n");
}
END_TEST

/* Three VMs that are updated every 5 s, from `start` on, until their last update and from the next one on. */
#define ALL_STALE(t, age)     #t " W None of the 3 energy counters was updated for " #age " s.\n"
#define ALL_AGAIN(t)          #t " O Energy counters are updated again.\n"
#define ONE_STALE(t, vm, age) #t " W The energy counter of VM " #vm " was not updated for " #age " s.\n"
#define ONE_AGAIN(t, vm)      #t " O The energy counter of VM " #vm " is updated again.\n"
#define ALWAYS                1000
#define NEVER                 1000

static const struct {
  int interval_s;
  int last[3], next[3];
  const char *notes; /* each with its time */
} all_rows[] = {
    {1, {50, 50, 50}, {100, 100, 100}, ALL_STALE(81, 31) ALL_AGAIN(100)},
    {10, {50, 50, 50}, {100, 100, 100}, ALL_STALE(90, 40) ALL_AGAIN(100)},
    {60, {50, 50, 50}, {130, 130, 130}, ALL_STALE(120, 70) ALL_AGAIN(180)},
    /* the writer was killed in the middle of a pass */
    {1, {45, 50, 50}, {100, 100, 100}, ALL_STALE(81, 31) ALL_AGAIN(100)},
    /* one that is not updated again is reported after a period; one that is updated later is not */
    {1, {50, 50, 50}, {100, 104, NEVER}, ALL_STALE(81, 31) ALL_AGAIN(100) ONE_STALE(106, c, 56)},
    /* not all of them */
    {1, {50, 50, ALWAYS}, {100, 100, 0}, ONE_STALE(86, a, 36) ONE_STALE(86, b, 36) ONE_AGAIN(100, a) ONE_AGAIN(100, b)},
    /* not within one period */
    {1,
     {30, 40, 50},
     {100, 100, 100},
     ONE_STALE(66, a, 36) ONE_STALE(76, b, 36) ONE_STALE(86, c, 36) ONE_AGAIN(100, a) ONE_AGAIN(100, b)
         ONE_AGAIN(100, c)},
    /* one that has long been stale does not hide that all others are */
    {1, {10, 50, 50}, {NEVER, 100, 100}, ONE_STALE(46, a, 36) ALL_STALE(81, 31) ALL_AGAIN(100)},
};

static void put_notes(char *text, size_t size, int t) {
  for (size_t i = 0; i < fake.notifications_num; i++) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%d %c %s\n", t, "?FW?O"[fake.notifications[i].severity],
             fake.notifications[i].message);
    bool all = strstr(fake.notifications[i].message, " VM ") == NULL;
    ck_assert_int_eq(strcmp(fake.notifications[i].name, "node1/vm_energy/energy") == 0, all);
  }
}

START_TEST(all_vms_become_stale) {
  char notes[2048] = "", name[2] = "a";
  int interval_s = all_rows[_i].interval_s;
  size_t lines = 0;
  interval_g = DOUBLE_TO_CDTIME_T(interval_s);
  start("NotifyStale true; StaleTimeout 30");
  for (int t = 0; t <= 200; t++) {
    for (int vm = 0; vm < 3; vm++) {
      name[0] = (char)('a' + vm);
      bool is_next = t >= all_rows[_i].next[vm] && (t - all_rows[_i].next[vm]) % 5 == 0;
      if ((t <= all_rows[_i].last[vm] && t % 5 == 0) || is_next)
        counter_at(name, "1000000", t);
    }
    fake_forget();
    if (t % (interval_s < 2 ? interval_s : 2) == 0)
      read_at(t);
    put_notes(notes, sizeof(notes), t);
    lines += fake_count("no update of") + fake_count("updated again");
  }
  ck_assert_str_eq(notes, all_rows[_i].notes);
  size_t expected = 0;
  for (const char *c = notes; *c != '\0'; c++)
    expected += *c == '\n';
  ck_assert_uint_eq(lines, expected); /* the log has the same messages */
}
END_TEST

/* The VMs were not reported as stale one by one, so the end is not either. */
START_TEST(all_stale_vms_are_removed) {
  start("NotifyStale true; StaleTimeout 10");
  counter_at("a", "1000000", 0);
  update_at("b", "", 0);
  read_at(11);
  expect_notes("W None of the 2 energy counters was updated for 11 s.\n");
  fake_forget();
  remove_counter("a");
  read_at(12);
  expect_notes("");
  remove_counter("b");
  read_at(13);
  expect_notes("O All energy counters were removed.\n");
}
END_TEST

START_TEST(all_stale_is_throttled) {
  start("NotifyStale true; StaleTimeout 0.5");
  for (int t = 0; t < 60; t += 2) {
    counter_at("a", "1000000", t);
    update_at("b", "1000000", t);
    read_at(t + 1);
  }
  ck_assert_uint_eq(fake.notifications_num, 20);
  ck_assert_int_eq(fake.notifications[18].severity, NOTIF_WARNING);
  ck_assert_int_eq(fake.notifications[19].severity, NOTIF_OKAY);
  ck_assert_uint_eq(fake_count("pdate"), 10);
}
END_TEST

/* What is no counter is refused with the reason, once, and its content is not logged. */
static const char *const other_kinds[] = {"is a directory",
                                          "is a FIFO, socket or device, not a regular file",
                                          "is or leads through a symbolic link, which is not followed here",
                                          "is longer than a number can be",
                                          "is a number above 2^64-1",
                                          "is not a decimal number"};

START_TEST(no_counter) {
  const char *path = in_scratch("a/energy_uj");
  make_parents(path);
  switch (_i) {
  case 0:
    ck_assert_int_eq(mkdir(path, 0755), 0);
    break;
  case 1:
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    break;
  case 2:
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    break;
  case 3:
    write_text("a/energy_uj", "secret secret secret secret secret secret secret secret secret secret secret");
    break;
  default:
    write_text("a/energy_uj", _i == 4 ? "18446744073709551616" : "secret\n");
  }
  counter_at("b", "1000000", 0);
  start("");
  read_at(0);
  read_at(1);
  expect_values("b/energy=1; b/energy=1");
  expect_log(text_of("W VM 'a': '@/a/energy_uj': %s; it has no values until this is fixed\nI reading 2 counters\n",
                     other_kinds[_i]));
}
END_TEST

static void read_denied(void) {
  unsigned uid = geteuid();
  start("");
  read_at(0);
  read_at(1);
  expect_values("b/energy=2; b/energy=2");
  if (uid == 0)
    expect_log("W VM 'a': '@/a/energy_uj': permission denied; collectd runs as root, but without the right to read all "
               "files; allow CAP_DAC_READ_SEARCH in its systemd unit (CapabilityBoundingSet=)\nI reading 2 counters\n");
  else
    expect_log(
        text_of("W VM 'a': '@/a/energy_uj': permission denied; collectd runs as uid %u; as root, run: setfacl -m "
                "u:%u:r @/a/energy_uj (and u:%u:x for each closed directory)\nI reading 2 counters\n",
                uid, uid, uid));
  ck_assert_int_eq(fake_shutdown(), 0);
}

START_TEST(denied) {
  counter_at("a", "1000000", 0);
  counter_at("b", "2000000", 0);
  ck_assert_int_eq(chmod(in_scratch("a/energy_uj"), 0), 0);
  as_nobody(read_denied);
}
END_TEST

/* Root in a unit with a short CapabilityBoundingSet. */
START_TEST(denied_to_root) {
  if (geteuid() != 0)
    return;
  counter_at("a", "1000000", 0);
  counter_at("b", "2000000", 0);
  ck_assert_int_eq(chmod(in_scratch("a/energy_uj"), 0), 0);
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {{.effective = 0}};
  ck_assert_int_eq((int)syscall(SYS_capset, &header, none), 0);
  read_denied();
}
END_TEST

/* The operator pastes the remedy into a root shell, and tenants choose names. */
static const struct {
  const char *name, *remedy; /* NULL: a name so long that no remedy fits into the line */
} remedy_rows[] = {
    {"x y", ":r '%s/x y/energy_uj' (and"},
    {"x'; reboot; '", ":r '%s/x'\\''; reboot; '\\''/energy_uj' (and"},
    {"web|1", ":r $'%s/web\\1741/energy_uj' (and"},
    {"a\n\xff", ":r $'%s/a\\012\\377/energy_uj' (and"},
    {NULL, NULL},
};

static int remedy_row;

static void read_denied_name(void) {
  start("");
  read_at(0);
  ck_assert_uint_eq(fake_count("permission denied"), 1);
  const char *text = fake.lines[0].text;
  if (remedy_rows[remedy_row].remedy == NULL) {
    ck_assert_msg(strstr(text, "setfacl") == NULL && strstr(text, "needs read permission on it") != NULL, "%s", text);
    return;
  }
  char expected[256], *at = strstr(remedy_rows[remedy_row].remedy, "%s");
  snprintf(expected, sizeof(expected), "%.*s%s%s", (int)(at - remedy_rows[remedy_row].remedy),
           remedy_rows[remedy_row].remedy, scratch, at + 2);
  ck_assert_msg(strstr(text, expected) != NULL, "%s: not %s", text, expected);
  ck_assert_int_eq(fake_shutdown(), 0);
}

START_TEST(the_remedy_is_safe_to_paste) {
  char name[241], file[512];
  remedy_row = _i;
  memset(name, '\xff', sizeof(name) - 1);
  name[sizeof(name) - 1] = '\0';
  if (remedy_rows[_i].name != NULL)
    strcpy(name, remedy_rows[_i].name);
  snprintf(file, sizeof(file), "%s/energy_uj", name);
  counter_at(name, "1000000", 0);
  ck_assert_int_eq(chmod(in_scratch(file), 0), 0);
  as_nobody(read_denied_name);
}
END_TEST

static void remove_b_once(void) {
  fake.on_log = NULL;
  remove_counter("b");
}

/* A VM that is removed between search and read is only reported as removed. */
START_TEST(vanishes_in_the_middle_of_a_pass) {
  start("");
  update_at("a", "1000000", 0);
  fake_forget();
  counter_at("b", "2000000", 1);
  fake.on_log = remove_b_once;
  read_at(1);
  expect_values("a/energy=1");
  expect_log("I VM 'b': reading '@/b/energy_uj'\n");
  fake_forget();
  read_at(2);
  expect_log("I VM 'b': '@/b/energy_uj' was removed\n");
}
END_TEST

/* ---- names ------------------------------------------------------------------------------------------------------- */

START_TEST(harmful_names) {
  start("NotifyAdd true; NotifyRemove true; HostnameFormat 'hostname name'");
  read_at(0);
  fake_forget();
  counter_at("new\nline\033[31m\x9b\x7f", "x", 1);
  read_at(1);
  expect_log(
      "I VM 'new_line_[31m___bc768936': reading '@/new_line_[31m__/energy_uj'\n"
      "W VM 'new_line_[31m___bc768936': '@/new_line_[31m__/energy_uj': is not a decimal number; it has no values "
      "until this is fixed\n");
  expect_notes("O VM new_line_[31m___bc768936 appeared.\n");
  counter_at("new\nline\033[31m\x9b\x7f", "1", 2);
  read_at(2);
  expect_values("node1:new_line_[31m___bc768936/vm_energy-new_line_[31m___bc768936/energy=1e-06");
  ck_assert_uint_eq(fake.unsafe, 0);
}
END_TEST

/* No field that has the VM's name is longer than collectdctl accepts, and two names stay distinct. */
START_TEST(long_names) {
  char name[2][201], seen[128] = "";
  for (int i = 0; i < 2; i++) {
    memset(name[i], 'L', 200);
    name[i][199] = i == 0 ? '0' : '1';
    name[i][200] = '\0';
    counter_at(name[i], "1000000", 0);
  }
  start("HostnameFormat 'hostname name'; ReportPower false");
  read_at(0);
  ck_assert_uint_eq(fake.values_num, 2);
  for (int i = 0; i < 2; i++) {
    const char *host = fake.values[i].name, *rest = strchr(host, '/') + 1;
    ck_assert_int_eq((int)(rest - host) - 1, 63);
    ck_assert_uint_eq(strlen(text_after(rest, "vm_energy-")), 63 + strlen("/energy"));
    ck_assert_int_eq(strncmp(host, "node1:LLLL", 10), 0);
    ck_assert_str_ne(host, seen);
    ck_assert_int_ne(strncmp(host, seen, 63), 0);
    snprintf(seen, sizeof(seen), "%s", host);
  }
}
END_TEST

/* collectd sets no limit to its option Hostname. */
START_TEST(long_hostname) {
  static const char *const formats[] = {"hostname", "hostname hostname hostname hostname name", "hostname name",
                                        "hostname hostname hostname hostname"};
  char host[1031], options[128];
  memset(host, 'h', sizeof(host) - 1);
  host[_i < 2 ? 130 : sizeof(host) - 1] = '\0';
  fake_hostname(host);
  counter_at("a", "1000000", 0);
  snprintf(options, sizeof(options), "HostnameFormat '%s'", formats[_i]);
  start(options);
  read_at(0);
  ck_assert_uint_eq(fake.values_num, 1);
  ck_assert_int_eq((int)strspn(fake.values[0].name, "h:"), _i == 2 ? 54 : 127);
}
END_TEST

/* ---- how often --------------------------------------------------------------------------------------------------- */

/* A VM whose state changes in every pass has ten lines, then one in six minutes; others are not affected. */
START_TEST(a_flapping_vm_is_throttled) {
  start("");
  counter_at("a", "1000000", 0);
  update_at("b", "1000000", 0);
  fake_forget();
  for (int t = 1; t <= 31; t++) {
    counter_at("a", t % 2 == 1 ? "x" : "1000000", t);
    update_at("b", "1000000", t);
  }
  ck_assert_uint_eq(fake_count("VM 'a'"), 10);
  ck_assert_uint_eq(fake.lines_num, 10);
  fake_forget();
  update_at("b", "x", 32);
  ck_assert_uint_eq(fake_count("VM 'b'"), 1);
  fake_forget();
  update_at("a", "1000000", 361);
  expect_log("N 21 messages about VM 'a' were held back\n" AGAIN);
  fake_forget();
  update_at("a", "x", 362);
  expect_log("");
}
END_TEST

START_TEST(resets_and_stale_spells_are_throttled) {
  start("StaleTimeout 0.5");
  update_at("a", "100000000", 0);
  fake_forget();
  for (int t = 1; t <= 30; t += 3) {
    char content[16];
    snprintf(content, sizeof(content), "%d", 1000 - t);
    update_at("a", content, t); /* reset, and updated again */
    read_at(t + 1);             /* stale */
  }
  ck_assert_uint_eq(fake.lines_num, 10);
}
END_TEST

/* More than the machine can draw: one line per spike, and neither power nor energy. */
START_TEST(a_spike_is_logged) {
  start("MaxPower 500");
  update_at("a", "1000000", 0);
  expect_update("a", "901000000000", 5, "a/energy=1");
  expect_log("N VM 'a': '@/a/energy_uj' increased faster than MaxPower allows; the sample has no power\n");
  expect_update("a", "901500000000", 10, "a/energy=501; a/power=100");
  expect_log("");
}
END_TEST

/* Without the option: a counter that falls, and then increases faster than is plausible. */
START_TEST(a_spike_without_the_option_is_logged) {
  start("");
  update_at("a", "900000000000", 0);
  update_at("a", "5", 5);
  fake_forget();
  update_at("a", "990000000000", 10);
  expect_log("N VM 'a': '@/a/energy_uj' increased faster than is plausible; the sample has no power\n");
}
END_TEST

START_TEST(spikes_are_throttled) {
  start("MaxPower 1");
  update_at("a", "0", 0);
  fake_forget();
  for (int t = 1; t <= 30; t++) {
    char content[16];
    snprintf(content, sizeof(content), "%d000000000", t);
    update_at("a", content, t);
  }
  ck_assert_uint_eq(fake.lines_num, 10);
}
END_TEST

/* b comes and goes beside a: fifty lines, then one in ten seconds. */
START_TEST(coming_and_going_is_throttled) {
  start("");
  update_at("a", "1000000", 0);
  fake_forget();
  for (int i = 1; i <= 60; i++) {
    counter_at("b", "1000000", 0);
    read_at(i / 1000.0);
    remove_counter("b");
    read_at(i / 1000.0 + 0.0005);
  }
  ck_assert_uint_eq(fake.lines_num, 50);
  fake_forget();
  update_at("b", "1000000", 10.5);
  expect_log("N 70 messages about VMs that came and went were held back\nI VM 'b': reading '@/b/energy_uj'\n");
  fake_forget();
  remove_counter("b");
  read_at(11);
  expect_log("");
}
END_TEST

/* Without another VM: the message that no counter is left is limited, too. */
START_TEST(the_only_vm_comes_and_goes) {
  start("");
  read_at(0);
  for (int i = 1; i <= 200; i++) {
    counter_at("a", "1000000", 0);
    read_at(i / 1000.0);
    remove_counter("a");
    read_at(i / 1000.0 + 0.0005);
  }
  ck_assert_uint_le(fake.lines_num, 60);
}
END_TEST

/* As in the log: ten per VM, then one in six minutes. Each VM has its own limit, apart from that of its log lines. */
START_TEST(notifications_of_resets_are_throttled) {
  char content[16];
  start("NotifyReset true; NotifyStale true");
  counter_at("a", "1000", 0);
  counter_at("b", "1000", 0);
  for (int t = 0; t <= 30; t++) /* ten lines about a */
    counter_at("a", t % 2 == 1 ? "x" : "1000", t), read_at(t);
  for (int t = 31; t <= 60; t++) {
    snprintf(content, sizeof(content), "%d", 1000 - t);
    update_at("a", content, t);
  }
  ck_assert_uint_eq(fake.notifications_num, 10);
  for (int t = 61; t <= 720; t++) {
    snprintf(content, sizeof(content), "%d", 1000 - t);
    update_at("a", content, t);
  }
  ck_assert_uint_eq(fake.notifications_num, 12); /* with that of b, which is stale */
}
END_TEST

/* A warning may be late or left out, but each one is followed by its OKAY. */
START_TEST(notifications_of_stale_spells_are_throttled) {
  start("NotifyStale true; StaleTimeout 0.5");
  for (int t = 0; t < 60; t += 2) {
    update_at("a", "1000000", t);
    read_at(t + 1);
  }
  ck_assert_uint_eq(fake.notifications_num, 20);
  ck_assert_int_eq(fake.notifications[18].severity, NOTIF_WARNING);
  ck_assert_int_eq(fake.notifications[19].severity, NOTIF_OKAY);
  fake_forget();
  for (int t = 60; t <= 370; t++)
    read_at(t);
  expect_notes("W The energy counter of VM a was not updated for 303 s.\n"); /* late, and true */
  counter_at("a", "1000000", 371);
  fake_forget();
  read_at(371);
  expect_notes("O The energy counter of VM a is updated again.\n");
}
END_TEST

static void come_and_go(const char *vm, int t0, int times) {
  for (int i = 0; i < times; i++) {
    counter_at(vm, "1000000", t0 + 2 * i);
    read_at(t0 + 2 * i);
    remove_counter(vm);
    read_at(t0 + 2 * i + 1);
  }
}

/* The limit of a VM continues while it is removed; the last notification is true all the same. */
static const struct {
  const char *options;
  const char *pair, *late, *last;
} coming_rows[] = {
    {"NotifyAdd true; NotifyRemove true", "O VM a appeared.\nW VM a was removed.\n", "O VM a appeared.\n",
     "W VM a was removed.\n"},
    {"NotifyAdd true", "O VM a appeared.\n", "O VM a appeared.\n", ""},
    {"NotifyRemove true", "W VM a was removed.\n", "", "W VM a was removed.\n"},
    {"NotifyReset true", "", "", ""},
};

START_TEST(notifications_of_coming_and_going_are_throttled) {
  char expected[1024] = "";
  start(coming_rows[_i].options);
  read_at(0);
  come_and_go("a", 1, 25);
  for (int i = 0; i < 10; i++)
    strcat(expected, coming_rows[_i].pair);
  expect_notes(expected);
  fake_forget();
  update_at("a", "1000000", 60);
  read_at(300);
  expect_notes("");
  read_at(362);
  read_at(363);
  expect_notes(coming_rows[_i].late);
  fake_forget();
  remove_counter("a");
  read_at(364);
  expect_notes(coming_rows[_i].last);
}
END_TEST

START_TEST(each_vm_that_comes_and_goes_has_its_own) {
  start("NotifyAdd true");
  read_at(0);
  come_and_go("a", 1, 25);
  come_and_go("b", 60, 5);
  ck_assert_uint_eq(fake.notifications_num, 15);
  for (int t = 100; t <= 3 * 3600; t += 100)
    read_at(t);
  fake_forget();
  come_and_go("a", 4 * 3600, 25); /* the limit has been dropped */
  ck_assert_uint_eq(fake.notifications_num, 10);
}
END_TEST

/* The same for the log lines of a VM whose state changes. */
START_TEST(a_flapping_vm_that_was_removed_is_throttled) {
  start("");
  update_at("a", "1000000", 0);
  fake_forget();
  for (int t = 1; t <= 20; t++) {
    update_at("a", t % 2 == 1 ? "x" : "1000000", t);
  }
  remove_counter("a");
  read_at(21);
  update_at("a", "x", 22);
  ck_assert_uint_eq(fake_count("is not a decimal number"), 5);
}
END_TEST

#ifdef VM_ENERGY_MALLINFO
#include <malloc.h>
#define VM_BYTES 800
#define GROWTH   50 /* this part of all */

static size_t heap_bytes(void) {
  return (size_t)VM_ENERGY_MALLINFO().uordblks;
}
#else /* resident pages, with the holes in them */
#define VM_BYTES 900
#define GROWTH   33

static size_t heap_bytes(void) {
  size_t resident, shared;
  FILE *statm = fopen("/proc/self/statm", "re");
  ck_assert_ptr_nonnull(statm);
  ck_assert_int_eq(fscanf(statm, "%*u %zu %zu", &resident, &shared), 2);
  fclose(statm);
  return (resident - shared) * (size_t)sysconf(_SC_PAGESIZE);
}
#endif
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t used_bytes(void) {
  fake_forget();
  return __sanitizer_get_current_allocated_bytes != NULL ? __sanitizer_get_current_allocated_bytes() : heap_bytes();
}

#define ROUND   (LABEL_AWAY_MAX / 4)
#define FULL    4 /* rounds until as many are removed as are kept */
#define SETTLED 8 /* rounds until malloc() has all the holes it leaves */
#define ROUNDS  12

/* Other VMs in each round. What is kept of a removed one takes 0.7 KiB; beyond their limit, memory is flat. A
   leak of the smallest block of malloc(), 32 bytes, of each VM would be 320 KB, more than what is allowed for. */
START_TEST(removed_vms_are_forgotten) {
  size_t bytes[ROUNDS + 1];
  scratch_in_memory();
  start("NotifyAdd true; NotifyRemove true; NotifyReset true; NotifyStale true");
  read_at(0);
  bytes[0] = used_bytes();
  for (int round = 0; round < ROUNDS; round++) {
    int t = (round + 1) * 4 * 3600;
    for (int step = 0; step < 3; step++, read_at(t + step))
      for (int i = 0; i < ROUND && step < 2; i++) {
        char name[16];
        snprintf(name, sizeof(name), "v%06d", round * ROUND + i);
        if (step == 0)
          counter_at(name, "1000000", t);
        else
          remove_counter(name);
      }
    bytes[round + 1] = used_bytes();
  }
  ck_assert_uint_lt(bytes[FULL], bytes[0] + (size_t)LABEL_AWAY_MAX * VM_BYTES);
  ck_assert_uint_gt(bytes[FULL], bytes[0] + (size_t)LABEL_AWAY_MAX * 400); /* they are kept */
  ck_assert_uint_lt(bytes[ROUNDS], bytes[SETTLED] + bytes[SETTLED] / GROWTH);
}
END_TEST

/* 200 new VMs are not one VM that comes and goes: each is notified. */
START_TEST(many_new_vms_are_notified) {
  start("NotifyAdd true");
  read_at(0);
  for (int i = 0; i < 200; i++) {
    char name[16];
    snprintf(name, sizeof(name), "v%d", i);
    counter_at(name, "1", 1);
  }
  read_at(1);
  ck_assert_uint_eq(fake.notifications_num, 200);
}
END_TEST

START_TEST(refused_values) {
  interval_g = NS_TO_CDTIME_T(1000000);
  start("");
  update_at("a", "0", 0);
  fake_forget();
  fake.dispatch_status = -7;
  update_at("a", "500000000", 5);
  expect_log("W collectd refused the energy of VM 'a' (status -7)\n"
             "W collectd refused the power of VM 'a' (status -7)\n");
  for (int i = 1; i <= 100; i++)
    read_at(5 + i / 1000.0);
  ck_assert_uint_eq(fake.lines_num, 50);
  fake_forget();
  fake.dispatch_status = 0;
  read_at(5.5);
  expect_values("a/energy=500; a/power=100");
  expect_log("");
}
END_TEST

START_TEST(no_clock) {
  start("");
  counter_at("a", "1000000", 0);
  clock_error = -EINVAL;
  read_at(0);
  expect_values("");
  expect_log("E this interval is incomplete: Invalid argument\n");
  clock_error = 0;
  expect_at(1, "a/energy=1");
  expect_log("I reading 1 counter\n");
}
END_TEST

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* Options that take memory, two VMs, one of them bad, and one that comes and goes. */
static void live_a_cycle(void) {
  start(
      "VM '/./'; VM 'x'; Scale 5; Smooth 9; NotifyAdd true; NotifyRemove true; HostnameFormat 'name'; StaleTimeout 9");
  clock_ns += 60 * NS_PER_S;
  double t = (double)clock_ns / 1e9;
  counter_at("a", "1000000", t);
  update_at("b", "x", t);
  counter_at("a", "501000000", t + 5);
  update_at("c", "1", t + 5);
  remove_counter("c");
  read_at(t + 6);
  ck_assert_uint_eq(fake.values_num, 8);
  ck_assert_double_eq_tol(fake_value("a/vm_energy-a/power"), 500, 1e-6);
  fake_forget();
  ck_assert_int_eq(fake_shutdown(), 0);
  ck_assert_uint_eq(fake.lines_num + fake.values_num + fake.notifications_num, 0); /* collectd ends, no VM does */
}

/* Nothing of one cycle is left in the next: no memory, option, logged state or open file. */
START_TEST(cycles) {
  int open_files = count_open_files();
  size_t bytes = 0;
  for (int i = 0; i < 4; i++) {
    live_a_cycle();
    ck_assert_int_eq(count_open_files(), open_files);
    if (__sanitizer_get_current_allocated_bytes == NULL)
      continue;
    if (i == 0)
      bytes = __sanitizer_get_current_allocated_bytes();
    ck_assert_uint_le(__sanitizer_get_current_allocated_bytes(), bytes);
  }
  start("");
  read_at((double)clock_ns / 1e9 + 1);
  expect_values("a/energy=501");
  expect_log("W VM 'b': '@/b/energy_uj': is not a decimal number; it has no values until this is fixed\n"
             "I reading 2 counters\n");
  expect_notes("");
}
END_TEST

START_TEST(shutdown_at_any_time) {
  ck_assert_int_eq(fake_shutdown(), 0);
  configure("VM 'a'");
  ck_assert_int_eq(fake_shutdown(), 0);
  start("VM 'a'");
  ck_assert_int_eq(fake_shutdown(), 0);
  ck_assert_int_eq(fake_shutdown(), 0);
  expect_log("");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plugin");
  TCase *tcase = tcase_create("plugin");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, registers_its_callbacks);
  tcase_add_loop_test(tcase, values_when_due, 0, ROWS(due_rows));
  tcase_add_test(tcase, pauses_are_logged_once);
  tcase_add_test(tcase, a_pause_with_power_by_samples);
  tcase_add_test(tcase, a_small_range_is_logged_once);
  tcase_add_test(tcase, identifiers);
  tcase_add_test(tcase, default_places);
  tcase_add_test(tcase, nothing_found);
  tcase_add_test(tcase, reading_so_many);
  tcase_add_test(tcase, unreadable_directory);
  tcase_add_test(tcase, a_search_error_that_moves_and_ends);
  tcase_add_test(tcase, life_without_notifications);
  tcase_add_test(tcase, life_with_notifications);
  tcase_add_loop_test(tcase, one_notification_option, 0, ROWS(notify_rows));
  tcase_add_test(tcase, dead_from_the_start);
  tcase_add_test(tcase, missing_file);
  tcase_add_test(tcase, a_written_out_file_at_start);
  tcase_add_test(tcase, a_hole_is_not_worth_a_line);
  tcase_add_loop_test(tcase, a_stale_vm_is_removed, 0, ROWS(end_rows));
  tcase_add_test(tcase, a_stale_file_that_was_written_out_is_removed);
  tcase_add_loop_test(tcase, no_value_for_the_stale_time, 0, ROWS(valueless_rows));
  tcase_add_loop_test(tcase, all_vms_become_stale, 0, ROWS(all_rows));
  tcase_add_test(tcase, all_stale_vms_are_removed);
  tcase_add_test(tcase, all_stale_is_throttled);
  tcase_add_loop_test(tcase, no_counter, 0, ROWS(other_kinds));
  tcase_add_test(tcase, denied);
  tcase_add_test(tcase, denied_to_root);
  tcase_add_loop_test(tcase, the_remedy_is_safe_to_paste, 0, ROWS(remedy_rows));
  tcase_add_test(tcase, vanishes_in_the_middle_of_a_pass);
  tcase_add_test(tcase, harmful_names);
  tcase_add_test(tcase, long_names);
  tcase_add_loop_test(tcase, long_hostname, 0, 4);
  tcase_add_test(tcase, a_flapping_vm_is_throttled);
  tcase_add_test(tcase, a_spike_is_logged);
  tcase_add_test(tcase, a_spike_without_the_option_is_logged);
  tcase_add_test(tcase, spikes_are_throttled);
  tcase_add_test(tcase, resets_and_stale_spells_are_throttled);
  tcase_add_test(tcase, coming_and_going_is_throttled);
  tcase_add_test(tcase, the_only_vm_comes_and_goes);
  tcase_add_test(tcase, notifications_of_resets_are_throttled);
  tcase_add_test(tcase, notifications_of_stale_spells_are_throttled);
  tcase_add_loop_test(tcase, notifications_of_coming_and_going_are_throttled, 0, ROWS(coming_rows));
  tcase_add_test(tcase, each_vm_that_comes_and_goes_has_its_own);
  tcase_add_test(tcase, a_flapping_vm_that_was_removed_is_throttled);
  tcase_add_test(tcase, many_new_vms_are_notified);
  tcase_add_test(tcase, refused_values);
  tcase_add_test(tcase, no_clock);
  tcase_add_test(tcase, cycles);
  tcase_add_test(tcase, shutdown_at_any_time);
  suite_add_tcase(suite, tcase);
  TCase *many = tcase_create("many VMs");
  tcase_set_timeout(many, 300);
  tcase_add_checked_fixture(many, setup, teardown);
  tcase_add_test(many, removed_vms_are_forgotten);
  suite_add_tcase(suite, many);
  return suite_run(suite);
}
