/*
 * selection: the wanted VMs, by the convention of collectd.conf(5), IGNORELISTS
 *
 * A list of names and regular expressions. "name" is the whole name, case-sensitive; "/regex/" is an extended regular
 * expression that matches anywhere in the name. An empty list selects all, else only names that match are selected, or,
 * inverted, only those that do not match. (collectd links its ignorelist into its own plugins; no library has it.)
 */
#ifndef VM_ENERGY_SELECTION_H
#define VM_ENERGY_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

struct selection;

/* NULL: out of memory. */
struct selection *selection_new(void);
void selection_free(struct selection *selection);

/*
 * 0, -EINVAL (empty, a name with a slash, an invalid regular expression, or one that repeats too much), or -ENOMEM. On
 * error the list is unchanged.
 */
int selection_add(struct selection *selection, const char *text);

/*
 * False: the extended regular expression costs too much and must not be compiled. regcomp(3) of glibc copies x for x+
 * and x{m,n}, and walks through x* once more for each repetition around it, so that "x++++...", or {99} of {99} of
 * {99}, takes more memory or time than there is.
 */
bool selection_can_afford(const char *pattern);

/* Why the last selection_add() returned -EINVAL, in words. Borrowed; "" if it did not. */
const char *selection_fault(const struct selection *selection);

/* true: names that match are ignored (IgnoreSelected). false, the default: they are wanted. */
void selection_invert(struct selection *selection, bool ignore_selected);

/* 1: wanted, 0: not, or -ENOMEM. Notes which entries matched. */
int selection_wants(struct selection *selection, const char *name);

/* The text of the first entry from *index on that matched no name yet, moving *index past it; NULL: none. Borrowed. */
const char *selection_unmatched(const struct selection *selection, size_t *index);

#endif
