/*
 * stamp: what tells, without reading it, that a file or directory is as it was
 *
 * The kernel sets ctime whenever content or name list change, and nobody can set it back. So equal stamps mean an equal
 * file, with two exceptions that stamp_is_old() and a file system's facts rule out: a change within the clock tick of
 * the one before, and file systems whose times come from elsewhere, late. (A third one, writing through mmap(2) on
 * tmpfs, is left to who uses this.)
 */
#ifndef VM_ENERGY_STAMP_H
#define VM_ENERGY_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct stamp {
  uint64_t device, inode;
  int64_t size;
  int64_t mtime_ns; /* ns since 1970, clamped to the years 1843 to 2096, so that no difference of two overflows */
  int64_t ctime_ns;
};

struct stamp stamp_of(const struct stat *st);
bool stamp_same(const struct stamp *a, const struct stamp *b);

/*
 * Whether any change from now_ns on, a time of clock_file_ns(), gives another stamp than this: it is older than a tick
 * of its clock.
 */
bool stamp_is_old(const struct stamp *stamp, int64_t now_ns);

/* What the mount guarantees of the files on it. */
struct mount_facts {
  bool local;      /* times are those of our kernel: a stamp can be trusted */
  bool computed;   /* sysfs: the kernel computes the content at each read, and times mean nothing */
  bool no_devices; /* mounted nodev: to open a device here fails, without a touch of the device */
  bool no_links;   /* mounted nosymfollow: no symbolic link is followed here */
};

/* Of the file system that fd lies on; fd may be one of O_PATH. All false when it cannot be told. */
struct mount_facts mount_facts_of(int fd);

#endif
