#include "number.h"

#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MAX_S (10.0 * 365 * 24 * 3600)
#define FACTOR_MAX     1e9

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int number_parse_u64(const char *text, size_t len, uint64_t *value) {
  const char *end = text + len;
  while (text < end && is_space(*text))
    text++;
  while (end > text && is_space(end[-1]))
    end--;
  if (text == end)
    return -ENODATA;
  for (const char *c = text; c < end; c++)
    if (!is_digit(*c))
      return -EINVAL;
  uint64_t sum = 0;
  for (; text < end; text++) {
    unsigned digit = (unsigned)(*text - '0');
    if (sum > (UINT64_MAX - digit) / 10)
      return -ERANGE;
    sum = sum * 10 + digit;
  }
  *value = sum;
  return 0;
}

/*
 * digits[.digits][e[+-]digits], and the text after it in *rest. Refuses what else strtod() accepts: white space, a
 * sign, "inf", "nan", hex. Independent of the locale.
 */
static int parse_decimal(const char *text, double *value, const char **rest) {
  bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (is_hex || (!is_digit(text[0]) && text[0] != '.'))
    return -EINVAL;
  locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  if (plain == (locale_t)0)
    return -ENOMEM;
  char *end;
  *value = strtod_l(text, &end, plain); /* infinite if too large; the caller checks the range */
  freelocale(plain);
  *rest = end;
  return end == text ? -EINVAL : 0;
}

int number_parse_duration(const char *text, int64_t *ns) {
  static const struct {
    const char *unit;
    double seconds;
  } units[] = {{"", 1}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};

  double value;
  const char *unit;
  int status = parse_decimal(text, &value, &unit);
  if (status != 0)
    return status;
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
    if (strcmp(unit, units[i].unit) == 0) {
      double seconds = value * units[i].seconds;
      if (seconds > DURATION_MAX_S)
        return -ERANGE;
      *ns = (int64_t)(seconds * 1e9 + 0.5);
      return 0;
    }
  return -EINVAL;
}

int number_parse_factor(const char *text, double *factor) {
  double value;
  const char *rest;
  int status = parse_decimal(text, &value, &rest);
  if (status != 0)
    return status;
  if (*rest != '\0')
    return -EINVAL;
  if (value <= 0 || value > FACTOR_MAX)
    return -ERANGE;
  *factor = value;
  return 0;
}

int number_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *count) {
  size_t len = strlen(text);
  if (!is_digit(text[0]) || !is_digit(text[len - 1])) /* no white space around it */
    return -EINVAL;
  uint64_t value;
  int status = number_parse_u64(text, len, &value);
  if (status != 0)
    return status;
  if (value < min || value > max)
    return -ERANGE;
  *count = value;
  return 0;
}
