/*
 * The label rules, on paths that tenants chose: a label is safe for every sink, no longer than allowed, unique, and
 * stays with its path.
 */
#include "fuzz.h"

#include "core/label.h"

#include <iconv.h>

#define PATHS_MAX 64
#define MARK_LEN  9

/* Another opinion on what is valid UTF-8. */
static bool is_utf8(const char *text) {
  static iconv_t to_code_points;
  if (to_code_points == NULL)
    to_code_points = iconv_open("UTF-32LE", "UTF-8");
  MUST(to_code_points != (iconv_t)-1);
  char *from = (char *)(uintptr_t)text;
  size_t left = strlen(text), room = 4 * left + 16;
  char *out = malloc(room), *to = out;
  MUST(out != NULL);
  iconv(to_code_points, NULL, NULL, NULL, NULL);
  bool valid = iconv(to_code_points, &from, &left, &to, &room) != (size_t)-1;
  free(out);
  return valid;
}

static bool has_control(const char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < 0x20 || *text == 0x7f ||
        (strncmp(text, "\xc2", 1) == 0 && (unsigned char)text[1] < 0xa0))
      return true;
  return false;
}

static void check_printable(const char *text) {
  MUST(is_utf8(text));
  MUST(!has_control(text));
}

static void check_safe(const char *label, size_t max) {
  check_printable(label);
  MUST(label[0] != '\0' && label[0] != '.' && label[0] != '-');
  MUST(strchr(label, '/') == NULL && strchr(label, ';') == NULL);
  MUST(strlen(label) <= max);
}

static void try_name(const char *raw) {
  char *safe = label_make_safe(raw);
  MUST(safe != NULL);
  check_safe(safe, strlen(raw) + 1 + MARK_LEN);
  MUST(label_is_safe(safe));
  MUST(label_is_safe(raw) || strlen(safe) > MARK_LEN);
  /* a safe name is unchanged or cannot be the name of another */
  char *again = label_make_safe(safe);
  MUST(again != NULL && (strcmp(safe, raw) == 0) == (strcmp(again, safe) == 0));
  free(again);
  char *printable = label_printable(raw);
  MUST(printable != NULL);
  check_printable(printable);
  for (size_t max = 16; max <= 64; max += 47) {
    char *cut = label_cut(safe, max);
    MUST(cut != NULL);
    check_safe(cut, max);
    MUST(strlen(safe) > max || strcmp(cut, safe) == 0);
    free(cut);
  }
  free(printable);
  free(safe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input input = {data, size};
  size_t max = 16 + take_byte(&input) % 200;
  struct labels *set = labels_new(max, "guest", NULL);
  MUST(set != NULL);
  char *paths[PATHS_MAX], *copies[PATHS_MAX];
  const char *labels[PATHS_MAX];
  size_t count = 0;
  while (input.size > 0 && count < PATHS_MAX) {
    char *path = take_text(&input, '\n');
    try_name(path);
    char *raw = label_from_path(path, "guest");
    MUST(raw != NULL && strlen(raw) <= strlen(path) && strchr(raw, '/') == NULL);
    try_name(raw);
    free(raw);
    paths[count] = path;
    labels[count] = labels_add(set, path);
    MUST(labels[count] != NULL);
    check_safe(labels[count], max);
    for (size_t i = 0; i < count; i++)
      MUST((strcmp(labels[i], labels[count]) == 0) == (strcmp(paths[i], path) == 0));
    copies[count] = strdup(labels[count]);
    MUST(copies[count] != NULL);
    count++;
  }
  /* each second one is removed and comes back, in the other order; all have the label they had */
  for (size_t i = 0; i < count; i += 2)
    labels_remove(set, copies[i]);
  for (size_t i = count; i-- > 0;) {
    labels[i] = labels_add(set, paths[i]);
    MUST(labels[i] != NULL && strcmp(labels[i], copies[i]) == 0);
  }
  for (size_t i = 0; i < count; i++) {
    free(paths[i]);
    free(copies[i]);
  }
  labels_free(set);
  return 0;
}
