/* A set of artefact numbers as a case keeps it. See number_list.h. */
#include "text/number_list.h"

#include <string.h>

#define DIGIT_BITS 8
#define DIGITS (1u << DIGIT_BITS)

static bool is_sorted(const uint32_t *numbers, size_t count) {
  for (size_t i = 1; i < count; i++)
    if (numbers[i] < numbers[i - 1]) return false;
  return true;
}

/* One pass of a radix sort: stable, by the digit at `shift`. */
static void sort_digit(const uint32_t *from, uint32_t *to, size_t count, unsigned shift) {
  size_t places[DIGITS] = {0}, place = 0;
  for (size_t i = 0; i < count; i++) places[from[i] >> shift & (DIGITS - 1)]++;
  for (size_t digit = 0; digit < DIGITS; digit++) {
    size_t size = places[digit];
    places[digit] = place;
    place += size;
  }
  for (size_t i = 0; i < count; i++) to[places[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

static void sort(uint32_t *numbers, uint32_t *room, size_t count) {
  if (is_sorted(numbers, count)) return;
  for (unsigned shift = 0; shift < 32; shift += 2 * DIGIT_BITS) {
    sort_digit(numbers, room, count, shift);
    sort_digit(room, numbers, count, shift + DIGIT_BITS);
  }
}

void fsa_numbers_print(uint32_t *numbers, uint32_t *room, size_t count, FsaBuffer *out) {
  sort(numbers, room, count);
  fsa_buffer_putc(out, '[');
  for (size_t i = 0; i < count; i++) {
    if (i && numbers[i] == numbers[i - 1]) continue;
    if (i) fsa_buffer_putc(out, ',');
    fsa_buffer_u64(out, i ? numbers[i] - numbers[i - 1] : numbers[i]);
  }
  fsa_buffer_putc(out, ']');
}
