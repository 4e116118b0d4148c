/*
 * settings: the plugin's options, as they were read from collectd's configuration
 *
 * One for the whole process, since collectd hands the configuration over without a place to keep it. A bad option is
 * named in the log and left out; it stops nothing.
 */
#ifndef VM_ENERGY_SETTINGS_H
#define VM_ENERGY_SETTINGS_H

#include "core/meter.h"
#include "core/selection.h"
#include "daemon.h"

#include <stdbool.h>
#include <stddef.h>

enum field { FIELD_HOSTNAME, FIELD_NAME };

#define FIELDS_MAX 4

/* What a field of an identifier is made of. */
struct format {
  enum field fields[FIELDS_MAX];
  size_t fields_num;
};

struct settings {
  char **files; /* none: source_default_patterns */
  size_t files_num;
  struct selection *selection; /* NULL: all */
  bool ignore_selected;
  struct meter_options meter;
  size_t smooth;
  struct format host, plugin_instance;
  bool report_energy, report_power;
  char *csv_dir;    /* NULL: off */
  char *state_file; /* NULL: off */
  bool notify_add, notify_remove, notify_stale, notify_reset;
};

extern struct settings settings;

/* The defaults. Frees what was set. */
void settings_reset(void);

/* A block of the configuration; several add up. */
void settings_take(const oconfig_item_t *block);

#endif
