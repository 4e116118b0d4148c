/*
 * label: the name of a VM in every output
 *
 * Tenants choose names, and one bad name must not affect the values of others: an invalid UTF-8 name fails a whole
 * Prometheus scrape, a newline breaks collectdctl for all. So a label is made safe once, here, for every sink.
 *
 * Three steps, each a function: the raw name from the path, the safe name, the unique label in a set. A safe name
 * depends on the raw name alone: no tenant can rename the series of another. The caller frees what is returned as
 * char *.
 */
#ifndef VM_ENERGY_LABEL_H
#define VM_ENERGY_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* The limit of collectdctl and libcollectdclient: LCC_NAME_LEN is 64 with its NUL. */
#define LABEL_MAX_COLLECTD 63

/* For files and reports of the tool: leaves room in a file name (255 bytes) for prefix and suffix. */
#define LABEL_MAX_FILE 180

/* How many removed paths of a set keep their label and user. */
#define LABEL_AWAY_MAX 10000

/*
 * The raw name. A zone is a directory intel-rapl:N, or a subzone intel-rapl:N:M.
 *
 * - /var/scaphandre/<zone>/<file>, the path in a guest: host, the guest's host name. If that is unknown (NULL or
 *   empty), the rules below give "scaphandre".
 * - scaphandre/<name>/...: <name>, unless it is a zone. Of several "scaphandre" directories the first one followed by
 *   Scaphandre's layout (<name>/energy_uj or <name>/intel-rapl:N/energy_uj) wins, else the first. In the second layout
 *   a zone is accepted as <name>: a VM may have such a name.
 * - Otherwise the directory that holds the file. If that is a zone, the nearest directory above that is no zone, except
 *   below class/powercap or virtual/powercap, the host's own counters.
 *
 * So VMs without a name, which Scaphandre merges in scaphandre/intel-rapl:0/energy_uj, are "scaphandre". "." and empty
 * components are ignored. A path without a directory gives the name of the file. NULL: out of memory.
 */
char *label_from_path(const char *path, const char *host);

/*
 * The safe name: valid UTF-8 without control characters (C0, DEL, C1), line and paragraph separators, bidirectional
 * formatting characters, '/' or ';' (Graphite parses what follows as a tag). Each of these, and each byte of invalid
 * UTF-8, becomes '_'. So does a first character that label_starts_badly() names. An empty name becomes "_".
 *
 * A name without such characters is returned unchanged. A changed name ends in a mark: '_' and eight hexadecimal
 * digits, six of a hash of the raw name and two of a checksum of all before them: "a;b" is "a_b_c6358cdd". A name that
 * already ends in a valid mark counts as changed and gets a mark of its own. So a changed name never equals an
 * unchanged one. The hash is no secret: a tenant can find two raw names with the same safe name, which a set treats as
 * duplicates. NULL: out of memory.
 */
char *label_make_safe(const char *raw);

/*
 * True if the first character makes the text dangerous: '.' could be "..", or hide a file; '-' looks like an option; a
 * spreadsheet takes a cell for a formula that begins with '-', '=', '+', '@' or white space.
 */
bool label_starts_badly(const char *text);

/* True if no character of raw needs replacement. */
bool label_is_safe(const char *raw);

/*
 * Makes text from outside, such as a path, fit for a log line or a terminal: as label_make_safe(), but keeps '/', ';'
 * and the first character, and adds no mark. In place, or a copy. NULL: out of memory.
 */
void label_make_printable(char *text);
char *label_printable(const char *text);

/*
 * Cuts a text of more than max bytes (max >= 16) at a character boundary. It then ends in a mark of the whole text, so
 * that two long names with a common head stay distinct. NULL: out of memory.
 */
char *label_cut(const char *safe, size_t max);

/*
 * Labels of paths, each unique: the safe name, cut to fit. Only paths with the same safe name depend on their order:
 * the first gets it; each later one also gets the rest of its path, "vm-001_intel-rapl:1"; if that is empty or taken,
 * the part of the path before the name; then a mark of the path. (A VM whose name is the label of an earlier
 * duplicate is a duplicate, too.)
 *
 * A path keeps its label for the life of the set. That of a removed path stays reserved, so that a VM that comes back
 * has the same label. At most LABEL_AWAY_MAX are reserved; the one removed first is dropped first. Each operation takes
 * O(log n).
 */
struct labels;

/*
 * max: the longest label in bytes, at least 16. host: as in label_from_path(), copied. free_user() gets the user of a
 * path that is dropped, unless it is NULL. NULL: out of memory.
 */
struct labels *labels_new(size_t max, const char *host, void (*free_user)(void *user));

/* Drops all. NULL is fine. */
void labels_free(struct labels *set);

/*
 * The label of path, the same on each call. Owned by the set, valid until labels_remove() or labels_free().
 * NULL: out of memory.
 */
const char *labels_add(struct labels *set, const char *path);

/* Removes the path with this label. The label stays reserved for it. Unknown or removed labels are ignored. */
void labels_remove(struct labels *set, const char *label);

/* The caller's data of a path in the set, also while that is removed; NULL at first. */
void **labels_user(struct labels *set, const char *label);

#endif
