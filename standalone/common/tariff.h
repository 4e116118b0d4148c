/*
 * tariff: what a kilowatt-hour costs, in money or in carbon, over time
 *
 * A number, for all time; or a CSV file with the columns ts (Unix time or ISO 8601, ascending) and value, which is
 * valid from its ts to the next one. The last one is valid for as long as the one before it was; a single one for all
 * time. Unknown before the first, after the end of the last, and where it is empty. A value may be negative.
 */
#ifndef VM_ENERGY_TARIFF_H
#define VM_ENERGY_TARIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tariff_step {
  int64_t from_ns;
  bool has_value; /* false: unknown from there on */
  double value;   /* per kWh */
};

struct tariff {
  const char *path; /* NULL: a number, or no tariff */
  struct tariff_step *steps;
  size_t num; /* 0: no tariff */
  bool has_negative;
};

enum { TARIFF_GCO2, TARIFF_PRICE, TARIFFS };
struct tariffs {
  struct tariff of[TARIFFS];
};

/* text: a number or a path, borrowed; NULL: none. Returns a STATUS_...; only after STATUS_DONE call tariff_close(). */
int tariff_open(struct tariff *tariff, const char *text);
void tariff_close(struct tariff *tariff);

/* The first instant of the span at which the value is unknown; to_ns if all is known. */
int64_t tariff_covers_until(const struct tariff *tariff, int64_t from_ns, int64_t to_ns);

/* The integral of the value, in value times seconds; an unknown value counts as 0. */
double tariff_integral(const struct tariff *tariff, int64_t from_ns, int64_t to_ns);

/* The least and the largest value in a span, which may be an instant; both 0 if none is known. */
void tariff_range(const struct tariff *tariff, int64_t from_ns, int64_t to_ns, double *least, double *most);

#endif
