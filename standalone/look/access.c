#include "look/access.h"

#include "core/mounts.h"
#include "core/shell_word.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void mode_to_text(mode_t mode, char text[11]) {
  static const char letters[] = "rwxrwxrwx";
  text[0] = S_ISDIR(mode) ? 'd' : '-';
  for (int i = 0; i < 9; i++)
    text[i + 1] = (mode & (0400u >> i)) != 0 ? letters[i] : '-';
  text[10] = '\0';
}

static void user_name(uid_t uid, char text[64]) {
  const struct passwd *user = getpwuid(uid);
  if (user != NULL)
    snprintf(text, 64, "%s", user->pw_name);
  else
    snprintf(text, 64, "%u", (unsigned)uid);
}

static void group_name(gid_t gid, char text[64]) {
  const struct group *group = getgrgid(gid);
  if (group != NULL)
    snprintf(text, 64, "%s", group->gr_name);
  else
    snprintf(text, 64, "%u", (unsigned)gid);
}

/* A name from a directory service may be special to a shell or to setfacl: then the number of the user. */
static void setfacl_user(const char *name, char text[64]) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  snprintf(text, 64, "%s", name);
  if (name[strspn(name, plain)] != '\0')
    snprintf(text, 64, "%u", (unsigned)geteuid());
}

/* NULL: out of memory. */
static char *remedy(const char *part, const char *word, const char *rights) {
  char me[64], user[64], *text = NULL;
  user_name(geteuid(), me);
  setfacl_user(me, user);
  int len;
  if (geteuid() == 0)
    len = asprintf(&text, "root lacks CAP_DAC_READ_SEARCH here: add it to CapabilityBoundingSet= of the systemd unit");
  else if (strncmp(part, "/sys/", strlen("/sys/")) == 0)
    len = asprintf(&text, "run it as root: the kernel keeps these counters for root");
  else
    len = asprintf(&text, "as root: setfacl -m u:%s:%s %s", user, rights, word);
  return len < 0 ? NULL : text;
}

static char *state_of(const struct stat *info, const char *word) {
  char mode[11], owner[64], group[64], me[64], *text;
  mode_to_text(info->st_mode, mode);
  user_name(info->st_uid, owner);
  group_name(info->st_gid, group);
  user_name(geteuid(), me);
  return asprintf(&text, "%s is %s %s:%s, and this is user %s", word, mode, owner, group, me) < 0 ? NULL : text;
}

/* part: absolute path of the file or a directory above it; rights: the missing ones, as setfacl(1) writes them. */
static bool describe(const char *part, const char *rights, struct access_fault *fault) {
  struct stat info;
  struct access_fault found = {0};
  char *word = stat(part, &info) == 0 ? shell_word(part) : NULL;
  if (word != NULL)
    found = (struct access_fault){.obstacle = state_of(&info, word), .remedy = remedy(part, word, rights)};
  free(word);
  if (found.obstacle == NULL || found.remedy == NULL) {
    access_fault_free(&found);
    return false;
  }
  *fault = found;
  return true;
}

void access_fault_free(struct access_fault *fault) {
  free(fault->obstacle);
  free(fault->remedy);
}

static bool is_closed(const char *part, int rights) {
  return faccessat(AT_FDCWD, part, rights, AT_EACCESS) != 0 && (errno == EACCES || errno == EPERM);
}

bool access_explain(const char *path, bool list, struct access_fault *fault) {
  char part[PATH_MAX], whole[PATH_MAX];
  size_t end = strlen(path);
  while (end > 1 && path[end - 1] == '/')
    end--;
  snprintf(whole, sizeof(whole), "%.*s", (int)end, path);
  path = whole;
  for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    size_t len = (size_t)(slash - path);
    if (len == 0 || len >= sizeof(part))
      continue;
    memcpy(part, path, len);
    part[len] = '\0';
    if (is_closed(part, X_OK))
      return describe(part, "x", fault);
  }
  if (list)
    return is_closed(path, R_OK | X_OK) && describe(path, "rx", fault);
  return is_closed(path, R_OK) && describe(path, "r", fault);
}

/* ---- mounts that show old content -------------------------------------------------------------------------------- */

static bool option_is(const char *options, const char *name, const char *value) {
  const char *given = mounts_option(options, name);
  size_t len = strlen(value);
  return given != NULL && given[0] == '=' && strcspn(given + 1, ",") == len && memcmp(given + 1, value, len) == 0;
}

/* Kernels up to 6.3 write the cache mode of 9p as an option of its own, later ones after cache=. */
static bool is_loose(const char *options) {
  if (mounts_option(options, "loose") != NULL || mounts_option(options, "fscache") != NULL)
    return true;
  static const char *const values[] = {"loose", "fscache", "f", "8f"};
  for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
    if (option_is(options, "cache", values[i]))
      return true;
  return false;
}

static const struct access_cache *cache_of(const char *type, const char *options) {
  static const struct access_cache loose = {"9p with cache=loose", "mount it with cache=none"},
                                   nfs = {"NFS, which caches attributes", "mount it with noac"},
                                   fuse = {"FUSE, perhaps with kernel_cache",
                                           "mount it without kernel_cache, and with direct_io,attr_timeout=0"},
                                   virtiofs = {"virtiofs, perhaps by virtiofsd --cache=always",
                                               "start virtiofsd on the host with --cache=auto or never"};
  if (strcmp(type, "9p") == 0)
    return is_loose(options) ? &loose : NULL;
  if (strcmp(type, "nfs") == 0 || strcmp(type, "nfs4") == 0)
    return mounts_option(options, "noac") != NULL || option_is(options, "acregmax", "0") ? NULL : &nfs;
  if (strcmp(type, "virtiofs") == 0)
    return &virtiofs;
  return strcmp(type, "fuse") == 0 || strncmp(type, "fuse.", strlen("fuse.")) == 0 ? &fuse : NULL;
}

/* True if the path is dir, or below it. */
static bool is_below(const char *path, const char *dir) {
  size_t len = strlen(dir);
  if (strcmp(dir, "/") == 0)
    return true;
  return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* White space and the like are \040 and so on; getmntent(3) of some C libraries leaves them so. */
static void unescape(char *text) {
  char *to = text;
  for (const char *from = text; *from != '\0';) {
    char digits[4] = "";
    bool escaped = from[0] == '\\' && strspn(from + 1, "01234567") >= 3;
    if (escaped)
      memcpy(digits, from + 1, 3);
    *to++ = escaped ? (char)strtoul(digits, NULL, 8) : *from;
    from += escaped ? 4 : 1;
  }
  *to = '\0';
}

const struct access_cache *access_find_cache(const char *table, const char *path) {
  char whole[PATH_MAX], *line = NULL;
  const struct access_cache *cache = NULL;
  size_t longest = 0, size = 0;
  FILE *mounts = realpath(path, whole) == NULL ? NULL : fopen(table, "re");
  if (mounts == NULL)
    return NULL;
  while (getline(&line, &size, mounts) > 0) {
    char *rest = line;
    strsep(&rest, " "); /* the device */
    char *dir = strsep(&rest, " "), *type = strsep(&rest, " "), *options = strsep(&rest, " ");
    if (options == NULL)
      continue;
    unescape(dir);
    size_t len = strlen(dir);
    if (len < longest || !is_below(whole, dir))
      continue;
    longest = len; /* a later one is mounted over an earlier one */
    cache = cache_of(type, options);
  }
  free(line);
  fclose(mounts);
  return cache;
}
