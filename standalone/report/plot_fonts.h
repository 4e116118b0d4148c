/*
 * plot_fonts: replaces characters that no font of this machine has
 *
 * Pango draws such a character as a box with its number, which gnuplot's cairo terminals enlarge over the whole
 * picture. The fonts are listed by fontconfig's fc-list, which pango needs as well: once, and only for text that is not
 * ASCII.
 */
#ifndef VM_ENERGY_PLOT_FONTS_H
#define VM_ENERGY_PLOT_FONTS_H

#include <stdint.h>

/* Start with zeros; plot_fonts_free() frees it. */
struct plot_fonts {
  uint8_t *known;         /* a bit for each character; NULL: fc-list has not run yet */
  uint32_t first_missing; /* first replaced character; 0: none */
};

/*
 * A copy of text (valid UTF-8) with hexadecimal numbers in brackets for characters without a font: "[1F600 865A]".
 * Without fc-list, all that are not ASCII. The caller frees it. NULL: out of memory.
 */
char *plot_fonts_drawable(struct plot_fonts *fonts, const char *text);

void plot_fonts_free(struct plot_fonts *fonts);

#endif
