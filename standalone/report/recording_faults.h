/*
 * recording_faults: what is wrong in one file of a capture, and the messages about it
 *
 * Of each kind of fault the first row is kept and reported, with the number of all.
 */
#ifndef VM_ENERGY_RECORDING_FAULTS_H
#define VM_ENERGY_RECORDING_FAULTS_H

#include "common/csv_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording_fault {
  uint64_t num, line;
  int64_t ts_ns; /* of the last one, since a row of each VM may have it */
  double s;      /* by how much, of the first */
};

/* Start with zeros. other_file_label: the caller frees it. */
struct recording_faults {
  uint64_t bad_rows, bad_line; /* rows ignored, and where the first one is */
  uint64_t bad_cells, cell_line;
  char bad_reason[128], cell_reason[128];
  struct recording_fault tables, back, jump, still, hole, repeats;
  size_t other_file_vms;  /* VMs */
  char *other_file_label; /* the first of them */
  const char *other_file; /* and the file that it is in */
  uint64_t cut_line;      /* 0: none is */
  uint64_t joined_line;   /* a row that is cut off by a header */

  const char *missing; /* why it is no capture */
  char separator;      /* 0: a comma */
  const struct csv_foreign *foreign;
  bool has_commas; /* for points in numbers */
};

/* The row is ignored. Returns 0. */
int recording_faults_row(struct recording_faults *f, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, since field_parse_time() answered status for this field. */
int recording_faults_time(struct recording_faults *f, uint64_t line, const char *field, int status);

/* The cell costs the VM its value, and no other VM anything. */
void recording_faults_cell(struct recording_faults *f, uint64_t line, const char *field, int status);

/* One fault for all rows of a time stamp. */
void recording_faults_note(struct recording_fault *fault, uint64_t line, int64_t ts_ns, double s);

/* Prints a message for each kind of fault of the file. */
void recording_faults_report(const struct recording_faults *f, const char *shown);

/* Prints why the file is no capture: a warning if it was only found in a directory (searched), else an error. */
void recording_faults_no_capture(const struct recording_faults *f, const char *path, const char *shown, int status,
                                 bool searched);

#endif
