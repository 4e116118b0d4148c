/*
 * bench: what vm_energy costs
 *
 *   bench ts DIR N STEP TOOL RUNS  the tool with CSV, and the floor between two of its ticks
 *   bench write DIR N STEP S       a writer, for S seconds
 *
 * Every STEP-th counter gets an update before each look (ts), each second (write). So 5 is a writer of 5 s under looks
 * each second, 1 is news at each look.
 *
 * Parts, to see where the time goes:
 *   bench core DIR N RUN           passes of the sampler, and the floor, in turns that start at RUN
 *   bench search DIR N             searches for counters
 *   bench start DIR N              the first pass, and the memory it takes (once per process)
 *   bench csv DIR N                rows into CSV files
 *   bench startup DIR N TOOL       from exec to exit of the tool, and the wake-ups of an idle one
 *
 * Values are CPU time in ns per counter and look, unless the unit says otherwise.
 */
#include "vms.h"

#include "core/csv.h"
#include "core/label.h"
#include "core/sampler.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between an update and the next look, as there is with a writer that does not run in step with us. */
#define PAUSE_NS (30 * NS_PER_MS)

/* A writer's round in looks, where it is slower than we are. */
#define ROUND 5

static void check(int status, const char *what) {
  if (status == 0)
    return;
  fprintf(stderr, "bench: %s: %s\n", what, strerror(-status));
  exit(1);
}

static void pause_ns(int64_t ns) {
  struct timespec time = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
  nanosleep(&time, NULL);
}

/* What other programs leave of the processor's caches between two looks: nothing in those of one core. */
static void cool_down(void) {
  static char other[16 << 20];
  for (size_t i = 0; i < sizeof(other); i += 64)
    other[i]++;
}

/* The time of look k. Simulated time lies in the past, as the time of no file may lie in the future. */
static struct instant look_at(int64_t start_ns, int k, int64_t interval_ns) {
  return (struct instant){.mono_ns = start_ns + k * interval_ns, .wall_ns = start_ns + k * interval_ns};
}

static int64_t start_of_time(void) {
  struct instant now;
  check(clock_now(&now), "clock");
  return now.wall_ns - 7200 * NS_PER_S;
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

struct reader {
  const char *name;
  enum meter_base base;
  bool with_csv;
  struct csv *csv;
  struct sink *sink;
  struct sampler *sampler;
  int64_t cpu_ns;
};

static void reader_start(struct reader *reader, const char *pattern, const char *dir, const struct instant *now) {
  struct csv_options csv = {.layout = CSV_COMBINED, .dir = dir, .name = "power.csv"};
  struct sampler_options options = {.meter = {.base = reader->base, .scale = 1, .tick_ns = clock_tick_ns()},
                                    .label_max = LABEL_MAX_FILE};
  if (reader->with_csv) {
    check(csv_new(&csv, &reader->csv), "csv");
    reader->sink = csv_sink(reader->csv);
  }
  check(sampler_new(&options, &reader->sink, reader->with_csv ? 1 : 0, &reader->sampler), "sampler");
  check(sampler_add(reader->sampler, pattern), pattern);
  check(sampler_pass(reader->sampler, now), "first pass");
  if (reader->with_csv)
    check(csv_start(reader->csv, now->wall_ns), "csv");
}

static void reader_pass(struct reader *reader, const struct instant *now) {
  cool_down();
  int64_t before_ns = cpu_ns();
  check(sampler_pass(reader->sampler, now), reader->name);
  reader->cpu_ns += cpu_ns() - before_ns;
}

static void reader_end(struct reader *reader) {
  sampler_free(reader->sampler);
  csv_free(reader->csv);
}

#define READERS 3

/* Looks in turn, each time at the same files in the same state. */
static void passes(struct vms *vms, const char *dir, int run, size_t step, const char *suffix) {
  struct reader readers[READERS] = {{.name = "core sample+csv", .base = METER_SAMPLE, .with_csv = true},
                                    {.name = "core auto+csv", .base = METER_AUTO, .with_csv = true},
                                    {.name = "core auto", .base = METER_AUTO}};
  int looks = 2 * ROUND, warm = 2 * ROUND;
  int64_t floor_ns = 0, start_ns = start_of_time();
  char name[64];
  for (int i = 0; i < READERS; i++)
    reader_start(&readers[i], vms->pattern, dir, &(struct instant){start_ns, start_ns});
  for (int k = 1; k <= warm + looks; k++) {
    struct instant now = look_at(start_ns, k, NS_PER_S);
    vms_write(vms, (size_t)k % step, step, now.wall_ns - NS_PER_S / 2);
    pause_ns(PAUSE_NS);
    if (k == warm + 1)
      for (int i = 0; i < READERS; i++)
        floor_ns = readers[i].cpu_ns = 0;
    for (int i = 0; i <= READERS; i++) {
      int turn = (i + k + run) % (READERS + 1);
      if (turn < READERS) {
        reader_pass(&readers[turn], &now);
        continue;
      }
      cool_down();
      int64_t before_ns = cpu_ns();
      vms_read_bare(vms);
      floor_ns += cpu_ns() - before_ns;
    }
  }
  double per = (double)looks * (double)vms->count;
  for (int i = 0; i < READERS; i++) {
    snprintf(name, sizeof(name), "%s%s", readers[i].name, suffix);
    result(name, vms->count, (double)readers[i].cpu_ns / per, "ns", (double)floor_ns / per);
    reader_end(&readers[i]);
  }
}

static void bench_core(struct vms *vms, const char *dir, int run) {
  passes(vms, dir, run, ROUND, "");
  passes(vms, dir, run, 1, ", news at each look");
}

/* ---- looking for counters ---------------------------------------------------------------------------------------- */

static int64_t timed_pass(struct sampler *sampler, const struct instant *now) {
  int64_t before_ns = cpu_ns();
  check(sampler_pass(sampler, now), "pass");
  return cpu_ns() - before_ns;
}

/*
 * The first search; a pass in which nothing came, one in which a VM came; and the search in a pass in which nothing
 * came, alone: that for a pattern which matches nothing in the same directory.
 */
static void bench_search(struct vms *vms) {
  struct sampler_options options = {.meter = {.base = METER_AUTO, .scale = 1}, .label_max = LABEL_MAX_FILE};
  struct source_options source_options = {.label_max = LABEL_MAX_FILE};
  struct source *source;
  struct sampler *found, *none;
  int64_t start_ns = start_of_time(), none_ns = 0, quiet_ns = 0, came_ns = 0;
  int k = 0, rounds = 5;
  char pattern[512];
  snprintf(pattern, sizeof(pattern), "%.*s/none-*/energy_uj", (int)(strchr(vms->pattern, '*') - vms->pattern) - 1,
           vms->pattern);
  pause_ns(PAUSE_NS);
  check(source_new(&source_options, &source), "source");
  check(source_add(source, vms->pattern), vms->pattern);
  int64_t before_ns = cpu_ns();
  check(source_begin(source, NULL), "search");
  result("search, first", vms->count, (double)(cpu_ns() - before_ns) / (double)vms->count, "ns", 0);
  source_end(source);
  source_free(source);

  check(sampler_new(&options, NULL, 0, &found), "sampler");
  check(sampler_new(&options, NULL, 0, &none), "sampler");
  check(sampler_add(found, vms->pattern), vms->pattern);
  check(sampler_add(none, pattern), pattern);
  for (int i = 0; i < rounds; i++) {
    struct instant now;
    for (int settle = 0; settle < 2; settle++, k++) {
      now = look_at(start_ns, k, NS_PER_S);
      check(sampler_pass(found, &now), "pass");
      check(sampler_pass(none, &now), "pass");
      pause_ns(PAUSE_NS);
    }
    now = look_at(start_ns, k++, NS_PER_S);
    none_ns += timed_pass(none, &now);
    quiet_ns += timed_pass(found, &now);
    vms_add_guest(vms);
    pause_ns(PAUSE_NS);
    now = look_at(start_ns, k++, NS_PER_S);
    came_ns += timed_pass(found, &now);
    if (sampler_count(found) != vms->count + 1)
      check(-EINVAL, "the new VM was not found in the pass after it came");
    vms_remove_guest(vms);
    pause_ns(PAUSE_NS);
  }
  sampler_free(found);
  sampler_free(none);
  double per = (double)rounds * (double)vms->count;
  result("search, none came", vms->count, (double)none_ns / per, "ns", 0);
  result("pass, none came", vms->count, (double)quiet_ns / per, "ns", 0);
  result("pass, one VM came", vms->count, (double)came_ns / per, "ns", 0);
}

/* ---- the first pass, and memory ---------------------------------------------------------------------------------- */

static double peak_kib(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss;
}

static void bench_start(const struct vms *vms, const char *dir) {
  cool_down(); /* its memory is not the sampler's */
  double before_kib = peak_kib();
  struct reader reader = {.name = "start", .base = METER_AUTO, .with_csv = true};
  int64_t start_ns = start_of_time(), before_ns = cpu_ns();
  reader_start(&reader, vms->pattern, dir, &(struct instant){start_ns, start_ns});
  result("core start", vms->count, (double)(cpu_ns() - before_ns) / (double)vms->count, "ns", 0);
  for (int k = 1; k <= ROUND; k++)
    reader_pass(&reader, &(struct instant){start_ns + k * NS_PER_S, start_ns + k * NS_PER_S});
  result("core memory", vms->count, peak_kib() - before_kib, "KiB", 0);
  reader_end(&reader);
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static void bench_csv(size_t count, const char *dir) {
  static const struct {
    const char *name;
    enum csv_layout layout;
  } layouts[] = {{"csv combined", CSV_COMBINED}, {"csv long", CSV_LONG}, {"csv separate", CSV_SEPARATE}};
  struct sample *samples = calloc(count, sizeof(*samples));
  char(*labels)[24] = calloc(count, sizeof(*labels));
  if (samples == NULL || labels == NULL)
    check(-ENOMEM, "memory");
  for (size_t i = 0; i < count; i++) {
    snprintf(labels[i], sizeof(labels[i]), "vm-%05zu", i);
    samples[i] = (struct sample){.label = labels[i], .has_energy = true, .has_power = true};
  }
  for (size_t l = 0; l < sizeof(layouts) / sizeof(layouts[0]); l++) {
    struct csv_options options = {.layout = layouts[l].layout, .dir = dir, .name = "power.csv"};
    struct csv *csv;
    int64_t start_ns = start_of_time(), before_ns = 0;
    int rows = count > 1000 ? 5 : (int)(5000 / count);
    check(csv_new(&options, &csv), "csv");
    struct sink *sink = csv_sink(csv);
    for (int k = 0; k <= rows; k++) {
      struct instant now = look_at(start_ns, k, NS_PER_S);
      if (k == 1) {
        check(csv_start(csv, now.wall_ns), "csv");
        before_ns = cpu_ns();
      }
      check(sink->begin(sink, &now, count), "csv");
      for (size_t i = 0; i < count; i++) {
        samples[i].energy_uj = UINT64_C(100000000000) + i + (uint64_t)k * 100000000;
        samples[i].power_w = 100.25 + (double)i + k;
        check(sink->put(sink, &samples[i]), "csv");
      }
      check(sink->end(sink), "csv");
    }
    result(layouts[l].name, count, (double)(cpu_ns() - before_ns) / ((double)rows * (double)count), "ns", 0);
    csv_free(csv);
  }
  free(samples);
  free(labels);
}

/* ---- the tool ---------------------------------------------------------------------------------------------------- */

static int64_t process_cpu_ns(pid_t pid) {
  clockid_t clock;
  struct timespec time;
  check(-clock_getcpuclockid(pid, &clock), "clock of the tool");
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static pid_t tool_start(const char *tool, const struct vms *vms, const char *dir, int64_t interval_ns, int count) {
  char interval[32], number[16];
  snprintf(interval, sizeof(interval), "%" PRId64 "ms", interval_ns / NS_PER_MS);
  snprintf(number, sizeof(number), "%d", count);
  fflush(stdout); /* the child has a copy of what waits there */
  pid_t pid = fork();
  if (pid != 0)
    return pid;
  if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
    _exit(126);
  execl(tool, tool, "ts", "--files", vms->pattern, "-i", interval, "-n", number, "--out-dir", dir, "--quiet", NULL);
  _exit(127);
}

/* Tool and floor share a core, so that neither has the better cache. */
static void share_core(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof(one), &one);
}

/*
 * Floor and updates fall between two ticks of the tool. It warms up for two rounds of the writer, after which it trusts
 * an unchanged file; then each run is a round. Time runs faster here: a look of a second takes interval_ns.
 */
static void bench_ts(struct vms *vms, const char *dir, size_t step, const char *tool, int runs) {
  int64_t interval_ns = (vms->count > 1000 ? 500 : 100) * NS_PER_MS, tool_ns = 0, floor_ns = 0;
  int warm = 2 * ROUND, end = warm + runs * ROUND, status;
  double per = (double)ROUND * (double)vms->count;
  struct instant now;
  share_core();
  check(clock_now(&now), "clock");
  int64_t deadline_ns = now.mono_ns + interval_ns / 2;
  pid_t pid = tool_start(tool, vms, dir, interval_ns, end + 2);
  for (int k = 0; k <= end; k++, deadline_ns += interval_ns) {
    struct timespec deadline = {.tv_sec = deadline_ns / NS_PER_S, .tv_nsec = deadline_ns % NS_PER_S};
    clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &deadline, NULL);
    if (k >= warm && k % ROUND == 0) {
      int64_t total_ns = process_cpu_ns(pid);
      if (k > warm)
        result(step == 1 ? "ts, news at each look" : "ts, a look each second", vms->count,
               (double)(total_ns - tool_ns) / per, "ns", (double)floor_ns / per);
      tool_ns = total_ns;
      floor_ns = 0;
    }
    int64_t before_ns = cpu_ns();
    vms_read_bare(vms);
    floor_ns += cpu_ns() - before_ns;
    vms_write(vms, (size_t)k % step, step, 0);
  }
  if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 1) /* 1: it missed ticks */
    check(-ECHILD, tool);
}

/* From exec to exit with one sample after a millisecond; and how often an idle one wakes up. */
static void bench_startup(const struct vms *vms, const char *dir, const char *tool) {
  struct instant before, after;
  int status;
  check(clock_now(&before), "clock");
  pid_t pid = tool_start(tool, vms, dir, NS_PER_MS, 1);
  if (waitpid(pid, &status, 0) != pid || status != 0)
    check(-ECHILD, tool);
  check(clock_now(&after), "clock");
  result("ts -n 1, start to end", vms->count, (double)(after.mono_ns - before.mono_ns) / 1e6, "ms", 0);
  pid = tool_start(tool, vms, dir, 3600 * NS_PER_S, 1);
  pause_ns(NS_PER_S / 2);
  char path[64], line[128];
  long switches[2] = {0};
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
      sscanf(line, "voluntary_ctxt_switches: %ld", &switches[i]);
    if (file != NULL)
      fclose(file);
    if (i == 0)
      pause_ns(2 * NS_PER_S);
  }
  kill(pid, SIGTERM);
  waitpid(pid, &status, 0);
  result("ts, idle: wake-ups", vms->count, (double)(switches[1] - switches[0]) / 2, "per s", 0);
}

/* ---- a writer ---------------------------------------------------------------------------------------------------- */

static void bench_write(struct vms *vms, int step, int seconds) {
  for (int k = 0; k < seconds; k++) {
    vms_write(vms, (size_t)(k % step), (size_t)step, 0);
    pause_ns(NS_PER_S);
  }
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  int extra = strcmp(what, "ts") == 0                                     ? 3
              : strcmp(what, "write") == 0                                ? 2
              : strcmp(what, "core") == 0 || strcmp(what, "startup") == 0 ? 1
                                                                          : 0;
  if (argc != 4 + extra) {
    fprintf(stderr, "usage: bench ts DIR N STEP TOOL RUNS | write DIR N STEP S | core DIR N RUN | search DIR N |\n"
                    "             start DIR N | csv DIR N | startup DIR N TOOL\n");
    return 2;
  }
  const char *dir = argv[2];
  size_t count = (size_t)atol(argv[3]);
  char out[256];
  snprintf(out, sizeof(out), "%s/csv", dir);
  if (strcmp(what, "csv") == 0) {
    bench_csv(count, out);
    return 0;
  }
  struct vms vms;
  vms_make(&vms, dir, count);
  if (strcmp(what, "ts") == 0)
    bench_ts(&vms, out, (size_t)atol(argv[4]), argv[5], atoi(argv[6]));
  else if (strcmp(what, "write") == 0)
    bench_write(&vms, atoi(argv[4]), atoi(argv[5]));
  else if (strcmp(what, "core") == 0)
    bench_core(&vms, out, atoi(argv[4]));
  else if (strcmp(what, "search") == 0)
    bench_search(&vms);
  else if (strcmp(what, "start") == 0)
    bench_start(&vms, out);
  else if (strcmp(what, "startup") == 0)
    bench_startup(&vms, out, argv[4]);
  vms_free(&vms);
  return 0;
}
