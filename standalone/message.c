#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

static bool quiet;
static void (*clear_before)(void *arg);
static void *clear_arg;

__attribute__((format(printf, 2, 0))) static void tell(const char *prefix, const char *format, va_list arguments) {
  if (clear_before != NULL)
    clear_before(clear_arg);
  fputs(prefix, stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
}

void tell_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  tell("vm_energy: ", format, arguments);
  va_end(arguments);
}

void tell_warning(const char *format, ...) {
  if (quiet)
    return;
  va_list arguments;
  va_start(arguments, format);
  tell("vm_energy: warning: ", format, arguments);
  va_end(arguments);
}

void tell_note(const char *format, ...) {
  if (quiet)
    return;
  va_list arguments;
  va_start(arguments, format);
  tell("vm_energy: ", format, arguments);
  va_end(arguments);
}

void message_be_quiet(void) {
  quiet = true;
}

void message_before(void (*clear)(void *arg), void *arg) {
  clear_before = clear;
  clear_arg = arg;
}

static int output_error;

static void note_output(int failed) {
  if (failed != 0 && output_error == 0)
    output_error = errno != 0 ? -errno : -EIO;
}

void output_flush(void) {
  errno = 0;
  note_output(fflush(stdout));
}

int output_finish(void) {
  output_flush();
  note_output(ferror(stdout)); /* of a write before the flush */
  errno = 0;
  note_output(fclose(stdout));
  return output_error;
}
