/*
 * run_info: reads what reports need from run.json. Tests: tests/check_recording_read.c.
 */
#ifndef VM_ENERGY_RUN_INFO_H
#define VM_ENERGY_RUN_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run_counter {
  char *label;
  bool has_start;
  uint64_t start_uj; /* the raw counter when the run started */
  int64_t start_ns;  /* of the update that wrote start_uj; 0: unknown */
  uint64_t range_uj; /* where the counter wraps; 0: it does not, or unknown */
};

/* The wall clock was set by by_ns, noticed when the unset clock would have shown at_ns. */
struct run_step {
  int64_t at_ns, by_ns;
};

struct run_info {
  char *host; /* printable; NULL: unknown */
  double scale;
  double max_power_w; /* 0: no limit */
  int64_t start_ns;   /* wall time */
  int64_t late_ns;    /* of the latest row, after its tick */
  bool never_ended;   /* killed, or still running */
  uint64_t rows_lost;
  struct run_step *steps;
  size_t steps_num;
  char **files; /* their names */
  size_t files_num;
  struct run_counter *counters; /* by label */
  size_t counters_num;
};

/* 0: call run_info_free() in the end. -errno; -EINVAL: not written by vm_energy. */
int run_info_read(const char *path, struct run_info *info);
void run_info_free(struct run_info *info);

/*
 * A time stamp as if the wall clock had not been set. Call it in the order of writing, with a cursor that starts with
 * zeros. A step back that is shorter than the interval is noticed later.
 */
struct run_info_clock {
  size_t step;
  int64_t last_ns, by_ns;
  bool begun;
};
int64_t run_info_steady_ns(struct run_info_clock *cursor, const struct run_info *info, int64_t wall_ns);

/* True if run.json lists the file. */
bool run_info_has_file(const struct run_info *info, const char *name);

/* NULL: no such label. */
const struct run_counter *run_info_counter(const struct run_info *info, const char *label);

#endif
