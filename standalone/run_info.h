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
  int64_t period_ns; /* between two updates; 0: not known */
};

struct run_info {
  char *host; /* fit to be printed; NULL: not known */
  double scale;
  double max_power_w; /* 0: none was told */
  int64_t start_ns;   /* wall time */
  char **files;       /* their names */
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

/* Whether the run wrote the file of that name. */
bool run_info_has_file(const struct run_info *info, const char *name);

/* NULL: there is none of that label. */
const struct run_counter *run_info_counter(const struct run_info *info, const char *label);

#endif
