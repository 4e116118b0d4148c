/*
 * meter: reading after reading of one counter -> samples
 *
 * Pure arithmetic and state: no I/O, no clock. A reading is what the file said; a sample is what we conclude.
 *
 * Energy. Accumulated energy starts at the first counter value, adds what each later good reading added, never falls.
 * A lower number is a wrap when the counter's range is known and the corrected power is plausible, else a reset: it
 * adds nothing and is the new baseline. A bad reading is never a baseline and never 0.
 *
 * With a total that an earlier run saved, it goes on from that instead: what the counter shows above the saved number
 * belongs to it, and a lower number is a wrap or a reset by the same rules; no wrap where the machine booted meanwhile.
 *
 * Power. The writer of a VM's counter updates it every 5 s or so, and sets the file's modification time when it does.
 * So METER_UPDATE  power = Δenergy / time between two updates, held between updates until it is stale; METER_SAMPLE
 * power = Δenergy / time between two samples (the seed's definition; aliases with a slow writer); METER_AUTO    update
 * for a counter whose modification time moves with it, else (sysfs, some network file systems) sample. Updates are told
 * apart by modification time: the same number with a new time is a true 0 W, the same number with the old time is no
 * news. Modification times are wall time; they are turned into monotonic time at once, so that a step of the wall clock
 * between two updates is noticed and either cancels out or costs one power, but never bends one.
 *
 * What no machine can draw. With max_power_w a number that rose by more than that power makes in the time since the
 * update before is a SAMPLE_SPIKE: it adds nothing, makes no power and is the new baseline. The series that it left is
 * remembered, as it is at a reset: a lower number that goes on from there is no reset (SAMPLE_GAP), and adds what that
 * series counted meanwhile, less what was added since. So one bad number costs two powers and no energy, and of two
 * counters that alternate in one file the energy of one is counted, and none of the jumps.
 *
 * Without max_power_w a rise may be a load, whatever it is. Yet one that passes, in one step, the number that the
 * counter had fallen from is a SAMPLE_SPIKE when it would be above 1 kW and ten times the usual power, or when the
 * counter was seen to come back before; a smaller one adds its energy, but makes no power. Two series that are nearer
 * to each other than what is drawn between two changes cannot be told apart.
 */
#ifndef VM_ENERGY_METER_H
#define VM_ENERGY_METER_H

#include "clock.h"
#include "counter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum meter_base { METER_AUTO, METER_UPDATE, METER_SAMPLE };

enum sample_state {
  SAMPLE_FIRST,   /* no earlier value */
  SAMPLE_OK,      /* an update since the last sample */
  SAMPLE_HELD,    /* none */
  SAMPLE_GAP,     /* the first good one after bad ones or a spike, or the first update after a stale spell */
  SAMPLE_WRAP,    /* the counter wrapped; corrected */
  SAMPLE_RESET,   /* the counter fell; new baseline */
  SAMPLE_SPIKE,   /* it rose, or its power is, above what can be: no power; new baseline */
  SAMPLE_STALE,   /* no update for the stale time: no power */
  SAMPLE_TORN,    /* bad content, or a read error: no value */
  SAMPLE_MISSING, /* no file: no value */
  SAMPLE_DENIED,  /* no permission, or no regular file: no value */
  SAMPLE_STATES   /* how many there are */
};

/* "first", "ok", ... as they stand in CSV and messages. */
const char *sample_state_name(enum sample_state state);

/* "auto", "update", "sample". From text, in any case of letters: 0, or -EINVAL. */
const char *meter_base_name(enum meter_base base);
int meter_base_from_name(const char *name, enum meter_base *base);

struct meter_options {
  enum meter_base base;
  double scale;     /* factor on energy and power, above 0 */
  int64_t stale_ns; /* 0: the larger of METER_STALE_NS and three update periods, the period being learned */
  int64_t tick_ns;  /* what file times are rounded to, see clock_tick_ns(); 0: 10 ms */
  /*
   * What the machine cannot draw, in scaled watts; 0: not known. No power above it is told. Where METER_SAMPLE divides
   * several updates by one short sample, the power is left out (SAMPLE_SPIKE) and the energy, which is right, is kept.
   */
  double max_power_w;
};

#define METER_STALE_NS (30 * NS_PER_S)

/* What we conclude from the readings so far. */
struct sample {
  /* whose it is: filled by the sampler, borrowed from the source, valid until the counter is removed */
  const char *label;
  const char *name;
  const char *path;
  bool found; /* by a pattern, not written out */

  struct instant at; /* when the counter was read */
  enum sample_state state;
  enum sample_state previous; /* the state of the sample before; SAMPLE_FIRST for the first */
  int error;                  /* why there is no value: the reading's, see counter_error_text() */

  bool has_energy;    /* false: torn, missing, denied */
  uint64_t energy_uj; /* the counter, raw as read, never scaled */
  uint64_t total_uj;  /* accumulated since the start, raw */
  double energy_j;    /* the same, scaled; never falls */
  double delta_j;     /* what this sample added to it */

  bool has_power;
  double power_w; /* scaled; of the last whole update (or sample), 0 or more */

  bool has_average;
  double average_w; /* moving average; filled by the sampler */

  bool updated;           /* an update was seen: number or modification time changed */
  bool by_update;         /* power is that of updates (METER_UPDATE, or METER_AUTO so decided), not of samples */
  bool tracked;           /* mtime is known to move with the counter */
  int64_t update_mono_ns; /* when the last update happened, in monotonic time, as well as it is known */
  int64_t age_ns;         /* time since then, 0 or more */
  int64_t period_ns;      /* learned time between updates; 0: not known yet */
  int64_t dt_ns;          /* the time that power_w is the mean over; 0: none */

  void **slot; /* for a sink that keeps something per counter; NULL at first. See sink.h */
};

/* An update: when it was, and what had been accumulated then. */
struct meter_mark {
  int64_t mono_ns;
  uint64_t total_uj;
};

#define METER_MARKS 6

/* A series that the counter left: at a reset, at a spike, or for another one. */
struct meter_series {
  int64_t since_ns;   /* mono; what continues it was drawn since then */
  uint64_t energy_uj; /* its last number */
  uint64_t total_uj;  /* what was accumulated then */
};

/* What is kept of a counter from one run to the next. */
struct meter_saved {
  uint64_t total_uj;   /* accumulated, raw */
  uint64_t counter_uj; /* what the counter showed then */
  int64_t wall_ns;     /* when that was */
};

/* State of one counter; about 260 bytes, no pointers to free. Look, don't touch: use the functions. */
struct meter {
  const struct meter_options *options; /* borrowed */
  struct instant last_at;              /* of the last good reading */
  uint64_t last_energy_uj;
  int64_t last_mtime_ns;
  uint64_t total_uj; /* accumulated, raw */

  int64_t offset_ns; /* wall - mono, kept until a step is noticed */

  int64_t last_update_ns; /* the last update, as its file tells it */
  int64_t update_mono_ns; /* the same, but not outside of the two readings around it */
  int64_t unseen_ns;      /* the last reading before the one that first showed it */
  int64_t seen_ns;        /* that one */
  int64_t period_ns;

  double power_w; /* last power, unscaled */
  double usual_w; /* the lower of the last two powers */
  int64_t dt_ns;

  struct meter_series left; /* before the last reset, spike or change of series */

  enum sample_state state;
  bool started;     /* there was a good reading */
  bool resumes;     /* there is none yet; total_uj, last_energy_uj and last_at.wall_ns are those of an earlier run */
  bool bad;         /* the last reading was bad */
  bool stale;       /* in a stale spell */
  bool tracked;     /* mtime was seen to move */
  bool untracked;   /* mtime was seen not to move, or the file is computed */
  bool settled;     /* the number is not the first of its series */
  bool alternates;  /* the counter came back to a series that it had left */
  bool power_known; /* power_w is */
  bool left_known;  /* left is */
  uint8_t marks_num;
  struct meter_mark marks[METER_MARKS]; /* updates that the next power may count from, oldest first */
};

/* The options are borrowed and must outlive the meter. */
void meter_init(struct meter *meter, const struct meter_options *options);

/* Before the first reading: the energy goes on from there. */
void meter_resume(struct meter *meter, const struct meter_saved *saved);

/*
 * Takes the next reading, made at *now, and fills *sample, except what sampler and source fill in. Instants of later
 * calls are not earlier in mono_ns. That a reading was made long after *now (the process was stopped in between) is
 * noticed by its modification time, and only so.
 */
void meter_update(struct meter *meter, const struct reading *reading, const struct instant *now, struct sample *sample);

/* Fills in what the last good reading told of energy, and when; has_energy: there was one. */
void meter_recall(const struct meter *meter, struct sample *sample);

#endif
