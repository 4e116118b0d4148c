#include "kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct kernel_stat) == 256, "the kernel's size of struct statx");

/* 0 and *id, which is 0 without /proc, or -errno. */
static int mount_id_of(int fd, uint64_t *id) {
  char text[128], name[sizeof("/proc/self/fdinfo/") + 11];
  snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
  int info_fd = open(name, O_RDONLY | O_CLOEXEC);
  if (info_fd < 0)
    return errno == ENOENT || errno == EACCES ? 0 : -errno;
  ssize_t len = read(info_fd, text, sizeof(text) - 1);
  int status = len < 0 ? -errno : 0;
  close(info_fd);
  text[len > 0 ? len : 0] = '\0';
  const char *line = strstr(text, "\nmnt_id:");
  if (line != NULL)
    sscanf(line, " mnt_id: %" SCNu64, id);
  return status;
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
  return mount_id_of(dir_fd, &st->mount);
}
