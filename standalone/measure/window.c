#include "measure/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct record {
  char *label, *path;
  bool removed;
  int first_error, last_error; /* of the first and the last pass */
  enum sample_state first_state, last_state;
  bool updated, had_reset, had_spike, had_wrap, had_gap; /* in the window */
  bool stale, stale_between_updates;                     /* now; a stale spell between two updates */
  bool by_update;
  uint64_t updates;
  int64_t period_ns;
  double energy_j; /* since the first pass */
  struct bounds bounds;
  struct bounds_edge edges[2];         /* start and end */
  int64_t first_mono_ns, last_mono_ns; /* of the passes */
  /* update_j came between these updates: of the first and the last pass, without a stale spell before */
  int64_t first_update_ns, last_update_ns;
  double update_j;
};

struct window {
  struct sink sink;
  struct record **records;
  size_t records_num;
  bool started; /* the first pass is over */
  bool bounded; /* window_begin() was called */
  int64_t start_ns, end_ns;
  int64_t now_ns; /* of the last pass */
};

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  (void)count;
  ((struct window *)sink)->now_ns = now->mono_ns;
  return 0;
}

static void free_record(struct record *record) {
  free(record->label);
  free(record->path);
  free(record);
}

/* Without memory there is no record, and put_first() fails. */
static void add_counter(struct sink *sink, const struct sample *sample) {
  struct window *window = (struct window *)sink;
  if (window->started)
    return; /* came later */
  struct record **records = reallocarray(window->records, window->records_num + 1, sizeof(struct record *));
  struct record *record = calloc(1, sizeof(*record));
  if (records != NULL)
    window->records = records;
  if (records == NULL || record == NULL) {
    free(record);
    return;
  }
  record->label = strdup(sample->label);
  record->path = strdup(sample->path);
  if (record->label == NULL || record->path == NULL) {
    free_record(record);
    return;
  }
  record->edges[0].at_ns = record->edges[1].at_ns = BOUNDS_OPEN;
  bounds_init(&record->bounds, record->edges, 2);
  records[window->records_num++] = record;
  *sample->slot = record;
}

static void follow_bounds(struct sink *sink, const struct update *update) {
  (void)sink;
  struct record *record = *update->slot;
  if (record != NULL)
    bounds_add(&record->bounds, update->mono_ns, update, NULL);
}

static int put_first(const struct sample *sample) {
  struct record *record = *sample->slot;
  if (record == NULL)
    return -ENOMEM;
  record->first_error = record->last_error = sample->error;
  record->first_state = record->last_state = sample->state;
  record->first_mono_ns = record->last_mono_ns = sample->at.mono_ns;
  record->first_update_ns = record->last_update_ns = sample->update_mono_ns;
  record->stale = sample->state == SAMPLE_STALE;
  return 0;
}

/* A stopped writer did not count: the energy of its first update after a stale spell was drawn in an unknown time. */
static void add_update(struct record *record, const struct sample *sample) {
  if (record->stale) {
    record->stale_between_updates = record->updated;
    record->first_update_ns = sample->update_mono_ns;
  } else {
    record->update_j += sample->delta_j;
  }
  record->stale = sample->state == SAMPLE_STALE;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct window *window = (struct window *)sink;
  if (!window->started)
    return put_first(sample);
  struct record *record = *sample->slot;
  if (record == NULL)
    return 0; /* came later */
  record->last_error = sample->error;
  record->last_state = sample->state;
  if (!sample->has_energy)
    return 0;
  add_update(record, sample);
  record->energy_j += sample->delta_j;
  record->updates += sample->updates;
  record->period_ns = sample->by_update || sample->mtime_moves ? sample->period_ns : 0;
  record->last_mono_ns = sample->at.mono_ns;
  record->last_update_ns = sample->update_mono_ns;
  record->by_update = sample->by_update && sample->mtime_moves;
  record->updated = record->updated || sample->updates > 0;
  record->had_reset = record->had_reset || sample->state == SAMPLE_RESET;
  record->had_spike = record->had_spike || sample->state == SAMPLE_SPIKE;
  record->had_wrap = record->had_wrap || sample->state == SAMPLE_WRAP;
  record->had_gap = record->had_gap || sample->state == SAMPLE_GAP;
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
    record->removed = true;
  *sample->slot = NULL;
}

int window_new(struct window **window) {
  struct window *w = calloc(1, sizeof(*w));
  if (w == NULL)
    return -ENOMEM;
  w->sink = (struct sink){.begin = begin_pass,
                          .put = put_sample,
                          .end = end_pass,
                          .update = follow_bounds,
                          .added = add_counter,
                          .removed = forget_counter};
  *window = w;
  return 0;
}

void window_free(struct window *window) {
  if (window == NULL)
    return;
  for (size_t i = 0; i < window->records_num; i++)
    free_record(window->records[i]);
  free(window->records);
  free(window);
}

struct sink *window_sink(struct window *window) {
  return &window->sink;
}

void window_begin(struct window *window, int64_t start_ns) {
  window->bounded = true;
  window->start_ns = start_ns;
  for (size_t i = 0; i < window->records_num; i++)
    window->records[i]->edges[0].at_ns = start_ns;
}

void window_end(struct window *window, int64_t end_ns) {
  window->end_ns = end_ns;
  for (size_t i = 0; i < window->records_num; i++)
    window->records[i]->edges[1].at_ns = end_ns;
}

/* True if no update is expected. Torn content may recover within the stale time. */
static bool will_not_be_updated(const struct window *window, const struct record *record) {
  if (record->removed || record->first_error != 0 || record->last_state == SAMPLE_STALE)
    return true;
  return record->last_error != 0 &&
         (record->last_state != SAMPLE_TORN || window->now_ns - record->last_mono_ns > METER_STALE_NS);
}

static bool all_are_complete(const struct window *window, size_t edge) {
  for (size_t i = 0; i < window->records_num; i++)
    if (!bounds_are_complete(&window->records[i]->bounds, edge) && !will_not_be_updated(window, window->records[i]))
      return false;
  return true;
}

bool window_has_begun(const struct window *window) {
  return all_are_complete(window, 0);
}

bool window_is_complete(const struct window *window) {
  return all_are_complete(window, 1);
}

size_t window_count(const struct window *window) {
  return window->records_num;
}

/* Of a counter with a value at both ends. */
static enum sample_state state_between(const struct record *record) {
  if (record->had_reset)
    return SAMPLE_RESET;
  if (record->had_spike)
    return SAMPLE_SPIKE;
  if (record->had_wrap)
    return SAMPLE_WRAP;
  if (record->had_gap)
    return SAMPLE_GAP;
  if (record->updated && record->last_state == SAMPLE_HELD)
    return SAMPLE_OK; /* held since the last look only */
  return record->last_state;
}

static void find_power(const struct record *record, struct window_result *result) {
  double energy_j = record->by_update ? record->update_j : record->energy_j;
  int64_t dt_ns = record->by_update ? record->last_update_ns - record->first_update_ns
                                    : record->last_mono_ns - record->first_mono_ns;
  if (dt_ns <= 0 || record->last_state == SAMPLE_STALE || (record->by_update && record->stale_between_updates))
    return;
  result->has_power = true;
  result->power_w = energy_j / ((double)dt_ns / 1e9);
}

static void set_bounded(const struct window *window, const struct record *record, struct window_result *result) {
  result->state = state_between(record);
  result->updates = record->updates;
  bounds_result(&record->bounds, 0, 1, &result->bounds);
  result->has_energy = result->bounds.has_energy;
  result->energy_j = result->bounds.energy_j;
  int64_t window_ns = window->end_ns - window->start_ns;
  result->has_power = result->has_energy && window_ns > 0 && record->last_state != SAMPLE_STALE &&
                      bounds_are_complete(&record->bounds, 1);
  if (result->has_power)
    result->power_w = result->energy_j / ((double)window_ns / 1e9);
}

/* An update right at an edge counts or not, so the energy may be wrong by that of one update in the window. */
static void set_read(const struct record *record, struct window_result *result) {
  result->state = state_between(record);
  result->has_energy = true;
  result->updates = record->updates;
  result->energy_j = record->energy_j;
  find_power(record, result);
  int64_t window_ns = record->last_mono_ns - record->first_mono_ns;
  if (record->period_ns > 0 && window_ns > 0)
    result->uncertainty = (double)record->period_ns / (double)window_ns;
  if (result->uncertainty > 1 || (record->updates == 0 && record->last_state == SAMPLE_HELD))
    result->uncertainty = 1;
}

void window_result(const struct window *window, size_t index, struct window_result *result) {
  const struct record *record = window->records[index];
  *result = (struct window_result){.label = record->label, .path = record->path};
  result->failed_at_start = record->first_error != 0;
  bool is_there = !record->removed && record->last_error == 0;
  if (record->first_error != 0) {
    result->error = record->first_error;
    result->state = record->first_state;
  } else if (window->bounded && (is_there || bounds_are_complete(&record->bounds, 1))) {
    set_bounded(window, record, result); /* if complete, even if the counter was removed since */
  } else if (record->removed) {
    result->error = -ENOENT;
    result->state = SAMPLE_MISSING;
  } else if (record->last_error != 0) {
    result->error = record->last_error;
    result->state = record->last_state;
  } else {
    set_read(record, result);
  }
}
