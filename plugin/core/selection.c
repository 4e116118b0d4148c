#include "selection.h"

#include <errno.h>
#include <regex.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct item {
  char *name; /* NULL: regex */
  regex_t regex;
};

struct selection {
  struct item *items;
  size_t items_num;
  bool ignore_selected;
};

struct selection *selection_new(void) {
  return calloc(1, sizeof(struct selection));
}

void selection_free(struct selection *selection) {
  if (selection == NULL)
    return;
  for (size_t i = 0; i < selection->items_num; i++) {
    if (selection->items[i].name == NULL)
      regfree(&selection->items[i].regex);
    free(selection->items[i].name);
  }
  free(selection->items);
  free(selection);
}

static int compile(struct item *item, const char *text, size_t len) {
  char *pattern = strndup(text, len);
  if (pattern == NULL)
    return -ENOMEM;
  int status = regcomp(&item->regex, pattern, REG_EXTENDED | REG_NOSUB);
  free(pattern);
  return status == 0 ? 0 : status == REG_ESPACE ? -ENOMEM : -EINVAL;
}

int selection_add(struct selection *selection, const char *text) {
  size_t len = strlen(text);
  if (len == 0)
    return -EINVAL;
  struct item *items = reallocarray(selection->items, selection->items_num + 1, sizeof(*items));
  if (items == NULL)
    return -ENOMEM;
  selection->items = items;

  struct item item = {0};
  if (len > 2 && text[0] == '/' && text[len - 1] == '/') {
    int status = compile(&item, text + 1, len - 2);
    if (status != 0)
      return status;
  } else {
    item.name = strdup(text);
    if (item.name == NULL)
      return -ENOMEM;
  }
  items[selection->items_num++] = item;
  return 0;
}

void selection_invert(struct selection *selection, bool ignore_selected) {
  selection->ignore_selected = ignore_selected;
}

/* 1, 0 or -ENOMEM. For want of memory glibc's regexec() says that nothing matches; only errno tells. */
static int matches(const struct item *item, const char *name) {
  if (item->name != NULL)
    return strcmp(item->name, name) == 0;
  errno = 0;
  int status = regexec(&item->regex, name, 0, NULL, 0);
  return status == REG_ESPACE || (status != 0 && errno == ENOMEM) ? -ENOMEM : status == 0;
}

int selection_wants(const struct selection *selection, const char *name) {
  if (selection->items_num == 0)
    return 1;
  for (size_t i = 0; i < selection->items_num; i++) {
    int match = matches(&selection->items[i], name);
    if (match != 0)
      return match < 0 ? match : !selection->ignore_selected;
  }
  return selection->ignore_selected;
}
