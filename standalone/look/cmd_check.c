/*
 * check: what is wrong, and what to do about it
 *
 * Watches the counters for an update or two, then tells a verdict of each and of the host, in the form of a monitoring
 * check: a line for all with figures to graph, then a line for each, and the exit status.
 */
#include "common/command.h"
#include "common/inputs.h"
#include "common/json.h"
#include "common/message.h"
#include "common/show.h"
#include "common/stop.h"
#include "look/access.h"
#include "look/comparison.h"
#include "look/host.h"
#include "look/roster.h"
#include "look/verdict.h"

#include "core/clock.h"
#include "core/counter.h"
#include "core/label.h"
#include "core/shell_word.h"
#include "core/source.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What monitoring checks end with when they could not check. */
enum { STATUS_UNKNOWN = 3 };

#define LOOK_EVERY_NS (250 * NS_PER_MS)

/* check_nrpe gives up after 10 s, so a check takes less than 9 s unless --duration says how long. */
#define WATCH_NS (8500 * NS_PER_MS)

#define NAME_COLUMNS 32

enum subject { SUBJECT_VM, SUBJECT_SEARCH, SUBJECT_HOST };

static const char *const subject_names[] = {"vm", "search", "host"};

/* What is kept of a counter. */
struct watched {
  struct facts facts;
  bool classified, merged;
};

/* A counter that a pattern found, and whose file was removed since. */
struct removal {
  char *name, *path;
};

/* Takes note of these. */
struct removals {
  struct sink sink;
  struct removal *list;
  size_t num;
  int error;
};

struct finding {
  enum subject subject;
  const char *name, *path;     /* path: NULL where there is none */
  const struct sample *sample; /* of a VM */
  size_t index;
  char *shown;       /* the name as it is printed */
  bool is_ambiguous; /* another one is printed so, too */
  struct verdict verdict;
};

struct check {
  const struct options *options;
  struct roster *roster;
  struct removals removals;
  struct sink *sinks[2];
  struct sampler *sampler;
  struct host *host;
  struct stop stop;
  struct instant start, now;
  struct comparison comparison;
  struct finding *findings;
  size_t findings_num;
};

/* ---- where VMs without a name are -------------------------------------------------------------------------------- */

/* Where we look: the patterns and paths that the user named, or the places of Scaphandre. */
static size_t get_places(const struct options *options, const char *const **places) {
  *places = options->files_num > 0 ? options->files : source_default_patterns;
  size_t count = options->files_num;
  if (count == 0)
    while (source_default_patterns[count] != NULL)
      count++;
  return count;
}

/*
 * How much of a pattern stands before the directory of the VM: that is the first with a wildcard. 0 where there is
 * none, or where it is the zones that were meant.
 */
static size_t root_length(const char *pattern) {
  if (!source_is_pattern(pattern))
    return 0;
  size_t len = strcspn(pattern, "*?[");
  while (len > 0 && pattern[len - 1] != '/')
    len--;
  return strncmp(pattern + len, "intel-rapl", strlen("intel-rapl")) == 0 ? 0 : len;
}

static int add_nameless(struct check *check) {
  const char *const *places;
  size_t count = get_places(check->options, &places);
  for (size_t i = 0; i < count; i++) {
    char pattern[PATH_MAX];
    size_t len = root_length(places[i]);
    int size = snprintf(pattern, sizeof(pattern), "%.*sintel-rapl:*/energy_uj", (int)len, places[i]);
    int status = len > 0 && size < (int)sizeof(pattern) ? sampler_add(check->sampler, pattern) : 0;
    if (status != 0)
      return status;
  }
  return 0;
}

static bool is_root(const struct options *options, const char *directory) {
  const char *const *places;
  size_t count = get_places(options, &places), len = strlen(directory);
  for (size_t i = 0; i < count; i++)
    if (len > 0 && root_length(places[i]) == len && strncmp(places[i], directory, len) == 0)
      return true;
  const size_t name_len = strlen("scaphandre/");
  if (len <= name_len || strcmp(directory + len - name_len - 1, "/scaphandre/") != 0)
    return false;
  char above[PATH_MAX]; /* below a root, it is a VM of that name */
  snprintf(above, sizeof(above), "%.*s", (int)(len - name_len), directory);
  return !is_root(options, above);
}

static bool is_of_kernel(const char *path) {
  return strncmp(path, "/sys/", strlen("/sys/")) == 0;
}

/* True if a guest sees its own counter there. */
static bool is_of_guest(const char *path) {
  static const char prefix[] = "/var/scaphandre/intel-rapl:";
  return strncmp(path, prefix, sizeof(prefix) - 1) == 0;
}

/* The directory of a VM without a name is missing from the path: ROOT//intel-rapl:0/energy_uj. */
static bool is_merged(const struct options *options, const char *path) {
  char parent[PATH_MAX], range[PATH_MAX];
  if (is_of_guest(path))
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

/* This clock less the time of the file; 0: unknown. */
static int64_t file_behind_ns(const char *path, const struct instant *now) {
  struct stat info;
  if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
    return 0;
  return now->wall_ns - ((int64_t)info.st_mtim.tv_sec * NS_PER_S + info.st_mtim.tv_nsec);
}

/* ---- counters that leave ----------------------------------------------------------------------------------------- */

static void note_removal(struct sink *sink, const struct sample *sample) {
  struct removals *removals = (struct removals *)sink;
  struct removal *list = reallocarray(removals->list, removals->num + 1, sizeof(*list));
  if (list != NULL)
    removals->list = list;
  struct removal one = {.name = strdup(sample->label), .path = strdup(sample->path)};
  if (list != NULL && one.name != NULL && one.path != NULL) {
    list[removals->num++] = one;
    return;
  }
  free(one.name);
  free(one.path);
  removals->error = -ENOMEM;
}

static void free_removals(struct removals *removals) {
  for (size_t i = 0; i < removals->num; i++) {
    free(removals->list[i].name);
    free(removals->list[i].path);
  }
  free(removals->list);
}

/* True if it came back, or left twice. */
static bool is_reported_elsewhere(const struct check *check, size_t index) {
  const char *path = check->removals.list[index].path;
  for (size_t i = 0; i < index; i++)
    if (strcmp(check->removals.list[i].path, path) == 0)
      return true;
  for (size_t i = 0; i < roster_count(check->roster); i++)
    if (strcmp(roster_at(check->roster, i)->last.path, path) == 0)
      return true;
  return access(path, F_OK) == 0; /* dropped as the same file as another */
}

/* ---- watching ---------------------------------------------------------------------------------------------------- */

static int look(struct check *check) {
  struct host_energy host;
  int status = clock_now(&check->now);
  if (status == 0)
    status = host_look(check->host, &check->now);
  if (status == 0)
    status = sampler_pass(check->sampler, &check->now);
  host_energy(check->host, &host);
  for (size_t i = 0; i < roster_count(check->roster); i++) {
    const struct roster_entry *entry = roster_at(check->roster, i);
    struct watched *watched = entry->own;
    if (!watched->classified)
      watched->merged = is_merged(check->options, entry->last.path);
    watched->classified = true;
    facts_note(&watched->facts, &entry->last, host.energy_j);
    if (entry->last.updates > 0)
      watched->facts.file_behind_ns = file_behind_ns(entry->last.path, &check->now);
  }
  return status;
}

/* While others are updated, a counter that is silent is not waited for. */
static bool all_is_clear(const struct check *check) {
  bool updated = false, silent = false;
  for (size_t i = 0; i < roster_count(check->roster); i++) {
    const struct watched *watched = roster_at(check->roster, i)->own;
    bool clear = verdict_is_final(&watched->facts), stale = facts_are_stale(&watched->facts);
    updated = updated || (clear && watched->facts.updates > 0 && !is_of_kernel(roster_at(check->roster, i)->last.path));
    silent = silent || (!clear && stale);
    if (!watched->merged && !clear && !stale)
      return false;
  }
  return updated || !silent;
}

static bool is_over(const struct check *check) {
  const struct options *options = check->options;
  int64_t elapsed_ns = check->now.mono_ns - check->start.mono_ns;
  if (options->duration_ns > 0)
    return elapsed_ns >= options->duration_ns;
  if (roster_count(check->roster) == 0) /* an exporter may be about to write */
    return inputs_selects_none() || sampler_search_error(check->sampler, NULL) != 0 || elapsed_ns >= WATCH_NS;
  return all_is_clear(check) || elapsed_ns >= WATCH_NS;
}

static int watch(struct check *check) {
  int status = look(check);
  check->start = check->now;
  if (status == 0 && !is_over(check) && isatty(STDERR_FILENO) == 1)
    message_note("watching %zu counters", roster_count(check->roster));
  while (status == 0 && !is_over(check)) {
    status = stop_wait(&check->stop, check->now.mono_ns + LOOK_EVERY_NS);
    if (status > 0)
      return 0; /* a signal: report what is known */
    if (status == 0)
      status = look(check);
  }
  return status;
}

/* ---- findings ---------------------------------------------------------------------------------------------------- */

/* What all counters together say of each. */
struct peers {
  bool alive, grow; /* see struct verdict_context */
  int64_t silent_ns;
};

/* One exporter writes all counters, so they have one period: the stale time of those that were updated is that of all.
 */
static struct peers look_at_peers(const struct check *check) {
  struct peers peers = {.alive = false};
  for (size_t i = 0; i < roster_count(check->roster); i++) {
    const struct sample *sample = &roster_at(check->roster, i)->last;
    const struct facts *facts = &((const struct watched *)roster_at(check->roster, i)->own)->facts;
    peers.alive = peers.alive || (facts->error == 0 && !facts_are_stale(facts) && !is_of_kernel(sample->path));
    peers.grow = peers.grow || facts->growths > 0;
    if (facts->updates > 0 && facts->by_update && facts->period_ns > 0 && sample->stale_ns > peers.silent_ns)
      peers.silent_ns = sample->stale_ns;
  }
  return peers;
}

static struct finding *add_finding(struct check *check, enum subject subject, const char *name, const char *path) {
  struct finding *finding = &check->findings[check->findings_num];
  *finding = (struct finding){.subject = subject, .name = name, .path = path, .index = check->findings_num++};
  return finding;
}

/* Explains in the context why the path is denied. *fault, all zero before, holds the texts. */
static void explain(const char *path, int error, bool list, struct access_fault *fault,
                    struct verdict_context *context) {
  if ((error == -EACCES || error == -EPERM) && access_explain(path, list, fault)) {
    context->obstacle = fault->obstacle;
    context->access_remedy = fault->remedy;
  }
}

/* It is for want of our own that something could not be read: no word about what is wrong with it. */
static bool is_own_shortage(int error) {
  return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* True if the directory is that of a VM, or below it, and --vm does not select the VM. */
static bool is_left_out(const struct options *options, const char *directory) {
  const char *const *places;
  size_t count = options->selection != NULL ? get_places(options, &places) : 0;
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

static int find_in_search(struct check *check) {
  const char *where = NULL;
  int error = sampler_search_error(check->sampler, &where);
  if (is_own_shortage(error))
    return error;
  if (error == 0 || where == NULL || is_left_out(check->options, where))
    return 0;
  struct access_fault fault = {0};
  struct stat info;
  char *path = shell_word(where);
  if (path == NULL)
    return -ENOMEM;
  struct verdict_context context = {.path = path};
  explain(where, error, stat(where, &info) != 0 || S_ISDIR(info.st_mode), &fault, &context);
  struct verdict *verdict = &add_finding(check, SUBJECT_SEARCH, "search", where)->verdict;
  verdict_of_search(error, &context, verdict);
  access_fault_free(&fault);
  free(path);
  return verdict->error;
}

static int find_in_host(struct check *check) {
  struct host_energy energy;
  host_energy(check->host, &energy);
  struct access_fault fault = {0};
  struct verdict_context context = {.obstacle = NULL};
  struct comparison *comparison = &check->comparison;
  char *path = energy.path != NULL ? shell_word(energy.path) : NULL;
  if (energy.path != NULL && path == NULL)
    return -ENOMEM;
  if (energy.path != NULL)
    explain(energy.path, energy.error, false, &fault, &context);
  comparison->error = energy.error;
  comparison->what = energy.what;
  comparison->path = path;
  comparison->access_remedy = context.access_remedy;
  struct verdict *verdict = &add_finding(check, SUBJECT_HOST, "host", NULL)->verdict;
  comparison_judge(comparison, verdict);
  comparison->path = comparison->access_remedy = NULL;
  access_fault_free(&fault);
  free(path);
  return verdict->error;
}

static int find_removed(struct check *check) {
  const struct facts facts = {.error = -ENOENT};
  const struct verdict_context context = {.vanished = true};
  int status = check->removals.error;
  for (size_t i = 0; i < check->removals.num && status == 0; i++) {
    const struct removal *one = &check->removals.list[i];
    if (is_reported_elsewhere(check, i))
      continue;
    struct verdict *verdict = &add_finding(check, SUBJECT_VM, one->name, one->path)->verdict;
    verdict_of_counter(&facts, &context, verdict);
    status = verdict->error;
  }
  return status;
}

static int find_nothing(struct check *check) {
  const char *const *places;
  size_t count = get_places(check->options, &places);
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
  struct verdict *verdict = &add_finding(check, SUBJECT_SEARCH, "search", NULL)->verdict;
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

static int find_in_counter(struct check *check, const struct roster_entry *entry, const struct peers *peers) {
  struct watched *watched = entry->own;
  const struct sample *sample = &entry->last;
  if (watched->facts.updates == 0)
    watched->facts.file_behind_ns = file_behind_ns(sample->path, &check->now);
  if (is_own_shortage(watched->facts.error))
    return watched->facts.error;
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
                                    .partial = check->options->selection != NULL,
                                    .merged = watched->merged,
                                    .kernel = is_of_kernel(sample->path),
                                    .guest = is_of_guest(sample->path),
                                    .vanished = sample->by_pattern && watched->facts.readings > 0,
                                    .spaced = watched->facts.updates == 0 && is_spaced(sample)};
  check->comparison.guest = check->comparison.guest || context.guest;
  struct finding *finding = add_finding(check, SUBJECT_VM, sample->label, sample->path);
  finding->sample = sample;
  if (domain != NULL && path != NULL) {
    explain(sample->path, watched->facts.error, false, &fault, &context);
    verdict_of_counter(&watched->facts, &context, &finding->verdict);
  } else {
    finding->verdict.error = -ENOMEM;
  }
  access_fault_free(&fault);
  free(domain);
  free(path);
  enum verdict_kind kind = finding->verdict.kind;
  if (kind == VERDICT_GOOD || kind == VERDICT_IDLE || kind == VERDICT_FRESH || kind == VERDICT_CLOCK ||
      (kind == VERDICT_MERGED && watched->facts.updates > 0))
    if (!context.kernel)
      comparison_add(&check->comparison, &watched->facts);
  return finding->verdict.error;
}

static int weight_of(const struct finding *finding) {
  enum verdict_level level = verdict_level(finding->verdict.kind);
  return level == LEVEL_NOTE ? LEVEL_OK : (int)level;
}

/* The worst first, and all is well last; else in the order of the counters. */
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

/* A monitoring system takes the text after a '|' for figures. */
static void replace_bars(char *text) {
  for (; *text != '\0'; text++)
    if (*text == '|')
      *text = '_';
}

/* Cuts and changes the names for the terminal; marks those that are alike then. */
static int show_names(struct check *check) {
  struct finding **sorted = calloc(check->findings_num, sizeof(struct finding *));
  size_t width = 0;
  for (size_t i = 0; i < check->findings_num; i++) {
    size_t columns = show_width(check->findings[i].name);
    width = columns > width ? columns : width;
  }
  width = width < NAME_COLUMNS ? width : NAME_COLUMNS;
  for (size_t i = 0; i < check->findings_num && sorted != NULL; i++) {
    char name[NAME_COLUMNS * 8];
    show_fit(check->findings[i].name, width, name, sizeof(name));
    replace_bars(name);
    sorted[i] = &check->findings[i];
    sorted[i]->shown = strdup(name);
    if (sorted[i]->shown == NULL) {
      free(sorted);
      return -ENOMEM;
    }
  }
  if (sorted == NULL)
    return -ENOMEM;
  qsort(sorted, check->findings_num, sizeof(struct finding *), compare_shown);
  for (size_t i = 1; i < check->findings_num; i++)
    if (strcmp(sorted[i - 1]->shown, sorted[i]->shown) == 0)
      sorted[i - 1]->is_ambiguous = sorted[i]->is_ambiguous = true;
  free(sorted);
  return 0;
}

static int find(struct check *check) {
  check->findings = calloc(roster_count(check->roster) + check->removals.num + 2, sizeof(*check->findings));
  if (check->findings == NULL)
    return -ENOMEM;
  int status = find_in_search(check);
  if (status == 0 && roster_count(check->roster) == 0 && check->findings_num == 0)
    status = find_nothing(check);
  if (status == 0)
    status = find_removed(check);
  const struct peers peers = look_at_peers(check);
  for (size_t i = 0; i < roster_count(check->roster) && status == 0; i++)
    status = find_in_counter(check, roster_at(check->roster, i), &peers);
  if (status == 0 && roster_count(check->roster) > 0)
    status = find_in_host(check);
  if (status != 0)
    return status;
  qsort(check->findings, check->findings_num, sizeof(*check->findings), compare_findings);
  return show_names(check);
}

/* ---- the report -------------------------------------------------------------------------------------------------- */

static size_t count_level(const struct check *check, enum verdict_level level) {
  size_t count = 0;
  for (size_t i = 0; i < check->findings_num; i++)
    count += verdict_level(check->findings[i].verdict.kind) == level;
  return count;
}

/* False if no power is known, or a VM that is on has none yet: no news is not 0 W. */
static bool sum_power(const struct check *check, double *sum_w) {
  bool known = false;
  *sum_w = 0;
  for (size_t i = 0; i < roster_count(check->roster); i++) {
    const struct roster_entry *entry = roster_at(check->roster, i);
    const struct facts *facts = &((const struct watched *)entry->own)->facts;
    if (entry->last.has_power) {
      *sum_w += entry->last.power_w;
      known = true;
    } else if (facts->error == 0 && !facts_are_stale(facts)) {
      return false;
    }
  }
  return known;
}

/* "3 VMs, 249.01 W", after the worst that was found. NULL: out of memory; else to be freed. */
static char *summarize(const struct check *check) {
  const struct finding *worst = &check->findings[0];
  size_t count = roster_count(check->roster);
  size_t bad =
      count_level(check, LEVEL_UNKNOWN) + count_level(check, LEVEL_WARNING) + count_level(check, LEVEL_CRITICAL);
  char power[SHOW_NUMBER_MAX] = "power unknown", more[40] = "; ", *text;
  double power_w;
  if (bad > 1)
    snprintf(more, sizeof(more), " (and %zu more); ", bad - 1);
  if (sum_power(check, &power_w))
    show_power(power_w, power);
  bool has_fault = bad > 0;
  int len = asprintf(&text, "%s%s%s%s%zu VM%s, %s", has_fault ? worst->name : "", has_fault ? ": " : "",
                     has_fault ? worst->verdict.text : "", has_fault ? more : "", count, count == 1 ? "" : "s", power);
  return len < 0 ? NULL : text;
}

/* See replace_bars(). */
static void print_text(const char *text) {
  for (; *text != '\0'; text++)
    putchar(*text == '|' ? '_' : *text);
}

static void print_lines(const struct check *check, const char *summary, enum verdict_level level) {
  printf("VM_ENERGY %s - ", verdict_level_name(level == LEVEL_NOTE ? LEVEL_OK : level));
  print_text(summary);
  double power_w;
  if (sum_power(check, &power_w))
    printf(" | power=%.3f", power_w);
  else
    fputs(" | power=U", stdout); /* what monitoring systems call unknown */
  printf(" vms=%zu warning=%zu critical=%zu\n", roster_count(check->roster), count_level(check, LEVEL_WARNING),
         count_level(check, LEVEL_CRITICAL));
  for (size_t i = 0; i < check->findings_num; i++) {
    const struct finding *finding = &check->findings[i];
    char *path = finding->is_ambiguous && finding->path != NULL ? shell_word(finding->path) : NULL;
    printf("%-8s  %s  ", verdict_level_name(verdict_level(finding->verdict.kind)), finding->shown);
    print_text(finding->verdict.text);
    if (path != NULL)
      printf(" (%s)", path);
    free(path);
    if (finding->verdict.next != NULL) {
      fputs("\n          -> ", stdout);
      print_text(finding->verdict.next);
    }
    putchar('\n');
  }
}

static json_t *finding_to_json(const struct check *check, const struct finding *finding) {
  const struct verdict *verdict = &finding->verdict;
  const struct sample *s = finding->sample;
  const char *level = verdict_level_name(verdict_level(verdict->kind));
  json_t *object =
      json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s*}", "subject", subject_names[finding->subject], "label",
                finding->name, "path", finding->path != NULL ? json_path(finding->path) : json_null(), "level", level,
                "verdict", verdict_name(verdict->kind), "text", verdict->text, "next_step", verdict->next);
  json_t *more = NULL;
  if (s != NULL)
    more = json_pack("{s:s, s:o, s:o, s:o, s:o}", "state", meter_state_name(s->state), "energy_j",
                     json_number_or_null(s->has_energy, s->energy_j), "power_w",
                     json_number_or_null(s->has_power, s->power_w), "age_s",
                     json_number_or_null(s->has_energy, (double)s->age_ns / 1e9), "period_s",
                     json_number_or_null(s->period_ns > 0, (double)s->period_ns / 1e9));
  else if (finding->subject == SUBJECT_HOST)
    more = json_pack("{s:o, s:o}", "vms_power_w",
                     json_number_or_null(check->comparison.counted > 0, check->comparison.vms_w), "packages_power_w",
                     json_number_or_null(check->comparison.host_w > 0, check->comparison.host_w));
  if (more != NULL)
    json_object_update(object, more);
  json_decref(more);
  return object;
}

static int print_json(const struct check *check, const char *summary, enum verdict_level level) {
  json_t *findings = json_array();
  for (size_t i = 0; i < check->findings_num; i++)
    if (json_array_append_new(findings, finding_to_json(check, &check->findings[i])) != 0) {
      json_decref(findings);
      return -ENOMEM;
    }
  double power_w;
  bool known = sum_power(check, &power_w);
  return json_print(json_pack("{s:s, s:i, s:s, s:f, s:o, s:I, s:I, s:I, s:o}", "level",
                              verdict_level_name(level == LEVEL_NOTE ? LEVEL_OK : level), "exit_status",
                              verdict_level_status(level), "summary", summary, "watched_s",
                              (double)(check->now.mono_ns - check->start.mono_ns) / 1e9, "power_w",
                              json_number_or_null(known, power_w), "vms", (json_int_t)roster_count(check->roster),
                              "warning", (json_int_t)count_level(check, LEVEL_WARNING), "critical",
                              (json_int_t)count_level(check, LEVEL_CRITICAL), "findings", findings),
                    stdout);
}

static int report(const struct check *check) {
  char *summary = summarize(check);
  enum verdict_level level = verdict_level(check->findings[0].verdict.kind);
  int status = 0;
  if (summary == NULL)
    status = -ENOMEM;
  else if (check->options->json)
    status = print_json(check, summary, level);
  else
    print_lines(check, summary, level);
  free(summary);
  inputs_report_unmatched(check->options);
  if (status == -ENOMEM)
    message_error("unable to print: %s", strerror(-status));
  message_flush_output();
  return status != 0 || ferror(stdout) != 0 ? STATUS_UNKNOWN : verdict_level_status(level);
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int make(struct check *check) {
  int status = roster_new(sizeof(struct watched), &check->roster);
  if (status != 0)
    return status;
  check->sinks[0] = roster_sink(check->roster);
  check->removals.sink.removed = note_removal;
  check->sinks[1] = &check->removals.sink;
  status = inputs_sampler(check->options, check->sinks, 2, &check->sampler);
  if (status != 0)
    return status;
  status = add_nameless(check);
  if (status != 0)
    return status;
  status = host_new(check->options->host_counter, &check->host);
  return status != 0 ? status : stop_open(&check->stop, -1, NULL);
}

static int run_check(const struct options *options) {
  if (options->quiet)
    message_be_quiet();
  struct check check = {.options = options,
                        .comparison = {.partial = options->selection != NULL,
                                       .named = strcmp(options->host_counter, OPTIONS_HOST_COUNTERS) != 0,
                                       .factor = options->meter.scale}};
  int result = STATUS_UNKNOWN, status = make(&check);
  if (status == 0) {
    status = watch(&check);
    stop_close(&check.stop);
    if (status == 0)
      status = find(&check);
    if (status == 0)
      result = report(&check);
  }
  if (status != 0)
    message_error("unable to check: %s", strerror(-status));
  for (size_t i = 0; i < check.findings_num; i++) {
    verdict_free(&check.findings[i].verdict);
    free(check.findings[i].shown);
  }
  free(check.findings);
  host_free(check.host);
  sampler_free(check.sampler);
  free_removals(&check.removals);
  roster_free(check.roster);
  return result;
}

const struct command command_check = {
    .name = "check",
    .summary = "tell what is wrong, and what to do about it",
    .synopsis = "[--files PATH...] [OPTION]...",
    .text = "Watches the counters for an update or two, then tells what is wrong with each,\n"
            "and the next step; and whether the VMs' energy fits to that of the host.\n\n"
            "It ends within 9 s, unless --duration says how long. The first line is for a\n"
            "monitoring system, as is the exit status: 0 all is well, 1 warnings,\n"
            "2 critical, 3 it could not be checked, or wrong usage.\n",
    .examples = "  vm_energy check\n"
                "  vm_energy check --vm spare-1 --ignore-selected    # off on purpose\n"
                "  vm_energy check --duration 15 --json | jq '.findings[] | select(.level != \"OK\")'\n",
    .options = OPTIONS_CHECK,
    .wrong_usage = STATUS_UNKNOWN,
    .run = run_check,
};
