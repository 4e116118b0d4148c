/*
 * show: numbers and names for people: short, rounded, with units
 */
#ifndef VM_ENERGY_SHOW_H
#define VM_ENERGY_SHOW_H

#include <stddef.h>
#include <stdint.h>

#define SHOW_NUMBER_MAX 32

/* unit: up to five bytes. A number that is too long is rounded to 16 digits, never cut: "1.000000000000000e+27 W". */
void show_number(double number, int decimals, const char *unit, char text[SHOW_NUMBER_MAX]);

/* "0.0 J", "999.9 J", "4.32 kJ", "12.35 MJ", "1.00 GJ" */
void show_energy(double energy_j, char text[SHOW_NUMBER_MAX]);

/* "100.04 W" */
void show_power(double power_w, char text[SHOW_NUMBER_MAX]);

/* How long ago: "0.3 s", "59 s", "12 min", "3.5 h", "20 h", "12 d" */
void show_age(int64_t age_ns, char text[SHOW_NUMBER_MAX]);

/* A period: "5.13 s" up to a minute, then as an age. */
void show_period(int64_t period_ns, char text[SHOW_NUMBER_MAX]);

#define SHOW_TIME_MAX 40

/* Local time: "2026-11-24 12:00:00 +0100" */
void show_time(int64_t wall_ns, char text[SHOW_TIME_MAX]);

/*
 * Columns of the text (UTF-8 without control characters) on a terminal of this locale. A character that the locale does
 * not have takes one, as in show_fit().
 */
size_t show_width(const char *text);

/*
 * The text in exactly that many columns: padded with spaces, or cut with a '~' at the end. A character that the locale
 * does not have becomes '?'. Ends earlier if out is too small.
 */
void show_fit(const char *text, size_t columns, char *out, size_t size);

/* Columns of the terminal fd; 80 if it is none, or if it does not report them. */
size_t show_columns(int fd);

#endif
