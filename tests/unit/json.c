/* scoring/text/json.c: what is passed over is what is skipped, wherever brackets, quotes and
 * escapes lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buffer.h"
#include "text/json.h"

/* Passing and skipping end at the same byte, with any bytes before and behind the value. */
static void check(const char *value, bool is_good) {
  for (size_t before = 0; before < 70; before++) {
    FsaBuffer line = fsa_buffer(65536);
    for (size_t i = 0; i < before; i++) fsa_buffer_putc(&line, ' ');
    fsa_buffer_puts(&line, value);
    size_t end = line.size;
    fsa_buffer_puts(&line, ",\"x\":[\"}\"]}");
    FsaJson skipped = fsa_json(line.data, line.size), passed = skipped;
    assert_int_equal(fsa_json_pass(&passed), true);
    assert_int_equal(passed.at, end);
    assert_int_equal(fsa_json_skip(&skipped), is_good);
    if (is_good) assert_int_equal(skipped.at, end);
    passed = fsa_json(line.data, end - 1);
    assert_false(fsa_json_pass(&passed));
    assert_true(passed.cut);
    fsa_buffer_done(&line);
  }
}

static void brackets(void **state) {
  (void)state;
  check("{}", true);
  check("[]", true);
  check("{\"a\":[{\"b\":[[]]},{}]}", true);
  check("[\"]\",\"}\",\"{[\",\"\\\"]\"]", true);
  check("[1,,2]", false); /* for whoever reads what is inside */
}

/* Runs of backslashes of every length, ending in a quote that is escaped or not. */
static void escapes(void **state) {
  (void)state;
  for (size_t count = 0; count < 130; count++) {
    FsaBuffer value = fsa_buffer(4096);
    fsa_buffer_puts(&value, "{\"a\":\"");
    for (size_t i = 0; i < count; i++) fsa_buffer_putc(&value, '\\');
    fsa_buffer_puts(&value, count % 2 ? "\"}\"}" : "\",\"b\":\"{\"}");
    check(fsa_buffer_text(&value), true);
    fsa_buffer_done(&value);
  }
}

static void no_value(void **state) {
  (void)state;
  FsaJson json = fsa_json("7", 1);
  assert_false(fsa_json_pass(&json));
  json = fsa_json("", 0);
  assert_false(fsa_json_pass(&json));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(brackets),
      cmocka_unit_test(escapes),
      cmocka_unit_test(no_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
