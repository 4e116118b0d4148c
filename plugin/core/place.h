/*
 * place: one path or pattern, and the files that it finds now
 *
 * Patterns are those of fnmatch(3): `*`, `?` and `[...]`, never across a '/'; they also match names that begin with a
 * dot. The part before the first component with a wildcard, the root, was written by the operator and may lead through
 * symbolic links; below it no link is followed, except in sysfs.
 *
 * A literal path is one file that is always found, whether it exists or not.
 *
 *   place_search()   finds; opens the root
 *   place_close()    closes the root, so that no mount is kept busy
 *
 * Bounded: below one directory that the first wildcard matched, at most 200,000 entries are listed, and the first
 * 10,000 files by name are found.
 *
 * Tests: tests/check_source.c.
 */
#ifndef VM_ENERGY_PLACE_H
#define VM_ENERGY_PLACE_H

#include "look.h"

#include <stdbool.h>
#include <stddef.h>

struct place;

/* Callbacks for files found and no longer found. */
struct place_user {
  /* A file was found. path is valid until lost(). Returns the user's data of it; NULL: no memory, called again. */
  void *(*found)(struct place *place, const char *path, void *arg);
  /* The file is no longer found. */
  void (*lost)(void *own, void *arg);
  void *arg;
};

/*
 * A relative text begins in the current directory. A text with wildcards that names an existing file is a path, unless
 * the pattern matches that name, too (a VM called "*" does not hide the others). 0 and *place, -EINVAL (empty, or
 * contains no file name), -ENOMEM, or -errno of getcwd.
 */
int place_new(const char *path_or_pattern, struct place **place);

/* Calls lost() for each file. NULL is fine. */
void place_free(struct place *place, const struct place_user *user);

/* True if the text has a wildcard. */
bool place_has_wildcard(const char *text);

/*
 * Finds files. If the root is on a local mount and unchanged, and the pattern has one component with wildcards, that is
 * one stat; else directories are listed. A file counts as found until its directory is listed without it, or until a
 * check after place_recheck() or a change of the mount table.
 *
 * A directory without permission is skipped: its files are lost. One that cannot be listed for lack of descriptors or
 * memory, or because of a failing disk, keeps its files. 0, -ENOMEM, or the first error of a directory other than
 * -ENOENT and -ENOTDIR: see place_error_dir(). -E2BIG, if there is no other: more files than the limit.
 */
int place_search(struct place *place, const struct mounts *mounts, const struct place_user *user);

/* The directory of the error of place_search(); NULL: none, or no memory. Valid until the next search. */
const char *place_error_dir(const struct place *place);

void place_close(struct place *place);

/* The next search checks that each file still exists. */
void place_recheck(struct place *place);

/* Sorted by path. NULL: found() had no memory, or the name has no file. */
size_t place_count(const struct place *place);
void *place_at(const struct place *place, size_t index);

/* True if it is a pattern. */
bool place_is_pattern(const struct place *place);

/*
 * Locates the file of this path, as passed to found(), between place_search() and place_close(). 0, or -errno of
 * opening the root.
 */
int place_file(const struct place *place, const char *path, const struct mounts *mounts, struct look_file *file);

#endif
