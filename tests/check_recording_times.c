/* Which steps between rows count: stories of one VM. */
#include "../standalone/report/cover.h"
#include "../standalone/report/recording_times.h"

#include "suite.h"

#include "core/clock.h"

#include <stdio.h>
#include <string.h>

#define STEP_NUM 16

struct row {
  double ts_s, counter_j, power_w;
  bool is_copy; /* the caller's finding */
};

#define NONE (-1.0)

/* F first, . on, s still, h hole, n new table, b back, j jump, r repeats; '|' before a row: another table begins. */
static const struct {
  const char *what, *expected;
  bool is_trusted;
  struct row rows[STEP_NUM];
} stories[] = {
    {"each second", "F...", false, {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {13, 3, 1, 0}}},
    {"back by 2 s", "F.b.", false, {{10, 0, 1, 0}, {11, 1, 1, 0}, {10, 2, 1, 0}, {11, 3, 1, 0}}},
    ROW("back by less than the run may notice", "F.s.", true,
        {{10, 0, 1, 0}, {11, 1, 1, 0}, {10, 2, 1, 0}, {12, 3, 1, 0}}),
    ROW("back by an hour, of a run that has recorded no step", "F.b.", true,
        {{5010, 0, 1, 0}, {5011, 1, 1, 0}, {1411, 2, 1, 0}, {1412, 3, 1, 0}}),
    ROW("the time stands still", "F.ss.", false,
        {{10, 0, 1, 0}, {11, 1, 1, 0}, {11, 2, 1, 0}, {11, 3, 1, 0}, {12, 4, 1, 0}}),
    ROW("a copy, then on", "F..rr.", false,
        {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {11, 1, 1, true}, {12, 2, 1, 0}, {13, 3, 1, 0}}),
    {"a missed tick is no hole", "F...", false, {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {14, 4, 1, 0}}},
    {"a hole", "F..h.", false, {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {15, 5, 1, 0}, {16, 6, 1, 0}}},
    {"another rhythm", "F..h.", false, {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {22, 5, 1, 0}, {32, 6, 1, 0}}},
    ROW("rows of a writer that waits for events", "F....", false,
        {{10, 0, 1, 0}, {15, 1, 1, 0}, {16, 2, 1, 0}, {26, 5, 1, 0}, {30, 6, 1, 0}}),
    ROW("two days, each second", "F..j.", false,
        {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {172812, 5, 1, 0}, {172813, 6, 1, 0}}),
    ROW("the same, of a run that records when the clock is set", "F..h.", true,
        {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {172812, 5, 1, 0}, {172813, 6, 1, 0}}),
    {"each second day", "F..", false, {{10, 0, 1, 0}, {172810, 1, 1, 0}, {345610, 2, 1, 0}}},
    {"from 1970, at once", "Fj.", false, {{10, 0, 1, 0}, {1795536000, 1, 1, 0}, {1795536001, 2, 1, 0}}},
    {"another table", "F.|n.", false, {{10, 0, 1, 0}, {11, 1, 1, 0}, {12, 2, 1, 0}, {13, 3, 1, 0}}},
    {"another table, earlier", "F.|n.", false, {{10, 0, 1, 0}, {11, 1, 1, 0}, {2, 2, 1, 0}, {3, 3, 1, 0}}},
    ROW("another table, a copy that goes on", "F.|rr.", false,
        {{10, 0, 1, 0}, {11, 1, 1, 0}, {10, 0, 1, true}, {11, 1, 1, 0}, {12, 2, 1, 0}}),
};

static char letter_of(enum recording_step step) {
  static const char letters[] = {
      [RECORDING_STEP_FIRST] = 'F', [RECORDING_STEP_NORMAL] = '.', [RECORDING_STEP_NONE] = 's',
      [RECORDING_STEP_HOLE] = 'h',  [RECORDING_STEP_TABLE] = 'n',  [RECORDING_STEP_BACK] = 'b',
      [RECORDING_STEP_JUMP] = 'j',  [RECORDING_STEP_COPY] = 'r'};
  return letters[step];
}

static struct recording_value value_of(const struct row *row) {
  return (struct recording_value){.ts_ns = (int64_t)(row->ts_s * 1e9),
                                  .has_energy = row->counter_j >= 0,
                                  .energy_uj = row->counter_j >= 0 ? (uint64_t)(row->counter_j * 1e6) : 0,
                                  .has_power = row->power_w >= 0,
                                  .power_w = row->power_w};
}

START_TEST(test_story) {
  struct recording_times times = {0};
  char got[2 * STEP_NUM] = "";
  size_t len = 0;
  const struct row *row = stories[_i].rows;
  for (const char *at = stories[_i].expected; *at != '\0'; at++) {
    if (*at == '|') {
      times.starts_table = true;
      got[len++] = '|';
      continue;
    }
    struct recording_value value = value_of(row);
    ck_assert_msg(!row->is_copy || recording_times_may_repeat(&times, value.ts_ns), "%s", stories[_i].what);
    got[len++] = letter_of(recording_times_take(&times, &value, row->is_copy, stories[_i].is_trusted));
    row++;
  }
  ck_assert_msg(strcmp(got, stories[_i].expected) == 0, "%s: %s, not %s", stories[_i].what, got, stories[_i].expected);
}
END_TEST

static const struct {
  const char *what;
  struct row rows[3];
  bool starts_table, is_proof;
} copy_rows[] = {
    {"the counter fell", {{10, 5, 1, 0}, {11, 6, 1, 0}, {10, 5, 1, 0}}, false, true},
    {"the counter goes on", {{10, 5, 1, 0}, {11, 6, 1, 0}, {10, 7, 1, 0}}, false, false},
    {"the counter stands still", {{10, 5, 0, 0}, {11, 5, 0, 0}, {10, 5, 0, 0}}, false, false},
    {"no counter, and the power varies", {{10, NONE, 1, 0}, {11, NONE, 2, 0}, {10, NONE, 1, 0}}, false, true},
    {"no counter, and the power does not vary", {{10, NONE, 1, 0}, {11, NONE, 1, 0}, {10, NONE, 1, 0}}, false, false},
    {"another table", {{10, NONE, 1, 0}, {11, NONE, 1, 0}, {10, NONE, 1, 0}}, true, true},
};

START_TEST(test_proves_copy) {
  struct recording_times times = {0};
  for (int i = 0; i < 2; i++) {
    struct recording_value value = value_of(&copy_rows[_i].rows[i]);
    recording_times_take(&times, &value, false, false);
  }
  times.starts_table = copy_rows[_i].starts_table;
  struct recording_value value = value_of(&copy_rows[_i].rows[2]);
  ck_assert_msg(recording_times_prove_copy(&times, &value) == copy_rows[_i].is_proof, "%s", copy_rows[_i].what);
}
END_TEST

/* Stretches, and how much of 0 to 100 they cover, and of 20 to 30. */
static const struct {
  int64_t stretches[4][2];
  int64_t all, part;
} cover_rows[] = {
    {{{0, 0}}, 0, 0},
    {{{10, 40}}, 30, 10},
    {{{10, 25}, {25, 40}}, 30, 10},
    {{{30, 40}, {10, 20}}, 20, 0},
    {{{10, 20}, {30, 40}, {15, 35}}, 30, 10},
    {{{10, 20}, {30, 40}, {50, 60}, {5, 70}}, 65, 10},
    {{{10, 20}, {12, 15}, {20, 22}}, 12, 2},
};

START_TEST(test_cover) {
  struct cover cover = {0};
  for (size_t i = 0; i < 4; i++)
    ck_assert_int_eq(cover_add(&cover, cover_rows[_i].stretches[i][0], cover_rows[_i].stretches[i][1]), 0);
  ck_assert_int_eq(cover_ns(&cover, 0, 100), cover_rows[_i].all);
  ck_assert_int_eq(cover_ns(&cover, 20, 30), cover_rows[_i].part);
  cover_free(&cover);
}
END_TEST

START_TEST(test_cover_is_bounded) {
  struct cover cover = {0};
  for (int64_t i = 0; i < 3 * COVER_MAX; i++)
    ck_assert_int_eq(cover_add(&cover, 10 * i, 10 * i + 1), 0);
  ck_assert_uint_eq(cover.num, COVER_MAX);
  ck_assert_int_eq(cover_ns(&cover, INT64_MIN, INT64_MAX), COVER_MAX);
  cover_free(&cover);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("recording_times");
  suite_case(suite, "steps", NULL, NULL, EACH(test_story, stories), EACH(test_proves_copy, copy_rows),
             EACH(test_cover, cover_rows), ONCE(test_cover_is_bounded));
  return suite_run(suite);
}
