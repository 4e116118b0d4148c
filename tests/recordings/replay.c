#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELDS 7

struct counter {
  char *path;
  struct replay_update *updates;
  size_t updates_num;
  const struct replay_row *shown; /* by the last replay_show() */
};

struct replay {
  struct counter *counters;
  size_t counters_num;
  struct replay_row *rows;
  size_t rows_num;
  size_t rows_shown;
  int64_t offset_ns; /* wall - mono */
};

static void *grown(void *items, size_t count, size_t size) {
  /* full at each power of two */
  if ((count & (count - 1)) != 0)
    return items;
  void *more = realloc(items, (count == 0 ? 1 : 2 * count) * size);
  if (more == NULL)
    abort();
  return more;
}

size_t replay_find(const struct replay *replay, const char *path) {
  for (size_t i = 0; i < replay->counters_num; i++)
    if (strcmp(replay->counters[i].path, path) == 0)
      return i;
  return replay->counters_num;
}

static size_t find_or_add(struct replay *replay, const char *path) {
  size_t i = replay_find(replay, path);
  if (i < replay->counters_num)
    return i;
  replay->counters = grown(replay->counters, i, sizeof(*replay->counters));
  replay->counters[i] = (struct counter){.path = strdup(path)};
  if (replay->counters[i].path == NULL)
    abort();
  replay->counters_num++;
  return i;
}

static bool parse_seconds(const char *text, int64_t *ns) {
  char *end;
  double seconds = strtod(text, &end);
  *ns = (int64_t)(seconds * 1e4 + 0.5) * (NS_PER_S / 10000); /* four decimals */
  return end != text && *end == '\0' && seconds > 0;
}

static bool parse_integer(const char *text, uint64_t *value) {
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool parse_file(char *const *fields, struct replay_row *row) {
  uint64_t mtime_ns, size, number;
  size_t len = strlen(fields[6]);
  if (!parse_integer(fields[3], &row->inode) || !parse_integer(fields[4], &mtime_ns) ||
      !parse_integer(fields[5], &size) || (len > 0 && !parse_integer(fields[6], &number)))
    return false;
  row->present = true;
  row->mtime_ns = (int64_t)mtime_ns;
  if (size == 0)
    return true;
  if (size != len && size != len + 1)
    return false;
  return snprintf(row->content, sizeof(row->content), "%s%s", fields[6], size > len ? "\n" : "") == (int)size;
}

static bool parse_row(struct replay *replay, char *line) {
  char *fields[FIELDS];
  for (int i = 0; i < FIELDS; i++)
    fields[i] = strsep(&line, ",");
  int64_t mono_ns, wall_ns;
  if (fields[FIELDS - 1] == NULL || line != NULL || !parse_seconds(fields[0], &mono_ns) ||
      !parse_seconds(fields[1], &wall_ns))
    return false;
  struct replay_row row = {.mono_s = (double)mono_ns / 1e9};
  if (strcmp(fields[3], "GONE") != 0 && !parse_file(fields, &row))
    return false;
  if (replay->rows_num > 0 && row.mono_s < replay->rows[replay->rows_num - 1].mono_s)
    return false;
  row.counter = find_or_add(replay, fields[2]);
  if (replay->rows_num == 0)
    replay->offset_ns = wall_ns - mono_ns;
  replay->rows = grown(replay->rows, replay->rows_num, sizeof(*replay->rows));
  replay->rows[replay->rows_num++] = row;
  return true;
}

static int by_value(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void add_update(struct counter *counter, const struct replay_row *row) {
  const struct replay_update *last = counter->updates_num > 0 ? &counter->updates[counter->updates_num - 1] : NULL;
  struct replay_update update = {
      .mono_s = row->mono_s, .mtime_ns = row->mtime_ns, .energy_uj = strtoull(row->content, NULL, 10)};
  if (last != NULL && last->mtime_ns == row->mtime_ns)
    return;
  if (last != NULL) {
    update.interval_ns = update.mtime_ns - last->mtime_ns;
    if (update.interval_ns > 0 && update.energy_uj > last->energy_uj)
      update.rise_uj = update.energy_uj - last->energy_uj;
  }
  counter->updates = grown(counter->updates, counter->updates_num, sizeof(*counter->updates));
  counter->updates[counter->updates_num++] = update;
}

static void find_late(struct counter *counter) {
  size_t count = 0;
  int64_t *intervals = calloc(counter->updates_num + 1, sizeof(*intervals));
  if (intervals == NULL)
    abort();
  for (size_t i = 0; i < counter->updates_num; i++)
    if (counter->updates[i].interval_ns > 0)
      intervals[count++] = counter->updates[i].interval_ns;
  qsort(intervals, count, sizeof(*intervals), by_value);
  for (size_t i = 0; i < counter->updates_num; i++)
    counter->updates[i].late = count > 0 && counter->updates[i].interval_ns >= intervals[count / 2] * 3 / 2;
  free(intervals);
}

static int parse(struct replay *replay, FILE *file, size_t *line_number) {
  char *line = NULL;
  size_t size = 0;
  int status = 0;
  ssize_t len;
  for (*line_number = 1; status == 0 && (len = getline(&line, &size, file)) > 0; (*line_number)++) {
    line[strcspn(line, "\n")] = '\0';
    bool right = *line_number == 1 ? strcmp(line, "mono_s,wall_s,counter,inode,mtime_ns,size,content") == 0
                                   : parse_row(replay, line);
    if (!right) {
      status = -EINVAL;
      break;
    }
  }
  if (status == 0 && replay->rows_num == 0)
    status = -EINVAL;
  free(line);
  return status;
}

int replay_open(struct replay **result, const char *path, size_t *line_number) {
  *line_number = 0;
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return -errno;
  struct replay *replay = calloc(1, sizeof(*replay));
  if (replay == NULL)
    abort();
  int status = parse(replay, file, line_number);
  fclose(file);
  if (status != 0) {
    replay_free(replay);
    return status;
  }
  for (size_t i = 0; i < replay->rows_num; i++)
    if (replay->rows[i].content[0] != '\0')
      add_update(&replay->counters[replay->rows[i].counter], &replay->rows[i]);
  for (size_t i = 0; i < replay->counters_num; i++)
    find_late(&replay->counters[i]);
  *result = replay;
  return 0;
}

void replay_free(struct replay *replay) {
  if (replay == NULL)
    return;
  for (size_t i = 0; i < replay->counters_num; i++) {
    free(replay->counters[i].path);
    free(replay->counters[i].updates);
  }
  free(replay->counters);
  free(replay->rows);
  free(replay);
}

size_t replay_counters(const struct replay *replay) {
  return replay->counters_num;
}

const char *replay_counter(const struct replay *replay, size_t counter) {
  return replay->counters[counter].path;
}

const struct replay_row *replay_rows(const struct replay *replay, size_t *count) {
  *count = replay->rows_num;
  return replay->rows;
}

const struct replay_row *replay_state(const struct replay *replay, size_t counter, double mono_s) {
  const struct replay_row *state = NULL;
  for (size_t i = 0; i < replay->rows_num && replay->rows[i].mono_s <= mono_s; i++)
    if (replay->rows[i].counter == counter)
      state = &replay->rows[i];
  return state;
}

const struct replay_update *replay_updates(const struct replay *replay, size_t counter, size_t *count) {
  *count = replay->counters[counter].updates_num;
  return replay->counters[counter].updates;
}

uint64_t replay_rises_uj(const struct replay *replay, size_t counter, double from_s, double to_s) {
  uint64_t sum_uj = 0;
  const struct counter *c = &replay->counters[counter];
  for (size_t i = 0; i < c->updates_num; i++)
    if (c->updates[i].mono_s > from_s && c->updates[i].mono_s <= to_s)
      sum_uj += c->updates[i].rise_uj;
  return sum_uj;
}

double replay_power_w(const struct replay *replay, size_t counter, double from_s, double to_s) {
  const struct counter *c = &replay->counters[counter];
  double energy_uj = 0, time_ns = 0;
  for (size_t i = 1; i < c->updates_num; i++) {
    const struct replay_update *update = &c->updates[i];
    if (update->mono_s > from_s && update->mono_s <= to_s && !update->late && update->interval_ns > 0 &&
        update->energy_uj >= update[-1].energy_uj) {
      energy_uj += (double)update->rise_uj;
      time_ns += (double)update->interval_ns;
    }
  }
  return time_ns > 0 ? energy_uj / time_ns * 1e3 : -1;
}

void replay_clock(const struct replay *replay, double mono_s, struct instant *now) {
  now->mono_ns = (int64_t)(mono_s * 1e9 + 0.5);
  now->wall_ns = now->mono_ns + replay->offset_ns;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* Makes the directories that lead to the path, from its byte `from` on. */
static int make_parents(char *path, size_t from) {
  for (char *slash = strchr(path + from, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int status = mkdir(path, 0755) != 0 && errno != EEXIST ? -errno : 0;
    *slash = '/';
    if (status != 0)
      return status;
  }
  return 0;
}

static void remove_file(char *path, size_t from) {
  unlink(path);
  for (char *slash; (slash = strrchr(path, '/')) != NULL && (size_t)(slash - path) >= from;) {
    *slash = '\0';
    if (rmdir(path) != 0)
      return;
  }
}

static int write_file(const char *path, const struct replay_row *row) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return -errno;
  const struct timespec time = {.tv_sec = row->mtime_ns / NS_PER_S, .tv_nsec = row->mtime_ns % NS_PER_S};
  const struct timespec times[2] = {time, time};
  ssize_t len = (ssize_t)strlen(row->content);
  int status = len > 0 && write(fd, row->content, (size_t)len) != len ? -EIO : 0;
  if (status == 0 && futimens(fd, times) != 0)
    status = -errno;
  close(fd);
  return status;
}

static int show_row(struct counter *counter, const struct replay_row *row, const char *root) {
  char path[PATH_MAX], fresh[PATH_MAX];
  size_t from = strlen(root) + 1;
  if (snprintf(path, sizeof(path), "%s/%s", root, counter->path) >= (int)sizeof(path) ||
      snprintf(fresh, sizeof(fresh), "%s/.fresh", root) >= (int)sizeof(fresh))
    return -ENAMETOOLONG;
  if (!row->present) {
    remove_file(path, from);
    return 0;
  }
  if (counter->shown != NULL && counter->shown->present && counter->shown->inode == row->inode)
    return write_file(path, row);
  /* beside the old file, which lives until then: or the new one could get its inode */
  int status = make_parents(path, from);
  if (status == 0)
    status = write_file(fresh, row);
  if (status == 0 && rename(fresh, path) != 0)
    status = -errno;
  return status;
}

int replay_show(struct replay *replay, const char *root, double mono_s) {
  size_t first = replay->rows_shown, end = first;
  while (end < replay->rows_num && replay->rows[end].mono_s <= mono_s)
    end++;
  /* backwards: of each counter the last row alone is made */
  replay->rows_shown = end;
  for (size_t i = end; i-- > first;) {
    const struct replay_row *row = &replay->rows[i];
    struct counter *counter = &replay->counters[row->counter];
    if (counter->shown != NULL && counter->shown >= row)
      continue;
    int status = show_row(counter, row, root);
    if (status != 0)
      return status;
    counter->shown = row;
  }
  return 0;
}
