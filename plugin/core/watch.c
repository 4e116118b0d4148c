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

/* What is taken in at once, and how often in one pass: a bit more than the 16384 events that the kernel keeps. */
#define BUFFER_SIZE 16384
#define READS_MAX   17

/* A file that is told of more often than this between two looks is noisy: an update is one event or two. */
#define TOLD_MAX 32

/* Where it is not known how many files a user may watch; that of old kernels. */
#define WATCHES_MAX 8192

struct watch {
  int events_fd; /* -1: nothing was watched yet */
  int mounts_fd; /* becomes exceptional to poll() when something is mounted or unmounted */
  uint32_t turn;
  unsigned long num, most; /* files that are watched, and that may be */
  void *files;             /* tree of struct watched_file by wd */
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

/* Half of what this user may have in all. */
static unsigned long watches_for_us(void) {
  unsigned long most = WATCHES_MAX;
  FILE *limit = fopen("/proc/sys/fs/inotify/max_user_watches", "re");
  if (limit != NULL) {
    if (fscanf(limit, "%lu", &most) != 1)
      most = WATCHES_MAX;
    fclose(limit);
  }
  return most / 2;
}

static int open_all(struct watch *watch) {
  if (watch->events_fd >= 0)
    return 0;
  watch->events_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (watch->events_fd >= 0)
    watch->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (watch->mounts_fd >= 0) {
    watch->most = watches_for_us();
    return 0;
  }
  int error = -errno;
  close_all(watch);
  return error;
}

/* It is no longer in the kernel's list. */
static void drop(struct watch *watch, struct watched_file *file) {
  tdelete(file, &watch->files, compare);
  file->wd = 0;
  watch->num--;
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
  if (file->told < UINT8_MAX)
    file->told++;
  if ((event->mask & IN_IGNORED) != 0) { /* the kernel has ended it */
    drop(watch, file);
  } else if (file->told > TOLD_MAX) {
    file->noisy = true;
    watch_end(watch, file);
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
  int status = file->noisy ? -EBUSY : open_all(watch);
  if (status == 0 && file->wd == 0 && watch->num >= watch->most)
    status = -ENOSPC;
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
  if (node != NULL && *node == file) {
    watch->num++;
    return 0;
  }
  file->wd = 0; /* what the kernel tells now, if no other name has it, is of nobody */
  return node == NULL ? -ENOMEM : -EEXIST;
}

void watch_end(struct watch *watch, struct watched_file *file) {
  if (file->wd == 0)
    return;
  inotify_rm_watch(watch->events_fd, file->wd); /* one that the kernel has ended meanwhile is fine */
  drop(watch, file);
}

bool watch_is_quiet(const struct watch *watch, const struct watched_file *file) {
  return file->wd != 0 && file->told == 0 && file->turn == watch->turn;
}

void watch_take(const struct watch *watch, struct watched_file *file) {
  file->told = 0;
  file->turn = watch->turn;
}
