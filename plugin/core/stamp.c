#include "stamp.h"

#include "clock.h"

/* File times are those of the last tick, at most 10 ms ago; doubled for safety. */
#define TICK_NS (20 * NS_PER_MS)

/* For file systems that store only whole seconds. */
#define WHOLE_SECOND_NS (2 * NS_PER_S)

#define TIME_MAX_S INT64_C(4000000000)

static int64_t time_ns(const struct kernel_time *time) {
  int64_t s = time->s;
  if (s > TIME_MAX_S)
    s = TIME_MAX_S;
  if (s < -TIME_MAX_S)
    s = -TIME_MAX_S;
  return s * NS_PER_S + time->ns;
}

struct stamp stamp_of(const struct kernel_stat *st) {
  return (struct stamp){.device = (uint64_t)st->dev_major << 32 | st->dev_minor,
                        .inode = st->inode,
                        .size = (int64_t)st->size,
                        .mtime_ns = time_ns(&st->mtime),
                        .ctime_ns = time_ns(&st->ctime),
                        .mount = (uint32_t)st->mount};
}

bool stamp_same_file(const struct stamp *a, const struct stamp *b) {
  return a->inode == b->inode && a->device == b->device && a->mount == b->mount;
}

bool stamp_same(const struct stamp *a, const struct stamp *b) {
  return a->ctime_ns == b->ctime_ns && a->mtime_ns == b->mtime_ns && a->size == b->size && stamp_same_file(a, b);
}

bool stamp_is_old(const struct stamp *stamp, int64_t now_ns) {
  int64_t last_ns = stamp->ctime_ns > stamp->mtime_ns ? stamp->ctime_ns : stamp->mtime_ns;
  return last_ns + (stamp->ctime_ns % NS_PER_S == 0 ? WHOLE_SECOND_NS : TICK_NS) < now_ns;
}
