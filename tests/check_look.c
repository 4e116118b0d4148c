/*
 * What a look may remember: each shortcut, and the trick that would fool it. mmap(2) changes a number without changing
 * the times of its file.
 */
#include "file_clock.h"
#include "old_kernel.h"
#include "reader.h"
#include "scratch.h"
#include "suite.h"

#include <inttypes.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/* The attributes that a caching mount returns, unless it must ask the server. */
static const struct kernel_stat *cached;

static bool answer_from_cache(const char *path, int flags, struct kernel_stat *st) {
  (void)path;
  if ((flags & AT_STATX_FORCE_SYNC) != 0)
    return false;
  *st = *cached;
  return true;
}

int clock_now(struct instant *now) {
  *now = (struct instant){.mono_ns = NS_PER_S, .wall_ns = NS_PER_S};
  return 0;
}

/* ---- where it is tried ------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  bool mounted;
  unsigned long flags;
} mounts[] = {
    {"as it is", false, 0},
    {"plain", true, 0},
    {"nodev", true, MS_NODEV},
    {"nosymfollow", true, MS_NOSYMFOLLOW},
    {"nodev,nosymfollow", true, MS_NODEV | MS_NOSYMFOLLOW},
};

enum { AS_IT_IS, PLAIN, NODEV, NOSYMFOLLOW, NODEV_NOSYMFOLLOW };

static bool is_mounted;

/* Makes the scratch directory a file system of its own. False: not permitted here; the test ends. The mount table is
   that of the namespace in which it was read, so a new namespace comes first. */
static bool use_mount(int which) {
  static int own_namespace = -1;
  if (own_namespace < 0)
    own_namespace = own_mounts();
  if (!mounts[which].mounted)
    return true;
  if (own_namespace == 0)
    return false;
  if (is_mounted)
    ck_assert_int_eq(umount2(scratch, MNT_DETACH), 0);
  is_mounted = mount("tmpfs", scratch, "tmpfs", mounts[which].flags, "size=1m,mode=755") == 0;
  return is_mounted;
}

static void clean_up(void) {
  if (is_mounted)
    umount2(scratch, MNT_DETACH);
  is_mounted = false;
  scratch_clean();
}

/* ---- what is read ------------------------------------------------------------------------------------------------ */

static struct counter_memory counter;

/* As for a counter that a pattern found in the scratch directory. guarded: only we can change that directory. */
static struct reading look_at(const char *name, bool guarded) {
  int64_t patience_ns = 0;
  int dir_fd = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct look_file file = {.dir_fd = dir_fd, .path = name, .by_pattern = true, .guarded = guarded};
  struct reading reading = read_as_source(&file, &counter, &patience_ns);
  close(dir_fd);
  let_a_tick_pass();
  return reading;
}

static struct reading look_at_written_out(const char *name) {
  int64_t patience_ns = 0;
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch(name)};
  struct reading reading = read_as_source(&file, &counter, &patience_ns);
  let_a_tick_pass();
  return reading;
}

static const char *const names[] = {"energy_uj", "vm/energy_uj", "vm/zone/energy_uj", "a/vm/zone/energy_uj"};

/* By a pattern, by a pattern in a guarded directory, by a literal path. */
enum { FOUND, GUARDED, WRITTEN_OUT, WAYS };

static struct reading look_in_a_way(const char *name, int way) {
  return way == WRITTEN_OUT ? look_at_written_out(name) : look_at(name, way == GUARDED);
}

/* Looks until all that can be remembered is. */
static void get_used_to(const char *name, int way) {
  counter = (struct counter_memory){.range_uj = 0};
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(look_in_a_way(name, way).error, 0);
}

#define PERIOD_NS (600 * NS_PER_S)

/* An update of this age. */
static void write_aged(const char *name, const char *text, int64_t age_ns) {
  int64_t mtime_ns = clock_file_ns() - age_ns;
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = mtime_ns / NS_PER_S, .tv_nsec = mtime_ns % NS_PER_S}};
  write_text(name, text);
  ck_assert_int_eq(utimensat(AT_FDCWD, in_scratch(name), times, 0), 0);
}

/* Also so that an update is due: one and a half periods after the last. */
static void get_used_to_news(const char *name, int way) {
  get_used_to(name, way);
  for (int age = 9; age > 2; age -= 2) {
    write_aged(name, "42", age * PERIOD_NS / 2);
    ck_assert_int_eq(look_in_a_way(name, way).error, 0);
  }
  ck_assert_int_eq(counter.look.period_ns / NS_PER_S, PERIOD_NS / NS_PER_S);
}

static void expect(struct reading reading, uint64_t number) {
  ck_assert_int_eq(reading.error, 0);
  ck_assert_uint_eq(reading.energy_uj, number);
}

/* ---- changes behind the reader's back ---------------------------------------------------------------------------- */

static char *map_file(const char *name) {
  int fd = open(in_scratch(name), O_RDWR | O_CLOEXEC);
  char *content = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ck_assert_ptr_ne(content, MAP_FAILED);
  *(volatile char *)content = *content; /* the first write may change the times, later ones do not */
  close(fd);
  return content;
}

static struct stamp stamp_of_file(const char *name) {
  struct kernel_stat st;
  ck_assert_int_eq(kernel_stat(AT_FDCWD, in_scratch(name), 0, &st), 0);
  return stamp_of(&st);
}

/* False on an overlay, where nothing is trusted. */
static bool is_local(void) {
  struct kernel_stat st;
  ck_assert_int_eq(kernel_stat(AT_FDCWD, scratch, 0, &st), 0);
  return mounts_facts(mounts_now(), stamp_of(&st).mount).local;
}

/* A file that seems unchanged is not read. */
START_TEST(stands_still) {
  if (!use_mount(_i) || !is_local())
    return;
  all_is_old();
  for (int depth = 0; depth < ROWS(names); depth++)
    for (int way = 0; way < WAYS; way++) {
      write_text(names[depth], "42");
      char *content = map_file(names[depth]);
      get_used_to(names[depth], way);
      struct stamp before = stamp_of_file(names[depth]);
      content[1] = '3';
      struct stamp after = stamp_of_file(names[depth]);
      ck_assert(stamp_same(&before, &after));
      expect(look_in_a_way(names[depth], way), 42);
      munmap(content, 4096);
    }
}
END_TEST

/* Returns the content of a file with 40 in it. NULL: the mount is not permitted here. */
static char *map_counter(int mount) {
  if (!use_mount(mount))
    return NULL;
  write_text("vm/energy_uj", "40");
  counter = (struct counter_memory){.range_uj = 0};
  return map_file("vm/energy_uj");
}

/* Each change is seen at once. */
static void change_and_look(char *content, char from, char to, int way) {
  for (char digit = from; digit <= to; digit++) {
    content[1] = digit;
    expect(look_in_a_way("vm/energy_uj", way), (uint64_t)(40 + digit - '0'));
  }
}

/* Where unchanged times prove nothing. */
static const struct {
  int age;
  bool future, known; /* known: there were looks before the first change */
} doubtful_rows[] = {
    {ALL_IS_NEW, false, true},      /* what changed within the tick of the last look may have the same stamp */
    {ALL_IS_OLD, true, true},       /* a time in the future does not say when the file was changed */
    {CLOCK_GOES_BACK, false, true}, /* nor does a clock that is set back while the file is read */
    {ALL_IS_OLD, false, false},     /* a writer that does not move the stamp is found out at the second read */
};

START_TEST(doubtful) {
  for (int m = AS_IT_IS; m < ROWS(mounts); m++)
    for (int way = 0; way < WAYS; way++) {
      file_age = doubtful_rows[_i].age;
      char *content = map_counter(m);
      if (content == NULL)
        return;
      if (doubtful_rows[_i].future)
        set_mtime("vm/energy_uj", coarse_ns() / NS_PER_S + 86400, 1);
      if (doubtful_rows[_i].known)
        get_used_to("vm/energy_uj", way);
      change_and_look(content, '1', '9', way);
      munmap(content, 4096);
    }
}
END_TEST

/* A write without new times to a trusted file is detected within 64 looks, and the file is not trusted again. */
START_TEST(found_out_later) {
  all_is_old();
  char *content = map_counter(_i);
  if (content == NULL)
    return;
  get_used_to("vm/energy_uj", GUARDED);
  content[1] = '1';
  int looks = 0;
  while (look_at("vm/energy_uj", true).energy_uj == 40)
    ck_assert_int_lt(++looks, 64);
  change_and_look(content, '2', '9', GUARDED);
  munmap(content, 4096);
}
END_TEST

/* Nor after a bad read. */
START_TEST(unreliable_for_good) {
  all_is_old();
  char *content = map_counter(_i);
  if (content == NULL)
    return;
  change_and_look(content, '0', '3', GUARDED);
  content[1] = 'x';
  ck_assert_int_eq(look_at("vm/energy_uj", true).error, -EINVAL);
  for (int i = 0; i < 3; i++)
    change_and_look(content, '4', '4', GUARDED);
  change_and_look(content, '5', '5', GUARDED);
  munmap(content, 4096);
}
END_TEST

/* Where times are not those of our kernel, each number is read. */
START_TEST(not_local) {
  static const char adjustment[] = "/proc/self/oom_score_adj";
  all_is_old();
  counter = (struct counter_memory){.range_uj = 0};
  for (int i = 0; i < 8; i++) {
    FILE *file = fopen(adjustment, "w");
    if (file == NULL)
      return; /* no /proc in this container */
    fprintf(file, "%d\n", 100 + i / 4);
    if (fclose(file) != 0)
      return;
    struct look_file number = {.dir_fd = AT_FDCWD, .path = adjustment};
    int64_t patience_ns = 0;
    expect(read_as_source(&number, &counter, &patience_ns), (uint64_t)(100 + i / 4));
  }
}
END_TEST

/* ---- changes in the open ----------------------------------------------------------------------------------------- */

/* Each changes the number to 43 and tries to hide it. */
static void write_over(const char *name) {
  write_text(name, "43");
}

static void write_and_set_time(const char *name) {
  struct stat st;
  ck_assert_int_eq(stat(in_scratch(name), &st), 0);
  write_text(name, "43");
  set_mtime(name, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void rename_over(const char *name) {
  struct stat st;
  ck_assert_int_eq(stat(in_scratch(name), &st), 0);
  write_text("other", "43");
  set_mtime("other", st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  ck_assert_int_eq(rename(in_scratch("other"), in_scratch(name)), 0);
}

/* By a file older than any seen before. */
static void rename_over_from_the_past(const char *name) {
  ck_assert_int_eq(rename(in_scratch("past"), in_scratch(name)), 0);
}

static void remove_and_write(const char *name) {
  ck_assert_int_eq(unlink(in_scratch(name)), 0);
  write_text(name, "43");
}

static void write_longer(const char *name) {
  write_text(name, "000043\n");
}

static void mount_over(const char *name) {
  char dir[64];
  snprintf(dir, sizeof(dir), "%.*s", (int)strcspn(name, "/"), name);
  if (is_mounted && strchr(name, '/') != NULL)
    ck_assert_int_eq(mount("tmpfs", in_scratch(dir), "tmpfs", 0, "size=1m"), 0);
  write_text(name, "43");
}

static void (*const changes[])(const char *name) = {
    write_over, write_and_set_time, rename_over, rename_over_from_the_past, remove_and_write, write_longer, mount_over,
};

START_TEST(changed) {
  void (*change)(const char *) = changes[_i];
  for (int m = AS_IT_IS; m < ROWS(mounts); m++)
    for (int depth = 0; depth < ROWS(names); depth++)
      for (int way = 0; way < WAYS; way++) {
        if (!use_mount(m))
          return;
        all_is_old();
        write_text("past", "43");
        write_text(names[depth], "42");
        get_used_to(names[depth], way);
        change(names[depth]);
        expect(look_in_a_way(names[depth], way), 43);
        expect(look_in_a_way(names[depth], way), 43);
      }
}
END_TEST

/* Also when it comes when expected, when it does not, and twice in a row. */
START_TEST(rhythm) {
  static const char *const rhythms[] = {"*", "*.", "*..", "**.", "*....", "*....*...", "*.*..*...*....*", "*****....."};
  for (int m = AS_IT_IS; m < ROWS(mounts); m++)
    for (int way = 0; way < WAYS; way++) {
      if (!use_mount(m))
        return;
      all_is_old();
      counter = (struct counter_memory){.range_uj = 0};
      uint64_t number = 1000;
      for (int i = 0; i < 200; i++) {
        const char *pattern = rhythms[_i];
        if (i == 0 || pattern[(size_t)i % strlen(pattern)] == '*') {
          char text[32];
          snprintf(text, sizeof(text), "%" PRIu64, ++number);
          write_aged("vm/energy_uj", text, (int64_t)(5 - number % 5) * PERIOD_NS);
        }
        expect(look_in_a_way("vm/energy_uj", way), number);
      }
    }
}
END_TEST

/* A reader with a memory returns what one without returns. */
static void happen(unsigned what, unsigned value) {
  char text[32];
  const char *path = in_scratch("vm/zone/energy_uj");
  snprintf(text, sizeof(text), "%u", 10 + value % 90);
  switch (what % 12) {
  case 0:
    write_text("vm/zone/energy_uj", text);
    break;
  case 1:
    write_aged("vm/zone/energy_uj", text, value % 5 * PERIOD_NS);
    break;
  case 2:
    write_text("new", text);
    rename(in_scratch("new"), path);
    break;
  case 3:
    unlink(path);
    break;
  case 4:
    write_text("vm/zone/energy_uj", "");
    break;
  case 5:
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    break;
  case 6:
    unlink(path);
    ck_assert_int_eq(symlink("../../secret", path), 0);
    break;
  case 7: /* the directory is moved, and a link to it; the file is the same */
    rename(in_scratch("vm/zone"), in_scratch("vm/moved"));
    ck_assert_int_eq(symlink("moved", in_scratch("vm/zone")), 0);
    break;
  case 8:
    write_text("vm/zone/energy_uj", "17 and no number");
    break;
  default:
    break; /* nothing */
  }
}

/* Removes what prevents a write. */
static void set_up_again(void) {
  struct stat st;
  if (lstat(in_scratch("vm/zone"), &st) == 0 && S_ISLNK(st.st_mode)) {
    unlink(in_scratch("vm/zone"));
    rename(in_scratch("vm/moved"), in_scratch("vm/zone"));
  }
  if (lstat(in_scratch("vm/zone/energy_uj"), &st) == 0 && !S_ISREG(st.st_mode))
    unlink(in_scratch("vm/zone/energy_uj"));
}

START_TEST(anything) {
  if (!use_mount(_i))
    return;
  all_is_old();
  write_text("secret", "99");
  write_text("vm/zone/energy_uj", "42");
  counter = (struct counter_memory){.range_uj = 0};
  unsigned random = 1;
  for (int i = 0; i < 2000; i++) {
    random = random * 1103515245 + 12345;
    if (random >> 16 & 1) {
      set_up_again();
      happen(random >> 17, random >> 21);
    }
    int dir_fd = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct look_file file = {.dir_fd = dir_fd, .path = "vm/zone/energy_uj", .by_pattern = true};
    int64_t patience_ns = 0;
    struct reading truth = read_as_source(&file, NULL, &patience_ns);
    close(dir_fd);
    struct reading reading = look_at("vm/zone/energy_uj", true);
    ck_assert_int_eq(reading.error, truth.error);
    ck_assert_uint_eq(reading.energy_uj, truth.energy_uj);
    ck_assert_int_eq(reading.mtime_ns, truth.mtime_ns);
  }
}
END_TEST

/* ---- what is put in the place of a counter ----------------------------------------------------------------------- */

static void put_fifo(const char *path) {
  ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void put_device(const char *path) {
  if (mknod(path, S_IFCHR | 0644, makedev(1, 5)) != 0) /* /dev/zero */
    put_fifo(path);                                    /* not root */
}

static void put_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
  close(fd);
}

static void put_directory(const char *path) {
  ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void put_link(const char *path) {
  ck_assert_int_eq(symlink(in_scratch("secret"), path), 0);
}

static void put_nothing(const char *path) {
  (void)path;
}

static const struct {
  void (*put)(const char *path);
  int error;
  bool harmless; /* may be opened on a nodev mount: does not block, and is refused */
} tricks[] = {
    {put_fifo, -EMEDIUMTYPE, true}, {put_device, -EMEDIUMTYPE, false}, {put_socket, -EMEDIUMTYPE, false},
    {put_directory, -EISDIR, true}, {put_link, -ELOOP, false},         {put_nothing, -ENOENT, false},
};

/* Whether the file is opened, be it for a moment, while the callback runs. */
static int watch(const char *path) {
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  ck_assert_int_ge(inotify_add_watch(fd, path, IN_OPEN | IN_DONT_FOLLOW), 0);
  return fd;
}

static bool was_opened(int watch_fd) {
  char events[4096];
  bool opened = read(watch_fd, events, sizeof(events)) > 0;
  close(watch_fd);
  return opened;
}

/* Refused for what it is, at once and later, without being opened. */
START_TEST(tricked) {
  for (int m = AS_IT_IS; m < ROWS(mounts); m++)
    for (int depth = 0; depth < ROWS(names); depth++)
      for (int way = FOUND; way <= GUARDED; way++)
        for (int expected = 0; expected < 2; expected++) {
          if (!use_mount(m))
            return;
          all_is_old();
          write_text("secret", "99");
          write_text(names[depth], "42");
          (expected ? get_used_to_news : get_used_to)(names[depth], way);
          ck_assert_int_eq(unlink(in_scratch(names[depth])), 0);
          tricks[_i].put(in_scratch(names[depth]));
          int watch_fd = tricks[_i].put != put_nothing ? watch(in_scratch(names[depth])) : -1;
          for (int i = 0; i < 3; i++)
            ck_assert_int_eq(look_in_a_way(names[depth], way).error, tricks[_i].error);
          if (watch_fd >= 0)
            ck_assert(!was_opened(watch_fd) || (tricks[_i].harmless && (mounts[m].flags & MS_NODEV) != 0));
          remove(in_scratch(names[depth]));
          write_text(names[depth], "43");
          expect(look_in_a_way(names[depth], way), 43);
          remove(in_scratch(names[depth]));
        }
}
END_TEST

/*
 * A directory of the path is moved and becomes a link to its new place, so the file is the same. Detected wherever a
 * tenant could have done it.
 */
START_TEST(link_on_the_way) {
  for (int m = AS_IT_IS; m < ROWS(mounts); m++)
    for (int depth = 1; depth < ROWS(names); depth++)
      for (int way = FOUND; way <= GUARDED; way++)
        for (int at = 1; at <= depth; at++) { /* which directory of the path */
          if (!use_mount(m))
            return;
          all_is_old();
          char dir[64], there[64];
          const char *slash = names[depth];
          for (int i = 0; i < at; i++)
            slash = strchr(slash + 1, '/');
          snprintf(dir, sizeof(dir), "%.*s", (int)(slash - names[depth]), names[depth]);
          snprintf(there, sizeof(there), "%.*s.moved", (int)(slash - names[depth]), names[depth]);
          write_text(names[depth], "42");
          get_used_to(names[depth], way);
          char target[PATH_MAX];
          snprintf(target, sizeof(target), "%s", in_scratch(there));
          ck_assert_int_eq(rename(in_scratch(dir), target), 0);
          ck_assert_int_eq(symlink(target, in_scratch(dir)), 0);
          bool guard_did_it = way == GUARDED && at == 1 && depth == 1;
          int error = look_in_a_way(names[depth], way).error;
          ck_assert_msg(error == (guard_did_it && (mounts[m].flags & MS_NOSYMFOLLOW) == 0 ? 0 : -ELOOP),
                        "%s, way %d, link at %d of %s: %d", mounts[m].name, way, at, names[depth], error);
          unlink(in_scratch(dir));
          rename(target, in_scratch(dir));
        }
}
END_TEST

/*
 * The mount begins below a directory that a tenant can replace, so the link lies before it. A guarded directory
 * protects only its own entries from that.
 */
static const struct {
  const char *mounted, *replaced;
  int way;
} before_rows[] = {{"vm/zone", "vm", FOUND}, {"a/vm/zone", "a/vm", GUARDED}};

START_TEST(link_before_the_mount) {
  if (!use_mount(PLAIN))
    return;
  all_is_old();
  char name[64];
  snprintf(name, sizeof(name), "%s/energy_uj", before_rows[_i].mounted);
  make_parents(in_scratch(name));
  ck_assert_int_eq(mount("tmpfs", in_scratch(before_rows[_i].mounted), "tmpfs", MS_NODEV | MS_NOSYMFOLLOW, "size=64k"),
                   0);
  write_text(name, "42");
  get_used_to(name, before_rows[_i].way);
  ck_assert_int_eq(rename(in_scratch(before_rows[_i].replaced), in_scratch("moved")), 0);
  ck_assert_int_eq(symlink(in_scratch("moved"), in_scratch(before_rows[_i].replaced)), 0);
  ck_assert_int_eq(look_in_a_way(name, before_rows[_i].way).error, -ELOOP);
}
END_TEST

/* A link in place of the file may lead into a dead network mount, so not even stat() follows it: that would change the
 * time of its last use. */
START_TEST(link_is_not_followed) {
  if (!use_mount(_i))
    return;
  all_is_old();
  for (int depth = 0; depth < ROWS(names); depth++)
    for (int way = FOUND; way <= GUARDED; way++) {
      write_text("secret", "99");
      write_text(names[depth], "42");
      get_used_to(names[depth], way);
      ck_assert_int_eq(unlink(in_scratch(names[depth])), 0);
      ck_assert_int_eq(symlink(in_scratch("secret"), in_scratch(names[depth])), 0);
      set_mtime(names[depth], 1000, 0);
      ck_assert_int_eq(look_in_a_way(names[depth], way).error, -ELOOP);
      struct stat st;
      ck_assert_int_eq(lstat(in_scratch(names[depth]), &st), 0);
      ck_assert_int_eq(st.st_atim.tv_sec, 1000);
      ck_assert_int_eq(unlink(in_scratch(names[depth])), 0);
    }
}
END_TEST

/* A literal path may lead to another mount later, which guarantees nothing. */
START_TEST(led_away) {
  if (!use_mount(PLAIN))
    return;
  all_is_old();
  make_parents(in_scratch("vm/energy_uj"));
  ck_assert_int_eq(mount("tmpfs", in_scratch("vm"), "tmpfs", MS_NODEV, "size=64k"), 0);
  write_text("vm/energy_uj", "42");
  put_fifo(in_scratch("elsewhere"));
  int watch_fd = watch(in_scratch("elsewhere"));
  for (int expected = 0; expected < 2; expected++) {
    (expected ? get_used_to_news : get_used_to)("vm/energy_uj", WRITTEN_OUT);
    ck_assert_int_eq(unlink(in_scratch("vm/energy_uj")), 0);
    ck_assert_int_eq(symlink(in_scratch("elsewhere"), in_scratch("vm/energy_uj")), 0);
    ck_assert_int_eq(look_at_written_out("vm/energy_uj").error, -EMEDIUMTYPE);
    ck_assert_int_eq(unlink(in_scratch("vm/energy_uj")), 0);
    write_text("vm/energy_uj", "42");
  }
  ck_assert(!was_opened(watch_fd));
}
END_TEST

static void expect_no_device_is_opened(void) {
  put_device(in_scratch("vm/zone/energy_uj"));
  int watch_fd = watch(in_scratch("vm/zone/energy_uj"));
  ck_assert_int_eq(look_at("vm/zone/energy_uj", true).error, -EMEDIUMTYPE);
  ck_assert(!was_opened(watch_fd));
}

/* What a mount guaranteed is void after a remount, or under another mount. */
START_TEST(other_mount) {
  for (int row = 0; row < 6; row++) {
    int how = row / 2;
    if (!use_mount(NODEV_NOSYMFOLLOW))
      return;
    all_is_old();
    write_text("vm/zone/energy_uj", "42");
    (row % 2 == 0 ? get_used_to : get_used_to_news)("vm/zone/energy_uj", GUARDED);
    if (how == 0)
      ck_assert_int_eq(mount("none", scratch, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
    else
      ck_assert(use_mount(PLAIN));
    if (how == 2)
      ck_assert_int_eq(look_at("vm/zone/energy_uj", true).error, -ENOENT);
    remove(in_scratch("vm/zone/energy_uj"));
    make_parents(in_scratch("vm/zone/energy_uj"));
    expect_no_device_is_opened();
    remove(in_scratch("vm/zone/energy_uj"));
  }
}
END_TEST

/* Another mount covers a nodev one while an update is due. */
START_TEST(mounted_over) {
  if (!use_mount(NODEV))
    return;
  all_is_old();
  write_text("vm/zone/energy_uj", "42");
  get_used_to_news("vm/zone/energy_uj", GUARDED);
  ck_assert_int_eq(mount("tmpfs", in_scratch("vm"), "tmpfs", 0, "size=64k"), 0);
  write_text("vm/zone/energy_uj", "43");
  expect(look_at("vm/zone/energy_uj", true), 43);
  ck_assert_int_eq(unlink(in_scratch("vm/zone/energy_uj")), 0);
  expect_no_device_is_opened();
}
END_TEST

static const struct {
  int64_t ctime_ns, mtime_ns, now_ns;
  bool old;
} age_rows[] = {
    {NS_PER_S + 1, NS_PER_S + 1, NS_PER_S + 1, false},
    {NS_PER_S + 1, NS_PER_S + 1, NS_PER_S + 10 * NS_PER_MS, false}, /* a tick later: it may have been the same one */
    {NS_PER_S + 1, NS_PER_S + 1, NS_PER_S + 20 * NS_PER_MS, false},
    {NS_PER_S + 1, NS_PER_S + 1, NS_PER_S + 21 * NS_PER_MS, true},
    {NS_PER_S + 1, 1, NS_PER_S + 10 * NS_PER_MS, false},
    {1, NS_PER_S + 1, NS_PER_S + 10 * NS_PER_MS, false},
    {NS_PER_S, NS_PER_S, 2 * NS_PER_S, false}, /* whole seconds: a file system that knows no others */
    {NS_PER_S, NS_PER_S, 3 * NS_PER_S + 1, true},
    {NS_PER_S + 1, NS_PER_S + 1, 0, false},
};

START_TEST(age) {
  struct stamp stamp = {.ctime_ns = age_rows[_i].ctime_ns, .mtime_ns = age_rows[_i].mtime_ns};
  ck_assert_int_eq(stamp_is_old(&stamp, age_rows[_i].now_ns), age_rows[_i].old);
}
END_TEST

/* ---- what happens meanwhile -------------------------------------------------------------------------------------- */

static void write_in_a_loop(const char *path) {
  for (uint64_t number = 1000001;; number++) {
    char text[32];
    int len = snprintf(text, sizeof(text), "%" PRIu64, number);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (write(fd, text, (size_t)len) != len)
      _exit(1);
    close(fd);
    if (number % 4 == 0)
      usleep(30000 + (number % 64 == 0) * 30000); /* so that some looks find it old, and some being written */
    else
      usleep(number % 3 * 10);
  }
}

/* By the real clock. */
START_TEST(never_an_old_number_with_a_new_time) {
  if (!use_mount(_i))
    return;
  file_age = OLD_AS_THEY_ARE;
  write_text("vm/energy_uj", "1000000");
  const char *path = in_scratch("vm/energy_uj");
  pid_t pid = fork();
  if (pid == 0)
    write_in_a_loop(path);
  counter = (struct counter_memory){.range_uj = 0};
  struct reading last = {.energy_uj = 1000000};
  int updates = 0;
  int64_t end_ns = coarse_ns() + NS_PER_S;
  while (coarse_ns() < end_ns) {
    struct reading reading = look_at("vm/energy_uj", true);
    if (reading.error != 0)
      continue;
    ck_assert_msg(reading.energy_uj >= last.energy_uj, "%" PRIu64 " behind %" PRIu64, reading.energy_uj,
                  last.energy_uj);
    ck_assert_int_ge(reading.mtime_ns, last.mtime_ns);
    if (last.mtime_ns != 0 && reading.mtime_ns > last.mtime_ns)
      ck_assert_msg(reading.energy_uj > last.energy_uj, "an old number with a new time");
    updates += reading.energy_uj > last.energy_uj;
    last = reading;
  }
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  ck_assert_int_gt(updates, 20);
}
END_TEST

/* The writer writes once, right before the number is read or right after. */
static void write_once(void) {
  at_file_clock = NULL;
  at_statx = NULL;
  write_text("vm/energy_uj", "43");
  set_mtime("vm/energy_uj", 2000, 0);
}

static bool write_at_statx(const char *path, int flags, struct kernel_stat *st) {
  (void)flags;
  (void)st;
  if (path[0] == '\0')
    write_once();
  return false;
}

static void write_behind_the_read(void) {
  at_file_clock = NULL;
  at_statx = write_at_statx;
}

START_TEST(written_around_the_read) {
  static void (*const moments[])(void) = {write_once, write_behind_the_read};
  if (!use_mount(_i) || !is_local())
    return;
  all_is_new();
  for (int moment = 0; moment < ROWS(moments); moment++)
    for (int way = 0; way < WAYS; way++)
      for (int looks = 0; looks < 3; looks++) {
        write_text("vm/energy_uj", "42");
        set_mtime("vm/energy_uj", 1000, 0);
        counter = (struct counter_memory){.range_uj = 0};
        for (int i = 0; i < looks; i++)
          expect(look_in_a_way("vm/energy_uj", way), 42);
        at_file_clock = moments[moment];
        struct reading reading = look_in_a_way("vm/energy_uj", way);
        ck_assert(at_file_clock == NULL && at_statx == NULL);
        ck_assert_int_eq(reading.error, 0);
        ck_assert_int_eq(reading.mtime_ns, (reading.energy_uj == 42 ? 1000 : 2000) * NS_PER_S);
      }
}
END_TEST

/* The time of the number comes from the server even where attributes are cached. */
START_TEST(cached_attributes) {
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("vm/energy_uj")};
  struct look_memory memory = {.known = false};
  struct kernel_stat old;
  char text[8];
  for (int i = 0; i < 8; i++) {
    snprintf(text, sizeof(text), "%d", 42 + i);
    write_text("vm/energy_uj", text);
    set_mtime("vm/energy_uj", 1000 + i, 0);
    ck_assert_int_eq(look_once(&file, &memory), 0);
    ck_assert_uint_eq(memory.number, (uint64_t)(42 + i));
    ck_assert_int_eq(memory.stamp.mtime_ns, (1000 + i) * NS_PER_S);
    at_statx = NULL;
    ck_assert_int_eq(kernel_stat(AT_FDCWD, file.path, 0, &old), 0);
    cached = &old;
    at_statx = answer_from_cache;
  }
  at_statx = NULL;
}
END_TEST

/* A file that changes between the two kernel_stat() calls has no number. */
static bool write_again(const char *path, int flags, struct kernel_stat *st) {
  static int64_t mtime_s = 3000;
  (void)flags;
  (void)st;
  if (path[0] == '\0')
    set_mtime("vm/energy_uj", mtime_s++, 0);
  return false;
}

START_TEST(changed_on_the_server) {
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("vm/energy_uj")};
  struct look_memory memory = {.known = false};
  write_text("vm/energy_uj", "42");
  at_statx = write_again;
  ck_assert_int_eq(look_once(&file, &memory), -EAGAIN);
  at_statx = NULL;
  ck_assert_int_eq(look_once(&file, &memory), 0);
}
END_TEST

/* The writer truncated the file, and writes its number right before the n-th read. */
static int reads_to_come;

static void write_in_time(void) {
  if (--reads_to_come == 0)
    write_text("vm/energy_uj", "42");
}

static int read_in_the_making(int nth_read, int64_t patience_ns) {
  all_is_new(); /* so that no other read asks for the time */
  write_text("vm/energy_uj", "");
  counter = (struct counter_memory){.range_uj = 0};
  reads_to_come = nth_read;
  at_file_clock = write_in_time;
  struct look_file file = {.dir_fd = AT_FDCWD, .path = in_scratch("vm/energy_uj")};
  struct reading reading = read_as_source(&file, &counter, &patience_ns);
  at_file_clock = NULL;
  ck_assert_uint_eq(reading.energy_uj, reading.error == 0 ? 42 : 0);
  return reading.error;
}

/* Without patience there is one more try. */
START_TEST(mended_at_once) {
  if (!is_local())
    return;
  ck_assert_int_eq(read_in_the_making(1, 0), 0);
  ck_assert_int_eq(read_in_the_making(2, 0), 0);
  ck_assert_int_eq(read_in_the_making(3, 0), -ENODATA);
}
END_TEST

/* With patience there are a few more. */
START_TEST(mended_after_a_while) {
  if (!is_local())
    return;
  for (int nth_read = 1; nth_read <= 5; nth_read++)
    ck_assert_int_eq(read_in_the_making(nth_read, COUNTER_PATIENCE_NS), 0);
  ck_assert_int_eq(read_in_the_making(20, COUNTER_PATIENCE_NS), -ENODATA);
}
END_TEST

static void on_old_kernel(void) {
  old_kernel = true;
  scratch_make();
}

int main(void) {
  Suite *suite = suite_create("look");
  suite_case(suite, "look", scratch_make, clean_up, EACH(stands_still, mounts), EACH(doubtful, doubtful_rows),
             EACH(found_out_later, mounts), EACH(unreliable_for_good, mounts), ONCE(not_local), EACH(changed, changes),
             TIMES(rhythm, 8), EACH(anything, mounts), ONCE(link_on_the_way), EACH(link_before_the_mount, before_rows),
             EACH(link_is_not_followed, mounts), ONCE(led_away), ONCE(other_mount), ONCE(mounted_over),
             EACH(age, age_rows), EACH(written_around_the_read, mounts), ONCE(cached_attributes),
             ONCE(changed_on_the_server), ONCE(mended_at_once), ONCE(mended_after_a_while));
  suite_case(suite, "before Linux 5.8", on_old_kernel, clean_up, EACH(stands_still, mounts),
             EACH(found_out_later, mounts), EACH(changed, changes), ONCE(link_on_the_way),
             EACH(link_before_the_mount, before_rows), EACH(link_is_not_followed, mounts), ONCE(led_away),
             ONCE(other_mount), ONCE(mounted_over), ONCE(cached_attributes), ONCE(changed_on_the_server));
  /* these two take seconds */
  suite_case(suite, "in its place", scratch_make, clean_up, EACH(tricked, tricks));
  suite_case(suite, "while it is written", scratch_make, clean_up, EACH(never_an_old_number_with_a_new_time, mounts));
  return suite_run(suite);
}
