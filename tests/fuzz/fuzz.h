/*
 * fuzz: what the harnesses share
 *
 * A harness is a LLVMFuzzerTestOneInput() that aborts where a promise is broken. `make fuzz` drives it with libFuzzer;
 * replay.c is a main() that runs it on the files of its corpus, with any compiler, in `make check`.
 */
#ifndef VM_ENERGY_TESTS_FUZZ_H
#define VM_ENERGY_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold. */
#define MUST(condition)                                                                                                \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                                    \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

/* What is left of the input. Where it is over, zeros follow. */
struct input {
  const uint8_t *data;
  size_t size;
};

static inline uint8_t take_byte(struct input *input) {
  if (input->size == 0)
    return 0;
  input->size--;
  return *input->data++;
}

static inline uint64_t take_number(struct input *input, int bytes) {
  uint64_t number = 0;
  for (int i = 0; i < bytes; i++)
    number = number << 8 | take_byte(input);
  return number;
}

/* Up to the next byte that is `end`, which is taken too: a text of exactly its size, for sanitizers to see a step
   beyond it; to be freed. NUL bytes end it. */
static inline char *take_text(struct input *input, uint8_t end) {
  size_t len = 0;
  while (len < input->size && input->data[len] != end)
    len++;
  char *text = strndup((const char *)input->data, len);
  MUST(text != NULL);
  len += len < input->size;
  input->data += len;
  input->size -= len;
  return text;
}

#endif
