#include "sampler.h"

#include "average.h"

#include <errno.h>
#include <stdlib.h>

/* How long one pass may sleep in total for counters that are being written. */
#define PASS_PATIENCE_NS (20 * NS_PER_MS)

/* Per-counter state. */
struct tracked {
  struct meter meter;
  struct average *average; /* NULL: none */
  bool bad;                /* the last reading had an error */
  void *slots[];           /* one per sink */
};

struct sampler {
  struct sampler_options options;
  struct sink *const *sinks;
  size_t sinks_num;
  struct source *source;
  int search_error;
  const char *search_where;
  int error;              /* the first of the pass */
  struct instant last_at; /* end of the last pass */
  bool is_freed;          /* counters are removed because the sampler is freed */
};

static void note_error(struct sampler *sampler, int status) {
  if (status != 0 && sampler->error == 0)
    sampler->error = status;
}

static void tracked_free(void *user) {
  struct tracked *t = user;
  average_free(t->average);
  free(t);
}

/* For a counter that is new. NULL: out of memory. */
static struct tracked *track(const struct sampler *sampler, const char *path) {
  struct tracked *t = calloc(1, sizeof(*t) + sampler->sinks_num * sizeof(t->slots[0]));
  if (t == NULL)
    return NULL;
  if (sampler->options.smooth > 0 && (t->average = average_new(sampler->options.smooth)) == NULL) {
    free(t);
    return NULL;
  }
  meter_init(&t->meter, &sampler->options.meter);
  struct meter_saved saved;
  if (sampler->options.saved != NULL && sampler->options.saved(path, &saved, sampler->options.saved_arg))
    meter_resume(&t->meter, &saved);
  return t;
}

static struct sample sample_of(const struct tracked *t, const struct source_entry *entry) {
  return (struct sample){.label = entry->label,
                         .path = entry->path,
                         .by_pattern = entry->by_pattern,
                         .range_uj = source_range_uj(entry),
                         .state = t->meter.state};
}

static void put_update(const struct sampler *sampler, struct tracked *t, const struct source_entry *entry,
                       struct update *update) {
  update->label = entry->label;
  update->path = entry->path;
  for (size_t i = 0; i < sampler->sinks_num; i++) {
    update->slot = &t->slots[i];
    if (sampler->sinks[i]->update != NULL)
      sampler->sinks[i]->update(sampler->sinks[i], update);
  }
}

static int entry_wanted(const char *name, void *arg) {
  const struct sampler *sampler = arg;
  return sampler->options.wanted == NULL ? 1 : sampler->options.wanted(name, sampler->options.wanted_arg);
}

/* Shows the meter of a counter that is back that it was missing in the last pass. */
static void note_missing(const struct sampler *sampler, struct tracked *t) {
  struct reading missing = {.error = -ENOENT, .at = sampler->last_at};
  struct sample sample = {.slot = NULL};
  meter_take(&t->meter, &missing);
  meter_sample(&t->meter, &sample);
}

static void entry_added(struct source_entry *entry, void *arg) {
  struct sampler *sampler = arg;
  if (entry->user != NULL)
    note_missing(sampler, entry->user);
  else
    entry->user = track(sampler, entry->path);
  struct tracked *t = entry->user;
  if (t == NULL) {
    note_error(sampler, -ENOMEM);
    return; /* tried again when it is read */
  }
  struct sample sample = sample_of(t, entry);
  for (size_t i = 0; i < sampler->sinks_num; i++) {
    sample.slot = &t->slots[i];
    if (sampler->sinks[i]->added != NULL)
      sampler->sinks[i]->added(sampler->sinks[i], &sample);
  }
}

static void entry_removed(struct source_entry *entry, void *arg) {
  struct sampler *sampler = arg;
  struct tracked *t = entry->user;
  if (t == NULL)
    return;
  struct sample sample = sample_of(t, entry);
  meter_recall(&t->meter, &sample);
  struct instant now;
  if (!sampler->is_freed && clock_now(&now) == 0) {
    struct update update = {.mono_ns = now.mono_ns,
                            .within_ns = sample.has_energy ? now.mono_ns - sample.at.mono_ns : UPDATE_UNDATED,
                            .state = SAMPLE_MISSING,
                            .energy_uj = sample.energy_uj,
                            .total_uj = sample.total_uj,
                            .energy_j = sample.energy_j};
    put_update(sampler, t, entry, &update);
  }
  for (size_t i = 0; i < sampler->sinks_num; i++) {
    sample.slot = &t->slots[i];
    if (sampler->sinks[i]->removed != NULL)
      sampler->sinks[i]->removed(sampler->sinks[i], &sample);
    t->slots[i] = NULL;
  }
}

static void entry_is_duplicate(const struct source_entry *dropped, const struct source_entry *kept, void *arg) {
  const struct sampler *sampler = arg;
  if (sampler->options.duplicate != NULL)
    sampler->options.duplicate(dropped->path, kept->path);
}

int sampler_new(const struct sampler_options *options, struct sink *const *sinks, size_t count,
                struct sampler **sampler) {
  struct sampler *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return -ENOMEM;
  s->options = *options;
  s->sinks = sinks;
  s->sinks_num = count;
  struct source_options source = {.host = options->host,
                                  .label_max = options->label_max,
                                  .wanted = entry_wanted,
                                  .added = entry_added,
                                  .removed = entry_removed,
                                  .free_user = tracked_free,
                                  .duplicate = entry_is_duplicate,
                                  .arg = s};
  int status = source_new(&source, &s->source);
  if (status != 0) {
    free(s);
    return status;
  }
  *sampler = s;
  return 0;
}

void sampler_free(struct sampler *sampler) {
  if (sampler == NULL)
    return;
  sampler->is_freed = true;
  source_free(sampler->source);
  free(sampler);
}

int sampler_add(struct sampler *sampler, const char *path_or_pattern) {
  return source_add(sampler->source, path_or_pattern);
}

static void look(struct sampler *sampler, struct source_entry *entry, int64_t *patience_ns) {
  if (entry->user == NULL)
    entry_added(entry, sampler);
  struct tracked *t = entry->user;
  if (t == NULL)
    return;

  /* a counter that stays bad is not being written, and must not use up the patience for those that are */
  int64_t none = 0;
  struct reading reading;
  source_read(sampler->source, entry, t->bad ? &none : patience_ns, &reading);
  t->bad = reading.error != 0;
  if (meter_needs_range(&t->meter, &reading))
    source_read_range(sampler->source, entry, &reading);
  meter_take(&t->meter, &reading);
  struct update update;
  if (meter_update(&t->meter, &update))
    put_update(sampler, t, entry, &update);
}

static void put(struct sampler *sampler, struct source_entry *entry) {
  struct tracked *t = entry->user;
  if (t == NULL)
    return;
  struct sample sample = sample_of(t, entry);
  meter_sample(&t->meter, &sample);
  if (t->average != NULL && sample.has_power) {
    sample.has_average = true;
    sample.average_w = average_add(t->average, sample.power_w);
  }
  for (size_t i = 0; i < sampler->sinks_num; i++) {
    sample.slot = &t->slots[i];
    if (sampler->sinks[i]->put != NULL)
      note_error(sampler, sampler->sinks[i]->put(sampler->sinks[i], &sample));
  }
}

int sampler_pass(struct sampler *sampler, const struct instant *now) {
  int64_t patience_ns = PASS_PATIENCE_NS;
  sampler->error = 0;
  sampler->search_where = NULL;
  sampler->search_error = source_begin(sampler->source, &sampler->search_where);
  size_t count = source_count(sampler->source);
  for (size_t i = 0; i < count; i++)
    look(sampler, source_at(sampler->source, i), &patience_ns);
  source_end(sampler->source);
  /* all looks come first: close together, and collectd's write threads wake up once, not for each value */
  for (size_t i = 0; now != NULL && i < sampler->sinks_num; i++)
    if (sampler->sinks[i]->begin != NULL)
      note_error(sampler, sampler->sinks[i]->begin(sampler->sinks[i], now, count));
  for (size_t i = 0; now != NULL && i < count; i++)
    put(sampler, source_at(sampler->source, i));
  for (size_t i = 0; now != NULL && i < sampler->sinks_num; i++)
    if (sampler->sinks[i]->end != NULL)
      note_error(sampler, sampler->sinks[i]->end(sampler->sinks[i]));
  note_error(sampler, clock_now(&sampler->last_at));
  return sampler->error;
}

int sampler_look(struct sampler *sampler) {
  return sampler_pass(sampler, NULL);
}

int sampler_search_error(const struct sampler *sampler, const char **where) {
  if (where != NULL)
    *where = sampler->search_where;
  return sampler->search_error;
}

int sampler_mounts_error(const struct sampler *sampler) {
  return source_mounts_error(sampler->source);
}

size_t sampler_count(const struct sampler *sampler) {
  return source_count(sampler->source);
}
