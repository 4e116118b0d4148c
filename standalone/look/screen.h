/*
 * screen: `vm_energy top` on a terminal, with ncurses
 *
 * The only file that uses ncurses. There is one terminal, so there is one screen. Tests: tests/cli/check_top.sh.
 */
#ifndef VM_ENERGY_SCREEN_H
#define VM_ENERGY_SCREEN_H

#include "look/board.h"
#include "look/view.h"

#include <stddef.h>
#include <stdint.h>

/* True if standard input and output are a terminal. */
bool screen_is_there(void);

/* Takes over the terminal. 0, or -ENOTTY: we cannot draw on a terminal of type TERM. */
int screen_open(void);

/* Restores the terminal. */
void screen_close(void);

/* After the size of the terminal changed. */
void screen_resize(void);

/* The next key, for view_press(); -1: none. */
int screen_key(void);

/* How many VMs fit. */
size_t screen_page(void);

/* hint: shown if there are no VMs. */
void screen_draw(const struct board *board, const struct view *view, int64_t running_ns, const char *hint);

#endif
