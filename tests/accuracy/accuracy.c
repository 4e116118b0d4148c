/*
 * accuracy: how exact the meter is, as a table
 *
 * For each load and sampling interval, by time base: a simulated day each, of eight VMs. All loads but idle have a mean
 * of 100 W, so a watt of error is a percent. With arguments PERIOD INTERVAL... only a constant load, of an exporter
 * with that period: what live.sh compares the real tool with.
 */
#include "brackets.h"
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define VMS         8 /* three hours each */
#define DAY_S       86400.0
#define WINDOWS     1000

static const struct trial typical = {
    .duration_s = DAY_S / VMS, .period_s = 5, .jitter_s = EXPORTER_REAL, .tick_ns = 4 * NS_PER_MS, .torn = 13};

static const struct {
  const char *name;
  const char *load;
  int resets, restarts, wraps; /* of each VM */
} loads[] = {
    {"constant, 100 W", "const:100", 0, 0, 0},
    {"sine, 100 W and 50 W up and down in 5 minutes", "sine:100:50:300", 0, 0, 0},
    {"step, 50 W and 150 W for a minute each", "step:50:150:60", 0, 0, 0},
    {"idle", "idle", 0, 0, 0},
    {"constant, 16 resets of the counter", "const:100", 2, 0, 0},
    {"constant, 8 restarts of the exporter, down for 10 to 60 s each", "const:100", 0, 1, 0},
    {"constant, 48 wraps of a powercap zone, a pass without an update each", "const:100", 0, 0, 6},
};

static const double intervals_s[] = {0.05, 0.5, 1, 2, 5, 10, 30};
static const enum meter_base bases[] = {METER_SAMPLE, METER_UPDATE, METER_AUTO};

static void print_head(void) {
  printf("%8s", "");
  for (size_t i = 0; i < COUNT(bases); i++)
    printf(" | %-7s %9s %7s", meter_base_name(bases[i]), "", "");
  printf(" | %10s | %-18s\n%8s", "", "bounds of a window", "every");
  for (size_t i = 0; i < COUNT(bases); i++)
    printf(" | %7s %9s %7s", "RMS W", "worst W", "value");
  printf(" | %10s | %8s %9s\n", "energy", "in", "width");
}

/* All VMs: each has another turn in the exporter's pass, and what befalls it comes at other moments. */
static void run_all(struct trial trial, struct score *sum) {
  double squares = 0;
  *sum = (struct score){0};
  for (trial.seed = 1; trial.seed <= VMS; trial.seed++) {
    struct score score;
    trial_run(&trial, &score);
    squares += score.rms_w * score.rms_w * (double)score.powers;
    sum->worst_w = fmax(sum->worst_w, score.worst_w);
    sum->samples += score.samples;
    sum->powers += score.powers;
    sum->energy_j += score.energy_j;
    sum->drawn_j += score.drawn_j;
  }
  sum->rms_w = sum->powers > 0 ? sqrt(squares / (double)sum->powers) : 0;
}

/* One line: an interval, all time bases. Energy and its bounds do not depend on the time base. */
static void print_row(struct trial trial) {
  struct score score;
  printf("%6g s", trial.interval_s);
  for (size_t i = 0; i < COUNT(bases); i++) {
    trial.base = bases[i];
    run_all(trial, &score);
    printf(" | %7.2f %9.2f %5.1f %%", score.rms_w, score.worst_w, 100.0 * (double)score.powers / (double)score.samples);
  }
  if (score.drawn_j > 0)
    printf(" | %+8.3f %%", 100 * (score.energy_j / score.drawn_j - 1));
  else
    printf(" | %+8.3f J", score.energy_j);
  struct bracket_score bracket;
  trial.torn = 0; /* one at the very end leaves a window without a figure */
  trial.seed = 1;
  brackets_run(&trial, WINDOWS, &bracket);
  printf(" | %6.1f %% %7.1f J\n", 100.0 * bracket.inside / bracket.windows, bracket.width_j);
  fflush(stdout);
}

int main(int argc, char **argv) {
  struct trial trial = typical;
  if (argc > 1) {
    trial.period_s = atof(argv[1]);
    trial.duration_s = 3600.0 / VMS;
    trial.torn = 0;
    trial.load = "const:100";
    print_head();
    for (int i = 2; i < argc; i++) {
      trial.interval_s = atof(argv[i]);
      print_row(trial);
    }
    return 0;
  }

  puts("Scaphandre's writer as it was measured: an update every 5.008 s in the median (4.998 to 5.081), up to 20 ms\n"
       "after the moment that it counts to; an empty file of 0.2 to 8.3 ms before each; file times in ticks of 4 ms.\n"
       "Each cell is a day (eight VMs, three hours each) with 104 more torn reads and looks at least every 2 s. The\n"
       "error of a power is that against the mean since the sample before. Bounds: of 1,000 windows of 1 to 60 s, how\n"
       "many have the true energy between low and high (give or take what is drawn in 30 ms), and how wide that is.");
  for (size_t i = 0; i < COUNT(loads); i++) {
    trial.load = loads[i].load;
    trial.resets = loads[i].resets;
    trial.restarts = loads[i].restarts;
    trial.wraps = loads[i].wraps;
    printf("\n%s\n", loads[i].name);
    print_head();
    for (size_t k = 0; k < COUNT(intervals_s); k++) {
      trial.interval_s = intervals_s[k];
      print_row(trial);
    }
  }
  return 0;
}
