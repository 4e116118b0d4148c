/* Verdicts: stories of readings, through the real meter, and the verdict on each; the host against its VMs. */
#include "../standalone/look/comparison.h"
#include "../standalone/look/verdict.h"
#include "one_look.h"
#include "suite.h"

#include "core/clock.h"
#include "core/counter.h"
#include "core/meter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEPS 12

/* One look: when, what the file held (below 0: an error), and how long before the first look it was written (at s). */
struct step {
  double at_s;
  int64_t uj;
  double written_s;
};

/* Where the counters of the kernel in these stories wrap. */
#define RANGE_UJ UINT64_C(262143328850)

#define WALL0 (INT64_C(1700000000) * NS_PER_S + 123456789) /* no whole second */

static void look_with_host(struct meter *meter, struct facts *facts, const struct step *step, bool computed,
                           bool remote, double host_j) {
  struct instant now = {.mono_ns = (int64_t)((1000 + step->at_s) * 1e9)};
  now.wall_ns = now.mono_ns + WALL0;
  struct reading reading = {.error = step->uj < 0 ? (int)step->uj : 0, .energy_uj = (uint64_t)step->uj};
  reading.mtime_ns = (int64_t)((1000 + step->written_s) * 1e9) + WALL0;
  reading.computed = computed;
  reading.range_uj = computed ? RANGE_UJ : 0;
  struct sample sample = {.label = "vm"};
  reading.at = now;
  reading.local = !remote;
  meter_take(meter, &reading);
  meter_sample(meter, &sample);
  facts_note(facts, &sample, host_j);
}

static const struct verdict_row {
  const char *what;
  struct step steps[STEPS]; /* until at_s is 0, but for the first */
  double behind_s;
  bool others_alive, others_grow, merged, kernel, spaced, guest, cached, vanished;
  double silent_s; /* expected, from the period of the others */
  bool remote;     /* another clock dates the file */
  bool clear;      /* after the last step */
  bool early;      /* before it */
  enum verdict_kind kind;
  const char *text, *next; /* how they begin */
  const char *next_ends;
} verdict_rows[] = {
    /* well */
    ROW("a steady 100 W", {{0, 1000000000, -2}, {3.1, 1500000000, 3}, {8.1, 2000000000, 8}}, .clear = true,
        .kind = VERDICT_GOOD, .text = "100.00 W, updated every 5 s"),
    ROW("one update is not enough to be clear", {{0, 1000000000, -2}, {3.1, 1500000000, 3}}, .kind = VERDICT_GOOD,
        .text = "100.00 W, updated every 5 s"),
    ROW("not updated yet", {{0, 1000000000, -2}, {2, 1000000000, -2}}, .kind = VERDICT_FRESH,
        .text = "updated 4.0 s ago, and not since", .next = "nothing is wrong yet"),
    ROW("idle: updated, by nothing", {{0, 1000000000, -2}, {3.1, 1000000000, 3}, {8.1, 1000000000, 8}}, .clear = true,
        .kind = VERDICT_IDLE, .text = "0 W: updated every 5 s, and nothing was added", .next = "right for an idle VM"),
    ROW("idle, then not", {{0, 1000000000, -2}, {3.1, 1000000000, 3}, {8.1, 1000500000, 8}}, .clear = true,
        .kind = VERDICT_GOOD, .text = "0.10 W, updated every 5 s"),
    ROW("a counter of the kernel", {{0, 1000000, -900}, {0.25, 26000000, -900}, {0.5, 51000000, -900}}, .kernel = true,
        .clear = true, .kind = VERDICT_GOOD, .text = "100.00 W, counted by the kernel"),
    ROW("one that goes round", {{0, 262093328850, -900}, {0.5, 262143328849, -900}, {1, 49999999, -900}},
        .kernel = true, .clear = true, .kind = VERDICT_GOOD, .text = "100.00 W, counted by the kernel"),
    ROW("one that stands still", {{0, 5, -900}, {0.25, 5, -900}, {0.5, 5, -900}, {0.75, 5, -900}}, .kernel = true,
        .clear = true, .kind = VERDICT_IDLE, .text = "0 W: updated by the kernel, and nothing was added"),
    ROW("a torn reading among good ones is nothing",
        {{0, 1000000000, -2}, {3, -ENODATA, 0}, {3.1, 1500000000, 3}, {8.1, 2000000000, 8}}, .clear = true,
        .kind = VERDICT_GOOD, .text = "100.00 W, updated every 5 s"),

    /* not updated */
    ROW("dead for 12 minutes, and no other lives",
        {{0, 1000000000, -720}, {11.9, 1000000000, -720}, {12, 1000000000, -720}}, .kind = VERDICT_DEAD,
        .text = "not updated for 12 min, and no other counter is: Scaphandre has stopped",
        .next = "see whether it runs (pgrep -af 'scaphandre.* qemu')"),
    ROW("dead, but others are not", {{0, 1000000000, -720}, {11.9, 1000000000, -720}, {12, 1000000000, -720}},
        .others_alive = true, .kind = VERDICT_OFF,
        .text = "not updated for 12 min, while others are: the VM is off, and its file is still there",
        .next = "see whether it runs: virsh domstate 'a b';"),
    ROW("the others are updated each 5 s, and this one was not for half a minute and more",
        {{0, 1000000000, -30}, {8.5, 1000000000, -30}}, .others_alive = true, .silent_s = 30, .kind = VERDICT_OFF,
        .text = "not updated for 38 s, while others are: the VM is off, and its file is still there"),
    ROW("... for less", {{0, 1000000000, -20}, {8.5, 1000000000, -20}}, .others_alive = true, .silent_s = 30,
        .kind = VERDICT_FRESH, .text = "updated 28 s ago, and not since"),
    ROW("the pace of the others is unknown", {{0, 1000000000, -30}, {8.5, 1000000000, -30}}, .others_alive = true,
        .kind = VERDICT_FRESH, .text = "updated 38 s ago, and not since"),
    ROW("dead, and watched for less than a new exporter needs", {{0, 1000000000, -720}, {8.5, 1000000000, -720}},
        .kind = VERDICT_DEAD, .text = "not updated for 12 min, and no other counter is",
        .next_ends = "if it was just started, watch longer with --duration 15"),
    ROW("a step of 10 s, seen for less: its file is young", {{0, 1000000000, -1}, {8.5, 1000000000, -1}},
        .kind = VERDICT_FRESH, .text = "updated 9.5 s ago, and not since"),
    ROW("a clock of its own, an hour behind: nothing can be known so soon",
        {{0, 1000000000, -3600}, {8.5, 1000000000, -3600}}, .remote = true, .behind_s = 3608.5, .kind = VERDICT_UNKNOWN,
        .text = "not updated during the watch of 8.5 s; the time of its file is 1.0 h behind this clock",
        .next = "watch longer with --duration 15"),
    ROW("a clock of its own, ten minutes ahead", {{0, 1000000000, 600}, {8.5, 1000000000, 600}}, .remote = true,
        .behind_s = -591.5, .kind = VERDICT_UNKNOWN,
        .text = "not updated during the watch of 8.5 s; the time of its file is 10 min ahead of this clock"),
    ROW("a clock of its own, an hour behind, for longer", {{0, 1000000000, -3600}, {12, 1000000000, -3600}},
        .remote = true, .behind_s = 3612, .kind = VERDICT_DEAD, .text = "not updated for 1.0 h"),
    ROW("a clock of its own that agrees", {{0, 1000000000, -2}, {8.5, 1000000000, -2}}, .remote = true,
        .behind_s = 10.5, .kind = VERDICT_FRESH, .text = "not updated during the watch of 8.5 s"),
    ROW("59 s are not yet dead", {{0, 1000000000, -2}, {57, 1000000000, -2}}, .kind = VERDICT_FRESH,
        .text = "updated 59 s"),
    ROW("181 s are", {{0, 1000000000, -2}, {178, 1000000000, -2}, {179, 1000000000, -2}}, .kind = VERDICT_DEAD,
        .text = "not updated"),
    ROW("it dies while it is watched", {{0, 1000000000, -2}, {3.1, 1500000000, 3}, {34, 1500000000, 3}}, .clear = true,
        .kind = VERDICT_DEAD, .text = "not updated for 31 s"),
    ROW("it comes back", {{0, 1000000000, -100}, {3.1, 1500000000, 3}, {8.1, 2000000000, 8}}, .clear = true,
        .kind = VERDICT_GOOD, .text = "100.00 W"),

    /* it falls */
    ROW("reset, and on from there",
        {{0, 900000000, -2}, {3.1, 100, 3}, {8.1, 500000100, 8}, {13.1, 900000100, 13}, {18.1, 1500000100, 18}},
        .clear = true, .kind = VERDICT_RESET, .text = "fell 1 time during the watch",
        .next =
            "normal once, when its directory was created again; if it goes on, find what else writes to /x/energy_uj"),
    ROW("a reset that may yet be two counters", {{0, 1000000000, -2}, {3.1, 100, 3}, {8.1, 1000000100, 8}},
        .kind = VERDICT_RESET, .text = "fell 1 time "),
    ROW("a young counter is soon again where it was",
        {{0, 300, -2}, {3.1, 0, 3}, {8.1, 500, 8}, {13.1, 1000, 13}, {18.1, 1500, 18}}, .clear = true,
        .kind = VERDICT_RESET, .text = "fell 1 time "),
    ROW("two resets",
        {{0, 1000000000, -2}, {3.1, 900, 3}, {8.1, 100, 8}, {13.1, 200, 13}, {18.1, 300, 18}, {23.1, 400, 23}},
        .clear = true, .kind = VERDICT_RESET, .text = "fell 2 times"),
    ROW("a counter that begins at 0 again",
        {{0, 1000000000, -2}, {3.1, 0, 3}, {8.1, 0, 8}, {13.1, 0, 13}, {18.1, 0, 18}}, .clear = true,
        .kind = VERDICT_RESET, .text = "fell 1 time "),
    ROW("a number that no machine makes",
        {{0, 1000, -2}, {3.1, 1001, 3}, {8.1, 1002, 8}, {13.1, 500, 13}, {18.1, 99999999999999, 18}}, .clear = false,
        .kind = VERDICT_SPIKE, .text = "rose 1 time by more than"),
    ROW("two counters in one file", {{0, 1000000000, -2}, {3.1, 100, 3}, {8.1, 1000100000, 8}, {13.1, 200, 13}},
        .clear = true, .kind = VERDICT_ALTERNATING,
        .text = "falls and comes back: two counters alternate in one file (scaphandre issue 134)",
        .next = "its values mean nothing; find the two writers of /x/energy_uj"),
    ROW("two counters, the lower one seen first",
        {{0, 100, -2}, {1, 1000000000, 0.9}, {3, 200, 2.9}, {5, 1000000000, 4.9}, {7, 300, 6.9}}, .clear = true,
        .kind = VERDICT_ALTERNATING, .text = "falls and comes back"),
    ROW("two counters, and then none",
        {{0, 100, -2}, {1, 1000000000, 0.9}, {3, 200, 2.9}, {5, 1000000000, 4.9}, {7, 300, 6.9}, {47, 300, 6.9}},
        .clear = true, .early = true, .kind = VERDICT_ALTERNATING, .text = "falls and comes back"),

    /* names and times */
    ROW("merged", {{0, 1000000000, -2}, {3.1, 1500000000, 3}, {8.1, 2000000000, 8}}, .merged = true, .clear = true,
        .kind = VERDICT_MERGED,
        .text = "holds the sum of all VMs that QEMU was given no guest name for (scaphandre issue 222)",
        .next = "start QEMU with -name guest=NAME"),
    ROW("merged, and nobody writes it any more", {{0, 1000000000, -999}, {12, 1000000000, -999}}, .merged = true,
        .kind = VERDICT_PASSED,
        .text = "not updated for 17 min: was that of a VM without a guest name, or of a process that only names",
        .next = "nothing is wrong; remove its directory"),
    ROW("a writer that was just started", {{0, 1000000000, -720}, {10.2, 1000500000, 10}, {15.3, 1500500000, 15}},
        .clear = true, .kind = VERDICT_GOOD, .text = "100.00 W, updated every 5 s"),
    ROW("a step of 60 s", {{0, 1000000000, -50}, {10.1, 7000000000, 10}, {70.1, 13000000000, 70}}, .clear = true,
        .kind = VERDICT_GOOD, .text = "100.00 W, updated every 1 min"),
    ROW("a pause of the writer",
        {{0.1, 1000000000, 0},
         {5.1, 1500000000, 5},
         {10.1, 2000000000, 10},
         {15.1, 2500000000, 15},
         {20.1, 3000000000, 20},
         {29, 3000000000, 20},
         {30.1, 3500000000, 30},
         {35.1, 4000000000, 35}},
        .clear = true, .early = true, .kind = VERDICT_GOOD,
        .text = "100.00 W, updated every 5 s; the writer paused 1 time, 14.3 % of the time: what was drawn then may be "
                "missing from the energy"),
    ROW("frozen: neither number nor time", {{0, 1000000000, -2}, {12, 1000000000, -2}}, .cached = true,
        .kind = VERDICT_FROZEN,
        .text = "not updated for 14 s: likely its mount shows old content (9p with cache=loose)",
        .next = "mount it with cache=none; compare"),
    ROW("frozen: a steady 0 W", {{0, 1000000000, -2}, {3.1, 1000000000, 3}, {8.1, 1000000000, 8}}, .cached = true,
        .clear = true, .kind = VERDICT_FROZEN,
        .text = "0 W: the time of its file moves, its number does not: likely its mount shows an old one",
        .next = "mount it with cache=none; compare"),
    ROW("not frozen: another one grows", {{0, 1000000000, -2}, {3.1, 1000000000, 3}, {8.1, 1000000000, 8}},
        .cached = true, .others_grow = true, .clear = true, .kind = VERDICT_IDLE, .text = "0 W: updated"),
    ROW("a cache, and it grows", {{0, 1000000000, -2}, {3.1, 1500000000, 3}, {8.1, 2000000000, 8}}, .cached = true,
        .clear = true, .kind = VERDICT_GOOD, .text = "100.00 W"),
    ROW("dead, or its mount is", {{0, 1000000000, -720}, {12, 1000000000, -720}}, .cached = true, .kind = VERDICT_DEAD,
        .text = "not updated for 12 min: its mount shows old content (9p with cache=loose), or Scaphandre has stopped",
        .next = "mount it with cache=none; else see whether it runs"),
    ROW("dead, seen by a guest", {{0, 1000000000, -720}, {12, 1000000000, -720}}, .guest = true, .kind = VERDICT_DEAD,
        .text = "not updated for 12 min: Scaphandre has stopped on the host",
        .next = "see whether the share is mounted (findmnt -T /x/energy_uj); ask whoever runs the host"),
    ROW("empty, seen by a guest", {{0, -ENODATA, 0}, {1, -ENODATA, 0}}, .guest = true, .clear = true,
        .kind = VERDICT_EMPTY, .text = "stays empty",
        .next = "mount the share read-only, so that nothing in this guest writes to it; tell whoever runs the host"),
    ROW("gone, seen by a guest", {{0, -ENOENT, 0}}, .guest = true, .clear = true, .kind = VERDICT_MISSING,
        .text = "there is no such file", .next = "mount the share of the host"),
    ROW("clocks an hour apart", {{0, 1000000000, -3602}, {3.1, 1500000000, -3597}, {8.1, 2000000000, -3592}},
        .behind_s = 3600, .clear = true, .kind = VERDICT_CLOCK,
        .text = "100.00 W, updated every 5 s; the times of its file are 1.0 h behind this clock",
        .next = "set both clocks"),
    ROW("a clock that is ahead", {{0, 1000000000, 3598}, {3.1, 1500000000, 3603}, {8.1, 2000000000, 3608}},
        .behind_s = -3600, .clear = true, .kind = VERDICT_CLOCK,
        .text = "100.00 W, updated every 5 s; the times of its file are 1.0 h ahead of this clock",
        .next = "set both clocks"),
    ROW("the time stands still, the number does not",
        {{0, 1000, -900}, {0.25, 2000, -900}, {0.5, 3000, -900}, {0.75, 4000, -900}, {1, 5000, -900}}, .clear = true,
        .early = true, .kind = VERDICT_UNDATED, .text = "its modification time does not move with its number",
        .next = "read it where it is written"),

    /* no value */
    ROW("denied", {{0, -EACCES, 0}}, .clear = true, .kind = VERDICT_DENIED, .text = "may not be read: /x is drwx------",
        .next = "setfacl"),
    ROW("gone", {{0, -ENOENT, 0}}, .clear = true, .kind = VERDICT_MISSING, .text = "there is no such file",
        .next = "start Scaphandre's qemu"),
    ROW("removed during the watch", {{0, 1000000000, -2}, {3.1, 1500000000, 3}, {4, -ENOENT, 0}}, .vanished = true,
        .clear = true, .kind = VERDICT_VANISHED, .text = "its file was removed during the watch"),
    ROW("a link", {{0, -ELOOP, 0}}, .clear = true, .kind = VERDICT_LINK, .text = "is or leads through a symbolic link",
        .next = "if you trust what it leads to (readlink -f /x/energy_uj)"),
    ROW("a FIFO", {{0, -EMEDIUMTYPE, 0}}, .clear = true, .kind = VERDICT_SPECIAL, .text = "is",
        .next = "see who made it (ls -ld /x/energy_uj)"),
    ROW("a directory", {{0, -EISDIR, 0}}, .clear = true, .kind = VERDICT_SPECIAL, .text = "is a directory",
        .next = "see who made it"),
    {"empty, for once", {{0, -ENODATA, 0}, {0.9, -ENODATA, 0}}, .kind = VERDICT_EMPTY, .text = "stays empty"},
    ROW("empty for good", {{0, -ENODATA, 0}, {1, -ENODATA, 0}}, .clear = true, .kind = VERDICT_EMPTY,
        .text = "stays empty: its writer",
        .next = "stop Scaphandre, and start it again afterwards; only while no exporter runs, as root: printf 0 "
                ">/x/energy_uj"),
    ROW("empty, and no more",
        {{0, -ENODATA, 0}, {0.3, 1000000000, 0.2}, {5.3, 1500000000, 5.2}, {10.3, 2000000000, 10.2}}, .clear = true,
        .kind = VERDICT_GOOD, .text = "100.00 W"),
    ROW("a newline", {{0, 123456, -720}, {12, 123456, -720}}, .spaced = true, .others_alive = true,
        .kind = VERDICT_NEWLINE,
        .text = "ends in a newline or a space, and is not updated: Scaphandre ends when it finds such a file",
        .next =
            "stop Scaphandre, and start it again afterwards; only while no exporter runs, as root: printf %s 123456 "
            ">/x/energy_uj"),
    ROW("a newline by a writer that goes on", {{0, 1000000000, -2}, {3.1, 1500000000, 3}, {8.1, 2000000000, 8}},
        .spaced = true, .clear = true, .kind = VERDICT_GOOD, .text = "100.00 W"),
    ROW("no number", {{0, -EINVAL, 0}, {1, -EINVAL, 0}}, .clear = true, .kind = VERDICT_NO_NUMBER, .text = "is",
        .next = "see what else writes to it"),
    {"too long", {{0, -EFBIG, 0}, {1, -EFBIG, 0}}, .clear = true, .kind = VERDICT_NO_NUMBER, .text = "is"},
    {"too large", {{0, -ERANGE, 0}, {1, -ERANGE, 0}}, .clear = true, .kind = VERDICT_NO_NUMBER, .text = "is"},
    ROW("I/O error", {{0, -EIO, 0}, {1, -EIO, 0}}, .clear = true, .kind = VERDICT_UNREADABLE, .text = "",
        .next = "try to read it yourself: cat /x/energy_uj"),
    ROW("it goes while it is watched", {{0, 1000000000, -2}, {3.1, 1500000000, 3}, {4, -ENOENT, 0}}, .clear = true,
        .kind = VERDICT_MISSING, .text = "there is"),
};

static void assert_begins(const char *what, const char *text, const char *expected) {
  if (expected == NULL)
    return;
  if (text == NULL)
    text = "";
  ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s: said '%s', not '%s...'", what, text, expected);
}

START_TEST(test_verdict) {
  const struct verdict_row *row = &verdict_rows[_i];
  const struct meter_options options = {.base = METER_AUTO, .scale = 1, .tick_ns = 4 * NS_PER_MS};
  struct meter meter;
  struct facts facts = {0};
  meter_init(&meter, &options);
  for (int i = 0; i == 0 || (i < STEPS && row->steps[i].at_s > 0); i++) {
    bool last = i + 1 == STEPS || row->steps[i + 1].at_s <= 0;
    ck_assert_msg(i == 0 || !last || verdict_is_final(&facts) == row->early, "%s: early is not %d", row->what,
                  row->early);
    look_with_host(&meter, &facts, &row->steps[i], row->kernel, row->remote, 0);
  }
  facts.file_behind_ns = (int64_t)(row->behind_s * 1e9);
  ck_assert_msg(verdict_is_final(&facts) == row->clear, "%s: clear is not %d", row->what, row->clear);

  const struct verdict_context context = {.domain = "'a b'",
                                          .path = "/x/energy_uj",
                                          .others_alive = row->others_alive,
                                          .silent_ns = (int64_t)(row->silent_s * 1e9),
                                          .merged = row->merged,
                                          .kernel = row->kernel,
                                          .spaced = row->spaced,
                                          .guest = row->guest,
                                          .others_grow = row->others_grow,
                                          .vanished = row->vanished,
                                          .cache = row->cached ? "9p with cache=loose" : NULL,
                                          .cache_remedy = "mount it with cache=none",
                                          .obstacle = "/x is drwx------",
                                          .access_remedy = "setfacl"};
  struct verdict verdict;
  verdict_of_counter(&facts, &context, &verdict);
  ck_assert_msg(verdict.kind == row->kind, "%s: judged %s, not %s", row->what, verdict_name(verdict.kind),
                verdict_name(row->kind));
  assert_begins(row->what, verdict.text, row->text);
  assert_begins(row->what, verdict.next, row->next);
  size_t len = verdict.next != NULL ? strlen(verdict.next) : 0, end = row->next_ends ? strlen(row->next_ends) : 0;
  ck_assert_msg(end <= len && (end == 0 || strcmp(verdict.next + len - end, row->next_ends) == 0), "%s: next '%s'",
                row->what, verdict.next);
  ck_assert_msg(verdict_level(verdict.kind) == LEVEL_OK || verdict.next != NULL, "%s: no next step", row->what);
  ck_assert(*verdict.text != '\0');
  ck_assert_int_eq(verdict.error, 0);
  verdict_free(&verdict);
}
END_TEST

/* No closed directory was found. */
START_TEST(test_denied_for_no_known_reason) {
  const struct facts facts = {.error = -EPERM};
  const struct verdict_context context = {.domain = "vm", .path = "/x"};
  struct verdict verdict;
  verdict_of_counter(&facts, &context, &verdict);
  ck_assert_str_eq(verdict.text, "may not be read");
  ck_assert_str_eq(verdict.next, "run vm_energy as a user who may read it");
  verdict_free(&verdict);
}
END_TEST

START_TEST(test_search) {
  const struct verdict_context context = {.path = "/x", .obstacle = "/x is drwx------", .access_remedy = "setfacl"};
  struct verdict verdict;
  verdict_of_search(-EACCES, &context, &verdict);
  ck_assert_int_eq(verdict.kind, VERDICT_DENIED);
  ck_assert_str_eq(verdict.text, "may not be read: /x is drwx------");
  ck_assert_str_eq(verdict.next, "setfacl");
  verdict_free(&verdict);
  verdict_of_search(-ENXIO, &context, &verdict);
  ck_assert_int_eq(verdict.kind, VERDICT_UNREADABLE);
  ck_assert_str_eq(verdict.text, "/x cannot be searched: No such device or address");
  ck_assert_str_eq(verdict.next, "try to list it yourself: ls -la /x");
  verdict_free(&verdict);
}
END_TEST

/* A long path in a command is not cut. */
START_TEST(test_long_path) {
  char path[16000];
  memset(path, 'x', sizeof(path) - 1);
  path[0] = '/';
  path[sizeof(path) - 1] = '\0';
  const struct facts facts = {.error = -ENODATA};
  const struct verdict_context context = {.domain = "vm", .path = path};
  struct verdict verdict;
  verdict_of_counter(&facts, &context, &verdict);
  const char *command = strstr(verdict.next, "printf 0 >");
  ck_assert_ptr_nonnull(command);
  ck_assert_str_eq(command + strlen("printf 0 >"), path);
  verdict_free(&verdict);
}
END_TEST

START_TEST(test_nothing) {
  struct verdict verdict;
  verdict_of_nothing("/a and /b", &verdict);
  ck_assert_str_eq(verdict.text, "no counter found in /a and /b");
  ck_assert_int_eq(verdict_level(verdict.kind), LEVEL_CRITICAL);
  verdict_free(&verdict);
}
END_TEST

/* Each kind has a name of its own. */
START_TEST(test_names) {
  for (enum verdict_kind kind = 0; kind < VERDICTS; kind++) {
    ck_assert_msg(verdict_name(kind) != NULL && *verdict_name(kind) != '\0', "kind %d has no name", (int)kind);
    for (enum verdict_kind other = 0; other < kind; other++)
      ck_assert_str_ne(verdict_name(kind), verdict_name(other));
  }
  ck_assert_int_eq(verdict_level_status(LEVEL_OK), 0);
  ck_assert_int_eq(verdict_level_status(LEVEL_NOTE), 0);
  ck_assert_int_eq(verdict_level_status(LEVEL_UNKNOWN), 3);
  ck_assert_int_eq(verdict_level_status(LEVEL_WARNING), 1);
  ck_assert_int_eq(verdict_level_status(LEVEL_CRITICAL), 2);
  ck_assert_str_eq(verdict_level_name(LEVEL_CRITICAL), "CRITICAL");
}
END_TEST

/* ---- the host ---------------------------------------------------------------------------------------------------- */

/* Two VMs, whose updates are 5 s apart, and a host of 200 W. */
static const struct host_row {
  const char *what;
  double vm_w[2];
  uint64_t updates[2];
  double host_w, factor;
  int error;
  enum verdict_kind kind;
  const char *text, *next; /* how they begin */
  uint64_t pauses;
  bool named, guest;
} host_rows[] = {
    ROW("most of it", {100, 60}, {2, 2}, 200, 1, 0, VERDICT_HOST_AGREES,
        "the VMs take 80 % of what the host takes (200.00 W, packages and DRAM)", .next = ""),
    {"three updates", {100, 60}, {2, 3}, 200, 1, 0, VERDICT_HOST_AGREES, "the VMs take 80 %", .next = ""},
    {"all of it", {120, 80}, {2, 2}, 200, 1, 0, VERDICT_HOST_AGREES, "the VMs take 100 %", .next = ""},
    {"a third", {40, 26}, {2, 2}, 200, 1, 0, VERDICT_HOST_AGREES, "the VMs take 33 %", .next = ""},
    ROW("nearly nothing", {1, 0}, {2, 2}, 200, 1, 0, VERDICT_HOST_LOW,
        "the VMs take 0 % of what the host takes (200.00 W, packages and DRAM): too little to tell whether",
        .next = "run vm_energy check while the VMs are nearly all"),
    {"a tenth", {10, 10}, {2, 2}, 200, 1, 0, VERDICT_HOST_LOW, "the VMs take 10 %", .next = "run vm_energy check"},
    ROW("a fifth", {20, 19}, {2, 2}, 200, 1, 0, VERDICT_HOST_FIFTH,
        "the VMs take 20 % of what the host takes (200.00 W, packages and DRAM): about a fifth",
        .next = "if the VMs are nearly all that this host does, use --scale 5"),
    {"a fifth, the least", {34.1, 0}, {2, 2}, 200, 1, 0, VERDICT_HOST_FIFTH, "the VMs take 17 %", .next = "if"},
    {"not yet a fifth", {33.9, 0}, {2, 2}, 200, 1, 0, VERDICT_HOST_LOW, "the VMs take 17 %", .next = "run"},
    {"a fifth, the most", {47.9, 0}, {2, 2}, 200, 1, 0, VERDICT_HOST_FIFTH, "the VMs take 24 %", .next = "if"},
    {"more than a fifth", {48.1, 0}, {2, 2}, 200, 1, 0, VERDICT_HOST_AGREES, "the VMs take 24 %", .next = ""},
    ROW("a bit more than all, as looking is late", {118, 100}, {2, 2}, 200, 1, 0, VERDICT_HOST_AGREES,
        "the VMs take 109 %", .next = ""),
    ROW("more than all", {122, 100}, {2, 2}, 200, 1, 0, VERDICT_HOST_MORE,
        "the VMs take 111 % of what the host takes (200.00 W, packages and DRAM): more than there is",
        .next = "see whether a VM is counted twice"),
    ROW("idle VMs prove nothing", {0, 0}, {2, 2}, 200, 1, 0, VERDICT_HOST_UNCOMPARED, "not compared: all VMs are idle",
        .next = "run vm_energy check while the VMs work"),
    ROW("scaled", {100, 80}, {2, 2}, 200, 5, 0, VERDICT_HOST_AGREES,
        "the VMs take 90 % of what the host takes (200.00 W, packages and DRAM), with --scale 5", .next = ""),
    ROW("scaled, and a fifth: scale is set", {40, 0}, {2, 2}, 200, 5, 0, VERDICT_HOST_AGREES, "the VMs take 20 %",
        .next = ""),
    {"scaled, and little", {4, 0}, {2, 2}, 200, 5, 0, VERDICT_HOST_AGREES, "the VMs take 2 %", .next = ""},
    ROW("scaled for nothing", {500, 300}, {2, 2}, 200, 5, 0, VERDICT_HOST_MORE, "the VMs take 400 %",
        .next = "leave out --scale, without which they take 80 %"),
    ROW("scaled, and too much without", {1500, 300}, {2, 2}, 200, 5, 0, VERDICT_HOST_MORE, "the VMs take 900 %",
        .next = "see whether a VM is counted twice"),
    ROW("one VM was updated once", {100, 60}, {2, 1}, 200, 1, 0, VERDICT_HOST_UNCOMPARED,
        "not compared: too few updates", .next = "watch longer"),
    ROW("none at all", {0, 0}, {0, 0}, 200, 1, 0, VERDICT_HOST_UNCOMPARED, "not compared: too few updates",
        .next = "watch longer"),
    ROW("half was not counted", {40, 0}, {3, 3}, 200, 1, 0, VERDICT_HOST_UNCOMPARED, "not compared: the writer paused",
        .next = "run", .pauses = 1),
    ROW("the host stands still", {100, 60}, {2, 2}, 0, 1, 0, VERDICT_HOST_UNCOMPARED,
        "not compared: the counters of the host (packages and DRAM) stand still", .next = "name"),
    ROW("no counter of the host", {100, 60}, {2, 2}, 0, 1, -ENOENT, VERDICT_HOST_NONE,
        "not compared: it has no counter of its packages", .next = "where the hardware has one"),
    ROW("none by that name", {100, 60}, {2, 2}, 0, 1, -ENOENT, VERDICT_HOST_NONE,
        "not compared: no counter of the host is found by --host-counter", .next = "correct --host-counter",
        .named = true),
    ROW("in a guest", {100, 0}, {2, 2}, 0, 1, -ENOENT, VERDICT_HOST_NONE, "not compared: a guest does not see",
        .next = "run vm_energy check on the host", .guest = true),
    ROW("not for us", {100, 60}, {2, 2}, 0, 1, -EACCES, VERDICT_HOST_DENIED,
        "not compared: the counters of the host are for root alone", .next = "open sesame"),
    ROW("empty", {100, 60}, {2, 2}, 0, 1, -ENODATA, VERDICT_HOST_NONE, "not compared: /zone is empty",
        .next = "try to read it yourself: cat /zone"),
    ROW("broken", {100, 60}, {2, 2}, 0, 1, -ENXIO, VERDICT_HOST_NONE, "not compared: /zone No such device or address",
        .next = "try to read it yourself: cat /zone"),
};

START_TEST(test_host) {
  const struct host_row *row = &host_rows[_i];
  struct comparison comparison = {.error = row->error,
                                  .what = "packages and DRAM",
                                  .path = "/zone",
                                  .access_remedy = "open sesame",
                                  .named = row->named,
                                  .guest = row->guest,
                                  .factor = row->factor};
  for (int i = 0; i < 2; i++) {
    int64_t begin_ns = (100 + i) * NS_PER_S, dt_ns = row->updates[i] > 1 ? 5 * NS_PER_S : 0;
    struct facts facts = {.updates = row->updates[i], .pauses = row->pauses};
    facts.first = (struct facts_update){begin_ns, 7, row->host_w * (double)i};
    facts.last = (struct facts_update){begin_ns + dt_ns, 7 + row->vm_w[i] * 5, row->host_w * (double)(i + 5)};
    comparison_add(&comparison, &facts);
  }
  struct verdict verdict;
  comparison_judge(&comparison, &verdict);
  ck_assert_msg(verdict.kind == row->kind, "%s: judged %s, not %s: %s", row->what, verdict_name(verdict.kind),
                verdict_name(row->kind), verdict.text);
  assert_begins(row->what, verdict.text, row->text);
  assert_begins(row->what, verdict.next, row->next);
  ck_assert_int_eq(row->kind == VERDICT_HOST_AGREES, verdict.next == NULL);
  verdict_free(&verdict);
}
END_TEST

/* The comparison starts after the first reading of the host. */
START_TEST(test_host_known_late) {
  const struct meter_options options = {.base = METER_AUTO, .scale = 1, .tick_ns = 4 * NS_PER_MS};
  static const struct step steps[] = {
      {0, 0, -4.9}, {0.25, 500000000, 0.1}, {3, 500000000, 0.1}, {5.2, 1000000000, 5.1}, {12, 1500000000, 10.1}};
  struct meter meter;
  struct facts facts = {0};
  meter_init(&meter, &options);
  for (size_t i = 0; i < ROWS(steps); i++) {
    ck_assert_msg(!verdict_is_final(&facts), "clear before step %zu", i);
    look_with_host(&meter, &facts, &steps[i], false, false, i < 2 ? NAN : 200 * steps[i].at_s);
  }
  ck_assert(verdict_is_final(&facts));
  struct comparison comparison = {.factor = 1, .what = "psys"};
  struct verdict verdict;
  comparison_add(&comparison, &facts);
  comparison_judge(&comparison, &verdict);
  ck_assert_str_eq(verdict.text, "the VMs take 50 % of what the host takes (200.00 W, psys)");
  verdict_free(&verdict);
}
END_TEST

START_TEST(test_host_without_vms) {
  struct comparison comparison = {.factor = 1};
  struct verdict verdict;
  comparison_judge(&comparison, &verdict);
  ck_assert_str_eq(verdict.text, "not compared: no VM is updated");
  ck_assert_ptr_null(verdict.next);
  verdict_free(&verdict);
}
END_TEST

/* With --vm the other VMs are unknown, so nothing is compared. */
START_TEST(test_selection) {
  struct comparison comparison = {.partial = true, .factor = 1, .counted = 1, .alive = 1, .vms_w = 20};
  comparison.last_ns = NS_PER_S;
  comparison.last_host_j = 100; /* a fifth */
  struct verdict verdict;
  comparison_judge(&comparison, &verdict);
  ck_assert_int_eq(verdict.kind, VERDICT_HOST_UNCOMPARED);
  ck_assert_str_eq(verdict.text, "not compared: '--vm' selects some of the VMs");
  ck_assert_str_eq(verdict.next, "leave out --vm to compare all VMs with the host");
  verdict_free(&verdict);

  struct facts facts = {.readings = 2, .stale = true, .has_age = true, .age_ns = 60 * NS_PER_S};
  struct verdict_context context = {.domain = "a", .path = "/a", .partial = true};
  verdict_of_counter(&facts, &context, &verdict);
  ck_assert_int_eq(verdict.kind, VERDICT_DEAD);
  ck_assert_ptr_nonnull(strstr(verdict.text, "and no other counter that '--vm' selects is: "));
  verdict_free(&verdict);

  verdict_of_none_selected("/a", &verdict);
  ck_assert_int_eq(verdict_level(verdict.kind), LEVEL_CRITICAL);
  ck_assert_str_eq(verdict.text, "'--vm' selects no counter in /a");
  verdict_free(&verdict);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("verdict");
  suite_case(suite, "counters", NULL, NULL, EACH(test_verdict, verdict_rows), ONCE(test_denied_for_no_known_reason),
             ONCE(test_search), ONCE(test_long_path), ONCE(test_nothing), ONCE(test_selection), ONCE(test_names));
  suite_case(suite, "host", NULL, NULL, EACH(test_host, host_rows), ONCE(test_host_known_late),
             ONCE(test_host_without_vms));
  return suite_run(suite);
}
