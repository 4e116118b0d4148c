/*
 * recording: reads a capture from disk, value by value
 *
 * recording.c finds the files, recording_read.c reads the rows, recording_updates.c reads updates.dat.
 *
 * A capture is what one argument of a command names: a CSV file, the directory of a run, or "-", standard input.
 * run.json, marks.csv and updates.dat beside it are read if they belong to it. Values and updates go to callbacks and
 * are not kept, so a file may be larger than memory. If run.json says when the wall clock was set, times are as if it
 * had not been.
 */
#ifndef VM_ENERGY_RECORDING_H
#define VM_ENERGY_RECORDING_H

#include "report/phases.h"
#include "report/run_info.h"

#include "core/meter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording {
  const char *path; /* borrowed */
  char *shown;      /* the same, printable */
  char **files;     /* paths */
  size_t files_num;
  bool from_search; /* all .csv files of a directory: one may be no capture */
  bool has_info;
  struct run_info info; /* of run.json */
  struct phases phases; /* of marks.csv; at least one */
  char *updates;        /* path of updates.dat; NULL: none */
  bool updates_empty;   /* updates.dat exists, but has no row */
  char **labels;        /* of the VMs, raw; only with updates.dat */
  size_t labels_num;
  bool was_read;
  bool has_breaks; /* vm() was called again for a VM, see below */
  bool incomplete; /* rows or files were skipped; errors have been printed */
};

/*
 * Finds the files. STATUS_DONE: call recording_close() in the end. STATUS_USAGE: there is no such path. STATUS_FAILED:
 * it is no capture. Errors have been printed.
 */
int recording_open(struct recording *recording, const char *path);
void recording_close(struct recording *recording);

/* One sample of one VM. */
struct recording_value {
  int64_t ts_ns; /* wall time */
  bool has_energy, has_power;
  uint64_t energy_uj; /* raw */
  double power_w;
  bool has_state; /* the layout has states */
  enum sample_state state;
  bool after_hole; /* energy since the row before is unknown: the VM was missing, or rows without a counter are */
};

/* A VM, before its first value. */
struct recording_vm {
  const char *label;       /* printable; borrowed for the call */
  bool has_counter;        /* else there is power alone */
  int64_t start_ns;        /* of the run; 0: unknown */
  bool has_start;          /* start_uj is known */
  uint64_t start_uj;       /* the counter at start_ns */
  int64_t start_update_ns; /* of the update that wrote start_uj; 0: unknown */
  uint64_t range_uj;       /* where the counter wraps; 0: unknown */
  int64_t unit_ns;         /* a row was taken at most this much after its time stamp */
};

/*
 * vm counts from 0 over all files. vm() is called again for a VM if nothing is known of the time before its next value:
 * another table begins, the clock was set. Both answer 0, or -errno, which ends the reading.
 */
struct recording_sink {
  int (*vm)(void *arg, size_t vm, const struct recording_vm *info);
  int (*value)(void *arg, size_t vm, const struct recording_value *value);
  void *arg;
};

/* An update, made in (to_ns - update->within_ns, to_ns]; energy_j is unscaled. */
typedef int recording_update(void *arg, size_t vm, int64_t to_ns, const struct update *update);

/*
 * Reads all files, once per call. STATUS_DONE, or STATUS_FAILED: nothing could be read. Faults of the files are printed
 * by the first call only.
 */
int recording_read(struct recording *recording, const struct recording_sink *sink);

/* Reads updates.dat, if any, after recording_read(). STATUS_DONE or STATUS_FAILED; errors have been printed. */
int recording_read_updates(struct recording *recording, recording_update *take, void *arg);

#endif
