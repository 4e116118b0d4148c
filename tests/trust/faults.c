#include "faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* FORTIFY_SOURCE calls these for open() and openat() without a mode. */
int __open_2(const char *path, int flags);
int __openat_2(int dir_fd, const char *path, int flags);

/* A program built with glibc before 2.33 calls these for stat() and the like. */
int __xstat(int version, const char *path, struct stat *st);
int __lxstat(int version, const char *path, struct stat *st);
int __fxstat(int version, int fd, struct stat *st);
int __fxstatat(int version, int dir_fd, const char *path, struct stat *st, int flags);

enum kind {
  OPEN,
  READ,
  WRITE,
  MALLOC,
  MKDIR,
  RENAME,
  CLOCK,
  CLOSE,
  STAT,
  TRUNCATE,
  SYNC,
  UNLINK,
  WAIT,
  SPAWN,
  CWD,
  OTHER
};

static const struct {
  const char *name;
  int error;
} kinds[] = {
    [OPEN] = {"open", EMFILE},      [READ] = {"read", EIO},      [WRITE] = {"write", ENOSPC},
    [MALLOC] = {"malloc", ENOMEM},  [MKDIR] = {"mkdir", EACCES}, [RENAME] = {"rename", EACCES},
    [CLOCK] = {"clock", EINVAL},    [CLOSE] = {"close", EIO},    [STAT] = {"stat", EIO},
    [TRUNCATE] = {"truncate", EIO}, [SYNC] = {"sync", EIO},      [UNLINK] = {"unlink", EACCES},
    [WAIT] = {"wait", ENOMEM},      [SPAWN] = {"spawn", EAGAIN}, [CWD] = {"cwd", ENOENT},
};

static const struct {
  const char *name;
  int error;
} errors[] = {{"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EBADF", EBADF},   {"EDQUOT", EDQUOT}, {"EINTR", EINTR},
              {"EINVAL", EINVAL}, {"EIO", EIO},       {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"ENOENT", ENOENT},
              {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"ENOSYS", ENOSYS}, {"EPERM", EPERM},   {"EROFS", EROFS}};

enum effect { FAIL, SHORT, KILL };

static struct {
  bool armed;
  enum kind kind;
  unsigned long nth;
  char repeat; /* '+', '*', or '\0' */
  enum effect effect;
  int error;
  const char *from; /* NULL: from anywhere */
  const char *log;
} plan;

/* FAULT_CLOCK: a clock that shows no pause that the machine makes. Of one thread. */
#define CLOCKS       16
#define STEP_STATUS  150
#define PAUSE_STATUS 200
static struct {
  bool on;
  struct timespec start[CLOCKS]; /* tv_sec 0: not asked for yet */
  int64_t passed_ns, timer_ns;   /* timer_ns: what timer_fd is set to, in passed_ns; below 0: to nothing */
  int64_t pause_ns;              /* how long the next wake-up is late */
  int64_t begin_s;               /* what the wall clock shows at the start; 0: the real one */
  int64_t set_ns;                /* by how much the wall clock was set ahead */
  int timer_fd;
  const char *story; /* NULL: none */
  unsigned wake_ups; /* for which the story was run */
  bool is_told;      /* for the next one it was */
} frozen = {.timer_ns = -1, .timer_fd = -1};

#define NS_PER_S INT64_C(1000000000)

static atomic_ulong calls, struck;
/* Initial-exec: no call of __tls_get_addr(), which a sanitizer stands before, and is not ready for at first. */
#define THREADS_OWN static _Thread_local __attribute__((tls_model("initial-exec")))
THREADS_OWN int paused;
THREADS_OWN volatile bool resolving; /* volatile: <dlfcn.h> promises that dlsym() calls nothing from here */

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

static bool take_effect(const char *text) {
  plan.effect = strcmp(text, "short") == 0 ? SHORT : strcmp(text, "kill") == 0 ? KILL : FAIL;
  if (plan.effect != FAIL) {
    plan.error = ENOSPC;
    return true;
  }
  for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
    if (strcmp(text, errors[i].name) == 0) {
      plan.error = errors[i].error;
      return true;
    }
  return false;
}

bool fault_arm(const char *text) {
  plan.armed = false;
  atomic_store(&calls, 0);
  atomic_store(&struck, 0);
  if (text == NULL)
    return true;
  size_t len = strcspn(text, ":"), kind = 0;
  while (kind < sizeof(kinds) / sizeof(kinds[0]) &&
         (strlen(kinds[kind].name) != len || memcmp(kinds[kind].name, text, len) != 0))
    kind++;
  if (kind == sizeof(kinds) / sizeof(kinds[0]) || text[len] != ':')
    return false;
  char *end;
  plan.nth = strtoul(text + len + 1, &end, 10);
  plan.repeat = *end == '+' || *end == '*' ? *end++ : '\0';
  plan.kind = (enum kind)kind;
  plan.error = kinds[kind].error;
  plan.effect = FAIL;
  if (plan.nth == 0 || (*end != '\0' && (*end != ':' || !take_effect(end + 1))))
    return false;
  plan.armed = true;
  return true;
}

void fault_pause(bool pause) {
  paused += pause ? 1 : -1;
}

unsigned long fault_struck(void) {
  return atomic_load(&struck);
}

__attribute__((constructor)) static void begin(void) {
  plan.from = getenv("FAULT_FROM");
  plan.log = getenv("FAULT_LOG");
  const char *begin = getenv("FAULT_CLOCK");
  frozen.on = begin != NULL;
  frozen.begin_s = begin != NULL ? atoll(begin) : 0;
  frozen.story = getenv("FAULT_STORY");
  const char *text = getenv("FAULT"), *seconds = getenv("FAULT_ALARM");
  if (seconds != NULL)
    alarm((unsigned)atoi(seconds));
  unsetenv("LD_PRELOAD");
  if (text != NULL && !fault_arm(text)) {
    static const char message[] = "faults: FAULT is not understood\n";
    (void)!write(STDERR_FILENO, message, sizeof(message) - 1);
    _exit(99);
  }
}

static void log_strike(unsigned long n) {
  int fd = plan.log == NULL ? -1 : open(plan.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0)
    return;
  char line[80];
  int len = snprintf(line, sizeof(line), "%s %lu\n", kinds[plan.kind].name, n);
  (void)!write(fd, line, (size_t)len);
  close(fd);
}

static bool is_from(const void *caller) {
  Dl_info info;
  if (plan.from == NULL)
    return true;
  size_t len = strlen(plan.from), whole;
  return dladdr(caller, &info) != 0 && info.dli_fname != NULL && (whole = strlen(info.dli_fname)) >= len &&
         strcmp(info.dli_fname + whole - len, plan.from) == 0;
}

/* Whether this call is one that fails. */
static bool strikes(enum kind kind, const void *caller) {
  if (!plan.armed || plan.kind != kind || paused > 0)
    return false;
  paused++;
  bool hit = false;
  if (is_from(caller)) {
    unsigned long n = atomic_fetch_add(&calls, 1) + 1;
    hit = plan.repeat == '+' ? n >= plan.nth : plan.repeat == '*' ? n % plan.nth == 0 : n == plan.nth;
    if (hit) {
      atomic_fetch_add(&struck, 1);
      log_strike(n);
    }
  }
  paused--;
  return hit;
}

/* By the name that the header gave it: on 32-bit systems stat() may be stat64(). */
static void *resolve(void *ours, const char *function) {
  Dl_info here, info;
  if (dladdr(&plan, &here) != 0 && dladdr(ours, &info) != 0 && info.dli_fbase == here.dli_fbase &&
      info.dli_sname != NULL)
    function = info.dli_sname;
  resolving = true;
  void *address = dlsym(RTLD_NEXT, function);
  resolving = false;
  return address;
}

/* The function behind this one: libc's, or a sanitizer's. */
#define BEHIND(function)                                                                                               \
  static __typeof__(function) *real;                                                                                   \
  if (real == NULL)                                                                                                    \
  *(void **)&real = resolve((void *)function, #function)

/* Makes the call, and fails where it is its turn: before the call, or by a kill behind it. */
#define CALL(kind, function, failed, ...)                                                                              \
  BEHIND(function);                                                                                                    \
  bool hit = strikes(kind, __builtin_return_address(0));                                                               \
  if (hit && plan.effect != KILL) {                                                                                    \
    errno = plan.error;                                                                                                \
    return failed;                                                                                                     \
  }                                                                                                                    \
  __typeof__(real(__VA_ARGS__)) answer = real(__VA_ARGS__);                                                            \
  if (hit)                                                                                                             \
    kill(getpid(), SIGKILL);                                                                                           \
  return answer

/* ---- files ------------------------------------------------------------------------------------------------------- */

static unsigned mode_of(int flags, va_list args) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, unsigned) : 0;
}

int open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  unsigned mode = mode_of(flags, args);
  va_end(args);
  CALL(OPEN, open, -1, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  unsigned mode = mode_of(flags, args);
  va_end(args);
  CALL(OPEN, openat, -1, dir_fd, path, flags, mode);
}

int __open_2(const char *path, int flags) {
  CALL(OPEN, __open_2, -1, path, flags);
}

int __openat_2(int dir_fd, const char *path, int flags) {
  CALL(OPEN, __openat_2, -1, dir_fd, path, flags);
}

static enum kind kind_of(long number) {
  switch (number) {
#ifdef __NR_openat2
  case __NR_openat2:
    return OPEN;
#endif
  case SYS_statx:
    return STAT;
  case SYS_renameat2:
    return RENAME;
  default:
    return OTHER;
  }
}

long syscall(long number, ...) {
  va_list args;
  long a[6];
  va_start(args, number);
  for (size_t i = 0; i < 6; i++)
    a[i] = va_arg(args, long);
  va_end(args);
  CALL(kind_of(number), syscall, -1, number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int pipe2(int ends[2], int flags) {
  CALL(OPEN, pipe2, -1, ends, flags);
}

FILE *fopen(const char *path, const char *mode) {
  CALL(OPEN, fopen, NULL, path, mode);
}

DIR *fdopendir(int fd) {
  CALL(OPEN, fdopendir, NULL, fd);
}

struct dirent *readdir(DIR *dir) {
  CALL(READ, readdir, NULL, dir);
}

ssize_t read(int fd, void *buffer, size_t size) {
  CALL(READ, read, -1, fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset) {
  CALL(READ, pread, -1, fd, buffer, size, offset);
}

ssize_t write(int fd, const void *buffer, size_t size) {
  BEHIND(write);
  bool hit = strikes(WRITE, __builtin_return_address(0));
  if (hit && plan.effect == SHORT && size > 1)
    return real(fd, buffer, size / 2);
  if (hit && plan.effect != KILL) {
    errno = plan.error;
    return -1;
  }
  ssize_t answer = real(fd, buffer, size);
  if (hit)
    kill(getpid(), SIGKILL);
  return answer;
}

int close(int fd) {
  BEHIND(close);
  bool hit = strikes(CLOSE, __builtin_return_address(0));
  int answer = real(fd); /* closed it is, also when the kernel tells of an error */
  if (!hit)
    return answer;
  if (plan.effect == KILL)
    kill(getpid(), SIGKILL);
  errno = plan.error;
  return -1;
}

int stat(const char *path, struct stat *st) {
  CALL(STAT, stat, -1, path, st);
}

int lstat(const char *path, struct stat *st) {
  CALL(STAT, lstat, -1, path, st);
}

int fstat(int fd, struct stat *st) {
  CALL(STAT, fstat, -1, fd, st);
}

int fstatat(int dir_fd, const char *path, struct stat *st, int flags) {
  CALL(STAT, fstatat, -1, dir_fd, path, st, flags);
}

int __xstat(int version, const char *path, struct stat *st) {
  CALL(STAT, __xstat, -1, version, path, st);
}

int __lxstat(int version, const char *path, struct stat *st) {
  CALL(STAT, __lxstat, -1, version, path, st);
}

int __fxstat(int version, int fd, struct stat *st) {
  CALL(STAT, __fxstat, -1, version, fd, st);
}

int __fxstatat(int version, int dir_fd, const char *path, struct stat *st, int flags) {
  CALL(STAT, __fxstatat, -1, version, dir_fd, path, st, flags);
}

int faccessat(int dir_fd, const char *path, int mode, int flags) {
  CALL(STAT, faccessat, -1, dir_fd, path, mode, flags);
}

int access(const char *path, int mode) {
  CALL(STAT, access, -1, path, mode);
}

off_t lseek(int fd, off_t offset, int whence) {
  CALL(TRUNCATE, lseek, -1, fd, offset, whence);
}

int ftruncate(int fd, off_t size) {
  CALL(TRUNCATE, ftruncate, -1, fd, size);
}

int fsync(int fd) {
  CALL(SYNC, fsync, -1, fd);
}

int fdatasync(int fd) {
  CALL(SYNC, fdatasync, -1, fd);
}

int mkdir(const char *path, mode_t mode) {
  CALL(MKDIR, mkdir, -1, path, mode);
}

int rename(const char *from, const char *to) {
  CALL(RENAME, rename, -1, from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
  CALL(RENAME, renameat, -1, from_fd, from, to_fd, to);
}

int rmdir(const char *path) {
  CALL(UNLINK, rmdir, -1, path);
}

int unlink(const char *path) {
  CALL(UNLINK, unlink, -1, path);
}

int unlinkat(int dir_fd, const char *path, int flags) {
  CALL(UNLINK, unlinkat, -1, dir_fd, path, flags);
}

char *getcwd(char *buffer, size_t size) {
  CALL(CWD, getcwd, NULL, buffer, size);
}

/* ---- memory, time, processes ------------------------------------------------------------------------------------- */

void *malloc(size_t size) {
  CALL(MALLOC, malloc, NULL, size);
}

void *calloc(size_t count, size_t size) {
  if (resolving) /* glibc before 2.34 calls it in dlsym(), which needs no memory */
    return NULL;
  CALL(MALLOC, calloc, NULL, count, size);
}

void *realloc(void *memory, size_t size) {
  CALL(MALLOC, realloc, NULL, memory, size);
}

static int read_clock(clockid_t clock, struct timespec *time) {
  BEHIND(clock_gettime);
  if (!frozen.on || clock < 0 || clock >= CLOCKS)
    return real(clock, time);
  struct timespec *start = &frozen.start[clock];
  if (start->tv_sec == 0 && clock == CLOCK_REALTIME && frozen.begin_s > 0)
    start->tv_sec = frozen.begin_s;
  if (start->tv_sec == 0 && real(clock, start) != 0)
    return -1;
  int64_t ns = start->tv_sec * NS_PER_S + start->tv_nsec + frozen.passed_ns;
  ns += clock == CLOCK_REALTIME ? frozen.set_ns : 0;
  *time = (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
  return 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (strikes(CLOCK, __builtin_return_address(0))) {
    errno = plan.error;
    return -1;
  }
  return read_clock(clock, time);
}

int clock_getres(clockid_t clock, struct timespec *time) {
  CALL(CLOCK, clock_getres, -1, clock, time);
}

/* Runs the story for the next wake-up, once, and waits until it is over. */
static void tell_story(void) {
  if (frozen.story == NULL || frozen.is_told)
    return;
  frozen.is_told = true;
  struct timespec now = {0};
  read_clock(CLOCK_REALTIME, &now);
  char wake_ups[24], at[48];
  snprintf(wake_ups, sizeof(wake_ups), "%u", ++frozen.wake_ups);
  snprintf(at, sizeof(at), "%jd.%09ld", (intmax_t)now.tv_sec, now.tv_nsec);
  const char *argv[] = {"sh", "-c", "n=$1 now=$2; eval \"$0\"", frozen.story, wake_ups, at, NULL};
  pid_t pid;
  int status;
  if (posix_spawn(&pid, "/bin/sh", NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
      waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
      (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) <= STEP_STATUS)) {
    static const char message[] = "faults: FAULT_STORY failed\n";
    (void)!write(STDERR_FILENO, message, sizeof(message) - 1);
    _exit(99);
  }
  int told = WEXITSTATUS(status);
  if (told > PAUSE_STATUS)
    frozen.pause_ns = (told - PAUSE_STATUS) * NS_PER_S;
  else if (told > STEP_STATUS)
    frozen.set_ns += (told - STEP_STATUS) * NS_PER_S;
}

/* Where nothing else is ready, the timer is at once. */
static int poll_frozen(struct pollfd *fds, nfds_t count) {
  BEHIND(poll);
  tell_story();
  int ready = real(fds, count, 0);
  for (nfds_t i = 0; i < count && ready == 0; i++)
    if (fds[i].fd == frozen.timer_fd) {
      frozen.passed_ns = (frozen.timer_ns > frozen.passed_ns ? frozen.timer_ns : frozen.passed_ns) + frozen.pause_ns;
      frozen.pause_ns = 0;
      fds[i].revents = POLLIN;
      frozen.is_told = false;
      return 1;
    }
  return ready;
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
  BEHIND(poll);
  if (strikes(WAIT, __builtin_return_address(0))) {
    errno = plan.error;
    return -1;
  }
  return frozen.timer_ns >= 0 && timeout < 0 ? poll_frozen(fds, count) : real(fds, count, timeout);
}

int signalfd(int fd, const sigset_t *signals, int flags) {
  CALL(WAIT, signalfd, -1, fd, signals, flags);
}

int timerfd_create(clockid_t clock, int flags) {
  CALL(WAIT, timerfd_create, -1, clock, flags);
}

/* The timer of a frozen clock, which is absolute and of CLOCK_BOOTTIME, is only remembered. */
static int set_frozen_timer(int fd, const struct timespec *at) {
  struct timespec now;
  if (read_clock(CLOCK_BOOTTIME, &now) != 0)
    return -1;
  int64_t left_ns = (at->tv_sec - now.tv_sec) * NS_PER_S + at->tv_nsec - now.tv_nsec;
  bool disarmed = at->tv_sec == 0 && at->tv_nsec == 0;
  frozen.timer_fd = fd;
  frozen.timer_ns = disarmed ? -1 : frozen.passed_ns + (left_ns > 0 ? left_ns : 0);
  return 0;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old) {
  BEHIND(timerfd_settime);
  if (strikes(WAIT, __builtin_return_address(0))) {
    errno = plan.error;
    return -1;
  }
  return frozen.on ? set_frozen_timer(fd, &value->it_value) : real(fd, flags, value, old);
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const argv[], char *const environment[]) {
  BEHIND(posix_spawnp);
  if (strikes(SPAWN, __builtin_return_address(0)))
    return plan.error;
  return real(pid, file, actions, attributes, argv, environment);
}
