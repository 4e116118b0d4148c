/*
 * recording_layout: the header of a capture -> the meaning of its columns
 *
 * Knows what core/csv.h and the earlier Python tool write:
 *
 *   wide   ts, then <label>_energy_uj and <label>_power_w for each VM (combined; separate files hold one VM each)
 *   long   ts, label, energy_uj, power_w, state
 *
 * Columns may come in any order; others are ignored. Energy or power alone is enough.
 */
#ifndef VM_ENERGY_RECORDING_LAYOUT_H
#define VM_ENERGY_RECORDING_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#define RECORDING_LAYOUT_NONE ((size_t)-1)

struct recording_layout_vm {
  char *label;
  size_t energy, power; /* columns, or RECORDING_LAYOUT_NONE */
};

struct recording_layout {
  size_t columns, ts;
  bool is_long;
  size_t label, state;             /* long; state may be RECORDING_LAYOUT_NONE */
  struct recording_layout_vm *vms; /* long: one, without a label */
  size_t vms_num;
};

/*
 * 0: call recording_layout_free() in the end. -EINVAL: no such header; *missing names what it lacks ("column 'ts'").
 * -ENOMEM.
 */
int recording_layout_parse(const char *const *header, size_t count, struct recording_layout *layout,
                           const char **missing);
void recording_layout_free(struct recording_layout *layout);

#endif
