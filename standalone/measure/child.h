/*
 * child: a command that is run while we measure
 */
#ifndef VM_ENERGY_CHILD_H
#define VM_ENERGY_CHILD_H

#include <signal.h>
#include <sys/types.h>

struct child {
  pid_t pid;
  int fd; /* pidfd_open(2): readable when it has ended */
};

/*
 * Starts argv[0], looked for in PATH, with the signal mask given, and with the signals that the tool ignores as they
 * are by default. 0, or -errno: -ENOENT there is no such command, -EACCES it may not be run, ...
 */
int child_start(struct child *child, char *const *argv, const sigset_t *mask);

/* Hands the signal on. */
void child_signal(const struct child *child, int signal);

/* Waits for its end. Returns its exit status, or 128 + the signal that ended it, as shells do; -errno. */
int child_finish(struct child *child);

#endif
