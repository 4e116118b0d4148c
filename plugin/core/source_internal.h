/*
 * Between source.c, which knows what counters there are, and source_search.c, which looks for them. Not for others.
 */
#ifndef VM_ENERGY_SOURCE_INTERNAL_H
#define VM_ENERGY_SOURCE_INTERNAL_H

#include "label.h"
#include "source.h"

/*
 * A counter that is known: one that a pattern found, or one that was written out. What each pass needs stands first:
 * with thousands of counters the memory that is touched costs as much as the kernel does.
 */
struct source_private {
  struct source_entry entry; /* its path and name are in texts */
  struct place *place;
  const char *relative; /* the part of entry.path that is relative to the place's root */
  struct counter_memory memory;
  int error;    /* of the look at it in this pass */
  bool owner;   /* in the tree of paths; another place may find the same path and has a member for it, too */
  bool listed;  /* false: not wanted, or not the owner */
  bool seen;    /* in this pass */
  bool fresh;   /* not welcomed yet */
  bool glanced; /* memory and error are of this pass, and no second try may do better */
  bool range_known;
  uint64_t range_uj;
  char texts[]; /* path and name */
};

/* A path or a pattern as it was added. */
struct place {
  char *root;                      /* the directory before the first wildcard; NULL: a path that was written out */
  char *rest;                      /* the pattern below it */
  int root_fd;                     /* open from source_begin() to source_end(), else -1 */
  bool guarded;                    /* only root and we can change what is in root */
  int blind;                       /* -errno of a search that this pass could not finish; 0: it did */
  struct source_private **members; /* sorted by relative path */
  size_t members_num, members_size;

  /*
   * Of a pattern with one wildcard component, which is searched in root alone: as long as root's stamp stays what it
   * was, there can be no counters but the members and the absent.
   */
  bool one_level;
  bool listed; /* the rest holds */
  struct stamp stamp;
  char **absent; /* what matched in root, but without a file */
  size_t absent_num, absent_size;
};

struct source {
  struct source_options options;
  struct label_set *labels;
  struct place **places;
  size_t places_num;
  void *paths; /* tree of the members by path, each path once */
  struct source_entry **entries;
  size_t entries_num;
  bool released; /* an owner went; another member may have the same path */
  bool changed;  /* members came or went, so entries is to be made anew */

  /* of the pass */
  char **names; /* relative paths that a pattern finds now */
  size_t names_num, names_size;
  size_t fresh_num; /* members that wait for their welcome */
  int error;
  char *error_where;
};

/* Makes room for one more item. 0 or -ENOMEM. */
int source_grow(void *items, size_t *size, size_t num, size_t item_size);

/* "a/b"; an empty a gives b alone. To be freed; NULL: no memory. */
char *source_join(const char *a, const char *b);

bool source_has_wildcard(const char *text, size_t len);

/* A counter that was not there before. It gets its label later, when all that is new is known. 0 or -ENOMEM. */
int source_member_new(struct source *source, struct place *place, const char *relative);
void source_member_remove(struct source *source, struct source_private *member);

/* Where the counter is, for counter.h. */
struct counter_file source_file_of(struct source_private *member);

/*
 * Looks what a place has now: adds and removes members, opens its root. 0 or -ENOMEM. What went wrong with a directory
 * is in source->error.
 */
int source_search(struct source *source, struct place *place);

void source_forget_absent(struct place *place);

#endif
