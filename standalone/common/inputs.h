/*
 * inputs: the counters that the user named, or the places of Scaphandre
 */
#ifndef VM_ENERGY_INPUTS_H
#define VM_ENERGY_INPUTS_H

#include "common/options.h"

#include "core/sampler.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks at the paths and patterns before anything is measured. STATUS_DONE, or STATUS_USAGE: a path is no file or a
 * pattern matches none, and the user was told which, and why. With --long a pattern may match none yet; that is a
 * warning. STATUS_FAILED: out of memory, told as well.
 */
int inputs_check(const struct options *options);

/*
 * Makes the sampler that reads them into the sinks (borrowed, as by sampler_new()). 0 or -errno. Nothing was looked at
 * yet.
 */
int inputs_sampler(const struct options *options, struct sink *const *sinks, size_t count, struct sampler **sampler);

/*
 * After the first pass: tells what could not be searched, which --vm matched no VM and, when there is no counter at
 * all, where none was found.
 * Returns whether the run can go on: there is a counter, or, with --long, one may come.
 */
bool inputs_report_search(const struct sampler *sampler, const struct options *options);

/* After the first pass: true if there are counters, and --vm with --ignore-selected leaves none of them. */
bool inputs_selects_none(void);

/* After the first pass: tells which --vm matched no VM, and that none is selected; an error, if none is. */
void inputs_report_unmatched(const struct options *options);

/* The path of a counter as the user would write it: relative, where the inputs were. Part of path, or path itself. */
const char *inputs_display_path(const char *path);

/* Tells that the counter at path has no value; when ("at the start", "at the end") and error say why. */
void inputs_report_unread(const char *path, const char *when, int error);

#endif
