/*
 * bounds: the energy of a window, and between what it is for certain
 *
 * A counter that is updated every 5 s does not show what it was when a window began or ended: only what it was at the
 * updates around these two instants, its edges. Its energy grows from update to update,
 *
 *        a     s     b         c       e      d          a: the last update before the window, b: the first in it or
 *   -----+-----|-----+---------+-------|------+-----        after its start; c: the last before its end, d: the first
 *                                                           after it
 *
 * so the energy of [s, e] is at least that of b..c and at most that of a..d, whatever happened between two updates. The
 * value itself interpolates linearly within a..b and c..d. Windows that share an edge add up.
 *
 * Where no update came after e, the value goes on with the last power, for one and a half times the last interval at
 * most, and there is no upper bound. There is none either where more may have been drawn than was counted: after a
 * reset, a spike, a pause of the writer, or while the counter was away.
 *
 * What the energy costs has bounds too: between two updates it may have been drawn at any time, so at any of the values
 * that the tariff had then.
 *
 * Pure: no clock, no I/O. Times are of one clock that never steps. An update is known to be in (to - within, to]; one
 * that may lie on either side of an edge bounds nothing there. Energies are in J since the first update.
 */
#ifndef VM_ENERGY_BOUNDS_H
#define VM_ENERGY_BOUNDS_H

#include "common/tariff.h"

#include "core/meter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of energy, since the first update, in J times the value of a tariff. Private. */
struct bounds_cost {
  double value;       /* drawn evenly between two updates */
  double low, high;   /* drawn between two updates when it is cheapest, or dearest */
  double least, most; /* the same, without what of it is above 0, or below */
};

/* An update, and what came with it. Private. */
struct bounds_point {
  int64_t from_ns, to_ns; /* between which it was made; from_ns INT64_MIN: not known */
  int64_t ns;             /* when, most likely */
  double energy_j;
  double power_w;       /* since the update before; below 0: not known */
  int64_t dt_ns;        /* that it is the mean over */
  int64_t counted_ns;   /* of the time since the first update, that in which the energy was drawn */
  uint32_t undercounts; /* updates so far that more may have been drawn before than was counted */
  bool is_end;          /* nothing comes after it */
  bool is_hole;         /* it says nothing of the time before it */
  struct bounds_cost costs[TARIFFS];
};

/*
 * The edge of a window. at_ns is the caller's, BOUNDS_OPEN until it is known, which must be before an update after it
 * is added; the rest is private.
 */
struct bounds_edge {
  int64_t at_ns;
  bool is_passed, has_before, has_after, has_previous, has_next;
  struct bounds_point before, after;  /* the last one before it for certain, the first one after it */
  struct bounds_point previous, next; /* the same, most likely */
};

#define BOUNDS_OPEN INT64_MAX

struct bounds {
  struct bounds_edge *edges; /* borrowed, by time */
  size_t edges_num;
  size_t next; /* the first edge without an update after it */
  uint32_t updates;
  struct bounds_point first, second, last;
  struct bounds_point sound; /* the one before the counter fell, or had a spike */
  uint32_t since_sound;      /* updates since then; 0: it did not, or that was long ago */
  bool first_is_dated;
  const struct tariffs *tariffs; /* borrowed, and the caller's to set after bounds_init(); NULL: none */
};

/* edges: all zero but at_ns; borrowed. */
void bounds_init(struct bounds *bounds, struct bounds_edge *edges, size_t num);

/* The mean power between two updates; the first one that is known reaches back to the first number. */
struct bounds_span {
  int64_t from_ns, to_ns;
  double power_w;
  double energy_j;           /* of it, */
  int64_t least_ns, most_ns; /* which was drawn between these instants for certain; least_ns INT64_MIN: not known */
};

/*
 * An update of the counter, in the order of their times; the first is what was read first. to_ns: its time. What has no
 * value is passed over; with SAMPLE_MISSING the counter is not there any more until the next one. True: *span, which
 * may be NULL, is the power since the update before; false: it is not known.
 */
bool bounds_add(struct bounds *bounds, int64_t to_ns, const struct update *update, struct bounds_span *span);

/* The edge, which was open, is right after what was read last. */
void bounds_close(struct bounds *bounds, size_t edge, int64_t at_ns);

/* Whether an update after the edge was seen, so that all is known that can be. */
bool bounds_are_complete(const struct bounds *bounds, size_t edge);

/* In J times the value of the tariff. */
struct bounds_bill {
  bool has_cost; /* the tariff covers the window, and there is an energy */
  double cost;
  bool has_low, has_high; /* as of the energy; without an upper bound of it, a negative value leaves no lower one.
                             has_low without has_cost: 0 at least */
  double low, high;
};

/* Adds the bill of another VM or time. Whose energy is not known has no cost, and leaves no upper bound. */
void bounds_add_bill(struct bounds_bill *sum, bool sum_has_energy, const struct bounds_bill *other,
                     bool other_has_energy);

struct bounds_result {
  bool has_energy; /* something was counted, if only that nothing was drawn */
  double energy_j;
  int64_t counted_ns; /* in which it was drawn: less while the counter was away, or fell, or had no update any more */
  bool goes_on;       /* with the last power: no update came after the end */
  bool at_least;      /* after a reset, a spike, a pause, an absence: more may have been drawn than was counted */
  double low_j;       /* at least so much */
  bool has_high;      /* see above */
  double high_j;      /* at most so much */
  struct bounds_bill bills[TARIFFS];
};

/* The energy between two edges whose times are known. */
void bounds_result(const struct bounds *bounds, size_t from, size_t to, struct bounds_result *result);

#endif
