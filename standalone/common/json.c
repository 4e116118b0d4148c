#include "common/json.h"

#include "common/inputs.h"

#include "core/label.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough for microseconds of a Unix time, too few for 0.30000000000000004. */
#define DIGITS 16

json_t *json_number_or_null(bool has, double number) {
  return has && isfinite(number) ? json_real(number) : json_null();
}

json_t *json_counter_or_null(bool has, uint64_t energy_uj) {
  if (!has)
    return json_null();
  return energy_uj <= INT64_MAX ? json_integer((json_int_t)energy_uj) : json_real((double)energy_uj);
}

json_t *json_text(const char *text) {
  json_t *exact = json_string(text);
  if (exact != NULL)
    return exact;
  char *printable = label_printable(text);
  json_t *string = json_string(printable != NULL ? printable : "?");
  free(printable);
  return string;
}

json_t *json_path(const char *path) {
  return json_text(inputs_display_path(path));
}

json_t *json_list(size_t count, json_t *(*item)(size_t index, const void *arg), const void *arg) {
  json_t *list = json_array();
  for (size_t i = 0; i < count && list != NULL; i++)
    if (json_array_append_new(list, item(i, arg)) != 0) {
      json_decref(list);
      list = NULL;
    }
  return list;
}

static int write_json(const json_t *root, FILE *out) {
  /* JSON escapes no C1 control characters by itself */
  size_t ascii = isatty(fileno(out)) == 1 ? JSON_ENSURE_ASCII : 0;
  errno = 0;
  if (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS) | ascii) == 0 && fputc('\n', out) != EOF)
    return 0;
  return errno != 0 ? -errno : -EIO;
}

int json_write_with_list(const json_t *root, const char *name, size_t count,
                         json_t *(*item)(size_t index, const void *arg), const void *arg, FILE *out) {
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS));
  size_t len = text == NULL ? 0 : strlen(text);
  if (len < 2) {
    free(text);
    return -ENOMEM;
  }
  errno = 0;
  bool written = fprintf(out, "%.*s,\n  \"%s\": [", (int)len - 2, text, name) > 0; /* without its last brace */
  free(text);
  for (size_t i = 0; i < count && written; i++) {
    json_t *one = item(i, arg);
    if (one == NULL)
      return -ENOMEM;
    written =
        fputs(i == 0 ? "\n    " : ",\n    ", out) != EOF && json_dumpf(one, out, JSON_REAL_PRECISION(DIGITS)) == 0;
    json_decref(one);
  }
  if (written && fputs(count == 0 ? "]\n}\n" : "\n  ]\n}\n", out) != EOF)
    return 0;
  return errno != 0 ? -errno : -EIO;
}

int json_print(json_t *root, FILE *out) {
  if (root == NULL)
    return -ENOMEM;
  int status = write_json(root, out);
  json_decref(root);
  return out == stdout && ferror(out) ? 0 : status;
}
