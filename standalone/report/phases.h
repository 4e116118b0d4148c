/*
 * phases: the marks of a capture, as spans of time
 *
 * Phase 0 lies before the first mark; each mark begins another one. An instant on a boundary belongs to the earlier
 * phase. The energy of a phase: tally.h of one VM, report.h of several. Tests: tests/check_tally.c,
 * tests/cli/check_report.sh.
 */
#ifndef VM_ENERGY_PHASES_H
#define VM_ENERGY_PHASES_H

#include "report/run_info.h"

#include <stddef.h>
#include <stdint.h>

struct phase {
  int64_t start_ns; /* wall time, see recording.h; INT64_MIN of phase 0 */
  char *name;       /* printable; NULL of phase 0 */
};

struct phases {
  struct phase *list; /* by start */
  size_t num;         /* 1 or more */
  size_t bad_rows;    /* of marks.csv; skipped */
};

/*
 * Reads marks.csv; path NULL: no marks. 0: call phases_free() in the end. -errno; -EINVAL: it has no columns ts and
 * mark.
 */
int phases_read(const char *path, const struct run_info *info, struct phases *phases);
void phases_free(struct phases *phases);

/* Adds a mark; copies the name. 0 or -ENOMEM. */
int phases_add(struct phases *phases, int64_t start_ns, const char *name);

/* The phase of that instant. */
size_t phases_at(const struct phases *phases, int64_t ns);

/* INT64_MAX for the last phase. */
int64_t phases_end(const struct phases *phases, size_t index);

#endif
