#include "csv_reader.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK       65536
#define FIELDS_MAX  (CSV_READER_ROW_MAX / 8)
#define BYTE_MARK   "\xef\xbb\xbf"
#define NO_NUL_BYTE '\x1a'

struct reader {
  int (*take)(const struct csv_row *row, void *arg);
  void *arg;
  int status; /* 0: go on */
  uint64_t line;
  char *bytes; /* the fields of the row, each ending in NUL */
  size_t len, size;
  size_t *starts; /* of the fields, in bytes */
  const char **fields;
  size_t count, counts_size;
};

/* libcsv asks for the memory of one field by this. */
static void *grow_field(void *memory, size_t size) {
  return size <= CSV_READER_ROW_MAX ? realloc(memory, size) : NULL;
}

/* White space belongs to a field. */
static int is_no_space(unsigned char c) {
  (void)c;
  return 0;
}

static int make_room(struct reader *r, size_t len) {
  if (r->len + len > CSV_READER_ROW_MAX || r->count >= FIELDS_MAX)
    return -E2BIG;
  if (r->len + len > r->size) {
    size_t size = 2 * (r->len + len);
    char *bytes = realloc(r->bytes, size);
    if (bytes == NULL)
      return -ENOMEM;
    r->bytes = bytes;
    r->size = size;
  }
  if (r->count == r->counts_size) {
    size_t size = 2 * r->counts_size + 64;
    size_t *starts = realloc(r->starts, size * sizeof(*starts));
    if (starts == NULL)
      return -ENOMEM;
    r->starts = starts;
    const char **fields = realloc(r->fields, size * sizeof(*fields));
    if (fields == NULL)
      return -ENOMEM;
    r->fields = fields;
    r->counts_size = size;
  }
  return 0;
}

static void take_field(void *field, size_t len, void *arg) {
  struct reader *r = arg;
  if (r->status != 0)
    return;
  r->status = make_room(r, len + 1);
  if (r->status != 0)
    return;
  char *to = r->bytes + r->len;
  if (len > 0)
    memcpy(to, field, len);
  to[len] = '\0';
  for (char *nul = memchr(to, '\0', len); nul != NULL; nul = memchr(nul, '\0', len - (size_t)(nul - to)))
    *nul = NO_NUL_BYTE;
  r->starts[r->count++] = r->len;
  r->len += len + 1;
}

/* end: what ended the line: LF, CR (and LF then ends an empty one), or -1, the end of the file. */
static void take_line_end(int end, void *arg) {
  struct reader *r = arg;
  if (r->status == 0 && r->count > 0) {
    for (size_t i = 0; i < r->count; i++)
      r->fields[i] = r->bytes + r->starts[i];
    struct csv_row row = {.line = r->line, .fields = r->fields, .count = r->count, .cut = end == -1};
    r->status = r->take(&row, r->arg);
  }
  r->line += end == '\n';
  r->len = r->count = 0;
}

/* 0, or -errno: also when libcsv could get no more memory for a field. */
static int parse(struct reader *r, struct csv_parser *parser, const char *data, size_t len) {
  if (csv_parse(parser, data, len, take_field, take_line_end, r) == len)
    return r->status;
  return csv_error(parser) == CSV_EPARSE ? -EINVAL : -E2BIG;
}

static int parse_file(struct reader *r, struct csv_parser *parser, int fd) {
  char data[CHUNK];
  bool begun = false;
  for (;;) {
    ssize_t n = read(fd, data, sizeof(data));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -errno;
    if (n == 0)
      break;
    size_t mark = strlen(BYTE_MARK);
    size_t skip = !begun && (size_t)n >= mark && memcmp(data, BYTE_MARK, mark) == 0 ? mark : 0;
    begun = true;
    int status = parse(r, parser, data + skip, (size_t)n - skip);
    if (status != 0)
      return status;
  }
  csv_fini(parser, take_field, take_line_end, r);
  return r->status;
}

int csv_reader_read(const char *path, int (*take)(const struct csv_row *row, void *arg), void *arg) {
  struct reader reader = {.take = take, .arg = arg, .line = 1};
  struct csv_parser parser;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return -errno;
  if (csv_init(&parser, CSV_REPALL_NL) != 0) {
    close(fd);
    return -ENOMEM;
  }
  csv_set_space_func(&parser, is_no_space);
  csv_set_realloc_func(&parser, grow_field);
  csv_set_blk_size(&parser, 65536);
  int status = parse_file(&reader, &parser, fd);
  csv_free(&parser);
  close(fd);
  free(reader.bytes);
  free(reader.starts);
  free(reader.fields);
  return status;
}
