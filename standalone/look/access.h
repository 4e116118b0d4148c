/*
 * access: why a file cannot be read, or shows old content, and what helps
 */
#ifndef VM_ENERGY_ACCESS_H
#define VM_ENERGY_ACCESS_H

#include <stdbool.h>

struct access_fault {
  char *obstacle; /* "/var/lib/x is drwx------ root:root": the closed part of the path */
  char *remedy;   /* a command for a shell, or what else helps */
};

/*
 * Finds the first part of path, which is absolute, that this process may not enter, list or read. list: path is a
 * directory to be listed. True: *fault has both texts, for access_fault_free(). False: every part is open, or the fault
 * cannot be described; *fault is unchanged.
 */
bool access_explain(const char *path, bool list, struct access_fault *fault);

void access_fault_free(struct access_fault *fault);

/* A mount that may show old content. */
struct access_cache {
  const char *what;   /* "9p with cache=loose" */
  const char *remedy; /* "mount it with cache=none" */
};

/* NULL: the mount of path, an existing file, caches nothing, or is unknown. table: as /proc/self/mounts. */
const struct access_cache *access_find_cache(const char *table, const char *path);

#endif
