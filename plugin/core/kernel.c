#include "kernel.h"

_Static_assert(sizeof(struct kernel_stat) == 256, "the kernel's size of struct statx");

int kernel_stat(int dir_fd, const char *path, int flags, struct kernel_stat *st) {
  return syscall(SYS_statx, dir_fd, path, flags, KERNEL_BASIC_STATS | KERNEL_MNT_ID, st) == 0 ? 0 : -errno;
}
