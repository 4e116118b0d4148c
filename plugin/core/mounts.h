/*
 * mounts: what the mount of a file guarantees, by mount id
 *
 * A mount id is what statx(2) reports as stx_mnt_id, or /proc/self/fdinfo before Linux 5.8, and what begins a line of
 * /proc/self/mountinfo. Neither the type that statfs(2) reports nor a device number is sufficient: a 9p server reports
 * the type of its own file system.
 *
 * Only mounts_refresh() changes the table. One poll(2) detects a mount, unmount or remount. Its descriptor stays open;
 * it keeps no mount busy.
 */
#ifndef VM_ENERGY_MOUNTS_H
#define VM_ENERGY_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_facts {
  bool local : 1;      /* file times are set by this kernel's clock at each change: a stamp can be trusted */
  bool computed : 1;   /* sysfs: the kernel computes the content at each read; times mean nothing */
  bool no_devices : 1; /* nodev: a device cannot be opened; the attempt does not touch it */
  bool no_links : 1;   /* nosymfollow: no symbolic link is followed */
};

struct mounts;

/* 0 and *mounts, or -ENOMEM. The table is empty until mounts_refresh(). */
int mounts_new(struct mounts **mounts);

/* NULL is fine. */
void mounts_free(struct mounts *mounts);

/*
 * Reads the table if it changed. 0, or -errno: then the table is empty, and the next call tries again. -ENOENT: /proc
 * is not mounted.
 */
int mounts_refresh(struct mounts *mounts);

/* A new number each time the table was read or lost. Never 0. */
uint32_t mounts_generation(const struct mounts *mounts);

/*
 * Facts of the mount with this id. All false if it is unknown: in another mount namespace, mounted since the last
 * refresh, no table; or if mounts is NULL.
 *
 * Local: tmpfs, ramfs, ext2 to ext4, xfs, btrfs, f2fs, zfs and the like. Not overlay: its lower layers may be remote,
 * and changes there do not change the stamp of a directory.
 */
struct mount_facts mounts_facts(const struct mounts *mounts, uint64_t id);

/*
 * What follows the name of that option in a list like "rw,cache=5": '=' and its value, ',' or the end. NULL: it is not
 * there. hasmntopt(3) of some C libraries takes "nodevil" for "nodev".
 */
const char *mounts_option(const char *options, const char *name);

/* Parses one line of mountinfo, and cuts it into pieces. False: invalid. For tests. */
bool mounts_parse_line(char *line, uint64_t *id, struct mount_facts *facts);

#endif
