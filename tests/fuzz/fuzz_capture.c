/*
 * The reader of captures and of updates.dat, on a file that anything may have written: it ends, and what it hands over
 * is in its range.
 */
#include "fuzz.h"

#include "report/recording.h"

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

struct seen {
  size_t vms, values;
};

static int take_vm(void *arg, size_t vm, const struct recording_vm *info) {
  struct seen *seen = arg;
  MUST(vm <= seen->vms);
  seen->vms += vm == seen->vms;
  MUST(info->label != NULL);
  MUST(info->unit_ns > 0);
  return 0;
}

static int take_value(void *arg, size_t vm, const struct recording_value *value) {
  struct seen *seen = arg;
  MUST(vm < seen->vms);
  MUST(!value->has_power || (isfinite(value->power_w) && value->power_w >= 0));
  MUST(!value->has_state || value->state < SAMPLE_STATES);
  MUST(llabs(value->ts_ns) <= INT64_C(5000000000) * NS_PER_S); /* a clock that is set back adds to later ones */
  seen->values++;
  return 0;
}

static int take_update(void *arg, size_t vm, int64_t to_ns, const struct update *update) {
  (void)arg;
  MUST(vm == 0);
  MUST(update->within_ns >= UPDATE_UNDATED && update->state < SAMPLE_STATES && isfinite(update->energy_j));
  MUST(to_ns >= 0 && to_ns <= INT64_C(4000000000) * NS_PER_S);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int fd = memfd_create("power.csv", MFD_CLOEXEC);
  MUST(fd >= 0);
  MUST(write(fd, data, size) == (ssize_t)size);
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  struct recording recording;
  if (recording_open(&recording, path) == 0) {
    struct seen first = {0}, second = {0};
    struct recording_sink sink = {.vm = take_vm, .value = take_value, .arg = &first};
    int status = recording_read(&recording, &sink);
    sink.arg = &second;
    MUST(recording_read(&recording, &sink) == status);
    MUST(first.vms == second.vms && first.values == second.values);
    recording_close(&recording);
  }
  char label[] = "vm", *labels[] = {label};
  struct recording updates = {.updates = path, .labels = labels, .labels_num = 1};
  recording_read_updates(&updates, take_update, NULL);
  close(fd);
  return 0;
}
