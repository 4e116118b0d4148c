/*
 * bounds: the energy of a window, with what it is at least and at most
 *
 * A counter that is updated every 5 s does not show what it was at the edges of a window (start and end): only what it
 * was at the updates around them. Its energy grows from update to update,
 *
 *        a     s     b         c       e      d          a: last update before s, b: first after s,
 *   -----+-----|-----+---------+-------|------+-----     c: last before e, d: first after e
 *
 * so the energy of [s, e] is at least that of b..c and at most that of a..d, whatever happened between two updates. The
 * value itself interpolates linearly within a..b and c..d. Windows that share an edge add up.
 *
 * Without an update after e the value is extrapolated with the last power, for at most one and a half times the last
 * interval, and there is no upper bound. There is none either where more may have been drawn than was counted: after a
 * reset, a spike, a pause of the writer, or while the counter was missing. Costs have bounds too: energy between two
 * updates may have been drawn at any value that the tariff had then.
 *
 * Pure: no clock, no I/O. Times are of one clock that never steps. An update was made in (to - within, to]; one that
 * may lie on either side of an edge bounds nothing there. Energies are in J since the first update.
 */
#ifndef VM_ENERGY_BOUNDS_H
#define VM_ENERGY_BOUNDS_H

#include "common/tariff.h"

#include "core/meter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Cost of the energy since the first update, in J times the value of a tariff. Private. */
struct bounds_cost {
  double value;       /* drawn evenly between two updates */
  double low, high;   /* drawn between two updates when it is cheapest, or dearest */
  double least, most; /* the same, of values below 0 or above 0 alone */
};

/* An update. Private. */
struct bounds_point {
  int64_t from_ns, to_ns; /* between which it was made; from_ns INT64_MIN: not known */
  int64_t ns;             /* when, most likely */
  double energy_j;
  double power_w;       /* since the update before; below 0: not known */
  int64_t dt_ns;        /* time since the update before */
  int64_t counted_ns;   /* of the time since the first update: while the energy was drawn */
  uint32_t undercounts; /* updates so far before which more may have been drawn than was counted */
  bool is_end;          /* the counter was missing after it */
  bool is_hole;         /* the time before it is unknown */
  struct bounds_cost costs[TARIFFS];
};

/*
 * The edge of a window. The caller sets at_ns before it adds an update after it; until then it is BOUNDS_OPEN. The rest
 * is private.
 */
struct bounds_edge {
  int64_t at_ns;
  bool is_passed, has_before, has_after, has_previous, has_next;
  struct bounds_point before, after;  /* the last update before it and the first after it, for certain */
  struct bounds_point previous, next; /* the same, most likely */
};

#define BOUNDS_OPEN INT64_MAX

struct bounds {
  struct bounds_edge *edges; /* borrowed, sorted by time */
  size_t edges_num;
  size_t next; /* the first edge without an update after it */
  uint32_t updates;
  struct bounds_point first, second, last;
  struct bounds_point sound; /* the update before the counter fell or had a spike */
  uint32_t since_sound;      /* updates since then; 0: never, or long ago */
  bool first_is_dated;
  const struct tariffs *tariffs; /* borrowed; the caller may set it after bounds_init(); NULL: none */
};

/* edges: borrowed, all zero but at_ns. */
void bounds_init(struct bounds *bounds, struct bounds_edge *edges, size_t num);

/* The mean power between two updates; the first known power holds from the first number. */
struct bounds_span {
  int64_t from_ns, to_ns;
  double power_w;
  double energy_j;
  int64_t least_ns, most_ns; /* the energy was drawn between these instants for certain; least_ns INT64_MIN: unknown */
};

/*
 * Adds an update of the counter, made at to_ns; in the order of their times, from the first reading on. One without a
 * value is ignored, but SAMPLE_MISSING says that the counter is missing until the next update. True: *span, which may
 * be NULL, is the power since the update before; false: it is unknown.
 */
bool bounds_add(struct bounds *bounds, int64_t to_ns, const struct update *update, struct bounds_span *span);

/* Sets an open edge, not before the last update. */
void bounds_close(struct bounds *bounds, size_t edge, int64_t at_ns);

/* True once an update after the edge is known; later ones change nothing. */
bool bounds_are_complete(const struct bounds *bounds, size_t edge);

/* Cost, in J times the value of the tariff. */
struct bounds_bill {
  bool has_cost; /* the tariff covers the window, and there is an energy */
  double cost;
  bool has_low, has_high; /* as of the energy. Values below 0 in the tariff: no lower bound without an upper one.
                             has_low without has_cost: low is 0 */
  double low, high;
};

/* Adds the bill of another VM or time. An unknown energy has no cost, and leaves no upper bound. */
void bounds_add_bill(struct bounds_bill *sum, bool sum_has_energy, const struct bounds_bill *other,
                     bool other_has_energy);

struct bounds_result {
  bool has_energy; /* something was counted, even if nothing was drawn */
  double energy_j;
  int64_t counted_ns; /* time in which it was drawn: not while the counter was missing, fell, or was stale */
  bool goes_on;       /* extrapolated: no update came after the end */
  bool at_least;      /* more may have been drawn than was counted, see above */
  double low_j;       /* lower bound */
  bool has_high;      /* see above */
  double high_j;      /* upper bound */
  struct bounds_bill bills[TARIFFS];
};

/* The energy between two edges whose times are known. */
void bounds_result(const struct bounds *bounds, size_t from, size_t to, struct bounds_result *result);

#endif
