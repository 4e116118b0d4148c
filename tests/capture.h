/* Captures standard error as text. */
#ifndef VM_ENERGY_TESTS_CAPTURE_H
#define VM_ENERGY_TESTS_CAPTURE_H

#include <check.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int capture_before = -1; /* standard error as it was */

static inline void capture_begin(void) {
  fflush(stderr);
  capture_before = dup(STDERR_FILENO);
  ck_assert_int_ge(capture_before, 0);
  int fd = memfd_create("stderr", MFD_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
  close(fd);
}

/* What was written since capture_begin(), in a static buffer. */
static inline const char *capture_end(void) {
  static char text[16384];
  fflush(stderr);
  ssize_t len = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);
  ck_assert_int_eq(dup2(capture_before, STDERR_FILENO), STDERR_FILENO);
  close(capture_before);
  ck_assert_int_ge(len, 0);
  text[len] = '\0';
  return text;
}

#endif
