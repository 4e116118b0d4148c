/*
 * The parsers of numbers. The content of a counter is compared with a second parser that is slow and plain; the others
 * must keep their ranges, leave the result alone on failure, and take no more than they say.
 */
#include "fuzz.h"

#include "core/clock.h"
#include "core/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

static int parse_slowly(const uint8_t *data, size_t size, uint64_t *value) {
  size_t begin = 0, end = size;
  while (begin < end && isspace(data[begin]))
    begin++;
  while (end > begin && isspace(data[end - 1]))
    end--;
  if (begin == end)
    return -ENODATA;
  for (size_t i = begin; i < end; i++)
    if (data[i] < '0' || data[i] > '9')
      return -EINVAL;
  uint64_t sum = 0;
  for (size_t i = begin; i < end; i++)
    if (__builtin_mul_overflow(sum, 10U, &sum) || __builtin_add_overflow(sum, (uint64_t)(data[i] - '0'), &sum))
      return -ERANGE;
  *value = sum;
  return 0;
}

static void try_content(const uint8_t *data, size_t size) {
  char *exact = malloc(size); /* what is read beyond it is seen */
  MUST(size == 0 || exact != NULL);
  if (size > 0)
    memcpy(exact, data, size);
  uint64_t expected = 4711, value = 4711;
  int status = parse_slowly(data, size, &expected);
  MUST(number_parse_u64(exact, size, &value) == status);
  MUST(value == expected);
  free(exact);
}

static void try_texts(const char *text) {
  int64_t ns = -7;
  int status = number_parse_duration(text, &ns);
  MUST(status == 0 || status == -EINVAL || status == -ERANGE);
  MUST(status == 0 ? ns >= 0 && ns <= INT64_C(10) * 366 * 24 * 3600 * NS_PER_S : ns == -7);
  MUST(status != 0 || (text[0] >= '0' && text[0] <= '9') || text[0] == '.');

  double factor = -7;
  status = number_parse_factor(text, &factor);
  MUST(status == 0 || status == -EINVAL || status == -ERANGE);
  MUST(status == 0 ? factor > 0 && factor <= 1e9 : fabs(factor + 7) < 1e-9);

  uint64_t count = 4711;
  status = number_parse_count(text, 3, 1000, &count);
  MUST(status == 0 || status == -EINVAL || status == -ERANGE);
  MUST(status == 0 ? count >= 3 && count <= 1000 : count == 4711);
  MUST(status != 0 || strspn(text, "0123456789") == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try_content(data, size);
  struct input input = {data, size};
  char *text = take_text(&input, '\0');
  try_texts(text);
  free(text);
  return 0;
}
