/*
 * csv_file: a file that only ever holds whole rows
 *
 * Open for appending, or not. What the system cuts short, as on a full disk, is finished or taken back; where even that
 * fails, nothing is appended until it succeeds.
 */
#ifndef VM_ENERGY_CSV_FILE_H
#define VM_ENERGY_CSV_FILE_H

#include "csv_text.h"

#include <stdbool.h>
#include <sys/types.h>

struct csv_file {
  int fd;        /* -1: not open */
  off_t torn_at; /* where half a row begins that could not be taken back; -1: none */
};

/* To start with. */
#define CSV_FILE_CLOSED ((struct csv_file){.fd = -1, .torn_at = -1})

/*
 * Opens dir_fd/name, no link. create: it must not exist yet; otherwise it must. 0 or -errno. A file that was open
 * before keeps what it knows of half a row.
 */
int csv_file_open(struct csv_file *file, int dir_fd, const char *name, bool create);

/* Appends the text whole, with one write(2) where the system takes it, or not at all: 0 or -errno. */
int csv_file_append(struct csv_file *file, const struct csv_text *text);

/* 0, also when it is not open, or -errno: a network file system may tell here that a row was lost. */
int csv_file_close(struct csv_file *file);

/*
 * How many files one who has many of them may hold open, so that no limit of the process is met: 64, or a quarter of
 * that limit. The rest are opened for each row.
 */
size_t csv_file_share(void);

#endif
