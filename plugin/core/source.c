#include "source.h"

#include "label.h"
#include "place.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

const char *const source_default_patterns[] = {"/var/lib/libvirt/scaphandre/*/intel-rapl:0/energy_uj",
                                               "/var/lib/scaphandre/*/energy_uj",
                                               "/var/scaphandre/intel-rapl:*/energy_uj", NULL};

/* Passes in a row after which two files that look the same are one. */
#define PASSES_ALIKE 3

/* A file that a place found. */
struct member {
  struct source_entry entry; /* first: an entry is its member */
  struct place *place;
  struct counter_memory counter;
  struct member *twin; /* the same file by another path, listed instead of this one */
  bool owns_path;      /* the first member with this path */
  bool was_asked, wanted, listed;
  uint8_t alike; /* passes in a row in which it looked like a file before it in the list */
  char name[];
};

struct source {
  struct source_options options;
  struct place_user user;
  struct labels *labels;
  struct mounts *mounts;
  int mounts_error;
  struct place **places;
  size_t places_num;
  void *paths; /* tree of the owners by path */
  struct member **entries;
  size_t entries_num;
  struct instant now;  /* after the last read of this pass */
  bool list_outdated;  /* members changed: make_entries() is due */
  bool may_have_twins; /* some counter may be the same file as another */
  bool has_read;       /* source_read() was called in this pass */
  size_t twins_num;
};

static struct member *member_of(struct source_entry *entry) {
  return (struct member *)(void *)entry;
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(((const struct member *)a)->entry.path, ((const struct member *)b)->entry.path);
}

/* The next member in the order of the list; *place and *index begin at 0. NULL: no more. */
static struct member *next_member(const struct source *source, size_t *place, size_t *index) {
  for (; *place < source->places_num; ++*place, *index = 0)
    while (*index < place_count(source->places[*place])) {
      struct member *member = place_at(source->places[*place], (*index)++);
      if (member != NULL)
        return member;
    }
  return NULL;
}

/* ---- counters come and go ---------------------------------------------------------------------------------------- */

static void *member_found(struct place *place, const char *path, void *arg) {
  struct source *source = arg;
  char *raw = label_from_path(path, source->options.host);
  char *name = raw == NULL ? NULL : label_make_safe(raw);
  size_t name_size = name == NULL ? 0 : strlen(name) + 1;
  struct member *member = name == NULL ? NULL : calloc(1, sizeof(*member) + name_size);
  if (member != NULL) {
    memcpy(member->name, name, name_size);
    member->entry = (struct source_entry){.path = path, .name = member->name, .by_pattern = place_is_pattern(place)};
    member->place = place;
    source->list_outdated = true;
  }
  free(raw);
  free(name);
  return member;
}

static void unlist(struct source *source, struct member *member) {
  if (!member->listed)
    return;
  if (source->options.removed != NULL)
    source->options.removed(&member->entry, source->options.arg);
  *labels_user(source->labels, member->entry.label) = member->entry.user;
  labels_remove(source->labels, member->entry.label);
  member->entry.label = NULL;
  member->entry.user = NULL;
  member->listed = false;
  source->list_outdated = true;
}

static void end_twin(struct source *source, struct member *member) {
  if (member->twin == NULL)
    return;
  member->twin = NULL;
  member->alike = 0;
  source->twins_num--;
  source->list_outdated = true;
}

static void member_lost(void *own, void *arg) {
  struct source *source = arg;
  struct member *member = own, *other;
  unlist(source, member);
  end_twin(source, member);
  size_t place = 0, index = 0;
  while (source->twins_num > 0 && (other = next_member(source, &place, &index)) != NULL)
    if (other->twin == member)
      end_twin(source, other);
  if (member->owns_path)
    tdelete(member, &source->paths, compare_paths);
  source->list_outdated = true;
  free(member);
}

/* Lists the member if it belongs there. 0 or -errno. */
static int enlist(struct source *source, struct member *member) {
  if (!member->owns_path) {
    struct member **node = tsearch(member, &source->paths, compare_paths);
    if (node == NULL)
      return -ENOMEM;
    if (*node != member)
      return 0; /* another place found the same path before */
    member->owns_path = true;
  }
  if (!member->was_asked) {
    int wanted = source->options.wanted == NULL ? 1 : source->options.wanted(member->name, source->options.arg);
    if (wanted < 0)
      return wanted;
    member->was_asked = true;
    member->wanted = wanted > 0;
  }
  if (!member->wanted || member->listed || member->twin != NULL)
    return 0;
  member->entry.label = labels_add(source->labels, member->entry.path);
  if (member->entry.label == NULL)
    return -ENOMEM;
  member->entry.user = *labels_user(source->labels, member->entry.label);
  member->listed = source->may_have_twins = true;
  if (source->options.added != NULL)
    source->options.added(&member->entry, source->options.arg);
  return 0;
}

/* 0 or -errno: tried again in the next pass. */
static int make_entries(struct source *source) {
  int status = 0;
  size_t count = 0;
  struct member *member;
  for (size_t place = 0, index = 0; (member = next_member(source, &place, &index)) != NULL;) {
    int error = enlist(source, member);
    status = status == 0 ? error : status;
    count += member->listed;
  }
  source->entries_num = 0; /* without memory, no removed member may stay on the list */
  struct member **entries = reallocarray(source->entries, count > 0 ? count : 1, sizeof(*entries));
  if (entries == NULL)
    return -ENOMEM;
  source->entries = entries;
  for (size_t place = 0, index = 0; (member = next_member(source, &place, &index)) != NULL;)
    if (member->listed)
      entries[source->entries_num++] = member;
  source->list_outdated = status != 0;
  return status;
}

/* ---- one file by two paths --------------------------------------------------------------------------------------- */

struct candidate {
  struct member *member;
  size_t index; /* in the list */
};

static int compare_files(const void *a, const void *b) {
  const struct candidate *x = a, *y = b;
  const struct stamp *s = &x->member->counter.look.stamp, *t = &y->member->counter.look.stamp;
  if (s->inode != t->inode)
    return s->inode < t->inode ? -1 : 1;
  if (s->device != t->device)
    return s->device < t->device ? -1 : 1;
  if (s->mount != t->mount)
    return s->mount < t->mount ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

/* Compares what the last pass read. Of paths to one file the first in the list is kept. */
static void find_twins(struct source *source) {
  struct candidate *candidates = calloc(source->entries_num > 0 ? source->entries_num : 1, sizeof(*candidates));
  if (candidates == NULL)
    return; /* tried again in the next pass */
  source->may_have_twins = false;
  size_t num = 0;
  for (size_t i = 0; i < source->entries_num; i++) {
    if (source->entries[i]->counter.look.known)
      candidates[num++] = (struct candidate){source->entries[i], i};
    else
      source->may_have_twins = true;
  }
  if (num > 0)
    qsort(candidates, num, sizeof(candidates[0]), compare_files);
  for (size_t i = 1, first = 0; i < num; i++) {
    struct member *kept = candidates[first].member, *member = candidates[i].member;
    const struct look_memory *a = &kept->counter.look, *b = &member->counter.look;
    if (!stamp_same_file(&a->stamp, &b->stamp)) {
      first = i;
      continue;
    }
    source->may_have_twins = true;
    member->alike = a->number == b->number && a->stamp.mtime_ns == b->stamp.mtime_ns ? member->alike + 1 : 0;
    if (member->alike < PASSES_ALIKE)
      continue;
    if (source->options.duplicate != NULL)
      source->options.duplicate(&member->entry, &kept->entry, source->options.arg);
    unlist(source, member);
    member->twin = kept;
    source->twins_num++;
  }
  free(candidates);
}

static int look_again(const struct source *source, struct member *member) {
  struct look_file file;
  int status = place_file(member->place, member->entry.path, source->mounts, &file);
  return status != 0 ? status : look_once(&file, &member->counter.look);
}

/* False once its path leads elsewhere, or the path of its twin leads nowhere. */
static bool is_still_twin(const struct source *source, struct member *member) {
  struct member *kept = member->twin;
  if (look_again(source, member) != 0)
    return true;
  int status = kept->counter.look.known ? 0 : look_again(source, kept);
  if (status != 0)
    return look_is_transient(status);
  return stamp_same_file(&member->counter.look.stamp, &kept->counter.look.stamp);
}

static void check_twins(struct source *source) {
  struct member *member;
  for (size_t place = 0, index = 0; (member = next_member(source, &place, &index)) != NULL;)
    if (member->twin != NULL && !is_still_twin(source, member))
      end_twin(source, member);
}

/* ---- the source -------------------------------------------------------------------------------------------------- */

int source_new(const struct source_options *options, struct source **source) {
  struct source *s = calloc(1, sizeof(*s));
  if (s == NULL)
    return -ENOMEM;
  s->options = *options;
  s->user = (struct place_user){.found = member_found, .lost = member_lost, .arg = s};
  s->labels = labels_new(options->label_max, options->host, options->free_user);
  if (s->labels == NULL || mounts_new(&s->mounts) != 0) {
    labels_free(s->labels);
    free(s);
    return -ENOMEM;
  }
  *source = s;
  return 0;
}

void source_free(struct source *source) {
  if (source == NULL)
    return;
  size_t places_num = source->places_num;
  source->places_num = 0; /* member_lost() must not look for twins in freed places */
  for (size_t i = 0; i < places_num; i++)
    place_free(source->places[i], &source->user);
  labels_free(source->labels);
  mounts_free(source->mounts);
  free(source->places);
  free(source->entries);
  free(source);
}

bool source_is_pattern(const char *text) {
  return place_has_wildcard(text);
}

int source_add(struct source *source, const char *path_or_pattern) {
  struct place **places = reallocarray(source->places, source->places_num + 1, sizeof(struct place *));
  if (places == NULL)
    return -ENOMEM;
  source->places = places;
  int status = place_new(path_or_pattern, &places[source->places_num]);
  if (status == 0)
    source->places_num++;
  return status;
}

int source_begin(struct source *source, const char **where) {
  source_end(source);
  if (source->may_have_twins && source->has_read)
    find_twins(source);
  source->has_read = false;
  source->mounts_error = mounts_refresh(source->mounts);
  int error = 0;
  const char *error_where = NULL;
  for (size_t i = 0; i < source->places_num; i++) {
    int status = place_search(source->places[i], source->mounts, &source->user);
    if (status != 0 && (error == 0 || (error == -E2BIG && status != -E2BIG) || status == -ENOMEM)) {
      error = status;
      error_where = status == -ENOMEM ? NULL : place_error_dir(source->places[i]);
    }
  }
  if (source->twins_num > 0)
    check_twins(source);
  if (source->list_outdated && make_entries(source) != 0)
    error = -ENOMEM;
  if (where != NULL)
    *where = error_where;
  clock_now(&source->now);
  return error;
}

int source_mounts_error(const struct source *source) {
  return source->mounts_error;
}

size_t source_count(const struct source *source) {
  return source->entries_num;
}

struct source_entry *source_at(const struct source *source, size_t index) {
  return &source->entries[index]->entry;
}

void source_read(struct source *source, struct source_entry *entry, int64_t *patience_ns, struct reading *reading) {
  struct member *member = member_of(entry);
  struct look_memory *memory = &member->counter.look;
  uint64_t inode = memory->stamp.inode, device = memory->stamp.device;
  struct look_file file;
  source->has_read = true;
  int status = place_file(member->place, entry->path, source->mounts, &file);
  if (status == 0)
    counter_read(&file, &member->counter, patience_ns, &source->now, reading);
  else
    *reading = (struct reading){.error = status, .at = source->now};
  if (reading->error == -ENOENT || reading->error == -ENOTDIR)
    place_recheck(member->place);
  if (memory->stamp.inode != inode || memory->stamp.device != device)
    source->may_have_twins = true;
}

void source_read_range(struct source *source, struct source_entry *entry, struct reading *reading) {
  struct member *member = member_of(entry);
  struct look_file file;
  if (place_file(member->place, entry->path, source->mounts, &file) == 0)
    counter_read_range(&file, &member->counter, reading);
}

uint64_t source_range_uj(const struct source_entry *entry) {
  return ((const struct member *)(const void *)entry)->counter.range_uj;
}

void source_end(struct source *source) {
  for (size_t i = 0; i < source->places_num; i++)
    place_close(source->places[i]);
}
