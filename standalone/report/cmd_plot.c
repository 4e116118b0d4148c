/*
 * plot: draws power over time, by gnuplot, into a file
 */
#include "common/command.h"
#include "common/csv_reader.h"
#include "common/message.h"
#include "core/kernel.h"
#include "report/plot.h"
#include "report/plot_gnuplot.h"
#include "report/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* Drawn in memory first, so that no file is left if the tool is killed meanwhile. */
struct picture {
  const char *path;
  bool force;
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

static bool report_failure(const struct picture *picture, int status) {
  if (status == -EEXIST)
    message_error("'%s' exists; --force overwrites it", picture->path);
  else
    message_error("unable to write '%s': %s", picture->path, strerror(-status));
  return false;
}

/* With its slash. */
static int directory_len(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? (int)(slash - path) + 1 : 0;
}

/* Reports errors of the path before captures are read. */
static bool open_picture(struct picture *picture) {
  char dir[PATH_MAX];
  struct stat info;
  if (lstat(picture->path, &info) == 0 && (!picture->force || !S_ISREG(info.st_mode)))
    return report_failure(picture, -EEXIST);
  int len = snprintf(dir, sizeof(dir), "%.*s.", directory_len(picture->path), picture->path);
  if ((size_t)len >= sizeof(dir))
    return report_failure(picture, -ENAMETOOLONG);
  if (access(dir, W_OK | X_OK) != 0)
    return report_failure(picture, -errno);
  picture->fd = memfd_create("picture", MFD_CLOEXEC);
  return picture->fd >= 0 ? true : report_failure(picture, -errno);
}

/* 0 or -errno; -EIO also if the picture is empty. */
static int copy_picture(const struct picture *picture, int fd) {
  struct stat info;
  if (fstat(picture->fd, &info) != 0)
    return -errno;
  off_t at = 0;
  while (at < info.st_size) {
    ssize_t copied = sendfile(fd, picture->fd, &at, (size_t)(info.st_size - at));
    if (copied <= 0)
      return copied < 0 ? -errno : -EIO;
  }
  return at > 0 ? 0 : -EIO;
}

/* Without --force, a file of that name that appeared meanwhile is not replaced. */
static int name_picture(const struct picture *picture, const char *temporary) {
  if (picture->force)
    return rename(temporary, picture->path) == 0 ? 0 : -errno;
  int status = kernel_rename_new(temporary, picture->path);
  if (status != -EINVAL && status != -ENOSYS) /* some file systems cannot */
    return status;
  return access(picture->path, F_OK) == 0 ? -EEXIST : rename(temporary, picture->path) == 0 ? 0 : -errno;
}

/* Renamed when complete: a file of that name is never half a picture. */
static int write_picture(const struct picture *picture) {
  char temporary[PATH_MAX];
  int len = snprintf(temporary, sizeof(temporary), "%.*s.vm_energy-plot-%ld", directory_len(picture->path),
                     picture->path, (long)getpid());
  if ((size_t)len >= sizeof(temporary))
    return -ENAMETOOLONG;
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0)
    return -errno;
  int status = copy_picture(picture, fd);
  if (close(fd) != 0 && status == 0)
    status = -errno;
  if (status == 0)
    status = name_picture(picture, temporary);
  if (status != 0)
    unlink(temporary);
  return status;
}

/* Signals wait, so that no temporary file is left. */
static bool save_picture(const struct picture *picture) {
  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &old);
  int status = write_picture(picture);
  sigprocmask(SIG_SETMASK, &old, NULL);
  return status == 0 ? true : report_failure(picture, status);
}

static bool draw(struct plot *plot, const struct options *options, enum plot_format format, int fd) {
  struct plot_gnuplot gnuplot = {0};
  char message[200] = "";
  int status = plot_fit_texts(plot, format, options->stacked);
  if (status == 0)
    status = plot_gnuplot_start(&gnuplot, fd);
  if (status == -ENOENT) {
    message_error("gnuplot is missing, which draws the picture; on Debian: apt-get install gnuplot-nox");
    return false;
  }
  if (status == 0) {
    plot_write(plot, format, options->stacked, gnuplot.script);
    status = plot_gnuplot_finish(&gnuplot, message, sizeof(message));
  }
  if (status == -EIO)
    message_error("gnuplot failed: %s", message);
  else if (status != 0)
    message_error("unable to draw: %s", strerror(-status));
  return status == 0;
}

/* Replaces standard input by a file without a name. */
static bool keep_stdin(void) {
  char data[65536];
  FILE *file = tmpfile();
  size_t n = 0;
  while (file != NULL && (n = fread(data, 1, sizeof(data), stdin)) > 0 && fwrite(data, 1, n, file) == n)
    ;
  bool kept = file != NULL && n == 0 && ferror(stdin) == 0 && fflush(file) == 0 &&
              dup2(fileno(file), STDIN_FILENO) == STDIN_FILENO && lseek(STDIN_FILENO, 0, SEEK_SET) == 0;
  if (!kept)
    message_error("unable to keep standard input in a file: %s", strerror(errno));
  if (file != NULL)
    fclose(file);
  return kept;
}

static bool are_files(const struct options *options) {
  bool has_stdin = false;
  for (size_t i = 0; i < options->files_num; i++) {
    struct stat info;
    if (strcmp(options->files[i], CSV_READER_STDIN) == 0) {
      if (!has_stdin && !keep_stdin())
        return false;
      has_stdin = true;
      continue;
    }
    if (stat(options->files[i], &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
      continue;
    message_error("'%s' is no file, and a plot reads it twice", options->files[i]);
    return false;
  }
  return true;
}

static int make_picture(const struct options *options, const struct groups *groups, enum plot_format format,
                        const struct picture *picture) {
  const struct plot_options how = {.report = {.recorded = options->recorded, .groups = groups},
                                   .relative = options->relative,
                                   .with_bounds = options->bounds};
  struct plot plot;
  struct runs runs = {0};
  int status = 0;
  for (size_t i = 0; i < options->files_num && status == 0; i++)
    status = options->relative ? runs_add(&runs, options->files[i]) : 0;
  if (status != 0) {
    message_error("unable to start: %s", strerror(-status));
    runs_free(&runs);
    return STATUS_FAILED;
  }
  const char *const *paths = options->relative ? (const char *const *)runs.paths : options->files;
  status = plot_read(&plot, paths, options->relative ? runs.num : options->files_num, &how);
  if (status == STATUS_DONE && !(draw(&plot, options, format, picture->fd) && save_picture(picture)))
    status = STATUS_FAILED;
  else if (status == STATUS_DONE) {
    message_print(stdout, "%s%s", options->quiet ? "" : "wrote ", picture->path);
    status = plot.incomplete ? STATUS_FAILED : STATUS_DONE;
  }
  plot_free(&plot);
  runs_free(&runs);
  return status;
}

static int run_plot(const struct options *options) {
  if (options->files_num == 0) {
    message_error("no capture to draw: name a CSV file, or the directory of a run");
    return STATUS_USAGE;
  }
  struct picture picture = {.path = options->picture, .force = options->force, .fd = -1};
  enum plot_format format;
  struct groups groups;
  int status = STATUS_USAGE;
  if (!find_format(picture.path, &format))
    message_error("option '--out': '%s' does not end in .png, .svg or .pdf", picture.path);
  else if (are_files(options))
    status = groups_open(&groups, options->group_by, options->groups_file);
  if (status == STATUS_DONE) {
    status = open_picture(&picture) ? make_picture(options, &groups, format, &picture) : STATUS_FAILED;
    groups_close(&groups);
  }
  if (picture.fd >= 0)
    close(picture.fd);
  return status;
}

const struct command command_plot = {
    .name = "plot",
    .summary = "power over time of captures, as a picture",
    .synopsis = "[OPTION]... FILE|DIR...",
    .text = "Draws the power of each VM over time, by gnuplot. Of many VMs, the ten that\n"
            "took most energy have a curve each, and all others one: their mean, or with\n"
            "--stacked, their sum. Marks of the run are drawn where their phases begin.\n",
    .examples = "  vm_energy plot csv/run_20261124_120000\n"
                "  vm_energy plot --stacked -o power.svg power.csv\n"
                "  vm_energy plot --relative before/ after/\n"
                "  vm_energy plot --bounds --group-by '^([a-z]+)-[0-9]' power.csv\n",
    .options = OPTIONS_PLOT,
    .run = run_plot,
};
