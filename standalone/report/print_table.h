/*
 * print_table: the tables that report and compare print, with columns as wide as their widest cell
 *
 * Texts must be printable. Tests: tests/cli/check_report.sh.
 */
#ifndef VM_ENERGY_PRINT_TABLE_H
#define VM_ENERGY_PRINT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct print_table {
  size_t columns, left; /* left: aligned to the left, the first ones */
  char **cells;         /* row by row */
  size_t cells_num, cells_size;
  bool failed; /* out of memory */
};

/* Adds the next cell, row by row. */
void print_table_put(struct print_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same; "-" if there is no number. */
void print_table_put_number(struct print_table *table, bool has, double number, int decimals);

/* Rows are indented by two spaces. False: out of memory, and nothing is printed. */
bool print_table_write(const struct print_table *table, FILE *out);

void print_table_free(struct print_table *table);

#endif
