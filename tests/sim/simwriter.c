/*
 * simwriter: behaves as Scaphandre's qemu exporter does, and knows the truth
 *
 * Passes and their times are those of exporter.h. In a pass a VM's counter becomes the old content of its file plus the
 * energy since the pass before; the file is truncated, then written without a newline, and keeps its inode. A VM
 * without a file gets its directory and `0`, also when somebody removed it. Beside the directory of the counter there
 * is an empty intel-rapl:0:0. An old content that is no number (empty, a newline behind it) ends the program, as a
 * panic ends Scaphandre: in the third pass after a start.
 */
#include "exporter.h"
#include "load.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct vm {
  const char *name;
  char *name_quoted; /* for CSV */
  char *top;         /* ROOT/NAME */
  char *dir;         /* where the counter is */
  char *file;
  struct load load;
  bool made; /* its directories, by us */
  bool gone;
  unsigned seen; /* passes that saw it */
  unsigned long updates;
  double last_t_s;      /* counted up to then */
  double counted_j;     /* true energy of all updates */
  double rest_uj;       /* what did not make a whole µJ yet */
  unsigned long resets; /* how many of resets% have been */
  bool was_reset;
};

static struct {
  const char *root;
  double period_s, jitter_s, duration_s, factor, wraps_s, hole_us;
  unsigned seed;
  bool flat, clean;
  const char *truth;
} options = {.period_s = EXPORTER_PERIOD_S,
             .jitter_s = EXPORTER_REAL,
             .hole_us = EXPORTER_REAL,
             .wraps_s = EXPORTER_REAL,
             .factor = 1,
             .seed = 1};

#define PANIC_STATUS 101 /* that of a Rust program */

static volatile sig_atomic_t stopped;

static void on_signal(int signal_number) {
  (void)signal_number;
  stopped = 1;
}

__attribute__((noreturn, format(printf, 2, 3))) static void die(int status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("simwriter: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(status);
}

__attribute__((noreturn)) static void usage(void) {
  fputs(
      "usage: simwriter --root DIR [options] NAME=LOAD...\n"
      "LOAD is const:W, sine:W:A:P, step:LOW:HIGH:P or idle, then events: ,dies@S and others, see load.h\n"
      "  --truth FILE   a row for each update\n"
      "  --seed N       of the random numbers: times, order of the VMs (1)\n"
      "  --duration S   ends after so long (never)\n"
      "  --clean        removes at the end what it made\n"
      "Without more it is what the real exporter was seen to be: a pass every 5.008 s in the median, 4.998 to 5.081;\n"
      "all VMs within 1.3 ms in the median, 20 at most; the file empty for 0.2 to 8.3 ms; `0` in the third pass that\n"
      "sees a VM, so after 10 s; nothing for 10 s after a restart; a pass left out when the counter of package or "
      "DRAM\n"
      "wraps, of 262 and 66 kJ; the end (status 101) on a file that is empty or has a newline.\n"
      "  --factor F     counts so much of the truth: 0.2 is the fault that counts a fifth (1)\n"
      "Distortions, for tests:\n"
      "  --period S     another period; all other times scale with it (5; 0: no pause at all)\n"
      "  --jitter S     periods of S more at most, uniformly, all VMs at the start of a pass, and no empty file\n"
      "  --hole US      microseconds for which the file is empty\n"
      "  --wraps S      a counter wraps every S seconds, whatever is drawn (0: never)\n"
      "  --layout L     libvirt: DIR/NAME/intel-rapl:0/energy_uj; flat: DIR/NAME/energy_uj, as no exporter does "
      "(libvirt)\n",
      stderr);
  exit(2);
}

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *format, ...) {
  va_list args;
  char *result;
  va_start(args, format);
  if (vasprintf(&result, format, args) < 0)
    die(1, "out of memory");
  va_end(args);
  return result;
}

static char *quote(const char *name) {
  if (strpbrk(name, ",\"\n\r") == NULL)
    return text("%s", name);
  char *quoted = text("%*s", (int)strlen(name) * 2 + 2, ""), *to = quoted;
  *to++ = '"';
  for (; *name != '\0'; name++) {
    if (*name == '"')
      *to++ = '"';
    *to++ = *name;
  }
  *to++ = '"';
  *to = '\0';
  return quoted;
}

static void make_dir(const char *path) {
  if (mkdir(path, 0755) != 0 && errno != EEXIST)
    die(1, "cannot make '%s': %s", path, strerror(errno));
}

static void make_dirs(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    make_dir(path);
    *slash = '/';
  }
  make_dir(path);
}

static void vm_init(struct vm *vm, char *argument) {
  char *equals = strchr(argument, '=');
  const char *problem = "there is no '='";
  /* a name may hold '=': the load is what stands behind the first one that a load follows */
  while (equals != NULL && load_parse(equals + 1, &vm->load, &problem) != 0)
    equals = strchr(equals + 1, '=');
  if (equals == NULL || equals == argument)
    die(2, "'%s' is no NAME=LOAD: %s", argument, problem);
  *equals = '\0';
  vm->name = argument;
  vm->name_quoted = quote(vm->name);
  vm->top = text("%s/%s", options.root, vm->name);
  vm->dir = options.flat ? text("%s", vm->top) : text("%s/intel-rapl:0", vm->top);
  vm->file = text("%s/energy_uj", vm->dir);
}

static void vm_make_dirs(struct vm *vm) {
  make_dir(vm->top);
  if (!options.flat) {
    char *empty = text("%s:0", vm->dir);
    make_dir(empty);
    free(empty);
    make_dir(vm->dir);
  }
  vm->made = true;
}

static void vm_vanish(struct vm *vm) {
  unlink(vm->file);
  if (!options.flat) {
    char *empty = text("%s:0", vm->dir);
    rmdir(empty);
    free(empty);
    rmdir(vm->dir);
  }
  rmdir(vm->top);
  vm->gone = true;
}

/* Reads the number in the file; false: there is no file. */
static bool read_number(const struct vm *vm, uint64_t *number) {
  char content[32] = "", *end;
  if (vm->load.unreadable)
    chmod(vm->file, 0600);
  int fd = open(vm->file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno != ENOENT)
      die(1, "cannot read '%s': %s", vm->file, strerror(errno));
    return false;
  }
  ssize_t len = read(fd, content, sizeof(content) - 1);
  close(fd);
  *number = strtoull(content, &end, 10);
  if (len <= 0 || content[0] < '0' || content[0] > '9' || *end != '\0')
    die(PANIC_STATUS, "panicked: '%s' is no number", vm->file);
  return true;
}

static bool is_reset_due(struct vm *vm, double t_s) {
  if (vm->load.resets_s >= 0 && t_s >= vm->load.resets_s && !vm->was_reset)
    return vm->was_reset = true;
  if (vm->load.resets_every_s > 0 && t_s >= (double)(vm->resets + 1) * vm->load.resets_every_s) {
    vm->resets++;
    return true;
  }
  return false;
}

static double seconds_since(int64_t start_ns) {
  struct instant now;
  clock_now(&now);
  return (double)(now.mono_ns - start_ns) / 1e9;
}

static void pause_for(double seconds) {
  if (!(seconds > 0))
    return;
  struct timespec pause = {.tv_sec = (time_t)seconds};
  pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
  nanosleep(&pause, NULL);
}

/* Truncates the file and leaves it empty for a while. */
static int open_counter(const struct vm *vm, double hole_s) {
  int fd = open(vm->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    die(1, "cannot write '%s': %s", vm->file, strerror(errno));
  pause_for(options.hole_us >= 0 ? options.hole_us / 1e6 : hole_s);
  return fd;
}

static void tell_truth(const struct vm *vm, int truth_fd, uint64_t number, double power_w, double late_s) {
  struct instant now;
  clock_now(&now);
  char *row = text("%.6f,%.6f,%s,%" PRIu64 ",%.6f,%.6f,%lu,%.6f\n", (double)now.wall_ns / 1e9,
                   (double)now.mono_ns / 1e9, vm->name_quoted, number, vm->counted_j, power_w, vm->updates, late_s);
  if (write(truth_fd, row, strlen(row)) < 0)
    die(1, "cannot write '%s': %s", options.truth, strerror(errno));
  free(row);
}

static bool is_running(const struct vm *vm, double t_s) {
  return !vm->gone && t_s >= vm->load.appears_s && (vm->load.dies_s < 0 || t_s < vm->load.dies_s) &&
         (vm->load.vanishes_s < 0 || t_s < vm->load.vanishes_s);
}

/* State of the loop. */
struct run {
  int64_t start_ns; /* mono, of the program */
  int truth_fd;
  struct exporter exporter;
  double pass_s; /* start of the last pass */
  struct vm *vms;
  int count;
  struct vm **order; /* of the VMs in each pass */
};

/*
 * Writes the energy up to the start of the pass. That start is taken to be lag_s before the write, however late the
 * kernel let us write: so a busy machine bends no power.
 */
static void vm_write(struct vm *vm, struct run *run, double lag_s) {
  uint64_t number = 0;
  bool is_new = !read_number(vm, &number);
  if (is_new)
    vm_make_dirs(vm);
  double hole_s = exporter_hole_s(&run->exporter);
  int fd = open_counter(vm, hole_s);
  double write_s = seconds_since(run->start_ns), t_s = write_s - lag_s - hole_s, dt_s = t_s - vm->last_t_s;
  double energy_j = is_new ? 0 : load_energy_j(&vm->load, t_s) - load_energy_j(&vm->load, vm->last_t_s);
  vm->rest_uj += energy_j * 1e6 * options.factor;
  double whole_uj = floor(vm->rest_uj);
  vm->rest_uj -= whole_uj;
  number += (uint64_t)whole_uj;
  if (is_new && vm->updates == 0 && vm->load.has_start)
    number = vm->load.start_uj;
  if (is_reset_due(vm, t_s))
    number = 0;
  char content[32];
  int len = snprintf(content, sizeof(content), "%" PRIu64, number);
  if (write(fd, content, (size_t)len) != len)
    die(1, "cannot write '%s': %s", vm->file, strerror(errno));
  double late_s = seconds_since(run->start_ns) - write_s;
  if (vm->load.unreadable)
    fchmod(fd, 0);
  close(fd);
  vm->last_t_s = t_s;
  vm->counted_j += energy_j;
  vm->updates++;
  if (run->truth_fd >= 0)
    tell_truth(vm, run->truth_fd, number, dt_s > 0 ? energy_j / dt_s : 0, late_s);
}

/* One VM's turn in a pass. */
static void vm_update(struct vm *vm, struct run *run, bool writes, double lag_s) {
  double t_s = seconds_since(run->start_ns);
  if (vm->load.vanishes_s >= 0 && t_s >= vm->load.vanishes_s && !vm->gone)
    vm_vanish(vm);
  if (!is_running(vm, t_s))
    return;
  vm->seen++;
  if (writes && vm->seen >= EXPORTER_SEEN)
    vm_write(vm, run, lag_s);
  else
    vm->last_t_s = t_s - lag_s;
}

/* What all VMs drew since the pass before. */
static double drawn_j(const struct run *run, double t_s) {
  double sum_j = 0;
  for (int i = 0; i < run->count; i++)
    if (is_running(&run->vms[i], t_s))
      sum_j += load_energy_j(&run->vms[i].load, t_s) - load_energy_j(&run->vms[i].load, run->pass_s);
  return sum_j;
}

static void pass(struct run *run) {
  double t_s = seconds_since(run->start_ns);
  if (options.wraps_s < 0)
    exporter_draw(&run->exporter, drawn_j(run, t_s));
  else if (options.wraps_s > 0 && floor(t_s / options.wraps_s) > floor(run->pass_s / options.wraps_s))
    run->exporter.wrapped = true;
  run->pass_s = t_s;
  bool writes = exporter_pass(&run->exporter);
  double spread_s = exporter_spread_s(&run->exporter);
  for (int i = 0; i < run->count && !stopped; i++) {
    double lag_s = run->count > 1 ? spread_s * i / (run->count - 1) : 0;
    pause_for(t_s + lag_s - seconds_since(run->start_ns));
    vm_update(run->order[i], run, writes, lag_s);
  }
}

/* Sleeps until the next pass; false: it is time to end. */
static bool sleep_s(struct run *run) {
  double pause_s = exporter_pause_s(&run->exporter), now_s = seconds_since(run->start_ns);
  pause_s = fmax(run->pass_s + pause_s - now_s, fmin(pause_s, options.period_s)); /* work, then sleep */
  if (options.duration_s <= 0) {
    pause_for(pause_s);
    return true;
  }
  pause_for(fmin(pause_s, options.duration_s - now_s));
  return seconds_since(run->start_ns) < options.duration_s;
}

static void shuffle(struct run *run) {
  for (int i = 0; i < run->count; i++) {
    int other = (int)exporter_random(&run->exporter.random, i + 1);
    run->order[i] = run->order[other];
    run->order[other] = &run->vms[i];
  }
}

static double number_option(const char *name, const char *argument) {
  char *end;
  double value = strtod(argument, &end);
  if (end == argument || *end != '\0' || !(value >= 0))
    die(2, "--%s '%s' is no number of 0 or more", name, argument);
  return value;
}

static void parse_options(int argc, char **argv) {
  static const struct option table[] = {
      {"root", required_argument, NULL, 'r'},   {"period", required_argument, NULL, 'p'},
      {"jitter", required_argument, NULL, 'j'}, {"hole", required_argument, NULL, 'h'},
      {"wraps", required_argument, NULL, 'w'},  {"seed", required_argument, NULL, 's'},
      {"factor", required_argument, NULL, 'f'}, {"layout", required_argument, NULL, 'l'},
      {"truth", required_argument, NULL, 't'},  {"duration", required_argument, NULL, 'd'},
      {"clean", no_argument, NULL, 'c'},        {NULL, 0, NULL, 0}};
  int c, index = 0;
  while ((c = getopt_long(argc, argv, "", table, &index)) != -1) {
    double number = c != '?' && strchr("pjhwsfd", c) != NULL ? number_option(table[index].name, optarg) : 0;
    switch (c) {
    case 'r':
      options.root = optarg;
      break;
    case 'p':
      options.period_s = number;
      break;
    case 'j':
      options.jitter_s = number;
      break;
    case 'h':
      options.hole_us = number;
      break;
    case 'w':
      options.wraps_s = number;
      break;
    case 's':
      options.seed = (unsigned)number;
      break;
    case 'f':
      options.factor = number;
      break;
    case 'l':
      options.flat = strcmp(optarg, "flat") == 0;
      if (!options.flat && strcmp(optarg, "libvirt") != 0)
        die(2, "--layout '%s' is neither libvirt nor flat", optarg);
      break;
    case 't':
      options.truth = optarg;
      break;
    case 'd':
      options.duration_s = number;
      break;
    case 'c':
      options.clean = true;
      break;
    default:
      usage();
    }
  }
  if (options.root == NULL || optind == argc)
    usage();
}

int main(int argc, char **argv) {
  parse_options(argc, argv);
  struct run run = {.truth_fd = -1, .count = argc - optind};
  run.vms = calloc((size_t)run.count, sizeof(*run.vms));
  run.order = calloc((size_t)run.count, sizeof(struct vm *));
  if (run.vms == NULL || run.order == NULL)
    die(1, "out of memory");
  for (int i = 0; i < run.count; i++)
    vm_init(&run.vms[i], argv[optind + i]);
  char *root = text("%s", options.root);
  make_dirs(root);
  free(root);

  if (options.truth != NULL) {
    static const char header[] = "wall_s,mono_s,vm,counter_uj,energy_j,power_w,update,late_s\n";
    run.truth_fd = open(options.truth, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct stat st;
    if (run.truth_fd < 0 || fstat(run.truth_fd, &st) != 0 ||
        (st.st_size == 0 && write(run.truth_fd, header, sizeof(header) - 1) < 0))
      die(1, "cannot write '%s': %s", options.truth, strerror(errno));
  }

  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);

  exporter_init(&run.exporter, options.period_s, options.jitter_s, options.seed);
  shuffle(&run);
  struct instant start;
  clock_now(&start);
  run.start_ns = start.mono_ns;
  for (unsigned long passes = 1; !stopped; passes++) {
    pass(&run);
    if (passes == EXPORTER_SEEN) {
      puts("ready");
      fflush(stdout);
    }
    if (!sleep_s(&run))
      break;
  }
  for (int i = 0; i < run.count; i++) {
    if (options.clean && run.vms[i].made && !run.vms[i].gone)
      vm_vanish(&run.vms[i]);
    free(run.vms[i].name_quoted);
    free(run.vms[i].top);
    free(run.vms[i].dir);
    free(run.vms[i].file);
  }
  if (options.clean)
    rmdir(options.root);
  free(run.vms);
  free(run.order);
  return 0;
}
