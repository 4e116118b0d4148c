#include "shell_word.h"

#include "label.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Means itself in every shell, also at the start of a word. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,-";

/* Invisible characters, which a terminal may lose: how they begin in UTF-8. */
static const char *const unseen[] = {
    "\xc2\xa0",     /* U+00A0 */
    "\xc2\xad",     /* U+00AD */
    "\xe2\x80",     /* U+2000 to U+203F */
    "\xe2\x81",     /* U+2040 to U+207F */
    "\xe3\x80\x80", /* U+3000 */
    "\xef\xb8",     /* U+FE00 to U+FE3F */
    "\xef\xbb\xbf", /* U+FEFF */
    "\xf3\xa0",     /* U+E0000 to U+E0FFF */
};

static bool is_unseen(const char *text) {
  for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
    if (strncmp(text, unseen[i], strlen(unseen[i])) == 0)
      return true;
  return false;
}

/* Length of the character at text if it can be printed as it is; 0: its first byte needs an escape. */
static size_t printable_len(const char *text) {
  unsigned char first = (unsigned char)*text;
  if (first < 0x80)
    return first >= 0x20 && first != 0x7f && first != '|';
  char character[5] = "";
  size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  memcpy(character, text, strnlen(text, len));
  return label_is_safe(character) && !is_unseen(text) ? len : 0;
}

static bool needs_escapes(const char *text) {
  while (*text != '\0') {
    size_t len = printable_len(text);
    if (len == 0)
      return true;
    text += len;
  }
  return false;
}

/* Escapes '!' too, which may begin a history expansion in spite of quotes. */
static char *put_escaped(char *to, const char *text) {
  to = stpcpy(to, "$'");
  while (*text != '\0') {
    size_t len = *text == '\'' || *text == '\\' || *text == '!' ? 0 : printable_len(text);
    if (len > 0)
      to = mempcpy(to, text, len);
    else
      to += sprintf(to, "\\%03o", (unsigned char)*text);
    text += len > 0 ? len : 1;
  }
  return stpcpy(to, "'");
}

static char *put_quoted(char *to, const char *text) {
  to = stpcpy(to, "'");
  for (; *text != '\0'; text++)
    if (*text == '\'')
      to = stpcpy(to, "'\\''");
    else
      *to++ = *text;
  return stpcpy(to, "'");
}

char *shell_word(const char *text) {
  char *word = malloc(4 * strlen(text) + sizeof("$''")); /* an escape takes four bytes */
  if (word == NULL)
    return NULL;
  if (needs_escapes(text))
    put_escaped(word, text);
  else if (*text == '\0' || text[strspn(text, plain)] != '\0')
    put_quoted(word, text);
  else
    stpcpy(word, text);
  return word;
}
