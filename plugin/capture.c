#include "capture.h"

#include "core/csv.h"
#include "daemon.h"
#include "log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct capture {
  struct sink sink;
  struct csv_options options;
  struct csv *csv;  /* NULL: there is no run directory */
  int error;        /* last logged state; 0: rows are written */
  uint64_t lost;    /* rows, since then */
  uint64_t rows;    /* written by this csv before this pass */
  uint64_t dropped; /* by this csv before this pass */
  int64_t mono_ns;  /* of the pass */
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

/* ---- the run directory ------------------------------------------------------------------------------------------- */

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
    csv_delete(csv);
    return;
  }
  capture->csv = csv;
  capture->rows = capture->dropped = 0;
  if (capture->error == 0 && may_report(&capture->throttle, "CSVDir", capture->mono_ns))
    report(LOG_INFO, "CSVDir: rows go into '%s'", csv_dir(csv));
}

static void stop(struct capture *capture) {
  if (capture->csv == NULL)
    return;
  int status = csv_finish(capture->csv);
  if (status != 0)
    report_failure(capture, status, csv_error_path(capture->csv));
  csv_delete(capture->csv);
  capture->csv = NULL;
}

/* ---- the sink ---------------------------------------------------------------------------------------------------- */

static int sink_begin(struct sink *sink, const struct instant *now, size_t count) {
  struct capture *capture = (struct capture *)sink;
  capture->mono_ns = now->mono_ns;
  /* A run directory that was removed or moved away: rows would be lost without a message. */
  if (capture->csv != NULL && access(csv_dir(capture->csv), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
    stop(capture);
  if (capture->csv == NULL)
    start(capture, now->wall_ns);
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
  uint64_t dropped = csv_dropped(csv) - capture->dropped, rows = csv_rows(csv) - capture->rows;
  capture->dropped += dropped;
  capture->rows += rows;
  capture->lost += dropped;
  if (dropped > 0)
    report_failure(capture, csv_last_error(csv), csv_error_path(csv));
  else if (rows > 0 && capture->error != 0)
    report_recovery(capture);
  return status;
}

static void sink_removed(struct sink *sink, const struct sample *sample) {
  struct capture *capture = (struct capture *)sink;
  if (capture->csv != NULL)
    csv_sink(capture->csv)->removed(csv_sink(capture->csv), sample);
}

struct sink *capture_new(const char *dir, size_t smooth, unsigned ts_decimals) {
  struct capture *capture = calloc(1, sizeof(*capture));
  if (capture == NULL) {
    report(LOG_ERR, "CSVDir is off: out of memory");
    return NULL;
  }
  capture->sink = (struct sink){.begin = sink_begin, .put = sink_put, .end = sink_end, .removed = sink_removed};
  capture->options = (struct csv_options){.layout = CSV_SEPARATE,
                                          .dir = dir,
                                          .name = "power.csv",
                                          .smooth = smooth,
                                          .ts_decimals = ts_decimals,
                                          .follow = true,
                                          .lenient = true};
  return &capture->sink;
}

void capture_free(struct sink *sink) {
  if (sink == NULL)
    return;
  struct capture *capture = (struct capture *)sink;
  stop(capture);
  free(capture);
}
