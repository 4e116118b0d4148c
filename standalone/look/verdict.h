/*
 * verdict: what is wrong with a counter, in words, and what to do about it
 *
 * A counter is watched for some updates; what was seen are its facts. From these, and from what the other counters did
 * meanwhile, comes one verdict with its level and the next step. Pure: no clock, no I/O, no output.
 */
#ifndef VM_ENERGY_VERDICT_H
#define VM_ENERGY_VERDICT_H

#include "look/facts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of their weight. A note is for who reads it: as good as OK. Unknown: it could not be checked. */
enum verdict_level { LEVEL_OK, LEVEL_NOTE, LEVEL_UNKNOWN, LEVEL_WARNING, LEVEL_CRITICAL };

/* "OK", "NOTE", "UNKNOWN", "WARNING", "CRITICAL" */
const char *verdict_level_name(enum verdict_level level);

/* As monitoring checks end: 0, 0, 3, 1, 2. */
int verdict_level_status(enum verdict_level level);

enum verdict_kind {
  /* of a counter */
  VERDICT_GOOD,        /* updated, and it counts */
  VERDICT_FRESH,       /* not updated while it was watched, which was for less than a period */
  VERDICT_UNKNOWN,     /* no update was seen, and its file is dated by another clock: watched for too short a time */
  VERDICT_IDLE,        /* updated, by nothing: a true 0 W */
  VERDICT_OFF,         /* not updated any more, while others are */
  VERDICT_DEAD,        /* not updated any more, and no other is */
  VERDICT_RESET,       /* it fell, and went on from there */
  VERDICT_SPIKE,       /* it rose by more than can be */
  VERDICT_ALTERNATING, /* it falls and comes back: two counters in one file */
  VERDICT_MERGED,      /* VMs without a name, in one file */
  VERDICT_PASSED,      /* such a file that is not updated any more: a passing process */
  VERDICT_CLOCK,       /* updated, by a clock that differs from this one */
  VERDICT_FROZEN,      /* neither it nor any other moves, and its mount may show old content */
  VERDICT_UNDATED,     /* modification times say nothing, and this is no counter of the kernel */
  VERDICT_DENIED,      /* no permission */
  VERDICT_MISSING,     /* no such file */
  VERDICT_VANISHED,    /* its file was removed during the watch */
  VERDICT_LINK,        /* a symbolic link on the way */
  VERDICT_SPECIAL,     /* a directory, FIFO, device */
  VERDICT_EMPTY,       /* empty, and it stays so */
  VERDICT_NEWLINE,     /* a newline or space beside the number, and no updates */
  VERDICT_NO_NUMBER,   /* something else in it */
  VERDICT_UNREADABLE,  /* any other error */
  /* of the search */
  VERDICT_NOTHING, /* no counter at all */
  /* of the host: the energy of all VMs against that which Scaphandre shares out */
  VERDICT_HOST_AGREES,
  VERDICT_HOST_LOW,        /* too little to tell whether a fifth is counted */
  VERDICT_HOST_FIFTH,      /* about a fifth */
  VERDICT_HOST_MORE,       /* the VMs have more than the host */
  VERDICT_HOST_NONE,       /* no counter of the host */
  VERDICT_HOST_DENIED,     /* it may not be read */
  VERDICT_HOST_UNCOMPARED, /* too few updates to compare */
  VERDICTS                 /* how many there are */
};

/* "good", "host-fifth": one word for machines. */
const char *verdict_name(enum verdict_kind kind);
enum verdict_level verdict_level(enum verdict_kind kind);

struct verdict {
  enum verdict_kind kind;
  char *text; /* what was seen */
  char *next; /* what to do; NULL: nothing */
  int error;  /* -ENOMEM: text or next is missing; else 0 */
};

void verdict_free(struct verdict *verdict);

/* text: that or next, of the verdict; a second one replaces the first. */
void verdict_put(struct verdict *verdict, char **text, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* True if watching on would change no verdict. False for a silent counter: an update may come. */
bool verdict_is_final(const struct facts *facts);

/*
 * What else is known. The strings are borrowed. Those that are words for a shell, as shell_word() makes them, become
 * part of commands that are pasted as root: they are made of the raw name and the whole path, not of what is shown.
 */
struct verdict_context {
  const char *domain; /* the VM as an argument of virsh, as a word for a shell */
  const char *path;   /* of its file, absolute, as a word for a shell */
  bool others_alive;  /* some counter is updated */
  int64_t
      silent_ns; /* a file that is older is not updated any more, by the pace of the others; 0: their pace is unknown */
  bool partial;  /* others are not looked at, as --vm says */
  bool merged;   /* it lies where the VM's directory is missing from the path */
  bool kernel;   /* in sysfs */
  bool guest;    /* in a guest, which sees its own counter: who reads this has no hand in the writer */
  bool others_grow;          /* some counter is updated by more than nothing */
  bool vanished;             /* its file was there when the watch began */
  const char *cache;         /* a mount that may show old content: which; else NULL */
  const char *cache_remedy;  /* and what helps */
  bool spaced;               /* the file has more bytes than its number has digits */
  const char *obstacle;      /* denied: what is closed, and to whom; may be NULL */
  const char *access_remedy; /* denied: the command that helps; may be NULL */
};

/* Each function below sets the whole of *verdict, which is for verdict_free(). */
void verdict_of_counter(const struct facts *facts, const struct verdict_context *context, struct verdict *verdict);

/* A directory of the search, context->path, could not be listed; context is else as for a counter. */
void verdict_of_search(int error, const struct verdict_context *context, struct verdict *verdict);

/* There is no counter at all in the places, which are named in words. */
void verdict_of_nothing(const char *places, struct verdict *verdict);

/* There are counters in the places, and --vm selects none of them. */
void verdict_of_none_selected(const char *places, struct verdict *verdict);

#endif
