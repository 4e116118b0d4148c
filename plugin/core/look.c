#include "look.h"

#include "clock.h"
#include "number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2^64-1 has 20 digits; the rest is for white space. */
#define CONTENT_MAX 64

/* How often an open file that is being written is read. */
#define READS_IN_A_ROW 3

/* Reads in which number and stamp agreed (moved, or stood still, together) before an unchanged stamp is trusted. */
#define READS_TO_TRUST 2

/* One look of so many reads the file regardless of its stamp. */
#define LOOKS_TO_TRUST 64

#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void forget(struct look_memory *memory) {
  *memory = (struct look_memory){.unreliable = memory->unreliable, .looks = memory->looks};
}

/* True if a writer that keeps its period has written again: read the file without a stat first. */
static bool expects_update(const struct look_memory *memory) {
  int64_t age_ns = clock_file_ns() - memory->stamp.mtime_ns;
  return age_ns >= memory->period_ns && age_ns < 2 * memory->period_ns;
}

static void remember(struct look_memory *memory, const struct stamp *stamp, struct mount_facts facts, uint64_t number,
                     bool settled) {
  bool moved = !memory->known || !stamp_same(&memory->stamp, stamp);
  if (!moved && memory->settled && number != memory->number)
    memory->unreliable = true;
  if (memory->reads < READS_TO_TRUST)
    memory->reads++;
  if (memory->known && moved)
    memory->period_ns = stamp->mtime_ns - memory->stamp.mtime_ns;
  memory->known = true;
  memory->settled = settled;
  memory->stamp = *stamp;
  memory->facts = facts;
  memory->number = number;
}

/* True if a file with the remembered stamp holds the remembered number. */
static bool stamp_is_trusted(const struct look_memory *memory) {
  return memory->settled && memory->reads >= READS_TO_TRUST && !memory->unreliable;
}

static bool is_unchanged(const struct look_memory *memory, const struct stamp *stamp) {
  return stamp_is_trusted(memory) && stamp_same(&memory->stamp, stamp);
}

static uint32_t generation_of(const struct look_file *file) {
  return file->mounts != NULL ? mounts_generation(file->mounts) : 0;
}

/* ---- one look ---------------------------------------------------------------------------------------------------- */

bool look_is_transient(int error) {
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

static int open_file(const struct look_file *file, int flags) {
  if (file->by_pattern)
    return look_open_nofollow(file->dir_fd, file->path, flags, file->mounts);
  int fd = openat(file->dir_fd, file->path, flags | O_CLOEXEC);
  return fd >= 0 ? fd : -errno;
}

/* Opens for reading the file that path_fd, an O_PATH descriptor, holds: not one that replaced it. */
static int open_again(int path_fd) {
  char name[sizeof("/proc/self/fd/") + 10];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
  int fd = open(name, OPEN_FLAGS);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return -ENOLINK; /* the file is held, so /proc is missing */
  return fd >= 0 ? fd : -errno;
}

/* True if no tenant can have put a link on the way to the file: it may be looked up by name. */
static bool name_is_safe(const struct look_file *file, const struct look_memory *memory) {
  if (!file->by_pattern)
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

/* 0 and *stamp of a regular file, or -errno. */
static int stat_file(int fd, const char *path, int flags, struct stamp *stamp) {
  struct kernel_stat st;
  int status = kernel_stat(fd, path, flags, &st);
  if (status != 0)
    return status;
  *stamp = stamp_of(&st);
  return refuse_type(st.mode);
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
 * Where attributes may be cached. The first read after an open comes from the server; a second one might not, so there
 * is none without opening the file again.
 */
static int read_remote(int fd, struct look_memory *memory) {
  static const int flags = AT_EMPTY_PATH | AT_STATX_FORCE_SYNC;
  struct stamp before, after;
  uint64_t number = 0;
  int status = stat_file(fd, "", flags, &before);
  if (status == 0)
    status = read_number(fd, &number);
  int stat_status = stat_file(fd, "", flags, &after);
  if (stat_status != 0)
    return stat_status;
  if (status == 0 && !stamp_same(&before, &after))
    status = -EAGAIN;
  if (status == 0)
    remember(memory, &after, (struct mount_facts){.local = false}, number, false);
  return status;
}

/*
 * Reads the number and the time that belongs to it: the stamp is the same before and after the read, or older than the
 * read. Else the read is torn. before: the stamp before, NULL: unknown. mount, facts: of its mount.
 */
static int read_whole(int fd, const struct stamp *before, uint32_t mount, struct mount_facts facts,
                      struct look_memory *memory) {
  struct stamp last;
  if (!facts.local && !facts.computed)
    return read_remote(fd, memory);
  for (int i = 0; i < READS_IN_A_ROW; i++) {
    int64_t now_ns = clock_file_ns();
    uint64_t number = 0;
    struct stamp stamp;
    int status = read_number(fd, &number);
    int stat_status = stat_file(fd, "", AT_EMPTY_PATH, &stamp);
    if (stat_status != 0)
      return stat_status;
    if (stamp.mount != mount)
      return -EAGAIN; /* another mount than a moment ago */
    bool settled = facts.local && stamp_is_old(&stamp, now_ns) && clock_file_ns() >= now_ns;
    if (facts.computed || settled || (before != NULL && stamp_same(before, &stamp))) {
      if (status == 0)
        remember(memory, &stamp, facts, number, settled);
      return status;
    }
    if (status != 0 && !look_is_transient(status))
      return status;
    last = stamp;
    before = &last;
  }
  return -EAGAIN;
}

/* fresh: read the file regardless of its stamp; likewise below. */
static int look_carefully(const struct look_file *file, struct look_memory *memory, bool fresh) {
  int path_fd = open_file(file, O_PATH);
  if (path_fd < 0)
    return path_fd;
  struct stamp before = {0};
  int fd = stat_file(path_fd, "", AT_EMPTY_PATH, &before);
  struct mount_facts facts = mounts_facts(file->mounts, before.mount);
  bool same = fd == 0 && !fresh && facts.local && is_unchanged(memory, &before);
  if (fd == 0 && !same)
    fd = open_again(path_fd);
  close(path_fd);
  if (fd < 0)
    return fd;
  memory->generation = generation_of(file);
  memory->facts = facts;
  memory->depth = depth_of(file->path);
  if (same)
    return 0;
  int status = read_whole(fd, &before, before.mount, facts, memory);
  close(fd);
  return status;
}

/* Only where no open can do harm. before: the stamp, NULL: unknown. */
static int look_directly(const struct look_file *file, struct look_memory *memory, const struct stamp *before,
                         bool expected) {
  int fd = open_file(file, OPEN_FLAGS);
  if (fd < 0)
    return fd;
  int status = 0;
  struct stamp stamp;
  if (before == NULL && stamp_is_trusted(memory) && !expected) {
    status = stat_file(fd, "", AT_EMPTY_PATH, &stamp);
    if (status == 0 && is_unchanged(memory, &stamp)) {
      close(fd);
      return 0;
    }
    before = &stamp;
  }
  if (status == 0)
    status = read_whole(fd, before, memory->stamp.mount, memory->facts, memory);
  close(fd);
  return status;
}

/* By the cheapest way that is safe. */
static int look_at_file(const struct look_file *file, struct look_memory *memory, bool fresh) {
  if (memory->generation != generation_of(file))
    return look_carefully(file, memory, fresh);
  struct stamp stamp;
  const struct stamp *before = NULL;
  bool expected = expects_update(memory);
  if (!fresh && stamp_is_trusted(memory) && !expected && name_is_safe(file, memory)) {
    int flags = AT_NO_AUTOMOUNT | (file->by_pattern ? AT_SYMLINK_NOFOLLOW : 0);
    if (stat_file(file->dir_fd, file->path, flags, &stamp) == 0 && stamp_same_file(&memory->stamp, &stamp)) {
      if (is_unchanged(memory, &stamp))
        return 0;
      before = &stamp;
    } else {
      fresh = true; /* another file, or none */
    }
  }
  int status = 0;
  bool direct =
      !fresh && file->by_pattern && memory->facts.no_devices && (memory->facts.local || memory->facts.computed);
  if (direct)
    status = look_directly(file, memory, before, expected);
  /* a careful look finds the true reason of an error: a device is refused, not denied */
  if (!direct || (status != 0 && !look_is_transient(status)))
    status = look_carefully(file, memory, fresh || direct);
  return status;
}

int look_once(const struct look_file *file, struct look_memory *memory) {
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
