#include "report/print_table.h"

#include "common/show.h"

#include <stdarg.h>
#include <stdlib.h>

static bool make_room(struct print_table *table) {
  if (table->cells_num < table->cells_size)
    return true;
  size_t size = 2 * table->cells_size + 64;
  char **cells = reallocarray(table->cells, size, sizeof(*cells));
  if (cells == NULL)
    return false;
  table->cells = cells;
  table->cells_size = size;
  return true;
}

void print_table_put(struct print_table *table, const char *format, ...) {
  char *cell = NULL;
  va_list args;
  va_start(args, format);
  if (table->failed || !make_room(table) || vasprintf(&cell, format, args) < 0)
    table->failed = true;
  else
    table->cells[table->cells_num++] = cell;
  va_end(args);
}

void print_table_put_number(struct print_table *table, bool has, double number, int decimals) {
  char text[SHOW_NUMBER_MAX] = "-";
  if (has)
    show_number(number, decimals, "", text);
  print_table_put(table, "%s", text);
}

static void print_cell(const struct print_table *table, size_t column, const char *cell, size_t width, FILE *out) {
  int spaces = (int)(width - show_width(cell));
  bool last = column + 1 == table->columns;
  if (column < table->left)
    fprintf(out, "  %s%*s", cell, last ? 0 : spaces, "");
  else
    fprintf(out, "  %*s%s", spaces, "", cell);
}

bool print_table_write(const struct print_table *table, FILE *out) {
  size_t *widths = calloc(table->columns, sizeof(*widths));
  if (widths == NULL || table->failed) {
    free(widths);
    return false;
  }
  for (size_t i = 0; i < table->cells_num; i++) {
    size_t width = show_width(table->cells[i]), *widest = &widths[i % table->columns];
    *widest = width > *widest ? width : *widest;
  }
  for (size_t i = 0; i < table->cells_num; i++) {
    size_t column = i % table->columns;
    print_cell(table, column, table->cells[i], widths[column], out);
    if (column + 1 == table->columns)
      fputc('\n', out);
  }
  free(widths);
  return true;
}

void print_table_free(struct print_table *table) {
  for (size_t i = 0; i < table->cells_num; i++)
    free(table->cells[i]);
  free(table->cells);
  *table = (struct print_table){0};
}
