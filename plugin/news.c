#include "news.h"

#include "core/label.h"
#include "core/shell_word.h"
#include "log.h"
#include "settings.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pauses are reported once a VM was watched for this long: a share of a shorter time says little. */
#define PAUSES_AFTER_NS (600 * NS_PER_S)

/* State per VM, in the slot of its samples. */
struct vm {
  int error, range_error; /* last logged state, these four: -errno or 0 */
  bool at_least, stale;
  bool notified_present, notified_stale; /* last notified state */
  bool stale_alone;                      /* its staleness is reported on its own, not with that of all others */
  int64_t quiet_since_ns;                /* mono; its last update where stale, else when it was last read or added */
  int64_t stale_since_ns;
  int64_t period_ns;            /* of the writer */
  const char *path;             /* borrowed from the samples */
  struct vm *next;              /* of those that are stale in this pass */
  struct throttle lines, notes; /* limits on log lines and on notifications */
  uint32_t pauses;              /* of the writer, since watched_since_ns */
  int64_t pause_ns, watched_since_ns;
  char label[LABEL_MAX_COLLECTD + 1];
};

struct news {
  struct sink sink;
  struct throttle *throttle;
  int64_t interval_ns;
  struct instant now;                 /* of the look */
  bool started;                       /* the first pass is over */
  bool shutting_down;                 /* removed VMs are not reported */
  bool all_stale, notified_all_stale; /* last logged, last notified state */
  int64_t all_stale_end_ns;           /* mono */
  struct throttle all_lines, all_notes;
  size_t present_num;            /* VMs in this pass, without missing ones */
  struct vm *stale, **stale_end; /* list of those that are stale */
  bool reported_pauses;
  void *removed[2]; /* trees of struct vm by label: removed within this hour, and within the hour before */
  int64_t removed_since_ns;
};

/* ---- removed VMs ------------------------------------------------------------------------------------------------- */

/* The throttles of a removed VM are kept until they are full again: a VM that comes and goes must not have a new burst
   each time, and with one throttle for all VMs it would use up the messages of the others. */
#define KEEP_NS (VM_BURST * VM_REFILL_NS)

static int compare_labels(const void *a, const void *b) {
  return strcmp(((const struct vm *)a)->label, ((const struct vm *)b)->label);
}

static void keep_removed(struct news *news, struct vm *vm) {
  bool full = vm->lines.full_ns <= news->now.mono_ns && vm->notes.full_ns <= news->now.mono_ns;
  struct vm **node = full ? NULL : tsearch(vm, &news->removed[0], compare_labels);
  if (node == NULL || *node != vm)
    free(vm);
}

/* A new VM, with the throttles it had when it was removed. NULL: out of memory. */
static struct vm *add_vm(struct news *news, const struct sample *sample) {
  struct vm *vm = calloc(1, sizeof(*vm));
  if (vm == NULL)
    return NULL;
  snprintf(vm->label, sizeof(vm->label), "%s", sample->label);
  vm->path = sample->path;
  vm->watched_since_ns = vm->quiet_since_ns = news->now.mono_ns;
  for (size_t i = 0; i < 2; i++) {
    struct vm **node = tfind(vm, &news->removed[i], compare_labels);
    if (node == NULL)
      continue;
    struct vm *old = *node;
    vm->lines = old->lines;
    vm->notes = old->notes;
    tdelete(old, &news->removed[i], compare_labels);
    free(old);
  }
  return vm;
}

void news_set_time(struct sink *sink, const struct instant *now) {
  struct news *news = (struct news *)sink;
  news->shutting_down = now == NULL;
  if (news->shutting_down)
    return;
  news->now = *now;
  if (now->mono_ns - news->removed_since_ns < KEEP_NS)
    return;
  tdestroy(news->removed[1], free);
  news->removed[1] = news->removed[0];
  news->removed[0] = NULL;
  news->removed_since_ns = now->mono_ns;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void report_vm(struct news *news, struct vm *vm, int severity,
                                                            const char *format, ...) {
  char text[MESSAGE_MAX];
  snprintf(text, sizeof(text), "VM '%s'", vm->label);
  if (!log_allows(&vm->lines, text, news->now.mono_ns))
    return;
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  log_line(severity, "VM '%s': %s", vm->label, text);
}

/* vm: NULL: all VMs. */
__attribute__((format(printf, 4, 5))) static void notify(const struct news *news, const struct vm *vm, int severity,
                                                         const char *format, ...) {
  notification_t notification = {
      .severity = severity, .time = NS_TO_CDTIME_T((cdtime_t)news->now.wall_ns), .message = ""};
  va_list args;
  va_start(args, format);
  log_format(notification.message, sizeof(notification.message), format, args);
  va_end(args);
  snprintf(notification.plugin, sizeof(notification.plugin), "%s", PLUGIN);
  if (vm == NULL) {
    snprintf(notification.host, sizeof(notification.host), "%s", hostname_g);
  } else {
    settings_expand(&settings.host, vm->label, notification.host, sizeof(notification.host));
    settings_expand(&settings.plugin_instance, vm->label, notification.plugin_instance,
                    sizeof(notification.plugin_instance));
  }
  snprintf(notification.type, sizeof(notification.type), "energy");
  plugin_dispatch_notification(&notification);
}

/* The limit on notifications. The second one of a pair, such as OKAY after WARNING, is always sent. */
static bool may_notify(const struct news *news, struct throttle *notes) {
  return throttle_take(notes, VM_BURST, VM_REFILL_NS, news->now.mono_ns);
}

/* VMs present at start are not announced. One that is held back is announced later. */
static void notify_added(const struct news *news, struct vm *vm) {
  if (vm->notified_present || !(settings.notify_add || settings.notify_remove))
    return;
  vm->notified_present = !news->started || may_notify(news, &vm->notes);
  if (news->started && vm->notified_present && settings.notify_add)
    notify(news, vm, NOTIF_OKAY, "VM %s appeared.", vm->label);
}

/* Without NotifyRemove too, if a warning that the VM is stale has to end. */
static void notify_removed(const struct news *news, struct vm *vm) {
  bool wanted = vm->notified_present && settings.notify_remove;
  if (wanted || vm->notified_stale)
    notify(news, vm, wanted ? NOTIF_WARNING : NOTIF_OKAY, "VM %s was removed.", vm->label);
  vm->notified_present = vm->notified_stale = vm->stale = vm->stale_alone = false;
}

/* ---- one VM's changes -------------------------------------------------------------------------------------------- */

static void report_unreadable(struct news *news, struct vm *vm, const struct sample *sample) {
  bool denied = sample->error == -EACCES || sample->error == -EPERM;
  unsigned uid = geteuid();
  size_t room = MESSAGE_MAX - 250; /* a long line is cut, and half of a path is another path */
  char *word = denied ? shell_word(sample->path) : NULL, text[MESSAGE_MAX];
  const char *remedy = "it has no values until this is fixed";
  if (denied && uid == 0) {
    remedy = "collectd runs as root, but without the right to read all files; allow CAP_DAC_READ_SEARCH in its systemd "
             "unit (CapabilityBoundingSet=)";
  } else if (denied) {
    remedy = text;
    if (word == NULL || strlen(sample->path) + strlen(word) > room)
      snprintf(text, sizeof(text),
               "collectd runs as uid %u and needs read permission on it, and search permission on its directories",
               uid);
    else
      snprintf(text, sizeof(text),
               "collectd runs as uid %u; as root, run: setfacl -m u:%u:r %s (and u:%u:x for each closed directory)",
               uid, uid, word, uid);
  } else if (sample->state == SAMPLE_MISSING) {
    remedy = "start Scaphandre's qemu exporter, or correct the option File";
  }
  report_vm(news, vm, LOG_WARNING, "'%s': %s; %s", sample->path, counter_error_text(sample->error), remedy);
  free(word);
}

static void report_reset(struct news *news, struct vm *vm) {
  report_vm(news, vm, LOG_NOTICE, "the counter '%s' fell: treated as a reset; accumulated energy continues", vm->path);
  if (settings.notify_reset && may_notify(news, &vm->notes))
    notify(news, vm, NOTIF_WARNING, "The energy counter of VM %s was reset.", vm->label);
}

static void report_range(struct news *news, struct vm *vm, const struct sample *sample) {
  if (sample->range_error != vm->range_error && sample->range_error != 0)
    report_vm(news, vm, LOG_WARNING,
              "cannot read max_energy_range_uj beside '%s': %s; until it can be read, a wrap of the counter is "
              "treated as a reset",
              sample->path, counter_error_text(sample->range_error));
  vm->range_error = sample->range_error;
  if (sample->may_have_wrapped && !vm->at_least)
    report_vm(news, vm, LOG_WARNING,
              "'%s' may wrap more than once between two looks: its energy is a lower bound, and it has no power",
              sample->path);
  vm->at_least = sample->may_have_wrapped;
}

/* Reported once, for one VM: the writer pauses for all at the same time. */
static void report_pauses(struct news *news, struct vm *vm, const struct sample *sample) {
  int64_t watched_ns = news->now.mono_ns - vm->watched_since_ns;
  vm->pauses += sample->pauses;
  vm->pause_ns += sample->pause_ns;
  if (vm->pauses == 0 || news->reported_pauses || watched_ns < PAUSES_AFTER_NS)
    return;
  news->reported_pauses = true;
  log_line(
      LOG_NOTICE,
      "VM '%s': the writer of '%s' paused %u time%s in %.0f min, and may not have counted for %.1f %% of the time%s; "
      "further pauses are not logged, see vm_energy check",
      sample->label, sample->path, vm->pauses, vm->pauses == 1 ? "" : "s", (double)watched_ns / 60e9,
      100 * (double)vm->pause_ns / (double)watched_ns,
      sample->by_update ? "; updates after a pause have no power" : "");
}

/* ---- stale VMs --------------------------------------------------------------------------------------------------- */

/*
 * When Scaphandre stops, all VMs become stale within one of its periods. That is reported once, not for each VM. So
 * each pass lists the stale VMs, and one is reported on its own only after a period in which not all became stale.
 */

/* Lists the VM if it is stale. A counter that could not be read for the stale time is stale, too. */
static void note_staleness(struct news *news, struct vm *vm, const struct sample *sample) {
  int64_t now_ns = news->now.mono_ns;
  bool stale = sample->error == 0 ? sample->state == SAMPLE_STALE : now_ns - vm->quiet_since_ns > sample->stale_ns;
  if (sample->error == 0)
    vm->quiet_since_ns = stale ? now_ns - sample->age_ns : now_ns;
  if (stale) {
    vm->stale_since_ns = vm->quiet_since_ns + sample->stale_ns;
    vm->period_ns = sample->period_ns > 0 ? sample->period_ns : news->interval_ns;
    vm->next = NULL;
    *news->stale_end = vm;
    news->stale_end = &vm->next;
    return;
  }
  if (sample->error != 0)
    return;
  if (vm->stale)
    report_vm(news, vm, LOG_NOTICE, "'%s' is updated again", vm->path);
  if (vm->notified_stale)
    notify(news, vm, NOTIF_OKAY, "The energy counter of VM %s is updated again.", vm->label);
  vm->stale = vm->notified_stale = vm->stale_alone = false;
}

static double quiet_s(const struct news *news, const struct vm *vm) {
  return (double)(news->now.mono_ns - vm->quiet_since_ns) / 1e9;
}

static void report_stale(struct news *news, struct vm *vm) {
  vm->stale_alone = true;
  if (!vm->stale && vm->error == 0) {
    report_vm(news, vm, LOG_WARNING,
              "no update of '%s' for %.0f s: it has no values until the next one; the VM is off, or Scaphandre has "
              "stopped",
              vm->path, quiet_s(news, vm));
    vm->stale = true;
  }
  if (vm->notified_stale || !settings.notify_stale || !may_notify(news, &vm->notes))
    return;
  vm->notified_stale = true;
  if (vm->error == 0)
    notify(news, vm, NOTIF_WARNING, "The energy counter of VM %s was not updated for %.0f s.", vm->label,
           quiet_s(news, vm));
  else
    notify(news, vm, NOTIF_WARNING, "The energy counter of VM %s has had no value for %.0f s: %s.", vm->label,
           quiet_s(news, vm), counter_error_text(vm->error));
}

static void report_all_stale(struct news *news) {
  double least_s = quiet_s(news, news->stale);
  for (const struct vm *vm = news->stale->next; vm != NULL; vm = vm->next)
    if (quiet_s(news, vm) < least_s)
      least_s = quiet_s(news, vm);
  if (!news->all_stale && log_allows(&news->all_lines, "all VMs", news->now.mono_ns))
    log_line(LOG_WARNING,
             "no update of any of the %zu counters for %.0f s: no VM has values until the next one; Scaphandre has "
             "stopped, or all VMs are off",
             news->present_num, least_s);
  news->all_stale = true;
  if (news->notified_all_stale || !settings.notify_stale || !may_notify(news, &news->all_notes))
    return;
  news->notified_all_stale = true;
  notify(news, NULL, NOTIF_WARNING, "None of the %zu energy counters was updated for %.0f s.", news->present_num,
         least_s);
}

static void report_all_stale_end(struct news *news) {
  bool any = news->present_num > 0;
  if (log_allows(&news->all_lines, "all VMs", news->now.mono_ns))
    log_line(LOG_NOTICE, any ? "counters are updated again" : "all counters were removed");
  if (news->notified_all_stale)
    notify(news, NULL, NOTIF_OKAY, any ? "Energy counters are updated again." : "All energy counters were removed.");
  news->all_stale = news->notified_all_stale = false;
  news->all_stale_end_ns = news->now.mono_ns;
}

static bool is_reported_alone(const struct news *news, const struct vm *vm) {
  int64_t since_ns = vm->stale_since_ns > news->all_stale_end_ns ? vm->stale_since_ns : news->all_stale_end_ns;
  bool period_is_over = news->now.mono_ns - since_ns > vm->period_ns;
  return vm->stale_alone || (!news->all_stale && (news->present_num == 1 || period_is_over));
}

static void report_staleness(struct news *news) {
  size_t stale_num = 0, together_num = 0; /* all, and those not reported on their own */
  for (const struct vm *vm = news->stale; vm != NULL; vm = vm->next) {
    stale_num++;
    together_num += !vm->stale_alone;
  }
  bool all = stale_num > 0 && stale_num == news->present_num;
  if (all && (news->all_stale || together_num > 1))
    report_all_stale(news);
  else if (news->all_stale)
    report_all_stale_end(news);
  for (struct vm *vm = news->stale; vm != NULL; vm = vm->next)
    if (is_reported_alone(news, vm))
      report_stale(news, vm);
}

/* ---- the sink ---------------------------------------------------------------------------------------------------- */

static void start_pass(struct news *news) {
  news->present_num = 0;
  news->stale = NULL;
  news->stale_end = &news->stale;
}

static void put_state(struct news *news, struct vm *vm, const struct sample *sample, int last_error) {
  if (sample->error != 0) {
    if (sample->error != last_error)
      report_unreadable(news, vm, sample);
    return;
  }
  if (last_error != 0)
    report_vm(news, vm, LOG_NOTICE, "'%s' can be read again", sample->path);
  if (sample->state == SAMPLE_RESET)
    report_reset(news, vm);
  else if (sample->state == SAMPLE_SPIKE)
    report_vm(news, vm, LOG_NOTICE, "'%s' increased faster than %s; the sample has no power", sample->path,
              settings.meter.max_power_w > 0 ? "MaxPower allows" : "is plausible");
}

static int sink_put(struct sink *sink, const struct sample *sample) {
  struct news *news = (struct news *)sink;
  struct vm *vm = *sample->slot;
  /* A file that was removed between search and read will be reported as removed by the next search. */
  if (vm == NULL || (sample->state == SAMPLE_MISSING && sample->by_pattern))
    return 0;
  int last_error = vm->error;
  /* The writer empties a file before it writes: empty is reported when the next look finds it so, too. */
  if (sample->error != -ENODATA || sample->error_again || last_error == -ENODATA) {
    vm->error = sample->error;
    put_state(news, vm, sample, last_error);
  }
  if (sample->state == SAMPLE_MISSING) { /* a path without a pattern: removed() is not called */
    notify_removed(news, vm);
    vm->quiet_since_ns = news->now.mono_ns;
    return 0;
  }
  notify_added(news, vm);
  news->present_num++;
  note_staleness(news, vm, sample);
  if (sample->error == 0) {
    report_range(news, vm, sample);
    report_pauses(news, vm, sample);
  }
  return 0;
}

static int sink_end(struct sink *sink) {
  struct news *news = (struct news *)sink;
  report_staleness(news);
  start_pass(news);
  news->started = true;
  return 0;
}

static void sink_added(struct sink *sink, const struct sample *sample) {
  struct news *news = (struct news *)sink;
  struct vm *vm = add_vm(news, sample); /* NULL: the VM has values, but no messages */
  *sample->slot = vm;
  if (news->started && log_allows(news->throttle, NULL, news->now.mono_ns))
    log_line(LOG_INFO, "VM '%s': reading '%s'", sample->label, sample->path);
  if (vm != NULL && sample->by_pattern) /* a path without a pattern may be missing */
    notify_added(news, vm);
}

static void sink_removed(struct sink *sink, const struct sample *sample) {
  struct news *news = (struct news *)sink;
  struct vm *vm = *sample->slot;
  if (news->shutting_down) {
    free(vm);
    return;
  }
  if (log_allows(news->throttle, NULL, news->now.mono_ns))
    log_line(LOG_INFO, "VM '%s': '%s' was removed", sample->label, sample->path);
  if (vm == NULL)
    return;
  notify_removed(news, vm);
  keep_removed(news, vm);
}

struct sink *news_new(struct throttle *throttle) {
  struct news *news = calloc(1, sizeof(*news));
  if (news == NULL)
    return NULL;
  news->sink = (struct sink){.put = sink_put, .end = sink_end, .added = sink_added, .removed = sink_removed};
  news->throttle = throttle;
  start_pass(news);
  news->interval_ns = (int64_t)CDTIME_T_TO_NS(plugin_get_interval());
  return &news->sink;
}

void news_free(struct sink *sink) {
  struct news *news = (struct news *)sink;
  for (size_t i = 0; news != NULL && i < 2; i++)
    tdestroy(news->removed[i], free);
  free(news);
}
