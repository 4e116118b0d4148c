/*
 * plot_gnuplot: the process that draws, and text that it takes for nothing but text
 *
 * Commands and data go to its standard input; the picture comes from its standard output, so that it never sees the
 * name of a file (one that begins with '|' would be a command to it). It reads no start-up file of the user.
 */
#ifndef VM_ENERGY_PLOT_GNUPLOT_H
#define VM_ENERGY_PLOT_GNUPLOT_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct plot_gnuplot {
  pid_t pid;
  FILE *script; /* to be written to */
  int error_fd; /* what it says */
};

/* out_fd: where the picture goes, borrowed. 0 or -errno: -ENOENT there is no gnuplot. */
int plot_gnuplot_start(struct plot_gnuplot *gnuplot, int out_fd);

/*
 * Ends the script and waits. 0: success. -EIO: gnuplot failed, and its reason is in `message` (one line, fit to be
 * printed), or -errno.
 */
int plot_gnuplot_finish(struct plot_gnuplot *gnuplot, char *message, size_t size);

/*
 * The text as a string of gnuplot's language, to the script: in double quotes, with all but letters, digits and the
 * like as octal numbers, so that nothing in it means anything to gnuplot (5.4 does not even read a lone quote in single
 * quotes right). Control characters become '_'. To be drawn as it is, it needs "noenhanced".
 */
void plot_gnuplot_put_string(const char *text, FILE *script);

#endif
