#include "common/ticker.h"

void ticker_start(struct ticker *ticker, const struct instant *start, int64_t interval_ns) {
  *ticker = (struct ticker){.start = *start, .interval_ns = interval_ns, .offset_ns = start->wall_ns - start->mono_ns};
}

static int64_t tick_mono_ns(const struct ticker *ticker, uint64_t tick) {
  return ticker->start.mono_ns + (int64_t)tick * ticker->interval_ns;
}

int64_t ticker_deadline(const struct ticker *ticker) {
  return tick_mono_ns(ticker, ticker->last + 1);
}

int64_t ticker_next_look(const struct ticker *ticker, int64_t mono_ns) {
  int64_t look_ns = meter_look_ns(ticker->interval_ns), tick_ns = ticker_deadline(ticker);
  int64_t since_ns = mono_ns - (tick_ns - ticker->interval_ns);
  int64_t next_ns = mono_ns + look_ns - (since_ns > 0 ? since_ns % look_ns : 0);
  return next_ns < tick_ns - look_ns / 2 ? next_ns : tick_ns;
}

int64_t ticker_left(const struct ticker *ticker, uint64_t tick, const struct instant *now) {
  int64_t since_ns = now->mono_ns - ticker->start.mono_ns;
  if (tick > (uint64_t)(INT64_MAX / ticker->interval_ns))
    return INT64_MAX;
  int64_t at_ns = (int64_t)tick * ticker->interval_ns;
  return at_ns > since_ns ? at_ns - since_ns : 0;
}

/* The two clocks run at one rate, so their difference changes only when the wall clock is set. */
static void follow_wall_clock(struct ticker *ticker, const struct instant *now) {
  int64_t step_ns = clock_step_ns(now, ticker->offset_ns);
  if (step_ns == 0)
    return;
  ticker->step_at_ns = now->mono_ns + ticker->offset_ns;
  ticker->step_ns = step_ns;
  ticker->offset_ns += step_ns;
  ticker->steps++;
}

bool ticker_take(struct ticker *ticker, const struct instant *now, int64_t *wall_ns) {
  if (now->mono_ns < ticker_deadline(ticker))
    return false;
  uint64_t tick = (uint64_t)((now->mono_ns - ticker->start.mono_ns) / ticker->interval_ns);
  int64_t since_ns = (int64_t)(tick - ticker->last) * ticker->interval_ns;
  if (tick - ticker->last > 1 && since_ns > ticker->hole_max_ns)
    ticker->hole_max_ns = since_ns;
  ticker->missed += tick - ticker->last - 1;
  ticker->last = tick;
  ticker->taken++;
  int64_t mono_ns = tick_mono_ns(ticker, tick);
  if (now->mono_ns - mono_ns > ticker->late_max_ns)
    ticker->late_max_ns = now->mono_ns - mono_ns;
  follow_wall_clock(ticker, now);
  *wall_ns = mono_ns + ticker->offset_ns;
  return true;
}

unsigned ticker_decimals(int64_t interval_ns) {
  if (interval_ns % NS_PER_S == 0)
    return 0;
  if (interval_ns % NS_PER_MS == 0 || interval_ns >= 100 * NS_PER_MS)
    return 3;
  if (interval_ns % NS_PER_US == 0 || interval_ns >= 100 * NS_PER_US)
    return 6;
  return 9;
}
