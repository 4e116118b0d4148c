/*
 * The meter against a model: random stories of everything that can happen to a counter, looked at every 2 s or more
 * often, and what must hold whatever happens:
 *
 *   - The accumulated energy never falls.
 *   - It is never above what was drawn, plus each jump up once without max_power_w; with it, plus what max_power_w
 * allows since the update before. A fall of a counter with a range may pass for a wrap, at a power that is plausible.
 *   - Each event costs at most the energy of three updates around it, or of 30 s if that is longer.
 *   - Two days after the last event each hour is exact.
 *   - No power is above what was drawn, but for what a jump up makes without max_power_w.
 */
#include "core/meter.h"
#include "suite.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define STORIES 60 /* per row */
#define WALL0   (INT64_C(1795000000) * NS_PER_S)
#define PEAK_W  200.0
#define LIMIT_W 500.0 /* max_power_w where it is set */

/* The plausible power of a wrap without max_power_w, see meter.c. */
#define WRAP_W (10 * PEAK_W)

static const struct kind {
  const char *name;
  double period_s, range_j;
  bool limited, computed, alternating;
} kinds[] = {
    {"5 s", 5.008, 0, false, false, false},
    {"5 s, limited", 5.008, 0, true, false, false},
    {"5 s, alternating", 5.008, 0, false, false, true},
    {"5 s, alternating, limited", 5.008, 0, true, false, true},
    {"60 s", 60, 0, false, false, false},
    {"60 s, limited", 60, 0, true, false, false},
    {"0.3 s", 0.3, 0, false, false, false},
    {"5 s, wraps", 5.008, 262143, false, false, false},
    {"5 s, wraps, limited", 5.008, 262143, true, false, false},
    {"computed", 0.001, 0, false, true, false},
    {"computed, wraps", 0.001, 65000, false, true, false},
    {"computed, wraps, limited", 0.001, 65000, true, true, false},
    {"computed, alternating, limited", 0.001, 262143, true, true, true},
};

enum glitch { NO_GLITCH, LOW, HIGH };

/* A machine, its counter, and what may have been made of it. */
struct model {
  const struct kind *kind;
  uint64_t seed, dice;
  double now_s;
  double power_w;
  double next_s; /* the next update */
  int late;      /* updates that the writer still skips */

  uint64_t drawn_uj;   /* by the machine, as far as it was written */
  uint64_t pending_uj; /* since the last update */
  uint64_t number_uj;  /* of the counter, without the range */
  uint64_t other_uj;   /* a second counter that takes turns */
  uint64_t shown_uj;   /* in the file */
  int64_t mtime_ns;    /* its time */
  enum glitch glitch;
  uint64_t glitch_uj;
  int glitch_updates; /* for so many */
  bool turned;        /* other_uj has the file */

  /* what may be too much, and too little, so far */
  double above_j, below_j;
  double last_update_j[8]; /* drawn at the last updates, newest first; the first is the present one */
  int charge;              /* updates that an event may still cost; the last one until 30 s are over */
  double charge_s;
  double charged_from_j; /* drawn when it began to cost */
};

static double dice(struct model *m, double max) {
  m->dice = m->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return max * (double)(m->dice >> 11) / (double)(UINT64_C(1) << 53);
}

static double drawn_j(const struct model *m) {
  return (double)m->drawn_uj / 1e6;
}

/* What a plausible step may add that nobody drew. */
static double plausible_j(const struct model *m) {
  double silent_s = m->now_s - (double)(m->mtime_ns - WALL0) / 1e9;
  return (m->kind->limited ? LIMIT_W : WRAP_W) * (silent_s + fmax(30, 3 * m->kind->period_s) + 6);
}

/*
 * An event: it may cost what was drawn since the update before the last look, up to the third update after it. Soon
 * after another one, or where it may look like a wrap, it may add a plausible step.
 */
static void charge(struct model *m) {
  if (m->charge > 0 || m->kind->range_j > 0)
    m->above_j += plausible_j(m);
  if (m->charge == 0)
    m->charged_from_j = m->last_update_j[m->kind->computed ? 3 : 2];
  m->charge = 5;
  m->charge_s = m->now_s;
}

/* The number jumps up: allowed once, or what max_power_w allows since the update before. */
static void allow_jump(struct model *m, double jump_j) {
  m->above_j += m->kind->limited ? fmin(jump_j, plausible_j(m)) : jump_j;
}

static uint64_t in_range(const struct model *m, uint64_t number_uj) {
  return m->kind->range_j > 0 ? number_uj % ((uint64_t)(m->kind->range_j * 1e6) + 1) : number_uj;
}

static void show(struct model *m) {
  m->shown_uj = m->glitch != NO_GLITCH ? m->glitch_uj : in_range(m, m->turned ? m->other_uj : m->number_uj);
  m->mtime_ns = WALL0 + llround(m->now_s * 1e9);
}

static void update(struct model *m) {
  m->drawn_uj += m->pending_uj;
  m->number_uj += m->pending_uj;
  m->other_uj += m->pending_uj;
  m->pending_uj = 0;
  if (m->glitch != NO_GLITCH && m->glitch_updates-- <= 0)
    m->glitch = NO_GLITCH;
  show(m);
}

/* Energy that a skipped pass does not count is not drawn, as far as anybody can know. */
static void pass_to(struct model *m, double until_s) {
  while (m->now_s < until_s) {
    double to_s = m->kind->computed ? until_s : fmin(until_s, m->next_s);
    m->pending_uj += (uint64_t)llround(m->power_w * (to_s - m->now_s) * 1e6);
    m->now_s = to_s;
    if (m->kind->computed) {
      update(m);
      continue;
    }
    if (to_s < m->next_s)
      continue;
    m->next_s += m->kind->period_s * (0.99 + dice(m, 0.02));
    if (m->late > 0) {
      m->late--;
      m->pending_uj = 0;
    } else {
      update(m);
    }
  }
}

static void happen(struct model *m) {
  double high_j, number_j, other_j;
  if (m->late > 0)
    return; /* it would be seen only after the pause */
  switch ((int)dice(m, m->kind->alternating ? 9 : 7)) {
  case 0: /* the load changes */
    m->power_w = dice(m, 1) < 0.2 ? 0 : dice(m, PEAK_W);
    break;
  case 1: /* a low number, for one update or two */
    if (m->glitch != NO_GLITCH)
      break;
    m->glitch = LOW;
    m->glitch_uj = (uint64_t)dice(m, (double)m->shown_uj);
    m->glitch_updates = (int)dice(m, 2);
    charge(m);
    break;
  case 2: /* a high number */
    if (m->glitch != NO_GLITCH)
      break;
    high_j = m->kind->range_j > 0 ? m->kind->range_j - (double)m->shown_uj / 1e6 : 1e6;
    m->glitch = HIGH;
    m->glitch_uj = m->shown_uj + (uint64_t)(dice(m, high_j) * 1e6);
    m->glitch_updates = (int)dice(m, 2);
    allow_jump(m, (double)(m->glitch_uj - m->shown_uj) / 1e6);
    charge(m);
    break;
  case 3: /* a reset, or a reboot */
    m->number_uj = dice(m, 1) < 0.5 ? 0 : (uint64_t)dice(m, (double)in_range(m, m->number_uj));
    m->pending_uj = 0;
    charge(m);
    break;
  case 4: /* the writer pauses, for up to ten minutes */
    if (m->charge == 0)
      m->late = (int)(dice(m, 1) < 0.8 ? dice(m, 4) : dice(m, 600) / m->kind->period_s);
    break;
  case 5: /* a long quiet time */
  case 6:
    break;
  default: /* the other counter has its turn */
    number_j = (double)in_range(m, m->number_uj) / 1e6, other_j = (double)in_range(m, m->other_uj) / 1e6;
    allow_jump(m, fabs(number_j - other_j));
    m->turned = !m->turned;
    charge(m);
    break;
  }
}

struct run {
  struct model model;
  struct meter meter;
  struct sample sample;
  double start_j, energy_j;
  bool started;
  uint64_t seen_uj;
  int64_t seen_ns;
};

/* One that is asked millions of times; ck_assert tells its parent of each. */
#define HOLDS(run, condition)                                                                                          \
  do {                                                                                                                 \
    if (!(condition))                                                                                                  \
      ck_abort_msg("%s, seed %llu, %.3f s: %s: " #condition " (%g J of %g J drawn, +%g -%g, %g W)",                    \
                   (run)->model.kind->name, (unsigned long long)(run)->model.seed, (run)->model.now_s,                 \
                   sample_state_name((run)->sample.state), (run)->energy_j - (run)->start_j, drawn_j(&(run)->model),   \
                   (run)->model.above_j, (run)->model.below_j, (run)->sample.power_w);                                 \
  } while (0)

static void note_update(struct run *run) {
  struct model *m = &run->model;
  memmove(&m->last_update_j[1], &m->last_update_j[0], sizeof(m->last_update_j) - sizeof(m->last_update_j[0]));
  m->last_update_j[0] = drawn_j(m);
  if (m->charge > 1)
    m->charge--;
  else if (m->charge == 1 && m->now_s - m->charge_s > 32) {
    m->below_j += m->last_update_j[0] - m->charged_from_j;
    m->charge = 0;
  }
}

static void look(struct run *run, int error, bool sample) {
  struct model *m = &run->model;
  int64_t mono_ns = llround(m->now_s * 1e9);
  struct reading reading = {.error = error, .at = {.mono_ns = mono_ns, .wall_ns = WALL0 + mono_ns}};
  if (error == 0) {
    reading.energy_uj = m->shown_uj;
    reading.mtime_ns = m->mtime_ns;
    reading.range_uj = (uint64_t)(m->kind->range_j * 1e6);
    reading.local = true;
    reading.computed = m->kind->computed;
    if (m->kind->computed || m->mtime_ns != run->seen_ns)
      note_update(run);
    run->seen_ns = m->mtime_ns;
  }
  meter_take(&run->meter, &reading);
  if (!sample)
    return;
  meter_sample(&run->meter, &run->sample);
  if (!run->sample.has_energy)
    return;
  if (!run->started) {
    run->start_j = run->energy_j = run->sample.energy_j;
    run->start_j -= drawn_j(m);
    run->started = true;
  }
  HOLDS(run, run->sample.energy_j >= run->energy_j);
  run->energy_j = run->sample.energy_j;
  HOLDS(run, run->energy_j - run->start_j <= drawn_j(m) + m->above_j + 1e-3);
  double open_j = m->charge > 0 ? drawn_j(m) - m->charged_from_j : 0;
  HOLDS(run, run->energy_j - run->start_j >= drawn_j(m) - m->below_j - open_j - 1e-3);
  HOLDS(run, !run->sample.has_power || run->sample.power_w <= PEAK_W * 1.01 + 0.1 ||
                 m->now_s - m->charge_s < 60 + 5 * m->kind->period_s);
}

static void live(struct run *run, double hours_s, double interval_s, bool eventful) {
  struct model *m = &run->model;
  double end_s = m->now_s + hours_s, look_s = (double)meter_look_ns(llround(interval_s * 1e9)) / 1e9;
  double next_sample_s = m->now_s + interval_s;
  while (m->now_s < end_s) {
    if (eventful && dice(m, 1) < 0.05)
      happen(m);
    pass_to(m, m->now_s + look_s);
    bool due = m->now_s >= next_sample_s - 1e-6;
    if (due)
      next_sample_s += interval_s;
    int error = eventful && dice(m, 1) < 0.03 ? dice(m, 1) < 0.5 ? -ENODATA : -ENOENT : 0;
    look(run, error, due);
  }
}

START_TEST(whatever_happens) {
  const struct kind *kind = &kinds[_i];
  struct meter_options options = {
      .base = METER_AUTO, .scale = 1, .tick_ns = 4 * NS_PER_MS, .max_power_w = kind->limited ? LIMIT_W : 0};
  for (uint64_t seed = 0; seed < STORIES; seed++) {
    struct run run = {.model = {.kind = kind, .seed = seed, .dice = seed * 7919 + (uint64_t)_i, .now_s = 1000.123}};
    struct model *m = &run.model;
    dice(m, 1);
    m->power_w = dice(m, PEAK_W);
    m->number_uj = (uint64_t)dice(m, 1e12);
    m->other_uj = (uint64_t)dice(m, 1e12);
    m->next_s = m->now_s + dice(m, kind->period_s);
    double interval_s = pow(10, dice(m, 2) - 0.3);
    show(m);
    m->mtime_ns = WALL0 + llround((m->next_s - kind->period_s) * 1e9);
    meter_init(&run.meter, &options);
    look(&run, 0, true);
    live(&run, 3600, interval_s, true);
    m->glitch = NO_GLITCH;
    m->late = 0;
    live(&run, 48 * 3600, 10, false);
    look(&run, 0, true);
    double energy_j = run.energy_j, true_j = drawn_j(m);
    m->power_w = 100;
    live(&run, 3600, 10, false);
    look(&run, 0, true);
    if (fabs(run.energy_j - energy_j - (drawn_j(m) - true_j)) > 1e-3)
      ck_abort_msg("%s, seed %llu: %g J in the last hour, %g J drawn", kind->name, (unsigned long long)seed,
                   run.energy_j - energy_j, drawn_j(m) - true_j);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("meter_model");
  TCase *tcase = tcase_create("stories");
  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, whatever_happens, 0, ROWS(kinds));
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
