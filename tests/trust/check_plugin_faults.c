/*
 * The plugin while its calls fail, one after the other: it lives, says so, tells nothing that is not true, and goes on.
 *
 * Runs with faults.so before libc; started without it, it starts itself again with it.
 */
#include "../plugin_bench.h"
#include "faults.h"

#include <dirent.h>
#include <dlfcn.h>

static fault_arm_function *arm;
static fault_pause_function *pause_faults;
static fault_struck_function *struck;

/* Calls fail in the plugin's code alone, not in the fake daemon's or the test's. */
static void on_turn(bool plugins) {
  pause_faults(!plugins);
}

/* ---- a life of some VMs, of which the truth is known ------------------------------------------------------------- */

#define STEPS  10
#define ALWAYS 99
#define STEP_S 15

struct vm {
  const char *name;
  int from, to;   /* it is there in steps from <= step < to */
  double start_j; /* counter in step 0 */
  double power_w;
  int reset; /* in this step the counter begins anew; 0: never */
};

static const struct vm vms[] = {
    {.name = "a", .to = ALWAYS, .start_j = 1000, .power_w = 100},
    {.name = "b", .to = 4, .start_j = 2000, .power_w = 200},
    {.name = "c", .from = 3, .to = ALWAYS, .start_j = 3000, .power_w = 50},
    {.name = "r", .to = ALWAYS, .start_j = 9000, .power_w = 60, .reset = 5},
};
#define VMS (sizeof(vms) / sizeof(vms[0]))

static double counter_j(const struct vm *vm, int step) {
  int since = vm->reset > 0 && step >= vm->reset ? step - vm->reset : step;
  double start_j = vm->reset > 0 && step >= vm->reset ? 0 : vm->start_j;
  return start_j + vm->power_w * STEP_S * since;
}

/* What is accumulated when every reading was good; never more than that. */
static double truth_j(const struct vm *vm, int step) {
  int lost = vm->reset > 0 && step >= vm->reset ? 1 : 0;
  return vm->start_j + vm->power_w * STEP_S * (step - lost);
}

static void write_counters(int step) {
  for (size_t i = 0; i < VMS; i++) {
    char text[40];
    snprintf(text, sizeof(text), "%.0f\n", counter_j(&vms[i], step) * 1e6);
    if (step == vms[i].to)
      remove_counter(vms[i].name);
    else if (step >= vms[i].from && step < vms[i].to)
      counter_at(vms[i].name, text, step * STEP_S - 0.5);
  }
  counter_at("x", step % 2 == 0 ? "\x7f\x45\x4c\x46" : "-1", step * STEP_S - 0.5);
  if (step == 0)
    counter_at("o", "7000000000\n", -1000); /* that of a VM that is off: it has no values, and stands still */
}

/* ---- what the daemon was told is true ---------------------------------------------------------------------------- */

static double last_j[VMS];
static bool known[VMS], has_energy[VMS], has_power[VMS]; /* since the start; in this step */

/* In this life the log said that the mount table could not be read. Then no file's clock is known to be ours, and none
   is stale for an old time: o counts as new for its first 180 s. */
static bool mounts_unknown;

static void check_value(const struct fake_value *value, int step, const char *plan) {
  for (size_t i = 0; i < VMS; i++) {
    char energy[64], power[64];
    snprintf(energy, sizeof(energy), "node1/vm_energy-%s/energy", vms[i].name);
    snprintf(power, sizeof(power), "node1/vm_energy-%s/power", vms[i].name);
    bool there = step >= vms[i].from && step < vms[i].to;
    if (strcmp(value->name, energy) == 0) {
      double truth = truth_j(&vms[i], step);
      ck_assert_msg(there, "%s, step %d: %s", plan, step, value->name);
      ck_assert_msg(vms[i].reset > 0 ? value->value <= truth * (1 + 1e-12) : fabs(value->value - truth) < 1e-6,
                    "%s, step %d: %s is %.9g, not %.9g", plan, step, value->name, value->value, truth);
      ck_assert_msg(value->value >= last_j[i], "%s, step %d: %s fell from %.9g to %.9g", plan, step, value->name,
                    last_j[i], value->value);
      last_j[i] = value->value;
      has_energy[i] = true;
      return;
    }
    if (strncmp(value->name, power, strlen(power)) == 0) { /* and the smoothed one */
      ck_assert_msg(there && fabs(value->value - vms[i].power_w) < 1e-6, "%s, step %d: %s is %.9g", plan, step,
                    value->name, value->value);
      has_power[i] = has_power[i] || value->name[strlen(power)] == '\0';
      return;
    }
  }
  if (mounts_unknown && strcmp(value->name, "node1/vm_energy-o/energy") == 0 && fabs(value->value - 7000) < 1e-6)
    return;
  ck_abort_msg("%s, step %d: a value %s", plan, step, value->name);
}

static size_t warnings; /* of all steps, but those about x, which is always bad, and o, which is off */

static void count_warnings(void) {
  for (size_t i = 0; i < fake.lines_num; i++)
    warnings += fake.lines[i].severity <= LOG_WARNING && strstr(fake.lines[i].text, "'x'") == NULL &&
                strstr(fake.lines[i].text, "'o'") == NULL;
}

static void check_step(int step, const char *plan) {
  memset(has_energy, 0, sizeof(has_energy));
  memset(has_power, 0, sizeof(has_power));
  /* for want of memory the warning itself may say no more than that */
  mounts_unknown = mounts_unknown || fake_count("/proc/self/mountinfo") > 0 || fake_count("out of memory") > 0;
  for (size_t i = 0; i < fake.values_num; i++)
    check_value(&fake.values[i], step, plan);
  count_warnings();
  for (size_t i = 0; i < VMS; i++)
    if (step >= vms[i].from && step < vms[i].to && !has_energy[i])
      ck_assert_msg(warnings > 0, "%s, step %d: no value of %s, and nothing said of it", plan, step, vms[i].name);
  for (size_t i = 0; i < fake.notifications_num; i++) {
    const char *message = fake.notifications[i].message;
    bool gone = strstr(message, "VM a was removed") != NULL || strstr(message, "VM r was removed") != NULL;
    bool again = (strstr(message, "VM a appeared") != NULL && known[0]) ||
                 (strstr(message, "VM r appeared") != NULL && known[3]);
    ck_assert_msg(!gone && !again, "%s, step %d: %s", plan, step, message);
  }
  for (size_t i = 0; i < VMS; i++)
    known[i] = known[i] || has_energy[i];
  ck_assert_uint_eq(fake.unsafe, 0);
}

/* Rows are whole and true; how many there are. */
static size_t check_file(const char *path, const struct vm *vm, const char *plan) {
  FILE *file = fopen(path, "r");
  ck_assert_ptr_nonnull(file);
  char line[200];
  size_t rows = 0;
  for (bool header = true; fgets(line, sizeof(line), file) != NULL; header = false) {
    ck_assert_msg(strchr(line, '\n') != NULL, "%s: half a row in %s: %s", plan, path, line);
    long long ts = 0;
    int at = 0;
    if (header) {
      ck_assert_msg(strncmp(line, "ts,", 3) == 0, "%s: %s begins with %s", plan, path, line);
      continue;
    }
    rows++;
    ck_assert_msg(sscanf(line, "%lld,%n", &ts, &at) == 1 && at > 0, "%s: %s", plan, line);
    int step = (int)(ts - WALL0_S) / STEP_S;
    const char *energy = line + at, *power = strchr(energy, ',');
    ck_assert_msg(power != NULL && strchr(power + 1, ',') != NULL, "%s: half a row: %s", plan, line);
    if (*energy != ',')
      ck_assert_msg(fabs(strtod(energy, NULL) - counter_j(vm, step) * 1e6) < 0.5, "%s: step %d: %s", plan, step, line);
    if (power[1] != ',')
      ck_assert_msg(fabs(strtod(power + 1, NULL) - vm->power_w) < 1e-6, "%s: step %d: %s", plan, step, line);
  }
  fclose(file);
  return rows;
}

/* All that was captured; returns the rows of a, of all runs together. */
static size_t check_captures(const char *plan) {
  size_t rows = 0;
  DIR *dir = opendir(in_scratch("captures"));
  for (struct dirent *run; dir != NULL && (run = readdir(dir)) != NULL;)
    for (size_t i = 0; i < VMS && run->d_name[0] != '.'; i++) {
      char path[PATH_MAX];
      snprintf(path, sizeof(path), "%s/captures/%s/power_%s.csv", scratch, run->d_name, vms[i].name);
      size_t more = access(path, F_OK) == 0 ? check_file(path, &vms[i], plan) : 0;
      rows += i == 0 ? more : 0;
    }
  if (dir != NULL)
    closedir(dir);
  return rows;
}

/* ---- the life ---------------------------------------------------------------------------------------------------- */

static bool said_anywhere; /* that an option is ignored, or that it cannot start */

static void note_loss(void) {
  said_anywhere = said_anywhere || fake_count("cannot start") > 0 || fake_count("is ignored") > 0 ||
                  fake_count("out of memory") > 0;
}

/* What may fail in a life: all that is called before the last two steps, or all that shutdown calls. */
enum when { WHILE_IT_RUNS, AT_THE_END };

static int begin_life(bool old) {
  char options[400];
  snprintf(options, sizeof(options),
           "%s; TimeBase 'update'; Smooth 3; NotifyAdd true; NotifyRemove true; NotifyStale true; "
           "NotifyReset true; CSVDir '%s/captures'; StateFile '%s/state'",
           old ? "VM 'a'; VM 'b'; VM 'c'; VM 'r'; VM 'x'; VM 'o'" : "VM '/^[a-z]$/'", scratch, scratch);
  configure(options);
  note_loss();
  int status = fake_init();
  note_loss();
  count_warnings();
  return status;
}

static void pass(int step, const char *plan) {
  fake_forget();
  write_counters(step);
  set_clock(step * STEP_S);
  int status = fake_read();
  ck_assert_msg(status == 0 || status == FAKE_NO_CALLBACK, "%s, step %d: status %d", plan, step,
                status); /* no init, no read */
  check_step(step, plan);
}

/* Collectd is started again, and all is well: energies go on, unless it was said why not. */
static void live_on(const char *plan, bool old) {
  if (warnings > 0)
    memset(last_j, 0, sizeof(last_j));
  memset(known, 0, sizeof(known));
  mounts_unknown = false;
  fake_forget();
  module_register();
  ck_assert_int_eq(begin_life(old), 0);
  ck_assert_msg(fake_count("StateFile: '") == 0, "%s: the state is damaged", plan);
  pass(STEPS, plan);
  for (size_t i = 0; i < VMS; i++)
    ck_assert_msg(has_energy[i] == (vms[i].to == ALWAYS), "%s: %s in the second life", plan, vms[i].name);
  ck_assert_int_eq(fake_shutdown(), 0);
}

/* A life with this plan, and one without. Whether anything failed. */
static bool live(const char *plan, enum when when, bool old) {
  setup();
  scratch_in_memory();
  if (old)
    all_is_old();
  int open_before = count_open_files();
  pause_faults(true);
  fake.on_turn = on_turn;
  ck_assert_msg(arm(when == WHILE_IT_RUNS ? plan : NULL), "%s", plan);
  int status = begin_life(old);
  bool hit = false;
  for (int step = 0; step < STEPS; step++) {
    if (step == STEPS - 2) {
      hit = struck() > 0;
      arm(NULL);
    }
    pass(step, plan);
  }
  bool complete = status == 0 && !said_anywhere;
  for (size_t i = 0; i < VMS; i++)
    ck_assert_msg(!complete || vms[i].to < ALWAYS || (has_energy[i] && has_power[i]), "%s: no values of %s at the end",
                  plan, vms[i].name);
  if (when == AT_THE_END)
    arm(plan);
  fake_forget();
  ck_assert_int_eq(fake_shutdown(), 0);
  count_warnings();
  hit = hit || struck() > 0;
  arm(NULL);
  size_t rows = check_captures(plan);
  ck_assert_msg(!complete || rows == STEPS || warnings > 0, "%s: %zu rows, and nothing said of those that are missing",
                plan, rows);
  live_on(plan, old);
  pause_faults(false);
  ck_assert_msg(count_open_files() == open_before, "%s: %d files left open", plan, count_open_files() - open_before);
  teardown();
  return hit;
}

/* ---- one call after the other ------------------------------------------------------------------------------------ */

struct row {
  const char *kind, *rest;
};

static const struct row running_rows[] = {
    {"open", ""},    {"open", "+"},       {"open", "*"},        {"open", "+:ENOSYS"}, {"open", ":EINTR"},
    {"read", ""},    {"read", "+"},       {"read", "*"},        {"write", ""},        {"write", "+"},
    {"write", "*"},  {"write", ":short"}, {"write", "+:short"}, {"write", ":EINTR"},  {"malloc", ""},
    {"malloc", "+"}, {"malloc", "*"},     {"mkdir", ""},        {"mkdir", "+"},       {"close", ""},
    {"stat", ""},    {"stat", "+"},       {"truncate", "+"},    {"rename", ""},       {"sync", ""},
    {"unlink", "+"}, {"wait", ""},        {"wait", "+"},
};

static const struct row ending_rows[] = {
    {"open", ""},    {"write", ""}, {"write", "+:short"}, {"malloc", ""},
    {"malloc", "+"}, {"sync", ""},  {"rename", ""},       {"close", ""},
};

/* No program of this size makes so many calls in such a life. */
#define CALLS_MAX 5000

enum { HIT = 0, MISSED = 3 };

/* Where many calls fail, a plan differs little from the next: further on they are taken less densely. And where a life
   takes long, not each call but each third, or so, is tried: VM_ENERGY_FAULT_STEP. */
static int next_call(int n, char repeat) {
  const char *text = getenv("VM_ENERGY_FAULT_STEP");
  int step = text != NULL && atoi(text) > 1 ? atoi(text) : 1;
  return repeat == '*' ? n + step + n / 4 : repeat == '+' ? n + step + n / 16 : n + step;
}

/* Lets the first call fail in one life, the second in the next, and so on; how many lives there were. */
static int sweep(const struct row *row, enum when when, bool old) {
  int lives = 0;
  for (int n = 1; n <= CALLS_MAX; n = next_call(n, row->rest[0]), lives++) {
    char plan[80];
    snprintf(plan, sizeof(plan), "%s:%d%s", row->kind, n, row->rest);
    fflush(NULL);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
      alarm(30);
      int status = live(plan, when, old) ? HIT : MISSED;
      if (old)
        exit(status); /* the leak detector looks */
      _exit(status);  /* glibc's regcomp() leaks when memory is wanting */
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "%s: ended by signal %d", plan, WTERMSIG(status));
    ck_assert_msg(WEXITSTATUS(status) == HIT || WEXITSTATUS(status) == MISSED, "%s failed", plan);
    if (WEXITSTATUS(status) == MISSED)
      return lives;
  }
  ck_abort_msg("%s%s has no end", row->kind, row->rest);
}

/* In one life each look at a file is from the ground up, in the other what is remembered saves most of that. */
static void sweep_lives(const struct row *row, enum when when) {
  int fresh = sweep(row, when, false), remembered = sweep(row, when, true);
  /* these are called only when something else failed */
  bool needs_fault = strcmp(row->kind, "truncate") == 0 || strcmp(row->kind, "unlink") == 0;
  ck_assert_msg(needs_fault || (fresh > 0 && remembered > 0), "no call of %s", row->kind);
}

START_TEST(while_it_runs) {
  sweep_lives(&running_rows[_i], WHILE_IT_RUNS);
}
END_TEST

START_TEST(at_the_end) {
  sweep_lives(&ending_rows[_i], AT_THE_END);
}
END_TEST

int main(int argc, char **argv) {
  (void)argc;
  *(void **)&arm = dlsym(RTLD_DEFAULT, "fault_arm");
  *(void **)&pause_faults = dlsym(RTLD_DEFAULT, "fault_pause");
  *(void **)&struck = dlsym(RTLD_DEFAULT, "fault_struck");
  if (arm == NULL) {
    const char *builddir = getenv("abs_top_builddir"), *sanitizer = getenv("ASAN_OPTIONS");
    char preload[PATH_MAX], options[PATH_MAX];
    snprintf(preload, sizeof(preload), "%s/tests/trust/faults.so", builddir != NULL ? builddir : ".");
    snprintf(options, sizeof(options), "%s:verify_asan_link_order=0", sanitizer != NULL ? sanitizer : "");
    if (getenv("LD_PRELOAD") != NULL || access(preload, R_OK) != 0) {
      fprintf(stderr, "check_plugin_faults: %s is not there\n", preload);
      return EXIT_FAILURE;
    }
    setenv("LD_PRELOAD", preload, 1);
    setenv("ASAN_OPTIONS", options, 1);
    execv("/proc/self/exe", argv);
    return EXIT_FAILURE;
  }
  unsetenv("LD_PRELOAD");
  Suite *suite = suite_create("plugin_faults");
  TCase *tcase = tcase_create("plugin_faults");
  tcase_set_timeout(tcase, 300);
  tcase_add_loop_test(tcase, while_it_runs, 0, ROWS(running_rows));
  tcase_add_loop_test(tcase, at_the_end, 0, ROWS(ending_rows));
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
