/*
 * compare: which side uses less energy, and whether the difference exceeds its uncertainty
 *
 * compare*.c and cmd_compare.c serve the command compare alone. A side is a capture, the directory of a run, or a
 * directory of repeated runs, see runs.h. The first side is the reference. Runs are read one by one; only their figures
 * are kept.
 *
 * A subject is a VM, a group or the total, in the whole or in a phase. Subjects of two runs are the same if kind, label
 * and name of the phase are; of phases with one name, the first is compared with the first, and so on.
 *
 * The uncertainty has two sources. Bounds, see bounds.h: the energy between the updates around the start and the end of
 * a run. They hold for certain. The interval, see compare_spread.h: how much repeated runs spread. With three runs or
 * more on both sides it decides, else the bounds do.
 */
#ifndef VM_ENERGY_COMPARE_H
#define VM_ENERGY_COMPARE_H

#include "report/compare_spread.h"
#include "report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum compare_measure { COMPARE_ENERGY_J, COMPARE_POWER_W, COMPARE_DURATION_S, COMPARE_MEASURES };

/* One measure of a subject on one side. */
struct compare_figures {
  struct compare_spread spread; /* of the runs that have a value */
  bool lacks_low, lacks_high;
  double low_sum, high_sum; /* meaningless if a run lacks it */
  uint64_t at_least;        /* runs whose energy may be higher than counted */
};

enum compare_kind { COMPARE_VM, COMPARE_GROUP, COMPARE_TOTAL };

struct compare_subject {
  size_t span; /* of compare->spans */
  enum compare_kind kind;
  char *label; /* "" for the total */
  size_t order;
  struct compare_figures *sides; /* COMPARE_MEASURES of each side */
};

struct compare_span {
  bool is_phase;
  char *name;        /* of the phase; NULL: before the first mark, or the whole */
  size_t occurrence; /* of that name, from 1 */
  size_t run;        /* private: the last one that has it */
};

struct compare_side {
  const char *path; /* borrowed */
  char *shown;
  uint64_t runs;
};

struct compare {
  struct compare_side *sides;
  size_t sides_num;
  struct compare_span *spans;
  size_t spans_num;
  struct compare_subject **subjects; /* by span, kind, and order of appearance */
  size_t subjects_num;
  size_t runs_num;
  bool incomplete; /* a run could not be read, or has faults; errors have been printed */
  void *by_key;    /* private: tsearch(3) tree of the subjects */
};

/* Paths are borrowed. Returns a STATUS_...; errors have been printed. Call compare_free() in any case. */
int compare_read(struct compare *compare, const char *const *paths, size_t num, const struct report_options *options);
void compare_free(struct compare *compare);

enum compare_verdict { COMPARE_UNKNOWN, COMPARE_LESS, COMPARE_MORE };

struct compare_difference {
  bool has; /* both sides have a value */
  double value, ratio;
  bool has_ratio; /* the reference is above 0 */
  bool has_low, has_high, has_ratio_low, has_ratio_high;
  double low, high, ratio_low, ratio_high; /* bounds */
  struct compare_interval interval, ratio_interval;
  enum compare_verdict verdict; /* unknown: the difference may be 0 */
  bool by_interval;             /* the interval decides, not the bounds */
  bool at_least;                /* nothing decides: energy may be higher than counted */
};

void compare_difference(const struct compare_figures *reference, const struct compare_figures *figures,
                        struct compare_difference *difference);

void compare_print_text(const struct compare *compare, FILE *out);
/* 0 or -errno. */
int compare_print_json(const struct compare *compare, FILE *out);
int compare_print_csv(const struct compare *compare, FILE *out);

#endif
