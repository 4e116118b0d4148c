#include "state.h"

#include "csv_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "vm_energy state "

/* Bytes reserved for the first and the last line. */
#define FRAME_MAX_BYTES ((size_t)160)

struct state_entry {
  struct state_record record;
  struct state_entry *next;
  const char *path; /* stored after the struct */
};

struct state {
  void *tree; /* of struct state_entry, by path */
  struct state_entry *first;
  size_t entries_num;
};

/* ---- entries ----------------------------------------------------------------------------------------------------- */

struct state *state_new(void) {
  return calloc(1, sizeof(struct state));
}

static void clear(struct state *state) {
  tdestroy(state->tree, free);
  *state = (struct state){0};
}

void state_free(struct state *state) {
  if (state == NULL)
    return;
  clear(state);
  free(state);
}

size_t state_count(const struct state *state) {
  return state->entries_num;
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const struct state_entry *)a)->path, ((const struct state_entry *)b)->path);
}

static struct state_entry *find(const struct state *state, const char *path) {
  const struct state_entry key = {.path = path};
  struct state_entry **node = tfind(&key, &state->tree, by_path);
  return node == NULL ? NULL : *node;
}

const struct state_record *state_find(const struct state *state, const char *path) {
  const struct state_entry *entry = find(state, path);
  return entry == NULL ? NULL : &entry->record;
}

static struct state_entry *add(struct state *state, const char *path) {
  size_t size = strlen(path) + 1;
  struct state_entry *entry = malloc(sizeof(*entry) + size);
  if (entry == NULL)
    return NULL;
  entry->path = memcpy(entry + 1, path, size);
  if (tsearch(entry, &state->tree, by_path) == NULL) {
    free(entry);
    return NULL;
  }
  entry->next = state->first;
  state->first = entry;
  state->entries_num++;
  return entry;
}

int state_set(struct state *state, const char *path, const struct state_record *record) {
  if (path[0] != '/' || strlen(path) >= PATH_MAX || record->seen_s < 0 || record->seen_s > STATE_SEEN_MAX_S)
    return -EINVAL;
  struct state_entry *entry = find(state, path);
  if (entry == NULL)
    entry = add(state, path);
  if (entry == NULL)
    return -ENOMEM;
  entry->record = *record;
  return 0;
}

static int first_path_first(const void *a, const void *b) {
  return by_path(*(struct state_entry *const *)a, *(struct state_entry *const *)b);
}

static int newest_first(const void *a, const void *b) {
  const struct state_entry *x = *(struct state_entry *const *)a, *y = *(struct state_entry *const *)b;
  if (x->record.seen_s != y->record.seen_s)
    return x->record.seen_s < y->record.seen_s ? 1 : -1;
  return by_path(x, y);
}

/* All entries in that order, to be freed. NULL: out of memory. */
static struct state_entry **list(const struct state *state, int (*order)(const void *a, const void *b)) {
  struct state_entry **entries = malloc((state->entries_num + 1) * sizeof(struct state_entry *));
  if (entries == NULL)
    return NULL;
  size_t num = 0;
  for (struct state_entry *entry = state->first; entry != NULL; entry = entry->next)
    entries[num++] = entry;
  qsort(entries, num, sizeof(*entries), order);
  return entries;
}

/* ---- to text ----------------------------------------------------------------------------------------------------- */

static uint64_t checksum(const char *data, size_t len) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < len; i++)
    hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static void put_number(struct csv_text *text, uint64_t number) {
  csv_text_u64(text, number, 1);
  csv_text_char(text, ' ');
}

static void put_line(struct csv_text *text, const struct state_entry *entry) {
  static const char digits[] = "0123456789ABCDEF";
  put_number(text, entry->record.total_uj);
  put_number(text, entry->record.counter_uj);
  put_number(text, (uint64_t)entry->record.seen_s);
  for (const char *c = entry->path; *c != '\0'; c++) {
    bool is_plain = *c > ' ' && *c <= '~' && *c != '%';
    csv_text_char(text, is_plain ? *c : '%');
    if (!is_plain) {
      csv_text_char(text, digits[(unsigned char)*c >> 4]);
      csv_text_char(text, digits[*c & 15]);
    }
  }
  csv_text_char(text, '\n');
}

int state_format(const struct state *state, char **text, size_t *len) {
  if (state->entries_num > STATE_RECORDS_MAX)
    return -EFBIG;
  struct state_entry **entries = list(state, first_path_first);
  if (entries == NULL)
    return -ENOMEM;
  struct csv_text out = {0};
  csv_text_string(&out, MAGIC "1\n");
  for (size_t i = 0; i < state->entries_num && out.len <= STATE_BYTES_MAX; i++)
    put_line(&out, entries[i]);
  free(entries);
  csv_text_string(&out, "end ");
  put_number(&out, state->entries_num);
  char sum[32];
  snprintf(sum, sizeof(sum), "%016" PRIx64 "\n", checksum(out.data, out.len));
  csv_text_string(&out, sum);
  csv_text_char(&out, '\0');
  *text = out.data;
  *len = out.len - 1;
  if (!out.failed && *len <= STATE_BYTES_MAX)
    return 0;
  free(out.data);
  return out.failed ? -ENOMEM : -EFBIG;
}

size_t state_trim(struct state *state) {
  struct state_entry **entries = list(state, newest_first);
  if (entries == NULL)
    return 0;
  size_t count = state->entries_num, kept = 0, bytes = FRAME_MAX_BYTES;
  struct csv_text line = {0};
  for (; kept < count && kept < STATE_RECORDS_MAX; kept++) {
    csv_text_clear(&line);
    put_line(&line, entries[kept]);
    bytes += line.len;
    if (bytes > STATE_BYTES_MAX)
      break;
  }
  for (size_t i = kept; i < count; i++) {
    tdelete(entries[i], &state->tree, by_path);
    free(entries[i]);
  }
  state->first = NULL;
  for (size_t i = 0; i < kept; i++) {
    entries[i]->next = state->first;
    state->first = entries[i];
  }
  state->entries_num = kept;
  free(entries);
  free(line.data);
  return count - kept;
}

/* ---- from text --------------------------------------------------------------------------------------------------- */

/* Takes digits and the byte after them. Never reads past the '\n' that must end the line of *at. */
static bool take_number(const char **at, char after, uint64_t *number) {
  if (!isdigit((unsigned char)**at))
    return false;
  char *rest;
  *number = strtoull(*at, &rest, 10);
  *at = rest + 1;
  return *rest == after;
}

/* -ENOMEM or 0, also for an invalid line: compare() finds it. */
static int take_line(struct state *state, const char *at) {
  struct state_record record;
  uint64_t seen;
  if (!take_number(&at, ' ', &record.total_uj) || !take_number(&at, ' ', &record.counter_uj) ||
      !take_number(&at, ' ', &seen))
    return 0;
  record.seen_s = (int64_t)seen;
  char path[PATH_MAX];
  size_t len = 0;
  for (; *at != '\n' && len + 1 < sizeof(path); at++) {
    path[len] = *at;
    if (*at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
      const char hex[] = {at[1], at[2], '\0'};
      path[len] = (char)strtoul(hex, NULL, 16);
      at += 2;
    }
    len++;
  }
  path[len] = '\0';
  return state_set(state, path, &record) == -ENOMEM ? -ENOMEM : 0;
}

/* Takes records up to the first line that does not begin with a digit. */
static int take_lines(struct state *state, const char *text, size_t len) {
  const char *end = text + len, *at = text + strlen(MAGIC), *newline = memchr(text, '\n', len);
  uint64_t version;
  if (newline == NULL || newline < at || memcmp(text, MAGIC, strlen(MAGIC)) != 0 || !take_number(&at, '\n', &version))
    return -EBADMSG;
  if (version != 1)
    return -EPROTONOSUPPORT;
  int status = 0;
  for (; status == 0 && state->entries_num <= STATE_RECORDS_MAX; at = newline + 1) {
    newline = memchr(at, '\n', (size_t)(end - at));
    if (newline == NULL || !isdigit((unsigned char)*at))
      break;
    status = take_line(state, at);
  }
  return status;
}

/* There is one way to write a state, so text that differs from it in any byte is damaged. */
static int compare(const struct state *state, const char *text, size_t len) {
  char *again;
  size_t again_len;
  int status = state_format(state, &again, &again_len);
  if (status != 0)
    return status;
  bool same = again_len == len && memcmp(again, text, len) == 0;
  free(again);
  return same ? 0 : -EBADMSG;
}

int state_parse(struct state *state, const char *text, size_t len) {
  int status = len > STATE_BYTES_MAX ? -EFBIG : take_lines(state, text, len);
  if (status == 0)
    status = compare(state, text, len);
  if (status != 0)
    clear(state);
  return status;
}
