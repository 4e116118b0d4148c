/* Messages on standard error, and errors of standard output. */
#include "../standalone/common/message.h"

#include "capture.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

START_TEST(test_tell) {
  capture_begin();
  message_error("unable to open '%s': %d", "x", 5);
  message_warning("%s", "late");
  message_note("done");
  ck_assert_str_eq(capture_end(), "vm_energy: unable to open 'x': 5\n"
                                  "vm_energy: warning: late\n"
                                  "vm_energy: done\n");
}
END_TEST

/* Names are untrusted: control characters become '_', and a message is one line. */
static const struct {
  const char *name, *shown;
} name_rows[] = {
    {"a b/\xc3\xa4", "a b/\xc3\xa4"},
    {"\033]0;x\007", "_]0;x_"},
    {"a\nvm_energy: b\r", "a_vm_energy: b_"},
    {"\x9b"
     "2J\xc2\x9b"
     "2J",
     "_2J_2J"},
    {"\xe2\x80\xae", "_"},
};

START_TEST(test_name) {
  char expected[64];
  snprintf(expected, sizeof(expected), "vm_energy: unable to open '%s'\n", name_rows[_i].shown);
  capture_begin();
  message_error("unable to open '%s'", name_rows[_i].name);
  ck_assert_str_eq(capture_end(), expected);
}
END_TEST

/* Two paths of the greatest length fit into a message; longer ones are cut. */
START_TEST(test_long) {
  static char path[5000], longest[40000];
  memset(path, 'p', sizeof(path) - 1);
  memset(longest, 'q', sizeof(longest) - 1);
  capture_begin();
  message_error("'%s' is '%s'", path, path);
  ck_assert_uint_eq(strlen(capture_end()), strlen("vm_energy: '' is ''\n") + 2 * strlen(path));
  capture_begin();
  message_error("'%s'", longest);
  const char *text = capture_end();
  ck_assert_uint_gt(strlen(text), 2 * strlen(path));
  ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(test_quiet) {
  message_be_quiet();
  capture_begin();
  message_error("error");
  message_warning("warning");
  message_note("note");
  ck_assert_str_eq(capture_end(), "vm_energy: error\n");
}
END_TEST

static void count_up(void *arg) {
  ++*(int *)arg;
}

/* The progress line is cleared before each message, and only then. */
START_TEST(test_before) {
  int count = 0;
  capture_begin();
  message_before(count_up, &count);
  message_error("error");
  message_warning("warning");
  message_note("note");
  ck_assert_int_eq(count, 3);
  message_be_quiet();
  message_warning("warning");
  message_note("note");
  ck_assert_int_eq(count, 3);
  message_before(NULL, NULL);
  message_error("error");
  ck_assert_int_eq(count, 3);
  capture_end();
}
END_TEST

/* ---- standard output: each test is a process of its own ---------------------------------------------------------- */

static void redirect(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  fflush(stdout);
  ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
  close(fd);
}

START_TEST(test_output) {
  redirect("/dev/null", O_WRONLY);
  printf("result\n");
  message_flush_output();
  printf("more\n");
  ck_assert_int_eq(message_close_output(), 0);
}
END_TEST

START_TEST(test_output_of_nothing) {
  redirect("/dev/full", O_WRONLY);
  ck_assert_int_eq(message_close_output(), 0);
}
END_TEST

static const struct {
  const char *path;
  int flags, error;
} rows[] = {{"/dev/full", O_WRONLY, -ENOSPC}, {"/dev/null", O_RDONLY, -EBADF}};

START_TEST(test_output_fails) {
  redirect(rows[_i].path, rows[_i].flags);
  printf("result\n");
  ck_assert_int_eq(message_close_output(), rows[_i].error);
}
END_TEST

/* The first error is reported, not a later one. */
START_TEST(test_output_failed_before) {
  redirect(rows[_i].path, rows[_i].flags);
  printf("result\n");
  message_flush_output();
  redirect("/dev/null", O_WRONLY);
  printf("more\n");
  errno = EPERM;
  ck_assert_int_eq(message_close_output(), rows[_i].error);
}
END_TEST

/* A line that is longer than the buffer fails before anything is flushed. */
START_TEST(test_output_fails_by_itself) {
  redirect(rows[_i].path, rows[_i].flags);
  for (int i = 0; i < 100000; i++)
    printf("result\n");
  redirect("/dev/null", O_WRONLY);
  ck_assert_int_lt(message_close_output(), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("message");
  suite_case(suite, "all", NULL, NULL, ONCE(test_tell), EACH(test_name, name_rows), ONCE(test_long), ONCE(test_quiet),
             ONCE(test_before), ONCE(test_output), ONCE(test_output_of_nothing), EACH(test_output_fails, rows),
             EACH(test_output_failed_before, rows), EACH(test_output_fails_by_itself, rows));
  return suite_run(suite);
}
