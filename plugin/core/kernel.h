/*
 * kernel: system calls that not every C library has, or not with all that Linux has
 *
 * musl has had statx() only since 1.2.5, and without the mount id; few C libraries have openat2(). The kernel's
 * interface is the same under all of them.
 */
#ifndef VM_ENERGY_KERNEL_H
#define VM_ENERGY_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL_BASIC_STATS       0x7ffU
#define KERNEL_MNT_ID            0x1000U
#define KERNEL_NO_SYMLINKS       4U
#define KERNEL_RENAME_NO_REPLACE 1U

struct kernel_time {
  int64_t s;
  uint32_t ns;
  int32_t unused;
};

/* struct statx of statx(2) */
struct kernel_stat {
  uint32_t mask, block_size;
  uint64_t flags;
  uint32_t links, uid, gid;
  uint16_t mode, unused;
  uint64_t inode, size, blocks, flags_mask;
  struct kernel_time atime, btime, ctime, mtime;
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t mount;
  uint64_t later[13];
};

/*
 * statx(2) with the mount id, before Linux 5.8 from /proc. 0 or -errno. mount is 0 if it is not known: before Linux 5.8
 * without /proc.
 */
int kernel_stat(int dir_fd, const char *path, int flags, struct kernel_stat *st);

/* openat2(2) that follows no link. A descriptor or -errno; -ENOSYS also if the headers of the kernel are older
 * than 5.6. */
static inline int kernel_open_without_links(int dir_fd, const char *path, int flags) {
#ifdef __NR_openat2
  struct {
    uint64_t flags, mode, resolve;
  } how = {.flags = (unsigned)flags, .resolve = KERNEL_NO_SYMLINKS};
  long fd = syscall(__NR_openat2, dir_fd, path, &how, sizeof(how));
  return fd >= 0 ? (int)fd : -errno;
#else
  (void)dir_fd, (void)path, (void)flags;
  return -ENOSYS;
#endif
}

/* renameat2(2) that replaces nothing. 0 or -errno; -EINVAL: this file system cannot. */
static inline int kernel_rename_new(const char *from, const char *to) {
  return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, KERNEL_RENAME_NO_REPLACE) == 0 ? 0 : -errno;
}

#endif
