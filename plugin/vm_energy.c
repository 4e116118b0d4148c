/*
 * vm_energy: the collectd plugin
 *
 * The glue: turns the settings into a sampler, and is the sink that turns samples into values, log lines and
 * notifications. It and its neighbours in this directory (settings, log, capture, ledger) know collectd; core/, where
 * all measuring is, does not.
 *
 * collectd calls config while it reads its configuration, init once, then read from one of its threads, never from two
 * at once, since there is one read function and the daemon runs a read function again only when it has returned;
 * shutdown comes after the last read. So nothing here is locked; tests/trust/check_threads.sh holds the daemon to that.
 *
 * The read function looks at the counters every 2 s or more often, and dispatches values when the interval of the
 * plugin has passed (see meter.h for why). So it is registered with the time between two looks, and sets the interval
 * of the values itself.
 */
#include "capture.h"
#include "core/clock.h"
#include "core/label.h"
#include "core/sampler.h"
#include "core/selection.h"
#include "core/shell_word.h"
#include "core/throttle.h"
#include "daemon.h"
#include "ledger.h"
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

/* A VM whose state changes all the time may say ten things at once and one every six minutes. */
#define VM_BURST     10
#define VM_REFILL_NS (360 * NS_PER_S)

/* All others together: VMs that come and go, errors of the daemon. */
#define PLUGIN_BURST     50
#define PLUGIN_REFILL_NS (10 * NS_PER_S)

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* What is kept per VM, in the slot of its samples. */
struct vm {
  bool stale; /* these two: what was last said of it */
  int error;  /* why it has no value; 0: it has */
  int range_error;
  bool at_least; /* these two: said, too */
  struct throttle throttle;
  bool noted_here; /* these two: what was last notified of it */
  bool noted_stale;
  struct throttle notes;
  char label[LABEL_MAX_COLLECTD + 1];
};

static struct {
  struct sink sink;
  struct sampler *sampler;
  struct capture *capture; /* NULL: off */
  struct ledger *ledger;   /* NULL: off */
  struct sink *sinks[3];   /* this one, the capture's, the ledger's */
  struct throttle throttle;
  cdtime_t interval; /* of the values */
  int64_t next_ns;   /* mono; when the next ones are due */
  int64_t mono_ns;   /* of the look */
  cdtime_t time;     /* of the look */
  bool said_pause;
  bool started; /* the first pass is over */
  bool stopping;
  int search_error; /* these two: what was last said of the search */
  char *search_where;
  int mounts_error;
  bool said_no_counter;
  void *gone[2]; /* trees of struct vm by label: of those that are gone, this hour's and the hour's before */
  int64_t gone_since_ns;
} plugin;

/* The identifier's field, of at most LABEL_MAX_COLLECTD bytes where it holds the VM's name. */
static void compose(const struct format *format, const char *label, char *text, size_t size) {
  char whole[2 * DATA_MAX_NAME_LEN * FIELDS_MAX] = "";
  size_t used = 0;
  bool named = false;
  for (size_t i = 0; i < format->fields_num; i++) {
    const char *field = format->fields[i] == FIELD_NAME ? label : hostname_g;
    used +=
        (size_t)snprintf(whole + used, sizeof(whole) - used, "%s%.*s", i > 0 ? ":" : "", DATA_MAX_NAME_LEN - 1, field);
    named = named || format->fields[i] == FIELD_NAME;
  }
  char *cut = named && used > LABEL_MAX_COLLECTD ? label_cut(whole, LABEL_MAX_COLLECTD) : NULL;
  snprintf(text, size, "%s", cut != NULL ? cut : whole);
  free(cut);
}

static bool may_say_of_vm(struct vm *vm, const struct sample *sample) {
  char about[MESSAGE_MAX / 2];
  snprintf(about, sizeof(about), "VM '%s'", sample->label);
  const struct pace pace = {.burst = VM_BURST, .refill_ns = VM_REFILL_NS, .about = about};
  return may_say(&vm->throttle, &pace, plugin.mono_ns);
}

static bool may_say_in_all(void) {
  static const struct pace pace = {
      .burst = PLUGIN_BURST, .refill_ns = PLUGIN_REFILL_NS, .about = "VMs that came and went"};
  return may_say(&plugin.throttle, &pace, plugin.mono_ns);
}

static void dispatch(const struct sample *sample, const char *type, const char *type_instance, gauge_t number) {
  value_t value = {.gauge = number};
  value_list_t list = VALUE_LIST_INIT;
  list.values = &value;
  list.values_len = 1;
  list.time = plugin.time;
  list.interval = plugin.interval;
  snprintf(list.plugin, sizeof(list.plugin), "%s", PLUGIN);
  compose(&settings.host, sample->label, list.host, sizeof(list.host));
  compose(&settings.plugin_instance, sample->label, list.plugin_instance, sizeof(list.plugin_instance));
  snprintf(list.type, sizeof(list.type), "%s", type);
  snprintf(list.type_instance, sizeof(list.type_instance), "%s", type_instance);
  int status = plugin_dispatch_values(&list);
  if (status != 0 && may_say_in_all())
    say(LOG_WARNING, "collectd did not take the %s of VM '%s' (status %d)", type, sample->label, status);
}

__attribute__((format(printf, 3, 4))) static void notify(const struct sample *sample, int severity, const char *format,
                                                         ...) {
  notification_t notification = {.severity = severity, .time = plugin.time};
  va_list args;
  va_start(args, format);
  format_safely(notification.message, sizeof(notification.message), format, args);
  va_end(args);
  snprintf(notification.plugin, sizeof(notification.plugin), "%s", PLUGIN);
  compose(&settings.host, sample->label, notification.host, sizeof(notification.host));
  compose(&settings.plugin_instance, sample->label, notification.plugin_instance, sizeof(notification.plugin_instance));
  snprintf(notification.type, sizeof(notification.type), "energy");
  plugin_dispatch_notification(&notification);
}

/* ---- VMs that are gone ------------------------------------------------------------------------------------------- */

/* How much they have said is kept for an hour, when their buckets are full again: one that comes and goes all the time
   would otherwise begin anew each time. */
#define GONE_NS (VM_BURST * VM_REFILL_NS)

static int compare_labels(const void *a, const void *b) {
  return strcmp(((const struct vm *)a)->label, ((const struct vm *)b)->label);
}

static void forget_gone(void) {
  if (plugin.mono_ns - plugin.gone_since_ns < GONE_NS)
    return;
  tdestroy(plugin.gone[1], free);
  plugin.gone[1] = plugin.gone[0];
  plugin.gone[0] = NULL;
  plugin.gone_since_ns = plugin.mono_ns;
}

static void remember_gone(struct vm *vm) {
  bool quiet = vm->throttle.full_ns <= plugin.mono_ns && vm->notes.full_ns <= plugin.mono_ns;
  struct vm **node = quiet ? NULL : tsearch(vm, &plugin.gone[0], compare_labels);
  if (node == NULL || *node != vm)
    free(vm);
}

/* What is kept of a VM that comes, which may be one that was gone. NULL: out of memory. */
static struct vm *recall(const char *label) {
  struct vm *vm = calloc(1, sizeof(*vm));
  if (vm == NULL)
    return NULL;
  snprintf(vm->label, sizeof(vm->label), "%s", label);
  for (size_t i = 0; i < sizeof(plugin.gone) / sizeof(plugin.gone[0]); i++) {
    struct vm **node = tfind(vm, &plugin.gone[i], compare_labels);
    if (node == NULL)
      continue;
    struct vm *gone = *node;
    vm->throttle = gone->throttle;
    vm->notes = gone->notes;
    tdelete(gone, &plugin.gone[i], compare_labels);
    free(gone);
  }
  return vm;
}

/* ---- what is said of a VM, when it changes ----------------------------------------------------------------------- */

/* Of a pair of notifications only the first one asks this, so that none is left standing that is no longer true. */
static bool may_notify(struct vm *vm) {
  uint64_t held_back;
  return throttle_take(&vm->notes, VM_BURST, VM_REFILL_NS, plugin.mono_ns, &held_back);
}

/* What is there when collectd starts did not appear. */
static void notify_here(struct vm *vm, const struct sample *sample) {
  if (vm->noted_here || !(settings.notify_add || settings.notify_remove))
    return;
  vm->noted_here = !plugin.started || may_notify(vm);
  if (plugin.started && vm->noted_here && settings.notify_add)
    notify(sample, NOTIF_OKAY, "VM %s appeared.", sample->label);
}

static void notify_gone(const struct vm *vm, const struct sample *sample) {
  if (vm->noted_here && settings.notify_remove)
    notify(sample, NOTIF_WARNING, "VM %s is gone.", sample->label);
}

static void notify_staleness(struct vm *vm, const struct sample *sample, bool stale) {
  if (stale == vm->noted_stale || !settings.notify_stale || (stale && !may_notify(vm)))
    return;
  vm->noted_stale = stale;
  if (stale)
    notify(sample, NOTIF_WARNING, "The energy counter of VM %s was not updated for %.0f s.", sample->label,
           (double)sample->age_ns / 1e9);
  else
    notify(sample, NOTIF_OKAY, "The energy counter of VM %s is updated again.", sample->label);
}

static void say_denied(const struct sample *sample) {
  unsigned uid = geteuid();
  if (uid == 0) {
    say(LOG_WARNING,
        "VM '%s': '%s': permission denied: collectd runs as root, but without the right to read all files; allow "
        "CAP_DAC_READ_SEARCH in its systemd unit (CapabilityBoundingSet=)",
        sample->label, sample->path);
    return;
  }
  char *word = shell_word(sample->path);
  size_t room = MESSAGE_MAX - 250; /* a long line is cut, and half of a path is another path */
  if (word == NULL || strlen(sample->path) + strlen(word) > room)
    say(LOG_WARNING,
        "VM '%s': '%s': permission denied: collectd runs as uid %u, which needs r on it and x on each directory that "
        "leads to it",
        sample->label, sample->path, uid);
  else
    say(LOG_WARNING,
        "VM '%s': '%s': permission denied: collectd runs as uid %u; as root, run: setfacl -m u:%u:r %s (and u:%u:x for "
        "each directory that is closed)",
        sample->label, sample->path, uid, uid, word, uid);
  free(word);
}

static void say_unreadable(const struct sample *sample) {
  if (sample->error == -EACCES || sample->error == -EPERM)
    say_denied(sample);
  else if (sample->state == SAMPLE_MISSING)
    say(LOG_WARNING, "VM '%s': '%s': %s; start Scaphandre's qemu exporter, or correct the option File", sample->label,
        sample->path, counter_error_text(sample->error));
  else
    say(LOG_WARNING, "VM '%s': '%s': %s; it has no values until that is mended", sample->label, sample->path,
        counter_error_text(sample->error));
}

static void tell_reset(struct vm *vm, const struct sample *sample) {
  if (may_say_of_vm(vm, sample))
    say(LOG_NOTICE, "VM '%s': the counter '%s' fell, which is taken for a reset; accumulated energy goes on",
        sample->label, sample->path);
  if (settings.notify_reset && may_notify(vm))
    notify(sample, NOTIF_WARNING, "The energy counter of VM %s was reset.", sample->label);
}

static void tell_spike(struct vm *vm, const struct sample *sample) {
  if (!may_say_of_vm(vm, sample))
    return;
  if (settings.meter.max_power_w > 0)
    say(LOG_NOTICE, "VM '%s': '%s' rose by more than MaxPower allows, so this power is dropped", sample->label,
        sample->path);
  else
    say(LOG_NOTICE, "VM '%s': '%s' rose by more than can be drawn in that time, so this power is dropped",
        sample->label, sample->path);
}

static void tell_staleness(const struct sample *sample, bool stale) {
  if (stale)
    say(LOG_WARNING,
        "VM '%s': no update of '%s' for %.0f s: it has no values until the next one; the VM is off, or Scaphandre has "
        "stopped",
        sample->label, sample->path, (double)sample->age_ns / 1e9);
  else
    say(LOG_NOTICE, "VM '%s': '%s' is updated again", sample->label, sample->path);
}

/* Energy and power of such a counter are known badly, for as long as it has that range. */
static void tell_range(struct vm *vm, const struct sample *sample) {
  if (sample->range_error != vm->range_error && sample->range_error != 0 && may_say_of_vm(vm, sample))
    say(LOG_WARNING,
        "VM '%s': cannot read max_energy_range_uj beside '%s': %s; until it can be read, a wrap of the counter is "
        "taken "
        "for a reset",
        sample->label, sample->path, counter_error_text(sample->range_error));
  vm->range_error = sample->range_error;
  if (sample->at_least && !vm->at_least && may_say_of_vm(vm, sample))
    say(LOG_WARNING,
        "VM '%s': '%s' may wrap more than once between two looks: its energy is a lower bound, and it has no power",
        sample->label, sample->path);
  vm->at_least = sample->at_least;
}

/* Once: the writer pauses for all VMs at the same time. */
static void tell_pause(const struct sample *sample) {
  if (sample->pauses == 0 || plugin.said_pause)
    return;
  plugin.said_pause = true;
  say(LOG_NOTICE,
      "VM '%s': the writer of '%s' paused: an update came %.1f s late; energy of that time may not be counted, and the "
      "update has no power; further pauses are not logged (see vm_energy check)",
      sample->label, sample->path, (double)sample->pause_ns / 1e9);
}

static void tell_changes(struct vm *vm, const struct sample *sample) {
  notify_here(vm, sample);
  if (sample->error != 0) {
    if (sample->error != vm->error && may_say_of_vm(vm, sample))
      say_unreadable(sample);
    vm->error = sample->error;
    return;
  }
  if (vm->error != 0 && may_say_of_vm(vm, sample))
    say(LOG_NOTICE, "VM '%s': '%s' can be read again", sample->label, sample->path);
  vm->error = 0;
  if (sample->state == SAMPLE_RESET)
    tell_reset(vm, sample);
  else if (sample->state == SAMPLE_SPIKE)
    tell_spike(vm, sample);
  bool stale = sample->state == SAMPLE_STALE;
  if (stale != vm->stale && may_say_of_vm(vm, sample))
    tell_staleness(sample, stale);
  vm->stale = stale;
  tell_range(vm, sample);
  tell_pause(sample);
  notify_staleness(vm, sample, stale);
}

/* ---- the sink ---------------------------------------------------------------------------------------------------- */

static int sink_begin(struct sink *sink, const struct instant *now, size_t count) {
  (void)sink, (void)now, (void)count;
  return 0;
}

static int sink_put(struct sink *sink, const struct sample *sample) {
  (void)sink;
  struct vm *vm = *sample->slot;
  /* One that vanished between search and read is gone in the next search: nothing to be said. */
  if (vm != NULL && !(sample->state == SAMPLE_MISSING && sample->found))
    tell_changes(vm, sample);
  if (!sample->has_energy || sample->state == SAMPLE_STALE)
    return 0;
  if (settings.report_energy)
    dispatch(sample, "energy", "", sample->energy_j);
  if (!settings.report_power)
    return 0;
  if (sample->has_power)
    dispatch(sample, "power", "", sample->power_w);
  if (sample->has_average) {
    char instance[32];
    snprintf(instance, sizeof(instance), "sma%zu", settings.smooth);
    dispatch(sample, "power", instance, sample->average_w);
  }
  return 0;
}

static int sink_end(struct sink *sink) {
  (void)sink;
  return 0;
}

static void sink_added(struct sink *sink, const struct sample *sample) {
  (void)sink;
  struct vm *vm = recall(sample->label); /* without it nothing is said of this VM, but its values are there */
  *sample->slot = vm;
  if (plugin.started && may_say_in_all())
    say(LOG_INFO, "VM '%s': reading '%s'", sample->label, sample->path);
  if (vm != NULL)
    notify_here(vm, sample);
}

static void sink_removed(struct sink *sink, const struct sample *sample) {
  (void)sink;
  struct vm *vm = *sample->slot;
  if (plugin.stopping) {
    free(vm);
    return;
  }
  if (may_say_in_all())
    say(LOG_INFO, "VM '%s': '%s' is gone", sample->label, sample->path);
  if (vm == NULL)
    return;
  notify_gone(vm, sample);
  remember_gone(vm);
}

/* ---- what collectd calls ----------------------------------------------------------------------------------------- */

static int on_config(oconfig_item_t *block) {
  settings_take(block);
  return 0;
}

static int is_wanted(const char *name, void *arg) {
  (void)arg;
  return settings.selection == NULL ? 1 : selection_wants(settings.selection, name);
}

static bool has_name(const struct format *format) {
  for (size_t i = 0; i < format->fields_num; i++)
    if (format->fields[i] == FIELD_NAME)
      return true;
  return false;
}

/* What CSVDir asks for; NULL: nothing, or no memory, which is no reason to have no values. */
static struct capture *start_capture(void) {
  if (settings.csv_dir == NULL)
    return NULL;
  unsigned ts_decimals = plugin.interval >= TIME_T_TO_CDTIME_T(1) ? 0 : 3;
  struct capture *capture = capture_new(settings.csv_dir, settings.smooth, ts_decimals);
  if (capture == NULL)
    say(LOG_ERR, "CSVDir is off: out of memory");
  return capture;
}

/* Ends what on_init() began. */
static void stop(void) {
  plugin.stopping = true;
  sampler_free(plugin.sampler);
  plugin.sampler = NULL;
  capture_free(plugin.capture);
  plugin.capture = NULL;
  ledger_free(plugin.ledger);
  plugin.ledger = NULL;
}

/* A path that leads to the file of another one. */
static void say_same(const char *dropped, const char *kept) {
  if (may_say_in_all())
    say(LOG_NOTICE, "'%s' is the same file as '%s', and is not read twice", dropped, kept);
}

/* Always 0: a failing read callback makes collectd ask the whole plugin less often, also for the VMs that are well. */
static int on_read(user_data_t *unused);

static int on_init(void) {
  if (plugin.sampler != NULL)
    return 0;
  plugin.interval = plugin_get_interval();
  settings.meter.look_ns = meter_look_ns((int64_t)CDTIME_T_TO_NS(plugin.interval));
  if (!has_name(&settings.host) && !has_name(&settings.plugin_instance)) {
    say(LOG_WARNING, "neither HostnameFormat nor PluginInstanceFormat has the name of the VM, so all VMs would be one "
                     "series: PluginInstanceFormat is taken to be \"name\"");
    settings.plugin_instance = (struct format){.fields = {FIELD_NAME}, .fields_num = 1};
  }
  if (settings.selection != NULL)
    selection_invert(settings.selection, settings.ignore_selected);

  plugin.sink = (struct sink){
      .begin = sink_begin, .put = sink_put, .end = sink_end, .added = sink_added, .removed = sink_removed};
  size_t sinks_num = 0;
  plugin.sinks[sinks_num++] = &plugin.sink;
  plugin.capture = start_capture();
  if (plugin.capture != NULL)
    plugin.sinks[sinks_num++] = capture_sink(plugin.capture);
  plugin.ledger = settings.state_file != NULL ? ledger_new(settings.state_file) : NULL;
  if (plugin.ledger != NULL)
    plugin.sinks[sinks_num++] = ledger_sink(plugin.ledger);
  struct sampler_options sampler = {.meter = settings.meter,
                                    .smooth = settings.smooth,
                                    .label_max = LABEL_MAX_COLLECTD,
                                    .host = hostname_g,
                                    .wanted = is_wanted,
                                    .same = say_same};
  if (plugin.ledger != NULL) {
    sampler.saved = ledger_saved;
    sampler.saved_arg = plugin.ledger;
  }
  int status = sampler_new(&sampler, plugin.sinks, sinks_num, &plugin.sampler);
  for (size_t i = 0; status == 0 && i < settings.files_num; i++) {
    int error = sampler_add(plugin.sampler, settings.files[i]);
    if (error != 0) /* one bad file must not cost the others */
      say(LOG_WARNING, "option 'File \"%s\"' is ignored: %s", settings.files[i], strerror(-error));
  }
  for (size_t i = 0; status == 0 && settings.files_num == 0 && source_default_patterns[i] != NULL; i++)
    status = sampler_add(plugin.sampler, source_default_patterns[i]);
  if (status == 0)
    status =
        plugin_register_complex_read(NULL, PLUGIN, on_read, NS_TO_CDTIME_T((cdtime_t)settings.meter.look_ns), NULL);
  if (status == 0)
    return 0;
  say(LOG_ERR, "cannot start: %s", strerror(-status));
  stop();
  return -1;
}

/* Where counters were looked for, for a message. */
static void describe_places(char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; used < size; i++) {
    const char *place = settings.files_num == 0  ? source_default_patterns[i]
                        : i < settings.files_num ? settings.files[i]
                                                 : NULL;
    if (place == NULL)
      break;
    used += (size_t)snprintf(text + used, size - used, "%s'%s'", i > 0 ? ", " : "", place);
  }
}

static void tell_no_mounts(void) {
  int error = sampler_warning(plugin.sampler);
  if (error != 0 && plugin.mounts_error == 0 && may_say_in_all())
    say(LOG_WARNING,
        "cannot read /proc/self/mountinfo: %s; each file is opened with more care, which costs time; mount /proc where "
        "collectd runs",
        strerror(-error));
  plugin.mounts_error = error;
}

/* Once per directory and reason, and when it is over. */
static void tell_search_error(void) {
  const char *where, *before = plugin.search_where != NULL ? plugin.search_where : "";
  int error = sampler_search_error(plugin.sampler, &where);
  if (where == NULL)
    where = ""; /* out of memory */
  if (error == plugin.search_error && strcmp(where, before) == 0)
    return;
  if (may_say_in_all()) {
    if (error == -EACCES)
      say(LOG_WARNING, "cannot look for VMs in '%s': %s; collectd runs as uid %u and needs r and x on it", where,
          strerror(-error), geteuid());
    else if (error == -E2BIG)
      say(LOG_WARNING, "more counters than are read in '%s': the first 10000 by name are, the rest is left out", where);
    else if (error != 0)
      say(LOG_WARNING, "cannot look for VMs in '%s': %s", where, strerror(-error));
    else
      say(LOG_NOTICE, "VMs can be looked for in '%s' again", before);
  }
  free(plugin.search_where);
  plugin.search_where = error != 0 ? strdup(where) : NULL;
  plugin.search_error = error;
}

static void tell_counters(void) {
  size_t count = sampler_count(plugin.sampler);
  if (count == 0 && !plugin.said_no_counter && may_say_in_all()) {
    char places[MESSAGE_MAX / 2];
    describe_places(places, sizeof(places));
    say(LOG_WARNING,
        "no counter found in %s; start Scaphandre's qemu exporter, or set the option File (and see that the option VM "
        "leaves some)",
        places);
  } else if (count > 0 && !plugin.started)
    say(LOG_INFO, "reading %zu counter%s", count, count == 1 ? "" : "s");
  plugin.said_no_counter = count == 0;
}

/* True if values are due, which is then noted. */
static bool take_due(int64_t now_ns) {
  int64_t interval_ns = (int64_t)CDTIME_T_TO_NS(plugin.interval), late_ns = now_ns - plugin.next_ns;
  if (plugin.started && late_ns < -settings.meter.look_ns / 2)
    return false;
  plugin.next_ns = (plugin.started && late_ns < interval_ns / 2 ? plugin.next_ns : now_ns) + interval_ns;
  return true;
}

static int on_read(user_data_t *unused) {
  (void)unused;
  struct instant now;
  int status = clock_now(&now);
  if (status == 0) {
    plugin.mono_ns = now.mono_ns;
    plugin.time = NS_TO_CDTIME_T((cdtime_t)now.wall_ns);
    forget_gone();
    status = take_due(now.mono_ns) ? sampler_pass(plugin.sampler, &now) : sampler_look(plugin.sampler);
    tell_search_error();
    tell_no_mounts();
    tell_counters();
    plugin.started = true;
  }
  if (status != 0 && may_say_in_all())
    say(LOG_ERR, "this interval is incomplete: %s", strerror(-status));
  return 0;
}

static int on_shutdown(void) {
  stop();
  free(plugin.search_where);
  tdestroy(plugin.gone[0], free);
  tdestroy(plugin.gone[1], free);
  memset(&plugin, 0, sizeof(plugin));
  settings_reset();
  return 0;
}

/* The one name that the module shows. */
__attribute__((visibility("default"))) void module_register(void) {
  settings_reset();
  plugin_register_complex_config(PLUGIN, on_config);
  plugin_register_init(PLUGIN, on_init);
  plugin_register_shutdown(PLUGIN, on_shutdown);
}
