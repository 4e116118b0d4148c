/*
 * lines: what is typed, byte by byte -> lines
 *
 * A line comes in pieces, several come at once, and one may be longer than anybody reads. White space around it is
 * taken off, so that an empty line is one without a word.
 */
#ifndef VM_ENERGY_LINES_H
#define VM_ENERGY_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a line that are kept; the rest is dropped. */
#define LINES_MAX 200

/* Start with zeros. */
struct lines {
  char text[LINES_MAX + 1]; /* the line, once it has ended */
  size_t len;
  bool ended;
};

/* True: c ended a line, which is text until the next call. */
bool lines_add(struct lines *lines, char c);

/* No more bytes come. True: the last line, which had no end, is text; false: there was none. */
bool lines_end(struct lines *lines);

#endif
