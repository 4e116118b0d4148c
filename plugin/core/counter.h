/*
 * counter: one counter file, read once -> reading
 *
 * The file is energy_uj: one decimal number, microjoules since some start. Its writer may be between truncate and write
 * (Scaphandre), so a bad content is read again, a few times within a few milliseconds. A tenant may have put anything
 * there, so nothing but a regular file is opened, nothing blocks, and no content ever leaves this module but the
 * number.
 *
 * The reader holds nothing open between two calls.
 *
 * How it is kept cheap, with a counter_memory:
 *
 * A file whose stamp (see stamp.h) is that of the last good read is not read again.
 *
 * On a mount with nodev the careful way to open (hold it with O_PATH, see that it is a regular file, then open what is
 * held) gives way to one call: a device that was put there meanwhile cannot be opened, and a FIFO opens without waiting
 * and is then refused. Without nodev a tenant could have the host open its own watchdog: whoever is root in a guest can
 * make devices in a directory that is shared by virtiofs.
 *
 * On a mount with nosymfollow a stat by name tells whether there is news. Without it a tenant could lead that stat
 * through a link into a dead network mount, where it would hang. (In a directory right below one that only root and we
 * can change, which a tenant cannot replace by a link, no mount option is needed.)
 *
 * What a mount guarantees is asked at the first look, after one that failed, when the device number changes, and every
 * 64 looks: a mount that an operator makes weaker, or replaces by one that gets its device number, is taken for what it
 * was so long, and so is a number that was written through mmap(2) and left no trace in the stamp.
 */
#ifndef VM_ENERGY_COUNTER_H
#define VM_ENERGY_COUNTER_H

#include "stamp.h"

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

/* What is kept of a counter from one look to the next. All zero at first, but for looks. The reader's own. */
struct counter_memory {
  struct stamp stamp; /* at the last good read */
  uint64_t energy_uj;
  uint64_t facts_device; /* what facts are about */
  struct mount_facts facts;
  bool known;      /* there was a good read */
  bool settled;    /* whatever was written since then shows in the stamp */
  bool computed;   /* as in a reading */
  bool unreliable; /* the number was once seen to change while the stamp stood still */
  uint8_t reads;   /* good ones, up to those it takes to trust the stamp */
  uint8_t quiet;   /* looks without an update since the last one */
  uint8_t rhythm;  /* and how many there were before that one */
  uint8_t looks;   /* since the last one that was due to be from the ground up; to start with different numbers spreads
                      that over passes */
  uint8_t depth;   /* directories in the path below dir_fd */
};

/* Where a counter is. The strings are borrowed. */
struct counter_file {
  int dir_fd;       /* AT_FDCWD, or the open directory that path is relative to */
  const char *path; /* relative to dir_fd, or absolute */
  bool found;       /* found by a pattern: no symbolic link in path is followed, except those that lie in sysfs */
  bool guarded;     /* dir_fd is a directory whose entries only root or we ourselves can change */
  struct counter_memory *memory; /* NULL: each look is the first */
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
 * One look, without another try; file->memory is not NULL. 0: counter_recall() gives the reading. -EAGAIN:
 * counter_read() may find what this look did not. Else the error of the reading.
 */
int counter_glance(const struct counter_file *file);

/* What the last look found, if that was good. */
void counter_recall(const struct counter_memory *memory, struct reading *reading);

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
