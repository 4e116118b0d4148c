/* Tables: numbers at the edges of their units, and names of a given width. */
#include "../standalone/common/show.h"

#include "core/clock.h"
#include "suite.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static const struct {
  void (*show)(double number, char text[SHOW_NUMBER_MAX]);
  double number;
  const char *text;
} number_rows[] = {
    {show_energy, 0, "0.0 J"},
    {show_energy, 0.04, "0.0 J"},
    {show_energy, 999.94, "999.9 J"},
    {show_energy, 999.96, "1.00 kJ"},
    {show_energy, 4321, "4.32 kJ"},
    {show_energy, 999994, "999.99 kJ"},
    {show_energy, 999996, "1.00 MJ"},
    {show_energy, 12345678, "12.35 MJ"},
    {show_energy, 999996000, "1.00 GJ"},
    {show_energy, 18446744073709.55, "18446.74 GJ"},
    {show_power, 0, "0.00 W"},
    {show_power, 100.036, "100.04 W"},
    {show_power, 12345.6, "12345.60 W"},
    /* too long for its column: rounded, not cut */
    {show_power, 1e25, "10000000000000000905969664.00 W"},
    {show_power, 1e27, "1.000000000000000e+27 W"},
    {show_power, 1.7976931348623157e308, "1.797693134862316e+308 W"},
    {show_energy, 1e300, "1.000000000000000e+291 GJ"},
    {show_energy, 1e35, "1.000000000000000e+26 GJ"},
};

START_TEST(test_number) {
  char text[SHOW_NUMBER_MAX];
  number_rows[_i].show(number_rows[_i].number, text);
  ck_assert_str_eq(text, number_rows[_i].text);
}
END_TEST

static const struct {
  double s;
  const char *age, *period;
} duration_rows[] = {
    {0, "0.0 s", "0 s"},      {0.25, "0.2 s", "0.25 s"},    {5.126, "5.1 s", "5.13 s"}, {9.94, "9.9 s", "9.94 s"},
    {9.96, "10 s", "9.96 s"}, {59.4, "59 s", "59.4 s"},     {59.6, "1 min", "1 min"},   {3569, "59 min", "59 min"},
    {3571, "1.0 h", "1.0 h"}, {35819, "9.9 h", "9.9 h"},    {35821, "10 h", "10 h"},    {170999, "47 h", "47 h"},
    {171001, "2 d", "2 d"},   {31536000, "365 d", "365 d"},
};

START_TEST(test_duration) {
  char text[SHOW_NUMBER_MAX];
  int64_t ns = (int64_t)(duration_rows[_i].s * (double)NS_PER_S);
  show_age(ns, text);
  ck_assert_str_eq(text, duration_rows[_i].age);
  show_period(ns, text);
  ck_assert_str_eq(text, duration_rows[_i].period);
}
END_TEST

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static const struct {
  const char *locale, *text;
  size_t width, columns;
  const char *fit;
} fit_rows[] = {
    {"C.UTF-8", "web-1", 5, 8, "web-1   "},
    {"C.UTF-8", "web-1", 5, 5, "web-1"},
    {"C.UTF-8", "web-1", 5, 4, "web~"},
    {"C.UTF-8", "web-1", 5, 1, "~"},
    {"C.UTF-8", "web-1", 5, 0, ""},
    {"C.UTF-8", "", 0, 3, "   "},
    {"C.UTF-8", "bücher", 6, 8, "bücher  "},
    {"C.UTF-8", "bücher", 6, 3, "bü~"},
    {"C.UTF-8", "日本", 4, 4, "日本"},
    {"C.UTF-8", "日本語", 6, 5, "日本~"},
    {"C.UTF-8", "日本語", 6, 4, "日~ "},            /* half a character is none */
    {"C.UTF-8", "a\xcc\x88z", 2, 3, "a\xcc\x88z "}, /* the dots stand on the a */
    {"C.UTF-8", "\xff\xfe", 2, 3, "?? "},
    {"C.UTF-8", "a\tb", 3, 3, "a?b"},
    {"C", "bücher", 6, 8, "b?cher  "},
    {"C", "日本", 2, 3, "?? "},
    {"C", "日本", 2, 1, "~"},
};

START_TEST(test_fit) {
  ck_assert_ptr_nonnull(setlocale(LC_CTYPE, fit_rows[_i].locale));
  char out[64];
  ck_assert_uint_eq(show_width(fit_rows[_i].text), fit_rows[_i].width);
  show_fit(fit_rows[_i].text, fit_rows[_i].columns, out, sizeof(out));
  ck_assert_str_eq(out, fit_rows[_i].fit);
  ck_assert_uint_eq(show_width(out), fit_rows[_i].columns);
}
END_TEST

START_TEST(test_fit_into_little) {
  setlocale(LC_CTYPE, "C.UTF-8");
  for (size_t size = 1; size < 20; size++) {
    char out[32];
    memset(out, 'x', sizeof(out));
    show_fit("bücher und mehr", 12, out, size);
    ck_assert_uint_lt(strlen(out), size);
    ck_assert_int_eq(out[size], 'x');
  }
}
END_TEST

START_TEST(test_no_terminal) {
  int fds[2];
  ck_assert_int_eq(pipe(fds), 0);
  ck_assert_uint_eq(show_columns(fds[1]), 80);
  close(fds[0]);
  close(fds[1]);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("show");
  suite_case(suite, "numbers", NULL, NULL, EACH(test_number, number_rows), EACH(test_duration, duration_rows));
  suite_case(suite, "columns", NULL, NULL, EACH(test_fit, fit_rows), ONCE(test_fit_into_little),
             ONCE(test_no_terminal));
  return suite_run(suite);
}
