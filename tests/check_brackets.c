/* The bounds of a window hold in a simulated world, for all faults of the counter and all intervals of looks. */
#include "accuracy/brackets.h"
#include "suite.h"

#define WINDOWS 1000

static const struct {
  const char *load;
  int resets, restarts, wraps, torn;
} rows[] = {{"const:100", 0, 0, 0, 0},      {"const:100", 0, 0, 0, 1},       {"sine:100:90:17", 0, 0, 0, 1},
            {"step:50:150:60", 0, 0, 0, 1}, {"step:0:200:7", 0, 0, 0, 1},    {"idle", 0, 0, 0, 1},
            {"const:100", 1, 0, 0, 1},      {"const:100", 0, 1, 0, 1},       {"const:100", 0, 0, 1, 1},
            {"step:50:150:60", 0, 0, 1, 1}, {"sine:100:50:300", 1, 1, 1, 1}, {"idle", 1, 1, 1, 1}};

static const double intervals_s[] = {0.05, 1, 5, 30};

START_TEST(bounds_hold) {
  for (int i = 0; i < ROWS(intervals_s); i++) {
    struct trial trial = {.load = rows[_i].load,
                          .interval_s = intervals_s[i],
                          .period_s = 5,
                          .jitter_s = EXPORTER_REAL,
                          .tick_ns = 4 * NS_PER_MS,
                          .resets = rows[_i].resets,
                          .restarts = rows[_i].restarts,
                          .wraps = rows[_i].wraps,
                          .torn = rows[_i].torn,
                          .seed = (uint64_t)_i};
    struct bracket_score score;
    brackets_run(&trial, WINDOWS / ROWS(intervals_s), &score);
    ck_assert_msg(score.inside == score.windows, "%s every %g s: %d of %d inside", trial.load, trial.interval_s,
                  score.inside, score.windows);
    ck_assert_int_ge(score.windows, rows[_i].torn ? 1 : WINDOWS / ROWS(intervals_s));
    /* "at least", without "at most", is the answer for a reset and a pause alone */
    if (trial.resets == 0 && trial.restarts == 0 && trial.wraps == 0)
      ck_assert_int_eq(score.with_high, score.windows);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("brackets");
  suite_case(suite, "brackets", NULL, NULL, EACH(bounds_hold, rows));
  return suite_run(suite);
}
