/* The CSV sink: content and place of the files, and what a full disk leaves. */
#include "core/csv.h"

#include "scratch.h"
#include "suite.h"

#include <sys/syscall.h>
#include <time.h>

/* 2026-11-23 20:34:53.987654321 UTC */
#define WALL_NS INT64_C(1795466093987654321)

static struct csv *csv;      /* of the test */
static char out[PATH_MAX];   /* its directory */
static int writes;           /* calls of write() */
static ssize_t room = -1;    /* bytes left on the disk; -1: unlimited */
static bool deny_truncation; /* let ftruncate() fail */

ssize_t write(int fd, const void *data, size_t len) {
  writes++;
  if (room == 0) {
    errno = ENOSPC;
    return -1;
  }
  if (room > 0 && len > (size_t)room)
    len = (size_t)room;
  if (room > 0)
    room -= (ssize_t)len;
  return syscall(SYS_write, fd, data, len);
}

int ftruncate(int fd, off_t size) {
  if (deny_truncation) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_ftruncate, fd, size);
}

static void set_up(void) {
  scratch_make();
  snprintf(out, sizeof(out), "%s", in_scratch("csv"));
  ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
  tzset();
  writes = 0;
  room = -1;
  deny_truncation = false;
}

static void tear_down(void) {
  csv_free(csv);
  csv = NULL;
  scratch_clean();
}

/* Frees the one before. */
static void make(enum csv_layout layout, struct csv_options options) {
  options.layout = layout;
  if (options.dir == NULL)
    options.dir = out;
  if (options.name == NULL)
    options.name = "power.csv";
  csv_free(csv);
  ck_assert_int_eq(csv_new(&options, &csv), 0);
}

static struct sample value(const char *label, uint64_t energy_uj, double power_w) {
  return (struct sample){.label = label,
                         .path = "/p",
                         .state = SAMPLE_OK,
                         .has_energy = true,
                         .energy_uj = energy_uj,
                         .has_power = true,
                         .power_w = power_w,
                         .has_average = true,
                         .average_w = power_w / 2};
}

static struct sample nothing(const char *label) {
  return (struct sample){.label = label, .path = "/p", .state = SAMPLE_MISSING, .error = -ENOENT};
}

/* One pass; returns the first error. */
static int pass(int64_t wall_ns, const struct sample *samples, size_t count) {
  struct sink *sink = csv_sink(csv);
  struct instant now = {.mono_ns = NS_PER_S, .wall_ns = wall_ns};
  int first = sink->begin(sink, &now, count);
  for (size_t i = 0; i < count; i++) {
    int status = sink->put(sink, &samples[i]);
    first = first != 0 ? first : status;
  }
  int status = sink->end(sink);
  return first != 0 ? first : status;
}

static void started(const struct sample *samples, size_t count) {
  ck_assert_int_eq(pass(WALL_NS, samples, count), 0);
  ck_assert_int_eq(csv_start(csv, WALL_NS), 0);
}

/* Starts a capture of the counter a. Returns its sample. */
static const struct sample *start_one(enum csv_layout layout, struct csv_options options) {
  static struct sample one;
  one = value("a", 1, 1);
  make(layout, options);
  started(&one, 1);
  return &one;
}

static const char *content(const char *name) {
  char path[2 * PATH_MAX];
  snprintf(path, sizeof(path), "%s/%s", csv_dir(csv), name);
  return read_text(path);
}

/* --- numbers, time stamps, headers -------------------------------------------------------------------------------- */

static const struct {
  bool has_energy;
  uint64_t energy_uj;
  bool has_power;
  double power_w;
  const char *fields;
} number_rows[] = {
    {true, 0, true, 0.0, "0,0.000000"},
    {true, 1, true, 0.0000004, "1,0.000000"},
    {true, 9, true, 0.0000006, "9,0.000001"},
    {true, 1234567, true, 12.5, "1234567,12.500000"},
    {true, UINT64_MAX, true, 99.9999999, "18446744073709551615,100.000000"},
    {true, 10, true, 505.123456, "10,505.123456"},
    {true, 10, true, 1e12, "10,1000000000000.000000"},
    {true, 10, true, 1e20, "10,100000000000000000000.000000"},
    {true, 10, true, 1.0 / 3.0, "10,0.333333"},
    {true, 10, false, 7.0, "10,"},
    {false, 10, false, 7.0, ","},
    {false, 10, true, 2.0, ",2.000000"},
};

START_TEST(test_number) {
  make(CSV_COMBINED, (struct csv_options){0});
  struct sample sample = value("a", number_rows[_i].energy_uj, number_rows[_i].power_w);
  sample.has_energy = number_rows[_i].has_energy;
  sample.has_power = number_rows[_i].has_power;
  started(&sample, 1);
  ck_assert_int_eq(pass(5 * NS_PER_S, &sample, 1), 0);
  char expected[200];
  snprintf(expected, sizeof(expected), "ts,a_energy_uj,a_power_w\n5,%s\n", number_rows[_i].fields);
  ck_assert_str_eq(content("power.csv"), expected);
}
END_TEST

static const struct {
  int64_t wall_ns;
  unsigned decimals;
  const char *ts;
} time_rows[] = {
    {WALL_NS, 0, "1795466093"},
    {WALL_NS, 1, "1795466093.9"},
    {WALL_NS, 3, "1795466093.987"},
    {WALL_NS, 6, "1795466093.987654"},
    {WALL_NS, 9, "1795466093.987654321"},
    {7 * NS_PER_S + 1, 3, "7.000"},
    {7 * NS_PER_S + 1, 9, "7.000000001"},
    {0, 3, "0.000"},
    {-1, 3, "-0.001"},
    {-1, 0, "-1"},
    {-NS_PER_S, 3, "-1.000"},
};

START_TEST(test_time) {
  make(CSV_LONG, (struct csv_options){.ts_decimals = time_rows[_i].decimals});
  struct sample sample = value("a", 1, 2);
  started(&sample, 1);
  csv_set_time(csv, time_rows[_i].wall_ns);
  ck_assert_int_eq(pass(5 * NS_PER_S, &sample, 1), 0);
  char expected[200];
  snprintf(expected, sizeof(expected), "ts,label,energy_uj,power_w,state\n%s,a,1,2.000000,ok\n", time_rows[_i].ts);
  ck_assert_str_eq(content("power.csv"), expected);
}
END_TEST

START_TEST(test_time_is_for_one_pass) {
  make(CSV_LONG, (struct csv_options){0});
  struct sample sample = value("a", 1, 2);
  started(&sample, 1);
  csv_set_time(csv, 3 * NS_PER_S);
  ck_assert_int_eq(pass(5 * NS_PER_S, &sample, 1), 0);
  ck_assert_int_eq(pass(6 * NS_PER_S, &sample, 1), 0);
  ck_assert_str_eq(content("power.csv"), "ts,label,energy_uj,power_w,state\n3,a,1,2.000000,ok\n6,a,1,2.000000,ok\n");
}
END_TEST

static const struct {
  const char *label;
  const char *in_header; /* the energy column in CSV_COMBINED */
  const char *in_row;    /* the label in CSV_LONG */
} quote_rows[] = {
    {"vm-001", "vm-001_energy_uj", "vm-001"},          {"a,b", "\"a,b_energy_uj\"", "\"a,b\""},
    {"a\"b", "\"a\"\"b_energy_uj\"", "\"a\"\"b\""},    {"\"", "\"\"\"_energy_uj\"", "\"\"\"\""},
    {"two words", "two words_energy_uj", "two words"}, {"vm-\xc3\xa4", "vm-\xc3\xa4_energy_uj", "vm-\xc3\xa4"},
    {"100%s%n", "100%s%n_energy_uj", "100%s%n"},       {"a\nb", "\"a\nb_energy_uj\"", "\"a\nb\""},
    {"a\rb", "\"a\rb_energy_uj\"", "\"a\rb\""},
};

START_TEST(test_quote) {
  struct sample sample = value(quote_rows[_i].label, 1, 2);
  make(CSV_COMBINED, (struct csv_options){0});
  started(&sample, 1);
  const char *text = content("power.csv");
  ck_assert_int_eq(strncmp(text, "ts,", 3), 0);
  ck_assert_msg(strncmp(text + 3, quote_rows[_i].in_header, strlen(quote_rows[_i].in_header)) == 0, "%s", text);

  make(CSV_LONG, (struct csv_options){0});
  started(&sample, 1);
  ck_assert_int_eq(pass(NS_PER_S, &sample, 1), 0);
  char expected[200];
  snprintf(expected, sizeof(expected), "ts,label,energy_uj,power_w,state\n1,%s,1,2.000000,ok\n", quote_rows[_i].in_row);
  ck_assert_str_eq(content("power.csv"), expected);
}
END_TEST

/* --- layouts ------------------------------------------------------------------------------------------------------ */

START_TEST(test_combined) {
  make(CSV_COMBINED, (struct csv_options){.smooth = 5});
  struct sample first[] = {value("b", 10, 0), nothing("a")};
  started(first, 2);
  struct sample second[] = {value("b", 20, 2), value("a", 1, 4)};
  ck_assert_int_eq(pass(1 * NS_PER_S, second, 2), 0);
  struct sample third[] = {nothing("b"), value("a", 2, 4)};
  third[1].has_average = false;
  ck_assert_int_eq(pass(2 * NS_PER_S, third, 2), 0);
  struct sample fourth[] = {value("c", 99, 99), value("a", 3, 4)}; /* c is new, b is missing */
  ck_assert_int_eq(pass(3 * NS_PER_S, fourth, 2), 0);
  ck_assert_str_eq(content("power.csv"), "ts,b_energy_uj,b_power_w,b_power_w_sma5,"
                                         "a_energy_uj,a_power_w,a_power_w_sma5\n"
                                         "1,20,2.000000,1.000000,1,4.000000,2.000000\n"
                                         "2,,,,2,4.000000,\n"
                                         "3,,,,3,4.000000,2.000000\n");
  ck_assert_uint_eq(csv_rows(csv), 3);
  ck_assert_uint_eq(csv_files(csv), 1);
  ck_assert_str_eq(csv_file(csv, 0), "power.csv");
}
END_TEST

/* Columns are in the order of the sampler, wherever a counter appears before the start. */
START_TEST(test_comes_before_the_start) {
  const struct sample samples[] = {value("a", 1, 1), value("b", 2, 2), value("c", 3, 3), value("d", 4, 4)};
  make(CSV_COMBINED, (struct csv_options){0});
  ck_assert_int_eq(pass(WALL_NS, &samples[1], 2), 0);
  started(samples, 4);
  ck_assert_str_eq(content("power.csv"),
                   "ts,a_energy_uj,a_power_w,b_energy_uj,b_power_w,c_energy_uj,c_power_w,d_energy_uj,d_power_w\n");
}
END_TEST

START_TEST(test_gone_and_back) {
  make(CSV_COMBINED, (struct csv_options){0});
  struct sink *sink = csv_sink(csv);
  char before[] = "a", after[] = "a", b[] = "b";
  struct sample both[] = {value(before, 1, 1), value(b, 2, 2)};
  started(both, 2);
  sink->removed(sink, &both[0]);
  strcpy(before, "x"); /* the label of a removed counter must not be read */
  ck_assert_int_eq(pass(1 * NS_PER_S, &both[1], 1), 0);
  struct sample again[] = {value(after, 3, 3), value(b, 4, 4)};
  ck_assert_int_eq(pass(2 * NS_PER_S, again, 2), 0);
  ck_assert_int_eq(pass(3 * NS_PER_S, again, 2), 0);
  ck_assert_str_eq(content("power.csv"), "ts,a_energy_uj,a_power_w,b_energy_uj,b_power_w\n"
                                         "1,,,2,2.000000\n"
                                         "2,3,3.000000,4,4.000000\n"
                                         "3,3,3.000000,4,4.000000\n");
}
END_TEST

START_TEST(test_separate) {
  make(CSV_SEPARATE, (struct csv_options){.name = "p.csv", .smooth = 2});
  struct sample first[] = {value("a", 10, 0), value("b,c", 5, 0)};
  started(first, 2);
  struct sample second[] = {nothing("a"), value("b,c", 6, 1), value("later", 1, 1)};
  ck_assert_int_eq(pass(2 * NS_PER_S, second, 3), 0);
  ck_assert_str_eq(content("p_a.csv"), "ts,a_energy_uj,a_power_w,a_power_w_sma2\n2,,,\n");
  ck_assert_str_eq(content("p_b,c.csv"), "ts,\"b,c_energy_uj\",\"b,c_power_w\",\"b,c_power_w_sma2\"\n"
                                         "2,6,1.000000,0.500000\n");
  ck_assert_uint_eq(csv_files(csv), 2);
  ck_assert_str_eq(csv_file(csv, 0), "p_a.csv");
  ck_assert_str_eq(csv_file(csv, 1), "p_b,c.csv");
  ck_assert_uint_eq(csv_rows(csv), 2);
}
END_TEST

START_TEST(test_separate_gone) {
  make(CSV_SEPARATE, (struct csv_options){0});
  struct sink *sink = csv_sink(csv);
  struct sample both[] = {value("a", 1, 1), value("b", 2, 2)};
  started(both, 2);
  sink->removed(sink, &both[0]);
  ck_assert_int_eq(pass(1 * NS_PER_S, &both[1], 1), 0);
  ck_assert_int_eq(pass(2 * NS_PER_S, both, 2), 0);
  ck_assert_str_eq(content("power_a.csv"), "ts,a_energy_uj,a_power_w\n1,,\n2,1,1.000000\n");
}
END_TEST

START_TEST(test_follow) {
  make(CSV_SEPARATE, (struct csv_options){.follow = true});
  struct sink *sink = csv_sink(csv);
  static const char again[] = "b"; /* another pointer */
  struct sample old[] = {value("a", 1, 1), value("z", 3, 3)};
  started(old, 2);
  struct sample all[] = {value("a", 1, 1), value("b", 2, 2), value("z", 3, 3)};
  ck_assert_int_eq(pass(1 * NS_PER_S, all, 3), 0);
  sink->removed(sink, &all[1]);
  ck_assert_int_eq(pass(2 * NS_PER_S, old, 2), 0);
  ck_assert_uint_eq(csv_files(csv), 2); /* removed counters take no memory */
  all[1] = value(again, 4, 4);
  ck_assert_int_eq(pass(3 * NS_PER_S, all, 3), 0);
  ck_assert_str_eq(content("power_a.csv"), "ts,a_energy_uj,a_power_w\n1,1,1.000000\n2,1,1.000000\n3,1,1.000000\n");
  ck_assert_str_eq(content("power_b.csv"), "ts,b_energy_uj,b_power_w\n1,2,2.000000\n3,4,4.000000\n");
  ck_assert_uint_eq(csv_files(csv), 3);
  ck_assert_str_eq(csv_file(csv, 1), "power_b.csv");
}
END_TEST

START_TEST(test_follow_from_nothing) {
  make(CSV_SEPARATE, (struct csv_options){.follow = true});
  ck_assert_int_eq(csv_start(csv, WALL_NS), 0);
  struct sample sample = value("a", 1, 1);
  ck_assert_int_eq(pass(1 * NS_PER_S, &sample, 1), 0);
  ck_assert_str_eq(content("power_a.csv"), "ts,a_energy_uj,a_power_w\n1,1,1.000000\n");
}
END_TEST

START_TEST(test_long) {
  make(CSV_LONG, (struct csv_options){.smooth = 3});
  struct sample first = value("a", 10, 0);
  started(&first, 1);
  struct sample second[] = {nothing("a"), value("b", 6, 1)};
  second[1].state = SAMPLE_FIRST;
  second[1].has_power = false;
  second[1].has_average = false;
  ck_assert_int_eq(pass(2 * NS_PER_S, second, 2), 0);
  struct sample third = value("b", 7, 1);
  ck_assert_int_eq(pass(3 * NS_PER_S, &third, 1), 0);
  ck_assert_str_eq(content("power.csv"), "ts,label,energy_uj,power_w,state,power_w_sma3\n"
                                         "2,a,,,missing,\n2,b,6,,first,\n3,b,7,1.000000,ok,0.500000\n");
}
END_TEST

/* 400 counters in another order, some missing, with few descriptors. */
START_TEST(test_many) {
  enum { MANY = 400 };
  static char labels[MANY][16];
  static struct sample samples[MANY], some[MANY];
  for (int i = 0; i < MANY; i++) {
    snprintf(labels[i], sizeof(labels[i]), "v%d", i);
    samples[i] = value(labels[i], (uint64_t)i, i);
  }
  limit_descriptors(100);
  make(CSV_SEPARATE, (struct csv_options){0});
  started(samples, MANY);
  for (int i = 0; i < MANY; i++)
    some[i] = samples[MANY - 1 - i];
  ck_assert_int_eq(pass(1 * NS_PER_S, some, MANY), 0);
  ck_assert_int_eq(pass(2 * NS_PER_S, samples + 7, MANY - 7), 0);
  for (int i = 0; i < MANY; i++) {
    char name[40], expected[120];
    snprintf(name, sizeof(name), "power_v%d.csv", i);
    snprintf(expected, sizeof(expected), "ts,v%d_energy_uj,v%d_power_w\n1,%d,%d.000000\n2,", i, i, i, i);
    ck_assert_str_eq(csv_file(csv, (size_t)i), name);
    ck_assert_msg(strncmp(content(name), expected, strlen(expected)) == 0, "%s", content(name));
  }
  ck_assert_str_eq(content("power_v3.csv"), "ts,v3_energy_uj,v3_power_w\n1,3,3.000000\n2,,\n");
  limit_descriptors(-1);
}
END_TEST

/* --- where -------------------------------------------------------------------------------------------------------- */

START_TEST(test_run_directory) {
  static const char *const names[] = {"run_20261123_203453", "run_20261123_203453_2", "run_20261123_203453_3"};
  struct sample sample = value("a", 1, 1);
  for (int i = 0; i < ROWS(names); i++) {
    make(CSV_COMBINED, (struct csv_options){0});
    ck_assert_ptr_null(csv_dir(csv));
    started(&sample, 1);
    ck_assert_str_eq(csv_dir(csv) + strlen(out) + 1, names[i]);
  }
}
END_TEST

START_TEST(test_local_time) {
  ck_assert_int_eq(setenv("TZ", "XXX-5:30", 1), 0);
  tzset();
  start_one(CSV_COMBINED, (struct csv_options){0});
  ck_assert_ptr_nonnull(strstr(csv_dir(csv), "/run_20261124_020453"));
}
END_TEST

START_TEST(test_parents) {
  char deep[PATH_MAX + 50];
  snprintf(deep, sizeof(deep), "%s/a//b/c/", out);
  start_one(CSV_COMBINED, (struct csv_options){.dir = deep});
  snprintf(deep, sizeof(deep), "%s/a/b/c/run_20261123_203453/power.csv", out);
  ck_assert_int_eq(access(deep, F_OK), 0);
}
END_TEST

START_TEST(test_relative) {
  ck_assert_int_eq(chdir(scratch), 0);
  const struct sample *sample = start_one(CSV_COMBINED, (struct csv_options){.dir = "csv"});
  ck_assert_str_eq(csv_dir(csv), "csv/run_20261123_203453");
  ck_assert_int_eq(chdir("/"), 0); /* rows go to the run directory, not to the working directory */
  ck_assert_int_eq(pass(NS_PER_S, sample, 1), 0);
  ck_assert_uint_eq(csv_rows(csv), 1);
}
END_TEST

START_TEST(test_no_directory) {
  write_text("csv", ""); /* a file in place of the directory */
  make(CSV_COMBINED, (struct csv_options){0});
  struct sample sample = value("a", 1, 1);
  ck_assert_int_eq(pass(WALL_NS, &sample, 1), 0);
  ck_assert_int_eq(csv_start(csv, WALL_NS), -ENOTDIR);
  ck_assert_ptr_nonnull(strstr(csv_error_path(csv), out));
  ck_assert_ptr_null(csv_dir(csv));
  ck_assert_int_eq(unlink(out), 0);
  ck_assert_int_eq(csv_start(csv, WALL_NS), 0); /* can be tried again */
  ck_assert_int_eq(pass(NS_PER_S, &sample, 1), 0);
  ck_assert_str_eq(content("power.csv"), "ts,a_energy_uj,a_power_w\n1,1,1.000000\n");
}
END_TEST

static const char *const bad_names[] = {"", ".", "..", "a/b", "/"};

START_TEST(test_bad_name) {
  struct csv_options options = {.dir = out, .name = bad_names[_i]};
  ck_assert_int_eq(csv_new(&options, &csv), -EINVAL);
  ck_assert_ptr_null(csv);
}
END_TEST

static const struct {
  const char *name;
  const char *file;
} stem_rows[] = {
    {"power.csv", "power_a.csv"}, {"power", "power_a.csv"}, {"power.txt", "power.txt_a.csv"},
    {"a.csv.csv", "a.csv_a.csv"}, {".csv", ".csv_a.csv"},   {"power.CSV", "power_a.csv"},
};

START_TEST(test_stem) {
  start_one(CSV_SEPARATE, (struct csv_options){.name = stem_rows[_i].name});
  ck_assert_str_eq(csv_file(csv, 0), stem_rows[_i].file);
  ck_assert_str_eq(content(stem_rows[_i].file), "ts,a_energy_uj,a_power_w\n");
}
END_TEST

/* --- whole rows --------------------------------------------------------------------------------------------------- */

START_TEST(test_one_write_a_row) {
  struct sample both[] = {value("a", 1, 1), value("b", 2, 2)};
  static const int expected[][2] = {[CSV_COMBINED] = {1, 1}, [CSV_SEPARATE] = {2, 2}, [CSV_LONG] = {1, 2}};
  make((enum csv_layout)_i, (struct csv_options){0});
  writes = 0;
  started(both, 2);
  ck_assert_int_eq(writes, expected[_i][0]);
  writes = 0;
  ck_assert_int_eq(pass(NS_PER_S, both, 2), 0);
  ck_assert_int_eq(writes, expected[_i][1]);
  ck_assert_int_eq(csv_finish(csv), 0);
  ck_assert_int_eq(writes, expected[_i][1]);
}
END_TEST

/* A disk that is full after 0, 1, 2 ... bytes of a row keeps the rows before it, and no part of it. */
START_TEST(test_full_disk) {
  static const char rows[] = "ts,a_energy_uj,a_power_w\n1,1,1.000000\n";
  static const size_t row_len = sizeof("1,1,1.000000\n") - 1;
  for (size_t fits = 0; fits < row_len; fits++) {
    const struct sample *sample = start_one(CSV_COMBINED, (struct csv_options){0});
    ck_assert_int_eq(pass(1 * NS_PER_S, sample, 1), 0);
    room = (ssize_t)fits;
    ck_assert_int_eq(pass(2 * NS_PER_S, sample, 1), -ENOSPC);
    ck_assert_str_eq(content("power.csv"), rows);
    ck_assert_int_eq(csv_last_error(csv), -ENOSPC);
    ck_assert_ptr_nonnull(strstr(csv_error_path(csv), "/power.csv"));
    ck_assert_uint_eq(csv_rows(csv), 1);
    ck_assert_uint_eq(csv_dropped(csv), 1);
    room = -1;
  }
}
END_TEST

START_TEST(test_short_write_goes_on) {
  const struct sample *sample = start_one(CSV_COMBINED, (struct csv_options){0});
  room = 5;
  ck_assert_int_eq(pass(1 * NS_PER_S, sample, 1), -ENOSPC);
  room = -1;
  ck_assert_int_eq(pass(2 * NS_PER_S, sample, 1), 0);
  ck_assert_str_eq(content("power.csv"), "ts,a_energy_uj,a_power_w\n2,1,1.000000\n");
}
END_TEST

/* Nothing is written after half a row until that has been removed. */
START_TEST(test_no_row_behind_half_a_row) {
  const char *name = _i == CSV_SEPARATE ? "p_a.csv" : "p.csv";
  const struct sample *sample = start_one((enum csv_layout)_i, (struct csv_options){.name = "p.csv"});
  char header[200];
  snprintf(header, sizeof(header), "%.199s", content(name));
  room = 3;
  deny_truncation = true;
  ck_assert_int_eq(pass(1 * NS_PER_S, sample, 1), -ENOSPC);
  room = -1;
  ck_assert_int_eq(pass(2 * NS_PER_S, sample, 1), -EIO);
  deny_truncation = false;
  ck_assert_int_eq(pass(3 * NS_PER_S, sample, 1), 0);
  const char *text = content(name);
  ck_assert_int_eq(strncmp(text, header, strlen(header)), 0);
  ck_assert_int_eq(strncmp(text + strlen(header), "3,", 2), 0);
  ck_assert_uint_eq(csv_rows(csv), 1);
  ck_assert_uint_eq(csv_dropped(csv), 2);
}
END_TEST

START_TEST(test_full_disk_at_start) {
  make((enum csv_layout)_i, (struct csv_options){0});
  struct sample both[] = {value("a", 1, 1), value("b", 2, 2)};
  ck_assert_int_eq(pass(WALL_NS, both, 2), 0);
  room = 30; /* in CSV_SEPARATE the first header fits */
  ck_assert_int_eq(csv_start(csv, WALL_NS), -ENOSPC);
  ck_assert_ptr_null(csv_dir(csv));
  ck_assert_int_eq(rmdir(out), 0); /* nothing is left behind */
  room = -1;
  ck_assert_int_eq(csv_start(csv, WALL_NS), 0);
}
END_TEST

START_TEST(test_lenient) {
  const struct sample *sample = start_one((enum csv_layout)_i, (struct csv_options){.lenient = true, .follow = true});
  room = 4;
  ck_assert_int_eq(pass(1 * NS_PER_S, sample, 1), 0);
  ck_assert_int_eq(pass(2 * NS_PER_S, sample, 1), 0);
  ck_assert_uint_eq(csv_dropped(csv), 2);
  ck_assert_int_eq(csv_last_error(csv), -ENOSPC);
  room = -1;
  ck_assert_int_eq(pass(3 * NS_PER_S, sample, 1), 0);
  ck_assert_uint_eq(csv_rows(csv), 1);
  ck_assert_uint_eq(csv_dropped(csv), 2);
}
END_TEST

/* A later counter whose header did not fit: its file is tried again, and gets a header. */
START_TEST(test_follow_on_full_disk) {
  make(CSV_SEPARATE, (struct csv_options){.lenient = true, .follow = true});
  struct sample both[] = {value("a", 1, 1), value("b", 2, 2)};
  started(both, 1);
  room = 20;
  ck_assert_int_eq(pass(1 * NS_PER_S, both, 2), 0);
  room = -1;
  ck_assert_int_eq(pass(2 * NS_PER_S, both, 2), 0);
  ck_assert_str_eq(content("power_b.csv"), "ts,b_energy_uj,b_power_w\n2,2,2.000000\n");
  ck_assert_uint_eq(csv_dropped(csv), 1);
}
END_TEST

START_TEST(test_nothing_after_finish) {
  const struct sample *sample = start_one((enum csv_layout)_i, (struct csv_options){0});
  ck_assert_int_eq(csv_finish(csv), 0);
  writes = 0;
  pass(1 * NS_PER_S, sample, 1);
  ck_assert_int_eq(writes, 0);
  ck_assert_int_eq(csv_finish(csv), 0);
}
END_TEST

/* A link that someone planted in the run directory is not followed. */
START_TEST(test_planted_link) {
  make(CSV_SEPARATE, (struct csv_options){.follow = true});
  ck_assert_int_eq(csv_start(csv, WALL_NS), 0);
  char link_path[2 * PATH_MAX];
  snprintf(link_path, sizeof(link_path), "%s/power_a.csv", csv_dir(csv));
  write_text("target", "");
  ck_assert_int_eq(symlink(in_scratch("target"), link_path), 0);
  struct sample sample = value("a", 1, 1);
  ck_assert_int_eq(pass(1 * NS_PER_S, &sample, 1), -ELOOP);
  struct stat info;
  ck_assert_int_eq(stat(in_scratch("target"), &info), 0);
  ck_assert_int_eq(info.st_size, 0);
}
END_TEST

/* Nor does a FIFO block. */
START_TEST(test_planted_fifo) {
  make(CSV_SEPARATE, (struct csv_options){.follow = true});
  ck_assert_int_eq(csv_start(csv, WALL_NS), 0);
  char path[2 * PATH_MAX];
  snprintf(path, sizeof(path), "%s/power_a.csv", csv_dir(csv));
  ck_assert_int_eq(mkfifo(path, 0644), 0);
  struct sample samples[] = {value("a", 1, 1), value("b", 2, 2)};
  ck_assert_int_eq(pass(1 * NS_PER_S, samples, 2), -ENXIO);
  ck_assert_str_eq(content("power_b.csv"), "ts,b_energy_uj,b_power_w\n1,2,2.000000\n");
}
END_TEST

/* ---- many come and go -------------------------------------------------------------------------------------------- */

/* The CPU time of passes in which all counters are replaced by as many others. */
static double replace_all(size_t count) {
  make(CSV_COMBINED, (struct csv_options){0});
  struct sample *samples = calloc(2 * count, sizeof(*samples));
  char(*labels)[32] = calloc(2 * count, sizeof(*labels));
  ck_assert(samples != NULL && labels != NULL);
  for (size_t i = 0; i < 2 * count; i++) {
    snprintf(labels[i], sizeof(labels[i]), "vm-%zu", i);
    samples[i] = value(labels[i], 1, 1);
  }
  ck_assert_int_eq(pass(WALL_NS, samples, count), 0);
  double start_s = cpu_s();
  ck_assert_int_eq(csv_start(csv, WALL_NS), 0);
  for (size_t i = 0; i < count; i++)
    csv_sink(csv)->removed(csv_sink(csv), &samples[i]);
  for (int i = 0; i < 2; i++)
    ck_assert_int_eq(pass(WALL_NS, samples + count, count), 0);
  double took_s = cpu_s() - start_s;
  csv_free(csv);
  csv = NULL;
  free(samples);
  free(labels);
  return took_s;
}

/* 16 times as many take about 16 times as long, not 256 times. */
START_TEST(test_replaced) {
  double few_s = 1e9;
  for (int i = 0; i < 3; i++) {
    double s = replace_all(1000);
    few_s = s < few_s ? s : few_s;
  }
  double many_s = replace_all(16000);
  ck_assert_msg(many_s < 64 * few_s, "%g s, %g s", few_s, many_s);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("csv");
  suite_case(suite, "text", set_up, tear_down, EACH(test_number, number_rows), EACH(test_time, time_rows),
             ONCE(test_time_is_for_one_pass), EACH(test_quote, quote_rows));
  suite_case(suite, "layout", set_up, tear_down, ONCE(test_combined), ONCE(test_comes_before_the_start),
             ONCE(test_gone_and_back), ONCE(test_separate), ONCE(test_separate_gone), ONCE(test_follow),
             ONCE(test_follow_from_nothing), ONCE(test_long), ONCE(test_many));
  suite_case(suite, "where", set_up, tear_down, ONCE(test_run_directory), ONCE(test_local_time), ONCE(test_parents),
             ONCE(test_relative), ONCE(test_no_directory), EACH(test_bad_name, bad_names), EACH(test_stem, stem_rows));
  suite_case(suite, "whole rows", set_up, tear_down, TIMES(test_one_write_a_row, CSV_LONG + 1), ONCE(test_full_disk),
             ONCE(test_short_write_goes_on), TIMES(test_no_row_behind_half_a_row, CSV_LONG + 1),
             TIMES(test_full_disk_at_start, CSV_LONG + 1), TIMES(test_lenient, CSV_LONG + 1),
             ONCE(test_follow_on_full_disk), TIMES(test_nothing_after_finish, CSV_LONG + 1), ONCE(test_planted_link),
             ONCE(test_replaced), ONCE(test_planted_fifo));
  return suite_run(suite);
}
