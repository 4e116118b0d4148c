/*
 * look: one look at a file that holds one decimal number, by the cheapest safe way
 *
 * A tenant may have put anything there. No device is opened, nothing blocks, nothing stays open after the call, and no
 * content leaves this module but the number.
 *
 * The careful way, look_carefully(): hold the file with O_PATH, check that it is a regular file, open what is held
 * (through /proc/self/fd). Opening alone can do harm: a watchdog device reboots the host, and root in a guest can make
 * devices in a directory that is shared by virtiofs.
 *
 * Cheaper ways, each only where a mount guarantees that it is safe (see mounts.h):
 *   local         A file with the stamp of the last good read is not read. Each 64th look reads it anyway: writes
 *                 through mmap(2) do not change the stamp.
 *   nodev         The file is opened directly. A device cannot be opened; a FIFO opens without waiting and is refused.
 *   nosymfollow   The stamp is taken by name, without opening anything. Elsewhere a tenant could lead that stat through
 *                 a link into a dead network mount, where it hangs. (An entry of a directory that only root and we can
 *                 change, and a path that was written out, need no such mount.)
 * A change of the mount table voids these guarantees: the next look is a careful one.
 *
 * Number and time belong together: read_whole() accepts a number only if the file was not written during the read. If
 * the mount is not local, attributes may come from a cache; then the server is asked before and after the read
 * (AT_STATX_FORCE_SYNC). A torn read is an error here; counter.h says who retries.
 */
#ifndef VM_ENERGY_LOOK_H
#define VM_ENERGY_LOOK_H

#include "mounts.h"
#include "stamp.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the file is. All borrowed. */
struct look_file {
  int dir_fd;                  /* AT_FDCWD, or the open directory that path is relative to */
  const char *path;            /* relative to dir_fd, or absolute */
  bool by_pattern;             /* found by one: links in path are not followed, except those in sysfs */
  bool guarded;                /* only root and we can change the entries of dir_fd */
  const struct mounts *mounts; /* NULL: no mount is known */
};

/* State per file between two looks. All zero at first. After a good look the caller may read stamp, number and facts;
   the rest is private. */
struct look_memory {
  struct stamp stamp;  /* at the last good read */
  uint32_t generation; /* of the mount table at the last careful look */
  uint64_t number;
  int64_t period_ns;        /* between the last two modification times seen */
  struct mount_facts facts; /* of its mount, while generation is that of the mount table */
  bool known;               /* there was a good read, and no failed look since */
  bool settled;             /* a write after that read changes the stamp */
  bool unreliable;          /* the number once changed without the stamp */
  uint8_t reads;            /* good reads, up to the number required to trust the stamp */
  uint8_t looks;            /* since the last one that read the file regardless of its stamp */
  uint8_t depth;            /* directories in path */
};

/*
 * 0: memory holds number and stamp of the file at the same moment. Otherwise -errno; see counter_error_text().
 * look_is_transient(): true if another look may succeed, as the writer may be between truncate and write.
 */
int look_once(const struct look_file *file, struct look_memory *memory);
bool look_is_transient(int error);

/*
 * look_open.c: opens path, relative to dir_fd, without following a symbolic link anywhere in it, except in sysfs, where
 * class directories are made of links: if dir_fd is in sysfs, links that end in sysfs are followed. Uses openat2, or
 * goes step by step where that is not available. flags as for open(2); O_CLOEXEC is added. Returns the descriptor or
 * -errno (-ELOOP for a link).
 */
int look_open_nofollow(int dir_fd, const char *path, int flags, const struct mounts *mounts);

/* The same without openat2, for tests. Never follows a link. */
int look_open_step_by_step(int dir_fd, const char *path, int flags);

#endif
