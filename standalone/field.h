/*
 * field: text in a field of a capture -> number, strict
 *
 * Each answers 0 (the result is set), -ENODATA (empty, or "NA" or "NaN" as statistics programs write it: no value) or
 * -EINVAL (anything else, negative numbers of energy and power included). The decimal sign is a point, since
 * the tool never sets LC_NUMERIC.
 */
#ifndef VM_ENERGY_FIELD_H
#define VM_ENERGY_FIELD_H

#include <stdint.h>

/* Unix seconds, up to 4e9, with any number of decimals; nanoseconds are kept. decimals: how many there were; may be
 * NULL. */
int field_parse_time(const char *text, int64_t *ns, unsigned *decimals);

/* Whole microjoules, up to 2^64-1. Decimals, as programs write that know no integers, are cut. */
int field_parse_energy(const char *text, uint64_t *energy_uj);

/* Watts. */
int field_parse_power(const char *text, double *power_w);

#endif
