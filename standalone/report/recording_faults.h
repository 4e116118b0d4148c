/*
 * recording_faults: counts what is wrong in one file of a capture, and prints it
 *
 * Each kind of fault is one message, about its first row. Tests: tests/cli/check_files.sh.
 */
#ifndef VM_ENERGY_RECORDING_FAULTS_H
#define VM_ENERGY_RECORDING_FAULTS_H

#include "common/csv_reader.h"
#include "report/recording_times.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording_fault {
  uint64_t num, line;
  int64_t ts_ns; /* of the last one: the rows of all VMs at one time count once */
  double s;      /* length of the step, of the first one */
};

struct recording_skipped {
  uint64_t num, line; /* line of the first one, and why */
  char reason[128];
};

/* Start with zeros. Pointers are borrowed. */
struct recording_faults {
  struct recording_skipped rows, cells;
  struct recording_fault tables;
  struct recording_fault steps[RECORDING_STEPS]; /* some kinds are no fault */
  size_t other_file_vms;                         /* VMs skipped, since an earlier file has them */
  const char *other_file_label;                  /* the first of them */
  const char *other_file;                        /* the earlier file of that VM */
  uint64_t cut_line;                             /* 0: none is */
  uint64_t joined_line;                          /* a row that a header cuts off */

  /* why the file is no capture */
  const char *missing;
  char separator; /* 0: a comma */
  const struct csv_foreign *foreign;
  bool has_commas; /* decimal commas */
};

/* Counts an skipped row or cell. Returns 0. */
int recording_faults_skip(struct recording_skipped *skipped, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same: field_parse_...() returned status for this field. */
int recording_faults_skip_field(struct recording_skipped *skipped, uint64_t line, const char *field, int status,
                                bool is_time);

/* Counts rows of one time stamp once. */
void recording_faults_note(struct recording_fault *fault, uint64_t line, int64_t ts_ns, double s);

void recording_faults_report(const struct recording_faults *f, const char *shown);

/* Prints why the file is no capture. searched: a warning, since the user named its directory. */
void recording_faults_no_capture(const struct recording_faults *f, const char *path, const char *shown, int status,
                                 bool searched);

#endif
