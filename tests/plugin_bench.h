/*
 * plugin_bench: fixtures that the suites of the plugin share
 *
 * The plugin in a fake daemon, on real files in the scratch directory and under a clock that the test sets. To be
 * included once in a program; core/clock.c is not linked. With BENCH_DISK defined before, the test also sets the errors
 * of the disk.
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
#include <sched.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#define WALL0_S INT64_C(1795000000)

/* ---- the clock --------------------------------------------------------------------------------------------------- */

/* These replace core/clock.c, so that no test waits. */

static int64_t clock_ns;     /* since the test began */
static int64_t wall_step_ns; /* by which the wall clock was set since then */
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

/* ---- the disk ---------------------------------------------------------------------------------------------------- */

#ifdef BENCH_DISK
static int write_error; /* errno of each write(); 0: none fails */

ssize_t write(int fd, const void *data, size_t len) {
  if (write_error == 0)
    return syscall(SYS_write, fd, data, len);
  errno = write_error;
  return -1;
}
#endif

static inline bool write_to(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0)
    close(fd);
  return written;
}

/* Gives this process mounts of its own; false, after a message, where that is not allowed: then the test is skipped. */
static inline bool have_own_mounts(const char *test) {
  char users[64], groups[64];
  uid_t uid = geteuid();
  snprintf(users, sizeof(users), "%u %u 1", uid, uid);
  snprintf(groups, sizeof(groups), "%u %u 1", getegid(), getegid());
  bool own = unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
             (uid == 0 || (write_to("/proc/self/uid_map", users) && write_to("/proc/self/setgroups", "deny") &&
                           write_to("/proc/self/gid_map", groups))) &&
             mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
  if (!own)
    fprintf(stderr, "%s: skipped, no mount of its own is allowed here\n", test);
  return own;
}

/* The content of a file, in a static buffer. */
static inline char *file_text(const char *path) {
  static char text[16384];
  FILE *file = fopen(path, "re");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
  fclose(file);
  return text;
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

/* Checks in every test that all texts in collectd were safe to print; the leak detector checks that nothing is left. */
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

/* Without these counters: a block as in fake_config(). */
#define start_block(...)                                                                                               \
  do {                                                                                                                 \
    ck_assert_int_eq(fake_config(__VA_ARGS__), 0);                                                                     \
    ck_assert_int_eq(fake_init(), 0);                                                                                  \
  } while (0)

static inline void read_at(double t) {
  set_clock(t);
  ck_assert_int_eq(fake_read(), 0);
}

/* Writes the VM's counter, with second t as the modification time. */
static inline void counter_at(const char *vm, const char *content, double t) {
  char name[300];
  snprintf(name, sizeof(name), "%s/energy_uj", vm);
  write_text(name, content);
  set_mtime(name, WALL0_S + (int64_t)floor(t), lround((t - floor(t)) * 1e9) + 1); /* not a whole second */
}

/* Writes the VM's counter, and reads, at second t. */
static inline void update_at(const char *vm, const char *content, double t) {
  counter_at(vm, content, t);
  read_at(t);
}

/* With its directory, so that the next search does not find it. */
static inline void remove_counter(const char *vm) {
  char name[300];
  snprintf(name, sizeof(name), "%s/energy_uj", vm);
  ck_assert_int_eq(unlink(in_scratch(name)), 0);
  ck_assert_int_eq(rmdir(in_scratch(vm)), 0);
}

/* ---- what collectd received -------------------------------------------------------------------------------------- */

static char shown[1 << 16];
static size_t shown_len;

__attribute__((format(printf, 1, 2))) static inline void show(const char *format, ...) {
  va_list args;
  va_start(args, format);
  shown_len += (size_t)vsnprintf(shown + shown_len, sizeof(shown) - shown_len, format, args);
  va_end(args);
  ck_assert_uint_lt(shown_len, sizeof(shown));
}

static inline const char *text_after(const char *text, const char *head) {
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
    const char *text = text_after(fake.lines[i].text, "vm_energy plugin: ");
    ck_assert_msg(text != fake.lines[i].text, "no prefix: %s", text);
    ck_assert_int_lt(fake.lines[i].severity, LOG_DEBUG); /* collectd has no such level in a stock build */
    show_text("???EWNI"[fake.lines[i].severity], text);
  }
}

static inline void show_values(void) {
  for (size_t i = 0; i < fake.values_num; i++)
    show("%s%s=%.9g", i > 0 ? "; " : "", text_after(fake.values[i].name, "node1/vm_energy-"), fake.values[i].value);
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

/* Reads, and expects these values alone. */
#define expect_at(t, values)                                                                                           \
  do {                                                                                                                 \
    fake_forget();                                                                                                     \
    read_at(t);                                                                                                        \
    expect_values(values);                                                                                             \
  } while (0)

#define expect_update(vm, content, t, values)                                                                          \
  do {                                                                                                                 \
    counter_at(vm, content, t);                                                                                        \
    expect_at(t, values);                                                                                              \
  } while (0)

/* An expected text, formatted as by printf, in a static buffer. */
__attribute__((format(printf, 1, 2))) static inline const char *text_of(const char *format, ...) {
  static char text[4096];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  return text;
}

#endif
