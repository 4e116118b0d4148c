#include "measure/progress.h"

#include "common/show.h"
#include "common/stop.h"

#include "core/csv_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW_EVERY_NS (100 * NS_PER_MS)
#define COLUMNS_LEAST 20

struct progress {
  struct sink sink;
  struct csv_text vms; /* ", vm-001 100.04 W" for each VM, while they fit */
  size_t count, with_power;
  double total_w;
  bool user_types; /* the line is above the one that the user types */
  bool shown;      /* a line is on the terminal */
  int64_t shown_mono_ns;
};

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  struct progress *progress = (struct progress *)sink;
  (void)now;
  csv_text_clear(&progress->vms);
  progress->count = count;
  progress->with_power = 0;
  progress->total_w = 0;
  return 0;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct progress *progress = (struct progress *)sink;
  progress->with_power += sample->has_power;
  progress->total_w += sample->has_power ? sample->power_w : 0;
  if (progress->vms.len >= PROGRESS_LINE_MAX)
    return 0; /* they do not fit */
  char power[SHOW_NUMBER_MAX];
  show_power(sample->power_w, power);
  csv_text_string(&progress->vms, ", ");
  csv_text_string(&progress->vms, sample->label);
  csv_text_char(&progress->vms, ' ');
  csv_text_string(&progress->vms, sample->has_power ? power : meter_state_name(sample->state));
  return 0;
}

int progress_new(bool user_types, struct progress **progress) {
  struct progress *p = calloc(1, sizeof(*p));
  if (p == NULL)
    return -ENOMEM;
  p->sink = (struct sink){.begin = begin_pass, .put = put_sample};
  p->user_types = user_types;
  *progress = p;
  return 0;
}

void progress_free(struct progress *progress) {
  if (progress == NULL)
    return;
  progress_clear(progress);
  free(progress->vms.data);
  free(progress);
}

struct sink *progress_sink(struct progress *progress) {
  return &progress->sink;
}

/* "1:48", "2:00:05" */
static void format_clock(int64_t ns, char text[32]) {
  int64_t s = ns < 0 ? 0 : ns / NS_PER_S + (ns % NS_PER_S >= NS_PER_S / 2);
  if (s >= 3600)
    snprintf(text, 32, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
  else
    snprintf(text, 32, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

/* ", 143.00 W in all, 2 VMs" */
static int format_total(const struct progress *progress, char text[80]) {
  size_t count = progress->count, with_power = progress->with_power;
  const char *plural = count == 1 ? "" : "s";
  char power[SHOW_NUMBER_MAX];
  show_power(progress->total_w, power);
  if (with_power == 0)
    return snprintf(text, 80, ", %zu VM%s without power", count, plural);
  if (with_power == count)
    return snprintf(text, 80, ", %s in all, %zu VM%s", power, count, plural);
  return snprintf(text, 80, ", %s in all, %zu of %zu VM%s", power, with_power, count, plural);
}

void progress_format(const struct progress *progress, uint64_t taken, uint64_t planned, int64_t left_ns, size_t width,
                     char text[PROGRESS_LINE_MAX]) {
  char clock[32];
  format_clock(left_ns, clock);
  size_t size = width + 1 < PROGRESS_LINE_MAX ? width + 1 : PROGRESS_LINE_MAX, used;
  if (planned > 0)
    used = (size_t)snprintf(text, size, "sample %" PRIu64 " of %" PRIu64 ", %s left", taken, planned, clock);
  else
    used = (size_t)snprintf(text, size, "sample %" PRIu64 " after %s", taken, clock);
  if (used >= size || progress->count == 0)
    return;
  if (!progress->vms.failed && progress->vms.len < size - used) {
    memcpy(text + used, progress->vms.data, progress->vms.len);
    text[used + progress->vms.len] = '\0';
    return;
  }
  char total[80];
  size_t len = (size_t)format_total(progress, total);
  if (len < size - used && len < sizeof(total))
    memcpy(text + used, total, len + 1);
}

void progress_show(struct progress *progress, uint64_t taken, uint64_t planned, int64_t left_ns, int64_t mono_ns) {
  if (stop_in_background(STDERR_FILENO)) {
    progress->shown = false; /* others write on the terminal */
    return;
  }
  if (progress->shown && mono_ns - progress->shown_mono_ns < SHOW_EVERY_NS)
    return;
  char text[PROGRESS_LINE_MAX];
  size_t columns = show_columns(STDERR_FILENO);
  progress_format(progress, taken, planned, left_ns, (columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns) - 1, text);
  /* escape sequences: save the cursor, up, erase to the end of the line, restore the cursor */
  if (!progress->user_types)
    fprintf(stderr, "\r%s\033[K", text);
  else if (progress->shown)
    fprintf(stderr, "\0337\033[A\r%s\033[K\0338", text);
  else
    fprintf(stderr, "\r%s\033[K\n", text);
  fflush(stderr);
  progress->shown = true;
  progress->shown_mono_ns = mono_ns;
}

void progress_clear(void *arg) {
  struct progress *progress = arg;
  if (progress == NULL || !progress->shown)
    return;
  progress->shown = false;
  if (stop_in_background(STDERR_FILENO))
    return;
  fputs(progress->user_types ? "\n" : "\r\033[K", stderr);
  fflush(stderr);
}

void progress_leave(struct progress *progress) {
  if (progress != NULL)
    progress->shown = false;
}
