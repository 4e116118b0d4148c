/* The table of top: curves, layouts, order, lines, keys. */
#include "../standalone/common/show.h"
#include "../standalone/look/board.h"
#include "../standalone/look/curve.h"
#include "../standalone/look/view.h"
#include "suite.h"

#include "core/clock.h"
#include "core/meter.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* ---- curves ------------------------------------------------------------------------------------------------------ */

START_TEST(test_curve) {
  struct curve curve = {0};
  double power_w;
  char text[3 * CURVE_CELLS + 1];
  ck_assert(!curve_get(&curve, 0, &power_w));
  curve_put(&curve, 100, 10);
  curve_put(&curve, 100, 20); /* a cell is the mean */
  curve_put(&curve, 102, 0);
  curve_put(&curve, 103, 8);
  ck_assert(curve_get(&curve, 100, &power_w));
  ck_assert_double_eq_tol(power_w, 15, 1e-6);
  ck_assert(!curve_get(&curve, 101, &power_w));
  ck_assert(curve_get(&curve, 102, &power_w));
  ck_assert_double_eq_tol(power_w, 0, 1e-6);
  ck_assert(!curve_get(&curve, 104, &power_w));
  ck_assert_double_eq_tol(curve_most(&curve, 0, 103), 15, 1e-6);
  ck_assert_double_eq_tol(curve_most(&curve, 101, 103), 8, 1e-6);
  curve_format(&curve, 99, 104, 16, true, text);
  ck_assert_str_eq(text, " \u2588 \u2581\u2585 ");
  curve_format(&curve, 99, 104, 16, false, text);
  ck_assert_str_eq(text, " # _= ");
  curve_format(&curve, 99, 104, 0, false, text);
  ck_assert_str_eq(text, " _ __ ");
  curve_format(&curve, 99, 104, 1, false, text);
  ck_assert_str_eq(text, " # _# ");
}
END_TEST

START_TEST(test_curve_goes_round) {
  struct curve curve = {0};
  double power_w;
  for (int64_t cell = 7; cell < 7 + 3 * CURVE_CELLS; cell++) {
    curve_put(&curve, cell, (double)cell);
    ck_assert(curve_get(&curve, cell, &power_w));
    ck_assert_double_eq_tol(power_w, (double)cell, 1e-3);
    ck_assert(!curve_get(&curve, cell - CURVE_CELLS, &power_w));
  }
  ck_assert(curve_get(&curve, 7 + 2 * CURVE_CELLS, &power_w));
  curve_put(&curve, 7 + 3 * CURVE_CELLS + 5, 1); /* skipped cells are empty */
  ck_assert(!curve_get(&curve, 7 + 3 * CURVE_CELLS + 1, &power_w));
  curve_put(&curve, INT64_C(1) << 40, 1); /* all cells are empty after a long sleep */
  ck_assert_double_eq_tol(curve_most(&curve, (INT64_C(1) << 40) - CURVE_CELLS, (INT64_C(1) << 40) - 1), 0, 1e-9);
}
END_TEST

/* The count of powers in a cell must not overflow. */
START_TEST(test_curve_cell_is_full) {
  struct curve curve = {0};
  double power_w;
  for (int i = 0; i < 70000; i++) {
    curve_put(&curve, 1, 50);
    ck_assert(curve_get(&curve, 1, &power_w));
    ck_assert_double_eq_tol(power_w, 50, 1e-3);
  }
}
END_TEST

/* ---- the board --------------------------------------------------------------------------------------------------- */

#define VMS 5

static struct board *board;
static void *slots[VMS];
static struct sample samples[VMS];
static struct instant now;
static char line[BOARD_LINE_MAX];

/* Three VMs after two passes: one with a curve, one that is idle, one that was never read. */
static void make(void) {
  ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
  static const char *const labels[VMS] = {"web-1", "b\u00fccher", "Zoo", "db-1", "lost"};
  now = (struct instant){.mono_ns = 1000 * NS_PER_S};
  ck_assert_int_eq(board_new(5 * NS_PER_S, &board), 0);
  memset(slots, 0, sizeof(slots));
  for (int i = 0; i < VMS; i++)
    samples[i] = (struct sample){.label = labels[i], .state = SAMPLE_FIRST, .has_energy = true, .slot = &slots[i]};
  samples[4] = (struct sample){.label = labels[4], .state = SAMPLE_DENIED, .slot = &slots[4]};
}

static void pass(int vms, bool frozen) {
  struct sink *sink = board_sink(board);
  now.mono_ns += NS_PER_S;
  ck_assert_int_eq(sink->begin(sink, &now, (size_t)vms), 0);
  for (int i = 0; i < vms; i++)
    ck_assert_int_eq(sink->put(sink, &samples[i]), 0);
  ck_assert_int_eq(board_take(board, &now, frozen), 0);
}

static void forget(int i) {
  struct sink *sink = board_sink(board);
  sink->removed(sink, &samples[i]);
}

static void drop(void) {
  for (int i = 0; i < VMS; i++)
    if (slots[i] != NULL)
      forget(i);
  board_free(board);
}

static void draw(int i, double power_w, double energy_j, double age_s) {
  samples[i].state = SAMPLE_OK;
  samples[i].has_power = true;
  samples[i].power_w = power_w;
  samples[i].delta_j = energy_j - samples[i].energy_j;
  samples[i].energy_j = energy_j;
  samples[i].age_ns = (int64_t)(age_s * 1e9);
}

/* First readings, then one each. */
static void two_passes(void) {
  for (int i = 0; i < 4; i++)
    samples[i].energy_j = 1000;
  pass(VMS, false);
  draw(0, 100.04, 1500, 2.1);
  draw(1, 20, 1100, 0.4);
  draw(2, 0, 1000, 5);
  pass(VMS, false);
}

static const struct {
  const char *what;
  struct board_view view;
  const char *order; /* first letters */
} order_rows[] = {
    {"power: none is below 0 W, equals by name", {.sort = BOARD_BY_POWER}, "wbZdl"},
    {"power, reversed: equals still by name", {.sort = BOARD_BY_POWER, .reverse = true}, "dlZbw"},
    {"name: bytes, so that all sort alike", {.sort = BOARD_BY_NAME}, "Zbdlw"},
    {"name, reversed", {.sort = BOARD_BY_NAME, .reverse = true}, "wldbZ"},
    {"energy: since the start, none last", {.sort = BOARD_BY_ENERGY}, "wbZdl"},
    {"age: the oldest first", {.sort = BOARD_BY_AGE}, "Zwbdl"},
    {"filter", {.filter = "1"}, "wd"},
    {"filter, in any case", {.filter = "zOO"}, "Z"},
    {"filter, not only ASCII", {.filter = "\u00fcch"}, "b"},
    {"filter: none", {.filter = "none"}, ""},
};

START_TEST(test_order) {
  two_passes();
  board_arrange(board, &order_rows[_i].view);
  ck_assert_uint_eq(board_count(board), VMS);
  ck_assert_uint_eq(board_shown(board), strlen(order_rows[_i].order));
  struct board_layout layout;
  board_lay_out(board, 80, &layout);
  char order[VMS + 1] = "";
  for (size_t i = 0; i < board_shown(board); i++) {
    board_format_row(board, &layout, i, true, line);
    order[i] = line[0];
  }
  ck_assert_msg(strcmp(order, order_rows[_i].order) == 0, "%s: %s, not %s", order_rows[_i].what, order,
                order_rows[_i].order);
}
END_TEST

/* At each width no line is wider, and the state is in its column. */
START_TEST(test_width) {
  size_t columns = (size_t)_i;
  struct board_view view = {.sort = BOARD_BY_POWER};
  struct board_layout layout;
  two_passes();
  board_arrange(board, &view);
  board_lay_out(board, columns, &layout);
  ck_assert(layout.curve == 0 || layout.curve >= 10);
  ck_assert(layout.age || !layout.energy); /* the energy is left out first, the age last */
  ck_assert(layout.curve > 0 || !layout.energy);
  board_format_heads(board, &layout, line);
  ck_assert_uint_le(show_width(line), columns);
  ck_assert_str_eq(line + strlen(line) - strlen("STATE"), "STATE");
  ck_assert_uint_eq(show_width(line) - strlen("STATE"), layout.state_at);
  board_format_total(board, &layout, true, line);
  ck_assert_uint_le(show_width(line), columns);
  for (size_t i = 0; i < board_shown(board); i++) {
    const char *state = meter_state_name(board_state(board, i));
    board_format_row(board, &layout, i, true, line);
    ck_assert_msg(show_width(line) <= columns, "%zu columns: '%s'", columns, line);
    ck_assert_uint_eq(show_width(line), layout.state_at + strlen(state));
    ck_assert_str_eq(line + strlen(line) - strlen(state), state);
    board_format_row(board, &layout, i, false, line);
    ck_assert_uint_le(strlen(line), columns + 1); /* one letter has two bytes */
  }
}
END_TEST

START_TEST(test_lines) {
  struct board_view view = {.sort = BOARD_BY_POWER};
  struct board_layout layout;
  two_passes();
  board_arrange(board, &view);
  board_lay_out(board, 80, &layout);
  board_format_heads(board, &layout, line);
  ck_assert_str_eq(line, "VM           POWER  LAST 2.6 min                         ENERGY     AGE  STATE");
  board_format_total(board, &layout, true, line);
  ck_assert_str_eq(line, "total     120.04 W                                \u2588     600.0 J");
  board_format_row(board, &layout, 0, true, line);
  ck_assert_str_eq(line, "web-1     100.04 W                                \u2588     500.0 J   2.1 s  ok");
  board_format_row(board, &layout, 1, true, line);
  ck_assert_str_eq(line, "b\u00fccher     20.00 W                                \u2582     100.0 J   0.4 s  ok");
  board_format_row(board, &layout, 2, false, line);
  ck_assert_str_eq(line, "Zoo         0.00 W                                _       0.0 J   5.0 s  ok");
  board_format_row(board, &layout, 3, true, line);
  ck_assert_str_eq(line, "db-1             -                                        0.0 J   0.0 s  first");
  board_format_row(board, &layout, 4, true, line);
  ck_assert_str_eq(line, "lost             -                                            -       -  denied");
  board_lay_out(board, 0, &layout);
  board_format_row(board, &layout, 0, true, line);
  ck_assert_str_eq(line, "web-1     100.04 W     500.0 J   2.1 s  ok");
  board_format_total(board, &layout, false, line);
  ck_assert_ptr_nonnull(strstr(line, " 120.04 W "));
}
END_TEST

/* While VMs come and go, and while the screen is frozen. */
START_TEST(test_frozen) {
  struct board_view view = {.sort = BOARD_BY_NAME};
  struct board_layout layout;
  two_passes();
  draw(0, 50, 1550, 0);
  pass(VMS, true);
  board_arrange(board, &view);
  board_lay_out(board, 80, &layout);
  board_format_row(board, &layout, 4, false, line);
  ck_assert_str_eq(line, "web-1     100.04 W                                #     500.0 J   2.1 s  ok");
  board_format_total(board, &layout, false, line);
  ck_assert_ptr_nonnull(strstr(line, " 120.04 W "));
  pass(VMS, false);
  board_arrange(board, &view);
  board_format_row(board, &layout, 4, false, line);
  ck_assert_ptr_nonnull(strstr(line, " 50.00 W "));
  ck_assert_ptr_nonnull(strstr(line, " 550.0 J "));

  forget(0);
  samples[0] = samples[4];
  samples[0].slot = &slots[0];
  samples[0].label = "new";
  slots[0] = NULL;
  pass(VMS, true);
  board_arrange(board, &view);
  ck_assert_uint_eq(board_shown(board), VMS);
  board_format_row(board, &layout, 4, false, line);
  ck_assert_int_eq(strncmp(line, "new ", 4), 0);
}
END_TEST

/* A reset is shown until the next update. */
static const struct {
  enum sample_state then, shown;
} state_rows[] = {
    {SAMPLE_OK, SAMPLE_OK},   {SAMPLE_RESET, SAMPLE_RESET}, {SAMPLE_SPIKE, SAMPLE_SPIKE},
    {SAMPLE_GAP, SAMPLE_GAP}, {SAMPLE_FIRST, SAMPLE_FIRST}, {SAMPLE_WRAP, SAMPLE_WRAP},
};

START_TEST(test_state) {
  struct board_view view = {.sort = BOARD_BY_NAME};
  samples[0].state = state_rows[_i].then;
  pass(1, false);
  samples[0].state = SAMPLE_HELD;
  pass(1, false);
  pass(1, false);
  board_arrange(board, &view);
  ck_assert_int_eq(board_state(board, 0), state_rows[_i].shown);
  samples[0].state = SAMPLE_STALE;
  pass(1, false);
  ck_assert_int_eq(board_state(board, 0), SAMPLE_STALE);
}
END_TEST

/* The total keeps the energy of a removed VM. */
START_TEST(test_total_never_falls) {
  struct board_view view = {.sort = BOARD_BY_NAME};
  struct board_layout layout;
  two_passes();
  forget(0);
  samples[1].delta_j = 0;
  slots[0] = slots[4];
  samples[0] = samples[4];
  samples[0].slot = &slots[0];
  slots[4] = NULL;
  pass(4, false);
  board_arrange(board, &view);
  board_lay_out(board, 0, &layout);
  board_format_total(board, &layout, false, line);
  ck_assert_str_eq(line, "total      20.00 W     600.0 J");
}
END_TEST

START_TEST(test_empty) {
  struct board_view view = {.sort = BOARD_BY_POWER};
  struct board_layout layout;
  pass(0, false);
  board_arrange(board, &view);
  ck_assert_uint_eq(board_shown(board), 0);
  board_lay_out(board, 80, &layout);
  board_format_total(board, &layout, true, line);
  ck_assert_str_eq(line, "total           -                                         0.0 J");
}
END_TEST

/* ---- keys -------------------------------------------------------------------------------------------------------- */

#define UP   "\x01"
#define DOWN "\x02"
#define PGUP "\x03"
#define PGDN "\x04"
#define HOME "\x05"
#define END  "\x06"

static int key_of(char c) {
  return c >= 1 && c <= 6 ? VIEW_KEY_UP + c - 1 : (unsigned char)c;
}

/* Of 30 VMs, 10 fit onto the screen. */
static const struct {
  const char *keys, *told;
} key_rows[] = {
    {"", "power"},
    {"q", "power quit"},
    {"Q", "power quit"},
    {"s", "name"},
    {"ss", "energy"},
    {"sss", "age"},
    {"ssss", "power"},
    {"N", "name"},
    {"E", "energy"},
    {"A", "age"},
    {"AP", "power"},
    {"r", "power reversed"},
    {"rr", "power"},
    {"rN", "name"}, /* a new order begins with its top */
    {"p", "power paused"},
    {" ", "power paused"},
    {"p ", "power"},
    {"h", "power help"},
    {"?", "power help"},
    {"hx", "power"},
    {"hq", "power quit"},
    {"hs", "power"}, /* any key leaves it, and does no more */
    {"x\x1b", "power"},
    /* scrolling */
    {DOWN, "power top 1"},
    {DOWN DOWN UP, "power top 1"},
    {UP, "power"},
    {"jjk", "power top 1"},
    {PGDN, "power top 9"},
    {PGDN PGDN PGDN, "power top 20"},
    {PGDN PGDN PGDN DOWN, "power top 20"},
    {PGDN PGUP PGUP, "power"},
    {END, "power top 20"},
    {"G", "power top 20"},
    {END HOME, "power"},
    {"Gg", "power"},
    {END UP, "power top 19"},
    {END "N", "name"},
    /* the filter */
    {"/", "power editing"},
    {"/web", "power editing [web]"},
    {"/web\n", "power [web]"},
    {"/web\r", "power [web]"},
    {"/web\x1b", "power"},
    {"/web\n\x1b", "power"},
    {"/web\n/", "power editing"},
    {"/qph?\n", "power [qph?]"},
    {"/web\x7f\b", "power editing [w]"},
    {"/b\u00fc\x7f", "power editing [b]"},
    {"/b\u00fcc", "power editing [b\u00fcc]"},
    {"/\x7f", "power editing"},
    {"/web\x15x", "power editing [x]"},
    {"/a b\n", "power [a b]"},
    {"/a\tb", "power editing [ab]"},
    {"/a" DOWN "b", "power editing [ab]"},
    {END "/a", "power editing [a]"}, /* from the top */
    {"/0123456789012345678901234567890123456789012345678901234567890123456789\n",
     "power [012345678901234567890123456789012345678901234567890123456789012]"},
};

START_TEST(test_keys) {
  struct view view = {.board = {.sort = BOARD_BY_POWER}};
  for (const char *key = key_rows[_i].keys; *key != '\0'; key++)
    view_press(&view, key_of(*key), 30, 10);
  char told[256], top[40] = "", filter[BOARD_FILTER_MAX + 4] = "";
  if (view.top > 0)
    snprintf(top, sizeof(top), " top %zu", view.top);
  if (view.board.filter[0] != '\0')
    snprintf(filter, sizeof(filter), " [%s]", view.board.filter);
  snprintf(told, sizeof(told), "%s%s%s%s%s%s%s%s", board_sort_name(view.board.sort),
           view.board.reverse ? " reversed" : "", view.paused ? " paused" : "", view.shows_help ? " help" : "",
           view.edits_filter ? " editing" : "", view.quit ? " quit" : "", top, filter);
  ck_assert_str_eq(told, key_rows[_i].told);
}
END_TEST

START_TEST(test_fewer_rows) {
  struct view view = {.top = 20};
  view_fit(&view, 30, 10);
  ck_assert_uint_eq(view.top, 20);
  view_fit(&view, 25, 10);
  ck_assert_uint_eq(view.top, 15);
  view_fit(&view, 25, 30);
  ck_assert_uint_eq(view.top, 0);
  view_press(&view, VIEW_KEY_DOWN, 5, 10);
  ck_assert_uint_eq(view.top, 0);
  view_press(&view, VIEW_KEY_PAGE_DOWN, 5, 0);
  ck_assert_uint_eq(view.top, 1);
}
END_TEST

/* ---- the suite --------------------------------------------------------------------------------------------------- */

int main(void) {
  Suite *suite = suite_create("board");
  suite_case(suite, "curves", NULL, NULL, ONCE(test_curve), ONCE(test_curve_goes_round), ONCE(test_curve_cell_is_full));
  suite_case(suite, "table", make, drop, EACH(test_order, order_rows), {&test_width, 30, 400}, ONCE(test_lines),
             ONCE(test_frozen), EACH(test_state, state_rows), ONCE(test_total_never_falls), ONCE(test_empty));
  suite_case(suite, "keys", NULL, NULL, EACH(test_keys, key_rows), ONCE(test_fewer_rows));
  return suite_run(suite);
}
