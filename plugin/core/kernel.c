#include "kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct kernel_stat) == 256, "the kernel's size of struct statx");

/* 0: unknown. */
static uint64_t mount_id_of(int fd) {
  char text[128], name[sizeof("/proc/self/fdinfo/") + 11];
  uint64_t id = 0;
  snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
  int info_fd = open(name, O_RDONLY | O_CLOEXEC);
  ssize_t len = info_fd < 0 ? 0 : read(info_fd, text, sizeof(text) - 1);
  if (info_fd >= 0)
    close(info_fd);
  text[len > 0 ? len : 0] = '\0';
  const char *line = strstr(text, "\nmnt_id:");
  return line != NULL && sscanf(line, " mnt_id: %" SCNu64, &id) == 1 ? id : 0;
}

/* Linux before 5.8, and qemu-user, report mount ids only of open files, in /proc. */
static int stat_opened(int dir_fd, const char *path, int flags, struct kernel_stat *st) {
  int fd = openat(dir_fd, path, O_PATH | O_CLOEXEC | ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0));
  if (fd < 0)
    return -errno;
  int sync = flags & (AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC);
  int status = kernel_stat(fd, "", AT_EMPTY_PATH | sync, st);
  close(fd);
  return status;
}

int kernel_stat(int dir_fd, const char *path, int flags, struct kernel_stat *st) {
  if (syscall(SYS_statx, dir_fd, path, flags, KERNEL_BASIC_STATS | KERNEL_MNT_ID, st) != 0)
    return -errno;
  if (st->mount != 0)
    return 0;
  if (path[0] != '\0')
    return stat_opened(dir_fd, path, flags, st);
  st->mount = mount_id_of(dir_fd);
  return 0;
}
