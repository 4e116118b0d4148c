/*
 * curve: power over the last minutes, in cells of some seconds
 *
 * Cells are numbered from time 0, so that those of all curves match. A cell is the mean of the powers put into it.
 * Tests: tests/check_board.c.
 */
#ifndef VM_ENERGY_CURVE_H
#define VM_ENERGY_CURVE_H

#include <stdbool.h>
#include <stdint.h>

#define CURVE_CELLS 240

/* Zero-initialize. */
struct curve {
  float mean_w[CURVE_CELLS];
  uint16_t count[CURVE_CELLS]; /* powers in the cell */
  int64_t newest;              /* the cell that is being filled, if has_cells */
  bool has_cells;
};

/* cell: not before that of the last call. */
void curve_put(struct curve *curve, int64_t cell, double power_w);

/* False: the cell has no power, or is too old. */
bool curve_get(const struct curve *curve, int64_t cell, double *power_w);

/* The largest power in the cells from first to last; 0: none. */
double curve_most(const struct curve *curve, int64_t first, int64_t last);

/*
 * A character for each cell from first to last: 1 to 8 eighths of a block by power / most_w, a space without a power.
 * utf8: blocks of three bytes; else ASCII. text has room for 3 * cells + 1 bytes.
 */
void curve_format(const struct curve *curve, int64_t first, int64_t last, double most_w, bool utf8, char *text);

#endif
