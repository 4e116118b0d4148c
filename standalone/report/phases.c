#include "report/phases.h"

#include "common/csv_reader.h"
#include "common/field.h"

#include "core/label.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int add(struct phases *phases, int64_t start_ns, char *name) {
  struct phase *list = realloc(phases->list, (phases->num + 1) * sizeof(*list));
  if (list == NULL)
    return -ENOMEM;
  phases->list = list;
  size_t at = phases->num;
  while (at > 0 && list[at - 1].start_ns > start_ns) /* the wall clock may have been set back */
    at--;
  memmove(&list[at + 1], &list[at], (phases->num - at) * sizeof(*list));
  list[at] = (struct phase){.start_ns = start_ns, .name = name};
  phases->num++;
  return 0;
}

int phases_add(struct phases *phases, int64_t start_ns, const char *name) {
  char *copy = label_printable(name);
  int status = copy == NULL ? -ENOMEM : add(phases, start_ns, copy);
  if (status != 0)
    free(copy);
  return status;
}

struct reading_marks {
  struct phases *phases;
  const struct run_info *info;
  struct run_info_clock clock;
  bool begun;
  size_t ts, mark, columns;
};

static int take_header(struct reading_marks *r, const struct csv_row *row) {
  r->begun = true;
  r->columns = row->count;
  r->ts = csv_reader_column(row, "ts");
  r->mark = csv_reader_column(row, "mark");
  return r->ts < row->count && r->mark < row->count ? 0 : -EINVAL;
}

static int take_row(const struct csv_row *row, void *arg) {
  struct reading_marks *r = arg;
  if (!r->begun && !row->open)
    return take_header(r, row);
  int64_t ns;
  if (row->cut || row->open || row->count != r->columns || field_parse_time(row->fields[r->ts], &ns, NULL) != 0) {
    r->phases->bad_rows++;
    return 0;
  }
  return phases_add(r->phases, run_info_steady_ns(&r->clock, r->info, ns), row->fields[r->mark]);
}

int phases_read(const char *path, const struct run_info *info, struct phases *phases) {
  *phases = (struct phases){0};
  int status = add(phases, INT64_MIN, NULL);
  struct reading_marks reading = {.phases = phases, .info = info};
  if (status == 0 && path != NULL)
    status = csv_reader_read(path, take_row, &reading);
  if (status != 0)
    phases_free(phases);
  return status;
}

void phases_free(struct phases *phases) {
  for (size_t i = 0; i < phases->num; i++)
    free(phases->list[i].name);
  free(phases->list);
  *phases = (struct phases){0};
}

size_t phases_at(const struct phases *phases, int64_t ns) {
  size_t low = 0, high = phases->num; /* the answer is in [low, high) */
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (phases->list[middle].start_ns < ns)
      low = middle;
    else
      high = middle;
  }
  return low;
}

int64_t phases_end(const struct phases *phases, size_t index) {
  return index + 1 < phases->num ? phases->list[index + 1].start_ns : INT64_MAX;
}
