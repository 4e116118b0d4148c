#include "statefile.h"

#include "core/state_file.h"
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITE_EVERY_NS (60 * NS_PER_S)

/* A write in a thread of its own, so that no pass waits for the disk. */
struct writer {
  char *text; /* NULL: no write is under way */
  size_t len;
  pthread_t thread;
  pthread_mutex_t lock; /* of is_done */
  bool is_done;
  int status;
};

struct statefile {
  struct sink sink;
  const char *path;
  int lock_fd; /* below 0: not locked yet */
  struct state *state;
  bool changed;           /* since the last write */
  struct trouble trouble; /* none: the file is written; error 1: not written yet, nothing logged */
  int64_t mono_ns;        /* of the pass */
  int64_t next_ns;        /* mono; time of the next write; 0: at once */
  bool due;               /* a write is to start in this pass */
  struct writer writer;
  struct throttle throttle;
};

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* Returns false, after a message, if the file must not be written. */
static bool load(struct statefile *statefile) {
  const char *path = statefile->path;
  statefile->lock_fd = state_file_lock(path);
  if (statefile->lock_fd == -EWOULDBLOCK) {
    log_line(LOG_WARNING,
             "StateFile: '%s' is in use by another process; it is left unchanged, and nothing is saved: choose another "
             "file, or end that process, and restart collectd",
             path);
    return false;
  }
  int status = state_file_load(path, statefile->state);
  if (status == -ENOENT)
    return true;
  if (status == 0) {
    size_t count = state_count(statefile->state);
    log_line(LOG_INFO, "StateFile: read the energy of %zu counter%s from '%s'", count, count == 1 ? "" : "s", path);
    return true;
  }
  char aside[PATH_MAX + 16];
  if (status != -EBADMSG && status != -EPROTONOSUPPORT && status != -EFBIG) {
    log_line(LOG_WARNING,
             "StateFile: cannot read '%s': %s; it is left unchanged, and nothing is saved: fix this, or choose another "
             "file, and restart collectd",
             path,
             status == -EMEDIUMTYPE ? "it is no regular file"
             : status == -ELOOP     ? "symbolic links are not followed here"
                                    : strerror(-status));
    return false;
  }
  int error = state_file_set_aside(path, aside, sizeof(aside));
  if (error == 0)
    log_line(LOG_WARNING, "StateFile: '%s' %s, and was renamed to '%s'; energies start at the counters' values", path,
             status == -EPROTONOSUPPORT ? "is of another version of vm_energy" : "is damaged", aside);
  else
    log_line(
        LOG_WARNING,
        "StateFile: '%s' is damaged and cannot be renamed: %s; it is left unchanged, and nothing is saved: remove it, "
        "and restart collectd",
        path, strerror(-error));
  return error == 0;
}

/* ---- writes ------------------------------------------------------------------------------------------------------ */

static void *write_text(void *arg) {
  struct statefile *statefile = arg;
  struct writer *writer = &statefile->writer;
  writer->status = state_file_save(statefile->path, writer->text, writer->len);
  pthread_mutex_lock(&writer->lock);
  writer->is_done = true;
  pthread_mutex_unlock(&writer->lock);
  return NULL;
}

static bool is_done(struct writer *writer) {
  pthread_mutex_lock(&writer->lock);
  bool is_done = writer->is_done;
  pthread_mutex_unlock(&writer->lock);
  return is_done;
}

static void report_result(struct statefile *statefile, int status) {
  bool again = statefile->trouble.error < 0;
  if (status != 0) {
    statefile->changed = true;
    log_unwritable(&statefile->trouble, statefile->path, status, statefile->mono_ns);
  } else if (log_trouble_ends(&statefile->trouble, statefile->mono_ns)) {
    log_line(again ? LOG_NOTICE : LOG_INFO, "StateFile: energies are saved in '%s'%s", statefile->path,
             again ? " again" : "");
  }
}

/* Ends a write that is done. wait: waits until it is. */
static void end_write(struct statefile *statefile, bool wait) {
  struct writer *writer = &statefile->writer;
  if (writer->text == NULL || (!wait && !is_done(writer)))
    return;
  pthread_join(writer->thread, NULL);
  free(writer->text);
  writer->text = NULL;
  report_result(statefile, writer->status);
}

/* Starts a write if something changed. None may be under way. */
static void begin_write(struct statefile *statefile) {
  struct writer *writer = &statefile->writer;
  statefile->changed = state_trim(statefile->state) > 0 || statefile->changed;
  if (!statefile->changed)
    return;
  if (statefile->lock_fd < 0)
    statefile->lock_fd = state_file_lock(statefile->path);
  char *text = NULL;
  int status = statefile->lock_fd < 0 ? statefile->lock_fd : state_format(statefile->state, &text, &writer->len);
  if (status == 0) {
    writer->text = text;
    writer->is_done = false;
    statefile->changed = false;
    status = -pthread_create(&writer->thread, NULL, write_text, statefile);
    if (status != 0) {
      free(text);
      writer->text = NULL;
    }
  }
  if (status != 0)
    report_result(statefile, status);
}

/* ---- the sink ---------------------------------------------------------------------------------------------------- */

static int note(struct statefile *statefile, const struct sample *sample) {
  const struct state_record *old = state_find(statefile->state, sample->path);
  const struct state_record record = {.total_uj = sample->total_uj,
                                      .counter_uj = sample->energy_uj,
                                      .seen_s = sample->at.wall_ns > 0 ? sample->at.wall_ns / NS_PER_S : 0};
  if (old == NULL || old->total_uj != record.total_uj || old->counter_uj != record.counter_uj)
    statefile->changed = true;
  int status = state_set(statefile->state, sample->path, &record);
  return status == -EINVAL ? 0 : status; /* a path that is too long for the file is not kept */
}

static int sink_begin(struct sink *sink, const struct instant *now, size_t count) {
  (void)count;
  struct statefile *statefile = (struct statefile *)sink;
  statefile->mono_ns = now->mono_ns;
  end_write(statefile, false);
  bool is_time = now->mono_ns >= statefile->next_ns;
  statefile->due = is_time && statefile->writer.text == NULL;
  if (is_time && !statefile->due)
    log_unwritable(&statefile->trouble, statefile->path, -ETIMEDOUT, now->mono_ns);
  return 0;
}

static int sink_put(struct sink *sink, const struct sample *sample) {
  struct statefile *statefile = (struct statefile *)sink;
  return statefile->due && sample->has_energy ? note(statefile, sample) : 0;
}

static int sink_end(struct sink *sink) {
  struct statefile *statefile = (struct statefile *)sink;
  if (!statefile->due)
    return 0;
  begin_write(statefile);
  end_write(statefile, false);
  statefile->next_ns = statefile->mono_ns + WRITE_EVERY_NS;
  return 0;
}

/* The meter is dropped now, and with it the energy added since the last write. */
static void sink_removed(struct sink *sink, const struct sample *sample) {
  struct statefile *statefile = (struct statefile *)sink;
  if (sample->has_energy && note(statefile, sample) != 0)
    log_unwritable(&statefile->trouble, statefile->path, -ENOMEM, statefile->mono_ns);
}

static void release(struct statefile *statefile) {
  pthread_mutex_destroy(&statefile->writer.lock);
  if (statefile->lock_fd >= 0)
    close(statefile->lock_fd);
  state_free(statefile->state);
  free(statefile);
}

struct sink *statefile_new(const char *path) {
  struct statefile *statefile = calloc(1, sizeof(*statefile));
  struct state *state = statefile == NULL ? NULL : state_new();
  if (state == NULL) {
    free(statefile);
    log_line(LOG_ERR, "StateFile is off: out of memory");
    return NULL;
  }
  *statefile =
      (struct statefile){.sink = {.begin = sink_begin, .put = sink_put, .end = sink_end, .removed = sink_removed},
                         .path = path,
                         .state = state,
                         .trouble = {.error = 1, .about = "StateFile", .throttle = &statefile->throttle},
                         .writer = {.lock = PTHREAD_MUTEX_INITIALIZER}};
  if (load(statefile))
    return &statefile->sink;
  release(statefile);
  return NULL;
}

void statefile_free(struct sink *sink) {
  if (sink == NULL)
    return;
  struct statefile *statefile = (struct statefile *)sink;
  end_write(statefile, true);
  begin_write(statefile);
  end_write(statefile, true);
  release(statefile);
}

bool statefile_saved(const char *path, struct meter_saved *saved, void *arg) {
  const struct statefile *statefile = arg;
  const struct state_record *record = state_find(statefile->state, path);
  if (record == NULL)
    return false;
  *saved = (struct meter_saved){
      .total_uj = record->total_uj, .counter_uj = record->counter_uj, .wall_ns = record->seen_s * NS_PER_S};
  return true;
}
