/*
 * vm_energy: the collectd plugin: config, init, read, dispatch
 *
 * Turns the settings into a sampler, and is the sink that turns samples into values: dispatch_put(), the model of a new
 * sink, which start() adds. All files in this directory know collectd; core/, where all measuring is, does not.
 *
 *   settings   the options, one row each          news       the wording of log lines and notifications about VMs
 *   discovery  the option File                    csvdir     the option CSVDir, a sink
 *   log        messages and their limits          statefile  the option StateFile, a sink
 *                                                 stats      the option ReportStats, a sink
 *
 * collectd calls config while it reads its configuration, init once, then read from one of its threads at a time, and
 * shutdown after the last read (tests/trust/check_threads.sh tests that of the daemon). So nothing here is locked,
 * except what statefile shares with the thread that writes its file.
 *
 * The read function looks at the counters every 2 s or more often (see meter.h for why), and dispatches values when the
 * interval of the plugin has passed.
 */
#include "core/clock.h"
#include "core/label.h"
#include "core/sampler.h"
#include "core/selection.h"
#include "csvdir.h"
#include "daemon.h"
#include "discovery.h"
#include "log.h"
#include "news.h"
#include "settings.h"
#include "statefile.h"
#include "stats.h"
#include "throttle.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SINKS_MAX 5

static struct {
  struct sampler *sampler;
  struct sink dispatch, *news;
  struct sink *csvdir, *statefile; /* NULL: off */
  struct stats stats;
  struct sink *sinks[SINKS_MAX]; /* those that are on */
  struct throttle throttle;
  cdtime_t interval; /* of the values */
  int64_t next_ns;   /* mono; when the next values are due; 0: now */
  struct instant now;
} plugin;

static bool may_log(void) {
  return log_allows(&plugin.throttle, NULL, plugin.now.mono_ns);
}

/* ---- dispatch ---------------------------------------------------------------------------------------------------- */

/* label: NULL: a value of the plugin itself. */
static void put_value(const char *label, const char *type, const char *type_instance, value_t value) {
  value_list_t list = VALUE_LIST_INIT;
  list.values = &value;
  list.values_len = 1;
  list.time = NS_TO_CDTIME_T((cdtime_t)plugin.now.wall_ns);
  list.interval = plugin.interval;
  snprintf(list.plugin, sizeof(list.plugin), "%s", PLUGIN);
  if (label == NULL) {
    snprintf(list.host, sizeof(list.host), "%s", hostname_g);
  } else {
    settings_expand(&settings.host, label, list.host, sizeof(list.host));
    settings_expand(&settings.plugin_instance, label, list.plugin_instance, sizeof(list.plugin_instance));
  }
  snprintf(list.type, sizeof(list.type), "%s", type);
  snprintf(list.type_instance, sizeof(list.type_instance), "%s", type_instance);
  int status = plugin_dispatch_values(&list);
  if (status == 0 || !may_log())
    return;
  if (label == NULL)
    log_line(LOG_WARNING, "collectd refused the %s of the plugin itself (status %d)", type, status);
  else
    log_line(LOG_WARNING, "collectd refused the %s of VM '%s' (status %d)", type, label, status);
}

static void put_gauge(const struct sample *sample, const char *type, const char *type_instance, gauge_t number) {
  put_value(sample->label, type, type_instance, (value_t){.gauge = number});
}

static void put_stat(const char *type, const char *type_instance, value_t value) {
  put_value(NULL, type, type_instance, value);
}

static int dispatch_put(struct sink *sink, const struct sample *sample) {
  (void)sink;
  if (!sample->has_energy || sample->state == SAMPLE_STALE)
    return 0;
  if (settings.report_energy)
    put_gauge(sample, "energy", "", sample->energy_j);
  if (settings.report_power && sample->has_power)
    put_gauge(sample, "power", "", sample->power_w);
  if (settings.report_power && sample->has_average) {
    char instance[32];
    snprintf(instance, sizeof(instance), "sma%zu", settings.smooth);
    put_gauge(sample, "power", instance, sample->average_w);
  }
  return 0;
}

/* ---- read -------------------------------------------------------------------------------------------------------- */

/* True if values are due; then sets when the next ones are. After a pause of the daemon the schedule starts again. */
static bool take_due(void) {
  int64_t now_ns = plugin.now.mono_ns, interval_ns = (int64_t)CDTIME_T_TO_NS(plugin.interval);
  int64_t late_ns = now_ns - plugin.next_ns;
  if (late_ns < -settings.meter.look_ns / 2)
    return false;
  bool on_schedule = plugin.next_ns > 0 && late_ns < interval_ns / 2;
  plugin.next_ns = (on_schedule ? plugin.next_ns : now_ns) + interval_ns;
  return true;
}

/* Always 0: after a failure collectd would call less often, also for the VMs that are well. */
static int on_read(user_data_t *unused) {
  (void)unused;
  int status = clock_now(&plugin.now);
  if (status == 0) {
    news_set_time(plugin.news, &plugin.now);
    status = take_due() ? sampler_pass(plugin.sampler, &plugin.now) : sampler_look(plugin.sampler);
    discovery_report(plugin.sampler, plugin.now.mono_ns);
  }
  if (status != 0 && may_log())
    log_line(LOG_ERR, "this interval is incomplete: %s", strerror(-status));
  return 0;
}

/* ---- init and shutdown ------------------------------------------------------------------------------------------- */

static int is_wanted(const char *name, void *arg) {
  (void)arg;
  return settings.selection == NULL ? 1 : selection_wants(settings.selection, name);
}

static void report_duplicate(const char *dropped, const char *kept) {
  if (may_log())
    log_line(LOG_NOTICE, "'%s' is the same file as '%s', and is not read twice", dropped, kept);
}

static void stop(void) {
  if (plugin.news != NULL)
    news_set_time(plugin.news, NULL);
  sampler_free(plugin.sampler);
  news_free(plugin.news);
  csvdir_free(plugin.csvdir);
  statefile_free(plugin.statefile);
  memset(&plugin, 0, sizeof(plugin));
}

static int start(bool may_report) {
  plugin.news = news_new(&plugin.throttle);
  if (plugin.news == NULL)
    return -ENOMEM;
  plugin.dispatch = (struct sink){.put = dispatch_put};
  if (settings.csv_dir != NULL)
    plugin.csvdir = csvdir_new(plugin.interval % TIME_T_TO_CDTIME_T(1) == 0 ? 0 : 3);
  if (settings.state_file != NULL)
    plugin.statefile = statefile_new(settings.state_file);
  struct sink *stats = settings.report_stats ? stats_start(&plugin.stats, put_stat) : NULL;
  struct sink *const sinks[SINKS_MAX] = {plugin.news, &plugin.dispatch, plugin.csvdir, plugin.statefile, stats};
  size_t sinks_num = 0;
  for (size_t i = 0; i < SINKS_MAX; i++)
    if (sinks[i] != NULL)
      plugin.sinks[sinks_num++] = sinks[i];
  const struct sampler_options options = {.meter = settings.meter,
                                          .smooth = settings.smooth,
                                          .label_max = LABEL_MAX_COLLECTD,
                                          .host = hostname_g,
                                          .wanted = is_wanted,
                                          .saved = plugin.statefile != NULL ? statefile_saved : NULL,
                                          .saved_arg = plugin.statefile,
                                          .duplicate = report_duplicate};
  int status = sampler_new(&options, plugin.sinks, sinks_num, &plugin.sampler);
  return status != 0 ? status : discovery_start(plugin.sampler, may_report, &plugin.throttle);
}

static int on_init(void) {
  if (plugin.sampler != NULL)
    return 0;
  plugin.interval = plugin_get_interval();
  settings.meter.look_ns = meter_look_ns((int64_t)CDTIME_T_TO_NS(plugin.interval));
  bool may_report = settings_finish();
  int status = start(may_report);
  if (status == 0)
    status =
        plugin_register_complex_read(NULL, PLUGIN, on_read, NS_TO_CDTIME_T((cdtime_t)settings.meter.look_ns), NULL);
  if (status == 0)
    return 0;
  log_line(LOG_ERR, "cannot start: %s", strerror(-status));
  stop();
  return -1;
}

static int on_shutdown(void) {
  stop();
  settings_reset();
  return 0;
}

/* The only name that the module exports. */
__attribute__((visibility("default"))) void module_register(void) {
  settings_reset();
  plugin_register_complex_config(PLUGIN, settings_take);
  plugin_register_init(PLUGIN, on_init);
  plugin_register_shutdown(PLUGIN, on_shutdown);
}
