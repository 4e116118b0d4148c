/*
 * state: accumulated energies by counter, as a text that outlives the process
 *
 * Holds what each meter had accumulated, raw, and what its counter showed then, so that a later run continues from it.
 * The text:
 *
 *   vm_energy state 1
 *   <total_uj> <counter_uj> <seen> <path>      one line per counter, by path in the order of its bytes
 *   end <lines> <checksum>
 *
 * Numbers are decimal without leading zeros; seen is Unix time in whole seconds; in a path each byte that is no visible
 * ASCII character, and '%', is written as %XX (capital hex); the checksum is FNV-1a, 64 bits, 16 small hex digits, of
 * all bytes before it. A state has one text. The disk may lie, and an attacker may write the file, so a text is
 * accepted only if formatting its records gives the same bytes.
 */
#ifndef VM_ENERGY_STATE_H
#define VM_ENERGY_STATE_H

#include <stddef.h>
#include <stdint.h>

/* Limits in both directions. */
#define STATE_RECORDS_MAX 100000
#define STATE_BYTES_MAX   ((size_t)16 << 20)
#define STATE_SEEN_MAX_S  INT64_C(9000000000) /* in the year 2255; in ns it fits into 63 bits */

struct state_record {
  uint64_t total_uj;   /* accumulated, raw */
  uint64_t counter_uj; /* what the counter showed then */
  int64_t seen_s;      /* when that was, Unix time */
};

struct state;

/* NULL: out of memory. */
struct state *state_new(void);
/* NULL is fine. */
void state_free(struct state *state);

size_t state_count(const struct state *state);

/* The record of the counter, or NULL. Borrowed until the next change of the state. */
const struct state_record *state_find(const struct state *state, const char *path);

/* Adds or changes the record. 0, -ENOMEM, -EINVAL (the path is not absolute or is too long, or seen_s out of range). */
int state_set(struct state *state, const char *path, const struct state_record *record);

/*
 * Drops the records not seen for longest until the rest can be written; none for its age alone, since the clock may
 * jump. Returns how many it dropped; 0 if out of memory.
 */
size_t state_trim(struct state *state);

/* 0 and the text, to be freed, with a NUL after it; -ENOMEM; -EFBIG: too many records or bytes, see state_trim(). */
int state_format(const struct state *state, char **text, size_t *len);

/*
 * Fills an empty state. 0; -EBADMSG: no such text, or damaged; -EPROTONOSUPPORT: another version; -EFBIG: too many
 * records or bytes; -ENOMEM. On error the state is empty.
 */
int state_parse(struct state *state, const char *text, size_t len);

#endif
