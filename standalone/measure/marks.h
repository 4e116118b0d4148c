/*
 * marks: marks.csv, which tells when the phases of an experiment began
 *
 *   ts,mark
 *   1795466093.250,warm-up
 *
 * It lies beside the capture that it belongs to, and is made with the first mark. Times are Unix seconds by the clock
 * that the rows of the capture have theirs from.
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

/* dir: of the capture. 0 or -ENAMETOOLONG. Nothing is made yet. */
int marks_open(struct marks *marks, const char *dir);

/*
 * Writes a mark. What no line of a terminal can show in `name` is replaced by '_'; an empty name makes it "mark N",
 * with its number. 0, or -errno: of the file marks->path, and nothing was written.
 */
int marks_add(struct marks *marks, int64_t wall_ns, const char *name);

/* 0 or -errno of close(2). */
int marks_close(struct marks *marks);

#endif
