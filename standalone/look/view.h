/*
 * view: what the keys do in `vm_energy top`
 *
 * Pure: keys change the members, from which the screen is drawn. Tests: tests/check_board.c.
 */
#ifndef VM_ENERGY_VIEW_H
#define VM_ENERGY_VIEW_H

#include "look/board.h"

#include <stdbool.h>
#include <stddef.h>

/* Keys that are no character. Characters come as bytes, those of UTF-8 one by one. */
enum view_key {
  VIEW_KEY_UP = 0x1000,
  VIEW_KEY_DOWN,
  VIEW_KEY_PAGE_UP,
  VIEW_KEY_PAGE_DOWN,
  VIEW_KEY_HOME,
  VIEW_KEY_END,
  VIEW_KEY_BACKSPACE,
  VIEW_KEY_OTHER
};

#define VIEW_KEY_ESCAPE 0x1b

struct view {
  struct board_view board;
  size_t top;        /* the first VM on the screen */
  bool paused;       /* the screen stands still */
  bool shows_help;   /* the keys are explained */
  bool edits_filter; /* keys go into the filter */
  bool quit;
};

/* rows: shown VMs; page: how many fit. */
void view_press(struct view *view, int key, size_t rows, size_t page);

/* Keeps `top` within the rows after these or the page changed. */
void view_fit(struct view *view, size_t rows, size_t page);

/* Help for the keys, by line; ends in NULL. */
extern const char *const view_help[];

#endif
