/*
 * plot_gnuplot: the process that draws, and safe strings for its script
 *
 * The script goes to its standard input, the picture comes from its standard output: gnuplot never gets a file name, of
 * which one that begins with '|' would be a command. It reads no start-up file of the user.
 */
#ifndef VM_ENERGY_PLOT_GNUPLOT_H
#define VM_ENERGY_PLOT_GNUPLOT_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct plot_gnuplot {
  pid_t pid;
  FILE *script;
  int error_fd; /* its standard error */
};

/* out_fd: for the picture, borrowed. 0 or -errno; -ENOENT: gnuplot is not installed. */
int plot_gnuplot_start(struct plot_gnuplot *gnuplot, int out_fd);

/*
 * Ends the script and waits. 0: success. -EIO: gnuplot failed, and its reason is in `message` (one line, fit to be
 * printed), or -errno.
 */
int plot_gnuplot_finish(struct plot_gnuplot *gnuplot, char *message, size_t size);

/*
 * Writes text as a gnuplot string in double quotes. All but letters, digits and some more are octal numbers, so that
 * nothing in it is syntax (5.4 misreads even a lone quote in single quotes). Control characters become '_'. The
 * terminal must be "noenhanced".
 */
void plot_gnuplot_put_string(const char *text, FILE *script);

#endif
