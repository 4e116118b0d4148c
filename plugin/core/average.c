#include "average.h"

#include <stdlib.h>

struct average {
  size_t window;
  size_t count; /* how many values are kept */
  size_t next;  /* where the next one goes */
  double values[];
};

struct average *average_new(size_t window) {
  struct average *average = calloc(1, sizeof(*average) + window * sizeof(average->values[0]));
  if (average != NULL)
    average->window = window;
  return average;
}

void average_free(struct average *average) {
  free(average);
}

double average_add(struct average *average, double value) {
  average->values[average->next] = value;
  average->next = (average->next + 1) % average->window;
  if (average->count < average->window)
    average->count++;
  double sum = 0;
  for (size_t i = 0; i < average->count; i++)
    sum += average->values[i];
  return sum / (double)average->count;
}
