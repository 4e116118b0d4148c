#include "report/recording.h"

#include "common/csv_reader.h"
#include "common/message.h"
#include "common/run_files.h"
#include "report/runs.h"

#include "core/label.h"
#include "core/updates.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *dir, const char *name) {
  char *path;
  const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
  return asprintf(&path, "%s%s%s", dir, slash, name) >= 0 ? path : NULL;
}

static int add_file(struct recording *recording, char *path) {
  char **files = path != NULL ? realloc(recording->files, (recording->files_num + 1) * sizeof(*files)) : NULL;
  if (files == NULL) {
    free(path);
    return -ENOMEM;
  }
  recording->files = files;
  files[recording->files_num++] = path;
  return 0;
}

static int choose_csv(const struct dirent *entry) {
  const char *name = entry->d_name;
  size_t len = strlen(name);
  return name[0] != '.' && len > 4 && strcasecmp(name + len - 4, ".csv") == 0 && strcmp(name, MARKS_FILE) != 0;
}

/* Lists all .csv files of the directory, by name. */
static int search(struct recording *recording) {
  struct dirent **entries = NULL;
  int num = scandir(recording->path, &entries, choose_csv, alphasort), status = num < 0 ? -errno : 0;
  for (int i = 0; i < num; i++) {
    if (status == 0)
      status = add_file(recording, join(recording->path, entries[i]->d_name));
    free(entries[i]);
  }
  free(entries);
  recording->from_search = true;
  return status;
}

static int list_files(struct recording *recording) {
  int status = 0;
  for (size_t i = 0; i < recording->info.files_num && status == 0; i++)
    status = add_file(recording, join(recording->path, recording->info.files[i]));
  return status;
}

/* True if the file can be read, but ends with its first line. */
static bool lacks_rows(const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return false;
  for (int c = getc(file); c != EOF && c != '\n';)
    c = getc(file);
  bool lacks = getc(file) == EOF && !ferror(file);
  fclose(file);
  return lacks;
}

static void warn_skipped(const char *path, int status, const char *invalid) {
  if (status != 0 && status != -ENOENT && status != -ENOMEM)
    message_warning("'%s' is skipped: %s", path, status == -EINVAL ? invalid : strerror(-status));
}

/* Reads run.json and marks.csv, if run.json lists the file; file NULL: any. */
static int read_beside(struct recording *recording, const char *dir, const char *file) {
  char *info = join(dir, METADATA_FILE), *marks = join(dir, MARKS_FILE);
  int status = info != NULL && marks != NULL ? run_info_read(info, &recording->info) : -ENOMEM;
  bool others =
      status == 0 && file != NULL && recording->info.files_num > 0 && !run_info_has_file(&recording->info, file);
  if (others)
    run_info_free(&recording->info);
  recording->has_info = status == 0 && !others;
  warn_skipped(info, status, "it is no run.json of vm_energy");
  if (status != -ENOMEM)
    status = phases_read(others ? NULL : marks, &recording->info, &recording->phases);
  warn_skipped(marks, status, "it has no columns ts and mark");
  if (status != 0 && status != -ENOMEM)
    status = phases_read(NULL, &recording->info, &recording->phases);
  if (status == 0 && recording->phases.bad_rows > 0)
    message_warning("'%s': %zu row%s skipped", marks, recording->phases.bad_rows,
                    recording->phases.bad_rows == 1 ? " is" : "s are");
  free(info);
  free(marks);
  recording->updates = others || status != 0 ? NULL : join(dir, UPDATES_FILE);
  if (recording->updates == NULL)
    return status;
  recording->updates_empty = lacks_rows(recording->updates);
  if (recording->updates_empty || access(recording->updates, R_OK) != 0) {
    free(recording->updates);
    recording->updates = NULL;
  }
  return status;
}

static int look_beside_file(struct recording *recording) {
  const char *slash = strrchr(recording->path, '/');
  char *dir = slash == NULL ? strdup(".") : strndup(recording->path, (size_t)(slash - recording->path) + 1);
  int status = dir != NULL ? read_beside(recording, dir, slash == NULL ? recording->path : slash + 1) : -ENOMEM;
  if (status == 0)
    status = add_file(recording, strdup(recording->path));
  free(dir);
  return status;
}

static int look_into_dir(struct recording *recording) {
  int status = read_beside(recording, recording->path, NULL);
  if (status != 0)
    return status;
  return recording->has_info && recording->info.files_num > 0 ? list_files(recording) : search(recording);
}

static int read_stdin(struct recording *recording) {
  int status = phases_read(NULL, &recording->info, &recording->phases);
  return status != 0 ? status : add_file(recording, strdup(CSV_READER_STDIN));
}

/* Perhaps the user named the directory above the runs. */
static void report_no_files(const struct recording *recording) {
  struct runs runs = {0};
  runs_add(&runs, recording->path);
  if (runs.are_repeated)
    message_error("'%s' is no capture: it holds no .csv file; the last run in it is '%s'", recording->path,
                  runs.paths[runs.num - 1]);
  else
    message_error("'%s' is no capture: it holds no .csv file", recording->path);
  runs_free(&runs);
}

/* Prints what a user of the figures should know. */
static void report_run(struct recording *recording) {
  const struct run_info *info = &recording->info;
  if (!recording->has_info)
    return;
  if (info->never_ended)
    message_warning("'%s' did not end: it was killed, or is still running", recording->shown);
  if (info->steps_num > 0)
    message_note("'%s': the clock was set during the run; times are as if it had not been", recording->shown);
  if (info->rows_lost == 0)
    return;
  message_error("'%s' is not complete: %" PRIu64 " rows were lost when it was written", recording->shown,
                info->rows_lost);
  recording->incomplete = true;
}

int recording_open(struct recording *recording, const char *path) {
  struct stat info = {0};
  bool is_stdin = strcmp(path, CSV_READER_STDIN) == 0;
  struct recording r = {
      .path = path, .shown = is_stdin ? strdup("standard input") : label_printable(path), .info = {.scale = 1}};
  if (r.shown == NULL) {
    message_error("unable to read: %s", strerror(ENOMEM));
    return STATUS_FAILED;
  }
  if (!is_stdin && stat(path, &info) != 0) {
    message_error("'%s' is no capture: %s", r.shown, strerror(errno));
    free(r.shown);
    return STATUS_USAGE;
  }
  int status;
  if (is_stdin)
    status = read_stdin(&r);
  else
    status = S_ISDIR(info.st_mode) ? look_into_dir(&r) : look_beside_file(&r);
  if (status == 0)
    report_run(&r);
  if (status != 0)
    message_error("unable to read '%s': %s", r.shown, strerror(-status));
  else if (r.files_num == 0)
    report_no_files(&r);
  if (status == 0 && r.files_num > 0) {
    *recording = r;
    return STATUS_DONE;
  }
  recording_close(&r);
  return STATUS_FAILED;
}

void recording_close(struct recording *recording) {
  for (size_t i = 0; i < recording->files_num; i++)
    free(recording->files[i]);
  free(recording->files);
  for (size_t i = 0; i < recording->labels_num; i++)
    free(recording->labels[i]);
  free(recording->labels);
  free(recording->shown);
  free(recording->updates);
  run_info_free(&recording->info);
  phases_free(&recording->phases);
  *recording = (struct recording){0};
}
