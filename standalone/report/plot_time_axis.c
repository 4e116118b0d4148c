#include "report/plot_time_axis.h"

#include "report/plot_gnuplot.h"

#include "core/clock.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define NS_PER_DAY    (24 * NS_PER_HOUR)

#define TICS_MAX 10

/* Between two labels. */
#define SPACE_LETTERS 2

double plot_time_axis_x(int64_t wall_ns) {
  return (double)wall_ns / (double)NS_PER_S;
}

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}

/* 1970 for a year that does not fit. */
static struct tm local_at(int64_t wall_ns) {
  time_t second = (time_t)floor_div(wall_ns, NS_PER_S);
  struct tm local = {.tm_zone = "UTC"};
  localtime_r(&second, &local);
  return local;
}

static int64_t local_ns(int64_t wall_ns) {
  return wall_ns + (int64_t)local_at(wall_ns).tm_gmtoff * NS_PER_S;
}

/* --- tics --------------------------------------------------------------------------------------------------------- */

/* "2026-11-24 12:00:00.000"; labels are parts of it. */
#define TIME_MAX  40
#define CLOCK     11
#define CLOCK_LEN 8
#define DAY       5
#define DAY_LEN   5
static void format_time(int64_t wall_ns, char text[TIME_MAX]) {
  struct tm local = local_at(wall_ns);
  size_t len = strftime(text, TIME_MAX, "%Y-%m-%d %H:%M:%S", &local);
  int64_t ms = (wall_ns - floor_div(wall_ns, NS_PER_S) * NS_PER_S) / NS_PER_MS;
  snprintf(text + len, TIME_MAX - len, ".%03d", (int)ms);
}

struct step {
  int64_t ns;
  int months;    /* 0: ns alone counts */
  int from, len; /* of the label, in a formatted time */
};

static const struct step steps[] = {
    {NS_PER_MS, 0, CLOCK, 12},         {2 * NS_PER_MS, 0, CLOCK, 12},     {5 * NS_PER_MS, 0, CLOCK, 12},
    {10 * NS_PER_MS, 0, CLOCK, 11},    {20 * NS_PER_MS, 0, CLOCK, 11},    {50 * NS_PER_MS, 0, CLOCK, 11},
    {100 * NS_PER_MS, 0, CLOCK, 10},   {200 * NS_PER_MS, 0, CLOCK, 10},   {500 * NS_PER_MS, 0, CLOCK, 10},
    {NS_PER_S, 0, CLOCK, 8},           {2 * NS_PER_S, 0, CLOCK, 8},       {5 * NS_PER_S, 0, CLOCK, 8},
    {10 * NS_PER_S, 0, CLOCK, 8},      {15 * NS_PER_S, 0, CLOCK, 8},      {30 * NS_PER_S, 0, CLOCK, 8},
    {NS_PER_MINUTE, 0, CLOCK, 5},      {2 * NS_PER_MINUTE, 0, CLOCK, 5},  {5 * NS_PER_MINUTE, 0, CLOCK, 5},
    {10 * NS_PER_MINUTE, 0, CLOCK, 5}, {15 * NS_PER_MINUTE, 0, CLOCK, 5}, {30 * NS_PER_MINUTE, 0, CLOCK, 5},
    {NS_PER_HOUR, 0, CLOCK, 5},        {2 * NS_PER_HOUR, 0, CLOCK, 5},    {3 * NS_PER_HOUR, 0, CLOCK, 5},
    {6 * NS_PER_HOUR, 0, CLOCK, 5},    {12 * NS_PER_HOUR, 0, CLOCK, 5},   {NS_PER_DAY, 0, 0, 10},
    {2 * NS_PER_DAY, 0, 0, 10},        {7 * NS_PER_DAY, 0, 0, 10},        {14 * NS_PER_DAY, 0, 0, 10},
    {30 * NS_PER_DAY, 1, 0, 7},        {91 * NS_PER_DAY, 3, 0, 7},        {182 * NS_PER_DAY, 6, 0, 7},
    {365 * NS_PER_DAY, 12, 0, 4},      {1825 * NS_PER_DAY, 60, 0, 4},     {7300 * NS_PER_DAY, 240, 0, 4},
};

static const struct step *choose_step(int64_t span_ns, unsigned letters) {
  size_t i = 0;
  for (; i + 1 < sizeof(steps) / sizeof(steps[0]); i++) {
    double tics = (double)span_ns / (double)steps[i].ns;
    if (tics <= TICS_MAX && tics * ((unsigned)steps[i].len + SPACE_LETTERS) <= letters)
      break;
  }
  return &steps[i];
}

/* Tics lie on this grid for every offset from UTC. */
static int64_t grid_of(const struct step *step) {
  if (step->ns >= NS_PER_HOUR)
    return 15 * NS_PER_MINUTE;
  return step->ns < NS_PER_MINUTE ? step->ns : NS_PER_MINUTE;
}

/* True if a step begins at this point of the grid. Where summer time skips midnight, a day begins later. */
static bool is_tic(const struct step *step, int64_t wall_ns) {
  int64_t now_ns = local_ns(wall_ns);
  if (step->ns < NS_PER_DAY)
    return floor_div(now_ns, step->ns) * step->ns == now_ns;
  int64_t before_ns = local_ns(wall_ns - grid_of(step));
  int64_t day = floor_div(now_ns, NS_PER_DAY) + 3; /* weeks begin on Monday */
  if (day == floor_div(before_ns, NS_PER_DAY) + 3)
    return false;
  struct tm now = local_at(wall_ns);
  if (step->months > 0)
    return now.tm_mday == 1 && (now.tm_year * 12 + now.tm_mon) % step->months == 0;
  return floor_div(day, step->ns / NS_PER_DAY) * (step->ns / NS_PER_DAY) == day;
}

/* The text is ours, so escapes of gnuplot are safe in it. */
static void write_tic(const struct step *step, int64_t wall_ns, bool with_day, FILE *script) {
  char text[TIME_MAX];
  format_time(wall_ns, text);
  fprintf(script, "\"%.*s%s%.*s\" %.6f", step->len, text + step->from, with_day ? "\\n" : "", with_day ? DAY_LEN : 0,
          text + DAY, plot_time_axis_x(wall_ns));
}

/* A local time that comes twice within a step, as in autumn, has one tic. */
static void write_tics(int64_t start_ns, int64_t end_ns, const struct step *step, bool with_day, FILE *script) {
  bool has_tic = false;
  int64_t grid_ns = grid_of(step), last_ns = 0;
  for (int64_t at_ns = -floor_div(-start_ns, grid_ns) * grid_ns; at_ns <= end_ns; at_ns += grid_ns) {
    if (!is_tic(step, at_ns) || (has_tic && step->ns < NS_PER_DAY && at_ns - last_ns < step->ns))
      continue;
    fputs(has_tic ? ", " : "set xtics (", script);
    write_tic(step, at_ns, with_day, script);
    has_tic = true;
    last_ns = at_ns;
  }
  fputs(has_tic ? ")\n" : "unset xtics\n", script);
}

/* --- zones -------------------------------------------------------------------------------------------------------- */

/* "CET, UTC+01:00" */
#define ZONE_MAX 40
static void format_zone(int64_t wall_ns, char zone[ZONE_MAX]) {
  struct tm local = local_at(wall_ns);
  snprintf(zone, ZONE_MAX, "UTC");
  if (local.tm_gmtoff == 0 && strcmp(local.tm_zone, "UTC") == 0)
    return;
  long minutes = labs(local.tm_gmtoff) / 60;
  bool has_name = local.tm_zone[0] != '+' && local.tm_zone[0] != '-';
  snprintf(zone, ZONE_MAX, "%.20s%sUTC%c%02d:%02d", has_name ? local.tm_zone : "", has_name ? ", " : "",
           local.tm_gmtoff < 0 ? '-' : '+', (int)(minutes / 60 % 100), (int)(minutes % 60));
}

/* Names the first two zones of the span. */
static void write_zones(int64_t start_ns, int64_t end_ns, bool below_days, FILE *script) {
  char zone[ZONE_MAX], other[ZONE_MAX], label[2 * ZONE_MAX + 32];
  format_zone(start_ns, zone);
  format_zone(end_ns, other);
  for (int64_t at_ns = start_ns; at_ns < end_ns && strcmp(zone, other) == 0; at_ns += NS_PER_DAY)
    format_zone(at_ns, other);
  bool changes = strcmp(zone, other) != 0;
  snprintf(label, sizeof(label), "local time (%s%s%s)", zone, changes ? "; " : "", changes ? other : "");
  fputs("set xlabel ", script);
  plot_gnuplot_put_string(label, script);
  fputs(below_days ? " offset character 0,-1\nset bmargin 5\n" : "\n", script);
}

void plot_time_axis_write(int64_t start_ns, int64_t end_ns, unsigned letters, FILE *script) {
  fprintf(script, "set xrange [%.6f:%.6f]\n", plot_time_axis_x(start_ns), plot_time_axis_x(end_ns));
  const struct step *step = choose_step(end_ns - start_ns, letters);
  bool with_day = step->ns < NS_PER_DAY && end_ns - start_ns > NS_PER_DAY; /* on a second line */
  write_tics(start_ns, end_ns, step, with_day, script);
  write_zones(start_ns, end_ns, with_day, script);
}

void plot_time_axis_write_relative(int64_t end_ns, unsigned letters, FILE *script) {
  static const struct {
    int64_t from_ns;
    const char *format, *unit;
  } rows[] = {{NS_PER_HOUR, "%tH:%tM", "h:min"}, {NS_PER_MINUTE, "%tM:%tS", "min:s"}, {0, "", "s"}};
  size_t i = 0;
  while (end_ns < rows[i].from_ns)
    i++;
  fprintf(script, "set xrange [0:%.6f]\nset xtics %.6f\nset xlabel 'time since the start (%s)'\n",
          plot_time_axis_x(end_ns), plot_time_axis_x(choose_step(end_ns, letters)->ns), rows[i].unit);
  if (*rows[i].format != '\0')
    fprintf(script, "set format x '%s' time\n", rows[i].format);
}

void plot_time_axis_span(int64_t start_ns, int64_t end_ns, char text[PLOT_TIME_AXIS_SPAN_MAX]) {
  char start[TIME_MAX], end[TIME_MAX];
  format_time(start_ns, start);
  format_time(end_ns, end);
  if (end_ns - start_ns >= 10 * NS_PER_S || (start_ns % NS_PER_S == 0 && end_ns % NS_PER_S == 0))
    start[CLOCK + CLOCK_LEN] = end[CLOCK + CLOCK_LEN] = '\0';
  bool same_day = strncmp(start, end, CLOCK) == 0;
  snprintf(text, PLOT_TIME_AXIS_SPAN_MAX, "%s to %s", start, same_day ? end + CLOCK : end);
}
