/*
 * plot: power over time, as a picture
 */
#include "command.h"
#include "gnuplot.h"
#include "message.h"
#include "plot.h"

#include "core/label.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* The picture: drawn into a file beside it, which gets its name when it is whole. */
struct picture {
  const char *path;
  char *shown;
  bool force;
  char other[PATH_MAX];
  int fd;
};

static bool find_format(const char *path, enum plot_format *format) {
  static const char *const endings[] = {[PLOT_PNG] = ".png", [PLOT_SVG] = ".svg", [PLOT_PDF] = ".pdf"};
  size_t len = strlen(path);
  for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
    if (len > 4 && strcasecmp(path + len - 4, endings[i]) == 0 && path[len - 5] != '/') {
      *format = (enum plot_format)i;
      return true;
    }
  return false;
}

static bool tell_failure(const struct picture *picture, int status) {
  if (status == -EEXIST)
    tell_error("'%s' exists; --force overwrites it", picture->shown);
  else
    tell_error("unable to write '%s': %s", picture->shown, strerror(-status));
  return false;
}

static bool open_picture(struct picture *picture) {
  struct stat info;
  if (lstat(picture->path, &info) == 0 && (!picture->force || !S_ISREG(info.st_mode)))
    return tell_failure(picture, -EEXIST);
  const char *slash = strrchr(picture->path, '/');
  int dir = slash != NULL ? (int)(slash - picture->path) + 1 : 0;
  int len =
      snprintf(picture->other, sizeof(picture->other), "%.*s.vm_energy-plot-%ld", dir, picture->path, (long)getpid());
  if ((size_t)len >= sizeof(picture->other))
    return tell_failure(picture, -ENAMETOOLONG);
  picture->fd = open(picture->other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return picture->fd >= 0 ? true : tell_failure(picture, -errno);
}

/* Under its name, unless that has been taken meanwhile. */
static int name_picture(const struct picture *picture) {
  if (picture->force)
    return rename(picture->other, picture->path) == 0 ? 0 : -errno;
  if (renameat2(AT_FDCWD, picture->other, AT_FDCWD, picture->path, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS) /* some file systems cannot */
    return -errno;
  return access(picture->path, F_OK) == 0 ? -EEXIST : rename(picture->other, picture->path) == 0 ? 0 : -errno;
}

static bool close_picture(struct picture *picture, bool good) {
  struct stat info;
  int status = 0;
  if (good && (fstat(picture->fd, &info) != 0 || info.st_size == 0))
    status = -EIO;
  if (close(picture->fd) != 0 && status == 0)
    status = -errno;
  if (good && status == 0)
    status = name_picture(picture);
  if (good && status == 0)
    return true;
  unlink(picture->other);
  return status == 0 ? false : tell_failure(picture, status);
}

static bool draw(const struct plot *plot, const struct options *options, enum plot_format format, int fd) {
  struct gnuplot gnuplot;
  char said[200] = "";
  int status = gnuplot_start(&gnuplot, fd);
  if (status == -ENOENT) {
    tell_error("gnuplot is missing, which draws the picture; on Debian: apt-get install gnuplot-nox");
    return false;
  }
  if (status == 0) {
    plot_write(plot, format, options->stacked, gnuplot.script);
    status = gnuplot_finish(&gnuplot, said, sizeof(said));
  }
  if (status == -EIO)
    tell_error("gnuplot failed: %s", said);
  else if (status != 0)
    tell_error("unable to run gnuplot: %s", strerror(-status));
  return status == 0;
}

/* Each is read twice. */
static bool are_files(const struct options *options) {
  for (size_t i = 0; i < options->files_num; i++) {
    struct stat info;
    if (stat(options->files[i], &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
      continue;
    char *printable = label_printable(options->files[i]);
    tell_error("'%s' is no file, and a plot reads it twice", printable != NULL ? printable : "?");
    free(printable);
    return false;
  }
  return true;
}

static int make_picture(const struct options *options, enum plot_format format, struct picture *picture) {
  struct plot plot;
  int status = plot_read(&plot, options->files, options->files_num, options->recorded);
  bool good = status == STATUS_DONE && close_picture(picture, draw(&plot, options, format, picture->fd));
  if (status != STATUS_DONE)
    close_picture(picture, false);
  bool incomplete = plot.incomplete;
  plot_free(&plot);
  if (!good)
    return status == STATUS_DONE ? STATUS_FAILED : status;
  printf("%s%s\n", options->quiet ? "" : "wrote ", picture->shown);
  return incomplete ? STATUS_FAILED : STATUS_DONE;
}

static int run_plot(const struct options *options) {
  if (options->quiet)
    message_be_quiet();
  if (options->files_num == 0) {
    tell_error("no capture to draw: name a CSV file, or the directory of a run");
    return STATUS_USAGE;
  }
  struct picture picture = {
      .path = options->picture, .shown = label_printable(options->picture), .force = options->force};
  enum plot_format format;
  int status = STATUS_USAGE;
  if (picture.shown == NULL) {
    tell_error("unable to start: %s", strerror(ENOMEM));
    return STATUS_FAILED;
  }
  if (!find_format(picture.path, &format))
    tell_error("option '--out': '%s' has no ending that is known: .png, .svg or .pdf", picture.shown);
  else if (are_files(options))
    status = open_picture(&picture) ? make_picture(options, format, &picture) : STATUS_FAILED;
  free(picture.shown);
  return status;
}

const struct command command_plot = {
    .name = "plot",
    .summary = "power over time of captures, as a picture",
    .synopsis = "[OPTION]... FILE|DIR...",
    .text = "Draws the power of each VM over time, by gnuplot. Of many VMs, the ten that\n"
            "took most energy have a curve each, and all others one, their sum. Marks of\n"
            "the run are drawn where their phases begin.\n",
    .examples = "  vm_energy plot csv/run_20261124_120000\n"
                "  vm_energy plot --stacked -o power.svg power.csv\n",
    .options = OPTIONS_PLOT,
    .run = run_plot,
};
