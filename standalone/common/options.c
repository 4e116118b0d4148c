#include "common/options.h"

#include "common/message.h"
#include "common/run_files.h"

#include "core/average.h"
#include "core/clock.h"
#include "core/number.h"
#include "core/updates.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALL          (OPTIONS_TS | OPTIONS_ONCE | OPTIONS_RUN | OPTIONS_LIST | OPTIONS_CHECK | OPTIONS_TOP)
#define COMMON       (ALL | OPTIONS_PATHS)
#define COUNT_MAX    UINT64_C(1000000000000)

struct option_row {
  unsigned which; /* commands that have it */
  const char *name;
  char letter;          /* 0: none */
  const char *argument; /* NULL: it has none */
  const char *text;     /* help; '\n' breaks the line */
  /* One of these: takes the value (NULL: done, else what the value should be: "is no ..."); */
  const char *(*take)(struct options *options, const char *value);
  size_t flag; /* offset of the bool in struct options that the option sets, */
  bool clears; /* or clears; */
  enum csv_layout layout;
};

#define FLAG(member) offsetof(struct options, member)

static const char *take_file(struct options *options, const char *value) {
  if (*value == '\0')
    return "is no path";
  const char **files = realloc(options->files, (options->files_num + 1) * sizeof(*files));
  if (files == NULL)
    return "does not fit into memory";
  files[options->files_num++] = value;
  options->files = files;
  return NULL;
}

static const char *take_vm(struct options *options, const char *value) {
  static char why[256];
  if (options->selection == NULL)
    options->selection = selection_new();
  int status = options->selection == NULL ? -ENOMEM : selection_add(options->selection, value);
  if (status == 0)
    return NULL;
  if (status == -ENOMEM)
    return "does not fit into memory";
  size_t len = strlen(value);
  bool is_regex = len > 1 && value[0] == '/' && value[len - 1] == '/';
  snprintf(why, sizeof(why), "is no %s: %s", is_regex ? "regular expression" : "name",
           selection_fault(options->selection));
  return why;
}

static const char *take_positive(const char *value, int64_t *ns) {
  int64_t parsed_ns;
  int status = number_parse_duration(value, &parsed_ns);
  if (status == -ERANGE)
    return "is more than ten years";
  if (status != 0 || parsed_ns == 0)
    return "is no duration above 0, such as 0.5, 500ms, 2s, 5min, 1h or 1d";
  *ns = parsed_ns;
  return NULL;
}

static const char *take_interval(struct options *options, const char *value) {
  return take_positive(value, &options->interval_ns);
}

static const char *take_duration(struct options *options, const char *value) {
  return take_positive(value, &options->duration_ns);
}

static const char *take_stale_timeout(struct options *options, const char *value) {
  return take_positive(value, &options->meter.stale_ns);
}

static const char *take_count(struct options *options, const char *value) {
  uint64_t count;
  int status = number_parse_count(value, 0, COUNT_MAX, &count);
  if (status == -ERANGE)
    return "is more than 1000000000000";
  if (status != 0 || count == 0)
    return "is no whole number from 1 up";
  options->count = count;
  return NULL;
}

static const char *take_smooth(struct options *options, const char *value) {
  uint64_t window;
  if (number_parse_count(value, 0, AVERAGE_WINDOW_MAX, &window) != 0)
    return "is no whole number of samples from 0 (off) to 86400";
  options->smooth = (size_t)window;
  return NULL;
}

static const char *take_scale(struct options *options, const char *value) {
  return number_parse_factor(value, &options->meter.scale) == 0 ? NULL
                                                                : "is no factor above 0 and at most 1e9, such as 5";
}

static const char *take_max_power(struct options *options, const char *value) {
  return number_parse_factor(value, &options->meter.max_power_w) == 0
             ? NULL
             : "is no number of watts above 0 and at most 1e9, such as 500";
}

static const char *take_time_base(struct options *options, const char *value) {
  return meter_base_from_name(value, &options->meter.base) == 0 ? NULL : "is no time base: sample, update or auto";
}

/* Written beside the capture; the last one is renamed when it is complete. */
static const char *const own_files[] = {MARKS_FILE, UPDATES_FILE, METADATA_FILE, "." METADATA_FILE ".new"};

static const char *take_out(struct options *options, const char *value) {
  options->to_output = strcmp(value, "-") == 0;
  if (options->to_output)
    return NULL;
  const char *slash = strrchr(value, '/');
  const char *name = slash == NULL ? value : slash + 1;
  if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "-") == 0)
    return "has no file name at its end, such as power.csv";
  if (strlen(name) > NAME_MAX)
    return "has a file name of more than 255 bytes";
  for (size_t i = 0; i < COUNT(own_files); i++)
    if (strcmp(name, own_files[i]) == 0)
      return "is the name of a file that ts itself writes beside the capture";
  options->out_name = name;
  return NULL;
}

static const char *take_out_dir(struct options *options, const char *value) {
  if (*value == '\0')
    return "is no directory";
  options->out_dir = value;
  return NULL;
}

static const char *take_host_counter(struct options *options, const char *value) {
  if (*value == '\0')
    return "is no path";
  options->host_counter = value;
  return NULL;
}

static const char *take_picture(struct options *options, const char *value) {
  options->picture = value;
  return NULL;
}

static const char *take_tariff(struct options *options, int tariff, const char *value) {
  double number;
  char *end;
  options->tariffs[tariff] = value;
  number = strtod(value, &end);
  bool is_number = end != value && *end == '\0' && isfinite(number) && (number >= 0 || tariff == TARIFF_PRICE);
  return is_number || *end != '\0' ? NULL : "is no number of 0 or more, and no path";
}

static const char *take_gco2(struct options *options, const char *value) {
  return take_tariff(options, TARIFF_GCO2, value);
}

static const char *take_price(struct options *options, const char *value) {
  return take_tariff(options, TARIFF_PRICE, value);
}

static const char *take_power(struct options *options, const char *value) {
  options->recorded = strcmp(value, "recorded") == 0;
  if (options->recorded && options->bounds)
    return "does not go with '--bounds'";
  return options->recorded || strcmp(value, "updates") == 0 ? NULL : "is neither updates nor recorded";
}

static const char *take_group_by(struct options *options, const char *value) {
  options->group_by = value;
  return NULL;
}

static const char *take_groups(struct options *options, const char *value) {
  options->groups_file = value;
  return NULL;
}

static const char *take_json_file(struct options *options, const char *value) {
  if (*value == '\0')
    return "is no file";
  options->json_file = value;
  return NULL;
}

static const struct option_row rows[] = {
    {ALL, "files", 0, "PATH...",
     "energy_uj files, or patterns of them in quotes; may be\n"
     "repeated (default: where Scaphandre writes them)",
     .take = take_file},
    {ALL, "vm", 0, "NAME",
     "only the VM of this name, or with /REGEX/ all whose name it\n"
     "matches; may be repeated (default: all)",
     .take = take_vm},
    {ALL, "ignore-selected", 0, NULL, "leave out what --vm names, and take all others", .flag = FLAG(ignore_selected)},
    {OPTIONS_TOP, "interval", 'i', "TIME", "time between two looks (default: 1)", .take = take_interval},
    {OPTIONS_TOP, "count", 'n', "N", "end after so many (default: never)", .take = take_count},
    {OPTIONS_TS, "interval", 'i', "TIME", "time between two samples (default: 1)", .take = take_interval},
    {OPTIONS_TS, "count", 'n', "N", "number of samples (default: 120); ignored with\n--manual-stop",
     .take = take_count},
    {OPTIONS_TS, "manual-stop", 0, NULL, "sample until Enter is pressed; a line with words is a\nmark, see --marks",
     .flag = FLAG(manual_stop)},
    {OPTIONS_TS, "marks", 0, NULL,
     "each line of standard input is written into marks.csv, as\n"
     "the phase that begins then",
     .flag = FLAG(marks)},
    {OPTIONS_TS, "complete", 0, NULL,
     "after the last sample wait for one more update of each\n"
     "counter, so that the energy has an upper bound",
     .flag = FLAG(complete)},
    {OPTIONS_TS, "out", 'o', "FILE",
     "name of the CSV file (default: power.csv); a directory in\n"
     "it is not used, see --out-dir; -: rows go to standard\n"
     "output as they come, and no file is made",
     .take = take_out},
    {OPTIONS_TS, "out-dir", 0, "DIR", "where run_YYYYMMDD_HHMMSS is made (default: csv)", .take = take_out_dir},
    {OPTIONS_TS, "separate-files", 0, NULL, "one CSV file per VM: FILE_<label>.csv", .layout = CSV_SEPARATE},
    {OPTIONS_TS, "long", 0, NULL,
     "one row per VM and sample, for VMs that come and go:\n"
     "ts,label,energy_uj,power_w,state",
     .layout = CSV_LONG},
    {OPTIONS_TS, "smooth", 0, "N", "add the moving average of power over N samples\n(default: 0, off)",
     .take = take_smooth},
    {OPTIONS_ONCE, "duration", 'd', "TIME", "how long to measure (default: 10)", .take = take_duration},
    {OPTIONS_ONCE, "until-enter", 0, NULL, "measure until Enter is pressed; --duration is ignored",
     .flag = FLAG(until_enter)},
    {OPTIONS_LIST, "duration", 'd', "TIME",
     "watch for this time: period and power are known after one or two\nupdates (default: 0, at once)",
     .take = take_duration},
    {OPTIONS_CHECK, "duration", 'd', "TIME", "how long to watch (default: until all is clear, 8.5 s at most)",
     .take = take_duration},
    {OPTIONS_CHECK, "host-counter", 0, "PATH",
     "the counters of the host, a path or a pattern\n(default: " OPTIONS_HOST_COUNTERS ")", .take = take_host_counter},
    {OPTIONS_ONCE | OPTIONS_LIST | OPTIONS_CHECK, "json", 0, NULL, "print one JSON object", .flag = FLAG(json)},
    {OPTIONS_REPORT | OPTIONS_COMPARE, "json", 0, NULL, "print one JSON object", .flag = FLAG(json)},
    {OPTIONS_REPORT, "csv", 0, NULL, "print CSV: a row per VM and phase", .flag = FLAG(csv)},
    {OPTIONS_COMPARE, "csv", 0, NULL, "print CSV: a row per VM, phase, measure and side", .flag = FLAG(csv)},
    {OPTIONS_REPORT, "gco2-per-kwh", 0, "G|FILE",
     "also print the grams of CO2, at so many per kWh, or\nas a file says: ts,value", .take = take_gco2},
    {OPTIONS_REPORT, "price-per-kwh", 0, "N|FILE", "also print what the energy costs, the same way",
     .take = take_price},
    {OPTIONS_REPORT | OPTIONS_PLOT, "power", 0, "FROM",
     "power between two updates (updates), or as it stands in\n"
     "the rows (recorded) (default: updates)",
     .take = take_power},
    {OPTIONS_GROUPS, "group-by", 0, "REGEX",
     "sum up the VMs whose names have the same text where the\n"
     "first (...) of this regular expression matches",
     .take = take_group_by},
    {OPTIONS_GROUPS, "groups", 0, "FILE", "sum up the VMs of each group: a CSV file, label,group", .take = take_groups},
    {OPTIONS_PLOT, "out", 'o', "FILE", "the picture: .png, .svg or .pdf (default: power.png)", .take = take_picture},
    {OPTIONS_PLOT, "stacked", 0, NULL, "the VMs on each other, so that all is their sum", .flag = FLAG(stacked)},
    {OPTIONS_PLOT, "relative", 0, NULL, "time since the start of each capture, to compare runs",
     .flag = FLAG(relative)},
    {OPTIONS_PLOT, "bounds", 0, NULL, "with a band in which the power is for certain", .flag = FLAG(bounds)},
    {OPTIONS_PLOT, "force", 0, NULL, "overwrite a picture that is there", .flag = FLAG(force)},
    {OPTIONS_REPORT | OPTIONS_COMPARE, "scale", 0, "FACTOR",
     "multiply the raw counters (default: as run.json says,\n"
     "else 1); power is taken as it stands there",
     .take = take_scale},
    {OPTIONS_ONCE, "bounds", 0, NULL, "wait for the next update of each counter, and print a\nlower and an upper bound",
     .flag = FLAG(bounds)},
    {OPTIONS_ONCE, "total", 0, NULL, "also print the energy and mean power of all VMs", .flag = FLAG(total)},
    {OPTIONS_RUN, "no-bounds", 0, NULL, "end with the command; do not wait for the next update\nof each counter",
     .flag = FLAG(bounds), .clears = true},
    {OPTIONS_RUN, "json", 0, "FILE", "write one JSON object into a new file, instead of text\non standard error",
     .take = take_json_file},
    {OPTIONS_TS | OPTIONS_ONCE, "time-base", 0, "BASE",
     "what power is energy divided by: the time between two\n"
     "samples (sample), between two updates of the counter\n"
     "(update), or what suits the counter (auto)\n(default: sample)",
     .take = take_time_base},
    {OPTIONS_TOP, "time-base", 0, "BASE", "as for ts: sample, update or auto (default: auto)", .take = take_time_base},
    {ALL, "scale", 0, "FACTOR", "multiply energy and power (default: 1)", .take = take_scale},
    {ALL, "stale-timeout", 0, "TIME",
     "without an update for this time there is no power\n"
     "(default: 30, or three update periods if that is more)",
     .take = take_stale_timeout},
    {ALL & ~OPTIONS_LIST, "max-power", 0, "W",
     "what the machine cannot draw: a power above it is\ndropped and counted (default: off)", .take = take_max_power},
    {COMMON, "quiet", 'q', NULL, "results and errors only", .flag = FLAG(quiet)},
    {COMMON, "help", 'h', NULL, "print this help", .take = NULL},
    {COMMON, "version", 'V', NULL, "print the version", .take = NULL},
};

/* Pairs of options that exclude each other. */
static const char *const exclusive[][2] = {
    {"separate-files", "long"}, {"json", "csv"}, {"group-by", "groups"}, {"stacked", "bounds"}};

void options_print(unsigned which, FILE *out) {
  for (size_t i = 0; i < COUNT(rows); i++) {
    const struct option_row *row = &rows[i];
    if ((row->which & which) == 0)
      continue;
    char head[64];
    int len = row->letter != 0 ? snprintf(head, sizeof(head), "  -%c, --%s", row->letter, row->name)
                               : snprintf(head, sizeof(head), "      --%s", row->name);
    if (row->argument != NULL)
      snprintf(head + len, sizeof(head) - (size_t)len, " %s", row->argument);
    if (strlen(head) > 26)
      fprintf(out, "%s\n%28s", head, "");
    else
      fprintf(out, "%-28s", head);
    for (const char *line = row->text; line != NULL;) {
      const char *end = strchr(line, '\n');
      int width = end == NULL ? (int)strlen(line) : (int)(end - line);
      fprintf(out, "%s%.*s\n", line == row->text ? "" : "                            ", width, line);
      line = end == NULL ? NULL : end + 1;
    }
  }
}

/* getopt_long() returns this plus the index of the row for a long option. */
#define ROW_BASE 0x110000 /* above all characters: some C libraries take an option for a whole one */

static void fill_getopt(unsigned which, struct option *longs, char *shorts) {
  /* '-': other arguments come in their order, as 1; ':': we print the errors */
  *shorts++ = '-';
  *shorts++ = ':';
  for (size_t i = 0; i < COUNT(rows); i++) {
    if ((rows[i].which & which) == 0)
      continue;
    int has_argument = rows[i].argument != NULL ? required_argument : no_argument;
    *longs++ = (struct option){.name = rows[i].name, .has_arg = has_argument, .val = ROW_BASE + (int)i};
    if (rows[i].letter == 0)
      continue;
    *shorts++ = rows[i].letter;
    if (has_argument == required_argument)
      *shorts++ = ':';
  }
  *longs = (struct option){0};
  *shorts = '\0';
}

static const struct option_row *find_row(unsigned which, int code) {
  if (code >= ROW_BASE)
    return &rows[code - ROW_BASE];
  for (size_t i = 0; i < COUNT(rows); i++)
    if ((rows[i].which & which) != 0 && rows[i].letter == (char)code)
      return &rows[i];
  return NULL;
}

/* value: NULL with an option that takes none. */
static enum options_result report_wrong_value(const struct option_row *row, const char *value, const char *why) {
  if (value == NULL) {
    message_error("option '--%s' %s", row->name, why);
    return OPTIONS_WRONG;
  }
  message_error("option '--%s': '%s' %s", row->name, value, why);
  return OPTIONS_WRONG;
}

/* Why the option does not go with those given before; NULL: it does. */
static const char *find_conflict(const struct option_row *row, const bool given[COUNT(rows)]) {
  static char why[64];
  for (size_t i = 0; i < 2 * COUNT(exclusive); i++)
    for (size_t other = 0; other < COUNT(rows) && strcmp(row->name, exclusive[i / 2][i % 2]) == 0; other++)
      if (given[other] && strcmp(rows[other].name, exclusive[i / 2][1 - i % 2]) == 0) {
        snprintf(why, sizeof(why), "does not go with '--%s'", rows[other].name);
        return why;
      }
  return NULL;
}

/* Returns NULL, or what is wrong. */
static const char *take_option(const struct option_row *row, struct options *options, const char *value) {
  if (row->take != NULL)
    return row->take(options, value);
  if (row->layout != CSV_COMBINED)
    options->layout = row->layout;
  else
    *(bool *)((char *)options + row->flag) = !row->clears;
  return NULL;
}

static enum options_result report_stray(const char *argument) {
  message_error("unexpected argument '%s': paths follow --files", argument);
  return OPTIONS_WRONG;
}

/* A letter may be one of several in an argument, so the message names the letter; given: the argument otherwise. */
static enum options_result report_unknown(unsigned which, int letter, const char *given) {
  char dashed[] = {'-', letter > ' ' && letter <= '~' ? (char)letter : '_', '\0'};
  const char *shown = letter != 0 ? dashed : given;
  char matches[COUNT(rows) * 24] = "";
  size_t used = 0, count = 0, len = letter != 0 ? 0 : strcspn(given + 2, "=");
  for (size_t i = 0; i < COUNT(rows) && len > 0; i++)
    if ((rows[i].which & which) != 0 && strncmp(rows[i].name, given + 2, len) == 0)
      used += (size_t)snprintf(matches + used, sizeof(matches) - used, "%s--%s", count++ > 0 ? ", " : "", rows[i].name);
  if (count > 1)
    message_error("option '%s' is ambiguous: %s", shown, matches);
  else
    message_error("unknown option '%s'", shown);
  return OPTIONS_WRONG;
}

/* code: ':' or '?', as getopt_long() returned for the argument before optind. */
static enum options_result report_wrong_option(unsigned which, int code, char **argv) {
  const struct option_row *row = code == ':' || optopt >= ROW_BASE ? find_row(which, optopt) : NULL;
  if (row == NULL)
    return report_unknown(which, optopt, argv[optind - 1]);
  if (code == ':')
    message_error("option '--%s' needs a value: %s", row->name, row->argument);
  else
    message_error("option '--%s' takes no value", row->name);
  return OPTIONS_WRONG;
}

static enum options_result report_wrong_path(unsigned which, const char *path, const char *why) {
  if ((which & OPTIONS_PATHS) == 0)
    return report_wrong_value(&rows[0], path, why);
  message_error("'%s' %s", path, why);
  return OPTIONS_WRONG;
}

static bool is_option(const char *text) {
  return text[0] == '-' && text[1] != '\0';
}

/* As getopt_long(), but -1 only at "--" and the end: that of musl returns it at "-", too. */
static int next_option(int argc, char **argv, const char *shorts, const struct option *longs) {
  int code = getopt_long(argc, argv, shorts, longs, NULL);
  if (code != -1 || optind >= argc || strcmp(argv[optind], "-") != 0 || strcmp(argv[optind - 1], "--") == 0)
    return code;
  optarg = argv[optind++];
  return 1;
}

static enum options_result parse(unsigned which, int argc, char **argv, struct options *options) {
  struct option longs[COUNT(rows) + 1];
  char shorts[2 * COUNT(rows) + 3];
  fill_getopt(which, longs, shorts);
  bool in_files = (which & OPTIONS_PATHS) != 0; /* paths may follow */
  bool given[COUNT(rows)] = {false};
  const char *wrong;
  int code;
  optind = 0; /* glibc and musl: a new scan */
  while ((code = next_option(argc, argv, shorts, longs)) != -1) {
    if (code == 1) {
      if (!in_files && (which & OPTIONS_RUN) != 0) {
        options->command = &argv[optind - 1]; /* its options are not ours */
        return OPTIONS_GOOD;
      }
      if (!in_files)
        return report_stray(optarg);
      if ((wrong = take_file(options, optarg)) != NULL)
        return report_wrong_path(which, optarg, wrong);
      continue;
    }
    if (code == ':' || code == '?')
      return report_wrong_option(which, code, argv);
    const struct option_row *row = find_row(which, code);
    if (row == NULL)
      return OPTIONS_WRONG;
    if (row->letter == 'h' || row->letter == 'V')
      return row->letter == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
    in_files = row->take == take_file || (which & OPTIONS_PATHS) != 0;
    /* `--files --interval 1` has forgotten the paths; a path that starts with a dash is written ./-path */
    if (row->take == take_file && optarg == argv[optind - 1] && is_option(optarg))
      return report_wrong_value(row, optarg, "is an option, and a path was expected");
    if ((wrong = find_conflict(row, given)) != NULL || (wrong = take_option(row, options, optarg)) != NULL)
      return report_wrong_value(row, optarg, wrong);
    given[row - rows] = true;
  }
  if (optind < argc && (which & OPTIONS_RUN) != 0) {
    options->command = &argv[optind];
    return OPTIONS_GOOD;
  }
  for (; optind < argc; optind++) { /* after "--" */
    if (!in_files)
      return report_stray(argv[optind]);
    if ((wrong = take_file(options, argv[optind])) != NULL)
      return report_wrong_path(which, argv[optind], wrong);
  }
  return OPTIONS_GOOD;
}

enum options_result options_parse(unsigned which, int argc, char **argv, struct options *options) {
  bool watches = (which & (OPTIONS_LIST | OPTIONS_CHECK | OPTIONS_TOP)) != 0; /* by default shows power as it is */
  static const char out_dir[] = "csv";
  *options = (struct options){.argc = argc,
                              .argv = argv,
                              .meter = {.base = watches ? METER_AUTO : METER_SAMPLE,
                                        .scale = (which & OPTIONS_PATHS) != 0 ? 0 : 1,
                                        .tick_ns = clock_tick_ns()},
                              .interval_ns = NS_PER_S,
                              .count = (which & OPTIONS_TOP) != 0 ? 0 : 120,
                              .waits_for_counters = (which & OPTIONS_TOP) != 0,
                              .layout = CSV_COMBINED,
                              .out_dir = out_dir,
                              .out_name = "power.csv",
                              .duration_ns = watches ? 0 : 10 * NS_PER_S,
                              .host_counter = OPTIONS_HOST_COUNTERS,
                              .picture = "power.png",
                              .bounds = (which & OPTIONS_RUN) != 0,
                              .total = (which & OPTIONS_RUN) != 0};
  enum options_result result = parse(which, argc, argv, options);
  if (result == OPTIONS_GOOD && options->to_output) {
    const char *wrong = options->layout == CSV_SEPARATE ? "separate-files"
                        : options->marks                ? "marks"
                        : options->complete             ? "complete"
                        : options->out_dir != out_dir   ? "out-dir"
                                                        : NULL;
    if (wrong != NULL) {
      message_error("option '--%s' needs files, and '--out -' makes none", wrong);
      result = OPTIONS_WRONG;
    }
  }
  if (result == OPTIONS_GOOD && options->recorded && options->bounds) {
    message_error("option '--bounds' does not go with '--power recorded'");
    result = OPTIONS_WRONG;
  }
  if (options->selection != NULL)
    selection_invert(options->selection, options->ignore_selected);
  return result;
}

void options_free(struct options *options) {
  free(options->files);
  options->files = NULL;
  options->files_num = 0;
  selection_free(options->selection);
  options->selection = NULL;
}
