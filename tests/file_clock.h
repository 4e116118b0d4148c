/*
 * The age of files as core/ sees it: replaces core/clock.c, so that no test waits for a file to grow old. The includer
 * defines clock_now() and clock_tick_ns() itself, if it needs them. Include once.
 */
#ifndef VM_ENERGY_TESTS_FILE_CLOCK_H
#define VM_ENERGY_TESTS_FILE_CLOCK_H

#include "core/clock.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum { OLD_AS_THEY_ARE, ALL_IS_NEW, ALL_IS_OLD, CLOCK_GOES_BACK } file_age;

static inline int64_t coarse_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Called when core/ asks for the time, which it does right before each read of a counter. */
static void (*at_file_clock)(void);

int64_t clock_file_ns(void) {
  if (at_file_clock != NULL)
    at_file_clock();
  switch (file_age) {
  case ALL_IS_NEW:
    return 0;
  case ALL_IS_OLD:
    return coarse_ns() + 3600 * NS_PER_S;
  case CLOCK_GOES_BACK: {
    static int64_t steps;
    return coarse_ns() + 3600 * NS_PER_S - ++steps * NS_PER_S;
  }
  default:
    return coarse_ns();
  }
}

/* Whether each write after a stat gets a new time, as since Linux 6.13. */
static inline bool times_are_fine(void) {
  char path[] = "/tmp/vm_energy.XXXXXX";
  struct stat st[5];
  int fd = mkstemp(path), moves = 0;
  for (int i = 0; i < 5; i++) {
    if (write(fd, "1", 1) != 1 || fstat(fd, &st[i]) != 0)
      break;
    moves += i > 0 && st[i].st_ctim.tv_nsec != st[i - 1].st_ctim.tv_nsec;
  }
  close(fd);
  unlink(path);
  return moves == 4;
}

/* With ALL_IS_OLD: so that the next write gets another time than the last. */
static inline void let_a_tick_pass(void) {
  static int fine = -1;
  if (fine < 0)
    fine = times_are_fine();
  int64_t start_ns = coarse_ns();
  while (fine == 0 && file_age == ALL_IS_OLD && coarse_ns() == start_ns)
    ;
}

static inline void all_is_new(void) {
  file_age = ALL_IS_NEW;
}

static inline void all_is_old(void) {
  file_age = ALL_IS_OLD;
}

#endif
