/* Waiting: what ends it. Pipes stand for the keyboard; no test waits for time to pass. */
#include "../standalone/stop.h"

#include "core/clock.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
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

START_TEST(test_past_deadline) {
  ck_assert_int_eq(stop_wait(&stop, PAST), 0);
  ck_assert_int_eq(stop_wait(&stop, -5), 0);
  ck_assert_int_eq(stop.reason, STOP_NOT);
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
  ck_assert_int_eq(stop.reason, STOP_NOT);
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
  ck_assert_int_eq(stop_wait(&stop, PAST), 1); /* the sign wins over a deadline that has passed */
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
  Suite *suite = suite_create("stop");
  TCase *cases = tcase_create("wait");
  tcase_add_checked_fixture(cases, set_up, tear_down);
  tcase_add_test(cases, test_past_deadline);
  tcase_add_test(cases, test_deadline);
  tcase_add_loop_test(cases, test_input, 0, sizeof(input_rows) / sizeof(input_rows[0]));
  tcase_add_test(cases, test_text_without_newline_is_no_end);
  tcase_add_test(cases, test_closed_input);
  tcase_add_test(cases, test_input_is_left_alone);
  tcase_add_loop_test(cases, test_signal, 0, sizeof(signal_rows) / sizeof(signal_rows[0]));
  tcase_add_test(cases, test_no_deadline);
  tcase_add_test(cases, test_ignored_hangup);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
