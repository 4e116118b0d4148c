/* CSV, row by row: rows, fields, cut lines; and files that are not CSV. */
#include "../standalone/common/csv_reader.h"

#include "scratch.h"
#include "suite.h"

#include <signal.h>

static char got[4096];

/* "1:a,b|" for each row; '!' after one that is cut. */
static int take(const struct csv_row *row, void *arg) {
  (void)arg;
  size_t len = strlen(got);
  len += (size_t)snprintf(got + len, sizeof(got) - len, "%d:%s", (int)row->line, row->open ? "?" : "");
  for (size_t i = 0; i < row->count; i++)
    len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s", i > 0 ? "," : "", row->fields[i]);
  snprintf(got + len, sizeof(got) - len, "%s|", row->cut ? "!" : "");
  return 0;
}

static const struct {
  const char *text, *expected;
} rows[] = {
    {"", ""},
    {"\n", ""},
    {"a\n", "1:a|"},
    {"a,b\n1,2\n", "1:a,b|2:1,2|"},
    {"a,b\r\n1,2\r\n", "1:a,b|2:1,2|"},
    {"\xef\xbb\xbfts,b\n", "1:ts,b|"},
    {"a\n\n\nb\n", "1:a|4:b|"},
    {"a,\n,\n", "1:a,|2:,|"},
    {"\"a,\"\"b\"\"\",c\n", "1:a,\"b\",c|"},
    {"\"two\nlines\",c\nd\n", "1:two\nlines,c|3:d|"},
    {" a , b \n", "1: a , b |"},
    {"a,b\n1,", "1:a,b|2:1,!|"},
    {"a,b\n1,2", "1:a,b|2:1,2!|"},
    {"a\rb,c\r", "1:a|2:b,c|"},
    {"a,\"b\r\nc\"\r\nd,e\r\n", "1:a,b\r\nc|3:d,e|"},
    {"a,b\n\xef\xbb\xbf"
     "c,d\n",
     "1:a,b|2:c,d|"},
    /* a quote that is not closed costs its line, not the file */
    {"a,b\n1,\"2\n3,4\n", "1:a,b|2:?1,\"2|3:3,4|"},
    {"a,b\n1,\"2\n3,4\n5,\"6\n7,8\n", "1:a,b|2:?1,\"2|3:3,4|4:?5,\"6|5:7,8|"},
    {"a,b\n1,\"2\n", "1:a,b|2:?1,\"2|"},
    {"a,b\n1,\"2", "1:a,b|2:1,\"2!|"},
    {"a,b\n\"1,2\n3,4", "1:a,b|2:?\"1,2|3:3,4!|"},
    {"a,b\n1,\"two\nlines\"\n3,4\n", "1:a,b|2:1,two\nlines|4:3,4|"},
    {"a,b\n1,\"\n\n\"\n3,4\n", "1:a,b|2:1,\n\n|5:3,4|"},
    {"a,b\n1,2\"\n3,\"4\"5\"\n", "1:a,b|2:1,2\"|3:3,4\"5|"},
    {"a,b\n1,\"2\"\"\n3,4\n", "1:a,b|2:?1,\"2\"\"|3:3,4|"},
    {"\"\"\n", "1:|"},
};

START_TEST(test_rows) {
  write_text("file.csv", rows[_i].text);
  got[0] = '\0';
  ck_assert_int_eq(csv_reader_read(in_scratch("file.csv"), take, NULL), 0);
  ck_assert_str_eq(got, rows[_i].expected);
}
END_TEST

START_TEST(test_nul_bytes) {
  write_bytes("file.csv", "a\0b,c\n\0\0\0", 9);
  got[0] = '\0';
  ck_assert_int_eq(csv_reader_read(in_scratch("file.csv"), take, NULL), 0);
  ck_assert_str_eq(got, "1:a\x1a"
                        "b,c|2:\x1a\x1a\x1a!|");
}
END_TEST

static int stop_at_second(const struct csv_row *row, void *arg) {
  ++*(int *)arg;
  return row->line == 2 ? 42 : 0;
}

START_TEST(test_taker_stops) {
  int calls = 0;
  write_text("file.csv", "a\nb\nc\nd\n");
  ck_assert_int_eq(csv_reader_read(in_scratch("file.csv"), stop_at_second, &calls), 42);
  ck_assert_int_eq(calls, 2);
}
END_TEST

static int count_fields(const struct csv_row *row, void *arg) {
  *(size_t *)arg += row->count;
  return 0;
}

/* Rows longer than one read(), up to one of 10,000 VMs. */
START_TEST(test_long_rows) {
  size_t size = 600000, fields = 0;
  char *text = malloc(size);
  ck_assert_ptr_nonnull(text);
  memset(text, 'x', size);
  for (size_t i = 19; i < size; i += 20)
    text[i] = ',';
  text[size / 2] = text[size - 1] = '\n';
  write_bytes("file.csv", text, size);
  ck_assert_int_eq(csv_reader_read(in_scratch("file.csv"), count_fields, &fields), 0);
  ck_assert_uint_eq(fields, 30000 + 1);
  free(text);
}
END_TEST

/* Fields and rows are limited. */
static const char fill_rows[] = {'x', ',', '"', '\0'};

START_TEST(test_no_end) {
  const char *path = in_scratch("file.csv");
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  static char block[1 << 20];
  memset(block, fill_rows[_i] == '"' ? 'x' : fill_rows[_i], sizeof(block));
  if (fill_rows[_i] == '"')
    block[0] = '"';
  for (int i = 0; i < 9; i++) {
    ck_assert_int_eq(write(fd, block, sizeof(block)), (ssize_t)sizeof(block));
    block[0] = block[1];
  }
  close(fd);
  size_t fields = 0;
  ck_assert_int_eq(csv_reader_read(path, count_fields, &fields), -E2BIG);
  ck_assert_uint_eq(fields, 0);
}
END_TEST

START_TEST(test_too_many_fields) {
  size_t size = CSV_READER_ROW_MAX / 8 + 1, fields = 0;
  char *text = malloc(size);
  ck_assert_ptr_nonnull(text);
  memset(text, ',', size);
  text[size - 1] = '\n'; /* a comma less than there are fields */
  write_bytes("file.csv", text, size);
  ck_assert_int_eq(csv_reader_read(in_scratch("file.csv"), count_fields, &fields), -E2BIG);
  write_bytes("file.csv", text + 1, size - 1);
  ck_assert_int_eq(csv_reader_read(in_scratch("file.csv"), count_fields, &fields), 0);
  ck_assert_uint_eq(fields, size - 1);
  free(text);
}
END_TEST

static const struct {
  const char *bytes;
  size_t len;
  const char *filter;
} foreign_rows[] = {
    {"\x1f\x8b\x08", 3, "zcat"},
    {"\xff\xfet\0s\0", 6, "iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff\0t\0s", 6, "iconv -f UTF-16 -t UTF-8"},
    {"t\0s\0", 4, "iconv -f UTF-16LE -t UTF-8"},
    {"\0t\0s", 4, "iconv -f UTF-16BE -t UTF-8"},
    {"\x28\xb5\x2f\xfd....", 8, "zstdcat"},
    {"BZh9", 4, "bzcat"},
    {"PK\x03\x04....", 8, NULL},
};

START_TEST(test_foreign) {
  const struct csv_foreign *foreign = NULL;
  size_t fields = 0;
  write_bytes("file.csv", foreign_rows[_i].bytes, foreign_rows[_i].len);
  ck_assert_int_eq(csv_reader_read_or_identify(in_scratch("file.csv"), count_fields, &fields, &foreign), -EMEDIUMTYPE);
  ck_assert_ptr_nonnull(foreign);
  ck_assert_pstr_eq(foreign->filter, foreign_rows[_i].filter);
  ck_assert_uint_eq(fields, 0);
}
END_TEST

/* An endless field is refused before its end. */
START_TEST(test_endless_pipe) {
  static char block[1 << 16];
  int ends[2], sizes[2];
  char path[32];
  size_t fields = 0, written = 0;
  memset(block, 'x', sizeof(block));
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(pipe(sizes), 0);
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    while (written < (64u << 20) && write(ends[1], block, sizeof(block)) > 0)
      written += sizeof(block);
    _exit(write(sizes[1], &written, sizeof(written)) == (ssize_t)sizeof(written) ? 0 : 1);
  }
  close(ends[1]);
  snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
  ck_assert_int_eq(csv_reader_read(path, count_fields, &fields), -E2BIG);
  close(ends[0]);
  ck_assert_int_eq(read(sizes[0], &written, sizeof(written)), (ssize_t)sizeof(written));
  ck_assert_uint_le(written, CSV_READER_ROW_MAX + (1u << 20));
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(test_no_file) {
  size_t fields = 0;
  int before = count_open_files();
  ck_assert_int_eq(csv_reader_read(in_scratch("missing.csv"), count_fields, &fields), -ENOENT);
  ck_assert_int_eq(csv_reader_read(scratch, count_fields, &fields), -EISDIR);
  ck_assert_int_eq(count_open_files(), before);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("csv_reader");
  suite_case(suite, "rows", scratch_make, scratch_clean, EACH(test_rows, rows), ONCE(test_nul_bytes),
             ONCE(test_taker_stops), ONCE(test_long_rows), EACH(test_no_end, fill_rows),
             EACH(test_foreign, foreign_rows), ONCE(test_too_many_fields), ONCE(test_endless_pipe), ONCE(test_no_file));
  return suite_run(suite);
}
