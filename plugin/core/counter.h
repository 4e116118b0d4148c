/*
 * counter: one counter file, read once -> reading
 *
 * The file is energy_uj: one decimal number, microjoules since some start. How it is opened, and what is refused, is in
 * look.h.
 *
 * Torn reads are handled here: while the writer (Scaphandre) is between truncate and write, the file is empty or holds
 * a part of the number. Bad content is read again, a few times within a few milliseconds: look_with_patience(). If it
 * stays bad, the reading has an error, which the meter reports as SAMPLE_TORN.
 */
#ifndef VM_ENERGY_COUNTER_H
#define VM_ENERGY_COUNTER_H

#include "clock.h"
#include "look.h"

#include <stdbool.h>
#include <stdint.h>

/* The content of the file at one instant. */
struct reading {
  int error;          /* 0 or -errno, see counter_error_text(); on error only `at` is valid besides */
  uint64_t energy_uj; /* the number in the file, µJ */
  int64_t mtime_ns;   /* its modification time when it held this number, ns since 1970 */
  struct instant at;  /* when the file was read; always set */
  bool inexact;       /* `at` is not exact: each of three tries took more than 5 ms */
  bool local;         /* mtime_ns is from this kernel's own clock */
  bool computed;      /* in sysfs: the kernel computes the number at each read and mtime_ns means nothing */
  uint64_t range_uj;  /* where the counter wraps (sibling max_energy_range_uj); 0: it does not, or unknown */
  int range_error;    /* -errno of reading max_energy_range_uj; 0: read, or does not exist */
};

/* State per counter between two readings. All zero at first. */
struct counter_memory {
  struct look_memory look;
  uint64_t range_uj;
  int range_error;
  bool range_known; /* read, or does not exist */
};

/*
 * Reads the counter. Sets every member of *reading.
 *
 * *patience_ns: the time that this call and later ones may sleep between retries, together; the call subtracts what it
 * slept, at most COUNTER_PATIENCE_NS. With 0, bad content is still read a second time, without a pause.
 *
 * *now: the instant right before the call; on return the instant right after, so that a series of calls reads the clock
 * once per call.
 *
 * Reads the range until that succeeds, and again after the file was missing: another counter may have replaced it.
 */
#define COUNTER_PATIENCE_NS INT64_C(3000000)
void counter_read(const struct look_file *file, struct counter_memory *counter, int64_t *patience_ns,
                  struct instant *now, struct reading *reading);

/*
 * Reads the sibling max_energy_range_uj again, by the same rules but once, and sets range_uj and range_error of
 * *reading. Keeps a known range if it cannot be read now.
 */
void counter_read_range(const struct look_file *file, struct counter_memory *counter, struct reading *reading);

/*
 * Text for the error of a reading, to be printed after a path, without a full stop: "is empty", "is a symbolic link,
 * which is not followed here". Errors of this module:
 *   -ENOENT, -ENOTDIR   there is no such file             -ELOOP     a symbolic link
 *   -EACCES, -EPERM     permission denied                 -EISDIR    a directory
 *   -ENODATA            empty                             -EMEDIUMTYPE  a FIFO, socket or device
 *   -EINVAL             not a decimal number              -EFBIG     longer than a number can be
 *   -ERANGE             more than 2^64-1                  -EAGAIN    changed at each try
 *   -ENOLINK            /proc is not mounted
 * and any other -errno of open, statx or read, with the text of strerror. Never NULL.
 */
const char *counter_error_text(int error);

#endif
