/* The other half of plot: the script. */
#include "gnuplot.h"
#include "plot.h"

#include "core/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A picture has so many columns, about, between its axes, and a letter takes so many. */
#define COLUMNS        1100
#define LETTER_COLUMNS 8

/* More marks than these have no names. */
#define MARKS_NAMED 24

#define TICS_MAX 10

/* Curves of more steps than these are drawn thin. */
#define THICK_MAX 400

/* Bands of minimum and maximum make a picture of many curves unreadable. */
#define BANDS_MAX 3

/* Told apart also by those who see few colours; the last one is for what is no single VM. */
static const char *const colours[PLOT_VMS + 1] = {"#0072b2", "#d55e00", "#009e73", "#8e4ea8", "#e69f00", "#56b4e9",
                                                  "#cc79a7", "#7a5230", "#a3a500", "#2f4858", "#9a9a9a"};

static const char *colour_of(const struct plot *plot, size_t series) {
  return colours[plot->series[series].is_sum ? PLOT_VMS : series];
}

/* --- time --------------------------------------------------------------------------------------------------------- */

/* Local time for gnuplot, which knows UTC alone: the zone is that of the start, also when it changes on the way. */
struct zone {
  char name[40]; /* "CET, UTC+01:00" */
  int64_t offset_ns;
};

static void find_zone(int64_t wall_ns, struct zone *zone) {
  time_t second = (time_t)(wall_ns / NS_PER_S);
  struct tm local;
  *zone = (struct zone){.name = "UTC"};
  if (localtime_r(&second, &local) == NULL || (local.tm_gmtoff == 0 && strcmp(local.tm_zone, "UTC") == 0))
    return;
  long minutes = labs(local.tm_gmtoff) / 60;
  bool has_name = local.tm_zone[0] != '+' && local.tm_zone[0] != '-';
  snprintf(zone->name, sizeof(zone->name), "%.20s%sUTC%c%02d:%02d", has_name ? local.tm_zone : "", has_name ? ", " : "",
           local.tm_gmtoff < 0 ? '-' : '+', (int)(minutes / 60 % 100), (int)(minutes % 60));
  zone->offset_ns = (int64_t)local.tm_gmtoff * NS_PER_S;
}

static double x_of(int64_t wall_ns, const struct zone *zone) {
  return (double)(wall_ns + zone->offset_ns) / (double)NS_PER_S;
}

/* "2026-11-24 12:00:00" */
#define DAY_LEN  10
#define TIME_LEN 19
static void format_time(int64_t wall_ns, const struct zone *zone, char text[TIME_LEN + 1]) {
  time_t second = (time_t)((wall_ns + zone->offset_ns) / NS_PER_S);
  struct tm there;
  if (gmtime_r(&second, &there) == NULL || strftime(text, TIME_LEN + 1, "%Y-%m-%d %H:%M:%S", &there) != TIME_LEN)
    snprintf(text, TIME_LEN + 1, "0000-00-00 00:00:00");
}

/* Round steps in s that give no more than TICS_MAX tics. */
static double choose_step(double span_s) {
  static const double steps[] = {0.001,  0.002,  0.005,   0.01,    0.02,    0.05,     0.1,     0.2,   0.5,
                                 1,      2,      5,       10,      15,      30,       60,      120,   300,
                                 600,    900,    1800,    3600,    7200,    10800,    21600,   43200, 86400,
                                 172800, 604800, 1209600, 2592000, 7776000, 15552000, 31536000};
  size_t i = 0;
  while (i + 1 < sizeof(steps) / sizeof(steps[0]) && span_s / steps[i] > TICS_MAX)
    i++;
  return steps[i];
}

static void write_time_axis(const struct plot *plot, const struct zone *zone, FILE *script) {
  double start = x_of(plot->start_ns, zone), end = x_of(plot->end_ns, zone), step = choose_step(end - start);
  const char *format = step < 1 ? "%H:%M:%.3S" : step < 60 ? "%H:%M:%S" : "%H:%M";
  if (step >= 86400)
    format = "%Y-%m-%d";
  else if (end - start > 86400)
    format = "%H:%M\\n%m-%d"; /* the only place of an escape, and text of our own */
  fprintf(script, "set xrange [%.6f:%.6f]\n", start, end);
  fprintf(script, "set xtics time format \"%s\" %.6f,%.6f\n", format, ceil(start / step) * step, step);
  char label[80];
  snprintf(label, sizeof(label), "local time (%s)", zone->name);
  fputs("set xlabel ", script);
  gnuplot_put_string(label, script);
  fputc('\n', script);
}

/* --- what stands around the curves
 * ------------------------------------------------------------------------------------ */

static void write_terminal(enum plot_format format, FILE *script) {
  static const char *const terminals[] = {
      [PLOT_PNG] = "pngcairo noenhanced size 1440,720 font 'sans-serif,13' background '#ffffff'",
      [PLOT_SVG] = "svg noenhanced size 1440,720 font 'sans-serif,16' background '#ffffff'",
      [PLOT_PDF] = "pdfcairo noenhanced size 30cm,15cm font 'sans-serif,13'",
  };
  fprintf(script, "set encoding utf8\nset terminal %s\n", terminals[format]);
}

static void write_title(const struct plot *plot, const struct zone *zone, bool stacked, FILE *script) {
  char start[TIME_LEN + 1], end[TIME_LEN + 1], text[400];
  const char *host = plot->reports_num == 1 ? plot->reports[0].recording.info.host : NULL;
  format_time(plot->start_ns, zone, start);
  format_time(plot->end_ns, zone, end);
  bool same_day = strncmp(start, end, DAY_LEN) == 0;
  snprintf(text, sizeof(text), "Power of %zu VM%s%s%s%s, %s to %s", plot->vms_num, plot->vms_num == 1 ? "" : "s",
           host != NULL ? " on " : "", host != NULL ? host : "", stacked ? ", stacked" : "", start,
           same_day ? end + DAY_LEN + 1 : end);
  fputs("set title ", script);
  gnuplot_put_string(text, script);
  fputs(" textcolor rgb '#222222'\n", script);
}

static void write_style(bool stacked, FILE *script) {
  fprintf(script,
          "set border 3 linecolor rgb '#777777'\n"
          "set tics nomirror out textcolor rgb '#444444'\n"
          "set grid ytics linetype 1 linewidth 1 linecolor rgb '#e4e4e4'\n"
          "set ylabel 'power (W)' textcolor rgb '#444444'\n"
          "set xlabel textcolor rgb '#444444'\n"
          "set yrange [0:*]\n"
          "set key outside right top Left reverse samplen 1.5 spacing 1.25 textcolor rgb '#222222'%s\n",
          stacked ? " invert" : "");
}

static bool is_inside(const struct plot *plot, int64_t ns) {
  return ns > plot->start_ns && ns < plot->end_ns;
}

/* The marks of all captures within the picture: calls take() for each, in their order within a capture. */
struct mark_walk {
  const struct plot *plot;
  const struct zone *zone;
  FILE *script;
  size_t num;
  bool crowded; /* a name does not fit before the next mark */
};

static void walk_marks(struct mark_walk *walk,
                       void (*take)(struct mark_walk *walk, const struct phases *phases, size_t i)) {
  for (size_t r = 0; r < walk->plot->reports_num; r++) {
    const struct phases *phases = &walk->plot->reports[r].recording.phases;
    for (size_t i = 1; i < phases->num; i++)
      if (is_inside(walk->plot, phases->list[i].start_ns))
        take(walk, phases, i);
  }
}

static void measure_mark(struct mark_walk *walk, const struct phases *phases, size_t i) {
  int64_t end_ns = phases_end(phases, i);
  end_ns = end_ns < walk->plot->end_ns ? end_ns : walk->plot->end_ns;
  double share = (double)(end_ns - phases->list[i].start_ns) / (double)(walk->plot->end_ns - walk->plot->start_ns);
  walk->num++;
  walk->crowded = walk->crowded || share * COLUMNS < (double)((strlen(phases->list[i].name) + 1) * LETTER_COLUMNS);
}

static void draw_mark(struct mark_walk *walk, const struct phases *phases, size_t i) {
  double x = x_of(phases->list[i].start_ns, walk->zone);
  fprintf(walk->script,
          "set arrow from %.6f, graph 0 to %.6f, graph 1 nohead dashtype 2 linewidth 1 linecolor rgb '#777777' front\n",
          x, x);
  if (walk->num > MARKS_NAMED)
    return;
  fputs("set label ", walk->script);
  gnuplot_put_string(phases->list[i].name, walk->script);
  fprintf(walk->script, " at %.6f, graph %s textcolor rgb '#444444' front\n", x,
          walk->crowded ? "0.98 right rotate by 90 offset character 0.8,0" : "1.025 left");
}

static void write_marks(const struct plot *plot, const struct zone *zone, FILE *script) {
  struct mark_walk walk = {.plot = plot, .zone = zone, .script = script};
  walk_marks(&walk, measure_mark);
  walk_marks(&walk, draw_mark);
  if (walk.num > 0 && walk.num <= MARKS_NAMED && !walk.crowded)
    fputs("set title offset character 0,1\nset tmargin 5\n", script);
}

/* --- curves ------------------------------------------------------------------------------------------------------- */

static bool value_of(const struct plot_series *series, size_t bin, double *power_w) {
  if (!series->is_sum)
    return bins_mean_w(&series->bins, bin, power_w);
  *power_w = bins_sum_w(&series->bins, bin);
  return true;
}

/* Power is a mean over time: each bin is a level, from its start to its end. A gap is an empty line. */
static void write_curve(const struct plot *plot, size_t s, const struct zone *zone, FILE *script) {
  const struct plot_series *series = &plot->series[s];
  fprintf(script, "$curve%zu << END\n", s);
  for (size_t i = 0; i < series->bins.num; i++) {
    double power_w;
    if (value_of(series, i, &power_w))
      fprintf(script, "%.6f %.6f %.6f %.6f\n%.6f %.6f %.6f %.6f\n", x_of(bins_start_ns(&series->bins, i), zone),
              power_w, series->bins.list[i].min_w, series->bins.list[i].max_w,
              x_of(bins_start_ns(&series->bins, i + 1), zone), power_w, series->bins.list[i].min_w,
              series->bins.list[i].max_w);
    else
      fputc('\n', script);
  }
  fputs("END\n", script);
}

/* As write_curve(), from the sum of the series before on; floor: that sum by bin, which grows. */
static void write_layer(const struct plot *plot, size_t s, const struct zone *zone, double *floor_w, FILE *script) {
  const struct plot_series *series = &plot->series[s];
  fprintf(script, "$curve%zu << END\n", s);
  for (size_t i = 0; i < series->bins.num; i++) {
    double power_w, top_w = floor_w[i];
    if (value_of(series, i, &power_w))
      top_w += power_w;
    fprintf(script, "%.6f %.6f %.6f\n%.6f %.6f %.6f\n", x_of(bins_start_ns(&series->bins, i), zone), floor_w[i], top_w,
            x_of(bins_start_ns(&series->bins, i + 1), zone), floor_w[i], top_w);
    floor_w[i] = top_w;
  }
  fputs("END\n", script);
}

static void put_title(const struct plot_series *series, FILE *script) {
  fputs(" title ", script);
  gnuplot_put_string(series->title, script);
}

static void plot_curves(const struct plot *plot, FILE *script) {
  bool bands = plot->coarse && plot->series_num <= BANDS_MAX;
  fputs("plot ", script);
  for (size_t s = 0; s < plot->series_num && bands; s++)
    if (!plot->series[s].is_sum)
      fprintf(script,
              "$curve%zu using 1:3:4 with filledcurves fillcolor rgb '%s' fillstyle transparent solid 0.2 noborder "
              "notitle, \\\n",
              s, colour_of(plot, s));
  for (size_t s = 0; s < plot->series_num; s++) {
    fprintf(script, "$curve%zu using 1:2 with lines linewidth %s linecolor rgb '%s'", s,
            plot->series[s].bins.num > THICK_MAX ? "1.3" : "2", colour_of(plot, s));
    put_title(&plot->series[s], script);
    fputs(s + 1 < plot->series_num ? ", \\\n" : "\n", script);
  }
}

static void plot_layers(const struct plot *plot, FILE *script) {
  fputs("plot ", script);
  for (size_t s = 0; s < plot->series_num; s++) {
    fprintf(script, "$curve%zu using 1:2:3 with filledcurves fillcolor rgb '%s' fillstyle solid 0.85 noborder", s,
            colour_of(plot, s));
    put_title(&plot->series[s], script);
    fputs(s + 1 < plot->series_num ? ", \\\n" : "\n", script);
  }
}

void plot_write(const struct plot *plot, enum plot_format format, bool stacked, FILE *script) {
  struct zone zone;
  find_zone(plot->start_ns, &zone);
  write_terminal(format, script);
  write_style(stacked, script);
  write_time_axis(plot, &zone, script);
  write_title(plot, &zone, stacked, script);
  write_marks(plot, &zone, script);
  double floor_w[PLOT_BINS] = {0};
  for (size_t s = 0; s < plot->series_num; s++) {
    if (stacked)
      write_layer(plot, s, &zone, floor_w, script);
    else
      write_curve(plot, s, &zone, script);
  }
  if (stacked)
    plot_layers(plot, script);
  else
    plot_curves(plot, script);
}
