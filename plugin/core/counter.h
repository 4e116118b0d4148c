/*
 * counter: one counter file, read once -> reading
 *
 * The file is energy_uj: one decimal number, microjoules since some start. Its writer may be between truncate and write
 * (Scaphandre), so a bad content is read again, a few times within a few milliseconds. How the file is looked at, and
 * what is refused, is in look.h.
 */
#ifndef VM_ENERGY_COUNTER_H
#define VM_ENERGY_COUNTER_H

#include "clock.h"
#include "look.h"

#include <stdbool.h>
#include <stdint.h>

/* What the file said. */
struct reading {
  int error;          /* 0 or -errno, see counter_error_text(); with an error only `at` is meaningful besides */
  uint64_t energy_uj; /* the number in the file, µJ */
  int64_t mtime_ns;   /* its modification time, ns since 1970: that of this very number */
  struct instant at;  /* when the file was read; always set */
  bool vague;         /* the process was stopped around the read: more than 5 ms passed, at each of three tries */
  bool local;         /* mtime_ns is a time of this kernel's own clock */
  bool computed;      /* in sysfs: the kernel computes the number at each read and mtime_ns means nothing */
  uint64_t range_uj;  /* where the counter wraps (sibling max_energy_range_uj); 0: it does not, or is not known */
  int range_error;    /* max_energy_range_uj could not be read: -errno; 0: it was, or there is none */
};

/* State per counter between two readings. All zero at first. */
struct counter_memory {
  struct look_memory look;
  uint64_t range_uj;
  int range_error;
  bool range_known; /* it was read, or there is none */
};

/*
 * Reads the counter. Sets every member of *reading.
 *
 * *patience_ns is how long this and later calls may still sleep for retries in all; it is lowered by what was slept.
 * One call sleeps at most COUNTER_PATIENCE_NS. With 0 a bad content is still tried a second time, without a pause.
 *
 * *now is an instant right before the call, and right after it when it returns: so a row of calls asks the clock once
 * each.
 *
 * The range is asked for until there is an answer, and again after the file was missing: what comes in its place may be
 * another counter.
 */
#define COUNTER_PATIENCE_NS INT64_C(3000000)
void counter_read(const struct look_file *file, struct counter_memory *counter, int64_t *patience_ns,
                  struct instant *now, struct reading *reading);

/*
 * Reads the sibling max_energy_range_uj again, under the same rules (once, no retry), and sets range_uj and range_error
 * of *reading. A range that was known stays when it cannot be read now.
 */
void counter_ask_range(const struct look_file *file, struct counter_memory *counter, struct reading *reading);

/*
 * Words for the error of a reading, without a full stop, to stand behind a path: "is empty", "is a symbolic link,
 * which is not followed here". Errors of this module:
 *   -ENOENT, -ENOTDIR   there is no such file             -ELOOP     a symbolic link
 *   -EACCES, -EPERM     permission denied                 -EISDIR    a directory
 *   -ENODATA            empty                             -EMEDIUMTYPE  a FIFO, socket or device
 *   -EINVAL             not a decimal number              -EFBIG     longer than a number can be
 *   -ERANGE             more than 2^64-1                  -EAGAIN    changed at each try
 *   -ENOLINK            /proc is not mounted
 * and any other that open, statx or read give. Never NULL; the text for an unknown error is that of strerror.
 */
const char *counter_error_text(int error);

#endif
