/*
 * curve: power over the last minutes, in cells of so many seconds
 *
 * Cells are counted from the start of time, so that they stand still while time goes on, and those of all curves are
 * the same. A cell is the mean of the powers put into it.
 */
#ifndef VM_ENERGY_CURVE_H
#define VM_ENERGY_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURVE_CELLS 240

/* Start with zeros. */
struct curve {
  float mean_w[CURVE_CELLS];
  uint16_t count[CURVE_CELLS]; /* powers in the cell; 0: it has none */
  int64_t newest;              /* the cell that is being filled; valid once it was put to */
  bool has_cells;
};

/* Cells do not fall. */
void curve_put(struct curve *curve, int64_t cell, double power_w);

/* False: the cell has no power, or is not kept any more. */
bool curve_get(const struct curve *curve, int64_t cell, double *power_w);

/* The largest power in the cells from first to last; 0: there is none. */
double curve_most(const struct curve *curve, int64_t first, int64_t last);

/*
 * A character for each cell from first to last, 1 to 8 eighths of a block by power / most_w, a space where there is no
 * power. utf8: blocks, three bytes each; else plain characters. text has room for 3 * cells + 1 bytes.
 */
void curve_format(const struct curve *curve, int64_t first, int64_t last, double most_w, bool utf8, char *text);

#endif
