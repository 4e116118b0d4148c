#include "report/recording_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENERGY "energy_uj"
#define POWER  "power_w"

static size_t find(const char *const *header, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(header[i], name) == 0)
      return i;
  return RECORDING_LAYOUT_NONE;
}

/* Length of the label in "<label>_<quantity>"; RECORDING_LAYOUT_NONE: another column. */
static size_t label_len(const char *column, const char *quantity) {
  size_t len = strlen(column), ending = strlen(quantity) + 1;
  bool is_it = len >= ending && column[len - ending] == '_' && strcmp(column + len - ending + 1, quantity) == 0;
  return is_it ? len - ending : RECORDING_LAYOUT_NONE;
}

static bool has_label(const struct recording_layout_vm *vm, const char *label, size_t len) {
  return strncmp(vm->label, label, len) == 0 && vm->label[len] == '\0';
}

/*
 * The VM of that label, usually the last one, that lacks a column of this quantity, else a new one. Two VMs of one
 * name, which the earlier Python tool could write, stay two.
 */
static struct recording_layout_vm *vm_for(struct recording_layout *layout, const char *label, size_t len, bool energy) {
  for (size_t i = layout->vms_num; i > 0; i--) {
    struct recording_layout_vm *vm = &layout->vms[i - 1];
    if ((energy ? vm->energy : vm->power) == RECORDING_LAYOUT_NONE && has_label(vm, label, len))
      return vm;
  }
  struct recording_layout_vm *vm = &layout->vms[layout->vms_num];
  *vm = (struct recording_layout_vm){
      .label = strndup(label, len), .energy = RECORDING_LAYOUT_NONE, .power = RECORDING_LAYOUT_NONE};
  if (vm->label == NULL)
    return NULL;
  layout->vms_num++;
  return vm;
}

static int find_vms(const char *const *header, size_t count, struct recording_layout *layout) {
  for (size_t i = 0; i < count; i++) {
    size_t energy_len = label_len(header[i], ENERGY), power_len = label_len(header[i], POWER);
    bool energy = energy_len != RECORDING_LAYOUT_NONE;
    if (!energy && power_len == RECORDING_LAYOUT_NONE)
      continue;
    struct recording_layout_vm *vm = vm_for(layout, header[i], energy ? energy_len : power_len, energy);
    if (vm == NULL)
      return -ENOMEM;
    *(energy ? &vm->energy : &vm->power) = i;
  }
  return 0;
}

static const char *look(const char *const *header, size_t count, struct recording_layout *layout) {
  if (layout->ts == RECORDING_LAYOUT_NONE)
    return "column 'ts'";
  layout->is_long = layout->label != RECORDING_LAYOUT_NONE;
  if (layout->is_long) {
    struct recording_layout_vm vm = {.energy = find(header, count, ENERGY), .power = find(header, count, POWER)};
    layout->vms[layout->vms_num++] = vm;
    return vm.energy == RECORDING_LAYOUT_NONE && vm.power == RECORDING_LAYOUT_NONE ? "column 'energy_uj' or 'power_w'"
                                                                                   : NULL;
  }
  return NULL;
}

int recording_layout_parse(const char *const *header, size_t count, struct recording_layout *layout,
                           const char **missing) {
  struct recording_layout l = {.columns = count,
                               .ts = find(header, count, "ts"),
                               .label = find(header, count, "label"),
                               .state = find(header, count, "state"),
                               .vms = calloc(count + 1, sizeof(*l.vms))};
  if (l.vms == NULL)
    return -ENOMEM;
  *missing = look(header, count, &l);
  int status = *missing == NULL && !l.is_long ? find_vms(header, count, &l) : 0;
  if (status == 0 && *missing == NULL && l.vms_num == 0)
    *missing = "column that ends in '_energy_uj' or '_power_w'";
  if (status == 0 && *missing != NULL)
    status = -EINVAL;
  if (status == 0)
    *layout = l;
  else
    recording_layout_free(&l);
  return status;
}

void recording_layout_free(struct recording_layout *layout) {
  for (size_t i = 0; i < layout->vms_num; i++)
    free(layout->vms[i].label);
  free(layout->vms);
  *layout = (struct recording_layout){0};
}
