/*
 * phases: the marks of a capture, as spans of time
 *
 * Phase 0 is what lies before the first mark; each mark begins another one. An instant belongs to the phase that is
 * over or still goes on then: a sample at the very time of a mark tells what was before it.
 */
#ifndef VM_ENERGY_PHASES_H
#define VM_ENERGY_PHASES_H

#include "report/run_info.h"

#include <stddef.h>
#include <stdint.h>

struct phase {
  int64_t start_ns; /* wall time, as if the clock had not been set; INT64_MIN of the first */
  char *name;       /* fit to be printed; NULL of the first */
};

struct phases {
  struct phase *list; /* by time */
  size_t num;         /* 1 or more */
  size_t bad_rows;    /* of marks.csv, ignored */
};

/*
 * Reads marks.csv. 0, and to be given to phases_free(). -errno: it cannot be read; -EINVAL: it has no columns ts and
 * mark. path NULL: there are no marks. info: of the run.
 */
int phases_read(const char *path, const struct run_info *info, struct phases *phases);
void phases_free(struct phases *phases);

/* Adds a mark, with a name of its own. 0 or -ENOMEM. */
int phases_add(struct phases *phases, int64_t start_ns, const char *name);

/* The phase of that instant. */
size_t phases_at(const struct phases *phases, int64_t ns);

/* When the phase ends: INT64_MAX for the last. */
int64_t phases_end(const struct phases *phases, size_t index);

#endif
