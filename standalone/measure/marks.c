#include "measure/marks.h"

#include "common/run_files.h"

#include "core/label.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TS_DECIMALS 3

int marks_open(struct marks *marks, const char *dir) {
  *marks = (struct marks){0};
  marks->file = CSV_FILE_CLOSED;
  int len = snprintf(marks->path, sizeof(marks->path), "%s/%s", dir, MARKS_FILE);
  return (size_t)len < sizeof(marks->path) ? 0 : -ENAMETOOLONG;
}

/* The file with its header, or no file. */
static int create(struct marks *marks) {
  int status = csv_file_open(&marks->file, AT_FDCWD, marks->path, true);
  if (status != 0)
    return status;
  csv_text_clear(&marks->text);
  csv_text_string(&marks->text, "ts,mark\n");
  status = csv_file_append(&marks->file, &marks->text);
  if (status == 0)
    return 0;
  csv_file_close(&marks->file);
  marks->file = CSV_FILE_CLOSED;
  remove(marks->path);
  return status;
}

int marks_add(struct marks *marks, int64_t wall_ns, const char *name) {
  snprintf(marks->name, sizeof(marks->name), "%s", name);
  label_make_printable(marks->name);
  if (*name == '\0')
    snprintf(marks->name, sizeof(marks->name), "mark %" PRIu64, marks->count + 1);
  int status = marks->file.fd < 0 ? create(marks) : 0;
  if (status != 0)
    return status;
  csv_text_clear(&marks->text);
  csv_text_time(&marks->text, wall_ns, TS_DECIMALS);
  csv_text_char(&marks->text, ',');
  csv_text_field(&marks->text, marks->name, "");
  csv_text_char(&marks->text, '\n');
  status = csv_file_append(&marks->file, &marks->text);
  if (status == 0)
    marks->count++;
  return status;
}

int marks_close(struct marks *marks) {
  free(marks->text.data);
  marks->text = (struct csv_text){0};
  return csv_file_close(&marks->file);
}
