#include "look/places.h"

#include "common/inputs.h"

#include "core/label.h"
#include "core/source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t places_get(const struct options *options, const char *const **places) {
  *places = options->files_num > 0 ? options->files : source_default_patterns;
  size_t count = options->files_num;
  if (count == 0)
    while (source_default_patterns[count] != NULL)
      count++;
  return count;
}

/* Bytes before the directory of the VM, the first one with a wildcard. 0: none, or the wildcard is for zones. */
static size_t root_length(const char *pattern) {
  if (!source_is_pattern(pattern))
    return 0;
  size_t len = strcspn(pattern, "*?[");
  while (len > 0 && pattern[len - 1] != '/')
    len--;
  return strncmp(pattern + len, "intel-rapl", strlen("intel-rapl")) == 0 ? 0 : len;
}

int places_add_nameless(const struct options *options, struct sampler *sampler) {
  const char *const *places;
  size_t count = places_get(options, &places);
  for (size_t i = 0; i < count; i++) {
    char pattern[PATH_MAX];
    size_t len = root_length(places[i]);
    int size = snprintf(pattern, sizeof(pattern), "%.*sintel-rapl:*/energy_uj", (int)len, places[i]);
    int status = len > 0 && size < (int)sizeof(pattern) ? sampler_add(sampler, pattern) : 0;
    if (status != 0)
      return status;
  }
  return 0;
}

static bool is_root(const struct options *options, const char *directory) {
  const char *const *places;
  size_t count = places_get(options, &places), len = strlen(directory);
  for (size_t i = 0; i < count; i++)
    if (len > 0 && root_length(places[i]) == len && strncmp(places[i], directory, len) == 0)
      return true;
  const size_t name_len = strlen("scaphandre/");
  if (len <= name_len || strcmp(directory + len - name_len - 1, "/scaphandre/") != 0)
    return false;
  char above[PATH_MAX]; /* below a root it is a VM named scaphandre */
  snprintf(above, sizeof(above), "%.*s", (int)(len - name_len), directory);
  return !is_root(options, above);
}

bool places_is_of_kernel(const char *path) {
  return strncmp(path, "/sys/", strlen("/sys/")) == 0;
}

bool places_is_of_guest(const char *path) {
  static const char prefix[] = "/var/scaphandre/intel-rapl:";
  return strncmp(path, prefix, sizeof(prefix) - 1) == 0;
}

bool places_is_merged(const struct options *options, const char *path) {
  char parent[PATH_MAX], range[PATH_MAX];
  if (places_is_of_guest(path))
    return false;
  snprintf(parent, sizeof(parent), "%s", path);
  char *slash = strrchr(parent, '/');
  if (slash == NULL)
    return false;
  *slash = '\0';
  if (snprintf(range, sizeof(range), "%s/max_energy_range_uj", parent) >= (int)sizeof(range) ||
      access(range, F_OK) == 0)
    return false; /* a zone of the kernel */
  slash = strrchr(parent, '/');
  char *zone = slash == NULL ? parent : slash + 1;
  if (strncmp(zone, "intel-rapl:", strlen("intel-rapl:")) != 0)
    return false;
  *zone = '\0';
  return is_root(options, parent) || is_root(options, inputs_display_path(parent));
}

bool places_is_unselected(const struct options *options, const char *directory) {
  const char *const *places;
  size_t count = options->selection != NULL ? places_get(options, &places) : 0;
  for (size_t i = 0; i < count; i++) {
    size_t len = root_length(places[i]);
    const char *shown = places[i][0] == '/' ? directory : inputs_display_path(directory);
    if (len == 0 || strncmp(shown, places[i], len) != 0 || shown[len] == '\0')
      continue;
    char *raw = strndup(shown + len, strcspn(shown + len, "/")), *name = raw != NULL ? label_make_safe(raw) : NULL;
    bool left_out = name != NULL && selection_wants(options->selection, name) == 0;
    free(raw);
    free(name);
    return left_out;
  }
  return false;
}
