#include "counter.h"

#include "clock.h"
#include "number.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* 2^64-1 has 20 digits; the rest is for white space. One byte more than this tells that the content is longer. */
#define CONTENT_MAX 64

/* The first pause before another look, doubled each time. Scaphandre's hole is some microseconds long. */
#define FIRST_PAUSE_NS (50 * NS_PER_US)

/* No modification time is further from 1970 than this, so that no difference of two overflows. */
#define MTIME_MAX_S (INT64_C(4000000000))

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* ---- opening without links --------------------------------------------------------------------------------------- */

static bool on_sysfs(int fd) {
  struct statfs fs;
  return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == SYSFS_MAGIC;
}

/* Each directory on the way is opened by itself and must not be a link. For kernels before 5.6, and where a filter
 * forbids openat2. */
int counter_open_step_by_step(int dir_fd, const char *path, int flags) {
  int at_fd = dir_fd;
  int fd = -EINVAL;
  if (path[0] == '/') {
    at_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at_fd < 0)
      return -errno;
  }
  for (;;) {
    char name[256];
    path += strspn(path, "/");
    size_t len = strcspn(path, "/");
    bool last = path[len + strspn(path + len, "/")] == '\0';
    if (len == 0 || len >= sizeof(name)) {
      fd = len == 0 ? -EINVAL : -ENAMETOOLONG;
      break;
    }
    memcpy(name, path, len);
    name[len] = '\0';
    path += len;

    struct stat st;
    fd = fstatat(at_fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0 ? -errno : 0;
    if (fd == 0 && S_ISLNK(st.st_mode))
      fd = -ELOOP;
    if (fd == 0) {
      fd = openat(at_fd, name, (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
      fd = fd < 0 ? -errno : fd;
    }
    if (at_fd != dir_fd)
      close(at_fd);
    if (last || fd < 0)
      return fd;
    at_fd = fd;
  }
  if (at_fd != dir_fd)
    close(at_fd);
  return fd;
}

static int open_without_links(int dir_fd, const char *path, int flags) {
  struct open_how how = {.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC), .resolve = RESOLVE_NO_SYMLINKS};
  long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
  if (fd >= 0)
    return (int)fd;
  if (errno != ENOSYS && errno != EPERM)
    return -errno;
  return counter_open_step_by_step(dir_fd, path, flags);
}

int counter_open_found(int dir_fd, const char *path, int flags) {
  int fd = open_without_links(dir_fd, path, flags);
  bool is_link = fd == -ELOOP || (fd == -ENOTDIR && (flags & O_DIRECTORY) != 0); /* that of a link at the end */
  if (!is_link || dir_fd == AT_FDCWD || !on_sysfs(dir_fd))
    return fd;
  fd = openat(dir_fd, path, flags | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  if (!on_sysfs(fd)) {
    close(fd);
    return -ELOOP;
  }
  return fd;
}

/* ---- one look ---------------------------------------------------------------------------------------------------- */

static int refuse_type(mode_t mode) {
  if (S_ISREG(mode))
    return 0;
  if (S_ISLNK(mode))
    return -ELOOP;
  return S_ISDIR(mode) ? -EISDIR : -EMEDIUMTYPE;
}

/* Opens for reading what `path_fd`, an O_PATH descriptor, stands for: nothing that was swapped in meanwhile. */
static int open_again(int path_fd) {
  char name[sizeof("/proc/self/fd/") + 10];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
  int fd = open(name, OPEN_FLAGS);
  return fd >= 0 ? fd : -errno;
}

/*
 * Opens the file if it is a regular one. Opening alone can already do harm (a watchdog device reboots the host), so
 * what is there is first held without being opened, looked at, and only then opened.
 */
static int open_counter(const struct counter_file *file, struct stat *st) {
  int path_fd = file->found ? counter_open_found(file->dir_fd, file->path, O_PATH)
                            : openat(file->dir_fd, file->path, O_PATH | O_CLOEXEC);
  if (path_fd < 0)
    return file->found ? path_fd : -errno;
  int fd = fstat(path_fd, st) != 0 ? -errno : refuse_type(st->st_mode);
  if (fd == 0)
    fd = open_again(path_fd);
  close(path_fd);
  return fd;
}

static int64_t mtime_ns(const struct stat *st) {
  int64_t s = st->st_mtim.tv_sec;
  if (s > MTIME_MAX_S)
    s = MTIME_MAX_S;
  if (s < -MTIME_MAX_S)
    s = -MTIME_MAX_S;
  return s * NS_PER_S + st->st_mtim.tv_nsec;
}

static bool same_time(const struct stat *a, const struct stat *b) {
  return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* 0 and *value, or -errno. */
static int read_number(int fd, uint64_t *value) {
  char content[CONTENT_MAX + 1];
  ssize_t len = pread(fd, content, sizeof(content), 0);
  if (len < 0)
    return -errno;
  if (len > CONTENT_MAX)
    return -EFBIG;
  return number_parse_u64(content, (size_t)len, value);
}

/* The number, and the time that belongs to it: the file did not change from before to behind the read. */
static int look(const struct counter_file *file, struct reading *reading) {
  struct stat before = {.st_size = 0}, after;
  int fd = open_counter(file, &before);
  if (fd < 0)
    return fd;
  /* Files of sysfs all claim to have a page; asking each other file for its file system would cost too much. */
  bool computed = before.st_size == sysconf(_SC_PAGESIZE) && on_sysfs(fd);
  uint64_t energy_uj = 0;
  int status = read_number(fd, &energy_uj);
  if (!computed && fstat(fd, &after) != 0)
    status = -errno;
  close(fd);
  if (!computed && (status == 0 || status == -ENODATA || status == -EINVAL) &&
      (!same_time(&before, &after) || before.st_size != after.st_size))
    status = -EAGAIN;
  if (status != 0)
    return status;
  *reading = (struct reading){.energy_uj = energy_uj, .mtime_ns = mtime_ns(&before), .computed = computed};
  return 0;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Whether another look may find what this one did not: the writer may be between truncate and write. */
static bool may_pass(int error) {
  return error == -ENODATA || error == -EAGAIN || error == -EINVAL || error == -ERANGE || error == -EFBIG ||
         error == -EINTR;
}

void counter_read(const struct counter_file *file, int64_t *patience_ns, struct reading *reading) {
  int64_t left_ns = *patience_ns < COUNTER_PATIENCE_NS ? *patience_ns : COUNTER_PATIENCE_NS;
  int status = look(file, reading);
  if (may_pass(status))
    status = look(file, reading);
  for (int64_t pause_ns = FIRST_PAUSE_NS; may_pass(status) && pause_ns <= left_ns; pause_ns *= 2) {
    struct timespec pause = {.tv_nsec = (long)pause_ns};
    nanosleep(&pause, NULL);
    left_ns -= pause_ns;
    *patience_ns -= pause_ns;
    status = look(file, reading);
  }
  if (status != 0)
    *reading = (struct reading){.error = status};
}

int counter_read_range(const struct counter_file *file, uint64_t *range_uj) {
  static const char name[] = "max_energy_range_uj";
  const char *slash = strrchr(file->path, '/');
  size_t dir_len = slash == NULL ? 0 : (size_t)(slash - file->path) + 1;
  char *path = malloc(dir_len + sizeof(name));
  if (path == NULL)
    return -ENOMEM;
  memcpy(path, file->path, dir_len);
  memcpy(path + dir_len, name, sizeof(name));

  struct counter_file sibling = {.dir_fd = file->dir_fd, .path = path, .found = file->found};
  struct stat st;
  uint64_t range = 0;
  int fd = open_counter(&sibling, &st);
  free(path);
  if (fd < 0)
    return fd;
  int status = read_number(fd, &range);
  close(fd);
  if (status == 0 && range == 0)
    status = -ERANGE;
  if (status == 0)
    *range_uj = range;
  return status;
}

const char *counter_error_text(int error) {
  switch (-error) {
  case ENOENT:
  case ENOTDIR:
    return "there is no such file";
  case EACCES:
  case EPERM:
    return "permission denied";
  case ENODATA:
    return "is empty";
  case EINVAL:
    return "is not a decimal number";
  case ERANGE:
    return "is a number above 2^64-1";
  case ELOOP:
    return "is or leads through a symbolic link, which is not followed here";
  case EISDIR:
    return "is a directory";
  case EMEDIUMTYPE:
    return "is a FIFO, socket or device, not a regular file";
  case EFBIG:
    return "is longer than a number can be";
  case EAGAIN:
    return "changed each time it was read";
  default:
    return strerrordesc_np(-error) != NULL ? strerrordesc_np(-error) : "unknown error";
  }
}
