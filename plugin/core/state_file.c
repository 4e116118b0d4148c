#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- load -------------------------------------------------------------------------------------------------------- */

/* All that there is, up to size bytes: how many, or -errno. */
static ssize_t read_all(int fd, char *text, size_t size) {
  size_t len = 0;
  while (len < size) {
    ssize_t n = read(fd, text + len, size - len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -errno;
    if (n == 0)
      break;
    len += (size_t)n;
  }
  return (ssize_t)len;
}

static int load(int fd, struct state *state) {
  struct stat info;
  if (fstat(fd, &info) != 0)
    return -errno;
  if (!S_ISREG(info.st_mode))
    return -EMEDIUMTYPE;
  if (info.st_size > (off_t)STATE_BYTES_MAX)
    return -EFBIG;
  size_t size = (size_t)info.st_size + 1; /* one more shows that it grew meanwhile */
  char *text = malloc(size);
  if (text == NULL)
    return -ENOMEM;
  ssize_t len = read_all(fd, text, size);
  int status = len < 0 ? (int)len : state_parse(state, text, (size_t)len);
  free(text);
  return status;
}

int state_file_load(const char *path, struct state *state) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return -errno;
  int status = load(fd, state);
  close(fd);
  return status;
}

/* ---- save -------------------------------------------------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, text, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? -errno : -EIO;
    text += n;
    len -= (size_t)n;
  }
  return 0;
}

static int create(const char *path) {
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = open(path, flags, 0600);
  if (fd < 0 && errno == EEXIST && unlink(path) == 0)
    fd = open(path, flags, 0600);
  return fd < 0 ? -errno : fd;
}

/* A new file that is on the disk. */
static int write_file(const char *path, const char *text, size_t len) {
  int fd = create(path);
  if (fd < 0)
    return fd;
  int status = write_all(fd, text, len);
  if (status == 0 && fsync(fd) != 0)
    status = -errno;
  if (close(fd) != 0 && status == 0 && errno != EINTR)
    status = -errno;
  if (status != 0)
    unlink(path);
  return status;
}

/* That the new name is on the disk too; some file systems cannot do that for a directory. */
static int sync_directory(const char *path) {
  char dir[PATH_MAX];
  const char *slash = strrchr(path, '/');
  if (slash == NULL || (size_t)(slash - path) + 2 > sizeof(dir))
    return -EINVAL;
  snprintf(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == EACCES ? 0 : -errno; /* w and x are enough for all the rest */
  int status = fsync(fd) != 0 && errno != EINVAL ? -errno : 0;
  close(fd);
  return status;
}

int state_file_save(const char *path, const struct state *state) {
  char other[PATH_MAX];
  if (snprintf(other, sizeof(other), "%s.new", path) >= (int)sizeof(other))
    return -ENAMETOOLONG;
  char *text;
  size_t len;
  int status = state_format(state, &text, &len);
  if (status != 0)
    return status;
  status = write_file(other, text, len);
  free(text);
  if (status != 0)
    return status;
  if (rename(other, path) != 0) {
    status = -errno;
    unlink(other);
    return status;
  }
  return sync_directory(path);
}

/* ---- set aside --------------------------------------------------------------------------------------------------- */

/* Where the file system cannot rename without overwriting, we look first: nobody else makes files of this name. */
static int rename_to_new(const char *path, const char *aside) {
  if (renameat2(AT_FDCWD, path, AT_FDCWD, aside, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -errno;
  struct stat info;
  if (lstat(aside, &info) == 0)
    return -EEXIST;
  return rename(path, aside) != 0 ? -errno : 0;
}

int state_file_set_aside(const char *path, char *aside, size_t size) {
  int status = -EEXIST;
  for (int i = 1; i <= STATE_FILE_ASIDE_MAX && status == -EEXIST; i++) {
    char number[8] = "";
    if (i > 1)
      snprintf(number, sizeof(number), ".%d", i);
    if (snprintf(aside, size, "%s.damaged%s", path, number) >= (int)size)
      return -ENAMETOOLONG;
    status = rename_to_new(path, aside);
  }
  return status;
}
