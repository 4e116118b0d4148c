/*
 * vms: what a benchmark reads: counters laid out as Scaphandre's exporter does, their writer, and the bare reader
 *
 * DIR/scaphandre/vm-00000/intel-rapl:0/energy_uj and so on. The writer hands in the time that a file shall tell.
 */
#ifndef VM_ENERGY_BENCH_VMS_H
#define VM_ENERGY_BENCH_VMS_H

#include <stddef.h>
#include <stdint.h>

struct vms {
  char *pattern; /* that finds them all */
  char **paths;
  uint64_t *energy_uj;
  size_t count;
};

/* Makes the files, or takes those that are there. Ends the program when it cannot. */
void vms_make(struct vms *vms, const char *dir, size_t count);

/* One more, which is not among the paths; and away with it. */
void vms_add_guest(const struct vms *vms);
void vms_remove_guest(const struct vms *vms);

/* Every step-th counter from first on gets 500 J more, at wall_ns; 0: now. */
void vms_write(struct vms *vms, size_t first, size_t step, int64_t wall_ns);

/* The floor, which everything is compared with: open, read, close of each path. */
void vms_read_bare(const struct vms *vms);

void vms_free(struct vms *vms);

/* CPU time of the calling thread. */
int64_t cpu_ns(void);

/*
 * Prints one result, a line for run.sh: what was measured on how many counters, its value and unit, and what the floor
 * took at the same time, in the same unit; 0: there is none.
 */
void result(const char *what, size_t count, double value, const char *unit, double floor);

#endif
