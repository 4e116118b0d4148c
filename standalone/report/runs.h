/*
 * runs: the repeated runs that a directory holds
 *
 * `ts --out-dir DIR` makes a directory DIR/run_YYYYMMDD_HHMMSS for each run. So a directory with directories run_* in
 * it stands for these, whatever else it holds; any other path stands for itself.
 */
#ifndef VM_ENERGY_RUNS_H
#define VM_ENERGY_RUNS_H

#include <stdbool.h>
#include <stddef.h>

/* Start with zeros. */
struct runs {
  char **paths;
  size_t num;
  bool are_repeated; /* a path was a directory of runs */
};

/* Adds what the path stands for: one path or more, by name. 0 or -ENOMEM. */
int runs_add(struct runs *runs, const char *path);
void runs_free(struct runs *runs);

#endif
