#include "look/host.h"

#include "look/roster.h"

#include "core/label.h"
#include "core/look.h"
#include "core/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64

/* Two zones are one counter if they rise by the same in so many looks. The first look shows no rise. */
#define TWIN_LOOKS 3

struct host {
  struct roster *roster;
  struct sink *sinks[1];
  struct sampler *sampler;
  int search_error;
  const char *search_where;
  bool psys; /* one exists */
  unsigned looks;
  double energy_uj;
};

/* State per zone. */
struct zone {
  bool classified, has_total;
  enum host_zone kind;
  char name[NAME_MAX_BYTES], parent[NAME_MAX_BYTES]; /* empty: unknown */
  uint64_t total_uj, rise_uj;
  const struct zone *twin; /* rose by the same as this one */
  unsigned twin_looks;     /* in so many looks in a row */
  bool same;               /* as a zone before it, and so not counted */
  bool failed_before;      /* in the look before the last one */
  int error;               /* of the last look */
};

int host_new(const char *pattern, struct host **host) {
  struct host *h = calloc(1, sizeof(*h));
  if (h == NULL)
    return -ENOMEM;
  const struct sampler_options options = {.meter = {.base = METER_SAMPLE, .scale = 1}, .label_max = LABEL_MAX_FILE};
  int status = roster_new(sizeof(struct zone), &h->roster);
  if (status == 0) {
    h->sinks[0] = roster_sink(h->roster);
    status = sampler_new(&options, h->sinks, 1, &h->sampler);
  }
  if (status == 0)
    status = sampler_add(h->sampler, pattern);
  if (status != 0) {
    host_free(h);
    return status;
  }
  *host = h;
  return 0;
}

void host_free(struct host *host) {
  if (host == NULL)
    return;
  sampler_free(host->sampler);
  roster_free(host->roster);
  free(host);
}

/* Reads the first line of the file `name` in the directory, len bytes of path. Empty: there is none. */
static void read_name(const char *path, size_t len, char name[NAME_MAX_BYTES]) {
  char file[PATH_MAX];
  name[0] = '\0';
  if (snprintf(file, sizeof(file), "%.*s/name", (int)len, path) >= (int)sizeof(file))
    return;
  int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return;
  ssize_t size = read(fd, name, NAME_MAX_BYTES - 1);
  close(fd);
  name[size > 0 ? size : 0] = '\0';
  name[strcspn(name, "\n")] = '\0';
}

/* The zone's directory in its path: "intel-rapl:0:1". */
struct zone_dir {
  size_t begin, first_colon, last_colon, end, colons; /* colons are at the end if there is none */
};

static struct zone_dir find_dir(const char *path) {
  const char *slash = strrchr(path, '/');
  struct zone_dir dir = {.end = slash == NULL ? 0 : (size_t)(slash - path)};
  dir.begin = dir.first_colon = dir.last_colon = dir.end;
  while (dir.begin > 0 && path[dir.begin - 1] != '/') {
    dir.begin--;
    if (path[dir.begin] != ':')
      continue;
    dir.first_colon = dir.begin;
    if (dir.colons++ == 0)
      dir.last_colon = dir.begin;
  }
  return dir;
}

static bool begins_with(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void learn_zone(struct zone *zone, const char *path) {
  struct zone_dir dir = find_dir(path);
  zone->classified = true;
  read_name(path, dir.end, zone->name);
  if (dir.colons > 1)
    read_name(path, dir.last_colon, zone->parent);
  if (zone->name[0] == '\0')
    zone->kind = dir.colons < 2 ? HOST_PACKAGE : HOST_PART;
  else if (begins_with(zone->name, "package"))
    zone->kind = HOST_PACKAGE;
  else if (strcmp(zone->name, "dram") == 0)
    zone->kind = HOST_DRAM;
  else if (strcmp(zone->name, "psys") == 0)
    zone->kind = HOST_PSYS;
}

enum host_zone host_zone(const char *path) {
  struct zone zone = {.classified = false};
  learn_zone(&zone, path);
  return zone.kind;
}

static bool is_of_other_driver(const char *path, const char *other) {
  struct zone_dir a = find_dir(path), b = find_dir(other);
  size_t len = a.first_colon - a.begin;
  return len != b.first_colon - b.begin || memcmp(path + a.begin, other + b.begin, len) != 0;
}

/* True if two drivers show one zone. */
static bool is_same_zone(const struct roster_entry *a, const struct roster_entry *b) {
  const struct zone *one = a->own, *other = b->own;
  return one->name[0] != '\0' && strcmp(one->name, other->name) == 0 && strcmp(one->parent, other->parent) == 0 &&
         is_of_other_driver(a->last.path, b->last.path);
}

static bool is_shared_out(const struct host *host, const struct zone *zone) {
  return host->psys ? zone->kind == HOST_PSYS : zone->kind != HOST_PART;
}

static void find_same(const struct host *host, size_t index) {
  const struct roster_entry *entry = roster_at(host->roster, index);
  struct zone *zone = entry->own;
  const struct zone *twin = NULL;
  for (size_t i = 0; i < index && !zone->same; i++) {
    const struct zone *other = roster_at(host->roster, i)->own;
    if (other->same || !is_shared_out(host, other))
      continue;
    zone->same = is_same_zone(entry, roster_at(host->roster, i));
    if (twin == NULL && other->rise_uj == zone->rise_uj)
      twin = other;
  }
  if (zone->rise_uj == 0)
    return; /* zones that stand still prove nothing */
  zone->twin_looks = twin == NULL ? 0 : twin == zone->twin ? zone->twin_looks + 1 : 1;
  zone->twin = twin;
  zone->same = zone->same || zone->twin_looks >= TWIN_LOOKS;
}

static void note_zone(struct host *host, const struct roster_entry *entry) {
  struct zone *zone = entry->own;
  if (!zone->classified)
    learn_zone(zone, entry->last.path);
  host->psys = host->psys || zone->kind == HOST_PSYS;
  zone->rise_uj = 0;
  zone->failed_before = zone->error != 0;
  zone->error = entry->last.error;
  if (!entry->last.has_energy)
    return;
  if (zone->has_total)
    zone->rise_uj = entry->last.total_uj - zone->total_uj;
  zone->total_uj = entry->last.total_uj;
  zone->has_total = true;
}

int host_look(struct host *host, const struct instant *now) {
  int status = sampler_pass(host->sampler, now);
  host->search_error = sampler_search_error(host->sampler, &host->search_where);
  for (size_t i = 0; i < roster_count(host->roster); i++)
    note_zone(host, roster_at(host->roster, i));
  for (size_t i = 0; i < roster_count(host->roster); i++) {
    struct zone *zone = roster_at(host->roster, i)->own;
    if (!is_shared_out(host, zone))
      continue;
    find_same(host, i);
    if (!zone->same)
      host->energy_uj += (double)zone->rise_uj;
  }
  host->looks++;
  return status;
}

void host_energy(const struct host *host, struct host_energy *energy) {
  size_t counts[HOST_PSYS + 1] = {0}, count = 0;
  *energy = (struct host_energy){.error = 0};
  for (size_t i = 0; i < roster_count(host->roster); i++) {
    const struct roster_entry *entry = roster_at(host->roster, i);
    const struct zone *zone = entry->own;
    if (!is_shared_out(host, zone) || zone->same)
      continue;
    bool passes = look_is_transient(zone->error) && !zone->failed_before;
    if (zone->error != 0 && !passes && energy->error == 0) {
      energy->error = zone->error;
      energy->path = entry->last.path;
    }
    counts[zone->kind]++;
    count++;
  }
  if (count == 0) {
    energy->error = host->search_error != 0 ? host->search_error : -ENOENT;
    energy->path = host->search_where;
  }
  energy->what = counts[HOST_PSYS] > 0 ? "psys" : counts[HOST_DRAM] > 0 ? "packages and DRAM" : "packages";
  energy->energy_j = count > 1 && host->looks <= TWIN_LOOKS ? NAN : host->energy_uj / 1e6;
}
