#include "source_internal.h"

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

/* ---- small things ------------------------------------------------------------------------------------------------ */

int source_grow(void *items, size_t *size, size_t num, size_t item_size) {
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

char *source_join(const char *a, const char *b) {
  char *path;
  const char *slash = a[0] == '\0' || a[strlen(a) - 1] == '/' ? "" : "/";
  return asprintf(&path, "%s%s%s", a, slash, b) < 0 ? NULL : path;
}

bool source_has_wildcard(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (strchr("*?[", text[i]) != NULL)
      return true;
  return false;
}

bool source_is_pattern(const char *text) {
  return source_has_wildcard(text, strlen(text));
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(((const struct source_private *)a)->entry.path, ((const struct source_private *)b)->entry.path);
}

struct counter_file source_file_of(struct source_private *member) {
  struct place *place = member->place;
  bool found = place->root != NULL;
  return (struct counter_file){.dir_fd = found ? place->root_fd : AT_FDCWD,
                               .path = found ? member->relative : member->entry.path,
                               .found = found,
                               .guarded = place->guarded,
                               .memory = &member->memory};
}

/* ---- counters come and go ---------------------------------------------------------------------------------------- */

/* A member with this path; NULL: no memory. */
static struct source_private *member_of(const char *path) {
  char *raw = label_from_path(path, NULL);
  char *name = raw == NULL ? NULL : label_make_safe(raw);
  size_t path_size = strlen(path) + 1, name_size = name == NULL ? 0 : strlen(name) + 1;
  struct source_private *member = name == NULL ? NULL : calloc(1, sizeof(*member) + path_size + name_size);
  if (member != NULL) {
    memcpy(member->texts, path, path_size);
    memcpy(member->texts + path_size, name, name_size);
    member->entry.path = member->texts;
    member->entry.name = member->texts + path_size;
  }
  free(raw);
  free(name);
  return member;
}

int source_member_new(struct source *source, struct place *place, const char *relative) {
  bool found = place->root != NULL;
  char *path = found ? source_join(place->root, relative) : strdup(relative);
  struct source_private *member = path == NULL ? NULL : member_of(path);
  size_t root_len = path == NULL ? 0 : strlen(path) - strlen(relative);
  free(path);
  if (member == NULL)
    return -ENOMEM;
  if (source_grow(&place->members, &place->members_size, place->members_num, sizeof(member)) != 0) {
    free(member);
    return -ENOMEM;
  }
  member->place = place;
  member->relative = member->entry.path + root_len;
  member->entry.found = found;
  member->entry.priv = member;
  member->memory.looks = (uint8_t)(place->members_num % 64);
  member->seen = true;
  member->fresh = true;
  place->members[place->members_num++] = member;
  source->fresh_num++;
  return 0;
}

void source_member_remove(struct source *source, struct source_private *member) {
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
  free(member);
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
  int wanted = source->options.wanted == NULL ? 1 : source->options.wanted(member->entry.name, source->options.arg);
  if (wanted == 0)
    return 0;
  if (wanted > 0)
    member->entry.label = label_set_add(source->labels, member->entry.path);
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
  char *raw = label_from_path(member->entry.path, NULL);
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

/* ---- the source -------------------------------------------------------------------------------------------------- */

int source_new(const struct source_options *options, struct source **source) {
  struct source *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return -ENOMEM;
  s->options = *options;
  s->labels = label_set_new(options->label_max, NULL);
  if (s->labels == NULL) {
    free(s);
    return -ENOMEM;
  }
  *source = s;
  return 0;
}

static void place_free(struct place *place) {
  source_forget_absent(place);
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
      source_member_remove(source, source->places[i]->members[j]);
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
    whole = source_join(cwd, path);
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
  for (const char *c = path + given_len; *c != '\0' && !source_has_wildcard(c, 1); c++)
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
    status = source_member_new(source, place, path);
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
    if (source->places[i]->root != NULL && source_search(source, source->places[i]) != 0)
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
  struct counter_file file = source_file_of(member);
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
