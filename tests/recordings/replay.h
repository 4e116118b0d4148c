/*
 * replay: a recording of the real Scaphandre, played again
 *
 * The recording is CSV: mono_s,wall_s,counter,inode,mtime_ns,size,content; a row for each change that a poller saw. A
 * poller calls stat, then reads, so a row may hold the size of one moment and the content of the next: the size decides
 * (0: the file was empty; one more than the content: it ended in a newline).
 *
 * Gives the state of each counter's file at an instant, makes real files of it, and says what a reader of these files
 * should conclude. Time is mono_s of the recording. A row holds from its instant until the next row of its counter.
 */
#ifndef VM_ENERGY_RECORDINGS_REPLAY_H
#define VM_ENERGY_RECORDINGS_REPLAY_H

#include "core/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay;

/* A file's state from mono_s on. */
struct replay_row {
  double mono_s;
  size_t counter; /* whose: index, in order of the first row */
  bool present;   /* false: no such file; the rest is then 0 */
  uint64_t inode;
  int64_t mtime_ns;
  char content[24]; /* as it is in the file, newline included; "": empty */
};

/* A content with a modification time that the row before did not have. */
struct replay_update {
  double mono_s; /* when the poller saw it */
  int64_t mtime_ns;
  uint64_t energy_uj;
  uint64_t rise_uj;    /* above the update before; 0 where the number fell or the modification time went back */
  int64_t interval_ns; /* since the update before, by modification time; 0: the first */
  bool late;           /* interval is at least 1.5 x the counter's median: the writer may not have counted all of it */
};

/* 0, or -errno; -EINVAL: a row that is not as above, *line is its number. Free with replay_free(). */
int replay_open(struct replay **replay, const char *path, size_t *line);
void replay_free(struct replay *replay);

size_t replay_counters(const struct replay *replay);
/* Path below the directory of all VMs: "web-1/intel-rapl:0/energy_uj". */
const char *replay_counter(const struct replay *replay, size_t counter);
/* Index of that path; replay_counters() where there is none. */
size_t replay_find(const struct replay *replay, const char *path);

/* All rows, in order of time. */
const struct replay_row *replay_rows(const struct replay *replay, size_t *count);

/* Row that holds at the instant; NULL before the counter's first row. */
const struct replay_row *replay_state(const struct replay *replay, size_t counter, double mono_s);

/* All updates of a counter, in the order in which they were seen. */
const struct replay_update *replay_updates(const struct replay *replay, size_t counter, size_t *count);

/* Sum of the rises of all updates seen after from_s, until to_s included. */
uint64_t replay_rises_uj(const struct replay *replay, size_t counter, double from_s, double to_s);

/*
 * Mean power in W over the steady updates seen after from_s, until to_s included: those that are neither late, nor the
 * first, nor lower than the one before. Negative where there are none.
 */
double replay_power_w(const struct replay *replay, size_t counter, double from_s, double to_s);

/* Both clocks at the instant, as they were on the machine of the recording. */
void replay_clock(const struct replay *replay, double mono_s, struct instant *now);

/*
 * Makes the files below root what they were at the instant: content, modification time, directories that are missing.
 * A file that the recording shows with another inode is replaced by a new one; a file that is missing is removed, with
 * its directories where these are empty then. Later calls have later instants. Returns 0 or -errno.
 */
int replay_show(struct replay *replay, const char *root, double mono_s);

#endif
