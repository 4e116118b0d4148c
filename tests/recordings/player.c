/*
 * player: makes files of a recording as time passes, and says what they were
 *
 *   player RECORDING ROOT
 *
 * A line on standard input asks, and is answered on standard output. Times are Unix time in seconds.
 *
 *   show AT          makes the files below ROOT what they were then, and answers "shown". Later calls have later times
 *   truth FROM TO    a line for each counter that was there at TO, its fields separated by tabs, and a last one, "end":
 *                    path below ROOT; updates seen after FROM, until TO included; age of the file at TO, in s; the
 * least and the most power in W of these updates and the one before, 0 and -1 if none has one; 1 if the number fell
 * meanwhile, else 0; bytes in the file at TO; 1 if these end in a newline; s since it was made span             the
 * times of the first row and the last one
 */
#include "replay.h"

#include <stdio.h>
#include <string.h>

static double made_s(const struct replay *replay, size_t counter, double at_s) {
  size_t count;
  const struct replay_row *rows = replay_rows(replay, &count);
  double made_s = at_s;
  bool present = false;
  for (size_t i = 0; i < count && rows[i].mono_s <= at_s; i++)
    if (rows[i].counter == counter) {
      made_s = present ? made_s : rows[i].mono_s;
      present = rows[i].present;
    }
  return made_s;
}

static void print_truth(const struct replay *replay, double from_s, double to_s, double offset_s) {
  for (size_t i = 0; i < replay_counters(replay); i++) {
    const struct replay_row *state = replay_state(replay, i, to_s);
    if (state == NULL || !state->present)
      continue;
    size_t count, seen = 0, len = strlen(state->content);
    int fell = 0;
    double least_w = 0, most_w = -1;
    const struct replay_update *updates = replay_updates(replay, i, &count);
    for (size_t j = 0; j < count && updates[j].mono_s <= to_s; j++) {
      seen += updates[j].mono_s > from_s;
      fell |= updates[j].mono_s > from_s && j > 0 && updates[j].energy_uj < updates[j - 1].energy_uj;
      bool counts = updates[j].mono_s > from_s || (j + 1 < count && updates[j + 1].mono_s > from_s);
      if (!counts || updates[j].interval_ns <= 0)
        continue;
      double power_w = (double)updates[j].rise_uj * 1e3 / (double)updates[j].interval_ns;
      least_w = power_w < least_w || most_w < 0 ? power_w : least_w;
      most_w = power_w > most_w ? power_w : most_w;
    }
    printf("%s\t%zu\t%.4f\t%.6f\t%.6f\t%d\t%zu\t%d\t%.4f\n", replay_counter(replay, i), seen,
           to_s + offset_s - (double)state->mtime_ns / 1e9, least_w, most_w, fell, len,
           len > 0 && state->content[len - 1] == '\n', to_s - made_s(replay, i, to_s));
  }
  puts("end");
}

int main(int argc, char **argv) {
  struct replay *replay = NULL;
  size_t line_number, count;
  if (argc != 3 || replay_open(&replay, argv[1], &line_number) != 0)
    return 1;
  struct instant first;
  replay_clock(replay, 0, &first);
  double offset_s = (double)first.wall_ns / 1e9, from_s, to_s;
  const struct replay_row *rows = replay_rows(replay, &count);
  char line[128];
  int status = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (status == 0 && fgets(line, sizeof(line), stdin) != NULL)
    if (sscanf(line, "show %lf", &to_s) == 1) {
      status = replay_show(replay, argv[2], to_s - offset_s);
      puts(status == 0 ? "shown" : strerror(-status));
    } else if (sscanf(line, "truth %lf %lf", &from_s, &to_s) == 2) {
      print_truth(replay, from_s - offset_s, to_s - offset_s, offset_s);
    } else {
      printf("%.4f %.4f\n", rows[0].mono_s + offset_s, rows[count - 1].mono_s + offset_s);
    }
  replay_free(replay);
  return status != 0;
}
