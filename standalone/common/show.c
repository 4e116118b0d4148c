#include "common/show.h"

#include "core/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#define COLUMNS_DEFAULT 80

void show_number(double number, int decimals, const char *unit, char text[SHOW_NUMBER_MAX]) {
  if (snprintf(text, SHOW_NUMBER_MAX, "%.*f%s", decimals, number, unit) >= SHOW_NUMBER_MAX)
    snprintf(text, SHOW_NUMBER_MAX, "%.15e%s", number, unit);
}

void show_energy(double energy_j, char text[SHOW_NUMBER_MAX]) {
  /* above a limit the rounded number would have one more digit */
  if (energy_j < 999.95)
    show_number(energy_j, 1, " J", text);
  else if (energy_j < 999995.0)
    show_number(energy_j / 1e3, 2, " kJ", text);
  else if (energy_j < 999995000.0)
    show_number(energy_j / 1e6, 2, " MJ", text);
  else
    show_number(energy_j / 1e9, 2, " GJ", text);
}

void show_power(double power_w, char text[SHOW_NUMBER_MAX]) {
  show_number(power_w, 2, " W", text);
}

void show_age(int64_t age_ns, char text[SHOW_NUMBER_MAX]) {
  double s = (double)age_ns / (double)NS_PER_S;
  if (s < 9.95)
    snprintf(text, SHOW_NUMBER_MAX, "%.1f s", s);
  else if (s < 59.5)
    snprintf(text, SHOW_NUMBER_MAX, "%.0f s", s);
  else if (s < 59.5 * 60)
    snprintf(text, SHOW_NUMBER_MAX, "%.0f min", s / 60);
  else if (s < 9.95 * 3600)
    snprintf(text, SHOW_NUMBER_MAX, "%.1f h", s / 3600);
  else if (s < 47.5 * 3600)
    snprintf(text, SHOW_NUMBER_MAX, "%.0f h", s / 3600);
  else
    snprintf(text, SHOW_NUMBER_MAX, "%.0f d", s / 86400);
}

void show_period(int64_t period_ns, char text[SHOW_NUMBER_MAX]) {
  double s = (double)period_ns / (double)NS_PER_S;
  if (s < 59.5)
    snprintf(text, SHOW_NUMBER_MAX, "%.3g s", s);
  else
    show_age(period_ns, text);
}

/* One character as it is printed, and how many bytes of the text it took. */
struct glyph {
  const char *bytes;
  size_t len, taken;
  size_t columns;
};

static bool is_inner_byte(char byte) {
  return ((unsigned char)byte & 0xc0) == 0x80;
}

static struct glyph next_glyph(const char *text) {
  wchar_t wide;
  mbstate_t state = {0};
  size_t len = mbrtowc(&wide, text, strlen(text), &state);
  bool valid = len != (size_t)-1 && len != (size_t)-2 && iswprint((wint_t)wide);
  int columns = valid ? wcwidth(wide) : -1;
  if (columns >= 0)
    return (struct glyph){.bytes = text, .len = len, .taken = len, .columns = (size_t)columns};
  size_t taken = 1; /* one question mark for a whole UTF-8 character */
  while (is_inner_byte(text[taken]))
    taken++;
  return (struct glyph){.bytes = "?", .len = 1, .taken = taken, .columns = 1};
}

void show_time(int64_t wall_ns, char text[SHOW_TIME_MAX]) {
  time_t second = (time_t)(wall_ns / NS_PER_S);
  struct tm local;
  if (localtime_r(&second, &local) == NULL || strftime(text, SHOW_TIME_MAX, "%Y-%m-%d %H:%M:%S %z", &local) == 0)
    snprintf(text, SHOW_TIME_MAX, "?");
}

size_t show_width(const char *text) {
  size_t width = 0;
  while (*text != '\0') {
    struct glyph glyph = next_glyph(text);
    width += glyph.columns;
    text += glyph.taken;
  }
  return width;
}

static bool put(const char *bytes, size_t len, char **out, size_t *room) {
  if (len >= *room)
    return false;
  memcpy(*out, bytes, len);
  *out += len;
  *room -= len;
  return true;
}

void show_fit(const char *text, size_t columns, char *out, size_t size) {
  bool cut = show_width(text) > columns;
  size_t used = 0, keep = cut && columns > 0 ? columns - 1 : columns;
  while (*text != '\0') {
    struct glyph glyph = next_glyph(text);
    if (used + glyph.columns > keep || !put(glyph.bytes, glyph.len, &out, &size))
      break;
    used += glyph.columns;
    text += glyph.taken;
  }
  if (cut && columns > 0 && put("~", 1, &out, &size))
    used++;
  while (used < columns && put(" ", 1, &out, &size))
    used++;
  *out = '\0';
}

size_t show_columns(int fd) {
  struct winsize window;
  if (ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0)
    return COLUMNS_DEFAULT;
  return window.ws_col;
}
