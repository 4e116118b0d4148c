/* updates.dat: its rows, what is kept until the file exists, and what a full disk loses. */
#include "scratch.h"
#include "suite.h"

#include "core/updates.h"

#include <signal.h>

static struct updates *updates;
static const struct instant start = {.mono_ns = 100 * NS_PER_S, .wall_ns = 1795466093 * NS_PER_S};

static void set_up(void) {
  scratch_make();
  ck_assert_int_eq(updates_new(&start, &updates), 0);
}

static void tear_down(void) {
  updates_free(updates);
  scratch_clean();
}

static void put(const char *label, double s, double within_s, uint64_t energy_uj, enum sample_state state) {
  const struct update update = {.label = label,
                                .mono_ns = start.mono_ns + (int64_t)(s * 1e9),
                                .within_ns = within_s < 0 ? UPDATE_UNDATED : (int64_t)(within_s * 1e9),
                                .state = state,
                                .has_energy = state != SAMPLE_MISSING,
                                .energy_uj = energy_uj,
                                .total_uj = energy_uj + 7};
  updates_sink(updates)->update(updates_sink(updates), &update);
}

#define HEADER "update_ts,within_s,label,energy_uj,total_uj,state\n"

START_TEST(rows_are_kept_until_the_start) {
  put("a,\"b\"", -3.25, 0.004, 64, SAMPLE_FIRST);
  put("later", 0, -1, 5, SAMPLE_FIRST);
  updates_sink(updates)->end(updates_sink(updates));
  ck_assert_int_eq(updates_start(updates, scratch), 0);
  ck_assert_str_eq(read_text(in_scratch(UPDATES_FILE)),
                   HEADER "1795466089.750000,0.004000,\"a,\"\"b\"\"\",64,71,first\n"
                          "1795466093.000000,,later,5,12,first\n");
  put("later", 86400.5, 2, UINT64_MAX - 7, SAMPLE_WRAP);
  put("later", 86401, 0.5, 9, SAMPLE_MISSING);
  ck_assert_int_eq(strlen(read_text(in_scratch(UPDATES_FILE))), strlen(HEADER) + 85);
  updates_sink(updates)->end(updates_sink(updates));
  ck_assert_str_eq(read_text(in_scratch(UPDATES_FILE)) + strlen(HEADER) + 85,
                   "1795552493.500000,2.000000,later,18446744073709551608,18446744073709551615,wrap\n"
                   "1795552494.000000,0.500000,later,,16,missing\n");
}
END_TEST

START_TEST(the_file_is_made_by_us) {
  ck_assert_int_eq(updates_start(updates, "check_updates.none"), -ENOENT);
  write_text(UPDATES_FILE, "");
  ck_assert_int_eq(updates_start(updates, scratch), -EEXIST);
  remove_file(UPDATES_FILE);
  ck_assert_int_eq(updates_start(updates, scratch), 0);
}
END_TEST

START_TEST(what_is_left_is_written_at_the_end) {
  ck_assert_int_eq(updates_start(updates, scratch), 0);
  put("vm", 1, 0, 1, SAMPLE_OK);
  ck_assert_int_eq(updates_finish(updates), 0);
  ck_assert_str_eq(read_text(in_scratch(UPDATES_FILE)), HEADER "1795466094.000000,0.000000,vm,1,8,ok\n");
}
END_TEST

/* Only whole rows are written; a failed write is repeated, and reported if that fails too. */
START_TEST(a_full_disk) {
  ck_assert_int_eq(updates_start(updates, scratch), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {.rlim_cur = sizeof(HEADER) + 50, .rlim_max = RLIM_INFINITY};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  put("vm", 1, 0, 1, SAMPLE_OK);
  updates_sink(updates)->end(updates_sink(updates));
  ck_assert_int_eq(updates_error(updates), 0);
  put("vm", 6, 0, 2, SAMPLE_OK);
  updates_sink(updates)->end(updates_sink(updates));
  ck_assert_int_eq(updates_error(updates), -EFBIG);
  limit.rlim_cur = RLIM_INFINITY;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  put("vm", 11, 0, 3, SAMPLE_OK);
  ck_assert_int_eq(updates_finish(updates), 0);
  ck_assert_str_eq(read_text(in_scratch(UPDATES_FILE)), HEADER "1795466094.000000,0.000000,vm,1,8,ok\n"
                                                               "1795466099.000000,0.000000,vm,2,9,ok\n"
                                                               "1795466104.000000,0.000000,vm,3,10,ok\n");
  limit.rlim_cur = 60;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  put("vm", 16, 0, 4, SAMPLE_OK);
  ck_assert_int_eq(updates_finish(updates), -EFBIG);
}
END_TEST

/* Rows beyond the limit are lost, and the error is reported even if there is room again. */
START_TEST(a_disk_that_is_full_for_long) {
  ck_assert_int_eq(updates_start(updates, scratch), 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {.rlim_cur = sizeof(HEADER), .rlim_max = RLIM_INFINITY};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  for (int i = 0; i < 150000; i++)
    put("a-rather-long-name", i, 0, 1, SAMPLE_OK);
  updates_sink(updates)->end(updates_sink(updates));
  limit.rlim_cur = RLIM_INFINITY;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  put("vm", 1, 0, 1, SAMPLE_OK);
  updates_sink(updates)->end(updates_sink(updates));
  ck_assert_int_eq(updates_error(updates), 0);
  ck_assert_str_eq(read_text(in_scratch(UPDATES_FILE)), HEADER "1795466094.000000,0.000000,vm,1,8,ok\n");
  ck_assert_int_eq(updates_finish(updates), -EFBIG);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("updates");
  suite_case(suite, "all", set_up, tear_down, ONCE(rows_are_kept_until_the_start), ONCE(the_file_is_made_by_us),
             ONCE(what_is_left_is_written_at_the_end), ONCE(a_full_disk), ONCE(a_disk_that_is_full_for_long));
  return suite_run(suite);
}
