/* The state file: the one valid text, invalid ones, and that the file is always whole. */
#include "scratch.h"
#include "suite.h"

#include "core/state.h"
#include "core/state_file.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>

/* ---- a disk that fails ------------------------------------------------------------------------------------------- */

enum call { CALL_NONE, CALL_WRITE, CALL_WRITE_SHORT, CALL_WRITE_NOTHING, CALL_WRITE_KILL, CALL_FSYNC, CALL_RENAME };

static enum call failing;
static int failing_error;
static int fsyncs; /* calls */

ssize_t write(int fd, const void *data, size_t len) {
  if (failing == CALL_WRITE_KILL) {
    syscall(SYS_write, fd, data, len / 2);
    raise(SIGKILL);
  }
  if (failing == CALL_WRITE_NOTHING)
    return 0;
  if (failing == CALL_WRITE) {
    errno = failing_error;
    return -1;
  }
  if (failing == CALL_WRITE_SHORT) { /* a byte at a time, and EINTR every other time */
    static unsigned calls;
    if (calls++ % 2 == 0) {
      errno = EINTR;
      return -1;
    }
    len = 1;
  }
  return syscall(SYS_write, fd, data, len);
}

int fsync(int fd) {
  fsyncs++;
  if (failing == CALL_FSYNC) {
    errno = failing_error;
    return -1;
  }
  return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to) {
  if (failing == CALL_RENAME) {
    errno = failing_error;
    return -1;
  }
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static void set_up(void) {
  scratch_make();
  failing = CALL_NONE;
  fsyncs = 0;
}

/* ---- helpers ----------------------------------------------------------------------------------------------------- */

static struct state *new_state(void) {
  struct state *state = state_new();
  ck_assert_ptr_nonnull(state);
  return state;
}

static void set(struct state *state, const char *path, uint64_t total_uj, uint64_t counter_uj, int64_t seen_s) {
  const struct state_record record = {.total_uj = total_uj, .counter_uj = counter_uj, .seen_s = seen_s};
  ck_assert_int_eq(state_set(state, path, &record), 0);
}

static void expect(const struct state *state, const char *path, uint64_t total_uj, uint64_t counter_uj,
                   int64_t seen_s) {
  const struct state_record *record = state_find(state, path);
  ck_assert_msg(record != NULL, "%s is not known", path);
  ck_assert_uint_eq(record->total_uj, total_uj);
  ck_assert_uint_eq(record->counter_uj, counter_uj);
  ck_assert_int_eq(record->seen_s, seen_s);
}

static char *format(const struct state *state) {
  char *text;
  size_t len;
  ck_assert_int_eq(state_format(state, &text, &len), 0);
  ck_assert_uint_eq(strlen(text), len);
  return text;
}

/* FNV-1a, independent of the module. */
static uint64_t fnv(const char *text, size_t len) {
  uint64_t hash = 14695981039346656037u;
  while (len-- > 0)
    hash = (hash ^ (uint8_t)*text++) * 1099511628211u;
  return hash;
}

/* The lines, the end and their checksum; to be freed. */
static char *sealed(const char *lines, const char *end) {
  char *text = malloc(strlen(lines) + strlen(end) + 32);
  ck_assert_ptr_nonnull(text);
  int len = sprintf(text, "%s%s", lines, end);
  sprintf(text + len, "%016" PRIx64 "\n", fnv(text, (size_t)len));
  return text;
}

static int parse_text(const char *text, size_t len) {
  struct state *state = new_state();
  char *copy = malloc(len > 0 ? len : 1); /* no longer, for AddressSanitizer */
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, text, len);
  int status = state_parse(state, copy, len);
  ck_assert(status == 0 || state_count(state) == 0);
  free(copy);
  state_free(state);
  return status;
}

/* ---- the text ---------------------------------------------------------------------------------------------------- */

#define LINE_A "18446744073709551615 0 1795000000 /a/energy_uj\n"
#define LINE_B "7 18446744073709551615 0 /b%20%25%0A%C3%A4/energy_uj\n"
#define TEXT   "vm_energy state 1\n" LINE_A LINE_B "end 2 "

/* The checksums come from another program. */
#define WHOLE TEXT "fd07017a4c9620aa\n"
#define EMPTY "vm_energy state 1\nend 0 512e0efaa5fb33d4\n"

START_TEST(the_text) {
  struct state *state = new_state();
  char *text = format(state);
  ck_assert_str_eq(text, EMPTY);
  free(text);
  set(state, "/b %\n\xc3\xa4/energy_uj", 1, 2, 3);
  set(state, "/a/energy_uj", UINT64_MAX, 0, 1795000000);
  set(state, "/b %\n\xc3\xa4/energy_uj", 7, UINT64_MAX, 0);
  ck_assert_uint_eq(state_count(state), 2);
  text = format(state);
  ck_assert_str_eq(text, WHOLE);
  free(text);
  state_free(state);

  state = new_state();
  ck_assert_int_eq(state_parse(state, WHOLE, strlen(WHOLE)), 0);
  ck_assert_uint_eq(state_count(state), 2);
  expect(state, "/a/energy_uj", UINT64_MAX, 0, 1795000000);
  expect(state, "/b %\n\xc3\xa4/energy_uj", 7, UINT64_MAX, 0);
  ck_assert_ptr_null(state_find(state, "/c"));
  state_free(state);
  ck_assert_int_eq(parse_text(EMPTY, strlen(EMPTY)), 0);
}
END_TEST

static const char *const good_lines[] = {
    "0 0 0 /\n",
    "1 2 9000000000 /x\n",
    "10 20 30 /%7F%80%FF%01\n",
    "10 20 30 /a\n10 20 30 /a/b\n10 20 30 /b\n",
    "10 20 30 /a%20b\n10 20 30 /a!b\n", /* sorted as bytes, not as written */
};

START_TEST(test_good) {
  char lines[512];
  int count = 0;
  for (const char *c = good_lines[_i]; *c != '\0'; c++)
    count += *c == '\n';
  snprintf(lines, sizeof(lines), "vm_energy state 1\n%s", good_lines[_i]);
  char end[32];
  snprintf(end, sizeof(end), "end %d ", count);
  char *text = sealed(lines, end);
  struct state *state = new_state();
  ck_assert_int_eq(state_parse(state, text, strlen(text)), 0);
  char *again = format(state);
  ck_assert_str_eq(again, text);
  free(again);
  free(text);
  state_free(state);
}
END_TEST

/* Each has a valid checksum. */
static const struct {
  const char *lines, *end;
  int status;
} bad_rows[] = {
    {"", "", -EBADMSG},
    {"", "end 0 ", -EBADMSG},
    {"vm_energy state 1", "end 0 ", -EBADMSG},
    {"vm_energy state 1\r\n", "end 0 ", -EBADMSG},
    {" vm_energy state 1\n", "end 0 ", -EBADMSG},
    {"vm_energy stat", "", -EBADMSG},
    {"vm_energy state 2\n", "end 0 ", -EPROTONOSUPPORT},
    {"vm_energy state 10\n", "end 0 ", -EPROTONOSUPPORT},
    {"vm_energy state 1\n", "", -EBADMSG},
    {"vm_energy state 1\n", "end ", -EBADMSG},
    {"vm_energy state 1\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n", "end 00 ", -EBADMSG},
    {"vm_energy state 1\n", "end 0", -EBADMSG},
    {"vm_energy state 1\n", "end 0  ", -EBADMSG},
    {"vm_energy state 1\n", "end -0 ", -EBADMSG},
    {"vm_energy state 1\n", "end 100001 ", -EBADMSG},
    {"vm_energy state 1\n", "\nend 0 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /a\n", "end 0 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /a\n", "end 2 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /a", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 \n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1  2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n 1 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1\t2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /a b\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /a \n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /a\r\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1  3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2  /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n", "end  ", -EBADMSG},
    {"vm_energy state 1\n-1 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n+1 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n01 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 00 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n0x1 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1.5 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n18446744073709551616 2 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 18446744073709551616 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 99999999999999999999999 3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 9000000001 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 -3 /a\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /%\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /%2\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /%2g\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /%G0\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /%FG\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /%c3\n", "end 1 ", -EBADMSG}, /* small */
    {"vm_energy state 1\n1 2 3 /%00\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /%41\n", "end 1 ", -EBADMSG}, /* an 'A' needs none */
    {"vm_energy state 1\n1 2 3 %2Fa\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /\xc3\xa4\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /\x7f\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n1 2 3 /a\n1 2 3 /a\n", "end 2 ", -EBADMSG}, /* twice */
    {"vm_energy state 1\n1 2 3 /b\n1 2 3 /a\n", "end 2 ", -EBADMSG}, /* another order */
    {"vm_energy state 1\n1 2 3 /a\n\n", "end 1 ", -EBADMSG},
    {"vm_energy state 1\n# 1 2 3 /a\n", "end 1 ", -EBADMSG},
};

START_TEST(test_bad) {
  char *text = sealed(bad_rows[_i].lines, bad_rows[_i].end);
  ck_assert_int_eq(parse_text(text, strlen(text)), bad_rows[_i].status);
  free(text);
}
END_TEST

/* Otherwise the rows above would be refused for a fault of sealed(). */
START_TEST(the_rows_are_made_well) {
  char *text = sealed("vm_energy state 1\n1 2 3 /a\n", "end 1 ");
  size_t len = strlen(text);
  ck_assert_int_eq(parse_text(text, len), 0);
  text[len - 2] = text[len - 2] == '0' ? '1' : '0';
  ck_assert_int_eq(parse_text(text, len), -EBADMSG);
  free(text);
}
END_TEST

START_TEST(every_byte_flipped) {
  char text[] = WHOLE;
  size_t len = strlen(text);
  for (size_t i = 0; i < len; i++) {
    char was = text[i];
    for (int c = 0; c < 256; c++) {
      text[i] = (char)c;
      if (text[i] != was)
        ck_assert_msg(parse_text(text, len) != 0, "byte %zu may be %d", i, c);
    }
    text[i] = was;
  }
  ck_assert_int_eq(parse_text(text, len), 0);
}
END_TEST

START_TEST(every_length) {
  char text[] = WHOLE "\0x";
  size_t len = strlen(text);
  for (size_t i = 0; i < len; i++)
    ck_assert_int_ne(parse_text(text, i), 0);
  ck_assert_int_eq(parse_text(text, len + 1), -EBADMSG);
  text[len] = '\n';
  ck_assert_int_eq(parse_text(text, len + 1), -EBADMSG);
  static const char twice[] = WHOLE WHOLE;
  ck_assert_int_eq(parse_text(twice, strlen(twice)), -EBADMSG);
}
END_TEST

/* Random changes with a valid checksum: refused, or written again as the same bytes. */
START_TEST(whatever_is_taken_is_written_the_same) {
  uint64_t random = 88172645463325252u;
  int taken = 0;
  for (int round = 0; round < 20000; round++) {
    char lines[] = "vm_energy state 1\n" LINE_A LINE_B;
    size_t len = strlen(lines);
    for (int changes = round % 3; changes >= 0; changes--) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      static const char letters[] = "0123456789 /%\nabAF.";
      lines[18 + random % (len - 18)] = letters[(random >> 32) % (sizeof(letters) - 1)];
    }
    char *text = sealed(lines, "end 2 ");
    struct state *state = new_state();
    if (state_parse(state, text, strlen(text)) == 0) {
      char *again = format(state);
      ck_assert_str_eq(again, text);
      free(again);
      taken++;
    }
    state_free(state);
    free(text);
  }
  ck_assert_int_gt(taken, 400);
}
END_TEST

START_TEST(longest_path) {
  char path[PATH_MAX + 1];
  memset(path, '\n', sizeof(path));
  path[0] = '/';
  path[PATH_MAX - 1] = '\0';
  struct state *state = new_state();
  set(state, path, 1, 2, 3);
  char *text = format(state);
  ck_assert_int_eq(parse_text(text, strlen(text)), 0);
  free(text);
  path[PATH_MAX - 1] = '\n';
  path[PATH_MAX] = '\0';
  const struct state_record record = {1, 2, 3};
  ck_assert_int_eq(state_set(state, path, &record), -EINVAL);
  ck_assert_int_eq(state_set(state, "a/energy_uj", &record), -EINVAL);
  ck_assert_int_eq(state_set(state, "", &record), -EINVAL);
  const struct state_record early = {1, 2, -1}, late = {1, 2, STATE_SEEN_MAX_S + 1};
  ck_assert_int_eq(state_set(state, "/a", &early), -EINVAL);
  ck_assert_int_eq(state_set(state, "/a", &late), -EINVAL);
  ck_assert_uint_eq(state_count(state), 1);
  state_free(state);

  for (int extra = 0; extra < 2; extra++) { /* the same as text */
    char lines[PATH_MAX + 64] = "vm_energy state 1\n1 2 3 /";
    size_t len = strlen(lines);
    memset(lines + len, 'a', PATH_MAX - 2 + (size_t)extra);
    strcpy(lines + len + PATH_MAX - 2 + extra, "\n");
    text = sealed(lines, "end 1 ");
    ck_assert_int_eq(parse_text(text, strlen(text)), extra == 0 ? 0 : -EBADMSG);
    free(text);
  }
}
END_TEST

/* ---- how many ---------------------------------------------------------------------------------------------------- */

/* More than allowed: those not seen for longest are dropped. */
START_TEST(too_many_records) {
  struct state *state = new_state();
  char path[32];
  for (int i = 0; i < STATE_RECORDS_MAX + 5; i++) {
    snprintf(path, sizeof(path), "/%d", (i * 7919) % (STATE_RECORDS_MAX + 5));
    set(state, path, 1, 2, 1000 + i);
  }
  ck_assert_uint_eq(state_count(state), STATE_RECORDS_MAX + 5);
  char *text;
  size_t len;
  ck_assert_int_eq(state_format(state, &text, &len), -EFBIG);
  ck_assert_uint_eq(state_trim(state), 5);
  ck_assert_ptr_null(state_find(state, "/0"));
  expect(state, path, 1, 2, 1000 + STATE_RECORDS_MAX + 4);
  text = format(state);
  ck_assert_int_eq(parse_text(text, strlen(text)), 0);
  free(text);
  state_free(state);
}
END_TEST

START_TEST(too_many_lines) {
  size_t size = (STATE_RECORDS_MAX + 1) * (size_t)20 + 64;
  char *lines = malloc(size);
  ck_assert_ptr_nonnull(lines);
  char *out = lines + sprintf(lines, "vm_energy state 1\n");
  for (int i = 0; i <= STATE_RECORDS_MAX; i++)
    out += sprintf(out, "0 0 0 /%06d\n", i);
  char *text = sealed(lines, "end 100000 ");
  ck_assert_int_eq(parse_text(text, strlen(text)), -EFBIG);
  free(text);
  free(lines);
}
END_TEST

START_TEST(too_many_bytes) {
  struct state *state = new_state();
  char *text;
  size_t len;
  char path[PATH_MAX];
  memset(path, '\n', sizeof(path) - 1);
  path[PATH_MAX - 1] = '\0';
  for (int i = 0; i < 3000; i++) {
    int digits = snprintf(path, sizeof(path), "/%d", i);
    path[digits] = '\n';
    set(state, path, 1, 2, 1000 + i);
    if (i == 1400) /* a little more than allowed */
      ck_assert_int_eq(state_format(state, &text, &len), -EFBIG);
  }
  ck_assert_int_eq(state_format(state, &text, &len), -EFBIG);
  size_t forgotten = state_trim(state);
  ck_assert_uint_gt(forgotten, 1000);
  expect(state, path, 1, 2, 3999); /* the last one is the newest */
  text = format(state);
  len = strlen(text);
  ck_assert_uint_le(len, STATE_BYTES_MAX);
  ck_assert_uint_gt(len, STATE_BYTES_MAX - 200000);
  ck_assert_int_eq(parse_text(text, len), 0);
  free(text);
  state_free(state);
  char *zeros = calloc(1, STATE_BYTES_MAX + 1);
  ck_assert_ptr_nonnull(zeros);
  ck_assert_int_eq(parse_text(zeros, STATE_BYTES_MAX + 1), -EFBIG);
  free(zeros);
}
END_TEST

START_TEST(nothing_to_free) {
  state_free(NULL);
}
END_TEST

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static int save(uint64_t total_uj) {
  struct state *state = new_state();
  set(state, "/a", total_uj, 2, 3);
  char *text;
  size_t len;
  ck_assert_int_eq(state_format(state, &text, &len), 0);
  state_free(state);
  int status = state_file_save(in_scratch("state"), text, len);
  free(text);
  return status;
}

/* The total of the record in the file. */
static uint64_t saved(void) {
  struct state *state = new_state();
  ck_assert_int_eq(state_file_load(in_scratch("state"), state), 0);
  const struct state_record *record = state_find(state, "/a");
  ck_assert_ptr_nonnull(record);
  uint64_t total_uj = record->total_uj;
  state_free(state);
  return total_uj;
}

static int load(const char *name) {
  struct state *state = new_state();
  int status = state_file_load(in_scratch(name), state);
  ck_assert(status == 0 || state_count(state) == 0);
  state_free(state);
  return status;
}

/* The temporary file of this process. */
static const char *new_name(pid_t pid) {
  static char name[64];
  snprintf(name, sizeof(name), "state.new-%ld", (long)pid);
  return name;
}

static bool is_there(const char *name) {
  struct stat info;
  return lstat(in_scratch(name), &info) == 0;
}

START_TEST(saved_and_loaded) {
  int open_files = count_open_files();
  ck_assert_int_eq(load("state"), -ENOENT);
  ck_assert_int_eq(save(17), 0);
  ck_assert_int_eq(fsyncs, 2); /* the file, and the directory */
  ck_assert_uint_eq(saved(), 17);
  ck_assert_int_eq(save(18), 0);
  ck_assert_uint_eq(saved(), 18);
  struct stat info;
  ck_assert_int_eq(stat(in_scratch("state"), &info), 0);
  ck_assert_uint_eq(info.st_mode & 07777, 0600);
  ck_assert(!is_there(new_name(getpid())));
  ck_assert_int_eq(count_open_files(), open_files);
}
END_TEST

static const struct {
  enum call call;
  int error;
} fault_rows[] = {{CALL_WRITE, ENOSPC}, {CALL_WRITE, EIO},    {CALL_WRITE_NOTHING, EIO},
                  {CALL_FSYNC, EIO},    {CALL_FSYNC, ENOSPC}, {CALL_RENAME, EROFS}};

/* Whatever fails, the old file is intact, and no temporary file is left. */
START_TEST(test_faults) {
  int open_files = count_open_files();
  ck_assert_int_eq(save(1), 0);
  failing = fault_rows[_i].call;
  failing_error = fault_rows[_i].error;
  ck_assert_int_eq(save(2), -fault_rows[_i].error);
  failing = CALL_NONE;
  ck_assert_uint_eq(saved(), 1);
  ck_assert(!is_there(new_name(getpid())));
  ck_assert_int_eq(save(3), 0);
  ck_assert_uint_eq(saved(), 3);
  ck_assert_int_eq(count_open_files(), open_files);
}
END_TEST

START_TEST(byte_by_byte) {
  failing = CALL_WRITE_SHORT;
  ck_assert_int_eq(save(123456789), 0);
  failing = CALL_NONE;
  ck_assert_uint_eq(saved(), 123456789);
}
END_TEST

/* Killed during a write: the old file is intact, and the temporary file does no harm. */
START_TEST(killed) {
  ck_assert_int_eq(save(1), 0);
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    failing = CALL_WRITE_KILL;
    save(2);
    _exit(0);
  }
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  ck_assert_uint_eq(saved(), 1);
  ck_assert(is_there(new_name(pid)));
  ck_assert_int_eq(save(3), 0);
  ck_assert_uint_eq(saved(), 3);
  ck_assert(!is_there(new_name(getpid())));
}
END_TEST

/* A link with the name of the temporary file is not followed. */
START_TEST(planted_link) {
  write_text("precious", "precious");
  ck_assert_int_eq(symlink(in_scratch("precious"), in_scratch(new_name(getpid()))), 0);
  ck_assert_int_eq(save(4), 0);
  ck_assert_uint_eq(saved(), 4);
  ck_assert(!is_there(new_name(getpid())));
  ck_assert_str_eq(read_text(in_scratch("precious")), "precious");

  ck_assert_int_eq(mkdir(in_scratch(new_name(getpid())), 0700), 0);
  ck_assert_int_lt(save(5), 0);
  ck_assert_uint_eq(saved(), 4);
}
END_TEST

/* One process at a time, until the lock is closed. */
START_TEST(locked) {
  int fd = state_file_lock(in_scratch("state"));
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(state_file_lock(in_scratch("state")), -EWOULDBLOCK);
  int other = state_file_lock(in_scratch("other"));
  ck_assert_int_ge(other, 0);
  close(other);
  close(fd);
  fd = state_file_lock(in_scratch("state"));
  ck_assert_int_ge(fd, 0);
  close(fd);
  ck_assert_int_eq(state_file_lock(in_scratch("none/state")), -ENOENT);
  ck_assert_int_eq(symlink(in_scratch("precious"), in_scratch("link.lock")), 0);
  ck_assert_int_eq(state_file_lock(in_scratch("link")), -ELOOP);
  ck_assert(!is_there("precious"));
}
END_TEST

static void in_a_closed_directory(void) {
  ck_assert_int_eq(save(2), -EACCES);
  ck_assert_uint_eq(saved(), 1);
}

START_TEST(closed_directory) {
  ck_assert_int_eq(save(1), 0);
  ck_assert_int_eq(chmod(in_scratch("state"), 0644), 0);
  ck_assert_int_eq(chmod(scratch, 0555), 0);
  as_nobody(in_a_closed_directory);
  ck_assert_int_eq(chmod(scratch, 0755), 0);
}
END_TEST

static void in_a_directory_that_cannot_be_listed(void) {
  ck_assert_int_eq(save(2), 0);
  ck_assert_uint_eq(saved(), 2);
}

START_TEST(directory_that_cannot_be_listed) {
  ck_assert_int_eq(chmod(scratch, 0333), 0);
  as_nobody(in_a_directory_that_cannot_be_listed);
  ck_assert_int_eq(chmod(scratch, 0755), 0);
}
END_TEST

START_TEST(no_file_that_can_be_loaded) {
  write_text("empty", "");
  ck_assert_int_eq(load("empty"), -EBADMSG);
  write_text("other", "vm_energy state 7\n");
  ck_assert_int_eq(load("other"), -EPROTONOSUPPORT);
  ck_assert_int_eq(mkdir(in_scratch("dir"), 0755), 0);
  ck_assert_int_eq(load("dir"), -EMEDIUMTYPE);
  ck_assert_int_eq(mkfifo(in_scratch("fifo"), 0644), 0);
  ck_assert_int_eq(load("fifo"), -EMEDIUMTYPE);
  write_text("whole", WHOLE);
  ck_assert_int_eq(load("whole"), 0);
  ck_assert_int_eq(symlink(in_scratch("whole"), in_scratch("link")), 0);
  ck_assert_int_eq(load("link"), -ELOOP);
  ck_assert_int_eq(load("whole/x"), -ENOTDIR);
  write_text("huge", "");
  ck_assert_int_eq(truncate(in_scratch("huge"), INT64_C(1) << 40), 0);
  ck_assert_int_eq(load("huge"), -EFBIG);
}
END_TEST

/* The one format so far; the bytes are from the first version that had StateFile. A new format gets a file of its own.
 */
START_TEST(file_of_an_earlier_version) {
  const char *srcdir = getenv("abs_top_srcdir");
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/tests/states/1", srcdir != NULL ? srcdir : ".");
  struct state *state = new_state();
  ck_assert_int_eq(state_file_load(path, state), 0);
  ck_assert_uint_eq(state_count(state), 5);
  expect(state, "/var/lib/libvirt/scaphandre/web-1/intel-rapl:0/energy_uj", 123456789012, 456789012, 1764000000);
  expect(state, "/var/lib/libvirt/scaphandre/a b\n\"%'\xc3\xa4\xff/intel-rapl:0/energy_uj", UINT64_MAX, UINT64_MAX,
         STATE_SEEN_MAX_S);
  expect(state, "/sys/class/powercap/intel-rapl:0/energy_uj", 0, 0, 0);
  expect(state, "/-/energy_uj", 1, 2, 3);
  expect(state, "/\x7f~!/energy_uj", 4, 5, 6);
  state_free(state);
}
END_TEST

START_TEST(path_that_is_too_long) {
  char path[PATH_MAX];
  memset(path, 'a', sizeof(path) - 1);
  path[0] = '/';
  path[PATH_MAX - 1] = '\0';
  char text[] = "";
  ck_assert_int_eq(state_file_save(path, text, 0), -ENAMETOOLONG);
  char aside[PATH_MAX];
  ck_assert_int_eq(state_file_set_aside(path, aside, sizeof(aside)), -ENAMETOOLONG);
}
END_TEST

/* No file set aside before is overwritten. */
START_TEST(set_aside) {
  char aside[PATH_MAX], expected[PATH_MAX];
  for (int i = 1; i <= STATE_FILE_ASIDE_MAX; i++) {
    char content[8];
    snprintf(content, sizeof(content), "%d", i);
    write_text("state", content);
    ck_assert_int_eq(state_file_set_aside(in_scratch("state"), aside, sizeof(aside)), 0);
    snprintf(expected, sizeof(expected), i == 1 ? "%s/state.damaged" : "%s/state.damaged.%d", scratch, i);
    ck_assert_str_eq(aside, expected);
    ck_assert(!is_there("state"));
  }
  write_text("state", "last");
  ck_assert_int_eq(state_file_set_aside(in_scratch("state"), aside, sizeof(aside)), -EEXIST);
  ck_assert(is_there("state"));
  ck_assert_str_eq(read_text(in_scratch("state.damaged.3")), "3");
  ck_assert_int_eq(state_file_set_aside(in_scratch("none"), aside, sizeof(aside)), -ENOENT);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("state");
  suite_case(suite, "state", set_up, scratch_clean, ONCE(the_text), EACH(test_good, good_lines),
             EACH(test_bad, bad_rows), ONCE(the_rows_are_made_well), ONCE(every_byte_flipped), ONCE(every_length),
             ONCE(whatever_is_taken_is_written_the_same), ONCE(longest_path), ONCE(too_many_records),
             ONCE(too_many_lines), ONCE(too_many_bytes), ONCE(nothing_to_free), ONCE(saved_and_loaded),
             EACH(test_faults, fault_rows), ONCE(byte_by_byte), ONCE(locked), ONCE(killed), ONCE(planted_link),
             ONCE(closed_directory), ONCE(directory_that_cannot_be_listed), ONCE(no_file_that_can_be_loaded),
             ONCE(file_of_an_earlier_version), ONCE(path_that_is_too_long), ONCE(set_aside));
  return suite_run(suite);
}
