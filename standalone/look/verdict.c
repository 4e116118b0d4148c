#include "look/verdict.h"

#include "common/show.h"

#include "core/counter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A writer is between truncate and write for microseconds; content that is wrong for longer stays wrong. */
#define ERROR_SPELL_NS NS_PER_S

/* A counter that is new at each reading takes a few readings. */
#define READINGS_ENOUGH 4

/* A second counter shows up within so many updates after a reset. */
#define UPDATES_TO_RETURN 3

static const struct {
  const char *name;
  enum verdict_level level;
} kinds[VERDICTS] = {
    [VERDICT_GOOD] = {"good", LEVEL_OK},
    [VERDICT_FRESH] = {"fresh", LEVEL_OK},
    [VERDICT_UNKNOWN] = {"unknown", LEVEL_UNKNOWN},
    [VERDICT_IDLE] = {"idle", LEVEL_OK},
    [VERDICT_OFF] = {"off", LEVEL_WARNING},
    [VERDICT_DEAD] = {"dead-writer", LEVEL_CRITICAL},
    [VERDICT_RESET] = {"reset", LEVEL_WARNING},
    [VERDICT_SPIKE] = {"spike", LEVEL_WARNING},
    [VERDICT_ALTERNATING] = {"alternating", LEVEL_CRITICAL},
    [VERDICT_MERGED] = {"merged", LEVEL_WARNING},
    [VERDICT_PASSED] = {"passed", LEVEL_NOTE},
    [VERDICT_CLOCK] = {"clock", LEVEL_WARNING},
    [VERDICT_FROZEN] = {"frozen", LEVEL_WARNING},
    [VERDICT_UNDATED] = {"undated", LEVEL_WARNING},
    [VERDICT_DENIED] = {"denied", LEVEL_CRITICAL},
    [VERDICT_MISSING] = {"missing", LEVEL_CRITICAL},
    [VERDICT_VANISHED] = {"vanished", LEVEL_WARNING},
    [VERDICT_LINK] = {"link", LEVEL_CRITICAL},
    [VERDICT_SPECIAL] = {"special", LEVEL_CRITICAL},
    [VERDICT_EMPTY] = {"empty", LEVEL_CRITICAL},
    [VERDICT_NEWLINE] = {"newline", LEVEL_CRITICAL},
    [VERDICT_NO_NUMBER] = {"no-number", LEVEL_CRITICAL},
    [VERDICT_UNREADABLE] = {"unreadable", LEVEL_CRITICAL},
    [VERDICT_NOTHING] = {"nothing", LEVEL_CRITICAL},
    [VERDICT_HOST_AGREES] = {"host-agrees", LEVEL_OK},
    [VERDICT_HOST_LOW] = {"host-low", LEVEL_NOTE},
    [VERDICT_HOST_FIFTH] = {"host-fifth", LEVEL_WARNING},
    [VERDICT_HOST_MORE] = {"host-more", LEVEL_WARNING},
    [VERDICT_HOST_NONE] = {"host-none", LEVEL_NOTE},
    [VERDICT_HOST_DENIED] = {"host-denied", LEVEL_NOTE},
    [VERDICT_HOST_UNCOMPARED] = {"host-uncompared", LEVEL_NOTE},
};

const char *verdict_name(enum verdict_kind kind) {
  return kinds[kind].name;
}

enum verdict_level verdict_level(enum verdict_kind kind) {
  return kinds[kind].level;
}

const char *verdict_level_name(enum verdict_level level) {
  static const char *const names[] = {"OK", "NOTE", "UNKNOWN", "WARNING", "CRITICAL"};
  return names[level];
}

int verdict_level_status(enum verdict_level level) {
  static const int statuses[] = {0, 0, 3, 1, 2};
  return statuses[level];
}

/* ---- of a counter ------------------------------------------------------------------------------------------------ */

static enum verdict_kind kind_of_error(int error) {
  switch (-error) {
  case EACCES:
  case EPERM:
    return VERDICT_DENIED;
  case ENOENT:
  case ENOTDIR:
    return VERDICT_MISSING;
  case ELOOP:
    return VERDICT_LINK;
  case EISDIR:
  case EMEDIUMTYPE:
    return VERDICT_SPECIAL;
  case ENODATA:
    return VERDICT_EMPTY;
  case EINVAL:
  case EFBIG:
  case ERANGE:
    return VERDICT_NO_NUMBER;
  default:
    return VERDICT_UNREADABLE;
  }
}

bool verdict_is_final(const struct facts *facts) {
  if (facts->error != 0) {
    bool of_content = kind_of_error(facts->error) >= VERDICT_EMPTY; /* the other errors last */
    return !of_content || facts->start_ns + facts->watched_ns - facts->error_since_ns >= ERROR_SPELL_NS;
  }
  if (facts->resets > 0)
    return facts_alternate(facts) || facts->since_reset >= UPDATES_TO_RETURN;
  if (facts->stale)
    return facts->updates > 0;
  if (!facts->by_update)
    return facts->updates >= FACTS_UPDATES_ENOUGH || facts->readings >= READINGS_ENOUGH;
  return facts->updates >= FACTS_UPDATES_ENOUGH && facts->last.mono_ns > facts->first.mono_ns;
}

/* True if its mount may show old content. */
static bool may_be_frozen(const struct facts *facts, const struct verdict_context *context) {
  return context->cache != NULL && !context->others_grow && facts->growths == 0 &&
         (facts->updates > 0 || facts->watched_ns >= FACTS_WAIT_NS);
}

/* True if the only sign of an update is the time of the file, by another clock. */
static bool is_unknown(const struct facts *facts) {
  return !facts->has_age && facts->by_update && facts->watched_ns < FACTS_WAIT_NS &&
         (facts->file_behind_ns > METER_STALE_FIRST_NS || facts->file_behind_ns < -FACTS_CLOCKS_APART_NS);
}

static enum verdict_kind judge(const struct facts *facts, const struct verdict_context *context) {
  if (context->vanished && kind_of_error(facts->error) == VERDICT_MISSING)
    return VERDICT_VANISHED;
  if (facts->error != 0)
    return kind_of_error(facts->error);
  if (context->spaced && !context->kernel && facts->updates == 0)
    return VERDICT_NEWLINE;
  bool silent = context->silent_ns > 0 && facts->updates == 0 && facts->by_update && facts->has_age &&
                facts->age_ns > context->silent_ns;
  bool stale = (facts_are_stale(facts) || silent) && !context->kernel;
  if (context->merged)
    return stale ? VERDICT_PASSED : VERDICT_MERGED;
  if (facts_alternate(facts))
    return VERDICT_ALTERNATING;
  if (stale)
    return context->others_alive ? VERDICT_OFF : VERDICT_DEAD;
  if (facts->spikes > 0)
    return VERDICT_SPIKE;
  if (facts->resets > 0)
    return VERDICT_RESET;
  if (!facts->by_update && !context->kernel)
    return VERDICT_UNDATED;
  if (may_be_frozen(facts, context))
    return VERDICT_FROZEN;
  if (facts->updates == 0 && context->kernel)
    return VERDICT_IDLE;
  if (facts->updates == 0)
    return is_unknown(facts) ? VERDICT_UNKNOWN : VERDICT_FRESH;
  if (facts_clocks_differ(facts))
    return VERDICT_CLOCK;
  return facts->growths > 0 ? VERDICT_GOOD : VERDICT_IDLE;
}

void verdict_put(struct verdict *verdict, char **text, const char *format, ...) {
  va_list arguments;
  free(*text);
  va_start(arguments, format);
  if (vasprintf(text, format, arguments) < 0) {
    *text = NULL;
    verdict->error = -ENOMEM;
  }
  va_end(arguments);
}

#define TEXT(...) verdict_put(verdict, &verdict->text, __VA_ARGS__)
#define NEXT(...) verdict_put(verdict, &verdict->next, __VA_ARGS__)

void verdict_free(struct verdict *verdict) {
  free(verdict->text);
  free(verdict->next);
}

static void describe_error(const struct facts *facts, const struct verdict_context *context, struct verdict *verdict) {
  const char *path = context->path;
  TEXT("%s", counter_error_text(facts->error));
  switch (verdict->kind) {
  case VERDICT_DENIED:
    TEXT("may not be read%s%s", context->obstacle != NULL ? ": " : "",
         context->obstacle != NULL ? context->obstacle : "");
    NEXT("%s", context->access_remedy != NULL ? context->access_remedy : "run vm_energy as a user who may read it");
    break;
  case VERDICT_MISSING:
    TEXT("there is no such file");
    NEXT("start Scaphandre's qemu exporter (scaphandre qemu), or correct the path");
    break;
  case VERDICT_VANISHED:
    TEXT("its file was removed during the watch: the VM ended, or its directory was created again");
    NEXT("nothing, if somebody removed it; a VM that is only off keeps its file");
    break;
  case VERDICT_LINK:
    NEXT("if you trust what it leads to (readlink -f %s), name that with --files", path);
    break;
  case VERDICT_SPECIAL:
    NEXT("see who made it (ls -ld %s), and remove it", path);
    break;
  case VERDICT_EMPTY:
    TEXT("stays empty: its writer ended between truncate and write, and Scaphandre ends when it finds such a file");
    NEXT("stop Scaphandre, and start it again afterwards; only while no exporter runs, as root: printf 0 >%s", path);
    break;
  case VERDICT_NO_NUMBER:
    NEXT("see what else writes to it: ls -l %s", path);
    break;
  default:
    NEXT("try to read it yourself: cat %s", path);
    break;
  }
}

/* Replaces steps that a guest cannot take. */
static void advise_guest(const struct verdict_context *context, struct verdict *verdict) {
  switch (verdict->kind) {
  case VERDICT_OFF:
  case VERDICT_DEAD:
    NEXT("see whether the share is mounted (findmnt -T %s); ask whoever runs the host whether Scaphandre's qemu "
         "exporter "
         "runs there",
         context->path);
    break;
  case VERDICT_MISSING:
    NEXT("mount the share of the host, read-only, at /var/scaphandre");
    break;
  case VERDICT_EMPTY:
  case VERDICT_NEWLINE:
  case VERDICT_NO_NUMBER:
  case VERDICT_RESET:
  case VERDICT_SPIKE:
  case VERDICT_ALTERNATING:
    NEXT("mount the share read-only, so that nothing in this guest writes to it; tell whoever runs the host, who can "
         "see the cause with vm_energy check");
    break;
  default:
    break;
  }
}

static void describe(const struct facts *facts, const struct verdict_context *context, struct verdict *verdict) {
  char pauses[160] = "", age[SHOW_NUMBER_MAX], number[SHOW_NUMBER_MAX], period[SHOW_NUMBER_MAX + 8] = "",
       power[SHOW_NUMBER_MAX + 8] = "";
  bool dated = facts->has_age || facts->updates > 0;
  show_age(dated                                       ? facts->age_ns
           : facts->file_behind_ns > facts->watched_ns ? facts->file_behind_ns
                                                       : facts->watched_ns,
           age);
  if (facts->period_ns > 0) {
    show_period(facts->period_ns, number);
    snprintf(period, sizeof(period), "every %s", number);
  }
  if (facts->has_power) {
    show_power(facts->power_w, number);
    snprintf(power, sizeof(power), "%s, ", number);
  }
  if (facts->pauses > 0 && facts->watched_ns > 0)
    snprintf(pauses, sizeof(pauses),
             "; the writer paused %" PRIu64
             " time%s, %.1f %% of the time: what was drawn then may be missing from the energy",
             facts->pauses, facts->pauses == 1 ? "" : "s", 100 * (double)facts->pause_ns / (double)facts->watched_ns);
  switch (verdict->kind) {
  case VERDICT_GOOD:
    TEXT("%s%s %s%s", power, context->kernel ? "counted by the kernel" : "updated", context->kernel ? "" : period,
         pauses);
    break;
  case VERDICT_FRESH:
    if (dated)
      TEXT("updated %s ago, and not since", age);
    else
      TEXT("not updated during the watch of %.1f s", (double)facts->watched_ns / 1e9);
    NEXT("nothing is wrong yet; watch longer with --duration to see its power");
    break;
  case VERDICT_UNKNOWN:
    show_age(facts->file_behind_ns > 0 ? facts->file_behind_ns : -facts->file_behind_ns, age);
    TEXT("not updated during the watch of %.1f s; the time of its file is %s %s this clock, so it may still be "
         "written",
         (double)facts->watched_ns / 1e9, age, facts->file_behind_ns > 0 ? "behind" : "ahead of");
    NEXT("watch longer with --duration 15");
    break;
  case VERDICT_IDLE:
    TEXT("0 W: updated %s, and nothing was added", context->kernel ? "by the kernel" : period);
    NEXT("right for an idle VM; else compare with the load inside %s", context->guest ? "this guest" : "the VM");
    break;
  case VERDICT_OFF:
    TEXT("not updated for %s, while others are: the VM is off, and its file is still there", age);
    NEXT("see whether it runs: virsh domstate %s; when it is off on purpose, leave it out with --vm and "
         "--ignore-selected; if it will not return, remove its directory, as Scaphandre does not; if its exporter is "
         "slower, set --stale-timeout",
         context->domain);
    break;
  case VERDICT_DEAD:
    if (context->cache != NULL)
      TEXT("not updated for %s: its mount shows old content (%s), or Scaphandre has stopped", age, context->cache);
    else if (context->guest)
      TEXT("not updated for %s: Scaphandre has stopped on the host", age);
    else
      TEXT("not updated for %s, and no other counter%s is: Scaphandre has stopped, or no VM is on", age,
           context->partial ? " that '--vm' selects" : "");
    NEXT("see whether it runs (pgrep -af 'scaphandre.* qemu'), and start it (scaphandre qemu); if it is "
         "slower, set --stale-timeout%s",
         facts->watched_ns < FACTS_WAIT_NS ? "; if it was just started, watch longer with --duration 15" : "");
    break;
  case VERDICT_PASSED:
    TEXT("not updated for %s: was that of a VM without a guest name, or of a process that only names qemu-system "
         "(tail -F qemu-system.log)",
         age);
    NEXT("nothing is wrong; remove its directory to get rid of this line");
    break;
  case VERDICT_FROZEN:
    if (facts->updates > 0)
      TEXT("0 W: the time of its file moves, its number does not: likely its mount shows an old one (%s)",
           context->cache);
    else
      TEXT("not updated for %s: likely its mount shows old content (%s)", age, context->cache);
    NEXT("%s; compare with the same file where it is written", context->cache_remedy);
    break;
  case VERDICT_CLOCK:
    show_age(facts->file_behind_ns > 0 ? facts->file_behind_ns : -facts->file_behind_ns, age);
    TEXT("%s%s %s; the times of its file are %s %s this clock: here and where it is written, the clocks differ", power,
         "updated", period, age, facts->file_behind_ns > 0 ? "behind" : "ahead of");
    NEXT("set both clocks (timedatectl): powers are right, but the times of captures are not those of the writer");
    break;
  case VERDICT_NEWLINE:
    TEXT("ends in a newline or a space, and is not updated: Scaphandre ends when it finds such a file");
    NEXT("stop Scaphandre, and start it again afterwards; only while no exporter runs, as root: printf %%s %" PRIu64
         " >%s",
         facts->last_uj, context->path);
    break;
  case VERDICT_RESET:
    TEXT("fell %" PRIu64 " time%s during the watch: energy right before is lost", facts->resets,
         facts->resets == 1 ? "" : "s");
    NEXT("normal once, when its directory was created again; if it goes on, find what else writes to %s",
         context->path);
    break;
  case VERDICT_SPIKE:
    TEXT("rose %" PRIu64 " time%s by more than a machine can draw", facts->spikes, facts->spikes == 1 ? "" : "s");
    NEXT("such a rise is left out; find what else writes to %s", context->path);
    break;
  case VERDICT_ALTERNATING:
    TEXT("falls and comes back: two counters alternate in one file (scaphandre issue 134)");
    NEXT("its values mean nothing; find the two writers of %s: pgrep -a scaphandre", context->path);
    break;
  case VERDICT_MERGED:
    TEXT("holds the sum of all VMs that QEMU was given no guest name for (scaphandre issue 222)");
    NEXT("start QEMU with -name guest=NAME, as libvirt does and Proxmox does not");
    break;
  case VERDICT_UNDATED:
    TEXT("its modification time does not move with its number, so its updates cannot be dated");
    NEXT("read it where it is written, not through a network file system; or use --time-base sample");
    break;
  default:
    describe_error(facts, context, verdict);
    break;
  }
  if (context->guest)
    advise_guest(context, verdict);
  if (verdict->kind == VERDICT_DEAD && context->cache != NULL && verdict->next != NULL) {
    char *next = verdict->next;
    verdict->next = NULL;
    NEXT("%s; else %s", context->cache_remedy, next);
    free(next);
  }
  for (size_t len = verdict->text == NULL ? 0 : strlen(verdict->text); len > 0 && verdict->text[len - 1] == ' '; len--)
    verdict->text[len - 1] = '\0';
}

void verdict_of_counter(const struct facts *facts, const struct verdict_context *context, struct verdict *verdict) {
  *verdict = (struct verdict){.kind = judge(facts, context)};
  describe(facts, context, verdict);
}

void verdict_of_search(int error, const struct verdict_context *context, struct verdict *verdict) {
  const struct facts facts = {.error = error};
  *verdict = (struct verdict){.kind = kind_of_error(error)};
  if (verdict->kind == VERDICT_DENIED) {
    describe_error(&facts, context, verdict);
    return;
  }
  verdict->kind = VERDICT_UNREADABLE;
  TEXT("%s cannot be searched: %s", context->path, strerror(-error));
  NEXT("try to list it yourself: ls -la %s", context->path);
}

void verdict_of_nothing(const char *places, struct verdict *verdict) {
  *verdict = (struct verdict){.kind = VERDICT_NOTHING};
  TEXT("no counter found in %s", places);
  NEXT("start Scaphandre's qemu exporter (scaphandre qemu), or name the counters with --files; if it was just started, "
       "watch longer with --duration 15; in a guest, mount the share of the host at /var/scaphandre");
}

void verdict_of_none_selected(const char *places, struct verdict *verdict) {
  *verdict = (struct verdict){.kind = VERDICT_NOTHING};
  TEXT("'--vm' selects no counter in %s", places);
  NEXT("see the names of the VMs with vm_energy list");
}
