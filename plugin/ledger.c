#include "ledger.h"

#include "core/state_file.h"
#include "daemon.h"
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often the file is written at most, and how long a VM that is gone is remembered. */
#define WRITE_EVERY_NS (60 * NS_PER_S)
#define KEEP_S         (INT64_C(90) * 24 * 3600)

/* As for CSVDir: a disk that is full now and then says ten things at once, and one every six minutes. */
static const struct pace pace = {.burst = 10, .refill_ns = 360 * NS_PER_S, .about = "StateFile"};

struct ledger {
  struct sink sink;
  const char *path;
  struct state *state;
  bool changed;       /* since it was written */
  bool written;       /* it was, once */
  int error;          /* what was last said of it; 0: all is well */
  struct instant now; /* of the pass */
  int64_t next_ns;    /* mono; when it may be written again; 0: at once */
  bool due;           /* in this pass it may */
  struct throttle throttle;
};

/* ---- what is said ------------------------------------------------------------------------------------------------ */

/* Of a file that cannot be read, and is not to be overwritten. */
static void say_unreadable(const char *path, int error) {
  const char *why = error == -EMEDIUMTYPE ? "it is no regular file"
                    : error == -ELOOP     ? "symbolic links are not followed here"
                                          : strerror(-error);
  say(LOG_WARNING,
      "StateFile: cannot read '%s': %s; it is left alone and nothing is kept: mend that, or name another file, and "
      "restart collectd",
      path, why);
}

static void say_damaged(const char *path, int error, const char *aside) {
  const char *what = error == -EPROTONOSUPPORT ? "is of another version of vm_energy" : "is damaged";
  say(LOG_WARNING, "StateFile: '%s' %s, and is now called '%s'; energies start anew", path, what, aside);
}

static void say_failure(const char *path, int error) {
  const char *why = strerror(-error);
  if (error == -EACCES || error == -EPERM)
    say(LOG_WARNING,
        "StateFile: cannot write '%s': %s; collectd runs as uid %u and needs w and x on the directory it is in", path,
        why, geteuid());
  else if (error == -ENOENT)
    say(LOG_WARNING, "StateFile: cannot write '%s': %s; make the directory it is in", path, why);
  else if (error == -ENOSPC || error == -EDQUOT)
    say(LOG_WARNING, "StateFile: cannot write '%s': %s; make room there; values are not lost", path, why);
  else if (error == -EROFS)
    say(LOG_WARNING,
        "StateFile: cannot write '%s': %s; name another file, or, where systemd makes it so, allow its directory in "
        "collectd's unit (ReadWritePaths=)",
        path, why);
  else
    say(LOG_WARNING, "StateFile: cannot write '%s': %s; mend that, or name another file", path, why);
}

static void tell_failure(struct ledger *ledger, int error) {
  if (error != ledger->error && may_say(&ledger->throttle, &pace, ledger->now.mono_ns))
    say_failure(ledger->path, error);
  ledger->error = error;
}

static void tell_success(struct ledger *ledger) {
  bool again = ledger->error != 0;
  if ((again || !ledger->written) && may_say(&ledger->throttle, &pace, ledger->now.mono_ns))
    say(again ? LOG_NOTICE : LOG_INFO, "StateFile: energies are kept in '%s'%s", ledger->path, again ? " again" : "");
  ledger->error = 0;
  ledger->written = true;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* False: nothing is to be written there. */
static bool load(struct ledger *ledger) {
  int status = state_file_load(ledger->path, ledger->state);
  if (status == -ENOENT)
    return true;
  if (status == 0) {
    say(LOG_INFO, "StateFile: %zu energ%s on from '%s'", state_count(ledger->state),
        state_count(ledger->state) == 1 ? "y goes" : "ies go", ledger->path);
    return true;
  }
  bool damaged = status == -EBADMSG || status == -EPROTONOSUPPORT || status == -EFBIG;
  char aside[PATH_MAX + 16];
  int moved = damaged ? state_file_set_aside(ledger->path, aside, sizeof(aside)) : 0;
  if (damaged && moved == 0)
    say_damaged(ledger->path, status, aside);
  else if (damaged)
    say(LOG_WARNING,
        "StateFile: '%s' is damaged and cannot be renamed: %s; it is left alone and nothing is kept: remove it, and "
        "restart collectd",
        ledger->path, strerror(-moved));
  else
    say_unreadable(ledger->path, status);
  return damaged && moved == 0;
}

static void save(struct ledger *ledger) {
  if (state_trim(ledger->state, ledger->now.wall_ns / NS_PER_S - KEEP_S) > 0)
    ledger->changed = true;
  if (!ledger->changed)
    return;
  int status = state_file_save(ledger->path, ledger->state);
  if (status != 0) {
    tell_failure(ledger, status);
    return;
  }
  ledger->changed = false;
  tell_success(ledger);
}

/* ---- the sink ---------------------------------------------------------------------------------------------------- */

static int note(struct ledger *ledger, const struct sample *sample) {
  const struct state_record *old = state_find(ledger->state, sample->path);
  const struct state_record record = {.total_uj = sample->total_uj,
                                      .counter_uj = sample->energy_uj,
                                      .seen_s = sample->at.wall_ns > 0 ? sample->at.wall_ns / NS_PER_S : 0};
  if (old == NULL || old->total_uj != record.total_uj || old->counter_uj != record.counter_uj)
    ledger->changed = true;
  int status = state_set(ledger->state, sample->path, &record);
  return status == -EINVAL ? 0 : status; /* a path that is longer than one can be is not kept */
}

static int sink_begin(struct sink *sink, const struct instant *now, size_t count) {
  (void)count;
  struct ledger *ledger = (struct ledger *)sink;
  ledger->now = *now;
  ledger->due = now->mono_ns >= ledger->next_ns;
  return 0;
}

static int sink_put(struct sink *sink, const struct sample *sample) {
  struct ledger *ledger = (struct ledger *)sink;
  return ledger->due && sample->has_energy ? note(ledger, sample) : 0;
}

static int sink_end(struct sink *sink) {
  struct ledger *ledger = (struct ledger *)sink;
  if (!ledger->due)
    return 0;
  save(ledger);
  ledger->next_ns = ledger->now.mono_ns + WRITE_EVERY_NS;
  return 0;
}

/* What came since it was last written is in the meter, which goes now. */
static void sink_removed(struct sink *sink, const struct sample *sample) {
  struct ledger *ledger = (struct ledger *)sink;
  if (sample->has_energy && note(ledger, sample) != 0)
    tell_failure(ledger, -ENOMEM);
}

struct ledger *ledger_new(const char *path) {
  struct ledger *ledger = calloc(1, sizeof(*ledger));
  struct state *state = ledger == NULL ? NULL : state_new();
  if (state == NULL) {
    free(ledger);
    say(LOG_ERR, "StateFile is off: out of memory");
    return NULL;
  }
  *ledger = (struct ledger){.sink = {.begin = sink_begin, .put = sink_put, .end = sink_end, .removed = sink_removed},
                            .path = path,
                            .state = state};
  if (load(ledger))
    return ledger;
  state_free(state);
  free(ledger);
  return NULL;
}

void ledger_free(struct ledger *ledger) {
  if (ledger == NULL)
    return;
  if (ledger->changed)
    save(ledger);
  state_free(ledger->state);
  free(ledger);
}

struct sink *ledger_sink(struct ledger *ledger) {
  return &ledger->sink;
}

bool ledger_saved(const char *path, struct meter_saved *saved, void *arg) {
  const struct ledger *ledger = arg;
  const struct state_record *record = state_find(ledger->state, path);
  if (record == NULL)
    return false;
  *saved = (struct meter_saved){
      .total_uj = record->total_uj, .counter_uj = record->counter_uj, .wall_ns = record->seen_s * NS_PER_S};
  return true;
}
