/*
 * vm_energy: the tool
 *
 * Finds the command, passes it its options, and reports at the end if standard output could not be written.
 */
#include "common/command.h"
#include "common/message.h"
#include "common/options.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {&command_list,   &command_check,   &command_top,
                                                 &command_ts,     &command_once,    &command_run,
                                                 &command_report, &command_compare, &command_plot};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name) {
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i]->name, name) == 0)
      return commands[i];
  return NULL;
}

static void print_commands(FILE *out) {
  fputs("Usage: vm_energy COMMAND [OPTION]...\n"
        "Energy and power of virtual machines, from the counters that Scaphandre writes.\n\n"
        "Commands:\n",
        out);
  for (size_t i = 0; i < COMMANDS; i++)
    fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
  fputs("\n"
        "  -h, --help     print this help\n"
        "  -V, --version  print the version\n\n"
        "'vm_energy COMMAND --help' lists the options of a command; vm_energy(1) is the manual.\n"
        "Exit status: 0 done, 1 the measurement failed or is incomplete, 2 wrong usage.\n",
        out);
}

static void print_command(const struct command *command, FILE *out) {
  fprintf(out, "Usage: vm_energy %s %s\n%s\nOptions:\n", command->name, command->synopsis, command->text);
  options_print(command->options, out);
  if ((command->options & OPTIONS_PATHS) == 0)
    fputs("\nTIME is a number of seconds, or has a unit: 500ms, 2s, 5min, 1h, 1d.\n", out);
  fprintf(out, "\nExamples:\n%s", command->examples);
}

static void print_version(void) {
  puts("vm_energy " VM_ENERGY_VERSION);
}

static int run_command(const struct command *command, int argc, char **argv) {
  struct options options;
  int status = command->wrong_usage != 0 ? command->wrong_usage : STATUS_USAGE;
  switch (options_parse(command->options, argc, argv, &options)) {
  case OPTIONS_GOOD:
    if (options.quiet)
      message_be_quiet();
    status = command->run(&options);
    break;
  case OPTIONS_HELP:
    print_command(command, stdout);
    status = STATUS_DONE;
    break;
  case OPTIONS_VERSION:
    print_version();
    status = STATUS_DONE;
    break;
  case OPTIONS_WRONG:
    fprintf(stderr, "Try 'vm_energy %s --help'.\n", command->name);
    break;
  }
  options_free(&options);
  return status;
}

static int report_unknown(const char *word) {
  message_error("%s '%s'", word[0] == '-' ? "unknown option" : "unknown command", word);
  fputs("Try 'vm_energy --help'.\n", stderr);
  return STATUS_USAGE;
}

static int run_words(int argc, char **argv) {
  if (argc < 2) {
    print_commands(stderr);
    return STATUS_USAGE;
  }
  const char *word = argv[1];
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
    const struct command *command = argc > 2 ? find_command(argv[2]) : NULL;
    if (argc > 2 && command == NULL)
      return report_unknown(argv[2]);
    if (command != NULL)
      print_command(command, stdout);
    else
      print_commands(stdout);
    return STATUS_DONE;
  }
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
    print_version();
    return STATUS_DONE;
  }
  const struct command *command = find_command(word);
  return command != NULL ? run_command(command, argc - 1, argv + 1) : report_unknown(word);
}

/*
 * A closed descriptor is opened in the wrong direction, so that no CSV file becomes standard output, and writing to it
 * or reading from it fails and is reported.
 */
static void hold_standard_descriptors(void) {
  static const int flags[] = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", flags[fd]) != fd)
      _exit(STATUS_FAILED);
}

int main(int argc, char **argv) {
  hold_standard_descriptors();
  /* a closed pipe and a limit of file size are write errors as others are; files must be finished */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  static char buffer[1 << 16];
  if (isatty(STDOUT_FILENO) != 1) /* most results are one write, whose error is known when it is flushed */
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
  setlocale(LC_CTYPE, ""); /* not LC_NUMERIC: numbers have a point */
  int status = run_words(argc, argv);
  int output = message_close_output();
  if (output != 0 && output != -EPIPE) { /* a reader that closes the pipe, as head does, is no error */
    message_error("unable to write to standard output: %s", strerror(-output));
    status = status == STATUS_DONE ? STATUS_FAILED : status;
  }
  return status;
}
