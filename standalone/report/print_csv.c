#include "report/print_csv.h"

#include "core/label.h"

#include <stdlib.h>
#include <string.h>

void print_csv_number(struct csv_text *text, bool has, double number) {
  csv_text_char(text, ',');
  if (has && number < 0)
    csv_text_char(text, '-');
  if (has)
    csv_text_power(text, number < 0 ? -number : number);
}

void print_csv_name(struct csv_text *text, const char *name) {
  if (name[0] == '.' || !label_starts_badly(name)) {
    csv_text_field(text, name, "");
    return;
  }
  char *safe = strdup(name);
  if (safe == NULL) {
    text->failed = true;
    return;
  }
  safe[0] = '_';
  csv_text_field(text, safe, "");
  free(safe);
}
