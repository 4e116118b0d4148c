/* A scratch directory for tests on real files, and ways to fill it. */
#ifndef VM_ENERGY_TESTS_SCRATCH_H
#define VM_ENERGY_TESTS_SCRATCH_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch[64];

static inline int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

static inline void scratch_make(void) {
  strcpy(scratch, "/tmp/vm_energy.XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(scratch));
  ck_assert_int_eq(chmod(scratch, 0755), 0);
}

/* Moves the empty scratch directory to memory, where fsync() is cheap, if possible. */
static inline void scratch_in_memory(void) {
  char dir[] = "/dev/shm/vm_energy.XXXXXX";
  if (mkdtemp(dir) == NULL)
    return;
  rmdir(scratch);
  strcpy(scratch, dir);
  ck_assert_int_eq(chmod(scratch, 0755), 0);
}

static inline void scratch_clean(void) {
  nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a file in the scratch directory, in one of four static buffers. */
static inline const char *in_scratch(const char *name) {
  static char paths[4][PATH_MAX];
  static int next;
  next = (next + 1) % 4;
  snprintf(paths[next], sizeof(paths[next]), "%s/%s", scratch, name);
  return paths[next];
}

/* Makes the directories of the path. */
static inline void make_parents(const char *path) {
  char copy[PATH_MAX];
  snprintf(copy, sizeof(copy), "%s", path);
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(copy, 0755) != 0)
      ck_assert_int_eq(errno, EEXIST);
    *slash = '/';
  }
}

static inline void write_bytes(const char *name, const void *bytes, size_t len) {
  const char *path = in_scratch(name);
  make_parents(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
  ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
  close(fd);
}

static inline void write_text(const char *name, const char *text) {
  write_bytes(name, text, strlen(text));
}

/* The content of the file, in a static buffer. */
static inline const char *read_text(const char *path) {
  static char text[200000];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
  ssize_t len = read(fd, text, sizeof(text) - 1);
  ck_assert_int_ge(len, 0);
  text[len] = '\0';
  close(fd);
  return text;
}

static inline void set_mtime(const char *name, int64_t mtime_s, long ns) {
  struct timespec times[2] = {{.tv_sec = mtime_s, .tv_nsec = ns}, {.tv_sec = mtime_s, .tv_nsec = ns}};
  ck_assert_int_eq(utimensat(AT_FDCWD, in_scratch(name), times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline void make_directory(const char *name) {
  make_parents(in_scratch(name));
  ck_assert_int_eq(mkdir(in_scratch(name), 0755), 0);
}

static inline void make_fifo(const char *name) {
  make_parents(in_scratch(name));
  ck_assert_int_eq(mkfifo(in_scratch(name), 0644), 0);
}

static inline void make_link(const char *target, const char *name) {
  make_parents(in_scratch(name));
  ck_assert_int_eq(symlink(target, in_scratch(name)), 0);
}

static inline void remove_file(const char *name) {
  ck_assert_int_eq(unlink(in_scratch(name)), 0);
}

static inline int count_open_files(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

/* Without the descriptor of core/mounts.c, which blocks no unmount. */
static inline int count_held_files(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) {
    char path[64], target[PATH_MAX] = "";
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    count += readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "/mountinfo") == NULL;
  }
  return count;
}

/* Allows this many more open files; below 0: as many as at first. */
static inline void limit_descriptors(int more) {
  static struct rlimit before;
  if (before.rlim_cur == 0)
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
  struct rlimit limit = before;
  int next_fd = dup(STDIN_FILENO);
  close(next_fd);
  if (more >= 0)
    limit.rlim_cur = (rlim_t)(next_fd + more);
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Enters a mount namespace of its own. False: not permitted. */
static inline bool own_mounts(void) {
  return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Runs the function in a child that is not root. A failed assertion fails the test. */
static inline void as_nobody(void (*test)(void)) {
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
      _exit(2);
    test();
    _exit(0);
  }
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the test failed as another user");
}

#endif
