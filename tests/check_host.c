/* The energy of the host: which zones count, which of them are one counter, and why it is unknown. */
#include "../standalone/look/host.h"

#include "core/counter.h"
#include "scratch.h"
#include "suite.h"

#include <errno.h>
#include <math.h>

static const struct {
  const char *zone, *name; /* NULL: no file */
  enum host_zone kind;
} zone_rows[] = {
    {"intel-rapl:0", "package-0\n", HOST_PACKAGE},
    {"intel-rapl:1", "package-1", HOST_PACKAGE},
    {"intel-rapl:1", "psys\n", HOST_PSYS},
    {"intel-rapl:0:0", "core\n", HOST_PART},
    {"intel-rapl:0:1", "dram\n", HOST_DRAM},
    {"intel-rapl:0:1", "package-0-die-1\n", HOST_PACKAGE},
    {"intel-rapl:0", "", HOST_PACKAGE},
    {"intel-rapl:0", NULL, HOST_PACKAGE},
    {"intel-rapl:0:0", NULL, HOST_PART},
    {"a:b/zone", NULL, HOST_PACKAGE},
};

START_TEST(test_zone) {
  char file[128];
  if (zone_rows[_i].name != NULL) {
    snprintf(file, sizeof(file), "%s/name", zone_rows[_i].zone);
    write_text(file, zone_rows[_i].name);
  }
  snprintf(file, sizeof(file), "%s/energy_uj", zone_rows[_i].zone);
  write_text(file, "1");
  ck_assert_int_eq(host_zone(in_scratch(file)), zone_rows[_i].kind);
}
END_TEST

START_TEST(test_zone_of_odd_paths) {
  ck_assert_int_eq(host_zone("energy_uj-that-is-not-there"), HOST_PACKAGE);
  char longest[PATH_MAX + 10];
  memset(longest, 'x', sizeof(longest));
  longest[0] = longest[sizeof(longest) - 3] = '/';
  longest[sizeof(longest) - 1] = '\0';
  ck_assert_int_eq(host_zone(longest), HOST_PACKAGE);
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
  struct host_energy energy;
  host_energy(host, &energy);
  if (energy.error == 0)
    *energy_j = energy.energy_j;
  return energy.error;
}

/* Zones that are watched for five looks; how they rise, and the energy between the last two looks. */
#define ZONES 6
#define LOOKS 5

static const struct zones_row {
  const char *what;
  struct {
    const char *dir, *name;
    double start_j, rises_j[LOOKS - 1];
  } zones[ZONES];
  double energy_j;
  const char *counted;
} zones_rows[] = {
    ROW("a package, its cores and its DRAM",
        {{"intel-rapl:0", "package-0", 7, {10, 10, 10, 10}},
         {"intel-rapl:0:0", "core", 7, {8, 8, 8, 8}},
         {"intel-rapl:0:1", "dram", 7, {3, 3, 3, 3}}},
        13, "packages and DRAM"),
    {"without DRAM", {{"intel-rapl:0", "package-0", 7, {10, 10, 10, 10}}}, 10, "packages"},
    ROW("psys is all there is to share out",
        {{"intel-rapl:0", "package-0", 7, {10, 10, 10, 10}},
         {"intel-rapl:0:1", "dram", 7, {3, 3, 3, 3}},
         {"intel-rapl:1", "psys", 7, {20, 20, 20, 20}}},
        20, "psys"),
    ROW("two sockets, equally loaded",
        {{"intel-rapl:0", "package-0", 7, {10, 10, 10, 10}},
         {"intel-rapl:0:0", "dram", 7, {3, 3, 3, 3}},
         {"intel-rapl:1", "package-1", 7, {10.000061, 9.999878, 10, 10.000061}},
         {"intel-rapl:1:0", "dram", 9, {3.000061, 3, 3, 2.999939}}},
        26, "packages and DRAM"),
    ROW("two dies",
        {{"intel-rapl:0", "package-0-die-0", 7, {10, 10, 10, 10}},
         {"intel-rapl:1", "package-0-die-1", 9, {5, 5, 5, 5}}},
        15, "packages"),
    ROW("two dies that are one counter",
        {{"intel-rapl:0", "package-0-die-0", 7, {10, 9, 10, 11}},
         {"intel-rapl:1", "package-0-die-1", 7, {10, 9, 10, 11}}},
        11, "packages"),
    ROW("one counter from two starts, without names",
        {{"intel-rapl:0", NULL, 7, {10, 9, 10, 11}}, {"intel-rapl:1", NULL, 900, {10, 9, 10, 11}}}, 11, "packages"),
    ROW("one name under two drivers, read at two moments",
        {{"intel-rapl-mmio:0", "package-0", 7, {10.000061, 10, 10, 10}},
         {"intel-rapl-mmio:0:0", "dram", 7, {3.000061, 3, 3, 3}},
         {"intel-rapl:0", "package-0", 9, {10, 10.000061, 9, 10}},
         {"intel-rapl:0:1", "dram", 9, {3, 3.000061, 3, 2}}},
        13, "packages and DRAM"),
    ROW("alike in two looks in a row only",
        {{"intel-rapl:0", "package-0", 7, {10, 10, 10, 11}}, {"intel-rapl:1", "package-1", 7, {10, 10, 12, 11}}}, 22,
        "packages"),
    ROW("standing still is not being alike",
        {{"intel-rapl:0", "package-0", 7, {0, 0, 0, 10}}, {"intel-rapl:1", "package-1", 7, {0, 0, 0, 10}}}, 20,
        "packages"),
};

START_TEST(test_zones) {
  const struct zones_row *row = &zones_rows[_i];
  double raw_uj[ZONES], energy_j = -1, before_j = 0;
  ck_assert_int_eq(host_new(in_scratch("p/*/energy_uj"), &host), 0);
  struct host_energy energy;
  for (int look = 0; look < LOOKS; look++) {
    for (int i = 0; i < ZONES && row->zones[i].dir != NULL; i++) {
      char file[64], text[32];
      raw_uj[i] = look == 0 ? row->zones[i].start_j * 1e6 : raw_uj[i] + row->zones[i].rises_j[look - 1] * 1e6;
      snprintf(file, sizeof(file), "p/%s/name", row->zones[i].dir);
      if (look == 0 && row->zones[i].name != NULL)
        write_text(file, row->zones[i].name);
      snprintf(file, sizeof(file), "p/%s/energy_uj", row->zones[i].dir);
      snprintf(text, sizeof(text), "%.0f", raw_uj[i]);
      write_counter(file, text);
    }
    before_j = energy_j;
    ck_assert_int_eq(look_and_ask(&energy_j), 0);
    host_energy(host, &energy);
    ck_assert_str_eq(energy.what, row->counted);
    if (row->zones[1].dir != NULL && strcmp(row->counted, "psys") != 0)
      ck_assert_msg(isnan(energy_j) == (look < 3), "%s: told after look %d", row->what, look);
  }
  ck_assert_msg(fabs(energy_j - before_j - row->energy_j) < 0.001, "%s: %f J, not %f", row->what, energy_j - before_j,
                row->energy_j);
  host_free(host);
}
END_TEST

START_TEST(test_energy) {
  write_counter("p/intel-rapl:0/energy_uj", "1000000");
  write_text("p/intel-rapl:0/max_energy_range_uj", "262143328850");
  write_counter("p/intel-rapl:1/energy_uj", "262142328850");
  write_text("p/intel-rapl:1/max_energy_range_uj", "262143328850");
  write_text("p/intel-rapl:0:0/energy_uj", "5");
  double energy_j = -1;
  ck_assert_int_eq(host_new(in_scratch("p/*/energy_uj"), &host), 0);
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(look_and_ask(&energy_j), 0);
  ck_assert_double_eq_tol(energy_j, 0, 1e-9);
  write_counter("p/intel-rapl:0/energy_uj", "51000000"); /* 50 J */
  write_counter("p/intel-rapl:1/energy_uj", "2000000");  /* around the end: 3 J */
  write_text("p/intel-rapl:0:0/energy_uj", "900000005");
  ck_assert_int_eq(look_and_ask(&energy_j), 0);
  ck_assert_double_eq_tol(energy_j, 53, 1e-6);

  /* a package that cannot be read does not count as 0 */
  write_text("p/intel-rapl:1/energy_uj", "");
  ck_assert_int_eq(look_and_ask(&energy_j), 0); /* read while it was written, perhaps */
  ck_assert_int_eq(look_and_ask(&energy_j), -ENODATA);
  struct host_energy energy;
  host_energy(host, &energy);
  ck_assert_str_eq(energy.path, in_scratch("p/intel-rapl:1/energy_uj"));
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
  suite_case(suite, "host", scratch_make, scratch_clean, EACH(test_zone, zone_rows), ONCE(test_zone_of_odd_paths),
             EACH(test_zones, zones_rows), ONCE(test_energy), ONCE(test_nothing_there), ONCE(test_for_root_alone));
  return suite_run(suite);
}
