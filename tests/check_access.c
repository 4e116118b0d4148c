/* Why a file cannot be read: which part of its path is closed, and the command that opens it. */
#include "../standalone/look/access.h"

#include "scratch.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- closed doors, for who is not root --------------------------------------------------------------------------- */

static struct access_fault fault;

static void explain_file(void) {
  ck_assert(access_explain(in_scratch("a/b/energy_uj"), false, &fault));
}

static void assert_closed(const char *part, const char *mode, const char *rights) {
  char expected[256];
  snprintf(expected, sizeof(expected), "%s is %s ", in_scratch(part), mode);
  ck_assert_msg(strncmp(fault.obstacle, expected, strlen(expected)) == 0, "said '%s', not '%s...'", fault.obstacle,
                expected);
  const char *command = strstr(fault.remedy, "as root: setfacl -m u:");
  ck_assert_msg(command == fault.remedy, "said '%s'", fault.remedy);
  snprintf(expected, sizeof(expected), ":%s %s", rights, in_scratch(part));
  size_t len = strlen(fault.remedy), tail = strlen(expected);
  ck_assert_msg(len > tail && strcmp(fault.remedy + len - tail, expected) == 0, "said '%s'", fault.remedy);
  access_fault_free(&fault);
}

static void test_file(void) {
  explain_file();
  assert_closed("a/b/energy_uj", "-rw-------", "r");
}

static void test_directory(void) {
  explain_file();
  assert_closed("a", "drwx------", "x");
}

static void test_list(void) {
  ck_assert(access_explain(in_scratch("a/"), true, &fault));
  assert_closed("a", "drwx--x--x", "rx");
  ck_assert(!access_explain(in_scratch("a/b/energy_uj"), false, &fault));
}

/* The command names the file, whatever its name. */
static void test_name(void) {
  ck_assert(access_explain(in_scratch("a\n\xff'|/energy_uj"), false, &fault));
  char expected[256];
  snprintf(expected, sizeof(expected), ":r $'%s/a\\012\\377\\047\\174/energy_uj'", scratch);
  ck_assert_msg(strstr(fault.remedy, expected) != NULL, "said '%s'", fault.remedy);
  access_fault_free(&fault);
}

static void test_nothing_closed(void) {
  ck_assert(!access_explain(in_scratch("a/b/energy_uj"), false, &fault));
  ck_assert(!access_explain(in_scratch("a/b"), true, &fault));
  ck_assert(!access_explain(in_scratch("a/missing"), false, &fault));
  ck_assert(!access_explain("energy_uj-that-is-not-there", false, &fault));
}

static const struct {
  mode_t directory, file;
  void (*test)(void);
} closed_rows[] = {
    {0755, 0600, test_file}, {0700, 0644, test_directory},      {0711, 0644, test_list},
    {0755, 0644, test_name}, {0755, 0644, test_nothing_closed},
};

START_TEST(test_closed) {
  write_text("a/b/energy_uj", "5");
  write_text("a\n\xff'|/energy_uj", "5");
  ck_assert_int_eq(chmod(in_scratch("a\n\xff'|/energy_uj"), 0), 0);
  ck_assert_int_eq(chmod(in_scratch("a/b/energy_uj"), closed_rows[_i].file), 0);
  ck_assert_int_eq(chmod(in_scratch("a"), closed_rows[_i].directory), 0);
  if (getuid() == 0 || closed_rows[_i].test == test_nothing_closed) /* these modes do not exclude the owner */
    as_nobody(closed_rows[_i].test);
}
END_TEST

/* ---- mounts that show old content -------------------------------------------------------------------------------- */

static const struct {
  const char *type, *options, *what; /* how it begins; NULL: none */
} cache_rows[] = {
    {"tmpfs", "rw,nodev", NULL},
    {"ext4", "rw", NULL},
    {"9p", "ro,trans=virtio", NULL},
    {"9p", "ro,cache=none,trans=virtio", NULL},
    {"9p", "ro,cache=5", NULL},
    {"9p", "ro,cache=loose,trans=virtio", "9p with cache=loose"},
    {"9p", "ro,cache=f", "9p with cache=loose"},
    {"9p", "ro,relatime,loose,access=client,trans=virtio", "9p with cache=loose"},
    {"9p", "ro,fscache,access=client,trans=virtio", "9p with cache=loose"},
    {"9p", "ro,mmap,access=client,trans=virtio", NULL},
    {"9p", "ro,cache=8f", "9p with cache=loose"},
    {"nfs4", "rw,vers=4.2", "NFS"},
    {"nfs", "rw,noac", NULL},
    {"nfs4", "rw,acregmin=0,acregmax=0,acdirmin=0", NULL},
    {"nfs4", "rw,acregmax=01", "NFS"},
    {"fuse.sshfs", "rw", "FUSE"},
    {"fuseblk", "rw", NULL},
    {"virtiofs", "ro", "virtiofs"},
};

START_TEST(test_cache) {
  char table[PATH_MAX * 2];
  write_text("a b/vm/energy_uj", "1");
  snprintf(table, sizeof(table), "x / nfs4 rw 0 0\nx %s/a tmpfs rw 0 0\nx %s/a\\040b %s %s 0 0\n", scratch, scratch,
           cache_rows[_i].type, cache_rows[_i].options);
  write_text("mounts", table);
  const struct access_cache *cache = access_find_cache(in_scratch("mounts"), in_scratch("a b/vm/energy_uj"));
  ck_assert_int_eq(cache != NULL, cache_rows[_i].what != NULL);
  if (cache != NULL)
    ck_assert_int_eq(strncmp(cache->what, cache_rows[_i].what, strlen(cache_rows[_i].what)), 0);
}
END_TEST

START_TEST(test_cache_unknown) {
  write_text("mounts", "x / nfs4 rw 0 0\n");
  ck_assert_ptr_null(access_find_cache(in_scratch("mounts"), in_scratch("not-there")));
  ck_assert_ptr_null(access_find_cache(in_scratch("no-mounts"), in_scratch("mounts")));
  ck_assert_ptr_nonnull(access_find_cache(in_scratch("mounts"), in_scratch("mounts")));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("access");
  suite_case(suite, "doors", scratch_make, scratch_clean, EACH(test_closed, closed_rows), EACH(test_cache, cache_rows),
             ONCE(test_cache_unknown));
  return suite_run(suite);
}
