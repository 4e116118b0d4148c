#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool on_sysfs(int fd, const struct mounts *mounts) {
  struct kernel_stat st;
  return kernel_stat(fd, "", AT_EMPTY_PATH, &st) == 0 && mounts_facts(mounts, stamp_of(&st).mount).computed;
}

/* Opens the first len bytes of path, one name that is no link. */
static int open_component(int dir_fd, const char *path, size_t len, int flags) {
  char name[256] = "";
  struct stat st;
  if (len == 0 || len >= sizeof(name))
    return len == 0 ? -EINVAL : -ENAMETOOLONG;
  memcpy(name, path, len);
  if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
    return -errno;
  if (S_ISLNK(st.st_mode))
    return -ELOOP;
  int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);
  return fd >= 0 ? fd : -errno;
}

/* For kernels before 5.6 and filters that forbid openat2. */
int look_open_step_by_step(int dir_fd, const char *path, int flags) {
  int at_fd = path[0] == '/' ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : dir_fd;
  if (at_fd < 0 && path[0] == '/')
    return -errno;
  for (;;) {
    path += strspn(path, "/");
    size_t len = strcspn(path, "/");
    bool last = path[len + strspn(path + len, "/")] == '\0';
    int fd = open_component(at_fd, path, len, last ? flags : O_PATH | O_DIRECTORY);
    if (at_fd != dir_fd)
      close(at_fd);
    if (last || fd < 0)
      return fd;
    at_fd = fd;
    path += len;
  }
}

static int open_without_links(int dir_fd, const char *path, int flags) {
  int fd = kernel_open_without_links(dir_fd, path, flags | O_NOFOLLOW | O_CLOEXEC);
  return fd == -ENOSYS || fd == -EPERM ? look_open_step_by_step(dir_fd, path, flags) : fd;
}

int look_open_nofollow(int dir_fd, const char *path, int flags, const struct mounts *mounts) {
  int fd = open_without_links(dir_fd, path, flags);
  bool is_link = fd == -ELOOP || (fd == -ENOTDIR && (flags & O_DIRECTORY) != 0); /* that of a link at the end */
  if (!is_link || dir_fd == AT_FDCWD || !on_sysfs(dir_fd, mounts))
    return fd;
  fd = openat(dir_fd, path, flags | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  if (!on_sysfs(fd, mounts)) {
    close(fd);
    return -ELOOP;
  }
  return fd;
}
