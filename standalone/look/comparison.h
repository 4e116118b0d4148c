/*
 * comparison: the energy of all VMs against that of the host which Scaphandre shares out
 *
 * Pure. tests/check_verdict.c holds it.
 */
#ifndef VM_ENERGY_COMPARISON_H
#define VM_ENERGY_COMPARISON_H

#include "look/facts.h"
#include "look/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The strings are borrowed. */
struct comparison {
  int error;                 /* of the host's counters: 0, -ENOENT (there are none), or why they were not read */
  const char *what;          /* which zones of the host: "packages and DRAM" */
  const char *path;          /* the host's counter that was not read, as a word for a shell; may be NULL */
  const char *access_remedy; /* denied: the command that helps; may be NULL */
  bool named;                /* the user named the host's counters */
  bool guest;                /* this is no host */
  bool partial;              /* not all VMs are looked at, as --vm says */
  double factor;             /* the scale that the VMs' energies have */
  size_t counted, alive;     /* VMs whose energy is in vms_w, of those that are updated */
  uint64_t pauses;           /* of their writer */
  double vms_w, host_w;
  int64_t first_ns, last_ns; /* the time that host_w is the mean of; its energies then */
  double first_host_j, last_host_j;
};

/* Takes in a counter that is well enough to be updated. Before the first one the numbers of *comparison are zero. */
void comparison_add(struct comparison *comparison, const struct facts *facts);

/* Sets host_w from what was added, and the whole of *verdict, which is for verdict_free(). */
void comparison_judge(struct comparison *comparison, struct verdict *verdict);

#endif
