/*
 * report: what captures add up to
 *
 *   report_open()   finds the capture and reads it, value by value
 *   report_...()    its figures: of each VM, of all of them; as a whole and by phase
 *   report_print_...()  all captures, as text, JSON, CSV
 *   report_close()
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
  const struct tariffs *tariffs; /* borrowed; NULL: costs are not asked for */
  bool recorded;                 /* power is that of the rows, not that of the updates */
  struct meter_options replay;   /* where there is no updates.dat */
  struct report_vm *vms;
  size_t vms_num, vms_size;
  bool is_grouped;
  const char **groups; /* those that have a VM, in the order of these */
  size_t groups_num;
  struct total_power total; /* power of all VMs */
  bool has_span;            /* there is a sample */
  int64_t start_ns, end_ns;
  struct cover cover; /* the time between the rows */
  bool has_clock;     /* there is a sample of a clock that was set */
  int64_t clock_ns;   /* and this is the first one's time */
};

/* A clock that was never set counts from 1970. This is the year 2000. */
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

/* As its VMs are tallied. */
struct tally_options report_tally_options(const struct report *report);

/*
 * Warns if power and counters differ by a factor that neither run.json nor the user named, and of each tariff that has
 * no value for a part of the capture.
 */
void report_warn(const struct report *report);

/* "updates" or "recorded": where the powers come from. */
const char *report_power_from(const struct report *report);

void report_close(struct report *report);

/* A span of time: the whole, or a phase, as far as the capture has it. */
struct report_span {
  const char *name; /* of the phase; NULL: the whole, or what lies before the first mark */
  bool is_phase;
  size_t phase;
  int64_t start_ns, end_ns;
  int64_t duration_ns; /* of its rows: less than from start to end where the clock was set, or tables are apart */
};

/* The index-th span: 0 is the whole, the phases follow where there are marks. False: there are no more. */
bool report_span(const struct report *report, size_t index, struct report_span *span);

/* What there is to say of a VM, or of several, in a span. */
struct report_figures {
  bool has_energy;
  double energy_j;
  bool goes_on;  /* no update came after the end: with the last power */
  bool at_least; /* more may have been drawn than was counted */
  bool has_low, has_high;
  double low_j, high_j;
  struct bounds_bill bills[TARIFFS];
  double duration_s; /* between its first row and its last */
  double counted_s;  /* of these, in which what it drew was counted */
  bool from_counter; /* else from power by time, without bounds */
  bool has_mean, has_power;
  double mean_w;
  double min_w, median_w, p95_w, max_w; /* with has_power */
  uint64_t samples, held, empty, resets;
};

void report_vm_figures(struct report *report, size_t vm, const struct report_span *span,
                       struct report_figures *figures);

/*
 * The sum of the VMs of a group; NULL: of all. Its mean power is energy by the time of the span. Only all have the
 * other powers, which are those of steps of time, see total_power.h. 0 or -ENOMEM.
 */
int report_sum(struct report *report, const struct report_span *span, const char *group,
               struct report_figures *figures);

/* With the columns of these tariffs. */
void report_print_text(struct report *reports, size_t num, const struct tariffs *tariffs, FILE *out);
/* 0 or -errno. */
int report_print_json(struct report *reports, size_t num, FILE *out);
int report_print_csv(struct report *reports, size_t num, const struct tariffs *tariffs, FILE *out);

#endif
