#include "look/roster.h"

#include <errno.h>
#include <stdlib.h>

struct roster {
  struct sink sink;
  size_t own_size;
  struct roster_entry **entries;
  size_t entries_num, entries_size;
};

static int begin_pass(struct sink *sink, const struct instant *now, size_t count) {
  struct roster *roster = (struct roster *)sink;
  (void)now;
  roster->entries_num = 0;
  if (count <= roster->entries_size)
    return 0;
  struct roster_entry **entries = reallocarray(roster->entries, count, sizeof(struct roster_entry *));
  if (entries == NULL)
    return -ENOMEM;
  roster->entries = entries;
  roster->entries_size = count;
  return 0;
}

static void free_entry(struct roster_entry *entry) {
  if (entry != NULL)
    free(entry->own);
  free(entry);
}

static struct roster_entry *new_entry(size_t own_size) {
  struct roster_entry *entry = calloc(1, sizeof(*entry));
  if (entry == NULL || own_size == 0)
    return entry;
  entry->own = calloc(1, own_size);
  if (entry->own != NULL)
    return entry;
  free(entry);
  return NULL;
}

static int put_sample(struct sink *sink, const struct sample *sample) {
  struct roster *roster = (struct roster *)sink;
  if (roster->entries_num == roster->entries_size)
    return -ENOMEM; /* begin_pass() had no memory */
  struct roster_entry *entry = *sample->slot;
  if (entry == NULL) {
    entry = new_entry(roster->own_size);
    if (entry == NULL)
      return -ENOMEM;
    *sample->slot = entry;
  }
  entry->last = *sample;
  roster->entries[roster->entries_num++] = entry;
  return 0;
}

static void forget_counter(struct sink *sink, const struct sample *sample) {
  struct roster *roster = (struct roster *)sink;
  roster->entries_num = 0; /* until the next pass, if there is one */
  free_entry(*sample->slot);
  *sample->slot = NULL;
}

int roster_new(size_t own_size, struct roster **roster) {
  struct roster *r = calloc(1, sizeof(*r));
  if (r == NULL)
    return -ENOMEM;
  r->sink = (struct sink){.begin = begin_pass, .put = put_sample, .removed = forget_counter};
  r->own_size = own_size;
  *roster = r;
  return 0;
}

void roster_free(struct roster *roster) {
  if (roster == NULL)
    return;
  free(roster->entries);
  free(roster);
}

struct sink *roster_sink(struct roster *roster) {
  return &roster->sink;
}

size_t roster_count(const struct roster *roster) {
  return roster->entries_num;
}

struct roster_entry *roster_at(const struct roster *roster, size_t index) {
  return roster->entries[index];
}
