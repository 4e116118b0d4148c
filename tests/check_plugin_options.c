/*
 * The plugin's options: the effect of each on the values, and that a bad one is logged and ignored.
 */
#include "plugin_bench.h"

/* ---- options: good ones ------------------------------------------------------------------------------------------ */

#define STATS                                                                                                          \
  "node1/vm_energy/files-counters=1; node1/vm_energy/files-stale=0; node1/vm_energy/files-unreadable=0; "              \
  "node1/vm_energy/duration-read=0; node1/vm_energy/errors-bad_reads=0; node1/vm_energy/errors-pauses=0"

/* Values of three reads: of the first value, of an update after 5 s that added 500 J, and without another update. */
static const struct {
  const char *options;
  const char *values[3];
} good_rows[] = {
    {"", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"Scale 5", {"a/energy=5", "a/energy=2505; a/power=500", "a/energy=2505; a/power=500"}},
    {"Scale 0.001", {"a/energy=0.001", "a/energy=0.501; a/power=0.1", "a/energy=0.501; a/power=0.1"}},
    {"Scale 1000000000", {"a/energy=1e+09", "a/energy=5.01e+11; a/power=1e+11", "a/energy=5.01e+11; a/power=1e+11"}},
    {"Scale 7; Scale 2", {"a/energy=2", "a/energy=1002; a/power=200", "a/energy=1002; a/power=200"}},
    {"MaxPower 0", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"MaxPower 100", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"MaxPower 1000000000", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"MaxPower 99.9; TimeBase 'sample'; ReportEnergy false", {"", "", "a/power=0"}},
    {"MaxPower 499; Scale 5; TimeBase 'sample'; ReportEnergy false", {"", "", "a/power=0"}},
    {"MaxPower 5; maxpower 0", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"Smooth 0", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"Smooth 2; ReportEnergy false", {"", "a/power=100; a/power-sma2=100", "a/power=100; a/power-sma2=100"}},
    {"Smooth 2; TimeBase 'sample'; ReportEnergy false",
     {"", "a/power=100; a/power-sma2=100", "a/power=0; a/power-sma2=50"}},
    {"Smooth 86400; ReportEnergy false",
     {"", "a/power=100; a/power-sma86400=100", "a/power=100; a/power-sma86400=100"}},
    {"ReportEnergy false", {"", "a/power=100", "a/power=100"}},
    {"ReportEnergy false; ReportEnergy true; ReportPower false", {"a/energy=1", "a/energy=501", "a/energy=501"}},
    {"ReportPower false; Smooth 2", {"a/energy=1", "a/energy=501", "a/energy=501"}},
    {"ReportPower false; ReportEnergy false", {"", "", ""}},
    {"ReportStats true; ReportEnergy false",
     {STATS, "a/power=100; " STATS, "a/power=100; " STATS}}, /* after those of all VMs */
    {"ReportStats 'on'; HostnameFormat 'name'; PluginInstanceFormat 'none'; ReportPower false", /* its own host is ours
                                                                                                 */
     {"a/vm_energy/energy=1; " STATS, "a/vm_energy/energy=501; " STATS, "a/vm_energy/energy=501; " STATS}},
    {"ReportStats true; ReportStats false; ReportPower false", {"a/energy=1", "a/energy=501", "a/energy=501"}},
    {"TimeBase 'auto'", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"TimeBase \"update\"", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"TimeBase 'Sample'", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=0"}},
    {"StaleTimeout 0.5", {"a/energy=1", "a/energy=501; a/power=100", ""}},
    {"StaleTimeout 1", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"StaleTimeout 0", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"VM 'a'", {"a/energy=1", "a/energy=501; a/power=100", "a/energy=501; a/power=100"}},
    {"VM 'a'; IgnoreSelected true", {"", "", ""}},
    {"VM 'a'; IgnoreSelected 'true'", {"", "", ""}},
    {"ReportPower 'false'", {"a/energy=1", "a/energy=501", "a/energy=501"}},
    {"ReportPower \"No\"", {"a/energy=1", "a/energy=501", "a/energy=501"}},
    {"ReportPower 'off'; ReportPower 'ON'; ReportEnergy 'OFF'", {"", "a/power=100", "a/power=100"}},
    {"ReportPower 'off'; ReportPower 'yes'; ReportEnergy 'FALSE'", {"", "a/power=100", "a/power=100"}},
    {"sCALE 3; reportpower false", {"a/energy=3", "a/energy=1503", "a/energy=1503"}},
    {"STALETIMEOUT 0.5; TIMEBASE 'UPDATE'", {"a/energy=1", "a/energy=501; a/power=100", ""}},
    {"HostnameFormat 'hostname'; PluginInstanceFormat 'name'; ReportPower false",
     {"a/energy=1", "a/energy=501", "a/energy=501"}},
    {"HostnameFormat 'name'; PluginInstanceFormat 'none'; ReportPower false", /* the defaults of virt */
     {"a/vm_energy/energy=1", "a/vm_energy/energy=501", "a/vm_energy/energy=501"}},
    {"HostnameFormat 'name'; ReportEnergy false", {"", "a/vm_energy-a/power=100", "a/vm_energy-a/power=100"}},
    {"HostnameFormat 'hostname name'; PluginInstanceFormat 'NONE'; ReportPower false",
     {"node1:a/vm_energy/energy=1", "node1:a/vm_energy/energy=501", "node1:a/vm_energy/energy=501"}},
    {"hostnameformat \" Name \t HOSTNAME name hostname\"; ReportEnergy false",
     {"", "a:node1:a:node1/vm_energy-a/power=100", "a:node1:a:node1/vm_energy-a/power=100"}},
};

START_TEST(good_options) {
  start(good_rows[_i].options);
  expect_log("");
  update_at("a", "1000000", 0);
  expect_values(good_rows[_i].values[0]);
  expect_update("a", "501000000", 5, good_rows[_i].values[1]);
  expect_at(6, good_rows[_i].values[2]);
}
END_TEST

/* A counter whose modification time never changes, as in powercap: only its number shows updates. */
static const struct {
  const char *base;
  const char *update, *held;
} untracked_rows[] = {
    {"auto", "a/energy=500", "a/energy=500"}, /* not known yet: three updates decide */
    {"sample", "a/energy=500; a/power=125", "a/energy=500; a/power=0"},
    {"update", "a/energy=500", "a/energy=500"},
};

START_TEST(time_base_of_an_untracked_counter) {
  char options[64];
  snprintf(options, sizeof(options), "TimeBase '%s'", untracked_rows[_i].base);
  start(options);
  update_at("a", "0", 0);
  read_at(1);
  fake_forget();
  counter_at("a", "500000000", 0);
  read_at(5);
  expect_values(untracked_rows[_i].update);
  expect_at(6, untracked_rows[_i].held);
}
END_TEST

static const struct {
  const char *options;
  const char *values;
} selection_rows[] = {
    {"", "db/energy=3; odd_name_fbd4217d/energy=4; web-1/energy=1; web-2/energy=2"},
    {"VM 'web-1'", "web-1/energy=1"},
    {"Domain 'web-1'; vm 'db'", "db/energy=3; web-1/energy=1"},
    {"VM 'web'", ""}, /* the whole name, not a part of it */
    {"VM 'WEB-1'", ""},
    {"VM '/^web-[0-9]+$/'", "web-1/energy=1; web-2/energy=2"},
    {"VM '/e/'", "odd_name_fbd4217d/energy=4; web-1/energy=1; web-2/energy=2"},
    {"VM '/2$/'; VM 'db'; IgnoreSelected true", "odd_name_fbd4217d/energy=4; web-1/energy=1"},
    {"IgnoreSelected true; VM 'web-1'", "db/energy=3; odd_name_fbd4217d/energy=4; web-2/energy=2"},
    {"IgnoreSelected true", "db/energy=3; odd_name_fbd4217d/energy=4; web-1/energy=1; web-2/energy=2"},
    {"IgnoreSelected true; VM 'db'; IgnoreSelected false", "db/energy=3"},
    {"VM 'odd_name_fbd4217d'", "odd_name_fbd4217d/energy=4"}, /* the name as it is shown */
    {"VM 'db'; VM '/[/'", "db/energy=3"},                     /* a bad entry selects nothing */
    {"VM '/[/'; VM 'db'", "db/energy=3"},
    {"VM 'db'; VM true; VM 'web-1' 'web-2'", "db/energy=3"},
    {"IgnoreSelected 'maybe'; IgnoreSelected true; VM 'db'",
     "odd_name_fbd4217d/energy=4; web-1/energy=1; web-2/energy=2"},
};

START_TEST(selection) {
  start(selection_rows[_i].options);
  counter_at("web-1", "1000000", 0);
  counter_at("web-2", "2000000", 0);
  counter_at("db", "3000000", 0);
  counter_at("odd;name", "4000000", 0);
  read_at(0);
  expect_values(selection_rows[_i].values);
}
END_TEST

/* Names that write_graphite would merge stay distinct; a name that needs no change is kept. */
START_TEST(dots_are_escaped) {
  static const char *const names[] = {"db_prod", "db.prod", "db prod", "db\"prod", "db\\prod",
                                      "db:prod", "db!prod", "db,prod", "db(prod",  "db)prod"};
  start("EscapeDots true; HostnameFormat 'hostname name'; ReportPower false; NotifyAdd true");
  for (int i = 0; i < ROWS(names); i++)
    counter_at(names[i], "1000000", 0);
  read_at(0);
  ck_assert_uint_eq(fake.values_num, ROWS(names));
  int marked = 0;
  for (int i = 0; i < ROWS(names); i++) {
    ck_assert_ptr_null(strpbrk(fake.values[i].name + strlen("node1:"), ". \"\\:!,()"));
    marked += strncmp(fake.values[i].name, "node1:db_prod_", 14) == 0 &&
              strstr(fake.values[i].name, "/vm_energy-db_prod_") != NULL;
    for (int j = 0; j < i; j++)
      ck_assert_str_ne(fake.values[i].name, fake.values[j].name);
  }
  ck_assert_int_eq(marked, ROWS(names) - 1);
  ck_assert_double_eq(fake_value("node1:db_prod/vm_energy-db_prod/energy"), 1);
}
END_TEST

/* A number is a name as it is written. */
START_TEST(a_name_that_is_a_number) {
  start("VM 100; Domain 4294967296; VM 1.5");
  expect_log("");
  counter_at("100", "1000000", 0);
  counter_at("101", "2000000", 0);
  counter_at("4294967296", "3000000", 0);
  counter_at("1.5", "4000000", 0);
  read_at(0);
  expect_values("1.5/energy=4; 100/energy=1; 4294967296/energy=3");
}
END_TEST

/* A bad option never widens what is reported: neither to other VMs nor to the default places. */
#define TAKES_FILE "the absolute path of a file, or a pattern of them, in quotes"
#define TAKES_VM   "the name of a VM in quotes, or an extended regular expression between two slashes"
#define NO_VM      "E nothing is reported: each option VM was refused\n"
#define NO_IGNORED "E nothing is reported: an option VM that was refused may name a VM that is to be ignored\n"

static const struct {
  const char *options, *log;
} closed_rows[] = {
    {"VM '//'", "W option 'VM \"//\"' is ignored: it takes " TAKES_VM ": it is empty\n" NO_VM},
    {"VM '/^web'",
     "W option 'VM \"/^web\"' is ignored: it takes " TAKES_VM ": it has a slash, but not one at each end\n" NO_VM},
    {"VM true", "W option 'VM true' is ignored: it takes " TAKES_VM "\n" NO_VM},
    {"VM '//'; Domain 'a' 'b'", "W option 'VM \"//\"' is ignored: it takes " TAKES_VM ": it is empty\n"
                                "W option 'Domain \"a\" \"b\"' is ignored: it takes " TAKES_VM "\n" NO_VM},
    {"IgnoreSelected true; VM 'b'; VM '//'",
     "W option 'VM \"//\"' is ignored: it takes " TAKES_VM ": it is empty\n" NO_IGNORED},
    {"VM 'b'; VM ''; IgnoreSelected true",
     "W option 'VM \"\"' is ignored: it takes " TAKES_VM ": it is empty\n" NO_IGNORED},
    {"VM 'a'; IgnoreSelected 'maybe'",
     "W option 'IgnoreSelected \"maybe\"' is ignored: it takes true or false\n"
     "E nothing is reported: IgnoreSelected was refused, so it is unknown whether the named VMs are wanted\n"},
};

START_TEST(fails_closed) {
  start(closed_rows[_i].options);
  counter_at("a", "1000000", 0);
  counter_at("b", "2000000", 0);
  for (int t = 0; t < 3; t++)
    read_at(t);
  expect_values("");
  expect_log(closed_rows[_i].log);
}
END_TEST

START_TEST(a_bad_expression) {
  char expected[300];
  snprintf(expected, sizeof(expected), "W option 'VM \"/(/\"' is ignored: it takes " TAKES_VM ": %s\n" NO_VM,
           regex_fault("("));
  counter_at("a", "1000000", 0);
  start("VM '/(/'");
  read_at(0);
  expect_values("");
  expect_log(expected);
}
END_TEST

/* Without the pattern that start() adds. */
START_TEST(a_refused_file_is_not_the_default_places) {
  start_block("File 'energy_uj'");
  read_at(0);
  read_at(1);
  expect_log("W option 'File \"energy_uj\"' is ignored: it takes " TAKES_FILE "\n"
             "E nothing is reported: each option File was refused\n");
}
END_TEST

/* ---- options: bad ones ------------------------------------------------------------------------------------------- */

#define BAD_BOOLEANS "", "'maybe'", "''", "0", "1", "true false", "true { Scale 5 }"

static const struct {
  const char *name, *takes;
  const char *values[10];
} bad_rows[] = {
    {"File",
     "the absolute path of a file, or a pattern of them, in quotes",
     {"", "5", "true", "''", "'/x' '/y'", "'relative/energy_uj'", "'/tmp/'"}},
    {"VM",
     "the name of a VM in quotes, or an extended regular expression between two slashes",
     {"", "false", "'a' 'b'", "'a' { Scale 5 }"}},
    {"Domain", "the name of a VM in quotes, or an extended regular expression between two slashes", {"", "true"}},
    {"TimeBase", "\"auto\", \"update\" or \"sample\"", {"", "''", "'samples'", "1", "'sample' 'sample'"}},
    {"StaleTimeout",
     "a number of seconds from 0 (the default rule) to 31536000",
     {"", "'5'", "true", "-1", "31536000.5", "nan", "inf", "1 2"}},
    {"Scale", /* the first is what collectd's parser makes of an exponent */
     "a number above 0, at most 1000000000, without an exponent",
     {"'1e-3'", "", "0", "-5", "1000000001", "nan", "inf", "-inf", "false", "2 2"}},
    {"MaxPower",
     "a number of watts from 0 (off) to 1000000000",
     {"", "'500'", "true", "-1", "1000000001", "nan", "inf", "500 2", "500 { Scale 5 }"}},
    {"Smooth",
     "a whole number of samples from 0 (off) to 86400",
     {"", "'3'", "-1", "2.5", "86401", "nan", "1e+300", "3 true"}},
    {"HostnameFormat",
     "one to four of hostname and name; energy files have no uuid and no metadata",
     {"", "''", "' '", "'uuid'", "'name metadata'", "'none'", "'name name name name name'", "'name' 'hostname'",
      "true"}},
    {"PluginInstanceFormat",
     "name or none; energy files have no uuid and no metadata",
     {"", "''", "'uuid'", "'hostname'", "'name none'", "'none name'", "0", "'name NAME'", "'none none'"}},
    {"EscapeDots", "true or false", {BAD_BOOLEANS}},
    {"ReportEnergy", "true or false", {BAD_BOOLEANS}},
    {"ReportPower", "true or false", {BAD_BOOLEANS}},
    {"ReportStats", "true or false", {BAD_BOOLEANS}},
    {"NotifyAdd", "true or false", {BAD_BOOLEANS}},
    {"NotifyRemove", "true or false", {BAD_BOOLEANS}},
    {"NotifyStale", "true or false", {BAD_BOOLEANS}},
    {"NotifyReset", "true or false", {BAD_BOOLEANS}},
    {"CSVDir",
     "the absolute path of a directory, in quotes",
     {"", "''", "'csv'", "'./csv'", "5", "true", "'/tmp/a' '/tmp/b'", "'/tmp/a' { Scale 5 }"}},
    {"StateFile",
     "the absolute path of a file, in quotes",
     {"", "''", "'state'", "'./state'", "'/tmp/'", "5", "true", "'/tmp/a' '/tmp/b'", "'/tmp/a' { Scale 5 }"}},
};

/* All that collectd receives while some VMs come and go, such that every option would have an effect. To be freed. */
static char *observe(void) {
  counter_at("a", "1000000", 0);
  update_at("b", "2000000", 0);
  counter_at("a", "501000000", 5);
  update_at("b", "102000000", 5);
  read_at(6);
  counter_at("a", "5", 10);
  counter_at("c", "7000000", 10);
  remove_counter("b");
  read_at(10);
  update_at("a", "250000005", 15);
  read_at(46);
  remove_counter("a");
  remove_counter("c");
  of(show_values);
  show_log();
  show_notes();
  char *copy = strdup(shown);
  ck_assert_ptr_nonnull(copy);
  ck_assert_int_eq(fake_shutdown(), 0);
  fake_forget();
  return copy;
}

/* Expects this message, and otherwise no effect of the option. */
static void expect_ignored(const char *option, const char *message) {
  char with_option[256];
  start("VM '/[abc]/'");
  char *without = observe();
  snprintf(with_option, sizeof(with_option), "VM '/[abc]/'; %s", option);
  start(with_option);
  expect_log(message);
  fake_forget();
  char *with = observe();
  ck_assert_str_eq(with, without);
  free(with);
  free(without);
}

START_TEST(bad_options) {
  for (int i = 0; i < ROWS(bad_rows[_i].values) && bad_rows[_i].values[i] != NULL; i++) {
    char option[128], said[128], message[512];
    snprintf(option, sizeof(option), "%s %s", bad_rows[_i].name, bad_rows[_i].values[i]);
    snprintf(said, sizeof(said), "%s", option);
    for (char *quote = said; (quote = strchr(quote, '\'')) != NULL;)
      *quote = '"';
    said[strcspn(said, "{")] = '\0'; /* what is nested is not shown */
    for (size_t len = strlen(said); len > 0 && said[len - 1] == ' '; len--)
      said[len - 1] = '\0';
    snprintf(message, sizeof(message), "W option '%s' is ignored: it takes %s\n", said, bad_rows[_i].takes);
    expect_ignored(option, message);
  }
}
END_TEST

/* An unknown block is ignored as a whole, and no text in it breaks a line. */
START_TEST(unknown_options) {
  expect_ignored("Scales 5", "W unknown option 'Scales' is ignored\n");
  expect_ignored("Interval", "W unknown option 'Interval' is ignored\n");
  expect_ignored("'' 5", "W unknown option '' is ignored\n");
  expect_ignored("Node 'x' { Scale 5; VM 'b' }", "W unknown option 'Node' is ignored\n");
  expect_ignored("'new\nline\033[31m' 5", "W unknown option 'new_line_[31m' is ignored\n");
  expect_ignored("TimeBase 'new\nline\033[31m'", "W option 'TimeBase \"new_line_[31m\"' is ignored: it takes \"auto\", "
                                                 "\"update\" or \"sample\"\n");
}
END_TEST

/* A long text in an option is cut in the message, at a character. */
START_TEST(a_long_bad_option) {
  char name[2001];
  for (size_t i = 0; i + 2 < sizeof(name); i += 2)
    memcpy(name + i, "\xc3\xa4", 3);
  ck_assert_int_eq(fake_config("TimeBase '%s'; %s 5", name, name), 0);
  ck_assert_uint_eq(fake.lines_num, 2);
  ck_assert_uint_eq(fake_count("option 'TimeBase \"\xc3\xa4"), 1);
  ck_assert_uint_eq(fake_count("it takes \"auto\""), 1);
  ck_assert_uint_eq(fake_count("unknown option '\xc3\xa4"), 1);
}
END_TEST

START_TEST(no_name_in_any_field) {
  start("PluginInstanceFormat 'none'");
  expect_log(
      "W neither HostnameFormat nor PluginInstanceFormat has the name of the VM, so all VMs would be one series: "
      "using PluginInstanceFormat \"name\"\n");
  update_at("a", "1000000", 0);
  expect_values("a/energy=1");
}
END_TEST

START_TEST(two_blocks_add_up) {
  counter_at("a", "1000000", 0);
  counter_at("b", "2000000", 0);
  counter_at("c", "3000000", 0);
  ck_assert_int_eq(fake_config("File '%s/a/energy_uj'; VM 'a'; Scale 5", scratch), 0);
  ck_assert_int_eq(fake_config("%s", ""), 0);
  start_block("File '%s/[bc]/energy_uj'; VM '/^b$/'; ReportPower false; Scale 2", scratch);
  ck_assert_int_eq(fake_init(), 0); /* collectd calls it once; twice would do no harm */
  read_at(0);
  expect_values("a/energy=2; b/energy=4");
}
END_TEST

/* A path with a good first and last character that is no path of a file. */
START_TEST(a_file_that_is_none_stops_nothing) {
  configure("");
  start_block("File '/.'");
  expect_log("W option 'File \"/.\"' is ignored: Invalid argument\n");
  update_at("a", "1000000", 0);
  expect_values("a/energy=1");
}
END_TEST

/* Before init no read function is registered: `collectd -T` reads once also after init has failed. */
START_TEST(read_without_init) {
  ck_assert_int_eq(fake_read(), FAKE_NO_CALLBACK);
  expect_values("");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plugin_options");
  TCase *tcase = tcase_create("plugin_options");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, good_options, 0, ROWS(good_rows));
  tcase_add_loop_test(tcase, time_base_of_an_untracked_counter, 0, ROWS(untracked_rows));
  tcase_add_loop_test(tcase, selection, 0, ROWS(selection_rows));
  tcase_add_test(tcase, dots_are_escaped);
  tcase_add_test(tcase, a_name_that_is_a_number);
  tcase_add_loop_test(tcase, fails_closed, 0, ROWS(closed_rows));
  tcase_add_test(tcase, a_bad_expression);
  tcase_add_test(tcase, a_refused_file_is_not_the_default_places);
  tcase_add_loop_test(tcase, bad_options, 0, ROWS(bad_rows));
  tcase_add_test(tcase, unknown_options);
  tcase_add_test(tcase, a_long_bad_option);
  tcase_add_test(tcase, no_name_in_any_field);
  tcase_add_test(tcase, two_blocks_add_up);
  tcase_add_test(tcase, a_file_that_is_none_stops_nothing);
  tcase_add_test(tcase, read_without_init);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
