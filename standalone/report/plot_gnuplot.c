#include "report/plot_gnuplot.h"

#include "core/label.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The tool ignores these; gnuplot must not. */
static int set_signals(posix_spawnattr_t *attributes) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  sigaddset(&set, SIGXFSZ);
  int status = posix_spawnattr_setsigdefault(attributes, &set);
  return status != 0 ? status : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
}

static int spawn(pid_t *pid, int in_fd, int out_fd, int error_fd) {
  char name[] = "gnuplot", option[] = "-d";
  char *const words[] = {name, option, NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int status = posix_spawn_file_actions_init(&actions);
  if (status != 0)
    return -status;
  status = posix_spawnattr_init(&attributes);
  if (status != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return -status;
  }
  if ((status = set_signals(&attributes)) == 0 &&
      (status = posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO)) == 0 &&
      (status = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO)) == 0 &&
      (status = posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO)) == 0)
    status = posix_spawnp(pid, name, &actions, &attributes, words, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return -status;
}

int plot_gnuplot_start(struct plot_gnuplot *gnuplot, int out_fd) {
  int ends[2];
  struct plot_gnuplot g = {.error_fd = memfd_create("gnuplot", MFD_CLOEXEC)};
  if (g.error_fd < 0)
    return -errno;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    int status = -errno;
    close(g.error_fd);
    return status;
  }
  int status = spawn(&g.pid, ends[0], out_fd, g.error_fd);
  close(ends[0]);
  g.script = status == 0 ? fdopen(ends[1], "w") : NULL;
  if (g.script != NULL) {
    *gnuplot = g;
    return 0;
  }
  if (status == 0) {
    status = -ENOMEM;
    close(ends[1]);
    waitpid(g.pid, NULL, 0); /* it ends with its input */
  } else {
    close(ends[1]);
  }
  close(g.error_fd);
  return status;
}

/* The last line: gnuplot repeats the command, with a caret below, before it says what is wrong. */
static void take_message(int fd, char *message, size_t size) {
  char text[4096];
  ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
  snprintf(message, size, "it says nothing");
  if (len <= 0)
    return;
  text[len] = '\0';
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    line += strspn(line, " \t^");
    char *printable = *line != '\0' ? label_printable(line) : NULL;
    if (printable != NULL)
      snprintf(message, size, "%s", printable);
    free(printable);
  }
}

int plot_gnuplot_finish(struct plot_gnuplot *gnuplot, char *message, size_t size) {
  int written = ferror(gnuplot->script) == 0 ? 0 : -EPIPE, ended;
  if (fclose(gnuplot->script) != 0 && written == 0)
    written = -errno;
  pid_t pid;
  do
    pid = waitpid(gnuplot->pid, &ended, 0);
  while (pid < 0 && errno == EINTR);
  int status = pid < 0 ? -errno : !WIFEXITED(ended) || WEXITSTATUS(ended) != 0 || written == -EPIPE ? -EIO : written;
  if (status == -EIO)
    take_message(gnuplot->error_fd, message, size);
  close(gnuplot->error_fd);
  return status;
}

static bool is_plain(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '.' ||
         c == ',' || c == ':' || c == '-' || c == '_';
}

void plot_gnuplot_put_string(const char *text, FILE *script) {
  bool after_number = false; /* then a digit would extend the octal number */
  fputc('"', script);
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c < 0x20 || c == 0x7f)
      c = '_';
    after_number = !is_plain(c) || (after_number && c >= '0' && c <= '9');
    if (after_number)
      fprintf(script, "\\%03o", c);
    else
      fputc(c, script);
  }
  fputc('"', script);
}
