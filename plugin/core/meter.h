/*
 * meter: readings of one counter -> samples
 *
 * All rules of measurement. Pure: no I/O, no clock. A reading is the content of the file; a sample is the conclusion.
 *
 *   meter_take(m, &reading)    at each look, every 2 s or more often
 *   meter_update(m, &update)   after each look: what is new
 *   meter_sample(m, &sample)   when a sample is due, right after its look
 *
 * Energy starts at the first number, or at a saved total, and adds each rise. It never falls. A bad reading is never a
 * baseline and never 0. With max_power_w, a rise above that power adds nothing (SAMPLE_SPIKE).
 *
 * Wrap or reset. A fall is a wrap if the counter's range is known and the power is plausible: at most 1 kW or ten times
 * the usual power, whichever is more, and at most max_power_w. Else it is a reset and adds nothing. The function
 * is add_energy(); for the first reading after meter_resume() it is resume(). Tests, in tests/check_meter.c: the rows
 * "wrap: ...", may_wrap_unseen, long_gap_of_a_wrapping_counter.
 *
 * Glitch. After a fall or a spike, the number before it (the old course) is kept for at least three updates and 30 s. A
 * number that fits the old course adds its rise above the kept one, less what was added meanwhile (SAMPLE_GAP). After
 * a wrap or a stale spell, a rise that the VM may have drawn is energy, and only a larger one is a return to the old
 * course. See is_back(). Meanwhile an implausible rise adds nothing. So a glitch loses the energy of three updates at
 * most.
 *
 * A modification time before that of the last update means another series: a new baseline, nothing added.
 *
 * Power by updates. The writer updates a VM's counter every 5 s or so and sets the modification time: the same number
 * with a new time is a true 0 W, with the old time it is no update. The power of a sample is the mean over the steady
 * updates since the sample before. Without an update the last power is held; if the last update had no power, there is
 * none. Only differences of modification times count, so the clock that sets them need not be ours. A step of our clock
 * loses up to two power values; after a step of another clock a steady writer's interval is off the median: it has no
 * power.
 *
 * Late. An update of a steady writer (rhythm.h) that comes 1.5 medians or more after the one before, in proven silence,
 * adds its energy but has no power: the writer may not have counted meanwhile (Scaphandre skips passes without counting
 * them). The rhythm stays known across resets and stale spells.
 *
 * Stale. No update for the stale time (see METER_STALE_NS): no power; never without usable file times. Decided in
 * is_stale(); `check` adds a case of its own, facts_are_stale() in standalone/look/facts.h.
 *
 * Dating. Where our own clock dates the file, an update was made at the file time, as exactly as file times are. Where
 * another does, each update narrows what the clocks' difference can be, soon to less than the time between two looks.
 * Without a usable file time an update is dated only by the looks around it.
 *
 * Power by samples is the energy between two samples divided by the time between their readings. METER_AUTO divides by
 * updates where the modification time moves with the number, else by samples; it switches after three updates in a row
 * that contradict it.
 */
#ifndef VM_ENERGY_METER_H
#define VM_ENERGY_METER_H

#include "clock.h"
#include "counter.h"
#include "rhythm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum meter_base { METER_AUTO, METER_UPDATE, METER_SAMPLE };

enum sample_state {
  SAMPLE_FIRST,   /* no earlier value */
  SAMPLE_OK,      /* an update since the last sample */
  SAMPLE_HELD,    /* no update since the last sample */
  SAMPLE_GAP,     /* after bad readings, a glitch or a stale spell; or only late updates, which have no power */
  SAMPLE_WRAP,    /* the counter wrapped; corrected */
  SAMPLE_RESET,   /* the counter fell; new baseline */
  SAMPLE_SPIKE,   /* rose by more than max_power_w allows or, soon after a fall, by more than is plausible: new
                     baseline; or the power is above max_power_w: no power */
  SAMPLE_STALE,   /* no update for the stale time: no power */
  SAMPLE_TORN,    /* bad content, or a read error: no value */
  SAMPLE_MISSING, /* no file: no value */
  SAMPLE_DENIED,  /* no permission, or no regular file: no value */
  SAMPLE_STATES   /* number of states */
};

/* "first", "ok", ... as in CSV and messages. */
const char *meter_state_name(enum sample_state state);

/* "auto", "update", "sample". From text, in any case of letters: 0, or -EINVAL. */
const char *meter_base_name(enum meter_base base);
int meter_base_from_name(const char *name, enum meter_base *base);

/* Default stale time: the larger of 30 s and three periods of the writer; 180 s before the period is known. */
#define METER_STALE_NS       (30 * NS_PER_S)
#define METER_STALE_FIRST_NS (180 * NS_PER_S)

/* Time between two looks, at most. */
#define METER_LOOK_NS (2 * NS_PER_S)

struct meter_options {
  enum meter_base base;
  double scale;       /* factor on energy and power, above 0 */
  int64_t stale_ns;   /* 0: as above */
  int64_t tick_ns;    /* resolution of file times, see clock_tick_ns(); 0: 10 ms */
  int64_t look_ns;    /* time between two looks; 0: METER_LOOK_NS */
  double max_power_w; /* most that the machine can draw, scaled; 0: unknown */
};

/* The time between two looks: equal parts of the interval between two samples, METER_LOOK_NS at most, and for 0. */
int64_t meter_look_ns(int64_t interval_ns);

/* The conclusion from the readings so far. */
struct sample {
  /* filled by the sampler, borrowed from the source, valid until the counter is removed */
  const char *label;
  const char *path;
  bool by_pattern; /* found by one, not written out */

  struct instant at; /* when the counter was read */
  enum sample_state state;
  int error;         /* the reading's: why there is no value, see counter_error_text() */
  bool error_again;  /* the look before this one had the same error */
  int range_error;   /* why max_energy_range_uj, which exists, could not be read; 0: no such error */
  uint64_t range_uj; /* where the counter wraps; 0: it does not, or unknown; filled by the sampler */

  bool has_energy;       /* false: torn, missing, denied */
  bool may_have_wrapped; /* more than once between two looks: energy is a lower bound, no power */
  uint64_t energy_uj;    /* the counter, raw as read, never scaled */
  uint64_t total_uj;     /* accumulated since the start, raw */
  double energy_j;       /* the same, scaled; never falls */
  double delta_j;        /* added since the sample before */

  bool has_power;
  double power_w; /* scaled, 0 or more */
  int64_t dt_ns;  /* the time that power_w is the mean over; 0: none */

  bool has_average;
  double average_w; /* moving average; filled by the sampler */

  bool by_update;         /* power is by updates, not by samples */
  bool mtime_moves;       /* it appears to move with the counter */
  uint32_t updates;       /* seen since the sample before: number or modification time changed */
  uint32_t pauses;        /* of these, late ones */
  int64_t pause_ns;       /* sum of their delays: time that the writer may not have counted */
  int64_t update_mono_ns; /* estimated time of the last update, monotonic */
  bool has_age;           /* false: the file's clock is not ours, and no update was seen yet */
  int64_t age_ns;         /* time since the last update, or since the first look; 0 or more */
  int64_t period_ns;      /* median time between updates; 0: not yet known */
  int64_t stale_ns;       /* the stale time */

  void **slot; /* the sink's own data of this counter, see sink.h; filled by the sampler */
};

/*
 * What one look saw: the first number, an update, or that there is no value any more. Made in
 * (mono_ns - within_ns, mono_ns], by the reader's clock, whichever clock dates the file.
 */
struct update {
  /* filled by the sampler, as in a sample */
  const char *label, *path;
  void **slot;

  int64_t mono_ns;
  int64_t within_ns; /* UPDATE_UNDATED: no lower limit is known */
  /* first, ok, wrap; torn, missing, denied: no value; reset, spike, gap: more may have been drawn than was counted */
  enum sample_state state;
  bool has_energy;    /* false: torn, missing, denied */
  uint64_t energy_uj; /* the counter, raw; the last number if there is none now */
  uint64_t total_uj;  /* accumulated, raw */
  double energy_j;    /* the same, scaled; never falls */
};

#define UPDATE_UNDATED (-1)

/* Saved per counter when it is removed, and for the next run. */
struct meter_saved {
  uint64_t total_uj;   /* accumulated, raw */
  uint64_t counter_uj; /* the counter at that time */
  int64_t wall_ns;     /* that time */
};

/* State of one counter; no pointers to free. Private: use the functions. */
struct meter {
  const struct meter_options *options; /* borrowed */

  uint64_t total_uj;  /* accumulated, raw */
  uint64_t energy_uj; /* these three: of the last good reading */
  int64_t mtime_ns;
  struct instant read_at;
  struct instant looked_at; /* of the last reading, good or bad */
  int64_t known_until_ns;   /* mono; the last reading that showed whether there was an update */
  int64_t step_ns;          /* mono; when a step of the wall clock was last noticed */

  /* the last update */
  int64_t last_without_ns; /* mono; the last reading without it */
  int64_t first_with_ns;   /* mono; the first reading with it */
  int64_t made_ns;         /* mono; it was made then, or up to within_ns before */
  int64_t within_ns;
  int64_t moved_ns;        /* mono; the first reading with this modification time */
  int64_t offset_ns;       /* where another clock dates: least possible mono less modification time, */
  int64_t offset_width_ns; /* and how much more, at most */

  /* power by updates */
  int64_t anchor_ns;  /* modification time of the update that the next power counts from */
  uint64_t anchor_uj; /* accumulated at that update */
  int64_t steady_ns;  /* sum over the steady updates since the last sample */
  uint64_t steady_uj;
  double power_w;   /* of the last sample that had one; unscaled, as is usual_w */
  float last_w;     /* of the last update, or sample where there are no updates */
  float usual_w;    /* the lower of the last two of these */
  int64_t dt_ns;    /* of power_w */
  int64_t pause_ns; /* since the last sample, as updates and pauses */

  /* the last sample with a value */
  int64_t sampled_ns;  /* mono; its reading */
  uint64_t sampled_uj; /* accumulated at that time */

  /* before the last fall, spike or wrap */
  int64_t course_ns;        /* mono; the last reading on the old course */
  uint64_t course_uj;       /* its number */
  uint64_t course_total_uj; /* accumulated at that time */

  struct rhythm rhythm;
  uint32_t updates, pauses;   /* since the last sample */
  int16_t error, range_error; /* of the last reading */
  uint8_t state;              /* of the last sample */
  uint8_t event;              /* the gravest since the last sample */
  uint8_t update_state;       /* what the last reading showed, as in an update; SAMPLE_HELD: nothing new */
  uint8_t course_updates;     /* updates since then */
  uint8_t votes;              /* updates in a row that contradict `mtime_useless` */
  bool started : 1;           /* there was a good reading */
  bool resumes : 1;           /* no reading yet; total_uj, energy_uj and read_at.wall_ns are from meter_saved */
  bool mtime_useless : 1;     /* the modification time does not move with the number, or the file is computed */
  bool made_known : 1;        /* made_ns is known, not a guess */
  bool offset_known : 1;      /* offset_ns is known */
  bool anchor_known : 1;      /* anchor_ns is set */
  bool power_holds : 1;       /* the last update has a power */
  bool course_broken : 1;     /* since the last sample: a fall, a spike, the end of a glitch or of a stale spell */
  bool sampled_exactly : 1;   /* sampled_ns is exact */
  bool inexact : 1;           /* the last reading has no exact instant */
  bool error_again : 1;       /* as in a sample */
  bool may_wrap : 1;          /* at the last update the counter may have wrapped more than once */
  bool may_have_wrapped : 1;  /* as in a sample, since the last one */
  bool course_kept : 1;       /* course_... are set */
  bool course_doubtful : 1;   /* by a wrap, or a stale spell came since: a plausible rise is a load, not a return */
};

/* The options are borrowed; they must outlive the meter. */
void meter_init(struct meter *meter, const struct meter_options *options);

/* Continues from a saved total. Call before the first reading. */
void meter_resume(struct meter *meter, const struct meter_saved *saved);

/* True if the counter fell and no range is known: read the range again before meter_take(). */
bool meter_needs_range(const struct meter *meter, const struct reading *reading);

/* Takes the next reading, whose instant is not before that of the last one. */
void meter_take(struct meter *meter, const struct reading *reading);

/* True if the last reading showed something new: fills *update, except for what the sampler sets. */
bool meter_update(const struct meter *meter, struct update *update);

/* Fills *sample from the readings since the sample before, except for what the sampler sets. */
void meter_sample(struct meter *meter, struct sample *sample);

/* Fills in energy and instant of the last good reading; has_energy is false if there was none. */
void meter_recall(const struct meter *meter, struct sample *sample);

#endif
