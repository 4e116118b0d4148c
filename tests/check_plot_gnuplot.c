/* Safe strings, and a process that fails. Scripts in PATH stand in for gnuplot. */
#include "../standalone/report/plot_gnuplot.h"

#include "scratch.h"
#include "suite.h"

#include <spawn.h>

static const struct {
  const char *text, *string;
} string_rows[] = {
    {"", "\"\""},
    {"vm-001.a:b_c, d", "\"vm-001.a:b_c, d\""},
    {"it's", "\"it\\047s\""},
    {"'", "\"\\047\""},
    {"\"", "\"\\042\""},
    {"\\n", "\"\\134n\""},
    {"`x`", "\"\\140x\\140\""},
    {"@a$b%s#{}", "\"\\100a\\044b\\045s\\043\\173\\175\""},
    {"+0545 'a1", "\"\\053\\060\\065\\064\\065 \\047a1\""},
    {"two\nlines\tand\x1b more\x7f", "\"two_lines_and_ more_\""},
    {"caf\xc3\xa9", "\"caf\\303\\251\""},
};

START_TEST(test_string) {
  char got[200] = "";
  FILE *script = fmemopen(got, sizeof(got), "w");
  plot_gnuplot_put_string(string_rows[_i].text, script);
  fclose(script);
  ck_assert_str_eq(got, string_rows[_i].string);
}
END_TEST

/* PATH holds this script as gnuplot, and only what it needs. */
static void put_gnuplot(const char *script) {
  signal(SIGPIPE, SIG_IGN); /* as the tool does */
  char path[200];
  snprintf(path, sizeof(path), "%s:/bin:/usr/bin", scratch);
  if (script != NULL) {
    write_text("gnuplot", script);
    ck_assert_int_eq(chmod(in_scratch("gnuplot"), 0755), 0);
    ck_assert_int_eq(setenv("PATH", path, 1), 0);
  } else {
    ck_assert_int_eq(setenv("PATH", scratch, 1), 0);
  }
}

/* What the picture, the message and the status are. */
static const struct {
  const char *script;
  int status;
  const char *said, *picture;
} process_rows[] = {
    {"#!/bin/sh\ncat\n", 0, "", "plot\n"},
    {"#!/bin/sh\ncat >/dev/null; printf '%s' \"$*\"\n", 0, "", "-d"},
    {"#!/bin/sh\ncat >/dev/null; echo a warning >&2\n", 0, "", ""},
    {"#!/bin/sh\ncat >/dev/null; printf 'gnuplot> plot\\n     ^\\n  line 0: bad \\033thing\\n\\n' >&2; exit 1\n", -EIO,
     "line 0: bad _thing", ""},
    {"#!/bin/sh\ncat >/dev/null; exit 3\n", -EIO, "it says nothing", ""},
    {"#!/bin/sh\necho gone >&2; kill -KILL $$\n", -EIO, "gone", ""},
};

START_TEST(test_process) {
  char said[100] = "", picture[100] = "";
  struct plot_gnuplot gnuplot;
  int before = count_open_files();
  put_gnuplot(process_rows[_i].script);
  int fd = open(in_scratch("picture"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ck_assert_int_eq(plot_gnuplot_start(&gnuplot, fd), 0);
  fputs("plot\n", gnuplot.script);
  ck_assert_int_eq(plot_gnuplot_finish(&gnuplot, said, sizeof(said)), process_rows[_i].status);
  ck_assert_str_eq(said, process_rows[_i].said);
  ck_assert_int_ge(pread(fd, picture, sizeof(picture) - 1, 0), 0);
  ck_assert_str_eq(picture, process_rows[_i].picture);
  close(fd);
  ck_assert_int_eq(count_open_files(), before);
}
END_TEST

/* It ends before it has read all: no signal, an error. */
START_TEST(test_ends_early) {
  char said[100] = "";
  struct plot_gnuplot gnuplot;
  put_gnuplot("#!/bin/sh\necho enough >&2\n");
  ck_assert_int_eq(plot_gnuplot_start(&gnuplot, STDOUT_FILENO), 0);
  for (int i = 0; i < 200000; i++)
    fputs("1 2 3\n", gnuplot.script);
  ck_assert_int_eq(plot_gnuplot_finish(&gnuplot, said, sizeof(said)), -EIO);
  ck_assert_str_eq(said, "enough");
}
END_TEST

/* Not so where the child of vfork() has memory of its own: under qemu-user. */
static bool spawn_reports_errors(void) {
  pid_t pid;
  char *const words[] = {NULL};
  int status = posix_spawn(&pid, "/nonexistent", NULL, NULL, words, environ);
  if (status == 0)
    waitpid(pid, NULL, 0);
  return status == ENOENT;
}

START_TEST(test_missing) {
  if (!spawn_reports_errors()) {
    fprintf(stderr, "skipped: posix_spawn reports no errors here, so a missing gnuplot is not detected\n");
    ck_assert_ptr_null(getenv("VM_ENERGY_NO_SKIP"));
    return;
  }
  struct plot_gnuplot gnuplot;
  int before = count_open_files();
  put_gnuplot(NULL);
  ck_assert_int_eq(plot_gnuplot_start(&gnuplot, STDOUT_FILENO), -ENOENT);
  ck_assert_int_eq(count_open_files(), before);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plot_gnuplot");
  suite_case(suite, "gnuplot", scratch_make, scratch_clean, EACH(test_string, string_rows),
             EACH(test_process, process_rows), ONCE(test_ends_early), ONCE(test_missing));
  return suite_run(suite);
}
