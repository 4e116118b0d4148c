/*
 * comparison: the energy of all VMs against that of the host, which Scaphandre shares out
 *
 * Pure. Tests: tests/check_verdict.c.
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
  int error;                 /* of the host's counters: 0, -ENOENT (none), or why they were not read */
  const char *what;          /* zones of the host: "packages and DRAM" */
  const char *path;          /* of the unreadable counter of the host, as a word for a shell; may be NULL */
  const char *access_remedy; /* if denied; may be NULL */
  bool named;                /* the user named the host's counters */
  bool guest;                /* this machine is a guest */
  bool partial;              /* --vm selects VMs */
  double factor;             /* --scale of the VMs' energies */
  size_t counted, alive;     /* VMs in vms_w, and all that are updated */
  uint64_t pauses;           /* of their writer */
  double vms_w, host_w;
  int64_t first_ns, last_ns; /* the time of host_w, and the host's energies then */
  double first_host_j, last_host_j;
};

/* Takes in a counter that is updated. Zero-initialize the numbers of *comparison. */
void comparison_add(struct comparison *comparison, const struct facts *facts);

/* Sets host_w from what was added, and the whole of *verdict, which is for verdict_free(). */
void comparison_judge(struct comparison *comparison, struct verdict *verdict);

#endif
