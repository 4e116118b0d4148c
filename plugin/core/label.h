/*
 * label: what a VM is called in every output
 *
 * Tenants choose names, and one bad name must not cost others their values: an invalid UTF-8 name fails a whole
 * Prometheus scrape, a newline breaks collectdctl for all. So a label is made safe once, here, for every sink.
 *
 * Three steps, each a function: the raw name that the path tells, the safe name, and the unique label in a set.
 * All strings are NUL-terminated; those returned as char * are the caller's to free().
 */
#ifndef VM_ENERGY_LABEL_H
#define VM_ENERGY_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* The limit of collectdctl and libcollectdclient: LCC_NAME_LEN is 64 with its NUL. */
#define LABEL_MAX_COLLECTD 63

/* What the CSV files and reports of the tool use: leaves room in a file name (255 bytes) for prefix and ending. */
#define LABEL_MAX_FILE 180

/*
 * The raw name: in a path with a directory scaphandre/<name>/... it is <name>; otherwise the name of the directory that
 * holds the file. Of several "scaphandre" directories the first one whose remainder looks like what Scaphandre writes
 * (<name>/energy_uj or <name>/intel-rapl:.../energy_uj) wins, else the first. "." and empty components do not count.
 * A path without a directory gives the file's own name. NULL: out of memory.
 */
char *label_from_path(const char *path);

/*
 * The safe name: valid UTF-8 without control characters (C0, DEL, C1), line and paragraph separators, marks that turn
 * the direction of writing, '/' or ';' (Graphite takes what follows for a tag); each such character, or each byte that
 * is no valid UTF-8, becomes '_'. A leading '.' or '-' becomes '_' as well, so that no label is "..", hides a file or
 * looks like an option. An empty name becomes "_". NULL: out of memory.
 */
char *label_make_safe(const char *raw);

/* Whether label_make_safe() would return the same text. */
bool label_is_safe(const char *raw);

/*
 * Text from outside, such as a path, made fit to stand in a log line or on a terminal: what label_make_safe() replaces
 * becomes '_' here too, but '/', ';', and a leading '.' or '-' stay. NULL: out of memory.
 */
char *label_printable(const char *text);

/*
 * At most max bytes (max >= 16): a longer text is cut at a character boundary and ends in '_' and eight hexadecimal
 * digits of a hash over all of it, so that two long names with a common head stay two. NULL: out of memory.
 */
char *label_cut(const char *safe, size_t max);

/*
 * The labels in use, each once. The first path with a name gets the bare name; a later one gets the rest of its
 * path behind it: "vm-001_intel-rapl:1"; where that is nothing or taken too, what stands before the name in the path;
 * then a hash of the path; then a number. A label stays with its path until it is removed, whatever comes and goes.
 * To keep a tenant from taking another's name, add those whose raw name is safe as it is (label_is_safe) first.
 */
struct label_set;

/* max: the longest label in bytes, at least 16. NULL: out of memory. */
struct label_set *label_set_new(size_t max);
void label_set_free(struct label_set *set);

/* The label for path; owned by the set, valid until label_set_remove() or label_set_free(). NULL: out of memory. */
const char *label_set_add(struct label_set *set, const char *path);

/* Gives the label (as it was returned) back. */
void label_set_remove(struct label_set *set, const char *label);

#endif
