/* Groups of VMs: by a regular expression or a file; what is refused, and the messages. */
#include "../standalone/common/message.h"
#include "../standalone/report/groups.h"

#include "capture.h"
#include "scratch.h"
#include "suite.h"

static const struct {
  const char *regex, *file, *label, *group;
} rows[] = {
    {NULL, NULL, "web-1", NULL},
    {"^([a-z]+)-", NULL, "web-1", "web"},
    {"^([a-z]+)-", NULL, "WEB-1", NULL},
    {"^([a-z]+)-([0-9])", NULL, "db-1", "db"},
    {"-(a|b)$|^(c)", NULL, "c-1", NULL}, /* its first group has no part in it */
    {"^([a-z]*)-", NULL, "-1", NULL},
    {"(.*)", NULL, "all of it", "all of it"},
    {NULL, "label,group\nweb-1,web\ndb-1,data\n", "db-1", "data"},
    {NULL, "label,group\nweb-1,web\ndb-1,data\n", "db-2", NULL},
    {NULL, "group,owner,label\n\"a, b\",me,web-1\n", "web-1", "a, b"},
    {NULL, "label,group\nweb-1,web", "web-1", "web"}, /* without an end of line */
    {NULL, "label,group\r\nweb-1,\r\n", "web-1", NULL},
    {NULL, "label,group\n", "web-1", NULL},
    {NULL, "label,group\nw\033[1m,g\033[1m\n", "w_[1m", "g_[1m"},
};

START_TEST(test_find) {
  struct groups groups;
  if (rows[_i].file != NULL)
    write_text("groups.csv", rows[_i].file);
  const char *path = rows[_i].file != NULL ? in_scratch("groups.csv") : NULL;
  ck_assert_int_eq(groups_open(&groups, rows[_i].regex, path), STATUS_DONE);
  const char *found = groups_find(&groups, rows[_i].label);
  ck_assert_pstr_eq(found, rows[_i].group);
  ck_assert_ptr_eq(groups_find(&groups, rows[_i].label), found);
  groups_close(&groups);
}
END_TEST

START_TEST(test_one_pointer) {
  struct groups groups;
  ck_assert_int_eq(groups_open(&groups, "^([a-z]+)-", NULL), STATUS_DONE);
  const char *web = groups_find(&groups, "web-1"), *db = groups_find(&groups, "db-1");
  ck_assert_str_ne(web, db);
  ck_assert_ptr_eq(groups_find(&groups, "web-2"), web);
  ck_assert_ptr_eq(groups_find(&groups, "db-2"), db);
  groups_close(&groups);
  write_text("groups.csv", "label,group\na,one\nb,one\n");
  ck_assert_int_eq(groups_open(&groups, NULL, in_scratch("groups.csv")), STATUS_DONE);
  ck_assert_ptr_eq(groups_find(&groups, "a"), groups_find(&groups, "b"));
  groups_close(&groups);
}
END_TEST

/* FILE in the words stands for the path. */
static const struct {
  const char *regex, *file, *said;
} wrong_rows[] = {
    {"^web", NULL,
     "option '--group-by': '^web' has no part in parentheses, which is the group's name, as in '^(web|db)-'"},
    {"(web", NULL, "option '--group-by': '(web' is no regular expression: "},
    {"", NULL, "option '--group-by': '' has no part in parentheses"},
    {NULL, "", "line 1: the columns label and group are missing"},
    {NULL, "label,name\na,b\n", "line 1: the columns label and group are missing"},
    {NULL, "label,group\na,one\nb\n", "line 3: it has 1 field, not 2"},
    {NULL, "label,group\na,one\nb,two\na,one\n", "line 4: 'a' has a group already, in line 2"},
};

START_TEST(test_wrong) {
  struct groups groups;
  if (wrong_rows[_i].file != NULL)
    write_text("groups.csv", wrong_rows[_i].file);
  const char *path = wrong_rows[_i].file != NULL ? in_scratch("groups.csv") : NULL;
  capture_begin();
  int status = groups_open(&groups, wrong_rows[_i].regex, path);
  const char *said = capture_end();
  ck_assert_int_eq(status, STATUS_USAGE);
  ck_assert_msg(strstr(said, wrong_rows[_i].said) != NULL, "%s", said);
  ck_assert(path == NULL || strstr(said, path) != NULL);
}
END_TEST

START_TEST(test_no_file) {
  struct groups groups;
  capture_begin();
  int status = groups_open(&groups, NULL, in_scratch("missing.csv"));
  const char *said = capture_end();
  ck_assert_int_eq(status, STATUS_USAGE);
  ck_assert_msg(strstr(said, "missing.csv': No such file or directory") != NULL, "%s", said);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("groups");
  suite_case(suite, "groups", scratch_make, scratch_clean, EACH(test_find, rows), ONCE(test_one_pointer),
             EACH(test_wrong, wrong_rows), ONCE(test_no_file));
  return suite_run(suite);
}
