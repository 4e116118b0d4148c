/*
 * The option CSVDir: the content of the files, and that no error of the disk costs a value.
 */
#define BENCH_DISK
#include "plugin_bench.h"

#include <glob.h>

/* A pass in which each write() fails with this errno. */
static void read_with(int error, double t) {
  write_error = error;
  read_at(t);
  write_error = 0;
}

static void capture(const char *options) {
  char all[512];
  snprintf(all, sizeof(all), "CSVDir '%s/captures'; %s", scratch, options);
  start(all);
}

/* The path of the one file or directory in the captures that matches the pattern, in a static buffer. */
static const char *find(const char *pattern) {
  static char path[PATH_MAX];
  char below[128];
  glob_t found;
  snprintf(below, sizeof(below), "captures/%s", pattern);
  ck_assert_int_eq(glob(in_scratch(below), 0, NULL, &found), 0);
  ck_assert_uint_eq(found.gl_pathc, 1);
  snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
  globfree(&found);
  return path;
}

/* The files of each run directory, one after the other, with their content: "power_a.csv: ts,...\n". */
static void show_captures(void) {
  glob_t found;
  int status = glob(in_scratch("captures/run_*"), 0, NULL, &found);
  for (size_t i = 0; status == 0 && i < found.gl_pathc; i++) {
    char pattern[PATH_MAX];
    glob_t files;
    show("%s", i > 0 ? "---\n" : "");
    snprintf(pattern, sizeof(pattern), "%s/*.csv", found.gl_pathv[i]);
    int files_status = glob(pattern, 0, NULL, &files);
    for (size_t j = 0; files_status == 0 && j < files.gl_pathc; j++)
      show("%s: %s", strrchr(files.gl_pathv[j], '/') + 1, file_text(files.gl_pathv[j]));
    globfree(&files);
  }
  globfree(&found);
}

#define expect_captures(text) ck_assert_str_eq(of(show_captures), text)

/* The log, where the name of the run directory is shown as "run_T". */
static void show_log_of_runs(void) {
  show_log();
  for (char *at = shown; (at = strstr(at, "run_")) != NULL; at++) {
    size_t len = strspn(at + 4, "0123456789_");
    ck_assert_uint_ge(len, strlen("20261118_221320"));
    memmove(at + 5, at + 4 + len, strlen(at + 4 + len) + 1);
    at[4] = 'T';
  }
}

#define expect_log_of_runs(text) ck_assert_str_eq(of(show_log_of_runs), text)

#define HEADER_A "power_a.csv: ts,a_energy_uj,a_power_w\n"
#define HEADER_B "power_b.csv: ts,b_energy_uj,b_power_w\n"
#define GOES     "I CSVDir: writing rows to '@/captures/run_T'\n"
#define FULL                                                                                                           \
  "W CSVDir: cannot write '@/captures/run_T/power_a.csv': No space left on device; free some space; values are "       \
  "not lost\n"

/* ---- rows -------------------------------------------------------------------------------------------------------- */

START_TEST(off_by_default) {
  counter_at("a", "1000000", 0);
  start("");
  read_at(0);
  expect_log("I reading 1 counter\n");
  char left[64];
  snprintf(left, sizeof(left), "%.50s/*", scratch);
  glob_t found;
  ck_assert_int_eq(glob(left, 0, NULL, &found), 0);
  ck_assert_uint_eq(found.gl_pathc, 1);
  globfree(&found);
}
END_TEST

/* A row per pass, of the values dispatched in it; a field without a value is empty. */
START_TEST(rows_are_what_is_dispatched) {
  counter_at("a", "1000000", 0);
  capture("Smooth 2; Scale 2; StaleTimeout 8");
  read_at(0);
  expect_values("a/energy=2");
  expect_log_of_runs(GOES "I reading 1 counter\n");
  expect_update("a", "501000000", 5, "a/energy=1002; a/power=200; a/power-sma2=200");
  counter_at("a", "601234567", 10);
  expect_at(10.25, "a/energy=1202.46913; a/power=40.0938268; a/power-sma2=120.046913");
  update_at("a", "", 11); /* torn */
  update_at("a", "601234567", 12);
  fake_forget();
  read_at(21); /* stale */
  expect_values("");
  expect_captures("power_a.csv: ts,a_energy_uj,a_power_w,a_power_w_sma2\n"
                  "1795000000,1000000,,\n"
                  "1795000005,501000000,200.000000,200.000000\n"
                  "1795000010,601234567,40.093827,120.046913\n"
                  "1795000011,,,\n"
                  "1795000012,601234567,0.000000,20.046913\n"
                  "1795000021,601234567,,\n");
}
END_TEST

/* updates.dat and run.json. */
START_TEST(what_lies_beside) {
  counter_at("a", "1000000", 0);
  counter_at("b", "7", -3);
  capture("Scale 5; MaxPower 500");
  read_at(0);
  counter_at("a", "1500000", 1);
  read_at(2);
  all_is_new();
  wall_step_ns = 3600 * NS_PER_S;
  remove_counter("b");
  read_at(4);
  ck_assert_str_eq(file_text(find("run_*/updates.dat")), "update_ts,within_s,label,energy_uj,total_uj,state\n"
                                                         "1795000000.000000,0.000000,a,1000000,1000000,first\n"
                                                         "1794999997.001000,0.001000,b,7,7,first\n"
                                                         "1795000001.001000,0.001000,a,1500000,1500000,ok\n"
                                                         "1795000004.000000,2.000000,b,,7,missing\n");
  ck_assert_str_eq(file_text(find("run_*/run.json")),
                   "{\n \"tool\": \"vm_energy\",\n \"version\": \"" VM_ENERGY_VERSION "\",\n"
                   " \"host\": \"node1\",\n \"start\": 1795000000.000000,\n \"layout\": \"separate\",\n"
                   " \"time_base\": \"auto\",\n \"scale\": 5.000000,\n \"max_power_w\": 500.000000,\n"
                   " \"clock_steps\": [{\"ts\": 1795000004.000000, \"by_s\": 3600.000000}]\n}\n");
}
END_TEST

/* An error of updates.dat is logged once, and no row is lost. */
START_TEST(updates_that_cannot_be_written) {
  char path[PATH_MAX], moved[PATH_MAX + 8];
  counter_at("a", "1", 0);
  capture("");
  read_at(0);
  snprintf(path, sizeof(path), "%s", find("run_*/updates.dat"));
  snprintf(moved, sizeof(moved), "%s.moved", path);
  ck_assert_int_eq(rename(path, moved), 0);
  fake_forget();
  for (int t = 1; t < 4; t++) {
    update_at("a", t == 1 ? "2" : t == 2 ? "3" : "4", t);
  }
  expect_log_of_runs("W CSVDir: cannot write '@/captures/run_T/updates.dat': No such file or directory; "
                     "create its directory\n");
  ck_assert_int_eq(rename(moved, path), 0);
  fake_forget();
  update_at("a", "5", 4);
  expect_log_of_runs("N CSVDir: rows are written again, to '@/captures/run_T'; 0 were lost\n");
  ck_assert_str_eq(file_text(find("run_*/updates.dat")),
                   "update_ts,within_s,label,energy_uj,total_uj,state\n"
                   "1795000000.000000,0.000000,a,1,1,first\n1795000001.000000,0.000000,a,2,2,ok\n"
                   "1795000002.000000,0.000000,a,3,3,ok\n1795000003.000000,0.000000,a,4,4,ok\n"
                   "1795000004.000000,0.000000,a,5,5,ok\n");
}
END_TEST

static const struct {
  const char *interval;
  cdtime_t cdtime;
  const char *ts;
} interval_rows[] = {
    {"10 s", TIME_T_TO_CDTIME_T_STATIC(10), "1795000007"},
    {"1 s", TIME_T_TO_CDTIME_T_STATIC(1), "1795000007"},
    {"1.5 s", TIME_T_TO_CDTIME_T_STATIC(3) / 2, "1795000007.123"},
    {"just below 1 s", TIME_T_TO_CDTIME_T_STATIC(1) - 1, "1795000007.123"},
    {"0.5 s", TIME_T_TO_CDTIME_T_STATIC(1) / 2, "1795000007.123"},
};

START_TEST(decimals_follow_the_interval) {
  interval_g = interval_rows[_i].cdtime;
  counter_at("a", "5", 7);
  capture("");
  read_at(7.1239);
  expect_captures(text_of(HEADER_A "%s,5,\n", interval_rows[_i].ts));
}
END_TEST

START_TEST(a_new_vm_has_a_file_and_a_removed_one_no_rows) {
  counter_at("b", "1", 0);
  capture("");
  read_at(0);
  update_at("a", "2", 1);
  remove_counter("b");
  read_at(2);
  read_at(3);
  counter_at("b", "4", 4);
  remove_counter("a");
  read_at(4);
  expect_captures(HEADER_A "1795000001,2,\n1795000002,2,\n1795000003,2,\n" HEADER_B
                           "1795000000,1,\n1795000001,1,\n1795000004,4,0.000001\n");
}
END_TEST

/* A second start in the same second has a directory of its own. */
START_TEST(each_run_has_a_directory) {
  counter_at("a", "1", 0);
  int open_files = count_open_files();
  for (int i = 0; i < 2; i++) {
    capture("");
    read_at(0);
    ck_assert_int_eq(fake_shutdown(), 0);
    ck_assert_int_eq(count_open_files(), open_files);
  }
  expect_captures(HEADER_A "1795000000,1,\n---\n" HEADER_A "1795000000,1,\n");
}
END_TEST

/* Tenants choose names; none leaves the directory or breaks a row, and 63 bytes are room for a file name. */
START_TEST(harmful_names) {
  char longest[201];
  memset(longest, 'L', 200);
  longest[200] = '\0';
  counter_at("-rf,\"x\n", "1", 0);
  counter_at(longest, "3", 0);
  capture("");
  read_at(0);
  of(show_captures);
  ck_assert_ptr_nonnull(
      strstr(shown, "power__rf,\"x__3f68aad5.csv: "
                    "ts,\"_rf,\"\"x__3f68aad5_energy_uj\",\"_rf,\"\"x__3f68aad5_power_w\"\n1795000000,1,\n"));
  const char *name = strstr(shown, "power_LLL");
  ck_assert_ptr_nonnull(name);
  ck_assert_uint_eq(strcspn(name, ":"), strlen("power_") + 63 + strlen(".csv"));
}
END_TEST

/* More VMs than files are held open: all are new, removed and back at once. */
START_TEST(many_come_and_go) {
  enum { MANY = 150 };
  char name[16];
  capture("");
  read_at(0);
  for (int t = 1; t <= 4; t++) {
    for (int i = 0; i < MANY; i++) {
      snprintf(name, sizeof(name), "v%d", i);
      if (t != 2)
        counter_at(name, "7", t);
      else
        remove_counter(name);
    }
    read_at(t);
    ck_assert_int_le(count_open_files(), 100);
  }
  of(show_captures);
  int whole = 0;
  for (const char *at = shown;
       (at = strstr(at, "_power_w\n1795000001,7,\n1795000003,7,0.000000\n1795000004,7,0.000000")) != NULL; at++)
    whole++;
  ck_assert_int_eq(whole, MANY);
}
END_TEST

/* ---- the disk is full -------------------------------------------------------------------------------------------- */

START_TEST(a_full_disk_costs_rows_only) {
  counter_at("a", "0", 0);
  capture("");
  read_at(0);
  fake_forget();
  counter_at("a", "500000000", 5);
  read_with(ENOSPC, 5);
  counter_at("b", "1000000", 6);
  read_with(ENOSPC, 6); /* not even a header fits */
  expect_values("a/energy=500; a/power=100; a/energy=500; a/power=100; b/energy=1");
  expect_log_of_runs(FULL "I VM 'b': reading '@/b/energy_uj'\n");
  fake_forget();
  read_at(7);
  read_at(8);
  expect_log_of_runs("N CSVDir: rows are written again, to '@/captures/run_T'; 3 were lost\n");
  expect_captures(HEADER_A "1795000000,0,\n1795000007,500000000,100.000000\n1795000008,500000000,100.000000\n" HEADER_B
                           "1795000007,1000000,\n1795000008,1000000,\n");
  fake_forget();
  read_with(ENOSPC, 9); /* logged again, and counted from 0 */
  read_at(10);
  ck_assert_uint_eq(fake_count("No space left on device"), 1);
  ck_assert_uint_eq(fake_count("rows are written again"), 1);
  ck_assert_uint_eq(fake_count("; 2 were lost"), 1);
}
END_TEST

/* An error that another one replaces has not ended, and the other one is logged. */
START_TEST(another_error_is_logged) {
  counter_at("a", "0", 0);
  capture("");
  read_at(0);
  fake_forget();
  for (int t = 1; t <= 3; t++)
    read_with(ENOSPC, t);
  for (int t = 4; t <= 6; t++)
    read_with(ENXIO, t);
  for (int t = 7; t <= 9; t++)
    read_with(EROFS, t);
  expect_log_of_runs(FULL
                     "W CSVDir: cannot write '@/captures/run_T/power_a.csv': No such device or address; fix this, or "
                     "choose another path\n"
                     "W CSVDir: cannot write '@/captures/run_T/power_a.csv': Read-only file system; choose another "
                     "path, or allow this one in collectd's systemd unit (ReadWritePaths=)\n");
}
END_TEST

/* Without a VM there is no row that would show that the error has ended. */
START_TEST(no_vm_is_no_recovery) {
  counter_at("a", "1", 0);
  capture("");
  read_at(0);
  read_with(ENOSPC, 1);
  remove_counter("a");
  fake_forget();
  read_at(2);
  ck_assert_uint_eq(fake_count("CSVDir"), 0);
  counter_at("a", "1", 3);
  read_with(ENOSPC, 3);
  ck_assert_uint_eq(fake_count("CSVDir"), 0);
  read_at(4);
  ck_assert_uint_eq(fake_count("rows are written again"), 1);
  ck_assert_uint_eq(fake_count("; 2 were lost"), 1);
}
END_TEST

/* One file cannot be written: that is logged once, and the others have their rows. */
START_TEST(one_bad_file) {
  counter_at("b", "1", 0);
  capture("");
  read_at(0);
  char path[PATH_MAX + 16];
  snprintf(path, sizeof(path), "%s/power_a.csv", find("run_*"));
  ck_assert_int_eq(symlink("/etc/passwd", path), 0);
  counter_at("a", "2", 1);
  fake_forget();
  for (int t = 1; t <= 3; t++)
    read_at(t);
  ck_assert_uint_eq(fake_count("CSVDir"), 1);
  char words[100];
  snprintf(words, sizeof(words), "/power_a.csv': %s", strerror(ELOOP));
  ck_assert_uint_eq(fake_count(words), 1);
  ck_assert_int_eq(unlink(path), 0);
  fake_forget();
  read_at(4);
  expect_log_of_runs("N CSVDir: rows are written again, to '@/captures/run_T'; 3 were lost\n");
  expect_captures(HEADER_A "1795000004,2,\n" HEADER_B
                           "1795000000,1,\n1795000001,1,\n1795000002,1,\n1795000003,1,\n1795000004,1,\n");
}
END_TEST

START_TEST(a_flapping_disk_is_throttled) {
  counter_at("a", "1", 0);
  capture("");
  read_at(0);
  fake_forget();
  for (int t = 1; t <= 30; t++)
    read_with(t % 2 == 1 ? ENOSPC : 0, t);
  ck_assert_uint_eq(fake.lines_num, 9); /* the tenth was where rows are written */
  fake_forget();
  counter_at("a", "1", 400);
  read_with(ENOSPC, 400);
  expect_log_of_runs("N 21 messages about CSVDir were held back\n" FULL);
}
END_TEST

START_TEST(a_real_full_disk) {
  if (!have_own_mounts("check_csvdir: a_real_full_disk"))
    return;
  ck_assert_int_eq(mkdir(in_scratch("captures"), 0755), 0);
  ck_assert_int_eq(mount("none", in_scratch("captures"), "tmpfs", 0, "size=64k"), 0);
  static char block[4096];
  counter_at("a", "1", 0);
  capture("StaleTimeout 5000");
  read_at(0);
  int fd = open(in_scratch("captures/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  ck_assert_int_ge(fd, 0);
  while (write(fd, block, sizeof(block)) > 0)
    ;
  close(fd);
  fake_forget();
  int t = 1;
  for (; t < 1000; t++) /* the last block of the file has room for some rows */
    read_at(t);
  ck_assert_uint_eq(fake_count("CSVDir"), 1);
  ck_assert_uint_eq(fake_count("No space left on device"), 1);
  ck_assert_uint_eq(fake.values_num, 999);
  ck_assert_int_eq(unlink(in_scratch("captures/filler")), 0);
  read_at(t);
  ck_assert_uint_eq(fake_count("rows are written again"), 1);
  of(show_captures);
  ck_assert_ptr_nonnull(strstr(shown, "\n1795001000,1,"));
  const char *row = strchr(shown, '\n') + 1;
  for (; *row != '\0'; row = strchr(row, '\n') + 1) /* whole rows, all of them */
    ck_assert_msg(strncmp(row, "17950", 5) == 0 && strspn(row, "0123456789") == 10 && row[10] == ',', "%s", row);
}
END_TEST

/* ---- no directory ------------------------------------------------------------------------------------------------ */

START_TEST(parents_are_made) {
  counter_at("a", "1", 0);
  start("");
  ck_assert_int_eq(fake_shutdown(), 0);
  start_block("File '%s/a/energy_uj'; CSVDir '%s/captures/not/yet///'", scratch, scratch);
  fake_forget();
  read_at(0);
  expect_log_of_runs("I CSVDir: writing rows to '@/captures/not/yet/run_T'\nI reading 1 counter\n");
}
END_TEST

/* Starts when the directory can be created; until then, one line in the log, and all values. */
START_TEST(a_directory_that_cannot_be_made_yet) {
  write_text("captures", "a file");
  counter_at("a", "1000000", 0);
  capture("");
  for (int t = 0; t < 3; t++)
    read_at(t);
  expect_values("a/energy=1; a/energy=1; a/energy=1");
  expect_log_of_runs("W CSVDir: cannot write '@/captures/run_T': Not a directory; fix this, or choose another path\n"
                     "I reading 1 counter\n");
  ck_assert_int_eq(unlink(in_scratch("captures")), 0);
  fake_forget();
  read_at(3);
  read_at(4);
  expect_log_of_runs("N CSVDir: rows are written again, to '@/captures/run_T'; 3 were lost\n");
  expect_captures(HEADER_A "1795000003,1000000,\n1795000004,1000000,\n");
}
END_TEST

static void in_closed_directory(void) {
  ck_assert_int_eq(mkdir(in_scratch("open/closed"), 0500), 0);
  start_block("File '%s/a/energy_uj'; CSVDir '%s/open/closed/captures'", scratch, scratch);
  for (int t = 0; t < 3; t++)
    read_at(t);
  expect_values("a/energy=1; a/energy=1; a/energy=1");
  expect_log(text_of(
      "W CSVDir: cannot write '@/open/closed/captures': Permission denied; collectd runs as uid %u and needs write "
      "and search permission on its directory\nI reading 1 counter\n",
      geteuid()));
  fake_forget();
  ck_assert_int_eq(chmod(in_scratch("open/closed"), 0700), 0);
  read_at(3);
  ck_assert_uint_eq(fake_count("rows are written again, to '"), 1);
  ck_assert_uint_eq(fake_count("; 3 were lost"), 1);
  ck_assert_int_eq(fake_shutdown(), 0);
}

START_TEST(a_closed_directory) {
  counter_at("a", "1000000", 0);
  ck_assert_int_eq(mkdir(in_scratch("open"), 0755), 0);
  ck_assert_int_eq(chmod(in_scratch("open"), 0777), 0);
  as_nobody(in_closed_directory);
}
END_TEST

/* After captures were removed or moved, the next pass starts another run. */
START_TEST(a_run_that_is_moved_away) {
  counter_at("a", "1", 0);
  capture("");
  read_at(0);
  ck_assert_int_eq(rename(in_scratch("captures"), in_scratch("archive")), 0);
  fake_forget();
  read_at(1);
  expect_log_of_runs(GOES);
  read_at(2);
  expect_captures(HEADER_A "1795000001,1,\n1795000002,1,\n");
  ck_assert_int_eq(rename(in_scratch("captures"), in_scratch("archive2")), 0);
  write_text("captures", "a file");
  fake_forget();
  read_at(3);
  read_at(4);
  expect_log_of_runs("W CSVDir: cannot write '@/captures/run_T': Not a directory; fix this, or choose another path\n");
  expect_values("a/energy=1e-06; a/energy=1e-06");
}
END_TEST

START_TEST(a_failing_run_that_is_moved_away) {
  counter_at("a", "1", 0);
  capture("");
  read_at(0);
  read_with(ENOSPC, 1);
  read_with(ENOSPC, 2);
  ck_assert_int_eq(rename(in_scratch("captures"), in_scratch("archive")), 0);
  fake_forget();
  read_at(3);
  read_at(4);
  expect_log_of_runs("N CSVDir: rows are written again, to '@/captures/run_T'; 2 were lost\n");
  expect_captures(HEADER_A "1795000003,1,\n1795000004,1,\n");
}
END_TEST

/* As a rotation of logs does. */
static void rotate(const char *name, const char *how) {
  char old[PATH_MAX + 8], pattern[64];
  snprintf(pattern, sizeof(pattern), "run_*/%s", name);
  const char *path = find(pattern);
  snprintf(old, sizeof(old), "%s.1", path);
  if (strcmp(how, "truncated") == 0)
    ck_assert_int_eq(truncate(path, 0), 0);
  else if (strcmp(how, "removed") == 0)
    ck_assert_int_eq(unlink(path), 0);
  else
    ck_assert_int_eq(rename(path, old), 0);
  if (strcmp(how, "replaced") == 0)
    ck_assert_int_eq(close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)), 0);
}

static const char *const rotation_rows[] = {"moved", "removed", "truncated", "replaced"};

START_TEST(a_file_that_is_rotated) {
  counter_at("a", "1", 0);
  counter_at("b", "2", 0);
  capture("");
  read_at(0);
  read_at(1);
  fake_forget();
  rotate("power_a.csv", rotation_rows[_i]);
  read_at(2);
  read_at(3);
  expect_captures(HEADER_A "1795000002,1,\n1795000003,1,\n" HEADER_B
                           "1795000000,2,\n1795000001,2,\n1795000002,2,\n1795000003,2,\n");
  expect_log_of_runs("N CSVDir: '@/captures/run_T/power_a.csv' was removed, moved or emptied; a new one was created\n");
  if (strcmp(rotation_rows[_i], "moved") == 0)
    ck_assert_str_eq(file_text(find("run_*/power_a.csv.1")),
                     "ts,a_energy_uj,a_power_w\n1795000000,1,\n1795000001,1,\n");
}
END_TEST

START_TEST(all_files_are_rotated) {
  counter_at("a", "1", 0);
  counter_at("b", "2", 0);
  capture("");
  read_at(0);
  fake_forget();
  rotate("power_a.csv", "moved");
  rotate("power_b.csv", "moved");
  read_at(1);
  read_at(2);
  expect_captures(HEADER_A "1795000001,1,\n1795000002,1,\n" HEADER_B "1795000001,2,\n1795000002,2,\n");
  expect_log_of_runs(
      "N CSVDir: '@/captures/run_T/power_a.csv' and 1 more were removed, moved or emptied; new ones were created\n");
}
END_TEST

START_TEST(no_vm_at_all) {
  capture("");
  read_at(0);
  expect_captures("");
  update_at("a", "1", 1);
  expect_captures(HEADER_A "1795000001,1,\n");
}
END_TEST

int main(void) {
  setenv("TZ", "UTC", 1);
  Suite *suite = suite_create("csvdir");
  TCase *tcase = tcase_create("csvdir");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, off_by_default);
  tcase_add_test(tcase, rows_are_what_is_dispatched);
  tcase_add_test(tcase, what_lies_beside);
  tcase_add_test(tcase, updates_that_cannot_be_written);
  tcase_add_loop_test(tcase, decimals_follow_the_interval, 0, ROWS(interval_rows));
  tcase_add_test(tcase, a_new_vm_has_a_file_and_a_removed_one_no_rows);
  tcase_add_test(tcase, each_run_has_a_directory);
  tcase_add_test(tcase, harmful_names);
  tcase_add_test(tcase, many_come_and_go);
  tcase_add_test(tcase, a_full_disk_costs_rows_only);
  tcase_add_test(tcase, another_error_is_logged);
  tcase_add_test(tcase, no_vm_is_no_recovery);
  tcase_add_test(tcase, one_bad_file);
  tcase_add_test(tcase, a_flapping_disk_is_throttled);
  tcase_add_test(tcase, a_real_full_disk);
  tcase_add_test(tcase, parents_are_made);
  tcase_add_test(tcase, a_directory_that_cannot_be_made_yet);
  tcase_add_test(tcase, a_closed_directory);
  tcase_add_test(tcase, a_run_that_is_moved_away);
  tcase_add_test(tcase, a_failing_run_that_is_moved_away);
  tcase_add_loop_test(tcase, a_file_that_is_rotated, 0, ROWS(rotation_rows));
  tcase_add_test(tcase, all_files_are_rotated);
  tcase_add_test(tcase, no_vm_at_all);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
