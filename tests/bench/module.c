/*
 * bench: a collectd module that measures its daemon
 *
 * Prints the CPU time that the whole process takes for an interval, without the module's own: that of the one other
 * read plugin, of dispatch, and of the threads that write. What is dispatched is discarded here, in a write callback.
 *
 * Ten times an interval every fifth counter gets an update: at collectd's default of 10 s this is a writer of 5 s. Once
 * an interval the floor is measured: the counters are read in the plainest way.
 *
 *   <Plugin bench>
 *     Dir "/dev/shm/x"        where vms_make() puts the counters
 *     Count 1000
 *     Output "/tmp/x/lines"   a line per interval: CPU time, time that passed, CPU time of the floor, all in ns
 *   </Plugin>
 */
#include <collectd/core/daemon/collectd.h>

#include <collectd/core/daemon/plugin.h>

#include "core/clock.h"
#include "vms.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define UPDATES 10 /* in an interval */
#define STEP    5  /* counters per update */

static struct {
  char *dir, *output;
  size_t count;
  struct vms vms;
  FILE *file;
  size_t calls;
  int64_t mono_ns, process_ns; /* at the last line */
  int64_t own_ns, floor_ns;    /* since then */
} bench;

static int on_config(oconfig_item_t *block) {
  for (int i = 0; i < block->children_num; i++) {
    const oconfig_item_t *item = &block->children[i];
    if (strcasecmp(item->key, "Dir") == 0)
      bench.dir = strdup(item->values[0].value.string);
    else if (strcasecmp(item->key, "Output") == 0)
      bench.output = strdup(item->values[0].value.string);
    else if (strcasecmp(item->key, "Count") == 0)
      bench.count = (size_t)item->values[0].value.number;
  }
  return 0;
}

static int64_t time_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void end_interval(void) {
  int64_t mono_ns = time_ns(CLOCK_MONOTONIC), process_ns = time_ns(CLOCK_PROCESS_CPUTIME_ID);
  if (bench.calls > 0)
    fprintf(bench.file, "%" PRId64 " %" PRId64 " %" PRId64 "\n", process_ns - bench.process_ns - bench.own_ns,
            mono_ns - bench.mono_ns, bench.floor_ns);
  bench.mono_ns = mono_ns;
  bench.process_ns = process_ns;
  bench.own_ns = 0;
}

static int on_read(user_data_t *user_data) {
  (void)user_data;
  bool last = bench.calls % UPDATES == 0;
  if (last)
    end_interval();
  int64_t begin_ns = cpu_ns();
  if (last) {
    vms_read_bare(&bench.vms);
    bench.floor_ns = cpu_ns() - begin_ns;
  }
  vms_write(&bench.vms, bench.calls++ % STEP, STEP, 0);
  bench.own_ns += cpu_ns() - begin_ns;
  return 0;
}

static int on_init(void) {
  bench.file = fopen(bench.output, "w");
  if (bench.file == NULL)
    return -1;
  setlinebuf(bench.file);
  vms_make(&bench.vms, bench.dir, bench.count);
  return plugin_register_complex_read(NULL, "bench", on_read, plugin_get_interval() / UPDATES, NULL);
}

static int on_write(const data_set_t *ds, const value_list_t *list, user_data_t *user_data) {
  (void)ds, (void)list, (void)user_data;
  return 0;
}

static int on_shutdown(void) {
  fclose(bench.file);
  vms_free(&bench.vms);
  return 0;
}

__attribute__((visibility("default"))) void module_register(void) {
  plugin_register_complex_config("bench", on_config);
  plugin_register_init("bench", on_init);
  plugin_register_write("bench", on_write, NULL);
  plugin_register_shutdown("bench", on_shutdown);
}
