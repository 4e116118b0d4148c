#include "csv.h"

#include "csv_file.h"
#include "csv_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How many names of run directories are tried for one second. */
#define RUN_DIRS_MAX 10000

/* --- the sink ----------------------------------------------------------------------------------------------------- */

struct column {
  const char *label;         /* in the same block; NULL: the column has the file of all counters */
  const char *sampler_label; /* identifies the counter, by address; NULL while it is missing */
  size_t index;              /* in columns, as this pass began */
  struct csv_file file;
  bool has_file; /* exists, with its header */
  bool to_drop;  /* by the next pass, with all others */
  bool in_pass;  /* put in this pass */
  bool has_energy, has_power, has_average;
  uint64_t energy_uj;
  double power_w, average_w;
};

struct csv {
  struct sink sink;
  struct csv_options options; /* without dir and name */
  char *dir;                  /* without '/' at its end: "" is the root */
  char *name;
  char average_ending[40]; /* "_power_w_sma5" */
  struct column **columns;
  size_t columns_num, columns_size;
  void *by_label;  /* tsearch(3) tree that owns the columns */
  size_t inserted; /* in this pass */
  size_t cursor;   /* likely column of the next put(): a sampler keeps its order */
  bool first_pass;
  bool finished;

  char *run_dir; /* NULL: not started, or a stream */
  bool streams;
  char *left_out; /* the first label without a column */
  int dir_fd;
  struct column shared; /* has the only file of CSV_COMBINED and CSV_LONG */
  size_t open_files, open_files_max;
  char file_name[2 * NAME_MAX]; /* set by name_file(); cut if far too long */

  bool has_time;
  int64_t time_ns;
  struct csv_text text;

  uint64_t rows, dropped;
  int error;
  char error_path[PATH_MAX];
  size_t rotated; /* files that were rotated, since the last csv_rotated() */
  char rotated_path[PATH_MAX];
};

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Sets csv->file_name. -ENAMETOOLONG: no file can have this name. */
static int name_file(struct csv *csv, const struct column *column) {
  size_t len = strlen(csv->name), size = sizeof(csv->file_name);
  if (column->label != NULL && len > 4 && strcasecmp(csv->name + len - 4, ".csv") == 0)
    len -= 4;
  int full = column->label == NULL ? snprintf(csv->file_name, size, "%s", csv->name)
                                   : snprintf(csv->file_name, size, "%.*s_%s.csv", (int)len, csv->name, column->label);
  return full > NAME_MAX ? -ENAMETOOLONG : 0;
}

static int note_error(struct csv *csv, int status, const char *path) {
  csv->error = status;
  snprintf(csv->error_path, sizeof(csv->error_path), "%s", path);
  return status;
}

static int note_file_error(struct csv *csv, int status, const struct column *column) {
  if (csv->streams)
    return note_error(csv, status, "standard output");
  name_file(csv, column);
  csv->error = status;
  snprintf(csv->error_path, sizeof(csv->error_path), "%s/%s", csv->run_dir, csv->file_name);
  return status;
}

static int close_file(struct csv *csv, struct column *column) {
  if (column->file.fd < 0)
    return 0;
  csv->open_files--;
  return csv_file_close(&column->file);
}

static void put_columns(struct csv *csv, const char *label) {
  csv_text_char(&csv->text, ',');
  csv_text_field(&csv->text, label, "_energy_uj");
  csv_text_char(&csv->text, ',');
  csv_text_field(&csv->text, label, "_power_w");
  if (csv->options.smooth > 0) {
    csv_text_char(&csv->text, ',');
    csv_text_field(&csv->text, label, csv->average_ending);
  }
}

static void put_header(struct csv *csv, const struct column *column) {
  csv_text_clear(&csv->text);
  csv_text_string(&csv->text, "ts");
  if (csv->options.layout == CSV_LONG) {
    csv_text_string(&csv->text, ",label,energy_uj,power_w,state");
    if (csv->options.smooth > 0) {
      csv_text_char(&csv->text, ',');
      csv_text_string(&csv->text, csv->average_ending + 1);
    }
  } else if (column->label != NULL) {
    put_columns(csv, column->label);
  } else {
    for (size_t i = 0; i < csv->columns_num; i++)
      put_columns(csv, csv->columns[i]->label);
  }
  csv_text_char(&csv->text, '\n');
}

/* True if the open file was removed, moved or emptied, as by log rotation. */
static bool is_rotated(struct csv *csv, const struct column *column) {
  struct stat ours, there;
  if (name_file(csv, column) != 0 || fstat(column->file.fd, &ours) != 0)
    return false;
  if (fstatat(csv->dir_fd, csv->file_name, &there, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT;
  return ours.st_size == 0 || ours.st_ino != there.st_ino || ours.st_dev != there.st_dev;
}

static bool is_empty(const struct column *column) {
  struct stat info;
  return fstat(column->file.fd, &info) == 0 && info.st_size == 0;
}

/*
 * Opens the file unless it is open. A new one, or one that was rotated, gets a header; on error a new one is removed.
 * With `follow`, the file of a counter that is back is continued.
 */
static int ready_file(struct csv *csv, struct column *column) {
  bool follow = csv->options.follow, had_file = column->has_file, create = !had_file;
  if (column->file.fd >= 0 && !(follow && is_rotated(csv, column)))
    return 0;
  close_file(csv, column);
  int status = name_file(csv, column);
  if (status == 0)
    status = csv_file_open(&column->file, csv->dir_fd, csv->file_name, create);
  if (follow && (status == -EEXIST || (status == -ENOENT && had_file))) {
    create = !create;
    status = csv_file_open(&column->file, csv->dir_fd, csv->file_name, create);
  }
  if (status != 0)
    return status;
  csv->open_files++;
  bool is_new = create || (follow && is_empty(column));
  if (is_new) {
    put_header(csv, column);
    status = csv_file_append(&column->file, &csv->text);
  }
  if (is_new && had_file && status == 0 && csv->rotated++ == 0)
    snprintf(csv->rotated_path, sizeof(csv->rotated_path), "%s/%s", csv->run_dir, csv->file_name);
  if (status != 0) {
    close_file(csv, column);
    column->file = CSV_FILE_CLOSED;
    unlinkat(csv->dir_fd, csv->file_name, 0);
  }
  column->has_file = status == 0;
  return status;
}

/* --- counters ----------------------------------------------------------------------------------------------------- */

static int compare_labels(const void *a, const void *b) {
  return strcmp(((const struct column *)a)->label, ((const struct column *)b)->label);
}

static struct column *new_column(struct csv *csv, const struct sample *sample) {
  size_t len = strlen(sample->label);
  struct column *column = malloc(sizeof(*column) + len + 1);
  if (column == NULL)
    return NULL;
  char *label = memcpy(column + 1, sample->label, len + 1);
  *column = (struct column){.label = label, .sampler_label = sample->label, .index = csv->cursor - csv->inserted};
  column->file = CSV_FILE_CLOSED;
  if (tsearch(column, &csv->by_label, compare_labels) != NULL)
    return column;
  free(column);
  return NULL;
}

/* Inserts at the cursor, so that columns have the order of the sampler. */
static struct column *insert_column(struct csv *csv, const struct sample *sample) {
  if (csv->columns_num == csv->columns_size) {
    size_t size = csv->columns_size + csv->columns_size / 2 + 16;
    struct column **columns = realloc(csv->columns, size * sizeof(struct column *));
    if (columns == NULL)
      return NULL;
    csv->columns = columns;
    csv->columns_size = size;
  }
  struct column *column = new_column(csv, sample);
  if (column == NULL)
    return NULL;
  struct column **at = &csv->columns[csv->cursor];
  memmove(at + 1, at, (csv->columns_num - csv->cursor) * sizeof(struct column *));
  *at = column;
  csv->columns_num++;
  csv->inserted++;
  csv->cursor++;
  return column;
}

/* The column of a counter, also of one that is back; or NULL. Usually the one at the cursor. */
static struct column *find_column(struct csv *csv, const struct sample *sample) {
  if (csv->cursor < csv->columns_num && csv->columns[csv->cursor]->sampler_label == sample->label)
    return csv->columns[csv->cursor++];
  const struct column key = {.label = sample->label};
  struct column **node = tfind(&key, &csv->by_label, compare_labels);
  if (node == NULL || ((*node)->sampler_label != NULL && (*node)->sampler_label != sample->label))
    return NULL;
  struct column *column = *node;
  column->sampler_label = sample->label;
  csv->cursor = column->index + csv->inserted + 1;
  return column;
}

static void forget_counter(struct sink *sink, const struct sample *sample) {
  struct csv *csv = (struct csv *)sink;
  struct column *column = find_column(csv, sample);
  if (column == NULL)
    return;
  column->sampler_label = NULL;
  if (csv->options.layout == CSV_SEPARATE && csv->options.follow && column->file.torn_at < 0) {
    /* over months, many counters come and go; the file of one that is back is found by name */
    close_file(csv, column);
    column->to_drop = true;
  }
}

/* --- passes ------------------------------------------------------------------------------------------------------- */

static bool is_writing(const struct csv *csv) {
  return (csv->run_dir != NULL || csv->streams) && !csv->finished;
}

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  struct csv *csv = (struct csv *)sink;
  (void)count;
  if (!csv->has_time)
    csv->time_ns = now->wall_ns;
  csv->cursor = csv->inserted = 0;
  size_t kept = 0;
  for (size_t i = 0; i < csv->columns_num; i++) {
    struct column *column = csv->columns[i];
    if (column->to_drop) {
      tdelete(column, &csv->by_label, compare_labels);
      free(column);
      continue;
    }
    column->in_pass = column->has_energy = column->has_power = column->has_average = false;
    column->index = kept;
    csv->columns[kept++] = column;
  }
  csv->columns_num = kept;
  return 0;
}

static void keep_values(struct column *column, const struct sample *sample) {
  column->in_pass = true;
  column->has_energy = sample->has_energy;
  column->energy_uj = sample->energy_uj;
  column->has_power = sample->has_power;
  column->power_w = sample->power_w;
  column->has_average = sample->has_average;
  column->average_w = sample->average_w;
}

/* state: NULL in a layout without it. */
static void put_values(struct csv *csv, const struct column *column, const char *state) {
  struct csv_text *text = &csv->text;
  csv_text_char(text, ',');
  if (column->has_energy)
    csv_text_u64(text, column->energy_uj, 1);
  csv_text_char(text, ',');
  if (column->has_power)
    csv_text_power(text, column->power_w);
  if (state != NULL) {
    csv_text_char(text, ',');
    csv_text_string(text, state);
  }
  if (csv->options.smooth > 0) {
    csv_text_char(text, ',');
    if (column->has_average)
      csv_text_power(text, column->average_w);
  }
}

static void start_row(struct csv *csv) {
  csv_text_clear(&csv->text);
  csv_text_time(&csv->text, csv->time_ns, csv->options.ts_decimals);
}

/* Counts a row that could not be written. Returns what the sink returns. */
static int drop_row(struct csv *csv, int status, const struct column *column) {
  if (is_writing(csv)) {
    csv->dropped++;
    note_file_error(csv, status, column);
  }
  return csv->options.lenient ? 0 : status;
}

static int write_row(struct csv *csv, struct column *column) {
  csv_text_char(&csv->text, '\n');
  int status = csv_file_append(&column->file, &csv->text);
  if (status != 0)
    return drop_row(csv, status, column);
  csv->rows++;
  return 0;
}

static int write_long_row(struct csv *csv, const struct sample *sample) {
  keep_values(&csv->shared, sample);
  start_row(csv);
  csv_text_char(&csv->text, ',');
  csv_text_field(&csv->text, sample->label, "");
  put_values(csv, &csv->shared, meter_state_name(sample->state));
  return write_row(csv, &csv->shared);
}

static int write_separate_row(struct csv *csv, struct column *column) {
  int status = ready_file(csv, column);
  if (status != 0)
    return drop_row(csv, status, column);
  start_row(csv);
  put_values(csv, column, NULL);
  status = write_row(csv, column);
  if (csv->open_files > csv->open_files_max)
    close_file(csv, column);
  return status;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct csv *csv = (struct csv *)sink;
  if (csv->options.layout == CSV_LONG)
    return is_writing(csv) ? write_long_row(csv, sample) : 0;

  /* columns are added until the start, later only with `follow` */
  struct column *column = csv->first_pass ? NULL : find_column(csv, sample);
  if (column == NULL && is_writing(csv) && !csv->options.follow) {
    if (csv->left_out == NULL)
      csv->left_out = strdup(sample->label);
    return 0;
  }
  if (column == NULL)
    column = insert_column(csv, sample);
  if (column == NULL)
    return drop_row(csv, -ENOMEM, &csv->shared);
  keep_values(column, sample);
  if (csv->options.layout == CSV_SEPARATE && is_writing(csv))
    return write_separate_row(csv, column);
  return 0;
}

static int write_combined_row(struct csv *csv) {
  start_row(csv);
  for (size_t i = 0; i < csv->columns_num; i++)
    put_values(csv, csv->columns[i], NULL);
  return write_row(csv, &csv->shared);
}

/* Separate files have a row per pass, as the combined one, also while the counter is missing. */
static int write_empty_rows(struct csv *csv) {
  int first = 0;
  for (size_t i = 0; i < csv->columns_num && !csv->options.follow; i++) {
    int status = csv->columns[i]->in_pass ? 0 : write_separate_row(csv, csv->columns[i]);
    first = first != 0 ? first : status;
  }
  return first;
}

static int end_pass(struct sink *sink) {
  struct csv *csv = (struct csv *)sink;
  csv->first_pass = false;
  csv->has_time = false;
  if (!is_writing(csv) || csv->options.layout == CSV_LONG)
    return 0;
  return csv->options.layout == CSV_COMBINED ? write_combined_row(csv) : write_empty_rows(csv);
}

/* --- start and end ------------------------------------------------------------------------------------------------ */

static bool name_is_valid(const char *name) {
  return *name != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strchr(name, '/') == NULL;
}

int csv_new(const struct csv_options *options, struct csv **csv) {
  if (!name_is_valid(options->name) || options->ts_decimals > 9)
    return -EINVAL;
  struct csv *c = calloc(1, sizeof(*c));
  if (c == NULL)
    return -ENOMEM;
  c->sink = (struct sink){.begin = begin_pass, .put = put_sample, .end = end_pass, .removed = forget_counter};
  c->options = *options;
  c->dir = strdup(options->dir);
  c->name = strdup(options->name);
  c->dir_fd = -1;
  c->open_files_max = csv_file_share();
  c->shared.file = CSV_FILE_CLOSED;
  c->first_pass = true;
  if (options->smooth > 0)
    snprintf(c->average_ending, sizeof(c->average_ending), "_power_w_sma%zu", options->smooth);
  if (c->dir == NULL || c->name == NULL) {
    csv_free(c);
    return -ENOMEM;
  }
  for (size_t len = strlen(c->dir); len > 0 && c->dir[len - 1] == '/'; len--)
    c->dir[len - 1] = '\0';
  *csv = c;
  return 0;
}

struct sink *csv_sink(struct csv *csv) {
  return &csv->sink;
}

/* The directory and its parents. */
static int make_parents(struct csv *csv) {
  for (char *at = csv->dir; *at != '\0';) {
    at = strchrnul(at + 1, '/');
    char kept = *at;
    *at = '\0';
    int status = mkdir(csv->dir, 0777) != 0 && errno != EEXIST ? note_error(csv, -errno, csv->dir) : 0;
    *at = kept;
    if (status != 0)
      return status;
  }
  return 0;
}

/* Creates the first run directory of this second that does not exist. */
static int make_run_dir(struct csv *csv, int64_t wall_ns) {
  time_t second = (time_t)(wall_ns / NS_PER_S);
  struct tm local;
  char stamp[40], number[16] = "", *path = NULL;
  if (localtime_r(&second, &local) == NULL || strftime(stamp, sizeof(stamp), "run_%Y%m%d_%H%M%S", &local) == 0)
    return -EOVERFLOW;
  int status = -EEXIST;
  for (int i = 1; i <= RUN_DIRS_MAX && status == -EEXIST; i++) {
    if (i > 1)
      snprintf(number, sizeof(number), "_%d", i);
    free(path);
    if (asprintf(&path, "%s/%s%s", csv->dir, stamp, number) < 0)
      return -ENOMEM;
    status = mkdir(path, 0777) == 0 ? 0 : -errno;
  }
  if (status == 0) {
    csv->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (csv->dir_fd < 0) {
      status = -errno;
      rmdir(path);
    }
  }
  if (status != 0) {
    note_error(csv, status, path);
    free(path);
    return status;
  }
  csv->run_dir = path;
  return 0;
}

size_t csv_files(const struct csv *csv) {
  if (csv->run_dir == NULL)
    return 0;
  return csv->options.layout == CSV_SEPARATE ? csv->columns_num : 1;
}

static struct column *column_of_file(struct csv *csv, size_t index) {
  return csv->options.layout == CSV_SEPARATE ? csv->columns[index] : &csv->shared;
}

static int create_files(struct csv *csv) {
  for (size_t i = 0; i < csv_files(csv); i++) {
    struct column *column = column_of_file(csv, i);
    int status = ready_file(csv, column);
    if (status != 0)
      return note_file_error(csv, status, column);
    if (csv->open_files > csv->open_files_max)
      close_file(csv, column);
  }
  return 0;
}

/* Undoes make_run_dir() and create_files(). */
static void remove_run_dir(struct csv *csv) {
  for (size_t i = 0; i < csv_files(csv); i++) {
    struct column *column = column_of_file(csv, i);
    close_file(csv, column);
    if (column->has_file && name_file(csv, column) == 0)
      unlinkat(csv->dir_fd, csv->file_name, 0);
    column->has_file = false;
  }
  close(csv->dir_fd);
  csv->dir_fd = -1;
  rmdir(csv->run_dir);
  free(csv->run_dir);
  csv->run_dir = NULL;
}

int csv_start(struct csv *csv, int64_t wall_ns) {
  if (csv->run_dir != NULL)
    return -EALREADY;
  int status = make_parents(csv);
  if (status == 0)
    status = make_run_dir(csv, wall_ns);
  if (status != 0)
    return status;
  status = create_files(csv);
  if (status != 0)
    remove_run_dir(csv);
  return status;
}

int csv_start_stream(struct csv *csv, int fd) {
  csv->streams = true;
  csv->shared.file = (struct csv_file){.fd = fd, .torn_at = -1, .borrowed = true};
  put_header(csv, &csv->shared);
  int status = csv_file_append(&csv->shared.file, &csv->text);
  return status != 0 ? note_file_error(csv, status, &csv->shared) : 0;
}

const char *csv_left_out(const struct csv *csv) {
  return csv->left_out;
}

void csv_set_time(struct csv *csv, int64_t wall_ns) {
  csv->time_ns = wall_ns;
  csv->has_time = true;
}

int csv_finish(struct csv *csv) {
  int first = 0;
  for (size_t i = 0; i < csv_files(csv); i++) {
    struct column *column = column_of_file(csv, i);
    int status = close_file(csv, column);
    if (status != 0)
      note_file_error(csv, status, column);
    first = first != 0 ? first : status;
  }
  csv->finished = true;
  return first;
}

void csv_free(struct csv *csv) {
  if (csv == NULL)
    return;
  if (csv->name != NULL) /* csv_new() succeeded */
    csv_finish(csv);
  if (csv->dir_fd >= 0)
    close(csv->dir_fd);
  tdestroy(csv->by_label, free);
  free(csv->columns);
  free(csv->run_dir);
  free(csv->left_out);
  free(csv->text.data);
  free(csv->dir);
  free(csv->name);
  free(csv);
}

const char *csv_dir(const struct csv *csv) {
  return csv->run_dir;
}

const char *csv_file(struct csv *csv, size_t index) {
  name_file(csv, column_of_file(csv, index));
  return csv->file_name;
}

size_t csv_rotated(struct csv *csv, const char **path) {
  size_t rotated = csv->rotated;
  *path = csv->rotated_path;
  csv->rotated = 0;
  return rotated;
}

uint64_t csv_rows(const struct csv *csv) {
  return csv->rows;
}

uint64_t csv_dropped(const struct csv *csv) {
  return csv->dropped;
}

int csv_last_error(const struct csv *csv) {
  return csv->error;
}

const char *csv_error_path(const struct csv *csv) {
  return csv->error_path;
}
