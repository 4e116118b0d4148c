/*
 * inputs: the counters that the user named, or the places of Scaphandre
 */
#ifndef VM_ENERGY_INPUTS_H
#define VM_ENERGY_INPUTS_H

#include "options.h"

#include "core/sampler.h"

/*
 * Looks at the paths and patterns before anything is measured. STATUS_DONE, or STATUS_USAGE: a path is no file or a
 * pattern matches none, and the user was told which, and why. STATUS_FAILED: out of memory, told as well.
 */
int inputs_check(const struct options *options);

/* Adds them to the sampler. 0 or -errno. */
int inputs_add(struct sampler *sampler, const struct options *options);

/* Tells where no counter was found, and what could not be searched. */
void inputs_tell_none(const struct sampler *sampler, const struct options *options);

/* Tells that the counter at path has no value; when ("at the start", "at the end") and error say why. */
void inputs_tell_unread(const char *path, const char *when, int error);

#endif
