#include "discovery.h"

#include "log.h"
#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
  struct trouble search, mounts, no_counter;
  char search_path[PATH_MAX];
  bool may_report;
  bool started; /* the first look is over */
} discovery;

/* A path or pattern to read, NULL after the last one. */
static const char *place_at(size_t index) {
  if (settings.files_num == 0)
    return source_default_patterns[index];
  return index < settings.files_num ? settings.files[index] : NULL;
}

int discovery_start(struct sampler *sampler, bool may_report, struct throttle *throttle) {
  memset(&discovery, 0, sizeof(discovery));
  discovery.search.throttle = discovery.mounts.throttle = discovery.no_counter.throttle = throttle;
  discovery.may_report = may_report;
  const char *place;
  for (size_t i = 0; may_report && (place = place_at(i)) != NULL; i++) {
    int status = sampler_add(sampler, place);
    if (status != 0 && settings.files_num == 0)
      return status;
    if (status != 0)
      log_line(LOG_WARNING, "option 'File \"%s\"' is ignored: %s", place, strerror(-status));
  }
  return 0;
}

/* path: NULL: out of memory. */
static void report_search_error(int error, const char *path, int64_t mono_ns) {
  if (path == NULL)
    path = "";
  if (strncmp(path, discovery.search_path, sizeof(discovery.search_path) - 1) != 0)
    discovery.search.error = 0; /* the same error of another directory is new */
  snprintf(discovery.search_path, sizeof(discovery.search_path), "%s", path);
  if (!log_trouble_begins(&discovery.search, error, mono_ns))
    return;
  if (error == -EACCES)
    log_line(LOG_WARNING,
             "cannot look for VMs in '%s': %s; collectd runs as uid %u and needs read and search permission on it",
             path, strerror(-error), geteuid());
  else if (error == -E2BIG)
    log_line(LOG_WARNING, "too many counters in '%s': only the first 10000 by name are read", path);
  else
    log_line(LOG_WARNING, "cannot look for VMs in '%s': %s", path, strerror(-error));
}

static void report_no_counter(void) {
  char places[MESSAGE_MAX / 2] = "";
  const char *place;
  for (size_t i = 0, used = 0; used < sizeof(places) && (place = place_at(i)) != NULL; i++)
    used += (size_t)snprintf(places + used, sizeof(places) - used, "%s'%s'", i > 0 ? ", " : "", place);
  log_line(LOG_WARNING,
           "no counter found in %s; start Scaphandre's qemu exporter, or set the option File (and see that the option "
           "VM leaves some)",
           places);
}

void discovery_report(const struct sampler *sampler, int64_t mono_ns) {
  const char *path;
  int error = sampler_search_error(sampler, &path);
  if (error != 0)
    report_search_error(error, path, mono_ns);
  else if (log_trouble_ends(&discovery.search, mono_ns))
    log_line(LOG_NOTICE, "'%s' can be searched for VMs again", discovery.search_path);
  if (log_trouble_begins(&discovery.mounts, sampler_mounts_error(sampler), mono_ns))
    log_line(LOG_WARNING,
             "cannot read /proc/self/mountinfo: %s; each file is opened with more care, which costs time; mount /proc "
             "where collectd runs",
             strerror(-discovery.mounts.error));
  size_t count = sampler_count(sampler);
  if (log_trouble_begins(&discovery.no_counter, count == 0 && discovery.may_report ? -ENOENT : 0, mono_ns))
    report_no_counter();
  if (count > 0 && !discovery.started)
    log_line(LOG_INFO, "reading %zu counter%s", count, count == 1 ? "" : "s");
  discovery.started = true;
}
