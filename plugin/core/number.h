/*
 * number: text to number, strict and bounded
 *
 * No function reads past the given length or the NUL, skips unknown text, or writes its result on failure.
 */
#ifndef VM_ENERGY_NUMBER_H
#define VM_ENERGY_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The content of a counter file: decimal digits with optional white space (that of isspace() in the C locale) around
 * them, 0 to 2^64-1, base 10 also with leading zeros. text need not end in NUL; a NUL byte within len is an error.
 *
 * 0         *value is set
 * -ENODATA  nothing but white space, or len is 0
 * -EINVAL   anything else: a sign, a fraction, hex, two numbers, binary
 * -ERANGE   more than 2^64-1
 */
int number_parse_u64(const char *text, size_t len, uint64_t *value);

/*
 * A duration as a user writes it: a decimal number (0.5, 10, 1e-3) of seconds, or one followed directly by a unit:
 * us, ms, s, m or min, h, d. No white space, no sign, no "inf", "nan" or hex.
 *
 * 0         *ns is set, 0 or more, rounded to the nearest nanosecond
 * -EINVAL   not a duration
 * -ERANGE   more than 10 years: a mistake, and sums of instants would overflow
 */
int number_parse_duration(const char *text, int64_t *ns);

/* A factor: a decimal number as in a duration, above 0 and at most 1e9. 0, -EINVAL, or -ERANGE. */
int number_parse_factor(const char *text, double *factor);

/* A count: digits alone, from min to max. 0, -EINVAL, or -ERANGE. */
int number_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *count);

#endif
