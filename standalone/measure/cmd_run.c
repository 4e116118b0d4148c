/*
 * run: the energy of each VM while a command runs
 *
 * The command owns the terminal, standard input and standard output; we report on standard error after its end, and
 * exit with its status.
 */
#include "common/command.h"
#include "common/inputs.h"
#include "common/message.h"
#include "measure/child.h"
#include "measure/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As of shells and env(1). */
enum { STATUS_NOT_RUNNABLE = 126, STATUS_NOT_FOUND = 127 };

/* A new file, or one that is not regular, as /dev/stderr. Opened before the command runs, so that no result is lost. */
static FILE *open_report(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  struct stat info;
  if (fd < 0 && errno == EEXIST && stat(path, &info) == 0 && !S_ISREG(info.st_mode))
    fd = open(path, O_WRONLY | O_CLOEXEC);
  FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
  if (file != NULL)
    return file;
  message_error("unable to create '%s': %s", path, strerror(errno));
  if (fd >= 0)
    close(fd);
  return NULL;
}

static bool report(const struct measure *measure, FILE *file) {
  const char *path = measure->options->json_file;
  if (file == NULL) {
    measure_print_text(measure, stderr);
    return true;
  }
  int status = measure_print_json(measure, file);
  if (fflush(file) != 0 && status == 0)
    status = -errno;
  if (status == 0)
    return true;
  message_error("unable to write to '%s': %s", path, strerror(-status));
  return false;
}

/* Waits for its end; forwards signals that it did not get from the terminal itself. False: it may still run. */
static bool wait_for_child(struct measure *measure, const struct child *child) {
  while (measure_wait(measure, STOP_NO_DEADLINE) >= 0) {
    if (measure->stop.reason == STOP_SIGNAL && measure->stop.signal != SIGCHLD && !measure->stop.by_terminal)
      child_signal(child, measure->stop.signal);
    if (child_has_ended(child)) {
      measure->stop.reason = STOP_NONE;
      return true;
    }
  }
  return false;
}

static int report_not_started(const char *command, int status) {
  message_error("unable to run '%s': %s", command, strerror(-status));
  return status == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNABLE;
}

static int run_child(struct measure *measure, FILE *file) {
  const struct options *options = measure->options;
  if (!measure_begin(measure))
    return STATUS_FAILED;
  struct child child;
  int status = child_start(&child, options->command, &measure->stop.old_mask);
  if (status != 0)
    return report_not_started(options->command[0], status);
  bool measured = wait_for_child(measure, &child) && measure_end(measure);
  int ended = child_finish(&child);
  if (ended < 0) {
    message_error("unable to learn how '%s' ended: %s", options->command[0], strerror(-ended));
    return STATUS_FAILED;
  }
  bool reported = measured && report(measure, file) && measure_report_faults(measure) == 0;
  return ended == 0 && !reported ? STATUS_FAILED : ended;
}

static int run_run(const struct options *options) {
  if (options->command == NULL) {
    message_error("no command to run: it follows the options, after '--'");
    return STATUS_USAGE;
  }
  int usage = inputs_check(options);
  if (usage != STATUS_DONE)
    return usage;
  FILE *file = options->json_file != NULL ? open_report(options->json_file) : NULL;
  if (options->json_file != NULL && file == NULL)
    return STATUS_FAILED;
  sigset_t more;
  sigemptyset(&more);
  sigaddset(&more, SIGCHLD);
  sigaddset(&more, SIGQUIT);
  sigaddset(&more, SIGUSR1);
  sigaddset(&more, SIGUSR2);
  struct measure measure;
  int status = STATUS_FAILED;
  if (measure_open(&measure, options, options->bounds, -1, &more)) {
    status = run_child(&measure, file);
    measure_close(&measure);
  }
  if (file != NULL)
    fclose(file);
  return status;
}

const struct command command_run = {
    .name = "run",
    .summary = "measure the energy of each VM while a command runs",
    .synopsis = "[--files PATH...] [OPTION]... -- COMMAND [ARG]...",
    .text = "Runs the command, and prints on standard error how much energy each VM took\n"
            "meanwhile, with a lower and an upper bound. The exit status is that of the\n"
            "command, 128 + the signal that ended it, 126 or 127 when it cannot be run.\n",
    .examples = "  vm_energy run -- ssh vm-001 ./benchmark\n"
                "  vm_energy run --json energy.json --files '/data/*/energy_uj' -- make -j8\n",
    .options = OPTIONS_RUN,
    .run = run_run,
};
