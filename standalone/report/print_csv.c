#include "report/print_csv.h"

#include "core/label.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void begin_cell(struct csv_text *row) {
  if (row->len > 0)
    csv_text_char(row, ',');
}

void print_csv_count(struct csv_text *row, uint64_t count) {
  begin_cell(row);
  csv_text_u64(row, count, 1);
}

void print_csv_number(struct csv_text *row, bool has, double number) {
  begin_cell(row);
  if (has && number < 0)
    csv_text_char(row, '-');
  if (has)
    csv_text_power(row, number < 0 ? -number : number);
}

void print_csv_name(struct csv_text *row, const char *name) {
  begin_cell(row);
  if (name == NULL)
    return;
  if (name[0] == '.' || !label_starts_badly(name)) {
    csv_text_field(row, name, "");
    return;
  }
  char *safe = strdup(name);
  if (safe == NULL) {
    row->failed = true;
    return;
  }
  safe[0] = '_';
  csv_text_field(row, safe, "");
  free(safe);
}

int print_csv_row(struct csv_text *row, FILE *out) {
  csv_text_char(row, '\n');
  int status = row->failed ? -ENOMEM : 0;
  if (status == 0)
    fwrite(row->data, 1, row->len, out);
  csv_text_clear(row);
  return status;
}
