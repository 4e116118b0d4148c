/*
 * ts: a time series of power, into CSV
 *
 * Reads the baseline at the start; tick k at start + k * interval writes a row. Looks at the counters between two
 * ticks, to see every update.
 */
#include "common/command.h"
#include "common/inputs.h"
#include "common/message.h"
#include "common/quantile.h"
#include "common/run_files.h"
#include "common/stop.h"
#include "common/ticker.h"
#include "measure/marks.h"
#include "measure/metadata.h"
#include "measure/progress.h"
#include "measure/summary.h"

#include "core/clock.h"
#include "core/csv.h"
#include "core/sampler.h"
#include "core/updates.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long --complete waits if no period is known, and how often it looks. */
#define COMPLETE_NS   (15 * NS_PER_S / 2)
#define LOOK_CLOSE_NS (100 * NS_PER_MS)

/* Further files are not listed, except for scripts, with --quiet. */
#define LISTED_MAX 10

/* A run is incomplete if more than one tick of so many was missed, or with a hole of so many update periods. */
#define MISSED_SHARE 100
#define HOLE_PERIODS 3

struct series {
  const struct options *options;
  struct csv *csv;
  struct updates *updates;
  struct summary *summary;
  struct progress *progress; /* NULL: none is shown */
  struct sink *sinks[4];
  struct sampler *sampler;
  struct stop stop;
  struct ticker ticker;
  struct marks marks;
  struct quantile intervals; /* between two samples as taken, in s */
  int64_t taken_mono_ns;     /* of the last sample */
  struct metadata_step *steps;
  size_t steps_num;
  uint64_t rows_lost;     /* up to the last sample */
  bool left_out_reported; /* warned of a counter without a column */
  bool losing_rows;       /* the last sample lost rows */
  bool failed;
};

static int make_sinks(struct series *series, size_t *count) {
  const struct options *options = series->options;
  const struct csv_options csv = {.layout = options->layout,
                                  .dir = options->out_dir,
                                  .name = options->out_name,
                                  .smooth = options->smooth,
                                  .ts_decimals = ticker_decimals(options->interval_ns)};
  struct instant now;
  int status = csv_new(&csv, &series->csv);
  if (status == 0)
    status = clock_now(&now);
  if (status == 0 && !options->to_output)
    status = updates_new(&now, &series->updates);
  if (status == 0)
    status = summary_new(&series->summary);
  if (status == 0 && !options->quiet && !options->to_output && isatty(STDERR_FILENO))
    status = progress_new((options->manual_stop || options->marks) && isatty(STDIN_FILENO) == 1, &series->progress);
  if (status != 0)
    return status;
  series->sinks[(*count)++] = csv_sink(series->csv);
  if (series->updates != NULL)
    series->sinks[(*count)++] = updates_sink(series->updates);
  series->sinks[(*count)++] = summary_sink(series->summary);
  if (series->progress != NULL)
    series->sinks[(*count)++] = progress_sink(series->progress);
  message_before(progress_clear, series->progress);
  return 0;
}

/* A reader that closes the pipe, as head does, is no error: the run ends silently. */
static bool reader_left(const struct series *series) {
  return series->options->to_output && csv_last_error(series->csv) == -EPIPE;
}

/* Waits until standard output takes a row, or a signal comes (false), which a slow reader must not delay. */
static bool output_has_room(const struct series *series) {
  struct pollfd fds[] = {{.fd = STDOUT_FILENO, .events = POLLOUT}, {.fd = series->stop.signal_fd, .events = POLLIN}};
  int ready = 0;
  while (series->options->to_output && ready == 0)
    ready = poll(fds, 2, 1000);
  return ready <= 0 || fds[1].revents == 0;
}

static void warn_left_out(struct series *series) {
  if (series->left_out_reported || csv_left_out(series->csv) == NULL)
    return;
  message_warning("'%s' came after the start and has no column; with --long, VMs that come later have rows",
                  csv_left_out(series->csv));
  series->left_out_reported = true;
}

/* Reports once that rows are lost, and once that they are not any more. */
static void report_lost_rows(struct series *series) {
  uint64_t dropped = csv_dropped(series->csv);
  if (dropped != series->rows_lost && !series->losing_rows)
    message_error("unable to write to '%s': %s; continuing, rows are lost until this is fixed",
                  csv_error_path(series->csv), strerror(-csv_last_error(series->csv)));
  else if (dropped == series->rows_lost && series->losing_rows)
    message_error("rows are written again, %" PRIu64 " were lost", dropped);
  series->losing_rows = dropped != series->rows_lost;
  series->rows_lost = dropped;
}

static void note_look(struct series *series, int status) {
  if (status == 0)
    return;
  message_error("a sample is incomplete: %s", strerror(-status));
  series->failed = true;
}

static void take_sample(struct series *series, const struct instant *now) {
  int status = sampler_pass(series->sampler, now);
  warn_left_out(series);
  if (reader_left(series))
    return;
  bool lost_rows = csv_dropped(series->csv) != series->rows_lost;
  report_lost_rows(series);
  note_look(series, lost_rows ? 0 : status);
  series->failed = series->failed || status != 0;
}

static void note_interval(struct series *series, const struct instant *now) {
  quantile_add(&series->intervals, (double)(now->mono_ns - series->taken_mono_ns) / 1e9); /* -ENOMEM: one is missing */
  series->taken_mono_ns = now->mono_ns;
}

/* Lists a new step of the wall clock; without memory it is only counted. False: there is none. */
static bool note_steps(struct series *series, uint64_t steps_before) {
  const struct ticker *ticker = &series->ticker;
  if (ticker->steps == steps_before)
    return false;
  struct metadata_step *steps = reallocarray(series->steps, series->steps_num + 1, sizeof(*steps));
  if (steps == NULL)
    return false;
  series->steps = steps;
  steps[series->steps_num++] = (struct metadata_step){.at_ns = ticker->step_at_ns, .by_ns = ticker->step_ns};
  return true;
}

static void write_metadata(struct series *series, int64_t end_wall_ns) {
  const struct metadata metadata = {.options = series->options,
                                    .csv = series->csv,
                                    .summary = series->summary,
                                    .ticker = &series->ticker,
                                    .intervals = &series->intervals,
                                    .steps = series->steps,
                                    .steps_num = series->steps_num,
                                    .marks = series->marks.count,
                                    .end_wall_ns = end_wall_ns};
  int status = series->options->to_output ? 0 : metadata_write(&metadata);
  if (status == 0)
    return;
  message_error("unable to write '%s/%s': %s", csv_dir(series->csv), METADATA_FILE, strerror(-status));
  series->failed = true;
}

static void show_progress(struct series *series, const struct instant *now) {
  if (series->progress == NULL)
    return;
  const struct options *options = series->options;
  int64_t since_ns = now->mono_ns - series->ticker.start.mono_ns;
  if (options->manual_stop)
    progress_show(series->progress, series->ticker.taken, 0, since_ns, now->mono_ns);
  else
    progress_show(series->progress, series->ticker.taken, options->count,
                  ticker_left(&series->ticker, options->count, now), now->mono_ns);
}

static void report_stopped(struct series *series) {
  if (series->stop.reason == STOP_EOF)
    message_note("stopped by the end of standard input");
  else if (series->stop.reason == STOP_SIGNAL && series->options->manual_stop)
    message_note("stopped by SIG%s", stop_signal_name(series->stop.signal));
  else if (series->stop.reason == STOP_SIGNAL) {
    message_error("stopped by SIG%s after %" PRIu64 " of %" PRIu64 " samples", stop_signal_name(series->stop.signal),
                  series->ticker.taken, series->options->count);
    series->failed = true;
  }
  if (series->ticker.taken == 0 && !series->failed) {
    message_error("stopped before the first sample: nothing was measured");
    series->failed = true;
  }
}

static void mark(struct series *series, int64_t wall_ns, const char *name) {
  if (series->options->to_output) {
    message_warning("no mark is made: '--out -' makes no file for it");
    return;
  }
  int status = marks_add(&series->marks, wall_ns, name);
  if (status == 0) {
    message_note("marked '%s'", series->marks.name);
    return;
  }
  message_error("unable to write to '%s': %s; a mark is lost", series->marks.path, strerror(-status));
  series->failed = true;
}

/* Handles an event that does not end the run: a mark, or the end of marks. */
static bool take_mark(struct series *series, int64_t wall_ns) {
  struct stop *stop = &series->stop;
  bool manual_stop = series->options->manual_stop;
  if (stop->reason == STOP_LINE)
    mark(series, wall_ns, stop->lines.text);
  else if ((stop->reason == STOP_SIGNAL && stop->signal == SIGUSR1) || (stop->reason == STOP_ENTER && !manual_stop))
    mark(series, wall_ns, "");
  else if (stop->reason == STOP_EOF && !manual_stop)
    stop->input_fd = -1;
  else
    return false;
  return true;
}

static void sample_until_end(struct series *series) {
  const struct options *options = series->options;
  int64_t looked_ns = series->ticker.start.mono_ns;
  show_progress(series, &series->ticker.start);
  while (options->manual_stop || series->ticker.last < options->count) {
    int status = stop_wait(&series->stop, ticker_next_look(&series->ticker, looked_ns));
    struct instant now;
    int clock = status >= 0 ? clock_now(&now) : 0;
    if (clock != 0)
      status = clock;
    if (status < 0) {
      message_error("unable to wait for the next sample: %s", strerror(-status));
      series->failed = true;
      return;
    }
    if (status > 0) {
      if (series->stop.reason == STOP_LINE || series->stop.reason == STOP_ENTER)
        progress_leave(series->progress);
      if (take_mark(series, now.wall_ns))
        continue;
      report_stopped(series);
      return;
    }
    int64_t wall_ns;
    uint64_t steps = series->ticker.steps;
    looked_ns = now.mono_ns;
    if (!output_has_room(series))
      continue;
    if (!ticker_take(&series->ticker, &now, &wall_ns)) {
      note_look(series, sampler_look(series->sampler));
      continue;
    }
    note_interval(series, &now);
    if (note_steps(series, steps))
      write_metadata(series, 0); /* explains the rows even if the run is killed */
    csv_set_time(series->csv, wall_ns);
    take_sample(series, &now);
    if (reader_left(series))
      return;
    summary_warn(series->summary, options->meter.base, options->interval_ns, false);
    show_progress(series, &now);
  }
}

/* With --quiet and no terminal the raw paths alone, for scripts. */
static void print_files(const struct series *series) {
  const struct options *options = series->options;
  bool raw = options->quiet && isatty(STDOUT_FILENO) != 1;
  size_t files = csv_files(series->csv);
  for (size_t i = 0; i < files; i++) {
    if (i == LISTED_MAX && !options->quiet) {
      message_print(stdout, "and %zu more in %s", files - i, csv_dir(series->csv));
      break;
    }
    const char *dir = csv_dir(series->csv), *file = csv_file(series->csv, i);
    if (raw)
      printf("%s/%s\n", dir, file);
    else
      message_print(stdout, "%s%s/%s", options->quiet ? "" : "wrote ", dir, file);
  }
  if (series->marks.count > 0 && !options->quiet)
    message_print(stdout, "wrote %s, %" PRIu64 " mark%s", series->marks.path, series->marks.count,
                  series->marks.count == 1 ? "" : "s");
}

/* period_ns: of the writer; 0: unknown. */
static void check_missed(struct series *series, uint64_t missed, int64_t period_ns) {
  const struct ticker *ticker = &series->ticker;
  int64_t limit_ns = period_ns > 0 ? HOLE_PERIODS * period_ns : METER_STALE_NS;
  if (MISSED_SHARE * missed <= ticker->taken + missed && ticker->hole_max_ns <= limit_ns)
    return;
  char hole[32];
  summary_format_duration(ticker->hole_max_ns, hole);
  message_error("%" PRIu64 " of %" PRIu64 " samples were missed, with a hole of %s: the run is incomplete", missed,
                ticker->taken + missed, hole);
  series->failed = true;
}

static void report(struct series *series) {
  const struct options *options = series->options;
  const struct ticker *ticker = &series->ticker;
  uint64_t missed = ticker->missed;
  if (!options->manual_stop && missed > options->count - ticker->taken)
    missed = options->count - ticker->taken; /* the last sample may come after the planned end */
  const struct summary_run run = {.interval_ns = options->interval_ns,
                                  .taken = ticker->taken,
                                  .planned = options->manual_stop ? 0 : options->count,
                                  .missed = missed,
                                  .late_max_ns = ticker->late_max_ns,
                                  .steps = ticker->steps};
  progress_clear(series->progress);
  if (!options->to_output)
    print_files(series);
  if (!options->quiet)
    summary_print(series->summary, &run, options->to_output ? stderr : stdout);
  message_flush_output();
  if (series->rows_lost > 0)
    message_error("%" PRIu64 " rows were lost, the last error: '%s': %s", series->rows_lost,
                  csv_error_path(series->csv), strerror(-csv_last_error(series->csv)));
  summary_warn(series->summary, options->meter.base, options->interval_ns, true);
  if (summary_report_unread(series->summary, "at the end") > 0)
    series->failed = true;
  struct summary_counts counts;
  summary_count(series->summary, &counts);
  if (ticker->taken > 0 && counts.samples == 0) {
    message_error("there was no counter during the run");
    series->failed = true;
  }
  check_missed(series, missed, counts.period_ns);
  if (counts.period_ns > 0 && counts.silent_ns > HOLE_PERIODS * counts.period_ns + options->interval_ns) {
    char silent[32];
    summary_format_duration(counts.silent_ns, silent);
    message_error("no counter was updated for %s: the writer was down, and the run is incomplete", silent);
    series->failed = true;
  }
}

static bool start(struct series *series) {
  struct instant now;
  int status = clock_now(&now);
  if (status == 0)
    status = sampler_pass(series->sampler, &now);
  if (status == 0)
    status = clock_now(&now); /* so that the baseline is from before the start */
  if (status != 0) {
    message_error("unable to read the counters: %s", strerror(-status));
    return false;
  }
  if (!inputs_report_search(series->sampler, series->options))
    return false;
  size_t unread = summary_report_unread(series->summary, "at the start");
  if (unread > 0 && unread == sampler_count(series->sampler) && series->options->layout != CSV_LONG)
    return false;
  bool to_output = series->options->to_output;
  status = to_output ? csv_start_stream(series->csv, STDOUT_FILENO) : csv_start(series->csv, now.wall_ns);
  if (status != 0 && to_output) {
    if (status != -EPIPE)
      message_error("unable to write to standard output: %s", strerror(-status));
    return false;
  }
  if (status != 0) {
    message_error("unable to create '%s': %s; choose another place with --out-dir", csv_error_path(series->csv),
                  strerror(-status));
    return false;
  }
  status = to_output ? 0 : updates_start(series->updates, csv_dir(series->csv));
  if (status != 0) {
    message_error("unable to create '%s/%s': %s; continuing, energies will have no bounds", csv_dir(series->csv),
                  UPDATES_FILE, strerror(-status));
    series->failed = true;
  }
  status = to_output ? 0 : marks_open(&series->marks, csv_dir(series->csv));
  if (status != 0) {
    message_error("unable to create '%s': %s", series->marks.path, strerror(-status));
    return false;
  }
  summary_start(series->summary, series->options->layout == CSV_LONG);
  ticker_start(&series->ticker, &now, series->options->interval_ns);
  series->taken_mono_ns = now.mono_ns;
  write_metadata(series, 0);
  return true;
}

/* Waits for one more update of each counter, which bounds the energy until the end; at most 1.5 periods. */
static void complete(struct series *series) {
  struct summary_counts counts;
  struct instant now;
  int status = clock_now(&now);
  summary_count(series->summary, &counts);
  int64_t end_ns = now.mono_ns + (counts.period_ns > 0 ? counts.period_ns + counts.period_ns / 2 : COMPLETE_NS);
  summary_await(series->summary);
  series->stop.input_fd = -1; /* it may be at its end; a signal still ends the wait */
  message_note("waiting for the next update of the counters");
  while (status == 0 && now.mono_ns < end_ns) {
    status = sampler_look(series->sampler);
    if (status != 0 || summary_is_complete(series->summary))
      break;
    status = stop_wait(&series->stop, now.mono_ns + LOOK_CLOSE_NS);
    if (status > 0 && series->stop.signal != SIGUSR1)
      break;
    if (status >= 0)
      status = clock_now(&now);
  }
  if (status < 0)
    note_look(series, status);
  if (!summary_is_complete(series->summary))
    message_warning("some counters have no upper bound: they were not updated again");
}

static bool capture(struct series *series) {
  if (!start(series))
    return reader_left(series);
  if (series->options->manual_stop)
    message_note("sampling until you press Enter; a word before it makes it a mark");
  sample_until_end(series);
  if (reader_left(series))
    return !series->failed;
  if (series->options->complete && !series->failed)
    complete(series);
  int updates_status = series->updates != NULL ? updates_finish(series->updates) : 0;
  if (updates_status != 0) {
    message_error("unable to write to '%s/%s': %s; its updates are not complete", csv_dir(series->csv), UPDATES_FILE,
                  strerror(-updates_status));
    series->failed = true;
  }
  int status = csv_finish(series->csv);
  if (status != 0)
    message_error("unable to finish '%s': %s", csv_error_path(series->csv), strerror(-status));
  int closed = series->options->to_output ? 0 : marks_close(&series->marks);
  if (closed != 0)
    message_error("unable to finish '%s': %s", series->marks.path, strerror(-closed));
  status = status != 0 ? status : closed;
  struct instant now;
  write_metadata(series, clock_now(&now) == 0 ? now.wall_ns : series->ticker.start.wall_ns);
  report(series);
  return status == 0 && !series->failed;
}

static int run_ts(const struct options *options) {
  int usage = inputs_check(options);
  if (usage != STATUS_DONE)
    return usage;
  struct series series = {.options = options};
  size_t count = 0;
  bool good = false;
  int status = make_sinks(&series, &count);
  if (status == 0)
    status = inputs_sampler(options, series.sinks, count, &series.sampler);
  sigset_t more;
  sigemptyset(&more);
  sigaddset(&more, SIGUSR1);
  if (status == 0)
    status = stop_open(&series.stop, options->manual_stop || options->marks ? STDIN_FILENO : -1, &more);
  if (status == 0) {
    series.stop.reports_lines = true;
    good = capture(&series);
    stop_close(&series.stop);
  } else {
    message_error("unable to start: %s", strerror(-status));
  }
  message_before(NULL, NULL);
  sampler_free(series.sampler);
  progress_free(series.progress);
  quantile_free(&series.intervals);
  summary_free(series.summary);
  csv_free(series.csv);
  updates_free(series.updates);
  free(series.steps);
  return good ? STATUS_DONE : STATUS_FAILED;
}

const struct command command_ts = {
    .name = "ts",
    .summary = "sample power at an interval, into CSV files",
    .synopsis = "[--files PATH...] [OPTION]...",
    .text = "Samples energy counters at an interval and writes energy and power into CSV\n"
            "files, in a new directory DIR/run_YYYYMMDD_HHMMSS.\n\n"
            "A counter that is updated every 5 s and sampled every second shows 0 W four\n"
            "times of five; --time-base auto divides by the time between two updates.\n",
    .examples = "  vm_energy ts --files /path/to/vmA/energy_uj /path/to/vmB/energy_uj -i 1 -n 120 -o power_vm.csv\n"
                "  vm_energy ts --time-base auto --interval 500ms --manual-stop --separate-files\n",
    .options = OPTIONS_TS,
    .run = run_ts,
};
