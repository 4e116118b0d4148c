#include "common/tariff.h"

#include "common/csv_reader.h"
#include "common/field.h"
#include "common/message.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the file ----------------------------------------------------------------------------------------------------- */

struct parser {
  struct tariff *tariff;
  size_t size; /* allocated steps */
  bool begun;
  size_t ts, value, columns;
};

static int add_step(struct parser *parser, int64_t from_ns, bool has_value, double value) {
  struct tariff *tariff = parser->tariff;
  if (tariff->num == parser->size) {
    size_t size = parser->size > 0 ? 2 * parser->size : 64;
    struct tariff_step *steps = reallocarray(tariff->steps, size, sizeof(*steps));
    if (steps == NULL)
      return -ENOMEM;
    tariff->steps = steps;
    parser->size = size;
  }
  tariff->steps[tariff->num++] = (struct tariff_step){.from_ns = from_ns, .has_value = has_value, .value = value};
  tariff->has_negative = tariff->has_negative || (has_value && value < 0);
  return 0;
}

static int take_header(struct parser *parser, const struct csv_row *row) {
  parser->begun = true;
  parser->columns = row->count;
  parser->ts = csv_reader_column(row, "ts");
  parser->value = csv_reader_column(row, "value");
  if (parser->ts < parser->columns && parser->value < parser->columns)
    return 0;
  message_error("'%s': line %" PRIu64 ": the columns ts and value are missing", parser->tariff->path, row->line);
  return -EINVAL;
}

static bool parse_value(const char *text, double *value) {
  char *end;
  *value = strtod(text, &end);
  return end != text && *end == '\0' && isfinite(*value);
}

static int take_row(const struct csv_row *row, void *arg) {
  struct parser *parser = arg;
  const struct tariff *tariff = parser->tariff;
  int64_t from_ns;
  double value = 0;
  if (!parser->begun)
    return take_header(parser, row);
  const char *problem = NULL;
  if (row->count != parser->columns)
    problem = "it has another number of fields than the first line";
  else if (field_parse_time(row->fields[parser->ts], &from_ns, NULL) != 0)
    problem = "its ts is no time";
  else if (tariff->num > 0 && from_ns <= tariff->steps[tariff->num - 1].from_ns)
    problem = "its ts is not later than the one before (times without an offset from UTC are local)";
  else if (!field_is_empty(row->fields[parser->value]) && !parse_value(row->fields[parser->value], &value))
    problem = "its value is no number";
  if (problem == NULL)
    return add_step(parser, from_ns, !field_is_empty(row->fields[parser->value]), value);
  message_error("'%s': line %" PRIu64 ": %s", tariff->path, row->line, problem);
  return -EINVAL;
}

static int read_file(struct parser *parser) {
  struct tariff *tariff = parser->tariff;
  int status = csv_reader_read(tariff->path, take_row, parser);
  if (status == 0 && tariff->num == 0) {
    message_error("'%s': it has no values; it needs the columns ts and value, and a row for each value", tariff->path);
    return STATUS_USAGE;
  }
  if (status == 0 && tariff->num > 1) {
    const struct tariff_step *last = &tariff->steps[tariff->num - 1];
    int64_t end_ns;
    if (!__builtin_sub_overflow(last->from_ns, last[-1].from_ns, &end_ns) &&
        !__builtin_add_overflow(last->from_ns, end_ns, &end_ns))
      status = add_step(parser, end_ns, false, 0);
  }
  if (status == 0)
    return STATUS_DONE;
  if (status != -EINVAL)
    message_error("unable to read '%s': %s", tariff->path, strerror(-status));
  return status == -ENOMEM ? STATUS_FAILED : STATUS_USAGE;
}

int tariff_open(struct tariff *tariff, const char *text) {
  *tariff = (struct tariff){0};
  struct parser parser = {.tariff = tariff};
  double value;
  if (text == NULL)
    return STATUS_DONE;
  int status = STATUS_DONE;
  if (!parse_value(text, &value)) {
    tariff->path = text;
    status = read_file(&parser);
  } else if (add_step(&parser, INT64_MIN, true, value) != 0) {
    message_error("unable to start: %s", strerror(ENOMEM));
    status = STATUS_FAILED;
  }
  if (status != STATUS_DONE)
    tariff_close(tariff);
  return status;
}

void tariff_close(struct tariff *tariff) {
  free(tariff->steps);
  *tariff = (struct tariff){0};
}

/* --- values ------------------------------------------------------------------------------------------------------- */

/* The step at that instant; num: before the first one. */
static size_t step_at(const struct tariff *tariff, int64_t at_ns) {
  size_t low = 0, high = tariff->num;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (tariff->steps[middle].from_ns <= at_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 ? low - 1 : tariff->num;
}

static int64_t end_of(const struct tariff *tariff, size_t step) {
  return step + 1 < tariff->num ? tariff->steps[step + 1].from_ns : INT64_MAX;
}

int64_t tariff_covers_until(const struct tariff *tariff, int64_t from_ns, int64_t to_ns) {
  for (size_t i = step_at(tariff, from_ns); from_ns < to_ns; i++) {
    if (i >= tariff->num || !tariff->steps[i].has_value)
      return from_ns;
    from_ns = end_of(tariff, i);
  }
  return to_ns;
}

double tariff_integral(const struct tariff *tariff, int64_t from_ns, int64_t to_ns) {
  size_t i = step_at(tariff, from_ns);
  double sum = 0;
  if (i == tariff->num) {
    i = 0;
    from_ns = tariff->num > 0 ? tariff->steps[0].from_ns : to_ns;
  }
  for (; from_ns < to_ns; i++) {
    int64_t end_ns = end_of(tariff, i) < to_ns ? end_of(tariff, i) : to_ns;
    if (tariff->steps[i].has_value)
      sum += tariff->steps[i].value * (double)(end_ns - from_ns) * 1e-9;
    from_ns = end_ns;
  }
  return sum;
}

void tariff_range(const struct tariff *tariff, int64_t from_ns, int64_t to_ns, double *least, double *most) {
  size_t i = step_at(tariff, from_ns);
  bool has = false;
  *least = *most = 0;
  for (i = i == tariff->num ? 0 : i; i < tariff->num; i++) {
    const struct tariff_step *step = &tariff->steps[i];
    if (step->from_ns > from_ns && step->from_ns >= to_ns)
      break;
    if (!step->has_value)
      continue;
    *least = has && *least < step->value ? *least : step->value;
    *most = has && *most > step->value ? *most : step->value;
    has = true;
  }
}
