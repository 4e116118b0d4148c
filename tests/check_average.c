/* The moving average. */
#include "core/average.h"
#include "suite.h"

#include <stdlib.h>

START_TEST(fewer_at_the_start) {
  struct average *average = average_new(3);
  ck_assert_double_eq(average_add(average, 3), 3);
  ck_assert_double_eq(average_add(average, 5), 4);
  ck_assert_double_eq(average_add(average, 7), 5);
  ck_assert_double_eq(average_add(average, 9), 7);
  ck_assert_double_eq(average_add(average, 0), 16 / 3.0);
  average_free(average);
}
END_TEST

START_TEST(window_of_one) {
  struct average *average = average_new(1);
  for (int i = 0; i < 5; i++)
    ck_assert_double_eq(average_add(average, i), i);
  average_free(average);
  average_free(NULL);
}
END_TEST

/* A running sum would keep the error of the large value for ever. */
START_TEST(no_error_stays) {
  struct average *average = average_new(10);
  average_add(average, 1e17);
  double mean = 0;
  for (int i = 0; i < 100; i++)
    mean = average_add(average, 0.1);
  ck_assert_double_eq_tol(mean, 0.1, 1e-15);
  average_free(average);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("average");
  suite_case(suite, "average", NULL, NULL, ONCE(fewer_at_the_start), ONCE(window_of_one), ONCE(no_error_stays));
  return suite_run(suite);
}
