#include "common/csv_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK       65536
#define FIELDS_MAX  (CSV_READER_ROW_MAX / 8)
#define BYTE_MARK   "\xef\xbb\xbf"
#define MARK_LEN    (sizeof(BYTE_MARK) - 1)
#define NO_NUL_BYTE '\x1a'

struct reader {
  int (*take)(const struct csv_row *row, void *arg);
  void *arg;
  int fd;
  bool is_over;    /* end of the file was read */
  char terminator; /* of lines; a CR before it belongs to it */
  uint64_t line;   /* of the next one */
  size_t columns;  /* of the row before; 0: none */
  char *data;      /* bytes read: start to end; one more fits */
  size_t size, start, end;
  const char **fields;
  size_t count, fields_size;
};

/* --- bytes -------------------------------------------------------------------------------------------------------- */

/* Reads more. 0, also at the end of the file, or -errno. */
static int fill(struct reader *r) {
  if (r->start > 0) {
    memmove(r->data, r->data + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
  }
  if (r->end > CSV_READER_ROW_MAX)
    return -E2BIG;
  if (r->size < r->end + CHUNK + 1) {
    size_t size = 2 * r->end + CHUNK + 1;
    char *data = realloc(r->data, size);
    if (data == NULL)
      return -ENOMEM;
    r->data = data;
    r->size = size;
  }
  ssize_t n;
  do
    n = read(r->fd, r->data + r->end, CHUNK);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return -errno;
  r->is_over = n == 0;
  r->end += (size_t)n;
  return 0;
}

/* Finds the end of the line that begins at the offset. *ended: it has a terminator. */
static int find_line(struct reader *r, size_t offset, size_t *len, bool *ended) {
  size_t searched = offset;
  for (;;) {
    const char *from = r->data + r->start, *end = NULL;
    size_t there = r->end - r->start;
    if (there > searched)
      end = memchr(from + searched, r->terminator, there - searched);
    if (end != NULL || r->is_over) {
      *ended = end != NULL;
      *len = (end != NULL ? (size_t)(end - from) : there) - offset;
      return 0;
    }
    searched = there;
    int status = fill(r);
    if (status != 0)
      return status;
  }
}

/* --- what a file is ----------------------------------------------------------------------------------------------- */

static const struct {
  const char *start;
  size_t len;
  struct csv_foreign foreign;
} kinds[] = {
    {"\x1f\x8b", 2, {"it is compressed by gzip", "zcat"}},
    {"\x28\xb5\x2f\xfd", 4, {"it is compressed by zstd", "zstdcat"}},
    {"\xfd"
     "7zXZ",
     5,
     {"it is compressed by xz", "xzcat"}},
    {"BZh", 3, {"it is compressed by bzip2", "bzcat"}},
    {"\x04\x22\x4d\x18", 4, {"it is compressed by lz4", "lz4cat"}},
    {"\xff\xfe\0\0", 4, {"it is UTF-32", "iconv -f UTF-32 -t UTF-8"}},
    {"\0\0\xfe\xff", 4, {"it is UTF-32", "iconv -f UTF-32 -t UTF-8"}},
    {"\xff\xfe", 2, {"it is UTF-16", "iconv -f UTF-16 -t UTF-8"}},
    {"\xfe\xff", 2, {"it is UTF-16", "iconv -f UTF-16 -t UTF-8"}},
    {"PK\x03\x04", 4, {"it is a spreadsheet or a ZIP archive; save its table as CSV first", NULL}},
    {"\xd0\xcf\x11\xe0", 4, {"it is a spreadsheet; save its table as CSV first", NULL}},
    {"PAR1", 4, {"it is Parquet; write its table as CSV first", NULL}},
    {"ARROW1", 6, {"it is Arrow; write its table as CSV first", NULL}},
    {"SQLite format 3", 15, {"it is a database; write its table as CSV first", NULL}},
};

static const struct csv_foreign *find_foreign(const struct reader *r) {
  static const struct csv_foreign little = {"it is UTF-16", "iconv -f UTF-16LE -t UTF-8"},
                                  big = {"it is UTF-16", "iconv -f UTF-16BE -t UTF-8"};
  const char *data = r->data + r->start;
  size_t len = r->end - r->start;
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
    if (len >= kinds[i].len && memcmp(data, kinds[i].start, kinds[i].len) == 0)
      return &kinds[i].foreign;
  if (len < 4) /* letters, and no byte order mark */
    return NULL;
  if (data[0] != '\0' && data[1] == '\0' && data[2] != '\0' && data[3] == '\0')
    return &little;
  return data[0] == '\0' && data[1] != '\0' && data[2] == '\0' && data[3] != '\0' ? &big : NULL;
}

/* Reads the first bytes, and finds what ends a line. */
static int begin(struct reader *r, const struct csv_foreign **foreign) {
  int status = 0;
  while (status == 0 && !r->is_over && r->end < 16)
    status = fill(r);
  if (status == 0 && r->end > 0 && r->data[r->end - 1] == '\r' && !r->is_over)
    status = fill(r);
  if (status != 0)
    return status;
  const struct csv_foreign *found = find_foreign(r);
  if (foreign != NULL)
    *foreign = found;
  if (found != NULL)
    return -EMEDIUMTYPE;
  const char *cr = r->end > 0 ? memchr(r->data, '\r', r->end) : NULL;
  const char *lf = r->end > 0 ? memchr(r->data, '\n', r->end) : NULL;
  if (cr != NULL && (lf == NULL || cr + 1 < lf))
    r->terminator = '\r';
  return 0;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* The end of the quoted field at text, after its last quote; NULL: it is not closed. */
static const char *end_of_quoted(const char *text, const char *end) {
  for (const char *quote = text; (quote = memchr(quote + 1, '"', (size_t)(end - quote - 1))) != NULL;) {
    if (quote + 1 == end || quote[1] == ',')
      return quote + 1;
    if (quote[1] == '"')
      quote++;
  }
  return NULL;
}

/* How many fields the text has; 0: a quote is not closed. */
static size_t count_fields(const char *text, size_t len) {
  const char *end = text + len;
  for (size_t count = 1;; count++) {
    if (text < end && *text == '"') {
      text = end_of_quoted(text, end);
      if (text == NULL)
        return 0;
    }
    text = text < end ? memchr(text, ',', (size_t)(end - text)) : NULL;
    if (text == NULL)
      return count;
    text++;
  }
}

static void unquote(char *text, const char *end) {
  char *to = text;
  for (const char *from = text + 1; from < end - 1; from++) {
    *to++ = *from;
    from += *from == '"' && from[1] == '"' && from + 1 < end - 1;
  }
  *to = '\0';
}

/* Splits the text; the byte after it may be written. */
static int split(struct reader *r, char *text, size_t len) {
  char *end = text + len;
  for (char *nul = memchr(text, '\0', len); nul != NULL; nul = memchr(nul, '\0', (size_t)(end - nul)))
    *nul = NO_NUL_BYTE;
  for (r->count = 0;; text++) {
    if (r->count >= FIELDS_MAX)
      return -E2BIG;
    if (r->count == r->fields_size) {
      size_t size = 2 * r->fields_size + 64;
      const char **fields = realloc(r->fields, size * sizeof(*fields));
      if (fields == NULL)
        return -ENOMEM;
      r->fields = fields;
      r->fields_size = size;
    }
    r->fields[r->count++] = text;
    const char *quoted = text < end && *text == '"' ? end_of_quoted(text, end) : NULL;
    char *comma = text;
    if (quoted != NULL)
      comma += quoted - text;
    else
      comma = memchr(text, ',', (size_t)(end - text));
    if (comma == NULL)
      comma = end;
    bool is_last = comma == end;
    if (quoted != NULL)
      unquote(text, quoted);
    *comma = '\0';
    if (is_last)
      return 0;
    text = comma;
  }
}

/* The lines of a row, and how many bytes they take. */
struct extent {
  size_t len, used; /* without and with the last terminator */
  uint64_t lines;
  bool open;
};

static size_t without_cr(const char *text, size_t len) {
  return len > 0 && text[len - 1] == '\r' ? len - 1 : len;
}

/* The line has an open quote: the following ones may belong to the same field. */
static int find_extent(struct reader *r, struct extent *extent) {
  size_t used = extent->used, count = 0;
  extent->open = true;
  for (uint64_t lines = 2; lines <= CSV_READER_QUOTED && count == 0; lines++) {
    size_t more, len;
    bool ended;
    int status = find_line(r, used, &more, &ended);
    if (status != 0)
      return status;
    const char *text = r->data + r->start;
    if (more == 0 && !ended)
      return 0;
    if (r->columns > 1 && count_fields(text + used, without_cr(text + used, more)) == r->columns)
      return 0;
    len = without_cr(text, used + more);
    used += more + ended;
    count = count_fields(text, len);
    if (count > 0 && ended && (r->columns == 0 || count == r->columns))
      *extent = (struct extent){.len = len, .used = used, .lines = lines};
  }
  return 0;
}

static int take_row(struct reader *r, size_t len, bool ended) {
  struct extent extent = {.len = without_cr(r->data + r->start, len), .used = len + ended, .lines = 1};
  char *text = r->data + r->start;
  size_t skip = extent.len >= MARK_LEN && memcmp(text, BYTE_MARK, MARK_LEN) == 0 ? MARK_LEN : 0;
  bool has_quote = extent.len > 0 && memchr(text, '"', extent.len) != NULL;
  int status = 0;
  if (ended && has_quote && count_fields(text + skip, extent.len - skip) == 0) {
    r->start += skip;
    extent.used -= skip;
    extent.len -= skip;
    skip = 0;
    status = find_extent(r, &extent);
  }
  if (status != 0)
    return status;
  text = r->data + r->start + skip;
  struct csv_row row = {.line = r->line, .cut = !ended, .open = extent.open};
  r->line += extent.lines;
  r->start += extent.used;
  if (extent.len == skip)
    return 0;
  text[extent.len - skip] = '\0';
  const char *whole = text;
  row.fields = &whole;
  row.count = 1;
  if (!extent.open) {
    status = split(r, text, extent.len - skip);
    row.fields = r->fields;
    row.count = r->columns = r->count;
  }
  return status != 0 ? status : r->take(&row, r->arg);
}

static int read_rows(struct reader *r, const struct csv_foreign **foreign) {
  int status = begin(r, foreign);
  while (status == 0) {
    size_t len;
    bool ended;
    status = find_line(r, 0, &len, &ended);
    if (status != 0 || (len == 0 && !ended))
      break;
    status = len > CSV_READER_ROW_MAX ? -E2BIG : take_row(r, len, ended);
  }
  return status;
}

int csv_reader_read_or_identify(const char *path, int (*take)(const struct csv_row *row, void *arg), void *arg,
                                const struct csv_foreign **foreign) {
  bool is_stdin = strcmp(path, CSV_READER_STDIN) == 0;
  struct reader reader = {.take = take, .arg = arg, .line = 1, .terminator = '\n'};
  reader.fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (reader.fd < 0)
    return -errno;
  int status = read_rows(&reader, foreign);
  if (!is_stdin)
    close(reader.fd);
  free(reader.data);
  free(reader.fields);
  return status;
}

int csv_reader_read(const char *path, int (*take)(const struct csv_row *row, void *arg), void *arg) {
  return csv_reader_read_or_identify(path, take, arg, NULL);
}

size_t csv_reader_column(const struct csv_row *row, const char *name) {
  size_t i = 0;
  while (i < row->count && strcmp(row->fields[i], name) != 0)
    i++;
  return i;
}
