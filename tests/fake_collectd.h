/*
 * fake_collectd: the part of the daemon that the plugin calls, for tests
 *
 * Replaces collectd's symbols when the plugin is linked into a test. It stores the callbacks that were registered,
 * calls them when the test asks for it, and records every log line, value and notification. There is one thread: one
 * that the plugin starts runs at once, or when the test asks for it. Errors of the test itself, such as a bad block,
 * abort it.
 */
#ifndef VM_ENERGY_TESTS_FAKE_COLLECTD_H
#define VM_ENERGY_TESTS_FAKE_COLLECTD_H

#include <collectd/core/daemon/collectd.h>

#include <collectd/core/daemon/globals.h>
#include <collectd/core/daemon/plugin.h>

#include <stdbool.h>
#include <stddef.h>

struct fake_line {
  int severity; /* LOG_... */
  char *text;
};

struct fake_value {
  char *name; /* host/plugin[-plugin_instance]/type[-type_instance] */
  cdtime_t time;
  cdtime_t interval;
  size_t count; /* of values; value is the first */
  gauge_t value;
};

struct fake_notification {
  int severity; /* NOTIF_... */
  char *name;   /* as that of a value */
  char *message;
  cdtime_t time;
};

/* What was recorded, in order. The test reads it, and sets the last five fields. */
extern struct fake {
  struct fake_line *lines;
  size_t lines_num;
  struct fake_value *values;
  size_t values_num;
  struct fake_notification *notifications;
  size_t notifications_num;
  size_t unsafe; /* since fake_reset(): texts with a control character, names with a '/' or an empty field, lines that
                    collectd would cut */

  cdtime_t read_interval; /* of the read function, as registered */

  bool threads_wait;            /* a new thread runs in fake_run_thread(), or when it is joined */
  int thread_error;             /* returned by pthread_create() */
  int dispatch_status;          /* returned by plugin_dispatch_values(); if not 0, the value is not recorded */
  void (*on_log)(void);         /* called in plugin_log(), as between search and look. These two may be NULL. */
  void (*on_turn)(bool plugin); /* called where the plugin's code begins to run (true) and ends (false) */
} fake;

/* Frees everything; then nothing is registered or recorded, and Hostname is "node1". */
void fake_reset(void);

/* Drops what was recorded, not what is registered or set. */
void fake_forget(void);

/* The option Hostname; the name is copied. */
void fake_hostname(const char *name);

/* All registrations in order: "config:vm_energy init:vm_energy ". */
const char *fake_registered(void);

/* No callback of that kind is registered. */
#define FAKE_NO_CALLBACK (-1000)

/*
 * These call what was registered, and return its result, or FAKE_NO_CALLBACK.
 *
 * fake_config: a <Plugin> block from a compact text, formatted as by printf. Items end in ';' or a newline; an item is
 * a key and its values: "text" or 'text' (no escapes; a key can be quoted too), true, false, or a number, which may be
 * nan and inf. Items in braces after the values are a nested block: `File '/a/b'; Scale 5; X 'y' { Z true }`. As in the
 * daemon, the block is freed when the callback has returned. fake_config_block: a block that the caller owns.
 */
__attribute__((format(printf, 1, 2))) int fake_config(const char *format, ...);
int fake_config_block(oconfig_item_t *block);
int fake_init(void);
int fake_read(void);
int fake_shutdown(void);

/* Runs the waiting thread. Threads are faked where fake_threads.c is linked. */
void fake_run_thread(void);

/* How many recorded lines contain the text. */
size_t fake_count(const char *text);

/* The last recorded value of this name, NAN if there is none. */
gauge_t fake_value(const char *name);

#endif
