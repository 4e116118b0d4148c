/* Tariffs: spans of a file, files that are refused, and bounds of costs. */
#include "../standalone/common/bounds.h"
#include "../standalone/common/message.h"
#include "../standalone/common/tariff.h"

#include "scratch.h"
#include "suite.h"

#include "core/clock.h"

#include <math.h>

static int64_t ns(double s) {
  return (int64_t)llround(s * 1e9);
}

/* ---- spans ------------------------------------------------------------------------------------------------------- */

/* 2 from 100 s on, -3 from 110 s on, nothing from 120 s on, 5 from 130 s on, 7 from 140 s on, which ends at 150 s. */
static const char steps[] = "ts,value\n100,2\n110,-3\n120,\n130,5\n140,7\n";

static const struct {
  double from_s, to_s;
  double covered_until_s;
  double integral, least, most;
} span_rows[] = {
    {100, 110, 110, 20, 2, 2},  {102, 104, 104, 4, 2, 2},     {105, 115, 115, -5, -3, 2},   {109, 109, 109, 0, 2, 2},
    {110, 110, 110, 0, -3, -3}, {110, 120, 120, -30, -3, -3}, {115, 125, 120, -15, -3, -3}, {122, 128, 122, 0, 0, 0},
    {115, 145, 120, 70, -3, 7}, {90, 95, 90, 0, 0, 0},        {90, 101, 90, 2, 2, 2},       {140, 150, 150, 70, 7, 7},
    {145, 151, 150, 35, 7, 7},  {160, 170, 160, 0, 0, 0},     {90, 200, 90, 110, -3, 7},    {130, 150, 150, 120, 5, 7},
};

START_TEST(test_spans) {
  struct tariff tariff;
  double least, most;
  write_text("prices.csv", steps);
  ck_assert_int_eq(tariff_open(&tariff, in_scratch("prices.csv")), STATUS_DONE);
  int64_t from_ns = ns(span_rows[_i].from_s), to_ns = ns(span_rows[_i].to_s);
  tariff_range(&tariff, from_ns, to_ns, &least, &most);
  ck_assert_int_eq(tariff_covers_until(&tariff, from_ns, to_ns), ns(span_rows[_i].covered_until_s));
  ck_assert_double_eq_tol(tariff_integral(&tariff, from_ns, to_ns), span_rows[_i].integral, 1e-9);
  ck_assert_double_eq_tol(least, span_rows[_i].least, 1e-12);
  ck_assert_double_eq_tol(most, span_rows[_i].most, 1e-12);
  ck_assert(tariff.has_negative);
  tariff_close(&tariff);
}
END_TEST

START_TEST(a_number_is_for_all_time) {
  struct tariff tariff;
  double least, most;
  ck_assert_int_eq(tariff_open(&tariff, "0.25"), STATUS_DONE);
  ck_assert_int_eq(tariff_covers_until(&tariff, 0, ns(4e9)), ns(4e9));
  ck_assert_double_eq_tol(tariff_integral(&tariff, ns(1.7e9), ns(1.7e9 + 8)), 2, 1e-12);
  tariff_range(&tariff, 0, ns(4e9), &least, &most);
  ck_assert(least == 0.25 && most == 0.25 && !tariff.has_negative);
  tariff_close(&tariff);
  ck_assert_int_eq(tariff_open(&tariff, NULL), STATUS_DONE);
  ck_assert_uint_eq(tariff.num, 0);
  tariff_close(&tariff);
}
END_TEST

/* ---- files ------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *text;
  int status;
  size_t steps; /* with the end of the last one */
} file_rows[] = {
    {"ts,value\n2026-11-24T16:00:00Z,0.3\n2026-11-24T18:00:00+01:00,0.2\n", STATUS_DONE, 3},
    {"value;ts\n", STATUS_USAGE, 0},
    {"zone,value,ts\nDE,1,100\nDE,2,200\n", STATUS_DONE, 3},
    {"ts,value\n100,1\n", STATUS_DONE, 1}, /* holds on: nothing says until when */
    {"ts,value\n100,1e-3\n200,+5\n", STATUS_DONE, 3},
    {"ts,value\n", STATUS_USAGE, 0},
    {"", STATUS_USAGE, 0},
    {"ts,price\n100,1\n", STATUS_USAGE, 0},
    {"100,1\n200,1\n", STATUS_USAGE, 0},
    {"ts,value\n100,1\n100,2\n", STATUS_USAGE, 0},
    {"ts,value\n200,1\n100,2\n", STATUS_USAGE, 0},
    {"ts,value\n100,1\nnoon,2\n", STATUS_USAGE, 0},
    {"ts,value\n100,cheap\n", STATUS_USAGE, 0},
    {"ts,value\n100,1 EUR\n", STATUS_USAGE, 0},
    {"ts,value\n100,inf\n", STATUS_USAGE, 0},
    {"ts,value\n100,NaN\n200,NA\n", STATUS_DONE, 3},
    {"ts,value\n0,1\n4000000000,2\n", STATUS_DONE, 3},
    {"ts,value\n100,1,5\n", STATUS_USAGE, 0},
    {"ts,value\n100\n", STATUS_USAGE, 0},
};

START_TEST(test_files) {
  struct tariff tariff;
  write_text("prices.csv", file_rows[_i].text);
  ck_assert_int_eq(tariff_open(&tariff, in_scratch("prices.csv")), file_rows[_i].status);
  ck_assert_uint_eq(tariff.num, file_rows[_i].steps);
  tariff_close(&tariff);
}
END_TEST

/* ---- costs ------------------------------------------------------------------------------------------------------- */

#define SECONDS 400
#define EDGES   5

static double random_between(double low, double high) {
  return low + (high - low) * ((double)random() / (double)RAND_MAX);
}

/* A load and a tariff that change at most each second, and their cost, summed by the second. */
struct world {
  double power_w[SECONDS], value[SECONDS];
};

static double sum(const struct world *world, int from_s, int to_s, bool with_value) {
  double sum = 0;
  for (int s = from_s; s < to_s; s++)
    sum += world->power_w[s] * (with_value ? world->value[s] : 1);
  return sum;
}

static void make_world(struct world *world, double least, bool is_steady) {
  for (int s = 0; s < SECONDS; s++) {
    world->power_w[s] = s == 0 || (!is_steady && random() % 7 == 0) ? random_between(0, 100) : world->power_w[s - 1];
    world->value[s] = s == 0 || random() % 23 == 0 ? random_between(least, 5) : world->value[s - 1];
  }
  FILE *file = fopen(in_scratch("prices.csv"), "w");
  ck_assert_ptr_nonnull(file);
  fputs("ts,value\n", file);
  for (int s = 0; s <= SECONDS; s++)
    if (s < SECONDS)
      fprintf(file, "%d,%.17g\n", 1000 + s, world->value[s]);
  fclose(file);
}

static const struct {
  double least;
  bool is_steady;
} world_rows[] = {{0, true}, {0, false}, {-5, true}, {-5, false}};

START_TEST(bounds_of_costs_hold_the_truth) {
  static struct world world;
  srandom(20261126 + (unsigned)_i);
  for (int round = 0; round < 100; round++) {
    struct tariffs tariffs = {0};
    make_world(&world, world_rows[_i].least, world_rows[_i].is_steady);
    ck_assert_int_eq(tariff_open(&tariffs.of[TARIFF_PRICE], in_scratch("prices.csv")), STATUS_DONE);
    ck_assert_int_eq(tariff_open(&tariffs.of[TARIFF_GCO2], "2"), STATUS_DONE);
    struct bounds_edge edges[EDGES] = {0};
    struct bounds bounds;
    int edges_s[EDGES] = {20};
    for (int i = 0; i < EDGES; i++) {
      edges_s[i] = i == 0 ? 20 : edges_s[i - 1] + 1 + (int)(random() % 80);
      edges[i].at_ns = ns(1000 + edges_s[i]);
    }
    bounds_init(&bounds, edges, EDGES);
    bounds.tariffs = &tariffs;
    int period_s = 1 + (int)(random() % 20);
    for (int s = 0; s < SECONDS; s += 1 + (int)(random() % period_s)) {
      struct update update = {
          .within_ns = NS_PER_MS, .has_energy = true, .energy_j = sum(&world, 0, s, false), .state = SAMPLE_OK};
      bounds_add(&bounds, ns(1000 + s), &update, NULL);
    }
    double parts = 0;
    struct bounds_result result;
    for (size_t i = 0; i + 1 < EDGES; i++) {
      bounds_result(&bounds, i, i + 1, &result);
      double truth = sum(&world, edges_s[i], edges_s[i + 1], true);
      const struct bounds_bill *bill = &result.bills[TARIFF_PRICE];
      ck_assert(bill->has_cost && bill->has_low && bill->has_high);
      double slack = 500 * 0.002 * 2; /* two edges, each as exact as an update is dated */
      ck_assert_msg(bill->low <= truth + slack && truth <= bill->high + slack, "%f in %f to %f", truth, bill->low,
                    bill->high);
      ck_assert(bill->low <= bill->cost && bill->cost <= bill->high);
      if (world_rows[_i].is_steady)
        ck_assert_double_eq_tol(bill->cost, truth, slack);
      parts += bill->cost;
      const struct bounds_bill *flat = &result.bills[TARIFF_GCO2];
      ck_assert_double_eq_tol(flat->cost, 2 * result.energy_j, 1e-6);
      ck_assert_double_eq_tol(flat->low, 2 * result.low_j, 1e-6);
      ck_assert_double_eq_tol(flat->high, 2 * result.high_j, 1e-6);
    }
    bounds_result(&bounds, 0, EDGES - 1, &result);
    ck_assert_double_eq_tol(result.bills[TARIFF_PRICE].cost, parts, 1e-6);
    for (size_t i = 0; i < TARIFFS; i++)
      tariff_close(&tariffs.of[i]);
  }
}
END_TEST

/* 10 W at 2, in steps of 10 s; what the tariff covers, and the state of the update at 50 s. */
static const struct {
  const char *file;
  enum sample_state state;
  bool has_cost, has_low, has_high;
} bill_rows[] = {
    {"ts,value\n0,2\n100,2\n", SAMPLE_OK, true, true, true},
    {"ts,value\n0,2\n100,-2\n", SAMPLE_OK, true, true, true},
    {"ts,value\n0,2\n100,2\n", SAMPLE_GAP, true, true, false},
    {"ts,value\n0,2\n100,-2\n", SAMPLE_GAP, true, false, false},
    {"ts,value\n21,2\n100,2\n", SAMPLE_OK, false, false, false},
    {"ts,value\n0,2\n40,\n42,2\n100,2\n", SAMPLE_OK, false, false, false},
    {"ts,value\n0,2\n39.5,2\n", SAMPLE_OK, false, false, false},
};

START_TEST(test_bills) {
  struct tariffs tariffs = {0};
  write_text("prices.csv", bill_rows[_i].file);
  ck_assert_int_eq(tariff_open(&tariffs.of[TARIFF_PRICE], in_scratch("prices.csv")), STATUS_DONE);
  struct bounds_edge edges[2] = {{.at_ns = ns(20)}, {.at_ns = ns(80)}};
  struct bounds bounds;
  bounds_init(&bounds, edges, 2);
  bounds.tariffs = &tariffs;
  for (int s = 1; s <= 91; s += 10) {
    struct update update = {.has_energy = true, .energy_j = 10 * s, .state = s == 51 ? bill_rows[_i].state : SAMPLE_OK};
    bounds_add(&bounds, ns(s), &update, NULL);
  }
  struct bounds_result result;
  bounds_result(&bounds, 0, 1, &result);
  const struct bounds_bill *bill = &result.bills[TARIFF_PRICE];
  ck_assert(bill->has_cost == bill_rows[_i].has_cost);
  ck_assert((bill->has_cost && bill->has_low) == bill_rows[_i].has_low);
  ck_assert(bill->has_high == bill_rows[_i].has_high);
  ck_assert(!bill->has_cost || fabs(bill->cost - 1200) < 1e-6);
  ck_assert(!bill->has_high || (fabs(bill->low - 1000) < 1e-6 && fabs(bill->high - 1400) < 1e-6));
  ck_assert(!result.bills[TARIFF_GCO2].has_cost);
  tariff_close(&tariffs.of[TARIFF_PRICE]);
}
END_TEST

int main(void) {
  message_be_quiet();
  Suite *suite = suite_create("tariff");
  suite_case(suite, "rows", scratch_make, scratch_clean, EACH(test_spans, span_rows), ONCE(a_number_is_for_all_time),
             EACH(test_files, file_rows), EACH(bounds_of_costs_hold_the_truth, world_rows),
             EACH(test_bills, bill_rows));
  return suite_run(suite);
}
