/*
 * The parser of the state file under libFuzzer: each text as it is, and as lines with an end and a checksum that fit,
 * so that the fuzzer gets behind them. What is taken must be formatted to the same bytes again.
 */
#include "fuzz.h"

#include "core/state.h"

#include <inttypes.h>

static void parse(const char *text, size_t len) {
  struct state *state = state_new();
  MUST(state != NULL);
  if (state_parse(state, text, len) == 0) {
    char *again;
    size_t again_len;
    MUST(state_format(state, &again, &again_len) == 0);
    MUST(again_len == len && memcmp(again, text, len) == 0);
    free(again);
  } else {
    MUST(state_count(state) == 0);
  }
  state_free(state);
}

static void parse_sealed(const char *lines, size_t len) {
  static const char header[] = "vm_energy state 1\n";
  size_t count = 0, size = len + 128;
  for (size_t i = 0; i < len; i++)
    count += lines[i] == '\n';
  char *text = malloc(size);
  MUST(text != NULL);
  memcpy(text, header, strlen(header));
  memcpy(text + strlen(header), lines, len);
  size_t used = strlen(header) + len;
  used += (size_t)snprintf(text + used, size - used, "end %zu ", count);
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < used; i++)
    hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
  used += (size_t)snprintf(text + used, size - used, "%016" PRIx64 "\n", hash);
  parse(text, used);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  parse((const char *)data, size);
  parse_sealed((const char *)data, size);
  return 0;
}
