/*
 * roster: the counters that there are, with the last sample of each
 *
 * A sink for what is shown rather than written: the list of a pass in its order, and with each counter room for what
 * the command wants to remember of it.
 */
#ifndef VM_ENERGY_ROSTER_H
#define VM_ENERGY_ROSTER_H

#include "core/sink.h"

#include <stddef.h>

struct roster;

struct roster_entry {
  struct sample last; /* with label and path */
  void *own;          /* own_size bytes, all zero at first; NULL when that is 0 */
};

/* 0 or -ENOMEM. */
int roster_new(size_t own_size, struct roster **roster);

/* After the sampler that has the sink. NULL is fine. */
void roster_free(struct roster *roster);
struct sink *roster_sink(struct roster *roster);

/* The counters of the last pass, in its order. Valid until the next pass, and until the sampler is freed. */
size_t roster_count(const struct roster *roster);
struct roster_entry *roster_at(const struct roster *roster, size_t index);

#endif
