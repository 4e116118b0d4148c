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
 * Checks the paths and patterns before anything is measured. Returns STATUS_DONE; STATUS_USAGE: a path is no file or a
 * pattern matches none (only a warning if counters may come, as with --long); STATUS_FAILED: a system error. The error
 * has been printed.
 */
int inputs_check(const struct options *options);

/* Makes the sampler of the inputs, without a pass; the sinks are borrowed, as by sampler_new(). 0 or -errno. */
int inputs_sampler(const struct options *options, struct sink *const *sinks, size_t count, struct sampler **sampler);

/*
 * After the first pass: reports what could not be searched, which --vm matched no VM, and the places if there is no
 * counter at all. True if the run can continue: there is a counter, or one may come.
 */
bool inputs_report_search(const struct sampler *sampler, const struct options *options);

/* After the first pass: true if there are counters, and --vm or --ignore-selected leaves none of them. */
bool inputs_selects_none(void);

/* After the first pass: reports which --vm matched no VM; as an error if none is selected. */
void inputs_report_unmatched(const struct options *options);

/* The path as the user would write it: relative if an input was. A part of path, or path itself. */
const char *inputs_display_path(const char *path);

/* Reports that the counter at path has no value. when: "at the start", "at the end". */
void inputs_report_unread(const char *path, const char *when, int error);

#endif
