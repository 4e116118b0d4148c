/*
 * cover: how much of a span of time the rows of a capture cover; tested by tests/check_recording_times.c
 *
 * The union of stretches, in any order. At most COVER_MAX that do not touch are kept; further ones are ignored.
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
  size_t last; /* changed last */
};

/* 0 or -ENOMEM. */
int cover_add(struct cover *cover, int64_t from_ns, int64_t to_ns);

/* The covered time between the two. */
int64_t cover_ns(const struct cover *cover, int64_t from_ns, int64_t to_ns);

void cover_free(struct cover *cover);

#endif
