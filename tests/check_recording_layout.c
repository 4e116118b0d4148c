/* Headers of captures: which columns are whose. */
#include "../standalone/report/recording_layout.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The header, and what it says: "label:energy:power" for each VM; or what is missing. */
static const struct {
  const char *header[12], *expected;
} rows[] = {
    {{"ts", "vm-001_energy_uj", "vm-001_power_w"}, "ts 0 vm-001:1:2"},
    {{"ts", "a_energy_uj", "a_power_w", "b_energy_uj", "b_power_w"}, "ts 0 a:1:2 b:3:4"},
    {{"ts", "a_energy_uj", "a_power_w", "a_power_w_sma5", "b_energy_uj", "b_power_w", "b_power_w_sma5"},
     "ts 0 a:1:2 b:4:5"},
    {{"ts", "a_energy_uj", "b_energy_uj", "a_power_w", "b_power_w"}, "ts 0 a:1:3 b:2:4"},
    {{"", "ts", "b_power_w", "b_energy_uj", "note"}, "ts 1 b:3:2"},
    {{"ts", "a_energy_uj"}, "ts 0 a:1:-"},
    {{"ts", "a_power_w"}, "ts 0 a:-:1"},
    {{"ts", "_energy_uj", "_power_w"}, "ts 0 :1:2"},
    /* two VMs of one name, as the earlier Python tool could write them */
    {{"ts", "a_energy_uj", "a_power_w", "a_energy_uj", "a_power_w"}, "ts 0 a:1:2 a:3:4"},
    /* names that look like columns */
    {{"ts", "x_power_w_energy_uj", "x_power_w_power_w"}, "ts 0 x_power_w:1:2"},
    {{"ts", "ts_energy_uj", "ts_power_w"}, "ts 0 ts:1:2"},
    {{"ts", "aa_energy_uj", "a_power_w"}, "ts 0 aa:1:- a:-:2"},
    {{"ts", "label_energy_uj", "label_power_w"}, "ts 0 label:1:2"},
    {{"ts", "label", "energy_uj", "power_w", "state"}, "long ts 0 label 1 state 4 :2:3"},
    {{"ts", "label", "energy_uj", "power_w", "state", "power_w_sma3"}, "long ts 0 label 1 state 4 :2:3"},
    {{"state", "power_w", "label", "ts"}, "long ts 3 label 2 state 0 :-:1"},
    {{"ts", "label", "energy_uj"}, "long ts 0 label 1 state - :2:-"},
    {{"time", "a_energy_uj"}, "column 'ts'"},
    {{"ts;a_energy_uj;a_power_w"}, "column 'ts'"},
    {{"ts", "mark"}, "column that ends in '_energy_uj' or '_power_w'"},
    {{"ts", "energy_uj", "power_w"}, "column that ends in '_energy_uj' or '_power_w'"},
    {{"ts", "label", "state"}, "column 'energy_uj' or 'power_w'"},
};

static void put_column(char *text, const char *format, size_t column) {
  char number[24] = "-";
  if (column != RECORDING_LAYOUT_NONE)
    snprintf(number, sizeof(number), "%zu", column);
  strcat(text, format);
  strcat(text, number);
}

START_TEST(test_layout) {
  struct recording_layout layout;
  const char *missing;
  size_t count = 0;
  while (rows[_i].header[count] != NULL)
    count++;
  char got[256] = "";
  int status = recording_layout_parse(rows[_i].header, count, &layout, &missing);
  if (status != 0) {
    ck_assert_int_eq(status, -EINVAL);
    ck_assert_str_eq(missing, rows[_i].expected);
    return;
  }
  ck_assert_uint_eq(layout.columns, count);
  put_column(got, layout.is_long ? "long ts " : "ts ", layout.ts);
  if (layout.is_long) {
    put_column(got, " label ", layout.label);
    put_column(got, " state ", layout.state);
  }
  for (size_t i = 0; i < layout.vms_num; i++) {
    strcat(got, " ");
    strcat(got, layout.vms[i].label != NULL ? layout.vms[i].label : "");
    put_column(got, ":", layout.vms[i].energy);
    put_column(got, ":", layout.vms[i].power);
  }
  ck_assert_str_eq(got, rows[_i].expected);
  recording_layout_free(&layout);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("recording_layout");
  suite_case(suite, "headers", NULL, NULL, EACH(test_layout, rows));
  return suite_run(suite);
}
