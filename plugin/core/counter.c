#include "counter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The first pause before another look, doubled each time. Scaphandre's file is mostly empty for 0.3 ms. */
#define FIRST_PAUSE_NS (50 * NS_PER_US)

/* A look that takes longer does not say when the number was read. */
#define LOOK_MAX_NS (5 * NS_PER_MS)
#define LOOKS_MAX   3

/* ---- range ------------------------------------------------------------------------------------------------------- */

/* 0 and *range_uj above 0, or -errno. */
static int look_at_range(const struct look_file *file, uint64_t *range_uj) {
  static const char name[] = "max_energy_range_uj";
  const char *slash = strrchr(file->path, '/');
  size_t dir_len = slash == NULL ? 0 : (size_t)(slash - file->path) + 1;
  char *path = malloc(dir_len + sizeof(name));
  if (path == NULL)
    return -ENOMEM;
  memcpy(path, file->path, dir_len);
  memcpy(path + dir_len, name, sizeof(name));

  struct look_file sibling = *file;
  sibling.path = path;
  struct look_memory memory = {.known = false};
  int status = look_once(&sibling, &memory);
  free(path);
  if (status == 0 && memory.number == 0)
    status = -ERANGE;
  if (status == 0)
    *range_uj = memory.number;
  return status;
}

void counter_read_range(const struct look_file *file, struct counter_memory *counter, struct reading *reading) {
  int status = look_at_range(file, &counter->range_uj);
  if (status == -ENOENT)
    counter->range_uj = 0;
  counter->range_known = status == 0 || status == -ENOENT;
  counter->range_error = counter->range_known ? 0 : status;
  reading->range_uj = counter->range_uj;
  reading->range_error = counter->range_error;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Looks again after a torn read, or after a look that took too long. *inexact as in a reading. */
static int look_with_patience(const struct look_file *file, struct look_memory *memory, int64_t *patience_ns,
                              struct instant *now, bool *inexact) {
  int64_t left_ns = *patience_ns < COUNTER_PATIENCE_NS ? *patience_ns : COUNTER_PATIENCE_NS;
  int64_t pause_ns = 0; /* the second look comes at once */
  for (int looks = 1;;) {
    int64_t before_ns = now->mono_ns;
    int status = look_once(file, memory);
    *inexact = clock_now(now) != 0 || now->mono_ns - before_ns > LOOK_MAX_NS;
    if (status == 0) {
      if (!*inexact || looks++ >= LOOKS_MAX)
        return 0;
      continue;
    }
    if (!look_is_transient(status) || pause_ns > left_ns)
      return status;
    if (pause_ns > 0) {
      nanosleep(&(struct timespec){.tv_nsec = (long)pause_ns}, NULL);
      left_ns -= pause_ns;
      *patience_ns -= pause_ns;
      clock_now(now);
    }
    pause_ns = pause_ns == 0 ? FIRST_PAUSE_NS : pause_ns * 2;
  }
}

void counter_read(const struct look_file *file, struct counter_memory *counter, int64_t *patience_ns,
                  struct instant *now, struct reading *reading) {
  struct look_memory *memory = &counter->look;
  bool inexact = false;
  int status = look_with_patience(file, memory, patience_ns, now, &inexact);
  *reading = (struct reading){.error = status, .at = *now};
  if (status == -ENOENT || status == -ENOTDIR) {
    counter->range_known = false;
    counter->range_uj = 0;
  }
  if (status != 0)
    return;
  reading->energy_uj = memory->number;
  reading->mtime_ns = memory->stamp.mtime_ns;
  reading->inexact = inexact;
  reading->local = memory->facts.local;
  reading->computed = memory->facts.computed;
  reading->range_uj = counter->range_uj;
  if (!counter->range_known)
    counter_read_range(file, counter, reading);
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
  case ENOLINK:
    return "cannot be opened safely, since /proc is not mounted";
  case EAGAIN:
    return "changed each time it was read";
  default:
    return strerror(-error);
  }
}
