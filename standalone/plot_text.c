/* Another part of plot: its texts. */
#include "fonts.h"
#include "message.h"
#include "plot.h"

#include "core/label.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Bytes. With more, the names of VMs would leave no room for the curves, and those of marks would be longer than the
 * picture is high. */
#define TITLE_MAX 60
#define MARK_MAX  40
#define HOST_MAX  40

/* fonts NULL: whoever shows the picture draws the text, by fonts of their own. */
static int fit(struct fonts *fonts, char **text, size_t max) {
  char *drawable = fonts != NULL ? fonts_drawable(fonts, *text) : NULL;
  if (fonts != NULL && drawable == NULL)
    return -ENOMEM;
  char *cut = label_cut(drawable != NULL ? drawable : *text, max);
  free(drawable);
  if (cut == NULL)
    return -ENOMEM;
  free(*text);
  *text = cut;
  return 0;
}

static int fit_capture(struct fonts *fonts, struct recording *recording) {
  int status = recording->info.host != NULL ? fit(fonts, &recording->info.host, HOST_MAX) : 0;
  for (size_t i = 1; i < recording->phases.num && status == 0; i++)
    status = fit(fonts, &recording->phases.list[i].name, MARK_MAX);
  return status;
}

int plot_fit_texts(struct plot *plot, enum plot_format format) {
  struct fonts known = {0}, *fonts = format == PLOT_SVG ? NULL : &known;
  int status = 0;
  for (size_t i = 0; i < plot->series_num && status == 0; i++)
    status = fit(fonts, &plot->series[i].title, TITLE_MAX);
  for (size_t i = 0; i < plot->reports_num && status == 0; i++)
    status = fit_capture(fonts, &plot->reports[i].recording);
  if (known.first_missing != 0)
    tell_warning("no font has the character U+%04" PRIX32 "; the number of each such character is drawn",
                 known.first_missing);
  fonts_free(&known);
  return status;
}
