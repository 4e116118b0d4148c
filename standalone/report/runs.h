/*
 * runs: finds the repeated runs in a directory, for compare and plot
 *
 * `ts --out-dir DIR` makes a directory DIR/run_YYYYMMDD_HHMMSS for each run. A directory that holds directories run_*
 * stands for these; any other path stands for itself. Tests: tests/cli/check_compare.sh.
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

/* Adds what the path stands for, by name. 0 or -ENOMEM. */
int runs_add(struct runs *runs, const char *path);
void runs_free(struct runs *runs);

#endif
