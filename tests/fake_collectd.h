/*
 * fake_collectd: the part of the daemon that the plugin talks to, for tests
 *
 * Stands in for collectd's symbols when the plugin is linked into a test. It keeps the callbacks that were registered,
 * calls them when the test says so, and records every log line, value and notification. One thread: what the plugin
 * starts as another one runs at once, or when the test says so. What cannot be (no memory, a block that is not
 * understood) aborts the test.
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

/* What was recorded, in the order in which it came. To be looked at; the last three are to be set. */
extern struct fake {
  struct fake_line *lines;
  size_t lines_num;
  struct fake_value *values;
  size_t values_num;
  struct fake_notification *notifications;
  size_t notifications_num;
  size_t unsafe; /* texts with a control character, an empty host or type, lines that collectd would cut: all since
                    fake_reset() */

  cdtime_t read_interval; /* with which the read function was registered */

  bool threads_wait;    /* a new thread runs in fake_run_thread(), or when it is joined */
  int thread_error;     /* what pthread_create() answers */
  int dispatch_status;  /* what plugin_dispatch_values() answers; what it refuses is not recorded */
  void (*on_log)(void); /* called in plugin_log(), as between search and look; NULL: nothing */
  void (*on_turn)(
      bool plugins); /* called where the plugin's code begins to run (true) and ends (false); NULL: nothing */
} fake;

/* As a daemon that was just started: nothing registered or recorded, Hostname "node1". Frees everything. */
void fake_reset(void);

/* Forgets what was recorded, not what is registered or set. */
void fake_forget(void);

/* The option Hostname; the name is copied. */
void fake_hostname(const char *name);

/* What is registered, in the order it was: "config:vm_energy init:vm_energy ". */
const char *fake_registered(void);

/* No callback of that kind is registered. */
#define FAKE_NO_CALLBACK (-1000)

/*
 * Call what was registered; the callback's answer, or FAKE_NO_CALLBACK.
 *
 * fake_config: a <Plugin> block from a compact text, made by printf. Items end in ';' or a newline; an item is a key
 * and its values: "text" or 'text' (no escapes; a key can be quoted too), true, false, or a number, which may be nan
 * and inf. Items in braces behind the values are a nested block. So `File '/a/b'; Scale 5; X 'y' { Z true }`. The block
 * is freed when the callback has returned, as the daemon does. fake_config_block: the block as it is, which stays the
 * caller's.
 */
__attribute__((format(printf, 1, 2))) int fake_config(const char *format, ...);
int fake_config_block(oconfig_item_t *block);
int fake_init(void);
int fake_read(void);
int fake_shutdown(void);

/* Runs the thread that waits. Threads are faked where fake_threads.c is linked. */
void fake_run_thread(void);

/* How many recorded lines contain the text. */
size_t fake_count(const char *text);

/* The last recorded value of this name, NAN if there is none. */
gauge_t fake_value(const char *name);

#endif
