#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <search.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* What is taken in at once, and how often in one pass: 64 times as many events as fit, which is four times as many as
   the kernel keeps. */
#define BUFFER_SIZE 16384
#define READS_MAX   64

struct watch {
  int events_fd; /* -1: nothing was watched yet */
  int mounts_fd; /* becomes exceptional to poll() when something is mounted or unmounted */
  uint32_t turn;
  void *files; /* tree of struct watched_file by wd */
};

static int compare(const void *a, const void *b) {
  int x = ((const struct watched_file *)a)->wd, y = ((const struct watched_file *)b)->wd;
  return (x > y) - (x < y);
}

int watch_new(struct watch **watch) {
  struct watch *w = calloc(1, sizeof(*w));
  if (w == NULL)
    return -ENOMEM;
  w->events_fd = w->mounts_fd = -1;
  *watch = w;
  return 0;
}

/* Back to what watch_new() made. */
static void close_all(struct watch *watch) {
  if (watch->events_fd >= 0)
    close(watch->events_fd);
  if (watch->mounts_fd >= 0)
    close(watch->mounts_fd);
  watch->events_fd = watch->mounts_fd = -1;
}

static void forget(void *file) {
  ((struct watched_file *)file)->wd = 0;
}

void watch_free(struct watch *watch) {
  if (watch == NULL)
    return;
  tdestroy(watch->files, forget);
  close_all(watch);
  free(watch);
}

static int open_all(struct watch *watch) {
  if (watch->events_fd >= 0)
    return 0;
  watch->events_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (watch->events_fd >= 0)
    watch->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (watch->mounts_fd >= 0)
    return 0;
  int error = -errno;
  close_all(watch);
  return error;
}

static void take_event(struct watch *watch, const struct inotify_event *event) {
  if ((event->mask & IN_Q_OVERFLOW) != 0) {
    watch->turn++;
    return;
  }
  struct watched_file key = {.wd = event->wd};
  struct watched_file **node = tfind(&key, &watch->files, compare);
  if (node == NULL)
    return; /* of a watch that has ended */
  struct watched_file *file = *node;
  file->touched = true;
  if ((event->mask & IN_IGNORED) != 0) { /* the kernel has ended it */
    tdelete(file, &watch->files, compare);
    file->wd = 0;
  }
}

void watch_drain(struct watch *watch) {
  if (watch->events_fd < 0)
    return;
  struct pollfd mounts = {.fd = watch->mounts_fd, .events = POLLPRI};
  if (poll(&mounts, 1, 0) != 0) /* also when it fails */
    watch->turn++;
  alignas(struct inotify_event) char buffer[BUFFER_SIZE];
  for (int i = 0; i < READS_MAX; i++) {
    ssize_t len = read(watch->events_fd, buffer, sizeof(buffer));
    if (len < 0 && errno == EAGAIN)
      return;
    if (len <= 0)
      break;
    const struct inotify_event *event;
    for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
      event = (const struct inotify_event *)(const void *)(buffer + at);
      take_event(watch, event);
    }
    if ((size_t)len < sizeof(buffer) - sizeof(*event))
      return; /* that was all */
  }
  watch->turn++;
}

int watch_begin(struct watch *watch, int path_fd, struct watched_file *file) {
  int status = open_all(watch);
  if (status != 0)
    return status;
  char name[sizeof("/proc/self/fd/") + 10];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
  int wd = inotify_add_watch(watch->events_fd, name, EVENTS);
  if (wd < 0)
    status = -errno;
  if (wd < 0 || wd != file->wd)
    watch_end(watch, file);
  if (wd < 0)
    return status;
  watch_take(watch, file);
  if (file->wd == wd)
    return 0;
  file->wd = wd;
  struct watched_file **node = tsearch(file, &watch->files, compare);
  if (node != NULL && *node == file)
    return 0;
  file->wd = 0; /* what the kernel tells now, if no other name has it, is of nobody */
  return node == NULL ? -ENOMEM : -EEXIST;
}

void watch_end(struct watch *watch, struct watched_file *file) {
  if (file->wd == 0)
    return;
  inotify_rm_watch(watch->events_fd, file->wd); /* one that the kernel has ended meanwhile is fine */
  tdelete(file, &watch->files, compare);
  file->wd = 0;
}

bool watch_is_quiet(const struct watch *watch, const struct watched_file *file) {
  return file->wd != 0 && !file->touched && file->turn == watch->turn;
}

void watch_take(const struct watch *watch, struct watched_file *file) {
  file->touched = false;
  file->turn = watch->turn;
}
