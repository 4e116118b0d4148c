/*
 * plot: captures as a picture of power over time
 *
 *   plot_read()    reads the captures, twice: what is in them, then their power
 *   plot_fit_texts()
 *   plot_write()   the script for gnuplot
 *   plot_free()
 *
 * The VMs, or groups of VMs, that took most energy have a curve each; all others are one: their mean, or stacked, their
 * sum.
 */
#ifndef VM_ENERGY_PLOT_H
#define VM_ENERGY_PLOT_H

#include "report/plot_bins.h"
#include "report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Curves of a VM each. */
#define PLOT_VMS 10

/* Steps that a curve has at most: about as many as a picture has columns. */
#define PLOT_BINS 1200

struct plot_series {
  char *title;   /* fit to be drawn */
  bool is_group; /* the bins are of the VMs of a group */
  size_t others; /* the bins are of all others, so many curves; 0: of one VM or group */
  struct plot_bins bins;
};

struct plot {
  struct report *reports;
  size_t reports_num;
  size_t vms_num;    /* in all captures */
  size_t curves_num; /* of them, and their groups; may be more than are drawn */
  struct plot_series series[PLOT_VMS + 1];
  size_t series_num;
  bool is_grouped;
  bool relative; /* times are those since the start of each capture */
  bool bounds;   /* with a band in which the power is for certain */
  int64_t start_ns, end_ns;
  bool merges_samples; /* a bin holds several samples */
  bool incomplete;     /* rows or files were ignored, told */
};

enum plot_format { PLOT_PNG, PLOT_SVG, PLOT_PDF };

struct plot_options {
  struct report_options report; /* the VMs of a group have one curve, their sum */
  bool relative;                /* each capture begins at 0 */
  bool bounds;                  /* also find between what the power is for certain */
};

/* Returns a STATUS_...; reports what is wrong. Call plot_free() in any case. */
int plot_read(struct plot *plot, const char *const *paths, size_t num, const struct plot_options *options);
void plot_free(struct plot *plot);

/* The power of a VM, of all of a group, or the mean of the others; false: it is not known. */
bool plot_power_w(const struct plot *plot, const struct plot_series *series, size_t bin, double *power_w);

/* What is to be taken off the times of that capture. */
int64_t plot_shift_ns(const struct plot *plot, size_t report);

/*
 * Makes the names of VMs, of marks and of the host fit into the picture: cuts them, and replaces characters that would
 * destroy it, see plot_fonts.h, with a warning. The others' name says whether their mean or their sum is drawn. 0 or
 * -ENOMEM.
 */
int plot_fit_texts(struct plot *plot, enum plot_format format, bool stacked);

/* How many letters of average width the text is as wide as, and how many characters it has. */
void plot_measure(const char *text, int *width, int *count);

/* stacked: curves on each other, so that the uppermost is the sum of all. */
void plot_write(const struct plot *plot, enum plot_format format, bool stacked, FILE *script);

#endif
