/*
 * load: what a simulated VM draws, and what befalls its counter
 *
 * Pure: power in W and energy in J as functions of the time since the start, so that the truth is known exactly.
 * As text: a curve, then events, separated by commas.
 *
 *   const:W               W watts
 *   sine:W:A:P            around W, A up and down, a period of P seconds (A <= W)
 *   step:LOW:HIGH:P       P seconds LOW, P seconds HIGH, and so on
 *   idle                  0 W
 *
 *   starts=UJ             the counter's first number (default: 0, as the real exporter)
 *   appears@S             its process starts after S seconds
 *   dies@S                its process ends after S seconds; the file stays
 *   vanishes@S            its process ends after S seconds, and its directory is removed
 *   resets@S, resets%S    the counter falls to 0 once after S seconds, or every S seconds
 *   unreadable            the file has mode 0000
 */
#ifndef VM_ENERGY_SIM_LOAD_H
#define VM_ENERGY_SIM_LOAD_H

#include <stdbool.h>
#include <stdint.h>

enum load_curve { LOAD_CONST, LOAD_SINE, LOAD_STEP };

struct load {
  enum load_curve curve;
  double low_w;  /* const: the power; sine: the mean */
  double high_w; /* sine: the amplitude */
  double period_s;
  double appears_s; /* 0: at the start */
  double dies_s;    /* each of these: negative for never */
  double vanishes_s;
  double resets_s;
  double resets_every_s;
  bool unreadable;
  bool has_start;
  uint64_t start_uj;
};

/* 0, or -EINVAL with what is wrong in *problem (a static text). */
int load_parse(const char *text, struct load *load, const char **problem);

/* At t_s seconds since the start; the energy is that since the start, exactly integrated. */
double load_power_w(const struct load *load, double t_s);
double load_energy_j(const struct load *load, double t_s);

#endif
