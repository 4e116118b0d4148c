/*
 * place: one path or pattern, and the files that it finds now
 *
 * Patterns are those of fnmatch(3): `*`, `?` and `[...]`, never across a '/'; they match names that begin with a dot,
 * too. The part before the first component with a wildcard was written by the operator and may lead through symbolic
 * links; from there on no link is followed, except those that lie in sysfs.
 *
 * A path that was written out is one file that is always found, whether it exists or not.
 *
 *   place_search()   finds; opens the root
 *   place_close()    closes the root, so that no mount is kept busy
 *
 * Bounded: below one directory that the first wildcard matched, the first 10,000 files by name are found. Of a
 * directory with more than 200,000 entries the rest is not even listed.
 */
#ifndef VM_ENERGY_PLACE_H
#define VM_ENERGY_PLACE_H

#include "look.h"

#include <stdbool.h>
#include <stddef.h>

struct place;

/* Who is told what was found. */
struct place_user {
  /* A file was found. path is valid until it went. Returns the user's own for it, or NULL: no memory, tried again. */
  void *(*came)(struct place *place, const char *path, void *arg);
  /* It is no longer found. */
  void (*went)(void *own, void *arg);
  void *arg;
};

/*
 * A relative text is taken from the current directory of this moment. A text with wildcards that exists as a file to
 * the letter is a path, unless it matches itself (a VM called "*" does not hide the others).
 * 0 and *place, -EINVAL (empty, or contains no file name), -ENOMEM, or -errno of getcwd.
 */
int place_new(const char *path_or_pattern, struct place **place);

/* Calls went() for what is left. NULL is fine. */
void place_free(struct place *place, const struct place_user *user);

/* True if the text has a wildcard. */
bool place_has_wildcard(const char *text);

/*
 * Finds. Where nothing changed in the root of a pattern with one wildcard component, on a local mount, that is one
 * stat; else directories are listed. A file that was found stays so until its directory is listed without it, or until
 * place_doubt() or a change of the mount table had its existence checked.
 *
 * A directory that may not be listed is passed over (its files are then no longer found); one that cannot be for want
 * of descriptors or memory, or for a disk that fails, keeps the files that were found. 0, -ENOMEM, or the first error
 * of a directory other than -ENOENT and -ENOTDIR: see place_where(). -E2BIG, if there is no other: more files than are
 * taken.
 */
int place_search(struct place *place, const struct mounts *mounts, const struct place_user *user);

/* The directory of the last error of place_search(); NULL: none, or no memory. Valid until the next search. */
const char *place_where(const struct place *place);

void place_close(struct place *place);

/* The next search checks that each file still exists. */
void place_doubt(struct place *place);

/* Sorted by path. NULL: came() had no memory, or the name has no file. */
size_t place_count(const struct place *place);
void *place_at(const struct place *place, size_t index);

/* True if it is a pattern. */
bool place_is_pattern(const struct place *place);

/*
 * Where the file of this path (as came() got it) is. 0 between place_search() and place_close(), else -errno: why the
 * last search could not open the root.
 */
int place_file(const struct place *place, const char *path, const struct mounts *mounts, struct look_file *file);

#endif
