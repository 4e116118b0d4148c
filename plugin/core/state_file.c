#include "state_file.h"

#include "csv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- lock -------------------------------------------------------------------------------------------------------- */

int state_file_lock(const char *path) {
  char name[PATH_MAX];
  if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
    return -ENAMETOOLONG;
  int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
  if (fd < 0)
    return -errno;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  int status = -errno;
  close(fd);
  return status;
}

/* ---- load -------------------------------------------------------------------------------------------------------- */

static int load(FILE *file, struct state *state) {
  struct stat info;
  if (fstat(fileno(file), &info) != 0)
    return -errno;
  if (!S_ISREG(info.st_mode))
    return -EMEDIUMTYPE;
  if (info.st_size > (off_t)STATE_BYTES_MAX)
    return -EFBIG;
  size_t size = (size_t)info.st_size + 1; /* detects a file that grew meanwhile */
  char *text = malloc(size);
  if (text == NULL)
    return -ENOMEM;
  size_t len = fread(text, 1, size, file);
  int status = ferror(file) ? -errno : state_parse(state, text, len);
  free(text);
  return status;
}

int state_file_load(const char *path, struct state *state) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return -errno;
  FILE *file = fdopen(fd, "r");
  if (file == NULL) {
    close(fd);
    return -ENOMEM;
  }
  int status = load(file, state);
  fclose(file);
  return status;
}

/* ---- save -------------------------------------------------------------------------------------------------------- */

/* Creates the file and syncs it. */
static int write_file(const char *path, char *data, size_t len) {
  unlink(path); /* a killed process may have left one */
  struct csv_file file = {.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), .torn_at = -1};
  if (file.fd < 0)
    return -errno;
  const struct csv_text text = {.data = data, .len = len};
  int status = csv_file_append(&file, &text);
  if (status == 0 && fsync(file.fd) != 0)
    status = -errno;
  int closed = csv_file_close(&file);
  return status != 0 ? status : closed;
}

/* Some file systems cannot sync a directory (EINVAL), and files can be replaced in one that we may not list (EACCES).
 */
static int sync_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == EACCES ? 0 : -errno;
  int status = fsync(fd) != 0 && errno != EINVAL ? -errno : 0;
  close(fd);
  return status;
}

int state_file_save(const char *path, char *text, size_t len) {
  char other[PATH_MAX];
  if (snprintf(other, sizeof(other), "%s.new-%ld", path, (long)getpid()) >= (int)sizeof(other))
    return -ENAMETOOLONG;
  int status = write_file(other, text, len);
  if (status == 0 && rename(other, path) != 0)
    status = -errno;
  if (status == 0)
    return sync_directory(dirname(other));
  unlink(other);
  return status;
}

/* ---- set aside --------------------------------------------------------------------------------------------------- */

int state_file_set_aside(const char *path, char *aside, size_t size) {
  for (int i = 1; i <= STATE_FILE_ASIDE_MAX; i++) {
    char number[8] = "";
    if (i > 1)
      snprintf(number, sizeof(number), ".%d", i);
    if (snprintf(aside, size, "%s.damaged%s", path, number) >= (int)size)
      return -ENAMETOOLONG;
    struct stat info;
    if (lstat(aside, &info) != 0) /* no other process creates files of this name before the rename */
      return errno == ENOENT && rename(path, aside) == 0 ? 0 : -errno;
  }
  return -EEXIST;
}
