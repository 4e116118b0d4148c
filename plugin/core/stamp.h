/*
 * stamp: detects that a file or directory is unchanged without reading it
 *
 * The kernel sets ctime whenever content or entries change, and no user can set it back. So equal stamps mean an equal
 * file, with three exceptions, left to the caller: a change within the same clock tick (see stamp_is_old()), a mount
 * that is not local (see mounts.h), and writing through mmap(2) on tmpfs.
 *
 * Tests: tests/check_look.c.
 */
#ifndef VM_ENERGY_STAMP_H
#define VM_ENERGY_STAMP_H

#include "kernel.h"

#include <stdbool.h>
#include <stdint.h>

struct stamp {
  uint64_t device, inode;
  int64_t size;
  int64_t mtime_ns; /* ns since 1970, clamped to the years 1843 to 2096, so that no difference of two overflows */
  int64_t ctime_ns;
  uint32_t mount; /* mount id; 0: unknown, before Linux 5.8 without /proc */
};

struct stamp stamp_of(const struct kernel_stat *st);

bool stamp_same(const struct stamp *a, const struct stamp *b);

/* True for the same file on the same mount, changed or not. */
bool stamp_same_file(const struct stamp *a, const struct stamp *b);

/* True if the stamp is older than a tick of its clock at now_ns (of clock_file_ns()): a later change gives another. */
bool stamp_is_old(const struct stamp *stamp, int64_t now_ns);

#endif
