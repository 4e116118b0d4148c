#include "meter.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* A change of wall - mono by more than this is a step; reading two clocks one after the other makes less. */
#define STEP_NS (10 * NS_PER_MS)

/* How far a modification time may lie outside of the two samples around it: file times are rounded to a tick. */
#define TICK_NS (20 * NS_PER_MS)

/* The same for the time between two updates: some network file systems show an update some seconds late. */
#define SLACK_NS (5 * NS_PER_S)

/*
 * A file's time is told in ticks, so the time between two updates is wrong by up to one. Power is taken over at least
 * so many ticks, which makes its error at most 0.5 %.
 */
#define POWER_TICKS     200
#define TICK_DEFAULT_NS (10 * NS_PER_MS)

/* A writer that is slower than this is not learned: its stale time is to be set. */
#define PERIOD_MAX_NS (INT64_C(24) * 3600 * NS_PER_S)

/* No power over less than this; the samples of one pass may be as close as the clock can tell. */
#define SAMPLE_MIN_NS NS_PER_US

/*
 * What a counter that wraps, or passes the number that it had fallen from, may have drawn meanwhile: ten times its
 * usual power, and no less than this. At 1 kW a package counter of 262 kJ takes four minutes to go round.
 */
#define PLAUSIBLE_W      1000.0
#define PLAUSIBLE_FACTOR 10.0

static const char *const state_names[SAMPLE_STATES] = {"first", "ok",    "held", "gap",     "wrap",  "reset",
                                                       "spike", "stale", "torn", "missing", "denied"};
static const char *const base_names[] = {"auto", "update", "sample"};

const char *sample_state_name(enum sample_state state) {
  return state_names[state];
}

const char *meter_base_name(enum meter_base base) {
  return base_names[base];
}

int meter_base_from_name(const char *name, enum meter_base *base) {
  for (size_t i = 0; i < sizeof(base_names) / sizeof(base_names[0]); i++)
    if (strcasecmp(name, base_names[i]) == 0) {
      *base = (enum meter_base)i;
      return 0;
    }
  return -EINVAL;
}

void meter_init(struct meter *meter, const struct meter_options *options) {
  *meter = (struct meter){.options = options, .state = SAMPLE_FIRST};
}

void meter_resume(struct meter *m, const struct meter_saved *saved) {
  m->resumes = true;
  m->total_uj = saved->total_uj;
  m->last_energy_uj = saved->counter_uj;
  m->last_at.wall_ns = saved->wall_ns;
}

static enum sample_state state_of_error(int error) {
  switch (-error) {
  case ENOENT:
  case ENOTDIR:
    return SAMPLE_MISSING;
  case EACCES:
  case EPERM:
  case ELOOP:
  case EISDIR:
  case EMEDIUMTYPE:
    return SAMPLE_DENIED;
  default:
    return SAMPLE_TORN;
  }
}

static int64_t tick_ns(const struct meter *m) {
  return m->options->tick_ns > 0 ? m->options->tick_ns : TICK_DEFAULT_NS;
}

static double joules(const struct meter *m, uint64_t energy_uj) {
  return (double)energy_uj * 1e-6 * m->options->scale;
}

static double watts(uint64_t energy_uj, int64_t dt_ns) {
  return (double)energy_uj * 1e3 / (double)dt_ns;
}

/* Whether it is more than any machine draws; unscaled, as all powers inside of a meter. */
static bool is_too_much(const struct meter *m, double power_w) {
  return m->options->max_power_w > 0 && power_w * m->options->scale > m->options->max_power_w;
}

static bool is_plausible(const struct meter *m, double power_w) {
  double usual_w = PLAUSIBLE_FACTOR * m->usual_w;
  return power_w <= (usual_w > PLAUSIBLE_W ? usual_w : PLAUSIBLE_W) && !is_too_much(m, power_w);
}

/* What every sample tells, good or bad. */
static void describe(const struct meter *m, const struct instant *now, struct sample *s) {
  s->state = m->state;
  s->tracked = m->tracked && !m->untracked;
  s->by_update = m->options->base == METER_UPDATE || (m->options->base == METER_AUTO && !m->untracked);
  s->update_mono_ns = m->update_mono_ns;
  s->age_ns = m->started && now->mono_ns > m->update_mono_ns ? now->mono_ns - m->update_mono_ns : 0;
  s->period_ns = m->period_ns;
}

static int64_t stale_limit_ns(const struct meter *m) {
  if (m->options->stale_ns > 0)
    return m->options->stale_ns;
  return 3 * m->period_ns > METER_STALE_NS ? 3 * m->period_ns : METER_STALE_NS;
}

/* A counter whose modification time means nothing is never stale: each read is news. */
static bool is_stale(const struct meter *m, const struct instant *now) {
  return !m->untracked && now->mono_ns - m->update_mono_ns > stale_limit_ns(m);
}

/*
 * Falls at once when updates come much faster than thought, rises by no more than a doubling: one long pause of the
 * writer does not make a dead one pass for alive, yet a writer that became slow is learned after a few updates.
 */
static void learn_period(struct meter *m, int64_t dt_ns, bool paused) {
  if (dt_ns <= 0)
    return;
  if (dt_ns > PERIOD_MAX_NS)
    dt_ns = PERIOD_MAX_NS;
  if (m->period_ns == 0)
    m->period_ns = paused && dt_ns > METER_STALE_NS ? METER_STALE_NS : dt_ns;
  else if (dt_ns < m->period_ns / 2)
    m->period_ns = dt_ns;
  else if (dt_ns > 2 * m->period_ns)
    m->period_ns *= 2;
  else
    m->period_ns += (dt_ns - m->period_ns) / 4;
}

/* Remembers the update at mono_ns, which is not before the newest mark, unless that one is close. */
static void set_mark(struct meter *m, int64_t mono_ns) {
  if (m->marks_num > 0 && mono_ns - m->marks[m->marks_num - 1].mono_ns < POWER_TICKS * tick_ns(m) / (METER_MARKS - 2))
    return;
  if (m->marks_num == METER_MARKS)
    memmove(&m->marks[0], &m->marks[1], --m->marks_num * sizeof(m->marks[0]));
  m->marks[m->marks_num++] = (struct meter_mark){.mono_ns = mono_ns, .total_uj = m->total_uj};
}

/*
 * What the counter added since its total was saved, and what its number then is to be taken for. The number that was
 * saved may have been old by as much as one of a counter that is not stale.
 */
static enum sample_state resume(const struct meter *m, const struct reading *r, const struct instant *now,
                                uint64_t *delta_uj) {
  int64_t dt_ns = now->wall_ns - m->last_at.wall_ns;
  bool booted = dt_ns > now->mono_ns, fell = r->energy_uj < m->last_energy_uj;
  dt_ns += METER_STALE_NS;
  enum sample_state state = fell ? SAMPLE_WRAP : SAMPLE_FIRST;
  *delta_uj = fell ? r->range_uj - m->last_energy_uj + r->energy_uj : r->energy_uj - m->last_energy_uj;
  if (fell && (booted || dt_ns <= 0 || m->last_energy_uj > r->range_uj || !is_plausible(m, watts(*delta_uj, dt_ns))))
    state = SAMPLE_RESET;
  else if (!fell && dt_ns > 0 && is_too_much(m, watts(*delta_uj, dt_ns)))
    state = SAMPLE_SPIKE;
  if (state == SAMPLE_RESET || state == SAMPLE_SPIKE)
    *delta_uj = 0;
  return state;
}

static uint64_t add_up(uint64_t total_uj, uint64_t delta_uj) {
  return delta_uj > UINT64_MAX - total_uj ? UINT64_MAX : total_uj + delta_uj;
}

static uint64_t start(struct meter *m, const struct reading *r, const struct instant *now) {
  uint64_t delta_uj = 0; /* what came before the first reading is no news, but for a total that was saved */
  enum sample_state state = m->resumes ? resume(m, r, now, &delta_uj) : SAMPLE_FIRST;
  m->started = true;
  m->untracked = r->computed;
  m->offset_ns = now->wall_ns - now->mono_ns;
  m->total_uj = m->resumes ? add_up(m->total_uj, delta_uj) : r->energy_uj;
  m->resumes = false;
  int64_t mono_ns = m->untracked ? now->mono_ns : r->mtime_ns - m->offset_ns;
  if (mono_ns <= now->mono_ns + TICK_NS) /* one ahead of us was told by another clock, or before ours was set back */
    set_mark(m, mono_ns);
  m->last_update_ns = mono_ns;
  m->update_mono_ns = mono_ns < now->mono_ns ? mono_ns : now->mono_ns;
  m->unseen_ns = m->update_mono_ns;
  if (!m->untracked && now->mono_ns - m->unseen_ns < METER_STALE_NS)
    m->unseen_ns = now->mono_ns - METER_STALE_NS; /* a time that may be wrong is all we have */
  m->seen_ns = now->mono_ns;
  m->settled = true;
  m->stale = is_stale(m, now);
  m->state = m->stale ? SAMPLE_STALE : state;
  return delta_uj;
}

/*
 * When the update that this reading shows was made, in monotonic time. Where the wall clock was stepped since the last
 * good reading, the modification time may have been told before or after the step: it must have been made between the
 * two readings, which usually leaves one of the two. Returns false when it does not; then *mono_ns is a guess.
 */
static bool update_time(const struct meter *m, const struct reading *r, const struct instant *now, int64_t offset_ns,
                        int64_t *mono_ns) {
  int64_t after_ns = r->mtime_ns - offset_ns, before_ns = r->mtime_ns - m->offset_ns;
  *mono_ns = after_ns;
  if (offset_ns == m->offset_ns)
    return true; /* also where the file's clock is not ours: only differences count */

  int64_t earliest_ns = m->last_at.mono_ns - TICK_NS, latest_ns = now->mono_ns + TICK_NS;
  bool after = after_ns >= earliest_ns && after_ns <= latest_ns;
  bool before = before_ns >= earliest_ns && before_ns <= latest_ns;
  if (before && !after)
    *mono_ns = before_ns;
  return before != after;
}

/* What a good reading tells that the one before did not. */
struct news {
  bool moved;      /* another modification time */
  bool changed;    /* another number */
  bool timed;      /* mono_ns is known; otherwise it is a guess */
  bool linked;     /* its distance to the update before is a time */
  bool late;       /* written after the instant of the reading, which then was not made at that instant */
  int64_t mono_ns; /* when the update was made */
  int64_t dt_ns;   /* the time in which its energy was drawn, at most */
};

/*
 * Dates the update. The one before was made between two readings, and so was this one, which bounds the time between
 * them; where the modification times tell another one, a clock was stepped there and back again, unseen.
 */
static void date_update(const struct meter *m, const struct reading *r, const struct instant *now, int64_t offset_ns,
                        struct news *news) {
  news->dt_ns = now->mono_ns - m->unseen_ns;
  news->mono_ns = now->mono_ns;
  news->timed = true;
  if (m->untracked) {
    news->linked = m->marks_num > 0;
    return;
  }
  if (!news->moved)
    return;
  news->timed = update_time(m, r, now, offset_ns, &news->mono_ns);
  if (!news->timed || m->marks_num == 0)
    return;
  int64_t dt_ns = news->mono_ns - m->last_update_ns, least_ns = m->last_at.mono_ns - m->seen_ns - SLACK_NS;
  news->late = dt_ns > news->dt_ns + SLACK_NS;
  if (dt_ns > 0 && dt_ns >= least_ns) {
    news->linked = !news->late;
    news->dt_ns = dt_ns;
  }
}

enum change {
  CHANGE_UP,
  CHANGE_PASSES, /* up, past the last number of the series that was left: a load, or that series again */
  CHANGE_JUMP,   /* up, by more than can be */
  CHANGE_WRAP,
  CHANGE_BACK, /* down, to the series that was left */
  CHANGE_RESET
};

/* Whether the number goes on from the series that was left; then what that series has beyond what was added since. */
static bool continues(const struct meter *m, uint64_t energy_uj, int64_t mono_ns, uint64_t *delta_uj) {
  const struct meter_series *left = &m->left;
  if (!m->left_known || energy_uj < left->energy_uj)
    return false;
  uint64_t more_uj = energy_uj - left->energy_uj, added_uj = m->total_uj - left->total_uj;
  *delta_uj = more_uj > added_uj ? more_uj - added_uj : 0;
  return is_plausible(m, watts(more_uj, mono_ns - left->since_ns));
}

static bool passes_left(const struct meter *m, uint64_t energy_uj) {
  return m->left_known && m->last_energy_uj < m->left.energy_uj && energy_uj >= m->left.energy_uj;
}

/* What the number did since the last good reading, and the energy that came with it. */
static enum change compare(const struct meter *m, const struct reading *r, const struct instant *now,
                           const struct news *news, uint64_t *delta_uj) {
  if (r->energy_uj >= m->last_energy_uj) {
    *delta_uj = r->energy_uj - m->last_energy_uj;
    double power_w = watts(*delta_uj, news->dt_ns + tick_ns(m));
    bool passes = passes_left(m, r->energy_uj);
    if (!is_too_much(m, power_w) && !(passes && (m->alternates || !is_plausible(m, power_w))))
      return passes ? CHANGE_PASSES : CHANGE_UP;
    *delta_uj = 0;
    return CHANGE_JUMP;
  }
  if (continues(m, r->energy_uj, now->mono_ns, delta_uj))
    return CHANGE_BACK;
  if (m->last_energy_uj <= r->range_uj && news->dt_ns > 0) {
    *delta_uj = r->range_uj - m->last_energy_uj + r->energy_uj;
    if (is_plausible(m, watts(*delta_uj, news->dt_ns)))
      return CHANGE_WRAP;
  }
  *delta_uj = 0;
  return CHANGE_RESET;
}

/* Remembers the series that the number leaves; of several odd numbers in a row, the one before the first of them. */
static void leave_series(struct meter *m, uint64_t energy_uj, enum change change) {
  bool returns = change == CHANGE_BACK || passes_left(m, energy_uj);
  if (m->settled || returns) {
    m->left = (struct meter_series){.since_ns = m->unseen_ns, .energy_uj = m->last_energy_uj, .total_uj = m->total_uj};
    m->left_known = true;
  }
  m->settled = returns;
  m->alternates = change == CHANGE_BACK || (m->alternates && change != CHANGE_RESET);
}

static int64_t clamp(int64_t value, int64_t least, int64_t most) {
  return value < least ? least : value > most ? most : value;
}

static void set_power(struct meter *m, uint64_t delta_uj, int64_t dt_ns) {
  double last_w = m->power_w, power_w = watts(delta_uj, dt_ns);
  m->usual_w = m->dt_ns > 0 && last_w < power_w ? last_w : power_w;
  m->power_w = power_w;
  m->dt_ns = dt_ns;
  m->power_known = true;
}

/* The mark to count the power of an update at mono_ns from: the newest that is old enough; NULL: none is. */
static const struct meter_mark *find_mark(const struct meter *m, int64_t mono_ns) {
  if (m->untracked) /* these times are exact */
    return m->marks_num > 0 && mono_ns > m->marks[m->marks_num - 1].mono_ns ? &m->marks[m->marks_num - 1] : NULL;
  for (size_t i = m->marks_num; i > 0; i--)
    if (mono_ns - m->marks[i - 1].mono_ns >= POWER_TICKS * tick_ns(m))
      return &m->marks[i - 1];
  return NULL;
}

/* An update was seen. From it and one before comes the power of METER_UPDATE. */
static void take_update(struct meter *m, const struct news *news, bool fresh_start, bool by_update) {
  if (news->linked)
    learn_period(m, news->mono_ns - m->last_update_ns, fresh_start);
  if (!news->linked || fresh_start) {
    m->marks_num = 0;
    if (by_update)
      m->power_known = false;
  }
  const struct meter_mark *mark = find_mark(m, news->mono_ns);
  if (mark != NULL && by_update)
    set_power(m, m->total_uj - mark->total_uj, news->mono_ns - mark->mono_ns);
  if (news->timed)
    set_mark(m, news->mono_ns);
  m->last_update_ns = news->mono_ns;
}

static void follow(struct meter *m, const struct reading *r, const struct instant *now, struct sample *s) {
  struct news news = {.moved = !m->untracked && r->mtime_ns != m->last_mtime_ns,
                      .changed = r->energy_uj != m->last_energy_uj};
  bool seen = news.moved || news.changed, was_stale = m->stale;

  /* Does the modification time follow the number? Within one tick it cannot, so that proves nothing. */
  if (news.moved)
    m->tracked = true;
  else if (news.changed && m->last_at.wall_ns - m->last_mtime_ns > TICK_NS)
    m->untracked = true;
  bool by_update = m->options->base == METER_UPDATE || (m->options->base == METER_AUTO && !m->untracked);

  int64_t offset_ns = now->wall_ns - now->mono_ns;
  if (offset_ns - m->offset_ns <= STEP_NS && m->offset_ns - offset_ns <= STEP_NS)
    offset_ns = m->offset_ns;
  date_update(m, r, now, offset_ns, &news);
  m->offset_ns = offset_ns;

  uint64_t delta_uj;
  enum change change = compare(m, r, now, &news, &delta_uj);
  bool breaks = change != CHANGE_UP && change != CHANGE_WRAP, fresh_start = breaks || was_stale;
  if (breaks)
    leave_series(m, r->energy_uj, change);
  else if (news.changed)
    m->settled = true;
  m->total_uj = add_up(m->total_uj, delta_uj);

  if (news.moved || (news.changed && m->untracked)) {
    m->update_mono_ns = m->untracked ? now->mono_ns : clamp(news.mono_ns, m->last_at.mono_ns, now->mono_ns);
    take_update(m, &news, fresh_start, by_update);
  } else if (news.changed && fresh_start) {
    /* a new number within the tick of the old one: nothing to date it by but that tick */
    m->power_known = false;
    m->marks_num = 0;
  }
  if (seen || r->computed) {
    m->unseen_ns = r->computed ? now->mono_ns : m->last_at.mono_ns;
    m->seen_ns = news.late ? news.mono_ns : now->mono_ns;
  }
  m->stale = !seen && is_stale(m, now);

  if (m->stale || !by_update)
    m->power_known = false;
  int64_t dt_ns = now->mono_ns - m->last_at.mono_ns;
  if (!m->stale && !by_update && !fresh_start && !news.late && dt_ns >= SAMPLE_MIN_NS)
    set_power(m, delta_uj, dt_ns);
  bool too_much = m->power_known && is_too_much(m, m->power_w);
  m->power_known = m->power_known && !too_much;

  if (change == CHANGE_RESET)
    m->state = SAMPLE_RESET;
  else if (change == CHANGE_JUMP || too_much)
    m->state = SAMPLE_SPIKE;
  else if (change == CHANGE_WRAP)
    m->state = SAMPLE_WRAP;
  else if (m->stale)
    m->state = SAMPLE_STALE;
  else if (m->bad || was_stale || change == CHANGE_BACK)
    m->state = SAMPLE_GAP;
  else
    m->state = seen ? SAMPLE_OK : SAMPLE_HELD;

  s->delta_j = joules(m, delta_uj);
  s->updated = seen;
}

void meter_update(struct meter *m, const struct reading *r, const struct instant *now, struct sample *s) {
  *s = (struct sample){.label = s->label,
                       .name = s->name,
                       .path = s->path,
                       .found = s->found,
                       .slot = s->slot,
                       .at = *now,
                       .previous = m->state};

  if (r->error != 0) {
    m->bad = true;
    m->state = state_of_error(r->error);
    s->error = r->error;
    describe(m, now, s);
    return;
  }

  if (m->started)
    follow(m, r, now, s);
  else
    s->delta_j = joules(m, start(m, r, now));
  m->bad = false;
  m->last_at = *now;
  m->last_energy_uj = r->energy_uj;
  m->last_mtime_ns = r->mtime_ns;

  describe(m, now, s);
  s->has_energy = true;
  s->energy_uj = r->energy_uj;
  s->total_uj = m->total_uj;
  s->energy_j = joules(m, m->total_uj);
  s->has_power = m->power_known;
  if (m->power_known) {
    s->power_w = m->power_w * m->options->scale;
    s->dt_ns = m->dt_ns;
  }
}

void meter_recall(const struct meter *m, struct sample *s) {
  s->has_energy = m->started;
  if (!m->started)
    return;
  s->at = m->last_at;
  s->energy_uj = m->last_energy_uj;
  s->total_uj = m->total_uj;
  s->energy_j = joules(m, m->total_uj);
}
