#include "report/plot_fonts.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODES 0x110000

/* A line: "TrueType 20-7e a0 100-17f". Pango draws only TrueType and CFF (OpenType). */
#define LIST_COMMAND "fc-list --format '%{fontformat} %{charset}\\n' 2>/dev/null"

static void add_range(uint8_t *known, const char *word) {
  char *end;
  unsigned long first = strtoul(word, &end, 16), last = *end == '-' ? strtoul(end + 1, &end, 16) : first;
  for (; *end == '\0' && first <= last && first < CODES; first++)
    known[first / 8] |= (uint8_t)(1u << first % 8);
}

static void add_font(uint8_t *known, char *line) {
  char *rest, *word = strtok_r(line, " \n", &rest);
  if (word == NULL || (strcmp(word, "TrueType") != 0 && strcmp(word, "CFF") != 0))
    return;
  while ((word = strtok_r(NULL, " \n", &rest)) != NULL)
    add_range(known, word);
}

static uint8_t *list_known(void) {
  uint8_t *known = calloc(CODES / 8, 1);
  FILE *list = known != NULL ? popen(LIST_COMMAND, "re") : NULL;
  char *line = NULL;
  size_t size = 0;
  while (list != NULL && getline(&line, &size, list) > 0)
    add_font(known, line);
  free(line);
  if (list != NULL)
    pclose(list);
  return known;
}

/* Decodes the first character of valid UTF-8, and returns the number of its bytes. */
static size_t decode(const char *text, uint32_t *code) {
  unsigned char head = (unsigned char)*text;
  size_t len = head < 0xc0 ? 1 : head < 0xe0 ? 2 : head < 0xf0 ? 3 : 4;
  *code = len == 1 ? head : head & (0x7fu >> len);
  for (size_t i = 1; i < len && text[i] != '\0'; i++)
    *code = *code << 6 | ((unsigned char)text[i] & 0x3f);
  return strnlen(text, len);
}

char *plot_fonts_drawable(struct plot_fonts *fonts, const char *text) {
  char *drawable = NULL;
  size_t size;
  FILE *out = open_memstream(&drawable, &size);
  bool in_brackets = false;
  for (size_t len; out != NULL && *text != '\0'; text += len) {
    uint32_t code;
    len = decode(text, &code);
    if (code >= 0x80 && fonts->known == NULL && (fonts->known = list_known()) == NULL)
      break;
    bool missing = code >= 0x80 && !(fonts->known[code / 8] >> code % 8 & 1);
    if (missing)
      fprintf(out, "%c%" PRIX32, in_brackets ? ' ' : '[', code);
    else
      fprintf(out, "%s%.*s", in_brackets ? "]" : "", (int)len, text);
    if (missing && fonts->first_missing == 0)
      fonts->first_missing = code;
    in_brackets = missing;
  }
  if (out == NULL)
    return NULL;
  if (in_brackets)
    fputc(']', out);
  bool complete = *text == '\0' && !ferror(out);
  if (fclose(out) == 0 && complete)
    return drawable;
  free(drawable);
  return NULL;
}

void plot_fonts_free(struct plot_fonts *fonts) {
  free(fonts->known);
  *fonts = (struct plot_fonts){0};
}
