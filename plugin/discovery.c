#include "discovery.h"

#include "daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void discovery_init(struct discovery *discovery, const struct settings *options, struct throttle *throttle) {
  const struct trouble none = {.throttle = throttle};
  *discovery = (struct discovery){.options = options, .search = none, .mounts = none, .no_counter = none};
}

/* A path or pattern to read, NULL after the last one. */
static const char *place_at(const struct settings *options, size_t index) {
  if (options->files_num == 0)
    return source_default_patterns[index];
  return index < options->files_num ? options->files[index] : NULL;
}

int discovery_add(const struct discovery *discovery, struct sampler *sampler) {
  const struct settings *options = discovery->options;
  const char *place;
  for (size_t i = 0; (place = place_at(options, i)) != NULL; i++) {
    int status = sampler_add(sampler, place);
    if (status != 0 && options->files_num == 0)
      return status;
    if (status != 0)
      log_line(LOG_WARNING, "option 'File \"%s\"' is ignored: %s", place, strerror(-status));
  }
  return 0;
}

static void report_mounts(struct discovery *discovery, int error, int64_t mono_ns) {
  if (log_trouble_begins(&discovery->mounts, error, mono_ns))
    log_line(
        LOG_WARNING,
        "cannot read /proc/self/mountinfo: %s; each file is opened with more care, which costs time; mount /proc where "
        "collectd runs",
        strerror(-error));
}

/* path: NULL: out of memory. */
static void report_search_error(struct discovery *discovery, int error, const char *path, int64_t mono_ns) {
  char *last = discovery->search_path;
  const size_t size = sizeof(discovery->search_path);
  if (path == NULL)
    path = "";
  if (strncmp(path, last, size - 1) != 0)
    discovery->search.error = 0; /* the same error of another directory is new */
  snprintf(last, size, "%s", path);
  if (!log_trouble_begins(&discovery->search, error, mono_ns))
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

static void report_search(struct discovery *discovery, const struct sampler *sampler, int64_t mono_ns) {
  const char *path;
  int error = sampler_search_error(sampler, &path);
  if (error != 0)
    report_search_error(discovery, error, path, mono_ns);
  else if (log_trouble_ends(&discovery->search, mono_ns))
    log_line(LOG_NOTICE, "'%s' can be searched for VMs again", discovery->search_path);
}

static void report_no_counter(const struct settings *options) {
  char places[MESSAGE_MAX / 2] = "";
  const char *place;
  for (size_t i = 0, used = 0; used < sizeof(places) && (place = place_at(options, i)) != NULL; i++)
    used += (size_t)snprintf(places + used, sizeof(places) - used, "%s'%s'", i > 0 ? ", " : "", place);
  log_line(
      LOG_WARNING,
      "no counter found in %s; start Scaphandre's qemu exporter, or set the option File (and see that the option VM "
      "leaves some)",
      places);
}

void discovery_report(struct discovery *discovery, const struct sampler *sampler, bool expected, int64_t mono_ns) {
  report_search(discovery, sampler, mono_ns);
  report_mounts(discovery, sampler_mounts_error(sampler), mono_ns);
  size_t count = sampler_count(sampler);
  if (log_trouble_begins(&discovery->no_counter, count == 0 && expected ? -ENOENT : 0, mono_ns))
    report_no_counter(discovery->options);
  if (count > 0 && !discovery->started)
    log_line(LOG_INFO, "reading %zu counter%s", count, count == 1 ? "" : "s");
  discovery->started = true;
}
