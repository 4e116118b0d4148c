#include "measure/metadata.h"

#include "common/json.h"
#include "common/run_files.h"

#include "core/meter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static json_t *seconds(int64_t ns) {
  return json_real((double)ns / 1e9);
}

static json_t *seconds_or_null(int64_t ns) {
  return ns > 0 ? seconds(ns) : json_null();
}

static json_t *count(uint64_t number) {
  return json_integer((json_int_t)number);
}

/* A string above the range of JSON's integers, to keep all digits. */
static json_t *counter_number(uint64_t number) {
  if (number <= INT64_MAX)
    return count(number);
  char digits[24];
  snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
  return json_string(digits);
}

static json_t *command_line(const struct options *options) {
  json_t *words = json_pack("[s]", "vm_energy");
  for (int i = 0; i < options->argc; i++)
    json_array_append_new(words, json_text(options->argv[i]));
  return words;
}

static json_t *files_of(struct csv *csv) {
  json_t *files = json_array();
  for (size_t i = 0; i < csv_files(csv); i++)
    json_array_append_new(files, json_text(csv_file(csv, i)));
  return files;
}

static json_t *counter_at(size_t index, const void *arg) {
  const struct metadata *m = arg;
  struct summary_counter counter;
  summary_counter(m->summary, index, &counter);
  bool dated = counter.has_start && counter.has_update_at;
  int64_t offset_ns = m->ticker->start.wall_ns - m->ticker->start.mono_ns;
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "label", json_text(counter.label), "path", json_text(counter.path),
                   "start_energy_uj", counter.has_start ? counter_number(counter.start_uj) : json_null(),
                   "start_update", dated ? seconds(counter.start_update_ns + offset_ns) : json_null(), "range_uj",
                   counter.range_uj > 0 ? counter_number(counter.range_uj) : json_null(), "period_s",
                   seconds_or_null(counter.period_ns));
}

static json_t *steps_of(const struct metadata *m) {
  json_t *steps = json_array();
  for (size_t i = 0; i < m->steps_num; i++)
    json_array_append_new(
        steps, json_pack("{s:o, s:o}", "ts", seconds(m->steps[i].at_ns), "by_s", seconds(m->steps[i].by_ns)));
  return steps;
}

static json_t *interval_of(const struct metadata *m) {
  struct quantile *intervals = m->intervals;
  bool has = intervals->count > 0;
  return json_pack("{s:o, s:o, s:o, s:o}", "asked_s", seconds(m->options->interval_ns), "mean_s",
                   json_number_or_null(has, quantile_mean(intervals)), "p95_s",
                   json_number_or_null(has, quantile_get(intervals, 0.95)), "max_s",
                   json_number_or_null(has, intervals->max));
}

static json_t *quality_of(const struct metadata *m) {
  struct summary_counts counts;
  summary_count(m->summary, &counts);
  const struct ticker *ticker = m->ticker;
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "samples",
                   count(ticker->taken), "planned", m->options->manual_stop ? json_null() : count(m->options->count),
                   "missed_ticks", count(ticker->missed), "late_max_s", seconds(ticker->late_max_ns), "clock_steps",
                   count(ticker->steps), "counter_samples", count(counts.samples), "updates", count(counts.updates),
                   "held", count(counts.held), "stale", count(counts.stale), "bad_reads", count(counts.bad), "resets",
                   count(counts.resets), "wraps", count(counts.wraps), "spikes", count(counts.spikes), "rows_lost",
                   count(csv_dropped(m->csv)), "marks", count(m->marks));
}

static const char *layout_name(enum csv_layout layout) {
  return layout == CSV_LONG ? "long" : layout == CSV_SEPARATE ? "separate" : "combined";
}

/* All but the counters. */
static json_t *to_json(const struct metadata *m) {
  const struct options *options = m->options;
  char host[HOST_NAME_MAX + 1] = "";
  gethostname(host, sizeof(host) - 1);
  bool ended = m->end_wall_ns != 0;
  return json_pack("{s:s, s:s, s:o, s:o, s:f, s:o, s:s, s:o, s:s, s:f, s:i, s:o, s:o, s:o, s:o, s:o}", "tool",
                   "vm_energy", "version", VM_ENERGY_VERSION, "host", json_text(host), "command", command_line(options),
                   "start", (double)m->ticker->start.wall_ns / 1e9, "end",
                   ended ? seconds(m->end_wall_ns) : json_null(), "layout", layout_name(options->layout), "files",
                   files_of(m->csv), "time_base", meter_base_name(options->meter.base), "scale", options->meter.scale,
                   "smooth", (int)options->smooth, "stale_timeout_s", seconds_or_null(options->meter.stale_ns),
                   "max_power_w", json_number_or_null(options->meter.max_power_w > 0, options->meter.max_power_w),
                   "interval", interval_of(m), "clock_steps", steps_of(m), "quality",
                   ended ? quality_of(m) : json_null());
}

/* Replaces a file left by a run that was killed while writing. */
static int write_file(const json_t *root, const struct metadata *metadata, const char *path) {
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
  if (file == NULL) {
    int status = -errno;
    if (fd >= 0)
      close(fd);
    return status;
  }
  int status = json_write_with_list(root, "counters", summary_counters(metadata->summary), counter_at, metadata, file);
  if (fflush(file) != 0 && status == 0)
    status = -errno;
  if (status == 0 && metadata->end_wall_ns != 0 && fsync(fd) != 0 && errno != EINVAL)
    status = -errno;
  if (fclose(file) != 0 && status == 0)
    status = -errno;
  return status;
}

int metadata_write(const struct metadata *metadata) {
  char path[PATH_MAX], other[PATH_MAX];
  const char *dir = csv_dir(metadata->csv);
  if (snprintf(path, sizeof(path), "%s/%s", dir, METADATA_FILE) >= (int)sizeof(path) ||
      snprintf(other, sizeof(other), "%s/.%s.new", dir, METADATA_FILE) >= (int)sizeof(other))
    return -ENAMETOOLONG;
  json_t *root = to_json(metadata);
  if (root == NULL)
    return -ENOMEM;
  int status = write_file(root, metadata, other);
  if (status == 0 && rename(other, path) != 0)
    status = -errno;
  if (status != 0)
    unlink(other);
  json_decref(root);
  return status;
}
