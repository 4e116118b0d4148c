/*
 * verdict: what is wrong with a counter, in words, and what to do about it
 *
 * A counter is watched for some updates; what was seen are its facts. From these, and from what the other counters did
 * meanwhile, comes one verdict with its level and the next step. Pure: no clock, no I/O, no output.
 */
#ifndef VM_ENERGY_VERDICT_H
#define VM_ENERGY_VERDICT_H

#include "core/clock.h"
#include "core/meter.h"

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

/* ---- what was seen of a counter ---------------------------------------------------------------------------------- */

struct facts {
  uint64_t readings, updates;
  uint64_t growths; /* updates that added something */
  uint64_t resets;  /* how often it fell */
  uint64_t spikes;
  uint64_t pauses;        /* late updates of a steady writer */
  int64_t pause_ns;       /* by how much they were late, in sum */
  uint64_t returns;       /* after a reset, it was again at what it fell from, or above */
  uint64_t since_reset;   /* updates since the last one */
  uint64_t last_uj;       /* the counter */
  uint64_t fell_from_uj;  /* what the last reset began at; 0: it has returned */
  int error;              /* of the last reading */
  int64_t error_since_ns; /* mono_ns of the first reading in the present spell of errors */
  int64_t watched_ns;     /* between first reading and last */
  int64_t start_ns;
  bool stale;
  bool by_update;         /* its updates are dated by its file */
  bool has_age;           /* as in a sample */
  int64_t file_behind_ns; /* this clock less the time of its file, when that was new; set by the caller */
  int64_t age_ns, period_ns;
  bool has_power;
  double power_w;

  /* the first update for which host_j is known, and the last one, with what the host's counters showed then */
  struct facts_update {
    int64_t mono_ns; /* when the VM was updated */
    double energy_j;
    double host_j; /* interpolated between two looks */
  } first, last;
  int64_t looked_ns; /* at the last look: mono_ns, and what the host's counters showed */
  double looked_host_j;
};

/*
 * Takes in the next sample of the counter. All of *facts is zero before the first. host_j: see struct facts_update;
 * NAN: not yet known.
 */
void facts_note(struct facts *facts, const struct sample *sample, double host_j);

/* An exporter that was just started writes nothing for two of its periods: until then silence says nothing. */
#define VERDICT_WAIT_NS (12 * NS_PER_S)

/* True if watching on would tell nothing new. False for a silent counter: an update may come. */
bool facts_are_clear(const struct facts *facts);

/* True if it is not updated any more. */
bool facts_are_stale(const struct facts *facts);

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */

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

/* All VMs against the host. The strings are borrowed. */
struct comparison {
  int error;                 /* of the host's counters: 0, -ENOENT (there are none), or why they were not read */
  const char *what;          /* which zones of the host: "packages and DRAM" */
  const char *path;          /* the host's counter that was not read, as a word for a shell; may be NULL */
  const char *access_remedy; /* denied: the command that helps; may be NULL */
  bool named;                /* the user named the host's counters */
  bool guest;                /* this is no host */
  bool partial;              /* not all VMs are looked at, as --vm says */
  double factor;             /* the scale that the VMs' energies have */
  size_t counted, alive;     /* VMs whose energy is in vms_w, of those that are updated */
  uint64_t pauses;           /* of their writer */
  double vms_w, host_w;
  int64_t first_ns, last_ns; /* the time that host_w is the mean of; its energies then */
  double first_host_j, last_host_j;
};

/* Takes in a counter that is well enough to be updated. Before the first one the numbers of *comparison are zero. */
void comparison_add(struct comparison *comparison, const struct facts *facts);

/* host_w is set from what was added. */
void verdict_of_host(struct comparison *comparison, struct verdict *verdict);

#endif
