#include "csvdir.h"

#include "core/csv.h"
#include "core/csv_file.h"
#include "core/csv_text.h"
#include "core/updates.h"
#include "daemon.h"
#include "log.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct csvdir {
  struct sink sink;
  struct csv_options options;
  struct csv *csv;         /* NULL: there is no run directory */
  struct updates *updates; /* since the start of the run; NULL: out of memory */
  struct instant start;
  int64_t offset_ns;      /* wall - mono, as of the last step of the wall clock */
  struct csv_text steps;  /* clock_steps of run.json */
  bool info_is_due;       /* run.json is to be written */
  struct trouble trouble; /* none: rows are written */
  uint64_t lost;          /* rows since the trouble began */
  uint64_t rows, dropped; /* of this csv, before this pass */
  int64_t mono_ns;
  struct throttle throttle;
};

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void report_failure(struct csvdir *csvdir, int error, const char *path) {
  log_unwritable(&csvdir->trouble, path, error, csvdir->mono_ns);
}

static void report_recovery(struct csvdir *csvdir) {
  if (log_trouble_ends(&csvdir->trouble, csvdir->mono_ns))
    log_line(LOG_NOTICE, "CSVDir: rows are written again, to '%s'; %llu were lost", csv_dir(csvdir->csv),
             (unsigned long long)csvdir->lost);
  csvdir->lost = 0;
}

static void report_rotated(struct csvdir *csvdir) {
  const char *path;
  size_t renewed = csv_rotated(csvdir->csv, &path);
  if (renewed == 1)
    log_line(LOG_NOTICE, "CSVDir: '%s' was removed, moved or emptied; a new one was created", path);
  else if (renewed > 1)
    log_line(LOG_NOTICE, "CSVDir: '%s' and %zu more were removed, moved or emptied; new ones were created", path,
             renewed - 1);
}

/* ---- run.json ---------------------------------------------------------------------------------------------------- */

static void put_seconds(struct csv_text *text, int64_t ns) {
  if (ns < 0)
    csv_text_char(text, '-');
  csv_text_time(text, ns < 0 ? -ns : ns, 6);
}

static void put_info(const struct csvdir *csvdir, struct csv_text *text) {
  const struct meter_options *meter = &settings.meter;
  csv_text_string(text, "{\n \"tool\": \"vm_energy\",\n \"version\": \"" VM_ENERGY_VERSION "\",\n \"host\": \"");
  for (const char *c = hostname_g; *c != '\0'; c++) /* the option Hostname accepts any character */
    csv_text_char(text, (unsigned char)*c < ' ' || *c == '"' || *c == '\\' ? '_' : *c);
  csv_text_string(text, "\",\n \"start\": ");
  put_seconds(text, csvdir->start.wall_ns);
  csv_text_string(text, ",\n \"layout\": \"separate\",\n \"time_base\": \"");
  csv_text_string(text, meter_base_name(meter->base));
  csv_text_string(text, "\",\n \"scale\": ");
  csv_text_power(text, meter->scale);
  csv_text_string(text, ",\n \"max_power_w\": ");
  if (meter->max_power_w > 0)
    csv_text_power(text, meter->max_power_w);
  else
    csv_text_string(text, "null");
  csv_text_string(text, ",\n \"clock_steps\": [");
  for (size_t i = 0; i < csvdir->steps.len; i++)
    csv_text_char(text, csvdir->steps.data[i]);
  csv_text_string(text, "]\n}\n");
}

static int write_info(struct csvdir *csvdir) {
  static const char name[] = "run.json", other[] = ".run.json.new";
  if (!csvdir->info_is_due)
    return 0;
  int dir_fd = open(csv_dir(csvdir->csv), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0)
    return -errno;
  struct csv_file file = CSV_FILE_CLOSED;
  struct csv_text text = {0};
  csv_text_clear(&text);
  put_info(csvdir, &text);
  unlinkat(dir_fd, other, 0);
  int status = csv_file_open(&file, dir_fd, other, true);
  if (status == 0)
    status = csv_file_append(&file, &text);
  int closed = csv_file_close(&file);
  free(text.data);
  status = status != 0 ? status : closed;
  if (status == 0 && renameat(dir_fd, other, dir_fd, name) != 0)
    status = -errno;
  close(dir_fd);
  csvdir->info_is_due = status != 0;
  return status;
}

/* Rows have times of the wall clock; its steps show how much time really passed between two rows. */
static void note_step(struct csvdir *csvdir, const struct instant *now) {
  int64_t step_ns = clock_step_ns(now, csvdir->offset_ns);
  if (step_ns == 0)
    return;
  csv_text_string(&csvdir->steps, csvdir->steps.len > 0 ? ", {\"ts\": " : "{\"ts\": ");
  put_seconds(&csvdir->steps, now->mono_ns + csvdir->offset_ns);
  csv_text_string(&csvdir->steps, ", \"by_s\": ");
  put_seconds(&csvdir->steps, step_ns);
  csv_text_char(&csvdir->steps, '}');
  csvdir->offset_ns += step_ns;
  csvdir->info_is_due = true;
}

/* ---- the run directory ------------------------------------------------------------------------------------------- */

/* Updates are kept in memory until their file can be created. Drops earlier ones. */
static void start_updates(struct csvdir *csvdir, const struct instant *now) {
  updates_free(csvdir->updates);
  csvdir->updates = NULL;
  csvdir->start = *now;
  csvdir->offset_ns = now->wall_ns - now->mono_ns;
  csv_text_clear(&csvdir->steps);
  if (updates_new(now, &csvdir->updates) != 0)
    report_failure(csvdir, -ENOMEM, UPDATES_FILE);
}

static void start(struct csvdir *csvdir, int64_t wall_ns) {
  struct csv *csv = NULL;
  int status = csv_new(&csvdir->options, &csv);
  if (status == 0)
    status = csv_start(csv, wall_ns);
  if (status != 0) {
    const char *path = csv != NULL ? csv_error_path(csv) : "";
    report_failure(csvdir, status, *path != '\0' ? path : csvdir->options.dir);
    csv_free(csv);
    return;
  }
  csvdir->csv = csv;
  csvdir->rows = csvdir->dropped = 0;
  csvdir->info_is_due = true;
  if (csvdir->trouble.error == 0 && log_allows(&csvdir->throttle, "CSVDir", csvdir->mono_ns))
    log_line(LOG_INFO, "CSVDir: writing rows to '%s'", csv_dir(csv));
}

static void stop(struct csvdir *csvdir) {
  if (csvdir->csv == NULL)
    return;
  int status = csv_finish(csvdir->csv);
  if (status != 0)
    report_failure(csvdir, status, csv_error_path(csvdir->csv));
  csv_free(csvdir->csv);
  csvdir->csv = NULL;
  status = csvdir->updates != NULL ? updates_finish(csvdir->updates) : 0;
  if (status != 0)
    report_failure(csvdir, status, updates_path(csvdir->updates));
}

/* Writes run.json and updates.dat. Returns 0, or -errno with *path; after an error the next pass tries again. */
static int write_beside(struct csvdir *csvdir, const char **path) {
  struct updates *updates = csvdir->updates;
  *path = csv_dir(csvdir->csv);
  int info_status = write_info(csvdir), status = 0;
  if (updates != NULL && updates_path(updates) == NULL) {
    status = updates_start(updates, *path);
  } else if (updates != NULL) {
    updates_sink(updates)->end(updates_sink(updates));
    status = updates_error(updates);
  }
  if (info_status == 0 && status != 0 && updates_path(updates) != NULL)
    *path = updates_path(updates);
  return info_status != 0 ? info_status : status;
}

/* ---- the sink ---------------------------------------------------------------------------------------------------- */

static int sink_begin(struct sink *sink, const struct instant *now, size_t count) {
  struct csvdir *csvdir = (struct csvdir *)sink;
  csvdir->mono_ns = now->mono_ns;
  /* In a run directory that was removed or moved away, rows would be lost without a message. */
  if (csvdir->csv != NULL && access(csv_dir(csvdir->csv), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    stop(csvdir);
    start_updates(csvdir, now);
  }
  if (csvdir->csv == NULL)
    start(csvdir, now->wall_ns);
  if (csvdir->csv == NULL) {
    start_updates(csvdir, now); /* limits the memory that updates take */
    return 0;
  }
  note_step(csvdir, now);
  return csv_sink(csvdir->csv)->begin(csv_sink(csvdir->csv), now, count);
}

static int sink_put(struct sink *sink, const struct sample *sample) {
  struct csvdir *csvdir = (struct csvdir *)sink;
  if (csvdir->csv != NULL)
    return csv_sink(csvdir->csv)->put(csv_sink(csvdir->csv), sample);
  csvdir->lost++;
  return 0;
}

static int sink_end(struct sink *sink) {
  struct csvdir *csvdir = (struct csvdir *)sink;
  struct csv *csv = csvdir->csv;
  if (csv == NULL)
    return 0;
  int status = csv_sink(csv)->end(csv_sink(csv));
  const char *path;
  int beside = write_beside(csvdir, &path);
  report_rotated(csvdir);
  uint64_t dropped = csv_dropped(csv) - csvdir->dropped, rows = csv_rows(csv) - csvdir->rows;
  csvdir->dropped += dropped;
  csvdir->rows += rows;
  csvdir->lost += dropped;
  if (dropped > 0)
    report_failure(csvdir, csv_last_error(csv), csv_error_path(csv));
  else if (beside != 0)
    report_failure(csvdir, beside, path);
  else if (rows > 0)
    report_recovery(csvdir);
  return status;
}

static void sink_update(struct sink *sink, const struct update *update) {
  struct csvdir *csvdir = (struct csvdir *)sink;
  if (csvdir->updates != NULL)
    updates_sink(csvdir->updates)->update(updates_sink(csvdir->updates), update);
}

static void sink_removed(struct sink *sink, const struct sample *sample) {
  struct csvdir *csvdir = (struct csvdir *)sink;
  if (csvdir->csv != NULL)
    csv_sink(csvdir->csv)->removed(csv_sink(csvdir->csv), sample);
}

struct sink *csvdir_new(unsigned ts_decimals) {
  struct csvdir *csvdir = calloc(1, sizeof(*csvdir));
  struct instant now;
  if (csvdir == NULL || clock_now(&now) != 0) {
    log_line(LOG_ERR, "CSVDir is off: out of memory");
    free(csvdir);
    return NULL;
  }
  csvdir->sink = (struct sink){
      .begin = sink_begin, .put = sink_put, .end = sink_end, .update = sink_update, .removed = sink_removed};
  csvdir->trouble = (struct trouble){.about = "CSVDir", .throttle = &csvdir->throttle};
  csvdir->options = (struct csv_options){.layout = CSV_SEPARATE,
                                         .dir = settings.csv_dir,
                                         .name = "power.csv",
                                         .smooth = settings.smooth,
                                         .ts_decimals = ts_decimals,
                                         .follow = true,
                                         .lenient = true};
  start_updates(csvdir, &now);
  return &csvdir->sink;
}

void csvdir_free(struct sink *sink) {
  if (sink == NULL)
    return;
  struct csvdir *csvdir = (struct csvdir *)sink;
  stop(csvdir);
  updates_free(csvdir->updates);
  free(csvdir->steps.data);
  free(csvdir);
}
