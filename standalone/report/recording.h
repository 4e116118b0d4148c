/*
 * recording: a capture as it lies on disk, read value by value
 *
 * What one argument of a command names: a file of a capture, the directory of a run with all of its files, or "-",
 * standard input. run.json,
 * marks.csv and updates.dat beside it are read where they are of that capture. Values and updates go to callbacks;
 * nothing of them is kept, so that a file may be larger than memory. Times are as if the wall clock had not been set,
 * where run.json says when it was.
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
  const char *path; /* as it was given */
  char *shown;      /* the same, fit to be printed */
  char **files;     /* paths */
  size_t files_num;
  bool from_search; /* they were looked for, so that one may be something else */
  bool has_info;
  struct run_info info; /* of run.json */
  struct phases phases; /* of marks.csv; at least the one without a mark */
  char *updates;        /* path of updates.dat; NULL: there is none */
  bool updates_empty;   /* updates.dat is there, but has no row */
  char **labels;        /* of the VMs, as they stand in the files; only with updates.dat */
  size_t labels_num;
  bool was_read;
  bool has_breaks; /* vm() was called again for a VM, see below */
  bool incomplete; /* rows were ignored, or files were; told */
};

/*
 * Looks what is there. STATUS_DONE, and it is to be given to recording_close(). STATUS_USAGE: there is no such path.
 * STATUS_FAILED: it is no capture. Told.
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
  bool after_hole; /* nothing says what it drew since the row before: it was away, or rows without a counter are missing
                    */
};

/* A VM, before its first value. */
struct recording_vm {
  const char *label; /* fit to be printed; borrowed for the call */
  bool has_counter;  /* there is a column of it; else there is power alone */
  int64_t start_ns;  /* of the run; 0: not known */
  bool has_start;    /* the run says what the counter was then */
  uint64_t start_uj;
  int64_t start_update_ns; /* of the update that this is from; 0: not known */
  uint64_t range_uj;       /* where the counter wraps; 0: not known */
  int64_t unit_ns;         /* how much later than its time stamp a row may have been taken */
};

/*
 * vm counts from 0 over all files. vm() is called again for a VM where what lies between the value before and the next
 * one is not known: another table begins, the clock was set. Both answer 0 or -errno, which ends the reading.
 */
struct recording_sink {
  int (*vm)(void *arg, size_t vm, const struct recording_vm *info);
  int (*value)(void *arg, size_t vm, const struct recording_value *value);
  void *arg;
};

/* An update, made in (to_ns - update->within_ns, to_ns]; energy_j is unscaled. */
typedef int recording_update(void *arg, size_t vm, int64_t to_ns, const struct update *update);

/*
 * Reads all files, once per call. STATUS_DONE, STATUS_FAILED: nothing could be read, told. Faults in the files are told
 * in the first call only.
 */
int recording_read(struct recording *recording, const struct recording_sink *sink);

/*
 * Reads updates.dat, after recording_read(). STATUS_DONE, also where there is none; STATUS_FAILED: the error is
 * reported.
 */
int recording_read_updates(struct recording *recording, recording_update *take, void *arg);

#endif
