/* The two clocks of an instant. */
#include "core/clock.h"
#include "suite.h"

#include <stdlib.h>
#include <time.h>

START_TEST(tells_both) {
  struct instant now = {0};
  ck_assert_int_eq(clock_now(&now), 0);
  time_t wall_s = time(NULL);
  ck_assert_int_ge(wall_s, now.wall_ns / NS_PER_S);
  struct timespec boot;
  clock_gettime(CLOCK_BOOTTIME, &boot);
  ck_assert_int_ge((int64_t)boot.tv_sec * NS_PER_S + boot.tv_nsec, now.mono_ns);
  ck_assert_int_gt(now.mono_ns, 0);
}
END_TEST

START_TEST(never_goes_back) {
  struct instant last = {0}, now;
  for (int i = 0; i < 10000; i++) {
    ck_assert_int_eq(clock_now(&now), 0);
    ck_assert_int_ge(now.mono_ns, last.mono_ns);
    last = now;
  }
}
END_TEST

START_TEST(tick) {
  ck_assert_int_ge(clock_tick_ns(), NS_PER_US);
  ck_assert_int_le(clock_tick_ns(), 20 * NS_PER_MS);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("clock");
  suite_case(suite, "clock", NULL, NULL, ONCE(tells_both), ONCE(never_goes_back), ONCE(tick));
  return suite_run(suite);
}
