#include "report/run_info.h"

#include "core/clock.h"
#include "core/label.h"
#include "core/number.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* See field.c. */
#define TIME_MAX_S 4e9

static bool take_number(const json_t *json, double *number) {
  if (!json_is_number(json))
    return false;
  *number = json_number_value(json);
  return isfinite(*number);
}

static int64_t to_ns(double s) {
  return (int64_t)llround(s * 1e6) * NS_PER_US;
}

static bool take_counter_number(const json_t *json, uint64_t *number) {
  if (json_is_integer(json) && json_integer_value(json) >= 0) {
    *number = (uint64_t)json_integer_value(json);
    return true;
  }
  const char *digits = json_string_value(json);
  return digits != NULL && number_parse_u64(digits, strlen(digits), number) == 0;
}

static int compare_counters(const void *a, const void *b) {
  return strcmp(((const struct run_counter *)a)->label, ((const struct run_counter *)b)->label);
}

static int take_counters(const json_t *list, struct run_info *info) {
  info->counters = calloc(json_array_size(list) + 1, sizeof(*info->counters));
  if (info->counters == NULL)
    return -ENOMEM;
  size_t i;
  const json_t *item;
  json_array_foreach(list, i, item) {
    const char *label = json_string_value(json_object_get(item, "label"));
    double start_s;
    if (label == NULL)
      continue;
    struct run_counter *counter = &info->counters[info->counters_num];
    counter->label = strdup(label);
    if (counter->label == NULL)
      return -ENOMEM;
    info->counters_num++;
    counter->has_start = take_counter_number(json_object_get(item, "start_energy_uj"), &counter->start_uj);
    if (take_number(json_object_get(item, "start_update"), &start_s) && start_s > 0 && start_s < TIME_MAX_S)
      counter->start_ns = to_ns(start_s);
    if (!take_counter_number(json_object_get(item, "range_uj"), &counter->range_uj))
      counter->range_uj = 0;
  }
  qsort(info->counters, info->counters_num, sizeof(*info->counters), compare_counters);
  return 0;
}

static int take_steps(const json_t *list, struct run_info *info) {
  info->steps = calloc(json_array_size(list) + 1, sizeof(*info->steps));
  if (info->steps == NULL)
    return -ENOMEM;
  size_t i;
  const json_t *item;
  double sum_s = 0;
  json_array_foreach(list, i, item) {
    double at_s, by_s;
    if (!take_number(json_object_get(item, "ts"), &at_s) || !take_number(json_object_get(item, "by_s"), &by_s))
      continue;
    sum_s += by_s;
    if (fabs(at_s) < TIME_MAX_S && fabs(by_s) < TIME_MAX_S && fabs(sum_s) < TIME_MAX_S)
      info->steps[info->steps_num++] = (struct run_step){.at_ns = to_ns(at_s), .by_ns = to_ns(by_s)};
  }
  return 0;
}

static int take_files(const json_t *list, struct run_info *info) {
  info->files = calloc(json_array_size(list) + 1, sizeof(*info->files));
  if (info->files == NULL)
    return -ENOMEM;
  size_t i;
  const json_t *item;
  json_array_foreach(list, i, item) {
    const char *name = json_string_value(item);
    if (name == NULL || strchr(name, '/') != NULL) /* only of this directory */
      continue;
    info->files[info->files_num] = strdup(name);
    if (info->files[info->files_num] == NULL)
      return -ENOMEM;
    info->files_num++;
  }
  return 0;
}

static int take_info(const json_t *root, struct run_info *info) {
  const char *tool = json_string_value(json_object_get(root, "tool"));
  const char *host = json_string_value(json_object_get(root, "host"));
  double start_s;
  if (tool == NULL || strcmp(tool, "vm_energy") != 0 || !take_number(json_object_get(root, "scale"), &info->scale) ||
      info->scale <= 0 || !take_number(json_object_get(root, "start"), &start_s) || fabs(start_s) > TIME_MAX_S)
    return -EINVAL;
  if (!take_number(json_object_get(root, "max_power_w"), &info->max_power_w) || info->max_power_w < 0)
    info->max_power_w = 0;
  info->start_ns = to_ns(start_s);
  info->never_ended = json_is_null(json_object_get(root, "end"));
  const json_t *quality = json_object_get(root, "quality");
  double late_s;
  if (take_number(json_object_get(quality, "late_max_s"), &late_s) && late_s > 0 && late_s < TIME_MAX_S)
    info->late_ns = to_ns(late_s);
  if (!take_counter_number(json_object_get(quality, "rows_lost"), &info->rows_lost))
    info->rows_lost = 0;
  info->host = host != NULL ? label_printable(host) : NULL;
  int status = take_files(json_object_get(root, "files"), info);
  if (status == 0)
    status = take_steps(json_object_get(root, "clock_steps"), info);
  return status != 0 ? status : take_counters(json_object_get(root, "counters"), info);
}

int run_info_read(const char *path, struct run_info *info) {
  *info = (struct run_info){.scale = 1};
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return -errno;
  json_t *root = json_loadf(file, 0, NULL);
  fclose(file);
  if (root == NULL)
    return -EINVAL;
  int status = take_info(root, info);
  json_decref(root);
  if (status != 0)
    run_info_free(info);
  return status;
}

void run_info_free(struct run_info *info) {
  for (size_t i = 0; i < info->files_num; i++)
    free(info->files[i]);
  for (size_t i = 0; i < info->counters_num; i++)
    free(info->counters[i].label);
  free(info->files);
  free(info->counters);
  free(info->steps);
  free(info->host);
  *info = (struct run_info){.scale = 1};
}

int64_t run_info_steady_ns(struct run_info_clock *cursor, const struct run_info *info, int64_t wall_ns) {
  int64_t last_ns = cursor->begun ? cursor->last_ns : info->start_ns - NS_PER_S; /* stamps are truncated */
  for (; cursor->step < info->steps_num; cursor->step++) {
    const struct run_step *step = &info->steps[cursor->step];
    if (wall_ns < step->at_ns && !(step->by_ns < 0 && wall_ns < last_ns))
      break;
    cursor->by_ns += step->by_ns;
  }
  cursor->begun = true;
  cursor->last_ns = wall_ns;
  return wall_ns - cursor->by_ns;
}

bool run_info_has_file(const struct run_info *info, const char *name) {
  for (size_t i = 0; i < info->files_num; i++)
    if (strcmp(info->files[i], name) == 0)
      return true;
  return false;
}

static int compare_label(const void *label, const void *counter) {
  return strcmp(label, ((const struct run_counter *)counter)->label);
}

const struct run_counter *run_info_counter(const struct run_info *info, const char *label) {
  return bsearch(label, info->counters, info->counters_num, sizeof(*info->counters), compare_label);
}
