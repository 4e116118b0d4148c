/*
 * places: where `check` looks for counters, and what a path in them says
 *
 * Tests: tests/cli/check_check.sh.
 */
#ifndef VM_ENERGY_PLACES_H
#define VM_ENERGY_PLACES_H

#include "common/options.h"

#include "core/sampler.h"

#include <stdbool.h>
#include <stddef.h>

/* Returns how many there are: the patterns and paths that the user named, or the places of Scaphandre. Borrowed. */
size_t places_get(const struct options *options, const char *const **places);

/* Adds the patterns of counters whose VM has no name. 0 or -errno. */
int places_add_nameless(const struct options *options, struct sampler *sampler);

/* True if the directory of the VM is missing from the path, as it has no name: ROOT//intel-rapl:0/energy_uj. */
bool places_is_merged(const struct options *options, const char *path);

bool places_is_of_kernel(const char *path);

/* True if a guest sees its own counter there. */
bool places_is_of_guest(const char *path);

/* True if the directory is that of a VM, or below it, and --vm does not select the VM. */
bool places_is_unselected(const struct options *options, const char *directory);

#endif
