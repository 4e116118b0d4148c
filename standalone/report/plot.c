#include "report/plot.h"

#include "common/csv_reader.h"
#include "common/message.h"

#include "core/label.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes in the legend: of a label alone; of a label and of a path where both are needed. */
#define LABEL_MAX 40
#define PART_MAX  28

struct rank {
  size_t report, vm;
  double energy_j; /* of the VM, or of its whole group; -1: unknown */
  size_t curve;    /* number of its curve, from 0, the highest energy first */
};

/* With bounds, a bin has the width of so many update intervals, so that all but two lie wholly in it. */
#define BOUND_INTERVALS 8

/* --- span and ranks ----------------------------------------------------------------------------------------------- */

static int open_reports(struct plot *plot, const char *const *paths, size_t num, const struct report_options *options) {
  plot->reports = calloc(num, sizeof(*plot->reports));
  if (plot->reports == NULL) {
    message_error("unable to start: %s", strerror(ENOMEM));
    return STATUS_FAILED;
  }
  int worst = STATUS_DONE;
  for (size_t i = 0; i < num; i++) {
    struct report *report = &plot->reports[plot->reports_num];
    int status = report_open(report, paths[i], options);
    worst = status > worst ? status : worst;
    if (status != STATUS_DONE)
      continue;
    plot->reports_num++;
    plot->incomplete = plot->incomplete || report->recording.incomplete;
    plot->is_grouped = report->is_grouped;
  }
  return worst;
}

/* A capture that began with an unset clock starts when the clock was set. */
int64_t plot_shift_ns(const struct plot *plot, size_t report) {
  const struct report *r = &plot->reports[report];
  if (!plot->relative)
    return 0;
  return r->start_ns < REPORT_CLOCK_NS && r->has_clock ? r->clock_ns : r->start_ns;
}

/* Samples from before a clock was set would make the rest a dot. */
static void leave_out_1970(struct plot *plot) {
  int64_t clock_ns = INT64_MAX;
  for (size_t i = 0; i < plot->reports_num; i++)
    if (plot->reports[i].has_clock && plot->reports[i].clock_ns - plot_shift_ns(plot, i) < clock_ns)
      clock_ns = plot->reports[i].clock_ns - plot_shift_ns(plot, i);
  if ((plot->relative ? plot->start_ns >= 0 : plot->start_ns >= REPORT_CLOCK_NS) || clock_ns == INT64_MAX)
    return;
  message_warning("samples from before the clock was set, in 1970, are not drawn");
  plot->start_ns = clock_ns;
}

/* step_ns: the mean step between samples of the VM where it is shortest. False: there is nothing to draw. */
static bool find_span(struct plot *plot, int64_t *step_ns) {
  bool has_span = false;
  *step_ns = INT64_MAX;
  for (size_t i = 0; i < plot->reports_num; i++) {
    const struct report *report = &plot->reports[i];
    plot->vms_num += report->vms_num;
    if (!report->has_span)
      continue;
    int64_t start_ns = report->start_ns - plot_shift_ns(plot, i), end_ns = report->end_ns - plot_shift_ns(plot, i);
    if (!has_span || start_ns < plot->start_ns)
      plot->start_ns = start_ns;
    if (!has_span || end_ns > plot->end_ns)
      plot->end_ns = end_ns;
    has_span = true;
    for (size_t vm = 0; vm < report->vms_num; vm++) {
      const struct tally *tally = &report->vms[vm].tally;
      int64_t vm_ns = tally->steps > 0 ? tally->whole.known_ns / (int64_t)tally->steps : 0;
      *step_ns = vm_ns > 0 && vm_ns < *step_ns ? vm_ns : *step_ns;
    }
  }
  if (has_span)
    leave_out_1970(plot);
  return has_span && plot->start_ns < plot->end_ns && *step_ns < INT64_MAX;
}

static const char *group_of(const struct plot *plot, const struct rank *rank) {
  return plot->reports[rank->report].vms[rank->vm].group;
}

static int compare_groups(const void *a, const void *b, void *arg) {
  const struct rank *x = a, *y = b;
  const char *x_group = group_of(arg, x), *y_group = group_of(arg, y);
  if (x->report != y->report)
    return x->report < y->report ? -1 : 1;
  if (x_group != y_group)
    return x_group < y_group ? -1 : 1;
  return (x->vm > y->vm) - (x->vm < y->vm);
}

/* By energy, the highest first. */
static int compare_ranks(const void *a, const void *b, void *arg) {
  const struct rank *x = a, *y = b;
  if (x->energy_j != y->energy_j)
    return x->energy_j < y->energy_j ? 1 : -1;
  return compare_groups(a, b, arg);
}

static bool is_same_group(const struct plot *plot, const struct rank *a, const struct rank *b) {
  const char *group = group_of(plot, a);
  return group != NULL && a->report == b->report && group == group_of(plot, b);
}

static double energy_of(const struct report_vm *vm) {
  struct bounds_result energy;
  tally_energy(&vm->tally, SIZE_MAX, &energy);
  return energy.has_energy ? energy.energy_j : -1;
}

/* Gives each VM of a group the energy of the group. */
static void sum_groups(const struct plot *plot, struct rank *ranks) {
  qsort_r(ranks, plot->vms_num, sizeof(*ranks), compare_groups, (void *)(uintptr_t)plot);
  for (size_t i = 0, end; i < plot->vms_num; i = end) {
    double sum_j = ranks[i].energy_j;
    for (end = i + 1; end < plot->vms_num && is_same_group(plot, &ranks[i], &ranks[end]); end++)
      if (ranks[end].energy_j >= 0)
        sum_j = (sum_j < 0 ? 0 : sum_j) + ranks[end].energy_j;
    for (size_t k = i; k < end; k++)
      ranks[k].energy_j = sum_j;
  }
}

/* Each curve is a VM without a group, or a group of a capture. */
static void number_curves(struct plot *plot, struct rank *ranks) {
  for (size_t i = 0; i < plot->vms_num; i++) {
    plot->curves_num += i == 0 || !is_same_group(plot, &ranks[i - 1], &ranks[i]);
    ranks[i].curve = plot->curves_num - 1;
  }
}

/* All VMs, the highest energy first. NULL: out of memory. */
static struct rank *rank_vms(struct plot *plot) {
  struct rank *ranks = calloc(plot->vms_num + 1, sizeof(*ranks));
  size_t num = 0;
  for (size_t i = 0; i < plot->reports_num && ranks != NULL; i++)
    for (size_t vm = 0; vm < plot->reports[i].vms_num; vm++)
      ranks[num++] = (struct rank){.report = i, .vm = vm, .energy_j = energy_of(&plot->reports[i].vms[vm])};
  if (ranks == NULL)
    return NULL;
  sum_groups(plot, ranks);
  qsort_r(ranks, num, sizeof(*ranks), compare_ranks, plot);
  number_curves(plot, ranks);
  return ranks;
}

/* --- series ------------------------------------------------------------------------------------------------------- */

static bool has_other(const struct plot *plot, size_t report, const char *label) {
  for (size_t i = 0; i < plot->reports_num; i++)
    for (size_t vm = 0; vm < plot->reports[i].vms_num && i != report; vm++)
      if (strcmp(plot->reports[i].vms[vm].label, label) == 0)
        return true;
  return false;
}

/* The path of a capture, from where the paths of all captures differ. */
static const char *short_path(const struct plot *plot, size_t report) {
  const char *path = plot->reports[report].recording.shown;
  size_t common = 0;
  for (size_t at = 0; path[at] != '\0'; at++) {
    for (size_t i = 0; i < plot->reports_num; i++)
      if (strncmp(plot->reports[i].recording.shown, path, at + 1) != 0)
        return path + common;
    if (path[at] == '/' && path[at + 1] != '\0')
      common = at + 1;
  }
  return path + common;
}

static char *make_title(const struct plot *plot, const struct rank *rank) {
  const char *group = group_of(plot, rank), *label = plot->reports[rank->report].vms[rank->vm].label;
  bool is_ambiguous = group != NULL ? plot->reports_num > 1 : has_other(plot, rank->report, label);
  label = group != NULL ? group : label;
  if (!is_ambiguous)
    return label_cut(label, LABEL_MAX);
  char *title, *name = label_cut(label, PART_MAX), *path = label_cut(short_path(plot, rank->report), PART_MAX);
  if (name == NULL || path == NULL || asprintf(&title, "%s (%s)", name, path) < 0)
    title = NULL;
  free(name);
  free(path);
  return title;
}

static int add_series(struct plot *plot, char *title, size_t others, size_t bins) {
  struct plot_series *series = &plot->series[plot->series_num];
  *series = (struct plot_series){.title = title, .others = others};
  if (title == NULL || plot_bins_init(&series->bins, plot->start_ns, plot->end_ns, bins) != 0) {
    free(title);
    return -ENOMEM;
  }
  plot->series_num++;
  return 0;
}

static int make_series(struct plot *plot, const struct rank *ranks, size_t bins) {
  int status = 0;
  for (size_t i = 0; i < plot->vms_num && plot->series_num < PLOT_VMS && status == 0; i++) {
    if (ranks[i].curve < plot->series_num)
      continue;
    status = add_series(plot, make_title(plot, &ranks[i]), 0, bins);
    plot->series[ranks[i].curve].is_group = group_of(plot, &ranks[i]) != NULL;
  }
  if (status != 0 || plot->curves_num <= PLOT_VMS)
    return status;
  char *title;
  size_t others = plot->curves_num - PLOT_VMS;
  title = asprintf(&title, "%zu other%s", others, others == 1 ? "" : "s") >= 0 ? title : NULL;
  return add_series(plot, title, others, bins);
}

/* --- power -------------------------------------------------------------------------------------------------------- */

/* A VM while its capture is read the second time. */
struct line {
  struct plot_series *series;
  struct tally tally;
};

struct lines_of_report {
  const struct report *report;
  int64_t shift_ns;
  struct phases no_marks; /* a plot needs no phases */
  struct line *lines;
  size_t num; /* VMs in the first reading */
  size_t begun;
};

static int begin_line(void *arg, size_t vm, const struct recording_vm *info) {
  struct lines_of_report *all = arg;
  if (vm >= all->num)
    return -ESTALE; /* the file has changed since the first reading */
  if (vm < all->begun) {
    tally_begin_stretch(&all->lines[vm].tally, info);
    return 0;
  }
  struct tally_options options = report_tally_options(all->report);
  options.phases = &all->no_marks;
  int status = tally_init(&all->lines[vm].tally, &options, info);
  all->begun += status == 0;
  return status;
}

static int draw(const struct lines_of_report *all, struct line *line, const struct tally_span *span, int status) {
  if (status != 0 || !span->has)
    return status;
  struct plot_bins *bins = &line->series->bins;
  int64_t from_ns = span->from_ns - all->shift_ns, to_ns = span->to_ns - all->shift_ns;
  int64_t least_ns = span->least_ns == INT64_MIN ? INT64_MIN : span->least_ns - all->shift_ns;
  plot_bins_add(bins, from_ns, to_ns, span->power_w);
  if (span->has_bounds)
    plot_bins_bound(bins, least_ns, span->most_ns - all->shift_ns, span->energy_j, from_ns, to_ns);
  return status;
}

static int add_value(void *arg, size_t vm, const struct recording_value *value) {
  struct lines_of_report *all = arg;
  struct line *line = &all->lines[vm];
  struct tally_span span;
  int status = tally_add(&line->tally, value, &span);
  return draw(all, line, &span, status);
}

static int add_update(void *arg, size_t vm, int64_t to_ns, const struct update *update) {
  struct lines_of_report *all = arg;
  struct line *line = &all->lines[vm];
  struct tally_span span;
  int status = tally_update(&line->tally, to_ns, update, &span);
  return draw(all, line, &span, status);
}

static int read_power(struct plot *plot, const struct rank *ranks, size_t report) {
  struct recording *recording = &plot->reports[report].recording;
  struct phase whole = {.start_ns = INT64_MIN};
  struct lines_of_report all = {.report = &plot->reports[report],
                                .shift_ns = plot_shift_ns(plot, report),
                                .no_marks = {.list = &whole, .num = 1},
                                .num = plot->reports[report].vms_num};
  all.lines = calloc(all.num + 1, sizeof(*all.lines));
  if (all.lines == NULL) {
    message_error("unable to read '%s': %s", recording->shown, strerror(ENOMEM));
    return STATUS_FAILED;
  }
  for (size_t i = 0; i < plot->vms_num; i++)
    if (ranks[i].report == report)
      all.lines[ranks[i].vm].series = &plot->series[ranks[i].curve < PLOT_VMS ? ranks[i].curve : PLOT_VMS];
  if (strcmp(recording->path, CSV_READER_STDIN) == 0)
    lseek(STDIN_FILENO, 0, SEEK_SET);
  const struct recording_sink sink = {.vm = begin_line, .value = add_value, .arg = &all};
  int status = recording_read(recording, &sink);
  if (status == STATUS_DONE)
    status = recording_read_updates(recording, add_update, &all);
  for (size_t i = 0; i < all.begun; i++) {
    struct tally *tally = &all.lines[i].tally;
    tally_end(tally, tally->row_ns);
    for (size_t k = 0; k < tally->stays_num; k++)
      plot_bins_expect(&all.lines[i].series->bins, tally->stays[k].from_ns - all.shift_ns,
                       tally->stays[k].to_ns - all.shift_ns);
    tally_free(&all.lines[i].tally);
  }
  free(all.lines);
  return status;
}

/* The mean interval between updates of the VM where it is longest. 0: there are no updates. */
static int64_t longest_interval(const struct plot *plot) {
  int64_t longest_ns = 0;
  for (size_t i = 0; i < plot->reports_num; i++)
    for (size_t vm = 0; vm < plot->reports[i].vms_num; vm++) {
      const struct tally *tally = &plot->reports[i].vms[vm].tally;
      struct bounds_result energy;
      tally_energy(tally, SIZE_MAX, &energy);
      uint64_t count = tally->whole.power_w.count;
      int64_t ns = count > 0 ? energy.counted_ns / (int64_t)count : 0;
      longest_ns = ns > longest_ns ? ns : longest_ns;
    }
  return longest_ns;
}

static int read_all(struct plot *plot, int64_t step_ns) {
  int64_t interval_ns = plot->with_bounds ? longest_interval(plot) : 0, round_ns = step_ns / 2;
  if (interval_ns > step_ns / BOUND_INTERVALS) {
    step_ns = BOUND_INTERVALS * interval_ns;
    round_ns = 0;
  }
  step_ns = step_ns > 0 ? step_ns : 1;
  int64_t steps = (plot->end_ns - plot->start_ns + round_ns) / step_ns;
  size_t bins = steps < 1 ? 1 : steps > PLOT_BINS ? PLOT_BINS : (size_t)steps;
  plot->merges_samples = steps > PLOT_BINS;
  struct rank *ranks = rank_vms(plot);
  int status = STATUS_DONE;
  if (ranks == NULL || make_series(plot, ranks, bins) != 0) {
    message_error("unable to start: %s", strerror(ENOMEM));
    status = STATUS_FAILED;
  }
  for (size_t i = 0; i < plot->reports_num && status == STATUS_DONE; i++)
    status = read_power(plot, ranks, i);
  free(ranks);
  return status;
}

bool plot_power_w(const struct plot *plot, const struct plot_series *series, size_t bin, double *power_w) {
  if (!series->is_group && (series->others == 0 || !plot->is_grouped))
    return plot_bins_mean_w(&series->bins, bin, power_w);
  bool has = plot_bins_group_w(&series->bins, bin, power_w);
  if (series->others > 0)
    *power_w /= (double)series->others;
  return has;
}

enum { SHOWS_NOTHING, SHOWS_DOTS, SHOWS_POWER };

/* Dots: power is known, but for less than half of a bin each. */
static int find_power(const struct plot *plot) {
  int shows = SHOWS_NOTHING;
  for (size_t s = 0; s < plot->series_num; s++)
    for (size_t i = 0; i < plot->series[s].bins.num; i++) {
      double power_w;
      if (plot_power_w(plot, &plot->series[s], i, &power_w))
        return SHOWS_POWER;
      if (plot->series[s].bins.list[i].covered_s > 0)
        shows = SHOWS_DOTS;
    }
  return shows;
}

static bool has_band(const struct plot *plot) {
  double low_w, high_w;
  for (size_t s = 0; s < plot->series_num; s++)
    for (size_t i = 0; i < plot->series[s].bins.num && plot->series[s].others == 0; i++)
      if (plot_bins_band_w(&plot->series[s].bins, i, &low_w, &high_w))
        return true;
  return false;
}

int plot_read(struct plot *plot, const char *const *paths, size_t num, const struct plot_options *options) {
  *plot = (struct plot){.relative = options->relative, .with_bounds = options->with_bounds};
  int status = open_reports(plot, paths, num, &options->report);
  if (status == STATUS_USAGE || plot->reports_num == 0)
    return status;
  plot->incomplete = plot->incomplete || status != STATUS_DONE;
  int64_t step_ns;
  if (!find_span(plot, &step_ns)) {
    message_error("nothing to draw: no VM has two samples at two times");
    return STATUS_FAILED;
  }
  status = read_all(plot, step_ns);
  int shows = status == STATUS_DONE ? find_power(plot) : SHOWS_POWER;
  if (shows == SHOWS_DOTS && plot->is_grouped) {
    message_error("nothing to draw: no group has a step of %.3g s in which the power of all its VMs is known%s",
                  (double)(plot->end_ns - plot->start_ns) / (double)plot->series[0].bins.num * 1e-9,
                  plot->with_bounds ? "; without --bounds, steps are shorter" : "");
    return STATUS_FAILED;
  }
  if (shows == SHOWS_DOTS) {
    message_error("nothing to draw: the samples lie too far apart, within %.1f days; draw their parts one by one",
                  (double)(plot->end_ns - plot->start_ns) / (86400.0 * 1e9));
    return STATUS_FAILED;
  }
  if (shows == SHOWS_NOTHING) {
    message_error("nothing to draw: no VM has a power between two updates; --power recorded draws the power column");
    return STATUS_FAILED;
  }
  if (status == STATUS_DONE && plot->with_bounds && !has_band(plot)) {
    message_warning("no band is drawn: no step has bounds throughout, or there is no counter");
    plot->with_bounds = false;
  }
  return status;
}

void plot_free(struct plot *plot) {
  for (size_t i = 0; i < plot->series_num; i++) {
    free(plot->series[i].title);
    plot_bins_free(&plot->series[i].bins);
  }
  for (size_t i = 0; i < plot->reports_num; i++)
    report_close(&plot->reports[i]);
  free(plot->reports);
  *plot = (struct plot){0};
}
