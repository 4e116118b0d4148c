/*
 * print_table: text in columns, as wide as they need to be
 *
 * The first columns are aligned to the left, the others to the right. Texts are to be fit for a terminal.
 */
#ifndef VM_ENERGY_PRINT_TABLE_H
#define VM_ENERGY_PRINT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct print_table {
  size_t columns, left; /* left: of these, aligned to the left */
  char **cells;         /* row by row */
  size_t cells_num, cells_size;
  bool failed; /* no memory for a cell */
};

/* Adds the next cell; after the last one of a row comes the first of the next. */
void print_table_put(struct print_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, or "-" where there is no number. */
void print_table_put_number(struct print_table *table, bool has, double number, int decimals);

/* Each row is indented by two spaces. False: there was no memory for a cell, and nothing is printed. */
bool print_table_write(const struct print_table *table, FILE *out);

void print_table_free(struct print_table *table);

#endif
