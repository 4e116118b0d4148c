/*
 * settings: the plugin's options, from collectd's configuration
 *
 * A new option is a row in the table options[] in settings.c, and a field of struct settings. There is one object for
 * the process, since collectd's callback has no argument for another. A bad option is logged and ignored, but a bad
 * File, VM or IgnoreSelected never widens what is reported. Tests: tests/check_plugin_options.c.
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

/* What the host or the plugin instance of an identifier is made of. */
struct format {
  enum field fields[FIELDS_MAX];
  size_t fields_num;
  bool has_name; /* FIELD_NAME is one of them */
};

struct settings {
  char **files; /* none: source_default_patterns */
  size_t files_num;
  struct selection *selection; /* NULL: all */
  size_t vms_num;              /* in the selection */
  bool ignore_selected;
  bool file_refused, vm_refused; /* any of these options was refused */
  bool ignore_refused;           /* the last IgnoreSelected was refused */
  struct meter_options meter;
  size_t smooth;
  struct format host, plugin_instance;
  bool escape_dots;
  bool report_energy, report_power, report_stats;
  char *csv_dir;    /* NULL: off */
  char *state_file; /* NULL: off */
  bool notify_add, notify_remove, notify_stale, notify_reset;
};

extern struct settings settings;

/* Frees all options and sets the defaults. */
void settings_reset(void);

/* Reads a block of the configuration; several add up. Returns 0. For plugin_register_complex_config(). */
int settings_take(oconfig_item_t *block);

/*
 * To be called after the last block: checks what the options mean together. Returns false if an option was refused such
 * that nothing may be reported; that has been logged.
 */
bool settings_finish(void);

/*
 * Fills in the host or plugin instance of the VM with this label. Where it has the VM's name, it is at most
 * LABEL_MAX_COLLECTD bytes long.
 */
void settings_expand(const struct format *format, const char *label, char *text, size_t size);

#endif
