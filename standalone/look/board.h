/*
 * board: the table of `vm_energy top`, as text
 *
 * Keeps of each VM what the last pass said and the power of the last minutes; sorts, filters, and makes lines of so
 * many columns. Pure but for the sink that fills it: no clock, no terminal.
 *
 *   VM          POWER  LAST 100 s                ENERGY     AGE  STATE
 *   total    249.01 W      ▂▄▆▇█▇▆▄▄▆▇█▇▆▄▄▆  2.49 kJ
 *   web-1    100.04 W      ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅  1.00 kJ   2.1 s  ok
 *
 * A cell of the curve is the mean power of some seconds. It is empty where there was no power, and the lowest for 0 W.
 * All VMs have one scale, so that curves can be compared; the total has its own. ENERGY is since the start.
 */
#ifndef VM_ENERGY_BOARD_H
#define VM_ENERGY_BOARD_H

#include "core/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a line with its NUL. */
#define BOARD_LINE_MAX 2048

#define BOARD_FILTER_MAX 64

enum board_sort { BOARD_BY_POWER, BOARD_BY_NAME, BOARD_BY_ENERGY, BOARD_BY_AGE, BOARD_SORTS };

/* "power", "name", "energy", "age" */
const char *board_sort_name(enum board_sort sort);

/* What is shown of it. */
struct board_view {
  enum board_sort sort;          /* the largest power and energy, the oldest update, and the first name on top */
  bool reverse;                  /* the other way round */
  char filter[BOARD_FILTER_MAX]; /* VMs that have this in their names, in any case of letters; empty: all */
};

struct board;

/* cell_ns: the time of a cell. 0 or -ENOMEM. */
int board_new(int64_t cell_ns, struct board **board);

/* After the sampler that has the sink. NULL is fine. */
void board_free(struct board *board);
struct sink *board_sink(struct board *board);

/*
 * After a pass at *now: takes in what it said. frozen: the curves go on, but the lines stay as they are; a VM that came
 * is shown, and one that went is not. 0 or -ENOMEM.
 */
int board_take(struct board *board, const struct instant *now, bool frozen);

/* Filters and sorts; board_take() leaves that to it. */
void board_arrange(struct board *board, const struct board_view *view);

/* VMs that there are, and those that the filter leaves. */
size_t board_count(const struct board *board);
size_t board_shown(const struct board *board);

/* The power of all VMs; false: of none is it known. */
bool board_total(const struct board *board, double *power_w);

/*
 * The state of a VM that is shown. Between two updates it is what the last one was: a reset is seen for longer than a
 * moment.
 */
enum sample_state board_state(const struct board *board, size_t index);

/* How wide the columns are. */
struct board_layout {
  size_t label, curve; /* curve 0: none */
  size_t curve_at;     /* its first column */
  bool energy, age;
  size_t state_at; /* first column of the state */
  double most_w;   /* what the highest cell of the curves is */
};

/* For a table of so many columns; 0: as wide as it is, without curves. After board_arrange(). */
void board_lay_out(const struct board *board, size_t columns, struct board_layout *layout);

/* Lines of the table, without an end. index: of a VM that is shown. utf8: curves may be made of blocks. */
void board_format_heads(const struct board *board, const struct board_layout *layout, char line[BOARD_LINE_MAX]);
void board_format_total(const struct board *board, const struct board_layout *layout, bool utf8,
                        char line[BOARD_LINE_MAX]);
void board_format_row(const struct board *board, const struct board_layout *layout, size_t index, bool utf8,
                      char line[BOARD_LINE_MAX]);

#endif
