#include "meter.h"

#include <errno.h>
#include <strings.h>

/* File times are rounded to a tick of 10 ms at most, or to whole seconds. */
#define TICK_NS         (20 * NS_PER_MS)
#define TICK_DEFAULT_NS (10 * NS_PER_MS)
#define WHOLE_S_NS      (2 * NS_PER_S)

/* Tolerance for modification times of another clock: some network file systems show an update late. */
#define SLACK_NS (5 * NS_PER_S)

/* Local ones are off by a tick, and by one part in so many: NTP may slew our clock by 500 ppm. */
#define SLEW 1000

/* Power is the mean over so many ticks, for an error of 0.5 % at most; with whole seconds over this time, for 2 %. */
#define POWER_TICKS      200
#define POWER_WHOLE_S_NS (50 * NS_PER_S)

/* No power over less: the clock does not resolve it. */
#define SAMPLE_MIN_NS NS_PER_US

/* Plausible power: up to ten times the usual one, or up to 1 kW if that is more. */
#define PLAUSIBLE_W      1000.0
#define PLAUSIBLE_FACTOR 10.0

/* How long the old course is kept after a fall or a spike. */
#define COURSE_NS      (30 * NS_PER_S)
#define COURSE_UPDATES 3
#define COURSE_FACTOR  2.0

/* Updates in a row that decide METER_AUTO. */
#define VOTES 3

static const char *const state_names[SAMPLE_STATES] = {"first", "ok",    "held", "gap",     "wrap",  "reset",
                                                       "spike", "stale", "torn", "missing", "denied"};
static const char *const base_names[] = {"auto", "update", "sample"};

const char *meter_state_name(enum sample_state state) {
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

int64_t meter_look_ns(int64_t interval_ns) {
  int64_t looks = (interval_ns + METER_LOOK_NS - 1) / METER_LOOK_NS;
  return looks > 0 ? interval_ns / looks : METER_LOOK_NS;
}

void meter_init(struct meter *meter, const struct meter_options *options) {
  *meter = (struct meter){.options = options,
                          .state = SAMPLE_FIRST,
                          .event = SAMPLE_HELD,
                          .update_state = SAMPLE_HELD,
                          .step_ns = INT64_MIN};
}

void meter_resume(struct meter *m, const struct meter_saved *saved) {
  m->resumes = true;
  m->total_uj = saved->total_uj;
  m->energy_uj = saved->counter_uj;
  m->read_at.wall_ns = saved->wall_ns;
}

/* ---- helpers ----------------------------------------------------------------------------------------------------- */

static int64_t tick_ns(const struct meter *m) {
  return m->options->tick_ns > 0 ? m->options->tick_ns : TICK_DEFAULT_NS;
}

static double joules(const struct meter *m, uint64_t energy_uj) {
  return (double)energy_uj * 1e-6 * m->options->scale;
}

static double watts(uint64_t energy_uj, int64_t dt_ns) {
  return (double)energy_uj * 1e3 / (double)dt_ns;
}

static int64_t max_ns(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static int64_t min_ns(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* How coarse modification times are: two in whole seconds are no coincidence. */
static int64_t coarse_ns(const struct meter *m, const struct reading *r) {
  return r->mtime_ns % NS_PER_S == 0 && m->mtime_ns % NS_PER_S == 0 ? NS_PER_S : tick_ns(m);
}

/* When the last update was made: the file time if that is exact to a second, else the latest possible time. */
static int64_t update_ns(const struct meter *m) {
  if (m->within_ns < 0 && m->made_known)
    return m->made_ns - NS_PER_S;
  return m->made_ns - (m->within_ns > 0 && m->within_ns <= NS_PER_S ? m->within_ns : 0);
}

static uint64_t add_up(uint64_t total_uj, uint64_t delta_uj) {
  return delta_uj > UINT64_MAX - total_uj ? UINT64_MAX : total_uj + delta_uj;
}

/* power_w: unscaled, as all powers in a meter. */
static bool is_too_much(const struct meter *m, double power_w) {
  return m->options->max_power_w > 0 && power_w * m->options->scale > m->options->max_power_w;
}

static bool is_plausible(const struct meter *m, double power_w) {
  double usual_w = PLAUSIBLE_FACTOR * (double)m->usual_w;
  return power_w <= (usual_w > PLAUSIBLE_W ? usual_w : PLAUSIBLE_W) && !is_too_much(m, power_w);
}

static bool is_by_update(const struct meter *m) {
  return m->options->base == METER_UPDATE || (m->options->base == METER_AUTO && !m->mtime_useless);
}

/* True if a whole turn of the counter may be missed between two looks or in dt_ns, whichever is longer. */
static bool may_wrap_unseen(const struct meter *m, uint64_t range_uj, int64_t dt_ns) {
  int64_t look_ns = 2 * (m->options->look_ns > 0 ? m->options->look_ns : METER_LOOK_NS);
  double most_w = m->options->max_power_w > 0 ? m->options->max_power_w / m->options->scale : PLAUSIBLE_W;
  return range_uj > 0 && (double)range_uj * 1e3 < (double)(dt_ns > look_ns ? dt_ns : look_ns) * most_w;
}

/* Keeps the graver event; stale and bad readings are no events. */
static void note_event(struct meter *m, enum sample_state event) {
  static const uint8_t weights[SAMPLE_STATES] = {
      [SAMPLE_OK] = 1, [SAMPLE_GAP] = 2, [SAMPLE_FIRST] = 3, [SAMPLE_WRAP] = 4, [SAMPLE_SPIKE] = 5, [SAMPLE_RESET] = 6};
  if (weights[event] > weights[m->event])
    m->event = event;
}

/* ---- the rhythm of the writer ------------------------------------------------------------------------------------ */

/*
 * True if the update has no power: it is late or ends a stale spell; or, if strict, its interval is off the median,
 * since the clock that dates it may have been stepped. silent_ns: as for rhythm_judge().
 */
static bool note_interval(struct meter *m, int64_t dt_ns, int64_t silent_ns, bool was_stale, bool strict) {
  enum rhythm_kind kind = rhythm_judge(&m->rhythm, dt_ns, silent_ns);
  bool late = kind == RHYTHM_LATE || was_stale;
  if (kind == RHYTHM_LATE && !was_stale) {
    m->pauses++;
    m->pause_ns += dt_ns - rhythm_period_ns(&m->rhythm);
  }
  if (!late && m->options->look_ns > 0 && dt_ns - silent_ns > 2 * m->options->look_ns)
    return false; /* no period: updates may have been overlooked between two looks */
  rhythm_learn(&m->rhythm, dt_ns, late);
  return late || (strict && kind == RHYTHM_OFF);
}

static int64_t stale_limit_ns(const struct meter *m) {
  if (m->options->stale_ns > 0)
    return m->options->stale_ns;
  int64_t limit_ns = 3 * rhythm_period_ns(&m->rhythm);
  if (limit_ns == 0)
    return METER_STALE_FIRST_NS;
  return limit_ns > METER_STALE_NS ? limit_ns : METER_STALE_NS;
}

/* A counter whose modification time is useless is never stale: its number stands still when nothing is drawn. */
static bool is_stale(const struct meter *m, int64_t mono_ns) {
  return !m->mtime_useless && mono_ns - update_ns(m) > stale_limit_ns(m);
}

/* ---- energy ------------------------------------------------------------------------------------------------------ */

/* Keeps the course that the counter leaves. Of two odd numbers in a row, it is the one before the first. */
static void keep_course(struct meter *m, bool wrapped) {
  if (m->course_kept && !m->course_doubtful && m->course_updates < 2)
    return;
  m->course_kept = true;
  m->course_doubtful = wrapped;
  m->course_updates = 0;
  m->course_ns = m->read_at.mono_ns;
  m->course_uj = m->energy_uj;
  m->course_total_uj = m->total_uj;
}

/*
 * True if the number is back on the old course, above its last number: from below in one step (after a wrap or a stale
 * spell, in a step that is no load); or from above, at most at twice the usual power, or at max_power_w if no power is
 * usual. *delta_uj is then what it adds.
 */
static bool is_back(const struct meter *m, const struct reading *r, int64_t drawn_ns, uint64_t *delta_uj) {
  if (!m->course_kept || r->energy_uj < m->course_uj)
    return false;
  uint64_t above_uj = r->energy_uj - m->course_uj, added_uj = m->total_uj - m->course_total_uj;
  *delta_uj = above_uj > added_uj ? above_uj - added_uj : 0;
  int64_t since_ns = r->at.mono_ns - m->course_ns + drawn_ns; /* the old number may be one update old */
  if (m->energy_uj < m->course_uj)
    return !(m->course_doubtful && is_plausible(m, watts(r->energy_uj - m->energy_uj, drawn_ns))) &&
           is_plausible(m, watts(above_uj, since_ns));
  double most_w = m->usual_w > 0 ? COURSE_FACTOR * (double)m->usual_w : m->options->max_power_w / m->options->scale;
  return r->energy_uj < m->energy_uj && (double)above_uj * 1e3 <= most_w * (double)since_ns;
}

/* Adds the energy of the reading. Returns the event. drawn_ns: the time in which it was drawn, at most. */
static enum sample_state add_energy(struct meter *m, const struct reading *r, int64_t drawn_ns, bool other_series) {
  bool fell = r->energy_uj < m->energy_uj;
  uint64_t delta_uj = 0;
  enum sample_state event = SAMPLE_OK;
  if (is_back(m, r, drawn_ns, &delta_uj)) {
    m->course_kept = false;
    event = SAMPLE_GAP;
  } else if (other_series) {
    keep_course(m, false);
    delta_uj = 0;
    event = fell ? SAMPLE_RESET : SAMPLE_GAP;
  } else if (fell) {
    bool in_range = m->energy_uj <= r->range_uj;
    delta_uj = in_range ? r->range_uj - m->energy_uj + r->energy_uj : 0;
    bool wrapped = in_range && is_plausible(m, watts(delta_uj, drawn_ns));
    keep_course(m, wrapped);
    event = wrapped ? SAMPLE_WRAP : SAMPLE_RESET;
    if (!wrapped)
      delta_uj = 0;
  } else {
    delta_uj = r->energy_uj - m->energy_uj;
    double power_w = watts(delta_uj, drawn_ns + tick_ns(m));
    bool too_much = is_too_much(m, power_w);
    if (too_much)
      keep_course(m, false);
    /* soon after a fall an implausible rise is the end of a glitch; such a load counts once the course is dropped */
    if (too_much || (m->course_kept && !is_plausible(m, power_w))) {
      delta_uj = 0;
      event = SAMPLE_SPIKE;
    }
  }
  m->total_uj = add_up(m->total_uj, delta_uj);
  return event;
}

/*
 * Returns the event of the first reading after meter_resume(), and in *delta_uj the energy since the total was saved.
 * The saved number may have been up to METER_STALE_NS old.
 */
static enum sample_state resume(const struct meter *m, const struct reading *r, uint64_t *delta_uj) {
  int64_t dt_ns = r->at.wall_ns - m->read_at.wall_ns;
  bool booted = dt_ns > r->at.mono_ns, fell = r->energy_uj < m->energy_uj;
  dt_ns += METER_STALE_NS;
  enum sample_state state = fell ? SAMPLE_WRAP : SAMPLE_FIRST;
  *delta_uj = fell ? r->range_uj - m->energy_uj + r->energy_uj : r->energy_uj - m->energy_uj;
  if (fell && (booted || dt_ns <= 0 || m->energy_uj > r->range_uj || !is_plausible(m, watts(*delta_uj, dt_ns))))
    state = SAMPLE_RESET;
  else if (!fell && dt_ns > 0 && is_too_much(m, watts(*delta_uj, dt_ns)))
    state = SAMPLE_SPIKE;
  if (state == SAMPLE_RESET || state == SAMPLE_SPIKE)
    *delta_uj = 0;
  return state;
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

/* ---- readings ---------------------------------------------------------------------------------------------------- */

static void start(struct meter *m, const struct reading *r) {
  uint64_t delta_uj = 0; /* energy before the first reading counts only after meter_resume() */
  m->update_state = (uint8_t)(m->resumes ? resume(m, r, &delta_uj) : SAMPLE_FIRST);
  note_event(m, m->update_state);
  m->total_uj = m->resumes ? add_up(m->total_uj, delta_uj) : r->energy_uj;
  m->sampled_uj = m->total_uj - delta_uj;
  m->resumes = false;
  m->started = true;
  m->mtime_useless = r->computed;

  int64_t now_ns = r->at.mono_ns, mono_ns = r->mtime_ns - (r->at.wall_ns - now_ns);
  m->made_known = r->local && !r->computed && mono_ns <= now_ns + TICK_NS;
  bool whole_s = r->mtime_ns % NS_PER_S == 0; /* made at any time in this second */
  m->made_ns = m->made_known ? min_ns(mono_ns + (whole_s ? NS_PER_S : tick_ns(m)), now_ns) : now_ns;
  m->within_ns = r->computed ? 0 : m->made_known && !whole_s ? max_ns(m->made_ns - mono_ns, 0) : UPDATE_UNDATED;
  m->moved_ns = now_ns;
  m->last_without_ns = now_ns - METER_STALE_FIRST_NS; /* an older one would be stale */
  m->first_with_ns = now_ns;
  m->anchor_known = !r->computed && (m->made_known || !r->local); /* another clock set a local time in the future */
  m->anchor_ns = r->mtime_ns;
  m->anchor_uj = m->total_uj;
  m->may_have_wrapped = m->may_wrap = may_wrap_unseen(m, r->range_uj, 0);
}

/* What a reading shows against the one before. */
struct change {
  bool moved;        /* another modification time */
  bool changed;      /* another number */
  bool timed;        /* dt_ns is the time since the update before */
  bool other_series; /* the modification time went back, and no clock did */
  int64_t dt_ns;
  int64_t drawn_ns; /* the time in which the energy was drawn, at most */
};

/* This update and the one before were each made between two readings, which bounds the time between them. */
static void date_update(const struct meter *m, const struct reading *r, struct change *change) {
  bool stepped = m->step_ns > m->last_without_ns;
  int64_t most_ns = r->at.mono_ns - m->last_without_ns, least_ns = m->read_at.mono_ns - m->first_with_ns;
  change->drawn_ns = r->computed ? r->at.mono_ns - m->read_at.mono_ns : most_ns;
  if (!change->moved)
    return;
  change->dt_ns = r->mtime_ns - m->mtime_ns;
  change->other_series = change->dt_ns < 0 && !stepped && !m->mtime_useless;
  int64_t tick = r->mtime_ns % NS_PER_S == 0 ? WHOLE_S_NS : TICK_NS;
  int64_t slack_ns = r->local ? tick + most_ns / SLEW : SLACK_NS;
  change->timed =
      change->dt_ns > 0 && !stepped && change->dt_ns >= least_ns - slack_ns && change->dt_ns <= most_ns + slack_ns;
  if (change->timed)
    change->drawn_ns = change->dt_ns;
}

/* Decides mtime_useless. Within a tick of the last update the modification time cannot move, which proves nothing. */
static void judge_base(struct meter *m, const struct reading *r, const struct change *change) {
  int64_t tick = r->mtime_ns % NS_PER_S == 0 ? WHOLE_S_NS : TICK_NS;
  bool stands = change->changed && !change->moved && m->read_at.mono_ns - m->moved_ns > tick;
  if (r->computed || !(change->moved || stands))
    return;
  m->votes = change->moved == m->mtime_useless ? m->votes + 1 : 0;
  if (m->votes < VOTES)
    return;
  m->votes = 0;
  m->mtime_useless = !m->mtime_useless;
  m->anchor_known = m->power_holds = false;
}

/* The lower of two powers is the usual one, so that a glitch does not make the next one plausible. */
static void note_power(struct meter *m, double power_w) {
  m->usual_w = (double)m->last_w < power_w ? m->last_w : (float)power_w;
  m->last_w = (float)power_w;
}

/* Takes the power from the update before to this one, which moved the modification time. */
static void take_power(struct meter *m, const struct reading *r, bool has_power) {
  m->power_holds = m->power_holds && has_power;
  if (m->anchor_known && has_power) {
    bool whole_s = r->mtime_ns % NS_PER_S == 0 && m->anchor_ns % NS_PER_S == 0;
    int64_t dt_ns = r->mtime_ns - m->anchor_ns;
    if (dt_ns < (whole_s ? POWER_WHOLE_S_NS : POWER_TICKS * tick_ns(m)))
      return;
    uint64_t delta_uj = m->total_uj - m->anchor_uj;
    note_power(m, watts(delta_uj, dt_ns));
    m->steady_ns += dt_ns;
    m->steady_uj += delta_uj;
    m->power_holds = true;
  }
  m->anchor_known = true;
  m->anchor_ns = r->mtime_ns;
  m->anchor_uj = m->total_uj;
}

/*
 * Another clock dates the file: narrows the difference of the two clocks, which may drift, by an update made in
 * (*from_ns, *to_ns], and that range by the difference.
 */
static void narrow_offset(struct meter *m, const struct reading *r, int64_t *from_ns, int64_t *to_ns) {
  int64_t coarse = coarse_ns(m, r);
  int64_t low_ns = *from_ns - r->mtime_ns - coarse, high_ns = *to_ns - r->mtime_ns;
  int64_t drift_ns = (r->at.mono_ns - m->first_with_ns) / SLEW;
  int64_t kept_low_ns = max_ns(low_ns, m->offset_ns - drift_ns);
  int64_t kept_high_ns = min_ns(high_ns, m->offset_ns + m->offset_width_ns + drift_ns);
  if (m->offset_known && kept_low_ns <= kept_high_ns) {
    low_ns = kept_low_ns;
    high_ns = kept_high_ns;
  }
  m->offset_known = true;
  m->offset_ns = low_ns;
  m->offset_width_ns = high_ns - low_ns;
  *from_ns = max_ns(*from_ns, r->mtime_ns + low_ns);
  *to_ns = min_ns(*to_ns, r->mtime_ns + coarse + high_ns);
}

/* Dates an update that was made between two looks. */
static void note_made(struct meter *m, const struct reading *r, bool moved) {
  int64_t from_ns = r->computed ? r->at.mono_ns : m->read_at.mono_ns, to_ns = r->at.mono_ns;
  if (moved && r->local && m->step_ns != r->at.mono_ns) {
    int64_t mono_ns = r->mtime_ns - (r->at.wall_ns - r->at.mono_ns), end_ns = mono_ns + coarse_ns(m, r);
    if (end_ns >= from_ns && mono_ns <= to_ns + TICK_NS) {
      from_ns = min_ns(max_ns(from_ns, mono_ns), to_ns);
      to_ns = min_ns(to_ns, end_ns);
    }
  } else if (moved && !r->local) {
    narrow_offset(m, r, &from_ns, &to_ns);
  }
  m->made_ns = to_ns;
  m->within_ns = to_ns - from_ns;
}

static void follow(struct meter *m, const struct reading *r) {
  struct change change = {.moved = !r->computed && r->mtime_ns != m->mtime_ns, .changed = r->energy_uj != m->energy_uj};
  if (clock_step_ns(&r->at, m->read_at.wall_ns - m->read_at.mono_ns) != 0)
    m->step_ns = r->at.mono_ns;
  date_update(m, r, &change);
  judge_base(m, r, &change);
  m->may_wrap = may_wrap_unseen(m, r->range_uj, r->at.mono_ns - m->read_at.mono_ns);
  m->may_have_wrapped = m->may_have_wrapped || m->may_wrap;
  bool is_update = change.moved || change.changed || r->computed;
  if (is_update && m->course_updates <= COURSE_UPDATES)
    m->course_updates++;
  if (m->course_updates > COURSE_UPDATES && r->at.mono_ns - m->course_ns > COURSE_NS)
    m->course_kept = false;
  if (!change.moved && !change.changed) {
    if (r->computed && m->mtime_useless) { /* the number is that of this instant, even if unchanged */
      note_made(m, r, false);
      m->update_state = SAMPLE_OK;
    }
    return;
  }

  bool was_stale = is_stale(m, m->known_until_ns);
  m->course_doubtful = m->course_doubtful || was_stale;
  enum sample_state event = add_energy(m, r, change.drawn_ns, change.other_series);
  bool breaks = was_stale || (event != SAMPLE_OK && event != SAMPLE_WRAP);
  m->course_broken = m->course_broken || breaks;
  if (change.moved) {
    bool late = change.timed && note_interval(m, change.dt_ns, m->known_until_ns - update_ns(m), was_stale,
                                              !r->local && r->mtime_ns % NS_PER_S != 0);
    take_power(m, r, change.timed && !late && !breaks);
    if ((late || was_stale) && event == SAMPLE_OK)
      event = SAMPLE_GAP;
  } else if (breaks) {
    m->anchor_known = m->power_holds = false;
  }
  note_event(m, event);
  note_made(m, r, change.moved);
  m->update_state = event;
  if (change.moved)
    m->moved_ns = r->at.mono_ns;
  m->made_known = true;
  m->last_without_ns = m->read_at.mono_ns;
  m->first_with_ns = r->at.mono_ns;
  m->updates++;
}

bool meter_needs_range(const struct meter *m, const struct reading *r) {
  return r->error == 0 && r->range_uj == 0 && (m->started || m->resumes) && r->energy_uj < m->energy_uj;
}

void meter_take(struct meter *m, const struct reading *r) {
  bool was_bad = m->error != 0 && state_of_error(m->error) == state_of_error(r->error);
  m->update_state = (uint8_t)(r->error == 0 || was_bad ? SAMPLE_HELD : state_of_error(r->error));
  m->error_again = r->error != 0 && r->error == m->error;
  m->error = (int16_t)r->error;
  if (r->error == 0 && m->started)
    follow(m, r);
  else if (r->error == 0)
    start(m, r);
  m->looked_at = r->at;
  if (r->error == 0 || r->error == -ENODATA || state_of_error(r->error) == SAMPLE_MISSING)
    m->known_until_ns = r->at.mono_ns; /* other errors do not prove that there was no update */
  if (r->error != 0)
    return;
  m->read_at = r->at;
  m->energy_uj = r->energy_uj;
  m->mtime_ns = r->mtime_ns;
  m->inexact = r->inexact;
  m->range_error = (int16_t)r->range_error;
}

bool meter_update(const struct meter *m, struct update *u) {
  if (m->update_state == SAMPLE_HELD)
    return false;
  bool good = m->error == 0;
  *u = (struct update){.mono_ns = good ? m->made_ns : m->looked_at.mono_ns,
                       .within_ns = good         ? m->within_ns
                                    : m->started ? m->looked_at.mono_ns - m->read_at.mono_ns
                                                 : UPDATE_UNDATED,
                       .state = good && m->may_wrap && m->update_state != SAMPLE_RESET ? SAMPLE_GAP : m->update_state,
                       .has_energy = good,
                       .energy_uj = m->energy_uj,
                       .total_uj = m->total_uj,
                       .energy_j = joules(m, m->total_uj)};
  return true;
}

/* ---- samples ----------------------------------------------------------------------------------------------------- */

/* True if there is a power: sets power_w and dt_ns. */
static bool find_power(struct meter *m, bool stale, int64_t now_ns) {
  if (!is_by_update(m)) {
    int64_t dt_ns = m->read_at.mono_ns - m->sampled_ns;
    if (!m->sampled_exactly || m->inexact || m->course_broken || stale || dt_ns < SAMPLE_MIN_NS)
      return false;
    uint64_t delta_uj = m->total_uj - m->sampled_uj;
    m->dt_ns = dt_ns;
    m->power_w = watts(delta_uj, dt_ns);
    if (m->mtime_useless)
      note_power(m, m->power_w);
    return true;
  }
  if (stale)
    return false;
  if (m->steady_ns > 0) {
    m->dt_ns = m->steady_ns;
    m->power_w = watts(m->steady_uj, m->steady_ns);
    return true;
  }
  return m->power_holds && now_ns - m->moved_ns <= stale_limit_ns(m);
}

static enum sample_state find_state(const struct meter *m, bool was_bad, bool stale, bool has_power) {
  if (m->event == SAMPLE_RESET || m->event == SAMPLE_SPIKE || m->event == SAMPLE_WRAP)
    return m->event;
  if (stale)
    return SAMPLE_STALE;
  if (m->event == SAMPLE_FIRST)
    return SAMPLE_FIRST;
  if (was_bad || m->course_broken || (m->event == SAMPLE_GAP && !has_power))
    return SAMPLE_GAP;
  return m->event == SAMPLE_HELD ? SAMPLE_HELD : SAMPLE_OK;
}

static bool is_bad(enum sample_state state) {
  return state == SAMPLE_TORN || state == SAMPLE_MISSING || state == SAMPLE_DENIED;
}

void meter_sample(struct meter *m, struct sample *s) {
  int64_t now_ns = m->looked_at.mono_ns;
  *s = (struct sample){
      .label = s->label, .path = s->path, .by_pattern = s->by_pattern, .range_uj = s->range_uj, .slot = s->slot};
  s->by_update = is_by_update(m);
  s->mtime_moves = !m->mtime_useless && m->votes == 0;
  s->update_mono_ns = update_ns(m);
  s->has_age = m->made_known;
  s->age_ns = m->started && now_ns > update_ns(m) ? now_ns - update_ns(m) : 0;
  s->period_ns = rhythm_period_ns(&m->rhythm);
  s->stale_ns = stale_limit_ns(m);
  s->range_error = m->range_error;
  if (m->error != 0) {
    s->at = m->looked_at;
    s->error = m->error;
    s->error_again = m->error_again;
    s->state = m->state = state_of_error(m->error);
    return; /* the next good sample covers the time since the last good one */
  }

  bool stale = is_stale(m, now_ns), has_power = find_power(m, stale, now_ns) && !m->may_have_wrapped;
  if (has_power && is_too_much(m, m->power_w)) {
    has_power = false;
    note_event(m, SAMPLE_SPIKE);
  }
  s->at = m->read_at;
  s->state = m->state = find_state(m, is_bad(m->state), stale, has_power);
  s->has_energy = true;
  s->may_have_wrapped = m->may_have_wrapped;
  s->energy_uj = m->energy_uj;
  s->total_uj = m->total_uj;
  s->energy_j = joules(m, m->total_uj);
  s->delta_j = joules(m, m->total_uj - m->sampled_uj);
  s->has_power = has_power;
  if (has_power) {
    s->power_w = m->power_w * m->options->scale;
    s->dt_ns = m->dt_ns;
  }
  s->updates = m->updates;
  s->pauses = m->pauses;
  s->pause_ns = m->pause_ns;

  m->sampled_exactly = !m->inexact;
  m->sampled_ns = m->read_at.mono_ns;
  m->sampled_uj = m->total_uj;
  m->steady_ns = m->pause_ns = 0;
  m->steady_uj = 0;
  m->updates = m->pauses = 0;
  m->event = SAMPLE_HELD;
  m->course_broken = m->may_have_wrapped = false;
}

void meter_recall(const struct meter *m, struct sample *s) {
  s->has_energy = m->started;
  if (!m->started)
    return;
  s->at = m->read_at;
  s->energy_uj = m->energy_uj;
  s->total_uj = m->total_uj;
  s->energy_j = joules(m, m->total_uj);
}
