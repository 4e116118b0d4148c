/*
 * access: why a file may not be read, and the command that helps
 */
#ifndef VM_ENERGY_ACCESS_H
#define VM_ENERGY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#define ACCESS_TEXT_MAX 1024

struct access_fault {
  char closed[ACCESS_TEXT_MAX];  /* "/var/lib/x is drwx------ root:root": what is closed on the way */
  char open_it[ACCESS_TEXT_MAX]; /* what opens it, for a shell */
};

/*
 * Looks for the first part of path that this process may not enter, list or read. list: path is a directory that is to
 * be listed. False: nothing on the way is closed to it, or what is cannot be told.
 */
bool access_explain(const char *path, bool list, struct access_fault *fault);

/*
 * The text as a word of a shell: as it is, or in quotes. What harms a terminal is replaced, so the word of such a name
 * does not name the file any more. Ends early where out is too small.
 */
void access_shell_word(const char *text, char *out, size_t size);

#endif
