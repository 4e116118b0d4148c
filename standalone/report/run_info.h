/*
 * run_info: what run.json says of a capture, as far as reports need it
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
  int64_t start_ns;  /* of the update that this number is from; 0: not known */
  uint64_t range_uj; /* where the counter wraps; 0: it does not, or not known */
};

/* The wall clock was set by by_ns, noticed when it would have shown at_ns without that. */
struct run_step {
  int64_t at_ns, by_ns;
};

struct run_info {
  char *host; /* fit to be printed; NULL: not known */
  double scale;
  double max_power_w; /* 0: none was told */
  int64_t start_ns;   /* wall time */
  int64_t late_ns;    /* how late a row was taken at most */
  bool never_ended;   /* it was killed, or still runs */
  uint64_t rows_lost;
  struct run_step *steps;
  size_t steps_num;
  char **files; /* their names */
  size_t files_num;
  struct run_counter *counters; /* by label */
  size_t counters_num;
};

/*
 * 0, and to be given to run_info_free(). -errno: it cannot be read, -ENOENT: there is none; -EINVAL: it is not what
 * metadata.h writes.
 */
int run_info_read(const char *path, struct run_info *info);
void run_info_free(struct run_info *info);

/*
 * The time stamps of a run follow the wall clock; these are as if it had not been set. For stamps in the order in which
 * they were written: cursor all zero at first. A step back by less than two stamps are apart is noticed later.
 */
struct run_info_clock {
  size_t step;
  int64_t last_ns, by_ns;
  bool begun;
};
int64_t run_info_steady_ns(struct run_info_clock *cursor, const struct run_info *info, int64_t wall_ns);

/* Whether the run wrote the file of that name, as far as it says. */
bool run_info_has_file(const struct run_info *info, const char *name);

/* NULL: there is none of that label. */
const struct run_counter *run_info_counter(const struct run_info *info, const char *label);

#endif
