/*
 * The host's packages: which zones are, what they took, and why that is not known.
 */
#include "../standalone/host.h"

#include "core/counter.h"
#include "scratch.h"
#include "suite.h"

#include <errno.h>

static const struct {
  const char *zone, *name; /* NULL: no file */
  bool package;
} zone_rows[] = {
    {"intel-rapl:0", "package-0\n", true},
    {"intel-rapl:1", "package-1", true},
    {"intel-rapl:1", "psys\n", false},
    {"intel-rapl:0:0", "core\n", false},
    {"intel-rapl:0:1", "dram\n", false},
    {"intel-rapl:0:1", "package-0-die-1\n", true},
    {"intel-rapl:0", "", true},
    {"intel-rapl:0", NULL, true},
    {"intel-rapl:0:0", NULL, false},
    {"a:b/zone", NULL, true},
};

START_TEST(test_zone) {
  char file[128];
  if (zone_rows[_i].name != NULL) {
    snprintf(file, sizeof(file), "%s/name", zone_rows[_i].zone);
    write_text(file, zone_rows[_i].name);
  }
  snprintf(file, sizeof(file), "%s/energy_uj", zone_rows[_i].zone);
  write_text(file, "1");
  ck_assert_int_eq(host_is_package(in_scratch(file)), zone_rows[_i].package);
}
END_TEST

START_TEST(test_zone_of_odd_paths) {
  ck_assert(host_is_package("energy_uj-that-is-not-there"));
  char longest[PATH_MAX + 10];
  memset(longest, 'x', sizeof(longest));
  longest[0] = longest[sizeof(longest) - 3] = '/';
  longest[sizeof(longest) - 1] = '\0';
  ck_assert(host_is_package(longest));
}
END_TEST

static struct host *host;

static int64_t s; /* the clock of the test */

/* A counter as of now. */
static void write_counter(const char *name, const char *uj) {
  write_text(name, uj);
  set_mtime(name, s, 0);
}

static int look_and_ask(double *energy_j) {
  s++;
  struct instant now = {.mono_ns = s * NS_PER_S, .wall_ns = s * NS_PER_S};
  ck_assert_int_eq(host_look(host, &now), 0);
  return host_energy(host, energy_j);
}

START_TEST(test_energy) {
  write_counter("p/intel-rapl:0/energy_uj", "1000000");
  write_text("p/intel-rapl:0/max_energy_range_uj", "262143328850");
  write_counter("p/intel-rapl:1/energy_uj", "262142328850");
  write_text("p/intel-rapl:1/max_energy_range_uj", "262143328850");
  write_text("p/intel-rapl:0:0/energy_uj", "5");
  double energy_j = -1;
  ck_assert_int_eq(host_new(in_scratch("p/*/energy_uj"), &host), 0);
  ck_assert_int_eq(look_and_ask(&energy_j), 0);
  ck_assert_double_eq_tol(energy_j, 0, 1e-9);
  write_counter("p/intel-rapl:0/energy_uj", "51000000"); /* 50 J */
  write_counter("p/intel-rapl:1/energy_uj", "2000000");  /* around the end: 3 J */
  write_text("p/intel-rapl:0:0/energy_uj", "900000005");
  ck_assert_int_eq(look_and_ask(&energy_j), 0);
  ck_assert_double_eq_tol(energy_j, 53, 1e-6);

  /* a package that is not read is no package that takes nothing */
  write_text("p/intel-rapl:1/energy_uj", "");
  ck_assert_int_eq(look_and_ask(&energy_j), -ENODATA);
  write_text("p/intel-rapl:1/energy_uj", "3000000");
  ck_assert_int_eq(look_and_ask(&energy_j), 0);
  ck_assert_double_eq_tol(energy_j, 54, 1e-6);
  host_free(host);
}
END_TEST

START_TEST(test_nothing_there) {
  double energy_j = -1;
  write_text("p/intel-rapl:0:0/energy_uj", "5");
  ck_assert_int_eq(host_new(in_scratch("p/*/energy_uj"), &host), 0);
  ck_assert_int_eq(look_and_ask(&energy_j), -ENOENT);
  host_free(host);
  ck_assert_int_eq(host_new(in_scratch("none/*/energy_uj"), &host), 0);
  ck_assert_int_eq(look_and_ask(&energy_j), -ENOENT);
  host_free(host);
  ck_assert_int_eq(host_new("", &host), -EINVAL);
  host_free(NULL);
  ck_assert_double_eq(energy_j, -1);
}
END_TEST

static void ask_as_nobody(void) {
  double energy_j;
  ck_assert_int_eq(host_new(in_scratch("p/*/energy_uj"), &host), 0);
  ck_assert_int_eq(look_and_ask(&energy_j), -EACCES);
  host_free(host);
}

START_TEST(test_for_root_alone) {
  write_text("p/intel-rapl:0/energy_uj", "5");
  ck_assert_int_eq(chmod(in_scratch("p/intel-rapl:0/energy_uj"), 0), 0);
  as_nobody(ask_as_nobody);
  ck_assert_int_eq(chmod(in_scratch("p/intel-rapl:0/energy_uj"), 0644), 0);
  ck_assert_int_eq(chmod(in_scratch("p"), 0), 0);
  as_nobody(ask_as_nobody);
  ck_assert_int_eq(chmod(in_scratch("p"), 0755), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("host");
  TCase *cases = tcase_create("host");
  tcase_add_checked_fixture(cases, scratch_make, scratch_clean);
  tcase_add_loop_test(cases, test_zone, 0, ROWS(zone_rows));
  tcase_add_test(cases, test_zone_of_odd_paths);
  tcase_add_test(cases, test_energy);
  tcase_add_test(cases, test_nothing_there);
  tcase_add_test(cases, test_for_root_alone);
  suite_add_tcase(suite, cases);
  return suite_run(suite);
}
