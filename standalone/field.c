#include "field.h"

#include "core/clock.h"
#include "core/number.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

/* The year 2096: two such times may be subtracted from each other. */
#define SECONDS_MAX UINT64_C(4000000000)

static bool is_empty(const char *text) {
  static const char *const words[] = {"", "NA", "NaN", "nan"};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
    if (strcmp(text, words[i]) == 0)
      return true;
  return false;
}

/* "12", "12.", "12.5": the digits before the point, and where those behind it begin, or NULL. */
static int split(const char *text, uint64_t *whole, const char **decimals) {
  size_t len = strspn(text, DIGITS);
  const char *rest = text + len;
  if (len == 0 || (*rest != '\0' && *rest != '.'))
    return -EINVAL;
  if (*rest == '.' && rest[1 + strspn(rest + 1, DIGITS)] != '\0')
    return -EINVAL;
  *decimals = *rest == '.' ? rest + 1 : rest;
  return number_parse_u64(text, len, whole) == 0 ? 0 : -EINVAL;
}

int field_parse_time(const char *text, int64_t *ns, unsigned *decimals) {
  if (is_empty(text))
    return -ENODATA;
  bool negative = *text == '-';
  uint64_t seconds;
  const char *behind;
  if (split(text + negative, &seconds, &behind) != 0 || seconds > SECONDS_MAX)
    return -EINVAL;
  int64_t total_ns = (int64_t)seconds * NS_PER_S, unit_ns = NS_PER_S / 10;
  for (const char *digit = behind; *digit != '\0' && unit_ns > 0; digit++, unit_ns /= 10)
    total_ns += (*digit - '0') * unit_ns;
  *ns = negative ? -total_ns : total_ns;
  if (decimals != NULL)
    *decimals = (unsigned)strlen(behind);
  return 0;
}

int field_parse_energy(const char *text, uint64_t *energy_uj) {
  const char *behind;
  return is_empty(text) ? -ENODATA : split(text, energy_uj, &behind);
}

int field_parse_power(const char *text, double *power_w) {
  if (is_empty(text))
    return -ENODATA;
  if (text[strspn(text, DIGITS ".eE+-")] != '\0' || strspn(text, DIGITS ".") == 0)
    return -EINVAL;
  char *end;
  double value = strtod(text, &end);
  if (*end != '\0' || !isfinite(value))
    return -EINVAL;
  *power_w = value;
  return 0;
}
