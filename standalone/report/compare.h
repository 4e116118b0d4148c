/*
 * compare: which of two costs less, and whether the difference is more than what is not known
 *
 * A side is a capture, the directory of a run, or a directory of repeated runs, see runs.h. The first side is the
 * reference. Runs are read one by one, and only their figures are kept.
 *
 * A subject is a VM, a group or the total, as a whole or in a phase. It is the same subject in two runs where kind,
 * label, and name of the phase are the same; of phases with one name, the first is compared with the first, and so on.
 *
 * What is not known of a difference has two sources. Bounds: of one run, the energy between two updates that surround
 * its start and its end; see bounds.h. They hold for certain, whatever happened. The interval: how repeated runs
 * spread; see compare_spread.h. With three runs or more on both sides it decides, else the bounds do.
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

/* "energy_j", ... */
const char *compare_measure_name(enum compare_measure measure);

/* One measure of a subject on one side. */
struct compare_figures {
  struct compare_spread spread; /* of the runs that have a value */
  bool lacks_low, lacks_high;
  double low_sum, high_sum; /* meaningless where one lacks it */
  uint64_t at_least;        /* runs that may have drawn more than was counted */
};

enum compare_kind { COMPARE_VM, COMPARE_GROUP, COMPARE_TOTAL };

struct compare_subject {
  size_t span; /* of compare->spans */
  enum compare_kind kind;
  char *label; /* "" of the total */
  size_t order;
  struct compare_figures *sides; /* of each side, COMPARE_MEASURES of them */
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
  bool incomplete; /* a run could not be read, or has faults; reported */
  void *by_key;    /* private: tsearch(3) tree of the subjects */
};

/*
 * Reads all sides. A STATUS_...; the errors are reported. The paths are borrowed. Give it to compare_free() in any
 * case.
 */
int compare_read(struct compare *compare, const char *const *paths, size_t num, const struct report_options *options);
void compare_free(struct compare *compare);

enum compare_verdict { COMPARE_UNKNOWN, COMPARE_LESS, COMPARE_MORE };

struct compare_difference {
  bool has; /* both sides have a value */
  double value, ratio;
  bool has_ratio; /* that of the reference is above 0 */
  bool has_low, has_high, has_ratio_low, has_ratio_high;
  double low, high, ratio_low, ratio_high; /* for certain */
  struct compare_interval interval, ratio_interval;
  enum compare_verdict verdict; /* unknown: the difference may be 0 */
  bool by_interval;             /* that decides, not the bounds */
  bool at_least;                /* nothing decides: more may have been drawn than was counted */
};

/* The difference of a side to side 0. */
void compare_difference(const struct compare_figures *reference, const struct compare_figures *figures,
                        struct compare_difference *difference);

void compare_print_text(const struct compare *compare, FILE *out);
/* 0 or -errno. */
int compare_print_json(const struct compare *compare, FILE *out);
int compare_print_csv(const struct compare *compare, FILE *out);

#endif
