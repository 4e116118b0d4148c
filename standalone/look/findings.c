#include "look/findings.h"

#include "common/inputs.h"
#include "common/show.h"
#include "look/access.h"
#include "look/places.h"

#include "core/label.h"
#include "core/shell_word.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_COLUMNS 32

/* True if it came back, or was removed twice. */
static bool is_reported_elsewhere(const struct findings *findings, size_t index) {
  const char *path = findings->watch->removals.list[index].path;
  for (size_t i = 0; i < index; i++)
    if (strcmp(findings->watch->removals.list[i].path, path) == 0)
      return true;
  for (size_t i = 0; i < roster_count(findings->watch->roster); i++)
    if (strcmp(roster_at(findings->watch->roster, i)->last.path, path) == 0)
      return true;
  return access(path, F_OK) == 0; /* discarded as the same file as another */
}

/* See struct verdict_context. */
struct peers {
  bool alive, grow;
  int64_t silent_ns;
};

/* One exporter writes all counters at one pace, so the stale time of updated ones applies to all. */
static struct peers look_at_peers(const struct watch *watch) {
  struct peers peers = {.alive = false};
  for (size_t i = 0; i < roster_count(watch->roster); i++) {
    const struct sample *sample = &roster_at(watch->roster, i)->last;
    const struct facts *facts = &((const struct watch_counter *)roster_at(watch->roster, i)->own)->facts;
    peers.alive = peers.alive || (facts->error == 0 && !facts_are_stale(facts) && !places_is_of_kernel(sample->path));
    peers.grow = peers.grow || facts->growths > 0;
    if (facts->updates > 0 && facts->by_update && facts->period_ns > 0 && sample->stale_ns > peers.silent_ns)
      peers.silent_ns = sample->stale_ns;
  }
  return peers;
}

static struct finding *add_finding(struct findings *findings, enum finding_subject subject, const char *name,
                                   const char *path) {
  struct finding *finding = &findings->list[findings->num];
  *finding = (struct finding){.subject = subject, .name = name, .path = path, .index = findings->num++};
  return finding;
}

/* Adds to the context why the path is denied; *fault, zero-initialized, owns the texts. */
static void explain(const char *path, int error, bool list, struct access_fault *fault,
                    struct verdict_context *context) {
  if ((error == -EACCES || error == -EPERM) && access_explain(path, list, fault)) {
    context->obstacle = fault->obstacle;
    context->access_remedy = fault->remedy;
  }
}

/* Our own shortage of memory or descriptors is no fault of the counter. */
static bool is_own_shortage(int error) {
  return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

static int find_in_search(struct findings *findings) {
  const char *where = NULL;
  int error = sampler_search_error(findings->watch->sampler, &where);
  if (is_own_shortage(error))
    return error;
  if (error == 0 || where == NULL || places_is_unselected(findings->watch->options, where))
    return 0;
  struct access_fault fault = {0};
  struct stat info;
  char *path = shell_word(where);
  if (path == NULL)
    return -ENOMEM;
  struct verdict_context context = {.path = path};
  explain(where, error, stat(where, &info) != 0 || S_ISDIR(info.st_mode), &fault, &context);
  struct verdict *verdict = &add_finding(findings, SUBJECT_SEARCH, "search", where)->verdict;
  verdict_of_search(error, &context, verdict);
  access_fault_free(&fault);
  free(path);
  return verdict->error;
}

static int find_in_host(struct findings *findings) {
  struct host_energy energy;
  host_energy(findings->watch->host, &energy);
  struct access_fault fault = {0};
  struct verdict_context context = {.obstacle = NULL};
  struct comparison *comparison = &findings->comparison;
  char *path = energy.path != NULL ? shell_word(energy.path) : NULL;
  if (energy.path != NULL && path == NULL)
    return -ENOMEM;
  if (energy.path != NULL)
    explain(energy.path, energy.error, false, &fault, &context);
  comparison->error = energy.error;
  comparison->what = energy.what;
  comparison->path = path;
  comparison->access_remedy = context.access_remedy;
  struct verdict *verdict = &add_finding(findings, SUBJECT_HOST, "host", NULL)->verdict;
  comparison_judge(comparison, verdict);
  comparison->path = comparison->access_remedy = NULL;
  access_fault_free(&fault);
  free(path);
  return verdict->error;
}

static int find_removed(struct findings *findings) {
  const struct facts facts = {.error = -ENOENT};
  const struct verdict_context context = {.vanished = true};
  int status = findings->watch->removals.error;
  for (size_t i = 0; i < findings->watch->removals.num && status == 0; i++) {
    const struct watch_removal *one = &findings->watch->removals.list[i];
    if (is_reported_elsewhere(findings, i))
      continue;
    struct verdict *verdict = &add_finding(findings, SUBJECT_VM, one->name, one->path)->verdict;
    verdict_of_counter(&facts, &context, verdict);
    status = verdict->error;
  }
  return status;
}

static int find_nothing(struct findings *findings) {
  const char *const *places;
  size_t count = places_get(findings->watch->options, &places);
  char *text = strdup("");
  for (size_t i = 0; i < count && text != NULL; i++) {
    char *word = shell_word(places[i]), *more = NULL;
    if (word != NULL && asprintf(&more, "%s%s%s", text, i > 0 ? " and " : "", word) < 0)
      more = NULL;
    free(word);
    free(text);
    text = more;
  }
  if (text == NULL)
    return -ENOMEM;
  struct verdict *verdict = &add_finding(findings, SUBJECT_SEARCH, "search", NULL)->verdict;
  if (inputs_selects_none())
    verdict_of_none_selected(text, verdict);
  else
    verdict_of_nothing(text, verdict);
  free(text);
  return verdict->error;
}

/* The VM as an argument of virsh(1), for a shell. NULL: out of memory. */
static char *make_domain(const char *path) {
  char *name = label_from_path(path, NULL), *argument = NULL, *word = NULL;
  if (name != NULL && asprintf(&argument, "%s%s", name[0] == '-' ? "--domain=" : "", name) >= 0) {
    word = shell_word(argument);
    free(argument);
  }
  free(name);
  return word;
}

/* True if the file has more bytes than the digits of its number. */
static bool is_spaced(const struct sample *sample) {
  struct stat info;
  char digits[24];
  int len = snprintf(digits, sizeof(digits), "%" PRIu64, sample->energy_uj);
  return sample->has_energy && lstat(sample->path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > len;
}

static int find_in_counter(struct findings *findings, const struct roster_entry *entry, const struct peers *peers) {
  const struct watch_counter *counter = entry->own;
  const struct sample *sample = &entry->last;
  if (is_own_shortage(counter->facts.error))
    return counter->facts.error;
  const struct access_cache *cache = peers->grow ? NULL : access_find_cache("/proc/self/mounts", sample->path);
  char *domain = make_domain(sample->path), *path = shell_word(sample->path);
  struct access_fault fault = {0};
  struct verdict_context context = {.domain = domain,
                                    .path = path,
                                    .others_alive = peers->alive,
                                    .silent_ns = peers->silent_ns,
                                    .others_grow = peers->grow,
                                    .cache = cache != NULL ? cache->what : NULL,
                                    .cache_remedy = cache != NULL ? cache->remedy : NULL,
                                    .partial = findings->watch->options->selection != NULL,
                                    .merged = counter->merged,
                                    .kernel = places_is_of_kernel(sample->path),
                                    .guest = places_is_of_guest(sample->path),
                                    .vanished = sample->by_pattern && counter->facts.readings > 0,
                                    .spaced = counter->facts.updates == 0 && is_spaced(sample)};
  findings->comparison.guest = findings->comparison.guest || context.guest;
  struct finding *finding = add_finding(findings, SUBJECT_VM, sample->label, sample->path);
  finding->sample = sample;
  if (domain != NULL && path != NULL) {
    explain(sample->path, counter->facts.error, false, &fault, &context);
    verdict_of_counter(&counter->facts, &context, &finding->verdict);
  } else {
    finding->verdict.error = -ENOMEM;
  }
  access_fault_free(&fault);
  free(domain);
  free(path);
  enum verdict_kind kind = finding->verdict.kind;
  if (kind == VERDICT_GOOD || kind == VERDICT_IDLE || kind == VERDICT_FRESH || kind == VERDICT_CLOCK ||
      (kind == VERDICT_MERGED && counter->facts.updates > 0))
    if (!context.kernel)
      comparison_add(&findings->comparison, &counter->facts);
  return finding->verdict.error;
}

static int weight_of(const struct finding *finding) {
  enum verdict_level level = verdict_level(finding->verdict.kind);
  return level == LEVEL_NOTE ? LEVEL_OK : (int)level;
}

/* The worst first; else in the order of the counters. */
static int compare_findings(const void *a, const void *b) {
  const struct finding *one = a, *other = b;
  int weight = weight_of(one), other_weight = weight_of(other);
  if (weight != other_weight)
    return other_weight - weight;
  return one->index < other->index ? -1 : one->index > other->index;
}

static int compare_shown(const void *a, const void *b) {
  return strcmp((*(struct finding *const *)a)->shown, (*(struct finding *const *)b)->shown);
}

/* Cuts the names for the terminal, and marks those that are equal then. */
static int show_names(struct findings *findings) {
  struct finding **sorted = calloc(findings->num, sizeof(struct finding *));
  size_t width = 0;
  for (size_t i = 0; i < findings->num; i++) {
    size_t columns = show_width(findings->list[i].name);
    width = columns > width ? columns : width;
  }
  width = width < NAME_COLUMNS ? width : NAME_COLUMNS;
  for (size_t i = 0; i < findings->num && sorted != NULL; i++) {
    char name[NAME_COLUMNS * 8];
    show_fit(findings->list[i].name, width, name, sizeof(name));
    for (char *bar = name; (bar = strchr(bar, '|')) != NULL;)
      *bar = '_';
    sorted[i] = &findings->list[i];
    sorted[i]->shown = strdup(name);
    if (sorted[i]->shown == NULL) {
      free(sorted);
      return -ENOMEM;
    }
  }
  if (sorted == NULL)
    return -ENOMEM;
  qsort(sorted, findings->num, sizeof(struct finding *), compare_shown);
  for (size_t i = 1; i < findings->num; i++)
    if (strcmp(sorted[i - 1]->shown, sorted[i]->shown) == 0)
      sorted[i - 1]->is_ambiguous = sorted[i]->is_ambiguous = true;
  free(sorted);
  return 0;
}

int findings_make(struct findings *findings, const struct watch *watch) {
  *findings =
      (struct findings){.watch = watch,
                        .comparison = {.partial = watch->options->selection != NULL,
                                       .named = strcmp(watch->options->host_counter, OPTIONS_HOST_COUNTERS) != 0,
                                       .factor = watch->options->meter.scale}};
  findings->list = calloc(roster_count(watch->roster) + watch->removals.num + 2, sizeof(*findings->list));
  if (findings->list == NULL)
    return -ENOMEM;
  int status = find_in_search(findings);
  if (status == 0 && roster_count(watch->roster) == 0 && findings->num == 0)
    status = find_nothing(findings);
  if (status == 0)
    status = find_removed(findings);
  const struct peers peers = look_at_peers(watch);
  for (size_t i = 0; i < roster_count(watch->roster) && status == 0; i++)
    status = find_in_counter(findings, roster_at(watch->roster, i), &peers);
  if (status == 0 && roster_count(watch->roster) > 0)
    status = find_in_host(findings);
  if (status != 0)
    return status;
  qsort(findings->list, findings->num, sizeof(*findings->list), compare_findings);
  return show_names(findings);
}

void findings_free(struct findings *findings) {
  for (size_t i = 0; i < findings->num; i++) {
    verdict_free(&findings->list[i].verdict);
    free(findings->list[i].shown);
  }
  free(findings->list);
}
