/*
 * watch: the counters and the host, watched by `check` for an update or two
 *
 * Tests: tests/cli/check_check.sh.
 */
#ifndef VM_ENERGY_WATCH_H
#define VM_ENERGY_WATCH_H

#include "common/options.h"
#include "common/stop.h"
#include "look/facts.h"
#include "look/host.h"
#include "look/roster.h"

#include "core/clock.h"
#include "core/sampler.h"

#include <stdbool.h>
#include <stddef.h>

/* Per-counter state; `own` of the roster's entry. */
struct watch_counter {
  struct facts facts;
  bool classified, merged; /* merged: see places_is_merged() */
};

/* A counter that a pattern found, and whose file was removed since. */
struct watch_removal {
  char *name, *path;
};

struct watch_removals {
  struct sink sink;
  struct watch_removal *list;
  size_t num;
  int error; /* -ENOMEM: one is missing */
};

struct watch {
  const struct options *options;
  struct roster *roster;
  struct watch_removals removals;
  struct sink *sinks[2];
  struct sampler *sampler;
  struct host *host;
  struct stop stop;
  struct instant start, now;
};

/* 0 or -errno; call watch_close() in any case. */
int watch_open(struct watch *watch, const struct options *options);

/* Watches until all is clear, the time is over, or a signal comes. Once, after watch_open() was 0. 0 or -errno. */
int watch_run(struct watch *watch);

void watch_close(struct watch *watch);

#endif
