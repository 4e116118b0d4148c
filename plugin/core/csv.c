#include "csv.h"

#include "csv_file.h"
#include "csv_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How many run directories of one second are tried. */
#define RUN_DIRS_MAX 10000

#define NAME_SIZE (NAME_MAX + 1)

/* --- the sink ----------------------------------------------------------------------------------------------------- */

struct column {
  char *label;          /* our own */
  const char *live;     /* the sampler's label, which tells the counter; NULL while the counter is gone */
  struct csv_file file; /* CSV_SEPARATE */
  bool has_file;        /* there is one, with its header */
  bool over;            /* to be dropped in the next pass, all of them at once */
  bool seen;            /* in this pass */
  bool has_energy, has_power, has_average;
  uint64_t energy_uj;
  double power_w, average_w;
};

struct csv {
  struct sink sink;
  struct csv_options options; /* dir and name are those two */
  char *dir, *name;
  char average_ending[40]; /* "_power_w_sma5" */
  struct column *columns;
  size_t columns_num, columns_size;
  size_t cursor; /* the column that the next put() is likely for: a sampler keeps its order */
  bool first_pass;
  bool finished;

  char *run_dir; /* NULL: not started */
  int dir_fd;
  struct csv_file file; /* of CSV_COMBINED and CSV_LONG */
  size_t open_files, open_files_max;
  char file_name[NAME_SIZE]; /* what name_file() made */

  bool has_time;
  int64_t time_ns;
  struct csv_text text;

  uint64_t rows, dropped;
  int error;
  char error_path[PATH_MAX];
};

static int begin_pass(struct sink *sink, const struct instant *now, size_t count);
static int put_sample(struct sink *sink, const struct sample *sample);
static int end_pass(struct sink *sink);
static void forget_counter(struct sink *sink, const struct sample *sample);

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
  c->options.dir = c->dir = strdup(options->dir);
  c->options.name = c->name = strdup(options->name);
  c->dir_fd = -1;
  c->open_files_max = csv_file_share();
  c->file = CSV_FILE_CLOSED;
  c->first_pass = true;
  if (options->smooth > 0)
    snprintf(c->average_ending, sizeof(c->average_ending), "_power_w_sma%zu", options->smooth);
  if (c->dir == NULL || c->name == NULL) {
    free(c->dir);
    free(c->name);
    free(c);
    return -ENOMEM;
  }
  *csv = c;
  return 0;
}

struct sink *csv_sink(struct csv *csv) {
  return &csv->sink;
}

static void note_error(struct csv *csv, int status, const char *dir, const char *name) {
  csv->error = status;
  snprintf(csv->error_path, sizeof(csv->error_path), "%s%s%s", dir, *name == '\0' ? "" : "/", name);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

/* The name of the column's file; valid until the next call. -ENAMETOOLONG: it has none. */
static int name_file(struct csv *csv, const struct column *column) {
  size_t len = strlen(csv->options.name);
  if (len > 4 && strcasecmp(csv->options.name + len - 4, ".csv") == 0)
    len -= 4;
  if (len > NAME_MAX)
    return -ENAMETOOLONG;
  int full =
      snprintf(csv->file_name, sizeof(csv->file_name), "%.*s_%s.csv", (int)len, csv->options.name, column->label);
  return full > NAME_MAX ? -ENAMETOOLONG : 0;
}

static int close_file(struct csv *csv, struct csv_file *file) {
  if (file->fd < 0)
    return 0;
  csv->open_files--;
  return csv_file_close(file);
}

static int open_file(struct csv *csv, struct csv_file *file, const char *name, bool create) {
  int status = csv_file_open(file, csv->dir_fd, name, create);
  if (status == 0)
    csv->open_files++;
  return status;
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

/* The header of all columns, or of that one. */
static void put_header(struct csv *csv, const struct column *column) {
  csv_text_clear(&csv->text);
  csv_text_string(&csv->text, "ts");
  if (csv->options.layout == CSV_LONG) {
    csv_text_string(&csv->text, ",label,energy_uj,power_w,state");
    if (csv->options.smooth > 0) {
      csv_text_char(&csv->text, ',');
      csv_text_string(&csv->text, csv->average_ending + 1);
    }
  } else if (column != NULL) {
    put_columns(csv, column->label);
  } else {
    for (size_t i = 0; i < csv->columns_num; i++)
      put_columns(csv, csv->columns[i].label);
  }
  csv_text_char(&csv->text, '\n');
}

/* A new file with a header. Without one it is not left behind. */
static int create_file(struct csv *csv, struct csv_file *file, const char *name, const struct column *column) {
  int status = open_file(csv, file, name, true);
  if (status != 0)
    return status;
  put_header(csv, column);
  status = csv_file_append(file, &csv->text);
  if (status != 0) {
    close_file(csv, file);
    *file = CSV_FILE_CLOSED;
    unlinkat(csv->dir_fd, name, 0);
  }
  return status;
}

/* The file of a column is there and open. One of a counter that was there before goes on. */
static int ready_file(struct csv *csv, struct column *column) {
  if (column->file.fd >= 0)
    return 0;
  int status = name_file(csv, column);
  if (status != 0)
    return status;
  if (!column->has_file) {
    status = create_file(csv, &column->file, csv->file_name, column);
    if (status == -EEXIST && csv->options.follow)
      status = open_file(csv, &column->file, csv->file_name, false);
  } else {
    status = open_file(csv, &column->file, csv->file_name, false);
  }
  if (status == 0)
    column->has_file = true;
  return status;
}

/* --- counters ----------------------------------------------------------------------------------------------------- */

static struct column *insert_column(struct csv *csv, size_t index, const struct sample *sample) {
  if (csv->columns_num == csv->columns_size) {
    size_t size = csv->columns_size == 0 ? 16 : csv->columns_size + csv->columns_size / 2;
    struct column *columns = realloc(csv->columns, size * sizeof(*columns));
    if (columns == NULL)
      return NULL;
    csv->columns = columns;
    csv->columns_size = size;
  }
  char *label = strdup(sample->label);
  if (label == NULL)
    return NULL;
  struct column *column = &csv->columns[index];
  memmove(column + 1, column, (csv->columns_num - index) * sizeof(*column));
  csv->columns_num++;
  *column = (struct column){.label = label, .live = sample->label, .file = CSV_FILE_CLOSED};
  return column;
}

/* The column of a counter that is there; NULL: it has none. Usually the one at the cursor, also when many go at once.
 */
static struct column *find_live(struct csv *csv, const struct sample *sample) {
  size_t count = csv->columns_num;
  for (size_t i = 0; i < count; i++) {
    size_t index = csv->cursor + i < count ? csv->cursor + i : csv->cursor + i - count;
    if (csv->columns[index].live == sample->label) {
      csv->cursor = index + 1 < count ? index + 1 : 0;
      return &csv->columns[index];
    }
  }
  return NULL;
}

/* The same, where the counter may have come back. */
static struct column *find_column(struct csv *csv, const struct sample *sample) {
  struct column *column = find_live(csv, sample);
  for (size_t i = 0; i < csv->columns_num && column == NULL; i++)
    if (csv->columns[i].live == NULL && strcmp(csv->columns[i].label, sample->label) == 0) {
      column = &csv->columns[i];
      column->live = sample->label;
    }
  return column;
}

/* Columns are added until the start, and in order; later only where files follow the counters. */
static int column_for(struct csv *csv, const struct sample *sample, struct column **column) {
  *column = csv->first_pass ? NULL : find_column(csv, sample);
  bool growing = csv->run_dir == NULL || csv->options.follow;
  if (*column != NULL || !growing)
    return 0;
  size_t index = csv->first_pass ? csv->columns_num : csv->cursor;
  *column = insert_column(csv, index, sample);
  if (*column == NULL)
    return -ENOMEM;
  csv->cursor = index + 1 < csv->columns_num ? index + 1 : 0;
  return 0;
}

static void forget_counter(struct sink *sink, const struct sample *sample) {
  struct csv *csv = (struct csv *)sink;
  struct column *column = find_live(csv, sample);
  if (column == NULL)
    return;
  column->live = NULL;
  if (csv->options.layout == CSV_SEPARATE && csv->options.follow && column->file.torn_at < 0) {
    /* its file stays and is found again by name: over months the counters that were are many */
    close_file(csv, &column->file);
    column->over = true;
  }
}

/* --- passes ------------------------------------------------------------------------------------------------------- */

static bool is_writing(const struct csv *csv) {
  return csv->run_dir != NULL && !csv->finished;
}

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  struct csv *csv = (struct csv *)sink;
  (void)count;
  if (!csv->has_time)
    csv->time_ns = now->wall_ns;
  csv->cursor = 0;
  size_t kept = 0;
  for (size_t i = 0; i < csv->columns_num; i++) {
    struct column *column = &csv->columns[i];
    if (column->over) {
      free(column->label);
      continue;
    }
    column->seen = column->has_energy = column->has_power = column->has_average = false;
    if (kept < i)
      csv->columns[kept] = *column;
    kept++;
  }
  csv->columns_num = kept;
  return 0;
}

static void put_values(struct csv *csv, const struct column *column) {
  struct csv_text *text = &csv->text;
  csv_text_char(text, ',');
  if (column->has_energy)
    csv_text_u64(text, column->energy_uj, 1);
  csv_text_char(text, ',');
  if (column->has_power)
    csv_text_power(text, column->power_w);
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

/* A row that was not written: of that column, or of the one file. What the sink answers. */
static int drop_row(struct csv *csv, int status, const struct column *column) {
  csv->dropped++;
  if (column != NULL)
    name_file(csv, column);
  note_error(csv, status, csv->run_dir, column != NULL ? csv->file_name : csv->options.name);
  return csv->options.lenient ? 0 : status;
}

static int write_row(struct csv *csv, struct csv_file *file, const struct column *column) {
  csv_text_char(&csv->text, '\n');
  int status = csv_file_append(file, &csv->text);
  if (status != 0)
    return drop_row(csv, status, column);
  csv->rows++;
  return 0;
}

static int write_long_row(struct csv *csv, const struct sample *sample) {
  struct csv_text *text = &csv->text;
  start_row(csv);
  csv_text_char(text, ',');
  csv_text_field(text, sample->label, "");
  csv_text_char(text, ',');
  if (sample->has_energy)
    csv_text_u64(text, sample->energy_uj, 1);
  csv_text_char(text, ',');
  if (sample->has_power)
    csv_text_power(text, sample->power_w);
  csv_text_char(text, ',');
  csv_text_string(text, sample_state_name(sample->state));
  if (csv->options.smooth > 0) {
    csv_text_char(text, ',');
    if (sample->has_average)
      csv_text_power(text, sample->average_w);
  }
  return write_row(csv, &csv->file, NULL);
}

static int write_separate_row(struct csv *csv, struct column *column) {
  int status = ready_file(csv, column);
  if (status != 0)
    return drop_row(csv, status, column);
  start_row(csv);
  put_values(csv, column);
  status = write_row(csv, &column->file, column);
  if (csv->open_files > csv->open_files_max)
    close_file(csv, &column->file);
  return status;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct csv *csv = (struct csv *)sink;
  if (csv->options.layout == CSV_LONG)
    return is_writing(csv) ? write_long_row(csv, sample) : 0;

  struct column *column;
  int status = column_for(csv, sample, &column);
  if (status != 0 && is_writing(csv))
    return drop_row(csv, status, NULL);
  if (status != 0)
    return csv->options.lenient ? 0 : status;
  if (column == NULL)
    return 0;
  column->seen = true;
  column->has_energy = sample->has_energy;
  column->energy_uj = sample->energy_uj;
  column->has_power = sample->has_power;
  column->power_w = sample->power_w;
  column->has_average = sample->has_average;
  column->average_w = sample->average_w;
  if (csv->options.layout == CSV_SEPARATE && is_writing(csv))
    return write_separate_row(csv, column);
  return 0;
}

static int write_combined_row(struct csv *csv) {
  start_row(csv);
  for (size_t i = 0; i < csv->columns_num; i++)
    put_values(csv, &csv->columns[i]);
  return write_row(csv, &csv->file, NULL);
}

/* Separate files have a row per pass, as the combined one has, also when the counter is gone. */
static int write_empty_rows(struct csv *csv) {
  int first = 0;
  for (size_t i = 0; i < csv->columns_num && !csv->options.follow; i++) {
    int status = csv->columns[i].seen ? 0 : write_separate_row(csv, &csv->columns[i]);
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

/* The directory and its parents. */
static int make_parents(struct csv *csv) {
  char *path = csv->dir;
  for (char *at = path + strspn(path, "/"); *at != '\0';) {
    at += strcspn(at, "/");
    char kept = *at;
    *at = '\0';
    int status = mkdir(path, 0777) != 0 && errno != EEXIST ? -errno : 0;
    if (status != 0)
      note_error(csv, status, path, "");
    *at = kept;
    if (status != 0)
      return status;
    at += strspn(at, "/");
  }
  return 0;
}

/* The first run directory of this second that is free. */
static int make_run_dir(struct csv *csv, int64_t wall_ns) {
  time_t second = (time_t)(wall_ns / NS_PER_S);
  struct tm local;
  char stamp[40];
  if (localtime_r(&second, &local) == NULL || strftime(stamp, sizeof(stamp), "run_%Y%m%d_%H%M%S", &local) == 0)
    return -EOVERFLOW;
  size_t len = strlen(csv->options.dir);
  while (len > 1 && csv->options.dir[len - 1] == '/')
    len--;
  size_t size = len + sizeof(stamp) + 16;
  char *path = malloc(size);
  if (path == NULL)
    return -ENOMEM;
  const char *slash = len > 0 && csv->options.dir[len - 1] == '/' ? "" : "/";
  int status = -EEXIST;
  for (int i = 1; i <= RUN_DIRS_MAX && status == -EEXIST; i++) {
    int at = snprintf(path, size, "%.*s%s%s", (int)len, csv->options.dir, slash, stamp);
    if (i > 1)
      snprintf(path + at, size - (size_t)at, "_%d", i);
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
    note_error(csv, status, path, "");
    free(path);
    return status;
  }
  csv->run_dir = path;
  return 0;
}

static int create_files(struct csv *csv) {
  if (csv->options.layout != CSV_SEPARATE) {
    int status = create_file(csv, &csv->file, csv->options.name, NULL);
    if (status != 0)
      note_error(csv, status, csv->run_dir, csv->options.name);
    return status;
  }
  for (size_t i = 0; i < csv->columns_num; i++) {
    struct column *column = &csv->columns[i];
    int status = ready_file(csv, column);
    if (status != 0) {
      note_error(csv, status, csv->run_dir, csv->file_name);
      return status;
    }
    if (csv->open_files > csv->open_files_max)
      close_file(csv, &column->file);
  }
  return 0;
}

/* Back to where csv_start() began. */
static void remove_run_dir(struct csv *csv) {
  for (size_t i = 0; i < csv->columns_num; i++) {
    struct column *column = &csv->columns[i];
    close_file(csv, &column->file);
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

void csv_set_time(struct csv *csv, int64_t wall_ns) {
  csv->time_ns = wall_ns;
  csv->has_time = true;
}

int csv_finish(struct csv *csv) {
  int first = close_file(csv, &csv->file);
  if (first != 0)
    note_error(csv, first, csv->run_dir, csv->options.name);
  for (size_t i = 0; i < csv->columns_num; i++) {
    int status = close_file(csv, &csv->columns[i].file);
    if (status == 0)
      continue;
    name_file(csv, &csv->columns[i]);
    note_error(csv, status, csv->run_dir, csv->file_name);
    first = first != 0 ? first : status;
  }
  csv->finished = true;
  return first;
}

void csv_delete(struct csv *csv) {
  if (csv == NULL)
    return;
  csv_finish(csv);
  if (csv->dir_fd >= 0)
    close(csv->dir_fd);
  for (size_t i = 0; i < csv->columns_num; i++)
    free(csv->columns[i].label);
  free(csv->columns);
  free(csv->run_dir);
  free(csv->text.data);
  free(csv->dir);
  free(csv->name);
  free(csv);
}

const char *csv_dir(const struct csv *csv) {
  return csv->run_dir;
}

size_t csv_files(const struct csv *csv) {
  if (csv->run_dir == NULL)
    return 0;
  return csv->options.layout == CSV_SEPARATE ? csv->columns_num : 1;
}

const char *csv_file(struct csv *csv, size_t index) {
  if (csv->options.layout != CSV_SEPARATE)
    return csv->options.name;
  name_file(csv, &csv->columns[index]);
  return csv->file_name;
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
