#include "measure/child.h"

#include <errno.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int spawn(pid_t *pid, char *const *argv, const sigset_t *mask) {
  sigset_t ignored;
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  sigaddset(&ignored, SIGXFSZ);
  posix_spawnattr_t attributes;
  int status = posix_spawnattr_init(&attributes);
  if (status != 0)
    return -status;
  posix_spawnattr_setsigmask(&attributes, mask);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  status = posix_spawnp(pid, argv[0], NULL, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  return -status;
}

int child_start(struct child *child, char *const *argv, const sigset_t *mask) {
  *child = (struct child){.pid = -1, .fd = -1};
  int status = spawn(&child->pid, argv, mask);
  if (status != 0)
    return status;
  child->fd = pidfd_open(child->pid, 0);
  if (child->fd >= 0)
    return 0;
  status = -errno;
  kill(child->pid, SIGKILL);
  child_finish(child);
  return status;
}

void child_signal(const struct child *child, int signal) {
  kill(child->pid, signal);
}

int child_finish(struct child *child) {
  int state;
  if (child->fd >= 0)
    close(child->fd);
  child->fd = -1;
  while (waitpid(child->pid, &state, 0) < 0)
    if (errno != EINTR)
      return -errno;
  return WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
}
