/* Facts about a file from the mount table. */
#include "core/mounts.h"
#include "core/stamp.h"
#include "old_kernel.h"
#include "scratch.h"
#include "suite.h"

#include <inttypes.h>
#include <sched.h>
#include <sys/mount.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static const bool old_kernels[] = {false, true};

/* ---- one line ---------------------------------------------------------------------------------------------------- */

#define LINE(options, type) "36 35 0:98 / /mnt/a " options " - " type " none rw"

static const struct {
  const char *line;
  bool valid;
  struct mount_facts facts;
} line_rows[] = {
    {LINE("rw", "tmpfs"), true, {.local = true}},
    {LINE("rw,nosuid,nodev,noexec,relatime,nosymfollow shared:5", "tmpfs"),
     true,
     {.local = true, .no_devices = true, .no_links = true}},
    {LINE("nodev", "ext4"), true, {.local = true, .no_devices = true}},
    {LINE("ro,nosymfollow master:1 propagate_from:2", "xfs"), true, {.local = true, .no_links = true}},
    {LINE("rw,nodevil,xnodev,nosymfollowing", "btrfs"), true, {.local = true}},
    {LINE("rw", "ext2"), true, {.local = true}},
    {LINE("rw", "ext3"), true, {.local = true}},
    {LINE("rw", "ramfs"), true, {.local = true}},
    {LINE("rw", "f2fs"), true, {.local = true}},
    {LINE("rw", "zfs"), true, {.local = true}},
    {LINE("rw,nosuid,nodev,noexec", "sysfs"), true, {.computed = true, .no_devices = true}},
    {LINE("rw", "9p"), true, {.local = false}},
    {LINE("rw", "virtiofs"), true, {.local = false}},
    {LINE("rw", "nfs4"), true, {.local = false}},
    {LINE("rw", "fuse.sshfs"), true, {.local = false}},
    {LINE("rw", "cifs"), true, {.local = false}},
    {LINE("rw", "ceph"), true, {.local = false}},
    {LINE("rw", "overlay"), true, {.local = false}},
    {LINE("rw", "ext"), true, {.local = false}},
    {LINE("rw", "ext4x"), true, {.local = false}},
    /* names of directories and devices that look like options and types */
    {"36 35 0:98 /\\040-\\040tmpfs /a\\040-\\040tmpfs\\040nodev rw - 9p tmpfs rw,nodev", true, {.local = false}},
    {"36 35 0:98 / /mnt/a rw - ext4", true, {.local = true}},
    {"36 35 0:98 / /mnt/a rw -", false, {.local = false}},
    {"36 35 0:98 / /mnt/a rw", false, {.local = false}},
    {"36", false, {.local = false}},
    {"x 35 0:98 / /mnt/a rw - ext4 none rw", false, {.local = false}},
    {"", false, {.local = false}},
};

START_TEST(line) {
  for (int newline = 0; newline <= 1; newline++) {
    char text[256];
    uint64_t id = 0;
    struct mount_facts facts = {.local = false}, expected = line_rows[_i].facts;
    snprintf(text, sizeof(text), "%s%s", line_rows[_i].line, newline ? "\n" : "");
    ck_assert_int_eq(mounts_parse_line(text, &id, &facts), line_rows[_i].valid);
    ck_assert_uint_eq(id, line_rows[_i].valid ? 36 : 0);
    ck_assert_int_eq(facts.local, expected.local);
    ck_assert_int_eq(facts.computed, expected.computed);
    ck_assert_int_eq(facts.no_devices, expected.no_devices);
    ck_assert_int_eq(facts.no_links, expected.no_links);
  }
}
END_TEST

/* ---- the table --------------------------------------------------------------------------------------------------- */

static uint32_t mount_of(int dir_fd, const char *path, int flags) {
  struct kernel_stat st;
  ck_assert_int_eq(kernel_stat(dir_fd, path, flags, &st), 0);
  return stamp_of(&st).mount;
}

static struct mount_facts facts_of(const struct mounts *mounts, const char *path) {
  return mounts_facts(mounts, mount_of(AT_FDCWD, path, 0));
}

START_TEST(kernel) {
  old_kernel = old_kernels[_i];
  struct mounts *mounts;
  ck_assert_int_eq(mounts_new(&mounts), 0);
  ck_assert(!facts_of(mounts, "/proc/self").no_devices && !facts_of(mounts, "/").local);
  uint32_t before = mounts_generation(mounts);
  ck_assert_int_eq(mounts_refresh(mounts), 0);
  uint32_t generation = mounts_generation(mounts);
  ck_assert_uint_ne(before, generation);
  ck_assert_int_eq(mounts_refresh(mounts), 0);
  ck_assert_uint_eq(mounts_generation(mounts), generation);
  ck_assert(!facts_of(mounts, "/proc/self").local && !facts_of(mounts, "/proc/self").computed);
  struct stat st;
  if (stat("/sys/class/net", &st) == 0)
    ck_assert(facts_of(mounts, "/sys/class/net").computed && !facts_of(mounts, "/sys/class/net").local);
  ck_assert(!mounts_facts(mounts, UINT64_MAX).local && !mounts_facts(NULL, 1).local);
  mounts_free(mounts);
  mounts_free(NULL);
}
END_TEST

/* A new mount, a remount and an unmount show after the next refresh, not before. */
START_TEST(changes) {
  old_kernel = old_kernels[_i];
  if (!own_mounts())
    return;
  struct mounts *mounts;
  ck_assert_int_eq(mounts_new(&mounts), 0);
  ck_assert_int_eq(mounts_refresh(mounts), 0);
  ck_assert_int_eq(mount("tmpfs", scratch, "tmpfs", MS_NODEV | MS_NOSYMFOLLOW, "size=64k"), 0);
  struct mount_facts facts = facts_of(mounts, scratch);
  ck_assert(!facts.local && !facts.no_devices && !facts.no_links);
  uint32_t generation = mounts_generation(mounts);
  ck_assert_int_eq(mounts_refresh(mounts), 0);
  ck_assert_uint_ne(mounts_generation(mounts), generation);
  facts = facts_of(mounts, scratch);
  ck_assert(facts.local && facts.no_devices && facts.no_links);
  ck_assert_int_eq(mount("none", scratch, NULL, MS_REMOUNT | MS_BIND, NULL), 0);
  ck_assert_int_eq(mounts_refresh(mounts), 0);
  facts = facts_of(mounts, scratch);
  ck_assert(facts.local && !facts.no_devices && !facts.no_links);
  generation = mounts_generation(mounts);
  ck_assert_int_eq(umount2(scratch, 0), 0); /* it is not busy */
  ck_assert_int_eq(mounts_refresh(mounts), 0);
  ck_assert_uint_ne(mounts_generation(mounts), generation);
  mounts_free(mounts);
}
END_TEST

/* One file system per VM: each is found. */
START_TEST(many) {
  old_kernel = old_kernels[_i];
  enum { MOUNTS = 300 };
  char name[64];
  if (!own_mounts())
    return;
  for (int i = 0; i < MOUNTS; i++) {
    snprintf(name, sizeof(name), "vm %d/x", i);
    make_parents(in_scratch(name));
    snprintf(name, sizeof(name), "vm %d", i);
    ck_assert_int_eq(mount("tmpfs", in_scratch(name), "tmpfs", i % 2 == 0 ? MS_NODEV : 0, "size=4k"), 0);
  }
  struct mounts *mounts;
  ck_assert_int_eq(mounts_new(&mounts), 0);
  ck_assert_int_eq(mounts_refresh(mounts), 0);
  for (int i = 0; i < MOUNTS; i++) {
    snprintf(name, sizeof(name), "vm %d", i);
    struct mount_facts facts = facts_of(mounts, in_scratch(name));
    ck_assert(facts.local);
    ck_assert_int_eq(facts.no_devices, i % 2 == 0);
    umount2(in_scratch(name), MNT_DETACH);
  }
  mounts_free(mounts);
}
END_TEST

START_TEST(id_of_a_link) {
  old_kernel = old_kernels[_i];
  if (!own_mounts())
    return;
  make_directory("a");
  make_directory("b");
  ck_assert_int_eq(mount("tmpfs", in_scratch("a"), "tmpfs", 0, "size=64k"), 0);
  ck_assert_int_eq(mount("tmpfs", in_scratch("b"), "tmpfs", 0, "size=64k"), 0);
  write_text("a/file", "42");
  make_link("../a/file", "b/link");
  uint32_t a = mount_of(AT_FDCWD, in_scratch("a"), 0), b = mount_of(AT_FDCWD, in_scratch("b"), 0);
  ck_assert(a != b && a != 0 && b != 0);
  ck_assert_uint_eq(mount_of(AT_FDCWD, in_scratch("b/link"), 0), a);
  ck_assert_uint_eq(mount_of(AT_FDCWD, in_scratch("b/link"), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT), b);
  int fd = open(in_scratch("b/link"), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  ck_assert_uint_eq(mount_of(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC), b);
  close(fd);
  umount2(in_scratch("a"), MNT_DETACH);
  umount2(in_scratch("b"), MNT_DETACH);
}
END_TEST

/* One for the file, one for /proc. Without these the mount is not unknown: it is an error. */
static const int needs_rows[] = {0, 1, 2};

START_TEST(too_few_descriptors) {
  struct kernel_stat st;
  old_kernel = true;
  limit_descriptors(needs_rows[_i]);
  int status = kernel_stat(AT_FDCWD, "/", 0, &st);
  limit_descriptors(-1);
  ck_assert_int_eq(status, needs_rows[_i] < 2 ? -EMFILE : 0);
  ck_assert(status != 0 || st.mount != 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("mounts");
  suite_case(suite, "mounts", scratch_make, scratch_clean, EACH(line, line_rows), EACH(kernel, old_kernels),
             EACH(changes, old_kernels), EACH(many, old_kernels), EACH(id_of_a_link, old_kernels),
             EACH(too_few_descriptors, needs_rows));
  return suite_run(suite);
}
