/*
 * source: files and patterns -> the counters that exist now
 *
 * VMs come and go. A source knows paths that were written out (they stay in the list whether they exist or not) and
 * patterns (what matches now is in the list). One pass:
 *
 *   source_begin(s)              look what is there; tells of each counter that came or went
 *   source_read(s, entry, ...)   for each entry in source_at(s, 0 .. source_count(s) - 1)
 *   source_end(s)                close all directories
 *
 * Between source_end() and the next source_begin() nothing is open of what is there, so no mount is kept busy.
 *
 * Patterns are those of fnmatch(3) with FNM_PATHNAME | FNM_PERIOD: `*`, `?` and `[...]`, never across a '/'. The part
 * before the first component with a wildcard was written by the operator and may lead through symbolic links; from
 * there on no link is followed, except those that lie in sysfs (its class directories are made of links).
 */
#ifndef VM_ENERGY_SOURCE_H
#define VM_ENERGY_SOURCE_H

#include "counter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where Scaphandre's qemu exporter writes, now and in older guides. For a source without a path of its own. */
extern const char *const source_default_patterns[]; /* ends in NULL */

struct source;

struct source_entry {
  const char *path;  /* whole path, as found or as written out */
  const char *name;  /* the VM's safe name, before it was made unique */
  const char *label; /* unique in this source, safe in every output */
  bool found;        /* by a pattern */
  void *user;        /* the consumer's own, NULL at first */
  struct source_private *priv;
};

struct source_options {
  size_t label_max; /* longest label in bytes, LABEL_MAX_... */
  /* Whether the VM of this safe name is wanted: 1, 0, or -errno, then asked again in the next pass. NULL: all. Asked
     once when a counter comes. */
  int (*wanted)(const char *name, void *arg);
  /* Called in source_begin(); may be NULL. The entry is valid during removed(), and no longer. */
  void (*added)(struct source_entry *entry, void *arg);
  void (*removed)(struct source_entry *entry, void *arg);
  void *arg;
};

/* 0 and *source, or -ENOMEM. The options are copied. */
int source_new(const struct source_options *options, struct source **source);

/* Calls removed() for what is left. NULL is fine. */
void source_free(struct source *source);

/*
 * Adds a path or a pattern. A text with wildcards that exists as a file to the letter is a path, unless it matches
 * itself (a VM called "*" does not hide the others). A relative one is taken from the current directory of this moment.
 * What is named twice is read once.
 * 0, -EINVAL (empty, or contains no file name), -ENOMEM, or -errno of getcwd.
 */
int source_add(struct source *source, const char *path_or_pattern);

/* Whether the text has a wildcard, so that source_add() takes it for a pattern. */
bool source_is_pattern(const char *text);

/*
 * Looks what is there. A directory that may not be listed is passed over (its counters are then gone); one that cannot
 * be for want of descriptors or memory, or for a disk that fails, keeps the counters that were known. The first such
 * failure other than -ENOENT and -ENOTDIR is returned with its path in *where (borrowed, valid until the next
 * source_begin(); may be NULL), after everything else was looked at. 0: all went well. -ENOMEM leaves a valid list.
 */
int source_begin(struct source *source, const char **where);

size_t source_count(const struct source *source);

/* In the order of source_add(), those of a pattern sorted by path. Valid until the next source_begin(). */
struct source_entry *source_at(const struct source *source, size_t index);

/*
 * As counter_read(), with range_uj filled in (read when the counter appears). What was found in an earlier pass was
 * already read by source_begin(), which so sees that it is still there.
 */
void source_read(struct source *source, struct source_entry *entry, int64_t *patience_ns, struct reading *reading);

void source_end(struct source *source);

#endif
