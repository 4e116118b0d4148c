#include "bounds.h"

/* The value goes on with the last power for so many intervals. */
#define GOES_ON 1.5

void bounds_init(struct bounds *bounds, struct bounds_edge *edges, size_t num) {
  *bounds = (struct bounds){.edges = edges, .edges_num = num};
}

/*
 * When the first number was made that was read is not known. The first power that is known later leads from there to
 * the second one.
 */
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
  for (size_t i = 0; i < bounds->edges_num; i++)
    if (bounds->edges[i].has_previous && bounds->edges[i].previous.from_ns == INT64_MIN)
      bounds->edges[i].previous = *first;
  return bounds->updates == 2;
}

static struct bounds_point point_of(const struct bounds *bounds, int64_t to_ns, const struct update *update) {
  const struct bounds_point *last = &bounds->last;
  struct bounds_point now = {.from_ns = update->within_ns < 0 ? INT64_MIN : to_ns - update->within_ns,
                             .to_ns = to_ns,
                             .ns = update->within_ns < 0 ? to_ns : to_ns - update->within_ns / 2,
                             .energy_j = update->energy_j,
                             .power_w = -1,
                             .counted_ns = last->counted_ns,
                             .doubts = last->doubts};
  bool doubtful = update->state == SAMPLE_RESET || update->state == SAMPLE_SPIKE || update->state == SAMPLE_GAP ||
                  last->is_end;
  now.doubts += doubtful;
  now.dt_ns = now.ns - last->ns;
  if (bounds->updates > 0 && !doubtful && last->from_ns != INT64_MIN && now.dt_ns > 0)
    now.power_w = (now.energy_j - last->energy_j) / ((double)now.dt_ns * 1e-9);
  if (bounds->updates == 0 || now.dt_ns <= 0)
    return now;
  /* where the counter was away, or fell, its energy does not grow; after a spike it may do so for both intervals */
  if (now.power_w >= 0 || now.energy_j > last->energy_j)
    now.counted_ns += now.dt_ns + (doubtful ? last->spike_ns : 0);
  else if (update->state == SAMPLE_SPIKE)
    now.spike_ns = last->spike_ns + now.dt_ns;
  return now;
}

/* What is known of the edge, once an update is there that may be after it. */
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

bool bounds_add(struct bounds *bounds, int64_t to_ns, const struct update *update, struct bounds_span *span) {
  if (!update->has_energy) {
    bounds->last.is_end = bounds->last.is_end || update->state == SAMPLE_MISSING;
    return false;
  }
  struct bounds_point now = point_of(bounds, to_ns, update);
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
  if (span != NULL)
    *span = (struct bounds_span){
        .from_ns = reaches_back ? bounds->first.ns : now.ns - now.dt_ns, .to_ns = now.ns, .power_w = now.power_w};
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
  double low_j, energy_j, high_j;
  bool has_high;
  bool goes_on;
  int64_t counted_ns;
  uint32_t doubts;   /* that are before it for certain */
  int64_t update_ns; /* when the last update before it was made, most likely */
};

static void put_between(struct level *level, const struct bounds_point *a, const struct bounds_point *b,
                        int64_t at_ns) {
  double share = at_ns <= a->ns ? 0 : at_ns >= b->ns ? 1 : (double)(at_ns - a->ns) / (double)(b->ns - a->ns);
  level->energy_j = a->energy_j + share * (b->energy_j - a->energy_j);
  level->counted_ns = a->counted_ns + (int64_t)(share * (double)(b->counted_ns - a->counted_ns));
}

static void put_later(struct level *level, const struct bounds_point *last, int64_t at_ns) {
  int64_t since_ns = at_ns - last->ns, most_ns = (int64_t)(GOES_ON * (double)last->dt_ns);
  if (last->power_w < 0 || last->is_end || since_ns < 0)
    since_ns = 0;
  since_ns = since_ns < most_ns ? since_ns : most_ns;
  level->energy_j = last->energy_j + last->power_w * (double)since_ns * 1e-9;
  level->counted_ns = last->counted_ns + since_ns;
}

static struct level level_at(const struct bounds *bounds, const struct bounds_edge *edge) {
  const struct bounds_point *last = &bounds->last, *before = NULL, *previous = NULL;
  if (edge->has_before)
    before = &edge->before;
  else if (!edge->is_passed && bounds->updates > 0 && last->to_ns <= edge->at_ns)
    before = last;
  if (edge->has_previous)
    previous = &edge->previous;
  else if (!edge->has_next && bounds->updates > 0 && last->ns <= edge->at_ns)
    previous = last;
  double first_j = bounds->first.energy_j;
  if (previous == NULL && before == NULL) /* it was not there yet: nothing of it counts */
    return (struct level){.low_j = first_j,
                          .energy_j = first_j,
                          .high_j = first_j,
                          .has_high = true,
                          .counted_ns = bounds->first.counted_ns,
                          .doubts = bounds->first.doubts,
                          .update_ns = INT64_MIN};
  struct level level = {.low_j = before != NULL ? before->energy_j : first_j,
                        .high_j = edge->after.energy_j,
                        .has_high = edge->has_after,
                        .energy_j = before != NULL ? before->energy_j : first_j,
                        .counted_ns = before != NULL ? before->counted_ns : bounds->first.counted_ns,
                        .doubts = before != NULL ? before->doubts : bounds->first.doubts,
                        .update_ns = previous != NULL ? previous->ns : INT64_MIN};
  level.goes_on = previous != NULL && !edge->has_next;
  if (level.goes_on)
    put_later(&level, previous, edge->at_ns);
  else if (previous != NULL)
    put_between(&level, previous, &edge->next, edge->at_ns);
  if (level.energy_j < level.low_j)
    level.energy_j = level.low_j;
  if (level.has_high && level.energy_j > level.high_j)
    level.energy_j = level.high_j;
  return level;
}

void bounds_result(const struct bounds *bounds, size_t from, size_t to, struct bounds_result *result) {
  const struct bounds_edge *start = &bounds->edges[from], *end = &bounds->edges[to];
  struct level a = level_at(bounds, start), b = level_at(bounds, end);
  *result = (struct bounds_result){
      .energy_j = b.energy_j - a.energy_j, .counted_ns = b.counted_ns - a.counted_ns, .goes_on = b.goes_on};
  /* nothing was counted of a counter that only fell, but it was there: more than 0 J, at least */
  bool was_there = bounds->updates > 1 && b.update_ns > start->at_ns;
  result->has_energy = result->counted_ns > 0 || result->energy_j > 0 || was_there;
  if (a.has_high && b.low_j > a.high_j)
    result->low_j = b.low_j - a.high_j;
  result->at_least = (end->has_after ? end->after.doubts : bounds->last.doubts) != a.doubts;
  result->has_high = b.has_high && end->has_after && !result->at_least;
  result->high_j = result->has_high ? b.high_j - a.low_j : 0;
}
