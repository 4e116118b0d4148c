#include "source.h"

#include "clock.h"
#include "label.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const source_default_patterns[] = {"/var/lib/libvirt/scaphandre/*/intel-rapl:0/energy_uj",
                                               "/var/lib/scaphandre/*/energy_uj", NULL};

/*
 * A counter that is known: one that a pattern found, or one that was written out. What each pass needs stands first:
 * with thousands of counters the memory that is touched costs as much as the kernel does.
 */
struct source_private {
  struct source_entry entry;
  struct place *place;
  const char *relative; /* the part of path that is relative to the place's root */
  struct counter_memory memory;
  int error;    /* of the look at it in this pass */
  bool owner;   /* in the tree of paths; another place may find the same path and has a member for it, too */
  bool listed;  /* false: not wanted, or not the owner */
  bool seen;    /* in this pass */
  bool fresh;   /* not welcomed yet */
  bool glanced; /* memory and error are of this pass, and no second try may do better */
  bool range_known;
  uint64_t range_uj;
  char *path;
  char *name;
};

/* A path or a pattern as it was added. */
struct place {
  char *root;                      /* the directory before the first wildcard; NULL: a path that was written out */
  char *rest;                      /* the pattern below it */
  int root_fd;                     /* open from source_begin() to source_end(), else -1 */
  bool guarded;                    /* only root and we can change what is in root */
  int blind;                       /* -errno of a search that this pass could not finish; 0: it did */
  struct source_private **members; /* sorted by relative path */
  size_t members_num, members_size;

  /*
   * Of a pattern with one wildcard component, which is searched in root alone: as long as root's stamp stays what it
   * was, there can be no counters but the members and the absent.
   */
  bool one_level;
  bool listed; /* the rest holds */
  struct stamp stamp;
  char **absent; /* what matched in root, but without a file */
  size_t absent_num, absent_size;
};

struct source {
  struct source_options options;
  struct label_set *labels;
  struct place **places;
  size_t places_num;
  void *paths; /* tree of the members by path, each path once */
  struct source_entry **entries;
  size_t entries_num;
  bool released; /* an owner went; another member may have the same path */
  bool changed;  /* members came or went, so entries is to be made anew */

  /* of the pass */
  char **names; /* relative paths that a pattern finds now */
  size_t names_num, names_size;
  size_t fresh_num; /* members that wait for their welcome */
  int error;
  char *error_where;
};

/* ---- small things ------------------------------------------------------------------------------------------------ */

/* Makes room for one more item. 0 or -ENOMEM. */
static int grow(void *items, size_t *size, size_t num, size_t item_size) {
  if (num < *size)
    return 0;
  size_t larger = *size == 0 ? 16 : *size * 2;
  void *moved = reallocarray(*(void **)items, larger, item_size);
  if (moved == NULL)
    return -ENOMEM;
  *(void **)items = moved;
  *size = larger;
  return 0;
}

/* "a/b"; an empty a gives b alone. */
static char *join_path(const char *a, const char *b) {
  char *path;
  const char *slash = a[0] == '\0' || a[strlen(a) - 1] == '/' ? "" : "/";
  return asprintf(&path, "%s%s%s", a, slash, b) < 0 ? NULL : path;
}

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
  source->error_where = join_path(place->root, below);
}

static bool has_wildcard(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (strchr("*?[", text[i]) != NULL)
      return true;
  return false;
}

bool source_is_pattern(const char *text) {
  return has_wildcard(text, strlen(text));
}

static int compare_members(const void *a, const void *b) {
  return strcmp((*(struct source_private *const *)a)->relative, (*(struct source_private *const *)b)->relative);
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(((const struct source_private *)a)->path, ((const struct source_private *)b)->path);
}

/* ---- counters come and go ---------------------------------------------------------------------------------------- */

static void member_free(struct source_private *member) {
  if (member == NULL)
    return;
  free(member->name);
  free(member->path);
  free(member);
}

/* A counter that was not there before. It gets its label later, when all that is new is known. */
static int member_new(struct source *source, struct place *place, const char *relative) {
  struct source_private *member = calloc(1, sizeof(*member));
  if (member == NULL)
    return -ENOMEM;
  member->place = place;
  member->memory.looks = (uint8_t)(place->members_num % 64);
  member->path = place->root == NULL ? strdup(relative) : join_path(place->root, relative);
  char *raw = member->path == NULL ? NULL : label_from_path(member->path);
  member->name = raw == NULL ? NULL : label_make_safe(raw);
  free(raw);
  if (member->name == NULL || grow(&place->members, &place->members_size, place->members_num, sizeof(member)) != 0) {
    member_free(member);
    return -ENOMEM;
  }
  member->relative = member->path + strlen(member->path) - strlen(relative);
  member->entry =
      (struct source_entry){.path = member->path, .name = member->name, .found = place->root != NULL, .priv = member};
  member->seen = true;
  member->fresh = true;
  place->members[place->members_num++] = member;
  source->fresh_num++;
  return 0;
}

static void member_remove(struct source *source, struct source_private *member) {
  if (member->listed) {
    if (source->options.removed != NULL)
      source->options.removed(&member->entry, source->options.arg);
    label_set_remove(source->labels, member->entry.label);
    source->changed = true;
  }
  if (member->owner) {
    tdelete(member, &source->paths, compare_paths);
    source->released = true;
  }
  member_free(member);
}

/* The first member with a path owns it; it gets a label and goes on the list, if it is wanted. */
static int list_member(struct source *source, struct source_private *member) {
  struct source_private **node = tsearch(member, &source->paths, compare_paths);
  if (node == NULL) {
    source->released = true; /* so that the next pass tries again */
    return -ENOMEM;
  }
  if (*node != member)
    return 0; /* read already */
  member->owner = true;
  int wanted = source->options.wanted == NULL ? 1 : source->options.wanted(member->name, source->options.arg);
  if (wanted == 0)
    return 0;
  if (wanted > 0)
    member->entry.label = label_set_add(source->labels, member->path);
  if (wanted < 0 || member->entry.label == NULL) {
    tdelete(member, &source->paths, compare_paths);
    member->owner = false;
    source->released = true;
    return -ENOMEM;
  }
  member->listed = source->changed = true;
  return 0;
}

static int list_if(struct source *source, struct source_private *member, bool wanted_safety) {
  char *raw = label_from_path(member->path);
  if (raw == NULL) {
    source->released = true;
    return -ENOMEM;
  }
  bool safe = label_is_safe(raw);
  free(raw);
  return safe == wanted_safety ? list_member(source, member) : 0;
}

static int list_if_safe(struct source *source, struct source_private *member) {
  return list_if(source, member, true);
}

static int list_if_altered(struct source *source, struct source_private *member) {
  return list_if(source, member, false);
}

static int announce(struct source *source, struct source_private *member) {
  member->fresh = false;
  if (member->listed && source->options.added != NULL)
    source->options.added(&member->entry, source->options.arg);
  return 0;
}

/* Does this to all that is new, in the order of the list. 0 or -ENOMEM. */
static int for_each_fresh(struct source *source, int (*what)(struct source *, struct source_private *)) {
  int status = 0;
  for (size_t i = 0; i < source->places_num; i++)
    for (size_t j = 0; j < source->places[i]->members_num; j++)
      if (source->places[i]->members[j]->fresh && what(source, source->places[i]->members[j]) != 0)
        status = -ENOMEM;
  return status;
}

/* A name that had to be altered must not take the bare label of one that is safe as it stands. */
static int welcome_fresh(struct source *source) {
  int safe = for_each_fresh(source, list_if_safe);
  int altered = for_each_fresh(source, list_if_altered);
  for_each_fresh(source, announce);
  source->fresh_num = 0;
  return safe != 0 ? safe : altered;
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static int add_name(struct source *source, char *name) {
  if (name == NULL || grow(&source->names, &source->names_size, source->names_num, sizeof(name)) != 0) {
    free(name);
    return -ENOMEM;
  }
  source->names[source->names_num++] = name;
  return 0;
}

static int walk(struct source *source, struct place *place, const char *below, const char *rest);

/* below/name matched a component of the pattern (or is one); rest is what comes behind it. */
static int descend(struct source *source, struct place *place, const char *below, const char *name, const char *rest) {
  char *path = join_path(below, name);
  if (path == NULL)
    return -ENOMEM;
  int status = 0;
  if (has_wildcard(rest, strlen(rest))) {
    status = walk(source, place, path, rest);
  } else {
    status = add_name(source, rest[0] == '\0' ? strdup(path) : join_path(path, rest));
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
  if (!has_wildcard(component, len)) {
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

/* Whether the file is there, be it readable or not: what must be refused is refused when it is read, with a reason. */
enum presence { ABSENT, PRESENT, UNKNOWN };

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

static struct counter_file file_of(struct source_private *member) {
  struct place *place = member->place;
  bool found = place->root != NULL;
  return (struct counter_file){.dir_fd = found ? place->root_fd : AT_FDCWD,
                               .path = found ? member->relative : member->path,
                               .found = found,
                               .guarded = place->guarded,
                               .memory = &member->memory};
}

/* Whether the member is still there. To read it tells, and it is to be read anyway. */
static bool glance(struct source *source, struct place *place, struct source_private *member) {
  if (!member->listed)
    return presence_of(source, place, member->relative) != ABSENT;
  struct counter_file file = file_of(member);
  member->error = counter_glance(&file);
  bool there = member->error != -ENOENT && member->error != -ENOTDIR;
  member->glanced = there && member->error != -EAGAIN;
  return there;
}

static void free_absent(struct place *place) {
  for (size_t i = 0; i < place->absent_num; i++)
    free(place->absent[i]);
  place->absent_num = 0;
}

/* Remembers a name that matches, but has no file. Takes the name. */
static int note_absent(struct place *place, char **name) {
  if (!place->one_level)
    return 0;
  if (grow(&place->absent, &place->absent_size, place->absent_num, sizeof(*name)) != 0)
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
  free_absent(place);
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
        (presence == PRESENT && old == NULL && member_new(source, place, *name) != 0))
      status = -ENOMEM;
  }
  while (member < known)
    miss(place, place->members[member++]);

  size_t kept = 0;
  for (size_t i = 0; i < place->members_num; i++) {
    if (place->members[i]->seen)
      place->members[kept++] = place->members[i];
    else
      member_remove(source, place->members[i]);
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

static int look_at(struct source *source, struct place *place) {
  source->names_num = 0;
  int status = 0;
  place->blind = 0;
  place->root_fd = open(place->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place->root_fd < 0) {
    note_error(source, -errno, place, "");
    for (size_t i = 0; i < place->members_num; i++)
      place->members[i]->seen = place->blind != 0;
  } else {
    bool quiet = root_is_unchanged(place);
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

/* ---- the source -------------------------------------------------------------------------------------------------- */

int source_new(const struct source_options *options, struct source **source) {
  struct source *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return -ENOMEM;
  s->options = *options;
  s->labels = label_set_new(options->label_max);
  if (s->labels == NULL) {
    free(s);
    return -ENOMEM;
  }
  *source = s;
  return 0;
}

static void place_free(struct place *place) {
  free_absent(place);
  free(place->absent);
  free(place->members);
  free(place->root);
  free(place->rest);
  free(place);
}

void source_free(struct source *source) {
  if (source == NULL)
    return;
  source_end(source);
  for (size_t i = 0; i < source->places_num; i++) {
    for (size_t j = 0; j < source->places[i]->members_num; j++)
      member_remove(source, source->places[i]->members[j]);
    place_free(source->places[i]);
  }
  label_set_free(source->labels);
  free(source->places);
  free(source->entries);
  free(source->names);
  free(source->error_where);
  free(source);
}

/*
 * Absolute, without "." and empty components. The first *given_len bytes are those of the current directory: what looks
 * like a wildcard there is none. 0 and *clean, or -errno.
 */
static int clean_path(const char *path, char **clean, size_t *given_len) {
  char *whole;
  *given_len = 0;
  if (path[0] == '/') {
    whole = strdup(path);
  } else {
    char *cwd = getcwd(NULL, 0);
    if (cwd == NULL)
      return -errno;
    whole = join_path(cwd, path);
    *given_len = strcmp(cwd, "/") == 0 ? 0 : strlen(cwd);
    free(cwd);
  }
  if (whole == NULL)
    return -ENOMEM;
  char *to = whole;
  for (const char *from = whole; *from != '\0';) {
    from += strspn(from, "/");
    size_t len = strcspn(from, "/");
    if (len > 0 && !(len == 1 && *from == '.')) {
      *to++ = '/';
      memmove(to, from, len);
      to += len;
    }
    from += len;
  }
  *to = '\0';
  *clean = whole;
  return 0;
}

/*
 * Whether it is one path: without wildcards, or such as "/vms/vm[1]/energy_uj" where a VM is called "vm[1]". But a VM
 * called "*" must not hide the others, so what matches itself as a pattern is a pattern.
 */
static bool is_one_path(const char *path, size_t given_len) {
  const char *own = path + given_len;
  struct stat st;
  return !source_is_pattern(own) || (lstat(path, &st) == 0 && fnmatch(own, own, FNM_PATHNAME | FNM_PERIOD) != 0);
}

/* Splits before the first component with a wildcard: "/a/b/\*\/c" is "/a/b" and "*\/c". */
static int split(struct place *place, const char *path, size_t given_len) {
  const char *component = path;
  for (const char *c = path + given_len; *c != '\0' && !has_wildcard(c, 1); c++)
    if (*c == '/')
      component = c + 1;
  place->root = component == path + 1 ? strdup("/") : strndup(path, (size_t)(component - path) - 1);
  place->rest = strdup(component);
  const char *behind = strchr(component, '/');
  place->one_level = behind == NULL || !source_is_pattern(behind);
  return place->root == NULL || place->rest == NULL ? -ENOMEM : 0;
}

int source_add(struct source *source, const char *path_or_pattern) {
  size_t len = strlen(path_or_pattern);
  if (len == 0 || path_or_pattern[len - 1] == '/')
    return -EINVAL;
  char *path = NULL;
  size_t given_len;
  int status = clean_path(path_or_pattern, &path, &given_len);
  if (path == NULL)
    return status;
  struct place **places = reallocarray(source->places, source->places_num + 1, sizeof(*places));
  struct place *place = places == NULL ? NULL : calloc(1, sizeof(*place));
  if (places != NULL)
    source->places = places;
  if (place == NULL) {
    free(path);
    return -ENOMEM;
  }
  place->root_fd = -1;
  if (path[0] == '\0')
    status = -EINVAL;
  else if (is_one_path(path, given_len))
    status = member_new(source, place, path);
  else
    status = split(place, path, given_len);
  free(path);
  if (status != 0) {
    place_free(place);
    return status;
  }
  source->places[source->places_num++] = place;
  return 0;
}

/* What was found twice may be on its own now: welcome it as if it were new. */
static void reconsider(struct source *source) {
  source->released = false;
  source->fresh_num = 0;
  for (size_t i = 0; i < source->places_num; i++)
    for (size_t j = 0; j < source->places[i]->members_num; j++) {
      struct source_private *member = source->places[i]->members[j];
      member->fresh = member->fresh || !member->owner;
      source->fresh_num += member->fresh;
    }
}

static int make_entries(struct source *source) {
  size_t count = 0;
  for (size_t i = 0; i < source->places_num; i++)
    for (size_t j = 0; j < source->places[i]->members_num; j++)
      count += source->places[i]->members[j]->listed;
  struct source_entry **entries = reallocarray(source->entries, count > 0 ? count : 1, sizeof(*entries));
  if (entries == NULL) {
    source->entries_num = 0; /* what is gone must not be listed; all is there again in the next pass */
    return -ENOMEM;
  }
  source->entries = entries;
  source->entries_num = 0;
  for (size_t i = 0; i < source->places_num; i++)
    for (size_t j = 0; j < source->places[i]->members_num; j++)
      if (source->places[i]->members[j]->listed)
        entries[source->entries_num++] = &source->places[i]->members[j]->entry;
  source->changed = false;
  return 0;
}

int source_begin(struct source *source, const char **where) {
  source_end(source);
  free(source->error_where);
  source->error_where = NULL;
  source->error = 0;
  int status = 0;
  for (size_t i = 0; i < source->places_num; i++)
    if (source->places[i]->root != NULL && look_at(source, source->places[i]) != 0)
      status = -ENOMEM;
  if (source->released)
    reconsider(source);
  if (source->fresh_num > 0 && welcome_fresh(source) != 0)
    status = -ENOMEM;
  if (source->changed && make_entries(source) != 0)
    status = -ENOMEM;
  if (where != NULL)
    *where = source->error_where;
  return status != 0 ? status : source->error;
}

size_t source_count(const struct source *source) {
  return source->entries_num;
}

struct source_entry *source_at(const struct source *source, size_t index) {
  return source->entries[index];
}

void source_read(struct source *source, struct source_entry *entry, int64_t *patience_ns, struct reading *reading) {
  (void)source;
  struct source_private *member = entry->priv;
  struct counter_file file = file_of(member);
  if (!member->glanced && member->place->root != NULL && member->place->root_fd < 0)
    *reading = (struct reading){.error = member->place->blind};
  else if (!member->glanced)
    counter_read(&file, patience_ns, reading);
  else if (member->error != 0)
    *reading = (struct reading){.error = member->error};
  else
    counter_recall(&member->memory, reading);
  member->glanced = false;
  if (reading->error == -ENOENT || reading->error == -ENOTDIR)
    member->range_known = false; /* what comes in its place may be another counter */
  if (reading->error != 0)
    return;
  if (!member->range_known) {
    struct counter_file zone = file;
    zone.memory = NULL;
    member->range_uj = 0;
    counter_read_range(&zone, &member->range_uj);
    member->range_known = true;
  }
  reading->range_uj = member->range_uj;
}

void source_end(struct source *source) {
  for (size_t i = 0; i < source->places_num; i++) {
    if (source->places[i]->root_fd >= 0)
      close(source->places[i]->root_fd);
    source->places[i]->root_fd = -1;
  }
}
