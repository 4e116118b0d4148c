/* The counters that a user names: which paths and patterns are accepted, and the messages for the others. */
#include "../standalone/common/inputs.h"

#include "../standalone/common/message.h"
#include "capture.h"
#include "file_clock.h"
#include "scratch.h"
#include "suite.h"

#define WALL INT64_C(1795000000000000000)

/* These stand in for core/clock.c: a reading is made when the pass is. */
static struct instant now_is;

int clock_now(struct instant *at) {
  *at = now_is;
  return 0;
}

int64_t clock_tick_ns(void) {
  return NS_PER_MS;
}

/* The options of a run with these files, up to three; valid until the next call. */
static struct options make(const char *const named[3], bool follow) {
  static const char *files[3];
  size_t count = 0;
  for (; count < 3 && named[count] != NULL; count++)
    files[count] = named[count];
  return (struct options){.files = files,
                          .files_num = count,
                          .meter = {.base = METER_SAMPLE, .scale = 1},
                          .layout = follow ? CSV_LONG : CSV_COMBINED};
}

static struct sampler *sampler; /* of the test */

/* Files and what only looks like one; the current directory is the scratch directory. */
static void set_up(void) {
  scratch_make();
  ck_assert_int_eq(chdir(scratch), 0);
  write_text("vms/vm-1/energy_uj", "1000\n");
  write_text("vms/vm-2/energy_uj", "2000\n");
  write_text("vms/vm-2/other", "");
  write_text("odd/vm[1]/energy_uj", "1\n");
  write_text("odd/vm1/energy_uj", "2\n");
  write_text("star/b/energy_uj", "3\n");
  write_text("-dash", "4\n");
  ck_assert_int_eq(mkdir("star/*", 0755), 0);
  ck_assert_int_eq(mkfifo("star/*/energy_uj", 0644), 0);
  ck_assert_int_eq(mkdir("odd/vm[2]", 0755), 0);
  ck_assert_int_eq(mkdir("empty", 0755), 0);
  ck_assert_int_eq(mkfifo("fifo", 0644), 0);
  ck_assert_int_eq(mknod("socket", S_IFSOCK | 0644, 0), 0);
  ck_assert_int_eq(symlink("vms/vm-1/energy_uj", "link"), 0);
  ck_assert_int_eq(symlink("nowhere", "dangling"), 0);
  ck_assert_int_eq(symlink("loop", "loop"), 0);
  ck_assert_int_eq(symlink("vms/vm-1", "dir"), 0);
}

static void tear_down(void) {
  chmod("vms", 0755);
  chmod("vms/vm-2", 0755);
  ck_assert_int_eq(chdir("/"), 0);
  sampler_free(sampler);
  sampler = NULL;
  scratch_clean();
}

/* ---- before anything is measured --------------------------------------------------------------------------------- */

#define NO_COUNTER(path, why) "vm_energy: '" path "' is no counter file: " why "\n"
#define NO_FILE               "No such file or directory"
#define DIRECTORY             "it is a directory, and the energy_uj file in it was expected"
#define IRREGULAR             "it is no regular file"
#define WAITS(pattern)        "vm_energy: warning: no counter yet in '" pattern "'; waiting for one\n"

static const struct {
  const char *files[3];
  bool follow;
  int status;
  const char *message;
} check_rows[] = {
    {{NULL}, false, STATUS_DONE, ""},
    {{"vms/vm-1/energy_uj"}, false, STATUS_DONE, ""},
    {{"vms/vm-1/energy_uj", "vms/vm-2/energy_uj"}, false, STATUS_DONE, ""},
    {{"./vms//vm-1/../vm-1/energy_uj"}, false, STATUS_DONE, ""},
    {{"-dash"}, false, STATUS_DONE, ""},
    {{"link"}, false, STATUS_DONE, ""},
    {{"dir/energy_uj"}, false, STATUS_DONE, ""},
    {{"missing"}, false, STATUS_USAGE, NO_COUNTER("missing", NO_FILE)},
    {{"missing"}, true, STATUS_USAGE, NO_COUNTER("missing", NO_FILE)},
    {{"vms/vm-1/energy_uj", "missing"}, false, STATUS_USAGE, NO_COUNTER("missing", NO_FILE)},
    {{"missing", "vms/vm-1/energy_uj"}, false, STATUS_USAGE, NO_COUNTER("missing", NO_FILE)},
    {{"none", "fifo"}, false, STATUS_USAGE, NO_COUNTER("none", NO_FILE) NO_COUNTER("fifo", IRREGULAR)},
    {{"vms/vm-1"}, false, STATUS_USAGE, NO_COUNTER("vms/vm-1", DIRECTORY)},
    {{"vms/vm-1/"}, false, STATUS_USAGE, NO_COUNTER("vms/vm-1/", DIRECTORY)},
    {{"."}, false, STATUS_USAGE, NO_COUNTER(".", DIRECTORY)},
    {{"/"}, false, STATUS_USAGE, NO_COUNTER("/", DIRECTORY)},
    {{"dir"}, false, STATUS_USAGE, NO_COUNTER("dir", DIRECTORY)},
    {{"vms/vm-1/energy_uj/"}, false, STATUS_USAGE, NO_COUNTER("vms/vm-1/energy_uj/", "Not a directory")},
    {{"vms/vm-1/energy_uj/x"}, false, STATUS_USAGE, NO_COUNTER("vms/vm-1/energy_uj/x", "Not a directory")},
    {{"fifo"}, false, STATUS_USAGE, NO_COUNTER("fifo", IRREGULAR)},
    {{"socket"}, false, STATUS_USAGE, NO_COUNTER("socket", IRREGULAR)},
    {{"/dev/null"}, false, STATUS_USAGE, NO_COUNTER("/dev/null", IRREGULAR)},
    {{"dangling"}, false, STATUS_USAGE, NO_COUNTER("dangling", NO_FILE)},
    {{"a\033]0;x\a\nb\xff"}, false, STATUS_USAGE, NO_COUNTER("a_]0;x__b_", NO_FILE)},

    {{"vms/*/energy_uj"}, false, STATUS_DONE, ""},
    {{"vms/vm-?/energy_uj", "vms/vm-[12]/*"}, false, STATUS_DONE, ""},
    {{"odd/vm?/energy_uj"}, false, STATUS_DONE, ""}, /* but one */
    {{"nothing/*/energy_uj"}, false, STATUS_USAGE, "vm_energy: no file matches 'nothing/*/energy_uj'\n"},
    {{"empty/*"}, false, STATUS_USAGE, "vm_energy: no file matches 'empty/*'\n"},
    {{"vms/*"}, false, STATUS_DONE, ""}, /* directories: reported when they are read */
    {{"vms/*/none", "vms/*/*"}, false, STATUS_USAGE, "vm_energy: no file matches 'vms/*/none'\n"},
    {{"vms/*/"}, false, STATUS_USAGE, "vm_energy: 'vms/*/' is no pattern of files\n"},
    {{"vms/*/"}, true, STATUS_USAGE, "vm_energy: 'vms/*/' is no pattern of files\n"},
    {{"em\tpty/*"}, false, STATUS_USAGE, "vm_energy: no file matches 'em_pty/*'\n"},
    {{"empty/*"}, true, STATUS_DONE, WAITS("empty/*")},
    {{"empty/*", "vms/*/energy_uj", "later/*"}, true, STATUS_DONE, WAITS("empty/*") WAITS("later/*")},
    {{"empty/*", "missing"}, true, STATUS_USAGE, WAITS("empty/*") NO_COUNTER("missing", NO_FILE)},
    /* a VM may be named like a pattern */
    {{"odd/vm[1]/energy_uj"}, false, STATUS_DONE, ""},
    {{"odd/vm[2]"}, false, STATUS_USAGE, NO_COUNTER("odd/vm[2]", DIRECTORY)},
    {{"odd/vm[3]/energy_uj"}, false, STATUS_USAGE, "vm_energy: no file matches 'odd/vm[3]/energy_uj'\n"},
    /* and its FIFO does not hide the others */
    {{"star/*/energy_uj"}, false, STATUS_DONE, ""},
};

START_TEST(test_check) {
  struct options options = make(check_rows[_i].files, check_rows[_i].follow);
  int open_before = count_open_files();
  capture_begin();
  int status = inputs_check(&options);
  ck_assert_str_eq(capture_end(), check_rows[_i].message);
  ck_assert_int_eq(status, check_rows[_i].status);
  ck_assert_int_eq(count_open_files(), open_before);
}
END_TEST

START_TEST(test_loop) {
  struct options options = make((const char *[3]){"loop"}, false);
  char expected[100];
  snprintf(expected, sizeof(expected), NO_COUNTER("loop", "%s"), strerror(ELOOP));
  capture_begin();
  ck_assert_int_eq(inputs_check(&options), STATUS_USAGE);
  ck_assert_str_eq(capture_end(), expected);
}
END_TEST

START_TEST(test_quiet) {
  struct options options = make((const char *[3]){"empty/*"}, true);
  message_be_quiet();
  capture_begin();
  ck_assert_int_eq(inputs_check(&options), STATUS_DONE);
  ck_assert_str_eq(capture_end(), "");
  options.layout = CSV_COMBINED;
  capture_begin();
  ck_assert_int_eq(inputs_check(&options), STATUS_USAGE);
  ck_assert_str_eq(capture_end(), "vm_energy: no file matches 'empty/*'\n");
}
END_TEST

/* ---- where one may not look -------------------------------------------------------------------------------------- */

static void close_directories(void) {
  ck_assert_int_eq(chmod("vms/vm-1/energy_uj", 0), 0);
  ck_assert_int_eq(chmod("vms/vm-2", 0), 0); /* no search permission */
  ck_assert_int_eq(chmod("vms", 0111), 0);   /* search, but no listing */
}

static void check_as_nobody(void) {
  static const struct {
    const char *file;
    int status;
    const char *message;
  } rows[] = {
      /* reported by the first reading */
      {"vms/vm-1/energy_uj", STATUS_DONE, ""},
      {"vms/vm-2/energy_uj", STATUS_DONE, ""},
      {"vms/vm-2/none", STATUS_DONE, ""},
      {"vms/vm-1/none", STATUS_USAGE, NO_COUNTER("vms/vm-1/none", NO_FILE)},
      {"vms/*/energy_uj", STATUS_USAGE,
       "vm_energy: no file matches 'vms/*/energy_uj': unable to search 'vms/': Permission denied\n"},
  };
  for (int i = 0; i < ROWS(rows); i++) {
    struct options options = make((const char *[3]){rows[i].file}, false);
    capture_begin();
    int status = inputs_check(&options);
    ck_assert_str_eq(capture_end(), rows[i].message);
    ck_assert_int_eq(status, rows[i].status);
  }
}

START_TEST(test_denied) {
  close_directories();
  as_nobody(check_as_nobody);
}
END_TEST

/* ---- the sampler ------------------------------------------------------------------------------------------------- */

/* Remembers the labels, and the last sample. */
struct recorder {
  struct sink sink;
  char labels[256];
  struct sample last;
};

static int record_begin(struct sink *sink, const struct instant *now, size_t count) {
  (void)now, (void)count;
  ((struct recorder *)sink)->labels[0] = '\0';
  return 0;
}

static int record_put(struct sink *sink, const struct sample *sample) {
  struct recorder *recorder = (struct recorder *)sink;
  size_t used = strlen(recorder->labels);
  snprintf(recorder->labels + used, sizeof(recorder->labels) - used, "%s ", sample->label);
  recorder->last = *sample;
  return 0;
}

static struct recorder recorder = {.sink = {.begin = record_begin, .put = record_put}};
static struct sink *const sinks[] = {&recorder.sink};

static void sample_once(const struct options *options) {
  sampler_free(sampler);
  sampler = NULL;
  ck_assert_int_eq(inputs_sampler(options, sinks, 1, &sampler), 0);
  now_is = (struct instant){.mono_ns = 100 * NS_PER_S, .wall_ns = WALL};
  ck_assert_int_eq(sampler_pass(sampler, &now_is), 0);
}

static const struct {
  const char *files[3];
  const char *labels;
} sampler_rows[] = {
    {{"vms/vm-1/energy_uj"}, "vm-1 "},
    {{"vms/vm-2/energy_uj", "vms/vm-1/energy_uj"}, "vm-2 vm-1 "}, /* in the order they were named */
    {{"vms/vm-2/energy_uj", "vms/*/energy_uj"}, "vm-2 vm-1 "},    /* each once */
    {{"vms/*/energy_uj"}, "vm-1 vm-2 "},
    {{"odd/vm[1]/energy_uj", "odd/vm1/energy_uj"}, "vm[1] vm1 "},
    {{"star/*/energy_uj"}, "* b "},
};

START_TEST(test_sampler) {
  struct options options = make(sampler_rows[_i].files, false);
  sample_once(&options);
  ck_assert_str_eq(recorder.labels, sampler_rows[_i].labels);
  capture_begin();
  ck_assert(inputs_report_search(sampler, &options));
  ck_assert_str_eq(capture_end(), "");
}
END_TEST

/* Scale, time base, stale time and average reach the meter. */
START_TEST(test_sampler_options) {
  struct options options = make((const char *[3]){"vms/vm-1/energy_uj"}, false);
  options.meter = (struct meter_options){.base = METER_UPDATE, .scale = 5, .stale_ns = 7 * NS_PER_S};
  options.smooth = 2;
  set_mtime("vms/vm-1/energy_uj", WALL / NS_PER_S, 1);
  sample_once(&options);
  write_text("vms/vm-1/energy_uj", "5001000\n");
  set_mtime("vms/vm-1/energy_uj", WALL / NS_PER_S + 5, 1);
  now_is = (struct instant){.mono_ns = 108 * NS_PER_S, .wall_ns = WALL + 8 * NS_PER_S};
  ck_assert_int_eq(sampler_pass(sampler, &now_is), 0);
  ck_assert_double_eq_tol(recorder.last.delta_j, 25, 1e-9);
  ck_assert(recorder.last.has_power && recorder.last.has_average);
  ck_assert_double_eq_tol(recorder.last.power_w, 5, 1e-9);
  now_is = (struct instant){.mono_ns = 113 * NS_PER_S, .wall_ns = WALL + 13 * NS_PER_S};
  ck_assert_int_eq(sampler_pass(sampler, &now_is), 0);
  ck_assert_int_eq(recorder.last.state, SAMPLE_STALE);
}
END_TEST

START_TEST(test_sampler_of_no_path) {
  struct options options = make((const char *[3]){""}, false);
  ck_assert_int_eq(inputs_sampler(&options, sinks, 1, &sampler), -EINVAL);
  ck_assert_ptr_null(sampler);
}
END_TEST

/* ---- nothing found ----------------------------------------------------------------------------------------------- */

static const struct {
  const char *files[3];
  bool follow;
  const char *message;
} none_rows[] = {
    {{"empty/*"}, false, "vm_energy: no counter found in 'empty/*'\n"},
    {{"empty/*", "none/*"},
     false,
     "vm_energy: no counter found in 'empty/*'\nvm_energy: no counter found in 'none/*'\n"},
    {{"empty/*"}, true, ""}, /* inputs_check() has reported it */
};

START_TEST(test_none) {
  struct options options = make(none_rows[_i].files, none_rows[_i].follow);
  sample_once(&options);
  capture_begin();
  bool go_on = inputs_report_search(sampler, &options);
  ck_assert_str_eq(capture_end(), none_rows[_i].message);
  ck_assert_int_eq(go_on, none_rows[_i].follow);
}
END_TEST

/* On a host without Scaphandre the message names its default places; on one with it there is none. */
START_TEST(test_default_places) {
  struct options options = make((const char *[3]){NULL}, _i == 1);
  sample_once(&options);
  bool none = sampler_count(sampler) == 0;
  capture_begin();
  bool go_on = inputs_report_search(sampler, &options);
  const char *text = capture_end();
  ck_assert_int_eq(go_on, _i == 1 || !none);
  ck_assert(!none || strstr(text, "'/var/lib/libvirt/scaphandre/*/intel-rapl:0/energy_uj'") != NULL);
  ck_assert(!none || strstr(text, "'/var/lib/scaphandre/*/energy_uj'") != NULL);
  ck_assert(!none || strstr(text, "'/var/scaphandre/intel-rapl:*/energy_uj'") != NULL);
  ck_assert_int_eq(strstr(text, "--files") != NULL, none && _i == 0);
  ck_assert_int_eq(strstr(text, "waiting") != NULL, none && _i == 1);
}
END_TEST

/* A directory that cannot be listed is reported, even if there are counters elsewhere. */
static void search_as_nobody(void) {
  static const struct {
    const char *files[3];
    bool follow, go_on;
    const char *message;
  } rows[] = {
      {{"vms/*/energy_uj", "star/*/energy_uj"},
       false,
       true,
       "vm_energy: warning: unable to search 'vms/': Permission denied; its counters are missing\n"},
      {{"vms/*/energy_uj"},
       true,
       true,
       "vm_energy: warning: unable to search 'vms/': Permission denied; its counters are missing\n"},
      {{"vms/*/energy_uj"},
       false,
       false,
       "vm_energy: unable to search 'vms/': Permission denied\nvm_energy: no counter found in 'vms/*/energy_uj'\n"},
  };
  for (int i = 0; i < ROWS(rows); i++) {
    struct options options = make(rows[i].files, rows[i].follow);
    capture_begin();
    inputs_check(&options);
    capture_end();
    sample_once(&options);
    capture_begin();
    bool go_on = inputs_report_search(sampler, &options);
    ck_assert_str_eq(capture_end(), rows[i].message);
    ck_assert_int_eq(go_on, rows[i].go_on);
  }
}

START_TEST(test_denied_search) {
  close_directories();
  as_nobody(search_as_nobody);
}
END_TEST

/* ---- a counter without a value ----------------------------------------------------------------------------------- */

static const struct {
  const char *path;
  int error;
  const char *message;
} unread_rows[] = {
    {"/x", -ENOENT, "vm_energy: no value from '/x' at the end: there is no such file\n"},
    {"/x", -ENODATA, "vm_energy: no value from '/x' at the end: is empty\n"},
    {"/x", -EACCES,
     "vm_energy: no value from '/x' at the end: permission denied; run vm_energy as a user who may read it\n"},
    {"/x", -EPERM,
     "vm_energy: no value from '/x' at the end: permission denied; run vm_energy as a user who may read it\n"},
    {"/\033[2Jx", -EINVAL, "vm_energy: no value from '/_[2Jx' at the end: is not a decimal number\n"},
};

START_TEST(test_unread) {
  capture_begin();
  inputs_report_unread(unread_rows[_i].path, "at the end", unread_rows[_i].error);
  ck_assert_str_eq(capture_end(), unread_rows[_i].message);
}
END_TEST

/* Paths are shown relative after a relative one was given. */
START_TEST(test_shown) {
  struct options options = make((const char *[3]){"/dev/null"}, false);
  const char *path = in_scratch("vms/vm-1/energy_uj");
  capture_begin();
  inputs_check(&options);
  ck_assert_str_eq(inputs_display_path(path), path);
  options = make((const char *[3]){"vms/*/energy_uj"}, false);
  inputs_check(&options);
  capture_end();
  ck_assert_str_eq(inputs_display_path(path), "vms/vm-1/energy_uj");
  ck_assert_str_eq(inputs_display_path("/elsewhere"), "/elsewhere");
  ck_assert_str_eq(inputs_display_path(scratch), scratch);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("inputs");
  suite_case(suite, "all", set_up, tear_down, EACH(test_check, check_rows), ONCE(test_loop), ONCE(test_quiet),
             ONCE(test_denied), EACH(test_sampler, sampler_rows), ONCE(test_sampler_options),
             ONCE(test_sampler_of_no_path), EACH(test_none, none_rows), TIMES(test_default_places, 2),
             ONCE(test_denied_search), EACH(test_unread, unread_rows), ONCE(test_shown));
  return suite_run(suite);
}
