#include "report/cover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int insert(struct cover *cover, size_t at, int64_t from_ns, int64_t to_ns) {
  if (cover->num >= COVER_MAX)
    return 0;
  if (cover->num == cover->size) {
    size_t size = 2 * cover->size + 4;
    struct cover_stretch *list = realloc(cover->list, size * sizeof(*list));
    if (list == NULL)
      return -ENOMEM;
    cover->list = list;
    cover->size = size;
  }
  memmove(&cover->list[at + 1], &cover->list[at], (cover->num - at) * sizeof(*cover->list));
  cover->list[at] = (struct cover_stretch){.from_ns = from_ns, .to_ns = to_ns};
  cover->num++;
  cover->last = at;
  return 0;
}

int cover_add(struct cover *cover, int64_t from_ns, int64_t to_ns) {
  if (from_ns >= to_ns)
    return 0;
  struct cover_stretch *list = cover->list;
  if (cover->num > 0 && list[cover->last].from_ns <= from_ns && list[cover->last].to_ns >= to_ns)
    return 0; /* another VM, at the same time */
  size_t low = 0, high = cover->num;
  while (low < high) { /* the first one that ends at from_ns or later */
    size_t middle = low + (high - low) / 2;
    if (list[middle].to_ns < from_ns)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == cover->num || list[low].from_ns > to_ns)
    return insert(cover, low, from_ns, to_ns);
  struct cover_stretch *stretch = &list[low];
  stretch->from_ns = from_ns < stretch->from_ns ? from_ns : stretch->from_ns;
  size_t next = low + 1;
  for (; next < cover->num && list[next].from_ns <= to_ns; next++)
    to_ns = list[next].to_ns > to_ns ? list[next].to_ns : to_ns;
  stretch->to_ns = to_ns > stretch->to_ns ? to_ns : stretch->to_ns;
  memmove(&list[low + 1], &list[next], (cover->num - next) * sizeof(*list));
  cover->num -= next - low - 1;
  cover->last = low;
  return 0;
}

int64_t cover_ns(const struct cover *cover, int64_t from_ns, int64_t to_ns) {
  int64_t known_ns = 0;
  for (size_t i = 0; i < cover->num; i++) {
    int64_t start_ns = cover->list[i].from_ns > from_ns ? cover->list[i].from_ns : from_ns;
    int64_t end_ns = cover->list[i].to_ns < to_ns ? cover->list[i].to_ns : to_ns;
    known_ns += end_ns > start_ns ? end_ns - start_ns : 0;
  }
  return known_ns;
}

void cover_free(struct cover *cover) {
  free(cover->list);
  *cover = (struct cover){0};
}
