#include "access.h"

#include "core/label.h"

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

#define WORD_MAX 512

void access_shell_word(const char *text, char *out, size_t size) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";
  char *printable = label_printable(text);
  const char *from = printable != NULL ? printable : "?";
  size_t used = 0;
  bool quoted = *from == '\0' || from[strspn(from, plain)] != '\0';
  if (quoted && used + 1 < size)
    out[used++] = '\'';
  for (; *from != '\0'; from++) {
    const char *piece = *from == '\'' ? "'\\''" : (char[]){*from, '\0'};
    size_t len = strlen(piece);
    if (used + len + 2 > size)
      break;
    memcpy(out + used, piece, len);
    used += len;
  }
  if (quoted && used + 1 < size)
    out[used++] = '\'';
  out[used] = '\0';
  free(printable);
}

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

/* part: the file, or a directory on the way to it; rights: those that are missing, as setfacl(1) writes them. */
static bool describe(const char *part, const char *rights, struct access_fault *fault) {
  struct stat info;
  char mode[11], owner[64], group[64], me[64], word[WORD_MAX];
  if (stat(part, &info) != 0)
    return false;
  mode_to_text(info.st_mode, mode);
  user_name(info.st_uid, owner);
  group_name(info.st_gid, group);
  user_name(geteuid(), me);
  access_shell_word(part, word, sizeof(word));
  snprintf(fault->closed, sizeof(fault->closed), "%s is %s %s:%s, and this is user %s", word, mode, owner, group, me);
  if (geteuid() == 0)
    snprintf(fault->open_it, sizeof(fault->open_it),
             "root lacks CAP_DAC_READ_SEARCH here: add it to CapabilityBoundingSet= of the systemd unit");
  else if (strncmp(part, "/sys/", strlen("/sys/")) == 0)
    snprintf(fault->open_it, sizeof(fault->open_it), "run it as root: the kernel keeps these counters for root");
  else
    snprintf(fault->open_it, sizeof(fault->open_it), "as root: setfacl -m u:%s:%s %s", me, rights, word);
  return true;
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
