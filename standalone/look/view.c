#include "look/view.h"

#include <string.h>

const char *const view_help[] = {
    "q            quit",
    "s            sort by the next of power, name, energy, age",
    "P N E A      sort by power, name, energy, age of the last update",
    "r            the other way round",
    "/            show those with a text in their names; Enter keeps it, Esc drops it",
    "p, space     pause: the screen stands still, the curves go on",
    "arrows, page up and down, home, end, j k g G    scroll",
    "h, ?         this help; any key leaves it",
    NULL,
};

void view_fit(struct view *view, size_t rows, size_t page) {
  size_t last = rows > page ? rows - page : 0;
  if (view->top > last)
    view->top = last;
}

static void sort_by(struct view *view, enum board_sort sort) {
  view->board.sort = sort;
  view->board.reverse = false;
  view->top = 0;
}

static bool is_inner_byte(char c) {
  return ((unsigned char)c & 0xc0) == 0x80;
}

static void drop_last(char *text) {
  size_t len = strlen(text);
  while (len > 0 && is_inner_byte(text[len - 1]))
    len--;
  if (len > 0)
    text[len - 1] = '\0';
}

static void edit(struct view *view, int key) {
  char *filter = view->board.filter;
  size_t len = strlen(filter);
  if (key == VIEW_KEY_ESCAPE)
    filter[0] = '\0';
  if (key == VIEW_KEY_ESCAPE || key == '\n' || key == '\r')
    view->edits_filter = false;
  else if (key == VIEW_KEY_BACKSPACE || key == 0x7f || key == '\b')
    drop_last(filter);
  else if (key == ('u' & 0x1f)) /* Ctrl-U, as in a shell */
    filter[0] = '\0';
  else if (key >= ' ' && key <= 0xff && len + 1 < BOARD_FILTER_MAX) {
    filter[len] = (char)key;
    filter[len + 1] = '\0';
  }
  view->top = 0;
}

static bool scroll(struct view *view, int key, size_t page) {
  size_t step = page > 1 ? page - 1 : 1;
  switch (key) {
  case VIEW_KEY_UP:
  case 'k':
    view->top -= view->top > 0;
    return true;
  case VIEW_KEY_DOWN:
  case 'j':
    view->top++;
    return true;
  case VIEW_KEY_PAGE_UP:
    view->top = view->top > step ? view->top - step : 0;
    return true;
  case VIEW_KEY_PAGE_DOWN:
    view->top += step;
    return true;
  case VIEW_KEY_HOME:
  case 'g':
    view->top = 0;
    return true;
  case VIEW_KEY_END:
  case 'G':
    view->top = (size_t)-1;
    return true;
  default:
    return false;
  }
}

static void command(struct view *view, int key) {
  switch (key) {
  case 'q':
  case 'Q':
    view->quit = true;
    break;
  case 's':
    sort_by(view, (view->board.sort + 1) % BOARD_SORTS);
    break;
  case 'P':
    sort_by(view, BOARD_BY_POWER);
    break;
  case 'N':
    sort_by(view, BOARD_BY_NAME);
    break;
  case 'E':
    sort_by(view, BOARD_BY_ENERGY);
    break;
  case 'A':
    sort_by(view, BOARD_BY_AGE);
    break;
  case 'r':
  case 'R':
    view->board.reverse = !view->board.reverse;
    break;
  case '/':
    view->board.filter[0] = '\0';
    view->edits_filter = true;
    break;
  case VIEW_KEY_ESCAPE:
    view->board.filter[0] = '\0';
    break;
  case 'p':
  case ' ':
    view->paused = !view->paused;
    break;
  case 'h':
  case '?':
    view->shows_help = true;
    break;
  default:
    break;
  }
}

void view_press(struct view *view, int key, size_t rows, size_t page) {
  if (view->shows_help) {
    view->shows_help = false;
    view->quit = key == 'q' || key == 'Q';
  } else if (view->edits_filter) {
    edit(view, key);
  } else if (!scroll(view, key, page)) {
    command(view, key);
  }
  view_fit(view, rows, page);
}
