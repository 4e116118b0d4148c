/*
 * The meter: a byte string as a sequence of readings, however odd, and what must hold behind each of them.
 */
#include "../one_look.h"
#include "fuzz.h"

#include "core/meter.h"

#include <errno.h>
#include <math.h>

/* Clocks and file times as they can be: from 1970 on, to where the reader cuts them. */
#define WALL_MAX_NS (INT64_C(4000000000) * NS_PER_S)

static int64_t clamp(int64_t value, int64_t least, int64_t most) {
  return value < least ? least : value > most ? most : value;
}

/* 0 to a thousand years, small ones more often. */
static int64_t take_span_ns(struct input *input) {
  uint8_t size = take_byte(input);
  return (int64_t)((take_number(input, 2) + 1) << (size % 46)) - 1;
}

static struct meter_options take_options(struct input *input) {
  static const double scales[] = {1, 5, 0.2, 1e9, 1e-9};
  uint8_t byte = take_byte(input);
  struct meter_options options = {.base = (enum meter_base)(byte % 3), .scale = scales[byte / 3 % 5]};
  byte = take_byte(input);
  options.stale_ns = byte & 1 ? take_span_ns(input) : 0;
  options.tick_ns = byte & 2 ? 1 + take_span_ns(input) % (10 * NS_PER_MS) : 0;
  options.max_power_w = byte & 4 ? 1 + (double)take_number(input, 2) : 0;
  return options;
}

static int take_error(struct input *input) {
  static const int errors[] = {ENOENT, EACCES,      ENODATA, EINVAL, ERANGE, ELOOP,
                               EISDIR, EMEDIUMTYPE, EFBIG,   EAGAIN, EIO,    EMFILE};
  return -errors[take_byte(input) % (sizeof(errors) / sizeof(errors[0]))];
}

/* The next reading, most often one that could follow the last one. */
static void take_reading(struct input *input, const struct instant *now, struct reading *reading) {
  uint8_t how = take_byte(input);
  if (how % 8 == 0) {
    *reading = (struct reading){.error = take_error(input),
                                .energy_uj = reading->energy_uj,
                                .mtime_ns = reading->mtime_ns,
                                .range_uj = reading->range_uj,
                                .computed = reading->computed};
    return;
  }
  reading->error = 0;
  switch (how / 8 % 6) {
  case 0: /* as it was */
    break;
  case 1:
    reading->energy_uj += take_number(input, 3);
    break;
  case 2:
    reading->energy_uj -= take_number(input, 3);
    break;
  case 3:
    reading->energy_uj = take_number(input, 3);
    break;
  case 4:
    reading->energy_uj += take_number(input, 6);
    break;
  default:
    reading->energy_uj = take_number(input, 8);
  }
  switch (how / 48) {
  case 0: /* no update */
    break;
  case 1:
    reading->mtime_ns = now->wall_ns;
    break;
  case 2:
    reading->mtime_ns = clamp(now->wall_ns - take_span_ns(input), 0, WALL_MAX_NS);
    break;
  case 3:
    reading->mtime_ns = clamp(reading->mtime_ns + take_span_ns(input), -WALL_MAX_NS, WALL_MAX_NS);
    break;
  case 4:
    reading->mtime_ns = (int64_t)(take_number(input, 8) % (uint64_t)WALL_MAX_NS);
    reading->range_uj = take_number(input, 4);
    break;
  default:
    reading->computed = !reading->computed;
  }
}

struct story {
  struct meter_options options;
  struct meter meter;
  struct sample last;    /* the last one */
  struct sample good;    /* the last one with a value */
  size_t goods, updates; /* readings */
  bool resumed;
};

static void check(struct story *story, const struct reading *reading, const struct instant *now,
                  const struct sample *s) {
  MUST(s->state < SAMPLE_STATES && meter_state_name(s->state) != NULL);
  MUST(s->at.mono_ns == now->mono_ns && s->at.wall_ns == now->wall_ns);
  MUST(s->age_ns >= 0 && s->period_ns >= 0 && s->dt_ns >= 0);
  bool valueless = s->state == SAMPLE_TORN || s->state == SAMPLE_MISSING || s->state == SAMPLE_DENIED;
  MUST((reading->error != 0) == valueless);
  MUST(s->error == reading->error);
  MUST(s->has_energy == (reading->error == 0));
  if (reading->error != 0) {
    MUST(!s->has_power && s->updates == 0);
    return;
  }
  /* the counter is told as it was read; what was accumulated never falls, and a sample tells what it added */
  MUST(s->energy_uj == reading->energy_uj);
  MUST(isfinite(s->energy_j) && s->energy_j >= 0 && s->delta_j >= 0);
  if (story->goods > 0) {
    MUST(s->total_uj >= story->good.total_uj && s->energy_j >= story->good.energy_j);
    double delta_j = (double)(s->total_uj - story->good.total_uj) * 1e-6 * story->options.scale;
    bool full = s->total_uj == UINT64_MAX; /* 18 TJ: more does not fit */
    MUST(full || fabs(s->delta_j - delta_j) <= 1e-9 * s->delta_j + 1e-12 * story->options.scale);
  } else if (!story->resumed) {
    MUST(s->total_uj == reading->energy_uj);
    MUST(s->state == SAMPLE_FIRST || s->state == SAMPLE_STALE);
  }
  /* no power without two readings, none that is negative, none while it is stale, none above what can be */
  if (s->has_power) {
    MUST(story->goods > 0);
    MUST(isfinite(s->power_w) && s->power_w >= 0);
    MUST(s->dt_ns > 0);
    MUST(s->state != SAMPLE_STALE && s->state != SAMPLE_FIRST);
    MUST(story->options.max_power_w <= 0 || s->power_w <= story->options.max_power_w * (1 + 1e-9));
    /* no news is not 0 W */
    MUST(story->options.base != METER_UPDATE || story->updates + s->updates > 0);
  }
  if (s->state == SAMPLE_RESET || s->state == SAMPLE_SPIKE)
    MUST(s->total_uj == story->good.total_uj || story->options.max_power_w > 0 || s->state == SAMPLE_SPIKE);
  if (s->state == SAMPLE_WRAP)
    MUST(reading->range_uj > 0);
  if (s->state == SAMPLE_HELD)
    MUST(s->updates == 0 && s->total_uj == story->good.total_uj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input input = {data, size};
  static struct story story;
  story = (struct story){.options = take_options(&input)};
  meter_init(&story.meter, &story.options);
  struct instant now = {.mono_ns = take_span_ns(&input) % (1000 * NS_PER_S), .wall_ns = INT64_C(1795000000) * NS_PER_S};
  uint8_t begin = take_byte(&input);
  if (begin % 4 == 0) {
    struct meter_saved saved = {.total_uj = take_number(&input, begin & 4 ? 8 : 4),
                                .counter_uj = take_number(&input, begin & 8 ? 8 : 4),
                                .wall_ns = now.wall_ns - take_span_ns(&input)};
    story.resumed = true;
    meter_resume(&story.meter, &saved);
    story.good.total_uj = saved.total_uj;
  }
  struct reading reading = {.energy_uj = take_number(&input, 4), .mtime_ns = now.wall_ns};
  while (input.size > 0) {
    int64_t dt_ns = take_span_ns(&input) % (INT64_C(100000) * NS_PER_S);
    uint8_t clock = take_byte(&input);
    now.mono_ns += dt_ns;
    now.wall_ns += dt_ns;
    if (clock % 16 == 1)
      now.wall_ns += take_span_ns(&input);
    else if (clock % 16 == 2)
      now.wall_ns -= take_span_ns(&input);
    now.wall_ns = clamp(now.wall_ns, 0, WALL_MAX_NS);
    take_reading(&input, &now, &reading);
    struct sample sample = {.slot = NULL};
    take_and_sample(&story.meter, &reading, &now, &sample);
    check(&story, &reading, &now, &sample);
    if (story.resumed && sample.has_energy)
      MUST(sample.total_uj >= story.good.total_uj);
    story.last = sample;
    if (sample.has_energy) {
      story.updates += story.goods > 0 && sample.updates > 0;
      story.good = sample;
      story.goods++;
    }
  }
  return 0;
}
