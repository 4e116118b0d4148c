/* Labels of VMs: rows of paths and names, and the set that keeps labels distinct. */
#include "core/label.h"
#include "suite.h"

#include <stdint.h>
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
    /* a zone names no VM */
    {"/data/web-1/intel-rapl:0/energy_uj", "web-1"},
    {"/data/web-1/intel-rapl:0:1/energy_uj", "web-1"},
    {"/data/web-1/intel-rapl:0/intel-rapl:0:1/energy_uj", "web-1"},
    {"/data/web-1/./intel-rapl:10//energy_uj", "web-1"},
    {"/data/web-1/intel-rapl:0/x/energy_uj", "x"},
    {"/data/powercap/intel-rapl:0/energy_uj", "powercap"},
    {"web-1/intel-rapl:0/energy_uj", "web-1"},
    {"intel-rapl:0/energy_uj", "intel-rapl:0"},
    {"/intel-rapl:0/energy_uj", "intel-rapl:0"},
    {"/data/web-1/intel-rapl:/energy_uj", "intel-rapl:"},
    {"/data/web-1/intel-rapl:0:/energy_uj", "intel-rapl:0:"},
    {"/data/web-1/intel-rapl:0x/energy_uj", "intel-rapl:0x"},
    {"/data/web-1/intel-rapl/energy_uj", "intel-rapl"},
    {"/data/web-1/intel-rapl:0", "web-1"},
    /* but in the host's own tree */
    {"/sys/class/powercap/intel-rapl:0:1/energy_uj", "intel-rapl:0:1"},
    {"/sys/class/powercap/intel-rapl:0/intel-rapl:0:1/energy_uj", "intel-rapl:0:1"},
    {"/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj", "intel-rapl:0"},
    {"/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0/energy_uj", "intel-rapl:0:0"},
    {"/host/sys/class/powercap/intel-rapl:1/energy_uj", "intel-rapl:1"},
    {"/sys/class/powercap/intel-rapl-mmio:0/energy_uj", "intel-rapl-mmio:0"},
    /* VMs without a name, merged; a VM with the name of a zone */
    {"/var/lib/libvirt/scaphandre/intel-rapl:0/energy_uj", "scaphandre"},
    {"/var/lib/libvirt/scaphandre/intel-rapl:0/intel-rapl:0:0/energy_uj", "scaphandre"},
    {"/var/lib/libvirt/scaphandre/intel-rapl:0/intel-rapl:0/energy_uj", "intel-rapl:0"},
    {"/var/lib/libvirt/scaphandre/powercap/intel-rapl:0/energy_uj", "powercap"},
};

START_TEST(from_path) {
  char *name = label_from_path(path_rows[_i].path, NULL);
  ck_assert_str_eq(name, path_rows[_i].name);
  free(name);
}
END_TEST

static const struct {
  const char *path, *host, *name;
} guest_rows[] = {
    {"/var/scaphandre/intel-rapl:0/energy_uj", "guest-7", "guest-7"},
    {"/var/scaphandre/intel-rapl:0/energy_uj", NULL, "scaphandre"},
    {"/var/scaphandre/intel-rapl:0/energy_uj", "", "scaphandre"},
    {"//var/./scaphandre//intel-rapl:1/energy_uj", "guest-7", "guest-7"},
    {"/var/scaphandre/vm-001/intel-rapl:0/energy_uj", "guest-7", "vm-001"},
    {"/var/scaphandre/vm-001/energy_uj", "guest-7", "vm-001"},
    {"/var/scaphandre/intel-rapl:0", "guest-7", "scaphandre"},
    {"/var/scaphandre/energy_uj", "guest-7", "scaphandre"},
    {"/x/var/scaphandre/intel-rapl:0/energy_uj", "guest-7", "scaphandre"},
    {"/var/lib/libvirt/scaphandre/intel-rapl:0/energy_uj", "guest-7", "scaphandre"},
    {"/sys/class/powercap/intel-rapl:0/energy_uj", "guest-7", "intel-rapl:0"},
};

START_TEST(in_guest) {
  char *name = label_from_path(guest_rows[_i].path, guest_rows[_i].host);
  ck_assert_str_eq(name, guest_rows[_i].name);
  free(name);
}
END_TEST

/* A changed name: this text, '_' and eight hexadecimal digits. */
static bool is_marked(const char *label, const char *text) {
  size_t len = strlen(text);
  return strncmp(label, text, len) == 0 && label[len] == '_' && strspn(label + len + 1, "0123456789abcdef") == 8 &&
         label[len + 9] == '\0';
}

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
    {"=1+1", "_1+1", "=1+1"},
    {"@SUM(A1)", "_SUM(A1)", "@SUM(A1)"},
    {"+1", "_1", "+1"},
    {"\t=1", "_=1", "_=1"},
    {"\r=1", "_=1", "_=1"},
    {"a=1+1@b", "a=1+1@b", "a=1+1@b"},
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
  bool same = strcmp(safe_rows[_i].raw, safe_rows[_i].safe) == 0;
  if (same)
    ck_assert_str_eq(safe_text, safe_rows[_i].safe);
  else
    ck_assert_msg(is_marked(safe_text, safe_rows[_i].safe), "'%s'", safe_text);
  ck_assert_int_eq(label_is_safe(safe_rows[_i].raw), same);
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
    ck_assert(strcmp(text, raw) == 0 || is_marked(text, "a_"));
    free(text);
  }
}
END_TEST

/* Labels name series: they must not change with a release. */
static const struct {
  const char *raw, *label;
} mark_rows[] = {
    {"a;b", "a_b_c6358cdd"},
    {"a\nb", "a_b_ab576911"},
    {"", "__d0bfc1fb"},
    {"..", "_._7a252a45"},
    /* names that end like a mark keep their names, unless it is one */
    {"web_1a2b3c4d", "web_1a2b3c4d"},
    {"tenant_7_deadbeef", "tenant_7_deadbeef"},
    {"a_b_00000000", "a_b_00000000"},
    {"_12345678", "_12345678"},
};

START_TEST(marks) {
  char *label = label_make_safe(mark_rows[_i].raw);
  ck_assert_str_eq(label, mark_rows[_i].label);
  free(label);
}
END_TEST

/* A VM named like the label of a changed name gets another label, and so on. */
START_TEST(copied_labels) {
  char *label = label_make_safe("a;b");
  for (int i = 0; i < 20; i++) {
    char *next = label_make_safe(label);
    ck_assert(is_marked(next, label));
    free(label);
    label = next;
  }
  free(label);
  /* also where the label was cut */
  char text[101];
  memset(text, 'L', 100);
  text[100] = '\0';
  char *cut_text = label_cut(text, LABEL_MAX_COLLECTD);
  char *copied = label_make_safe(cut_text);
  ck_assert(is_marked(copied, cut_text));
  free(cut_text);
  free(copied);
}
END_TEST

/* Of the names that end like a mark one in 256 ends in a valid one by chance. */
START_TEST(chance_marks) {
  int changed = 0;
  for (unsigned i = 0; i < 10000; i++) {
    char raw[32];
    snprintf(raw, sizeof(raw), "vm_%08x", i * 2654435761u);
    char *label = label_make_safe(raw);
    changed += strcmp(label, raw) != 0;
    free(label);
  }
  ck_assert_int_gt(changed, 0);
  ck_assert_int_lt(changed, 80);
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
  struct labels *set = labels_new(LABEL_MAX_COLLECTD, "guest-7", NULL);
  ck_assert_str_eq(labels_add(set, "/s/scaphandre/vm-001/intel-rapl:0/energy_uj"), "vm-001");
  ck_assert_str_eq(labels_add(set, "/s/scaphandre/vm-001/intel-rapl:1/energy_uj"), "vm-001_intel-rapl:1");
  ck_assert_str_eq(labels_add(set, "/data/a/vmA/energy_uj"), "vmA");
  ck_assert_str_eq(labels_add(set, "/data/b/vmA/energy_uj"), "vmA_data_b");
  ck_assert_str_eq(labels_add(set, "/data/c/vmA/intel-rapl:0/energy_uj"), "vmA_intel-rapl:0");
  ck_assert_str_eq(labels_add(set, "/data/d/vmA/intel-rapl:0/energy_uj"), "vmA_data_d");
  ck_assert_str_eq(labels_add(set, "/data/e/vmA_data_d/energy_uj"), "vmA_data_d_data_e");
  ck_assert_str_eq(labels_add(set, "/var/scaphandre/intel-rapl:0/energy_uj"), "guest-7");
  ck_assert_str_eq(labels_add(set, "/var/scaphandre/intel-rapl:1/energy_uj"), "guest-7_intel-rapl:1");
  ck_assert_str_eq(labels_add(set, "/data/guest-7/energy_uj"), "guest-7_data");
  /* changed names, one of them twice */
  ck_assert(is_marked(labels_add(set, "/s/scaphandre/a\nb/energy_uj"), "a_b"));
  ck_assert(is_marked(labels_add(set, "/s/scaphandre/a\tb/energy_uj"), "a_b"));
  ck_assert_str_eq(labels_add(set, "/s/scaphandre/a_b/energy_uj"), "a_b");
  ck_assert_str_eq(labels_add(set, "/s/scaphandre/a;b/energy_uj"), "a_b_c6358cdd");
  ck_assert_str_eq(labels_add(set, "/t/scaphandre/a;b/energy_uj"), "a_b_c6358cdd_t_scaphandre");
  /* nothing of the path tells these two apart */
  ck_assert_str_eq(labels_add(set, "vmB/energy_uj"), "vmB");
  ck_assert(is_marked(labels_add(set, "/vmB/energy_uj"), "vmB"));
  labels_free(set);
  labels_free(NULL);
}
END_TEST

START_TEST(set_keeps_labels) {
  struct labels *set = labels_new(LABEL_MAX_COLLECTD, NULL, NULL);
  const char *const first = labels_add(set, "/s/scaphandre/vm-001/energy_uj");
  ck_assert_str_eq(first, "vm-001");
  ck_assert_ptr_eq(labels_add(set, "/s/scaphandre/vm-001/energy_uj"), first);
  labels_remove(set, "never there");
  for (int i = 0; i < 3; i++) {
    labels_remove(set, "vm-001");
    labels_remove(set, "vm-001"); /* the second has no effect */
    ck_assert_str_eq(labels_add(set, "/t/scaphandre/vm-001/energy_uj"), "vm-001_t_scaphandre");
    ck_assert_str_eq(labels_add(set, "/s/scaphandre/vm-001/energy_uj"), "vm-001");
  }
  labels_remove(set, "vm-001_t_scaphandre");
  labels_remove(set, "vm-001");
  ck_assert_str_eq(labels_add(set, "/t/scaphandre/vm-001/energy_uj"), "vm-001_t_scaphandre");
  labels_free(set);
}
END_TEST

static const char *add_numbered(struct labels *set, int number) {
  char path[64];
  snprintf(path, sizeof(path), "/s/%d/energy_uj", number);
  return labels_add(set, path);
}

static void remove_numbered(struct labels *set, int number) {
  char label[16];
  snprintf(label, sizeof(label), "%d", number);
  labels_remove(set, label);
}

/* At most LABEL_AWAY_MAX stay reserved; the one removed first is dropped first; a return starts again. */
START_TEST(set_forgets_the_longest_away) {
  struct labels *set = labels_new(LABEL_MAX_COLLECTD, NULL, NULL);
  for (int i = 0; i < LABEL_AWAY_MAX + 2; i++)
    ck_assert_ptr_nonnull(add_numbered(set, i));
  for (int i = 0; i < LABEL_AWAY_MAX; i++)
    remove_numbered(set, i);
  ck_assert_str_eq(labels_add(set, "/t/0/energy_uj"), "0_t");
  ck_assert_str_eq(labels_add(set, "/t/1/energy_uj"), "1_t");
  ck_assert_str_eq(add_numbered(set, 0), "0"); /* 0 is the youngest now, 1 the oldest */
  remove_numbered(set, 0);
  remove_numbered(set, LABEL_AWAY_MAX);
  ck_assert_str_eq(labels_add(set, "/u/1/energy_uj"), "1");
  ck_assert_str_eq(labels_add(set, "/u/2/energy_uj"), "2_u");
  remove_numbered(set, LABEL_AWAY_MAX + 1);
  ck_assert_str_eq(labels_add(set, "/v/2/energy_uj"), "2");
  ck_assert_str_eq(labels_add(set, "/v/0/energy_uj"), "0_v");
  ck_assert_str_eq(labels_add(set, "/v/3/energy_uj"), "3_v");
  ck_assert_str_eq(add_numbered(set, 1), "1_s");
  labels_free(set);
}
END_TEST

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const size_t maxima[] = {16, 20, LABEL_MAX_COLLECTD, LABEL_MAX_FILE};

START_TEST(set_of_many) {
  size_t max = maxima[_i], count = 20000;
  struct labels *set = labels_new(max, NULL, NULL);
  const char **labels = calloc(count, sizeof(*labels));
  ck_assert_ptr_nonnull(labels);
  for (size_t i = 0; i < count; i++) {
    char path[300];
    snprintf(path, sizeof(path), "/a/%zu/%s/energy_uj", i,
             i % 2 ? "same" : "a-long-name-that-is-cut-where-there-is-little-room");
    labels[i] = labels_add(set, path);
    ck_assert_ptr_nonnull(labels[i]);
    ck_assert_uint_le(strlen(labels[i]), max);
    ck_assert(label_is_safe(labels[i]));
  }
  qsort(labels, count, sizeof(*labels), by_text);
  for (size_t i = 1; i < count; i++)
    ck_assert_str_ne(labels[i - 1], labels[i]);
  free(labels);
  labels_free(set);
}
END_TEST

/* Nothing of these paths fits into a label; only the marks tell them apart. */
START_TEST(set_of_hashes) {
  struct labels *set = labels_new(16, NULL, NULL);
  char path[300];
  const char *labels[200];
  for (size_t i = 0; i < ROWS(labels); i++) {
    memset(path, '/', i);
    strcpy(path + i, "vm/energy_uj");
    labels[i] = labels_add(set, path);
    ck_assert(strcmp(labels[i], i == 0 ? "vm" : "") == 0 || is_marked(labels[i], "vm"));
    for (size_t j = 0; j < i; j++)
      ck_assert_str_ne(labels[i], labels[j]);
  }
  labels_free(set);
}
END_TEST

/* ---- any names, in any order ------------------------------------------------------------------------------------- */

#define NAMES_MAX 60

static uint64_t random_state;

static size_t random_below(size_t limit) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (size_t)(random_state >> 33) % limit;
}

static const char *const pieces[] =
    ROW("a", "b", "_", "_", "web", ".", "-", "\n", ";", "\t", " ", "|", "\xff", "\xc3\xa4", "\xc3", "\xe2\x80\xae",
        "_1a2b3c4d", "intel-rapl:0", "a-long-stretch-that-is-cut-where-there-is-little-room");

static char names[NAMES_MAX][400];

/* A name of its own, or one made to look like the label of another. */
static void make_name(size_t count, size_t max) {
  char *raw = names[count];
  raw[0] = '\0';
  if (count > 0 && random_below(4) == 0) {
    char *safe_text = label_make_safe(names[random_below(count)]);
    char *label = label_cut(safe_text, max);
    strcpy(raw, label);
    free(safe_text);
    free(label);
  } else {
    for (size_t i = 0, num = 1 + random_below(5); i < num; i++)
      strcat(raw, pieces[random_below(ROWS(pieces))]);
  }
}

static bool is_new(size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], names[count]) == 0)
      return false;
  return strcmp(names[count], ".") != 0; /* no component of a path */
}

static void add_names(const size_t *order, size_t max, char **labels) {
  struct labels *set = labels_new(max, NULL, NULL);
  for (size_t i = 0; i < NAMES_MAX; i++) {
    char path[500];
    snprintf(path, sizeof(path), "/s/scaphandre/%s/intel-rapl:0/energy_uj", names[order[i]]);
    labels[order[i]] = strdup(labels_add(set, path));
  }
  labels_free(set);
}

static void shuffle(size_t *order, size_t count) {
  for (size_t i = count; i > 1; i--) {
    size_t j = random_below(i), other = order[j];
    order[j] = order[i - 1];
    order[i - 1] = other;
  }
}

static bool ends_like_a_mark(const char *text) {
  return strlen(text) > 9 && is_marked(text + strlen(text) - 9, "");
}

static void check_label(const char *raw, const char *label, size_t max) {
  ck_assert(label_is_safe(label));
  ck_assert_uint_le(strlen(label), max);
  bool bare = label_is_safe(raw) && strlen(raw) <= max;
  if (bare && !ends_like_a_mark(raw))
    ck_assert_str_eq(label, raw);
  if (!bare)
    ck_assert_msg(ends_like_a_mark(label), "'%s'", label);
}

START_TEST(any_names_in_any_order) {
  random_state = (uint64_t)_i;
  size_t max = maxima[_i % (int)ROWS(maxima)], order[NAMES_MAX];
  for (size_t count = 0; count < NAMES_MAX; count += is_new(count) ? 1 : 0) {
    make_name(count, max);
    order[count] = count;
  }
  char *first[NAMES_MAX], *other[NAMES_MAX];
  add_names(order, max, first);
  for (size_t i = 0; i < NAMES_MAX; i++) {
    check_label(names[i], first[i], max);
    for (size_t j = 0; j < i; j++)
      ck_assert_str_ne(first[i], first[j]);
  }
  for (int round = 0; round < 5; round++) {
    shuffle(order, NAMES_MAX);
    add_names(order, max, other);
    for (size_t i = 0; i < NAMES_MAX; i++) {
      ck_assert_str_eq(first[i], other[i]);
      free(other[i]);
    }
  }
  for (size_t i = 0; i < NAMES_MAX; i++)
    free(first[i]);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("label");
  suite_case(suite, "rows", NULL, NULL, EACH(from_path, path_rows), EACH(in_guest, guest_rows), EACH(safe, safe_rows),
             EACH(marks, mark_rows));
  suite_case(suite, "rules", NULL, NULL, ONCE(every_byte_becomes_safe), ONCE(cut), ONCE(set_tells_apart),
             EACH(set_of_many, maxima), ONCE(set_of_hashes), ONCE(set_keeps_labels), ONCE(set_forgets_the_longest_away),
             ONCE(copied_labels), ONCE(chance_marks), TIMES(any_names_in_any_order, 200));
  return suite_run(suite);
}
