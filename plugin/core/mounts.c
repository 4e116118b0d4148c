#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mount {
  uint64_t id;
  struct mount_facts facts;
};

struct mounts {
  int fd; /* /proc/self/mountinfo; -1: not open */
  uint32_t generation;
  struct mount *items; /* sorted by id */
  size_t num, size;
};

int mounts_new(struct mounts **mounts) {
  struct mounts *m = calloc(1, sizeof(*m));
  if (m == NULL)
    return -ENOMEM;
  m->fd = -1;
  m->generation = 1;
  *mounts = m;
  return 0;
}

static void close_table(struct mounts *mounts) {
  if (mounts->fd >= 0)
    close(mounts->fd);
  mounts->fd = -1;
  mounts->num = 0;
}

void mounts_free(struct mounts *mounts) {
  if (mounts == NULL)
    return;
  close_table(mounts);
  free(mounts->items);
  free(mounts);
}

/* ---- the text ---------------------------------------------------------------------------------------------------- */

struct span {
  const char *text;
  size_t len;
};

/* The next field; empty at the end of the line. The kernel writes white space inside a field as \040 and so on. */
static struct span next_field(const char **at) {
  *at += strspn(*at, " ");
  struct span field = {.text = *at, .len = strcspn(*at, " \n")};
  *at += field.len;
  return field;
}

static bool is(struct span field, const char *text) {
  return field.len == strlen(text) && memcmp(field.text, text, field.len) == 0;
}

static bool has_option(struct span options, const char *name) {
  for (size_t at = 0; at < options.len; at++) {
    const char *end = memchr(options.text + at, ',', options.len - at);
    size_t len = end != NULL ? (size_t)(end - options.text) - at : options.len - at;
    if (is((struct span){options.text + at, len}, name))
      return true;
    at += len;
  }
  return false;
}

static bool is_local_type(struct span type) {
  static const char *const types[] = {"tmpfs", "ramfs", "rootfs", "ext2",     "ext3", "ext4",     "xfs",
                                      "btrfs", "f2fs",  "zfs",    "bcachefs", "jfs",  "reiserfs", "nilfs2"};
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
    if (is(type, types[i]))
      return true;
  return false;
}

/* "36 35 98:0 /root /mount/point options [optional fields] - type source super-options" */
bool mounts_parse_line(const char *line, uint64_t *id, struct mount_facts *facts) {
  char *end;
  unsigned long long number = strtoull(line, &end, 10);
  if (end == line || *end != ' ')
    return false;
  const char *at = end;
  for (int i = 0; i < 4; i++) /* parent, device, root, mount point */
    next_field(&at);
  struct span options = next_field(&at), field;
  while ((field = next_field(&at)).len > 0 && !is(field, "-"))
    ;
  struct span type = next_field(&at);
  if (type.len == 0)
    return false;
  *id = number;
  *facts = (struct mount_facts){.local = is_local_type(type),
                                .computed = is(type, "sysfs"),
                                .no_devices = has_option(options, "nodev"),
                                .no_links = has_option(options, "nosymfollow")};
  return true;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
  uint64_t x = ((const struct mount *)a)->id, y = ((const struct mount *)b)->id;
  return (x > y) - (x < y);
}

static int add(struct mounts *mounts, const struct mount *mount) {
  if (mounts->num == mounts->size) {
    size_t larger = mounts->size == 0 ? 64 : mounts->size * 2;
    struct mount *items = reallocarray(mounts->items, larger, sizeof(*items));
    if (items == NULL)
      return -ENOMEM;
    mounts->items = items;
    mounts->size = larger;
  }
  mounts->items[mounts->num++] = *mount;
  return 0;
}

/* The kernel hands out whole lines, a page at a time. */
static int read_table(struct mounts *mounts) {
  int fd = fcntl(mounts->fd, F_DUPFD_CLOEXEC, 0);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
  if (file == NULL) {
    int error = -errno;
    if (fd >= 0)
      close(fd);
    return error;
  }
  rewind(file);
  mounts->num = 0;
  char *line = NULL;
  size_t size = 0;
  int status = 0;
  struct mount mount;
  while (status == 0 && (errno = 0, getline(&line, &size, file)) > 0)
    if (mounts_parse_line(line, &mount.id, &mount.facts))
      status = add(mounts, &mount);
  if (status == 0)
    status = -errno;
  free(line);
  fclose(file);
  if (mounts->num > 0)
    qsort(mounts->items, mounts->num, sizeof(mounts->items[0]), compare);
  return status;
}

int mounts_refresh(struct mounts *mounts) {
  bool first = mounts->fd < 0;
  if (first) {
    mounts->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (mounts->fd < 0)
      return -errno;
  }
  struct pollfd changed = {.fd = mounts->fd, .events = POLLPRI};
  if (poll(&changed, 1, 0) == 0 && !first)
    return 0;
  mounts->generation += mounts->generation == UINT32_MAX ? 2 : 1;
  int status = read_table(mounts);
  if (status != 0)
    close_table(mounts);
  return status;
}

uint32_t mounts_generation(const struct mounts *mounts) {
  return mounts->generation;
}

struct mount_facts mounts_facts(const struct mounts *mounts, uint64_t id) {
  struct mount key = {.id = id};
  struct mount *mount =
      mounts == NULL || mounts->num == 0 ? NULL : bsearch(&key, mounts->items, mounts->num, sizeof(key), compare);
  return mount != NULL ? mount->facts : (struct mount_facts){.local = false};
}
