#include "common/stop.h"

#include "core/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* How often to check whether we are in the foreground again. */
#define FOREGROUND_EVERY_MS 1000

#define WAITED 4

static void choose_signals(sigset_t *set, const sigset_t *more) {
  struct sigaction hangup;
  sigemptyset(set);
  if (more != NULL)
    sigorset(set, set, more);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
    sigaddset(set, SIGHUP);
}

int stop_open(struct stop *stop, int input_fd, const sigset_t *more) {
  struct stop s = {.input_fd = input_fd, .key_fd = -1, .signal_fd = -1, .timer_fd = -1};
  sigset_t set;
  choose_signals(&set, more);
  if (sigprocmask(SIG_BLOCK, &set, &s.old_mask) != 0)
    return -errno;
  s.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (s.signal_fd >= 0)
    s.timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (s.timer_fd < 0) {
    int status = -errno;
    stop_close(&s);
    return status;
  }
  *stop = s;
  return 0;
}

void stop_close(struct stop *stop) {
  if (stop->signal_fd >= 0) {
    struct signalfd_siginfo info;
    while (stop->reason == STOP_SIGNAL && read(stop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
      continue;
    close(stop->signal_fd);
  }
  if (stop->timer_fd >= 0)
    close(stop->timer_fd);
  sigprocmask(SIG_SETMASK, &stop->old_mask, NULL);
}

static bool saw_signal(struct stop *stop) {
  struct signalfd_siginfo info;
  if (read(stop->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
    return false;
  stop->reason = STOP_SIGNAL;
  stop->signal = (int)info.ssi_signo;
  stop->by_terminal = info.ssi_code == SI_KERNEL;
  return true;
}

static void take_line(struct stop *stop) {
  stop->reason = stop->reports_lines && stop->lines.len > 0 ? STOP_LINE : STOP_ENTER;
}

/* Takes a line from what was read already. */
static bool has_line(struct stop *stop) {
  while (stop->input_at < stop->input_len) {
    if (lines_add(&stop->lines, stop->input[stop->input_at++])) {
      take_line(stop);
      return true;
    }
  }
  return false;
}

/* An error counts as the end of the input. */
static bool saw_input(struct stop *stop) {
  ssize_t n = read(stop->input_fd, stop->input, sizeof(stop->input));
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return false;
  stop->input_at = 0;
  stop->input_len = n > 0 ? (size_t)n : 0;
  if (n > 0)
    return has_line(stop);
  if (stop->reports_lines && lines_end(&stop->lines))
    take_line(stop);
  else
    stop->reason = STOP_EOF;
  return true;
}

bool stop_in_background(int fd) {
  pid_t foreground = fd >= 0 ? tcgetpgrp(fd) : -1;
  return foreground > 0 && foreground != getpgrp();
}

static int set_timer(const struct stop *stop, int64_t deadline_ns) {
  /* all zero disarms the timer: no deadline */
  struct itimerspec timer = {0};
  if (deadline_ns != STOP_NO_DEADLINE) {
    int64_t at_ns = deadline_ns > 0 ? deadline_ns : 1;
    timer.it_value = (struct timespec){.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};
  }
  return timerfd_settime(stop->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL) == 0 ? 0 : -errno;
}

/* 0 also if no descriptor is ready. */
static int poll_once(struct stop *stop, struct pollfd fds[WAITED], bool now) {
  bool background = stop_in_background(stop->input_fd);
  fds[0] = (struct pollfd){.fd = stop->signal_fd, .events = POLLIN};
  fds[1] = (struct pollfd){.fd = stop->timer_fd, .events = POLLIN};
  fds[2] = (struct pollfd){.fd = background ? -1 : stop->input_fd, .events = POLLIN}; /* negative: ignored */
  fds[3] = (struct pollfd){.fd = stop->key_fd, .events = POLLIN};
  int ready = poll(fds, WAITED, now ? 0 : background ? FOREGROUND_EVERY_MS : -1);
  if (ready < 0 && errno != EINTR) /* EINTR: stopped and continued */
    return -errno;
  for (int i = 0; i < WAITED && ready <= 0; i++)
    fds[i].revents = 0;
  return 0;
}

int stop_wait(struct stop *stop, int64_t deadline_ns) {
  int status = set_timer(stop, deadline_ns);
  bool after_line = stop->reason == STOP_LINE;
  if (after_line)
    stop->reason = STOP_NONE;
  while (status == 0) {
    struct pollfd fds[WAITED];
    bool pending = stop->input_at < stop->input_len;
    status = poll_once(stop, fds, pending);
    if (status != 0)
      break;
    if (fds[0].revents != 0 && saw_signal(stop))
      return 1;
    if (after_line && fds[1].revents != 0)
      return 0;
    if (pending ? has_line(stop) : fds[2].revents != 0 && saw_input(stop))
      return 1;
    if (fds[3].revents != 0) {
      stop->reason = STOP_KEY;
      return 1;
    }
    if (fds[1].revents != 0)
      return 0;
  }
  return status;
}

const char *stop_signal_name(int signal) {
  return signal == SIGINT ? "INT" : signal == SIGTERM ? "TERM" : "HUP";
}
