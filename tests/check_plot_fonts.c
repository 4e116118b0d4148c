/* Characters without a font. A script in PATH stands in for fc-list. */
#include "../standalone/report/plot_fonts.h"

#include "scratch.h"
#include "suite.h"

#include <stdbool.h>

#define FONTS "TrueType 20-7e e9 4e00-9fff\nCFF 1f600\n\nPCF 3b1\nTrueType x 430-zz 5d0-\n"

static const struct {
  const char *text, *drawable;
  uint32_t first_missing;
} rows[] = {
    {"", "", 0},
    {"vm-001", "vm-001", 0},
    {"caf\xc3\xa9", "caf\xc3\xa9", 0},
    {"\xe8\x99\x9a\xe6\x8b\x9f", "\xe8\x99\x9a\xe6\x8b\x9f", 0},
    {"x\xf0\x9f\x98\x80y", "x\xf0\x9f\x98\x80y", 0},
    {"x\xf0\x9f\x98\x81y", "x[1F601]y", 0x1f601},
    {"\xc3\xa8\xee\x80\x80\xc3\xa9", "[E8 E000]\xc3\xa9", 0xe8},
    {"a\xf4\x8f\xbf\xbd", "a[10FFFD]", 0x10fffd},
    {"bitmaps are not drawn: \xce\xb1", "bitmaps are not drawn: [3B1]", 0x3b1},
    {"what is no range: \xd0\xb0\xd7\x90", "what is no range: [430 5D0]", 0x430},
};

static void put_fc_list(const char *script) {
  if (script != NULL) {
    write_text("fc-list", script);
    ck_assert_int_eq(chmod(in_scratch("fc-list"), 0755), 0);
  }
  ck_assert_int_eq(setenv("PATH", scratch, 1), 0);
}

START_TEST(test_drawable) {
  struct plot_fonts fonts = {0};
  put_fc_list("#!/bin/sh\nprintf '%s' '" FONTS "'\n");
  char *got = plot_fonts_drawable(&fonts, rows[_i].text);
  ck_assert_str_eq(got, rows[_i].drawable);
  ck_assert_uint_eq(fonts.first_missing, rows[_i].first_missing);
  free(got);
  plot_fonts_free(&fonts);
}
END_TEST

/* ASCII needs no fc-list, which runs once. */
START_TEST(test_asked) {
  static const struct { const char *text, *asked; } steps[] = {{"vm-001", ""}, {"\xc3\xa9", "x"}, {"\xc3\xa8", "x"}};
  struct plot_fonts fonts = {0};
  char script[300], asked[10] = "";
  snprintf(script, sizeof(script), "#!/bin/sh\nprintf x >>'%s'\n", in_scratch("asked"));
  put_fc_list(script);
  write_text("asked", "");
  for (int i = 0; i < ROWS(steps); i++) {
    free(plot_fonts_drawable(&fonts, steps[i].text));
    FILE *file = fopen(in_scratch("asked"), "r");
    size_t len = fread(asked, 1, sizeof(asked) - 1, file);
    asked[len] = '\0';
    fclose(file);
    ck_assert_str_eq(asked, steps[i].asked);
  }
  plot_fonts_free(&fonts);
}
END_TEST

START_TEST(test_without_fc_list) {
  struct plot_fonts fonts = {0};
  put_fc_list(NULL);
  char *got = plot_fonts_drawable(&fonts, "caf\xc3\xa9");
  ck_assert_str_eq(got, "caf[E9]");
  free(got);
  plot_fonts_free(&fonts);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plot_fonts");
  suite_case(suite, "fonts", scratch_make, scratch_clean, EACH(test_drawable, rows), ONCE(test_asked),
             ONCE(test_without_fc_list));
  return suite_run(suite);
}
