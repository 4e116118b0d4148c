/*
 * groups: which VMs are summed up, for --group-by and --groups
 *
 * By a regular expression, whose first part in parentheses is the name of the group, or by a CSV file with the columns
 * label and group. A VM that does not match, is not in the file, or has an empty group's name is in no group.
 */
#ifndef VM_ENERGY_GROUPS_H
#define VM_ENERGY_GROUPS_H

#include <regex.h>
#include <stdbool.h>

struct groups {
  bool has_regex;
  regex_t regex;
  struct groups_index *index; /* private; NULL: no groups */
};

/*
 * regex (POSIX extended) or path of the file; NULL: none. Returns a STATUS_...; errors have been printed. Call
 * groups_close() only after STATUS_DONE.
 */
int groups_open(struct groups *groups, const char *regex, const char *file);

/*
 * The printable name of the VM's group. Equal names are the same pointer, valid until groups_close(). NULL: none, or
 * out of memory, which has been printed.
 */
const char *groups_find(const struct groups *groups, const char *label);

void groups_close(struct groups *groups);

#endif
