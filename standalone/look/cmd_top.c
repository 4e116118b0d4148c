/*
 * top: the VMs by power, live
 *
 * On a terminal a screen, drawn at each interval and key; elsewhere a block of lines at each interval.
 */
#include "common/command.h"
#include "common/inputs.h"
#include "common/message.h"
#include "common/show.h"
#include "common/stop.h"
#include "common/ticker.h"
#include "look/board.h"
#include "look/screen.h"
#include "look/view.h"

#include "core/clock.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Scaphandre writes every 5 s; a finer curve would show its rhythm only. */
#define CELL_NS (5 * NS_PER_S)

/* Wake-ups without a key: the terminal was closed. */
#define EMPTY_WAKEUPS_MAX 100

struct top {
  const struct options *options;
  struct board *board;
  struct sink *sinks[1];
  struct sampler *sampler;
  struct stop stop;
  struct ticker ticker;
  int64_t looked_ns; /* mono; the last look */
  struct view view;
  struct instant now;
  bool on_screen;
};

static int look(struct top *top) {
  int status = clock_now(&top->now);
  if (status == 0)
    status = sampler_pass(top->sampler, &top->now);
  if (status == 0)
    status = board_take(top->board, &top->now, top->view.paused);
  if (status == 0)
    board_arrange(top->board, &top->view.board);
  return status;
}

/* ---- on a terminal ----------------------------------------------------------------------------------------------- */

static void draw(struct top *top) {
  char hint[512];
  const char *where = NULL;
  int error = sampler_search_error(top->sampler, &where);
  if (error != 0 && where != NULL)
    snprintf(hint, sizeof(hint), "no counter: %s; see vm_energy check", strerror(-error));
  else
    snprintf(hint, sizeof(hint), "no counter yet; see vm_energy check");
  view_fit(&top->view, board_shown(top->board), screen_page());
  screen_draw(top->board, &top->view, top->now.mono_ns - top->ticker.start.mono_ns, hint);
}

/* False: there was no key. */
static bool press_keys(struct top *top) {
  int key, count = 0;
  while ((key = screen_key()) >= 0) {
    view_press(&top->view, key, board_shown(top->board), screen_page());
    board_arrange(top->board, &top->view.board);
    count++;
  }
  return count > 0;
}

/* An event that is no tick. False: the end. */
static bool take_event(struct top *top, int *empty_wakeups) {
  if (top->stop.reason == STOP_SIGNAL && top->stop.signal != SIGWINCH)
    return false;
  if (!top->on_screen)
    return true; /* a pipe has no size */
  if (top->stop.reason == STOP_SIGNAL)
    screen_resize();
  else if (press_keys(top))
    *empty_wakeups = 0;
  else if (++*empty_wakeups >= EMPTY_WAKEUPS_MAX)
    return false;
  draw(top);
  return !top->view.quit;
}

/* ---- elsewhere --------------------------------------------------------------------------------------------------- */

/* "2026-11-24T12:00:05+0000  4 VMs", heads, VMs, total; an empty line between blocks. False: output failed. */
static bool print_block(struct top *top) {
  char line[BOARD_LINE_MAX], when[64] = "";
  struct board_layout layout;
  struct tm local;
  time_t now_s = (time_t)(top->now.wall_ns / NS_PER_S);
  if (localtime_r(&now_s, &local) != NULL)
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &local);
  size_t count = board_count(top->board);
  board_lay_out(top->board, 0, &layout);
  printf("%s%s  %zu VM%s\n", top->ticker.taken > 1 ? "\n" : "", when, count, count == 1 ? "" : "s");
  board_format_heads(top->board, &layout, line);
  puts(line);
  for (size_t i = 0; i < count; i++) {
    board_format_row(top->board, &layout, i, false, line);
    puts(line);
  }
  board_format_total(top->board, &layout, false, line);
  puts(line);
  message_flush_output();
  return ferror(stdout) == 0;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

/* Shows a sample at a tick; between two ticks only looks at the counters. False: the end. */
static bool tick(struct top *top, int *status) {
  struct instant now;
  int64_t wall_ns;
  *status = clock_now(&now);
  if (*status != 0)
    return false;
  top->looked_ns = now.mono_ns;
  if (!ticker_take(&top->ticker, &now, &wall_ns)) {
    *status = sampler_look(top->sampler);
    return *status == 0;
  }
  *status = look(top);
  if (*status != 0)
    return false;
  if (top->on_screen)
    draw(top);
  else if (!print_block(top))
    return false;
  return top->options->count == 0 || top->ticker.taken < top->options->count;
}

static int show_until_end(struct top *top) {
  int empty_wakeups = 0, status = 0;
  if (top->on_screen)
    draw(top);
  for (;;) {
    int waited = stop_wait(&top->stop, ticker_next_look(&top->ticker, top->looked_ns));
    if (waited < 0)
      return waited;
    if (waited > 0 ? !take_event(top, &empty_wakeups) : !tick(top, &status))
      return status;
  }
}

static int show(struct top *top) {
  int status = look(top);
  if (status != 0)
    return status;
  inputs_report_search(top->sampler, top->options); /* without a counter: one may come */
  top->looked_ns = top->now.mono_ns;
  ticker_start(&top->ticker, &top->now, top->options->interval_ns);
  top->on_screen = screen_is_there() && screen_open() == 0;
  if (top->on_screen)
    top->stop.key_fd = STDIN_FILENO;
  status = show_until_end(top);
  if (top->on_screen)
    screen_close();
  return status;
}

static int make(struct top *top) {
  const struct options *options = top->options;
  int status = board_new(options->interval_ns > CELL_NS ? options->interval_ns : CELL_NS, &top->board);
  if (status != 0)
    return status;
  top->sinks[0] = board_sink(top->board);
  status = inputs_sampler(options, top->sinks, 1, &top->sampler);
  if (status != 0)
    return status;
  sigset_t more;
  sigemptyset(&more);
  sigaddset(&more, SIGWINCH);
  return stop_open(&top->stop, -1, &more);
}

static int run_top(const struct options *options) {
  int usage = inputs_check(options);
  if (usage != STATUS_DONE)
    return usage;
  struct top top = {.options = options};
  int status = make(&top);
  if (status == 0) {
    status = show(&top);
    stop_close(&top.stop);
  }
  if (status != 0)
    message_error("unable to watch: %s", strerror(-status));
  sampler_free(top.sampler);
  board_free(top.board);
  return status == 0 ? STATUS_DONE : STATUS_FAILED;
}

const struct command command_top = {
    .name = "top",
    .summary = "watch the VMs by power, live in the terminal",
    .synopsis = "[--files PATH...] [OPTION]...",
    .text = "Shows the VMs by power, with curves of the last minutes, and their states. Keys\n"
            "sort, filter, scroll and pause; '?' explains them. Where standard output is no\n"
            "terminal, a block of lines is printed at each interval.\n",
    .examples = "  vm_energy top\n"
                "  vm_energy top --interval 10 --count 6 >powers.txt\n",
    .options = OPTIONS_TOP,
    .run = run_top,
};
