/*
 * The meter against a model: random stories of a counter, the clocks and the process that looks. In each of them:
 *
 *   - The accumulated energy never falls.
 *   - It is never above what was drawn, plus each jump up once without max_power_w; with it, plus what max_power_w
 *     allows since the update before. A fall of a counter with a range may count as a wrap, at a plausible power.
 *   - Each event costs at most the energy of three updates around it, or of 30 s if that is longer.
 *   - Two days after the last event each hour is exact.
 *   - A power is the mean that was drawn over the updates, or the samples, that it covers. Steps of clocks cost powers
 *     and make none wrong. Only a wrong number may make a wrong power.
 *
 * MODEL_STORIES in the environment sets how many stories each kind has.
 */
#include "core/meter.h"
#include "suite.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STORIES 20 /* per kind */
#define WALL0   (INT64_C(1795000000) * NS_PER_S)
#define PEAK_W  200.0
#define LIMIT_W 500.0 /* max_power_w where it is set */

/* The plausible power of a wrap without max_power_w, see meter.c. */
#define WRAP_W (10 * PEAK_W)

enum trait {
  LIMITED = 1,        /* max_power_w is set */
  COMPUTED = 2,       /* at each read */
  ALTERNATING = 4,    /* two counters in one file */
  STEPPING = 8,       /* our wall clock is set */
  FOREIGN = 16,       /* another clock sets the file times */
  GOING_BACK = 32,    /* file times go back: another series */
  WHOLE_SECONDS = 64, /* file times have no fractions */
  PAUSING = 128,      /* the process is stopped, or the machine is suspended */
};

static const struct kind {
  const char *name;
  double period_s, range_j;
  unsigned traits;
  enum meter_base base;
} kinds[] = {
    {"5 s", 5.008, 0, 0, METER_AUTO},
    {"5 s, limited", 5.008, 0, LIMITED, METER_AUTO},
    {"5 s, alternating", 5.008, 0, ALTERNATING, METER_AUTO},
    {"5 s, alternating, limited", 5.008, 0, ALTERNATING | LIMITED, METER_AUTO},
    {"60 s", 60, 0, 0, METER_AUTO},
    {"60 s, limited", 60, 0, LIMITED, METER_AUTO},
    {"0.3 s", 0.3, 0, 0, METER_AUTO},
    {"5 s, wraps", 5.008, 262143, 0, METER_AUTO},
    {"5 s, wraps, limited", 5.008, 262143, LIMITED, METER_AUTO},
    {"computed", 0.001, 0, COMPUTED, METER_AUTO},
    {"computed, wraps", 0.001, 65000, COMPUTED, METER_AUTO},
    {"computed, wraps, limited", 0.001, 65000, COMPUTED | LIMITED, METER_AUTO},
    {"computed, alternating, limited", 0.001, 262143, COMPUTED | ALTERNATING | LIMITED, METER_AUTO},
    {"update", 5.008, 0, 0, METER_UPDATE},
    {"sample", 5.008, 0, 0, METER_SAMPLE},
    {"sample, computed", 0.001, 262143, COMPUTED, METER_SAMPLE},
    {"our clock steps", 5.008, 0, STEPPING, METER_AUTO},
    {"our clock steps, 60 s, limited", 60, 0, STEPPING | LIMITED, METER_AUTO},
    {"our clock steps, 0.3 s", 0.3, 0, STEPPING, METER_AUTO},
    {"our clock steps, update, wraps", 5.008, 262143, STEPPING, METER_UPDATE},
    {"our clock steps, sample", 5.008, 0, STEPPING, METER_SAMPLE},
    {"our clock steps, computed", 0.001, 0, STEPPING | COMPUTED, METER_AUTO},
    {"times go back", 5.008, 0, GOING_BACK, METER_AUTO},
    {"times go back, limited", 5.008, 0, GOING_BACK | LIMITED, METER_AUTO},
    {"times go back, sample", 5.008, 0, GOING_BACK, METER_SAMPLE},
    {"another clock", 5.008, 0, FOREIGN, METER_AUTO},
    {"another clock, 60 s, limited", 60, 0, FOREIGN | LIMITED, METER_AUTO},
    {"another clock, ours steps", 5.008, 0, FOREIGN | STEPPING, METER_AUTO},
    {"another clock, its times go back", 5.008, 0, FOREIGN | GOING_BACK, METER_UPDATE},
    {"whole seconds", 5.008, 0, WHOLE_SECONDS, METER_AUTO},
    {"whole seconds, limited, our clock steps", 5.008, 0, WHOLE_SECONDS | LIMITED | STEPPING, METER_AUTO},
    {"whole seconds, 0.3 s", 0.3, 0, WHOLE_SECONDS, METER_AUTO},
    {"whole seconds, another clock", 5.008, 0, WHOLE_SECONDS | FOREIGN, METER_AUTO},
    {"looks pause", 5.008, 0, PAUSING, METER_AUTO},
    {"looks pause, limited", 5.008, 0, PAUSING | LIMITED, METER_AUTO},
    {"looks pause, sample", 5.008, 0, PAUSING, METER_SAMPLE},
    {"looks pause, wraps", 5.008, 262143, PAUSING, METER_AUTO},
    {"looks pause, computed, wraps, limited", 0.001, 262143, PAUSING | COMPUTED | LIMITED, METER_AUTO},
    {"everything", 5.008, 0, STEPPING | GOING_BACK | PAUSING | ALTERNATING, METER_AUTO},
    {"everything, limited", 5.008, 0, STEPPING | GOING_BACK | PAUSING | ALTERNATING | LIMITED, METER_AUTO},
    {"everything, another clock", 5.008, 0, STEPPING | FOREIGN | GOING_BACK | PAUSING, METER_AUTO},
};

enum glitch { NO_GLITCH, LOW, HIGH };

#define UPDATES 4096 /* a ring of the last ones */

/* A machine and its counter, and how far the meter may be off. */
struct model {
  const struct kind *kind;
  uint64_t seed, dice;
  double now_s;
  double power_w;
  double next_s; /* the next update */
  int late;      /* updates that the writer still skips */

  double wall_s;        /* offset of our wall clock */
  double stepped_s;     /* when it was set last */
  double file_s, drift; /* offset of the clock that sets file times, and its drift */

  uint64_t drawn_uj;   /* by the machine, up to the last update */
  uint64_t pending_uj; /* since the last update */
  uint64_t number_uj;  /* of the counter, without the range */
  uint64_t other_uj;   /* a second counter, which alternates with it */
  uint64_t shown_uj;   /* in the file */
  int64_t mtime_ns;    /* its time */
  double shown_s;      /* when that was written */
  enum glitch glitch;
  uint64_t glitch_uj;
  int glitch_updates; /* for so many */
  bool turned;        /* other_uj has the file */

  struct {
    double at_s, drawn_j;
  } updates[UPDATES];
  size_t updates_num;
  bool disturbs;      /* the next number is not the old course's next */
  double disturbed_s; /* the last update that was not, or the first one after it */

  /* by how much energy may be too high or too low so far */
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

static bool is(const struct model *m, enum trait trait) {
  return (m->kind->traits & trait) != 0;
}

static double drawn_j(const struct model *m) {
  return (double)m->drawn_uj / 1e6;
}

static double limit_w(const struct model *m) {
  return is(m, LIMITED) ? LIMIT_W : WRAP_W;
}

/* Energy that a plausible step may add without being drawn. */
static double plausible_j(const struct model *m) {
  return limit_w(m) * (m->now_s - m->shown_s + fmax(30, 3 * m->kind->period_s) + 6);
}

/*
 * An event: it may cost what was drawn since the update before the last look, up to the third update after it. Soon
 * after another one, or where it may look like a wrap, it may add a plausible step.
 */
static void charge(struct model *m) {
  if (m->charge > 0 || m->kind->range_j > 0)
    m->above_j += plausible_j(m);
  if (m->charge == 0)
    m->charged_from_j = m->last_update_j[is(m, COMPUTED) ? 3 : 2];
  m->charge = 5;
  m->charge_s = m->now_s;
  m->disturbs = true;
}

/* The number jumps up: allowed once, or what max_power_w allows since the update before. */
static void allow_jump(struct model *m, double jump_j) {
  m->above_j += is(m, LIMITED) ? fmin(jump_j, plausible_j(m)) : jump_j;
}

static uint64_t in_range(const struct model *m, uint64_t number_uj) {
  return m->kind->range_j > 0 ? number_uj % ((uint64_t)(m->kind->range_j * 1e6) + 1) : number_uj;
}

static int64_t wall_ns(const struct model *m) {
  return WALL0 + llround((m->now_s + m->wall_s) * 1e9);
}

static void show(struct model *m) {
  m->shown_uj = m->glitch != NO_GLITCH ? m->glitch_uj : in_range(m, m->turned ? m->other_uj : m->number_uj);
  m->shown_s = m->now_s;
  m->mtime_ns = is(m, FOREIGN) ? WALL0 + llround(m->now_s * (1 + m->drift) * 1e9) : wall_ns(m);
  m->mtime_ns += llround(m->file_s * 1e9);
  if (is(m, WHOLE_SECONDS))
    m->mtime_ns -= m->mtime_ns % NS_PER_S;
}

static void update(struct model *m) {
  m->drawn_uj += m->pending_uj;
  m->number_uj += m->pending_uj;
  m->other_uj += m->pending_uj;
  m->pending_uj = 0;
  if (m->glitch != NO_GLITCH && m->glitch_updates-- <= 0)
    m->glitch = NO_GLITCH;
  if (m->disturbs)
    m->disturbed_s = m->now_s;
  m->disturbs = m->glitch != NO_GLITCH;
  m->updates[m->updates_num % UPDATES].at_s = m->now_s;
  m->updates[m->updates_num++ % UPDATES].drawn_j = drawn_j(m);
  show(m);
}

/* Energy that a skipped pass does not count was not drawn, as far as a reader can know. */
static void pass_to(struct model *m, double until_s) {
  while (m->now_s < until_s) {
    double to_s = is(m, COMPUTED) ? until_s : fmin(until_s, m->next_s);
    m->pending_uj += (uint64_t)llround(m->power_w * (to_s - m->now_s) * 1e6);
    m->now_s = to_s;
    if (is(m, COMPUTED)) {
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

static void glitch(struct model *m, bool high) {
  if (m->glitch != NO_GLITCH)
    return;
  m->glitch_updates = (int)dice(m, 2);
  m->glitch = high ? HIGH : LOW;
  if (high) {
    double high_j = m->kind->range_j > 0 ? m->kind->range_j - (double)m->shown_uj / 1e6 : 1e6;
    m->glitch_uj = m->shown_uj + (uint64_t)(dice(m, high_j) * 1e6);
    allow_jump(m, (double)(m->glitch_uj - m->shown_uj) / 1e6);
  } else {
    m->glitch_uj = (uint64_t)dice(m, (double)m->shown_uj);
  }
  charge(m);
}

/* A step of -1 to 4 s, or of an hour in either direction. */
static void step(struct model *m) {
  double by_s = dice(m, 5) - 1;
  if (dice(m, 1) < 0.2)
    by_s = by_s < 1.5 ? -3600 : 3600;
  if (fabs(by_s) < 0.02)
    return; /* at most what NTP slews */
  m->wall_s += by_s;
  m->stepped_s = m->now_s;
}

/* Another series has the file: older times, and any number. */
static void go_back(struct model *m) {
  m->file_s -= m->kind->period_s * 2 + dice(m, 1000);
  if (dice(m, 1) < 0.5) {
    uint64_t number_uj = (uint64_t)dice(m, 2 * (double)m->number_uj);
    /* while our clock is set, another series cannot be detected */
    if (number_uj > m->number_uj && (m->stepped_s > m->now_s - 300 || m->charge > 0))
      allow_jump(m, (double)(number_uj - m->number_uj) / 1e6);
    m->number_uj = number_uj;
  }
  charge(m);
}

static void reset(struct model *m) {
  m->number_uj = dice(m, 1) < 0.5 ? 0 : (uint64_t)dice(m, (double)in_range(m, m->number_uj));
  m->pending_uj = 0;
  charge(m);
}

static void take_turns(struct model *m) {
  double number_j = (double)in_range(m, m->number_uj) / 1e6, other_j = (double)in_range(m, m->other_uj) / 1e6;
  allow_jump(m, fabs(number_j - other_j));
  m->turned = !m->turned;
  charge(m);
}

static void happen(struct model *m) {
  if (m->late > 0)
    return; /* it would show only after the pause */
  switch ((int)dice(m, 10)) {
  case 0: /* the load changes */
  case 1:
    m->power_w = dice(m, 1) < 0.2 ? 0 : dice(m, PEAK_W);
    break;
  case 2: /* for one update or two */
    glitch(m, false);
    break;
  case 3:
    glitch(m, true);
    break;
  case 4: /* or a reboot */
    reset(m);
    break;
  case 5: /* the writer pauses, for up to ten minutes */
    if (m->charge == 0)
      m->late = (int)(dice(m, 1) < 0.8 ? dice(m, 4) : dice(m, 600) / m->kind->period_s);
    break;
  case 6:
    if (is(m, STEPPING))
      step(m);
    break;
  case 7:
    if (is(m, GOING_BACK))
      go_back(m);
    break;
  case 8:
    if (is(m, ALTERNATING))
      take_turns(m);
    break;
  default: /* a quiet time */
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

  /* the last sample with a value, and the last one with a power */
  double sampled_s, sampled_j;
  double power_w;
  int64_t dt_ns;
  double news_s;            /* the last update that was seen */
  double good_s, bad_s;     /* the last good reading, and the last bad one or pause */
  unsigned powers, in_rows; /* that were checked; of these, against one mean */
};

/* Checked millions of times; each ck_assert costs a message to the parent. */
#define HOLDS(run, condition)                                                                                          \
  do {                                                                                                                 \
    if (!(condition))                                                                                                  \
      ck_abort_msg("%s, seed %llu, %.3f s: %s: " #condition " (%g J of %g J drawn, +%g -%g, %g W over %g s)",          \
                   (run)->model.kind->name, (unsigned long long)(run)->model.seed, (run)->model.now_s,                 \
                   meter_state_name((run)->sample.state), (run)->energy_j - (run)->start_j, drawn_j(&(run)->model),    \
                   (run)->model.above_j, (run)->model.below_j, (run)->sample.power_w,                                  \
                   (double)(run)->sample.dt_ns / 1e9);                                                                 \
  } while (0)

static void note_update(struct run *run) {
  struct model *m = &run->model;
  double silent_s = m->now_s - run->news_s;
  run->news_s = m->now_s;
  /* after a stale spell a rise may pass for a load; and a fall for a wrap in all that time */
  if (m->charge > 0 && (m->kind->range_j > 0 || silent_s > fmax(30, 3 * m->kind->period_s)))
    m->above_j += limit_w(m) * silent_s;
  memmove(&m->last_update_j[1], &m->last_update_j[0], sizeof(m->last_update_j) - sizeof(m->last_update_j[0]));
  m->last_update_j[0] = drawn_j(m);
  if (m->charge > 1)
    m->charge--;
  else if (m->charge == 1 && m->now_s - m->charge_s > 32) {
    m->below_j += m->last_update_j[0] - m->charged_from_j;
    m->charge = 0;
  }
}

/* By samples: the mean between this sample and the one before. */
static void check_power_of_samples(struct run *run) {
  struct model *m = &run->model;
  if (run->sampled_s < m->disturbed_s || m->disturbs)
    return;
  double mean_w = (drawn_j(m) - run->sampled_j) / (m->now_s - run->sampled_s);
  HOLDS(run, fabs(run->sample.power_w - mean_w) <= 1e-3);
  run->powers++;
}

/*
 * By updates: between the lowest and the highest mean of the intervals that it may cover; and where they lie in one row
 * without a pause, their mean.
 */
static void check_power_of_updates(struct run *run) {
  struct model *m = &run->model;
  const struct sample *s = &run->sample;
  if (s->power_w == run->power_w && s->dt_ns == run->dt_ns)
    return; /* held */
  double share = is(m, WHOLE_SECONDS) ? 0.021 : is(m, FOREIGN) ? 6e-4 : 1e-5, slack_s = is(m, WHOLE_SECONDS) ? 2 : 0.1;
  double dt_s = (double)s->dt_ns / 1e9, lowest_w = INFINITY, highest_w = 0;
  size_t last = m->updates_num - 1, oldest = m->updates_num > UPDATES ? m->updates_num - UPDATES : 0, i = last;
  double last_s = m->updates[last % UPDATES].at_s, last_j = m->updates[last % UPDATES].drawn_j;
  double from_s = fmin(run->sampled_s, last_s) - dt_s - slack_s;
  bool paused = is(m, WHOLE_SECONDS) || s->state != SAMPLE_OK || fmax(m->stepped_s, run->bad_s) >= from_s;
  double mean_w = -1;
  for (; i > oldest && m->updates[i % UPDATES].at_s > from_s; i--) {
    double start_s = m->updates[(i - 1) % UPDATES].at_s, start_j = m->updates[(i - 1) % UPDATES].drawn_j;
    double interval_s = m->updates[i % UPDATES].at_s - start_s;
    double power_w = (m->updates[i % UPDATES].drawn_j - start_j) / interval_s;
    lowest_w = fmin(lowest_w, power_w), highest_w = fmax(highest_w, power_w);
    paused = paused || interval_s > 1.3 * m->kind->period_s;
    if (!paused && fabs(last_s - start_s - dt_s) <= 1e-3 * dt_s)
      mean_w = (last_j - start_j) / dt_s;
  }
  if (i == oldest || m->updates[i % UPDATES].at_s < m->disturbed_s)
    return;
  HOLDS(run, s->power_w >= lowest_w * (1 - share) - 1e-3 && s->power_w <= highest_w * (1 + share) + 1e-3);
  HOLDS(run, mean_w < 0 || fabs(s->power_w - mean_w) <= mean_w * share + 1e-3);
  run->in_rows += mean_w >= 0;
  run->powers++;
}

static void look(struct run *run, int error, bool sample) {
  struct model *m = &run->model;
  struct reading reading = {.error = error, .at = {.mono_ns = llround(m->now_s * 1e9), .wall_ns = wall_ns(m)}};
  if (error == 0) {
    reading.energy_uj = m->shown_uj;
    reading.mtime_ns = m->mtime_ns;
    reading.range_uj = (uint64_t)(m->kind->range_j * 1e6);
    reading.local = !is(m, FOREIGN);
    reading.computed = is(m, COMPUTED);
    if (is(m, COMPUTED) || m->mtime_ns != run->seen_ns || m->shown_uj != run->seen_uj)
      note_update(run);
    run->seen_ns = m->mtime_ns;
    run->seen_uj = m->shown_uj;
  }
  double gap_s = m->now_s - run->good_s;
  if (error != 0 || gap_s > 2.001)
    run->bad_s = m->now_s;
  if (error == 0)
    run->good_s = m->now_s;
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
  if (run->sample.has_power) {
    if (run->sample.by_update)
      check_power_of_updates(run);
    else
      check_power_of_samples(run);
    run->power_w = run->sample.power_w;
    run->dt_ns = run->sample.dt_ns;
  }
  run->sampled_s = m->now_s;
  run->sampled_j = drawn_j(m);
}

/*
 * No looks for a while: our process is stopped, or the machine is suspended with the writer and the load, and either
 * wakes first.
 */
static void pause_looks(struct model *m) {
  double pause_s = dice(m, 1) < 0.8 ? dice(m, 20) : dice(m, is(m, COMPUTED) ? 60 : 200);
  if (dice(m, 1) < 0.5) {
    pass_to(m, m->now_s + pause_s);
  } else {
    m->now_s += pause_s;
    m->next_s = fmax(m->next_s, m->now_s + 0.001) + (dice(m, 1) < 0.5 ? 0 : dice(m, m->kind->period_s));
  }
}

static void live(struct run *run, double lasts_s, double interval_s, double look_s, bool eventful) {
  struct model *m = &run->model;
  double end_s = m->now_s + lasts_s, away_until_s = 0;
  double next_sample_s = m->now_s + interval_s;
  while (m->now_s < end_s) {
    if (eventful && dice(m, 1) < 0.05)
      happen(m);
    if (eventful && is(m, PAUSING) && dice(m, 1) < 0.01)
      pause_looks(m);
    if (eventful && dice(m, 1) < 0.002) /* the directory is removed */
      away_until_s = m->now_s + dice(m, 100);
    pass_to(m, m->now_s + look_s);
    bool due = m->now_s >= next_sample_s - 1e-6;
    while (next_sample_s <= m->now_s + 1e-6)
      next_sample_s += interval_s;
    int error = m->now_s < away_until_s ? -ENOENT : 0;
    if (eventful && error == 0 && dice(m, 1) < 0.03)
      error = -ENODATA;
    look(run, error, due);
  }
}

static int stories(void) {
  const char *value = getenv("MODEL_STORIES");
  return value != NULL ? atoi(value) : STORIES;
}

START_TEST(whatever_happens) {
  const struct kind *kind = &kinds[_i];
  struct meter_options options = {.base = kind->base,
                                  .scale = 1,
                                  .tick_ns = 4 * NS_PER_MS,
                                  .max_power_w = (kind->traits & LIMITED) != 0 ? LIMIT_W : 0};
  unsigned powers = 0, in_rows = 0;
  for (int seed = 0; seed < stories(); seed++) {
    static struct run run;
    run = (struct run){.model = {.kind = kind, .seed = (uint64_t)seed, .now_s = 1000.123}};
    struct model *m = &run.model;
    m->dice = (uint64_t)seed * 7919 + (uint64_t)_i;
    dice(m, 1);
    m->power_w = dice(m, PEAK_W);
    m->number_uj = (uint64_t)dice(m, 1e12);
    m->other_uj = (uint64_t)dice(m, 1e12);
    m->next_s = m->now_s + dice(m, kind->period_s);
    if (is(m, FOREIGN)) {
      m->file_s = dice(m, 7200) - 3600;
      m->drift = dice(m, 1e-3) - 5e-4;
    }
    double interval_s = pow(10, dice(m, 2) - 0.3);
    show(m);
    m->mtime_ns -= llround((kind->period_s - (m->next_s - m->now_s)) * 1e9);
    meter_init(&run.meter, &options);
    look(&run, 0, true);
    live(&run, 3600, interval_s, (double)meter_look_ns(llround(interval_s * 1e9)) / 1e9, true);
    powers += run.powers;
    in_rows += run.in_rows;
    m->glitch = NO_GLITCH;
    m->late = 0;
    live(&run, 48 * 3600, 10, 10, false);
    look(&run, 0, true);
    double energy_j = run.energy_j, true_j = drawn_j(m);
    m->power_w = 100;
    live(&run, 3600, 10, 2, false);
    look(&run, 0, true);
    if (fabs(run.energy_j - energy_j - (drawn_j(m) - true_j)) > 1e-3)
      ck_abort_msg("%s, seed %d: %g J in the last hour, %g J drawn", kind->name, seed, run.energy_j - energy_j,
                   drawn_j(m) - true_j);
  }
  ck_assert_msg(powers > 0, "%s: no power", kind->name);
  if (getenv("MODEL_STORIES") != NULL)
    printf("%s: %u powers, %u in rows\n", kind->name, powers, in_rows);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("meter_model");
  tcase_set_timeout(suite_case(suite, "stories", NULL, NULL, EACH(whatever_happens, kinds)), 600);
  return suite_run(suite);
}
