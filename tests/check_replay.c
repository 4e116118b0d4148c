/* The recording as the replay library reads it. The numbers in the tables were counted independently. */
#include "recordings/replay.h"
#include "scratch.h"
#include "suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct replay *replay;

static const char *recording(void) {
  static char path[PATH_MAX];
  const char *srcdir = getenv("abs_top_srcdir");
  snprintf(path, sizeof(path), "%s/tests/recordings/scaphandre-1.0.csv", srcdir != NULL ? srcdir : ".");
  return path;
}

static void setup(void) {
  size_t line;
  int status = replay_open(&replay, recording(), &line);
  ck_assert_msg(status == 0, "%s: line %zu: %s", recording(), line, strerror(-status));
  scratch_make();
}

static void teardown(void) {
  replay_free(replay);
  scratch_clean();
}

#define LONG_NAME "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
  const char *vm;
  int rows, missing, empty, updates, late, falls, back;
  uint64_t rises_uj;
} facts[] = {
    {"web-1/", 355, 1, 8, 346, 12, 2, 1, UINT64_C(23217102497)},
    {"idle-1/", 381, 1, 12, 368, 13, 0, 1, 0},
    {"db-1/", 261, 1, 7, 253, 9, 1, 1, UINT64_C(3872242628)},
    {"new-1/", 291, 2, 6, 283, 12, 2, 1, UINT64_C(9016086009)},
    {".hidden/", 10, 1, 0, 9, 0, 0, 0, 12889970},
    {LONG_NAME "/", 10, 1, 0, 9, 0, 0, 0, 12891477},
    {"scaphandre/", 10, 1, 0, 9, 0, 0, 0, 12893900},
    {"$(reboot)/", 10, 1, 0, 9, 0, 0, 0, 12887872},
    {"", 84, 3, 5, 76, 3, 1, 0, UINT64_C(3951167229)},
    {"intel-rapl:0/", 10, 1, 0, 9, 0, 0, 0, 12893364},
    {"uni ünïcode ☃/", 10, 1, 0, 9, 0, 0, 0, 13051250},
    {"k/", 10, 1, 0, 9, 0, 0, 0, 12889579},
    {"-dash/", 10, 1, 0, 9, 0, 0, 0, 13053267},
    {"a/", 11, 1, 1, 9, 0, 0, 0, 12887729},
    {"semi;colon/", 10, 1, 0, 9, 0, 0, 0, 12887729},
    {"load-2/", 22, 1, 0, 21, 1, 0, 0, 1120350777},
    {"load-1/", 23, 1, 1, 21, 1, 0, 0, 1100719142},
    {"rec-1/", 72, 2, 0, 70, 4, 2, 1, 398001250},
};

static size_t counter_of(const char *vm) {
  char path[256];
  snprintf(path, sizeof(path), "%sintel-rapl:0/energy_uj", vm);
  size_t counter = replay_find(replay, path);
  ck_assert_msg(counter < replay_counters(replay), "no '%s'", path);
  ck_assert_str_eq(replay_counter(replay, counter), path);
  return counter;
}

START_TEST(rows_of_each_counter) {
  size_t count, counter = counter_of(facts[_i].vm);
  const struct replay_row *rows = replay_rows(replay, &count);
  int own = 0, missing = 0, empty = 0;
  ck_assert_uint_eq(counter, _i);
  ck_assert_uint_eq(count, 1590);
  ck_assert_uint_eq(replay_counters(replay), ROWS(facts));
  for (size_t i = 0; i < count; i++) {
    bool is_own = rows[i].counter == counter;
    own += is_own;
    missing += is_own && !rows[i].present;
    empty += is_own && rows[i].present && rows[i].content[0] == '\0';
    ck_assert(i == 0 || rows[i].mono_s >= rows[i - 1].mono_s);
  }
  ck_assert_int_eq(own, facts[_i].rows);
  ck_assert_int_eq(missing, facts[_i].missing);
  ck_assert_int_eq(empty, facts[_i].empty);
}
END_TEST

START_TEST(truth_of_each_counter) {
  size_t count, counter = counter_of(facts[_i].vm);
  const struct replay_update *updates = replay_updates(replay, counter, &count);
  int late = 0, falls = 0, back = 0;
  for (size_t i = 0; i < count; i++) {
    late += updates[i].late;
    falls += i > 0 && updates[i].energy_uj < updates[i - 1].energy_uj;
    back += updates[i].interval_ns < 0;
    ck_assert(updates[i].interval_ns > 0 || updates[i].rise_uj == 0);
  }
  ck_assert_int_eq((int)count, facts[_i].updates);
  ck_assert_int_eq(late, facts[_i].late);
  ck_assert_int_eq(falls, facts[_i].falls);
  ck_assert_int_eq(back, facts[_i].back);
  ck_assert_uint_eq(replay_rises_uj(replay, counter, 0, 1e9), facts[_i].rises_uj);
  ck_assert_uint_eq(replay_rises_uj(replay, counter, 0, 1800) + replay_rises_uj(replay, counter, 1800, 1e9),
                    facts[_i].rises_uj);
}
END_TEST

static const struct {
  const char *vm;
  double mono_s;
  const char *content; /* NULL: no file; "-": not known yet */
} states[] = {
    {"web-1/", 717.7724, "-"},           /* before its first row */
    {"web-1/", 717.7725, "240230132"},   /* a row holds from its instant */
    {"web-1/", 719.6938, "240230132"},   /* until the next one */
    {"web-1/", 719.6939, "280626258"},   /* */
    {"idle-1/", 739.77, ""},             /* between truncate and write */
    {"web-1/", 1647.61, ""},             /* read after the write, looked at before */
    {"web-1/", 1647.66, "6931642310"},   /* */
    {"idle-1/", 1285.2, "0\n"},          /* echo 0 >FILE */
    {".hidden/", 1422.7388, "12889970"}, /* */
    {".hidden/", 1422.7389, NULL},       /* removed */
    {"web-1/", 2522.33, "300181432"},    /* another file in its place */
    {"web-1/", 2522.34, "2007138479"},   /* the old one is back */
};

static const struct replay_row *state_of(int row) {
  return replay_state(replay, counter_of(states[row].vm), states[row].mono_s);
}

START_TEST(state_at_an_instant) {
  const struct replay_row *state = state_of(_i);
  const char *content = states[_i].content;
  if (content == NULL)
    ck_assert(state != NULL && !state->present);
  else if (strcmp(content, "-") == 0)
    ck_assert_ptr_null(state);
  else
    ck_assert_str_eq(state->content, content);
}
END_TEST

static const struct {
  const char *vm;
  double from_s, to_s, power_w; /* negative: none */
} powers[] = {
    {"web-1/", 719.7, 724.8, 8.06},  /* one update: 40.37 J in 5.008 s */
    {"idle-1/", 719.7, 739.7, 0},    /* rewritten with the same number */
    {"web-1/", 719.7, 720, -1},      /* no update */
    {"web-1/", 2505.5, 2506, -1},    /* the number fell */
    {"web-1/", 2522.3, 2522.4, -1},  /* an earlier modification time */
    {"web-1/", 0, 717.8, -1},        /* the first */
    {"load-2/", 1529.3, 1529.4, -1}, /* */
    {"web-1/", 2530, 2533, -1},      /* late */
};

START_TEST(power_is_that_of_steady_updates) {
  double power_w = replay_power_w(replay, counter_of(powers[_i].vm), powers[_i].from_s, powers[_i].to_s);
  ck_assert_msg(powers[_i].power_w < 0
                    ? power_w < 0
                    : power_w >= 0 && power_w - powers[_i].power_w < 0.01 && powers[_i].power_w - power_w < 0.01,
                "%g W", power_w);
}
END_TEST

/* At each instant the files are as recorded. */
START_TEST(files_are_as_recorded) {
  static uint64_t inodes[ROWS(facts)], recorded[ROWS(facts)];
  static const double steps_s[] = {0.4, 2, 10, 300};
  int replaced = 0;
  for (double at_s = 717; at_s < 2710; at_s += steps_s[_i]) {
    ck_assert_int_eq(replay_show(replay, scratch, at_s), 0);
    for (size_t i = 0; i < replay_counters(replay); i++) {
      const struct replay_row *state = replay_state(replay, i, at_s);
      struct stat st;
      int status = stat(in_scratch(replay_counter(replay, i)), &st);
      if (state == NULL || !state->present) {
        ck_assert_int_ne(status, 0);
        recorded[i] = 0;
        continue;
      }
      ck_assert_int_eq(status, 0);
      ck_assert_int_eq((int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec, state->mtime_ns);
      if (recorded[i] != 0)
        ck_assert_msg((recorded[i] == state->inode) == (inodes[i] == st.st_ino), "%s at %g s",
                      replay_counter(replay, i), at_s);
      replaced += recorded[i] != 0 && recorded[i] != state->inode;
      recorded[i] = state->inode;
      inodes[i] = st.st_ino;
      char content[32] = "";
      int fd = open(in_scratch(replay_counter(replay, i)), O_RDONLY);
      ck_assert_int_ge(read(fd, content, sizeof(content) - 1), 0);
      close(fd);
      ck_assert_str_eq(content, state->content);
    }
  }
  ck_assert_int_gt(replaced, 0);
  /* with the file its directories were removed */
  struct stat st;
  ck_assert_int_ne(stat(in_scratch("k"), &st), 0);
  ck_assert_int_eq(stat(in_scratch("web-1"), &st), 0);
}
END_TEST

START_TEST(clocks) {
  struct instant now;
  replay_clock(replay, 1000, &now);
  ck_assert_int_eq(now.mono_ns, 1000 * NS_PER_S);
  ck_assert_int_eq(now.wall_ns, INT64_C(1795645277404400000));
}
END_TEST

#define HEAD "mono_s,wall_s,counter,inode,mtime_ns,size,content\n"

static const struct {
  const char *text;
  size_t line;
} wrong[] = {{"", 1},
             {"mono_s\n1,2,a,1,1,1,1\n", 1},
             {HEAD, 2},
             {HEAD "1,2,a,1,1,1,1\n1,2,a,1,1,1\n", 3},
             {HEAD "1,2,a,1,1,1,1,1\n", 2},
             {HEAD "1,2,a,1,1,1,x\n", 2},
             {HEAD "1,2,a,1,1,3,1\n", 2},
             {HEAD "1,2,a,1,-1,1,1\n", 2},
             {HEAD "1,,a,1,1,1,1\n", 2},
             {HEAD "2,2,a,1,1,1,1\n1,2,a,1,1,1,2\n", 3}};

START_TEST(wrong_recordings) {
  struct replay *none = NULL;
  size_t line;
  write_text("wrong.csv", wrong[_i].text);
  ck_assert_int_eq(replay_open(&none, in_scratch("wrong.csv"), &line), -EINVAL);
  ck_assert_uint_eq(line, wrong[_i].line);
  ck_assert_ptr_null(none);
  ck_assert_int_eq(replay_open(&none, in_scratch("none.csv"), &line), -ENOENT);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("replay");
  suite_case(suite, "replay", setup, teardown, EACH(rows_of_each_counter, facts), EACH(truth_of_each_counter, facts),
             EACH(state_at_an_instant, states), EACH(power_is_that_of_steady_updates, powers),
             TIMES(files_are_as_recorded, 4), ONCE(clocks), EACH(wrong_recordings, wrong));
  return suite_run(suite);
}
