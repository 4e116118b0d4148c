/*
 * source: paths and patterns -> the counters that exist now, each once
 *
 * A literal path is in the list whether it exists or not; a pattern contributes the files that it finds now (place.h).
 * One pass:
 *
 *   source_begin(s)              finds; reports each counter added or removed
 *   source_read(s, entry, ...)   for each entry in source_at(s, 0 .. source_count(s) - 1)
 *   source_end(s)                closes all directories
 *
 * Between source_end() and the next source_begin() no open descriptor keeps a mount busy. (The one for changes of the
 * mount table stays open.)
 *
 * For a file that is removed while its directory stays, source_read() returns -ENOENT; the entry leaves the list at the
 * next source_begin() unless the file is back.
 *
 * A path that two patterns find is one counter. So is a file that two paths lead to ("..", a symbolic link, a hard
 * link): after three passes in a row with the same mount, device, inode, number and time, the later one leaves the
 * list. It comes back when its path leads elsewhere or the other one is removed.
 */
#ifndef VM_ENERGY_SOURCE_H
#define VM_ENERGY_SOURCE_H

#include "counter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where Scaphandre's qemu exporter writes, now and in older guides, and where a guest sees its own counter. */
extern const char *const source_default_patterns[]; /* ends in NULL */

struct source;

struct source_entry {
  const char *path;  /* as found or as configured */
  const char *name;  /* the VM's safe name, which others may have too */
  const char *label; /* unique in this source, safe in every output */
  void *user;        /* the caller's data, NULL at first; kept while the counter is removed */
  bool by_pattern;   /* found by one */
};

struct source_options {
  const char *host; /* name of this host, for the counter of a guest; NULL: unknown. Borrowed, see label.h */
  size_t label_max; /* longest label in bytes, LABEL_MAX_... */
  /* 1 if the VM of this safe name is wanted, 0, or -errno: called again in the next pass. Called once per new counter.
     NULL: all are wanted. */
  int (*wanted)(const char *name, void *arg);
  /* Called in source_begin(); may be NULL. The entry is invalid after removed(). */
  void (*added)(struct source_entry *entry, void *arg);
  void (*removed)(struct source_entry *entry, void *arg);
  /* Gets the user of each counter dropped by LABEL_AWAY_MAX, and of each that is left in source_free(). */
  void (*free_user)(void *user);
  /* Called before removed() for an entry that is dropped because it is the same file as another. */
  void (*duplicate)(const struct source_entry *dropped, const struct source_entry *kept, void *arg);
  void *arg;
};

/* 0 and *source, or -ENOMEM. The options are copied. */
int source_new(const struct source_options *options, struct source **source);

/* Calls removed() for each entry. NULL is fine. */
void source_free(struct source *source);

/* Adds a path or a pattern, see place_new(). 0 or -errno. */
int source_add(struct source *source, const char *path_or_pattern);

/* True if the text has a wildcard, so that source_add() treats it as a pattern. */
bool source_is_pattern(const char *text);

/*
 * Finds counters without reading them. 0, or the first error of place_search() with the directory in *where (borrowed
 * until the next source_begin(); may be NULL); all else is searched nevertheless. -E2BIG only if there is no other.
 * -ENOMEM leaves a valid list.
 */
int source_begin(struct source *source, const char **where);

/*
 * 0, or -errno of reading the mount table in the last source_begin(); -ENOENT: /proc is not mounted. On any error
 * no mount is local: files are opened only the careful way, see look.h.
 */
int source_mounts_error(const struct source *source);

size_t source_count(const struct source *source);

/* In the order of source_add(), those of a pattern sorted by path. Valid until the next source_begin(). */
struct source_entry *source_at(const struct source *source, size_t index);

/* As counter_read(). Between source_begin() and source_end(). */
void source_read(struct source *source, struct source_entry *entry, int64_t *patience_ns, struct reading *reading);

/* As counter_read_range(), for a reading of source_read() in the same pass. */
void source_read_range(struct source *source, struct source_entry *entry, struct reading *reading);

/* Where the counter wraps, as last read; 0: it does not, or unknown. */
uint64_t source_range_uj(const struct source_entry *entry);

void source_end(struct source *source);

#endif
