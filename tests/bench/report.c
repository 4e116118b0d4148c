/*
 * report: results of many runs -> a table of medians, and JSON
 *
 *   report JSON [KEY=VALUE...] <RESULTS
 *
 * RESULTS has lines "what N run value unit floor" with tabs between, see result() in vms.h. A ratio is that of the
 * value to the floor of the same N and run; the median of the ratios is told, not the ratio of medians. The keys and
 * values tell of the circumstances; they go into the JSON file.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 6

struct line {
  char *what, *unit, *floor;
  long count;
  int run;
  double value;
};

static struct line *lines;
static size_t lines_num;

static void die(const char *what) {
  fprintf(stderr, "report: %s\n", what);
  exit(1);
}

static void take(char *text) {
  char *fields[FIELDS], *rest = text;
  for (int i = 0; i < FIELDS; i++) {
    fields[i] = strsep(&rest, "\t");
    if (fields[i] == NULL)
      die("a line of the results has too few fields");
  }
  if (lines_num % 256 == 0)
    lines = realloc(lines, (lines_num + 256) * sizeof(*lines));
  if (lines == NULL)
    die("no memory");
  lines[lines_num++] = (struct line){.what = strdup(fields[0]),
                                     .count = atol(fields[1]),
                                     .run = atoi(fields[2]),
                                     .value = atof(fields[3]),
                                     .unit = strdup(fields[4]),
                                     .floor = strdup(fields[5])};
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t num) {
  qsort(values, num, sizeof(*values), compare);
  return num % 2 == 1 ? values[num / 2] : (values[num / 2 - 1] + values[num / 2]) / 2;
}

static double floor_of(const struct line *line) {
  for (size_t i = 0; i < lines_num; i++)
    if (lines[i].count == line->count && lines[i].run == line->run && strcmp(lines[i].what, line->floor) == 0)
      return lines[i].value;
  return 0;
}

/* Of all runs of what on count counters: the median and its ratio to the floor (0: none), for the table and as JSON. */
static json_t *summarise(const char *what, long count, char *cell, size_t size) {
  double *values = calloc(lines_num, sizeof(*values)), *ratios = calloc(lines_num, sizeof(*ratios));
  size_t num = 0, ratios_num = 0;
  const struct line *one = NULL;
  if (values == NULL || ratios == NULL)
    die("no memory");
  for (size_t i = 0; i < lines_num; i++) {
    if (lines[i].count != count || strcmp(lines[i].what, what) != 0)
      continue;
    one = &lines[i];
    values[num++] = one->value;
    double floor = floor_of(one);
    if (floor > 0 && strcmp(one->floor, what) != 0)
      ratios[ratios_num++] = one->value / floor;
  }
  json_t *json = NULL;
  cell[0] = '\0';
  if (num > 0) {
    double middle = median(values, num);
    json = json_pack("{s:I, s:I, s:f, s:f, s:f}", "counters", (json_int_t)count, "runs", (json_int_t)num, "median",
                     middle, "min", values[0], "max", values[num - 1]);
    int len = snprintf(cell, size, middle < 100 && strcmp(one->unit, "ns") != 0 ? "%.3g" : "%.0f", middle);
    if (ratios_num > 0) {
      double ratio = median(ratios, ratios_num);
      json_object_set_new(json, "ratio", json_real(ratio));
      snprintf(cell + len, size - (size_t)len, " (%.2f)", ratio);
    }
  }
  free(values);
  free(ratios);
  return json;
}

static bool is_first(size_t index) {
  for (size_t i = 0; i < index; i++)
    if (strcmp(lines[i].what, lines[index].what) == 0)
      return false;
  return true;
}

static size_t counts_of(long *counts, size_t max) {
  size_t num = 0;
  for (size_t i = 0; i < lines_num; i++) {
    size_t at = 0;
    while (at < num && counts[at] < lines[i].count)
      at++;
    if ((at < num && counts[at] == lines[i].count) || num == max)
      continue;
    memmove(&counts[at + 1], &counts[at], (num - at) * sizeof(*counts));
    counts[at] = lines[i].count;
    num++;
  }
  return num;
}

int main(int argc, char **argv) {
  char *text = NULL;
  size_t size = 0;
  ssize_t len;
  if (argc < 2) {
    fprintf(stderr, "usage: report JSON [KEY=VALUE...] <RESULTS\n");
    return 2;
  }
  while ((len = getline(&text, &size, stdin)) > 0) {
    text[strcspn(text, "\n")] = '\0';
    take(text);
  }
  free(text);

  long counts[16];
  size_t counts_num = counts_of(counts, 15);
  json_t *results = json_array(), *root = json_object();
  for (int i = 2; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL)
      die("what tells of the circumstances is KEY=VALUE");
    *value++ = '\0';
    json_object_set_new(root, argv[i], json_string(value));
    printf("%s: %s\n", argv[i], value);
  }
  printf("median of the runs (and of its ratio to the floor of the same run)\n\n%-42s %-8s", "counters", "");
  for (size_t c = 0; c < counts_num; c++)
    printf(" %15ld", counts[c]);
  printf("\n");
  for (size_t i = 0; i < lines_num; i++) {
    if (!is_first(i))
      continue;
    json_t *by_count = json_array();
    printf("%-42s %-8s", lines[i].what, lines[i].unit);
    for (size_t c = 0; c < counts_num; c++) {
      char cell[48];
      json_t *one = summarise(lines[i].what, counts[c], cell, sizeof(cell));
      if (one != NULL)
        json_array_append_new(by_count, one);
      printf(" %15s", cell);
    }
    printf("\n");
    json_array_append_new(results, json_pack("{s:s, s:s, s:s, s:o}", "what", lines[i].what, "unit", lines[i].unit,
                                             "floor", lines[i].floor, "by_counters", by_count));
  }
  json_object_set_new(root, "results", results);
  if (json_dump_file(root, argv[1], JSON_INDENT(1)) != 0)
    die(argv[1]);
  json_decref(root);
  for (size_t i = 0; i < lines_num; i++) {
    free(lines[i].what);
    free(lines[i].unit);
    free(lines[i].floor);
  }
  free(lines);
  return fflush(stdout) == 0 ? 0 : 1;
}
