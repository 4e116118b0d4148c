/*
 * plot: captures -> a script for gnuplot that draws power over time
 *
 * plot_*.c and cmd_plot.c serve the command plot alone. Each capture is read twice: for its span and energies, then for
 * its power. The VMs or groups that used most energy have a curve each. All others share one curve: their mean, or
 * their sum if the curves are stacked. Tests: tests/cli/check_plot.sh.
 */
#ifndef VM_ENERGY_PLOT_H
#define VM_ENERGY_PLOT_H

#include "report/plot_bins.h"
#include "report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Curves of one VM or group each. */
#define PLOT_VMS 10

/* At most; about as many as a picture has columns. */
#define PLOT_BINS 1200

struct plot_series {
  char *title;   /* fit to be drawn */
  bool is_group; /* the bins are of the VMs of a group */
  size_t others; /* number of VMs or groups that share the curve; 0: it is of one */
  struct plot_bins bins;
};

struct plot {
  struct report *reports;
  size_t reports_num;
  size_t vms_num;    /* in all captures */
  size_t curves_num; /* of them and their groups; PLOT_VMS of them are drawn */
  struct plot_series series[PLOT_VMS + 1];
  size_t series_num;
  bool is_grouped;
  bool relative;    /* time since the start of each capture */
  bool with_bounds; /* draws a band in which the power certainly lies */
  int64_t start_ns, end_ns;
  bool merges_samples; /* a bin holds several samples */
  bool incomplete;     /* rows or files were skipped; errors have been printed */
};

enum plot_format { PLOT_PNG, PLOT_SVG, PLOT_PDF };

struct plot_options {
  struct report_options report; /* the VMs of a group have one curve, their sum */
  bool relative;                /* see struct plot */
  bool with_bounds;             /* see struct plot */
};

/* Returns a STATUS_...; errors have been printed. Call plot_free() in any case. */
int plot_read(struct plot *plot, const char *const *paths, size_t num, const struct plot_options *options);
void plot_free(struct plot *plot);

/* The power of a VM, the sum of a group, or the mean of the others. False: unknown. */
bool plot_power_w(const struct plot *plot, const struct plot_series *series, size_t bin, double *power_w);

/* To be subtracted from the times of that capture. */
int64_t plot_shift_ns(const struct plot *plot, size_t report);

/*
 * Makes the names of VMs, marks and host fit into the picture: cuts them, and replaces characters that would destroy
 * it, see plot_fonts.h, with a warning. The title of the others says whether it is their mean. 0 or -ENOMEM.
 */
int plot_fit_texts(struct plot *plot, enum plot_format format, bool stacked);

/* width: in letters of average width. count: of characters. */
void plot_measure(const char *text, int *width, int *count);

/* stacked: curves on top of each other; the uppermost is the sum of all. */
void plot_write(const struct plot *plot, enum plot_format format, bool stacked, FILE *script);

#endif
