#include "common/bounds.h"

#include "core/clock.h"

#include <math.h>

/* The value is extrapolated over so many intervals. */
#define GOES_ON 1.5

void bounds_init(struct bounds *bounds, struct bounds_edge *edges, size_t num) {
  *bounds = (struct bounds){.edges = edges, .edges_num = num};
}

/* The time of the first number is unknown. The first known power dates it back from the second update. */
static bool date_first(struct bounds *bounds, double power_w) {
  struct bounds_point *first = &bounds->first;
  if (bounds->first_is_dated || bounds->updates < 2 || power_w <= 0)
    return false;
  bounds->first_is_dated = true;
  double since_s = (bounds->second.energy_j - first->energy_j) / power_w;
  int64_t ns = since_s < 1e9 ? bounds->second.ns - (int64_t)(since_s * 1e9) : first->ns;
  if (first->from_ns != INT64_MIN || ns > first->to_ns)
    return false;
  first->counted_ns -= first->ns - ns;
  first->ns = ns;
  for (size_t i = 0; i < TARIFFS && bounds->tariffs != NULL; i++)
    first->costs[i].value =
        bounds->second.costs[i].value - power_w * tariff_integral(&bounds->tariffs->of[i], ns, bounds->second.ns);
  for (size_t i = 0; i < bounds->edges_num; i++)
    if (bounds->edges[i].has_previous && bounds->edges[i].previous.from_ns == INT64_MIN)
      bounds->edges[i].previous = *first;
  return bounds->updates == 2;
}

/* Adds what the energy since the update before cost. */
static void add_costs(const struct bounds *bounds, struct bounds_point *now) {
  const struct bounds_point *last = &bounds->last;
  double energy_j = now->energy_j - last->energy_j, s = (double)now->dt_ns * 1e-9, least, most;
  for (size_t i = 0; i < TARIFFS && bounds->tariffs != NULL && bounds->updates > 0; i++) {
    const struct tariff *tariff = &bounds->tariffs->of[i];
    struct bounds_cost *cost = &now->costs[i];
    *cost = last->costs[i];
    tariff_range(tariff, last->from_ns != INT64_MIN ? last->from_ns : last->to_ns, now->to_ns, &least, &most);
    cost->value += s > 0 ? energy_j / s * tariff_integral(tariff, last->ns, now->ns) : energy_j * most;
    cost->low += energy_j * least;
    cost->high += energy_j * most;
    cost->least += least < 0 ? energy_j * least : 0;
    cost->most += most > 0 ? energy_j * most : 0;
  }
}

static struct bounds_point point_of(const struct bounds *bounds, int64_t to_ns, const struct update *update) {
  const struct bounds_point *last = &bounds->last;
  struct bounds_point now = {.from_ns = update->within_ns < 0 ? INT64_MIN : to_ns - update->within_ns,
                             .to_ns = to_ns,
                             .ns = update->within_ns < 0 ? to_ns : to_ns - update->within_ns / 2,
                             .energy_j = update->energy_j,
                             .power_w = -1,
                             .counted_ns = last->counted_ns,
                             .undercounts = last->undercounts};
  bool undercounted =
      update->state == SAMPLE_RESET || update->state == SAMPLE_SPIKE || update->state == SAMPLE_GAP || last->is_end;
  now.undercounts += undercounted;
  now.is_hole = update->state == SAMPLE_GAP && update->energy_j <= last->energy_j;
  now.dt_ns = now.ns - last->ns;
  if (bounds->updates > 0 && !undercounted && last->from_ns != INT64_MIN && now.dt_ns > 0)
    now.power_w = (now.energy_j - last->energy_j) / ((double)now.dt_ns * 1e-9);
  /* nothing was counted where the counter fell, or stood while it was missing */
  if (bounds->updates > 0 && now.dt_ns > 0 && (now.power_w >= 0 || now.energy_j > last->energy_j))
    now.counted_ns += now.dt_ns;
  return now;
}

/* Notes an update that may be after the edge. */
static void pass_edge(const struct bounds *bounds, struct bounds_edge *edge, const struct bounds_point *now) {
  const struct bounds_point *last = bounds->updates > 0 ? &bounds->last : NULL;
  if (!edge->is_passed && last != NULL && last->to_ns <= edge->at_ns) {
    edge->before = *last;
    edge->has_before = true;
  }
  edge->is_passed = true;
  if (!edge->has_next && now->ns > edge->at_ns) {
    edge->has_previous = last != NULL && last->ns <= edge->at_ns;
    if (last != NULL)
      edge->previous = *last;
    edge->next = *now;
    edge->has_next = true;
  }
  if (now->from_ns >= edge->at_ns) {
    edge->after = *now;
    edge->has_after = true;
  }
}

/*
 * A fall or a spike may be a glitch. Once the counter is back on its old course, its energy is that since the update
 * before the glitch. The meter waits three updates for that, and at least 30 s.
 */
#define GLITCH_UPDATES 3
#define GLITCH_NS      (30 * NS_PER_S)

static void forget_glitch(struct bounds *bounds) {
  uint32_t undercounts = bounds->last.undercounts;
  bounds->last = bounds->sound;
  bounds->last.undercounts = undercounts;
  bounds->last.is_end = false;
  bounds->next = 0;
  for (size_t i = 0; i < bounds->edges_num; i++) {
    struct bounds_edge *edge = &bounds->edges[i];
    edge->has_after = edge->has_after && edge->after.ns <= bounds->sound.ns;
    edge->has_next = edge->has_next && edge->next.ns <= bounds->sound.ns;
    if (edge->at_ns >= bounds->sound.to_ns)
      edge->is_passed = edge->has_before = edge->has_previous = false;
  }
}

static void note_glitch(struct bounds *bounds, int64_t to_ns, const struct update *update) {
  bool is_over = bounds->since_sound > GLITCH_UPDATES && to_ns - bounds->sound.to_ns > GLITCH_NS;
  if (bounds->since_sound > 0 && is_over)
    bounds->since_sound = 0;
  if (bounds->since_sound > 0 && update->state == SAMPLE_GAP && update->energy_j > bounds->last.energy_j) {
    forget_glitch(bounds);
    bounds->since_sound = 0;
  } else if (bounds->since_sound > 0) {
    bounds->since_sound++;
  } else if (bounds->updates > 0 && (update->state == SAMPLE_RESET || update->state == SAMPLE_SPIKE) &&
             update->energy_j <= bounds->last.energy_j) {
    bounds->sound = bounds->last;
    bounds->since_sound = 1;
  }
}

bool bounds_add(struct bounds *bounds, int64_t to_ns, const struct update *update, struct bounds_span *span) {
  if (!update->has_energy) {
    bounds->last.is_end = bounds->last.is_end || update->state == SAMPLE_MISSING;
    return false;
  }
  note_glitch(bounds, to_ns, update);
  struct bounds_point now = point_of(bounds, to_ns, update);
  add_costs(bounds, &now);
  bool reaches_back = date_first(bounds, now.power_w);
  for (size_t i = bounds->next; i < bounds->edges_num && now.to_ns > bounds->edges[i].at_ns; i++) {
    if (!bounds->edges[i].has_after)
      pass_edge(bounds, &bounds->edges[i], &now);
    if (i == bounds->next && bounds->edges[i].has_after)
      bounds->next++;
  }
  if (bounds->updates == 0)
    bounds->first = now;
  else if (bounds->updates == 1)
    bounds->second = now;
  if (span != NULL) {
    const struct bounds_point *since = reaches_back ? &bounds->first : &bounds->last;
    *span = (struct bounds_span){.from_ns = reaches_back ? since->ns : now.ns - now.dt_ns,
                                 .to_ns = now.ns,
                                 .power_w = now.power_w,
                                 .energy_j = now.energy_j - since->energy_j,
                                 .least_ns = since->from_ns,
                                 .most_ns = now.to_ns};
  }
  bounds->last = now;
  bounds->updates++;
  return now.power_w >= 0;
}

void bounds_close(struct bounds *bounds, size_t edge, int64_t at_ns) {
  struct bounds_edge *e = &bounds->edges[edge];
  e->at_ns = at_ns;
  e->has_before = e->has_previous = bounds->updates > 0;
  e->before = e->previous = bounds->last;
}

bool bounds_are_complete(const struct bounds *bounds, size_t edge) {
  return bounds->edges[edge].has_after;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* The energy at an edge. */
struct level {
  const struct bounds_point *before, *after; /* for certain; after NULL: none yet */
  double energy_j;
  int64_t counted_ns;
  double costs[TARIFFS];
  bool goes_on;
  int64_t update_ns; /* when the last update before it was made, most likely */
};

static void put_at(struct level *level, const struct bounds_point *point) {
  level->energy_j = point->energy_j;
  level->counted_ns = point->counted_ns;
  for (size_t i = 0; i < TARIFFS; i++)
    level->costs[i] = point->costs[i].value;
}

static void add_power(const struct bounds *bounds, struct level *level, const struct bounds_point *from, double power_w,
                      int64_t drawn_ns) {
  level->energy_j += power_w * (double)drawn_ns * 1e-9;
  for (size_t i = 0; i < TARIFFS && bounds->tariffs != NULL && drawn_ns > 0; i++)
    level->costs[i] += power_w * tariff_integral(&bounds->tariffs->of[i], from->ns, from->ns + drawn_ns);
}

static void put_between(const struct bounds *bounds, struct level *level, const struct bounds_point *a,
                        const struct bounds_point *b, int64_t at_ns) {
  put_at(level, at_ns >= b->ns ? b : a);
  if (at_ns <= a->ns || at_ns >= b->ns)
    return;
  double whole_ns = (double)(b->ns - a->ns);
  add_power(bounds, level, a, (b->energy_j - a->energy_j) / (whole_ns * 1e-9), at_ns - a->ns);
  level->counted_ns += (int64_t)((double)(at_ns - a->ns) / whole_ns * (double)(b->counted_ns - a->counted_ns));
}

static void put_later(const struct bounds *bounds, struct level *level, const struct bounds_point *last,
                      int64_t at_ns) {
  int64_t since_ns = at_ns - last->ns, most_ns = (int64_t)(GOES_ON * (double)last->dt_ns);
  put_at(level, last);
  if (last->power_w < 0 || last->is_end || since_ns <= 0)
    return;
  since_ns = since_ns < most_ns ? since_ns : most_ns;
  add_power(bounds, level, last, last->power_w, since_ns);
  level->counted_ns += since_ns;
}

static struct level level_at(const struct bounds *bounds, const struct bounds_edge *edge) {
  const struct bounds_point *first = &bounds->first, *last = &bounds->last, *before = NULL, *previous = NULL;
  if (edge->has_before)
    before = &edge->before;
  else if (!edge->is_passed && bounds->updates > 0 && last->to_ns <= edge->at_ns)
    before = last;
  if (edge->has_previous)
    previous = &edge->previous;
  else if (!edge->has_next && bounds->updates > 0 && last->ns <= edge->at_ns)
    previous = last;
  bool is_there = previous != NULL || before != NULL;
  struct level level = {.before = before != NULL ? before : first,
                        .after = !is_there         ? first
                                 : edge->has_after ? &edge->after
                                                   : NULL,
                        .goes_on = previous != NULL && !edge->has_next,
                        .update_ns = previous != NULL && !previous->is_hole ? previous->ns : INT64_MIN};
  if (level.goes_on)
    put_later(bounds, &level, previous, edge->at_ns);
  else if (previous != NULL)
    put_between(bounds, &level, previous, &edge->next, edge->at_ns);
  else
    put_at(&level, level.before);
  if (level.energy_j < level.before->energy_j)
    level.energy_j = level.before->energy_j;
  if (level.after != NULL && level.energy_j > level.after->energy_j)
    level.energy_j = level.after->energy_j;
  return level;
}

static double limit(double number, double low, double high) {
  return number < low ? low : number > high ? high : number;
}

/* Inside the window energy costs at least the low value; in an interval across an edge it may not count. */
static void put_bills(const struct bounds *bounds, const struct bounds_edge *start, const struct bounds_edge *end,
                      const struct level *a, const struct level *b, struct bounds_result *result) {
  const struct bounds_point *until = b->after != NULL ? b->after : &bounds->last;
  bool has_inside = a->after != NULL && b->before->energy_j > a->after->energy_j;
  for (size_t i = 0; i < TARIFFS && bounds->tariffs != NULL; i++) {
    const struct tariff *tariff = &bounds->tariffs->of[i];
    struct bounds_bill *bill = &result->bills[i];
    const struct bounds_cost *from = &a->before->costs[i], *to = &until->costs[i];
    bill->has_cost =
        result->has_energy && tariff->num > 0 && tariff_covers_until(tariff, start->at_ns, end->at_ns) == end->at_ns;
    bill->has_high = bill->has_cost && result->has_high;
    /* unknown energy costs at least 0 where no price is below that */
    bill->has_low = tariff->num > 0 && (!tariff->has_negative || (bill->has_cost && result->has_high));
    if (!bill->has_cost)
      continue;
    bill->low = to->least - from->least;
    bill->high = to->most - from->most;
    if (has_inside) {
      const struct bounds_cost *first = &a->after->costs[i], *last = &b->before->costs[i];
      bill->low += last->low - first->low - (last->least - first->least);
      bill->high += last->high - first->high - (last->most - first->most);
    }
    bill->cost =
        limit(b->costs[i] - a->costs[i], bill->has_low ? bill->low : -INFINITY, bill->has_high ? bill->high : INFINITY);
  }
}

void bounds_result(const struct bounds *bounds, size_t from, size_t to, struct bounds_result *result) {
  const struct bounds_edge *start = &bounds->edges[from], *end = &bounds->edges[to];
  struct level a = level_at(bounds, start), b = level_at(bounds, end);
  *result = (struct bounds_result){
      .energy_j = b.energy_j - a.energy_j, .counted_ns = b.counted_ns - a.counted_ns, .goes_on = b.goes_on};
  /* a counter that only fell counted nothing, but drew more than 0 J */
  bool was_there = bounds->updates > 1 && b.update_ns > start->at_ns;
  result->has_energy = result->counted_ns > 0 || result->energy_j > 0 || was_there;
  if (a.after != NULL && b.before->energy_j > a.after->energy_j)
    result->low_j = b.before->energy_j - a.after->energy_j;
  result->at_least = (end->has_after ? end->after.undercounts : bounds->last.undercounts) != a.before->undercounts;
  result->has_high = end->has_after && b.after != NULL && !result->at_least;
  result->high_j = result->has_high ? b.after->energy_j - a.before->energy_j : 0;
  put_bills(bounds, start, end, &a, &b, result);
}

void bounds_add_bill(struct bounds_bill *sum, bool sum_has_energy, const struct bounds_bill *other,
                     bool other_has_energy) {
  sum->has_cost = (sum_has_energy || other_has_energy) && (sum->has_cost || !sum_has_energy) &&
                  (other->has_cost || !other_has_energy);
  sum->has_low = sum->has_low && other->has_low;
  sum->has_high = sum->has_high && other->has_high;
  sum->cost += other->has_cost ? other->cost : 0;
  sum->low += other->has_cost ? other->low : 0;
  sum->high += other->has_cost ? other->high : 0;
}
