/*
 * groups: which VMs are summed up together
 *
 * Either by a regular expression, whose first group in parentheses is the name of the group, or by a CSV file with the
 * columns label and group. A VM that does not match, or is not in the file, is in no group; nor is one whose group's
 * name is empty.
 */
#ifndef VM_ENERGY_GROUPS_H
#define VM_ENERGY_GROUPS_H

#include <regex.h>
#include <stdbool.h>

struct groups {
  bool has_regex;
  regex_t regex;
  struct groups_index *index; /* private; NULL: there are no groups */
};

/*
 * regex: POSIX extended; NULL: none. file: path; NULL: none. With neither, no VM is in a group. Returns a STATUS_...
 * and reports what is wrong. Call groups_close() only after STATUS_DONE.
 */
int groups_open(struct groups *groups, const char *regex, const char *file);

/*
 * The group of the VM of that label, as it is printed. Equal names are the same pointer, valid until groups_close().
 * NULL: it is in none; out of index, which has been reported, is no group either.
 */
const char *groups_find(const struct groups *groups, const char *label);

void groups_close(struct groups *groups);

#endif
