#include "common/message.h"

#include "core/label.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* Two paths of maximum length and the words around them. */
#define LINE_BYTES (2 * PATH_MAX + 4096)

static bool quiet;
static void (*clear_before)(void *arg);
static void *clear_arg;

__attribute__((format(printf, 3, 0))) static void put_line(FILE *out, const char *prefix, const char *format,
                                                           va_list arguments) {
  char line[LINE_BYTES];
  vsnprintf(line, sizeof(line), format, arguments);
  label_make_printable(line);
  fprintf(out, "%s%s\n", prefix, line);
}

__attribute__((format(printf, 2, 0))) static void put_message(const char *prefix, const char *format,
                                                              va_list arguments) {
  if (clear_before != NULL)
    clear_before(clear_arg);
  put_line(stderr, prefix, format, arguments);
}

void message_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  put_message("vm_energy: ", format, arguments);
  va_end(arguments);
}

void message_warning(const char *format, ...) {
  if (quiet)
    return;
  va_list arguments;
  va_start(arguments, format);
  put_message("vm_energy: warning: ", format, arguments);
  va_end(arguments);
}

void message_note(const char *format, ...) {
  if (quiet)
    return;
  va_list arguments;
  va_start(arguments, format);
  put_message("vm_energy: ", format, arguments);
  va_end(arguments);
}

void message_be_quiet(void) {
  quiet = true;
}

void message_before(void (*clear)(void *arg), void *arg) {
  clear_before = clear;
  clear_arg = arg;
}

void message_print(FILE *out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  put_line(out, "", format, arguments);
  va_end(arguments);
}

static int output_error;

/* Why standard output failed, if errno does not say. */
static int lost_error(void) {
  struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
  return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0 ? -EPIPE : -EIO;
}

static void note_output(int failed) {
  if (failed != 0 && output_error == 0)
    output_error = errno != 0 ? -errno : lost_error();
}

void message_flush_output(void) {
  errno = 0;
  note_output(fflush(stdout));
}

int message_close_output(void) {
  message_flush_output();
  note_output(ferror(stdout)); /* of a write before the flush */
  errno = 0;
  note_output(fclose(stdout));
  return output_error;
}
