/* Which counters a source lists, in what order and under which labels, while VMs come and go, and tenants interfere. */
#include "core/clock.h"
#include "core/counter.h"
#include "core/label.h"
#include "core/source.h"
#include "file_clock.h"
#include "scratch.h"
#include "suite.h"

#include <dirent.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/inotify.h>

int clock_now(struct instant *now) {
  *now = (struct instant){.mono_ns = NS_PER_S, .wall_ns = NS_PER_S};
  return 0;
}

/* ---- helpers ----------------------------------------------------------------------------------------------------- */

/* Words with spaces between them. */
struct words {
  char text[8192];
  size_t len;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (words->len > 0)
    words->text[words->len++] = ' ';
  words->len += (size_t)vsnprintf(words->text + words->len, sizeof(words->text) - words->len, format, args);
  va_end(args);
  ck_assert_uint_lt(words->len + 1, sizeof(words->text));
}

static const char *in_tree(const char *path) {
  size_t len = strlen(scratch);
  ck_assert_msg(strncmp(path, scratch, len) == 0 && path[len] == '/', "%s is not in %s", path, scratch);
  return path + len + 1;
}

/* "+path": added; "-path": removed; "?name": asked whether it is wanted. */
static struct words events;

static void added(struct source_entry *entry, void *arg) {
  say(arg, "+%s", in_tree(entry->path));
  ck_assert_ptr_null(entry->user);
  ck_assert_int_gt((int)strlen(entry->label), 0);
}

static void removed(struct source_entry *entry, void *arg) {
  say(arg, "-%s", in_tree(entry->path));
  ck_assert_int_gt((int)strlen(entry->label), 0);
}

static int wanted(const char *name, void *arg) {
  say(arg, "?%s", name);
  return strncmp(name, "un", 2) != 0;
}

/* The events since the last call. */
static const char *take_events(void) {
  static struct words taken;
  taken = events;
  events = (struct words){0};
  return taken.text;
}

static struct source *source;

/* Frees the one before. */
static void new_source_with(struct source_options options) {
  source_free(source);
  source = NULL;
  take_events();
  options.label_max = options.label_max > 0 ? options.label_max : LABEL_MAX_COLLECTD;
  options.arg = &events;
  ck_assert_int_eq(source_new(&options, &source), 0);
}

static void new_source(void) {
  new_source_with((struct source_options){.added = added, .removed = removed});
}

static void set_up(void) {
  scratch_make();
  new_source();
}

/* Returns the events of freeing the source. */
static const char *free_source(void) {
  source_free(source);
  source = NULL;
  return take_events();
}

static void tear_down(void) {
  free_source();
  scratch_clean();
}

static void for_each_word(const char *text, void (*what)(const char *word, void *arg), void *arg) {
  char copy[1024];
  char *rest;
  snprintf(copy, sizeof(copy), "%s", text);
  for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
    what(word, arg);
}

static void make_file(const char *word, void *arg) {
  (void)arg;
  write_text(word, "42");
}

static void add_word(const char *word, void *arg) {
  (void)arg;
  ck_assert_int_eq(source_add(source, in_scratch(word)), 0);
}

static void add(const char *words) {
  for_each_word(words, add_word, NULL);
}

static void make_files(const char *words) {
  for_each_word(words, make_file, NULL);
}

static struct reading read_entry(struct source_entry *entry) {
  struct reading reading;
  int64_t patience_ns = 0;
  source_read(source, entry, &patience_ns, &reading);
  return reading;
}

static void list(struct words *words) {
  for (size_t i = 0; i < source_count(source); i++)
    say(words, "%s", in_tree(source_at(source, i)->path));
}

/* A pass whose search ends with this error. Returns the paths on the list. */
static const char *list_despite(int error, const char **where) {
  static struct words words;
  words = (struct words){0};
  int before = count_held_files();
  ck_assert_int_eq(source_begin(source, where), error);
  list(&words);
  source_end(source);
  let_a_tick_pass();
  ck_assert_int_eq(count_held_files(), before);
  return words.text;
}

/* A pass that reads, which detects removed files. */
static void read_all(void) {
  source_begin(source, NULL);
  for (size_t i = 0; i < source_count(source); i++)
    read_entry(source_at(source, i));
  source_end(source);
}

static const char *list_of(void) {
  return list_despite(0, NULL);
}

static const char *list_after_reading(void) {
  read_all();
  return list_of();
}

#define NAME(error) [error] = #error
static const char *const error_names[] = {NAME(ENOENT),  NAME(EACCES), NAME(ENOTDIR),    NAME(EISDIR),
                                          NAME(ENODATA), NAME(ELOOP),  NAME(EMEDIUMTYPE)};

static const char *error_name(int error) {
  return error < ROWS(error_names) && error_names[error] != NULL ? error_names[error] : "another error";
}

/* A pass. Returns "path=number" or "path=error" of each counter. */
static const char *readings_of(void) {
  static struct words words;
  words = (struct words){0};
  int before = count_held_files();
  ck_assert_int_eq(source_begin(source, NULL), 0);
  for (size_t i = 0; i < source_count(source); i++) {
    struct source_entry *entry = source_at(source, i);
    struct reading reading = read_entry(entry);
    if (reading.error == 0)
      say(&words, "%s=%" PRIu64, in_tree(entry->path), reading.energy_uj);
    else
      say(&words, "%s=%s", in_tree(entry->path), error_name(-reading.error));
  }
  source_end(source);
  let_a_tick_pass();
  ck_assert_int_eq(count_held_files(), before);
  return words.text;
}

/* A pass, and the events since the last check. */
#define ck_assert_pass(text, expected, said)                                                                           \
  do {                                                                                                                 \
    ck_assert_str_eq(text, expected);                                                                                  \
    ck_assert_str_eq(take_events(), said);                                                                             \
  } while (0)

static const char *label_of(const char *name) {
  for (size_t i = 0; i < source_count(source); i++)
    if (strcmp(in_tree(source_at(source, i)->path), name) == 0)
      return source_at(source, i)->label;
  return NULL;
}

/* ---- what a path or a pattern matches ---------------------------------------------------------------------------- */

static const struct {
  const char *files, *add, *listed;
} match_rows[] = {
    {"", "*/e", ""},
    {"", "x*/y/*/e", ""},
    /* order */
    {"c/e a/e b/e", "*/e", "a/e b/e c/e"},
    {"b/e a/e b/d a/d", "*/*", "a/d a/e b/d b/e"},
    {"a/e a-b/e a.b/e a0/e", "*/e", "a-b/e a.b/e a/e a0/e"},
    {"a/x/e a/e b/e", "a/x/* b/* a/*", "a/x/e b/e a/e a/x"},
    {"a/e b/e", "b/e a/e", "b/e a/e"},
    {"a/e b/e c/e d/e", "d/e [bc]/e a/e", "d/e b/e c/e a/e"},
    /* named twice */
    {"a/e b/e", "a/e a/e", "a/e"},
    {"a/e b/e", "a//e a/./e ./a/e", "a/e"},
    {"a/e b/e", "*/e */e", "a/e b/e"},
    {"a/e b/e", "*/e ?/e", "a/e b/e"},
    {"a/e b/e", "b*/e */e", "b/e a/e"},
    {"a/e b/e", "b/e */e", "b/e a/e"},
    {"a/e b/e", "*/e b/e", "a/e b/e"},
    {"a/x/e b/x/e", "*/x/e a/*/e", "a/x/e b/x/e"},
    /* wildcards */
    {"a/e aa/e e", "?/e", "a/e"},
    {"a/e aa/e e", "?a/e", "aa/e"},
    {"a/e b/e c/e ab/e", "[ab]/e", "a/e b/e"},
    {"a/e b/e c/e ab/e", "[!ab]/e", "c/e"},
    {"a/e b/e c/e ab/e", "[b-z]/e", "b/e c/e"},
    {"a/e b/e ab/e", "[a][b]/e", "ab/e"},
    {"vm-1-x/e vm-2-y/e vm/e", "vm-*-*/e", "vm-1-x/e vm-2-y/e"},
    {"a/e a/f b/e", "a/*", "a/e a/f"},
    {"a/e a/f b/e", "a/[f]", "a/f"},
    {"e f a/e", "?", "a e f"},
    {"a/x/e a/e e", "*/e", "a/e"},
    {"a/x/e a/e ee", "*", "a ee"},
    {"a/x/e a/y/e b/x/e c/e", "*/*/e", "a/x/e a/y/e b/x/e"},
    {"a/x/e a/y/e b/x/e c/e", "*/x/e", "a/x/e b/x/e"},
    {"a/x/e a/y/e b/x/e c/e", "a/*/e", "a/x/e a/y/e"},
    {"a/x/1/e a/y/1/e a/x/2/e b/x/1/e", "?/x/?/e", "a/x/1/e a/x/2/e b/x/1/e"},
    {"a/x/1/e a/y/1/e a/x/2/e b/x/1/e", "*/*/2/*", "a/x/2/e"},
    {"a/x/e", "*//./x/.//e", "a/x/e"},
    {"a*/e ab/e", "a\\*/*", "a*/e"},
    {"a\nb/e \xff/e \xc3\xa4/e", "*/e", "a\nb/e \xc3\xa4/e \xff/e"},
    {"vm/intel-rapl:0/energy_uj vm/intel-rapl:0:0/x", "*/intel-rapl:*/energy_uj", "vm/intel-rapl:0/energy_uj"},
    /* no directory where one is expected */
    {"a b/e", "*/e", "b/e"},
    {"a b/x c/x/e", "*/*/e", "c/x/e"},
    {"a b/e", "a/*", ""},
    /* a leading dot is not special */
    {".a/e a/e", "*/e", ".a/e a/e"},
    {".a/e a/e", "?a/e", ".a/e"},
    {".a/e a/e", "[.]a/e", ".a/e"},
    {".a/e a/e", ".*/e", ".a/e"},
    {".a/e a/e", ".?/e", ".a/e"},
    {"a/.e a/e", "*/*", "a/.e a/e"},
    {"a/.e a/e", "*/.e", "a/.e"},
    {"a/e e", ".*/e", ""}, /* neither "." nor ".." */
    {"a/e e", "*/e", "a/e"},
    {"a/e e", "a/../?", "a/../a a/../e"},
};

START_TEST(matches) {
  make_files(match_rows[_i].files);
  add(match_rows[_i].add);
  for (int pass = 0; pass < 2; pass++)
    ck_assert_str_eq(list_of(), match_rows[_i].listed);
}
END_TEST

static const struct {
  const char *text;
  bool pattern;
} pattern_rows[] = {
    {"", false},      {"/a/b", false}, {"/a/*/b", true}, {"*", true},    {"/a?", true},
    {"/a[b", true},   {"a]", false},   {"/a\\b", false}, {"a\\*", true}, {"/a/b/c*", true},
    {"{a,b}", false}, {"~/a", false},  {"/a b", false},  {"[a]", true},  {"intel-rapl:0", false},
};

START_TEST(is_pattern) {
  ck_assert_int_eq(source_is_pattern(pattern_rows[_i].text), pattern_rows[_i].pattern);
}
END_TEST

START_TEST(default_patterns) {
  int count = 0;
  for (; source_default_patterns[count] != NULL; count++)
    ck_assert(source_is_pattern(source_default_patterns[count]));
  ck_assert_int_eq(count, 3);
}
END_TEST

/* ---- source_add() ------------------------------------------------------------------------------------------------ */

static const char *const refused_texts[] = {"", "/", "//", "/.", "a/", "/a/b/", "*/", "/a/*/", "./"};

START_TEST(add_refuses) {
  ck_assert_int_eq(source_add(source, refused_texts[_i]), -EINVAL);
  make_files("a/e");
  add("a/e");
  ck_assert_str_eq(list_of(), "a/e");
}
END_TEST

START_TEST(relative) {
  make_files("a/e b/x/e e");
  ck_assert_int_eq(chdir(in_scratch("b")), 0);
  ck_assert_int_eq(source_add(source, "x//./e"), 0);
  ck_assert_int_eq(source_add(source, "./*/e"), 0);
  ck_assert_int_eq(chdir(scratch), 0);
  ck_assert_int_eq(source_add(source, "e"), 0);
  ck_assert_int_eq(source_add(source, "?/e"), 0);
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_str_eq(readings_of(), "b/x/e=42 e=42 a/e=42");
}
END_TEST

/* Wildcards in the name of the working directory mean nothing. */
START_TEST(relative_to_wildcards) {
  make_files("dir[1]/a/e dir1/b/e");
  ck_assert_int_eq(chdir(in_scratch("dir[1]")), 0);
  ck_assert_int_eq(source_add(source, "missing/e"), 0);
  ck_assert_int_eq(source_add(source, "*/e"), 0);
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_str_eq(readings_of(), "dir[1]/missing/e=ENOENT dir[1]/a/e=42");
}
END_TEST

START_TEST(relative_to_nothing) {
  ck_assert_int_eq(mkdir(in_scratch("gone"), 0755), 0);
  ck_assert_int_eq(chdir(in_scratch("gone")), 0);
  ck_assert_int_eq(rmdir(in_scratch("gone")), 0);
  ck_assert_int_eq(source_add(source, "a/e"), -ENOENT);
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_str_eq(list_of(), "");
}
END_TEST

START_TEST(literal_wildcards) {
  make_files("vm[1]/e vm1/e");
  add("vm[1]/e");
  add("vm[2]/e"); /* no such file, so it is a pattern */
  ck_assert_int_eq(source_begin(source, NULL), 0);
  ck_assert_uint_eq(source_count(source), 1);
  ck_assert(!source_at(source, 0)->by_pattern);
  ck_assert_str_eq(source_at(source, 0)->label, "vm[1]");
  source_end(source);
  make_files("vm2/e vm[2]/e");
  ck_assert_str_eq(list_of(), "vm[1]/e vm2/e");
}
END_TEST

/* A VM named "*" does not hide the others. */
START_TEST(vm_called_wildcard) {
  make_files("*/e a/e b/e");
  add("*/e");
  ck_assert_str_eq(list_of(), "*/e a/e b/e");
}
END_TEST

START_TEST(add_later) {
  make_files("a/e b/e c/e");
  add("b/e");
  ck_assert_str_eq(list_of(), "b/e");
  add("c/e */e");
  ck_assert_uint_eq(source_count(source), 1);
  ck_assert_str_eq(take_events(), "+b/e");
  ck_assert_pass(list_of(), "b/e c/e a/e", "+c/e +a/e");
}
END_TEST

/* ---- counters come and go ---------------------------------------------------------------------------------------- */

START_TEST(come_and_go) {
  make_files("b/e d/e z/f");
  add("z/f */e");
  ck_assert_uint_eq(source_count(source), 0);
  ck_assert_str_eq(take_events(), "");
  ck_assert_pass(list_of(), "z/f b/e d/e", "+z/f +b/e +d/e");
  ck_assert_pass(list_of(), "z/f b/e d/e", "");

  make_files("e/e a/e c/e");
  ck_assert_pass(list_of(), "z/f a/e b/e c/e d/e e/e", "+a/e +c/e +e/e");

  remove_file("a/e");
  remove_file("d/e");
  remove_file("z/f");
  make_files("dd/e");
  ck_assert_pass(list_after_reading(), "z/f b/e c/e dd/e e/e", "+dd/e -a/e -d/e");

  make_files("a/e z/f");
  ck_assert_pass(readings_of(), "z/f=42 a/e=42 b/e=42 c/e=42 dd/e=42 e/e=42", "+a/e");
  ck_assert_str_eq(free_source(), "-z/f -a/e -b/e -c/e -dd/e -e/e");
}
END_TEST

/* To remove and restore a file does not change the directory above its own. */
START_TEST(back_in_its_directory) {
  make_files("vms/a/e vms/b/e");
  add("vms/*/e");
  for (int i = 0; i < 3; i++) {
    struct timespec pause = {.tv_nsec = 60 * NS_PER_MS}; /* more than the tick of file times */
    nanosleep(&pause, NULL);
    ck_assert_str_eq(list_of(), "vms/a/e vms/b/e");
    ck_assert_int_eq(unlink(in_scratch("vms/a/e")), 0);
    ck_assert_str_eq(list_after_reading(), "vms/b/e");
    ck_assert_str_eq(list_of(), "vms/b/e");
    make_files("vms/a/e");
  }
  ck_assert_str_eq(readings_of(), "vms/a/e=42 vms/b/e=42");
}
END_TEST

START_TEST(free_tells) {
  source_free(NULL);
  make_files("a/e b/e");
  add("b/e */e");
  ck_assert_str_eq(free_source(), ""); /* nothing was added */

  new_source();
  add("b/e */e");
  int before = count_held_files();
  ck_assert_int_eq(source_begin(source, NULL), 0);
  take_events();
  ck_assert_str_eq(free_source(), "-b/e -a/e"); /* in the middle of a pass */
  ck_assert_int_eq(count_held_files(), before);
}
END_TEST

/* The caller's pointer stays with its counter, up to removed(). */
static int users[4];

static void removed_user(struct source_entry *entry, void *arg) {
  say(arg, "-%s:%td", in_tree(entry->path), (int *)entry->user - users);
}

START_TEST(user) {
  new_source_with((struct source_options){.label_max = LABEL_MAX_FILE, .removed = removed_user});
  make_files("b/e c/e");
  add("d/e */e");
  ck_assert_str_eq(list_of(), "d/e b/e c/e");
  for (int i = 0; i < 3; i++)
    source_at(source, (size_t)i)->user = &users[i];
  make_files("a/e bb/e");
  remove_file("b/e");
  ck_assert_pass(list_after_reading(), "d/e a/e bb/e c/e", "-b/e:1");
  void *expected[] = {&users[0], NULL, NULL, &users[2]};
  for (size_t i = 0; i < 4; i++)
    ck_assert_ptr_eq(source_at(source, i)->user, expected[i]);
  source_at(source, 1)->user = source_at(source, 2)->user = &users[3];
  ck_assert_str_eq(free_source(), "-d/e:0 -a/e:3 -bb/e:3 -c/e:2");
}
END_TEST

START_TEST(no_callbacks) {
  new_source_with((struct source_options){.label_max = LABEL_MAX_FILE});
  make_files("a/e b/e");
  add("*/e");
  ck_assert_str_eq(list_of(), "a/e b/e");
  remove_file("a/e");
  ck_assert_str_eq(list_after_reading(), "b/e");
}
END_TEST

START_TEST(missing_path) {
  add("b/e a/e");
  ck_assert_str_eq(readings_of(), "b/e=ENOENT a/e=ENOENT");
  make_files("b");
  ck_assert_str_eq(readings_of(), "b/e=ENOTDIR a/e=ENOENT");
  remove_file("b");
  make_files("a/e b/e");
  ck_assert_str_eq(readings_of(), "b/e=42 a/e=42");
  remove_file("b/e");
  ck_assert_pass(readings_of(), "b/e=ENOENT a/e=42", "+b/e +a/e");
  ck_assert(!source_at(source, 0)->by_pattern);
}
END_TEST

/* A literal path stays listed, even if a pattern found it first. */
static const char *const path_and_pattern_rows[] = {"a/e */e", "*/e a/e", "*/e a/e ?/e a/e"};

START_TEST(path_and_pattern) {
  make_files("a/e");
  add(path_and_pattern_rows[_i]);
  ck_assert_str_eq(readings_of(), "a/e=42");
  remove_file("a/e");
  ck_assert_str_eq(readings_of(), "a/e=ENOENT");
  ck_assert_str_eq(list_of(), "a/e");
  make_files("a/e");
  ck_assert_str_eq(readings_of(), "a/e=42");
}
END_TEST

/* The counter is removed between search and read. */
START_TEST(gone_before_read) {
  make_files("a/e b/e");
  add("*/e");
  ck_assert_int_eq(source_begin(source, NULL), 0);
  ck_assert_uint_eq(source_count(source), 2);
  remove_file("a/e");
  ck_assert_int_eq(read_entry(source_at(source, 0)).error, -ENOENT);
  ck_assert_int_eq(read_entry(source_at(source, 1)).error, 0);
  source_end(source);
  ck_assert_str_eq(list_of(), "b/e");
}
END_TEST

START_TEST(many) {
  enum { VMS = 2000 };
  char name[64];
  new_source_with((struct source_options){0});
  add("scaphandre/*/intel-rapl:?/energy_uj");
  for (int i = VMS - 1; i >= 0; i--) {
    snprintf(name, sizeof(name), "scaphandre/vm-%04d/intel-rapl:0/energy_uj", i);
    write_text(name, "42");
  }
  for (int pass = 0; pass < 3; pass++) {
    int step = pass == 1 ? 2 : 1; /* all, the even ones, all */
    for (int i = 1; i < VMS && pass > 0; i += 2) {
      snprintf(name, sizeof(name), "scaphandre/vm-%04d/intel-rapl:0/energy_uj", i);
      if (pass == 1)
        remove_file(name);
      else
        write_text(name, "42");
    }
    read_all();
    ck_assert_int_eq(source_begin(source, NULL), 0);
    ck_assert_uint_eq(source_count(source), (size_t)(VMS / step));
    for (int i = 0; i < VMS / step; i++) {
      struct source_entry *entry = source_at(source, (size_t)i);
      snprintf(name, sizeof(name), "vm-%04d", i * step);
      ck_assert_str_eq(entry->label, name);
      ck_assert_int_eq(read_entry(entry).error, 0);
    }
    source_end(source);
  }
}
END_TEST

/* ---- which are wanted -------------------------------------------------------------------------------------------- */

static void new_choosy_source(void) {
  new_source_with((struct source_options){.wanted = wanted, .added = added, .removed = removed});
}

START_TEST(unwanted) {
  new_choosy_source();
  make_files("a/e un/e unx/f");
  add("unx/f */e");
  ck_assert_str_eq(take_events(), "");
  ck_assert_pass(list_of(), "a/e", "?unx ?a +a/e ?un");
  ck_assert_pass(list_of(), "a/e", "");
  make_files("b/e");
  remove_file("un/e");
  ck_assert_int_eq(rmdir(in_scratch("un")), 0);
  ck_assert_pass(list_of(), "a/e b/e", "?b +b/e");
  make_files("un/e");
  remove_file("a/e");
  ck_assert_pass(list_after_reading(), "b/e", "?un -a/e"); /* a new counter, so asked again */
  ck_assert_str_eq(free_source(), "-b/e");
}
END_TEST

static const struct {
  const char *add, *events;
} asked_rows[] = {
    {"a/e a/e", "?a +a/e"}, {"a/e */e", "?a +a/e"}, {"*/e ?/e a/e", "?a +a/e"},
    {"un/f un/f", "?un"},   {"un/f */f", "?un"},    {"*/f ?n/f", "?un"},
};

START_TEST(asked_once) {
  new_choosy_source();
  make_files("a/e un/f");
  add(asked_rows[_i].add);
  list_of();
  list_of();
  ck_assert_str_eq(take_events(), asked_rows[_i].events);
}
END_TEST

/* The question is about the safe name, before it is made unique. */
START_TEST(wanted_name) {
  new_choosy_source();
  make_files("u\nn/e x/a/e y/a/e");
  add("u\nn/e ?/a/e");
  list_of();
  ck_assert_str_eq(take_events(), "?u_n_c50ef9e8 +u\nn/e ?a +x/a/e ?a +y/a/e");
}
END_TEST

/* ---- labels ------------------------------------------------------------------------------------------------------ */

START_TEST(labels_stay) {
  make_files("1/vm/e 2/vm/e");
  add("?/*/e");
  list_of();
  ck_assert_str_eq(label_of("1/vm/e"), "vm");
  char second[LABEL_MAX_COLLECTD + 1];
  snprintf(second, sizeof(second), "%s", label_of("2/vm/e"));
  ck_assert_str_ne(second, "vm");
  ck_assert_int_eq(strncmp(second, "vm_", 3), 0);

  remove_file("1/vm/e");
  make_files("0/other/e 3/other/e");
  list_after_reading();
  ck_assert_str_eq(label_of("2/vm/e"), second);
  ck_assert_str_eq(label_of("0/other/e"), "other");

  make_files("0/vm/e"); /* sorts before the old ones; the bare label is reserved for the path that had it */
  list_of();
  ck_assert_str_ne(label_of("0/vm/e"), "vm");
  ck_assert_str_ne(label_of("0/vm/e"), second);
  ck_assert_str_eq(label_of("2/vm/e"), second);
  ck_assert_str_eq(source_at(source, 1)->name, "vm");

  make_files("1/vm/e");
  list_of();
  ck_assert_str_eq(label_of("1/vm/e"), "vm");
  ck_assert_str_eq(label_of("2/vm/e"), second);
}
END_TEST

START_TEST(labels_of_layout) {
  make_files("scaphandre/vm-001/intel-rapl:1/energy_uj scaphandre/vm-001/intel-rapl:0/energy_uj");
  make_files("zone/energy_uj scaphandre/vm-002/energy_uj");
  add("scaphandre/*/intel-rapl:?/energy_uj scaphandre/*/energy_uj zone/energy_uj");
  list_of();
  static const char *const labels[] = {"vm-001", "vm-001_intel-rapl:1", "vm-002", "zone"};
  ck_assert_uint_eq(source_count(source), ROWS(labels));
  for (size_t i = 0; i < ROWS(labels); i++) {
    ck_assert_str_eq(source_at(source, i)->label, labels[i]);
    ck_assert_int_eq(source_at(source, i)->by_pattern, i < 3);
  }
}
END_TEST

/* A safe name and one that resembles it once made safe do not affect each other, in either order. */
static const char *const safe_name_rows[] = {"*/e", "a\nb/e a_b/e", "a_b/e a\nb/e", "a\n*/e a_*/e", "a_*/e a\nb/e"};

START_TEST(safe_names) {
  make_files("a\nb/e a_b/e");
  add(safe_name_rows[_i]);
  list_of();
  ck_assert_uint_eq(source_count(source), 2);
  ck_assert_str_eq(label_of("a_b/e"), "a_b");
  ck_assert_str_eq(label_of("a\nb/e"), "a_b_ab576911");
  for (size_t i = 0; i < 2; i++)
    ck_assert_str_eq(source_at(source, i)->name, source_at(source, i)->label);
}
END_TEST

START_TEST(safe_later) {
  make_files("a\nb/e");
  add("*/e");
  list_of();
  ck_assert_str_eq(label_of("a\nb/e"), "a_b_ab576911");
  make_files("a_b/e");
  list_of();
  ck_assert_str_eq(label_of("a\nb/e"), "a_b_ab576911");
  ck_assert_str_eq(label_of("a_b/e"), "a_b");
}
END_TEST

START_TEST(long_labels) {
  static const size_t max[] = {LABEL_MAX_COLLECTD, LABEL_MAX_FILE};
  char name[256];
  new_source_with((struct source_options){.label_max = max[_i]});
  for (int tail = 0; tail < 3; tail++) {
    snprintf(name, sizeof(name), "%0200d/e", tail);
    write_text(name, "42");
  }
  add("*/e");
  list_of();
  ck_assert_uint_eq(source_count(source), 3);
  for (size_t i = 0; i < 3; i++) {
    ck_assert_uint_eq(strlen(source_at(source, i)->label), max[_i]);
    ck_assert_uint_eq(strlen(source_at(source, i)->name), 200);
    ck_assert_str_ne(source_at(source, i)->label, source_at(source, (i + 1) % 3)->label);
  }
}
END_TEST

/* ---- what is refused --------------------------------------------------------------------------------------------- */

/* Each puts one bad kind of VM beside a good counter, other/x/e. */
static void put_fifo(void) {
  make_fifo("vms/vm/x/e");
}

static void put_directory(void) {
  make_directory("vms/vm/x/e");
}

static void put_link(void) {
  make_files("vms/vm/x/f");
  make_link("f", "vms/vm/x/e");
}

static void put_link_to_nothing(void) {
  make_link("nowhere", "vms/vm/x/e");
}

static void put_link_to_fifo(void) {
  make_fifo("vms/vm/x/f");
  make_link("f", "vms/vm/x/e");
}

static void put_linked_directory(void) {
  make_files("elsewhere/e");
  make_link("../../elsewhere", "vms/vm/x");
}

static void put_linked_directory_with_nothing(void) {
  make_directory("elsewhere");
  make_link("../../elsewhere", "vms/vm/x");
}

static void put_linked_directory_with_fifo(void) {
  make_fifo("elsewhere/e");
  make_link("../../elsewhere", "vms/vm/x");
}

static void put_linked_vm(void) {
  make_files("elsewhere/x/e");
  make_link("../elsewhere", "vms/vm");
}

static void put_link_to_other_vm(void) {
  make_link("other", "vms/vm");
}

static void put_link_to_itself(void) {
  make_link("vm", "vms/vm");
}

static void put_fifo_as_vm(void) {
  make_fifo("vms/vm");
}

static void put_empty_vm(void) {
  make_directory("vms/vm");
}

#define OTHER "vms/other/x/e=42"

/* No link is followed: one after the last wildcard is listed and refused with the reason, one in place of a directory
 * to be searched is skipped. */
static const struct {
  void (*put)(void);
  const char *vms;     /* with vms/?*\/x/e */
  const char *all;     /* with vms/?*\/?/? and vms/?*\/x/? */
  const char *written; /* with vms/vm/x/e as a path */
} refused_rows[] = {
    {put_fifo, OTHER " vms/vm/x/e=EMEDIUMTYPE", OTHER " vms/vm/x/e=EMEDIUMTYPE", "vms/vm/x/e=EMEDIUMTYPE"},
    {put_directory, OTHER " vms/vm/x/e=EISDIR", OTHER " vms/vm/x/e=EISDIR", "vms/vm/x/e=EISDIR"},
    {put_link, OTHER " vms/vm/x/e=ELOOP", OTHER " vms/vm/x/e=ELOOP vms/vm/x/f=42", "vms/vm/x/e=42"},
    {put_link_to_nothing, OTHER " vms/vm/x/e=ELOOP", OTHER " vms/vm/x/e=ELOOP", "vms/vm/x/e=ENOENT"},
    {put_link_to_fifo, OTHER " vms/vm/x/e=ELOOP", OTHER " vms/vm/x/e=ELOOP vms/vm/x/f=EMEDIUMTYPE",
     "vms/vm/x/e=EMEDIUMTYPE"},
    {put_linked_directory, OTHER " vms/vm/x/e=ELOOP", OTHER, "vms/vm/x/e=42"},
    {put_linked_directory_with_nothing, OTHER " vms/vm/x/e=ELOOP", OTHER, "vms/vm/x/e=ENOENT"},
    {put_linked_directory_with_fifo, OTHER " vms/vm/x/e=ELOOP", OTHER, "vms/vm/x/e=EMEDIUMTYPE"},
    {put_linked_vm, OTHER " vms/vm/x/e=ELOOP", OTHER, "vms/vm/x/e=42"},
    {put_link_to_other_vm, OTHER " vms/vm/x/e=ELOOP", OTHER, "vms/vm/x/e=42"},
    {put_link_to_itself, OTHER " vms/vm/x/e=ELOOP", OTHER, "vms/vm/x/e=ELOOP"},
    {put_fifo_as_vm, OTHER, OTHER, "vms/vm/x/e=ENOTDIR"},
    {put_empty_vm, OTHER, OTHER, "vms/vm/x/e=ENOENT"},
};

START_TEST(refused) {
  const char *const adds[] = {"vms/?*/x/e", "vms/?*/?/?", "vms/?*/x/?", "vms/vm/x/e"};
  const char *const expected[] = {refused_rows[_i].vms, refused_rows[_i].all, refused_rows[_i].all,
                                  refused_rows[_i].written};
  make_files("vms/other/x/e");
  refused_rows[_i].put();
  for (int i = 0; i < ROWS(adds); i++) {
    new_source();
    add(adds[i]);
    ck_assert_str_eq(readings_of(), expected[i]);
    ck_assert_str_eq(readings_of(), expected[i]);
  }
}
END_TEST

/* A tenant replaces the counter, or a directory of its path, between two passes, and between search and read. */
START_TEST(swapped) {
  make_files("vms/vm/x/e secret/e secret/x/e");
  add("vms/*/x/e");
  ck_assert_str_eq(readings_of(), "vms/vm/x/e=42");
  remove_file("vms/vm/x/e");
  make_link("../../../secret/e", "vms/vm/x/e");
  ck_assert_str_eq(readings_of(), "vms/vm/x/e=ELOOP");
  remove_file("vms/vm/x/e");
  make_files("vms/vm/x/e");
  ck_assert_str_eq(readings_of(), "vms/vm/x/e=42");
  ck_assert_int_eq(source_begin(source, NULL), 0);
  ck_assert_int_eq(read_entry(source_at(source, 0)).error, 0); /* that of source_begin() */
  remove_file("vms/vm/x/e");
  ck_assert_int_eq(rmdir(in_scratch("vms/vm/x")), 0);
  make_link("../../secret", "vms/vm/x");
  ck_assert_int_eq(read_entry(source_at(source, 0)).error, -ELOOP);
  source_end(source);
}
END_TEST

/* Links before the first wildcard are allowed, and followed again in each pass. */
START_TEST(link_in_explicit_part) {
  make_files("1/vms/a/e 2/vms/b/e");
  make_link("1", "current");
  add("current/vms/a/e current/vms/*/e");
  ck_assert_str_eq(readings_of(), "current/vms/a/e=42");
  remove_file("current");
  make_link("2", "current");
  ck_assert_str_eq(list_of(), "current/vms/a/e current/vms/b/e");

  new_source(); /* the searched directory itself is a link */
  make_link("2/vms", "vms");
  add("vms/*/e");
  ck_assert_str_eq(readings_of(), "vms/b/e=42");
}
END_TEST

START_TEST(sysfs) {
  static const char *const patterns[] = {"/sys/class/net/l[o]/mtu", "/sys/class/net/l[o]/mt?"};
  struct stat st;
  if (lstat("/sys/class/net/lo", &st) != 0 || !S_ISLNK(st.st_mode))
    return;                                    /* no sysfs in this container */
  new_source_with((struct source_options){0}); /* in no scratch directory */
  ck_assert_int_eq(source_add(source, patterns[_i]), 0);
  ck_assert_int_eq(source_begin(source, NULL), 0);
  ck_assert_uint_eq(source_count(source), 1);
  ck_assert_str_eq(source_at(source, 0)->path, "/sys/class/net/lo/mtu");
  struct reading reading = read_entry(source_at(source, 0));
  ck_assert_int_eq(reading.error, 0);
  ck_assert(reading.computed);
  source_end(source);
}
END_TEST

/* ---- directories that cannot be searched ------------------------------------------------------------------------- */

static void give_away_one(const char *word, void *arg) {
  (void)arg;
  if (getuid() == 0)
    ck_assert_int_eq(chown(in_scratch(word), 65534, 65534), 0);
}

/* To the user of as_nobody(). */
static void give_away(const char *words) {
  for_each_word(words, give_away_one, NULL);
}

static void ck_assert_same_directory(const char *where, const char *name) {
  struct stat a, b;
  ck_assert_ptr_nonnull(where);
  ck_assert_msg(stat(where, &a) == 0, "%s: %s", where, strerror(errno));
  ck_assert_int_eq(stat(in_scratch(name), &b), 0);
  ck_assert_msg(a.st_dev == b.st_dev && a.st_ino == b.st_ino, "%s is not %s", where, name);
}

static void set_mode(const char *name, mode_t mode) {
  ck_assert_int_eq(chmod(in_scratch(name), mode), 0);
}

static void search_closed(void) {
  new_source();
  const char *where = NULL;
  add("vms/*/?/e other/*/e");
  ck_assert_str_eq(list_of(), "vms/a/x/e vms/b/x/e vms/c/x/e other/o/e");
  take_events();

  set_mode("vms/b", 0311); /* the rest is still found */
  ck_assert_str_eq(list_despite(-EACCES, &where), "vms/a/x/e vms/c/x/e other/o/e");
  ck_assert_same_directory(where, "vms/b");
  ck_assert_str_eq(take_events(), "-vms/b/x/e");
  ck_assert_str_eq(list_despite(-EACCES, NULL), "vms/a/x/e vms/c/x/e other/o/e");
  ck_assert_str_eq(take_events(), "");

  set_mode("vms", 0311); /* the first of two failures is reported */
  set_mode("other", 0311);
  ck_assert_str_eq(list_despite(-EACCES, &where), "");
  ck_assert_same_directory(where, "vms");
  ck_assert_str_eq(take_events(), "-vms/a/x/e -vms/c/x/e -other/o/e");

  set_mode("vms", 0755);
  set_mode("vms/b", 0755);
  ck_assert_str_eq(list_despite(-EACCES, &where), "vms/a/x/e vms/b/x/e vms/c/x/e");
  ck_assert_same_directory(where, "other");
  set_mode("other", 0755);
  ck_assert_pass(list_of(), "vms/a/x/e vms/b/x/e vms/c/x/e other/o/e", "+vms/a/x/e +vms/b/x/e +vms/c/x/e +other/o/e");
}

START_TEST(closed_directory) {
  make_files("vms/a/x/e vms/b/x/e vms/c/x/e other/o/e");
  give_away("vms vms/b other");
  as_nobody(search_closed);
}
END_TEST

/* What cannot be opened is listed; its reading has the error. */
static void read_closed(void) {
  new_source();
  add("vms/*/e");
  set_mode("vms/a", 0);
  set_mode("vms/b/e", 0);
  ck_assert_str_eq(readings_of(), "vms/a/e=EACCES vms/b/e=EACCES vms/c/e=42");
  set_mode("vms/a", 0755);
  ck_assert_pass(readings_of(), "vms/a/e=42 vms/b/e=EACCES vms/c/e=42", "+vms/a/e +vms/b/e +vms/c/e");
}

START_TEST(closed_counter) {
  make_files("vms/a/e vms/b/e vms/c/e");
  give_away("vms/a vms/b/e");
  as_nobody(read_closed);
}
END_TEST

static void search_unreachable(void) {
  new_source();
  const char *where = NULL;
  add("closed/vms/*/e");
  add("none/*/e"); /* not an error */
  add("open/*/e");
  set_mode("closed", 0);
  ck_assert_str_eq(list_despite(-EACCES, &where), "open/a/e");
  ck_assert_ptr_nonnull(where);
  ck_assert_ptr_nonnull(strstr(where, "/closed/vms"));
  set_mode("closed", 0755);
  ck_assert_str_eq(list_of(), "closed/vms/a/e open/a/e");
}

START_TEST(unreachable_root) {
  make_files("closed/vms/a/e open/a/e");
  give_away("closed");
  as_nobody(search_unreachable);
}
END_TEST

/* A lack of descriptors does not remove counters from the list. */
START_TEST(no_descriptors) {
  make_files("vms/a/e vms/b/e vms/c/d vms/dir/sub/e");
  add("vms/*/e vms/*/s*/e");
  ck_assert_pass(list_of(), "vms/a/e vms/b/e vms/dir/sub/e", "+vms/a/e +vms/b/e +vms/dir/sub/e");
  for (int more = 0; more < 2; more++) {
    limit_descriptors(more);
    const char *where = NULL;
    ck_assert_int_eq(source_begin(source, &where), -EMFILE);
    ck_assert_uint_eq(source_count(source), 3);
    for (size_t i = 0; i < source_count(source); i++) {
      struct reading reading = read_entry(source_at(source, i));
      ck_assert_msg(reading.error == -EMFILE || reading.error == 0, "error %d", reading.error);
    }
    source_end(source);
    limit_descriptors(-1);
    ck_assert_str_eq(take_events(), "");
  }
  make_files("vms/new/e");
  ck_assert_pass(list_of(), "vms/a/e vms/b/e vms/new/e vms/dir/sub/e", "+vms/new/e");
  ck_assert_str_eq(readings_of(), "vms/a/e=42 vms/b/e=42 vms/new/e=42 vms/dir/sub/e=42");
}
END_TEST

/* What two patterns name is listed while one of them finds it. */
static void search_by_two(void) {
  new_source();
  add("vms/*/e vms/b/*");
  ck_assert_str_eq(list_of(), "vms/a/e vms/b/e");
  set_mode("vms", 0311);
  ck_assert_str_eq(list_despite(-EACCES, NULL), "vms/b/e");
  ck_assert_str_eq(list_despite(-EACCES, NULL), "vms/b/e");
  set_mode("vms", 0755);
  ck_assert_int_eq(strlen(list_of()), strlen("vms/a/e vms/b/e")); /* in any order */
}

START_TEST(two_patterns) {
  make_files("vms/a/e vms/b/e");
  give_away("vms");
  as_nobody(search_by_two);
}
END_TEST

/* ---- what is not searched again ---------------------------------------------------------------------------------- */

/* Whether a pass lists the directory. An open with O_PATH is no event. */
static bool is_listed(const char *directory) {
  char events_read[4096];
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  ck_assert_int_ge(inotify_add_watch(fd, in_scratch(directory), IN_OPEN | IN_ONLYDIR), 0);
  list_of();
  bool listed = read(fd, events_read, sizeof(events_read)) > 0;
  close(fd);
  return listed;
}

/* A directory is listed when it changed, and while it is so new that another change might not show. */
START_TEST(listed_on_change) {
  bool always = file_age == ALL_IS_NEW;
  make_files("vms/a/x/e vms/b/x/e");
  add("vms/*/x/e");
  ck_assert(is_listed("vms"));
  ck_assert_int_eq(is_listed("vms"), always);
  make_files("vms/a/x/f vms/a/x/e"); /* does not change vms */
  ck_assert_int_eq(is_listed("vms"), always);
  make_directory("vms/c");
  ck_assert(is_listed("vms"));
  ck_assert_int_eq(is_listed("vms"), always);
  take_events();
  make_files("vms/c/x/e");
  ck_assert_int_eq(is_listed("vms"), always);
  ck_assert_str_eq(take_events(), "+vms/c/x/e");
  remove_file("vms/a/x/e");
  read_all();
  ck_assert_int_eq(is_listed("vms"), always);
  ck_assert_str_eq(take_events(), "-vms/a/x/e");
  make_files("vms/a/x/e");
  ck_assert_pass(list_of(), "vms/a/x/e vms/b/x/e vms/c/x/e", "+vms/a/x/e");
  ck_assert_int_eq(rename(in_scratch("vms/a"), in_scratch("vms/d")), 0);
  ck_assert_pass(list_of(), "vms/b/x/e vms/c/x/e vms/d/x/e", "-vms/a/x/e +vms/d/x/e");
}
END_TEST

/* A file that is being written when a pass begins is looked at again when it is read. */
START_TEST(second_look) {
  make_files("vms/a/e");
  add("vms/*/e");
  for (int i = 0; i < 3; i++)
    ck_assert_str_eq(readings_of(), "vms/a/e=42");
  write_text("vms/a/e", "");
  ck_assert_int_eq(source_begin(source, NULL), 0);
  write_text("vms/a/e", "43");
  ck_assert_uint_eq(read_entry(source_at(source, 0)).energy_uj, 43);
  source_end(source);
}
END_TEST

/* Another directory in its place, with the same times. */
START_TEST(replaced_root) {
  make_files("vms/a/e new/b/e");
  add("vms/*/e");
  for (int i = 0; i < 2; i++)
    ck_assert_str_eq(list_of(), "vms/a/e");
  struct stat st;
  ck_assert_int_eq(stat(in_scratch("vms"), &st), 0);
  ck_assert_int_eq(rename(in_scratch("vms"), in_scratch("old")), 0);
  ck_assert_int_eq(rename(in_scratch("new"), in_scratch("vms")), 0);
  set_mtime("vms", st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  ck_assert_str_eq(list_of(), "vms/b/e");
  make_files("vms/c/e");
  set_mtime("vms", st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  ck_assert_str_eq(list_of(), "vms/b/e vms/c/e");
}
END_TEST

/* With wildcards in two components each pass searches everything. */
START_TEST(two_levels) {
  make_files("vms/a/x/e");
  add("vms/*/?/e");
  for (int i = 0; i < 2; i++)
    ck_assert_str_eq(list_of(), "vms/a/x/e");
  make_files("vms/a/y/e");
  ck_assert_str_eq(list_of(), "vms/a/x/e vms/a/y/e");
}
END_TEST

/* A tenant who can write to vms/ moves a VM's directory and leaves a link to it. */
static const mode_t guard_rows[] = {0755, 0775, 0757, 01777};

START_TEST(guarded) {
  make_files("vms/a/e");
  add("vms/*/e");
  ck_assert_int_eq(chmod(in_scratch("vms"), guard_rows[_i]), 0);
  for (int i = 0; i < 4; i++)
    ck_assert_str_eq(readings_of(), "vms/a/e=42");
  ck_assert_int_eq(rename(in_scratch("vms/a"), in_scratch("a")), 0);
  make_link("../a", "vms/a");
  bool shortcut = guard_rows[_i] == 0755 && file_age == ALL_IS_OLD; /* only the owner can write */
  ck_assert_str_eq(readings_of(), shortcut ? "vms/a/e=42" : "vms/a/e=ELOOP");
}
END_TEST

static void search_of_another(void) {
  add("vms/*/e");
  for (int i = 0; i < 4; i++)
    ck_assert_str_eq(readings_of(), "vms/a/e=42");
  ck_assert_int_eq(rename(in_scratch("vms/a"), in_scratch("a")), 0);
  make_link("../a", "vms/a");
  ck_assert_str_eq(readings_of(), "vms/a/e=ELOOP");
}

START_TEST(guarded_by_another) {
  make_files("vms/a/e");
  if (chown(in_scratch("vms"), 65533, 65533) != 0)
    return; /* not root */
  search_of_another();
}
END_TEST

/* ---- nothing is kept open ---------------------------------------------------------------------------------------- */

START_TEST(nothing_open) {
  make_files("vms/a/x/e vms/b/x/e other/o/e");
  make_fifo("vms/c/x/e");
  int before = count_held_files();
  add("vms/*/?/e other/*/e other/o/e none/*/e");
  ck_assert_int_eq(count_held_files(), before);
  for (int pass = 0; pass < 6; pass++) {
    ck_assert_int_eq(source_begin(source, NULL), 0);
    if (pass == 1)
      ck_assert_int_eq(source_begin(source, NULL), 0); /* without source_end() */
    for (size_t i = 0; i < source_count(source); i++)
      read_entry(source_at(source, i));
    source_end(source);
    ck_assert_int_eq(count_held_files(), before);
  }
  source_end(source);
  free_source();
  ck_assert_int_eq(count_held_files(), before);
}
END_TEST

static void mount_vm(const char *vm) {
  char name[64];
  make_parents(in_scratch(vm));
  mkdir(in_scratch(vm), 0755);
  ck_assert_int_eq(mount("tmpfs", in_scratch(vm), "tmpfs", 0, "size=64k"), 0);
  snprintf(name, sizeof(name), "%s/e", vm);
  write_text(name, "42");
}

static void unmount_vm(const char *vm) {
  ck_assert_msg(umount2(in_scratch(vm), UMOUNT_NOFOLLOW) == 0, "%s: %s", vm, strerror(errno));
}

static void unmount_between_passes(void) {
  new_source();
  mount_vm("vms/a");
  mount_vm("vms/b");
  mount_vm("vms/c");
  mount_vm("own/d");
  add("vms/*/e");
  add("own/d/*"); /* the search itself starts in the mount */
  add("vms/c/e");
  ck_assert_str_eq(readings_of(), "vms/a/e=42 vms/b/e=42 vms/c/e=42 own/d/e=42");
  take_events();
  unmount_vm("vms/b");
  ck_assert_pass(readings_of(), "vms/a/e=42 vms/c/e=42 own/d/e=42", "-vms/b/e");
  unmount_vm("own/d");
  ck_assert_pass(readings_of(), "vms/a/e=42 vms/c/e=42", "-own/d/e");
  unmount_vm("vms/a");
  mount_vm("vms/b");
  mount_vm("own/d");
  ck_assert_pass(readings_of(), "vms/b/e=42 vms/c/e=42 own/d/e=42", "-vms/a/e +vms/b/e +own/d/e");
  unmount_vm("vms/b");
  unmount_vm("vms/c");
  unmount_vm("own/d");
}

/* One tmpfs per VM, as in Scaphandre's guide, in a mount namespace of its own. */
START_TEST(unmount) {
  enum { SKIPPED = 77 };
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    if (!own_mounts())
      _exit(SKIPPED);
    unmount_between_passes();
    _exit(0);
  }
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED),
                "the test failed in its mount namespace");
}
END_TEST

/* ---- one file by two paths --------------------------------------------------------------------------------------- */

static void same(const struct source_entry *dropped, const struct source_entry *kept, void *arg) {
  ck_assert_int_gt((int)strlen(dropped->label), 0);
  say(arg, "%s=%s", in_tree(dropped->path), in_tree(kept->path));
}

static void new_watchful_source(void) {
  new_source_with((struct source_options){.added = added, .removed = removed, .duplicate = same});
}

static const struct {
  const char *add, *one, *events;
} twin_rows[] = {
    {"a/e b/../a/e", "a/e", "b/../a/e=a/e -b/../a/e"},
    {"link/e a/e", "link/e", "a/e=link/e -a/e"},
    {"hard/e a/e", "hard/e", "a/e=hard/e -a/e"},
    {"[ab]/e link/e", "a/e b/e", "link/e=a/e -link/e"},
    {"link/e [ab]/e", "link/e b/e", "a/e=link/e -a/e"},
    {"link/e a/e b/../a/e", "link/e", "a/e=link/e -a/e b/../a/e=link/e -b/../a/e"},
    {"a/e b/e", "a/e b/e", ""},
};

START_TEST(twins) {
  new_watchful_source();
  make_files("a/e b/e");
  make_link("a", "link");
  make_parents(in_scratch("hard/e"));
  ck_assert_int_eq(link(in_scratch("a/e"), in_scratch("hard/e")), 0);
  add(twin_rows[_i].add);
  for (int pass = 0; pass < 3; pass++) {
    read_all();
    take_events();
  }
  ck_assert_str_eq(list_of(), twin_rows[_i].one);
  ck_assert_str_eq(take_events(), twin_rows[_i].events);
  read_all();
  ck_assert_str_eq(list_of(), twin_rows[_i].one);
  ck_assert_str_eq(take_events(), "");
}
END_TEST

/* Not in the first passes: the inode number may be reused for a moment. */
START_TEST(twins_are_told_after_three_passes) {
  new_watchful_source();
  make_files("a/e");
  add("a/e b/../a/e");
  make_directory("b");
  for (int pass = 0; pass < 3; pass++) {
    ck_assert_str_eq(list_of(), "a/e b/../a/e");
    read_all();
  }
  ck_assert_str_eq(list_of(), "a/e");
}
END_TEST

START_TEST(twin_leads_elsewhere) {
  new_watchful_source();
  make_files("a/e b/e");
  make_link("a", "link");
  add("a/e link/e");
  for (int pass = 0; pass < 4; pass++)
    read_all();
  ck_assert_str_eq(list_of(), "a/e");
  take_events();
  remove_file("link");
  make_link("b", "link");
  ck_assert_pass(readings_of(), "a/e=42 link/e=42", "+link/e");
}
END_TEST

/* The one that was kept is removed. */
START_TEST(twin_remains) {
  new_watchful_source();
  make_files("vms/a/e");
  ck_assert_int_eq(mkdir(in_scratch("hard"), 0755), 0);
  ck_assert_int_eq(link(in_scratch("vms/a/e"), in_scratch("hard/e")), 0);
  add("vms/*/e hard/e");
  for (int pass = 0; pass < 4; pass++)
    read_all();
  ck_assert_str_eq(list_of(), "vms/a/e");
  take_events();
  remove_file("vms/a/e");
  ck_assert_pass(list_after_reading(), "hard/e", "-vms/a/e +hard/e");
}
END_TEST

/* The one that was kept is a literal path, and its file is removed. */
START_TEST(twin_of_a_missing_path) {
  new_watchful_source();
  make_files("a/e");
  ck_assert_int_eq(mkdir(in_scratch("hard"), 0755), 0);
  ck_assert_int_eq(link(in_scratch("a/e"), in_scratch("hard/e")), 0);
  add("a/e hard/e");
  for (int pass = 0; pass < 4; pass++)
    read_all();
  write_text("a/e", ""); /* being written: no evidence */
  read_all();
  write_text("a/e", "42");
  read_all();
  ck_assert_str_eq(list_of(), "a/e");
  remove_file("a/e");
  read_all();
  ck_assert_str_eq(readings_of(), "a/e=ENOENT hard/e=42");
}
END_TEST

/* ---- bounds ------------------------------------------------------------------------------------------------------ */

enum { FILES_MAX = 10000, ENTRIES_MAX = 200000 };

static void make_many(const char *dir, int count) {
  char name[64];
  for (int i = count - 1; i >= 0; i--) {
    snprintf(name, sizeof(name), "%s/%05d", dir, i);
    make_parents(in_scratch(name));
    ck_assert_int_eq(mkdir(in_scratch(name), 0755), 0);
  }
}

START_TEST(bounded) {
  const char *where = NULL;
  make_many("vms/a", FILES_MAX + 200);
  make_files("vms/a/00007/e vms/a/09999/e vms/a/10000/e vms/a/10199/e vms/b/x/e vms/b/y/e");
  add("vms/*/*/e");
  ck_assert_int_eq(source_begin(source, &where), -E2BIG);
  ck_assert_same_directory(where, "vms/a");
  static struct words words;
  words = (struct words){0};
  list(&words);
  ck_assert_str_eq(words.text, "vms/a/00007/e vms/a/09999/e vms/b/x/e vms/b/y/e");
  source_end(source);
  ck_assert_int_eq(rmdir(in_scratch("vms/a/00000")), 0);
  ck_assert_str_eq(list_despite(-E2BIG, NULL), "vms/a/00007/e vms/a/09999/e vms/a/10000/e vms/b/x/e vms/b/y/e");
}
END_TEST

/* Entries that each directory has beside its own. */
static int extra_entries;

/* Stands in for the one of the C library, which may be named readdir64. */
__attribute__((visibility("default"))) struct dirent *readdir(DIR *dir) {
  static struct dirent extra = {.d_type = DT_REG, .d_name = "extra"};
  static int left;
  struct dirent *(*real)(DIR * dir);
  Dl_info own;
  ck_assert(dladdr((void *)readdir, &own) != 0 && own.dli_sname != NULL);
  *(void **)&real = dlsym(RTLD_NEXT, own.dli_sname);
  struct dirent *entry = real(dir);
  if (entry != NULL)
    left = extra_entries;
  return entry == NULL && left-- > 0 ? &extra : entry;
}

START_TEST(bounded_entries) {
  const char *where = NULL;
  make_files("vms/a/x/e");
  add("vms/*/*/e");
  extra_entries = ENTRIES_MAX - 3; /* beside ".", ".." and "x" */
  ck_assert_int_eq(source_begin(source, NULL), 0);
  extra_entries++;
  ck_assert_int_eq(source_begin(source, &where), -E2BIG);
  ck_assert_same_directory(where, "vms/a");
  ck_assert_uint_eq(source_count(source), 1);
}
END_TEST

/* Also across directories of one share; exactly the limit is no error. */
START_TEST(bounded_in_all) {
  make_many("vms/a/1", FILES_MAX / 2);
  make_many("vms/a/2", FILES_MAX / 2);
  make_many("vms/b/1", FILES_MAX / 2);
  make_files("vms/a/2/04999/e vms/b/1/04999/e");
  add("vms/*/*/*/e");
  ck_assert_str_eq(list_of(), "vms/a/2/04999/e vms/b/1/04999/e");
  make_files("vms/a/1/a/e");
  ck_assert_str_eq(list_despite(-E2BIG, NULL), "vms/a/1/a/e vms/b/1/04999/e");
}
END_TEST

/* ---- mounts ------------------------------------------------------------------------------------------------------ */

/* A new VM in the lower directory does not change the times of the merged one. */
START_TEST(overlay) {
  char options[400];
  if (!own_mounts())
    return;
  ck_assert_int_eq(mount("tmpfs", scratch, "tmpfs", 0, "size=1m,mode=755"), 0);
  make_files("lower/a/e");
  make_directory("vms");
  make_directory("upper");
  make_directory("work");
  snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", in_scratch("lower"), in_scratch("upper"),
           in_scratch("work"));
  if (mount("overlay", in_scratch("vms"), "overlay", 0, options) == 0) {
    new_source();
    add("vms/*/e");
    for (int pass = 0; pass < 4; pass++)
      ck_assert_str_eq(readings_of(), "vms/a/e=42");
    make_files("lower/b/e");
    ck_assert_str_eq(readings_of(), "vms/a/e=42 vms/b/e=42");
    free_source();
    umount2(in_scratch("vms"), MNT_DETACH);
  }
  umount2(scratch, MNT_DETACH);
}
END_TEST

START_TEST(without_proc) {
  make_files("vms/a/e");
  add("vms/*/e vms/a/e vms/none/e");
  if (!own_mounts() || mount("tmpfs", "/proc", "tmpfs", 0, "size=64k") != 0)
    return;
  for (int pass = 0; pass < 2; pass++) {
    ck_assert_int_eq(source_begin(source, NULL), 0);
    ck_assert_int_eq(source_mounts_error(source), -ENOENT);
    ck_assert_uint_eq(source_count(source), 2);
    ck_assert_int_eq(read_entry(source_at(source, 0)).error, -ENOLINK);
    ck_assert_int_eq(read_entry(source_at(source, 1)).error, -ENOENT);
    source_end(source);
  }
  umount2("/proc", MNT_DETACH);
  for (int pass = 0; pass < 2; pass++) {
    ck_assert_str_eq(readings_of(), "vms/a/e=42 vms/none/e=ENOENT");
    ck_assert_int_eq(source_mounts_error(source), 0);
  }
}
END_TEST

/* ---- where a counter wraps --------------------------------------------------------------------------------------- */

static uint64_t range_of_first(void) {
  ck_assert_int_eq(source_begin(source, NULL), 0);
  ck_assert_uint_ge(source_count(source), 1);
  struct reading reading = read_entry(source_at(source, 0));
  ck_assert_int_eq(reading.error, 0);
  source_end(source);
  return reading.range_uj;
}

/* A literal path, and a pattern. */
static const char *const range_rows[] = {"zone/energy_uj", "*/energy_uj"};

START_TEST(range) {
  write_text("zone/energy_uj", "42");
  write_text("zone/max_energy_range_uj", "1000\n");
  add(range_rows[_i]);
  ck_assert_uint_eq(range_of_first(), 1000);
  write_text("zone/max_energy_range_uj", "2000\n");
  ck_assert_uint_eq(range_of_first(), 1000); /* read when it appeared */

  remove_file("zone/energy_uj");
  readings_of();
  write_text("zone/energy_uj", "42");
  ck_assert_uint_eq(range_of_first(), 2000);

  remove_file("zone/energy_uj");
  remove_file("zone/max_energy_range_uj");
  readings_of();
  write_text("zone/energy_uj", "42");
  ck_assert_uint_eq(range_of_first(), 0);
}
END_TEST

/* Missing between two passes, as only a read noticed. */
START_TEST(range_missed_by_read) {
  write_text("zone/energy_uj", "42");
  write_text("zone/max_energy_range_uj", "1000");
  add(range_rows[_i]);
  ck_assert_uint_eq(range_of_first(), 1000);
  ck_assert_int_eq(source_begin(source, NULL), 0);
  ck_assert_int_eq(read_entry(source_at(source, 0)).error, 0);
  remove_file("zone/energy_uj");
  ck_assert_int_eq(read_entry(source_at(source, 0)).error, -ENOENT);
  source_end(source);
  write_text("zone/energy_uj", "42");
  write_text("zone/max_energy_range_uj", "2000");
  ck_assert_uint_eq(range_of_first(), 2000);
}
END_TEST

/* A failed first read does not lose the range; a range is not read through a link. */
START_TEST(range_after_bad_read) {
  write_text("zone/energy_uj", "");
  write_text("zone/max_energy_range_uj", "1000");
  add(range_rows[_i]);
  ck_assert_str_eq(readings_of(), "zone/energy_uj=ENODATA");
  write_text("zone/energy_uj", "42");
  ck_assert_uint_eq(range_of_first(), 1000);

  new_source();
  remove_file("zone/max_energy_range_uj");
  write_text("elsewhere", "3000");
  make_link("../elsewhere", "zone/max_energy_range_uj");
  add(range_rows[_i]);
  ck_assert_uint_eq(range_of_first(), _i == 0 ? 3000 : 0);
}
END_TEST

/* Each test twice: with files so new that they are always read, and with such as may be found unchanged. */
static void add_tests(Suite *suite, const char *name, void (*age)(void)) {
  TCase *tcase = suite_case(
      suite, name, set_up, tear_down, EACH(matches, match_rows), EACH(is_pattern, pattern_rows), ONCE(default_patterns),
      EACH(add_refuses, refused_texts), ONCE(relative), ONCE(relative_to_wildcards), ONCE(relative_to_nothing),
      ONCE(literal_wildcards), ONCE(vm_called_wildcard), ONCE(add_later), ONCE(come_and_go),
      ONCE(back_in_its_directory), ONCE(free_tells), ONCE(user), ONCE(no_callbacks), ONCE(missing_path),
      EACH(path_and_pattern, path_and_pattern_rows), ONCE(gone_before_read), ONCE(many), ONCE(unwanted),
      EACH(asked_once, asked_rows), ONCE(wanted_name), ONCE(labels_stay), ONCE(labels_of_layout),
      EACH(safe_names, safe_name_rows), ONCE(safe_later), TIMES(long_labels, 2), EACH(refused, refused_rows),
      ONCE(swapped), ONCE(link_in_explicit_part), TIMES(sysfs, 2), ONCE(closed_directory), ONCE(closed_counter),
      ONCE(unreachable_root), ONCE(no_descriptors), ONCE(two_patterns), ONCE(listed_on_change), ONCE(second_look),
      ONCE(replaced_root), ONCE(two_levels), EACH(guarded, guard_rows), ONCE(guarded_by_another), ONCE(nothing_open),
      ONCE(unmount), EACH(twins, twin_rows), ONCE(twins_are_told_after_three_passes), ONCE(twin_leads_elsewhere),
      ONCE(twin_remains), ONCE(twin_of_a_missing_path), ONCE(overlay), ONCE(without_proc), EACH(range, range_rows),
      EACH(range_missed_by_read, range_rows), EACH(range_after_bad_read, range_rows));
  tcase_add_checked_fixture(tcase, age, NULL);
}

int main(void) {
  Suite *suite = suite_create("source");
  add_tests(suite, "new files", all_is_new);
  add_tests(suite, "old files", all_is_old);
  tcase_set_timeout(suite_case(suite, "thousands of directories", set_up, tear_down, ONCE(bounded),
                               ONCE(bounded_entries), ONCE(bounded_in_all)),
                    120);
  return suite_run(suite);
}
