/*
 * compare: the energy of captures against that of others
 */
#include "common/command.h"
#include "common/message.h"
#include "report/compare.h"

#include <errno.h>
#include <string.h>

static int print(const struct options *options, const struct compare *compare) {
  if (options->json)
    return compare_print_json(compare, stdout);
  if (options->csv)
    return compare_print_csv(compare, stdout);
  compare_print_text(compare, stdout);
  return 0;
}

static int run_compare(const struct options *options) {
  if (options->files_num < 2) {
    message_error("compare needs two sides or more: each a CSV file, the directory of a run, or one that holds run_*");
    return STATUS_USAGE;
  }
  struct groups groups;
  struct compare compare;
  int status = groups_open(&groups, options->group_by, options->groups_file);
  if (status != STATUS_DONE)
    return status;
  const struct report_options how = {.scale = options->meter.scale, .groups = &groups};
  status = compare_read(&compare, options->files, options->files_num, &how);
  int printed = status == STATUS_DONE ? print(options, &compare) : 0;
  if (printed == -ENOMEM) /* message_close_output() reports the others */
    message_error("unable to print: %s", strerror(-printed));
  if (status == STATUS_DONE && (compare.incomplete || printed == -ENOMEM))
    status = STATUS_FAILED;
  compare_free(&compare);
  groups_close(&groups);
  return status;
}

const struct command command_compare = {
    .name = "compare",
    .summary = "the energy of captures against that of others",
    .synopsis = "[OPTION]... FILE|DIR FILE|DIR...",
    .text = "Each argument is a side: a capture, the directory of a run, or one that holds\n"
            "run_* directories, which are repeated runs. The first side is the reference. Of\n"
            "each VM, group, of all, and of each phase it prints energy, power and duration,\n"
            "the difference to the reference, and how well that is known.\n\n"
            "'for certain' holds whatever happened between two updates of the counters. With\n"
            "three runs or more on both sides there is a 95 % confidence interval as well,\n"
            "from how much the runs spread, and the last column says what it decides.\n",
    .examples = "  vm_energy compare before/ after/\n"
                "  vm_energy compare --csv csv/run_20261124_120000 csv/run_20261124_130000\n",
    .options = OPTIONS_COMPARE,
    .run = run_compare,
};
