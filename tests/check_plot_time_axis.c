/* Tics at round local times, on both sides of a change of the offset. Zones are POSIX rules: no tzdata. */
#include "../standalone/report/plot_gnuplot.h"
#include "../standalone/report/plot_time_axis.h"

#include "suite.h"

#include "core/clock.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define BERLIN    "CET-1CEST,M3.5.0,M10.5.0/3"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define SAO_PAULO "<-03>3<-02>,M10.3.0/0,M2.3.0/0"

#define T0       1795536000.0 /* 2026-11-24 16:00:00 UTC, a Tuesday */
#define OCTOBER  1792879200.0 /* 2026-10-25 00:00 in Berlin, where 02:00 to 03:00 comes twice */
#define MARCH    1774738800.0 /* 2026-03-29 00:00 in Berlin, which has no 02:00 to 03:00 */
#define APRIL    1775307600.0 /* 2026-04-05 00:00 on Lord Howe, whose summer is half an hour ahead, until 02:00 */
#define MIDNIGHT 1792119600.0 /* 2026-10-16 00:00 in a zone whose 18th has no midnight */
#define HOUR     3600.0
#define DAY      86400.0

static const struct {
  const char *zone;
  double start_s, span_s;
  unsigned letters;
  const char *labels, *xlabel;
} rows[] = {
    {"UTC", T0, 59, 100, "16:00:00 16:00:10 16:00:20 16:00:30 16:00:40 16:00:50", "UTC"},
    {"UTC", T0, 59, 40, "16:00:00 16:00:15 16:00:30 16:00:45", "UTC"},
    {"UTC", T0, 4, 100,
     "16:00:00.0 16:00:00.5 16:00:01.0 16:00:01.5 16:00:02.0 16:00:02.5 16:00:03.0 16:00:03.5 16:00:04.0", "UTC"},
    {"UTC", T0 + 0.25, 3.75, 60, "16:00:01 16:00:02 16:00:03 16:00:04", "UTC"},
    {"UTC", T0, 0.25, 100, "16:00:00.00 16:00:00.05 16:00:00.10 16:00:00.15 16:00:00.20 16:00:00.25", "UTC"},
    {"UTC", T0 + 0.001, 0.01, 100, "16:00:00.002 16:00:00.004 16:00:00.006 16:00:00.008 16:00:00.010", "UTC"},
    {"UTC", T0 + 0.0002, 0.0005, 100, "", "UTC"},
    {"<+0545>-5:45", T0, HOUR, 100, "21:50 22:00 22:10 22:20 22:30 22:40", "UTC+05:45"},
    {"<+0545>-5:45", T0, 10 * HOUR, 60, "22:00 00:00 02:00 04:00 06:00", "UTC+05:45"},
    {BERLIN, T0, 60, 40, "17:00:00 17:00:15 17:00:30 17:00:45 17:01:00", "CET, UTC+01:00"},
    {BERLIN, OCTOBER, 6 * HOUR, 100, "00:00 01:00 02:00 02:00 03:00 04:00 05:00", "CEST, UTC+02:00; CET, UTC+01:00"},
    {BERLIN, OCTOBER, 12 * HOUR, 100, "00:00 02:00 04:00 06:00 08:00 10:00", "CEST, UTC+02:00; CET, UTC+01:00"},
    {BERLIN, OCTOBER, 2 * DAY, 100,
     "00:00/10-25 06:00/10-25 12:00/10-25 18:00/10-25 00:00/10-26 06:00/10-26 12:00/10-26 18:00/10-26",
     "CEST, UTC+02:00; CET, UTC+01:00"},
    {BERLIN, OCTOBER, 5 * DAY, 60, "2026-10-25 2026-10-26 2026-10-27 2026-10-28 2026-10-29",
     "CEST, UTC+02:00; CET, UTC+01:00"},
    {BERLIN, MARCH, 6 * HOUR, 100, "00:00 01:00 03:00 04:00 05:00 06:00 07:00", "CET, UTC+01:00; CEST, UTC+02:00"},
    {BERLIN, MARCH, 12 * HOUR, 100, "00:00 04:00 06:00 08:00 10:00 12:00", "CET, UTC+01:00; CEST, UTC+02:00"},
    {BERLIN, MARCH, 25 * DAY, 60, "2026-03-30 2026-04-06 2026-04-13 2026-04-20", "CET, UTC+01:00; CEST, UTC+02:00"},
    {BERLIN, MARCH, 200 * DAY, 100, "2026-04 2026-05 2026-06 2026-07 2026-08 2026-09 2026-10",
     "CET, UTC+01:00; CEST, UTC+02:00"},
    {BERLIN, MARCH, 365 * DAY, 100, "2026-04 2026-07 2026-10 2027-01", "CET, UTC+01:00; CEST, UTC+02:00"},
    {BERLIN, MARCH, 3000 * DAY, 100, "2027 2028 2029 2030 2031 2032 2033 2034", "CET, UTC+01:00; CEST, UTC+02:00"},
    {LORD_HOWE, APRIL, 5 * HOUR, 100, "00:00 00:30 01:00 01:30 01:30 02:00 02:30 03:00 03:30 04:00 04:30",
     "UTC+11:00; UTC+10:30"},
    {SAO_PAULO, MIDNIGHT, 5 * DAY, 60, "2026-10-16 2026-10-17 2026-10-18 2026-10-19 2026-10-20 2026-10-21",
     "UTC-03:00; UTC-02:00"},
};

/* A label is the local time of its x. */
static void check_tic(const char *label, double x_s) {
  char text[64];
  time_t second = (time_t)floor(x_s + 1e-6);
  struct tm local;
  size_t len = strftime(text, sizeof(text), "%Y %Y-%m %Y-%m-%d %H:%M %H:%M:%S", localtime_r(&second, &local));
  snprintf(text + len, sizeof(text) - len, "%.3f", x_s - (double)second);
  char clock[40];
  snprintf(clock, sizeof(clock), "%.*s", (int)strcspn(label, "./"), label);
  ck_assert_msg(strstr(text, clock) != NULL, "'%s' at %s", label, text);
  const char *decimals = strchr(label, '.');
  ck_assert_msg(decimals == NULL || fabs(strtod(decimals, NULL) - x_s + (double)second) < 1e-5, "'%s' at %s", label,
                text);
}

/* Seconds with six decimals. */
static int64_t to_ns(double s) {
  return (int64_t)llround(s * 1e6) * NS_PER_US;
}

START_TEST(test_tics) {
  char script[4000] = "", labels[1000] = "", label_text[100], expected[200] = "";
  setenv("TZ", rows[_i].zone, 1);
  tzset();
  int64_t start_ns = to_ns(rows[_i].start_s), end_ns = start_ns + to_ns(rows[_i].span_s);
  FILE *file = fmemopen(script, sizeof(script), "w");
  plot_time_axis_write(start_ns, end_ns, rows[_i].letters, file);
  fclose(file);
  char *tics = strstr(script, "xtics"), *end = strchr(tics, '\n'), *label = tics;
  double last_s = 0, least_s = 1e9;
  while ((label = strchr(label, '"')) != NULL && label < end) {
    char *close = strchr(label + 1, '"'), *day;
    double x_s = strtod(close + 1, NULL);
    *close = '\0';
    if ((day = strstr(label + 1, "\\n")) != NULL) /* the second line */
      *day = '/', memmove(day + 1, day + 2, strlen(day + 1));
    check_tic(label + 1, x_s);
    least_s = last_s > 0 && x_s - last_s < least_s ? x_s - last_s : least_s;
    last_s = x_s;
    snprintf(labels + strlen(labels), sizeof(labels) - strlen(labels), "%s%s", *labels ? " " : "", label + 1);
    ck_assert_msg(least_s * rows[_i].letters / rows[_i].span_s > (double)strcspn(label + 1, "/"), "labels touch");
    label = close + 1;
  }
  ck_assert_str_eq(labels, rows[_i].labels);
  snprintf(label_text, sizeof(label_text), "local time (%s)", rows[_i].xlabel);
  file = fmemopen(expected, sizeof(expected), "w");
  fputs("\nset xlabel ", file);
  plot_gnuplot_put_string(label_text, file);
  fclose(file);
  ck_assert_msg(strncmp(end, expected, strlen(expected)) == 0, "%s", end);
}
END_TEST

START_TEST(test_relative) {
  static const struct {
    double span_s;
    const char *script;
  } spans[] = {
      {0.5, "set xrange [0:0.500000]\nset xtics 0.100000\nset xlabel 'time since the start (s)'\n"},
      {59, "set xrange [0:59.000000]\nset xtics 10.000000\nset xlabel 'time since the start (s)'\n"},
      {60, "set xrange [0:60.000000]\nset xtics 10.000000\nset xlabel 'time since the start (min:s)'\nset format x "
           "'%tM:%tS' time\n"},
      {3599,
       "set xrange [0:3599.000000]\nset xtics 600.000000\nset xlabel 'time since the start (min:s)'\nset format x "
       "'%tM:%tS' time\n"},
      {30 * HOUR,
       "set xrange [0:108000.000000]\nset xtics 10800.000000\nset xlabel 'time since the start (h:min)'\nset format x "
       "'%tH:%tM' time\n"},
  };
  for (int i = 0; i < ROWS(spans); i++) {
    char script[400] = "";
    FILE *file = fmemopen(script, sizeof(script), "w");
    plot_time_axis_write_relative(to_ns(spans[i].span_s), 100, file);
    fclose(file);
    ck_assert_str_eq(script, spans[i].script);
  }
}
END_TEST

START_TEST(test_span) {
  static const struct {
    double start_s, span_s;
    const char *text;
  } spans[] = {
      {T0, 59, "2026-11-24 17:00:00 to 17:00:59"},
      {T0 + 0.7, 59, "2026-11-24 17:00:00 to 17:00:59"},
      {T0, 5, "2026-11-24 17:00:00 to 17:00:05"},
      {T0 + 0.7, 0.2, "2026-11-24 17:00:00.700 to 17:00:00.900"},
      {T0, 7 * HOUR, "2026-11-24 17:00:00 to 2026-11-25 00:00:00"},
      {OCTOBER, 12 * HOUR, "2026-10-25 00:00:00 to 11:00:00"},
  };
  char text[PLOT_TIME_AXIS_SPAN_MAX];
  setenv("TZ", BERLIN, 1);
  tzset();
  for (int i = 0; i < ROWS(spans); i++) {
    int64_t start_ns = to_ns(spans[i].start_s);
    plot_time_axis_span(start_ns, start_ns + to_ns(spans[i].span_s), text);
    ck_assert_str_eq(text, spans[i].text);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plot_time_axis");
  suite_case(suite, "time_axis", NULL, NULL, EACH(test_tics, rows), ONCE(test_relative), ONCE(test_span));
  return suite_run(suite);
}
