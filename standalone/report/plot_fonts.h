/*
 * plot_fonts: which characters the fonts of this machine have
 *
 * For one that no font has, pango draws a box with its number, and gnuplot's cairo terminals enlarge that box over the
 * whole picture. So such characters are replaced before. What fonts have is asked of fontconfig's fc-list, which pango
 * needs as well, once and only when a text is not ASCII.
 */
#ifndef VM_ENERGY_PLOT_FONTS_H
#define VM_ENERGY_PLOT_FONTS_H

#include <stdint.h>

/* Start with zeros; plot_fonts_free() frees it. */
struct plot_fonts {
  uint8_t *known;         /* a bit for each character; NULL: not asked yet */
  uint32_t first_missing; /* the first character that was replaced; 0: none */
};

/*
 * A copy of the text, valid UTF-8, with the hexadecimal numbers of the characters that no font has, in brackets:
 * "[1F600 865A]". Without fc-list, of all that are not ASCII. The caller frees it. NULL: out of memory.
 */
char *plot_fonts_drawable(struct plot_fonts *fonts, const char *text);

void plot_fonts_free(struct plot_fonts *fonts);

#endif
