/*
 * csv_file: a file that holds only whole rows
 *
 * A row that is cut short, as on a full disk, is completed or undone; until that succeeds, nothing is appended.
 * Tests: tests/check_csv.c.
 */
#ifndef VM_ENERGY_CSV_FILE_H
#define VM_ENERGY_CSV_FILE_H

#include "csv_text.h"

#include <stdbool.h>
#include <sys/types.h>

struct csv_file {
  int fd;        /* -1: not open */
  bool borrowed; /* the caller's descriptor, which may be a pipe; not closed */
  off_t torn_at; /* start of half a row that could not be undone; -1: none */
  bool broken;   /* a pipe took half a row: nothing more is appended, -EPIPE */
};

/* Initial value. */
#define CSV_FILE_CLOSED ((struct csv_file){.fd = -1, .torn_at = -1})

/* Opens dir_fd/name, not following a link. It must exist, or with `create` must not. 0 or -errno. Keeps torn_at. */
int csv_file_open(struct csv_file *file, int dir_fd, const char *name, bool create);

/* Appends the whole text, if possible with one write(2), or nothing: 0 or -errno. */
int csv_file_append(struct csv_file *file, const struct csv_text *text);

/* 0, also if not open, or -errno: a network file system may report lost rows here. */
int csv_file_close(struct csv_file *file);

/* How many files a caller may keep open: a quarter of the process's limit, at most 64. Open others for each row. */
size_t csv_file_share(void);

#endif
