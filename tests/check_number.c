/* Numbers: a table for each function. On error the result is unchanged. */
#include "core/number.h"

#include "scratch.h"
#include "suite.h"

#include <locale.h>
#include <math.h>

#define YEAR_S    INT64_C(31536000)
#define UNTOUCHED 77

/* ---- the content of a counter file ------------------------------------------------------------------------------- */

/* The length is that of the literal, so a row may have NUL bytes in it. */
#define U64(text, status, value) ROW(text, sizeof(text) - 1, status, value)

static const struct {
  const char *text;
  size_t len;
  int status;
  uint64_t value;
} u64_rows[] = {
    U64("0", 0, 0),
    U64("7\n", 0, 7),
    U64("505000000", 0, 505000000),
    U64(" \t\n\v\f\r12\r\f\v\n\t ", 0, 12),
    U64("007", 0, 7),
    U64("010", 0, 10),
    U64("0000000000000000000000000000000000000000000018446744073709551615", 0, UINT64_MAX),
    U64("9223372036854775807", 0, INT64_MAX),
    U64("9223372036854775808", 0, UINT64_C(9223372036854775808)),
    U64("18446744073709551609", 0, UINT64_MAX - 6),
    U64("18446744073709551615", 0, UINT64_MAX),
    U64("18446744073709551616", -ERANGE, 0),
    U64("18446744073709551620", -ERANGE, 0),
    U64("18446744073709551625\n", -ERANGE, 0),
    U64("28446744073709551615", -ERANGE, 0),
    U64("99999999999999999999", -ERANGE, 0),
    U64("184467440737095516150", -ERANGE, 0),
    U64("36893488147419103232", -ERANGE, 0),
    U64("100000000000000000000000000000000000000000000000000000000000000", -ERANGE, 0),
    U64("", -ENODATA, 0),
    U64(" ", -ENODATA, 0),
    U64("\n", -ENODATA, 0),
    U64(" \t\n\v\f\r", -ENODATA, 0),
    U64("\0", -EINVAL, 0),
    U64("\0\0\0\0\0\0\0\0", -EINVAL, 0),
    U64("12\0", -EINVAL, 0),
    U64("\00012", -EINVAL, 0),
    U64("1\0002", -EINVAL, 0),
    U64("+1", -EINVAL, 0),
    U64("-1", -EINVAL, 0),
    U64("-0", -EINVAL, 0),
    U64("- 1", -EINVAL, 0),
    U64("1.0", -EINVAL, 0),
    U64("1.", -EINVAL, 0),
    U64("1,000", -EINVAL, 0),
    U64("1 000", -EINVAL, 0),
    U64("1\n2", -EINVAL, 0),
    U64("1e3", -EINVAL, 0),
    U64("0x10", -EINVAL, 0),
    U64("x", -EINVAL, 0),
    U64("12x", -EINVAL, 0),
    U64("12 x", -EINVAL, 0),
    U64("x12", -EINVAL, 0),
    U64("/1", -EINVAL, 0), /* '/' and ':' are the neighbours of the digits */
    U64(":1", -EINVAL, 0),
    U64("99999999999999999999x", -EINVAL, 0), /* not a number, before it is one that is too large */
    U64("\xc2\xa0"
        "12",
        -EINVAL, 0),                     /* a space that isspace() of the C locale does not know */
    U64("\xd9\xa1\xd9\xa2", -EINVAL, 0), /* Arabic digits */
    U64("\x85"
        "12",
        -EINVAL, 0),
    U64("\xff", -EINVAL, 0),
    U64("\x08"
        "1",
        -EINVAL, 0), /* the neighbours of the white space */
    U64("\x0e"
        "1",
        -EINVAL, 0),
    U64("nan", -EINVAL, 0),
};

/* The text ends with its allocation: ASan and valgrind detect a byte read beyond it. */
START_TEST(u64) {
  size_t len = u64_rows[_i].len;
  char *text = malloc(len > 0 ? len : 1);
  ck_assert_ptr_nonnull(text);
  memcpy(text, u64_rows[_i].text, len);
  uint64_t value = UNTOUCHED;
  ck_assert_int_eq(number_parse_u64(text, len, &value), u64_rows[_i].status);
  ck_assert_uint_eq(value, u64_rows[_i].status == 0 ? u64_rows[_i].value : UNTOUCHED);
  free(text);
}
END_TEST

START_TEST(u64_stops_at_its_length) {
  uint64_t value = UNTOUCHED;
  ck_assert_int_eq(number_parse_u64("1234", 2, &value), 0);
  ck_assert_uint_eq(value, 12);
  ck_assert_int_eq(number_parse_u64("12 x", 3, &value), 0);
  ck_assert_uint_eq(value, 12);
  value = UNTOUCHED;
  ck_assert_int_eq(number_parse_u64("12", 0, &value), -ENODATA);
  ck_assert_int_eq(number_parse_u64(" 12", 1, &value), -ENODATA);
  ck_assert_uint_eq(value, UNTOUCHED);
}
END_TEST

/* ---- durations --------------------------------------------------------------------------------------------------- */

static const struct {
  const char *text;
  int status;
  int64_t ns;
} duration_rows[] = {
    {"0", 0, 0},
    {"0s", 0, 0},
    {"0h", 0, 0},
    {"1", 0, 1000000000},
    {"10", 0, 10000000000},
    {"0.5", 0, 500000000},
    {".5", 0, 500000000},
    {"5.", 0, 5000000000},
    {"5.s", 0, 5000000000},
    {"01", 0, 1000000000},
    {"1e-3", 0, 1000000},
    {"1E-3", 0, 1000000},
    {"1e+2", 0, 100000000000},
    {"1e2", 0, 100000000000},
    {"2.5e-1s", 0, 250000000},
    {"1us", 0, 1000},
    {"250us", 0, 250000},
    {"500ms", 0, 500000000},
    {"0.1ms", 0, 100000},
    {"1e3ms", 0, 1000000000},
    {"2s", 0, 2000000000},
    {"5m", 0, 300000000000},
    {"1.5m", 0, 90000000000},
    {"5min", 0, 300000000000},
    {"1h", 0, 3600000000000},
    {"1d", 0, 86400000000000},
    {"3650d", 0, 10 * YEAR_S * 1000000000},
    {"0.1", 0, 100000000},
    {"0.3", 0, 300000000},
    {"1.1", 0, 1100000000},
    {"0.000000001", 0, 1},
    {"123456.789012345", 0, 123456789012345},
    {"0.4e-9", 0, 0}, /* to the nearest nanosecond */
    {"0.6e-9", 0, 1},
    {"1.4e-9", 0, 1},
    {"1.6e-9", 0, 2},
    {"0.0004us", 0, 0},
    {"0.0006us", 0, 1},
    {"1e-400", 0, 0},
    {"1e-99999999999999999999", 0, 0},
    {"315360000", 0, 10 * YEAR_S * 1000000000}, /* 10 years */
    {"87600h", 0, 10 * YEAR_S * 1000000000},
    {"315360000.001", -ERANGE, 0},
    {"87601h", -ERANGE, 0},
    {"3651d", -ERANGE, 0},
    {"1e9", -ERANGE, 0},
    {"1e18", -ERANGE, 0},
    {"9223372036854775807", -ERANGE, 0},
    {"99999999999999999999999", -ERANGE, 0},
    {"1e300", -ERANGE, 0},
    {"1e400", -ERANGE, 0},
    {"1e400us", -ERANGE, 0},
    {"1e99999999999999999999", -ERANGE, 0},
    {"1e400x", -EINVAL, 0}, /* no duration at all, however large */
    {"1e9x", -EINVAL, 0},
    {"", -EINVAL, 0},
    {" ", -EINVAL, 0},
    {" 1", -EINVAL, 0},
    {"1 ", -EINVAL, 0},
    {"1\n", -EINVAL, 0},
    {"1 s", -EINVAL, 0},
    {"1s ", -EINVAL, 0},
    {"+1", -EINVAL, 0},
    {"-1", -EINVAL, 0},
    {"-0", -EINVAL, 0},
    {"s", -EINVAL, 0},
    {".", -EINVAL, 0},
    {".s", -EINVAL, 0},
    {"e3", -EINVAL, 0},
    {".e3", -EINVAL, 0},
    {"1e", -EINVAL, 0},
    {"1e+", -EINVAL, 0},
    {"1e-", -EINVAL, 0},
    {"1e+s", -EINVAL, 0},
    {"1es", -EINVAL, 0},
    {"1e 3", -EINVAL, 0},
    {"1e1.5", -EINVAL, 0},
    {"1..5", -EINVAL, 0},
    {"1.5.5", -EINVAL, 0},
    {"1,5", -EINVAL, 0},
    {"1_000", -EINVAL, 0},
    {"0x10", -EINVAL, 0},
    {"0x1p3", -EINVAL, 0},
    {"0x", -EINVAL, 0},
    {"inf", -EINVAL, 0},
    {"infinity", -EINVAL, 0},
    {"nan", -EINVAL, 0},
    {"nan(1)", -EINVAL, 0},
    {"1S", -EINVAL, 0},
    {"1M", -EINVAL, 0},
    {"1MS", -EINVAL, 0},
    {"1sec", -EINVAL, 0},
    {"1ns", -EINVAL, 0},
    {"1day", -EINVAL, 0},
    {"1mi", -EINVAL, 0},
    {"1D", -EINVAL, 0},
    {"1h30m", -EINVAL, 0},
    {"1mss", -EINVAL, 0},
    {"1u", -EINVAL, 0},
    {"\xc2\xb5s", -EINVAL, 0},
    {"1\xc2\xb5s", -EINVAL, 0},
};

START_TEST(duration) {
  int64_t ns = UNTOUCHED;
  ck_assert_int_eq(number_parse_duration(duration_rows[_i].text, &ns), duration_rows[_i].status);
  ck_assert_int_eq(ns, duration_rows[_i].status == 0 ? duration_rows[_i].ns : UNTOUCHED);
}
END_TEST

/* ---- factors ----------------------------------------------------------------------------------------------------- */

static const struct {
  const char *text;
  int status;
  double factor;
} factor_rows[] = {
    {"1", 0, 1},
    {"5", 0, 5},
    {"0.5", 0, 0.5},
    {".2", 0, 0.2},
    {"2.", 0, 2},
    {"1e-3", 0, 1e-3},
    {"1e9", 0, 1e9},
    {"1000000000", 0, 1e9},
    {"4.82", 0, 4.82},
    {"1e-300", 0, 1e-300},
    {"1000000000.001", -ERANGE, 0},
    {"1e10", -ERANGE, 0},
    {"1e400", -ERANGE, 0},
    {"0", -ERANGE, 0},
    {"0.0", -ERANGE, 0},
    {"0e5", -ERANGE, 0},
    {"1e-400", -ERANGE, 0}, /* too small to be told from 0 */
    {"", -EINVAL, 0},
    {"-1", -EINVAL, 0},
    {"+1", -EINVAL, 0},
    {" 1", -EINVAL, 0},
    {"1 ", -EINVAL, 0},
    {"1s", -EINVAL, 0},
    {"1e400s", -EINVAL, 0},
    {"5x", -EINVAL, 0},
    {"5%", -EINVAL, 0},
    {"0x5", -EINVAL, 0},
    {"inf", -EINVAL, 0},
    {"nan", -EINVAL, 0},
    {"1,5", -EINVAL, 0},
    {"1e", -EINVAL, 0},
    {".", -EINVAL, 0},
};

START_TEST(factor) {
  double value = UNTOUCHED;
  ck_assert_int_eq(number_parse_factor(factor_rows[_i].text, &value), factor_rows[_i].status);
  ck_assert_double_eq(value, factor_rows[_i].status == 0 ? factor_rows[_i].factor : UNTOUCHED);
}
END_TEST

/* ---- counts ------------------------------------------------------------------------------------------------------ */

static const struct {
  const char *text;
  uint64_t min, max;
  int status;
  uint64_t count;
} count_rows[] = {
    {"1", 1, 10, 0, 1},
    {"10", 1, 10, 0, 10},
    {"007", 1, 10, 0, 7},
    {"0", 0, 10, 0, 0},
    {"5", 5, 5, 0, 5},
    {"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
    {"0", 1, 10, -ERANGE, 0},
    {"11", 1, 10, -ERANGE, 0},
    {"4", 5, 5, -ERANGE, 0},
    {"18446744073709551615", 0, UINT64_MAX - 1, -ERANGE, 0},
    {"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
    {"18446744073709551617", 0, 10, -ERANGE, 0}, /* not 1 */
    {"", 0, 10, -EINVAL, 0},
    {" 1", 0, 10, -EINVAL, 0},
    {"1 ", 0, 10, -EINVAL, 0},
    {"1\n", 0, 10, -EINVAL, 0},
    {"+1", 0, 10, -EINVAL, 0},
    {"-1", 0, 10, -EINVAL, 0},
    {"1.0", 0, 10, -EINVAL, 0},
    {"1.", 0, 10, -EINVAL, 0},
    {"1e1", 0, 10, -EINVAL, 0},
    {"0x1", 0, 10, -EINVAL, 0},
    {"1s", 0, 10, -EINVAL, 0},
    {"x", 0, 10, -EINVAL, 0},
    {"99999999999999999999x", 0, 10, -EINVAL, 0},
};

START_TEST(count) {
  uint64_t value = UNTOUCHED;
  ck_assert_int_eq(number_parse_count(count_rows[_i].text, count_rows[_i].min, count_rows[_i].max, &value),
                   count_rows[_i].status);
  ck_assert_uint_eq(value, count_rows[_i].status == 0 ? count_rows[_i].count : UNTOUCHED);
}
END_TEST

/* ---- the locale -------------------------------------------------------------------------------------------------- */

/* A locale with a decimal comma, which few test machines have installed. */
static bool make_comma_locale(void) {
  char command[512];
  write_text("source", "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n");
  snprintf(command, sizeof(command),
           "cd '%s' && localedef --no-archive -c -f ANSI_X3.4-1968 -i ./source ./comma >log 2>&1; test -e '%s/comma'",
           scratch, scratch);
  setenv("LOCPATH", scratch, 1);
  return system(command) == 0 && setlocale(LC_NUMERIC, "comma") != NULL &&
         strcmp(localeconv()->decimal_point, ",") == 0;
}

START_TEST(no_locale_changes_the_syntax) {
  if (!make_comma_locale()) {
    fprintf(stderr, "skipped: localedef makes no locale here that the C library takes\n");
    ck_assert_ptr_null(getenv("VM_ENERGY_NO_SKIP"));
    return;
  }
  int64_t ns = UNTOUCHED;
  ck_assert_int_eq(number_parse_duration("0.5", &ns), 0);
  ck_assert_int_eq(ns, 500000000);
  ck_assert_int_eq(number_parse_duration("0,5", &ns), -EINVAL);
  double value = UNTOUCHED;
  ck_assert_int_eq(number_parse_factor("2.5", &value), 0);
  ck_assert_double_eq(value, 2.5);
  ck_assert_int_eq(number_parse_factor("2,5", &value), -EINVAL);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("number");
  suite_case(suite, "number", scratch_make, scratch_clean, EACH(u64, u64_rows), ONCE(u64_stops_at_its_length),
             EACH(duration, duration_rows), EACH(factor, factor_rows), EACH(count, count_rows),
             ONCE(no_locale_changes_the_syntax));
  return suite_run(suite);
}
