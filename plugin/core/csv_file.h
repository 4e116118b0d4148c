/*
 * csv_file: a file that holds only whole rows
 *
 * A row that is cut short, as on a full disk, is completed or undone; if that fails, nothing is appended until it
 * succeeds.
 */
#ifndef VM_ENERGY_CSV_FILE_H
#define VM_ENERGY_CSV_FILE_H

#include "csv_text.h"

#include <stdbool.h>
#include <sys/types.h>

struct csv_file {
  int fd;        /* -1: not open */
  bool borrowed; /* the descriptor is a caller's, which may be a pipe; not closed */
  off_t torn_at; /* start of half a row that could not be undone; -1: none */
  bool broken;   /* a pipe that took half a row: nothing more is appended, -EPIPE */
};

/* Initial value. */
#define CSV_FILE_CLOSED ((struct csv_file){.fd = -1, .torn_at = -1})

/*
 * Opens dir_fd/name, not following a link. create: it must not exist yet; otherwise it must. 0 or -errno. torn_at is
 * kept when a file is opened again.
 */
int csv_file_open(struct csv_file *file, int dir_fd, const char *name, bool create);

/* Appends the whole text, if possible with one write(2), or nothing: 0 or -errno. */
int csv_file_append(struct csv_file *file, const struct csv_text *text);

/* 0, also if it is not open, or -errno: a network file system may report lost rows here. */
int csv_file_close(struct csv_file *file);

/*
 * How many of many files a caller may keep open without reaching the limit of the process: 64, or a quarter of that
 * limit. The rest are opened for each row.
 */
size_t csv_file_share(void);

#endif
