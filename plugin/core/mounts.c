#include "mounts.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mount {
  uint64_t id;
  struct mount_facts facts;
};

struct mounts {
  FILE *file; /* /proc/self/mountinfo; NULL: not open */
  uint32_t generation;
  struct mount *items; /* sorted by id */
  size_t num, size;
};

int mounts_new(struct mounts **mounts) {
  struct mounts *m = calloc(1, sizeof(*m));
  if (m == NULL)
    return -ENOMEM;
  m->generation = 1;
  *mounts = m;
  return 0;
}

static void close_table(struct mounts *mounts) {
  if (mounts->file != NULL)
    fclose(mounts->file);
  mounts->file = NULL;
  mounts->num = 0;
}

void mounts_free(struct mounts *mounts) {
  if (mounts == NULL)
    return;
  close_table(mounts);
  free(mounts->items);
  free(mounts);
}

static bool is_local_type(const char *type) {
  static const char *const types[] = {"tmpfs", "ramfs", "rootfs", "ext2",     "ext3", "ext4",     "xfs",
                                      "btrfs", "f2fs",  "zfs",    "bcachefs", "jfs",  "reiserfs", "nilfs2"};
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
    if (strcmp(type, types[i]) == 0)
      return true;
  return false;
}

const char *mounts_option(const char *options, const char *name) {
  for (size_t len = strlen(name);; options++) {
    if (strncmp(options, name, len) == 0 && strchr(",=", options[len]) != NULL)
      return options + len;
    options = strchrnul(options, ',');
    if (*options == '\0')
      return NULL;
  }
}

/*
 * "36 35 98:0 /root /mount/point options [optional fields] - type source super-options"; white space in a field is \040
 * and so on.
 */
bool mounts_parse_line(char *line, uint64_t *id, struct mount_facts *facts) {
  char *type = strstr(line, " - ");
  int start = 0;
  if (type == NULL || sscanf(line, "%" SCNu64 " %*s %*s %*s %*s %n", id, &start) != 1 || start == 0)
    return false;
  char *options = line + start;
  type += strlen(" - ");
  type[strcspn(type, " \n")] = '\0';
  options[strcspn(options, " ")] = '\0';
  *facts = (struct mount_facts){.local = is_local_type(type),
                                .computed = strcmp(type, "sysfs") == 0,
                                .no_devices = mounts_option(options, "nodev") != NULL,
                                .no_links = mounts_option(options, "nosymfollow") != NULL};
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

static int read_table(struct mounts *mounts) {
  char *line = NULL;
  size_t size = 0;
  int status = 0;
  struct mount mount;
  rewind(mounts->file);
  mounts->num = 0;
  while (status == 0 && (errno = 0, getline(&line, &size, mounts->file)) > 0)
    if (mounts_parse_line(line, &mount.id, &mount.facts))
      status = add(mounts, &mount);
  if (status == 0)
    status = -errno;
  free(line);
  if (mounts->num > 0)
    qsort(mounts->items, mounts->num, sizeof(mounts->items[0]), compare);
  return status;
}

int mounts_refresh(struct mounts *mounts) {
  bool first = mounts->file == NULL;
  if (first && (mounts->file = fopen("/proc/self/mountinfo", "re")) == NULL)
    return -errno;
  struct pollfd changed = {.fd = fileno(mounts->file), .events = POLLPRI};
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
