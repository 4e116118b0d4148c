/* A kernel before Linux 5.8, whose statx(2) reports no mount ids, and what a test does with statx(2). */
#ifndef VM_ENERGY_TESTS_OLD_KERNEL_H
#define VM_ENERGY_TESTS_OLD_KERNEL_H

#include "core/kernel.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

static bool old_kernel;

/* Called before statx(2). True: *st is the answer. NULL: not called. */
static bool (*at_statx)(const char *path, int flags, struct kernel_stat *st);

/* Stands in for the one of the C library. */
long syscall(long number, ...) {
  static long (*real)(long number, ...);
  if (real == NULL)
    *(void **)&real = dlsym(RTLD_NEXT, "syscall");
  va_list args;
  long a[6];
  va_start(args, number);
  for (size_t i = 0; i < 6; i++)
    a[i] = va_arg(args, long);
  va_end(args);
  if (number == SYS_statx && at_statx != NULL && at_statx((const char *)a[1], (int)a[2], (struct kernel_stat *)a[4]))
    return 0;
  long status = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (number == SYS_statx && old_kernel)
    ((struct kernel_stat *)a[4])->mount = 0;
  return status;
}

#endif
