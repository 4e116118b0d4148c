/*
 * csv_text: a row of CSV in memory, until it is written whole
 *
 * Growing text, independent of the locale. All zero at first; the caller frees data.
 * Tests: tests/check_csv.c.
 */
#ifndef VM_ENERGY_CSV_TEXT_H
#define VM_ENERGY_CSV_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_text {
  char *data; /* not terminated by NUL */
  size_t len, size;
  bool failed; /* out of memory since the last csv_text_clear(): the text is incomplete */
};

void csv_text_clear(struct csv_text *text);

void csv_text_string(struct csv_text *text, const char *string);
void csv_text_char(struct csv_text *text, char c);

/* Digits of value, padded with zeros to width. */
void csv_text_u64(struct csv_text *text, uint64_t value, size_t width);

/* Six decimals; nothing for values that are negative, infinite or not a number. */
void csv_text_power(struct csv_text *text, double power_w);

/* Seconds since 1970 with 0 to 9 decimals, truncated, not rounded. */
void csv_text_time(struct csv_text *text, int64_t wall_ns, unsigned decimals);

/* A field by RFC 4180: label and ending, quoted if the label requires it. */
void csv_text_field(struct csv_text *text, const char *label, const char *ending);

#endif
