#include "look/curve.h"

#include <string.h>

#define LEVELS 8

void curve_put(struct curve *curve, int64_t cell, double power_w) {
  if (!curve->has_cells || cell - curve->newest >= CURVE_CELLS) {
    memset(curve->count, 0, sizeof(curve->count));
  } else {
    for (int64_t skipped = curve->newest + 1; skipped <= cell; skipped++)
      curve->count[skipped % CURVE_CELLS] = 0;
  }
  curve->has_cells = true;
  curve->newest = cell;
  float *mean_w = &curve->mean_w[cell % CURVE_CELLS];
  uint16_t *count = &curve->count[cell % CURVE_CELLS];
  if (*count == 0)
    *mean_w = 0;
  if (*count < UINT16_MAX)
    (*count)++;
  *mean_w += ((float)power_w - *mean_w) / (float)*count;
}

bool curve_get(const struct curve *curve, int64_t cell, double *power_w) {
  if (!curve->has_cells || cell < 0 || cell > curve->newest || curve->newest - cell >= CURVE_CELLS ||
      curve->count[cell % CURVE_CELLS] == 0)
    return false;
  *power_w = (double)curve->mean_w[cell % CURVE_CELLS];
  return true;
}

double curve_most(const struct curve *curve, int64_t first, int64_t last) {
  double most_w = 0, power_w;
  for (int64_t cell = first; cell <= last; cell++)
    if (curve_get(curve, cell, &power_w) && power_w > most_w)
      most_w = power_w;
  return most_w;
}

void curve_format(const struct curve *curve, int64_t first, int64_t last, double most_w, bool utf8, char *text) {
  static const char *const blocks[LEVELS] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                             "\u2585", "\u2586", "\u2587", "\u2588"};
  static const char *const plain[LEVELS] = {"_", ".", "-", ":", "=", "+", "*", "#"};
  for (int64_t cell = first; cell <= last; cell++) {
    double power_w;
    const char *glyph = " ";
    if (curve_get(curve, cell, &power_w)) {
      int level = most_w > 0 ? (int)(power_w / most_w * LEVELS) : 0;
      glyph = (utf8 ? blocks : plain)[level < LEVELS ? level : LEVELS - 1];
    }
    size_t len = strlen(glyph);
    memcpy(text, glyph, len);
    text += len;
  }
  *text = '\0';
}
