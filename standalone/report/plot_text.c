/* The texts of a plot: cut to fit, and measured. */
#include "common/message.h"
#include "report/plot.h"
#include "report/plot_fonts.h"

#include "core/label.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Bytes. Longer names of VMs leave no room for the curves; longer names of marks do not fit the height. */
#define TITLE_MAX 60
#define MARK_MAX  40
#define HOST_MAX  40

/* "a long na..." */
static char *shorten(const char *text, size_t max) {
  size_t len = strlen(text);
  if (len <= max)
    return strdup(text);
  len = max - 3;
  while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
    len--;
  char *shorter;
  return asprintf(&shorter, "%.*s...", (int)len, text) >= 0 ? shorter : NULL;
}

/* fonts NULL: the viewer of the picture draws the text, with its own fonts. */
static int fit(struct plot_fonts *fonts, char **text, size_t max, char *(*cut)(const char *text, size_t max)) {
  char *drawable = fonts != NULL ? plot_fonts_drawable(fonts, *text) : NULL;
  if (fonts != NULL && drawable == NULL)
    return -ENOMEM;
  char *fitting = cut(drawable != NULL ? drawable : *text, max);
  free(drawable);
  if (fitting == NULL)
    return -ENOMEM;
  free(*text);
  *text = fitting;
  return 0;
}

static int fit_capture(struct plot_fonts *fonts, struct recording *recording) {
  int status = recording->info.host != NULL ? fit(fonts, &recording->info.host, HOST_MAX, shorten) : 0;
  for (size_t i = 1; i < recording->phases.num && status == 0; i++)
    status = fit(fonts, &recording->phases.list[i].name, MARK_MAX, shorten);
  return status;
}

static int name_others(struct plot *plot, bool stacked) {
  struct plot_series *others = plot->series_num > PLOT_VMS ? &plot->series[PLOT_VMS] : NULL;
  char *title;
  if (others == NULL || stacked || plot->curves_num == PLOT_VMS + 1)
    return 0;
  if (asprintf(&title, "mean of %s", others->title) < 0)
    return -ENOMEM;
  free(others->title);
  others->title = title;
  return 0;
}

int plot_fit_texts(struct plot *plot, enum plot_format format, bool stacked) {
  struct plot_fonts known = {0}, *fonts = format == PLOT_SVG ? NULL : &known;
  int status = name_others(plot, stacked);
  for (size_t i = 0; i < plot->series_num && status == 0; i++)
    status = fit(fonts, &plot->series[i].title, TITLE_MAX, label_cut);
  for (size_t i = 0; i < plot->reports_num && status == 0; i++)
    status = fit_capture(fonts, &plot->reports[i].recording);
  if (known.first_missing != 0)
    message_warning("no font has the character U+%04" PRIX32 "; the number of each such character is drawn",
                    known.first_missing);
  plot_fonts_free(&known);
  return status;
}

/* Wider than the average letter, by which gnuplot counts. */
#define WIDE_ASCII "mwMW@%"

void plot_measure(const char *text, int *width, int *count) {
  int halves = 0;
  *count = 0;
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if ((c & 0xc0) == 0x80) /* within a character */
      continue;
    (*count)++;
    halves += c >= 0xe3 ? 4 : strchr(WIDE_ASCII, c) != NULL ? 3 : 2; /* from U+3000 on most are twice as wide */
  }
  *width = (halves + 1) / 2;
}
