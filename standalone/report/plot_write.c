/* The script of a plot. */
#include "report/plot.h"
#include "report/plot_gnuplot.h"
#include "report/plot_time_axis.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Letters beside the curves: the axis of power, and the legend without its texts. */
#define AXIS_LETTERS   7
#define LEGEND_LETTERS 8

/* Rotated names of marks touch if they are closer. */
#define ROTATED_LETTERS 2.2

/* With more marks, none is named. */
#define MARKS_NAMED 24

/* Curves of more bins are drawn thin. */
#define THICK_MAX 400

/* With more curves, bands of minimum and maximum make the picture unreadable. */
#define BANDS_MAX 3

/* Distinct also for colour-blind readers; the last one is for the others. */
static const char *const colours[PLOT_VMS + 1] = {"#0072b2", "#d55e00", "#009e73", "#8e4ea8", "#e69f00", "#56b4e9",
                                                  "#cc79a7", "#7a5230", "#a3a500", "#2f4858", "#9a9a9a"};

static const char *colour_of(const struct plot *plot, size_t series) {
  return colours[plot->series[series].others > 0 ? PLOT_VMS : series];
}

/* --- page --------------------------------------------------------------------------------------------------------- */

/* letters: that fit side by side, by the width that gnuplot assumes. */
static const struct {
  const char *terminal;
  int letters;
} pages[] = {
    [PLOT_PNG] = {"pngcairo noenhanced size 1440,720 font 'sans-serif,13' background '#ffffff'", 130},
    [PLOT_SVG] = {"svg noenhanced size 1440,720 font 'sans-serif,16' background '#ffffff'", 128},
    [PLOT_PDF] = {"pdfcairo noenhanced size 30cm,15cm font 'sans-serif,13'", 153},
};

struct page {
  const struct plot *plot;
  bool stacked;
  FILE *script;
  int extra;   /* letters by which titles are wider than gnuplot assumes */
  int letters; /* that fit side by side between the axes */
};

static struct page make_page(const struct plot *plot, enum plot_format format, bool stacked, FILE *script) {
  struct page page = {.plot = plot, .stacked = stacked, .script = script};
  int widest = 0, longest = 0;
  for (size_t s = 0; s < plot->series_num; s++) {
    int width, count;
    plot_measure(plot->series[s].title, &width, &count);
    widest = width > widest ? width : widest;
    longest = count > longest ? count : longest;
  }
  page.extra = widest > longest ? widest - longest : 0;
  page.letters = pages[format].letters - AXIS_LETTERS - LEGEND_LETTERS - longest - page.extra;
  return page;
}

/* --- around the curves -------------------------------------------------------------------------------------------- */

static void write_title(const struct plot *plot, bool stacked, FILE *script) {
  char span[PLOT_TIME_AXIS_SPAN_MAX], text[400];
  const char *host = plot->reports_num == 1 ? plot->reports[0].recording.info.host : NULL;
  if (plot->relative)
    snprintf(span, sizeof(span), "since the start of each capture");
  else
    plot_time_axis_span(plot->start_ns, plot->end_ns, span);
  snprintf(text, sizeof(text), "Power of %zu VM%s%s%s%s%s, %s", plot->vms_num, plot->vms_num == 1 ? "" : "s",
           host != NULL ? " on " : "", host != NULL ? host : "", stacked ? ", stacked" : "",
           plot->with_bounds ? ", with bounds" : "", span);
  fputs("set title ", script);
  plot_gnuplot_put_string(text, script);
  fputs(" textcolor rgb '#222222'\n", script);
}

static void write_style(const struct page *page) {
  fprintf(page->script,
          "set border 3 linecolor rgb '#777777'\n"
          "set tics nomirror out textcolor rgb '#444444'\n"
          "set grid ytics linetype 1 linewidth 1 linecolor rgb '#e4e4e4'\n"
          "set ylabel 'power (W)' textcolor rgb '#444444'\n"
          "set xlabel textcolor rgb '#444444'\n"
          "set yrange [0:*]\n"
          "set key outside right top Left reverse samplen 1.5 spacing 1.25 width %d textcolor rgb '#222222'%s\n",
          page->extra, page->stacked ? " invert" : "");
}

static bool is_inside(const struct plot *plot, int64_t ns) {
  return ns > plot->start_ns && ns < plot->end_ns;
}

struct mark {
  int64_t ns;
  const char *name;
};

struct marks_drawn {
  struct mark list[MARKS_NAMED]; /* by time */
  size_t num;                    /* may be more than in the list: then none is named */
};

static void add_mark(struct marks_drawn *marks, int64_t ns, const char *name) {
  size_t at = marks->num++;
  if (at >= MARKS_NAMED)
    return;
  for (; at > 0 && marks->list[at - 1].ns > ns; at--)
    marks->list[at] = marks->list[at - 1];
  marks->list[at] = (struct mark){.ns = ns, .name = name};
}

/* One line per column at most: thousands of marks make gnuplot slow. */
static void write_mark_lines(const struct page *page, struct marks_drawn *marks) {
  int64_t column_ns = (page->plot->end_ns - page->plot->start_ns) / PLOT_BINS;
  for (size_t r = 0; r < page->plot->reports_num; r++) {
    const struct phases *phases = &page->plot->reports[r].recording.phases;
    int64_t last_ns = page->plot->start_ns - column_ns;
    for (size_t i = 1; i < phases->num; i++) {
      int64_t mark_ns = phases->list[i].start_ns - plot_shift_ns(page->plot, r);
      if (!is_inside(page->plot, mark_ns))
        continue;
      add_mark(marks, mark_ns, phases->list[i].name);
      if (mark_ns - last_ns < column_ns)
        continue;
      last_ns = mark_ns;
      double x = plot_time_axis_x(mark_ns);
      fprintf(page->script,
              "set arrow from %.6f, graph 0 to %.6f, graph 1 nohead dashtype 2 linewidth 1 linecolor rgb '#777777' "
              "front\n",
              x, x);
    }
  }
}

static double letters_between(const struct page *page, int64_t from_ns, int64_t to_ns) {
  return page->letters * (double)(to_ns - from_ns) / (double)(page->plot->end_ns - page->plot->start_ns);
}

static bool names_fit(const struct page *page, const struct marks_drawn *marks) {
  for (size_t i = 0; i < marks->num; i++) {
    int width, count;
    plot_measure(marks->list[i].name, &width, &count);
    int64_t end_ns = i + 1 < marks->num ? marks->list[i + 1].ns : page->plot->end_ns;
    if (width + 1 > letters_between(page, marks->list[i].ns, end_ns))
      return false;
  }
  return true;
}

/* Names stand above the curves if they fit; else they are rotated, without those that would touch the one before. */
static void write_marks(const struct page *page) {
  struct marks_drawn marks = {0};
  write_mark_lines(page, &marks);
  if (marks.num == 0 || marks.num > MARKS_NAMED)
    return;
  bool fit = names_fit(page, &marks);
  if (fit)
    fputs("set title offset character 0,1\nset tmargin 5\n", page->script);
  const struct mark *before = NULL;
  for (const struct mark *mark = marks.list; mark < marks.list + marks.num; mark++) {
    if (!fit && before != NULL && letters_between(page, before->ns, mark->ns) < ROTATED_LETTERS)
      continue;
    fputs("set label ", page->script);
    plot_gnuplot_put_string(mark->name, page->script);
    fprintf(page->script, " at %.6f, graph %s textcolor rgb '#444444' front\n", plot_time_axis_x(mark->ns),
            fit ? "1.025 left" : "0.98 right rotate by 90 offset character 1.2,0");
    before = mark;
  }
}

/* --- curves ------------------------------------------------------------------------------------------------------- */

/* A bin is a level from its start to its end, a gap an empty line. The sum of the others would flatten all other
 * curves, so it is their mean. */
static void write_curve(const struct plot *plot, size_t s, FILE *script) {
  const struct plot_series *series = &plot->series[s];
  fprintf(script, "$curve%zu << END\n", s);
  for (size_t i = 0; i < series->bins.num; i++) {
    double power_w;
    if (plot_power_w(plot, series, i, &power_w))
      fprintf(script, "%.6f %.6f %.6f %.6f\n%.6f %.6f %.6f %.6f\n",
              plot_time_axis_x(plot_bins_start_ns(&series->bins, i)), power_w, series->bins.list[i].min_w,
              series->bins.list[i].max_w, plot_time_axis_x(plot_bins_start_ns(&series->bins, i + 1)), power_w,
              series->bins.list[i].min_w, series->bins.list[i].max_w);
    else
      fputc('\n', script);
  }
  fputs("END\n", script);
}

/* As write_curve(), on top of the series before; floor_w: their sum by bin, updated. */
static void write_layer(const struct plot *plot, size_t s, double *floor_w, FILE *script) {
  const struct plot_series *series = &plot->series[s];
  fprintf(script, "$curve%zu << END\n", s);
  for (size_t i = 0; i < series->bins.num; i++) {
    double power_w, bottom_w = floor_w[i];
    if (!plot_power_w(plot, series, i, &power_w)) {
      fputc('\n', script);
      continue;
    }
    floor_w[i] += series->others > 0 ? plot_bins_sum_w(&series->bins, i) : power_w;
    fprintf(script, "%.6f %.6f %.6f\n%.6f %.6f %.6f\n", plot_time_axis_x(plot_bins_start_ns(&series->bins, i)),
            bottom_w, floor_w[i], plot_time_axis_x(plot_bins_start_ns(&series->bins, i + 1)), bottom_w, floor_w[i]);
  }
  fputs("END\n", script);
}

static void write_band(const struct plot *plot, size_t s, FILE *script) {
  const struct plot_bins *bins = &plot->series[s].bins;
  fprintf(script, "$band%zu << END\n", s);
  for (size_t i = 0; i < bins->num; i++) {
    double low_w, high_w;
    if (plot_bins_band_w(bins, i, &low_w, &high_w))
      fprintf(script, "%.6f %.6f %.6f\n%.6f %.6f %.6f\n", plot_time_axis_x(plot_bins_start_ns(bins, i)), low_w, high_w,
              plot_time_axis_x(plot_bins_start_ns(bins, i + 1)), low_w, high_w);
    else
      fputc('\n', script);
  }
  fputs("END\n", script);
}

static void put_title(const struct plot_series *series, FILE *script) {
  fputs(" title ", script);
  plot_gnuplot_put_string(series->title, script);
}

static void plot_curves(const struct plot *plot, FILE *script) {
  bool extremes = !plot->with_bounds && plot->merges_samples && plot->series_num <= BANDS_MAX;
  fputs("plot ", script);
  for (size_t s = 0; s < plot->series_num; s++) {
    const struct plot_series *series = &plot->series[s];
    if (series->others == 0 && (plot->with_bounds || (extremes && !series->is_group)))
      fprintf(script,
              "$%s%zu using 1:%s with filledcurves fillcolor rgb '%s' fillstyle transparent solid 0.2 noborder "
              "notitle, \\\n",
              plot->with_bounds ? "band" : "curve", s, plot->with_bounds ? "2:3" : "3:4", colour_of(plot, s));
  }
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
  const struct page page = make_page(plot, format, stacked, script);
  fprintf(script, "set encoding utf8\nset terminal %s\n", pages[format].terminal);
  write_style(&page);
  if (plot->relative)
    plot_time_axis_write_relative(plot->end_ns, (unsigned)page.letters, script);
  else
    plot_time_axis_write(plot->start_ns, plot->end_ns, (unsigned)page.letters, script);
  write_title(plot, stacked, script);
  write_marks(&page);
  double floor_w[PLOT_BINS] = {0};
  for (size_t s = 0; s < plot->series_num; s++) {
    if (stacked)
      write_layer(plot, s, floor_w, script);
    else
      write_curve(plot, s, script);
    if (plot->with_bounds && plot->series[s].others == 0)
      write_band(plot, s, script);
  }
  if (stacked)
    plot_layers(plot, script);
  else
    plot_curves(plot, script);
}
