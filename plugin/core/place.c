#include "place.h"

#include "clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below one directory that the first wildcard matched. */
#define FILES_MAX   10000
#define ENTRIES_MAX 200000

/* A name that matches. own is the user's data, NULL if there is no file of that name. */
struct item {
  char *path;
  void *own;
};

struct place {
  char *root;          /* the directory before the first wildcard; NULL: a literal path */
  char *rest;          /* the pattern below it */
  size_t skip;         /* bytes of an item's path before the part that is relative to root */
  bool one_level;      /* one component has wildcards: only root is listed */
  int root_fd;         /* -1: closed */
  bool guarded;        /* only root and we can change what is in root */
  bool items_complete; /* while root has `stamp`, items has all names */
  struct stamp stamp;
  bool recheck;        /* the next search checks that each file exists */
  uint32_t generation; /* of the mount table at the last search */
  int error;           /* what the last search returns */
  int search_error;    /* why that search could not list a directory, whose files may still exist; 0: it could */
  char *error_dir;
  struct item *items; /* sorted by path */
  size_t items_num;
};

/* ---- texts ------------------------------------------------------------------------------------------------------- */

/* "a/b", or b if a is empty. To be freed; NULL: no memory. */
static char *join(const char *a, const char *b) {
  char *path;
  const char *slash = a[0] == '\0' || a[strlen(a) - 1] == '/' ? "" : "/";
  return asprintf(&path, "%s%s%s", a, slash, b) < 0 ? NULL : path;
}

bool place_has_wildcard(const char *text) {
  return strpbrk(text, "*?[") != NULL;
}

/*
 * Makes the path absolute, without "." and empty components. Its first *given_len bytes are the current directory,
 * where wildcard characters stand for themselves. 0 and *clean, or -errno.
 */
static int clean_path(const char *path, char **clean, size_t *given_len) {
  char *whole;
  *given_len = 0;
  if (path[0] == '/') {
    whole = strdup(path);
  } else {
    char *cwd = getcwd(NULL, 0);
    if (cwd == NULL)
      return -errno;
    whole = join(cwd, path);
    *given_len = strcmp(cwd, "/") == 0 ? 0 : strlen(cwd);
    free(cwd);
  }
  if (whole == NULL)
    return -ENOMEM;
  char *to = whole;
  for (const char *from = whole; *from != '\0';) {
    from += strspn(from, "/");
    size_t len = strcspn(from, "/");
    if (len > 0 && !(len == 1 && *from == '.')) {
      *to++ = '/';
      memmove(to, from, len);
      to += len;
    }
    from += len;
  }
  *to = '\0';
  *clean = whole;
  return 0;
}

/* "/vms/vm[1]/energy_uj" is one path if a VM is called "vm[1]". */
static bool is_one_path(const char *path, const char *own) {
  struct stat st;
  return !place_has_wildcard(own) || (lstat(path, &st) == 0 && fnmatch(own, own, FNM_PATHNAME) != 0);
}

/* Splits before the first component with a wildcard: "/a/b/\*\/c" is "/a/b" and "*\/c". */
static int split(struct place *place, const char *path, const char *own) {
  const char *component = own + strcspn(own, "*?[");
  while (component[-1] != '/')
    component--;
  place->skip = (size_t)(component - path);
  place->root = strndup(path, place->skip > 1 ? place->skip - 1 : 1);
  place->rest = strdup(component);
  const char *after = strchr(component, '/');
  place->one_level = after == NULL || !place_has_wildcard(after);
  return place->root == NULL || place->rest == NULL ? -ENOMEM : 0;
}

static int add_one_path(struct place *place, const char *path) {
  place->items = calloc(1, sizeof(place->items[0]));
  if (place->items == NULL)
    return -ENOMEM;
  place->items_num = 1;
  place->items[0].path = strdup(path);
  return place->items[0].path == NULL ? -ENOMEM : 0;
}

/* ---- making and ending ------------------------------------------------------------------------------------------- */

int place_new(const char *path_or_pattern, struct place **place) {
  size_t len = strlen(path_or_pattern), given_len = 0;
  char *path = NULL;
  if (len == 0 || path_or_pattern[len - 1] == '/')
    return -EINVAL;
  int status = clean_path(path_or_pattern, &path, &given_len);
  if (path == NULL)
    return status;
  struct place *p = calloc(1, sizeof(*p));
  if (p == NULL) {
    free(path);
    return -ENOMEM;
  }
  p->root_fd = -1;
  if (path[0] == '\0')
    status = -EINVAL;
  else if (is_one_path(path, path + given_len))
    status = add_one_path(p, path);
  else
    status = split(p, path, path + given_len);
  free(path);
  if (status != 0)
    place_free(p, NULL);
  else
    *place = p;
  return status;
}

static void drop(struct item *item, const struct place_user *user) {
  if (item->own != NULL && user != NULL)
    user->lost(item->own, user->arg);
  item->own = NULL; /* freed; the next lost() may go through the items */
  free(item->path);
}

void place_close(struct place *place) {
  if (place->root_fd >= 0)
    close(place->root_fd);
  place->root_fd = -1;
}

void place_free(struct place *place, const struct place_user *user) {
  if (place == NULL)
    return;
  place_close(place);
  for (size_t i = 0; i < place->items_num; i++)
    drop(&place->items[i], user);
  free(place->items);
  free(place->error_dir);
  free(place->root);
  free(place->rest);
  free(place);
}

const char *place_error_dir(const struct place *place) {
  return place->error_dir;
}

void place_recheck(struct place *place) {
  place->recheck = true;
}

size_t place_count(const struct place *place) {
  return place->items_num;
}

void *place_at(const struct place *place, size_t index) {
  return place->items[index].own;
}

bool place_is_pattern(const struct place *place) {
  return place->root != NULL;
}

int place_file(const struct place *place, const char *path, const struct mounts *mounts, struct look_file *file) {
  bool by_pattern = place->root != NULL;
  if (by_pattern && place->root_fd < 0)
    return place->search_error != 0 ? place->search_error : -EBADF;
  *file = (struct look_file){.dir_fd = by_pattern ? place->root_fd : AT_FDCWD,
                             .path = path + place->skip,
                             .by_pattern = by_pattern,
                             .guarded = place->guarded,
                             .mounts = mounts};
  return 0;
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

struct names {
  char **items;
  size_t num, size;
};

struct walk {
  struct place *place;
  const struct mounts *mounts;
  struct names paths; /* of what matches, relative to root */
  bool bounded;       /* below a directory that the first wildcard matched; only then these two are used */
  size_t files_left, entries_left;
};

static void note_error(struct place *place, int error, const char *below) {
  if (error != -E2BIG)
    place->items_complete = false;
  if (error != -ENOENT && error != -ENOTDIR && error != -EACCES && error != -EPERM && error != -E2BIG)
    place->search_error = error;
  bool better = place->error == 0 || (place->error == -E2BIG && error != -E2BIG);
  if (!better || error == -ENOENT || error == -ENOTDIR)
    return;
  place->error = error;
  free(place->error_dir);
  place->error_dir = join(place->root, below);
}

static void too_many(struct walk *walk, const char *below) {
  char *share = strndup(below, strcspn(below, "/"));
  if (share != NULL)
    note_error(walk->place, -E2BIG, share);
  free(share);
}

/* Takes ownership of the name. 0 or -ENOMEM. */
static int names_add(struct names *names, char *name) {
  if (name != NULL && names->num == names->size) {
    size_t larger = names->size == 0 ? 16 : names->size * 2;
    char **items = reallocarray(names->items, larger, sizeof(*items));
    if (items != NULL) {
      names->items = items;
      names->size = larger;
    }
  }
  if (name == NULL || names->num == names->size) {
    free(name);
    return -ENOMEM;
  }
  names->items[names->num++] = name;
  return 0;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and keeps the first `most`. True if there were more. */
static bool names_cut(struct names *names, size_t most) {
  bool more = names->num > most;
  if (names->num > 0)
    qsort(names->items, names->num, sizeof(names->items[0]), compare_names);
  while (names->num > most)
    free(names->items[--names->num]);
  return more;
}

static void names_free(struct names *names) {
  for (size_t i = 0; i < names->num; i++)
    free(names->items[i]);
  free(names->items);
}

/* The entries of dir that match. 0, or -errno of the directory, or -ENOMEM. */
static int list(struct walk *walk, DIR *dir, const char *below, const char *component, bool directories,
                struct names *names) {
  const struct dirent *item;
  const char *last = NULL; /* names after this one are beyond the limit */
  while ((errno = 0, item = readdir(dir)) != NULL) {
    if (walk->bounded && walk->entries_left == 0) {
      too_many(walk, below);
      return 0;
    }
    if (walk->bounded)
      walk->entries_left--;
    if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
        (directories && item->d_type != DT_DIR && item->d_type != DT_LNK && item->d_type != DT_UNKNOWN) ||
        (last != NULL && strcmp(item->d_name, last) > 0) || fnmatch(component, item->d_name, 0) != 0)
      continue;
    if (names_add(names, strdup(item->d_name)) != 0)
      return -ENOMEM;
    if (walk->bounded && names->num >= 2 * walk->files_left + 1) {
      names_cut(names, walk->files_left);
      last = names->items[names->num - 1];
      too_many(walk, below);
    }
  }
  return -errno;
}

static int walk_below(struct walk *walk, const char *below, const char *rest);

/* below/name matched a component of the pattern; rest is the pattern after it. */
static int descend(struct walk *walk, const char *below, const char *name, const char *rest) {
  char *path = join(below, name);
  if (path == NULL)
    return -ENOMEM;
  if (place_has_wildcard(rest)) {
    int status = walk_below(walk, path, rest);
    free(path);
    return status;
  }
  if (rest[0] != '\0') {
    char *whole = join(path, rest);
    free(path);
    path = whole;
  }
  if (walk->bounded)
    walk->files_left--;
  return names_add(&walk->paths, path);
}

static int descend_all(struct walk *walk, const char *below, const struct names *names, const char *rest) {
  bool first = !walk->bounded;
  int status = 0;
  for (size_t i = 0; status == 0 && i < names->num; i++) {
    if (first) {
      walk->bounded = true;
      walk->files_left = FILES_MAX;
      walk->entries_left = ENTRIES_MAX;
    } else if (walk->files_left == 0) {
      too_many(walk, below);
      break;
    }
    status = descend(walk, below, names->items[i], rest);
  }
  walk->bounded = !first;
  return status;
}

/* Lists the directory `below` the root for matches of the first component of rest. 0 or -ENOMEM. */
static int walk_below(struct walk *walk, const char *below, const char *rest) {
  size_t len = strcspn(rest, "/");
  const char *after = rest + len + strspn(rest + len, "/");
  char *component = strndup(rest, len);
  if (component == NULL)
    return -ENOMEM;
  if (!place_has_wildcard(component)) {
    int status = descend(walk, below, component, after);
    free(component);
    return status;
  }
  const struct place *place = walk->place;
  int fd = look_open_nofollow(place->root_fd, below[0] == '\0' ? "." : below, O_RDONLY | O_DIRECTORY, walk->mounts);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  int status = dir != NULL ? 0 : fd < 0 ? fd : -errno;
  struct names names = {.num = 0};
  if (dir != NULL) {
    status = list(walk, dir, below, component, after[0] != '\0', &names);
    closedir(dir);
  } else if (fd >= 0) {
    close(fd);
  }
  free(component);
  if (status != -ENOMEM) {
    /* a link or a file instead of a directory is a tenant's doing; the operator need not know */
    if (status != 0 && status != -ELOOP)
      note_error(walk->place, status, below);
    status = 0;
  }
  if (walk->bounded && names_cut(&names, walk->files_left))
    too_many(walk, below);
  if (status == 0)
    status = descend_all(walk, below, &names, after);
  names_free(&names);
  return status;
}

/* ---- the search -------------------------------------------------------------------------------------------------- */

enum presence { ABSENT, PRESENT, UNKNOWN };

/* PRESENT also if unreadable: what must be refused is refused when it is read, with a reason. */
static enum presence presence_of(struct place *place, const char *path, const struct mounts *mounts) {
  int fd = look_open_nofollow(place->root_fd, path + place->skip, O_PATH, mounts);
  if (fd >= 0)
    close(fd);
  if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM) {
    note_error(place, fd, path + place->skip);
    return UNKNOWN;
  }
  return fd == -ENOENT || fd == -ENOTDIR ? ABSENT : PRESENT;
}

/* Adds new names to the items; drops those not found, unless a directory could not be listed. 0 or -ENOMEM. */
static int merge(struct place *place, struct names *found, const struct place_user *user) {
  size_t most = place->items_num + found->num;
  struct item *items = calloc(most > 0 ? most : 1, sizeof(*items));
  if (items == NULL)
    return -ENOMEM;
  names_cut(found, found->num);
  size_t num = 0, old = 0;
  int status = 0;
  for (size_t i = 0; i <= found->num; i++) {
    const char *name = i < found->num ? found->items[i] : NULL;
    int order = 1;
    if (name != NULL && i > 0 && strcmp(name, found->items[i - 1]) == 0)
      continue; /* a directory that changes while it is read may list a name twice */
    for (; old < place->items_num; old++) {
      struct item *item = &place->items[old];
      if (name != NULL && (order = strcmp(item->path + place->skip, name)) >= 0)
        break;
      if (place->search_error != 0)
        items[num++] = *item;
      else
        drop(item, user);
    }
    if (name == NULL)
      break;
    if (old < place->items_num && order == 0) {
      items[num++] = place->items[old++];
      continue;
    }
    items[num].path = join(place->root, name);
    if (items[num].path == NULL)
      status = -ENOMEM;
    else
      num++;
  }
  free(place->items);
  place->items = items;
  place->items_num = num;
  return status;
}

/* Stats the root: sets guarded, items_complete and stamp. True if it is unchanged since it was listed. */
static bool root_is_unchanged(struct place *place, const struct mounts *mounts) {
  struct kernel_stat st;
  int64_t now_ns = clock_file_ns();
  bool was_complete = place->items_complete;
  place->guarded = place->items_complete = false;
  if (kernel_stat(place->root_fd, "", AT_EMPTY_PATH, &st) != 0)
    return false;
  place->guarded = (st.uid == 0 || st.uid == geteuid()) && (st.mode & (S_IWGRP | S_IWOTH)) == 0;
  struct stamp stamp = stamp_of(&st);
  bool local = mounts_facts(mounts, stamp.mount).local;
  place->items_complete = place->one_level && local && stamp_is_old(&stamp, now_ns);
  bool unchanged = was_complete && local && stamp_same(&place->stamp, &stamp);
  place->stamp = stamp;
  return unchanged;
}

/* A name that matches may gain or lose its file. Checks all, or only those without one. */
static int check_files(struct place *place, const struct mounts *mounts, const struct place_user *user, bool all) {
  int status = 0;
  for (size_t i = 0; i < place->items_num; i++) {
    struct item *item = &place->items[i];
    if (item->own != NULL && !all)
      continue;
    enum presence presence = place->root == NULL ? PRESENT : presence_of(place, item->path, mounts);
    if (presence == PRESENT && item->own == NULL) {
      item->own = user->found(place, item->path, user->arg);
      if (item->own == NULL)
        status = -ENOMEM;
    } else if (presence == ABSENT && item->own != NULL) {
      user->lost(item->own, user->arg);
      item->own = NULL;
    }
  }
  return status;
}

static int find_names(struct place *place, const struct mounts *mounts, const struct place_user *user) {
  struct walk walk = {.place = place, .mounts = mounts};
  int status = walk_below(&walk, "", place->rest);
  /* a search that ran out of memory does not show what was removed */
  if (status == 0)
    status = merge(place, &walk.paths, user);
  if (status != 0)
    place->items_complete = false;
  names_free(&walk.paths);
  return status;
}

int place_search(struct place *place, const struct mounts *mounts, const struct place_user *user) {
  place_close(place);
  place->error = place->search_error = 0;
  free(place->error_dir);
  place->error_dir = NULL;
  if (place->root == NULL)
    return check_files(place, mounts, user, false);
  int status = 0;
  place->root_fd = open(place->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place->root_fd < 0) {
    note_error(place, -errno, "");
    status = merge(place, &(struct names){.num = 0}, user);
  } else {
    bool all = place->recheck || place->generation != mounts_generation(mounts);
    place->recheck = false;
    place->generation = mounts_generation(mounts);
    if (!root_is_unchanged(place, mounts))
      status = find_names(place, mounts, user);
    if (check_files(place, mounts, user, all) != 0)
      status = -ENOMEM;
    place->recheck = place->search_error != 0 && all;
  }
  return status != 0 ? status : place->error;
}
