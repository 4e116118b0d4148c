#include "csvdir.h"

#include "core/csv.h"
#include "core/csv_file.h"
#include "core/csv_text.h"
#include "core/updates.h"
#include "daemon.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct capture {
  struct sink sink;
  const struct settings *settings;
  struct csv_options options;
  struct csv *csv;         /* NULL: there is no run directory */
  struct updates *updates; /* from the start of its run on; NULL: out of memory */
  struct instant start;    /* of the run */
  int64_t offset_ns;       /* wall - mono, until the wall clock is set */
  struct csv_text steps;   /* of the wall clock, as in run.json */
  bool undescribed;        /* run.json is to be written */
  int error;               /* last logged state; 0: rows are written */
  uint64_t lost;           /* rows, since then */
  uint64_t rows;           /* written by this csv before this pass */
  uint64_t dropped;        /* by this csv before this pass */
  int64_t mono_ns;         /* of the pass */
  struct throttle throttle;
};

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void report_failure(struct capture *capture, int error, const char *path) {
  if (error != capture->error && may_report(&capture->throttle, "CSVDir", capture->mono_ns))
    report_unwritable("CSVDir", path, error);
  capture->error = error;
}

static void report_recovery(struct capture *capture) {
  if (may_report(&capture->throttle, "CSVDir", capture->mono_ns))
    report(LOG_NOTICE, "CSVDir: rows are written again, into '%s'; %llu were lost", csv_dir(capture->csv),
           (unsigned long long)capture->lost);
  capture->error = 0;
  capture->lost = 0;
}

/* Files that were rotated. */
static void report_renewed(struct capture *capture) {
  const char *path;
  size_t renewed = csv_rotated(capture->csv, &path);
  if (renewed == 1)
    report(LOG_NOTICE, "CSVDir: '%s' was removed, moved or emptied; a new one begins", path);
  else if (renewed > 1)
    report(LOG_NOTICE, "CSVDir: '%s' and %zu more were removed, moved or emptied; new ones begin", path, renewed - 1);
}

/* ---- run.json ---------------------------------------------------------------------------------------------------- */

static void put_seconds(struct csv_text *text, int64_t ns) {
  if (ns < 0)
    csv_text_char(text, '-');
  csv_text_time(text, ns < 0 ? -ns : ns, 6);
}

/* The version, and collectd's name of the host, which may be anything. */
static void put_head(const struct capture *capture, struct csv_text *text) {
  csv_text_string(text, "{\n \"tool\": \"vm_energy\",\n \"version\": \"" VM_ENERGY_VERSION "\",\n \"host\": \"");
  for (const char *c = hostname_g; *c != '\0'; c++)
    csv_text_char(text, (unsigned char)*c < ' ' || *c == '"' || *c == '\\' ? '_' : *c);
  csv_text_string(text, "\",\n \"start\": ");
  put_seconds(text, capture->start.wall_ns);
  csv_text_string(text, ",\n \"layout\": \"separate\",\n \"time_base\": \"");
  csv_text_string(text, meter_base_name(capture->settings->meter.base));
}

static int write_info(const struct capture *capture, int dir_fd) {
  static const char name[] = "run.json", other[] = ".run.json.new";
  const struct meter_options *meter = &capture->settings->meter;
  struct csv_text text = {0};
  csv_text_clear(&text);
  put_head(capture, &text);
  csv_text_string(&text, "\",\n \"scale\": ");
  csv_text_power(&text, meter->scale);
  csv_text_string(&text, ",\n \"max_power_w\": ");
  if (meter->max_power_w > 0)
    csv_text_power(&text, meter->max_power_w);
  else
    csv_text_string(&text, "null");
  csv_text_string(&text, ",\n \"clock_steps\": [");
  for (size_t i = 0; i < capture->steps.len; i++)
    csv_text_char(&text, capture->steps.data[i]);
  csv_text_string(&text, "]\n}\n");
  struct csv_file file = CSV_FILE_CLOSED;
  unlinkat(dir_fd, other, 0);
  int status = csv_file_open(&file, dir_fd, other, true);
  if (status == 0)
    status = csv_file_append(&file, &text);
  int closed = csv_file_close(&file);
  free(text.data);
  status = status != 0 ? status : closed;
  if (status == 0 && renameat(dir_fd, other, dir_fd, name) != 0)
    status = -errno;
  return status;
}

/* 0 or -errno; then it is tried again in the next pass. */
static int describe(struct capture *capture) {
  if (!capture->undescribed)
    return 0;
  int dir_fd = open(csv_dir(capture->csv), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int status = dir_fd >= 0 ? write_info(capture, dir_fd) : -errno;
  if (dir_fd >= 0)
    close(dir_fd);
  capture->undescribed = status != 0;
  return status;
}

/* Time stamps of rows follow the wall clock; the steps show how much time really passed. */
static void note_step(struct capture *capture, const struct instant *now) {
  int64_t step_ns = clock_step_ns(now, capture->offset_ns);
  if (step_ns == 0)
    return;
  csv_text_string(&capture->steps, capture->steps.len > 0 ? ", {\"ts\": " : "{\"ts\": ");
  put_seconds(&capture->steps, now->mono_ns + capture->offset_ns);
  csv_text_string(&capture->steps, ", \"by_s\": ");
  put_seconds(&capture->steps, step_ns);
  csv_text_char(&capture->steps, '}');
  capture->offset_ns += step_ns;
  capture->undescribed = true;
}

/* ---- the run directory ------------------------------------------------------------------------------------------- */

/* Updates are kept from here on, until their file is there. */
static void start_updates(struct capture *capture, const struct instant *now) {
  updates_free(capture->updates);
  capture->updates = NULL;
  capture->start = *now;
  capture->offset_ns = now->wall_ns - now->mono_ns;
  csv_text_clear(&capture->steps);
  if (updates_new(now, &capture->updates) != 0)
    report_failure(capture, -ENOMEM, UPDATES_FILE);
}

static void start(struct capture *capture, int64_t wall_ns) {
  struct csv *csv;
  int status = csv_new(&capture->options, &csv);
  if (status != 0) {
    report_failure(capture, status, capture->options.dir);
    return;
  }
  status = csv_start(csv, wall_ns);
  if (status != 0) {
    const char *path = csv_error_path(csv);
    report_failure(capture, status, *path != '\0' ? path : capture->options.dir);
    csv_free(csv);
    return;
  }
  capture->csv = csv;
  capture->rows = capture->dropped = 0;
  capture->undescribed = true;
  if (capture->error == 0 && may_report(&capture->throttle, "CSVDir", capture->mono_ns))
    report(LOG_INFO, "CSVDir: rows go into '%s'", csv_dir(csv));
}

static void stop(struct capture *capture) {
  if (capture->csv == NULL)
    return;
  int status = csv_finish(capture->csv);
  if (status != 0)
    report_failure(capture, status, csv_error_path(capture->csv));
  csv_free(capture->csv);
  capture->csv = NULL;
  const char *updates_file = capture->updates != NULL ? updates_path(capture->updates) : NULL;
  status = updates_file != NULL ? updates_finish(capture->updates) : 0;
  if (status != 0)
    report_failure(capture, status, updates_file);
}

/* Writes what lies beside the captures. 0 or -errno and *path; then it is tried again in the next pass. */
static int write_beside(struct capture *capture, const char **path) {
  struct updates *updates = capture->updates;
  *path = csv_dir(capture->csv);
  int described = describe(capture), status = 0;
  if (updates != NULL && updates_path(updates) == NULL) {
    status = updates_start(updates, *path);
  } else if (updates != NULL) {
    updates_sink(updates)->end(updates_sink(updates));
    status = updates_error(updates);
  }
  if (described == 0 && status != 0 && updates_path(updates) != NULL)
    *path = updates_path(updates);
  return described != 0 ? described : status;
}

/* ---- the sink ---------------------------------------------------------------------------------------------------- */

static int sink_begin(struct sink *sink, const struct instant *now, size_t count) {
  struct capture *capture = (struct capture *)sink;
  capture->mono_ns = now->mono_ns;
  /* A run directory that was removed or moved away: rows would be lost without a message. */
  if (capture->csv != NULL && access(csv_dir(capture->csv), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    stop(capture);
    start_updates(capture, now);
  }
  if (capture->csv == NULL)
    start(capture, now->wall_ns);
  if (capture->csv == NULL)
    start_updates(capture, now); /* what was kept is not to grow */
  else
    note_step(capture, now);
  return capture->csv == NULL ? 0 : csv_sink(capture->csv)->begin(csv_sink(capture->csv), now, count);
}

static int sink_put(struct sink *sink, const struct sample *sample) {
  struct capture *capture = (struct capture *)sink;
  if (capture->csv != NULL)
    return csv_sink(capture->csv)->put(csv_sink(capture->csv), sample);
  capture->lost++;
  return 0;
}

static int sink_end(struct sink *sink) {
  struct capture *capture = (struct capture *)sink;
  struct csv *csv = capture->csv;
  if (csv == NULL)
    return 0;
  int status = csv_sink(csv)->end(csv_sink(csv));
  const char *path;
  int beside = write_beside(capture, &path);
  report_renewed(capture);
  uint64_t dropped = csv_dropped(csv) - capture->dropped, rows = csv_rows(csv) - capture->rows;
  capture->dropped += dropped;
  capture->rows += rows;
  capture->lost += dropped;
  if (dropped > 0)
    report_failure(capture, csv_last_error(csv), csv_error_path(csv));
  else if (beside != 0)
    report_failure(capture, beside, path);
  else if (rows > 0 && capture->error != 0)
    report_recovery(capture);
  return status;
}

static void sink_update(struct sink *sink, const struct update *update) {
  struct capture *capture = (struct capture *)sink;
  if (capture->updates != NULL)
    updates_sink(capture->updates)->update(updates_sink(capture->updates), update);
}

static void sink_removed(struct sink *sink, const struct sample *sample) {
  struct capture *capture = (struct capture *)sink;
  if (capture->csv != NULL)
    csv_sink(capture->csv)->removed(csv_sink(capture->csv), sample);
}

struct sink *capture_new(const struct settings *options, unsigned ts_decimals) {
  struct capture *capture = calloc(1, sizeof(*capture));
  struct instant now;
  if (capture == NULL || clock_now(&now) != 0) {
    report(LOG_ERR, "CSVDir is off: out of memory");
    free(capture);
    return NULL;
  }
  capture->sink = (struct sink){
      .begin = sink_begin, .put = sink_put, .end = sink_end, .update = sink_update, .removed = sink_removed};
  capture->settings = options;
  capture->options = (struct csv_options){.layout = CSV_SEPARATE,
                                          .dir = options->csv_dir,
                                          .name = "power.csv",
                                          .smooth = options->smooth,
                                          .ts_decimals = ts_decimals,
                                          .follow = true,
                                          .lenient = true};
  start_updates(capture, &now);
  return &capture->sink;
}

void capture_free(struct sink *sink) {
  if (sink == NULL)
    return;
  struct capture *capture = (struct capture *)sink;
  stop(capture);
  updates_free(capture->updates);
  free(capture->steps.data);
  free(capture);
}
