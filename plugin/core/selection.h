/*
 * selection: which VMs, by the convention of collectd.conf(5), IGNORELISTS
 *
 * A list of names and regular expressions. "name" is the whole name, in this very case; "/regex/" is an extended
 * regular expression that matches anywhere in the name. An empty list wants all. Otherwise what matches is wanted and
 * nothing else, or, inverted, what matches is not wanted and all else is. (collectd links its own ignorelist into each
 * of its plugins and ships it in no library.)
 */
#ifndef VM_ENERGY_SELECTION_H
#define VM_ENERGY_SELECTION_H

#include <stdbool.h>

struct selection;

/* NULL: out of memory. */
struct selection *selection_new(void);
void selection_free(struct selection *selection);

/* 0, -EINVAL (empty, or no regular expression), or -ENOMEM. */
int selection_add(struct selection *selection, const char *text);

/* true: what matches is ignored (IgnoreSelected). false, and at first: what matches is wanted. */
void selection_invert(struct selection *selection, bool ignore_selected);

/* 1, 0, or -ENOMEM: there was no memory to tell. */
int selection_wants(const struct selection *selection, const char *name);

#endif
