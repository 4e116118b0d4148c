/*
 * csv_reader: a CSV file, row by row, in memory that does not grow with the file
 *
 * RFC 4180: fields may be quoted; lines end in LF, CRLF or CR. A byte order mark at the start of a line and empty lines
 * are ignored. Reads pipes too.
 *
 * An open quote must not swallow the lines after it. A quoted field continues in the next line only if that line alone
 * is no row, and the joined row has as many fields as the row before and CSV_READER_QUOTED lines at most.
 */
#ifndef VM_ENERGY_CSV_READER_H
#define VM_ENERGY_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer rows are refused: ten times a capture of 10,000 VMs. */
#define CSV_READER_ROW_MAX (8u << 20)

#define CSV_READER_QUOTED 16

/* This path is standard input. */
#define CSV_READER_STDIN "-"

struct csv_row {
  uint64_t line;             /* its first one, from 1 on; lines within quotes count */
  const char *const *fields; /* valid during the call; NUL bytes were replaced */
  size_t count;
  bool cut;  /* the file ends within this line: its last field may be incomplete */
  bool open; /* a quote in the line is not closed; the only field is the line as it is */
};

/* The first field of that name in a header; row->count if there is none. */
size_t csv_reader_column(const struct csv_row *row, const char *name);

/* For a file that is no text: what it is, and the command that makes it text, or NULL. */
struct csv_foreign {
  const char *what, *filter;
};

/*
 * Calls take() for each row until it returns something but 0, which is then returned. 0 at the end of the file.
 * -errno of reading; -E2BIG: a row is too long; -ENOMEM; -EMEDIUMTYPE: it is no text, and *foreign, which may be NULL,
 * says what it is.
 */
int csv_reader_read_or_identify(const char *path, int (*take)(const struct csv_row *row, void *arg), void *arg,
                                const struct csv_foreign **foreign);
int csv_reader_read(const char *path, int (*take)(const struct csv_row *row, void *arg), void *arg);

#endif
