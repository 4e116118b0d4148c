#include "source_internal.h"

#include "clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A search that failed. Where that is not for what is there, but for want of descriptors or of memory, or for a disk
 * that fails, it says nothing about what is gone.
 */
static void note_error(struct source *source, int error, struct place *place, const char *below) {
  place->listed = false;
  if (error != -ENOENT && error != -ENOTDIR && error != -EACCES && error != -EPERM)
    place->blind = error;
  if (source->error != 0 || error == -ENOENT || error == -ENOTDIR)
    return;
  source->error = error;
  source->error_where = source_join(place->root, below);
}

static int compare_members(const void *a, const void *b) {
  return strcmp((*(struct source_private *const *)a)->relative, (*(struct source_private *const *)b)->relative);
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static int add_name(struct source *source, char *name) {
  if (name == NULL || source_grow(&source->names, &source->names_size, source->names_num, sizeof(name)) != 0) {
    free(name);
    return -ENOMEM;
  }
  source->names[source->names_num++] = name;
  return 0;
}

static int walk(struct source *source, struct place *place, const char *below, const char *rest);

/* below/name matched a component of the pattern (or is one); rest is what comes behind it. */
static int descend(struct source *source, struct place *place, const char *below, const char *name, const char *rest) {
  char *path = source_join(below, name);
  if (path == NULL)
    return -ENOMEM;
  int status = 0;
  if (source_has_wildcard(rest, strlen(rest))) {
    status = walk(source, place, path, rest);
  } else {
    status = add_name(source, rest[0] == '\0' ? strdup(path) : source_join(path, rest));
  }
  free(path);
  return status;
}

/* Looks in the directory `below` the root for what the first component of rest matches. 0 or -ENOMEM. */
static int walk(struct source *source, struct place *place, const char *below, const char *rest) {
  size_t len = strcspn(rest, "/");
  const char *behind = rest + len + strspn(rest + len, "/");
  char *component = strndup(rest, len);
  if (component == NULL)
    return -ENOMEM;
  int status = 0;
  if (!source_has_wildcard(component, len)) {
    status = descend(source, place, below, component, behind);
    free(component);
    return status;
  }
  int fd = counter_open_found(place->root_fd, below[0] == '\0' ? "." : below, O_RDONLY | O_DIRECTORY);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (dir == NULL) {
    /* a link or a file in the place of a directory is a tenant's doing, and none of the operator's concern */
    if (fd != -ELOOP)
      note_error(source, fd < 0 ? fd : -errno, place, below);
    if (fd >= 0)
      close(fd);
    free(component);
    return 0;
  }
  const struct dirent *item;
  while (status == 0 && (errno = 0, item = readdir(dir)) != NULL)
    if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0 &&
        fnmatch(component, item->d_name, FNM_PERIOD) == 0)
      status = descend(source, place, below, item->d_name, behind);
  if (status == 0 && errno != 0)
    note_error(source, -errno, place, below);
  closedir(dir);
  free(component);
  return status;
}

/* ---- what is there ----------------------------------------------------------------------------------------------- */

enum presence { ABSENT, PRESENT, UNKNOWN };

/* Whether the file is there, be it readable or not: what must be refused is refused when it is read, with a reason. */
static enum presence presence_of(struct source *source, struct place *place, const char *relative) {
  int fd = counter_open_found(place->root_fd, relative, O_PATH);
  if (fd >= 0)
    close(fd);
  if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM) {
    note_error(source, fd, place, relative);
    return UNKNOWN;
  }
  return fd == -ENOENT || fd == -ENOTDIR ? ABSENT : PRESENT;
}

/* Whether the member is still there. To read it tells, and it is to be read anyway. */
static bool glance(struct source *source, struct place *place, struct source_private *member) {
  if (!member->listed)
    return presence_of(source, place, member->relative) != ABSENT;
  struct counter_file file = source_file_of(member);
  member->error = counter_glance(&file);
  bool there = member->error != -ENOENT && member->error != -ENOTDIR;
  member->glanced = there && member->error != -EAGAIN;
  return there;
}

void source_forget_absent(struct place *place) {
  for (size_t i = 0; i < place->absent_num; i++)
    free(place->absent[i]);
  place->absent_num = 0;
}

/* Remembers a name that matches, but has no file. Takes the name. */
static int note_absent(struct place *place, char **name) {
  if (!place->one_level)
    return 0;
  if (source_grow(&place->absent, &place->absent_size, place->absent_num, sizeof(*name)) != 0)
    return -ENOMEM;
  place->absent[place->absent_num++] = *name;
  *name = NULL;
  return 0;
}

/* The search did not find it. */
static void miss(const struct place *place, struct source_private *member) {
  member->seen = member->seen && place->blind != 0;
}

/* What was found against what was known: both are sorted. A known one is `seen` when glance() found it, and that holds
   where the search missed it for being blind. */
static int merge(struct source *source, struct place *place) {
  if (source->names_num > 0)
    qsort(source->names, source->names_num, sizeof(source->names[0]), compare_names);
  source_forget_absent(place);
  size_t known = place->members_num, member = 0;
  const char *last = NULL;
  int status = 0;
  for (size_t i = 0; i < source->names_num; i++) {
    char **name = &source->names[i];
    int order = 1;
    if (last != NULL && strcmp(*name, last) == 0)
      continue; /* a directory that changes while it is read may tell a name twice */
    while (member < known && (order = strcmp(place->members[member]->relative, *name)) < 0)
      miss(place, place->members[member++]);
    last = *name;
    struct source_private *old = member < known && order == 0 ? place->members[member++] : NULL;
    enum presence presence = old != NULL && old->seen ? PRESENT : presence_of(source, place, *name);
    if (old != NULL)
      old->seen = presence != ABSENT; /* it may have come back meanwhile */
    if ((presence == ABSENT && note_absent(place, name) != 0) ||
        (presence == PRESENT && old == NULL && source_member_new(source, place, *name) != 0))
      status = -ENOMEM;
  }
  while (member < known)
    miss(place, place->members[member++]);

  size_t kept = 0;
  for (size_t i = 0; i < place->members_num; i++) {
    if (place->members[i]->seen)
      place->members[kept++] = place->members[i];
    else
      source_member_remove(source, place->members[i]);
  }
  place->members_num = kept;
  if (kept > 0)
    qsort(place->members, kept, sizeof(place->members[0]), compare_members);
  return status;
}

/* Looks at the root itself: who can change it, and whether that was done since it was listed. */
static bool root_is_unchanged(struct place *place) {
  struct stat st;
  int64_t now_ns = clock_file_ns();
  place->guarded = false;
  bool listed = place->listed;
  place->listed = false;
  if (fstat(place->root_fd, &st) != 0)
    return false;
  place->guarded = (st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  struct stamp stamp = stamp_of(&st);
  if (listed && stamp_same(&place->stamp, &stamp)) {
    place->listed = true;
    return true;
  }
  place->stamp = stamp;
  place->listed = place->one_level && stamp_is_old(&stamp, now_ns) && mount_facts_of(place->root_fd).local;
  return false;
}

int source_search(struct source *source, struct place *place) {
  source->names_num = 0;
  int status = 0;
  place->blind = 0;
  place->root_fd = open(place->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place->root_fd < 0) {
    note_error(source, -errno, place, "");
    for (size_t i = 0; i < place->members_num; i++)
      place->members[i]->seen = place->blind != 0;
  } else {
    bool unchanged = root_is_unchanged(place), quiet = unchanged;
    for (size_t i = 0; i < place->members_num; i++) {
      place->members[i]->seen = glance(source, place, place->members[i]);
      quiet = quiet && place->members[i]->seen;
    }
    for (size_t i = 0; quiet && i < place->absent_num; i++)
      quiet = presence_of(source, place, place->absent[i]) == ABSENT;
    if (quiet)
      return 0;
    status = walk(source, place, "", place->rest);
  }
  /* a search that ran out of memory says nothing about what is gone */
  if (status == 0)
    status = merge(source, place);
  if (status != 0)
    place->listed = false;
  for (size_t i = 0; i < source->names_num; i++)
    free(source->names[i]);
  return status;
}
