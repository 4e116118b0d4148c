/* What every Check suite here needs: the number of rows in a table, and a way to run the suite. */
#ifndef VM_ENERGY_TESTS_SUITE_H
#define VM_ENERGY_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

#define ROWS(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* Runs and frees the suite; the exit status of the program. */
static inline int suite_run(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
