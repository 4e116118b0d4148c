/*
 * command: one row of the table of commands
 *
 * A new command is a file cmd_<name>.c with such a row, its name below, in the table of main.c and in standalone.am, a
 * bit in options.h, and rows in options.c for its options. Help is printed from these tables. Tests:
 * tests/cli/check_usage.sh.
 */
#ifndef VM_ENERGY_COMMAND_H
#define VM_ENERGY_COMMAND_H

#include "common/options.h"

struct command {
  const char *name;
  const char *summary;                       /* one line, for the list of commands */
  const char *synopsis;                      /* after the name: "[--files PATH...] [OPTION]..." */
  const char *text;                          /* paragraphs for its help, each line ended */
  const char *examples;                      /* the same */
  unsigned options;                          /* its OPTIONS_... bit */
  int wrong_usage;                           /* exit status of wrong usage; 0: STATUS_USAGE */
  int (*run)(const struct options *options); /* the exit status: a STATUS_...; of check see verdict_level_status() */
};

extern const struct command command_check;
extern const struct command command_list;
extern const struct command command_top;
extern const struct command command_ts;
extern const struct command command_once;
extern const struct command command_run;
extern const struct command command_report;
extern const struct command command_compare;
extern const struct command command_plot;

#endif
