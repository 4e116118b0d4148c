#include "common/lines.h"

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static void finish(struct lines *lines) {
  while (lines->len > 0 && is_space(lines->text[lines->len - 1]))
    lines->len--;
  lines->text[lines->len] = '\0';
  lines->ended = true;
}

bool lines_add(struct lines *lines, char c) {
  if (lines->ended)
    *lines = (struct lines){0};
  if (c == '\n') {
    finish(lines);
    return true;
  }
  bool leading = lines->len == 0 && is_space(c);
  if (!leading && lines->len < LINES_MAX)
    lines->text[lines->len++] = c != '\0' ? c : ' ';
  return false;
}

bool lines_end(struct lines *lines) {
  if (lines->ended || lines->len == 0)
    return false;
  finish(lines);
  return lines->len > 0;
}
