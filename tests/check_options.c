/* The options of the tool: what each sets, what is refused, and the messages. */
#include "../standalone/common/options.h"
#include "../standalone/look/host.h"

#include "capture.h"
#include "core/clock.h"
#include "suite.h"

#define WORDS_MAX 20

static char words[1024]; /* of the last argv */
static char *argv[WORDS_MAX + 2];

/* An argv from words between spaces; '' is an empty word. */
static int split(const char *text) {
  static char command[] = "command", empty[] = "";
  int argc = 0;
  argv[argc++] = command;
  snprintf(words, sizeof(words), "%s", text);
  for (char *save, *word = strtok_r(words, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
    ck_assert_int_le(argc, WORDS_MAX);
    argv[argc++] = strcmp(word, "''") == 0 ? empty : word;
  }
  argv[argc] = NULL;
  return argc;
}

static enum options_result parse(unsigned which, const char *text, struct options *options) {
  return options_parse(which, split(text), argv, options);
}

/* All that differs from the defaults, as text. */
static const char *told(const struct options *o) {
  static char text[2048];
  char *end = text;
#define TELL(...) end += snprintf(end, (size_t)(text + sizeof(text) - end), __VA_ARGS__)
  *end = '\0';
  for (size_t i = 0; i < o->files_num; i++)
    TELL("[%s] ", o->files[i]);
  TELL("%s%s", o->selection != NULL ? "selects " : "", o->ignore_selected ? "ignores " : "");
  if (o->interval_ns != NS_PER_S)
    TELL("interval %lld ", (long long)o->interval_ns);
  if (o->count != 120)
    TELL("count %llu ", (unsigned long long)o->count);
  if (o->duration_ns != 10 * NS_PER_S)
    TELL("duration %lld ", (long long)o->duration_ns);
  if (o->layout != CSV_COMBINED)
    TELL("%s ", o->layout == CSV_LONG ? "long" : "separate");
  if (strcmp(o->out_dir, "csv") != 0)
    TELL("dir %s ", o->out_dir);
  if (strcmp(o->out_name, "power.csv") != 0)
    TELL("name %s ", o->out_name);
  if (o->smooth != 0)
    TELL("smooth %zu ", o->smooth);
  if (o->meter.base != METER_SAMPLE)
    TELL("base %s ", meter_base_name(o->meter.base));
  if (o->meter.scale < 1 || o->meter.scale > 1)
    TELL("scale %g ", o->meter.scale);
  if (o->meter.stale_ns != 0)
    TELL("stale %lld ", (long long)o->meter.stale_ns);
  if (o->waits_for_counters)
    TELL("follows ");
  if (strcmp(o->host_counter, OPTIONS_HOST_COUNTERS) != 0)
    TELL("host %s ", o->host_counter);
  if (o->meter.max_power_w > 0)
    TELL("most %g ", o->meter.max_power_w);
  TELL("%s%s%s%s%s", o->manual_stop ? "manual " : "", o->until_enter ? "enter " : "", o->json ? "json " : "",
       o->bounds ? "bounds " : "", o->quiet ? "quiet " : "");
  if (o->json_file != NULL)
    TELL("file %s ", o->json_file);
  if (o->total && !o->bounds)
    TELL("total ");
  for (char *const *word = o->command; word != NULL && *word != NULL; word++)
    TELL("(%s) ", *word);
#undef TELL
  if (end > text)
    end[-1] = '\0';
  return text;
}

/* ---- what is taken ----------------------------------------------------------------------------------------------- */

static const struct {
  unsigned which;
  const char *words;
  const char *told;
} good_rows[] = {
    {OPTIONS_TS, "", ""},
    {OPTIONS_ONCE, "", ""},
    {OPTIONS_LIST, "", "duration 0 base auto"},
    {OPTIONS_TOP, "", "count 0 duration 0 base auto follows"},
    {OPTIONS_TOP, "-i 10 -n 6 --time-base sample", "interval 10000000000 count 6 duration 0 follows"},
    {OPTIONS_CHECK, "", "duration 0 base auto"},
    {OPTIONS_CHECK, "-d 8 --host-counter /x/* --json", "duration 8000000000 base auto host /x/* json"},
    {OPTIONS_LIST, "-d 12 --json --files a", "[a] duration 12000000000 base auto json"},
    /* files: several after one option, the option twice, among others */
    {OPTIONS_TS, "--files a", "[a]"},
    {OPTIONS_TS, "--files a b c", "[a] [b] [c]"},
    {OPTIONS_TS, "--files a b --files c", "[a] [b] [c]"},
    {OPTIONS_TS, "--files a a", "[a] [a]"},
    {OPTIONS_TS, "--files=a", "[a]"},
    {OPTIONS_TS, "--files=a b", "[a] [b]"},
    {OPTIONS_TS, "-i 2 --files a b -n 3 --files c", "[a] [b] [c] interval 2000000000 count 3"},
    {OPTIONS_ONCE, "--files a b --duration 5", "[a] [b] duration 5000000000"},
    /* and those that look like options */
    {OPTIONS_TS, "--files=-i", "[-i]"},
    {OPTIONS_TS, "--files=--", "[--]"},
    {OPTIONS_TS, "--files=--interval=3", "[--interval=3]"},
    {OPTIONS_TS, "--files -", "[-]"},
    {OPTIONS_TS, "--files a -", "[a] [-]"},
    {OPTIONS_REPORT, "- --json", "[-] scale 0 json"},
    {OPTIONS_REPORT, "a - --json -", "[a] [-] [-] scale 0 json"},
    {OPTIONS_REPORT, "-- - --json", "[-] [--json] scale 0"},
    {OPTIONS_TS, "--files a -- -b --c", "[a] [-b] [--c]"},
    {OPTIONS_TS, "--files a -- -- b", "[a] [--] [b]"},
    {OPTIONS_TS, "--files ./-a", "[./-a]"},
    {OPTIONS_TS, "--files a=b", "[a=b]"},
    {OPTIONS_TS, "--files a --", "[a]"},
    {OPTIONS_TS, "-i 2 --", "interval 2000000000"},
    /* the selection: see tests/check_selection.c and tests/cli/check_vm.sh */
    {OPTIONS_TS, "--vm a --vm /b/ --ignore-selected", "selects ignores"},
    {OPTIONS_RUN, "--vm a make", "selects bounds (make)"},
    {OPTIONS_TOP, "--vm=a --files b c", "[b] [c] selects count 0 duration 0 base auto follows"},
    {OPTIONS_CHECK, "--ignore-selected", "ignores duration 0 base auto"},
    /* interval */
    {OPTIONS_TS, "-i 0.5", "interval 500000000"},
    {OPTIONS_TS, "-i0.5", "interval 500000000"},
    {OPTIONS_TS, "-i .5", "interval 500000000"},
    {OPTIONS_TS, "-i 5.", "interval 5000000000"},
    {OPTIONS_TS, "--interval 0.5", "interval 500000000"},
    {OPTIONS_TS, "--interval=500ms", "interval 500000000"},
    {OPTIONS_TS, "--interval=2s", "interval 2000000000"},
    {OPTIONS_TS, "--interval=5m", "interval 300000000000"},
    {OPTIONS_TS, "--interval=5min", "interval 300000000000"},
    {OPTIONS_TS, "--interval=1d", "interval 86400000000000"},
    {OPTIONS_TS, "--interval=1h", "interval 3600000000000"},
    {OPTIONS_TS, "--interval=20us", "interval 20000"},
    {OPTIONS_TS, "-i 1e-9", "interval 1"},
    {OPTIONS_TS, "-i 5e-10", "interval 1"},
    {OPTIONS_TS, "-i 1e2", "interval 100000000000"},
    {OPTIONS_TS, "-i 0000000002", "interval 2000000000"},
    {OPTIONS_TS, "-i 315360000", "interval 315360000000000000"}, /* ten years */
    {OPTIONS_TS, "-i 3 -i 4", "interval 4000000000"},
    {OPTIONS_TS, "-qi2", "interval 2000000000 quiet"},
    /* count */
    {OPTIONS_TS, "-n 1", "count 1"},
    {OPTIONS_TS, "-n1", "count 1"},
    {OPTIONS_TS, "-n 007", "count 7"},
    {OPTIONS_TS, "--count 1000000000000", "count 1000000000000"},
    {OPTIONS_TS, "--count=5 --manual-stop", "count 5 manual"},
    /* out: only the last component counts */
    {OPTIONS_TS, "-o x.csv", "name x.csv"},
    {OPTIONS_TS, "-ox.csv", "name x.csv"},
    {OPTIONS_TS, "--out /home/me/x.csv", "name x.csv"},
    {OPTIONS_TS, "--out ../x", "name x"},
    {OPTIONS_TS, "--out=.x", "name .x"},
    {OPTIONS_TS, "--out ...", "name ..."},
    {OPTIONS_TS, "-o -x", "name -x"},
    {OPTIONS_TS, "--out-dir d", "dir d"},
    {OPTIONS_TS, "--out-dir /tmp/d/", "dir /tmp/d/"},
    {OPTIONS_TS, "--out-dir=d --out=o", "dir d name o"},
    /* layouts */
    {OPTIONS_TS, "--separate-files", "separate"},
    {OPTIONS_TS, "--separate-files --separate-files", "separate"},
    {OPTIONS_TS, "--long", "long"},
    {OPTIONS_TS, "--long --long", "long"},
    /* numbers */
    {OPTIONS_TS, "--smooth 0", ""},
    {OPTIONS_TS, "--smooth 1", "smooth 1"},
    {OPTIONS_TS, "--smooth 86400", "smooth 86400"},
    {OPTIONS_TS, "--smooth 5 --smooth 0", ""},
    {OPTIONS_ONCE, "--scale 5", "scale 5"},
    {OPTIONS_TS, "--scale 0.2", "scale 0.2"},
    {OPTIONS_TS, "--scale 1e9", "scale 1e+09"},
    {OPTIONS_TS, "--max-power 500", "most 500"},
    {OPTIONS_ONCE, "--max-power 0.5", "most 0.5"},
    {OPTIONS_RUN, "--max-power 1e3 x", "most 1000 bounds (x)"},
    {OPTIONS_CHECK, "--max-power 5", "duration 0 base auto most 5"},
    {OPTIONS_TS, "--stale-timeout 30", "stale 30000000000"},
    {OPTIONS_ONCE, "--stale-timeout 2m", "stale 120000000000"},
    {OPTIONS_TS, "--time-base auto", "base auto"},
    {OPTIONS_ONCE, "--time-base Update", "base update"},
    {OPTIONS_TS, "--time-base auto --time-base sample", ""},
    /* once */
    {OPTIONS_ONCE, "-d 60", "duration 60000000000"},
    {OPTIONS_ONCE, "-d0.25", "duration 250000000"},
    {OPTIONS_ONCE, "--duration 5m", "duration 300000000000"},
    {OPTIONS_ONCE, "--until-enter --json -q", "enter json quiet"},
    {OPTIONS_TS, "--quiet", "quiet"},
    {OPTIONS_ONCE, "--bounds", "bounds"},
    {OPTIONS_ONCE, "--total", "total"},
    /* run: the command is the first word that is no option and no path, and has options of its own */
    {OPTIONS_RUN, "", "bounds"},
    {OPTIONS_RUN, "make", "bounds (make)"},
    {OPTIONS_RUN, "--no-bounds make", "total (make)"},
    {OPTIONS_RUN, "-q make -j8 --quiet", "bounds quiet (make) (-j8) (--quiet)"},
    {OPTIONS_RUN, "make --no-bounds -- --help", "bounds (make) (--no-bounds) (--) (--help)"},
    {OPTIONS_RUN, "--files a b -- make -j8", "[a] [b] bounds (make) (-j8)"},
    {OPTIONS_RUN, "--files a -q make", "[a] bounds quiet (make)"},
    {OPTIONS_RUN, "--files a make", "[a] [make] bounds"},
    {OPTIONS_RUN, "--files a --", "[a] bounds"},
    {OPTIONS_RUN, "-- -x y", "bounds (-x) (y)"},
    {OPTIONS_RUN, "-- -- x", "bounds (--) (x)"},
    {OPTIONS_RUN, "--json f make", "bounds file f (make)"},
    {OPTIONS_RUN, "--scale 5 --stale-timeout 1m x", "scale 5 stale 60000000000 bounds (x)"},
    /* abbreviated, as the earlier Python tool accepted them */
    {OPTIONS_TS, "--file a b", "[a] [b]"},
    {OPTIONS_TS, "--int 2 --cou 3 --sep --man", "interval 2000000000 count 3 separate manual"},
    {OPTIONS_ONCE, "--dur=2 --u --j", "duration 2000000000 enter json"},
};

START_TEST(test_good) {
  struct options options;
  capture_begin();
  enum options_result result = parse(good_rows[_i].which, good_rows[_i].words, &options);
  const char *error = capture_end();
  ck_assert_msg(*error == '\0', "'%s': %s", good_rows[_i].words, error);
  ck_assert_msg(result == OPTIONS_GOOD, "'%s': result %d", good_rows[_i].words, (int)result);
  ck_assert_str_eq(told(&options), good_rows[_i].told);
  ck_assert_int_eq(options.meter.tick_ns, clock_tick_ns());
  options_free(&options);
  ck_assert_ptr_null(options.files);
}
END_TEST

/* ---- what is not ------------------------------------------------------------------------------------------------- */

#define NO_TIME "is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d"

static const struct {
  unsigned which;
  const char *words;
  const char *message; /* without "vm_energy: " */
} bad_rows[] = {
    {OPTIONS_TS, "stray", "unexpected argument 'stray': paths follow --files"},
    {OPTIONS_TS, "''", "unexpected argument '': paths follow --files"},
    {OPTIONS_TS, "-", "unexpected argument '-': paths follow --files"},
    {OPTIONS_TS, "-- a", "unexpected argument 'a': paths follow --files"},
    {OPTIONS_TS, "--files a -i 1 b", "unexpected argument 'b': paths follow --files"},
    {OPTIONS_TS, "--files a --quiet b", "unexpected argument 'b': paths follow --files"},
    {OPTIONS_TS, "--files a -q -- b", "unexpected argument 'b': paths follow --files"},
    {OPTIONS_TS, "a\033[31m", "unexpected argument 'a_[31m': paths follow --files"},
    {OPTIONS_ONCE, "10", "unexpected argument '10': paths follow --files"},

    {OPTIONS_TS, "--files", "option '--files' needs a value: PATH..."},
    {OPTIONS_TS, "--files a --files", "option '--files' needs a value: PATH..."},
    {OPTIONS_TS, "--files --interval 1", "option '--files': '--interval' is an option, and a path was expected"},
    {OPTIONS_TS, "--files -i 1", "option '--files': '-i' is an option, and a path was expected"},
    {OPTIONS_TS, "--files -- -a", "option '--files': '--' is an option, and a path was expected"},
    {OPTIONS_TS, "--files ''", "option '--files': '' is no path"},
    {OPTIONS_TS, "--files=", "option '--files': '' is no path"},
    {OPTIONS_TS, "--files a ''", "option '--files': '' is no path"},
    {OPTIONS_TS, "--files a -- ''", "option '--files': '' is no path"},

    {OPTIONS_ONCE, "--vm", "option '--vm' needs a value: NAME"},
    {OPTIONS_LIST, "--vm ''", "option '--vm': '' is no name: it is empty"},
    {OPTIONS_LIST, "--vm //", "option '--vm': '//' is no regular expression: it is empty"},
    {OPTIONS_LIST, "--vm /web", "option '--vm': '/web' is no name: it has a slash, but not one at each end"},
    {OPTIONS_REPORT, "--ignore-selected x", "unknown option '--ignore-selected'"},

    {OPTIONS_TS, "-i", "option '--interval' needs a value: TIME"},
    {OPTIONS_TS, "-qi", "option '--interval' needs a value: TIME"},
    {OPTIONS_TS, "--interval", "option '--interval' needs a value: TIME"},
    {OPTIONS_TS, "--inter", "option '--interval' needs a value: TIME"},
    {OPTIONS_TS, "-i ''", "option '--interval': '' " NO_TIME},
    {OPTIONS_TS, "--interval=", "option '--interval': '' " NO_TIME},
    {OPTIONS_TS, "-i 0", "option '--interval': '0' " NO_TIME},
    {OPTIONS_TS, "-i 0.0", "option '--interval': '0.0' " NO_TIME},
    {OPTIONS_TS, "-i 4e-10", "option '--interval': '4e-10' " NO_TIME}, /* less than half a nanosecond */
    {OPTIONS_TS, "-i 1e-999", "option '--interval': '1e-999' " NO_TIME},
    {OPTIONS_TS, "-i -1", "option '--interval': '-1' " NO_TIME},
    {OPTIONS_TS, "-i +1", "option '--interval': '+1' " NO_TIME},
    {OPTIONS_TS, "-i nan", "option '--interval': 'nan' " NO_TIME},
    {OPTIONS_TS, "-i inf", "option '--interval': 'inf' " NO_TIME},
    {OPTIONS_TS, "-i -inf", "option '--interval': '-inf' " NO_TIME},
    {OPTIONS_TS, "-i 0x10", "option '--interval': '0x10' " NO_TIME},
    {OPTIONS_TS, "-i 1,5", "option '--interval': '1,5' " NO_TIME},
    {OPTIONS_TS, "-i 5mins", "option '--interval': '5mins' " NO_TIME},
    {OPTIONS_TS, "-i ms", "option '--interval': 'ms' " NO_TIME},
    {OPTIONS_TS, "-i 1\n2", "option '--interval': '1_2' " NO_TIME},
    {OPTIONS_TS, "--interval --count 5", "option '--interval': '--count' " NO_TIME},
    {OPTIONS_TS, "-i 315360001", "option '--interval': '315360001' is more than ten years"},
    {OPTIONS_TS, "-i 1e30", "option '--interval': '1e30' is more than ten years"},
    {OPTIONS_TS, "-i 1e999", "option '--interval': '1e999' is more than ten years"},
    {OPTIONS_TS, "-i 99999999999999999999h", "option '--interval': '99999999999999999999h' is more than ten years"},
    {OPTIONS_TS, "--stale-timeout 0", "option '--stale-timeout': '0' " NO_TIME},
    {OPTIONS_ONCE, "--stale-timeout inf", "option '--stale-timeout': 'inf' " NO_TIME},
    {OPTIONS_ONCE, "-d 0", "option '--duration': '0' " NO_TIME},
    {OPTIONS_ONCE, "-d", "option '--duration' needs a value: TIME"},
    {OPTIONS_ONCE, "--duration=1y", "option '--duration': '1y' " NO_TIME},
    {OPTIONS_ONCE, "--duration 88000h", "option '--duration': '88000h' is more than ten years"},

    {OPTIONS_TS, "-n 0", "option '--count': '0' is no whole number from 1 up"},
    {OPTIONS_TS, "-n -5", "option '--count': '-5' is no whole number from 1 up"},
    {OPTIONS_TS, "-n 1.5", "option '--count': '1.5' is no whole number from 1 up"},
    {OPTIONS_TS, "-n 1e3", "option '--count': '1e3' is no whole number from 1 up"},
    {OPTIONS_TS, "-n ''", "option '--count': '' is no whole number from 1 up"},
    {OPTIONS_TS, "-n nan", "option '--count': 'nan' is no whole number from 1 up"},
    {OPTIONS_TS, "--count=0x10", "option '--count': '0x10' is no whole number from 1 up"},
    {OPTIONS_TS, "-n 1000000000001", "option '--count': '1000000000001' is more than 1000000000000"},
    {OPTIONS_TS, "-n 18446744073709551617", "option '--count': '18446744073709551617' is more than 1000000000000"},

    {OPTIONS_TS, "--smooth -1", "option '--smooth': '-1' is no whole number of samples from 0 (off) to 86400"},
    {OPTIONS_TS, "--smooth 86401", "option '--smooth': '86401' is no whole number of samples from 0 (off) to 86400"},
    {OPTIONS_TS, "--smooth 2.5", "option '--smooth': '2.5' is no whole number of samples from 0 (off) to 86400"},
    {OPTIONS_TS, "--smooth ''", "option '--smooth': '' is no whole number of samples from 0 (off) to 86400"},

    {OPTIONS_TS, "--scale 0", "option '--scale': '0' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--scale -5", "option '--scale': '-5' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--scale nan", "option '--scale': 'nan' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--scale inf", "option '--scale': 'inf' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--scale 5x", "option '--scale': '5x' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--scale 1e-999", "option '--scale': '1e-999' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--scale ''", "option '--scale': '' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--scale 1000000001",
     "option '--scale': '1000000001' is no factor above 0 and at most 1e9, such as 5"},
    {OPTIONS_TS, "--max-power 0",
     "option '--max-power': '0' is no number of watts above 0 and at most 1e9, such as 500"},
    {OPTIONS_TS, "--max-power -5",
     "option '--max-power': '-5' is no number of watts above 0 and at most 1e9, such as 500"},
    {OPTIONS_ONCE, "--max-power inf",
     "option '--max-power': 'inf' is no number of watts above 0 and at most 1e9, such as 500"},
    {OPTIONS_RUN, "--max-power nan",
     "option '--max-power': 'nan' is no number of watts above 0 and at most 1e9, such as 500"},
    {OPTIONS_RUN, "--max-power 500W",
     "option '--max-power': '500W' is no number of watts above 0 and at most 1e9, such as 500"},
    {OPTIONS_LIST, "--max-power 500", "unknown option '--max-power'"},
    {OPTIONS_TS, "--scale 1e999", "option '--scale': '1e999' is no factor above 0 and at most 1e9, such as 5"},

    {OPTIONS_TS, "--time-base", "option '--time-base' needs a value: BASE"},
    {OPTIONS_TS, "--time-base fast", "option '--time-base': 'fast' is no time base: sample, update or auto"},
    {OPTIONS_TS, "--time-base ''", "option '--time-base': '' is no time base: sample, update or auto"},
    {OPTIONS_TS, "--time-base samples", "option '--time-base': 'samples' is no time base: sample, update or auto"},

    {OPTIONS_TS, "--out ''", "option '--out': '' has no file name at its end, such as power.csv"},
    {OPTIONS_TS, "--out dir/", "option '--out': 'dir/' has no file name at its end, such as power.csv"},
    {OPTIONS_TS, "--out /", "option '--out': '/' has no file name at its end, such as power.csv"},
    {OPTIONS_TS, "--out .", "option '--out': '.' has no file name at its end, such as power.csv"},
    {OPTIONS_TS, "--out a/..", "option '--out': 'a/..' has no file name at its end, such as power.csv"},
    {OPTIONS_TS, "-o - --separate-files", "option '--separate-files' needs files, and '--out -' makes none"},
    {OPTIONS_TS, "--marks -o -", "option '--marks' needs files, and '--out -' makes none"},
    {OPTIONS_TS, "-o - --complete", "option '--complete' needs files, and '--out -' makes none"},
    {OPTIONS_TS, "-o - --out-dir csv", "option '--out-dir' needs files, and '--out -' makes none"},
    {OPTIONS_TS, "-o x/-", "option '--out': 'x/-' has no file name at its end, such as power.csv"},
    {OPTIONS_TS, "--out-dir ''", "option '--out-dir': '' is no directory"},

    {OPTIONS_TS, "--long --separate-files", "option '--separate-files' does not go with '--long'"},
    {OPTIONS_REPORT, "--groups a.csv --group-by (a)", "option '--group-by': '(a)' does not go with '--groups'"},
    {OPTIONS_REPORT, "--group-by (a) --groups a.csv", "option '--groups': 'a.csv' does not go with '--group-by'"},
    {OPTIONS_TS, "--separate-files --long", "option '--long' does not go with '--separate-files'"},

    {OPTIONS_TS, "--quiet=yes", "option '--quiet' takes no value"},
    {OPTIONS_TS, "--manual-stop=", "option '--manual-stop' takes no value"},
    {OPTIONS_ONCE, "--js=1", "option '--json' takes no value"},
    {OPTIONS_ONCE, "--help=ts", "option '--help' takes no value"},

    {OPTIONS_TS, "--bogus", "unknown option '--bogus'"},
    {OPTIONS_TS, "--bogus=1", "unknown option '--bogus=1'"},
    {OPTIONS_TS, "--filesx a", "unknown option '--filesx'"},
    {OPTIONS_TS, "--Files a", "unknown option '--Files'"},
    {OPTIONS_TS, "--bo\tgus", "unknown option '--bo_gus'"},
    {OPTIONS_TS, "-x", "unknown option '-x'"},
    {OPTIONS_TS, "-qx", "unknown option '-x'"},
    {OPTIONS_TS, "-xq", "unknown option '-x'"},
    {OPTIONS_TS, "-:", "unknown option '-:'"},
    {OPTIONS_TS, "-?", "unknown option '-?'"},
    {OPTIONS_TS, "-W foo", "unknown option '-W'"},
    {OPTIONS_TS, "-\033[31m", "unknown option '-_'"},
    {OPTIONS_TS, "-\xc3\xa4", "unknown option '-_'"},
    {OPTIONS_TS, "-\xc5\x81", "unknown option '-_'"},
    {OPTIONS_TS, "-\xcf\xa8", "unknown option '-_'"},
    {OPTIONS_TS, "-interval 1", "option '--interval': 'nterval' " NO_TIME},
    {OPTIONS_TS, "-\x01", "unknown option '-_'"}, /* getopt_long()'s own code for an argument that is no option */
    {OPTIONS_TS, "--s 1", "option '--s' is ambiguous: --separate-files, --smooth, --scale, --stale-timeout"},
    {OPTIONS_TS, "--o=1", "option '--o=1' is ambiguous: --out, --out-dir"},
    {OPTIONS_ONCE, "--s 1", "option '--s' is ambiguous: --scale, --stale-timeout"},
    /* options of another command */
    {OPTIONS_ONCE, "--interval 1", "unknown option '--interval'"},
    {OPTIONS_ONCE, "-n 1", "unknown option '-n'"},
    {OPTIONS_ONCE, "--long", "unknown option '--long'"},
    {OPTIONS_TS, "--json", "unknown option '--json'"},
    {OPTIONS_TS, "-d 1", "unknown option '-d'"},
    {OPTIONS_TS, "--until-enter", "unknown option '--until-enter'"},
    {OPTIONS_TS, "--bounds", "unknown option '--bounds'"},
    {OPTIONS_ONCE, "--no-bounds", "unknown option '--no-bounds'"},
    {OPTIONS_RUN, "--bounds x", "unknown option '--bounds'"},
    {OPTIONS_RUN, "--time-base auto x", "unknown option '--time-base'"},
    {OPTIONS_RUN, "-d 5 x", "unknown option '-d'"},
    {OPTIONS_RUN, "--json", "option '--json' needs a value: FILE"},
    {OPTIONS_RUN, "--json '' x", "option '--json': '' is no file"},
    {OPTIONS_RUN, "--files '' -- x", "option '--files': '' is no path"},
    /* only the first fault is reported */
    {OPTIONS_TS, "-i 0 -n 0", "option '--interval': '0' " NO_TIME},
    {OPTIONS_TS, "-i 0 --help", "option '--interval': '0' " NO_TIME},
};

START_TEST(test_bad) {
  struct options options;
  char expected[300];
  snprintf(expected, sizeof(expected), "vm_energy: %s\n", bad_rows[_i].message);
  capture_begin();
  enum options_result result = parse(bad_rows[_i].which, bad_rows[_i].words, &options);
  ck_assert_str_eq(capture_end(), expected);
  ck_assert_msg(result == OPTIONS_WRONG, "'%s': result %d", bad_rows[_i].words, (int)result);
  options_free(&options);
}
END_TEST

static const struct {
  const char *words, *expression;
} expression_rows[] = {
    {"--vm /a{2,1}/", "a{2,1}"},
    {"--vm /(/ --vm /x/", "("},
};

START_TEST(test_bad_expression) {
  struct options options;
  char expected[300];
  snprintf(expected, sizeof(expected), "vm_energy: option '--vm': '/%s/' is no regular expression: %s\n",
           expression_rows[_i].expression, regex_fault(expression_rows[_i].expression));
  capture_begin();
  enum options_result result = parse(OPTIONS_TS, expression_rows[_i].words, &options);
  ck_assert_str_eq(capture_end(), expected);
  ck_assert_int_eq(result, OPTIONS_WRONG);
  options_free(&options);
}
END_TEST

static const struct {
  unsigned which;
  const char *words;
  enum options_result result;
} end_rows[] = {
    {OPTIONS_TS, "--help", OPTIONS_HELP},           {OPTIONS_ONCE, "-h", OPTIONS_HELP},
    {OPTIONS_TS, "--files a --help", OPTIONS_HELP}, {OPTIONS_TS, "--h --bogus", OPTIONS_HELP},
    {OPTIONS_TS, "--version", OPTIONS_VERSION},     {OPTIONS_ONCE, "-V", OPTIONS_VERSION},
    {OPTIONS_ONCE, "--ve -h", OPTIONS_VERSION},     {OPTIONS_TS, "-qh", OPTIONS_HELP},
};

START_TEST(test_help_and_version) {
  struct options options;
  capture_begin();
  enum options_result result = parse(end_rows[_i].which, end_rows[_i].words, &options);
  ck_assert_str_eq(capture_end(), "");
  ck_assert_int_eq(result, end_rows[_i].result);
  options_free(&options);
}
END_TEST

/* A second parse is independent of the first, even if that ended within a word. */
START_TEST(test_again) {
  struct options options;
  capture_begin();
  ck_assert_int_eq(parse(OPTIONS_TS, "-xq --files a", &options), OPTIONS_WRONG);
  capture_end();
  options_free(&options);
  ck_assert_int_eq(parse(OPTIONS_ONCE, "--files b", &options), OPTIONS_GOOD);
  ck_assert_str_eq(told(&options), "[b]");
  options_free(&options);
}
END_TEST

START_TEST(test_many_files) {
  enum { MANY = 10000 };
  static char option[] = "--files", path[] = "x";
  char **many = calloc(MANY + 3, sizeof(*many));
  ck_assert_ptr_nonnull(many);
  many[0] = path;
  many[1] = option;
  for (int i = 0; i < MANY; i++)
    many[i + 2] = path;
  struct options options;
  ck_assert_int_eq(options_parse(OPTIONS_TS, MANY + 2, many, &options), OPTIONS_GOOD);
  ck_assert_uint_eq(options.files_num, MANY);
  ck_assert_ptr_eq(options.files[MANY - 1], path);
  options_free(&options);
  free(many);
}
END_TEST

/* A file name that is too long is refused before anything is measured. */
START_TEST(test_long_name) {
  char text[400] = "--out ";
  memset(text + 6, 'n', 256);
  struct options options;
  capture_begin();
  ck_assert_int_eq(parse(OPTIONS_TS, text, &options), OPTIONS_WRONG);
  ck_assert_ptr_nonnull(strstr(capture_end(), "' has a file name of more than 255 bytes\n"));
  options_free(&options);
  text[6 + 255] = '\0';
  ck_assert_int_eq(parse(OPTIONS_TS, text, &options), OPTIONS_GOOD);
  ck_assert_uint_eq(strlen(options.out_name), 255);
  options_free(&options);
}
END_TEST

/* ---- help -------------------------------------------------------------------------------------------------------- */

static const char *help_of(unsigned which) {
  static char text[8192];
  FILE *out = fmemopen(text, sizeof(text), "w");
  ck_assert_ptr_nonnull(out);
  options_print(which, out);
  ck_assert_int_eq(fclose(out), 0);
  return text;
}

/* Option and text are in their columns; no line is too wide. */
START_TEST(test_help) {
  static const unsigned commands[] = {OPTIONS_TS, OPTIONS_ONCE, OPTIONS_RUN};
  const char *line = help_of(commands[_i]);
  int lines = 0;
  for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
    ck_assert_msg(end - line <= 90, "%.*s", (int)(end - line), line);
    ck_assert_msg(end - line > 28 && line[26] == ' ' && line[27] == ' ' && line[28] != ' ', "%.*s", (int)(end - line),
                  line);
    ck_assert(end[-1] != ' ');
  }
  ck_assert_int_ge(lines, 8);
  ck_assert_str_eq(line, "");
}
END_TEST

START_TEST(test_help_of_each_command) {
  const char *ts = help_of(OPTIONS_TS);
  ck_assert_ptr_nonnull(strstr(ts, "      --files PATH...       energy_uj files"));
  ck_assert_ptr_nonnull(strstr(ts, "\n  -i, --interval TIME       time"));
  ck_assert_ptr_nonnull(strstr(ts, "\n      --separate-files      one CSV"));
  ck_assert_ptr_null(strstr(ts, "--json"));
  const char *once = help_of(OPTIONS_ONCE);
  ck_assert_ptr_nonnull(strstr(once, "\n      --json  "));
  ck_assert_ptr_null(strstr(once, "--interval"));
  const char *run = help_of(OPTIONS_RUN);
  ck_assert_ptr_nonnull(strstr(run, "\n      --json FILE "));
  ck_assert_ptr_null(strstr(run, "--time-base"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("options");
  suite_case(suite, "all", NULL, NULL, EACH(test_good, good_rows), EACH(test_bad, bad_rows),
             EACH(test_bad_expression, expression_rows), EACH(test_help_and_version, end_rows), ONCE(test_again),
             ONCE(test_many_files), ONCE(test_long_name), TIMES(test_help, 3), ONCE(test_help_of_each_command));
  return suite_run(suite);
}
