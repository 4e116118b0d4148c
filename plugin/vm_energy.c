/*
 * vm_energy: the collectd plugin: config, init, read, dispatch
 *
 * Turns the settings into a sampler, and is the sink that turns samples into values. It and its neighbours in this
 * directory (settings, log, news, csvdir, statefile) know collectd; core/, where all measuring is, does not.
 *
 * collectd calls config while it reads its configuration, init once, then read from one of its threads, never from two
 * at once: there is one read function, and the daemon runs it again only after it has returned. shutdown comes after
 * the last read. So nothing here is locked, except what statefile shares with the thread that writes its file;
 * tests/trust/check_threads.sh holds the daemon to that.
 *
 * The read function looks at the counters every 2 s or more often, and dispatches values when the interval of the
 * plugin has passed (see meter.h for why). So it is registered with the time between two looks, and sets the interval
 * of the values itself.
 */
#include "core/clock.h"
#include "core/label.h"
#include "core/sampler.h"
#include "core/selection.h"
#include "csvdir.h"
#include "daemon.h"
#include "log.h"
#include "news.h"
#include "settings.h"
#include "statefile.h"
#include "throttle.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
  struct sampler *sampler;
  struct sink dispatch, *news;
  struct sink *csvdir, *statefile; /* NULL: off */
  struct sink *sinks[4];           /* of these four */
  struct throttle throttle;
  cdtime_t interval;  /* of the values */
  int64_t next_ns;    /* mono; when the next ones are due */
  struct instant now; /* of the look */
  bool started;       /* the first pass is over */
  int search_error;   /* last logged state, these four */
  char search_where[PATH_MAX];
  int mounts_error;
  bool no_counter;
  bool closed; /* nothing may be reported */
} plugin;

static bool may_report_here(void) {
  return may_report(&plugin.throttle, NULL, plugin.now.mono_ns);
}

/* ---- dispatch ---------------------------------------------------------------------------------------------------- */

static void dispatch(const struct sample *sample, const char *type, const char *type_instance, gauge_t number) {
  value_t value = {.gauge = number};
  value_list_t list = VALUE_LIST_INIT;
  list.values = &value;
  list.values_len = 1;
  list.time = NS_TO_CDTIME_T((cdtime_t)plugin.now.wall_ns);
  list.interval = plugin.interval;
  snprintf(list.plugin, sizeof(list.plugin), "%s", PLUGIN);
  format_expand(&settings.host, sample->label, list.host, sizeof(list.host));
  format_expand(&settings.plugin_instance, sample->label, list.plugin_instance, sizeof(list.plugin_instance));
  snprintf(list.type, sizeof(list.type), "%s", type);
  snprintf(list.type_instance, sizeof(list.type_instance), "%s", type_instance);
  int status = plugin_dispatch_values(&list);
  if (status != 0 && may_report_here())
    report(LOG_WARNING, "collectd refused the %s of VM '%s' (status %d)", type, sample->label, status);
}

static int dispatch_put(struct sink *sink, const struct sample *sample) {
  (void)sink;
  if (!sample->has_energy || sample->state == SAMPLE_STALE)
    return 0;
  if (settings.report_energy)
    dispatch(sample, "energy", "", sample->energy_j);
  if (settings.report_power && sample->has_power)
    dispatch(sample, "power", "", sample->power_w);
  if (settings.report_power && sample->has_average) {
    char instance[32];
    snprintf(instance, sizeof(instance), "sma%zu", settings.smooth);
    dispatch(sample, "power", instance, sample->average_w);
  }
  return 0;
}

/* ---- init -------------------------------------------------------------------------------------------------------- */

static int is_wanted(const char *name, void *arg) {
  (void)arg;
  return settings.selection == NULL ? 1 : selection_wants(settings.selection, name);
}

static void report_duplicate(const char *dropped, const char *kept) {
  if (may_report_here())
    report(LOG_NOTICE, "'%s' is the same file as '%s', and is not read twice", dropped, kept);
}

/* A path or pattern to read, NULL after the last one. */
static const char *place_at(size_t index) {
  if (settings.files_num == 0)
    return source_default_patterns[index];
  return index < settings.files_num ? settings.files[index] : NULL;
}

/* A bad path must not cost the others. */
static int add_places(void) {
  const char *place;
  for (size_t i = 0; !plugin.closed && (place = place_at(i)) != NULL; i++) {
    int status = sampler_add(plugin.sampler, place);
    if (status != 0 && settings.files_num == 0)
      return status;
    if (status != 0)
      report(LOG_WARNING, "option 'File \"%s\"' is ignored: %s", place, strerror(-status));
  }
  return 0;
}

/* Ends what on_init() began. */
static void stop(void) {
  if (plugin.news != NULL)
    news_set_time(plugin.news, NULL);
  sampler_free(plugin.sampler);
  news_free(plugin.news);
  csvdir_free(plugin.csvdir);
  statefile_free(plugin.statefile);
  memset(&plugin, 0, sizeof(plugin));
}

static int start(void) {
  plugin.news = news_new(&settings, &plugin.throttle);
  if (plugin.news == NULL)
    return -ENOMEM;
  plugin.dispatch = (struct sink){.put = dispatch_put};
  if (settings.csv_dir != NULL)
    plugin.csvdir = csvdir_new(&settings, plugin.interval % TIME_T_TO_CDTIME_T(1) == 0 ? 0 : 3);
  if (settings.state_file != NULL)
    plugin.statefile = statefile_new(settings.state_file);
  size_t sinks_num = 0;
  plugin.sinks[sinks_num++] = plugin.news;
  plugin.sinks[sinks_num++] = &plugin.dispatch;
  if (plugin.csvdir != NULL)
    plugin.sinks[sinks_num++] = plugin.csvdir;
  if (plugin.statefile != NULL)
    plugin.sinks[sinks_num++] = plugin.statefile;
  const struct sampler_options options = {.meter = settings.meter,
                                          .smooth = settings.smooth,
                                          .label_max = LABEL_MAX_COLLECTD,
                                          .host = hostname_g,
                                          .wanted = is_wanted,
                                          .saved = plugin.statefile != NULL ? statefile_saved : NULL,
                                          .saved_arg = plugin.statefile,
                                          .duplicate = report_duplicate};
  int status = sampler_new(&options, plugin.sinks, sinks_num, &plugin.sampler);
  return status != 0 ? status : add_places();
}

static int on_read(user_data_t *unused);

static int on_init(void) {
  if (plugin.sampler != NULL)
    return 0;
  plugin.interval = plugin_get_interval();
  settings.meter.look_ns = meter_look_ns((int64_t)CDTIME_T_TO_NS(plugin.interval));
  plugin.closed = !settings_finish();
  int status = start();
  if (status == 0)
    status =
        plugin_register_complex_read(NULL, PLUGIN, on_read, NS_TO_CDTIME_T((cdtime_t)settings.meter.look_ns), NULL);
  if (status == 0)
    return 0;
  report(LOG_ERR, "cannot start: %s", strerror(-status));
  stop();
  return -1;
}

/* ---- read -------------------------------------------------------------------------------------------------------- */

static void report_mounts(void) {
  int error = sampler_mounts_error(plugin.sampler);
  if (error != 0 && plugin.mounts_error == 0 && may_report_here())
    report(
        LOG_WARNING,
        "cannot read /proc/self/mountinfo: %s; each file is opened with more care, which costs time; mount /proc where "
        "collectd runs",
        strerror(-error));
  plugin.mounts_error = error;
}

/* Once per directory and reason, and when it is over. */
static void report_search(void) {
  const char *where, *before = plugin.search_where;
  int error = sampler_search_error(plugin.sampler, &where);
  if (where == NULL)
    where = ""; /* no error, or out of memory */
  if (error == plugin.search_error && strncmp(where, before, sizeof(plugin.search_where) - 1) == 0)
    return;
  if (may_report_here()) {
    if (error == -EACCES)
      report(LOG_WARNING,
             "cannot look for VMs in '%s': %s; collectd runs as uid %u and needs read and search permission on it",
             where, strerror(-error), geteuid());
    else if (error == -E2BIG)
      report(LOG_WARNING, "too many counters in '%s': only the first 10000 by name are read", where);
    else if (error != 0)
      report(LOG_WARNING, "cannot look for VMs in '%s': %s", where, strerror(-error));
    else
      report(LOG_NOTICE, "'%s' can be searched for VMs again", before);
  }
  snprintf(plugin.search_where, sizeof(plugin.search_where), "%s", where);
  plugin.search_error = error;
}

static void report_count(void) {
  size_t count = sampler_count(plugin.sampler);
  if (count == 0 && !plugin.no_counter && !plugin.closed && may_report_here()) {
    char places[MESSAGE_MAX / 2] = "";
    const char *place;
    for (size_t i = 0, used = 0; used < sizeof(places) && (place = place_at(i)) != NULL; i++)
      used += (size_t)snprintf(places + used, sizeof(places) - used, "%s'%s'", i > 0 ? ", " : "", place);
    report(
        LOG_WARNING,
        "no counter found in %s; start Scaphandre's qemu exporter, or set the option File (and see that the option VM "
        "leaves some)",
        places);
  } else if (count > 0 && !plugin.started)
    report(LOG_INFO, "reading %zu counter%s", count, count == 1 ? "" : "s");
  plugin.no_counter = count == 0;
}

/* True if values are due; then sets when the next ones are. */
static bool take_due(void) {
  int64_t now_ns = plugin.now.mono_ns, interval_ns = (int64_t)CDTIME_T_TO_NS(plugin.interval);
  int64_t late_ns = now_ns - plugin.next_ns;
  if (plugin.started && late_ns < -settings.meter.look_ns / 2)
    return false;
  plugin.next_ns = (plugin.started && late_ns < interval_ns / 2 ? plugin.next_ns : now_ns) + interval_ns;
  return true;
}

/* Always 0: after a failure collectd would call less often, also for the VMs that are well. */
static int on_read(user_data_t *unused) {
  (void)unused;
  int status = clock_now(&plugin.now);
  if (status == 0) {
    news_set_time(plugin.news, &plugin.now);
    status = take_due() ? sampler_pass(plugin.sampler, &plugin.now) : sampler_look(plugin.sampler);
    report_search();
    report_mounts();
    report_count();
    plugin.started = true;
  }
  if (status != 0 && may_report_here())
    report(LOG_ERR, "this interval is incomplete: %s", strerror(-status));
  return 0;
}

static int on_shutdown(void) {
  stop();
  settings_reset();
  return 0;
}

/* The one name that the module shows. */
__attribute__((visibility("default"))) void module_register(void) {
  settings_reset();
  plugin_register_complex_config(PLUGIN, settings_take);
  plugin_register_init(PLUGIN, on_init);
  plugin_register_shutdown(PLUGIN, on_shutdown);
}
