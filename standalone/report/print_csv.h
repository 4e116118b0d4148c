/*
 * print_csv: the rows of CSV that report and compare print
 *
 * A row starts as a csv_text of zeros. Its first cell must not be empty. Tests: tests/cli/check_report.sh.
 */
#ifndef VM_ENERGY_PRINT_CSV_H
#define VM_ENERGY_PRINT_CSV_H

#include "core/csv_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void print_csv_count(struct csv_text *row, uint64_t count);

/* With six decimals; empty if there is no number. */
void print_csv_number(struct csv_text *row, bool has, double number);

/* A name from a file may be anything: a spreadsheet must not read it as a formula. NULL: an empty cell. */
void print_csv_name(struct csv_text *row, const char *name);

/* Ends the row, writes it, and empties it for the next one. 0, or -ENOMEM if a cell is missing. */
int print_csv_row(struct csv_text *row, FILE *out);

#endif
