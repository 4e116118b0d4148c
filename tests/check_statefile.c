/*
 * The option StateFile: energies continue after a restart, and no error of the disk costs a value.
 */
#define BENCH_DISK
#include "plugin_bench.h"

#include <sys/file.h>

/* ---- runs of collectd -------------------------------------------------------------------------------------------- */

#define ANEW    "I StateFile: energies are saved in '@/state'\n"
#define GOES_ON "I StateFile: read the energy of 1 counter from '@/state'\n"

static void keep(const char *options) {
  char all[512];
  snprintf(all, sizeof(all), "StateFile '%s/state'; ReportPower false; %s", scratch, options);
  start(all);
}

static void stop(void) {
  ck_assert_int_eq(fake_shutdown(), 0);
}

static void show_state(void) {
  if (access(in_scratch("state"), F_OK) != 0)
    return;
  for (char *line = strtok(file_text(in_scratch("state")), "\n"); line != NULL; line = strtok(NULL, "\n")) {
    char *path = strstr(line, scratch);
    if (path != NULL)
      show("%.*s@%s\n", (int)(path - line), line, path + strlen(scratch));
  }
}

/* The records, as lines. */
#define expect_state(text) ck_assert_str_eq(of(show_state), text)

static bool is_there(const char *name) {
  struct stat info;
  return lstat(in_scratch(name), &info) == 0;
}

static void copy_state(const char *from, const char *to) {
  const char *text = file_text(in_scratch(from));
  ck_assert_uint_gt(strlen(text), 0);
  write_text(to, text);
}

/* ---- going on ---------------------------------------------------------------------------------------------------- */

START_TEST(off_by_default) {
  start("");
  update_at("a", "1000000", 0);
  stop();
  ck_assert(!is_there("state"));
}
END_TEST

START_TEST(what_is_logged) {
  keep("");
  expect_log("");
  update_at("a", "1000000", 0);
  expect_log(ANEW "I reading 1 counter\n");
  fake_forget();
  update_at("a", "2000000", 60);
  stop();
  expect_log("");
  keep("");
  expect_log(GOES_ON);
}
END_TEST

/* Energy that was saved, that was added while collectd was down, a reset then; and another factor. */
START_TEST(over_several_restarts) {
  keep("");
  expect_update("a", "1000000", 0, "a/energy=1");
  expect_update("a", "3000000", 5, "a/energy=3");
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n");
  stop();
  expect_state("3000000 3000000 1795000005 @/a/energy_uj\n");

  counter_at("a", "10000000", 60); /* while it was down */
  fake_forget();
  keep("");
  expect_log(GOES_ON);
  expect_at(61, "a/energy=10");
  counter_at("a", "500000", 65); /* a reset while it is up */
  expect_at(65, "a/energy=10");
  expect_update("a", "1500000", 70, "a/energy=11");
  stop();
  expect_state("11000000 1500000 1795000070 @/a/energy_uj\n");

  counter_at("a", "700000", 100); /* and one while it was down */
  keep("Scale 5");
  expect_at(101, "a/energy=55");
  ck_assert_uint_eq(fake_count("N VM 'a'"), 0);
  ck_assert_uint_eq(fake_count("fell: treated as a reset"), 1);
  expect_update("a", "900000", 105, "a/energy=56");
  stop();
  expect_state("11200000 900000 1795000105 @/a/energy_uj\n");

  keep("");
  expect_at(110, "a/energy=11.2");
}
END_TEST

/* Killed a while after the file was written: the counter's value makes up for it. */
START_TEST(goes_on_after_a_kill) {
  keep("");
  expect_update("a", "100000000", 0, "a/energy=100");
  expect_update("a", "5000000", 5, "a/energy=100");
  expect_update("a", "6000000", 60, "a/energy=101");
  expect_state("101000000 6000000 1795000060 @/a/energy_uj\n");
  copy_state("state", "copy");
  expect_update("a", "9000000", 100, "a/energy=104");
  stop();
  copy_state("copy", "state");
  keep("");
  expect_update("a", "10000000", 120, "a/energy=105");
}
END_TEST

/* A reset adds nothing, but the new value of the counter is saved; otherwise later energy would be lost. */
START_TEST(a_reset_right_before_the_end) {
  keep("");
  expect_update("a", "9000000", 0, "a/energy=9");
  expect_update("a", "1000000", 5, "a/energy=9");
  stop();
  expect_state("9000000 1000000 1795000005 @/a/energy_uj\n");
  keep("");
  expect_update("a", "3000000", 10, "a/energy=11");
}
END_TEST

START_TEST(wraps_meanwhile) {
  write_text("a/max_energy_range_uj", "10000000\n");
  keep("");
  expect_update("a", "9000000", 0, "a/energy=9");
  stop();
  keep("");
  expect_update("a", "500000", 60, "a/energy=10.5");
}
END_TEST

/* A VM that is removed and comes back, with and without a restart between. */
START_TEST(comes_back) {
  keep("");
  counter_at("a", "1000000", 0);
  expect_update("b", "2000000", 0, "a/energy=1; b/energy=2");
  expect_update("a", "4000000", 5, "a/energy=4; b/energy=2");
  remove_counter("a");
  expect_at(10, "b/energy=2");
  expect_update("a", "1000000", 20, "a/energy=4; b/energy=2");
  expect_update("a", "1500000", 25, "a/energy=4.5; b/energy=2");
  remove_counter("a");
  expect_at(30, "b/energy=2");
  stop();
  expect_state("4500000 1500000 1795000025 @/a/energy_uj\n2000000 2000000 1795000030 @/b/energy_uj\n");
  keep("");
  expect_update("b", "2000000", 40, "b/energy=2");
  expect_update("a", "1600000", 50, "a/energy=4.6; b/energy=2");
}
END_TEST

/* The energy of a counter that cannot be read, at first or in a whole run, is kept. */
START_TEST(unreadable_in_between) {
  keep("");
  update_at("a", "1000000", 0);
  update_at("a", "4000000", 5);
  stop();
  keep("");
  expect_update("a", "", 10, "");
  stop();
  expect_state("4000000 4000000 1795000005 @/a/energy_uj\n");
  keep("");
  expect_update("a", "x", 20, "");
  expect_update("a", "200", 25, "a/energy=4");
}
END_TEST

/* No step of the clock, permanent or not, makes a VM old. */
START_TEST(a_clock_that_jumps_drops_nothing) {
  keep("");
  counter_at("a", "1000000", 0);
  update_at("b", "2000000", 0);
  remove_counter("a");
  read_at(1);
  wall_step_ns = INT64_C(100) * 86400 * NS_PER_S;
  read_at(60);
  read_at(120);
  stop();
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n2000000 2000000 1795000000 @/b/energy_uj\n");
  wall_step_ns = 0;
  keep("");
  counter_at("a", "1500000", 200);
  expect_update("b", "2000000", 200, "a/energy=1.5; b/energy=2");
}
END_TEST

/* ---- how often --------------------------------------------------------------------------------------------------- */

/* At most once a minute, and when something changed. */
START_TEST(written_once_a_minute) {
  keep("");
  ino_t last = 0;
  int writes = 0, changes = 0;
  for (int t = 0; t <= 600; t += 5) {
    char content[32];
    if (t >= 200 && t < 400) { /* the counter is unchanged */
      snprintf(content, sizeof(content), "%d", 1000000 + 200);
    } else {
      snprintf(content, sizeof(content), "%d", 1000000 + t);
      changes++;
    }
    update_at("a", content, t);
    int fd = open(in_scratch("state"), O_RDONLY | O_CLOEXEC); /* held, so that its inode is not used again */
    ck_assert_int_ge(fd, 0);
    struct stat info;
    ck_assert_int_eq(fstat(fd, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
    if (info.st_ino != last)
      writes++;
    last = info.st_ino;
  }
  ck_assert_int_gt(changes, 70);
  ck_assert_int_eq(writes, 9); /* at 0, 60, ..., 600, but not at 300 and 360 */
}
END_TEST

START_TEST(nothing_is_written_in_vain) {
  keep("");
  update_at("a", "1000000", 0);
  stop();
  struct stat before, after;
  ck_assert_int_eq(stat(in_scratch("state"), &before), 0);
  keep("");
  read_at(100);
  read_at(200);
  stop();
  ck_assert_int_eq(stat(in_scratch("state"), &after), 0);
  ck_assert_uint_eq(before.st_ino, after.st_ino);
  keep("");
  stop(); /* before it has read */
  keep("VM 'none'");
  read_at(300);
  stop();
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n");
}
END_TEST

/* ---- what goes wrong --------------------------------------------------------------------------------------------- */

static const struct {
  const char *content, *what;
} damaged_rows[] = {
    {"", "is damaged"},
    {"vm_energy state 1\n1 2 3 /a\nend 1 0000000000000000\n", "is damaged"},
    {"vm_energy state 2\n", "is of another version of vm_energy"},
    {"rubbish \033[31m", "is damaged"},
};

START_TEST(damaged) {
  write_text("state", damaged_rows[_i].content);
  write_text("state.damaged", "an older one");
  keep("");
  expect_log(text_of(
      "W StateFile: '@/state' %s, and was renamed to '@/state.damaged.2'; energies start at the counters' values\n",
      damaged_rows[_i].what));
  ck_assert(!is_there("state"));
  expect_update("a", "1000000", 0, "a/energy=1");
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n");
  ck_assert(is_there("state.damaged.2"));
}
END_TEST

START_TEST(far_too_large) {
  write_text("state", "");
  ck_assert_int_eq(truncate(in_scratch("state"), INT64_C(1) << 30), 0);
  keep("");
  ck_assert_uint_eq(fake_count("is damaged, and was renamed to"), 1);
  ck_assert(is_there("state.damaged") && !is_there("state"));
}
END_TEST

START_TEST(damaged_too_often) {
  write_text("state", "rubbish");
  for (int i = 1; i <= 9; i++) {
    char name[32];
    snprintf(name, sizeof(name), i == 1 ? "state.damaged" : "state.damaged.%d", i);
    write_text(name, "older");
  }
  keep("");
  expect_log("W StateFile: '@/state' is damaged and cannot be renamed: File exists; it is left unchanged, and nothing "
             "is saved: "
             "remove it, and restart collectd\n");
  expect_update("a", "1000000", 0, "a/energy=1");
  stop();
  expect_state("");
}
END_TEST

/* A file that cannot be read may be whole, and is not overwritten. */
START_TEST(unreadable_file) {
  ck_assert_int_eq(_i == 0 ? mkdir(in_scratch("state"), 0755) : symlink(in_scratch("other"), in_scratch("state")), 0);
  keep("");
  expect_log(text_of(
      "W StateFile: cannot read '@/state': %s; it is left unchanged, and nothing is saved: fix this, or choose another "
      "file, and restart collectd\n",
      _i == 0 ? "it is no regular file" : "symbolic links are not followed here"));
  expect_update("a", "1000000", 0, "a/energy=1");
  stop();
  struct stat info;
  ck_assert_int_eq(lstat(in_scratch("state"), &info), 0);
  ck_assert(_i == 0 ? S_ISDIR(info.st_mode) : S_ISLNK(info.st_mode));
  ck_assert(!is_there("other"));
}
END_TEST

/* A second daemon with the same file logs that, and does not write. */
START_TEST(in_use) {
  keep("");
  update_at("a", "1000000", 0);
  stop();
  int fd = open(in_scratch("state.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  fake_forget();
  keep("");
  expect_log(
      "W StateFile: '@/state' is in use by another process; it is left unchanged, and nothing is saved: choose another "
      "file, or end that process, and restart collectd\n");
  expect_update("a", "5000000", 5, "a/energy=5");
  stop();
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n");
  close(fd);
  fake_forget();
  keep("");
  expect_log(GOES_ON);
}
END_TEST

/* Logged once, and so is its end; no value is lost, and the file has all energy then. */
START_TEST(full_disk) {
  keep("");
  expect_update("a", "1000000", 0, "a/energy=1");
  fake_forget();
  write_error = ENOSPC;
  for (int t = 30; t <= 300; t += 30) {
    char content[32];
    write_error = 0;
    snprintf(content, sizeof(content), "%d000000", t);
    counter_at("a", content, t);
    write_error = ENOSPC;
    read_at(t);
  }
  expect_log("W StateFile: cannot write '@/state': No space left on device; free some space; values are not lost\n");
  ck_assert_uint_eq(fake.values_num, 10);
  ck_assert_double_eq(fake.values[9].value, 300);
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n");
  char half[40];
  snprintf(half, sizeof(half), "state.new-%ld", (long)getpid());
  ck_assert(!is_there(half));
  write_error = 0;
  fake_forget();
  read_at(330);
  expect_log("");
  read_at(360);
  expect_log("N StateFile: energies are saved in '@/state' again\n");
  expect_state("300000000 300000000 1795000360 @/a/energy_uj\n");
  fake_forget();
  counter_at("a", "400000000", 340);
  read_at(420);
  expect_log("");
  counter_at("a", "500000000", 480);
  write_error = ENOSPC;
  read_at(480);
  write_error = 0;
  ck_assert_uint_eq(fake_count("StateFile: cannot write '"), 1);
}
END_TEST

/* No pass waits for the disk; the result is logged in a later pass. */
START_TEST(slow_disk) {
  keep("");
  counter_at("a", "1000000", 0);
  fake.threads_wait = true;
  expect_at(0, "a/energy=1");
  expect_log("I reading 1 counter\n");
  counter_at("a", "2000000", 10);
  expect_at(50, "a/energy=2");
  expect_log("");
  expect_at(60, "a/energy=2");
  char expected[200];
  snprintf(expected, sizeof(expected),
           "W StateFile: cannot write '@/state': %s; its disk does not answer; values are not lost\n",
           strerror(ETIMEDOUT));
  expect_log(expected);
  expect_at(120, "a/energy=2");
  expect_log("");
  ck_assert(!is_there("state"));
  fake_run_thread();
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n");
  expect_at(122, "a/energy=2");
  expect_log("N StateFile: energies are saved in '@/state' again\n");
  fake_run_thread();
  expect_state("2000000 2000000 1795000122 @/a/energy_uj\n");
}
END_TEST

/* The end waits for the disk, and writes the rest. */
START_TEST(slow_disk_at_the_end) {
  keep("");
  counter_at("a", "1000000", 0);
  fake.threads_wait = true;
  read_at(0);
  update_at("a", "2000000", 10);
  counter_at("a", "3000000", 20);
  ck_assert_int_eq(unlink(in_scratch("a/energy_uj")), 0);
  read_at(20);
  ck_assert(!is_there("state"));
  stop();
  expect_state("2000000 2000000 1795000010 @/a/energy_uj\n");
}
END_TEST

/* A write that failed late is repeated a minute after it began. */
START_TEST(slow_disk_that_fails) {
  keep("");
  counter_at("a", "1000000", 0);
  fake.threads_wait = true;
  read_at(0);
  write_error = ENXIO;
  fake_run_thread();
  write_error = 0;
  fake_forget();
  read_at(10);
  expect_log("W StateFile: cannot write '@/state': No such device or address; fix this, or choose another path\n");
  fake_forget();
  fake.threads_wait = false;
  read_at(60);
  expect_log("N StateFile: energies are saved in '@/state' again\n");
  expect_state("1000000 1000000 1795000060 @/a/energy_uj\n");
}
END_TEST

START_TEST(no_thread) {
  keep("");
  counter_at("a", "1000000", 0);
  fake.thread_error = EAGAIN;
  expect_at(0, "a/energy=1");
  expect_log("W StateFile: cannot write '@/state': Resource temporarily unavailable; fix this, or choose another path\n"
             "I reading 1 counter\n");
  fake.thread_error = 0;
  fake_forget();
  read_at(60);
  expect_log("N StateFile: energies are saved in '@/state' again\n");
}
END_TEST

START_TEST(full_disk_at_the_end) {
  keep("");
  update_at("a", "1000000", 0);
  update_at("a", "2000000", 5);
  fake_forget();
  write_error = EDQUOT;
  stop();
  write_error = 0;
  ck_assert_uint_eq(fake_count("StateFile: cannot write '"), 1);
  expect_state("1000000 1000000 1795000000 @/a/energy_uj\n");
}
END_TEST

START_TEST(no_directory) {
  char options[256];
  snprintf(options, sizeof(options), "StateFile '%s/none/state'; ReportPower false", scratch);
  start(options);
  expect_log("");
  expect_update("a", "1000000", 0, "a/energy=1");
  expect_log("W StateFile: cannot write '@/none/state': No such file or directory; create its directory\n"
             "I reading 1 counter\n");
  ck_assert_int_eq(mkdir(in_scratch("none"), 0755), 0);
  fake_forget();
  update_at("a", "2000000", 60);
  expect_log("N StateFile: energies are saved in '@/none/state' again\n");
}
END_TEST

static void in_a_closed_directory(void) {
  keep("");
  expect_at(0, "a/energy=1");
  expect_log(
      text_of("W StateFile: cannot write '@/state': Permission denied; collectd runs as uid %u and needs write and "
              "search permission on its directory\nI reading 1 counter\n",
              geteuid()));
  stop();
}

START_TEST(closed_directory) {
  counter_at("a", "1000000", 0);
  ck_assert_int_eq(chmod(scratch, 0555), 0);
  as_nobody(in_a_closed_directory);
  ck_assert_int_eq(chmod(scratch, 0755), 0);
}
END_TEST

/* Of two options the later one counts. */
START_TEST(the_last_one_counts) {
  char options[512];
  snprintf(options, sizeof(options), "StateFile '%s/first'; StateFile '%s/state'", scratch, scratch);
  start(options);
  update_at("a", "1000000", 0);
  stop();
  ck_assert(is_there("state") && !is_there("first"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("statefile");
  TCase *tcase = tcase_create("statefile");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, off_by_default);
  tcase_add_test(tcase, what_is_logged);
  tcase_add_test(tcase, over_several_restarts);
  tcase_add_test(tcase, goes_on_after_a_kill);
  tcase_add_test(tcase, a_reset_right_before_the_end);
  tcase_add_test(tcase, wraps_meanwhile);
  tcase_add_test(tcase, comes_back);
  tcase_add_test(tcase, unreadable_in_between);
  tcase_add_test(tcase, a_clock_that_jumps_drops_nothing);
  tcase_add_test(tcase, in_use);
  tcase_add_test(tcase, written_once_a_minute);
  tcase_add_test(tcase, nothing_is_written_in_vain);
  tcase_add_loop_test(tcase, damaged, 0, ROWS(damaged_rows));
  tcase_add_test(tcase, far_too_large);
  tcase_add_test(tcase, damaged_too_often);
  tcase_add_loop_test(tcase, unreadable_file, 0, 2);
  tcase_add_test(tcase, full_disk);
  tcase_add_test(tcase, slow_disk);
  tcase_add_test(tcase, slow_disk_at_the_end);
  tcase_add_test(tcase, slow_disk_that_fails);
  tcase_add_test(tcase, no_thread);
  tcase_add_test(tcase, full_disk_at_the_end);
  tcase_add_test(tcase, no_directory);
  tcase_add_test(tcase, closed_directory);
  tcase_add_test(tcase, the_last_one_counts);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
