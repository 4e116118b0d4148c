/* Lines: their ends, and what is kept of them. */
#include "../standalone/common/lines.h"

#include "suite.h"

#include <stdbool.h>
#include <string.h>

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* The lines in order, each ended by '|' here; with a last one that the end of input ends. */
static const struct {
  const char *typed, *lines;
} rows[] = {
    {"", ""},
    {"\n", "|"},
    {"\n\n", "||"},
    {"warm-up\n", "warm-up|"},
    {"one\ntwo\n", "one|two|"},
    {"one\n\ntwo\n", "one||two|"},
    {"two words\n", "two words|"},
    {" \t padded \t \n", "padded|"},
    {"dos\r\n", "dos|"},
    {" \r\n", "|"},
    {"no end", "no end|"},
    {"one\nno end ", "one|no end|"},
    {"one\n  ", "one|"},
    {HUNDRED HUNDRED "\n", HUNDRED HUNDRED "|"},
    {HUNDRED HUNDRED "x\nnext\n", HUNDRED HUNDRED "|next|"},
    {HUNDRED HUNDRED HUNDRED, HUNDRED HUNDRED "|"},
    {"caf\xc3\xa9\n", "caf\xc3\xa9|"},
};

START_TEST(test_lines) {
  struct lines lines = {0};
  char got[1024] = "";
  for (const char *c = rows[_i].typed; *c != '\0'; c++)
    if (lines_add(&lines, *c)) {
      strcat(got, lines.text);
      strcat(got, "|");
    }
  if (lines_end(&lines)) {
    strcat(got, lines.text);
    strcat(got, "|");
  }
  ck_assert_str_eq(got, rows[_i].lines);
  ck_assert(!lines_end(&lines)); /* once */
}
END_TEST

START_TEST(test_nul_byte) {
  struct lines lines = {0};
  ck_assert(!lines_add(&lines, 'a'));
  ck_assert(!lines_add(&lines, '\0'));
  ck_assert(!lines_add(&lines, 'b'));
  ck_assert(lines_add(&lines, '\n'));
  ck_assert_str_eq(lines.text, "a b");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("lines");
  suite_case(suite, "lines", NULL, NULL, EACH(test_lines, rows), ONCE(test_nul_byte));
  return suite_run(suite);
}
