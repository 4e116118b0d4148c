/*
 * access: why a file may not be read, and the command that helps
 */
#ifndef VM_ENERGY_ACCESS_H
#define VM_ENERGY_ACCESS_H

#include <stdbool.h>

struct access_fault {
  char *closed;  /* "/var/lib/x is drwx------ root:root": the part that is closed */
  char *open_it; /* the command that opens it, to be pasted into a shell; or what else helps */
};

/*
 * Looks for the first part of path, which is absolute, that this process may not enter, list or read. list: path is a
 * directory that is to be listed. True: *fault has both texts, for access_fault_free(). False: every part is open, or
 * the fault cannot be described; *fault is untouched.
 */
bool access_explain(const char *path, bool list, struct access_fault *fault);

void access_fault_free(struct access_fault *fault);

#endif
