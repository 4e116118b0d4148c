/* Reading one counter file: what is accepted, what is refused, and that a writer cannot confuse the reader. */
#include "core/counter.h"
#include "core/meter.h"
#include "file_clock.h"
#include "one_look.h"
#include "reader.h"
#include "scratch.h"
#include "suite.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>

/* Reads a file of the scratch directory, by a literal path or as found by a pattern. */
static struct reading read_counter(const char *name, bool found) {
  int64_t patience_ns = 0;
  int dir_fd = found ? open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
  struct look_file file = {.dir_fd = dir_fd, .path = found ? name : in_scratch(name), .by_pattern = found};
  struct reading reading = read_as_source(&file, NULL, &patience_ns);
  if (found)
    close(dir_fd);
  return reading;
}

/* ---- content ----------------------------------------------------------------------------------------------------- */

#define SPACES16 "                "

static const struct {
  const char *content;
  size_t len; /* 0: strlen */
  int error;
  uint64_t energy_uj;
} content_rows[] = {
    {"123456", 0, 0, 123456},
    {"123456\n", 0, 0, 123456},
    {" 0\n", 0, 0, 0},
    {"18446744073709551615\n", 0, 0, UINT64_MAX},
    {"00000000000000000000000000000000000000000000000000000000000000"
     "12",
     0, 0, 12}, /* 64 bytes */
    {SPACES16 SPACES16 SPACES16 "0000000000000001", 0, 0, 1},
    {SPACES16 SPACES16 SPACES16 "0000000000000001 ", 0, -EFBIG, 0},
    {"", 0, -ENODATA, 0},
    {" \n", 0, -ENODATA, 0},
    {"18446744073709551616", 0, -ERANGE, 0},
    {"-5", 0, -EINVAL, 0},
    {"+5", 0, -EINVAL, 0},
    {"0x5", 0, -EINVAL, 0},
    {"5.0", 0, -EINVAL, 0},
    {"1 2", 0, -EINVAL, 0},
    {"root:x:0:0", 0, -EINVAL, 0},
    {"12\0", 3, -EINVAL, 0},
    {"\x7f"
     "ELF\2\1\1",
     0, -EINVAL, 0},
};

START_TEST(content) {
  size_t len = content_rows[_i].len > 0 ? content_rows[_i].len : strlen(content_rows[_i].content);
  write_bytes("energy_uj", content_rows[_i].content, len);
  set_mtime("energy_uj", 1795000000, 123456789);
  for (int found = 0; found <= 1; found++) {
    struct reading reading = read_counter("energy_uj", found);
    ck_assert_int_eq(reading.error, content_rows[_i].error);
    if (reading.error != 0)
      continue;
    ck_assert_uint_eq(reading.energy_uj, content_rows[_i].energy_uj);
    ck_assert_int_eq(reading.mtime_ns, INT64_C(1795000000123456789));
    ck_assert(!reading.computed);
    ck_assert_uint_eq(reading.range_uj, 0);
  }
}
END_TEST

/* ---- what is no regular file ------------------------------------------------------------------------------------- */

static void make_socket(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", in_scratch(name));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
  close(fd);
}

static void make_device(const char *name) {
  if (mknod(in_scratch(name), S_IFCHR | 0644, makedev(1, 5)) != 0) /* /dev/zero */
    make_fifo(name);                                               /* not root */
}

static void make_nothing(const char *name) {
  (void)name;
}

static void make_sparse(const char *name) {
  write_text(name, "");
  ck_assert_int_eq(truncate(in_scratch(name), INT64_C(1) << 30), 0);
}

static void make_hard_link(const char *name) {
  write_text("secret", "42");
  ck_assert_int_eq(link(in_scratch("secret"), in_scratch(name)), 0);
}

static const struct {
  void (*make)(const char *name);
  const char *link; /* not NULL: target is made, and the counter is a link to this */
  int error, error_found;
} kind_rows[] = {
    {make_nothing, NULL, -ENOENT, -ENOENT},
    {make_fifo, NULL, -EMEDIUMTYPE, -EMEDIUMTYPE},
    {make_socket, NULL, -EMEDIUMTYPE, -EMEDIUMTYPE},
    {make_device, NULL, -EMEDIUMTYPE, -EMEDIUMTYPE},
    {make_directory, NULL, -EISDIR, -EISDIR},
    {make_sparse, NULL, -EFBIG, -EFBIG},
    {make_hard_link, NULL, 0, 0},
    {make_hard_link, "target", 0, -ELOOP},
    {make_fifo, "target", -EMEDIUMTYPE, -ELOOP},
    {make_nothing, "target", -ENOENT, -ELOOP},
    {make_nothing, "/sys/class/net/lo/mtu", 0, -ELOOP},
};

START_TEST(kind) {
  int before = count_held_files();
  kind_rows[_i].make(kind_rows[_i].link == NULL ? "energy_uj" : "target");
  if (kind_rows[_i].link != NULL)
    make_link(kind_rows[_i].link, "energy_uj");
  ck_assert_int_eq(read_counter("energy_uj", false).error, kind_rows[_i].error);
  ck_assert_int_eq(read_counter("energy_uj", true).error, kind_rows[_i].error_found);
  ck_assert_int_eq(count_held_files(), before);
}
END_TEST

START_TEST(linked_directory) {
  write_text("elsewhere/energy_uj", "42");
  ck_assert_int_eq(symlink("elsewhere", in_scratch("vm")), 0);
  ck_assert_int_eq(read_counter("vm/energy_uj", false).error, 0);
  ck_assert_int_eq(read_counter("vm/energy_uj", true).error, -ELOOP);
  ck_assert_int_eq(read_counter("elsewhere/energy_uj", true).error, 0);
  ck_assert_int_eq(read_counter("elsewhere/energy_uj/x", true).error, -ENOTDIR);
  make_link("/sys/class/net/lo", "into-sysfs"); /* only the links of sysfs are followed */
  ck_assert_int_eq(read_counter("into-sysfs/mtu", true).error, -ELOOP);
}
END_TEST

START_TEST(swapped_for_a_fifo) {
  write_text("energy_uj", "42");
  ck_assert_int_eq(read_counter("energy_uj", true).error, 0);
  remove_file("energy_uj");
  make_fifo("energy_uj");
  ck_assert_int_eq(read_counter("energy_uj", true).error, -EMEDIUMTYPE);
}
END_TEST

static void read_denied(void) {
  ck_assert_int_eq(read_counter("energy_uj", false).error, -EACCES);
  ck_assert_int_eq(read_counter("energy_uj", true).error, -EACCES);
  ck_assert_int_eq(read_counter("closed/energy_uj", true).error, -EACCES);
}

START_TEST(denied) {
  write_text("energy_uj", "42");
  ck_assert_int_eq(chmod(in_scratch("energy_uj"), 0), 0);
  write_text("closed/energy_uj", "42");
  ck_assert_int_eq(chmod(in_scratch("closed"), 0), 0);
  as_nobody(read_denied);
  ck_assert_int_eq(chmod(in_scratch("closed"), 0755), 0);
}
END_TEST

/* ---- ways to open ------------------------------------------------------------------------------------------------ */

static const struct {
  const char *path;
  int error;
} open_rows[] = {
    {"a/b/file", 0},        {"a//b/file", 0},         {"a/./b/file", 0},        {"a/b", 0},
    {"link", -ELOOP},       {"a/link", -ELOOP},       {"dirlink/file", -ELOOP}, {"a/b/none", -ENOENT},
    {"none/file", -ENOENT}, {"a/b/file/x", -ENOTDIR},
};

/* openat2() and the way without it give the same result. */
START_TEST(step_by_step) {
  write_text("a/b/file", "42");
  ck_assert_int_eq(symlink("b", in_scratch("a/link")), 0);
  ck_assert_int_eq(symlink("a/b/file", in_scratch("link")), 0);
  ck_assert_int_eq(symlink("a/b", in_scratch("dirlink")), 0);
  int dir_fd = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC), before = count_held_files();
  int one = look_open_nofollow(dir_fd, open_rows[_i].path, O_RDONLY, mounts_now());
  int steps = look_open_step_by_step(dir_fd, open_rows[_i].path, O_RDONLY);
  ck_assert_int_eq(one < 0 ? one : 0, open_rows[_i].error);
  ck_assert_int_eq(steps < 0 ? steps : 0, open_rows[_i].error);
  close(one);
  close(steps);
  steps = look_open_step_by_step(AT_FDCWD, in_scratch(open_rows[_i].path), O_RDONLY);
  ck_assert_int_eq(steps < 0 ? steps : 0, open_rows[_i].error);
  close(steps);
  ck_assert_int_eq(count_held_files(), before);
  close(dir_fd);
}
END_TEST

START_TEST(sysfs) {
  int dir_fd = open("/sys/class/net", O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct stat st;
  if (dir_fd < 0 || fstatat(dir_fd, "lo", &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(st.st_mode)) {
    close(dir_fd);
    return; /* no sysfs in this container */
  }
  struct look_file file = {.dir_fd = dir_fd, .path = "lo/mtu", .by_pattern = true};
  int64_t patience_ns = 0;
  struct reading reading = read_as_source(&file, NULL, &patience_ns);
  ck_assert_int_eq(reading.error, 0);
  ck_assert(reading.computed);
  ck_assert_uint_gt(reading.energy_uj, 0);
  file.path = "lo/operstate"; /* a word */
  reading = read_as_source(&file, NULL, &patience_ns);
  ck_assert_int_eq(reading.error, -EINVAL);
  close(dir_fd);
}
END_TEST

/* A link in sysfs that leads to a mount over it. */
START_TEST(out_of_sysfs) {
  struct stat st;
  if (lstat("/sys/class/net/lo", &st) != 0 || !S_ISLNK(st.st_mode))
    return; /* no sysfs in this container */
  if (!own_mounts() || mount("tmpfs", "/sys/class/net/lo", "tmpfs", 0, "size=64k") != 0)
    return; /* nothing may be mounted here */
  int fd = open("/sys/class/net/lo/mtu", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  ck_assert_int_eq(write(fd, "42", 2), 2);
  close(fd);
  int dir_fd = open("/sys/class/net", O_PATH | O_DIRECTORY | O_CLOEXEC), before = count_held_files();
  struct look_file file = {.dir_fd = dir_fd, .path = "lo/mtu", .by_pattern = true};
  int64_t patience_ns = 0;
  struct reading reading = read_as_source(&file, NULL, &patience_ns);
  ck_assert_int_eq(reading.error, -ELOOP);
  ck_assert_int_eq(count_held_files(), before);
  close(dir_fd);
}
END_TEST

/* ---- time and patience ------------------------------------------------------------------------------------------- */

static const int64_t extreme_s[] = {0, -1, INT64_C(1) << 33, INT64_C(1) << 34, -(INT64_C(1) << 31)};

START_TEST(extreme_times) {
  write_text("energy_uj", "42");
  set_mtime("energy_uj", extreme_s[_i], 999999999);
  struct reading reading = read_counter("energy_uj", true);
  ck_assert_int_eq(reading.error, 0);
  ck_assert_int_le(reading.mtime_ns, INT64_C(4000000001) * NS_PER_S);
  ck_assert_int_ge(reading.mtime_ns, INT64_C(-4000000001) * NS_PER_S);
}
END_TEST

START_TEST(patience) {
  static const int64_t given_ns[] = {0, 10000, 50000, 200000, 3000000, 100000000};
  write_text("energy_uj", "");
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("energy_uj")};
  for (int i = 0; i < 6; i++) {
    int64_t left_ns = given_ns[i];
    struct reading reading = read_as_source(&file, NULL, &left_ns);
    ck_assert_int_eq(reading.error, -ENODATA);
    ck_assert_int_ge(left_ns, 0);
    ck_assert_int_le(given_ns[i] - left_ns, COUNTER_PATIENCE_NS);
    ck_assert(given_ns[i] < 50000 ? left_ns == given_ns[i] : left_ns < given_ns[i]);
  }
  file.path = in_scratch("none"); /* a missing file is not waited for */
  int64_t left_ns = 1000000;
  struct reading reading = read_as_source(&file, NULL, &left_ns);
  ck_assert_int_eq(reading.error, -ENOENT);
  ck_assert_int_eq(left_ns, 1000000);
}
END_TEST

/* Truncates, waits a little, writes a higher number. */
static void write_in_a_loop(const char *path) {
  for (uint64_t number = 1000001;; number++) {
    char text[32];
    int len = snprintf(text, sizeof(text), "%" PRIu64, number);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    for (volatile int i = 0; i < 300; i++)
      ;
    if (write(fd, text, (size_t)len) != len)
      _exit(1);
    close(fd);
    if (number % 4 == 0)
      usleep(50);
  }
}

/* Number and time belong together, on a file system in memory (0) and on that of the scratch directory (1). */
START_TEST(torn) {
  if (_i == 0)
    scratch_in_memory();
  write_text("energy_uj", "1000000");
  const char *path = in_scratch("energy_uj");
  pid_t pid = fork();
  if (pid == 0)
    write_in_a_loop(path);

  const struct meter_options options = {.base = METER_UPDATE, .scale = 1, .tick_ns = NS_PER_US};
  struct meter meter;
  struct sample sample = {0};
  meter_init(&meter, &options);
  int bad = 0, updates = 0, powers = 0, reads = 50000;
  struct reading last = {.energy_uj = 1000000};
  int dir_fd = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct look_file file = {.dir_fd = dir_fd, .path = "energy_uj", .by_pattern = true};
  for (int i = 0; i < reads; i++) {
    int64_t patience_ns = COUNTER_PATIENCE_NS;
    struct reading reading = read_as_source(&file, NULL, &patience_ns);
    take_and_sample(&meter, &reading, &reading.at, &sample);
    if (reading.error != 0) {
      bad++;
      continue;
    }
    ck_assert_msg(reading.energy_uj >= last.energy_uj, "%" PRIu64 " behind %" PRIu64, reading.energy_uj,
                  last.energy_uj);
    ck_assert_msg(reading.mtime_ns >= last.mtime_ns, "the time went back");
    if (i > 0 && reading.mtime_ns > last.mtime_ns)
      ck_assert_msg(reading.energy_uj > last.energy_uj, "an old value with a new time");
    ck_assert_msg(!sample.has_power || sample.power_w > 0, "a false zero");
    powers += sample.has_power;
    updates += reading.energy_uj > last.energy_uj;
    last = reading;
  }
  kill(pid, SIGKILL); /* SIGTERM is caught by Check */
  waitpid(pid, NULL, 0);
  close(dir_fd);
  ck_assert_int_gt(updates, 100);
  ck_assert_int_gt(powers, 100);
  ck_assert_int_lt(bad, reads / 10);
}
END_TEST

/* ---- range ------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *content;
  int error;
  uint64_t range_uj;
} range_rows[] = {
    {"262143328850\n", 0, 262143328850}, {"0", -ERANGE, 0}, {"", -ENODATA, 0}, {"many", -EINVAL, 0}, {NULL, 0, 0},
};

static struct reading read_zone(struct counter_memory *counter) {
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("zone/energy_uj")};
  int64_t patience_ns = 0;
  return read_as_source(&file, counter, &patience_ns);
}

static void expect_range(const struct reading *reading, uint64_t range_uj, int error) {
  ck_assert_int_eq(reading->error, 0);
  ck_assert_uint_eq(reading->range_uj, range_uj);
  ck_assert_int_eq(reading->range_error, error);
}

/* Read at the first reading, and again until it succeeds. */
START_TEST(range) {
  struct counter_memory counter = {.range_uj = 0};
  write_text("zone/energy_uj", "42");
  if (range_rows[_i].content != NULL)
    write_text("zone/max_energy_range_uj", range_rows[_i].content);
  struct reading reading = read_zone(&counter);
  expect_range(&reading, range_rows[_i].range_uj, range_rows[_i].error);
  write_text("zone/max_energy_range_uj", "7");
  reading = read_zone(&counter);
  expect_range(&reading, range_rows[_i].error != 0 ? 7 : range_rows[_i].range_uj, 0);
}
END_TEST

START_TEST(range_is_read_again) {
  struct counter_memory counter = {.range_uj = 0};
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("zone/energy_uj"), .mounts = mounts_now()};
  write_text("zone/energy_uj", "42");
  struct reading reading = read_zone(&counter);
  expect_range(&reading, 0, 0);
  write_text("zone/max_energy_range_uj", "1000");
  counter_read_range(&file, &counter, &reading);
  expect_range(&reading, 1000, 0);
  write_text("zone/max_energy_range_uj", "");
  counter_read_range(&file, &counter, &reading);
  expect_range(&reading, 1000, -ENODATA); /* the known range is kept */
  reading = read_zone(&counter);
  expect_range(&reading, 1000, -ENODATA);
  unlink(in_scratch("zone/max_energy_range_uj"));
  counter_read_range(&file, &counter, &reading);
  expect_range(&reading, 0, 0);
}
END_TEST

/* After the file was missing, or its directory was no directory, another counter may be there. */
static const struct {
  const char *hidden, *instead; /* the second: a file of that name meanwhile; NULL: none */
  int error;
} away_rows[] = {{"zone/energy_uj", NULL, -ENOENT}, {"zone", NULL, -ENOENT}, {"zone", "zone", -ENOTDIR}};

START_TEST(range_after_it_was_away) {
  struct counter_memory counter = {.range_uj = 0};
  char hidden[PATH_MAX], aside[PATH_MAX];
  write_text("zone/energy_uj", "42");
  write_text("zone/max_energy_range_uj", "1000");
  struct reading reading = read_zone(&counter);
  expect_range(&reading, 1000, 0);
  snprintf(hidden, sizeof(hidden), "%s", in_scratch(away_rows[_i].hidden));
  snprintf(aside, sizeof(aside), "%s", in_scratch("aside"));
  ck_assert_int_eq(rename(hidden, aside), 0);
  if (away_rows[_i].instead != NULL)
    write_text(away_rows[_i].instead, "");
  ck_assert_int_eq(read_zone(&counter).error, away_rows[_i].error);
  if (away_rows[_i].instead != NULL)
    remove_file(away_rows[_i].instead);
  ck_assert_int_eq(rename(aside, hidden), 0);
  write_text("zone/max_energy_range_uj", "7");
  reading = read_zone(&counter);
  expect_range(&reading, 7, 0);
}
END_TEST

/* A lack of descriptors does not last. */
START_TEST(range_without_descriptors) {
  struct counter_memory counter = {.range_uj = 0};
  write_text("zone/energy_uj", "42");
  write_text("zone/max_energy_range_uj", "1000");
  struct reading reading = read_zone(NULL);
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("zone/energy_uj"), .mounts = mounts_now()};
  limit_descriptors(0);
  counter_read_range(&file, &counter, &reading);
  expect_range(&reading, 0, -EMFILE);
  limit_descriptors(-1);
  reading = read_zone(&counter);
  expect_range(&reading, 1000, 0);
}
END_TEST

START_TEST(range_is_no_fifo) {
  write_text("zone/energy_uj", "42");
  make_fifo("zone/max_energy_range_uj");
  struct reading reading = read_zone(NULL);
  expect_range(&reading, 0, -EMEDIUMTYPE);
}
END_TEST

/* ---- when it was read -------------------------------------------------------------------------------------------- */

static int stops;    /* the next calls of clock_now() before which the process was stopped for a second */
static bool no_time; /* passes but for that, however slow the machine is */

int clock_now(struct instant *now) {
  static int64_t stopped_ns;
  if (stops > 0 && stops-- > 0)
    stopped_ns += NS_PER_S;
  struct timespec t = {.tv_sec = 0};
  if (!no_time)
    clock_gettime(CLOCK_BOOTTIME, &t);
  now->mono_ns = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec + stopped_ns;
  if (!no_time)
    clock_gettime(CLOCK_REALTIME, &t);
  now->wall_ns = (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec + stopped_ns;
  return 0;
}

static const struct {
  int stops;
  bool inexact;
} stop_rows[] = {{0, false}, {1, false}, {2, false}, {3, true}};

START_TEST(stopped) {
  struct counter_memory counter = {.range_uj = 0};
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("vm/energy_uj"), .mounts = mounts_now()};
  write_text("vm/energy_uj", "42");
  no_time = true;
  for (int i = 0; i < 4; i++) {
    struct instant before, now, after;
    struct reading reading;
    int64_t patience_ns = 0;
    clock_now(&before);
    now = before;
    stops = stop_rows[_i].stops;
    counter_read(&file, &counter, &patience_ns, &now, &reading);
    ck_assert_int_eq(stops, 0);
    clock_now(&after);
    ck_assert_int_eq(reading.error, 0);
    ck_assert_int_eq(reading.inexact, stop_rows[_i].inexact);
    ck_assert_int_eq(reading.at.mono_ns, now.mono_ns);
    ck_assert_int_eq(reading.at.wall_ns, now.wall_ns);
    ck_assert_int_ge(reading.at.mono_ns, before.mono_ns + stop_rows[_i].stops * NS_PER_S);
    ck_assert_int_le(reading.at.mono_ns, after.mono_ns);
  }
}
END_TEST

/* An error has its instant, too. */
START_TEST(instant_of_an_error) {
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("none")};
  struct instant before;
  int64_t patience_ns = 0;
  clock_now(&before);
  struct reading reading = read_as_source(&file, NULL, &patience_ns);
  ck_assert_int_eq(reading.error, -ENOENT);
  ck_assert_int_ge(reading.at.mono_ns, before.mono_ns);
}
END_TEST

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

START_TEST(texts) {
  static const int errors[] = {ENOENT,      EACCES, ENODATA, EINVAL,  ERANGE, ELOOP, EISDIR,
                               EMEDIUMTYPE, EFBIG,  EAGAIN,  ENOLINK, EIO,    9999};
  for (int i = 0; i < ROWS(errors); i++)
    for (int j = 0; j < i; j++)
      ck_assert_str_ne(counter_error_text(-errors[i]), counter_error_text(-errors[j]));
  ck_assert_str_eq(counter_error_text(-EPERM), counter_error_text(-EACCES));
  ck_assert_str_eq(counter_error_text(-ENOTDIR), counter_error_text(-ENOENT));
  ck_assert_str_eq(counter_error_text(-EIO), strerror(EIO));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("counter");
  suite_case(suite, "counter", scratch_make, scratch_clean, EACH(content, content_rows), EACH(kind, kind_rows),
             ONCE(linked_directory), ONCE(swapped_for_a_fifo), ONCE(denied), EACH(step_by_step, open_rows), ONCE(sysfs),
             ONCE(out_of_sysfs), EACH(extreme_times, extreme_s), ONCE(patience), EACH(range, range_rows),
             ONCE(range_is_read_again), EACH(range_after_it_was_away, away_rows), ONCE(range_without_descriptors),
             ONCE(range_is_no_fifo), EACH(stopped, stop_rows), ONCE(instant_of_an_error), ONCE(texts));
  /* these take seconds */
  suite_case(suite, "while it is written", scratch_make, scratch_clean, TIMES(torn, 2));
  return suite_run(suite);
}
