/*
 * lines: typed bytes -> lines
 *
 * Bytes may come in any pieces. White space around a line is removed, so that an empty line is one without a word.
 */
#ifndef VM_ENERGY_LINES_H
#define VM_ENERGY_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Longer lines are cut. */
#define LINES_MAX 200

/* Zero-initialize. */
struct lines {
  char text[LINES_MAX + 1]; /* the line, once it has ended */
  size_t len;
  bool ended;
};

/* True: c ended a line, which is text until the next call. */
bool lines_add(struct lines *lines, char c);

/* End of input. True: the last line, which had no end, is text; false: there was none. */
bool lines_end(struct lines *lines);

#endif
