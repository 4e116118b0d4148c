/* What the kernel tells of a file, and what it does not. */
#include "core/watch.h"
#include "scratch.h"
#include "suite.h"

#include <sched.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct watch *watch;
static struct watched_file file, other;

static void set_up(void) {
  scratch_make();
  file = other = (struct watched_file){.wd = 0};
  ck_assert_int_eq(watch_new(&watch), 0);
  write_text("vm/zone/energy_uj", "42");
  write_text("vm/zone/other", "43");
}

static void clean_up(void) {
  watch_free(watch);
  ck_assert_int_eq(file.wd, 0);
  ck_assert_int_eq(other.wd, 0);
  scratch_clean();
}

static int begin(const char *name, struct watched_file *which) {
  int fd = open(in_scratch(name), O_PATH | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  int status = watch_begin(watch, fd, which);
  close(fd);
  return status;
}

static bool is_quiet(const struct watched_file *which) {
  watch_drain(watch);
  return watch_is_quiet(watch, which);
}

/* ---- what happens to a file -------------------------------------------------------------------------------------- */

static int held_fd;

static void do_nothing(const char *path) {
  (void)path;
}

static void read_it(const char *path) {
  char text[8];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ck_assert_int_eq(read(fd, text, sizeof(text)), 2);
  close(fd);
}

static void write_it(const char *path) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  ck_assert_int_eq(write(fd, "42", 2), 2); /* the same */
  close(fd);
}

static void write_beside_it(const char *path) {
  (void)path;
  write_text("vm/zone/other", "44");
  write_text("vm/zone/new", "44");
}

static void truncate_it(const char *path) {
  ck_assert_int_eq(truncate(path, 0), 0);
}

static void date_it(const char *path) {
  ck_assert_int_eq(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

static void close_it(const char *path) {
  ck_assert_int_eq(chmod(path, 0), 0);
}

static void link_it(const char *path) {
  ck_assert_int_eq(link(path, in_scratch("vm/link")), 0);
}

static void unlink_it(const char *path) {
  ck_assert_int_eq(unlink(path), 0);
}

static void unlink_it_while_open(const char *path) {
  held_fd = open(path, O_RDONLY | O_CLOEXEC);
  ck_assert_int_eq(unlink(path), 0);
}

static void replace_it(const char *path) {
  write_text("vm/zone/new", "42");
  ck_assert_int_eq(rename(in_scratch("vm/zone/new"), path), 0);
}

static void rename_it(const char *path) {
  ck_assert_int_eq(rename(path, in_scratch("vm/zone/elsewhere")), 0);
}

static void rename_its_directory(const char *path) {
  (void)path;
  ck_assert_int_eq(rename(in_scratch("vm/zone"), in_scratch("vm/elsewhere")), 0);
}

static void write_into_memory(const char *path) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  char *content = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ck_assert_ptr_ne(content, MAP_FAILED);
  *(volatile char *)content = '5';
  munmap(content, 4096);
  close(fd);
}

static const struct {
  const char *what;
  void (*happens)(const char *path);
  enum { QUIET = 1, GONE } then;
} rows[] = {
    {"nothing", do_nothing, QUIET},
    {"it is read", read_it, QUIET},
    {"others are written", write_beside_it, QUIET},
    {"the same is written", write_it, 0},
    {"it is truncated", truncate_it, 0},
    {"it gets another time", date_it, 0},
    {"it gets other rights", close_it, 0},
    {"it is linked", link_it, 0},
    {"it is removed", unlink_it, GONE},
    {"it is removed, and still open", unlink_it_while_open, 0},
    {"it is replaced", replace_it, GONE},
    {"it is renamed", rename_it, 0},
    /* the two that who uses this must find out himself; were it otherwise, looks could be saved */
    {"its directory is renamed", rename_its_directory, QUIET},
    {"it is written through memory", write_into_memory, QUIET},
};

START_TEST(tells) {
  held_fd = -1;
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert(is_quiet(&file));
  rows[_i].happens(in_scratch("vm/zone/energy_uj"));
  ck_assert_msg(is_quiet(&file) == (rows[_i].then == QUIET), "%s", rows[_i].what);
  ck_assert_msg((file.wd == 0) == (rows[_i].then == GONE), "%s: watched: %d", rows[_i].what, file.wd);
  ck_assert_int_eq(count_watched_files(), rows[_i].then == GONE ? 0 : 1);
  watch_take(watch, &file);
  ck_assert_msg(is_quiet(&file) == (rows[_i].then != GONE), "%s, and looked at", rows[_i].what);
  if (held_fd >= 0)
    close(held_fd);
}
END_TEST

/* ---- which files ------------------------------------------------------------------------------------------------- */

START_TEST(two_files) {
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert_int_eq(begin("vm/zone/other", &other), 0);
  write_text("vm/zone/other", "44");
  ck_assert(is_quiet(&file));
  ck_assert(!is_quiet(&other));
  watch_end(watch, &other);
  ck_assert_int_eq(count_watched_files(), 1);
  watch_end(watch, &other); /* once more does no harm */
  write_text("vm/zone/energy_uj", "44");
  ck_assert(!is_quiet(&file));
}
END_TEST

START_TEST(once_more) {
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  int wd = file.wd;
  write_text("vm/zone/energy_uj", "44");
  ck_assert(!is_quiet(&file));
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert_int_eq(file.wd, wd);
  ck_assert(is_quiet(&file));
}
END_TEST

START_TEST(another_instead) {
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert_int_eq(begin("vm/zone/other", &file), 0);
  ck_assert_int_eq(count_watched_files(), 1);
  write_text("vm/zone/energy_uj", "44");
  ck_assert(is_quiet(&file));
  write_text("vm/zone/other", "44");
  ck_assert(!is_quiet(&file));
}
END_TEST

/* Of two names for one file the first one has it. */
START_TEST(one_file_twice) {
  ck_assert_int_eq(link(in_scratch("vm/zone/energy_uj"), in_scratch("vm/link")), 0);
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert_int_eq(begin("vm/link", &other), -EEXIST);
  ck_assert_int_eq(other.wd, 0);
  ck_assert(!is_quiet(&other));
  watch_end(watch, &other);
  ck_assert(is_quiet(&file));
  write_text("vm/link", "44");
  ck_assert(!is_quiet(&file));
}
END_TEST

/* ---- how much ---------------------------------------------------------------------------------------------------- */

/* More than the kernel keeps: it says that it has lost count, and all count as touched. */
START_TEST(overflow) {
  write_text("quiet", "1");
  struct watched_file quiet = {.wd = 0};
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert_int_eq(begin("vm/zone/other", &other), 0);
  ck_assert_int_eq(begin("quiet", &quiet), 0);
  long most = 0;
  FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
  ck_assert_ptr_nonnull(limit);
  ck_assert_int_eq(fscanf(limit, "%ld", &most), 1);
  fclose(limit);
  int fds[2] = {open(in_scratch("vm/zone/energy_uj"), O_WRONLY | O_CLOEXEC),
                open(in_scratch("vm/zone/other"), O_WRONLY | O_CLOEXEC)};
  for (long i = 0; i < most + 10; i++) /* two of one kind in a row would be told as one */
    ck_assert_int_eq(pwrite(fds[i % 2], "1", 1, 0), 1);
  close(fds[0]);
  close(fds[1]);
  watch_drain(watch);
  ck_assert(!watch_is_quiet(watch, &quiet));
  watch_take(watch, &quiet);
  ck_assert(is_quiet(&quiet));
  watch_end(watch, &quiet);
}
END_TEST

/* Who writes without end: its file is no longer watched, and others are. */
START_TEST(noise) {
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert_int_eq(begin("vm/zone/other", &other), 0);
  for (int i = 0; i < 20; i++) { /* two events each that are not told as one */
    write_it(in_scratch("vm/zone/energy_uj"));
    date_it(in_scratch("vm/zone/energy_uj"));
  }
  watch_drain(watch);
  ck_assert_int_eq(count_watched_files(), 1);
  ck_assert_int_eq(file.wd, 0);
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), -EBUSY);
  ck_assert(is_quiet(&other));
}
END_TEST

/* As many, but with looks between. */
START_TEST(no_noise) {
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  for (int i = 0; i < 40; i++) {
    write_it(in_scratch("vm/zone/energy_uj"));
    date_it(in_scratch("vm/zone/energy_uj"));
    ck_assert(!is_quiet(&file));
    watch_take(watch, &file);
  }
  ck_assert(is_quiet(&file));
}
END_TEST

/* A kernel that has more to tell whenever it is asked. What it tells is of nobody. */
static bool endless;
static int reads;

ssize_t read(int fd, void *buffer, size_t size) {
  if (!endless)
    return syscall(SYS_read, fd, buffer, size);
  ck_assert_int_lt(++reads, 1000);
  const struct inotify_event event = {.wd = 1 << 30, .mask = IN_MODIFY};
  for (size_t at = 0; at + sizeof(event) <= size; at += sizeof(event))
    memcpy((char *)buffer + at, &event, sizeof(event));
  return (ssize_t)size;
}

START_TEST(flood) {
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  reads = 0;
  endless = true;
  watch_drain(watch);
  endless = false;
  ck_assert_int_le(reads, 20);
  ck_assert(!watch_is_quiet(watch, &file)); /* there may be more of this one */
  watch_take(watch, &file);
  ck_assert(is_quiet(&file));
}
END_TEST

/* Of what a user may watch half is left to others. */
static void watch_many(void) {
  const int most = 10;
  struct watched_file files[20] = {{.wd = 0}};
  char name[32];
  int status = 0, num = 0;
  while (num < 20 && status == 0) {
    snprintf(name, sizeof(name), "%d", num);
    status = begin(name, &files[num]);
    num += status == 0;
  }
  ck_assert_int_eq(status, -ENOSPC);
  ck_assert_int_eq(num, most / 2);
  watch_end(watch, &files[0]);
  ck_assert_int_eq(begin(name, &files[0]), 0);
  for (int i = 0; i < num; i++)
    watch_end(watch, &files[i]);
}

START_TEST(leaves_some) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    return;
  char name[32];
  for (int i = 0; i < 20; i++) {
    snprintf(name, sizeof(name), "%d", i);
    write_text(name, "1");
  }
  write_text("limit", "10\n");
  ck_assert_int_eq(mount(in_scratch("limit"), "/proc/sys/fs/inotify/max_user_watches", NULL, MS_BIND, NULL), 0);
  watch_many();
  ck_assert_int_eq(umount("/proc/sys/fs/inotify/max_user_watches"), 0);
}
END_TEST

START_TEST(descriptors) {
  int before = count_open_files();
  watch_drain(watch); /* of nothing */
  ck_assert_int_eq(count_open_files(), before);
  struct rlimit limit, few = {.rlim_cur = 64, .rlim_max = 64};
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  few.rlim_max = limit.rlim_max;
  for (int free_fds = 1; free_fds <= 2; free_fds++) { /* the first is that of the file itself */
    int fds[64], num = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    while ((fds[num] = dup(STDIN_FILENO)) >= 0)
      num++;
    for (int i = 0; i < free_fds; i++)
      close(fds[--num]);
    ck_assert_int_eq(begin("vm/zone/energy_uj", &file), -EMFILE);
    while (num > 0)
      close(fds[--num]);
    setrlimit(RLIMIT_NOFILE, &limit);
    ck_assert_int_eq(file.wd, 0);
    ck_assert(!is_quiet(&file));
    ck_assert_int_eq(count_open_files(), before);
  }
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert(is_quiet(&file));
  ck_assert_int_eq(count_open_files(), before + 2);
  watch_free(watch);
  ck_assert_int_eq(count_open_files(), before);
  ck_assert_int_eq(watch_new(&watch), 0);
}
END_TEST

/* ---- mounts ------------------------------------------------------------------------------------------------------ */

static bool may_mount(void) {
  return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* What is mounted may hide a file, which it is told nothing of. */
START_TEST(mounts) {
  if (!may_mount())
    return;
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert_int_eq(mount("tmpfs", in_scratch("vm/zone"), "tmpfs", 0, "size=64k"), 0);
  ck_assert(!is_quiet(&file));
  watch_take(watch, &file);
  ck_assert(is_quiet(&file));
  ck_assert_int_eq(umount2(in_scratch("vm/zone"), 0), 0);
  ck_assert(!is_quiet(&file));
}
END_TEST

/* A watch keeps no mount busy, and ends with it. */
START_TEST(unmounted) {
  if (!may_mount())
    return;
  ck_assert_int_eq(mount("tmpfs", in_scratch("vm"), "tmpfs", 0, "size=64k"), 0);
  write_text("vm/zone/energy_uj", "42");
  ck_assert_int_eq(begin("vm/zone/energy_uj", &file), 0);
  ck_assert(is_quiet(&file));
  ck_assert_msg(umount2(in_scratch("vm"), 0) == 0, "%s", strerror(errno));
  ck_assert(!is_quiet(&file));
  ck_assert_int_eq(file.wd, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("watch");
  TCase *tcase = tcase_create("watch");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, clean_up);
  tcase_add_loop_test(tcase, tells, 0, ROWS(rows));
  tcase_add_test(tcase, two_files);
  tcase_add_test(tcase, once_more);
  tcase_add_test(tcase, another_instead);
  tcase_add_test(tcase, one_file_twice);
  tcase_add_test(tcase, overflow);
  tcase_add_test(tcase, noise);
  tcase_add_test(tcase, no_noise);
  tcase_add_test(tcase, flood);
  tcase_add_test(tcase, leaves_some);
  tcase_add_test(tcase, descriptors);
  tcase_add_test(tcase, mounts);
  tcase_add_test(tcase, unmounted);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
