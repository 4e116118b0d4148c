#include "report/runs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int choose_run(const struct dirent *entry) {
  return strncmp(entry->d_name, "run_", 4) == 0;
}

static int add(struct runs *runs, char *path) {
  char **paths = path != NULL ? reallocarray(runs->paths, runs->num + 1, sizeof(*paths)) : NULL;
  if (paths == NULL) {
    free(path);
    return -ENOMEM;
  }
  runs->paths = paths;
  paths[runs->num++] = path;
  return 0;
}

static int add_below(struct runs *runs, const char *dir, const char *name) {
  char *path;
  struct stat info;
  if (asprintf(&path, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name) < 0)
    return -ENOMEM;
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
    return add(runs, path);
  free(path);
  return 0;
}

int runs_add(struct runs *runs, const char *path) {
  struct dirent **entries = NULL;
  size_t before = runs->num;
  int num = scandir(path, &entries, choose_run, alphasort), status = 0;
  for (int i = 0; i < num; i++) {
    if (status == 0)
      status = add_below(runs, path, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  if (status != 0 || runs->num == before)
    return status != 0 ? status : add(runs, strdup(path));
  runs->are_repeated = true;
  return 0;
}

void runs_free(struct runs *runs) {
  for (size_t i = 0; i < runs->num; i++)
    free(runs->paths[i]);
  free(runs->paths);
  *runs = (struct runs){0};
}
