#include "measure/child.h"

#include <errno.h>
#include <spawn.h>
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
  signal(SIGCHLD, SIG_DFL); /* inherited as ignored, it would cost the exit status */
  return spawn(&child->pid, argv, mask);
}

void child_signal(const struct child *child, int signal) {
  kill(child->pid, signal);
}

bool child_has_ended(const struct child *child) {
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

int child_finish(struct child *child) {
  int state;
  while (waitpid(child->pid, &state, 0) < 0)
    if (errno != EINTR)
      return -errno;
  return WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
}
