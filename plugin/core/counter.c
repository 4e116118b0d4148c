#include "counter.h"

#include "clock.h"
#include "number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* 2^64-1 has 20 digits; the rest is for white space. One byte more than this tells that the content is longer. */
#define CONTENT_MAX 64

/* The first pause before another look, doubled each time. Scaphandre's hole is some microseconds long. */
#define FIRST_PAUSE_NS (50 * NS_PER_US)

/* How often an open file is read while somebody writes it. */
#define READS_IN_A_ROW 3

/* Reads in which number and stamp agreed (both moved, or both stood still) before the stamp is taken for the number. */
#define READS_TO_TRUST 2

/* One look of so many is from the ground up, whatever is remembered. */
#define LOOKS_TO_TRUST 64

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* ---- what the last look found ------------------------------------------------------------------------------------ */

static void forget(struct counter_memory *memory) {
  *memory = (struct counter_memory){.unreliable = memory->unreliable, .looks = memory->looks};
}

static void note_quiet(struct counter_memory *memory) {
  if (memory->quiet < UINT8_MAX)
    memory->quiet++;
}

static void note_news(struct counter_memory *memory) {
  memory->rhythm = memory->quiet;
  memory->quiet = 0;
}

/* Whether news is due, if the writer keeps its rhythm: then the file is read at once, without asking its stamp first.
 */
static bool expects_news(const struct counter_memory *memory) {
  return memory->quiet == memory->rhythm;
}

static void remember(struct counter_memory *memory, const struct stamp *stamp, uint64_t energy_uj, bool settled) {
  bool moved = !memory->known || !stamp_same(&memory->stamp, stamp);
  if (!moved && memory->settled && energy_uj != memory->energy_uj)
    memory->unreliable = true;
  if (memory->reads < READS_TO_TRUST)
    memory->reads++;
  if (!moved)
    note_quiet(memory);
  else
    note_news(memory);
  memory->known = true;
  memory->settled = settled;
  memory->stamp = *stamp;
  memory->energy_uj = energy_uj;
}

/* Whether a file with the stamp that is remembered holds the number that is remembered. */
static bool trusted(const struct counter_memory *memory) {
  return memory->settled && memory->reads >= READS_TO_TRUST && !memory->unreliable;
}

/* Whether the file is as it was, by its stamp. */
static bool unchanged(const struct counter_memory *memory, const struct stat *st) {
  struct stamp stamp = stamp_of(st);
  return trusted(memory) && stamp_same(&memory->stamp, &stamp);
}

/* Whether it is the file that is remembered, be it changed or not. */
static bool is_remembered(const struct counter_memory *memory, const struct stat *st) {
  return S_ISREG(st->st_mode) && st->st_ino == memory->stamp.inode && st->st_dev == memory->stamp.device;
}

void counter_recall(const struct counter_memory *memory, struct reading *reading) {
  *reading = (struct reading){
      .energy_uj = memory->energy_uj, .mtime_ns = memory->stamp.mtime_ns, .computed = memory->computed};
}

/* ---- one look ---------------------------------------------------------------------------------------------------- */

/* Whether another look may find what this one did not: the writer may be between truncate and write. */
static bool may_pass(int error) {
  return error == -ENODATA || error == -EAGAIN || error == -EINVAL || error == -ERANGE || error == -EFBIG ||
         error == -EINTR;
}

static int refuse_type(mode_t mode) {
  if (S_ISREG(mode))
    return 0;
  if (S_ISLNK(mode))
    return -ELOOP;
  return S_ISDIR(mode) ? -EISDIR : -EMEDIUMTYPE;
}

static int open_file(const struct counter_file *file, int flags) {
  if (file->found)
    return counter_open_found(file->dir_fd, file->path, flags);
  int fd = openat(file->dir_fd, file->path, flags | O_CLOEXEC);
  return fd >= 0 ? fd : -errno;
}

/* Opens for reading what `path_fd`, an O_PATH descriptor, stands for: nothing that was swapped in meanwhile. */
static int open_again(int path_fd) {
  char name[sizeof("/proc/self/fd/") + 10];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
  int fd = open(name, OPEN_FLAGS);
  return fd >= 0 ? fd : -errno;
}

/* Whether no tenant can have put a link on the way to the file, so that its name alone may be looked up. */
static bool name_is_safe(const struct counter_file *file, const struct counter_memory *memory) {
  if (!file->found)
    return true;
  switch (memory->depth) {
  case 0:
    return true;
  case 1:
    return file->guarded;
  case 2:
    return file->guarded && memory->facts.no_links;
  default:
    return false;
  }
}

static uint8_t depth_of(const char *path) {
  uint8_t depth = 0;
  for (const char *c = strchr(path, '/'); c != NULL && depth < UINT8_MAX; c = strchr(c + 1, '/'))
    depth++;
  return depth;
}

static int stat_name(const struct counter_file *file, struct stat *st) {
  return fstatat(file->dir_fd, file->path, st, AT_NO_AUTOMOUNT | (file->found ? AT_SYMLINK_NOFOLLOW : 0));
}

/* 0 and *value, or -errno. */
static int read_number(int fd, uint64_t *value) {
  char content[CONTENT_MAX + 1];
  ssize_t len = pread(fd, content, sizeof(content), 0);
  if (len < 0)
    return -errno;
  if (len > CONTENT_MAX)
    return -EFBIG;
  return number_parse_u64(content, (size_t)len, value);
}

/*
 * The number, and the time that belongs to it: nobody wrote from before to behind the read. That is so if the file has
 * the same stamp before and after, or one that is older than the read. `before` is its stamp before; NULL: not known.
 */
static int read_whole(int fd, const struct stamp *before, struct counter_memory *memory) {
  struct stamp last;
  for (int i = 0; i < READS_IN_A_ROW; i++) {
    int64_t now_ns = clock_file_ns();
    struct stat st;
    uint64_t energy_uj = 0;
    int status = read_number(fd, &energy_uj);
    if (fstat(fd, &st) != 0)
      return -errno;
    int refused = refuse_type(st.st_mode);
    if (refused != 0)
      return refused;
    struct stamp stamp = stamp_of(&st);
    bool known_mount = stamp.device == memory->facts_device;
    bool computed = known_mount && memory->facts.computed;
    bool settled = known_mount && memory->facts.local && stamp_is_old(&stamp, now_ns) && clock_file_ns() >= now_ns;
    if (computed || settled || (before != NULL && stamp_same(before, &stamp))) {
      if (status != 0)
        return status;
      memory->computed = computed;
      remember(memory, &stamp, energy_uj, settled);
      return 0;
    }
    if (status != 0 && !may_pass(status))
      return status;
    last = stamp;
    before = &last;
  }
  return -EAGAIN;
}

/*
 * From the ground up. Opening alone can already do harm (a watchdog device reboots the host), so what is there is first
 * held without being opened, looked at, and only then opened. Where `fresh` nothing is taken from memory.
 */
static int look_carefully(const struct counter_file *file, struct counter_memory *memory, bool fresh) {
  int path_fd = open_file(file, O_PATH);
  if (path_fd < 0)
    return path_fd;
  struct stat st;
  int status = fstat(path_fd, &st) != 0 ? -errno : refuse_type(st.st_mode);
  if (status == 0 && !fresh && unchanged(memory, &st)) {
    note_quiet(memory);
    close(path_fd);
    return 0;
  }
  int fd = status;
  if (status == 0) {
    if (fresh || memory->facts_device != st.st_dev) {
      memory->facts = mount_facts_of(path_fd);
      memory->facts_device = st.st_dev;
      memory->depth = depth_of(file->path);
    }
    fd = open_again(path_fd);
  }
  close(path_fd);
  if (fd < 0)
    return fd;
  struct stamp before = stamp_of(&st);
  status = read_whole(fd, &before, memory);
  close(fd);
  return status;
}

/* Where nothing but a file that can be opened without harm can be. */
static int look_directly(const struct counter_file *file, struct counter_memory *memory, const struct stamp *before) {
  int fd = open_file(file, OPEN_FLAGS);
  if (fd < 0)
    return fd;
  int status = 0;
  struct stat st;
  struct stamp stamp;
  if (before == NULL && trusted(memory) && !expects_news(memory)) {
    status = fstat(fd, &st) != 0 ? -errno : refuse_type(st.st_mode);
    if (status == 0 && unchanged(memory, &st)) {
      note_quiet(memory);
      close(fd);
      return 0;
    }
    stamp = stamp_of(&st);
    before = &stamp;
  }
  if (status == 0)
    status = read_whole(fd, before, memory);
  close(fd);
  return status;
}

/* By the cheapest way that is safe. Where `fresh`, from the ground up. */
static int look_at_file(const struct counter_file *file, struct counter_memory *memory, bool fresh) {
  struct stat st;
  struct stamp stamp;
  const struct stamp *before = NULL;
  int status = 0;
  if (!fresh && trusted(memory) && !expects_news(memory) && name_is_safe(file, memory)) {
    if (stat_name(file, &st) == 0 && is_remembered(memory, &st)) {
      if (unchanged(memory, &st)) {
        note_quiet(memory);
        return 0;
      }
      stamp = stamp_of(&st);
      before = &stamp;
    } else {
      fresh = true; /* another file, or none */
    }
  }
  bool direct = !fresh && file->found && memory->facts.no_devices && memory->facts_device == memory->stamp.device;
  if (direct)
    status = look_directly(file, memory, before);
  if (!direct || (status != 0 && !may_pass(status))) /* then for the true reason: no device is denied, but refused */
    status = look_carefully(file, memory, fresh || direct);
  return status;
}

/* 0, and memory holds what was found; or -errno, and memory holds nothing. */
static int look(const struct counter_file *file, struct counter_memory *memory) {
  bool fresh = !memory->known;
  if (++memory->looks >= LOOKS_TO_TRUST) {
    memory->looks = 0;
    fresh = true;
  }
  int status = look_at_file(file, memory, fresh);
  if (status != 0)
    forget(memory);
  return status;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

int counter_glance(const struct counter_file *file) {
  int status = look(file, file->memory);
  return may_pass(status) ? -EAGAIN : status;
}

void counter_read(const struct counter_file *file, int64_t *patience_ns, struct reading *reading) {
  struct counter_memory unused = {.known = false};
  struct counter_memory *memory = file->memory != NULL ? file->memory : &unused;
  int64_t left_ns = *patience_ns < COUNTER_PATIENCE_NS ? *patience_ns : COUNTER_PATIENCE_NS;
  int status = look(file, memory);
  if (may_pass(status))
    status = look(file, memory);
  for (int64_t pause_ns = FIRST_PAUSE_NS; may_pass(status) && pause_ns <= left_ns; pause_ns *= 2) {
    struct timespec pause = {.tv_nsec = (long)pause_ns};
    nanosleep(&pause, NULL);
    left_ns -= pause_ns;
    *patience_ns -= pause_ns;
    status = look(file, memory);
  }
  if (status == 0)
    counter_recall(memory, reading);
  else
    *reading = (struct reading){.error = status};
}

int counter_read_range(const struct counter_file *file, uint64_t *range_uj) {
  static const char name[] = "max_energy_range_uj";
  const char *slash = strrchr(file->path, '/');
  size_t dir_len = slash == NULL ? 0 : (size_t)(slash - file->path) + 1;
  char *path = malloc(dir_len + sizeof(name));
  if (path == NULL)
    return -ENOMEM;
  memcpy(path, file->path, dir_len);
  memcpy(path + dir_len, name, sizeof(name));

  struct counter_file sibling = {.dir_fd = file->dir_fd, .path = path, .found = file->found};
  struct counter_memory memory = {.known = false};
  int status = look(&sibling, &memory);
  free(path);
  if (status == 0 && memory.energy_uj == 0)
    status = -ERANGE;
  if (status == 0)
    *range_uj = memory.energy_uj;
  return status;
}

const char *counter_error_text(int error) {
  switch (-error) {
  case ENOENT:
  case ENOTDIR:
    return "there is no such file";
  case EACCES:
  case EPERM:
    return "permission denied";
  case ENODATA:
    return "is empty";
  case EINVAL:
    return "is not a decimal number";
  case ERANGE:
    return "is a number above 2^64-1";
  case ELOOP:
    return "is or leads through a symbolic link, which is not followed here";
  case EISDIR:
    return "is a directory";
  case EMEDIUMTYPE:
    return "is a FIFO, socket or device, not a regular file";
  case EFBIG:
    return "is longer than a number can be";
  case EAGAIN:
    return "changed each time it was read";
  default:
    return strerrordesc_np(-error) != NULL ? strerrordesc_np(-error) : "unknown error";
  }
}
