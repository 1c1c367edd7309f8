/*
 * UTF-16 to UTF-8 and into JSON strings: the fast paths against a conversion that knows one unit at
 * a time, at every length, alignment and place of the unit that needs work.
 */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_UNITS 70

/* One unit after another, as the header promises it. */
static size_t plainly(char *out, const uint16_t *units, size_t count, bool json) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t c = units[i];
    if (c >= 0xD800 && c < 0xDC00 && i + 1 < count && units[i + 1] >= 0xDC00 &&
        units[i + 1] < 0xE000)
      c = 0x10000 + ((c - 0xD800) << 10) + (units[++i] - 0xDC00u);
    else if (c >= 0xD800 && c < 0xE000)
      c = 0xFFFD;
    if (c == 0) c = 0x2400;
    const char *escape = !json       ? NULL
                         : c == '"'  ? "\\\""
                         : c == '\\' ? "\\\\"
                         : c == '\n' ? "\\n"
                         : c == '\r' ? "\\r"
                         : c == '\t' ? "\\t"
                         : c == '\b' ? "\\b"
                         : c == '\f' ? "\\f"
                                     : NULL;
    if (escape)
      size += (size_t)snprintf(out + size, 8, "%s", escape);
    else if (json && c < 0x20)
      size += (size_t)snprintf(out + size, 8, "\\u%04x", (unsigned)c);
    else
      size += fsa_utf8_put(out + size, c);
  }
  return size;
}

static void compare(const uint16_t *units, size_t count) {
  char expected[MOST_UNITS * 6 + 8], got[MOST_UNITS * 6 + 8];
  uint8_t bytes[MOST_UNITS * 2 + 1];
  size_t shift = count & 1; /* the input need not be aligned */
  for (size_t i = 0; i < count; i++) {
    bytes[shift + 2 * i] = (uint8_t)units[i];
    bytes[shift + 2 * i + 1] = (uint8_t)(units[i] >> 8);
  }
  for (int json = 0; json < 2; json++) {
    size_t ceiling = json ? FSA_JSON_CEILING(count) : FSA_UTF8_CEILING(count);
    memset(got, '#', sizeof got);
    size_t size = json ? fsa_json_from_utf16(got, bytes + shift, count)
                       : fsa_utf8_from_utf16(got, bytes + shift, count);
    assert_int_equal(size, plainly(expected, units, count, json));
    assert_memory_equal(got, expected, size);
    assert_int_equal(got[ceiling], '#'); /* nothing behind the promised room */
  }
}

/* One special unit at every place of a run of plain ones. */
static void one_special_unit(void **state) {
  (void)state;
  static const uint16_t special[] = {0,      1,      0x1F,   '"',    '\\',  '\n',   0x7F,
                                     0x80,   0xFF,   0x100,  0x7FF,  0x800, 0x8000, 0xD800,
                                     0xDC00, 0xFF22, 0x2222, 0x5C5C, 0xFFFF};
  uint16_t units[MOST_UNITS];
  for (size_t s = 0; s < sizeof special / sizeof *special; s++)
    for (size_t count = 0; count <= 40; count++)
      for (size_t at = 0; at < (count ? count : 1); at++) {
        for (size_t i = 0; i < count; i++) units[i] = (uint16_t)('a' + i % 26);
        if (count) units[at] = special[s];
        compare(units, count);
      }
}

static void mixtures(void **state) {
  (void)state;
  uint16_t units[MOST_UNITS];
  uint32_t random = 1;
  for (int round = 0; round < 20000; round++) {
    size_t count = (size_t)round % (MOST_UNITS + 1);
    for (size_t i = 0; i < count; i++) {
      random = random * 1664525u + 1013904223u;
      uint32_t kind = random >> 28, low = random >> 8;
      units[i] = (uint16_t)(kind < 10   ? 0x20 + low % 0x5F
                            : kind < 12 ? low % 0x80
                            : kind < 13 ? 0xD800 + low % 0x800
                                        : low);
    }
    compare(units, count);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_special_unit),
      cmocka_unit_test(mixtures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
