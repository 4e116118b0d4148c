#include "look/watch.h"

#include "common/inputs.h"
#include "common/message.h"
#include "look/places.h"
#include "look/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_EVERY_NS (250 * NS_PER_MS)

/* Less than 9 s without --duration, because check_nrpe times out after 10 s. */
#define WATCH_NS (8500 * NS_PER_MS)

/* This clock minus the time of the file; 0: unknown. */
static int64_t file_behind_ns(const char *path, const struct instant *now) {
  struct stat info;
  if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
    return 0;
  return now->wall_ns - ((int64_t)info.st_mtim.tv_sec * NS_PER_S + info.st_mtim.tv_nsec);
}

static void note_removal(struct sink *sink, const struct sample *sample) {
  struct watch_removals *removals = (struct watch_removals *)sink;
  struct watch_removal *list = reallocarray(removals->list, removals->num + 1, sizeof(*list));
  if (list != NULL)
    removals->list = list;
  struct watch_removal one = {.name = strdup(sample->label), .path = strdup(sample->path)};
  if (list != NULL && one.name != NULL && one.path != NULL) {
    list[removals->num++] = one;
    return;
  }
  free(one.name);
  free(one.path);
  removals->error = -ENOMEM;
}

static void free_removals(struct watch_removals *removals) {
  for (size_t i = 0; i < removals->num; i++) {
    free(removals->list[i].name);
    free(removals->list[i].path);
  }
  free(removals->list);
}

static int look(struct watch *watch) {
  struct host_energy host;
  int status = clock_now(&watch->now);
  if (status == 0)
    status = host_look(watch->host, &watch->now);
  if (status == 0)
    status = sampler_pass(watch->sampler, &watch->now);
  host_energy(watch->host, &host);
  for (size_t i = 0; i < roster_count(watch->roster); i++) {
    const struct roster_entry *entry = roster_at(watch->roster, i);
    struct watch_counter *counter = entry->own;
    if (!counter->classified)
      counter->merged = places_is_merged(watch->options, entry->last.path);
    counter->classified = true;
    facts_note(&counter->facts, &entry->last, host.energy_j);
    if (entry->last.updates > 0)
      counter->facts.file_behind_ns = file_behind_ns(entry->last.path, &watch->now);
  }
  return status;
}

/* A silent counter is not waited for while others are updated. */
static bool all_is_clear(const struct watch *watch) {
  bool updated = false, silent = false;
  for (size_t i = 0; i < roster_count(watch->roster); i++) {
    const struct watch_counter *counter = roster_at(watch->roster, i)->own;
    bool clear = verdict_is_final(&counter->facts), stale = facts_are_stale(&counter->facts);
    updated = updated ||
              (clear && counter->facts.updates > 0 && !places_is_of_kernel(roster_at(watch->roster, i)->last.path));
    silent = silent || (!clear && stale);
    if (!counter->merged && !clear && !stale)
      return false;
  }
  return updated || !silent;
}

static bool is_over(const struct watch *watch) {
  const struct options *options = watch->options;
  int64_t elapsed_ns = watch->now.mono_ns - watch->start.mono_ns;
  if (options->duration_ns > 0)
    return elapsed_ns >= options->duration_ns;
  if (roster_count(watch->roster) == 0) /* an exporter may be about to write */
    return inputs_selects_none() || sampler_search_error(watch->sampler, NULL) != 0 || elapsed_ns >= WATCH_NS;
  return all_is_clear(watch) || elapsed_ns >= WATCH_NS;
}

static int look_until_over(struct watch *watch) {
  int status = look(watch);
  watch->start = watch->now;
  if (status == 0 && !is_over(watch) && isatty(STDERR_FILENO) == 1)
    message_note("watching %zu counters", roster_count(watch->roster));
  while (status == 0 && !is_over(watch)) {
    status = stop_wait(&watch->stop, watch->now.mono_ns + LOOK_EVERY_NS);
    if (status > 0)
      return 0; /* a signal: report what is known */
    if (status == 0)
      status = look(watch);
  }
  return status;
}

int watch_run(struct watch *watch) {
  int status = look_until_over(watch);
  stop_close(&watch->stop);
  for (size_t i = 0; i < roster_count(watch->roster); i++) {
    const struct roster_entry *entry = roster_at(watch->roster, i);
    struct facts *facts = &((struct watch_counter *)entry->own)->facts;
    if (facts->updates == 0)
      facts->file_behind_ns = file_behind_ns(entry->last.path, &watch->now);
  }
  return status;
}

int watch_open(struct watch *watch, const struct options *options) {
  *watch = (struct watch){.options = options};
  int status = roster_new(sizeof(struct watch_counter), &watch->roster);
  if (status != 0)
    return status;
  watch->sinks[0] = roster_sink(watch->roster);
  watch->removals.sink.removed = note_removal;
  watch->sinks[1] = &watch->removals.sink;
  status = inputs_sampler(options, watch->sinks, 2, &watch->sampler);
  if (status != 0)
    return status;
  status = places_add_nameless(options, watch->sampler);
  if (status != 0)
    return status;
  status = host_new(options->host_counter, &watch->host);
  return status != 0 ? status : stop_open(&watch->stop, -1, NULL);
}

void watch_close(struct watch *watch) {
  host_free(watch->host);
  sampler_free(watch->sampler);
  free_removals(&watch->removals);
  roster_free(watch->roster);
}
