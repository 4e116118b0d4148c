/*
 * facts: what was seen of a counter while `check` watched it
 *
 * Pure. tests/check_verdict.c holds it.
 */
#ifndef VM_ENERGY_FACTS_H
#define VM_ENERGY_FACTS_H

#include "core/clock.h"
#include "core/meter.h"

#include <stdbool.h>
#include <stdint.h>

/* An exporter that was just started writes nothing for two of its periods: until then silence says nothing. */
#define FACTS_WAIT_NS (12 * NS_PER_S)

/* So many updates show period and power, and that all is well. */
#define FACTS_UPDATES_ENOUGH 2

/* Two clocks that are closer are one; an attribute cache may hide an update for a minute. */
#define FACTS_CLOCKS_APART_NS (120 * NS_PER_S)

struct facts {
  uint64_t readings, updates;
  uint64_t growths; /* updates that added something */
  uint64_t resets;  /* how often it fell */
  uint64_t spikes;
  uint64_t pauses;        /* late updates of a steady writer */
  int64_t pause_ns;       /* by how much they were late, in sum */
  uint64_t returns;       /* after a reset, it was again at what it fell from, or above */
  uint64_t since_reset;   /* updates since the last one */
  uint64_t last_uj;       /* the counter */
  uint64_t fell_from_uj;  /* what the last reset began at; 0: it has returned */
  int error;              /* of the last reading */
  int64_t error_since_ns; /* mono_ns of the first reading in the present spell of errors */
  int64_t watched_ns;     /* between first reading and last */
  int64_t start_ns;
  bool stale;
  bool by_update;         /* its updates are dated by its file */
  bool has_age;           /* as in a sample */
  int64_t file_behind_ns; /* this clock less the time of its file, when that was new; set by the caller */
  int64_t age_ns, period_ns;
  bool has_power;
  double power_w;

  /* the first update for which host_j is known, and the last one, with what the host's counters showed then */
  struct facts_update {
    int64_t mono_ns; /* when the VM was updated */
    double energy_j;
    double host_j; /* interpolated between two looks */
  } first, last;
  int64_t looked_ns; /* at the last look: mono_ns, and what the host's counters showed */
  double looked_host_j;
};

/*
 * Takes in the next sample of the counter. All of *facts is zero before the first. host_j: see struct facts_update;
 * NAN: not yet known.
 */
void facts_note(struct facts *facts, const struct sample *sample, double host_j);

/* True if it is not updated any more. */
bool facts_are_stale(const struct facts *facts);

/* True if its file is dated by a clock that is not this one. */
bool facts_clocks_differ(const struct facts *facts);

/* True if two counters alternate in its file. */
bool facts_alternate(const struct facts *facts);

#endif
