#include "state.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC  "vm_energy state "
#define HEADER MAGIC "1\n"
#define END    "end "

/* The longest numbers of a line, or of the last one, with what is between them. */
#define LINE_MAX_BYTES ((size_t)80)

#define CHECKSUM_DIGITS 16

struct kept {
  struct state_record record;
  size_t escaped_len;
  char path[];
};

struct state {
  struct kept **entries; /* in no order */
  size_t entries_num, entries_size;
  void *tree; /* of the same entries, by path */
};

/* ---- entries ----------------------------------------------------------------------------------------------------- */

static bool is_plain(char c) {
  return c > ' ' && c <= '~' && c != '%';
}

static size_t escaped_len(const char *path) {
  size_t len = 0;
  for (; *path != '\0'; path++)
    len += is_plain(*path) ? 1 : 3;
  return len;
}

/* In the tree are entries; what is looked for is a path. */
static int compare_path(const void *path, const void *entry) {
  return strcmp(path, ((const struct kept *)entry)->path);
}

static int compare_entries(const void *a, const void *b) {
  return strcmp(((const struct kept *)a)->path, ((const struct kept *)b)->path);
}

struct state *state_new(void) {
  return calloc(1, sizeof(struct state));
}

static void do_nothing(void *entry) {
  (void)entry;
}

static void clear(struct state *state) {
  tdestroy(state->tree, do_nothing);
  for (size_t i = 0; i < state->entries_num; i++)
    free(state->entries[i]);
  free(state->entries);
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

static struct kept *find(const struct state *state, const char *path) {
  struct kept **node = tfind(path, &state->tree, compare_path);
  return node == NULL ? NULL : *node;
}

const struct state_record *state_find(const struct state *state, const char *path) {
  const struct kept *entry = find(state, path);
  return entry == NULL ? NULL : &entry->record;
}

static int add(struct state *state, const char *path, const struct state_record *record) {
  if (state->entries_num == state->entries_size) {
    size_t size = 2 * state->entries_size + 16;
    struct kept **entries = reallocarray(state->entries, size, sizeof(*entries));
    if (entries == NULL)
      return -ENOMEM;
    state->entries = entries;
    state->entries_size = size;
  }
  size_t len = strlen(path);
  struct kept *entry = malloc(sizeof(*entry) + len + 1);
  if (entry == NULL)
    return -ENOMEM;
  entry->record = *record;
  entry->escaped_len = escaped_len(path);
  memcpy(entry->path, path, len + 1);
  if (tsearch(entry, &state->tree, compare_entries) == NULL) {
    free(entry);
    return -ENOMEM;
  }
  state->entries[state->entries_num++] = entry;
  return 0;
}

int state_set(struct state *state, const char *path, const struct state_record *record) {
  if (path[0] != '/' || strlen(path) >= PATH_MAX || record->seen_s < 0 || record->seen_s > STATE_SEEN_MAX_S)
    return -EINVAL;
  struct kept *entry = find(state, path);
  if (entry == NULL)
    return add(state, path, record);
  entry->record = *record;
  return 0;
}

static int newest_first(const void *a, const void *b) {
  const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;
  if (x->record.seen_s != y->record.seen_s)
    return x->record.seen_s < y->record.seen_s ? 1 : -1;
  return strcmp(x->path, y->path);
}

size_t state_trim(struct state *state, int64_t oldest_s) {
  if (state->entries_num > 0)
    qsort(state->entries, state->entries_num, sizeof(struct kept *), newest_first);
  size_t kept = 0, bytes = 2 * LINE_MAX_BYTES; /* the first line and the last one */
  for (; kept < state->entries_num && kept < STATE_RECORDS_MAX; kept++) {
    const struct kept *entry = state->entries[kept];
    bytes += LINE_MAX_BYTES + entry->escaped_len;
    if (entry->record.seen_s < oldest_s || bytes > STATE_BYTES_MAX)
      break;
  }
  size_t forgotten = state->entries_num - kept;
  for (size_t i = kept; i < state->entries_num; i++) {
    tdelete(state->entries[i], &state->tree, compare_entries);
    free(state->entries[i]);
  }
  state->entries_num = kept;
  return forgotten;
}

/* ---- to text ----------------------------------------------------------------------------------------------------- */

static uint64_t checksum(const char *data, size_t len) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < len; i++) {
    hash ^= (unsigned char)data[i];
    hash *= UINT64_C(0x100000001b3);
  }
  return hash;
}

static char *put_path(char *out, const char *path) {
  static const char digits[] = "0123456789ABCDEF";
  for (; *path != '\0'; path++) {
    unsigned char c = (unsigned char)*path;
    if (is_plain(*path)) {
      *out++ = *path;
    } else {
      *out++ = '%';
      *out++ = digits[c >> 4];
      *out++ = digits[c & 15];
    }
  }
  return out;
}

static int by_path(const void *a, const void *b) {
  return compare_entries(*(struct kept *const *)a, *(struct kept *const *)b);
}

int state_format(const struct state *state, char **text, size_t *len) {
  if (state->entries_num > STATE_RECORDS_MAX)
    return -EFBIG;
  if (state->entries_num > 0)
    qsort(state->entries, state->entries_num, sizeof(struct kept *), by_path);
  size_t size = 2 * LINE_MAX_BYTES;
  for (size_t i = 0; i < state->entries_num; i++)
    size += LINE_MAX_BYTES + state->entries[i]->escaped_len;
  if (size > 2 * STATE_BYTES_MAX) /* an estimate */
    return -EFBIG;
  char *start = malloc(size);
  if (start == NULL)
    return -ENOMEM;
  char *out = start + sprintf(start, HEADER);
  for (size_t i = 0; i < state->entries_num; i++) {
    const struct state_record *record = &state->entries[i]->record;
    out += sprintf(out, "%" PRIu64 " %" PRIu64 " %" PRId64 " ", record->total_uj, record->counter_uj, record->seen_s);
    out = put_path(out, state->entries[i]->path);
    *out++ = '\n';
  }
  out += sprintf(out, END "%zu ", state->entries_num);
  out += sprintf(out, "%016" PRIx64 "\n", checksum(start, (size_t)(out - start)));
  *text = start;
  *len = (size_t)(out - start);
  if (*len <= STATE_BYTES_MAX)
    return 0;
  free(start);
  return -EFBIG;
}

/* ---- from text --------------------------------------------------------------------------------------------------- */

/* What is left of the text. */
struct rest {
  const char *at, *end;
};

static bool take_text(struct rest *rest, const char *text) {
  size_t len = strlen(text);
  if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, text, len) != 0)
    return false;
  rest->at += len;
  return true;
}

/* A decimal number without leading zeros, at most max, and the space behind it. */
static bool take_number(struct rest *rest, uint64_t max, uint64_t *number) {
  const char *start = rest->at;
  *number = 0;
  for (; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9'; rest->at++) {
    unsigned digit = (unsigned)(*rest->at - '0');
    if (*number > (max - digit) / 10)
      return false;
    *number = *number * 10 + digit;
  }
  bool zeros = rest->at - start > 1 && *start == '0';
  return rest->at > start && !zeros && take_text(rest, " ");
}

static int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A byte that had to be escaped, and only such a one. */
static bool take_escaped(struct rest *rest, char *c) {
  if (rest->end - rest->at < 3)
    return false;
  int high = hex_digit(rest->at[1]), low = hex_digit(rest->at[2]);
  if (high < 0 || low < 0)
    return false;
  *c = (char)(high * 16 + low);
  rest->at += 3;
  return *c != '\0' && !is_plain(*c);
}

/* An absolute path and the end of its line. */
static bool take_path(struct rest *rest, char path[PATH_MAX]) {
  size_t len = 0;
  while (rest->at < rest->end && *rest->at != '\n') {
    if (len + 1 == PATH_MAX)
      return false;
    if (is_plain(*rest->at))
      path[len++] = *rest->at++;
    else if (*rest->at != '%' || !take_escaped(rest, &path[len++]))
      return false;
  }
  path[len] = '\0';
  return path[0] == '/' && take_text(rest, "\n");
}

static int take_record(struct rest *rest, struct state *state) {
  struct state_record record;
  uint64_t seen;
  char path[PATH_MAX];
  if (!take_number(rest, UINT64_MAX, &record.total_uj) || !take_number(rest, UINT64_MAX, &record.counter_uj) ||
      !take_number(rest, (uint64_t)STATE_SEEN_MAX_S, &seen) || !take_path(rest, path))
    return -EBADMSG;
  record.seen_s = (int64_t)seen;
  size_t count = state->entries_num;
  if (count == STATE_RECORDS_MAX)
    return -EFBIG;
  if (count > 0 && strcmp(state->entries[count - 1]->path, path) >= 0)
    return -EBADMSG;
  return add(state, path, &record);
}

/* The first line of another version. */
static bool is_other_version(struct rest rest) {
  if (!take_text(&rest, MAGIC))
    return false;
  const char *digits = rest.at;
  while (rest.at < rest.end && *rest.at >= '0' && *rest.at <= '9')
    rest.at++;
  return rest.at > digits && take_text(&rest, "\n");
}

static int take_all(struct state *state, const char *text, size_t len) {
  struct rest rest = {.at = text, .end = text + len};
  if (!take_text(&rest, HEADER))
    return is_other_version(rest) ? -EPROTONOSUPPORT : -EBADMSG;
  while (!take_text(&rest, END)) {
    int status = take_record(&rest, state);
    if (status != 0)
      return status;
  }
  uint64_t count;
  if (!take_number(&rest, STATE_RECORDS_MAX, &count) || count != state->entries_num)
    return -EBADMSG;
  char expected[CHECKSUM_DIGITS + 2];
  snprintf(expected, sizeof(expected), "%016" PRIx64 "\n", checksum(text, (size_t)(rest.at - text)));
  return take_text(&rest, expected) && rest.at == rest.end ? 0 : -EBADMSG;
}

int state_parse(struct state *state, const char *text, size_t len) {
  int status = len > STATE_BYTES_MAX ? -EFBIG : take_all(state, text, len);
  if (status != 0)
    clear(state);
  return status;
}
