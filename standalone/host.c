#include "host.h"

#include "roster.h"

#include "core/label.h"
#include "core/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64

struct host {
  struct roster *roster;
  struct sink *sinks[1];
  struct sampler *sampler;
  int search_error;
};

/* What is kept of a zone. */
struct zone {
  bool known, package;
  double first_j;
  bool started;
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

/* The zone's name without its line end. False: there is none. */
static bool read_name(const char *path, char name[NAME_MAX_BYTES]) {
  char sibling[PATH_MAX];
  const char *slash = strrchr(path, '/');
  int dir = slash == NULL ? 0 : (int)(slash - path) + 1;
  if (snprintf(sibling, sizeof(sibling), "%.*sname", dir, path) >= (int)sizeof(sibling))
    return false;
  int fd = open(sibling, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return false;
  ssize_t len = read(fd, name, NAME_MAX_BYTES - 1);
  close(fd);
  if (len <= 0)
    return false;
  name[len] = '\0';
  name[strcspn(name, "\n")] = '\0';
  return true;
}

bool host_is_package(const char *path) {
  char name[NAME_MAX_BYTES];
  if (read_name(path, name))
    return strncmp(name, "package", strlen("package")) == 0;
  const char *end = strrchr(path, '/');
  size_t colons = 0;
  for (const char *c = end; c != NULL && c > path && c[-1] != '/'; c--)
    colons += c[-1] == ':';
  return colons < 2;
}

int host_look(struct host *host, const struct instant *now) {
  int status = sampler_pass(host->sampler, now);
  host->search_error = sampler_search_error(host->sampler, NULL);
  for (size_t i = 0; i < roster_count(host->roster); i++) {
    const struct roster_entry *entry = roster_at(host->roster, i);
    struct zone *zone = entry->own;
    if (!zone->known) {
      zone->package = host_is_package(entry->last.path);
      zone->known = true;
    }
    if (!zone->started && entry->last.has_energy) {
      zone->first_j = entry->last.energy_j;
      zone->started = true;
    }
  }
  return status;
}

int host_energy(const struct host *host, double *energy_j) {
  double sum_j = 0;
  size_t packages = 0;
  for (size_t i = 0; i < roster_count(host->roster); i++) {
    const struct roster_entry *entry = roster_at(host->roster, i);
    const struct zone *zone = entry->own;
    if (!zone->package)
      continue;
    if (entry->last.error != 0)
      return entry->last.error;
    packages++;
    sum_j += entry->last.energy_j - zone->first_j;
  }
  if (packages == 0)
    return host->search_error != 0 ? host->search_error : -ENOENT;
  *energy_j = sum_j;
  return 0;
}
