#include "stamp.h"

#include "clock.h"

#include <linux/magic.h>
#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>

/* File times are those of the last tick, of at most 10 ms; two of them. */
#define TICK_NS (20 * NS_PER_MS)

/* Where a file system keeps only whole seconds. */
#define WHOLE_SECOND_NS (2 * NS_PER_S)

#define TIME_MAX_S INT64_C(4000000000)

/* Not in every <linux/magic.h> or <sys/statvfs.h>. */
#define MAGIC_XFS        0x58465342
#define MAGIC_ZFS        0x2fc12fc1
#define FLAGS_ARE_VALID  0x0020
#define FLAG_NODEV       0x0004
#define FLAG_NOSYMFOLLOW 0x2000

static int64_t time_ns(const struct timespec *time) {
  int64_t s = time->tv_sec;
  if (s > TIME_MAX_S)
    s = TIME_MAX_S;
  if (s < -TIME_MAX_S)
    s = -TIME_MAX_S;
  return s * NS_PER_S + time->tv_nsec;
}

struct stamp stamp_of(const struct stat *st) {
  return (struct stamp){.device = st->st_dev,
                        .inode = st->st_ino,
                        .size = st->st_size,
                        .mtime_ns = time_ns(&st->st_mtim),
                        .ctime_ns = time_ns(&st->st_ctim)};
}

bool stamp_same(const struct stamp *a, const struct stamp *b) {
  return a->ctime_ns == b->ctime_ns && a->mtime_ns == b->mtime_ns && a->size == b->size && a->inode == b->inode &&
         a->device == b->device;
}

bool stamp_is_old(const struct stamp *stamp, int64_t now_ns) {
  int64_t last_ns = stamp->ctime_ns > stamp->mtime_ns ? stamp->ctime_ns : stamp->mtime_ns;
  return last_ns + (stamp->ctime_ns % NS_PER_S == 0 ? WHOLE_SECOND_NS : TICK_NS) < now_ns;
}

struct mount_facts mount_facts_of(int fd) {
  static const unsigned long local[] = {TMPFS_MAGIC,       RAMFS_MAGIC,           EXT4_SUPER_MAGIC, MAGIC_XFS,
                                        BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, MAGIC_ZFS};
  struct statfs fs;
  struct mount_facts facts = {.local = false};
  if (fstatfs(fd, &fs) != 0)
    return facts;
  unsigned long type = (unsigned long)fs.f_type, flags = (unsigned long)fs.f_flags;
  for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
    facts.local = facts.local || type == local[i];
  facts.computed = type == SYSFS_MAGIC;
  facts.no_devices = (flags & FLAGS_ARE_VALID) != 0 && (flags & FLAG_NODEV) != 0;
  facts.no_links = (flags & FLAGS_ARE_VALID) != 0 && (flags & FLAG_NOSYMFOLLOW) != 0;
  return facts;
}
