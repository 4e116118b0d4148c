/* Reading a long capture: each value goes to its VM, and the cost of a row grows slowly with the number of VMs. */
#include "../standalone/common/message.h"
#include "../standalone/report/recording.h"

#include "scratch.h"
#include "suite.h"

#include "core/clock.h"

#include <sys/resource.h>

#define VMS   12000
#define TICKS 8

enum order { SAME, REPLACED, REVERSED };

/* The VM at this place of a row. In the second half of REPLACED all VMs are new. */
static int vm_at(enum order order, int tick, int place) {
  if (order == REPLACED)
    return tick < TICKS / 2 ? place : VMS + place;
  return order == REVERSED && tick % 2 == 1 ? VMS - 1 - place : place;
}

/* run.json lists the first VMS only. A counter shows the number of its VM. */
static void write_run(enum order order) {
  FILE *file = fopen(in_scratch("power.csv"), "w");
  fputs("ts,label,energy_uj,power_w,state\n", file);
  for (int tick = 0; tick < TICKS; tick++)
    for (int place = 0; place < VMS; place++) {
      int vm = vm_at(order, tick, place);
      fprintf(file, "%d,a-rather-long-name-of-a-vm-%d,%d,1,ok\n", 1795536000 + tick, vm, vm);
    }
  fclose(file);
  file = fopen(in_scratch("run.json"), "w");
  fputs("{\"tool\": \"vm_energy\", \"start\": 1795535999, \"scale\": 1.0, \"files\": [\"power.csv\"], \"counters\": [",
        file);
  for (int vm = 0; vm < VMS; vm++)
    fprintf(file, "%s{\"label\": \"a-rather-long-name-of-a-vm-%d\", \"start_energy_uj\": %d}", vm > 0 ? "," : "", vm,
            vm);
  fputs("]}\n", file);
  fclose(file);
}

struct seen {
  int vms, values;
  int of_vm[2 * VMS]; /* its number, by the number of the recording */
};

static int take_vm(void *arg, size_t vm, const struct recording_vm *info) {
  struct seen *seen = arg;
  ck_assert_uint_eq(vm, (size_t)seen->vms++);
  seen->of_vm[vm] = atoi(strrchr(info->label, '-') + 1);
  ck_assert_int_eq(info->has_start, seen->of_vm[vm] < VMS);
  if (info->has_start)
    ck_assert_uint_eq(info->start_uj, (uint64_t)seen->of_vm[vm]);
  return 0;
}

static int take_value(void *arg, size_t vm, const struct recording_value *value) {
  struct seen *seen = arg;
  seen->values++;
  if (value->energy_uj != (uint64_t)seen->of_vm[vm]) /* cheaper than an assertion a value */
    ck_abort_msg("a value of VM %d went to VM %d", (int)value->energy_uj, seen->of_vm[vm]);
  return 0;
}

static double user_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
}

/* CPU time of the fastest of three. */
static double read_run(enum order order, int vms) {
  double best_s = 1e9;
  struct recording recording;
  write_run(order);
  for (int i = 0; i < 3; i++) {
    struct seen seen = {0};
    const struct recording_sink sink = {.vm = take_vm, .value = take_value, .arg = &seen};
    double start_s = user_s();
    ck_assert_int_eq(recording_open(&recording, scratch), STATUS_DONE);
    ck_assert_int_eq(recording_read(&recording, &sink), STATUS_DONE);
    recording_close(&recording);
    double took_s = user_s() - start_s;
    best_s = took_s < best_s ? took_s : best_s;
    ck_assert_int_eq(seen.vms, vms);
    ck_assert_int_eq(seen.values, TICKS * VMS);
  }
  return best_s;
}

static const struct {
  enum order order;
  int vms;
} order_rows[] = {{REPLACED, 2 * VMS}, {REVERSED, VMS}};

/* A search through all VMs for each new one takes ten times as long. */
START_TEST(test_order) {
  double same_s = read_run(SAME, VMS), other_s = read_run(order_rows[_i].order, order_rows[_i].vms);
  ck_assert_msg(other_s < 3 * same_s, "%f s, and %f s in the same order", other_s, same_s);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("recording_read");
  tcase_set_timeout(suite_case(suite, "recording_read", scratch_make, scratch_clean, EACH(test_order, order_rows)),
                    120);
  return suite_run(suite);
}
