/* A counter that is watched is not looked at while nothing happens to it, and is when something does. */
#include "core/counter.h"
#include "file_clock.h"
#include "scratch.h"
#include "suite.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

#define COUNTER "vm/zone/energy_uj"

/* Looks without an update behind which a counter is watched, and of how many looks one is made all the same. */
#define CALM 6
#define SKIP 8

static struct watch *watch;
static struct counter_memory memory;

static const unsigned long mount_flags[] = {0, MS_NODEV, MS_NOSYMFOLLOW, MS_NODEV | MS_NOSYMFOLLOW};
static bool is_mounted;

/* The last of them is the file system that is there. */
#define MOUNTS (ROWS(mount_flags) + 1)

static void set_up(void) {
  scratch_make();
  memory = (struct counter_memory){.known = false};
  ck_assert_int_eq(watch_new(&watch), 0);
  all_is_old();
}

static void clean_up(void) {
  watch_end(watch, &memory.watched);
  watch_free(watch);
  if (is_mounted)
    umount2(scratch, MNT_DETACH);
  is_mounted = false;
  scratch_clean();
}

static bool may_mount(void) {
  return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* False: may not be done here, and the test is over. */
static bool use_mount(int which) {
  if (which < ROWS(mount_flags)) {
    if (!may_mount())
      return false;
    ck_assert_int_eq(mount("tmpfs", scratch, "tmpfs", mount_flags[which], "size=1m,mode=755"), 0);
    is_mounted = true;
  }
  return true;
}

static struct reading look_with(struct counter_memory *with, struct watch *watching) {
  struct reading reading;
  int64_t patience_ns = 0;
  int dir_fd = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct counter_file file = {
      .dir_fd = dir_fd, .path = COUNTER, .found = true, .guarded = true, .memory = with, .watch = watching};
  counter_read(&file, &patience_ns, &reading);
  close(dir_fd);
  let_a_tick_pass();
  return reading;
}

static struct reading look(void) {
  watch_drain(watch);
  return look_with(&memory, watch);
}

static void expect(struct reading reading, uint64_t number) {
  ck_assert_int_eq(reading.error, 0);
  ck_assert_uint_eq(reading.energy_uj, number);
}

/* Looks until it is watched. */
static void calm_down(void) {
  for (int i = 0; i < CALM; i++)
    expect(look(), 42);
  ck_assert_int_eq(count_watched_files(), 1);
}

/* ---- what is watched --------------------------------------------------------------------------------------------- */

static const struct {
  int looks; /* per update */
  int watched;
} rhythms[] = {{1, 0}, {2, 0}, {3, 1}, {5, 1}, {20, 1}};

START_TEST(rhythm) {
  for (unsigned i = 0; i < 70; i++) {
    char text[16];
    snprintf(text, sizeof(text), "%u", 42 + i / (unsigned)rhythms[_i].looks);
    if (i % (unsigned)rhythms[_i].looks == 0)
      write_text(COUNTER, text);
    expect(look(), 42 + i / (unsigned)rhythms[_i].looks);
  }
  ck_assert_int_eq(count_watched_files(), rhythms[_i].watched);
}
END_TEST

/* One that becomes busy is let go with the next look from the ground up. */
START_TEST(becomes_busy) {
  write_text(COUNTER, "42");
  calm_down();
  for (unsigned i = 0; i < 70; i++) {
    char text[16];
    snprintf(text, sizeof(text), "%u", 43 + i);
    write_text(COUNTER, text);
    expect(look(), 43 + i);
  }
  ck_assert_int_eq(count_watched_files(), 0);
}
END_TEST

/* Where files change without our kernel's doing. */
START_TEST(not_told) {
  if (!may_mount())
    return;
  ck_assert_int_eq(mount("tmpfs", scratch, "tmpfs", 0, "size=1m,mode=755"), 0);
  is_mounted = true;
  write_text("lower/" COUNTER, "42");
  mkdir(in_scratch("upper"), 0755);
  mkdir(in_scratch("work"), 0755);
  mkdir(in_scratch("vm"), 0755);
  char options[400];
  snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", in_scratch("lower/vm"), in_scratch("upper"),
           in_scratch("work"));
  if (mount("overlay", in_scratch("vm"), "overlay", 0, options) != 0)
    return;
  for (int i = 0; i < 2 * CALM; i++)
    expect(look(), 42);
  ck_assert_int_eq(count_watched_files(), 0);
  write_text(COUNTER, "43"); /* another file from here on, in the upper directory */
  expect(look(), 43);
  umount2(in_scratch("vm"), MNT_DETACH);
}
END_TEST

/* A change that the kernel tells nothing of is seen with the eighth look, and then it is not watched any more. Here it
   is not told because nobody asks. */
START_TEST(untold) {
  write_text(COUNTER, "42");
  calm_down();
  write_text(COUNTER, "43");
  for (int i = 0; i < SKIP; i++)
    look_with(&memory, watch);
  expect(look_with(&memory, watch), 43);
  ck_assert_int_eq(count_watched_files(), 0);
  for (int i = 0; i < 70; i++)
    expect(look_with(&memory, watch), 43);
  ck_assert_int_eq(count_watched_files(), 0);
}
END_TEST

/* One that is told just after the look. */
START_TEST(told_later) {
  write_text(COUNTER, "42");
  calm_down();
  while (memory.looks % SKIP != SKIP - 1)
    look();
  watch_drain(watch);
  write_text(COUNTER, "43");
  expect(look_with(&memory, watch), 43);
  for (int i = 0; i < 2 * SKIP; i++)
    expect(look(), 43);
  ck_assert_int_eq(count_watched_files(), 1);
}
END_TEST

START_TEST(no_descriptors) {
  struct rlimit limit, few = {.rlim_cur = 64};
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  few.rlim_max = limit.rlim_max;
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
  int fds[64], num = 0;
  while ((fds[num] = dup(STDIN_FILENO)) >= 0)
    num++;
  for (int i = 0; i < 3; i++) /* what a look takes: the directory, the file as it is found, and as it is read */
    close(fds[--num]);
  write_text(COUNTER, "42");
  for (unsigned i = 0; i < 3 * CALM; i++)
    expect(look(), 42);
  write_text(COUNTER, "43");
  expect(look(), 43);
  while (num > 0)
    close(fds[--num]);
  setrlimit(RLIMIT_NOFILE, &limit);
  for (unsigned i = 0; i < SKIP; i++)
    expect(look(), 43);
  ck_assert_int_eq(count_watched_files(), 0); /* it is not tried with each look */
  for (unsigned i = 0; i < 64; i++)
    expect(look(), 43);
  ck_assert_int_eq(count_watched_files(), 1); /* but again */
}
END_TEST

/* ---- what is seen ------------------------------------------------------------------------------------------------ */

/* To rename a directory on the way is the one thing that a look would show and the kernel does not tell. So it shows
   that no look is made, and that one is made in time. */
START_TEST(not_looked_at) {
  if (!use_mount(_i))
    return;
  write_text(COUNTER, "42");
  calm_down();
  ck_assert_int_eq(rename(in_scratch("vm/zone"), in_scratch("vm/elsewhere")), 0);
  write_text(COUNTER, "43");
  int looks = 1;
  struct reading reading;
  while (reading = look(), reading.error == 0 && reading.energy_uj == 42)
    looks++;
  expect(reading, 43);
  ck_assert_int_gt(looks, 1);
  ck_assert_int_le(looks, SKIP);
  write_text(COUNTER, "44"); /* which is not the file that was watched */
  expect(look(), 44);
}
END_TEST

static void write_it(const char *path) {
  (void)path;
  write_text(COUNTER, "43");
}

static void empty_it(const char *path) {
  ck_assert_int_eq(truncate(path, 0), 0);
}

static void remove_it(const char *path) {
  ck_assert_int_eq(unlink(path), 0);
}

static void replace_it(const char *path) {
  write_text("new", "43");
  ck_assert_int_eq(rename(in_scratch("new"), path), 0);
}

static int held_fd = -1;

static void replace_it_while_open(const char *path) {
  held_fd = open(path, O_RDONLY | O_CLOEXEC);
  replace_it(path);
}

static void make_it_a_fifo(const char *path) {
  remove_it(path);
  ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void make_it_a_link(const char *path) {
  write_text("secret", "99");
  ck_assert_int_eq(rename(path, in_scratch("vm/zone/still_there")), 0);
  ck_assert_int_eq(symlink("../../secret", path), 0);
}

static void mount_over_it(const char *path) {
  (void)path;
  if (is_mounted) {
    ck_assert_int_eq(mount("tmpfs", in_scratch("vm"), "tmpfs", 0, "size=64k"), 0);
    write_text(COUNTER, "43");
  } else {
    write_text(COUNTER, "43");
  }
}

static const struct {
  void (*happens)(const char *path);
  int error;
} changes[] = {
    {write_it, 0},
    {empty_it, -ENODATA},
    {remove_it, -ENOENT},
    {replace_it, 0},
    {replace_it_while_open, 0},
    {make_it_a_fifo, -EMEDIUMTYPE},
    {make_it_a_link, -ELOOP},
    {mount_over_it, 0},
};

/* In the next look, and so is what happens behind that. */
START_TEST(seen_at_once) {
  int which = _i / ROWS(changes), change = _i % ROWS(changes);
  if (!use_mount(which))
    return;
  for (int turn = 0; turn < 2 * SKIP; turn++) { /* from each number of looks on */
    write_text(COUNTER, "42");
    while (memory.looks != turn)
      look();
    calm_down();
    changes[change].happens(in_scratch(COUNTER));
    struct reading reading = look();
    ck_assert_int_eq(reading.error, changes[change].error);
    if (reading.error == 0)
      ck_assert_uint_eq(reading.energy_uj, 43);
    else
      unlink(in_scratch(COUNTER));
    write_text(COUNTER, "44");
    expect(look(), 44);
    write_text(COUNTER, "45");
    expect(look(), 45);
    if (held_fd >= 0)
      close(held_fd);
    held_fd = -1;
    if (changes[change].happens == mount_over_it && is_mounted)
      ck_assert_int_eq(umount2(in_scratch("vm"), 0), 0);
  }
}
END_TEST

/* Whatever happens, in whatever order: as a reader says who knows nothing of before. */
static void happen(unsigned what, unsigned value) {
  char text[32];
  const char *path = in_scratch(COUNTER);
  struct stat st;
  if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
    unlink(path);
  snprintf(text, sizeof(text), "%u", 10 + value % 90);
  switch (what % 8) {
  case 0:
    write_text(COUNTER, text);
    break;
  case 1:
    write_text("new", text);
    rename(in_scratch("new"), path);
    break;
  case 2:
    unlink(path);
    break;
  case 3:
    write_text(COUNTER, "");
    break;
  case 4:
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    break;
  case 5:
    rename(path, in_scratch("vm/zone/elsewhere"));
    break;
  case 6:
    unlink(in_scratch("vm/zone/elsewhere"));
    if (link(path, in_scratch("vm/zone/elsewhere")) == 0)
      write_text("vm/zone/elsewhere", text);
    break;
  default:
    write_text(COUNTER, "17 and no number");
    break;
  }
}

START_TEST(anything) {
  if (!use_mount(_i))
    return;
  write_text(COUNTER, "42");
  unsigned random = 1;
  int watched = 0;
  for (int i = 0; i < 2000; i++) {
    random = random * 1103515245 + 12345;
    if ((random >> 16 & 7) == 0)
      happen(random >> 19, random >> 22);
    struct reading truth = look_with(NULL, NULL), reading = look();
    ck_assert_int_eq(reading.error, truth.error);
    ck_assert_uint_eq(reading.energy_uj, truth.energy_uj);
    ck_assert_int_eq(reading.mtime_ns, truth.mtime_ns);
    watched += count_watched_files();
  }
  ck_assert_int_gt(watched, 200);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("counter watch");
  TCase *tcase = tcase_create("counter watch");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, clean_up);
  tcase_add_loop_test(tcase, rhythm, 0, ROWS(rhythms));
  tcase_add_test(tcase, becomes_busy);
  tcase_add_test(tcase, not_told);
  tcase_add_test(tcase, untold);
  tcase_add_test(tcase, told_later);
  tcase_add_test(tcase, no_descriptors);
  tcase_add_loop_test(tcase, not_looked_at, 0, MOUNTS);
  tcase_add_loop_test(tcase, seen_at_once, 0, MOUNTS * ROWS(changes));
  tcase_add_loop_test(tcase, anything, 0, MOUNTS);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
