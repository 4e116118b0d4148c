/*
 * state_file: a state in a file; plugin/statefile.h is the sink that uses it
 *
 * At any moment the file is either the old one or the new one, whole. Tests: tests/check_state.c.
 */
#ifndef VM_ENERGY_STATE_FILE_H
#define VM_ENERGY_STATE_FILE_H

#include "state.h"

#include <stddef.h>

/* Locks <path>.lock, creating it, until the returned descriptor is closed. -EWOULDBLOCK: already locked; or -errno. */
int state_file_lock(const char *path);

/*
 * Fills an empty state. 0; as state_parse(); -ENOENT: no file; -EMEDIUMTYPE: not a regular file; -ELOOP: a symbolic
 * link, which is not followed; or -errno of open, fstat, read.
 */
int state_file_load(const char *path, struct state *state);

/*
 * Writes the text of a state to <path>.new-PID, mode 0600, syncs and renames it; removes an old <path>.new-PID first. 0
 * or -errno; on error the old file is there; if only the directory's sync failed, the new one. Waits for the disk,
 * which may take long. Does not change the text.
 */
int state_file_save(const char *path, char *text, size_t len);

/*
 * Renames the file to <path>.damaged, or <path>.damaged.2 and so on to STATE_FILE_ASIDE_MAX. Overwrites nothing if only
 * one process creates files of these names. 0 and the name in aside, or -errno; -EEXIST: all names exist.
 */
#define STATE_FILE_ASIDE_MAX 9
int state_file_set_aside(const char *path, char *aside, size_t size);

#endif
