/* Which VMs are wanted: the rows are those of collectd.conf(5), IGNORELISTS. */
#include "core/selection.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    {{"/^[a-z]+-[0-9]+-[0-9a-f]+-(a{2,255}|b+)$/"}, false, "web-1-ff-b", true},
    {{"foo", "bar"}, false, "bar", true},
    {{"foo", "/^b/"}, false, "foo", true},
    {{"foo", "/^b/"}, false, "bar", true},
    {{"foo", "/^b/"}, false, "zoo", false},
    {{"foo", "/^b/"}, true, "bar", false},
    {{"foo", "/^b/"}, true, "zoo", true},
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
  static const char *const items[] = {"",
                                      "/",
                                      "//",
                                      "/a",
                                      "a/",
                                      "a/b",
                                      "/[/",
                                      "/(/",
                                      "/a{2,1}/",
                                      "/a+++++++++++++++++/",
                                      "/((a{255}){255}){255}/",
                                      "/a{70000}/",
                                      "/a{-5}/"};
  struct selection *selection = selection_new();
  for (int i = 0; i < ROWS(items); i++)
    ck_assert_int_eq(selection_add(selection, items[i]), -EINVAL);
  ck_assert(selection_wants(selection, "any")); /* the wrong entry has no effect */
  selection_free(selection);
  selection_free(NULL);
}
END_TEST

/* An entry that matched no name is known by its text, also where an earlier one matched the same name. */
START_TEST(unmatched) {
  struct selection *selection = selection_new();
  size_t index = 0;
  ck_assert_ptr_null(selection_unmatched(selection, &index));
  static const char *const items[] = {"web-1", "/^web/", "typo", "/^x/"};
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(selection_add(selection, items[i]), 0);
  ck_assert_str_eq(selection_unmatched(selection, &index), "web-1");
  ck_assert_int_eq(selection_wants(selection, "web-1"), 1);
  ck_assert_int_eq(selection_wants(selection, "db"), 0);
  index = 0;
  ck_assert_str_eq(selection_unmatched(selection, &index), "typo");
  ck_assert_str_eq(selection_unmatched(selection, &index), "/^x/");
  ck_assert_ptr_null(selection_unmatched(selection, &index));
  selection_free(selection);
}
END_TEST

START_TEST(fault) {
  struct selection *selection = selection_new();
  ck_assert_str_eq(selection_fault(selection), "");
  ck_assert_int_eq(selection_add(selection, "/(/"), -EINVAL);
  ck_assert_str_eq(selection_fault(selection), regex_fault("("));
  ck_assert_int_eq(selection_add(selection, "/a/"), 0);
  ck_assert_str_eq(selection_fault(selection), "");
  selection_free(selection);
}
END_TEST

/* Usual expressions, and some that would take unlimited memory or time. */
static const struct {
  const char *pattern;
  bool affordable;
} cost_rows[] = {
    {"", true},
    {"^(web|db)-[0-9]+$", true},
    {"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", true},
    {"[^-]+-[^-]+-[^-]+-[^-]+-[^-]+-[^-]+-[^-]+-[^-]+-[^-]+-[^-]+-.*", true},
    {"^([a-z]+(-[a-z]+)*)+$", true},
    {"(((((a+)+)+)+)+)+", true},
    {"\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+", true},
    {"[+*]{3}[]+*+*+*+*+*+*+*+*+*]x", true},
    {"(a{50}){50}", true},
    {"a{1,100}b{1,100}c{1,100}", true},
    {"a{,5}", true},
    {"(((((((((a+)+)+)+)+)+)+)+)+)+", false},
    {"_v++*+++++++++++++-[0-9]+$", false},
    {"((((((((((((a+)*)+)+)+)+)+)+)+)+)+)+)+", false},
    {"(((x{99}){99}){99})", false},
    {"x{99}{99}{99}", false},
    {"x{99999999999999999999999}", false},
    {"((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))", false},
    {"(((((((((((((((((a?)?)?)?)?)?)?)?)?)?)?)?)?)?)?)?)?", false},
};

START_TEST(test_cost) {
  ck_assert(selection_can_afford(cost_rows[_i].pattern) == cost_rows[_i].affordable);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("selection");
  suite_case(suite, "selection", NULL, NULL, EACH(row, rows), ONCE(wrong), ONCE(unmatched), ONCE(fault),
             EACH(test_cost, cost_rows));
  return suite_run(suite);
}
