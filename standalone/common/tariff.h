/*
 * tariff: what a kilowatt-hour costs, in money or in carbon, and since when
 *
 * A number, for all time; or a CSV file with the columns ts (Unix time or ISO 8601, each later than the one before) and
 * value, which holds from its ts to the next one. The last one holds for as long as the one before it did; one that is
 * alone, for all time. Where a value is empty, before the first one and after the last one nothing is known.
 *
 * A value may be negative, as prices are at times.
 */
#ifndef VM_ENERGY_TARIFF_H
#define VM_ENERGY_TARIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tariff_step {
  int64_t from_ns;
  bool has_value; /* false: nothing is known from there on */
  double value;   /* per kWh */
};

struct tariff {
  const char *path; /* NULL: a number, or none */
  struct tariff_step *steps;
  size_t num; /* 0: there is no tariff */
  bool has_negative;
};

/* By the name of what they cost. */
enum { TARIFF_GCO2, TARIFF_PRICE, TARIFFS };
struct tariffs {
  struct tariff of[TARIFFS];
};

/*
 * text: a number or a path, borrowed; NULL: none. Returns a STATUS_... and reports what is wrong. Call tariff_close()
 * only after STATUS_DONE.
 */
int tariff_open(struct tariff *tariff, const char *text);
void tariff_close(struct tariff *tariff);

/* The first instant of a span that it says nothing of, or its end: all is covered. */
int64_t tariff_covers_until(const struct tariff *tariff, int64_t from_ns, int64_t to_ns);

/* The value by time, in value times seconds; what is not covered counts as 0. */
double tariff_integral(const struct tariff *tariff, int64_t from_ns, int64_t to_ns);

/* The least and the largest value that hold in a span, which may be an instant; both 0 where nothing is known. */
void tariff_range(const struct tariff *tariff, int64_t from_ns, int64_t to_ns, double *least, double *most);

#endif
