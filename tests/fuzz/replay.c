/* Runs a harness on the files of its corpus: those in tests/fuzz/corpus/<name of the program>, or those that are named.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

static size_t run_file(const char *path) {
  FILE *file = fopen(path, "rb");
  struct stat st;
  if (file == NULL || fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
    if (file != NULL)
      fclose(file);
    return 0;
  }
  size_t size = (size_t)st.st_size;
  uint8_t *data = malloc(size); /* of exactly its size */
  MUST(size == 0 || data != NULL);
  MUST(fread(data, 1, size, file) == size);
  fclose(file);
  fprintf(stderr, "%s\n", path);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  return 1;
}

static size_t run_directory(const char *path) {
  size_t count = 0;
  DIR *dir = opendir(path);
  for (const struct dirent *item; dir != NULL && (item = readdir(dir)) != NULL;) {
    char *file;
    MUST(asprintf(&file, "%s/%s", path, item->d_name) > 0);
    count += run_file(file);
    free(file);
  }
  if (dir != NULL)
    closedir(dir);
  return count;
}

int main(int argc, char **argv) {
  const char *top = getenv("abs_top_srcdir"), *slash = strrchr(argv[0], '/');
  const char *name = slash != NULL ? slash + 1 : argv[0];
  if (strncmp(name, "lt-", 3) == 0) /* libtool's */
    name += 3;
  size_t count = 0;
  LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++)
    count += run_file(argv[i]);
  if (argc == 1) {
    char dir[PATH_MAX];
    snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", name);
    count = run_directory(dir);
  }
  printf("%zu inputs\n", count);
  return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
