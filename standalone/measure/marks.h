/*
 * marks: marks.csv, the start of each phase of an experiment
 *
 *   ts,mark
 *   1795466093.250,warm-up
 *
 * It is beside its capture, and is created with the first mark. Times are Unix seconds by the clock of the capture's
 * rows. Tests: tests/cli/check_marks.sh.
 */
#ifndef VM_ENERGY_MARKS_H
#define VM_ENERGY_MARKS_H

#include "core/csv_file.h"
#include "core/csv_text.h"

#include <limits.h>
#include <stdint.h>

struct marks {
  struct csv_file file;
  struct csv_text text;
  char path[PATH_MAX];
  char name[256]; /* of the last mark */
  uint64_t count;
};

/* dir: of the capture. 0 or -ENAMETOOLONG. Creates no file yet. */
int marks_open(struct marks *marks, const char *dir);

/*
 * Writes a mark. Control characters in `name` are replaced by '_'; an empty name becomes "mark N". 0, or -errno of the
 * file marks->path: nothing was written.
 */
int marks_add(struct marks *marks, int64_t wall_ns, const char *name);

/* 0 or -errno of close(2). */
int marks_close(struct marks *marks);

#endif
