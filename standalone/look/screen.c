#include "look/screen.h"

#include "common/show.h"

#include "core/clock.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h> /* takes short names such as columns for macros */
#include <unistd.h>

/* Title, heads and total above the VMs, the keys below them. */
#define LINES_ABOVE 3
#define LINES_BELOW 1

/* Maximum time between two bytes of a key. */
#define ESCAPE_MS 50

enum pair { PAIR_GOOD = 1, PAIR_NEW, PAIR_ODD, PAIR_BAD, PAIR_CURVE };

static SCREEN *screen;
static bool utf8;

bool screen_is_there(void) {
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

static void choose_colours(void) {
  const char *no_colour = getenv("NO_COLOR");
  if (!has_colors() || (no_colour != NULL && *no_colour != '\0'))
    return;
  start_color();
  use_default_colors();
  init_pair(PAIR_GOOD, COLOR_GREEN, -1);
  init_pair(PAIR_NEW, COLOR_BLUE, -1);
  init_pair(PAIR_ODD, COLOR_YELLOW, -1);
  init_pair(PAIR_BAD, COLOR_RED, -1);
  init_pair(PAIR_CURVE, COLOR_CYAN, -1);
}

int screen_open(void) {
  int found;
  if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
    return -ENOTTY;
  const char *move_cursor = tigetstr("cup");
  del_curterm(cur_term);
  if (move_cursor == NULL)
    return -ENOTTY; /* paper */
  screen = newterm(NULL, stdout, stdin);
  if (screen == NULL)
    return -ENOTTY;
  utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  set_escdelay(ESCAPE_MS);
  choose_colours();
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  curs_set(0);
  return 0;
}

void screen_close(void) {
  endwin();
  delscreen(screen);
  screen = NULL;
}

void screen_resize(void) {
  struct winsize window;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_row > 0 && window.ws_col > 0)
    resizeterm(window.ws_row, window.ws_col);
  clearok(stdscr, TRUE); /* terminals move old content in ways of their own */
}

int screen_key(void) {
  int key = getch();
  switch (key) {
  case ERR:
    return -1;
  case KEY_UP:
    return VIEW_KEY_UP;
  case KEY_DOWN:
    return VIEW_KEY_DOWN;
  case KEY_PPAGE:
    return VIEW_KEY_PAGE_UP;
  case KEY_NPAGE:
    return VIEW_KEY_PAGE_DOWN;
  case KEY_HOME:
    return VIEW_KEY_HOME;
  case KEY_END:
    return VIEW_KEY_END;
  case KEY_BACKSPACE:
    return VIEW_KEY_BACKSPACE;
  case KEY_ENTER:
    return '\n';
  case 'l' & 0x1f: /* Ctrl-L: redraw */
    clearok(stdscr, TRUE);
    return VIEW_KEY_OTHER;
  default:
    return key <= 0xff ? key : VIEW_KEY_OTHER;
  }
}

size_t screen_page(void) {
  return LINES > LINES_ABOVE + LINES_BELOW ? (size_t)(LINES - LINES_ABOVE - LINES_BELOW) : 1;
}

static enum pair pair_of(enum sample_state state) {
  switch (state) {
  case SAMPLE_OK:
  case SAMPLE_HELD:
    return PAIR_GOOD;
  case SAMPLE_FIRST:
    return PAIR_NEW;
  case SAMPLE_TORN:
  case SAMPLE_MISSING:
  case SAMPLE_DENIED:
    return PAIR_BAD;
  default:
    return PAIR_ODD;
  }
}

static void put_line(int y, const char *text, attr_t attributes) {
  char line[BOARD_LINE_MAX];
  if (y >= LINES)
    return;
  show_fit(text, (size_t)COLS, line, sizeof(line));
  attrset(attributes);
  mvaddstr(y, 0, line);
  attrset(A_NORMAL);
}

static void colour(int y, size_t x, size_t width, attr_t attributes, enum pair pair) {
  if (y < LINES && (int)x < COLS)
    mvchgat(y, (int)x, (int)width, attributes, (short)pair, NULL);
}

/* "2:13", "1:02:13" */
static void format_running(int64_t running_ns, char text[SHOW_NUMBER_MAX]) {
  long s = (long)(running_ns / NS_PER_S);
  if (s >= 3600)
    snprintf(text, SHOW_NUMBER_MAX, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(text, SHOW_NUMBER_MAX, "%ld:%02ld", s / 60, s % 60);
}

static void put_title(const struct board *board, const struct view *view, int64_t running_ns) {
  char text[512], running[SHOW_NUMBER_MAX], of_all[SHOW_NUMBER_MAX] = "", filter[BOARD_FILTER_MAX + 16] = "";
  size_t shown = board_shown(board), count = board_count(board);
  format_running(running_ns, running);
  if (shown != count)
    snprintf(of_all, sizeof(of_all), "%zu of ", shown);
  if (view->board.filter[0] != '\0')
    snprintf(filter, sizeof(filter), "  with '%s'", view->board.filter);
  snprintf(text, sizeof(text), "vm_energy top  %s  %s%zu VM%s by %s%s%s%s", running, of_all, count,
           count == 1 ? "" : "s", board_sort_name(view->board.sort), view->board.reverse ? ", reversed" : "", filter,
           view->paused ? "  PAUSED" : "");
  put_line(0, text, view->paused ? A_BOLD : A_NORMAL);
}

static void put_keys(const struct view *view) {
  char text[BOARD_FILTER_MAX + 32];
  if (LINES <= LINES_ABOVE)
    return;
  if (view->edits_filter)
    snprintf(text, sizeof(text), "show VMs with: %s", view->board.filter);
  else
    snprintf(text, sizeof(text), "q quit  s sort  r reverse  / filter  p pause  ? help");
  put_line(LINES - 1, text, view->edits_filter ? A_BOLD : A_DIM);
  if (view->edits_filter)
    move(LINES - 1, (int)show_width(text));
}

static void put_rows(const struct board *board, const struct view *view, const struct board_layout *layout) {
  char line[BOARD_LINE_MAX];
  size_t page = screen_page(), shown = board_shown(board);
  for (size_t i = 0; i < page && view->top + i < shown; i++) {
    int y = LINES_ABOVE + (int)i;
    enum sample_state state = board_state(board, view->top + i);
    board_format_row(board, layout, view->top + i, utf8, line);
    put_line(y, line, A_NORMAL);
    if (layout->curve > 0)
      colour(y, layout->curve_at, layout->curve, A_NORMAL, PAIR_CURVE);
    colour(y, layout->state_at, strlen(meter_state_name(state)), state == SAMPLE_OK ? A_NORMAL : A_BOLD,
           pair_of(state));
  }
}

void screen_draw(const struct board *board, const struct view *view, int64_t running_ns, const char *hint) {
  char line[BOARD_LINE_MAX];
  struct board_layout layout;
  board_lay_out(board, (size_t)COLS, &layout);
  erase();
  put_title(board, view, running_ns);
  board_format_heads(board, &layout, line);
  put_line(1, line, A_REVERSE);
  board_format_total(board, &layout, utf8, line);
  put_line(2, line, A_BOLD);
  if (layout.curve > 0)
    colour(2, layout.curve_at, layout.curve, A_BOLD, PAIR_CURVE);
  if (view->shows_help) {
    for (int i = 0; view_help[i] != NULL; i++)
      put_line(LINES_ABOVE + 1 + i, view_help[i], A_NORMAL);
  } else if (board_shown(board) > 0) {
    put_rows(board, view, &layout);
  } else {
    put_line(LINES_ABOVE + 1, board_count(board) > 0 ? "no VM has this in its name" : hint, A_NORMAL);
  }
  put_keys(view);
  curs_set(view->edits_filter ? 1 : 0);
  refresh();
}
