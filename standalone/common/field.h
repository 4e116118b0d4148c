/*
 * field: text in a field of a capture -> number, strict
 *
 * Each parser returns 0 (the result is set), -ENODATA (field_is_empty()), -EDOM (a number in scientific form that was
 * rounded: its digits do not reach the unit) or -EINVAL (anything else, also a negative energy or power). The decimal
 * sign is a point: the tool never sets LC_NUMERIC.
 */
#ifndef VM_ENERGY_FIELD_H
#define VM_ENERGY_FIELD_H

#include <stdbool.h>
#include <stdint.h>

/* True if it is empty, or "NA" or "NaN" as statistics programs write it: no value. */
bool field_is_empty(const char *text);

/*
 * Unix seconds, up to 4e9, with any number of decimals, of which nanoseconds are kept; in scientific form if all digits
 * of the second are there. Or ISO 8601: "2026-11-24T16:00:00.5Z", with a space for the T, without seconds, with an
 * offset ("+01:00", "+0100", "+01", "Z", " UTC"), without which it is local time. decimals: how many; may be NULL.
 */
int field_parse_time(const char *text, int64_t *ns, unsigned *decimals);

/*
 * Whole microjoules, up to 2^64-1. Decimals, which programs without integers write, are cut. In scientific form all
 * digits must be there ("1.795463412345e+12"), or so few that the number is round ("1.1e+09").
 */
int field_parse_energy(const char *text, uint64_t *energy_uj);

int field_parse_power(const char *text, double *power_w);

/* True for "100,5". */
bool field_has_decimal_comma(const char *text);

#endif
