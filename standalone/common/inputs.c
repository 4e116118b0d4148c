#include "common/inputs.h"

#include "common/message.h"

#include "core/counter.h"
#include "core/label.h"
#include "core/source.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The current directory and a slash if an input is relative; else empty. */
static char base[PATH_MAX + 2];

static void remember_base(const struct options *options) {
  bool relative = false;
  for (size_t i = 0; i < options->files_num; i++)
    relative = relative || options->files[i][0] != '/';
  char here[PATH_MAX];
  if (relative && getcwd(here, sizeof(here)) != NULL)
    snprintf(base, sizeof(base), "%s%s", here, strcmp(here, "/") == 0 ? "" : "/");
}

const char *inputs_display_path(const char *path) {
  size_t len = strlen(base);
  return len > 0 && strncmp(path, base, len) == 0 ? path + len : path;
}

/* A file without permission passes: the first reading reports the remedy. */
static int check_path(const char *path) {
  struct stat info;
  const char *what = NULL;
  if (stat(path, &info) != 0)
    what = errno == EACCES || errno == EPERM ? NULL : strerror(errno);
  else if (S_ISDIR(info.st_mode))
    what = "it is a directory, and the energy_uj file in it was expected";
  else if (!S_ISREG(info.st_mode))
    what = "it is no regular file";
  if (what == NULL)
    return STATUS_DONE;
  message_error("'%s' is no counter file: %s", path, what);
  return STATUS_USAGE;
}

static bool may_come(const struct options *options) {
  return options->layout == CSV_LONG || options->waits_for_counters;
}

static void report_no_match(const char *pattern, int search_error, const char *where) {
  if (search_error != 0)
    message_error("no file matches '%s': unable to search '%s': %s", pattern,
                  where != NULL ? inputs_display_path(where) : "", strerror(-search_error));
  else
    message_error("no file matches '%s'", pattern);
}

static void report_place(const char *place, bool waits) {
  if (waits)
    message_warning("no counter yet in '%s'; waiting for one", place);
  else
    message_error("no counter found in '%s'", place);
}

static int check_source(struct source *source, const char *pattern, bool waits) {
  const char *where = NULL;
  int search_error = source_begin(source, &where);
  size_t count = source_count(source);
  bool one_path = count == 1 && !source_at(source, 0)->by_pattern;
  source_end(source);
  if (search_error == -ENOMEM)
    return search_error;
  if (one_path)
    return check_path(pattern);
  if (count > 0)
    return STATUS_DONE;
  if (!waits)
    report_no_match(pattern, search_error, where);
  else
    report_place(pattern, true);
  if (waits)
    return STATUS_DONE;
  /* a shortage of descriptors, a failing disk: not the user's fault */
  return search_error == 0 || search_error == -EACCES ? STATUS_USAGE : STATUS_FAILED;
}

/* The source decides whether a text with wildcards is a file of that name or a pattern. */
static int check_pattern(const char *pattern, bool waits) {
  struct source_options options = {.label_max = LABEL_MAX_FILE};
  struct source *source = NULL;
  int status = source_new(&options, &source);
  if (status == 0)
    status = source_add(source, pattern);
  if (status == 0)
    status = check_source(source, pattern, waits);
  source_free(source);
  if (status == -EINVAL) {
    message_error("'%s' is no pattern of files", pattern);
    return STATUS_USAGE;
  }
  if (status < 0) {
    message_error("unable to search for files: %s", strerror(-status));
    return STATUS_FAILED;
  }
  return status;
}

int inputs_check(const struct options *options) {
  int worst = STATUS_DONE;
  remember_base(options);
  for (size_t i = 0; i < options->files_num; i++) {
    const char *file = options->files[i];
    int status = source_is_pattern(file) ? check_pattern(file, may_come(options)) : check_path(file);
    if (status > worst)
      worst = status;
  }
  return worst;
}

/* Label of the counter in a guest. NULL: unknown. */
static const char *host_name(void) {
  static char name[HOST_NAME_MAX + 1];
  return gethostname(name, sizeof(name)) == 0 ? name : NULL;
}

static int add_all(struct sampler *sampler, const struct options *options) {
  int status = 0;
  for (size_t i = 0; i < options->files_num && status == 0; i++)
    status = sampler_add(sampler, options->files[i]);
  for (size_t i = 0; options->files_num == 0 && source_default_patterns[i] != NULL && status == 0; i++)
    status = sampler_add(sampler, source_default_patterns[i]);
  return status;
}

static void note_same(const char *dropped, const char *kept) {
  message_note("'%s' is the same file as '%s', and is not read twice", inputs_display_path(dropped),
               inputs_display_path(kept));
}

/* Names seen by is_wanted(), and how many of them are selected. */
static size_t names_num, selected_num;

static int is_wanted(const char *name, void *arg) {
  int wanted = selection_wants(arg, name);
  names_num += wanted >= 0;
  selected_num += wanted > 0;
  return wanted;
}

int inputs_sampler(const struct options *options, struct sink *const *sinks, size_t count, struct sampler **sampler) {
  struct sampler_options sampling = {.meter = options->meter,
                                     .smooth = options->smooth,
                                     .label_max = LABEL_MAX_FILE,
                                     .host = host_name(),
                                     .duplicate = note_same};
  names_num = selected_num = 0;
  if (options->selection != NULL) {
    sampling.wanted = is_wanted;
    sampling.wanted_arg = options->selection;
  }
  sampling.meter.look_ns = meter_look_ns(options->interval_ns);
  struct sampler *s = NULL;
  remember_base(options);
  int status = sampler_new(&sampling, sinks, count, &s);
  if (status == 0)
    status = add_all(s, options);
  if (status != 0) {
    sampler_free(s);
    return status;
  }
  *sampler = s;
  return 0;
}

static void report_unsearched(const struct sampler *sampler, bool fatal) {
  const char *where = NULL;
  int error = sampler_search_error(sampler, &where), warning = sampler_mounts_error(sampler);
  if (warning != 0)
    message_warning("unable to read /proc/self/mountinfo: %s; each file is opened with more care", strerror(-warning));
  if (error == 0)
    return;
  const char *text = where != NULL ? inputs_display_path(where) : "";
  if (error == -E2BIG)
    message_warning("more than 10000 counters in '%s': only the first 10000 by name are read", text);
  else if (fatal)
    message_error("unable to search '%s': %s", text, strerror(-error));
  else
    message_warning("unable to search '%s': %s; its counters are missing", text, strerror(-error));
}

bool inputs_selects_none(void) {
  return names_num > 0 && selected_num == 0;
}

#define NO_MATCH "'--vm %s' matches none of the %zu VMs that were found; vm_energy list shows their names"

void inputs_report_unmatched(const struct options *options) {
  size_t index = 0;
  const char *text;
  while (options->selection != NULL && names_num > 0 &&
         (text = selection_unmatched(options->selection, &index)) != NULL)
    if (selected_num > 0 || options->ignore_selected)
      message_warning(NO_MATCH, text, names_num);
    else
      message_error(NO_MATCH, text, names_num);
  if (inputs_selects_none() && options->ignore_selected)
    message_error("'--ignore-selected' leaves none of the %zu VMs that were found; name fewer with --vm", names_num);
}

bool inputs_report_search(const struct sampler *sampler, const struct options *options) {
  bool none = sampler_count(sampler) == 0, waits = may_come(options);
  report_unsearched(sampler, none && !waits && names_num == 0);
  inputs_report_unmatched(options);
  if (!none)
    return true;
  if (inputs_selects_none())
    return waits;
  for (size_t i = 0; i < options->files_num && !waits; i++)
    report_place(options->files[i], false); /* inputs_check() has warned of those that are waited for */
  for (size_t i = 0; options->files_num == 0 && source_default_patterns[i] != NULL; i++)
    report_place(source_default_patterns[i], waits);
  if (options->files_num == 0 && !waits)
    message_error("start Scaphandre's qemu exporter, or name the counters with --files");
  return waits;
}

void inputs_report_unread(const char *path, const char *when, int error) {
  const char *text = inputs_display_path(path);
  if (error == -EACCES || error == -EPERM)
    message_error("no value from '%s' %s: %s; run vm_energy as a user who may read it", text, when,
                  counter_error_text(error));
  else
    message_error("no value from '%s' %s: %s", text, when, counter_error_text(error));
}
