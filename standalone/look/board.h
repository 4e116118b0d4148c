/*
 * board: the table of `vm_energy top`, as text
 *
 * Keeps the last sample and the power of the last minutes per VM; sorts, filters, and formats lines of a given width.
 * No clock, no terminal.
 *
 *   VM          POWER  LAST 100 s                ENERGY     AGE  STATE
 *   total    249.01 W      ▂▄▆▇█▇▆▄▄▆▇█▇▆▄▄▆  2.49 kJ
 *   web-1    100.04 W      ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅  1.00 kJ   2.1 s  ok
 *
 * A cell of the curve is the mean power of some seconds: empty without a power, the lowest block for 0 W. All VMs have
 * one scale, so that curves can be compared; the total has its own. ENERGY is since the start.
 */
#ifndef VM_ENERGY_BOARD_H
#define VM_ENERGY_BOARD_H

#include "core/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_LINE_MAX 2048

#define BOARD_FILTER_MAX 64

enum board_sort { BOARD_BY_POWER, BOARD_BY_NAME, BOARD_BY_ENERGY, BOARD_BY_AGE, BOARD_SORTS };

/* "power", "name", "energy", "age" */
const char *board_sort_name(enum board_sort sort);

struct board_view {
  enum board_sort sort;          /* largest power and energy, oldest update, first name on top */
  bool reverse;                  /* the opposite order */
  char filter[BOARD_FILTER_MAX]; /* VMs with this in their names, ignoring case; empty: all */
};

struct board;

/* cell_ns: duration of a cell. 0 or -ENOMEM. */
int board_new(int64_t cell_ns, struct board **board);

/* After the sampler that has the sink. NULL is fine. */
void board_free(struct board *board);
struct sink *board_sink(struct board *board);

/*
 * Takes in the pass at *now. frozen: only the curves continue, the lines stay; a new VM is shown, a removed one is not.
 * 0 or -ENOMEM.
 */
int board_take(struct board *board, const struct instant *now, bool frozen);

/* Filters and sorts; call it after board_take(). */
void board_arrange(struct board *board, const struct board_view *view);

/* All VMs, and those that pass the filter. */
size_t board_count(const struct board *board);
size_t board_shown(const struct board *board);

/* The state of a shown VM at its last update, so that a reset stays visible until the next one. */
enum sample_state board_state(const struct board *board, size_t index);

struct board_layout {
  size_t label, curve; /* widths; curve 0: none */
  size_t curve_at;     /* its first column */
  bool energy, age;
  size_t state_at; /* first column of the state */
  double most_w;   /* power of a full block */
};

/* For a table of that width; 0: any width, without curves. After board_arrange(). */
void board_lay_out(const struct board *board, size_t columns, struct board_layout *layout);

/* Lines of the table, without a line end. index: of a shown VM. utf8: curves of blocks. */
void board_format_heads(const struct board *board, const struct board_layout *layout, char line[BOARD_LINE_MAX]);
void board_format_total(const struct board *board, const struct board_layout *layout, bool utf8,
                        char line[BOARD_LINE_MAX]);
void board_format_row(const struct board *board, const struct board_layout *layout, size_t index, bool utf8,
                      char line[BOARD_LINE_MAX]);

#endif
