#include "log.h"

#include "core/label.h"

#include <stdio.h>
#include <stdlib.h>

void format_safely(char *text, size_t size, const char *format, va_list args) {
  char raw[MESSAGE_MAX];
  vsnprintf(raw, sizeof(raw), format, args);
  char *safe = label_printable(raw);
  char *cut = safe == NULL ? NULL : label_cut(safe, size - 1);
  snprintf(text, size, "%s", cut != NULL ? cut : "out of memory");
  free(safe);
  free(cut);
}

void say(int severity, const char *format, ...) {
  char text[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  format_safely(text, sizeof(text), format, args);
  va_end(args);
  plugin_log(severity, PLUGIN " plugin: %s", text);
}

bool may_say(struct throttle *throttle, const struct pace *pace, int64_t mono_ns) {
  uint64_t held_back;
  if (!throttle_take(throttle, pace->burst, pace->refill_ns, mono_ns, &held_back))
    return false;
  if (held_back > 0)
    say(LOG_NOTICE, "%llu messages about %s were held back", (unsigned long long)held_back, pace->about);
  return true;
}
