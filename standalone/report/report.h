/*
 * report: figures of one capture: each VM, groups and the total, in the whole and in each phase
 *
 * Used by report, compare and plot. In this room, plot_*, compare_*, report_print and cmd_* serve one command alone.
 * The energy of one VM: tally.h. Sums over VMs: report_sum(). Tests: tests/cli/check_report.sh.
 */
#ifndef VM_ENERGY_REPORT_H
#define VM_ENERGY_REPORT_H

#include "common/tariff.h"
#include "report/cover.h"
#include "report/groups.h"
#include "report/recording.h"
#include "report/tally.h"
#include "report/total_power.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct report_vm {
  char *label;
  const char *group; /* NULL: none */
  struct tally tally;
};

struct report {
  struct recording recording;
  double scale; /* of the raw counters */
  bool scale_is_known;
  const struct tariffs *tariffs; /* borrowed; NULL: no costs */
  bool recorded;                 /* power is that of the rows, not of updates */
  struct meter_options replay;   /* without updates.dat */
  struct report_vm *vms;
  size_t vms_num, vms_size;
  bool is_grouped;
  const char **groups; /* those that have a VM, by their first one */
  size_t groups_num;
  struct total_power total; /* of all VMs */
  bool has_span;            /* there is a sample */
  int64_t start_ns, end_ns;
  struct cover cover; /* the time between the rows */
  bool has_clock;     /* a sample is later than REPORT_CLOCK_NS */
  int64_t clock_ns;   /* the first one */
};

/* The year 2000: earlier times come from a clock that was not set, and counts from 1970. */
#define REPORT_CLOCK_NS (INT64_C(946684800) * 1000000000)

/* Pointers are borrowed until report_close(). */
struct report_options {
  double scale;                  /* of the raw counters; 0: that of run.json, else 1 */
  bool recorded;                 /* power is that of the rows */
  const struct tariffs *tariffs; /* NULL: no costs */
  const struct groups *groups;   /* NULL: none */
};

/* Returns a STATUS_...; errors have been printed. Call report_close() only after STATUS_DONE. */
int report_open(struct report *report, const char *path, const struct report_options *options);

struct tally_options report_tally_options(const struct report *report);

/*
 * Warns if power and counters differ by a factor that neither run.json nor the user named, and of each tariff that has
 * no value for a part of the capture.
 */
void report_warn(const struct report *report);

/* "updates" or "recorded" */
const char *report_power_from(const struct report *report);

void report_close(struct report *report);

/* A span of time: the whole, or a phase, as far as the capture has it. */
struct report_span {
  const char *name; /* of the phase; NULL: the whole, or before the first mark */
  bool is_phase;
  size_t phase;
  int64_t start_ns, end_ns;
  int64_t duration_ns; /* of its rows: shorter if the clock was set, or between tables */
};

/* Span 0 is the whole; with marks, the phases follow. False: no such span. */
bool report_span(const struct report *report, size_t index, struct report_span *span);

/* Of a VM or of several, in a span. */
struct report_figures {
  bool has_energy;
  double energy_j;
  bool goes_on;  /* no update came after the end: energy assumes the last power */
  bool at_least; /* energy may be higher than counted */
  bool has_low, has_high;
  double low_j, high_j;
  struct bounds_bill bills[TARIFFS];
  double duration_s; /* from the first row to the last */
  double counted_s;  /* of duration_s, the time whose energy was counted */
  bool from_counter; /* else power times time, without bounds */
  bool has_mean, has_power;
  double mean_w;
  double min_w, median_w, p95_w, max_w; /* with has_power */
  uint64_t samples, held, empty, resets;
};

void report_vm_figures(struct report *report, size_t vm, const struct report_span *span,
                       struct report_figures *figures);

/*
 * The sum of the VMs of a group; NULL: of all. Mean power is energy divided by the span's duration. Only the total has
 * the other powers, see total_power.h. 0 or -ENOMEM.
 */
int report_sum(struct report *report, const struct report_span *span, const char *group,
               struct report_figures *figures);

/* tariffs: those with values have columns. */
void report_print_text(struct report *reports, size_t num, const struct tariffs *tariffs, FILE *out);
/* 0 or -errno. */
int report_print_json(struct report *reports, size_t num, FILE *out);
int report_print_csv(struct report *reports, size_t num, const struct tariffs *tariffs, FILE *out);

#endif
