#include "bounds.h"

#include <string.h>

void bounds_start(struct bounds *bounds, int64_t start_ns, int64_t tick_ns, const struct bounds_update *first) {
  *bounds = (struct bounds){.start_ns = start_ns, .end_ns = BOUNDS_OPEN, .tick_ns = tick_ns};
  bounds->before_start = bounds->newest = *first;
}

/* Behind the instant for certain, or before it; an update in the tick of the instant is neither. */
static bool is_after(const struct bounds_update *update, int64_t instant_ns) {
  return update->mono_ns >= instant_ns;
}

static bool is_before(const struct bounds *bounds, const struct bounds_update *update, int64_t instant_ns) {
  return update->mono_ns <= instant_ns - bounds->tick_ns;
}

static void note_end(struct bounds *bounds, const struct bounds_update *update) {
  if (bounds->has_after_end || !is_after(update, bounds->end_ns))
    return;
  bounds->after_end = *update;
  bounds->has_after_end = true;
}

void bounds_add(struct bounds *bounds, const struct bounds_update *update) {
  bounds->newest = *update;
  if (is_before(bounds, update, bounds->start_ns))
    bounds->before_start = *update;
  if (!bounds->has_after_start && is_after(update, bounds->start_ns)) {
    bounds->after_start = *update;
    bounds->has_after_start = true;
  }
  if (bounds->end_ns != BOUNDS_OPEN) {
    note_end(bounds, update);
    if (!is_before(bounds, update, bounds->end_ns))
      return;
  }
  if (bounds->recent_num == BOUNDS_RECENT)
    memmove(&bounds->recent[0], &bounds->recent[1], --bounds->recent_num * sizeof(bounds->recent[0]));
  bounds->recent[bounds->recent_num++] = *update;
}

void bounds_lose(struct bounds *bounds) {
  bounds->lossy = true;
}

void bounds_end(struct bounds *bounds, int64_t end_ns) {
  bounds->end_ns = end_ns;
  for (size_t i = 0; i < bounds->recent_num; i++)
    note_end(bounds, &bounds->recent[i]);
}

bool bounds_are_complete(const struct bounds *bounds) {
  return bounds->has_after_end;
}

/* The newest update that was before the end for certain. */
static struct bounds_update find_before_end(const struct bounds *bounds) {
  for (size_t i = bounds->recent_num; i > 0; i--)
    if (is_before(bounds, &bounds->recent[i - 1], bounds->end_ns))
      return bounds->recent[i - 1];
  return bounds->before_start;
}

/* The energy at an instant between two updates, or at the nearer of the two. */
static double interpolate(const struct bounds_update *from, const struct bounds_update *to, int64_t instant_ns) {
  if (instant_ns <= from->mono_ns)
    return from->energy_j;
  if (instant_ns >= to->mono_ns)
    return to->energy_j;
  double share = (double)(instant_ns - from->mono_ns) / (double)(to->mono_ns - from->mono_ns);
  return from->energy_j + share * (to->energy_j - from->energy_j);
}

void bounds_result(const struct bounds *bounds, struct bounds_result *result) {
  struct bounds_update before_end = find_before_end(bounds);
  struct bounds_update behind = bounds->has_after_end ? bounds->after_end : bounds->newest;
  struct bounds_update inside = bounds->has_after_start ? bounds->after_start : bounds->newest;
  double start_j = interpolate(&bounds->before_start, &inside, bounds->start_ns);
  double end_j = interpolate(&before_end, &behind, bounds->end_ns);
  *result = (struct bounds_result){.energy_j = end_j > start_j ? end_j - start_j : 0};
  if (bounds->has_after_start && before_end.energy_j > inside.energy_j && before_end.mono_ns >= inside.mono_ns)
    result->low_j = before_end.energy_j - inside.energy_j;
  result->has_high = bounds->has_after_end && !bounds->lossy;
  if (result->has_high)
    result->high_j = behind.energy_j - bounds->before_start.energy_j;
}
