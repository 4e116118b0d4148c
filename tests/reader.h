/* Reads one counter as a source does. */
#ifndef VM_ENERGY_TESTS_READER_H
#define VM_ENERGY_TESTS_READER_H

#include "core/counter.h"

#include <check.h>

static inline const struct mounts *mounts_now(void) {
  static struct mounts *mounts;
  if (mounts == NULL)
    ck_assert_int_eq(mounts_new(&mounts), 0);
  mounts_refresh(mounts);
  return mounts;
}

/* counter NULL: each look is the first. */
static inline struct reading read_as_source(struct look_file *file, struct counter_memory *counter,
                                            int64_t *patience_ns) {
  struct counter_memory unused = {.range_uj = 0};
  struct instant now;
  struct reading reading;
  file->mounts = mounts_now();
  ck_assert_int_eq(clock_now(&now), 0);
  counter_read(file, counter != NULL ? counter : &unused, patience_ns, &now, &reading);
  return reading;
}

#endif
