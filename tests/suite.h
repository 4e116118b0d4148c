/* What the Check suites share: tables of rows and of tests, and how to run them. */
#ifndef VM_ENERGY_TESTS_SUITE_H
#define VM_ENERGY_TESTS_SUITE_H

#include <check.h>
#include <regex.h>
#include <stdlib.h>
#include <time.h>

#define ROWS(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* A test and its rows: it runs with each _i from first to end - 1. */
struct suite_test {
  const TTest *const *test;
  int first, end;
};

/* A row of several lines: clang-format fills those of a macro, but gives each member of a plain row its own line. */
/* clang-format off */
#define ROW(...)           {__VA_ARGS__}
#define ONCE(test)         {&(test), 0, 1}
#define TIMES(test, count) {&(test), 0, count}
#define EACH(test, rows)   {&(test), 0, ROWS(rows)}
/* clang-format on */

/* Adds a case of these tests. Each runs in a process of its own, after setup() and before teardown(), if not NULL. */
#define suite_case(suite, name, setup, teardown, ...)                                                                  \
  suite_add_tests(suite, name, setup, teardown, (const struct suite_test[]){__VA_ARGS__, {NULL, 0, 0}})

static inline TCase *suite_add_tests(Suite *suite, const char *name, SFun setup, SFun teardown,
                                     const struct suite_test *tests) {
  TCase *tcase = tcase_create(name);
  tcase_set_timeout(tcase, 60);
  if (setup != NULL || teardown != NULL)
    tcase_add_checked_fixture(tcase, setup, teardown);
  for (; tests->test != NULL; tests++)
    tcase_add_loop_test(tcase, *tests->test, tests->first, tests->end);
  suite_add_tcase(suite, tcase);
  return tcase;
}

/* CPU time of this process so far. */
static inline double cpu_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Why regcomp(3) refuses the expression, in the words of this C library, in a static buffer. */
static inline const char *regex_fault(const char *expression) {
  static char text[100];
  regex_t regex;
  int status = regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB);
  ck_assert_int_ne(status, 0);
  regerror(status, &regex, text, sizeof(text));
  return text;
}

/* Runs and frees the suite; the exit status of the program. */
static inline int suite_run(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
