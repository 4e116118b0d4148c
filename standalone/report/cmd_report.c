/*
 * report: energy and power of captures, per VM and phase
 */
#include "common/command.h"
#include "common/message.h"
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int print(const struct options *options, const struct tariffs *tariffs, struct report *reports, size_t num) {
  if (options->json)
    return report_print_json(reports, num, stdout);
  if (options->csv)
    return report_print_csv(reports, num, tariffs, stdout);
  report_print_text(reports, num, tariffs, stdout);
  return 0;
}

/* What cannot be read is left out, except a missing path: then nothing is printed. */
static int run_reports(const struct options *options, const struct groups *groups, const struct tariffs *tariffs,
                       struct report *reports) {
  const struct report_options how = {
      .scale = options->meter.scale, .recorded = options->recorded, .tariffs = tariffs, .groups = groups};
  size_t num = 0;
  int worst = STATUS_DONE;
  for (size_t i = 0; i < options->files_num; i++) {
    int status = report_open(&reports[num], options->files[i], &how);
    if (status == STATUS_DONE) {
      report_warn(&reports[num]);
      status = reports[num++].recording.incomplete ? STATUS_FAILED : STATUS_DONE;
    }
    worst = status > worst ? status : worst;
  }
  if (worst != STATUS_USAGE && num > 0) {
    int status = print(options, tariffs, reports, num);
    if (status == -ENOMEM) { /* message_close_output() reports the others */
      message_error("unable to print: %s", strerror(-status));
      worst = STATUS_FAILED;
    }
  }
  for (size_t i = 0; i < num; i++)
    report_close(&reports[i]);
  return worst;
}

static int run_report(const struct options *options) {
  if (options->files_num == 0) {
    message_error("no capture to report on: name a CSV file, or the directory of a run");
    return STATUS_USAGE;
  }
  struct groups groups;
  struct tariffs tariffs = {0};
  int status = groups_open(&groups, options->group_by, options->groups_file);
  if (status != STATUS_DONE)
    return status;
  for (size_t i = 0; i < TARIFFS && status == STATUS_DONE; i++)
    status = tariff_open(&tariffs.of[i], options->tariffs[i]);
  if (status != STATUS_DONE)
    goto end;
  struct report *reports = calloc(options->files_num, sizeof(*reports));
  if (reports != NULL) {
    status = run_reports(options, &groups, &tariffs, reports);
  } else {
    message_error("unable to start: %s", strerror(ENOMEM));
    status = STATUS_FAILED;
  }
  free(reports);
end:
  for (size_t i = 0; i < TARIFFS; i++)
    tariff_close(&tariffs.of[i]);
  groups_close(&groups);
  return status;
}

const struct command command_report = {
    .name = "report",
    .summary = "energy and power of captures, per VM and phase",
    .synopsis = "[OPTION]... FILE|DIR...",
    .text = "Reads captures: CSV files of ts (each of its layouts), of the collectd plugin,\n"
            "and of the tool that vm_energy replaces, or the directory of a run. Prints the\n"
            "energy and the power of each VM, and how many samples had a new value.\n\n"
            "With marks in the run, prints the same for each phase.\n",
    .examples = "  vm_energy report csv/run_20261124_120000\n"
                "  vm_energy report --gco2-per-kwh 380 --price-per-kwh prices.csv power.csv\n"
                "  vm_energy report --json csv/run_* | jq '.captures[].vms[] | {label, energy_j}'\n",
    .options = OPTIONS_REPORT,
    .run = run_report,
};
