/* The loads of the simulated writer: their energy is the integral of their power. */
#include "sim/load.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>

static const char *const curves[] = {"const:100",      "const:0",      "idle",         "sine:50:20:4",
                                     "sine:10:10:0.7", "step:20:80:7", "step:5:0:0.5", "sine:50:20:4,dies@3"};

START_TEST(energy_is_the_integral) {
  struct load load;
  const char *problem;
  ck_assert_int_eq(load_parse(curves[_i], &load, &problem), 0);
  double sum_j = 0, step_s = 1e-4;
  for (int i = 0; i < 200000; i++) {
    sum_j += load_power_w(&load, (i + 0.5) * step_s) * step_s;
    if (i % 12345 == 0)
      ck_assert_double_eq_tol(load_energy_j(&load, (i + 1) * step_s), sum_j, 0.02);
    ck_assert(load_power_w(&load, i * step_s) >= 0);
  }
  ck_assert_double_eq_tol(load_energy_j(&load, 0), 0, 1e-12);
}
END_TEST

static const char *const wrong[] = {"",
                                    "const",
                                    "const:",
                                    "const:-1",
                                    "const:1:2",
                                    "const:1x",
                                    "sine:1:2:3",
                                    "sine:1:1",
                                    "sine:2:1:0",
                                    "step:1:2:0",
                                    "stairs:1",
                                    "idle:1",
                                    "idle,",
                                    "idle,dies",
                                    "idle,dies@",
                                    "idle,dies@-1",
                                    "idle,x",
                                    "idle,starts=",
                                    "nan",
                                    "idle,starts=-1",
                                    "idle,starts=99999999999999999999"};

START_TEST(wrong_texts) {
  struct load load;
  const char *problem = NULL;
  int status = load_parse(wrong[_i], &load, &problem);
  if (_i == 12) { /* a comma at the end is nothing */
    ck_assert_int_eq(status, 0);
    return;
  }
  ck_assert_msg(status != 0, "'%s' was taken", wrong[_i]);
  ck_assert_ptr_nonnull(problem);
}
END_TEST

START_TEST(events) {
  struct load load;
  const char *problem;
  ck_assert_int_eq(
      load_parse("const:1,appears@2,dies@3.5,vanishes@4,resets@5,resets%6,unreadable,starts=7", &load, &problem), 0);
  ck_assert(load.appears_s == 2 && load.dies_s == 3.5 && load.vanishes_s == 4 && load.resets_s == 5 &&
            load.resets_every_s == 6 && load.unreadable && load.has_start && load.start_uj == 7);
  ck_assert_int_eq(load_parse("idle", &load, &problem), 0);
  ck_assert(load.appears_s == 0 && load.dies_s < 0 && load.vanishes_s < 0 && load.resets_s < 0 &&
            load.resets_every_s < 0 && !load.unreadable && !load.has_start);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("load");
  suite_case(suite, "load", NULL, NULL, EACH(energy_is_the_integral, curves), EACH(wrong_texts, wrong), ONCE(events));
  return suite_run(suite);
}
