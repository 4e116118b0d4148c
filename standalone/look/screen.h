/*
 * screen: `vm_energy top` on a terminal, with ncurses
 *
 * The only file that knows ncurses. There is one terminal, and so there is one screen.
 */
#ifndef VM_ENERGY_SCREEN_H
#define VM_ENERGY_SCREEN_H

#include "look/board.h"
#include "look/view.h"

#include <stddef.h>
#include <stdint.h>

/* Whether standard input and output are a terminal. */
bool screen_is_there(void);

/* Takes the terminal over. 0, or -ENOTTY: TERM tells no terminal that we can draw on. */
int screen_open(void);

/* Gives it back as it was. */
void screen_close(void);

/* The terminal has another size now. */
void screen_resize(void);

/* The next key, as view_press() takes it; -1: there is none. */
int screen_key(void);

/* How many VMs fit onto it. */
size_t screen_page(void);

/* hint: what stands there instead of VMs when there are none. */
void screen_draw(const struct board *board, const struct view *view, int64_t running_ns, const char *hint);

#endif
