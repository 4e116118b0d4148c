/*
 * simwriter: behaves as Scaphandre's qemu exporter does, and tells the truth
 *
 * A loop: write each VM's counter, then sleep; so the period is a bit longer than asked, and drifts. A counter is the
 * old content of the file plus the energy since the last loop: it survives a restart of this program, and what was
 * drawn while the program was down is not counted. The file is truncated, then written, with a hole in between. Beside
 * the directory of the counter there is an empty intel-rapl:0:0.
 */
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
  bool there;
  bool gone;
  unsigned long updates;
  double last_t_s;      /* of the last update */
  double counted_j;     /* true energy of all updates */
  double rest_uj;       /* what did not make a whole µJ yet */
  unsigned long resets; /* how many of resets% have been */
  bool was_reset;
};

static struct {
  const char *root;
  double period_s, jitter_s, duration_s, factor;
  long hole_us;
  unsigned seed;
  bool flat, clean;
  const char *truth;
} options = {.period_s = 5, .jitter_s = 0.4, .factor = 1, .seed = 1};

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
  fputs("usage: simwriter --root DIR [options] NAME=LOAD...\n"
        "  --period S     seconds between two updates (5; 0: no pause at all)\n"
        "  --jitter S     up to so much longer, at random (0.4)\n"
        "  --hole US      microseconds between truncate and write (0)\n"
        "  --seed N       of the random numbers (1)\n"
        "  --factor F     counts so much of the truth, 0.2 for the fault that counts a fifth (1)\n"
        "  --layout L     libvirt: DIR/NAME/intel-rapl:0/energy_uj; flat: DIR/NAME/energy_uj (libvirt)\n"
        "  --truth FILE   a row for each update\n"
        "  --duration S   ends after so long (never)\n"
        "  --clean        removes at the end what it made\n"
        "LOAD is const:W, sine:W:A:P, step:LOW:HIGH:P or idle, then events: ,dies@S and others, see load.h\n",
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

static void vm_init(struct vm *vm, char *argument, int index) {
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
  if (!vm->load.has_start)
    vm->load.start_uj = (uint64_t)(index + 1) * 1000000 * 1000 + 4711;
}

static void vm_appear(struct vm *vm, double t_s) {
  make_dir(vm->top);
  if (!options.flat) {
    char *empty = text("%s:0", vm->dir);
    make_dir(empty);
    free(empty);
    make_dir(vm->dir);
  }
  vm->there = true;
  vm->last_t_s = t_s;
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

/* The number in the file, or the first one where there is none. */
static uint64_t old_number(const struct vm *vm) {
  char content[32] = "";
  int fd = open(vm->file, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return vm->load.start_uj;
  ssize_t len = read(fd, content, sizeof(content) - 1);
  close(fd);
  return len > 0 ? strtoull(content, NULL, 10) : vm->load.start_uj;
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

/* Truncates the file and leaves the hole; what is to be written is reckoned at the very last moment. */
static int open_counter(const struct vm *vm) {
  if (vm->load.unreadable)
    chmod(vm->file, 0600);
  int fd = open(vm->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0)
    die(1, "cannot write '%s': %s", vm->file, strerror(errno));
  if (options.hole_us > 0)
    usleep((useconds_t)options.hole_us);
  return fd;
}

static void tell_truth(const struct vm *vm, int truth_fd, uint64_t number, double power_w) {
  struct instant now;
  clock_now(&now);
  char *row = text("%.6f,%.6f,%s,%" PRIu64 ",%.6f,%.6f,%lu\n", (double)now.wall_ns / 1e9, (double)now.mono_ns / 1e9,
                   vm->name_quoted, number, vm->counted_j, power_w, vm->updates);
  if (write(truth_fd, row, strlen(row)) < 0)
    die(1, "cannot write '%s': %s", options.truth, strerror(errno));
  free(row);
}

/* One VM's turn in the loop. start_ns: monotonic start of the program. */
static void vm_update(struct vm *vm, int64_t start_ns, int truth_fd) {
  double t_s = seconds_since(start_ns);
  if (vm->gone || t_s < vm->load.appears_s)
    return;
  if (vm->load.vanishes_s >= 0 && t_s >= vm->load.vanishes_s) {
    vm_vanish(vm);
    return;
  }
  if (vm->load.dies_s >= 0 && t_s >= vm->load.dies_s)
    return;
  if (!vm->there)
    vm_appear(vm, t_s);

  uint64_t number = old_number(vm);
  int fd = open_counter(vm);
  t_s = seconds_since(start_ns);
  double energy_j = load_energy_j(&vm->load, t_s) - load_energy_j(&vm->load, vm->last_t_s);
  double dt_s = t_s - vm->last_t_s;
  if (vm->updates == 0)
    energy_j = 0; /* as Scaphandre: the first number is a start */
  vm->rest_uj += energy_j * 1e6 * options.factor;
  double whole_uj = floor(vm->rest_uj);
  vm->rest_uj -= whole_uj;
  number = is_reset_due(vm, t_s) ? 0 : number + (uint64_t)whole_uj;
  char content[32];
  int len = snprintf(content, sizeof(content), "%" PRIu64, number);
  if (write(fd, content, (size_t)len) != len)
    die(1, "cannot write '%s': %s", vm->file, strerror(errno));
  if (vm->load.unreadable)
    fchmod(fd, 0);
  close(fd);
  vm->last_t_s = t_s;
  vm->counted_j += energy_j;
  vm->updates++;
  if (truth_fd >= 0)
    tell_truth(vm, truth_fd, number, dt_s > 0 ? energy_j / dt_s : 0);
}

static double number_option(const char *name, const char *argument) {
  char *end;
  double value = strtod(argument, &end);
  if (end == argument || *end != '\0' || !(value >= 0))
    die(2, "--%s '%s' is no number of 0 or more", name, argument);
  return value;
}

static void parse_options(int argc, char **argv) {
  static const struct option table[] = {{"root", required_argument, NULL, 'r'},
                                        {"period", required_argument, NULL, 'p'},
                                        {"jitter", required_argument, NULL, 'j'},
                                        {"hole", required_argument, NULL, 'h'},
                                        {"seed", required_argument, NULL, 's'},
                                        {"factor", required_argument, NULL, 'f'},
                                        {"layout", required_argument, NULL, 'l'},
                                        {"truth", required_argument, NULL, 't'},
                                        {"duration", required_argument, NULL, 'd'},
                                        {"clean", no_argument, NULL, 'c'},
                                        {NULL, 0, NULL, 0}};
  int c, index = 0;
  while ((c = getopt_long(argc, argv, "", table, &index)) != -1) {
    double number = c != '?' && strchr("pjhsfd", c) != NULL ? number_option(table[index].name, optarg) : 0;
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
      options.hole_us = (long)number;
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

static void pause_for(double seconds) {
  struct timespec pause = {.tv_sec = (time_t)seconds};
  pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
  nanosleep(&pause, NULL);
}

int main(int argc, char **argv) {
  parse_options(argc, argv);
  int count = argc - optind;
  struct vm *vms = calloc((size_t)count, sizeof(*vms));
  if (vms == NULL)
    die(1, "out of memory");
  for (int i = 0; i < count; i++)
    vm_init(&vms[i], argv[optind + i], i);
  char *root = text("%s", options.root);
  make_dirs(root);
  free(root);

  int truth_fd = -1;
  if (options.truth != NULL) {
    static const char header[] = "wall_s,mono_s,vm,counter_uj,energy_j,power_w,update\n";
    truth_fd = open(options.truth, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct stat st;
    if (truth_fd < 0 || fstat(truth_fd, &st) != 0 ||
        (st.st_size == 0 && write(truth_fd, header, sizeof(header) - 1) < 0))
      die(1, "cannot write '%s': %s", options.truth, strerror(errno));
  }

  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);

  struct instant start, now;
  clock_now(&start);
  for (unsigned long loop = 0; !stopped; loop++) {
    for (int i = 0; i < count && !stopped; i++)
      vm_update(&vms[i], start.mono_ns, truth_fd);
    if (loop == 0) {
      puts("ready");
      fflush(stdout);
    }
    clock_now(&now);
    double left_s = options.duration_s - (double)(now.mono_ns - start.mono_ns) / 1e9;
    if (options.duration_s > 0 && left_s <= 0)
      break;
    if (options.period_s > 0) {
      double pause_s = options.period_s + options.jitter_s * rand_r(&options.seed) / RAND_MAX;
      pause_for(options.duration_s > 0 && left_s < pause_s ? left_s : pause_s);
      clock_now(&now);
      if (options.duration_s > 0 && (double)(now.mono_ns - start.mono_ns) / 1e9 >= options.duration_s)
        break;
    }
  }
  for (int i = 0; i < count; i++) {
    if (options.clean && vms[i].there && !vms[i].gone)
      vm_vanish(&vms[i]);
    free(vms[i].name_quoted);
    free(vms[i].top);
    free(vms[i].dir);
    free(vms[i].file);
  }
  if (options.clean)
    rmdir(options.root);
  free(vms);
  return 0;
}
