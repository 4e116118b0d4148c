/*
 * options: what the user asked for
 *
 * One table holds the options of all commands, for getopt_long(3) and for the help.
 */
#ifndef VM_ENERGY_OPTIONS_H
#define VM_ENERGY_OPTIONS_H

#include "common/tariff.h"

#include "core/csv.h"
#include "core/meter.h"
#include "core/selection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The default of --host-counter. */
#define OPTIONS_HOST_COUNTERS "/sys/class/powercap/intel-rapl:*/energy_uj"

/* The commands, as bits. */
#define OPTIONS_TS      1u
#define OPTIONS_ONCE    2u
#define OPTIONS_RUN     4u
#define OPTIONS_LIST    8u
#define OPTIONS_CHECK   16u
#define OPTIONS_TOP     32u
#define OPTIONS_REPORT  64u
#define OPTIONS_PLOT    128u
#define OPTIONS_COMPARE 256u

/* Those that sum up groups of VMs. */
#define OPTIONS_GROUPS (OPTIONS_REPORT | OPTIONS_COMPARE | OPTIONS_PLOT)

/* Those whose arguments are paths. */
#define OPTIONS_PATHS (OPTIONS_REPORT | OPTIONS_PLOT | OPTIONS_COMPARE)

struct options {
  /* from the name of the command on */
  int argc;
  char **argv;

  /* paths and patterns; strings of argv */
  const char **files;
  size_t files_num;
  struct selection *selection; /* of VMs by name; NULL: all. Remembers what matched, though the options are const. */
  bool ignore_selected;

  struct meter_options meter;
  size_t smooth;
  bool quiet;

  /* ts and top */
  int64_t interval_ns;
  uint64_t count;          /* top: 0 is endless */
  bool waits_for_counters; /* none at the start is no error */

  /* ts */
  bool manual_stop;
  bool marks;    /* lines of standard input are marks */
  bool complete; /* wait for one more update of each counter */
  enum csv_layout layout;
  const char *out_dir;
  const char *out_name; /* last component of --out */
  bool to_output;       /* rows go to standard output, and no file is made */

  /* once, list and check */
  int64_t duration_ns; /* list: 0 is at once; check: 0 is until all is clear */
  bool until_enter;
  bool json;

  /* once and run */
  bool bounds;
  bool total; /* print the sum of all, too; `run` of one VM: JSON only */

  /* check */
  const char *host_counter; /* path or pattern */

  /* report and plot */
  bool recorded;                      /* take power from the rows */
  const char *group_by, *groups_file; /* NULL: not given; at most one is */

  /* report; meter.scale is 0 unless given */
  bool csv;
  const char *tariffs[TARIFFS]; /* numbers or paths; NULL: not given */

  /* plot */
  const char *picture;
  bool stacked, relative, force;

  /* run */
  const char *json_file; /* NULL: text on standard error */
  char *const *command;  /* and its arguments, ending in NULL; NULL: not given */
};

enum options_result { OPTIONS_GOOD, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG };

/*
 * Parses argv[1 .. argc - 1] by the options that have a bit of `which` into *options, which starts with the defaults.
 * Call options_free() in any case. OPTIONS_WRONG: an error has been printed.
 */
enum options_result options_parse(unsigned which, int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* Prints the options that have a bit of `which`, with their texts. */
void options_print(unsigned which, FILE *out);

#endif
