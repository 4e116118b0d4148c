/* The progress line: its content, what it leaves out on a narrow terminal, when it is shown and cleared. */
#include "../standalone/measure/progress.h"

#include "../standalone/common/message.h"
#include "capture.h"
#include "core/clock.h"
#include "suite.h"

#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct progress *progress;
static struct sink *sink;

static void set_up(void) {
  ck_assert_int_eq(progress_new(false, &progress), 0);
  sink = progress_sink(progress);
}

static void tear_down(void) {
  progress_free(progress);
}

struct vm {
  const char *label;
  double power_w; /* below 0: none, it is held */
};

static void pass(const struct vm *vms, size_t count) {
  struct instant now = {0};
  ck_assert_int_eq(sink->begin(sink, &now, count), 0);
  for (size_t i = 0; i < count; i++) {
    struct sample sample = {.label = vms[i].label,
                            .state = vms[i].power_w < 0 ? SAMPLE_HELD : SAMPLE_OK,
                            .has_power = vms[i].power_w >= 0,
                            .power_w = vms[i].power_w};
    ck_assert_int_eq(sink->put(sink, &sample), 0);
  }
}

static size_t count_vms(const struct vm *vms) {
  size_t count = 0;
  while (vms[count].label != NULL)
    count++;
  return count;
}

/* ---- the text ---------------------------------------------------------------------------------------------------- */

#define VMS_MAX 5
#define TWO                                                                                                            \
  {                                                                                                                    \
    {"vm-001", 100.036}, {                                                                                             \
      "vm-002", 43                                                                                                     \
    }                                                                                                                  \
  }
#define LEFT (108 * NS_PER_S)

static const struct {
  struct vm vms[VMS_MAX];
  uint64_t taken, planned;
  int64_t left_ns;
  size_t width;
  const char *text;
} rows[] = {
    {TWO, 12, 120, LEFT, 79, "sample 12 of 120, 1:48 left, vm-001 100.04 W, vm-002 43.00 W"},
    {{{0}}, 12, 120, LEFT, 79, "sample 12 of 120, 1:48 left"},
    {{{"vm-001", 0}}, 12, 120, LEFT, 79, "sample 12 of 120, 1:48 left, vm-001 0.00 W"},
    {{{"vm-001", -1}}, 12, 120, LEFT, 79, "sample 12 of 120, 1:48 left, vm-001 held"},
    {{{"vm-001", -1}, {"vm-002", 5}}, 1, 2, LEFT, 79, "sample 1 of 2, 1:48 left, vm-001 held, vm-002 5.00 W"},
    /* no planned end */
    {TWO, 12, 0, LEFT, 79, "sample 12 after 1:48, vm-001 100.04 W, vm-002 43.00 W"},
    {{{0}}, 0, 0, 0, 79, "sample 0 after 0:00"},
    /* time */
    {{{0}}, 1, 2, 0, 79, "sample 1 of 2, 0:00 left"},
    {{{0}}, 1, 2, -5 * NS_PER_S, 79, "sample 1 of 2, 0:00 left"},
    {{{0}}, 1, 2, 499999999, 79, "sample 1 of 2, 0:00 left"},
    {{{0}}, 1, 2, 500000000, 79, "sample 1 of 2, 0:01 left"},
    {{{0}}, 1, 2, 59499 * NS_PER_MS, 79, "sample 1 of 2, 0:59 left"},
    {{{0}}, 1, 2, 59500 * NS_PER_MS, 79, "sample 1 of 2, 1:00 left"},
    {{{0}}, 1, 2, 3599 * NS_PER_S, 79, "sample 1 of 2, 59:59 left"},
    {{{0}}, 1, 2, 3599500 * NS_PER_MS, 79, "sample 1 of 2, 1:00:00 left"},
    {{{0}}, 1, 2, 7205 * NS_PER_S, 79, "sample 1 of 2, 2:00:05 left"},
    {{{0}}, 1, 2, 360000 * NS_PER_S, 79, "sample 1 of 2, 100:00:00 left"},
    {{{0}}, 1, 2, INT64_MAX, 79, "sample 1 of 2, 2562047:47:17 left"},
    /* a narrow terminal: all or none of the VMs, then their sum, then less */
    {TWO, 12, 120, LEFT, 60, "sample 12 of 120, 1:48 left, vm-001 100.04 W, vm-002 43.00 W"},
    {TWO, 12, 120, LEFT, 59, "sample 12 of 120, 1:48 left, 143.04 W in all, 2 VMs"},
    {TWO, 12, 120, LEFT, 51, "sample 12 of 120, 1:48 left, 143.04 W in all, 2 VMs"},
    {TWO, 12, 120, LEFT, 50, "sample 12 of 120, 1:48 left"},
    {TWO, 12, 120, LEFT, 28, "sample 12 of 120, 1:48 left"},
    {TWO, 12, 120, LEFT, 27, "sample 12 of 120, 1:48 left"},
    {TWO, 12, 120, LEFT, 26, "sample 12 of 120, 1:48 lef"},
    {TWO, 12, 120, LEFT, 20, "sample 12 of 120, 1:"},
    {TWO, 12, 120, LEFT, 1, "s"},
    {TWO, 12, 120, LEFT, 0, ""},
    {{{"a", 1}, {"b", -1}}, 1, 2, LEFT, 42, "sample 1 of 2, 1:48 left, a 1.00 W, b held"},
    {{{"a", 1}, {"b", -1}}, 1, 2, LEFT, 41, "sample 1 of 2, 1:48 left"},
    {{{"a-long-name", 1}, {"b", -1}}, 1, 2, LEFT, 51, "sample 1 of 2, 1:48 left, 1.00 W in all, 1 of 2 VMs"},
    {{{"a-long-name", -1}, {"b", -1}}, 1, 2, LEFT, 46, "sample 1 of 2, 1:48 left, 2 VMs without power"},
    {{{"a-very-long-name", 1}}, 1, 2, LEFT, 47, "sample 1 of 2, 1:48 left, 1.00 W in all, 1 VM"},
    {{{"a-very-long-name-indeed", -1}}, 1, 2, LEFT, 47, "sample 1 of 2, 1:48 left, 1 VM without power"},
    /* UTF-8: whole characters; bytes are counted, which are no fewer than columns */
    ROW({{"käse-\xe6\x9d\xb1\xe4\xba\xac", 1}}, 1, 2, LEFT, 79,
        "sample 1 of 2, 1:48 left, käse-\xe6\x9d\xb1\xe4\xba\xac 1.00 W"),
    {{{"k\xc3\xa4se", 1}}, 1, 2, LEFT, 38, "sample 1 of 2, 1:48 left, k\xc3\xa4se 1.00 W"},
    {{{"k\xc3\xa4se", 1}}, 1, 2, LEFT, 37, "sample 1 of 2, 1:48 left"},
    {{{"a", 1e300}}, 1, 2, LEFT, 79, "sample 1 of 2, 1:48 left, a 1.000000000000000e+300 W"},
    ROW({{"a-very-long-name-indeed", 1e300}}, 1, 2, LEFT, 65,
        "sample 1 of 2, 1:48 left, 1.000000000000000e+300 W in all, 1 VM"),
    /* longer than any line */
    ROW(TWO, UINT64_MAX, UINT64_MAX, LEFT, 600,
        "sample 18446744073709551615 of 18446744073709551615, 1:48 left, "
        "vm-001 100.04 W, vm-002 43.00 W"),
};

START_TEST(test_format) {
  pass(rows[_i].vms, count_vms(rows[_i].vms));
  char text[PROGRESS_LINE_MAX];
  memset(text, '!', sizeof(text));
  progress_format(progress, rows[_i].taken, rows[_i].planned, rows[_i].left_ns, rows[_i].width, text);
  ck_assert_str_eq(text, rows[_i].text);
  for (size_t i = rows[_i].width + 1; i < sizeof(text); i++)
    ck_assert_msg(text[i] == '!', "byte %zu is written", i);
}
END_TEST

/* It shows the last pass only. */
START_TEST(test_last_pass) {
  const struct vm before[] = TWO, after[] = {{"vm-002", 7}};
  char text[PROGRESS_LINE_MAX];
  pass(before, 2);
  pass(after, 1);
  progress_format(progress, 2, 3, LEFT, 79, text);
  ck_assert_str_eq(text, "sample 2 of 3, 1:48 left, vm-002 7.00 W");
  progress_format(progress, 2, 3, LEFT, 38, text);
  ck_assert_str_eq(text, "sample 2 of 3, 1:48 left");
  pass(before, 0);
  progress_format(progress, 3, 3, 0, 79, text);
  ck_assert_str_eq(text, "sample 3 of 3, 0:00 left");
}
END_TEST

/* The sum is of all VMs, however many. */
START_TEST(test_many) {
  enum { MANY = 10000 };
  static struct vm vms[MANY];
  for (int i = 0; i < MANY; i++)
    vms[i] = (struct vm){i % 2 == 0 ? "vm-with-a-name" : "vm", i < 10 ? -1 : 0.5};
  for (int i = 0; i < 3; i++)
    pass(vms, MANY);
  char text[PROGRESS_LINE_MAX];
  progress_format(progress, 2, 3, LEFT, 10000, text);
  ck_assert_str_eq(text, "sample 2 of 3, 1:48 left, 4995.00 W in all, 9990 of 10000 VMs");
}
END_TEST

/* The widest that fits, and one VM more. */
START_TEST(test_widest) {
  struct vm vms[80];
  for (int i = 0; i < ROWS(vms); i++)
    vms[i] = (struct vm){"v", 1}; /* ", v 1.00 W": ten bytes each */
  char text[PROGRESS_LINE_MAX];
  pass(vms, 48);
  progress_format(progress, 2, 3, LEFT, 10000, text);
  ck_assert_uint_eq(strlen(text), strlen("sample 2 of 3, 1:48 left") + 480);
  pass(vms, 49);
  progress_format(progress, 2, 3, LEFT, 10000, text);
  ck_assert_str_eq(text, "sample 2 of 3, 1:48 left, 49.00 W in all, 49 VMs");
}
END_TEST

/* ---- the terminal ------------------------------------------------------------------------------------------------ */

/* Standard error is a file here, so the width is the default. */
START_TEST(test_show) {
  const struct vm vms[] = TWO;
  pass(vms, 2);
  capture_begin();
  progress_show(progress, 1, 3, 2 * NS_PER_S, 50 * NS_PER_S);
  progress_show(progress, 2, 3, 1 * NS_PER_S, 50 * NS_PER_S + 99999999); /* too soon */
  progress_show(progress, 3, 3, 0, 50 * NS_PER_S + 100000000);
  progress_clear(progress);
  progress_clear(progress);
  progress_show(progress, 4, 0, 9 * NS_PER_S, 50 * NS_PER_S + 100000001); /* none is shown: at once */
  progress_clear(progress);
  progress_clear(NULL);
  ck_assert_str_eq(capture_end(), "\rsample 1 of 3, 0:02 left, vm-001 100.04 W, vm-002 43.00 W\033[K"
                                  "\rsample 3 of 3, 0:00 left, vm-001 100.04 W, vm-002 43.00 W\033[K"
                                  "\r\033[K"
                                  "\rsample 4 after 0:09, vm-001 100.04 W, vm-002 43.00 W\033[K"
                                  "\r\033[K");
}
END_TEST

/* 80 columns less the last, where some terminals wrap. */
START_TEST(test_width) {
  static const char line[] = "\rsample 1 of 3, 0:01 left, ";
  char label[80], expected[200];
  for (int len = 46; len <= 47; len++) {
    memset(label, 'n', (size_t)len);
    label[len] = '\0';
    const struct vm vms[] = {{label, 1}};
    pass(vms, 1);
    capture_begin();
    progress_show(progress, 1, 3, NS_PER_S, len * NS_PER_S);
    if (len == 46)
      snprintf(expected, sizeof(expected), "%s%s 1.00 W\033[K", line, label);
    else
      snprintf(expected, sizeof(expected), "%s1.00 W in all, 1 VM\033[K", line);
    ck_assert_str_eq(capture_end(), expected);
  }
}
END_TEST

/* A message clears the line first. */
START_TEST(test_message) {
  capture_begin();
  message_before(progress_clear, progress);
  message_note("one");
  progress_show(progress, 1, 3, NS_PER_S, 0);
  message_error("two");
  message_warning("three");
  ck_assert_str_eq(capture_end(), "vm_energy: one\n"
                                  "\rsample 1 of 3, 0:01 left\033[K"
                                  "\r\033[Kvm_energy: two\n"
                                  "vm_energy: warning: three\n");
  message_before(NULL, NULL);
}
END_TEST

/* Input of the user is below the line, and is neither overwritten nor cleared. */
START_TEST(test_typing) {
  struct progress *other;
  ck_assert_int_eq(progress_new(true, &other), 0);
  capture_begin();
  progress_show(other, 1, 3, 2 * NS_PER_S, 0);
  progress_show(other, 2, 3, NS_PER_S, NS_PER_S);
  progress_leave(other);
  progress_clear(other); /* before "marked": the cursor is on a new line */
  progress_show(other, 2, 3, NS_PER_S, NS_PER_S);
  progress_clear(other);
  progress_free(other);
  progress_leave(NULL);
  ck_assert_str_eq(capture_end(), "\rsample 1 of 3, 0:02 left\033[K\n"
                                  "\0337\033[A\rsample 2 of 3, 0:01 left\033[K\0338"
                                  "\rsample 2 of 3, 0:01 left\033[K\n"
                                  "\n");
}
END_TEST

/* In a session with the terminal as standard error: shows the line, then once more with `behind` in the foreground. */
static _Noreturn void show_twice(void) {
  progress_show(progress, 1, 3, 0, 0);
  pid_t behind = fork();
  if (behind == 0) {
    pause();
    _exit(0);
  }
  signal(SIGTTOU, SIG_IGN);
  bool done = setpgid(behind, behind) == 0 && tcsetpgrp(STDERR_FILENO, behind) == 0;
  progress_show(progress, 2, 3, 0, NS_PER_S);
  progress_clear(progress);
  done = tcsetpgrp(STDERR_FILENO, getpgrp()) == 0 && done;
  progress_show(progress, 3, 3, 0, NS_PER_S + 1);
  kill(behind, SIGKILL);
  _exit(done ? 0 : 1);
}

START_TEST(test_background) {
  int terminal, status;
  pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
  ck_assert_int_ge(pid, 0);
  if (pid == 0)
    show_twice();
  char text[512] = "";
  size_t len = 0;
  ssize_t n;
  while ((n = read(terminal, text + len, sizeof(text) - 1 - len)) > 0)
    len += (size_t)n;
  close(terminal);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_int_eq(status, 0);
  ck_assert_str_eq(text, "\rsample 1 of 3, 0:00 left\033[K\rsample 3 of 3, 0:00 left\033[K");
}
END_TEST

START_TEST(test_free) {
  struct progress *other;
  ck_assert_int_eq(progress_new(false, &other), 0);
  capture_begin();
  progress_show(other, 1, 3, NS_PER_S, 0);
  progress_free(other);
  progress_free(NULL);
  ck_assert_str_eq(capture_end(), "\rsample 1 of 3, 0:01 left\033[K\r\033[K");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("progress");
  suite_case(suite, "all", set_up, tear_down, EACH(test_format, rows), ONCE(test_last_pass), ONCE(test_many),
             ONCE(test_widest), ONCE(test_show), ONCE(test_width), ONCE(test_message), ONCE(test_typing),
             ONCE(test_background), ONCE(test_free));
  return suite_run(suite);
}
