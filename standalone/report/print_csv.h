/*
 * print_csv: numbers and names in the CSV that report and compare print
 */
#ifndef VM_ENERGY_PRINT_CSV_H
#define VM_ENERGY_PRINT_CSV_H

#include "core/csv_text.h"

#include <stdbool.h>

/* A comma, and the number where there is one, with six decimals; a negative one has its sign. */
void print_csv_number(struct csv_text *text, bool has, double number);

/* A name from a file, which may be anything. A spreadsheet must not take it for a formula. */
void print_csv_name(struct csv_text *text, const char *name);

#endif
