/* formats/nt_access: masks in words. */
#include "formats/nt_access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_words(const char *type, uint32_t mask, const char *expected) {
  FsaArena arena = fsa_arena(0);
  const FsaText name = {type, type ? strlen(type) : 0};
  const FsaText words = fsa_nt_access_text(&arena, name, mask);
  assert_string_equal(words.data, expected);
  assert_int_equal(words.size, strlen(expected));
  fsa_arena_done(&arena);
}

static void rights_in_words(void **state) {
  (void)state;
  assert_words("Process", 0x10, "PROCESS_VM_READ");
  assert_words("Process", 0x1410,
               "PROCESS_VM_READ PROCESS_QUERY_INFORMATION PROCESS_QUERY_LIMITED_INFORMATION");
  assert_words("Thread", 0x100000, "SYNCHRONIZE");
  assert_words("Mutant", 0x1f0001,
               "MUTANT_QUERY_STATE DELETE READ_CONTROL WRITE_DAC WRITE_OWNER SYNCHRONIZE");
  assert_words("Process", 0, "");
}

static void rights_without_a_name(void **state) {
  (void)state;
  assert_words("Process", 0x4001, "PROCESS_TERMINATE 0x4000");
  assert_words("EtwRegistration", 0x804, "0x804");
  assert_words("EtwRegistration", 0x20804, "READ_CONTROL 0x804");
  assert_words(NULL, 1, "0x1");
  assert_words("Mutan", 1, "0x1");
}

static void every_bit_of_every_mask(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  const FsaText words = fsa_nt_access_text(&arena, (FsaText){"Process", 7}, UINT32_MAX);
  assert_int_equal(strlen(words.data), words.size);
  assert_non_null(strstr(words.data, "PROCESS_VM_READ"));
  assert_non_null(strstr(words.data, " GENERIC_READ 0xce0c000"));
  fsa_arena_done(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rights_in_words),
      cmocka_unit_test(rights_without_a_name),
      cmocka_unit_test(every_bit_of_every_mask),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
