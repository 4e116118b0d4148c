/*
 * facts: what was seen of a counter while `check` watched it
 *
 * Pure. Tests: tests/check_verdict.c.
 */
#ifndef VM_ENERGY_FACTS_H
#define VM_ENERGY_FACTS_H

#include "core/clock.h"
#include "core/meter.h"

#include <stdbool.h>
#include <stdint.h>

/* An exporter that was just started writes nothing for two of its periods: until then silence means nothing. */
#define FACTS_WAIT_NS (12 * NS_PER_S)

/* So many updates show the period, the power, and that the counter is updated. */
#define FACTS_UPDATES_ENOUGH 2

/* A smaller difference may come from an attribute cache, which hides an update for up to a minute. */
#define FACTS_CLOCKS_APART_NS (120 * NS_PER_S)

struct facts {
  uint64_t readings, updates;
  uint64_t growths; /* updates that added energy */
  uint64_t resets;  /* how often it fell */
  uint64_t spikes;
  uint64_t pauses;        /* late updates of a steady writer */
  int64_t pause_ns;       /* sum of their delays */
  uint64_t returns;       /* how often it was back at the number it fell from, or above */
  uint64_t since_reset;   /* updates since the last reset */
  uint64_t last_uj;       /* raw counter */
  uint64_t fell_from_uj;  /* the number before the last reset; 0: it has returned */
  int error;              /* of the last reading */
  int64_t error_since_ns; /* mono_ns of the first reading of the present spell of errors */
  int64_t watched_ns;     /* from the first reading to the last */
  int64_t start_ns;
  bool stale;
  bool by_update;         /* its file dates its updates */
  bool has_age;           /* as in a sample */
  int64_t file_behind_ns; /* this clock minus the time of its file when that was new; set by the caller */
  int64_t age_ns, period_ns;
  bool has_power;
  double power_w;

  /* the first update with a known host_j, and the last one */
  struct facts_update {
    int64_t mono_ns; /* when the VM was updated */
    double energy_j;
    double host_j; /* the host's counters then, interpolated between two looks */
  } first, last;
  int64_t looked_ns; /* mono_ns of the last look, and the host's counters then */
  double looked_host_j;
};

/* Takes in the next sample of the counter. Zero-initialize *facts. host_j: the host's counters now; NAN: unknown yet.
 */
void facts_note(struct facts *facts, const struct sample *sample, double host_j);

/* True if the counter is no longer updated: stale by is_stale() in core/meter.c, or silent since before the watch;
   never if facts_clocks_differ(). */
bool facts_are_stale(const struct facts *facts);

/* True if another clock dates its file. */
bool facts_clocks_differ(const struct facts *facts);

/* True if two counters alternate in its file. */
bool facts_alternate(const struct facts *facts);

#endif
