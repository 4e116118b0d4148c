/*
 * roster: a sink that lists the counters of a pass with their samples, and with room for the command's state of each
 *
 * Tests: tests/check_board.c and tests/check_host.c.
 */
#ifndef VM_ENERGY_ROSTER_H
#define VM_ENERGY_ROSTER_H

#include "core/sink.h"

#include <stddef.h>

struct roster;

struct roster_entry {
  struct sample last; /* with label and path */
  void *own;          /* own_size bytes, zero-initialized; NULL if that is 0 */
};

/* 0 or -ENOMEM. */
int roster_new(size_t own_size, struct roster **roster);

/* After the sampler that has the sink. NULL is fine. */
void roster_free(struct roster *roster);
struct sink *roster_sink(struct roster *roster);

/* The counters of the last pass, in its order. Valid until the next pass, and while the sampler exists. */
size_t roster_count(const struct roster *roster);
struct roster_entry *roster_at(const struct roster *roster, size_t index);

#endif
