/*
 * verdict: what is wrong with a counter, in words, and what to do about it
 *
 * The facts of a counter, and what the other counters did meanwhile, make one verdict with its level and the next step.
 * Pure: no clock, no I/O.
 */
#ifndef VM_ENERGY_VERDICT_H
#define VM_ENERGY_VERDICT_H

#include "look/facts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By weight. A note is for the reader, and counts as OK. Unknown: it could not be checked. */
enum verdict_level { LEVEL_OK, LEVEL_NOTE, LEVEL_UNKNOWN, LEVEL_WARNING, LEVEL_CRITICAL };

/* "OK", "NOTE", "UNKNOWN", "WARNING", "CRITICAL" */
const char *verdict_level_name(enum verdict_level level);

/* Exit status of a monitoring check: 0, 0, 3, 1, 2. */
int verdict_level_status(enum verdict_level level);

enum verdict_kind {
  /* of a counter */
  VERDICT_GOOD,        /* updated, and it counts */
  VERDICT_FRESH,       /* not updated, but watched for less than a period */
  VERDICT_UNKNOWN,     /* no update seen, and another clock dates its file: not watched long enough */
  VERDICT_IDLE,        /* updated without energy: a true 0 W */
  VERDICT_OFF,         /* no longer updated, but others are */
  VERDICT_DEAD,        /* no longer updated, and no other is */
  VERDICT_RESET,       /* it fell, and continued from there */
  VERDICT_SPIKE,       /* it rose by more than is plausible */
  VERDICT_ALTERNATING, /* it falls and comes back: two counters in one file */
  VERDICT_MERGED,      /* VMs without a name, in one file */
  VERDICT_PASSED,      /* such a file that is no longer updated: a passing process */
  VERDICT_CLOCK,       /* updated, but dated by another clock */
  VERDICT_FROZEN,      /* no counter moves, and its mount may show old content */
  VERDICT_UNDATED,     /* no useful modification times, though it is no counter of the kernel */
  VERDICT_DENIED,      /* no permission */
  VERDICT_MISSING,     /* no such file */
  VERDICT_VANISHED,    /* its file was removed during the watch */
  VERDICT_LINK,        /* a symbolic link on the way */
  VERDICT_SPECIAL,     /* a directory, FIFO, device */
  VERDICT_EMPTY,       /* empty, and it stays so */
  VERDICT_NEWLINE,     /* a newline or space beside the number, and no update */
  VERDICT_NO_NUMBER,   /* something else in it */
  VERDICT_UNREADABLE,  /* any other error */
  /* of the search */
  VERDICT_NOTHING, /* no counter at all */
  /* of the host, see comparison.h */
  VERDICT_HOST_AGREES,
  VERDICT_HOST_LOW,        /* too little to decide whether a fifth is counted */
  VERDICT_HOST_FIFTH,      /* about a fifth */
  VERDICT_HOST_MORE,       /* the VMs have more than the host */
  VERDICT_HOST_NONE,       /* no counter of the host */
  VERDICT_HOST_DENIED,     /* no permission */
  VERDICT_HOST_UNCOMPARED, /* too few updates to compare */
  VERDICTS                 /* their number */
};

/* "good", "host-fifth": one word for machines. */
const char *verdict_name(enum verdict_kind kind);
enum verdict_level verdict_level(enum verdict_kind kind);

struct verdict {
  enum verdict_kind kind;
  char *text; /* what was seen */
  char *next; /* what to do; may be NULL */
  int error;  /* -ENOMEM: text or next is missing; else 0 */
};

void verdict_free(struct verdict *verdict);

/* Formats verdict->text or verdict->next, and replaces what it was. */
void verdict_put(struct verdict *verdict, char **text, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* True if watching on would change no verdict. False for a silent counter: an update may come. */
bool verdict_is_final(const struct facts *facts);

/*
 * What else is known. The strings are borrowed. The words for a shell, from shell_word(), become part of commands that
 * are pasted as root: they are made from the raw name and the whole path, not from what is shown.
 */
struct verdict_context {
  const char *domain; /* the VM as an argument of virsh, as a word for a shell */
  const char *path;   /* of its file, absolute, as a word for a shell */
  bool others_alive;  /* some counter is updated */
  int64_t silent_ns;  /* an older file is no longer updated, by the pace of the others; 0: unknown */
  bool partial;       /* --vm selects VMs */
  bool merged;        /* see places_is_merged() */
  bool kernel;        /* in sysfs */
  bool guest;         /* in a guest: the reader of the verdict cannot change the writer */
  bool others_grow;   /* some counter gains energy */
  bool vanished;      /* its file existed when the watch began */
  const char *cache;  /* see struct access_cache; NULL: none */
  const char *cache_remedy;
  bool spaced;               /* the file has more bytes than its number has digits */
  const char *obstacle;      /* if denied, see struct access_fault; may be NULL */
  const char *access_remedy; /* likewise */
};

/* The functions below set *verdict, which is for verdict_free(). */
void verdict_of_counter(const struct facts *facts, const struct verdict_context *context, struct verdict *verdict);

/* A directory of the search, context->path, could not be listed; context is else as for a counter. */
void verdict_of_search(int error, const struct verdict_context *context, struct verdict *verdict);

/* No counter in the places, a text. */
void verdict_of_nothing(const char *places, struct verdict *verdict);

/* --vm selects none of the counters in the places. */
void verdict_of_none_selected(const char *places, struct verdict *verdict);

#endif
