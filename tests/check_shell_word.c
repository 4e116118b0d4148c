/* Text as a shell word: its form, that it is safe to print, and that shells read the same bytes. */
#include "suite.h"

#include "core/label.h"
#include "core/shell_word.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *text, *word;
} rows[] = {
    /* nothing special in it */
    {"/var/lib/x-1_2.3:0/energy_uj", "/var/lib/x-1_2.3:0/energy_uj"},
    {"-rf", "-rf"},
    {"%1,2+3@4", "%1,2+3@4"},
    /* single quotes are enough */
    {"", "''"},
    {"a b", "'a b'"},
    {" ", "' '"},
    {"-a b", "'-a b'"},
    {"$(id)", "'$(id)'"},
    {"`id`", "'`id`'"},
    {"${HOME}", "'${HOME}'"},
    {"a;b&c<d>e", "'a;b&c<d>e'"},
    {"it's", "'it'\\''s'"},
    {"'", "''\\'''"},
    {"'; reboot; '", "''\\''; reboot; '\\'''"},
    {"\"", "'\"'"},
    {"\\", "'\\'"},
    {"a\\n", "'a\\n'"},
    {"*?[a]", "'*?[a]'"},
    {"{a,b}", "'{a,b}'"},
    {"~root", "'~root'"},
    {"=ls", "'=ls'"},
    {"#", "'#'"},
    {"!!", "'!!'"},
    {"b\xc3\xbc"
     "cher",
     "'b\xc3\xbc"
     "cher'"},
    {"\xe6\x9c\xba\xf0\x9f\x96\xa5", "'\xe6\x9c\xba\xf0\x9f\x96\xa5'"},
    /* escapes are needed */
    {"web|1", "$'web\\1741'"},
    {"a\nb", "$'a\\012b'"},
    {"a\n", "$'a\\012'"},
    {"a\tb", "$'a\\011b'"},
    {"a\rb\x1b[31m\x7f", "$'a\\015b\\033[31m\\177'"},
    {"\x01"
     "1",
     "$'\\0011'"},
    {"\xff", "$'\\377'"},
    {"\xff"
     "7",
     "$'\\3777'"},
    {"\xff's \\ \"!\"", "$'\\377\\047s \\134 \"\\041\"'"},
    {"$(id)\n`id`", "$'$(id)\\012`id`'"},
    {"b\xc3\xbc\xff", "$'b\xc3\xbc\\377'"},
    {"b\xc3", "$'b\\303'"},                 /* cut */
    {"\xe6\x9c", "$'\\346\\234'"},          /* cut */
    {"\xc0\xaf", "$'\\300\\257'"},          /* overlong */
    {"\xed\xa0\x80", "$'\\355\\240\\200'"}, /* a surrogate */
    {"\xc2\x9b"
     "31m",
     "$'\\302\\23331m'"}, /* C1 */
    {"\xe2\x80\xae"
     "b",
     "$'\\342\\200\\256b'"},                /* turns the direction of writing */
    {"\xe2\x80\x8b", "$'\\342\\200\\213'"}, /* a space without width */
    {"a\xc2\xa0"
     "b",
     "$'a\\302\\240b'"}, /* no space for a shell */
    {"\xef\xbb\xbf"
     "a",
     "$'\\357\\273\\277a'"},            /* a byte order mark */
    {"\xe2\x82\xac", "'\xe2\x82\xac'"}, /* beside the unseen ones */
};

START_TEST(test_word) {
  char *word = shell_word(rows[_i].text);
  ck_assert_str_eq(word, rows[_i].word);
  free(word);
}
END_TEST

static void assert_safe_to_print(const char *word) {
  char *printable = label_printable(word);
  ck_assert_str_eq(word, printable);
  ck_assert_ptr_null(strchr(word, '|'));
  free(printable);
}

/* The words as a shell reads them from a script; each is followed by a full stop, which keeps newlines.
 */
static void assert_read_as(const char *shell, const char *words, const char *expected) {
  char got[4096];
  char *command = NULL;
  ck_assert_int_gt(asprintf(&command, "exec %s <<'END OF SCRIPT'\nprintf %%s. %s\nEND OF SCRIPT\n", shell, words), 0);
  FILE *out = popen(command, "re");
  ck_assert_ptr_nonnull(out);
  size_t len = fread(got, 1, sizeof(got) - 1, out);
  got[len] = '\0';
  ck_assert_msg(pclose(out) == 0, "%s cannot read %s", shell, words);
  ck_assert_msg(strcmp(got, expected) == 0, "%s reads %s as '%s'", shell, words, got);
  free(command);
}

START_TEST(test_shells) {
  char expected[64];
  snprintf(expected, sizeof(expected), "%s.", rows[_i].text);
  assert_safe_to_print(rows[_i].word);
  assert_read_as("bash", rows[_i].word, expected);
  if (rows[_i].word[0] != '$')
    assert_read_as("sh", rows[_i].word, expected);
}
END_TEST

/* Each byte alone, and before a digit; and all in a row. */
START_TEST(test_bytes) {
  char all[256] = "", words[8192] = "", expected[2048] = "";
  for (int byte = 1; byte <= 256; byte++) {
    char one[] = {(char)byte, '1', '\0'};
    char *word = shell_word(byte < 256 ? one : all);
    assert_safe_to_print(word);
    strcat(strcat(words, " "), word);
    strcat(strcat(expected, byte < 256 ? one : all), ".");
    free(word);
    if (byte < 256)
      all[byte - 1] = (char)byte;
  }
  assert_read_as("bash", words, expected);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("shell_word");
  suite_case(suite, "words", NULL, NULL, EACH(test_word, rows), EACH(test_shells, rows), ONCE(test_bytes));
  return suite_run(suite);
}
