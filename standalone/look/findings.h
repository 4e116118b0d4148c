/*
 * findings: what `check` found in counters, search and host, the worst first
 *
 * Tests: tests/cli/check_check.sh.
 */
#ifndef VM_ENERGY_FINDINGS_H
#define VM_ENERGY_FINDINGS_H

#include "look/comparison.h"
#include "look/verdict.h"
#include "look/watch.h"

#include "core/meter.h"

#include <stdbool.h>
#include <stddef.h>

struct finding {
  enum finding_subject { SUBJECT_VM, SUBJECT_SEARCH, SUBJECT_HOST } subject;
  const char *name, *path;     /* path: NULL where there is none */
  const struct sample *sample; /* of a VM */
  size_t index;
  char *shown;       /* the name for a terminal, without a '|', after which a monitoring system expects figures */
  bool is_ambiguous; /* another one is printed so, too */
  struct verdict verdict;
};

struct findings {
  const struct watch *watch; /* borrowed, and what the list points to with it */
  struct finding *list;
  size_t num; /* 1 or more */
  struct comparison comparison;
};

/* Of a watch that has run. 0 or -errno; call findings_free() in any case. */
int findings_make(struct findings *findings, const struct watch *watch);
void findings_free(struct findings *findings);

#endif
