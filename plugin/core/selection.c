#include "selection.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits of a regular expression: parts that regcomp(3) makes, about a hundred bytes each, and depth. */
#define COST_MAX  ((size_t)4096)
#define NESTS_MAX 32

struct item {
  char *text; /* as added */
  bool is_regex;
  bool matched; /* at least one name */
  regex_t regex;
};

struct selection {
  struct item *items;
  size_t items_num;
  bool ignore_selected;
  char fault[128];
};

struct selection *selection_new(void) {
  return calloc(1, sizeof(struct selection));
}

void selection_free(struct selection *selection) {
  if (selection == NULL)
    return;
  for (size_t i = 0; i < selection->items_num; i++) {
    if (selection->items[i].is_regex)
      regfree(&selection->items[i].regex);
    free(selection->items[i].text);
  }
  free(selection->items);
  free(selection);
}

/* The part of a group in parentheses that was parsed. */
struct nest {
  size_t sum, last; /* cost of all parts but the last, and of the last one, which a repetition multiplies */
};

/* How often a repetition makes regcomp(3) copy or walk through the part before it; 1: no repetition. */
static size_t times(const char *c, const char **end) {
  *end = c + 1;
  if (*c == '+' || *c == '*')
    return 4;
  if (*c == '?')
    return 2;
  if (*c != '{' || !isdigit((unsigned char)c[1]))
    return 1;
  char *after;
  size_t most = strtoul(c + 1, &after, 10), upper = *after == ',' ? strtoul(after + 1, &after, 10) : 0;
  *end = *after == '}' ? after + 1 : after;
  most = upper > most ? upper : most;
  return most > 0 && most < COST_MAX ? most + 1 : COST_MAX + 1;
}

/* The end of the bracket expression that begins at c. */
static const char *after_bracket(const char *c) {
  c += c[1] == '^' ? 2 : 1;
  const char *end = *c != '\0' ? strchr(c + 1, ']') : NULL;
  return end != NULL ? end + 1 : c + strlen(c);
}

bool selection_can_afford(const char *pattern) {
  struct nest nests[NESTS_MAX] = {{0}}, *nest = nests;
  for (const char *c = pattern, *end; *c != '\0'; c = end) {
    size_t factor = times(c, &end);
    if (factor > 1) {
      nest->last *= factor;
    } else if (*c == '(') {
      if (++nest == nests + NESTS_MAX)
        return false;
      *nest = (struct nest){0};
    } else if (*c == ')' && nest > nests) {
      size_t cost = nest->sum + nest->last;
      nest--;
      nest->sum += nest->last;
      nest->last = cost > 0 ? cost : 1;
    } else {
      end = *c == '[' ? after_bracket(c) : *c == '\\' && c[1] != '\0' ? c + 2 : c + 1;
      nest->sum += nest->last;
      nest->last = 1;
    }
    if (nest->sum + nest->last > COST_MAX)
      return false;
  }
  return true;
}

static int refuse(struct selection *selection, const char *fault) {
  snprintf(selection->fault, sizeof(selection->fault), "%s", fault);
  return -EINVAL;
}

static int compile(struct selection *selection, struct item *item, const char *text, size_t len) {
  char *pattern = strndup(text, len);
  if (pattern == NULL)
    return -ENOMEM;
  if (!selection_can_afford(pattern)) {
    free(pattern);
    return refuse(selection, "it repeats too much");
  }
  int status = regcomp(&item->regex, pattern, REG_EXTENDED | REG_NOSUB);
  free(pattern);
  if (status != 0)
    regerror(status, &item->regex, selection->fault, sizeof(selection->fault));
  return status == 0 ? 0 : status == REG_ESPACE ? -ENOMEM : -EINVAL;
}

int selection_add(struct selection *selection, const char *text) {
  size_t len = strlen(text);
  selection->fault[0] = '\0';
  struct item item = {.is_regex = len > 2 && text[0] == '/' && text[len - 1] == '/'};
  if (len == 0 || strcmp(text, "//") == 0)
    return refuse(selection, "it is empty");
  if (!item.is_regex && strchr(text, '/') != NULL) /* as no name has one, this would match nothing, unnoticed */
    return refuse(selection, "it has a slash, but not one at each end");
  struct item *items = reallocarray(selection->items, selection->items_num + 1, sizeof(*items));
  if (items == NULL)
    return -ENOMEM;
  selection->items = items;
  item.text = strdup(text);
  int status = item.text == NULL ? -ENOMEM : item.is_regex ? compile(selection, &item, text + 1, len - 2) : 0;
  if (status != 0) {
    free(item.text);
    return status;
  }
  items[selection->items_num++] = item;
  return 0;
}

const char *selection_fault(const struct selection *selection) {
  return selection->fault;
}

void selection_invert(struct selection *selection, bool ignore_selected) {
  selection->ignore_selected = ignore_selected;
}

/* 1, 0 or -ENOMEM. Without memory glibc's regexec() returns "no match"; only errno shows it. */
static int matches(const struct item *item, const char *name) {
  if (!item->is_regex)
    return strcmp(item->text, name) == 0;
  errno = 0;
  int status = regexec(&item->regex, name, 0, NULL, 0);
  return status == REG_ESPACE || (status != 0 && errno == ENOMEM) ? -ENOMEM : status == 0;
}

int selection_wants(struct selection *selection, const char *name) {
  if (selection->items_num == 0)
    return 1;
  bool matched = false;
  for (size_t i = 0; i < selection->items_num; i++) {
    int match = matches(&selection->items[i], name);
    if (match < 0)
      return match;
    selection->items[i].matched |= match > 0;
    matched |= match > 0;
  }
  return matched != selection->ignore_selected;
}

const char *selection_unmatched(const struct selection *selection, size_t *index) {
  while (*index < selection->items_num) {
    const struct item *item = &selection->items[(*index)++];
    if (!item->matched)
      return item->text;
  }
  return NULL;
}
