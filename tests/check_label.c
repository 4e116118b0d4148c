/* What VMs are called: rows of paths and names, and the set that keeps labels apart. */
#include "core/label.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *path, *name;
} path_rows[] = {
    {"/var/lib/scaphandre/vm-001/energy_uj", "vm-001"},
    {"/data/vmA/energy_uj", "vmA"},
    {"/var/lib/libvirt/scaphandre/vm-001/intel-rapl:0/energy_uj", "vm-001"},
    {"/var/lib/libvirt/scaphandre/scaphandre/intel-rapl:0/energy_uj", "scaphandre"},
    {"/home/scaphandre/data/vmA/energy_uj", "data"}, /* the seed's rule */
    {"/home/scaphandre/x/scaphandre/vm1/intel-rapl:0/energy_uj", "vm1"},
    {"/home/scaphandre/x/scaphandre/vm1/energy_uj", "vm1"},
    {"/home/scaphandre/x/scaphandre/vm1/other/energy_uj", "x"},
    {"/srv/scaphandre/energy_uj", "scaphandre"},
    {"/sys/class/powercap/intel-rapl:0/energy_uj", "intel-rapl:0"},
    {"//data//./vmA//energy_uj", "vmA"},
    {"/var/lib/scaphandre/./vm-001/energy_uj", "vm-001"},
    {"vmA/energy_uj", "vmA"},
    {"energy_uj", "energy_uj"},
    {"/energy_uj", "energy_uj"},
    {"/myscaphandre/a/b/energy_uj", "b"},
    {"/var/lib/scaphandre/new\nline/energy_uj", "new\nline"},
    {"", ""},
};

START_TEST(from_path) {
  char *name = label_from_path(path_rows[_i].path);
  ck_assert_str_eq(name, path_rows[_i].name);
  free(name);
}
END_TEST

static const struct {
  const char *raw, *safe, *printable;
} safe_rows[] = {
    {"vm-001", "vm-001", "vm-001"},
    {"my vm", "my vm", "my vm"},
    {"web.example.com", "web.example.com", "web.example.com"},
    {"quo\"te'd", "quo\"te'd", "quo\"te'd"},
    {"a=b,c=d", "a=b,c=d", "a=b,c=d"},
    {"vm-\xc3\xa4\xc3\xb6\xe6\x97\xa5\xf0\x9f\x98\x80", "vm-\xc3\xa4\xc3\xb6\xe6\x97\xa5\xf0\x9f\x98\x80",
     "vm-\xc3\xa4\xc3\xb6\xe6\x97\xa5\xf0\x9f\x98\x80"},
    {"new\nline", "new_line", "new_line"},
    {"tab\there", "tab_here", "tab_here"},
    {"esc\x1b[31m", "esc_[31m", "esc_[31m"},
    {"del\x7f", "del_", "del_"},
    {"c1\xc2\x9b"
     "31m",
     "c1_31m", "c1_31m"},
    {"a/b", "a_b", "a/b"},
    {"semi;colon", "semi_colon", "semi;colon"},
    {"..", "_.", ".."},
    {".hidden", "_hidden", ".hidden"},
    {"-dash", "_dash", "-dash"},
    {"a-.b", "a-.b", "a-.b"},
    {"", "_", ""},
    {"\xff", "_", "_"},
    {"inv\xff"
     "utf8",
     "inv_utf8", "inv_utf8"},
    {"cut\xc3", "cut_", "cut_"},
    {"cut\xe6\x97", "cut__", "cut__"},
    {"cut\xc3"
     "A",
     "cut_A", "cut_A"},
    {"cut\xe6\x97\xc3\xa4", "cut__\xc3\xa4", "cut__\xc3\xa4"},
    {"overlong\xc0\xaf", "overlong__", "overlong__"},
    {"overlong\xe0\x80\xaf", "overlong___", "overlong___"},
    {"surrogate\xed\xa0\x80", "surrogate___", "surrogate___"},
    {"large\xf4\x90\x80\x80", "large____", "large____"},
    {"line\xe2\x80\xa8"
     "sep",
     "line_sep", "line_sep"},
    {"right\xe2\x80\xae"
     "left",
     "right_left", "right_left"},
    {"isolate\xe2\x81\xa6", "isolate_", "isolate_"},
};

START_TEST(safe) {
  char *safe_text = label_make_safe(safe_rows[_i].raw);
  ck_assert_str_eq(safe_text, safe_rows[_i].safe);
  ck_assert_int_eq(label_is_safe(safe_rows[_i].raw), strcmp(safe_rows[_i].raw, safe_rows[_i].safe) == 0);
  ck_assert(label_is_safe(safe_text));
  char *printable = label_printable(safe_rows[_i].raw);
  ck_assert_str_eq(printable, safe_rows[_i].printable);
  free(printable);
  free(safe_text);
}
END_TEST

START_TEST(every_byte_becomes_safe) {
  char raw[3] = "aX";
  for (int c = 1; c < 256; c++) {
    raw[1] = (char)c;
    char *text = label_make_safe(raw);
    ck_assert(label_is_safe(text));
    ck_assert_int_eq((int)strlen(text), 2);
    free(text);
  }
}
END_TEST

START_TEST(cut) {
  char text[201], other[201];
  memset(text, 'L', 200);
  text[200] = '\0';
  strcpy(other, text);
  other[199] = 'M';
  char *a = label_cut(text, 63), *b = label_cut(other, 63), *same = label_cut(text, 63);
  ck_assert_uint_eq(strlen(a), 63);
  ck_assert_uint_eq(strlen(b), 63);
  ck_assert_str_ne(a, b);
  ck_assert_str_eq(a, same);
  ck_assert_int_eq(strncmp(a, text, 54), 0);
  ck_assert_int_eq(a[54], '_');
  ck_assert_uint_eq(strspn(a + 55, "0123456789abcdef"), 8);
  free(a), free(b), free(same);

  for (int i = 0; i < 200; i += 2)
    memcpy(text + i, "\xc3\xa4", 2);
  for (size_t max = 16; max < 203; max++) {
    a = label_cut(text, max);
    ck_assert_uint_le(strlen(a), max);
    ck_assert(label_is_safe(a));
    free(a);
  }
  text[63] = '\0';
  memset(text, 'x', 63);
  a = label_cut(text, 63);
  ck_assert_str_eq(a, text);
  free(a);
}
END_TEST

START_TEST(set_tells_apart) {
  struct label_set *set = label_set_new(LABEL_MAX_COLLECTD);
  const char *first = label_set_add(set, "/s/scaphandre/vm-001/intel-rapl:0/energy_uj");
  ck_assert_str_eq(first, "vm-001");
  ck_assert_str_eq(label_set_add(set, "/s/scaphandre/vm-001/intel-rapl:1/energy_uj"), "vm-001_intel-rapl:1");
  ck_assert_str_eq(label_set_add(set, "/data/a/vmA/energy_uj"), "vmA");
  ck_assert_str_eq(label_set_add(set, "/data/b/vmA/energy_uj"), "vmA_data_b");
  ck_assert_str_eq(label_set_add(set, "/s/scaphandre/a_b/energy_uj"), "a_b");
  ck_assert_str_eq(label_set_add(set, "/s/scaphandre/a\nb/energy_uj"), "a_b_s_scaphandre");
  const char *hashed = label_set_add(set, "/s/scaphandre/a\tb/energy_uj");
  ck_assert_int_eq(strncmp(hashed, "a_b_", 4), 0);
  ck_assert_uint_eq(strlen(hashed), 12);

  /* a label stays with its path; one that was given back is free */
  label_set_remove(set, first);
  ck_assert_str_eq(label_set_add(set, "/t/scaphandre/vm-001/intel-rapl:1/energy_uj"), "vm-001");
  ck_assert_str_eq(label_set_add(set, "/u/scaphandre/vm-001/intel-rapl:1/energy_uj"), "vm-001_u_scaphandre");
  label_set_remove(set, "never there");
  label_set_free(set);
  label_set_free(NULL);
}
END_TEST

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const size_t maxima[] = {16, 20, LABEL_MAX_COLLECTD, LABEL_MAX_FILE};

START_TEST(set_of_many) {
  size_t max = maxima[_i], count = 20000;
  struct label_set *set = label_set_new(max);
  const char **labels = calloc(count, sizeof(*labels));
  ck_assert_ptr_nonnull(labels);
  for (size_t i = 0; i < count; i++) {
    char path[300];
    snprintf(path, sizeof(path), "/a/%zu/%s/energy_uj", i,
             i % 2 ? "same" : "a-long-name-that-is-cut-where-there-is-little-room");
    labels[i] = label_set_add(set, path);
    ck_assert_ptr_nonnull(labels[i]);
    ck_assert_uint_le(strlen(labels[i]), max);
    ck_assert(label_is_safe(labels[i]));
  }
  qsort(labels, count, sizeof(*labels), by_text);
  for (size_t i = 1; i < count; i++)
    ck_assert_str_ne(labels[i - 1], labels[i]);
  free(labels);
  label_set_free(set);
}
END_TEST

/* The same path again and again: nothing but the number at the end can tell them apart. */
START_TEST(set_of_one_path) {
  struct label_set *set = label_set_new(16);
  const char *labels[50];
  for (int i = 0; i < 50; i++) {
    labels[i] = label_set_add(set, "/a/vm/energy_uj");
    ck_assert_uint_le(strlen(labels[i]), 16);
    for (int j = 0; j < i; j++)
      ck_assert_str_ne(labels[i], labels[j]);
  }
  label_set_free(set);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("label");
  TCase *rows = tcase_create("rows");
  tcase_add_loop_test(rows, from_path, 0, ROWS(path_rows));
  tcase_add_loop_test(rows, safe, 0, ROWS(safe_rows));
  suite_add_tcase(suite, rows);
  TCase *rules = tcase_create("rules");
  tcase_set_timeout(rules, 60);
  tcase_add_test(rules, every_byte_becomes_safe);
  tcase_add_test(rules, cut);
  tcase_add_test(rules, set_tells_apart);
  tcase_add_loop_test(rules, set_of_many, 0, ROWS(maxima));
  tcase_add_test(rules, set_of_one_path);
  suite_add_tcase(suite, rules);
  return suite_run(suite);
}
