/*
 * csv_text: a row of CSV in memory, until it is written whole
 *
 * Text that grows. Nothing here depends on the locale. Start with a struct of zeros and csv_text_clear(); give data to
 * free() at the end.
 */
#ifndef VM_ENERGY_CSV_TEXT_H
#define VM_ENERGY_CSV_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_text {
  char *data; /* not terminated by NUL */
  size_t len, size;
  bool failed; /* out of memory since the last csv_text_clear(): what is in it is not whole */
};

void csv_text_clear(struct csv_text *text);

void csv_text_string(struct csv_text *text, const char *string);
void csv_text_char(struct csv_text *text, char c);

/* Digits of value, with zeros before them up to width. */
void csv_text_u64(struct csv_text *text, uint64_t value, size_t width);

/* Six decimals; nothing for what no meter gives: negative, infinite, no number. */
void csv_text_power(struct csv_text *text, double power_w);

/* Seconds since 1970 with 0 to 9 decimals, which are cut, not rounded. */
void csv_text_time(struct csv_text *text, int64_t wall_ns, unsigned decimals);

/* A field by RFC 4180: label and ending, in quotes when the label needs them. */
void csv_text_field(struct csv_text *text, const char *label, const char *ending);

#endif
