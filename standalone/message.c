#include "message.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static bool quiet;

__attribute__((format(printf, 2, 0))) static void tell(const char *prefix, const char *format, va_list arguments) {
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

void quiet_warnings(void) {
  quiet = true;
}
