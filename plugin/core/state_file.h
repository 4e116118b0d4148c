/*
 * state_file: a state in a file
 *
 * The file is either the old one or the new one, whole, whatever happens meanwhile.
 */
#ifndef VM_ENERGY_STATE_FILE_H
#define VM_ENERGY_STATE_FILE_H

#include "state.h"

#include <stddef.h>

/*
 * Fills a state that is empty. 0; as state_parse(); -ENOENT: there is none; -EMEDIUMTYPE: it is no regular file;
 * -ELOOP: a symbolic link, which is not followed; or -errno of open, fstat, read.
 */
int state_file_load(const char *path, struct state *state);

/*
 * Writes <path>.new beside it, mode 0600, to the disk, and renames it. 0 or -errno; then the file is what it was,
 * unless only the directory could not be brought to the disk. A <path>.new that a killed process left is removed first.
 */
int state_file_save(const char *path, const struct state *state);

/*
 * Renames it to <path>.damaged, or <path>.damaged.2 and so on to STATE_FILE_ASIDE_MAX: nothing is overwritten. 0 and
 * the name in aside, or -errno; -EEXIST: there are too many.
 */
#define STATE_FILE_ASIDE_MAX 9
int state_file_set_aside(const char *path, char *aside, size_t size);

#endif
