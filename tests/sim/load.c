#include "load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Numbers separated by ':'; returns how many, 0 where one is no number, is negative, or text does not end behind it. */
static int parse_numbers(const char *text, double *numbers, int most) {
  int count = 0;
  while (count < most) {
    char *end;
    if (*text < '0' || *text > '9')
      return 0;
    numbers[count++] = strtod(text, &end);
    if (*end == '\0')
      return count;
    if (*end != ':')
      return 0;
    text = end + 1;
  }
  return 0;
}

static int parse_curve(const char *text, struct load *load) {
  double n[3] = {0};
  if (strcmp(text, "idle") == 0) {
    load->curve = LOAD_CONST;
    return 0;
  }
  if (strncmp(text, "const:", 6) == 0 && parse_numbers(text + 6, n, 3) == 1) {
    load->curve = LOAD_CONST;
  } else if (strncmp(text, "sine:", 5) == 0 && parse_numbers(text + 5, n, 3) == 3 && n[1] <= n[0] && n[2] > 0) {
    load->curve = LOAD_SINE;
  } else if (strncmp(text, "step:", 5) == 0 && parse_numbers(text + 5, n, 3) == 3 && n[2] > 0) {
    load->curve = LOAD_STEP;
  } else {
    return -EINVAL;
  }
  load->low_w = n[0];
  load->high_w = n[1];
  load->period_s = n[2];
  return 0;
}

static int parse_event(const char *text, struct load *load) {
  const struct {
    const char *name;
    double *value;
  } events[] = {{"appears@", &load->appears_s},
                {"dies@", &load->dies_s},
                {"vanishes@", &load->vanishes_s},
                {"resets@", &load->resets_s},
                {"resets%", &load->resets_every_s}};
  if (strcmp(text, "unreadable") == 0) {
    load->unreadable = true;
    return 0;
  }
  if (strncmp(text, "starts=", 7) == 0 && text[7] >= '0' && text[7] <= '9') {
    char *end;
    errno = 0;
    load->start_uj = strtoull(text + 7, &end, 10);
    load->has_start = true;
    return *end != '\0' || errno != 0 ? -EINVAL : 0;
  }
  for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
    size_t len = strlen(events[i].name);
    if (strncmp(text, events[i].name, len) == 0)
      return parse_numbers(text + len, events[i].value, 1) == 1 ? 0 : -EINVAL;
  }
  return -EINVAL;
}

int load_parse(const char *text, struct load *load, const char **problem) {
  struct load parsed = {.dies_s = -1, .vanishes_s = -1, .resets_s = -1, .resets_every_s = -1};
  char *copy = strdup(text), *save = NULL;
  if (copy == NULL) {
    *problem = "out of memory";
    return -ENOMEM;
  }
  char *word = strtok_r(copy, ",", &save);
  int status = word == NULL ? -EINVAL : parse_curve(word, &parsed);
  if (status != 0)
    *problem = "the load is none of const:W, sine:W:A:P, step:LOW:HIGH:P, idle";
  while (status == 0 && (word = strtok_r(NULL, ",", &save)) != NULL) {
    status = parse_event(word, &parsed);
    if (status != 0)
      *problem = "the event is none of starts=UJ, appears@S, dies@S, vanishes@S, resets@S, resets%S, unreadable";
  }
  free(copy);
  if (status == 0)
    *load = parsed;
  return status;
}

double load_power_w(const struct load *load, double t_s) {
  switch (load->curve) {
  case LOAD_SINE:
    return load->low_w + load->high_w * sin(2 * M_PI * t_s / load->period_s);
  case LOAD_STEP:
    return fmod(t_s, 2 * load->period_s) < load->period_s ? load->low_w : load->high_w;
  default:
    return load->low_w;
  }
}

double load_energy_j(const struct load *load, double t_s) {
  switch (load->curve) {
  case LOAD_SINE: {
    double omega = 2 * M_PI / load->period_s;
    return load->low_w * t_s + load->high_w * (1 - cos(omega * t_s)) / omega;
  }
  case LOAD_STEP: {
    double cycles = floor(t_s / (2 * load->period_s));
    double rest = t_s - cycles * 2 * load->period_s;
    double high = rest > load->period_s ? rest - load->period_s : 0;
    return (cycles * load->period_s + rest - high) * load->low_w + (cycles * load->period_s + high) * load->high_w;
  }
  default:
    return load->low_w * t_s;
  }
}
