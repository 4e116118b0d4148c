#include "stop.h"

#include "core/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

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
  struct stop s = {.input_fd = input_fd, .child_fd = -1, .signal_fd = -1, .timer_fd = -1};
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
  if (stop->signal_fd >= 0)
    close(stop->signal_fd);
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

/* An input that cannot be read has ended. */
static bool saw_input(struct stop *stop) {
  char text[256];
  ssize_t n = read(stop->input_fd, text, sizeof(text));
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return false;
  if (n > 0 && memchr(text, '\n', (size_t)n) == NULL)
    return false;
  stop->reason = n > 0 ? STOP_ENTER : STOP_EOF;
  return true;
}

static int set_timer(const struct stop *stop, int64_t deadline_ns) {
  /* all zero would disarm the timer, and so it shall without a deadline */
  struct itimerspec timer = {0};
  if (deadline_ns != STOP_NO_DEADLINE) {
    int64_t at_ns = deadline_ns > 0 ? deadline_ns : 1;
    timer.it_value = (struct timespec){.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};
  }
  return timerfd_settime(stop->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL) == 0 ? 0 : -errno;
}

int stop_wait(struct stop *stop, int64_t deadline_ns) {
  int status = set_timer(stop, deadline_ns);
  if (status != 0)
    return status;
  struct pollfd fds[] = {{.fd = stop->signal_fd, .events = POLLIN},
                         {.fd = stop->timer_fd, .events = POLLIN},
                         {.fd = stop->input_fd, .events = POLLIN}, /* a negative one is passed over */
                         {.fd = stop->child_fd, .events = POLLIN}};
  for (;;) {
    if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0) {
      if (errno == EINTR)
        continue; /* stopped and continued */
      return -errno;
    }
    if (fds[0].revents != 0 && saw_signal(stop))
      return 1;
    if (fds[2].revents != 0 && saw_input(stop))
      return 1;
    if (fds[3].revents != 0) {
      stop->reason = STOP_CHILD;
      return 1;
    }
    if (fds[1].revents != 0)
      return 0;
  }
}
