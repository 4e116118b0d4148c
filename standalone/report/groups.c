#include "report/groups.h"

#include "common/csv_reader.h"
#include "common/message.h"

#include "core/label.h"
#include "core/selection.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A row of the file. */
struct member {
  const char *label; /* stored after the struct */
  const char *group; /* interned; NULL: none */
  uint64_t line;
};

struct groups_index {
  void *names;   /* tsearch(3) tree of strings */
  void *members; /* tsearch(3) tree */
};

/* --- names -------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
  return strcmp(a, b);
}

/* The one copy of that name. Takes ownership of name; NULL: out of memory. */
static const char *intern(struct groups_index *index, char *name) {
  char **node = name != NULL ? tsearch(name, &index->names, compare_names) : NULL;
  if (node == NULL || *node != name)
    free(name);
  return node != NULL ? *node : NULL;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static int compare_members(const void *a, const void *b) {
  return strcmp(((const struct member *)a)->label, ((const struct member *)b)->label);
}

struct reading {
  struct groups_index *index;
  const char *path;
  bool begun;
  size_t label, group, columns;
};

static int take_header(struct reading *r, const struct csv_row *row) {
  r->begun = true;
  r->columns = row->count;
  r->label = csv_reader_column(row, "label");
  r->group = csv_reader_column(row, "group");
  if (r->label < r->columns && r->group < r->columns)
    return 0;
  message_error("'%s': line %" PRIu64 ": the columns label and group are missing", r->path, row->line);
  return -EINVAL;
}

static int add_member(struct reading *r, struct member *member) {
  struct member **node = tsearch(member, &r->index->members, compare_members);
  if (node == NULL || *node == member)
    return node != NULL ? 0 : -ENOMEM;
  message_error("'%s': line %" PRIu64 ": '%s' has a group already, in line %" PRIu64, r->path, member->line,
                member->label, (*node)->line);
  return -EINVAL;
}

static struct member *new_member(const char *label, uint64_t line) {
  char *printable = label_printable(label);
  size_t size = printable != NULL ? strlen(printable) + 1 : 0;
  struct member *member = printable != NULL ? malloc(sizeof(*member) + size) : NULL;
  if (member != NULL)
    *member = (struct member){.label = memcpy(member + 1, printable, size), .line = line};
  free(printable);
  return member;
}

static int take_row(const struct csv_row *row, void *arg) {
  struct reading *r = arg;
  if (!r->begun)
    return take_header(r, row);
  if (row->count != r->columns) {
    message_error("'%s': line %" PRIu64 ": it has %zu field%s, not %zu", r->path, row->line, row->count,
                  row->count == 1 ? "" : "s", r->columns);
    return -EINVAL;
  }
  struct member *member = new_member(row->fields[r->label], row->line);
  if (member == NULL)
    return -ENOMEM;
  const char *group = row->fields[r->group];
  int status = 0;
  if (*group != '\0') {
    member->group = intern(r->index, label_printable(group));
    status = member->group != NULL ? 0 : -ENOMEM;
  }
  if (status == 0)
    status = add_member(r, member);
  if (status != 0)
    free(member);
  return status;
}

static int read_file(struct groups_index *index, const char *path) {
  struct reading reading = {.index = index, .path = path};
  int status = csv_reader_read(path, take_row, &reading);
  if (status == 0 && !reading.begun)
    message_error("'%s': line 1: the columns label and group are missing", path);
  else if (status != 0 && status != -EINVAL)
    message_error("unable to read '%s': %s", path, strerror(-status));
  if (status == 0)
    return reading.begun ? STATUS_DONE : STATUS_USAGE;
  return status == -ENOMEM ? STATUS_FAILED : STATUS_USAGE;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static int compile(struct groups *groups, const char *regex) {
  if (!selection_can_afford(regex)) {
    message_error("option '--group-by': '%s' repeats too much", regex);
    return STATUS_USAGE;
  }
  int status = regcomp(&groups->regex, regex, REG_EXTENDED);
  if (status != 0) {
    char reason[100];
    regerror(status, &groups->regex, reason, sizeof(reason));
    message_error("option '--group-by': '%s' is no regular expression: %s", regex, reason);
    return STATUS_USAGE;
  }
  groups->has_regex = true;
  if (groups->regex.re_nsub > 0)
    return STATUS_DONE;
  message_error("option '--group-by': '%s' has no part in parentheses, which is the group's name, as in '^(web|db)-'",
                regex);
  return STATUS_USAGE;
}

int groups_open(struct groups *groups, const char *regex, const char *file) {
  *groups = (struct groups){0};
  if (regex == NULL && file == NULL)
    return STATUS_DONE;
  int status = STATUS_DONE;
  groups->index = calloc(1, sizeof(*groups->index));
  if (groups->index == NULL) {
    message_error("unable to start: %s", strerror(ENOMEM));
    return STATUS_FAILED;
  }
  if (regex != NULL)
    status = compile(groups, regex);
  if (status == STATUS_DONE && file != NULL)
    status = read_file(groups->index, file);
  if (status != STATUS_DONE)
    groups_close(groups);
  return status;
}

const char *groups_find(const struct groups *groups, const char *label) {
  const struct member key = {.label = label};
  if (groups->index == NULL)
    return NULL;
  struct member **node = tfind(&key, &groups->index->members, compare_members);
  if (node != NULL)
    return (*node)->group;
  regmatch_t matches[2];
  if (!groups->has_regex || regexec(&groups->regex, label, 2, matches, 0) != 0 || matches[1].rm_so == matches[1].rm_eo)
    return NULL;
  const char *name =
      intern(groups->index, strndup(label + matches[1].rm_so, (size_t)(matches[1].rm_eo - matches[1].rm_so)));
  if (name == NULL)
    message_error("unable to group '%s': %s", label, strerror(ENOMEM));
  return name;
}

void groups_close(struct groups *groups) {
  if (groups->index != NULL) {
    tdestroy(groups->index->names, free);
    tdestroy(groups->index->members, free);
  }
  free(groups->index);
  if (groups->has_regex)
    regfree(&groups->regex);
  *groups = (struct groups){0};
}
