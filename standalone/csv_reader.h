/*
 * csv_reader: a CSV file, row by row, in memory that does not grow with the file
 *
 * RFC 4180, read by libcsv: fields may be quoted, lines end in LF or CRLF. A byte order mark at the start and empty
 * lines are passed over. Works on pipes too.
 */
#ifndef VM_ENERGY_CSV_READER_H
#define VM_ENERGY_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A row of more than that is none: ten times a capture of 10,000 VMs. */
#define CSV_READER_ROW_MAX (8u << 20)

struct csv_row {
  uint64_t line;             /* that it ends in, 1 the first */
  const char *const *fields; /* valid during the call; a NUL byte in one was replaced */
  size_t count;
  bool cut; /* the file ends within this line: the last field may be half of what it was */
};

/*
 * Calls take() for each row until it answers something but 0, which is then returned. 0: the file is over.
 * -errno: it cannot be read; -E2BIG: a row is too long; -ENOMEM.
 */
int csv_reader_read(const char *path, int (*take)(const struct csv_row *row, void *arg), void *arg);

#endif
