/*
 * counter: one counter file, read once -> reading
 *
 * The file is energy_uj: one decimal number, microjoules since some start. Its writer may be between truncate and write
 * (Scaphandre), so a bad content is read again, a few times within a few milliseconds. A tenant may have put anything
 * there, so nothing but a regular file is opened, nothing blocks, and no content ever leaves this module but the
 * number.
 *
 * The reader holds nothing open between two calls.
 */
#ifndef VM_ENERGY_COUNTER_H
#define VM_ENERGY_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* What the file said. */
struct reading {
  int error;          /* 0, or a -errno of the list at counter_error_text(); the rest is meaningful with 0 only */
  uint64_t energy_uj; /* the number in the file, µJ */
  int64_t mtime_ns;   /* its modification time, ns since 1970: that of this very value */
  uint64_t range_uj;  /* where the counter wraps (sibling max_energy_range_uj), 0: it does not, or is not known */
  bool computed;      /* in sysfs: the kernel computes the value at each read and mtime_ns means nothing */
};

/* Where a counter is. The strings are borrowed. */
struct counter_file {
  int dir_fd;       /* AT_FDCWD, or the open directory that path is relative to */
  const char *path; /* relative to dir_fd, or absolute */
  bool found;       /* found by a pattern: no symbolic link in path is followed, except those that lie in sysfs */
};

/*
 * Reads the counter. *patience_ns is how long this and later calls may still sleep for retries in all; it is lowered
 * by what was slept. One call sleeps at most COUNTER_PATIENCE_NS. With 0 a bad content is still tried a second time,
 * without a pause. Sets every member of *reading but range_uj, which it sets to 0.
 *
 * Number and time were the file's at one moment.
 */
#define COUNTER_PATIENCE_NS INT64_C(3000000)
void counter_read(const struct counter_file *file, int64_t *patience_ns, struct reading *reading);

/*
 * The sibling max_energy_range_uj, read under the same rules (once, no retry).
 * 0: *range_uj is set (above 0). -errno otherwise; -ENOENT is the usual case.
 */
int counter_read_range(const struct counter_file *file, uint64_t *range_uj);

/*
 * Opens path, relative to dir_fd, without following a symbolic link anywhere in it, except where dir_fd lies in sysfs:
 * its class directories are made of links by the kernel, and they are followed as long as they end in sysfs. Uses
 * openat2, or goes step by step where that is not to be had. flags as for open(2); O_CLOEXEC is added. Returns the
 * descriptor or -errno
 * (-ELOOP for a link). For source, which walks the same trees.
 */
int counter_open_found(int dir_fd, const char *path, int flags);

/* The way without openat2, for tests. Never follows a link. */
int counter_open_step_by_step(int dir_fd, const char *path, int flags);

/*
 * Words for the error of a reading, without a full stop, to stand behind a path: "is empty", "is a symbolic link,
 * which is not followed here". Errors of this module:
 *   -ENOENT, -ENOTDIR   there is no such file             -ELOOP     a symbolic link
 *   -EACCES, -EPERM     permission denied                 -EISDIR    a directory
 *   -ENODATA            empty                             -EMEDIUMTYPE  a FIFO, socket or device
 *   -EINVAL             not a decimal number              -EFBIG     longer than a number can be
 *   -ERANGE             more than 2^64-1                  -EAGAIN    changed at each try, under our eyes
 * and any other that open, fstat or read give. Never NULL; the text for an unknown error is that of strerror.
 */
const char *counter_error_text(int error);

#endif
