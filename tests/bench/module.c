/*
 * bench: a collectd module that measures its neighbour
 *
 * With ReadThreads 1 all read callbacks run in one thread. So the CPU time of that thread from the end of this callback
 * to its next beginning is that of the one other read plugin that is loaded, and of the daemon for both. The callback
 * itself reads the counters in the plainest way, which is the floor, and has a fifth of them updated. What is
 * dispatched is thrown away here, in a write callback.
 *
 *   <Plugin bench>
 *     Dir "/dev/shm/x"        where vms_make() put the counters
 *     Count 1000
 *     Step 5                  an update of every fifth counter in each interval
 *     Output "/tmp/x/lines"   a line per interval: ns of the neighbour, ns of the floor
 *   </Plugin>
 */
#include <collectd/core/daemon/collectd.h>

#include <collectd/core/daemon/plugin.h>

#include "vms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct {
  char *dir, *output;
  size_t count, step;
  struct vms vms;
  FILE *file;
  size_t pass;
  int64_t end_ns; /* CPU time at the end of the last callback */
} bench = {.step = 5};

static int on_config(oconfig_item_t *block) {
  for (int i = 0; i < block->children_num; i++) {
    const oconfig_item_t *item = &block->children[i];
    if (strcasecmp(item->key, "Dir") == 0)
      bench.dir = strdup(item->values[0].value.string);
    else if (strcasecmp(item->key, "Output") == 0)
      bench.output = strdup(item->values[0].value.string);
    else if (strcasecmp(item->key, "Count") == 0)
      bench.count = (size_t)item->values[0].value.number;
    else if (strcasecmp(item->key, "Step") == 0)
      bench.step = (size_t)item->values[0].value.number;
  }
  return 0;
}

static int on_init(void) {
  bench.file = fopen(bench.output, "w");
  if (bench.file == NULL)
    return -1;
  setlinebuf(bench.file);
  vms_make(&bench.vms, bench.dir, bench.count);
  return 0;
}

static int on_read(void) {
  int64_t begin_ns = cpu_ns();
  vms_read_bare(&bench.vms);
  int64_t floor_ns = cpu_ns() - begin_ns;
  if (bench.pass > 0)
    fprintf(bench.file, "%" PRId64 " %" PRId64 "\n", begin_ns - bench.end_ns, floor_ns);
  vms_write(&bench.vms, bench.pass % bench.step, bench.step, 0);
  bench.pass++;
  bench.end_ns = cpu_ns();
  return 0;
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
  plugin_register_read("bench", on_read);
  plugin_register_write("bench", on_write, NULL);
  plugin_register_shutdown("bench", on_shutdown);
}
