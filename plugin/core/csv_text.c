#include "csv_text.h"

#include "clock.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void csv_text_clear(struct csv_text *text) {
  text->len = 0;
  text->failed = false;
}

static void put_bytes(struct csv_text *text, const char *data, size_t len) {
  if (text->size - text->len < len) {
    size_t size = 2 * text->size + len + 256;
    char *larger = realloc(text->data, size);
    if (larger == NULL) {
      text->failed = true;
      return;
    }
    text->data = larger;
    text->size = size;
  }
  memcpy(text->data + text->len, data, len);
  text->len += len;
}

void csv_text_string(struct csv_text *text, const char *string) {
  put_bytes(text, string, strlen(string));
}

void csv_text_char(struct csv_text *text, char c) {
  put_bytes(text, &c, 1);
}

void csv_text_u64(struct csv_text *text, uint64_t value, size_t width) {
  char digits[20];
  size_t at = sizeof(digits);
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0 || sizeof(digits) - at < width);
  put_bytes(text, digits + at, sizeof(digits) - at);
}

/* Not by printf(), whose point depends on the locale and which takes longer than reading the counter. */
void csv_text_power(struct csv_text *text, double power_w) {
  if (!isfinite(power_w) || power_w < 0)
    return;
  if (power_w < 1e12) {
    uint64_t micro = (uint64_t)(power_w * 1e6 + 0.5);
    csv_text_u64(text, micro / 1000000, 1);
    csv_text_char(text, '.');
    csv_text_u64(text, micro % 1000000, 6);
    return;
  }
  char whole[DBL_MAX_10_EXP + 3];
  int len = snprintf(whole, sizeof(whole), "%.0f", power_w);
  put_bytes(text, whole, (size_t)len);
  csv_text_string(text, ".000000");
}

void csv_text_time(struct csv_text *text, int64_t wall_ns, unsigned decimals) {
  int64_t unit = NS_PER_S;
  for (unsigned i = 0; i < decimals; i++)
    unit /= 10;
  int64_t units = wall_ns / unit;
  if (units * unit > wall_ns)
    units--; /* truncate towards the past, before 1970 too */
  uint64_t magnitude = units < 0 ? (uint64_t)-units : (uint64_t)units, per_s = (uint64_t)(NS_PER_S / unit);
  if (units < 0)
    csv_text_char(text, '-');
  csv_text_u64(text, magnitude / per_s, 1);
  if (decimals > 0) {
    csv_text_char(text, '.');
    csv_text_u64(text, magnitude % per_s, decimals);
  }
}

void csv_text_field(struct csv_text *text, const char *label, const char *ending) {
  if (strpbrk(label, ",\"\r\n") == NULL) {
    csv_text_string(text, label);
    csv_text_string(text, ending);
    return;
  }
  csv_text_char(text, '"');
  for (; *label != '\0'; label++) {
    if (*label == '"')
      csv_text_char(text, '"');
    csv_text_char(text, *label);
  }
  csv_text_string(text, ending);
  csv_text_char(text, '"');
}
