/*
 * child: the command of `vm_energy run`
 *
 * Tests: tests/cli/check_run.sh.
 */
#ifndef VM_ENERGY_CHILD_H
#define VM_ENERGY_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
  pid_t pid;
};

/*
 * Starts argv[0], found in PATH, with that signal mask, and with the default action of the signals that the tool
 * ignores. 0, or -errno: -ENOENT if there is no such command, -EACCES if it may not be run.
 */
int child_start(struct child *child, char *const *argv, const sigset_t *mask);

void child_signal(const struct child *child, int signal);

/* To be asked after each SIGCHLD, which also a stopped child sends. */
bool child_has_ended(const struct child *child);

/* Waits for its end. Returns its exit status, 128 + the signal that ended it, as shells do, or -errno. */
int child_finish(struct child *child);

#endif
