#include "bounds.h"

/* The value goes on with the last power for so many intervals. */
#define GOES_ON 1.5

void bounds_init(struct bounds *bounds, struct bounds_edge *edges, size_t num) {
  *bounds = (struct bounds){.edges = edges, .edges_num = num};
}

/*
 * It is not known when the first number was made that was read. It gets the time from which the power after the next
 * update leads to that update.
 */
static void date_first(struct bounds *bounds, const struct bounds_point *now) {
  struct bounds_point *first = &bounds->first;
  double rise_j = bounds->last.energy_j - first->energy_j;
  if (bounds->updates != 2 || first->from_ns != INT64_MIN || now->power_w <= 0)
    return;
  double since_s = rise_j / now->power_w;
  int64_t since_ns = since_s < 1e9 ? (int64_t)(since_s * 1e9) : 0;
  if (bounds->last.ns - since_ns < first->to_ns)
    first->ns = bounds->last.ns - since_ns;
  for (size_t i = 0; i < bounds->edges_num; i++)
    if (bounds->edges[i].has_before && bounds->edges[i].before.from_ns == INT64_MIN)
      bounds->edges[i].before.ns = first->ns;
}

static struct bounds_point point_of(const struct bounds *bounds, int64_t to_ns, const struct update *update) {
  const struct bounds_point *last = &bounds->last;
  struct bounds_point now = {.from_ns = update->within_ns < 0 ? INT64_MIN : to_ns - update->within_ns,
                             .to_ns = to_ns,
                             .ns = update->within_ns < 0 ? to_ns : to_ns - update->within_ns / 2,
                             .energy_j = update->energy_j,
                             .power_w = -1,
                             .doubts = last->doubts};
  bool doubtful = update->state == SAMPLE_RESET || update->state == SAMPLE_SPIKE || update->state == SAMPLE_GAP;
  now.doubts += doubtful;
  now.dt_ns = now.ns - last->ns;
  if (bounds->updates > 0 && !doubtful && !last->is_end && last->from_ns != INT64_MIN && now.dt_ns > 0)
    now.power_w = (now.energy_j - last->energy_j) / ((double)now.dt_ns * 1e-9);
  return now;
}

bool bounds_add(struct bounds *bounds, int64_t to_ns, const struct update *update, struct bounds_span *span) {
  if (!update->has_energy) {
    bounds->last.is_end = bounds->last.is_end || update->state == SAMPLE_MISSING;
    for (size_t i = bounds->next; i < bounds->edges_num && bounds->last.is_end; i++)
      if (bounds->edges[i].has_before)
        bounds->edges[i].before.is_end = true;
    return false;
  }
  struct bounds_point now = point_of(bounds, to_ns, update);
  date_first(bounds, &now);
  for (size_t i = bounds->next; i < bounds->edges_num && now.to_ns > bounds->edges[i].at_ns; i++) {
    struct bounds_edge *edge = &bounds->edges[i];
    if (!edge->has_before && bounds->updates > 0 && bounds->last.to_ns <= edge->at_ns) {
      edge->before = bounds->last;
      edge->has_before = true;
    }
    if (now.from_ns < edge->at_ns)
      continue;
    edge->after = now;
    edge->has_after = true;
    if (i == bounds->next)
      bounds->next++;
  }
  if (bounds->updates == 0)
    bounds->first = now;
  if (span != NULL)
    *span = (struct bounds_span){.from_ns = now.ns - now.dt_ns, .to_ns = now.ns, .power_w = now.power_w};
  bounds->last = now;
  bounds->updates++;
  return now.power_w >= 0;
}

bool bounds_are_complete(const struct bounds *bounds, size_t edge) {
  return bounds->edges[edge].has_after;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* The energy at an edge. */
struct level {
  double low_j, energy_j, high_j;
  bool has_high, is_there, goes_on;
};

static const struct bounds_point *before_of(const struct bounds *bounds, const struct bounds_edge *edge) {
  if (edge->has_before)
    return &edge->before;
  return !edge->has_after && bounds->updates > 0 && bounds->last.to_ns <= edge->at_ns ? &bounds->last : NULL;
}

static double between(const struct bounds_point *a, const struct bounds_point *b, int64_t at_ns) {
  if (at_ns <= a->ns)
    return a->energy_j;
  if (at_ns >= b->ns)
    return b->energy_j;
  return a->energy_j + (double)(at_ns - a->ns) / (double)(b->ns - a->ns) * (b->energy_j - a->energy_j);
}

static struct level level_at(const struct bounds *bounds, const struct bounds_edge *edge) {
  const struct bounds_point *before = before_of(bounds, edge);
  struct level level = {.low_j = bounds->first.energy_j, .energy_j = bounds->first.energy_j};
  if (before == NULL) { /* it was not there yet: nothing of it counts */
    level.has_high = true;
    level.high_j = level.low_j;
    return level;
  }
  level.is_there = !before->is_end || edge->has_after;
  level.low_j = level.energy_j = before->energy_j;
  level.has_high = edge->has_after;
  if (edge->has_after) {
    level.high_j = edge->after.energy_j;
    level.energy_j = between(before, &edge->after, edge->at_ns);
  } else if (before->power_w >= 0 && !before->is_end) {
    double since_ns = (double)(edge->at_ns - before->ns), most_ns = GOES_ON * (double)before->dt_ns;
    level.goes_on = true;
    level.energy_j += before->power_w * (since_ns < most_ns ? since_ns : most_ns) * 1e-9;
  }
  return level;
}

void bounds_result(const struct bounds *bounds, size_t from, size_t to, struct bounds_result *result) {
  const struct bounds_edge *start = &bounds->edges[from], *end = &bounds->edges[to];
  struct level a = level_at(bounds, start), b = level_at(bounds, end);
  const struct bounds_point *before = before_of(bounds, start);
  uint32_t doubts = before != NULL ? before->doubts : bounds->first.doubts;
  *result = (struct bounds_result){.energy_j = b.energy_j - a.energy_j, .goes_on = b.goes_on};
  /* without an update around the window nothing is known of it, but that the last power may go on */
  bool moved = end->has_after || b.low_j > a.low_j || b.energy_j > a.energy_j;
  bool there = before_of(bounds, end) != NULL && (before == NULL || a.is_there || end->has_after || b.low_j > a.low_j);
  result->has_energy = bounds->updates > 1 && there && moved;
  if (a.has_high && b.low_j > a.high_j)
    result->low_j = b.low_j - a.high_j;
  result->has_high = b.has_high && end->after.doubts == doubts;
  result->high_j = result->has_high ? b.high_j - a.low_j : 0;
}
