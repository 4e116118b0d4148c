#include "log.h"

#include "core/label.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void log_format(char *text, size_t size, const char *format, va_list args) {
  char raw[MESSAGE_MAX];
  vsnprintf(raw, sizeof(raw), format, args);
  label_make_printable(raw);
  char *cut = label_cut(raw, size - 1);
  snprintf(text, size, "%s", cut != NULL ? cut : "out of memory");
  free(cut);
}

void log_line(int severity, const char *format, ...) {
  char text[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  log_format(text, sizeof(text), format, args);
  va_end(args);
  plugin_log(severity, PLUGIN " plugin: %s", text);
}

bool log_allows(struct throttle *throttle, const char *about, int64_t mono_ns) {
  unsigned burst = about != NULL ? VM_BURST : PLUGIN_BURST;
  int64_t refill_ns = about != NULL ? VM_REFILL_NS : PLUGIN_REFILL_NS;
  if (!throttle_take(throttle, burst, refill_ns, mono_ns))
    return false;
  if (throttle->held_back > 0)
    log_line(LOG_NOTICE, "%llu messages about %s were held back", (unsigned long long)throttle->held_back,
             about != NULL ? about : "VMs that came and went");
  throttle->held_back = 0;
  return true;
}

bool log_trouble_begins(struct trouble *trouble, int error, int64_t mono_ns) {
  bool is_new = error != 0 && error != trouble->error;
  trouble->error = error;
  return is_new && log_allows(trouble->throttle, trouble->about, mono_ns);
}

bool log_trouble_ends(struct trouble *trouble, int64_t mono_ns) {
  bool ends = trouble->error != 0;
  trouble->error = 0;
  return ends && log_allows(trouble->throttle, trouble->about, mono_ns);
}

void log_unwritable(struct trouble *trouble, const char *path, int error, int64_t mono_ns) {
  if (!log_trouble_begins(trouble, error, mono_ns))
    return;
  const char *remedy = "fix this, or choose another path";
  char text[128];
  snprintf(text, sizeof(text), "collectd runs as uid %u and needs write and search permission on its directory",
           geteuid());
  if (error == -EACCES || error == -EPERM)
    remedy = text;
  else if (error == -ENOENT)
    remedy = "create its directory";
  else if (error == -ENOSPC || error == -EDQUOT)
    remedy = "free some space; values are not lost";
  else if (error == -EROFS)
    remedy = "choose another path, or allow this one in collectd's systemd unit (ReadWritePaths=)";
  else if (error == -ETIMEDOUT)
    remedy = "its disk does not answer; values are not lost";
  log_line(LOG_WARNING, "%s: cannot write '%s': %s; %s", trouble->about, path, strerror(-error), remedy);
}
