/* Which VMs are wanted: the rows are those of collectd.conf(5), IGNORELISTS. */
#include "core/selection.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
  const char *items[3];
  bool ignore_selected;
  const char *name;
  bool wanted;
} rows[] = {
    {{NULL}, false, "any", true},
    {{NULL}, true, "any", true},
    {{"foo"}, false, "foo", true},
    {{"foo"}, false, "Foo", false},
    {{"foo"}, false, "foobar", false},
    {{"foo"}, false, "fo", false},
    {{"foo"}, true, "foo", false},
    {{"foo"}, true, "bar", true},
    {{"/^foo/"}, false, "foobar", true},
    {{"/^foo/"}, false, "barfoo", false},
    {{"/foo/"}, false, "barfoo", true},
    {{"/foo/"}, false, "AfooZ", true},
    {{"/foo/"}, false, "FOO", false},
    {{"/^(a|b)[0-9]+$/"}, false, "b17", true},
    {{"/^(a|b)[0-9]+$/"}, false, "c17", false},
    {{"foo", "bar"}, false, "bar", true},
    {{"foo", "/^b/"}, false, "foo", true},
    {{"foo", "/^b/"}, false, "bar", true},
    {{"foo", "/^b/"}, false, "zoo", false},
    {{"foo", "/^b/"}, true, "bar", false},
    {{"foo", "/^b/"}, true, "zoo", true},
    {{"//"}, false, "//", true}, /* too short for a regular expression */
    {{"/"}, false, "/", true},
    {{"/a"}, false, "/a", true},
    {{"/a"}, false, "a", false},
};

START_TEST(row) {
  struct selection *selection = selection_new();
  ck_assert_ptr_nonnull(selection);
  for (int i = 0; i < 3 && rows[_i].items[i] != NULL; i++)
    ck_assert_int_eq(selection_add(selection, rows[_i].items[i]), 0);
  selection_invert(selection, rows[_i].ignore_selected);
  ck_assert_msg(selection_wants(selection, rows[_i].name) == rows[_i].wanted, "row %d, '%s'", _i, rows[_i].name);
  selection_free(selection);
}
END_TEST

START_TEST(wrong) {
  static const char *const items[] = {"", "/[/", "/(/", "/a{2,1}/"};
  struct selection *selection = selection_new();
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(selection_add(selection, items[i]), -EINVAL);
  ck_assert(selection_wants(selection, "any")); /* what was wrong left nothing behind */
  selection_free(selection);
  selection_free(NULL);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("selection");
  TCase *tcase = tcase_create("selection");
  tcase_add_loop_test(tcase, row, 0, ROWS(rows));
  tcase_add_test(tcase, wrong);
  suite_add_tcase(suite, tcase);
  return suite_run(suite);
}
