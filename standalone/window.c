#include "window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct record {
  char *label, *path;
  bool gone;                   /* it was removed in the window */
  int first_error, last_error; /* of the first and the last pass */
  enum sample_state last_state;
  bool updated, reset, wrapped, gap; /* seen in the window */
  bool by_update;
  double energy_j;
  int64_t first_mono_ns, last_mono_ns;     /* of the passes */
  int64_t first_update_ns, last_update_ns; /* of the updates that they found last */
};

struct window {
  struct sink sink;
  struct record *records;
  size_t records_num, records_size;
  size_t cursor; /* the record that the next sample is likely for */
  bool started;  /* the first pass is over */
};

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  struct window *window = (struct window *)sink;
  (void)now;
  if (window->started)
    return 0;
  window->records = calloc(count > 0 ? count : 1, sizeof(struct record));
  if (window->records == NULL)
    return -ENOMEM;
  window->records_size = count;
  return 0;
}

static int put_first(struct window *window, const struct sample *sample) {
  if (window->records_num == window->records_size)
    return -ENOMEM; /* begin() had none */
  struct record *record = &window->records[window->records_num];
  *record = (struct record){.label = strdup(sample->label), .path = strdup(sample->path)};
  if (record->label == NULL || record->path == NULL) {
    free(record->label);
    free(record->path);
    return -ENOMEM;
  }
  window->records_num++;
  record->first_error = record->last_error = sample->error;
  record->last_state = sample->state;
  record->first_mono_ns = record->last_mono_ns = sample->at.mono_ns;
  record->first_update_ns = record->last_update_ns = sample->update_mono_ns;
  *sample->slot = record;
  return 0;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct window *window = (struct window *)sink;
  if (!window->started)
    return put_first(window, sample);
  struct record *record = *sample->slot;
  if (record == NULL)
    return 0; /* came later */
  record->last_error = sample->error;
  record->last_state = sample->state;
  if (!sample->has_energy)
    return 0;
  record->energy_j += sample->delta_j;
  record->last_mono_ns = sample->at.mono_ns;
  record->last_update_ns = sample->update_mono_ns;
  record->by_update = sample->by_update;
  record->updated = record->updated || sample->updated;
  record->reset = record->reset || sample->state == SAMPLE_RESET;
  record->wrapped = record->wrapped || sample->state == SAMPLE_WRAP;
  record->gap = record->gap || sample->state == SAMPLE_GAP;
  return 0;
}

static int end_pass(struct sink *sink) {
  struct window *window = (struct window *)sink;
  window->started = true;
  return 0;
}

static void forget_counter(struct sink *sink, const struct sample *sample) {
  (void)sink;
  struct record *record = *sample->slot;
  if (record != NULL)
    record->gone = true;
  *sample->slot = NULL;
}

int window_new(struct window **window) {
  struct window *w = calloc(1, sizeof(*w));
  if (w == NULL)
    return -ENOMEM;
  w->sink = (struct sink){.begin = begin_pass, .put = put_sample, .end = end_pass, .removed = forget_counter};
  *window = w;
  return 0;
}

void window_free(struct window *window) {
  if (window == NULL)
    return;
  for (size_t i = 0; i < window->records_num; i++) {
    free(window->records[i].label);
    free(window->records[i].path);
  }
  free(window->records);
  free(window);
}

struct sink *window_sink(struct window *window) {
  return &window->sink;
}

size_t window_count(const struct window *window) {
  return window->records_num;
}

static enum sample_state worst_state(const struct record *record) {
  if (record->reset)
    return SAMPLE_RESET;
  if (record->wrapped)
    return SAMPLE_WRAP;
  if (record->gap)
    return SAMPLE_GAP;
  if (record->updated && record->last_state == SAMPLE_HELD)
    return SAMPLE_OK; /* held since the last second only */
  return record->last_state;
}

void window_result(const struct window *window, size_t index, struct window_result *result) {
  const struct record *record = &window->records[index];
  *result = (struct window_result){.label = record->label, .path = record->path};
  result->failed_at_start = record->first_error != 0;
  result->error = record->first_error != 0 ? record->first_error : record->last_error;
  result->state = worst_state(record);
  if (record->gone) {
    result->error = result->error != 0 ? result->error : -ENOENT;
    result->state = SAMPLE_MISSING;
  }
  if (result->error != 0)
    return;
  int64_t dt_ns = record->by_update ? record->last_update_ns - record->first_update_ns
                                    : record->last_mono_ns - record->first_mono_ns;
  result->has_energy = true;
  result->energy_j = record->energy_j;
  result->has_power = dt_ns > 0 && result->state != SAMPLE_STALE;
  if (result->has_power)
    result->power_w = record->energy_j / ((double)dt_ns / 1e9);
}
