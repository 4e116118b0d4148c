/*
 * rhythm: how regularly a counter is updated
 *
 * Keeps the last five intervals between updates. A writer is steady if at least three are known and at most one is off
 * their median by more than a tenth. Only an update of a steady writer can be late.
 *
 * Pure. A part of the meter. Tests: tests/check_meter.c.
 */
#ifndef VM_ENERGY_RHYTHM_H
#define VM_ENERGY_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

#define RHYTHM_INTERVALS 5

/* All zero at first. Private: use the functions. */
struct rhythm {
  float intervals_s[RHYTHM_INTERVALS]; /* newest last */
  float late_s;                        /* the shortest of the late ones in a row */
  uint8_t intervals_num, late_num;
};

enum rhythm_kind {
  RHYTHM_REGULAR, /* or the writer is not steady */
  RHYTHM_OFF,     /* off the median by more than a tenth */
  RHYTHM_LATE     /* 1.5 medians or more, most of it in proven silence */
};

/* silent_ns: how long looks proved that there was no update; in the rest of dt_ns updates may have been overlooked. */
enum rhythm_kind rhythm_judge(const struct rhythm *rhythm, int64_t dt_ns, int64_t silent_ns);

/* Late intervals do not count until three come in a row: then the shortest of them is the new period. */
void rhythm_learn(struct rhythm *rhythm, int64_t dt_ns, bool late);

/* The (lower) median of the intervals; 0: unknown. */
int64_t rhythm_period_ns(const struct rhythm *rhythm);

#endif
