/*
 * plugin_bench: what the suites of the plugin share
 *
 * The plugin in a fake daemon, on real files in the scratch directory and under a clock that the test sets. To be
 * included once in a program; core/clock.c is not linked.
 *
 * Log lines are shown as a letter for the severity and the text, without "vm_energy plugin: "; "@" is the scratch
 * directory. Values are shown as "a/energy=1; a/power=100", without "node1/vm_energy-"; notifications as log lines.
 */
#ifndef VM_ENERGY_TESTS_PLUGIN_BENCH_H
#define VM_ENERGY_TESTS_PLUGIN_BENCH_H

#include "fake_collectd.h"
#include "scratch.h"
#include "suite.h"

#include "core/clock.h"
#include "file_clock.h"

#include <math.h>
#include <stdarg.h>

#define WALL0_S INT64_C(1795000000)

/* ---- the clock --------------------------------------------------------------------------------------------------- */

/* These stand in for core/clock.c, so that no test waits; each file is looked at from the ground up. */

static int64_t clock_ns;     /* since the test began */
static int64_t wall_step_ns; /* by which the wall clock was set meanwhile */
static int clock_error;

int clock_now(struct instant *now) {
  if (clock_error != 0)
    return clock_error;
  *now =
      (struct instant){.mono_ns = 1000 * NS_PER_S + clock_ns, .wall_ns = WALL0_S * NS_PER_S + clock_ns + wall_step_ns};
  return 0;
}

int64_t clock_tick_ns(void) {
  return NS_PER_MS;
}

static inline void set_clock(double t) {
  clock_ns = llround(t * 1e9);
}

/* ---- the daemon -------------------------------------------------------------------------------------------------- */

static inline void setup(void) {
  scratch_make();
  fake_reset();
  interval_g = TIME_T_TO_CDTIME_T_STATIC(1); /* each read is due, if half a second has passed */
  set_clock(0);
  clock_error = 0;
  wall_step_ns = 0;
  all_is_new();
  module_register();
}

/* Whatever the test did: all that reached collectd was safe to print, and nothing is left (the leak detector looks). */
static inline void teardown(void) {
  ck_assert_int_eq(fake_shutdown(), 0);
  ck_assert_uint_eq(fake.unsafe, 0);
  fake_reset();
  free(hostname_g);
  hostname_g = NULL;
  scratch_clean();
}

/* A block that reads all counters of the scratch directory, and these options. */
static inline void configure(const char *options) {
  ck_assert_int_eq(fake_config("File '%s/*/energy_uj'; %s", scratch, options), 0);
}

static inline void start(const char *options) {
  configure(options);
  ck_assert_int_eq(fake_init(), 0);
}

static inline void read_at(double t) {
  set_clock(t);
  ck_assert_int_eq(fake_read(), 0);
}

/* VM's counter, as if it had been written at second t. */
static inline void counter_at(const char *vm, const char *content, double t) {
  char name[300];
  snprintf(name, sizeof(name), "%s/energy_uj", vm);
  write_text(name, content);
  set_mtime(name, WALL0_S + (int64_t)floor(t), lround((t - floor(t)) * 1e9) + 1); /* no whole second */
}

/* With its directory: then it is gone for the next search. */
static inline void remove_counter(const char *vm) {
  char name[300];
  snprintf(name, sizeof(name), "%s/energy_uj", vm);
  ck_assert_int_eq(unlink(in_scratch(name)), 0);
  ck_assert_int_eq(rmdir(in_scratch(vm)), 0);
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

static char shown[1 << 16];
static size_t shown_len;

__attribute__((format(printf, 1, 2))) static inline void show(const char *format, ...) {
  va_list args;
  va_start(args, format);
  shown_len += (size_t)vsnprintf(shown + shown_len, sizeof(shown) - shown_len, format, args);
  va_end(args);
  ck_assert_uint_lt(shown_len, sizeof(shown));
}

static inline const char *behind(const char *text, const char *head) {
  return strncmp(text, head, strlen(head)) == 0 ? text + strlen(head) : text;
}

static inline void show_text(char severity, const char *text) {
  show("%c ", severity);
  for (const char *at; (at = strstr(text, scratch)) != NULL; text = at + strlen(scratch))
    show("%.*s@", (int)(at - text), text);
  show("%s\n", text);
}

static inline void show_log(void) {
  for (size_t i = 0; i < fake.lines_num; i++) {
    const char *text = behind(fake.lines[i].text, "vm_energy plugin: ");
    ck_assert_msg(text != fake.lines[i].text, "no prefix: %s", text);
    ck_assert_int_lt(fake.lines[i].severity, LOG_DEBUG); /* collectd has no such level in a stock build */
    show_text("???EWNI"[fake.lines[i].severity], text);
  }
}

static inline void show_values(void) {
  for (size_t i = 0; i < fake.values_num; i++)
    show("%s%s=%.9g", i > 0 ? "; " : "", behind(fake.values[i].name, "node1/vm_energy-"), fake.values[i].value);
}

static inline void show_notes(void) {
  for (size_t i = 0; i < fake.notifications_num; i++)
    show_text("?FW?O"[fake.notifications[i].severity], fake.notifications[i].message);
}

static inline const char *of(void (*what)(void)) {
  shown_len = 0;
  shown[0] = '\0';
  what();
  return shown;
}

#define expect_log(text)    ck_assert_str_eq(of(show_log), text)
#define expect_values(text) ck_assert_str_eq(of(show_values), text)
#define expect_notes(text)  ck_assert_str_eq(of(show_notes), text)

#endif
