#include "label.h"

#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_LEN 8 /* hexadecimal digits */

/* ---- the raw name ------------------------------------------------------------------------------------------------ */

/* A component of a path; empty ones and "." are never returned. */
struct part {
  const char *text;
  size_t len;
};

/* The next component at *path, which is moved behind it. len is 0 at the end. */
static struct part next_part(const char **path) {
  struct part part;
  do {
    *path += strspn(*path, "/");
    part.text = *path;
    part.len = strcspn(*path, "/");
    *path += part.len;
  } while (part.len == 1 && part.text[0] == '.');
  return part;
}

static bool part_is(struct part part, const char *text) {
  return part.len == strlen(text) && memcmp(part.text, text, part.len) == 0;
}

/* Whether <name> is followed by what Scaphandre puts there: rest is all that stands behind <name>. */
static bool is_scaphandre_layout(const char *rest) {
  struct part part = next_part(&rest);
  if (part.len > strlen("intel-rapl:") && memcmp(part.text, "intel-rapl:", strlen("intel-rapl:")) == 0)
    part = next_part(&rest);
  return part_is(part, "energy_uj") && next_part(&rest).len == 0;
}

/* Finds the component that is the name, and what of the path stands before and behind it. */
static struct part find_name(const char *path) {
  struct part name = {0}, last = {0}, before_last = {0};
  bool found = false;
  const char *rest = path;
  for (struct part part = next_part(&rest); part.len > 0; part = next_part(&rest)) {
    before_last = last;
    last = part;
    if (!part_is(part, "scaphandre"))
      continue;
    const char *behind = rest;
    struct part candidate = next_part(&behind);
    const char *further = behind;
    if (candidate.len == 0 || next_part(&further).len == 0)
      continue; /* no directory below it */
    if (is_scaphandre_layout(behind))
      return candidate;
    if (!found)
      name = candidate;
    found = true;
  }
  if (found)
    return name;
  return before_last.len > 0 ? before_last : last;
}

char *label_from_path(const char *path) {
  struct part name = find_name(path);
  return strndup(name.text != NULL ? name.text : "", name.len);
}

/* ---- the safe name ----------------------------------------------------------------------------------------------- */

/* The length in bytes of the valid UTF-8 character at text and its code point; 0 where there is none. */
static size_t decode(const unsigned char *text, uint32_t *code) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t len;
  if (text[0] < 0x80)
    len = 1;
  else if (text[0] >= 0xc2 && text[0] < 0xe0)
    len = 2;
  else if (text[0] >= 0xe0 && text[0] < 0xf0)
    len = 3;
  else if (text[0] >= 0xf0 && text[0] < 0xf5)
    len = 4;
  else
    return 0;
  *code = len == 1 ? text[0] : text[0] & (0xffu >> (len + 1));
  for (size_t i = 1; i < len; i++) {
    if ((text[i] & 0xc0) != 0x80)
      return 0; /* also the NUL at the end */
    *code = *code << 6 | (text[i] & 0x3fu);
  }
  if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
    return 0;
  return len;
}

/* Characters that no output shall have: controls, separators of lines and paragraphs, marks of direction. */
static bool is_harmful(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* A copy in which harmful characters, invalid bytes and those in also became '_'. */
static char *replace_harmful(const char *text, const char *also) {
  char *copy = malloc(strlen(text) + 1);
  if (copy == NULL)
    return NULL;
  char *to = copy;
  while (*text != '\0') {
    uint32_t code;
    size_t len = decode((const unsigned char *)text, &code);
    if (len == 0 || is_harmful(code) || (code < 0x80 && strchr(also, (int)code) != NULL)) {
      *to++ = '_';
    } else {
      memcpy(to, text, len);
      to += len;
    }
    text += len == 0 ? 1 : len;
  }
  *to = '\0';
  return copy;
}

char *label_make_safe(const char *raw) {
  char *safe = replace_harmful(raw[0] != '\0' ? raw : "_", "/;");
  if (safe != NULL && (safe[0] == '.' || safe[0] == '-'))
    safe[0] = '_';
  return safe;
}

bool label_is_safe(const char *raw) {
  if (raw[0] == '\0' || raw[0] == '.' || raw[0] == '-')
    return false;
  while (*raw != '\0') {
    uint32_t code;
    size_t len = decode((const unsigned char *)raw, &code);
    if (len == 0 || is_harmful(code) || code == '/' || code == ';')
      return false;
    raw += len;
  }
  return true;
}

char *label_printable(const char *text) {
  return replace_harmful(text, "");
}

/* ---- cutting ----------------------------------------------------------------------------------------------------- */

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ : 64 bits, folded to 32. No secret: what hangs on it is checked.
 */
static uint32_t hash(const char *text) {
  uint64_t h = UINT64_C(14695981039346656037);
  for (; *text != '\0'; text++)
    h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
  return (uint32_t)(h ^ h >> 32);
}

/* The largest length of at most max bytes that splits no character. */
static size_t boundary(const char *text, size_t max) {
  if (strlen(text) <= max)
    return strlen(text);
  while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
    max--;
  return max;
}

/* head, cut so that tail fits behind it. */
static char *join(const char *head, const char *tail, size_t max) {
  size_t tail_len = strlen(tail);
  size_t head_len = boundary(head, max - tail_len);
  char *text = malloc(head_len + tail_len + 1);
  if (text == NULL)
    return NULL;
  memcpy(text, head, head_len);
  memcpy(text + head_len, tail, tail_len + 1);
  return text;
}

char *label_cut(const char *safe, size_t max) {
  char tail[HASH_LEN + 2] = "";
  if (strlen(safe) > max)
    snprintf(tail, sizeof(tail), "_%08x", hash(safe));
  return join(safe, tail, max);
}

/* ---- the set ----------------------------------------------------------------------------------------------------- */

struct label_set {
  size_t max;
  void *tree; /* of the labels, by strcmp */
};

struct label_set *label_set_new(size_t max) {
  struct label_set *set = calloc(1, sizeof(*set));
  if (set != NULL)
    set->max = max;
  return set;
}

void label_set_free(struct label_set *set) {
  if (set == NULL)
    return;
  tdestroy(set->tree, free);
  free(set);
}

static int compare(const void *a, const void *b) {
  return strcmp(a, b);
}

enum outcome { TAKEN, ADDED, NO_MEMORY };

/* Adds the text, which becomes the set's, unless it is in it. */
static enum outcome try_text(struct label_set *set, char *text) {
  if (text == NULL)
    return NO_MEMORY;
  char **node = tsearch(text, &set->tree, compare);
  if (node != NULL && *node == text)
    return ADDED;
  free(text);
  return node == NULL ? NO_MEMORY : TAKEN;
}

/* base_extra, both already safe, cut to fit. */
static enum outcome try_pair(struct label_set *set, const char *base, const char *extra, const char **label) {
  size_t size = strlen(base) + strlen(extra) + 2;
  char *whole = malloc(size);
  if (whole == NULL)
    return NO_MEMORY;
  snprintf(whole, size, extra[0] != '\0' ? "%s_%s" : "%s%s", base, extra);
  char *text = label_cut(whole, set->max);
  free(whole);
  enum outcome outcome = try_text(set, text);
  if (outcome == ADDED)
    *label = text;
  return outcome;
}

/* What stands in the path from text up to end, without the name of the file, as part of a label. */
static char *stretch(const char *text, const char *end) {
  while (text < end && *text == '/')
    text++;
  while (end > text && end[-1] == '/')
    end--;
  char *raw = strndup(text, (size_t)(end - text));
  char *safe = raw == NULL ? NULL : replace_harmful(raw, "/;");
  free(raw);
  return safe;
}

static enum outcome try_stretch(struct label_set *set, const char *base, const char *text, const char *end,
                                const char **label) {
  char *extra = stretch(text, end);
  if (extra == NULL)
    return NO_MEMORY;
  enum outcome outcome = extra[0] == '\0' ? TAKEN : try_pair(set, base, extra, label);
  free(extra);
  return outcome;
}

/* base and a hash of the path, then a number on top: tenants can make hashes meet. */
static enum outcome try_hashes(struct label_set *set, const char *base, const char *path, const char **label) {
  enum outcome outcome = TAKEN;
  for (unsigned n = 1; outcome == TAKEN && n != 0; n++) {
    char tail[HASH_LEN + 16];
    if (n == 1)
      snprintf(tail, sizeof(tail), "_%08x", hash(path));
    else
      snprintf(tail, sizeof(tail), "_%08x_%u", hash(path), n);
    size_t room = strlen(tail) + 1 < set->max ? set->max : strlen(tail) + 1;
    char *text = join(base, tail, room);
    outcome = try_text(set, text);
    if (outcome == ADDED)
      *label = text;
  }
  return outcome;
}

const char *label_set_add(struct label_set *set, const char *path) {
  const char *label = NULL;
  struct part name = find_name(path);
  char *raw = label_from_path(path);
  char *base = raw == NULL ? NULL : label_make_safe(raw);
  free(raw);
  if (base == NULL)
    return NULL;

  enum outcome outcome = try_pair(set, base, "", &label);
  if (outcome == TAKEN && name.text != NULL) {
    const char *file = strrchr(path, '/');
    const char *behind = name.text + name.len;
    if (file != NULL && file > behind)
      outcome = try_stretch(set, base, behind, file, &label);
    if (outcome == TAKEN)
      outcome = try_stretch(set, base, path, name.text, &label);
  }
  if (outcome == TAKEN)
    try_hashes(set, base, path, &label);
  free(base);
  return label;
}

void label_set_remove(struct label_set *set, const char *label) {
  char **node = tfind(label, &set->tree, compare);
  if (node == NULL)
    return;
  char *text = *node;
  tdelete(text, &set->tree, compare);
  free(text);
}
