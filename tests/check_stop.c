/* What ends a wait. Pipes stand in for the keyboard; no test depends on time. */
#include "../standalone/common/stop.h"

#include "core/clock.h"

#include "suite.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAST   INT64_C(0)
#define FUTURE (INT64_C(1000000) * NS_PER_S) /* after boot */

static int ends[2];
static struct stop stop;

static void set_up(void) {
  ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
  ck_assert_int_eq(stop_open(&stop, ends[0], NULL), 0);
}

static void tear_down(void) {
  stop_close(&stop);
}

/* The caller reads the keys. */
START_TEST(test_key) {
  int keys[2];
  char key;
  ck_assert_int_eq(stop.key_fd, -1);
  ck_assert_int_eq(pipe2(keys, O_CLOEXEC), 0);
  stop.key_fd = keys[0];
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
  ck_assert_int_eq(write(keys[1], "qx", 2), 2);
  ck_assert_int_eq(stop_wait(&stop, STOP_NO_DEADLINE), 1);
  ck_assert_int_eq(stop.reason, STOP_KEY);
  ck_assert_int_eq(read(keys[0], &key, 1), 1);
  ck_assert_int_eq(key, 'q');
  ck_assert_int_eq(stop_wait(&stop, STOP_NO_DEADLINE), 1);
  ck_assert_int_eq(read(keys[0], &key, 1), 1);
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
  ck_assert_int_eq(write(keys[1], "q", 1), 1);
  ck_assert_int_eq(raise(SIGTERM), 0);
  ck_assert_int_eq(stop_wait(&stop, STOP_NO_DEADLINE), 1);
  ck_assert_int_eq(stop.reason, STOP_SIGNAL); /* a signal before keys */
}
END_TEST

START_TEST(test_past_deadline) {
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
  ck_assert_int_eq(stop_wait(&stop, -5), 0);
  ck_assert_int_eq(stop.reason, STOP_NONE);
}
END_TEST

START_TEST(test_deadline) {
  struct timespec now;
  ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &now), 0);
  int64_t deadline_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec + 2 * NS_PER_MS;
  ck_assert_int_eq(stop_wait(&stop, deadline_ns), 0);
  ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &now), 0);
  ck_assert_int_ge((int64_t)now.tv_sec * NS_PER_S + now.tv_nsec, deadline_ns); /* never early */
}
END_TEST

static const struct {
  const char *text;
  bool ended;
  enum stop_reason reason;
} input_rows[] = {
    {"\n", false, STOP_ENTER},      {"stop\n", false, STOP_ENTER},    {"", true, STOP_EOF},
    {"no newline", true, STOP_EOF}, {"one\ntwo\n", true, STOP_ENTER},
};

START_TEST(test_input) {
  ssize_t len = (ssize_t)strlen(input_rows[_i].text);
  ck_assert_int_eq(write(ends[1], input_rows[_i].text, (size_t)len), len);
  if (input_rows[_i].ended)
    close(ends[1]);
  ck_assert_int_eq(stop_wait(&stop, FUTURE), 1);
  ck_assert_int_eq(stop.reason, input_rows[_i].reason);
}
END_TEST

START_TEST(test_text_without_newline_is_no_end) {
  ck_assert_int_eq(write(ends[1], "abc", 3), 3);
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
  ck_assert_int_eq(stop.reason, STOP_NONE);
}
END_TEST

/* With words: how each of several waits ends. "E": Enter; "X": end of input; else the line. */
static const struct {
  const char *text, *signs[6];
} line_rows[] = {
    {"\n", {"E"}},
    {"warm-up\n", {"warm-up"}},
    {"one\ntwo\n\n", {"one", "two", "E"}},
    {"one\n \ntwo\n", {"one", "E", "two", "X"}},
    {"one\nno end", {"one", "no end", "X"}},
    {"", {"X", "X"}},
};

static const char *sign(void) {
  ck_assert_int_eq(stop_wait(&stop, FUTURE), 1);
  if (stop.reason == STOP_LINE)
    return stop.lines.text;
  return stop.reason == STOP_ENTER ? "E" : stop.reason == STOP_EOF ? "X" : "?";
}

START_TEST(test_lines) {
  stop.reports_lines = true;
  ssize_t len = (ssize_t)strlen(line_rows[_i].text);
  ck_assert_int_eq(write(ends[1], line_rows[_i].text, (size_t)len), len);
  close(ends[1]);
  for (size_t i = 0; line_rows[_i].signs[i] != NULL; i++)
    ck_assert_str_eq(sign(), line_rows[_i].signs[i]);
}
END_TEST

START_TEST(test_line_in_pieces) {
  stop.reports_lines = true;
  ck_assert_int_eq(write(ends[1], "warm", 4), 4);
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
  ck_assert_int_eq(write(ends[1], "-up\nne", 6), 6);
  ck_assert_str_eq(sign(), "warm-up");
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
  ck_assert_int_eq(stop.reason, STOP_NONE);
  ck_assert_int_eq(write(ends[1], "xt\n", 3), 3);
  ck_assert_str_eq(sign(), "next");
}
END_TEST

/* Lines already read come first. */
START_TEST(test_lines_at_once) {
  stop.reports_lines = true;
  ck_assert_int_eq(write(ends[1], "one\ntwo\nth", 10), 10);
  ck_assert_str_eq(sign(), "one");
  ck_assert_str_eq(sign(), "two");
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
}
END_TEST

/* A flood of lines: every other wait ends at its deadline. */
START_TEST(test_flood) {
  stop.reports_lines = true;
  int lines = 0, deadlines = 0;
  for (int i = 0; i < 100; i++) {
    ck_assert_int_eq(write(ends[1], "x\ny\n", 4), 4);
    int status = stop_wait(&stop, PAST);
    lines += status == 1 && stop.reason == STOP_LINE;
    deadlines += status == 0;
  }
  ck_assert_int_eq(lines, 50);
  ck_assert_int_eq(deadlines, 50);
  ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
  ck_assert_int_eq(stop_wait(&stop, PAST), 1);
  ck_assert_int_eq(stop.reason, STOP_SIGNAL); /* nor does it hide a signal */
}
END_TEST

/* In the background of a terminal with a line of input. Returns 0 if the line is read only in the foreground. */
static int wait_in_background(int ready_fd) {
  struct stop other;
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  if (stop_open(&other, STDIN_FILENO, NULL) != 0)
    return 2;
  other.reports_lines = true;
  int64_t soon_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec + 50 * NS_PER_MS;
  if (stop_wait(&other, soon_ns) != 0)
    return 3;
  if (write(ready_fd, "", 1) != 1)
    return 4;
  return stop_wait(&other, FUTURE) == 1 && other.reason == STOP_LINE && strcmp(other.lines.text, "word") == 0 ? 0 : 5;
}

/* The leader of the session, in the foreground. */
static int lead_session(void) {
  int ready[2];
  char c;
  signal(SIGTTOU, SIG_IGN);
  if (pipe2(ready, O_CLOEXEC) != 0)
    return 10;
  pid_t pid = fork();
  if (pid == 0)
    _exit(setpgid(0, 0) == 0 ? wait_in_background(ready[1]) : 11);
  setpgid(pid, pid);
  close(ready[1]);
  if (read(ready[0], &c, 1) != 1) { /* stopped, or ended */
    kill(pid, SIGKILL);
    return 12;
  }
  int status;
  if (tcsetpgrp(STDIN_FILENO, pid) != 0 || waitpid(pid, &status, WUNTRACED) != pid)
    return 13;
  if (WIFSTOPPED(status))
    kill(pid, SIGKILL);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 14;
}

START_TEST(test_background) {
  int terminal, status;
  pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
  ck_assert_int_ge(pid, 0);
  if (pid == 0)
    _exit(lead_session());
  ck_assert_int_eq(write(terminal, "word\n", 5), 5);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(WIFEXITED(status));
  ck_assert_int_eq(WEXITSTATUS(status), 0);
  close(terminal);
}
END_TEST

/* timeout(1) sends its signal twice. */
START_TEST(test_second_signal_is_dropped) {
  struct stop other;
  ck_assert_int_eq(stop_open(&other, -1, NULL), 0);
  ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
  ck_assert_int_eq(stop_wait(&other, FUTURE), 1);
  ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
  ck_assert_int_eq(kill(getpid(), SIGINT), 0);
  stop_close(&other);
  sigset_t pending;
  ck_assert_int_eq(sigpending(&pending), 0);
  ck_assert(!sigismember(&pending, SIGTERM) && !sigismember(&pending, SIGINT));
}
END_TEST

START_TEST(test_closed_input) {
  stop.input_fd = 1000; /* no such descriptor */
  ck_assert_int_eq(stop_wait(&stop, FUTURE), 1);
  ck_assert_int_eq(stop.reason, STOP_EOF);
}
END_TEST

START_TEST(test_input_is_left_alone) {
  struct stop other;
  ck_assert_int_eq(stop_open(&other, -1, NULL), 0);
  ck_assert_int_eq(write(ends[1], "\n", 1), 1);
  ck_assert_int_eq(stop_wait(&other, PAST), 0);
  stop_close(&other);
  char c;
  ck_assert_int_eq(read(ends[0], &c, 1), 1);
}
END_TEST

static const int signal_rows[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(test_signal) {
  ck_assert_int_eq(kill(getpid(), signal_rows[_i]), 0);
  ck_assert_int_eq(stop_wait(&stop, PAST), 1); /* the signal wins over a past deadline */
  ck_assert_int_eq(stop.reason, STOP_SIGNAL);
  ck_assert_int_eq(stop.signal, signal_rows[_i]);
}
END_TEST

START_TEST(test_no_deadline) {
  ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
  ck_assert_int_eq(stop_wait(&stop, STOP_NO_DEADLINE), 1);
  ck_assert_int_eq(stop.reason, STOP_SIGNAL);
}
END_TEST

START_TEST(test_ignored_hangup) {
  struct stop other;
  stop_close(&stop);
  ck_assert_ptr_ne(signal(SIGHUP, SIG_IGN), SIG_ERR);
  ck_assert_int_eq(stop_open(&other, -1, NULL), 0);
  ck_assert_int_eq(kill(getpid(), SIGHUP), 0);
  ck_assert_int_eq(stop_wait(&other, PAST), 0);
  stop_close(&other);
  ck_assert_ptr_ne(signal(SIGHUP, SIG_DFL), SIG_ERR);
  ck_assert_int_eq(stop_open(&stop, ends[0], NULL), 0);
}
END_TEST

int main(void) {
  signal(SIGHUP, SIG_DFL); /* nohup(1) ignores it */
  Suite *suite = suite_create("stop");
  suite_case(suite, "wait", set_up, tear_down, ONCE(test_past_deadline), ONCE(test_key), ONCE(test_deadline),
             EACH(test_input, input_rows), ONCE(test_text_without_newline_is_no_end), EACH(test_lines, line_rows),
             ONCE(test_line_in_pieces), ONCE(test_lines_at_once), ONCE(test_flood), ONCE(test_background),
             ONCE(test_second_signal_is_dropped), ONCE(test_closed_input), ONCE(test_input_is_left_alone),
             EACH(test_signal, signal_rows), ONCE(test_no_deadline), ONCE(test_ignored_hangup));
  return suite_run(suite);
}
