/*
 * cover: how much of a span of time is known
 *
 * The union of stretches, which come in any order. Of more than COVER_MAX that do not touch, the last ones are left
 * out.
 */
#ifndef VM_ENERGY_COVER_H
#define VM_ENERGY_COVER_H

#include <stddef.h>
#include <stdint.h>

#define COVER_MAX 1000

struct cover_stretch {
  int64_t from_ns, to_ns;
};

/* Start with zeros. */
struct cover {
  struct cover_stretch *list; /* by time; they do not touch */
  size_t num, size;
  size_t last; /* the one that was added to */
};

/* 0 or -ENOMEM. */
int cover_add(struct cover *cover, int64_t from_ns, int64_t to_ns);

/* How much is known between the two. */
int64_t cover_ns(const struct cover *cover, int64_t from_ns, int64_t to_ns);

void cover_free(struct cover *cover);

#endif
