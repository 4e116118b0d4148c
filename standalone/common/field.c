#include "common/field.h"

#include "core/clock.h"
#include "core/number.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DIGITS "0123456789"

/* The year 2096: two such times may be subtracted from each other. */
#define SECONDS_MAX UINT64_C(4000000000)

bool field_is_empty(const char *text) {
  return *text == '\0' || strcmp(text, "NA") == 0 || strcasecmp(text, "nan") == 0;
}

/* "12", "12.", "12.5": the digits before the point, and where those after it begin. */
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

/* --- scientific form ---------------------------------------------------------------------------------------------- */

/* A number with up to so many digits was round, not rounded. */
#define ROUND_DIGITS 5

/* More than 64 bits or nanoseconds need; longer ones are refused. */
#define DIGITS_MAX 64

/* "1.2345e+04": digits "12345", exponent + 1 of them before the point. */
struct scientific {
  char digits[DIGITS_MAX + 1];
  size_t len;
  size_t significant; /* without leading zeros */
  long whole;         /* before the point; more than len: the last ones are unknown */
  bool padded;        /* ends in zeros after the point, so the number of digits was fixed */
};

static int split_scientific(const char *text, struct scientific *number) {
  size_t before = strspn(text, DIGITS);
  bool has_point = text[before] == '.';
  size_t after = has_point ? strspn(text + before + 1, DIGITS) : 0;
  const char *e = text + before + has_point + after;
  if (before == 0 || before + after > DIGITS_MAX || (*e != 'e' && *e != 'E'))
    return -EINVAL;
  const char *exponent = e + 1 + (e[1] == '+' || e[1] == '-');
  size_t exponent_len = strspn(exponent, DIGITS);
  if (exponent_len == 0 || exponent_len > 3 || exponent[exponent_len] != '\0')
    return -EINVAL;
  *number = (struct scientific){.len = before + after, .whole = strtol(e + 1, NULL, 10) + (long)before};
  memcpy(number->digits, text, before);
  memcpy(number->digits + before, text + before + has_point, after);
  number->significant = number->len - strspn(number->digits, "0");
  number->padded = after > 0 && number->digits[number->len - 1] == '0';
  return 0;
}

/* -EDOM: digits are missing, or the number is not whole. */
static int whole_of(const struct scientific *number, uint64_t *value) {
  if (number->significant == 0) {
    *value = 0;
    return 0;
  }
  size_t whole = number->whole > 0 ? (size_t)number->whole : 0;
  if (whole > DIGITS_MAX)
    return -EINVAL;
  if (whole > number->len && (number->significant > ROUND_DIGITS || number->padded))
    return -EDOM;
  char text[DIGITS_MAX + 1];
  memset(text, '0', sizeof(text));
  memcpy(text, number->digits, number->len < whole ? number->len : whole);
  for (size_t i = whole; i < number->len; i++)
    if (number->digits[i] != '0')
      return -EDOM;
  if (whole == 0)
    return -EDOM;
  return number_parse_u64(text, whole, value) == 0 ? 0 : -EINVAL;
}

static int parse_scientific_time(const char *text, int64_t *ns, unsigned *decimals) {
  struct scientific number;
  int status = split_scientific(text, &number);
  if (status != 0)
    return status;
  if (number.whole > (long)number.len)
    return -EDOM;
  if (number.whole < 1 || number.whole > 10)
    return -EINVAL;
  size_t whole = (size_t)number.whole;
  uint64_t seconds;
  if (number_parse_u64(number.digits, whole, &seconds) != 0 || seconds > SECONDS_MAX)
    return -EINVAL;
  int64_t total_ns = (int64_t)seconds * NS_PER_S, unit_ns = NS_PER_S / 10;
  size_t len = number.len;
  while (len > whole && number.digits[len - 1] == '0')
    len--;
  for (size_t i = whole; i < len && unit_ns > 0; i++, unit_ns /= 10)
    total_ns += (number.digits[i] - '0') * unit_ns;
  *ns = total_ns;
  if (decimals != NULL)
    *decimals = (unsigned)(len - whole);
  return 0;
}

/* --- ISO 8601 ----------------------------------------------------------------------------------------------------- */

/* Takes exactly len digits, a number of at most `most`; moves the text past them. */
static bool take_digits(const char **text, size_t len, int most, int *value) {
  *value = 0;
  for (size_t i = 0; i < len; i++, (*text)++) {
    if (**text < '0' || **text > '9')
      return false;
    *value = *value * 10 + (**text - '0');
  }
  return *value <= most;
}

static bool take_char(const char **text, const char *any) {
  bool is_it = **text != '\0' && strchr(any, **text) != NULL;
  *text += is_it;
  return is_it;
}

/* "Z", " UTC", "+01:00", "+0100", "+01": seconds ahead of UTC. *is_local: there is no offset. */
static bool take_offset(const char *text, int *offset_s, bool *is_local) {
  int hours, minutes = 0;
  *offset_s = 0;
  *is_local = *text == '\0';
  text += *text == ' ';
  if (*is_local || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0 || strcmp(text, "UTC") == 0)
    return true;
  bool west = *text == '-';
  if (!take_char(&text, "+-") || !take_digits(&text, 2, 23, &hours))
    return false;
  bool has_colon = take_char(&text, ":");
  if ((has_colon || *text != '\0') && !take_digits(&text, 2, 59, &minutes))
    return false;
  *offset_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
  return *text == '\0';
}

/* Unix seconds of a minute of local time. Keeps the last result: most rows share it with the row before. */
static int64_t local_minute_s(const struct tm *minute) {
  static struct tm last;
  static int64_t last_s;
  if (last.tm_mday == 0 || last.tm_min != minute->tm_min || last.tm_hour != minute->tm_hour ||
      last.tm_mday != minute->tm_mday || last.tm_mon != minute->tm_mon || last.tm_year != minute->tm_year) {
    struct tm copy = *minute;
    last = *minute;
    last_s = (int64_t)mktime(&copy);
  }
  return last_s;
}

static int parse_iso(const char *text, int64_t *ns, unsigned *decimals) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  struct tm tm = {.tm_isdst = -1};
  int year, second = 0, offset_s;
  bool is_local;
  if (!take_digits(&text, 4, 9999, &year) || !take_char(&text, "-") || !take_digits(&text, 2, 12, &tm.tm_mon) ||
      !take_char(&text, "-") || !take_digits(&text, 2, 31, &tm.tm_mday) || !take_char(&text, "Tt ") ||
      !take_digits(&text, 2, 23, &tm.tm_hour) || !take_char(&text, ":") || !take_digits(&text, 2, 59, &tm.tm_min))
    return -EINVAL;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  tm.tm_year = year - 1900;
  tm.tm_mon--;
  if (tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > days[tm.tm_mon] + (tm.tm_mon == 1 && leap))
    return -EINVAL;
  int64_t fraction_ns = 0, unit_ns = NS_PER_S / 10;
  unsigned digits = 0;
  if (take_char(&text, ":")) {
    if (!take_digits(&text, 2, 60, &second))
      return -EINVAL;
    bool has_point = take_char(&text, ".,");
    for (; has_point && *text >= '0' && *text <= '9'; text++, digits++, unit_ns /= 10)
      fraction_ns += (*text - '0') * unit_ns;
    if (has_point && digits == 0)
      return -EINVAL;
  }
  if (!take_offset(text, &offset_s, &is_local))
    return -EINVAL;
  int64_t minute_s = is_local ? local_minute_s(&tm) : (int64_t)timegm(&tm);
  if (minute_s == -1) /* no whole minute: an error, as beyond 2038 where time_t has 32 bits */
    return -EINVAL;
  int64_t total_s = minute_s + second - offset_s;
  if (total_s > (int64_t)SECONDS_MAX || total_s < -(int64_t)SECONDS_MAX)
    return -EINVAL;
  *ns = total_s * NS_PER_S + fraction_ns;
  if (decimals != NULL)
    *decimals = digits;
  return 0;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

int field_parse_time(const char *text, int64_t *ns, unsigned *decimals) {
  if (field_is_empty(text))
    return -ENODATA;
  bool negative = *text == '-';
  uint64_t seconds;
  const char *after;
  size_t len = strspn(text, DIGITS);
  if (len == 4 && text[len] == '-')
    return parse_iso(text, ns, decimals);
  if (!negative && text[strspn(text, DIGITS ".")] != '\0')
    return parse_scientific_time(text, ns, decimals);
  if (split(text + negative, &seconds, &after) != 0 || seconds > SECONDS_MAX)
    return -EINVAL;
  int64_t total_ns = (int64_t)seconds * NS_PER_S, unit_ns = NS_PER_S / 10;
  for (const char *digit = after; *digit != '\0' && unit_ns > 0; digit++, unit_ns /= 10)
    total_ns += (*digit - '0') * unit_ns;
  *ns = negative ? -total_ns : total_ns;
  if (decimals != NULL)
    *decimals = (unsigned)strlen(after);
  return 0;
}

int field_parse_energy(const char *text, uint64_t *energy_uj) {
  const char *after;
  struct scientific number;
  if (field_is_empty(text))
    return -ENODATA;
  if (split(text, energy_uj, &after) == 0)
    return 0;
  int status = split_scientific(text, &number);
  return status == 0 ? whole_of(&number, energy_uj) : status;
}

int field_parse_power(const char *text, double *power_w) {
  if (field_is_empty(text))
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

bool field_has_decimal_comma(const char *text) {
  text += *text == '-';
  size_t before = strspn(text, DIGITS), after = text[before] == ',' ? strspn(text + before + 1, DIGITS) : 0;
  return before > 0 && after > 0 && text[before + 1 + after] == '\0';
}
