#include "label.h"

#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_LEN ((size_t)2)         /* hexadecimal digits */
#define MARK_LEN  (1 + 6 + CHECK_LEN) /* '_', the hash, the check */

/* ---- the raw name ------------------------------------------------------------------------------------------------ */

/* A component of a path; empty ones and "." are never returned. */
struct part {
  const char *text;
  size_t len;
};

/* Returns the next component at *path and moves *path past it. len is 0 at the end. */
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

/* The numbers of a zone: 1 for intel-rapl:0, 2 for its subzone intel-rapl:0:1; 0 for another name. */
static unsigned zone_level(struct part part) {
  static const char prefix[] = "intel-rapl";
  const size_t prefix_len = sizeof(prefix) - 1;
  if (part.len <= prefix_len || memcmp(part.text, prefix, prefix_len) != 0)
    return 0;
  const char *text = part.text + prefix_len, *end = part.text + part.len;
  unsigned level = 0;
  for (; text < end; level++) {
    size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;
    if (digits == 0)
      return 0;
    text += 1 + digits;
  }
  return level;
}

/* True for <name>/energy_uj and <name>/intel-rapl:N/energy_uj. */
static bool is_scaphandre_layout(struct part name, const char *rest) {
  struct part part = next_part(&rest);
  bool zone = zone_level(part) == 1;
  if (zone)
    part = next_part(&rest);
  return (zone || zone_level(name) == 0) && part_is(part, "energy_uj") && next_part(&rest).len == 0;
}

/* The directory that holds the file, or the one above its zones. */
static struct part find_holder(const char *path) {
  struct part holder = {0}, above = {0}, last = {0};
  bool of_host = false;
  for (struct part part = next_part(&path); part.len > 0; part = next_part(&path)) {
    of_host = of_host || (part_is(part, "powercap") && (part_is(last, "class") || part_is(last, "virtual")));
    holder = last;
    if (zone_level(holder) == 0)
      above = holder;
    last = part;
  }
  if (above.len > 0 && !of_host)
    return above;
  return holder.len > 0 ? holder : last;
}

static struct part find_name(const char *path) {
  struct part name = {0};
  const char *rest = path;
  for (struct part part = next_part(&rest); part.len > 0; part = next_part(&rest)) {
    if (!part_is(part, "scaphandre"))
      continue;
    const char *after = rest;
    struct part candidate = next_part(&after);
    const char *further = after;
    if (candidate.len == 0 || next_part(&further).len == 0)
      continue; /* no directory below it */
    if (is_scaphandre_layout(candidate, after))
      return candidate;
    if (name.len == 0 && zone_level(candidate) == 0)
      name = candidate;
  }
  return name.len > 0 ? name : find_holder(path);
}

/* True for /var/scaphandre/<zone>/<file>. */
static bool is_in_guest(const char *path) {
  return path[0] == '/' && part_is(next_part(&path), "var") && part_is(next_part(&path), "scaphandre") &&
         zone_level(next_part(&path)) > 0 && next_part(&path).len > 0 && next_part(&path).len == 0;
}

char *label_from_path(const char *path, const char *host) {
  if (host != NULL && host[0] != '\0' && is_in_guest(path))
    return strdup(host);
  struct part name = find_name(path);
  return strndup(name.text != NULL ? name.text : "", name.len);
}

/* ---- marks ------------------------------------------------------------------------------------------------------- */

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ : 64 bits, folded to 32. */
static uint32_t hash(const char *text, size_t len) {
  uint64_t h = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < len; i++)
    h = (h ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
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

/* The last two digits of a mark, for the len bytes before them. */
static void put_check(char *to, const char *text, size_t len) {
  snprintf(to, CHECK_LEN + 1, "%02x", hash(text, len) & 0xff);
}

/* text, cut to fit, and a mark of number. NULL: out of memory. */
static char *add_mark(const char *text, uint32_t number, size_t max) {
  size_t len = boundary(text, max - MARK_LEN);
  char *marked = malloc(len + MARK_LEN + 1);
  if (marked == NULL)
    return NULL;
  memcpy(marked, text, len);
  snprintf(marked + len, MARK_LEN + 1, "_%06x", number & 0xffffff);
  size_t checked = len + MARK_LEN - CHECK_LEN;
  put_check(marked + checked, marked, checked);
  return marked;
}

static bool has_mark(const char *text) {
  size_t len = strlen(text);
  if (len < MARK_LEN || text[len - MARK_LEN] != '_' ||
      strspn(text + len - MARK_LEN + 1, "0123456789abcdef") < MARK_LEN - 1)
    return false;
  char check[CHECK_LEN + 1];
  put_check(check, text, len - CHECK_LEN);
  return strcmp(text + len - CHECK_LEN, check) == 0;
}

char *label_cut(const char *safe, size_t max) {
  size_t len = strlen(safe);
  return len > max ? add_mark(safe, hash(safe, len), max) : strdup(safe);
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

/* Controls, separators of lines and paragraphs, marks of direction. */
static bool is_harmful(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* In place: harmful characters, invalid bytes and those in also become '_'. */
static void replace_harmful(char *text, const char *also) {
  char *to = text;
  while (*text != '\0') {
    uint32_t code;
    size_t len = decode((const unsigned char *)text, &code);
    if (len == 0 || is_harmful(code) || (code < 0x80 && strchr(also, (int)code) != NULL)) {
      *to++ = '_';
    } else {
      memmove(to, text, len);
      to += len;
    }
    text += len == 0 ? 1 : len;
  }
  *to = '\0';
}

bool label_starts_badly(const char *text) {
  return text[0] != '\0' && strchr(".-=+@\t\r", text[0]) != NULL;
}

char *label_make_safe(const char *raw) {
  if (label_is_safe(raw) && !has_mark(raw))
    return strdup(raw);
  char *safe = strdup(raw[0] != '\0' ? raw : "_");
  if (safe == NULL)
    return NULL;
  replace_harmful(safe, "/;");
  if (label_starts_badly(safe))
    safe[0] = '_';
  char *marked = add_mark(safe, hash(raw, strlen(raw)), SIZE_MAX);
  free(safe);
  return marked;
}

bool label_is_safe(const char *raw) {
  if (raw[0] == '\0' || label_starts_badly(raw))
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

void label_make_printable(char *text) {
  replace_harmful(text, "");
}

char *label_printable(const char *text) {
  char *copy = strdup(text);
  if (copy != NULL)
    label_make_printable(copy);
  return copy;
}

/* ---- the set ----------------------------------------------------------------------------------------------------- */

/* A ring, as insque(3) wants its elements to begin. */
struct link {
  struct link *next, *prev;
};

/* A path and its label. */
struct member {
  struct link link; /* while away */
  char *label;
  void *user;
  bool away;
  char path[];
};

struct labels {
  size_t max;
  char *host;
  void (*free_user)(void *user);
  void *by_label, *by_path; /* tsearch(3) trees of the members */
  struct link away;         /* the one removed first is next */
  size_t away_num;
};

struct labels *labels_new(size_t max, const char *host, void (*free_user)(void *user)) {
  struct labels *set = calloc(1, sizeof(*set));
  char *copy = strdup(host != NULL ? host : "");
  if (set == NULL || copy == NULL) {
    free(set);
    free(copy);
    return NULL;
  }
  set->max = max;
  set->host = copy;
  set->free_user = free_user;
  set->away.next = set->away.prev = &set->away;
  return set;
}

static int compare_labels(const void *a, const void *b) {
  return strcmp(((const struct member *)a)->label, ((const struct member *)b)->label);
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(((const struct member *)a)->path, ((const struct member *)b)->path);
}

static struct member *find_member(struct labels *set, const char *label) {
  struct member key = {.label = (char *)(uintptr_t)label};
  struct member **node = tfind(&key, &set->by_label, compare_labels);
  return node != NULL ? *node : NULL;
}

static void come_back(struct labels *set, struct member *member) {
  if (!member->away)
    return;
  member->away = false;
  set->away_num--;
  remque(&member->link);
}

static void drop(struct labels *set, struct member *member) {
  come_back(set, member);
  tdelete(member, &set->by_path, compare_paths);
  tdelete(member, &set->by_label, compare_labels);
  if (member->user != NULL && set->free_user != NULL)
    set->free_user(member->user);
  free(member->label);
  free(member);
}

void labels_free(struct labels *set) {
  if (set == NULL)
    return;
  while (set->by_label != NULL)
    drop(set, *(struct member **)set->by_label); /* the root of the tree */
  free(set->host);
  free(set);
}

enum outcome { TAKEN, ADDED, NO_MEMORY };

/* Gives the member this label, which becomes the set's, unless another has it. */
static enum outcome try_label(struct labels *set, struct member *member, char *label) {
  if (label == NULL)
    return NO_MEMORY;
  member->label = label;
  struct member **node = tsearch(member, &set->by_label, compare_labels);
  if (node != NULL && *node == member)
    return ADDED;
  member->label = NULL;
  free(label);
  return node == NULL ? NO_MEMORY : TAKEN;
}

/* Tries base and the part of the path from text to end. */
static enum outcome try_stretch(struct labels *set, struct member *member, const char *base, const char *text,
                                const char *end) {
  while (text < end && *text == '/')
    text++;
  while (end > text && end[-1] == '/')
    end--;
  if (text >= end)
    return TAKEN;
  char *whole;
  if (asprintf(&whole, "%s_%.*s", base, (int)(end - text), text) < 0)
    return NO_MEMORY;
  replace_harmful(whole, "/;");
  char *label = label_cut(whole, set->max);
  free(whole);
  return try_label(set, member, label);
}

static enum outcome find_label(struct labels *set, struct member *member, const char *base) {
  const char *path = member->path;
  struct part name = find_name(path);
  enum outcome outcome = try_label(set, member, label_cut(base, set->max));
  if (outcome == TAKEN && name.text != NULL) {
    const char *file = strrchr(path, '/');
    if (file != NULL)
      outcome = try_stretch(set, member, base, name.text + name.len, file);
    if (outcome == TAKEN)
      outcome = try_stretch(set, member, base, path, name.text);
  }
  /* tenants can find names with the same hash */
  for (uint32_t number = hash(path, strlen(path)); outcome == TAKEN; number++)
    outcome = try_label(set, member, add_mark(base, number, set->max));
  return outcome;
}

/* A path that is new to the set. */
static const char *add_member(struct labels *set, struct member *member) {
  char *raw = label_from_path(member->path, set->host);
  char *base = raw == NULL ? NULL : label_make_safe(raw);
  bool added = base != NULL && tsearch(member, &set->by_path, compare_paths) != NULL;
  if (added && find_label(set, member, base) != ADDED) {
    tdelete(member, &set->by_path, compare_paths);
    added = false;
  }
  free(raw);
  free(base);
  if (!added)
    free(member);
  return added ? member->label : NULL;
}

const char *labels_add(struct labels *set, const char *path) {
  size_t size = strlen(path) + 1;
  struct member *member = calloc(1, sizeof(*member) + size);
  if (member == NULL)
    return NULL;
  memcpy(member->path, path, size);
  struct member **node = tfind(member, &set->by_path, compare_paths);
  if (node == NULL)
    return add_member(set, member);
  free(member);
  come_back(set, *node);
  return (*node)->label;
}

void labels_remove(struct labels *set, const char *label) {
  struct member *member = find_member(set, label);
  if (member == NULL || member->away)
    return;
  member->away = true;
  insque(&member->link, set->away.prev);
  if (++set->away_num > LABEL_AWAY_MAX)
    drop(set, (struct member *)set->away.next);
}

void **labels_user(struct labels *set, const char *label) {
  return &find_member(set, label)->user;
}
