/* SHA-256 against the examples of FIPS 180-4 and NIST's long-message sample. */
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, const char *digest) {
  char out[FSA_SHA256_TEXT];
  fsa_sha256_text(text, strlen(text), out);
  assert_string_equal(out, digest);
}

static void nist_examples(void **state) {
  (void)state;
  expect("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  expect("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

/* One million times "a", added in pieces of changing size. */
static void a_million_in_pieces(void **state) {
  (void)state;
  static const uint8_t expected[FSA_SHA256_SIZE] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92,
                                                    0x81, 0xa1, 0xc7, 0xe2, 0x84, 0xd7, 0x3e, 0x67,
                                                    0xf1, 0x80, 0x9a, 0x48, 0xa4, 0x97, 0x20, 0x0e,
                                                    0x04, 0x6d, 0x39, 0xcc, 0xc7, 0x11, 0x2c, 0xd0};
  char piece[200];
  memset(piece, 'a', sizeof piece);
  FsaSha256 hash;
  fsa_sha256_start(&hash);
  for (size_t left = 1000000, size = 1; left; left -= size) {
    size = size % 199 + 1 < left ? size % 199 + 1 : left;
    fsa_sha256_add(&hash, piece, size);
  }
  uint8_t digest[FSA_SHA256_SIZE];
  fsa_sha256_end(&hash, digest);
  assert_memory_equal(digest, expected, sizeof digest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nist_examples),
      cmocka_unit_test(a_million_in_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
