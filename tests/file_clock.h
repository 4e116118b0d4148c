/*
 * How old files are, as core/ sees it: stands in for core/clock.c, so that no test waits for a file to grow old. A
 * program that includes this defines clock_now() and clock_tick_ns() itself, if it needs them. To be included once.
 */
#ifndef VM_ENERGY_TESTS_FILE_CLOCK_H
#define VM_ENERGY_TESTS_FILE_CLOCK_H

#include "core/clock.h"

#include <stdint.h>
#include <time.h>

static enum { OLD_AS_THEY_ARE, ALL_IS_NEW, ALL_IS_OLD } file_age;

static inline int64_t coarse_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_file_ns(void) {
  switch (file_age) {
  case ALL_IS_NEW:
    return 0;
  case ALL_IS_OLD:
    return coarse_ns() + 3600 * NS_PER_S;
  default:
    return coarse_ns();
  }
}

/* Where all is taken for old: so that what is written next has another time than what was written last. */
static inline void let_a_tick_pass(void) {
  int64_t start_ns = coarse_ns();
  while (file_age == ALL_IS_OLD && coarse_ns() == start_ns)
    ;
}

static inline void all_is_new(void) {
  file_age = ALL_IS_NEW;
}

static inline void all_is_old(void) {
  file_age = ALL_IS_OLD;
}

#endif
