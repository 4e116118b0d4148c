/*
 * csv: the CSV sink: run directory, files, header, rows
 *
 * Each capture gets its own directory, <dir>/run_YYYYMMDD_HHMMSS (local time; with _2, _3 ... if that exists). Existing
 * files are not opened for writing, except with `follow`, which appends to the file of a counter that is back.
 * Three layouts:
 *
 *   CSV_COMBINED  one file <name>: ts, then <label>_energy_uj, <label>_power_w for each counter. One row per pass. The
 *                 columns are the counters of the passes before csv_start(); a missing one has empty fields.
 *   CSV_SEPARATE  a file <name less .csv>_<label>.csv per counter, with the same three columns and a row per pass; with
 *                 `follow`, rows only while the counter exists
 *   CSV_LONG      one file <name>: ts,label,energy_uj,power_w,state; one row per counter and pass
 *
 * The header is written by put_header(). With a moving average of N, _power_w_sma<N> (CSV_LONG: power_w_sma<N>) is the
 * last column of each counter. energy_uj is the raw counter; a missing value is an empty field. Lines end in LF.
 * csv_text.h formats fields and numbers; csv_file.h writes whole rows only.
 */
#ifndef VM_ENERGY_CSV_H
#define VM_ENERGY_CSV_H

#include "clock.h"
#include "sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum csv_layout { CSV_COMBINED, CSV_SEPARATE, CSV_LONG };

struct csv_options {
  enum csv_layout layout;
  const char *dir;      /* holds the run directories; created with its parents if missing */
  const char *name;     /* of the file: not empty, ".", "..", and without '/' */
  size_t smooth;        /* window of the moving average; 0: no such column */
  unsigned ts_decimals; /* of the time stamps, 0 to 9; truncated, not rounded */
  bool follow;          /* CSV_SEPARATE: a counter added after csv_start() gets a file too */
  bool lenient;         /* the sink's functions always return 0; see csv_dropped() */
};

struct csv;

/* 0 and *csv, -EINVAL (the name is no file name, or too many decimals) or -ENOMEM. The options are copied. */
int csv_new(const struct csv_options *options, struct csv **csv);

/* Closes all files. NULL is fine. Free the sampler that has the sink first. */
void csv_free(struct csv *csv);

/* For a sampler. Passes before csv_start() only add counters. */
struct sink *csv_sink(struct csv *csv);

/*
 * Creates the run directory, named after wall_ns, and in it the files of the counters seen so far, with their headers.
 * 0, or -errno with csv_error_path(); then everything is removed again, and csv_start() may be called again.
 */
int csv_start(struct csv *csv, int64_t wall_ns);

/*
 * Instead of csv_start(): writes the header to fd (borrowed) now, and each row at once. No directory, no file; not for
 * CSV_SEPARATE. 0 or -errno, with csv_error_path() "standard output".
 */
int csv_start_stream(struct csv *csv, int fd);

/* The label of a counter that was added after the start, and has no column; NULL: none. Valid until csv_free(). */
const char *csv_left_out(const struct csv *csv);

/* Sets the time stamp of the next pass; without this call it is the wall time of the pass. */
void csv_set_time(struct csv *csv, int64_t wall_ns);

/* Closes all files; no more rows. 0, or the first -errno of close(2), where a network file system reports errors. */
int csv_finish(struct csv *csv);

/* The run directory, <dir>/run_...; NULL before csv_start(). Owned by the csv. */
const char *csv_dir(const struct csv *csv);

/* The names of the files in it. Valid until the next csv_file() or pass. */
size_t csv_files(const struct csv *csv);
const char *csv_file(struct csv *csv, size_t index);

/*
 * With `follow`: how many files were removed, moved or emptied since the last call, as by log rotation, and begun again
 * with a header; and the path of the first one.
 */
size_t csv_rotated(struct csv *csv, const char **path);

/* Rows written, rows dropped because they could not be written, and the last -errno, 0 if none. */
uint64_t csv_rows(const struct csv *csv);
uint64_t csv_dropped(const struct csv *csv);
int csv_last_error(const struct csv *csv);

/* The file or directory of csv_last_error() or of a failed csv_start(); "" if none. */
const char *csv_error_path(const struct csv *csv);

#endif
