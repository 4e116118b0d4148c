/* Fields of a capture: what is a number, what is none, and what is no value. */
#include "../standalone/common/field.h"

#include "suite.h"

#include <errno.h>
#include <math.h>

static const struct {
  const char *text;
  int status;
  int64_t ns;
  unsigned decimals;
} time_rows[] = {
    {"0", 0, 0, 0},
    {"1795466093", 0, INT64_C(1795466093000000000), 0},
    {"1795466093.", 0, INT64_C(1795466093000000000), 0},
    {"1795466093.25", 0, INT64_C(1795466093250000000), 2},
    {"1795466093.123456789", 0, INT64_C(1795466093123456789), 9},
    {"1795466093.1234567899", 0, INT64_C(1795466093123456789), 10},
    {"-1.5", 0, INT64_C(-1500000000), 1},
    {"4000000000", 0, INT64_C(4000000000000000000), 0},
    {"-4000000000", 0, INT64_C(-4000000000000000000), 0},
    {"4000000001", -EINVAL, 0, 0},
    {"99999999999999999999", -EINVAL, 0, 0},
    {"", -ENODATA, 0, 0},
    {"NA", -ENODATA, 0, 0},
    {"ts", -EINVAL, 0, 0},
    {".5", -EINVAL, 0, 0},
    {"1.5.5", -EINVAL, 0, 0},
    {"1,5", -EINVAL, 0, 0},
    {"1e9", -EDOM, 0, 0},
    {"1.7955360e+09", -EDOM, 0, 0},
    {"1.795536000e+09", 0, INT64_C(1795536000000000000), 0},
    {"1.795536000500000000e+09", 0, INT64_C(1795536000500000000), 1},
    {"1.795536000e+99", -EDOM, 0, 0},
    {"1e", -EINVAL, 0, 0},
    {"1e+", -EINVAL, 0, 0},
    {" 1", -EINVAL, 0, 0},
    {"1 ", -EINVAL, 0, 0},
    {"+1", -EINVAL, 0, 0},
    {"--1", -EINVAL, 0, 0},
    {"2026-11-24T16:00:00Z", 0, INT64_C(1795536000000000000), 0},
    {"2026-11-24 16:00:00", 0, INT64_C(1795536000000000000), 0}, /* TZ is UTC here */
    {"2026-11-24 16:00:00 UTC", 0, INT64_C(1795536000000000000), 0},
    {"2026-11-24 16:00", 0, INT64_C(1795536000000000000), 0},
    {"2026-11-24t17:00:00.250+01:00", 0, INT64_C(1795536000250000000), 3},
    {"2026-11-24T17:00:00,25 +0100", 0, INT64_C(1795536000250000000), 2},
    {"2026-11-24T10:30:00.1234567891-05:30", 0, INT64_C(1795536000123456789), 10},
    {"2026-11-24T04:00:00-12", 0, INT64_C(1795536000000000000), 0},
    {"2024-02-29T00:00:00Z", 0, INT64_C(1709164800000000000), 0},
    {"1969-12-31T23:59:59.5Z", 0, INT64_C(-500000000), 1},
    {"2016-12-31T23:59:60Z", 0, INT64_C(1483228800000000000), 0},
    {"2023-02-29T00:00:00Z", -EINVAL, 0, 0},
    {"2026-13-01T00:00:00Z", -EINVAL, 0, 0},
    {"2026-00-01T00:00:00Z", -EINVAL, 0, 0},
    {"2026-11-31T00:00:00Z", -EINVAL, 0, 0},
    {"2026-11-24T24:00:00Z", -EINVAL, 0, 0},
    {"2026-11-24T16:60:00Z", -EINVAL, 0, 0},
    {"2026-11-24T16:00:00.Z", -EINVAL, 0, 0},
    {"2026-11-24T16:00:00+1", -EINVAL, 0, 0},
    {"2026-11-24T16:00:00+01:", -EINVAL, 0, 0},
    {"2026-11-24T16:00:00 CET", -EINVAL, 0, 0},
    {"2026-11-24", -EINVAL, 0, 0},
    {"9999-12-31T00:00:00Z", -EINVAL, 0, 0},
};

START_TEST(test_time) {
  setenv("TZ", "UTC", 1);
  int64_t ns = 7;
  unsigned decimals = 7;
  ck_assert_int_eq(field_parse_time(time_rows[_i].text, &ns, &decimals), time_rows[_i].status);
  ck_assert_int_eq(ns, time_rows[_i].status == 0 ? time_rows[_i].ns : 7);
  ck_assert_uint_eq(decimals, time_rows[_i].status == 0 ? time_rows[_i].decimals : 7);
}
END_TEST

static const struct {
  const char *text;
  int status;
  uint64_t energy_uj;
} energy_rows[] = {
    {"0", 0, 0},
    {"18446744073709551615", 0, UINT64_MAX},
    {"18446744073709551616", -EINVAL, 0},
    {"1000000.0", 0, 1000000},
    {"1000000.9", 0, 1000000},
    {"", -ENODATA, 0},
    {"nan", -ENODATA, 0},
    {"NaN", -ENODATA, 0},
    {"-1", -EINVAL, 0},
    {"1e9", 0, 1000000000},
    {"1.1e+09", 0, 1100000000},
    {"1.5E9", 0, 1500000000},
    {"0.000000e+00", 0, 0},
    {"1.795463412345e+12", 0, UINT64_C(1795463412345)},
    {"1.795463412345000000e+12", 0, UINT64_C(1795463412345)},
    {"1.8446744073709551615e19", 0, UINT64_MAX},
    {"1.8446744073709551616e19", -EINVAL, 0},
    {"123456e0", 0, 123456},
    {"1200e-2", 0, 12},
    {"1.79546E+12", -EDOM, 0},
    {"1.80E+12", -EDOM, 0},
    {"1.7954634123455e+12", -EDOM, 0},
    {"1e-3", -EDOM, 0},
    {"1e99", -EINVAL, 0},
    {"1e1000", -EINVAL, 0},
    {"1e", -EINVAL, 0},
    {".5e9", -EINVAL, 0},
    {"-1e9", -EINVAL, 0},
    {"0x10", -EINVAL, 0},
    {"12x", -EINVAL, 0},
    {"none", -EINVAL, 0},
};

/* Without an offset it is local time. */
static const struct {
  const char *text;
  int64_t s;
} local_rows[] = {
    {"2026-11-24 16:00:00", INT64_C(1795532400)},
    {"2026-07-24 16:00:00", INT64_C(1784901600)},
    {"2026-11-24 16:00:01", INT64_C(1795532401)},
};

START_TEST(test_local_time) {
  int64_t ns;
  setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  for (size_t i = 0; i < ROWS(local_rows); i++) {
    ck_assert_int_eq(field_parse_time(local_rows[i].text, &ns, NULL), 0);
    ck_assert_int_eq(ns, local_rows[i].s * INT64_C(1000000000));
  }
}
END_TEST

START_TEST(test_energy) {
  uint64_t energy_uj = 0;
  ck_assert_int_eq(field_parse_energy(energy_rows[_i].text, &energy_uj), energy_rows[_i].status);
  if (energy_rows[_i].status == 0)
    ck_assert_uint_eq(energy_uj, energy_rows[_i].energy_uj);
}
END_TEST

static const struct {
  const char *text;
  int status;
  double power_w;
} power_rows[] = {
    {"0.000000", 0, 0},  {"100.041000", 0, 100.041}, {"5", 0, 5},           {".5", 0, 0.5},       {"1e-05", 0, 1e-5},
    {"1.5E+3", 0, 1500}, {"", -ENODATA, 0},          {"nan", -ENODATA, 0},  {"-0.1", -EINVAL, 0}, {"-", -EINVAL, 0},
    {".", -EINVAL, 0},   {"e5", -EINVAL, 0},         {"1e999", -EINVAL, 0}, {"inf", -EINVAL, 0},  {"0x1p3", -EINVAL, 0},
    {"1,5", -EINVAL, 0}, {"1 W", -EINVAL, 0},        {" 1", -EINVAL, 0},
};

START_TEST(test_power) {
  double power_w = NAN;
  ck_assert_int_eq(field_parse_power(power_rows[_i].text, &power_w), power_rows[_i].status);
  if (power_rows[_i].status == 0)
    ck_assert_double_eq(power_w, power_rows[_i].power_w);
  else
    ck_assert(isnan(power_w));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("field");
  suite_case(suite, "numbers", NULL, NULL, EACH(test_time, time_rows), ONCE(test_local_time),
             EACH(test_energy, energy_rows), EACH(test_power, power_rows));
  return suite_run(suite);
}
