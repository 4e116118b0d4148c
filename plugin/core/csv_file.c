#include "csv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES_MAX 64

int csv_file_open(struct csv_file *file, int dir_fd, const char *name, bool create) {
  int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT | O_EXCL : 0);
  int fd = openat(dir_fd, name, flags, 0666);
  if (fd < 0)
    return -errno;
  file->fd = fd;
  return 0;
}

/* Removes the last `done` bytes of the file. */
static void take_back(struct csv_file *file, size_t done) {
  off_t end = lseek(file->fd, 0, SEEK_CUR);
  if (end < (off_t)done) {
    file->broken = file->borrowed;
    return;
  }
  off_t start = end - (off_t)done;
  if (ftruncate(file->fd, start) != 0)
    file->torn_at = start;
  else if (file->borrowed) /* it may have no O_APPEND */
    lseek(file->fd, start, SEEK_SET);
}

int csv_file_append(struct csv_file *file, const struct csv_text *text) {
  if (text->failed)
    return -ENOMEM;
  if (file->broken)
    return -EPIPE;
  if (file->torn_at >= 0) {
    if (ftruncate(file->fd, file->torn_at) != 0)
      return -errno;
    if (file->borrowed)
      lseek(file->fd, file->torn_at, SEEK_SET);
    file->torn_at = -1;
  }
  size_t done = 0;
  while (done < text->len) {
    ssize_t n = write(file->fd, text->data + done, text->len - done);
    if (n < 0 && errno == EINTR)
      continue;
    struct pollfd room = {.fd = file->fd, .events = POLLOUT};
    if (n < 0 && errno == EAGAIN && file->borrowed && poll(&room, 1, -1) >= 0)
      continue;
    if (n <= 0) {
      int status = n < 0 ? -errno : -EIO;
      if (done > 0)
        take_back(file, done);
      return status;
    }
    done += (size_t)n;
  }
  return 0;
}

int csv_file_close(struct csv_file *file) {
  if (file->fd < 0)
    return 0;
  int status = !file->borrowed && close(file->fd) != 0 && errno != EINTR ? -errno : 0;
  file->fd = -1;
  return status;
}

size_t csv_file_share(void) {
  struct rlimit limit;
  bool few = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 4 < FILES_MAX;
  return few ? (size_t)limit.rlim_cur / 4 : FILES_MAX;
}
