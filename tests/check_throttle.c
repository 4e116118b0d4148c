/* The bucket of messages. */
#include "core/clock.h"
#include "suite.h"
#include "throttle.h"

#include <stdlib.h>

START_TEST(burst_then_refill) {
  struct throttle throttle = {0};
  int64_t now_ns = 5000 * NS_PER_S;
  for (int i = 0; i < 3; i++)
    ck_assert(throttle_take(&throttle, 3, 10 * NS_PER_S, now_ns));
  ck_assert_uint_eq(throttle.held_back, 0);
  for (int i = 0; i < 7; i++)
    ck_assert(!throttle_take(&throttle, 3, 10 * NS_PER_S, now_ns + i * NS_PER_S));
  ck_assert(throttle_take(&throttle, 3, 10 * NS_PER_S, now_ns + 10 * NS_PER_S));
  ck_assert_uint_eq(throttle.held_back, 7);
  ck_assert(!throttle_take(&throttle, 3, 10 * NS_PER_S, now_ns + 11 * NS_PER_S));
  ck_assert(throttle_take(&throttle, 3, 10 * NS_PER_S, now_ns + 20 * NS_PER_S));
  ck_assert_uint_eq(throttle.held_back, 8);
}
END_TEST

START_TEST(full_again_after_a_while) {
  struct throttle throttle = {0};
  for (int round = 1; round < 4; round++) {
    int64_t now_ns = round * 1000 * NS_PER_S;
    for (int i = 0; i < 5; i++)
      ck_assert_int_eq(throttle_take(&throttle, 4, 10 * NS_PER_S, now_ns), i < 4);
  }
}
END_TEST

START_TEST(one_at_a_time) {
  struct throttle throttle = {0};
  ck_assert(throttle_take(&throttle, 1, NS_PER_S, 0));
  ck_assert(!throttle_take(&throttle, 1, NS_PER_S, NS_PER_S - 1));
  ck_assert(throttle_take(&throttle, 1, NS_PER_S, NS_PER_S));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("throttle");
  TCase *tcase = tcase_create("throttle");
  tcase_add_test(tcase, burst_then_refill);
  tcase_add_test(tcase, full_again_after_a_while);
  tcase_add_test(tcase, one_at_a_time);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
