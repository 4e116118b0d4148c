#include "json.h"

#include "inputs.h"

#include "core/label.h"

#include <errno.h>
#include <stdlib.h>

/* Digits of a number: microseconds of a Unix time, and no 0.30000000000000004. */
#define DIGITS 16

json_t *json_number_or_null(bool has, double number) {
  return has ? json_real(number) : json_null();
}

json_t *json_counter_or_null(bool has, uint64_t energy_uj) {
  if (!has)
    return json_null();
  return energy_uj <= INT64_MAX ? json_integer((json_int_t)energy_uj) : json_real((double)energy_uj);
}

json_t *json_path(const char *path) {
  const char *shown = inputs_shown(path);
  json_t *exact = json_string(shown);
  if (exact != NULL)
    return exact;
  char *printable = label_printable(shown);
  json_t *text = json_string(printable != NULL ? printable : "?");
  free(printable);
  return text;
}

int json_print(json_t *root, FILE *out) {
  if (root == NULL)
    return -ENOMEM;
  errno = 0;
  int status = 0;
  if (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) != 0 || fputc('\n', out) == EOF)
    status = errno != 0 ? -errno : -EIO;
  json_decref(root);
  return status;
}
