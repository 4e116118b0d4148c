#include "look/board.h"

#include "common/show.h"
#include "look/curve.h"
#include "look/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Widths, without the two spaces before a column. */
#define POWER_COLUMNS  10
#define ENERGY_COLUMNS 10
#define AGE_COLUMNS    6
#define STATE_COLUMNS  7
#define GAP            2
#define CURVE_LEAST    10
#define LABEL_LEAST    8
#define LABEL_MOST     60 /* of a table without curves */

/* Per-VM state. */
struct row {
  struct curve curve;
  bool was_shown;
  bool has_first;
  double first_j;          /* accumulated energy at the first reading */
  enum sample_state state; /* without held */

  /* as shown, see `frozen` */
  const char *label;
  bool has_power, has_energy;
  double power_w, energy_j;
  int64_t age_ns;
  enum sample_state shown_state;
};

struct board {
  struct roster *roster;
  int64_t cell_ns;
  struct row **rows; /* the shown ones, in their order */
  size_t rows_num, rows_size;
  struct curve curve; /* of all VMs */
  double total_j;
  bool has_power;
  double power_w, energy_j; /* as shown */
  int64_t cell;             /* the newest one shown */
};

const char *board_sort_name(enum board_sort sort) {
  static const char *const names[BOARD_SORTS] = {"power", "name", "energy", "age"};
  return names[sort];
}

int board_new(int64_t cell_ns, struct board **board) {
  struct board *b = calloc(1, sizeof(*b));
  if (b == NULL)
    return -ENOMEM;
  b->cell_ns = cell_ns;
  int status = roster_new(sizeof(struct row), &b->roster);
  if (status != 0) {
    free(b);
    return status;
  }
  *board = b;
  return 0;
}

void board_free(struct board *board) {
  if (board == NULL)
    return;
  roster_free(board->roster);
  free(board->rows);
  free(board);
}

struct sink *board_sink(struct board *board) {
  return roster_sink(board->roster);
}

/* ---- samples --------------------------------------------------------------------------------------------------- */

static void show_row(struct row *row, const struct sample *sample) {
  row->has_power = sample->has_power;
  row->power_w = sample->power_w;
  row->has_energy = sample->has_energy;
  row->energy_j = sample->energy_j - row->first_j;
  row->age_ns = sample->age_ns;
  row->shown_state = row->state;
  row->was_shown = true;
}

static void take_sample(struct row *row, const struct sample *sample, int64_t cell, bool frozen) {
  row->label = sample->label;
  if (sample->has_energy && !row->has_first) {
    row->first_j = sample->energy_j;
    row->has_first = true;
  }
  if (sample->state != SAMPLE_HELD)
    row->state = sample->state;
  if (sample->has_power)
    curve_put(&row->curve, cell, sample->power_w);
  if (!frozen || !row->was_shown)
    show_row(row, sample);
}

int board_take(struct board *board, const struct instant *now, bool frozen) {
  size_t count = roster_count(board->roster);
  if (count > board->rows_size) {
    struct row **rows = reallocarray(board->rows, count, sizeof(struct row *));
    if (rows == NULL)
      return -ENOMEM;
    board->rows = rows;
    board->rows_size = count;
  }
  int64_t cell = now->mono_ns / board->cell_ns;
  bool has_power = false;
  double power_w = 0;
  for (size_t i = 0; i < count; i++) {
    struct roster_entry *entry = roster_at(board->roster, i);
    take_sample(entry->own, &entry->last, cell, frozen);
    has_power = has_power || entry->last.has_power;
    power_w += entry->last.has_power ? entry->last.power_w : 0;
    board->total_j += entry->last.delta_j;
    board->rows[i] = entry->own;
  }
  board->rows_num = count;
  if (has_power)
    curve_put(&board->curve, cell, power_w);
  if (frozen)
    return 0;
  board->cell = cell;
  board->has_power = has_power;
  board->power_w = power_w;
  board->energy_j = board->total_j;
  return 0;
}

/* ---- order --------------------------------------------------------------------------------------------------- */

static int compare_numbers(double a, double b) {
  return a < b ? -1 : a > b;
}

static double sort_number(const struct row *row, enum board_sort sort) {
  if (sort == BOARD_BY_POWER)
    return row->has_power ? row->power_w : -1;
  if (sort == BOARD_BY_ENERGY)
    return row->has_energy ? row->energy_j : -1;
  return row->has_energy ? (double)row->age_ns : -1;
}

static int compare_rows(const void *a, const void *b, void *arg) {
  const struct row *one = *(struct row *const *)a, *other = *(struct row *const *)b;
  const struct board_view *view = arg;
  int order;
  if (view->sort == BOARD_BY_NAME)
    order = strcmp(one->label, other->label);
  else
    order = compare_numbers(sort_number(other, view->sort), sort_number(one, view->sort));
  if (order != 0)
    return view->reverse ? -order : order;
  return strcmp(one->label, other->label);
}

void board_arrange(struct board *board, const struct board_view *view) {
  struct board_view order = *view;
  board->rows_num = 0;
  for (size_t i = 0; i < roster_count(board->roster) && i < board->rows_size; i++) {
    struct row *row = roster_at(board->roster, i)->own;
    if (row->was_shown && (view->filter[0] == '\0' || strcasestr(row->label, view->filter) != NULL))
      board->rows[board->rows_num++] = row;
  }
  if (board->rows_num > 1)
    qsort_r(board->rows, board->rows_num, sizeof(struct row *), compare_rows, &order);
}

size_t board_count(const struct board *board) {
  return roster_count(board->roster);
}

size_t board_shown(const struct board *board) {
  return board->rows_num;
}

enum sample_state board_state(const struct board *board, size_t index) {
  return board->rows[index]->shown_state;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static size_t widest_label(const struct board *board) {
  size_t widest = strlen("total");
  for (size_t i = 0; i < board->rows_num; i++) {
    size_t width = show_width(board->rows[i]->label);
    widest = width > widest ? width : widest;
  }
  return widest;
}

static double most_of_all(const struct board *board, size_t cells) {
  double most_w = 0;
  for (size_t i = 0; i < board->rows_num; i++) {
    double row_w = curve_most(&board->rows[i]->curve, board->cell - (int64_t)cells + 1, board->cell);
    most_w = row_w > most_w ? row_w : most_w;
  }
  return most_w;
}

void board_lay_out(const struct board *board, size_t columns, struct board_layout *layout) {
  const size_t fixed = GAP + POWER_COLUMNS + GAP + STATE_COLUMNS, energy = GAP + ENERGY_COLUMNS,
               age = GAP + AGE_COLUMNS;
  size_t label = widest_label(board);
  *layout = (struct board_layout){0};
  if (columns == 0) {
    layout->label = label < LABEL_MOST ? label : LABEL_MOST;
    layout->energy = layout->age = true;
  } else {
    size_t most = columns / 3 > LABEL_LEAST ? columns / 3 : LABEL_LEAST;
    label = label < most ? label : most;
    if (fixed + label > columns)
      label = columns > fixed ? columns - fixed : 1;
    layout->label = label;
    size_t room = columns > fixed + label ? columns - fixed - label : 0;
    layout->age = room >= age;
    room -= layout->age ? age : 0;
    layout->energy = room >= energy + GAP + CURVE_LEAST;
    room -= layout->energy ? energy : 0;
    if (room >= GAP + CURVE_LEAST)
      layout->curve = room - GAP < CURVE_CELLS ? room - GAP : CURVE_CELLS;
  }
  layout->most_w = most_of_all(board, layout->curve);
  layout->curve_at = layout->label + GAP + POWER_COLUMNS + GAP;
  layout->state_at = layout->label + GAP + POWER_COLUMNS + (layout->curve > 0 ? GAP + layout->curve : 0) +
                     (layout->energy ? energy : 0) + (layout->age ? age : 0) + GAP;
}

/* The texts of a line; NULL: an empty column. */
struct cells {
  const char *label, *power, *curve, *energy, *age, *state;
};

/* curve has its width already; the others are padded. */
static void join(const struct board_layout *layout, const struct cells *cells, char line[BOARD_LINE_MAX]) {
  char label[BOARD_LINE_MAX / 4];
  size_t used = 0;
  show_fit(cells->label, layout->label, label, sizeof(label));
  used += (size_t)snprintf(line, BOARD_LINE_MAX, "%s  %*s", label, POWER_COLUMNS, cells->power);
  if (layout->curve > 0)
    used += (size_t)snprintf(line + used, BOARD_LINE_MAX - used, "  %s", cells->curve);
  if (layout->energy)
    used += (size_t)snprintf(line + used, BOARD_LINE_MAX - used, "  %*s", ENERGY_COLUMNS, cells->energy);
  if (layout->age)
    used += (size_t)snprintf(line + used, BOARD_LINE_MAX - used, "  %*s", AGE_COLUMNS, cells->age);
  snprintf(line + used, BOARD_LINE_MAX - used, "  %s", cells->state);
  for (size_t len = strlen(line); len > 0 && line[len - 1] == ' '; len--)
    line[len - 1] = '\0';
}

void board_format_heads(const struct board *board, const struct board_layout *layout, char line[BOARD_LINE_MAX]) {
  char span[SHOW_NUMBER_MAX], last[SHOW_NUMBER_MAX + 8], curve[CURVE_CELLS + 1];
  double s = (double)layout->curve * (double)board->cell_ns / 1e9;
  if (s < 119.5)
    snprintf(span, sizeof(span), "%.0f s", s);
  else
    snprintf(span, sizeof(span), "%.*f min", s < 600 ? 1 : 0, s / 60);
  snprintf(last, sizeof(last), "LAST %s", span);
  show_fit(last, layout->curve, curve, sizeof(curve));
  join(layout, &(struct cells){"VM", "POWER", curve, "ENERGY", "AGE", "STATE"}, line);
}

static void format_number(void (*show)(double, char[SHOW_NUMBER_MAX]), bool has, double number,
                          char text[SHOW_NUMBER_MAX]) {
  if (has)
    show(number, text);
  else
    snprintf(text, SHOW_NUMBER_MAX, "-");
}

void board_format_total(const struct board *board, const struct board_layout *layout, bool utf8,
                        char line[BOARD_LINE_MAX]) {
  char power[SHOW_NUMBER_MAX], energy[SHOW_NUMBER_MAX], curve[3 * CURVE_CELLS + 1] = "";
  int64_t first = board->cell - (int64_t)layout->curve + 1;
  format_number(show_power, board->has_power, board->power_w, power);
  show_energy(board->energy_j, energy);
  if (layout->curve > 0)
    curve_format(&board->curve, first, board->cell, curve_most(&board->curve, first, board->cell), utf8, curve);
  join(layout, &(struct cells){"total", power, curve, energy, "", ""}, line);
}

void board_format_row(const struct board *board, const struct board_layout *layout, size_t index, bool utf8,
                      char line[BOARD_LINE_MAX]) {
  const struct row *row = board->rows[index];
  char power[SHOW_NUMBER_MAX], energy[SHOW_NUMBER_MAX], age[SHOW_NUMBER_MAX] = "-", curve[3 * CURVE_CELLS + 1] = "";
  int64_t first = board->cell - (int64_t)layout->curve + 1;
  format_number(show_power, row->has_power, row->power_w, power);
  format_number(show_energy, row->has_energy, row->energy_j, energy);
  if (row->has_energy)
    show_age(row->age_ns, age);
  if (layout->curve > 0)
    curve_format(&row->curve, first, board->cell, layout->most_w, utf8, curve);
  join(layout, &(struct cells){row->label, power, curve, energy, age, meter_state_name(row->shown_state)}, line);
}
