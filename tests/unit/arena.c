/* The arena: alignment, ceilings, growth in place, reuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_are_aligned_and_apart(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  uint8_t *last = NULL;
  for (size_t size = 0; size < 300; size++) {
    uint8_t *piece = fsa_arena_alloc(&arena, size);
    assert_non_null(piece);
    assert_int_equal((uintptr_t)piece % 16, 0);
    assert_ptr_not_equal(piece, last);
    memset(piece, (int)size, size);
    last = piece;
  }
  fsa_arena_done(&arena);
  fsa_arena_done(&arena); /* twice is fine */
}

static void nothing_is_overwritten(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  char *texts[2000];
  for (int i = 0; i < 2000; i++) texts[i] = fsa_arena_printf(&arena, "text %d %0*d", i, i % 97, i);
  for (int i = 0; i < 2000; i++) {
    char expected[160];
    assert_non_null(texts[i]);
    snprintf(expected, sizeof expected, "text %d %0*d", i, i % 97, i);
    assert_string_equal(texts[i], expected);
  }
  fsa_arena_done(&arena);
}

static void the_ceiling_holds(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(1000);
  assert_null(fsa_arena_alloc(&arena, 1001));
  assert_null(fsa_arena_alloc(&arena, SIZE_MAX));
  assert_null(fsa_arena_alloc(&arena, SIZE_MAX - 15));
  assert_int_equal(arena.used, 0);
  size_t given = 0;
  while (fsa_arena_alloc(&arena, 10)) given++;
  assert_int_equal(given, 1000 / 16);
  assert_true(arena.used <= 1000);
  fsa_arena_clear(&arena);
  assert_non_null(fsa_arena_alloc(&arena, 900)); /* what was taken back counts no more */
  fsa_arena_done(&arena);
}

static void zeroed_memory(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  memset(fsa_arena_alloc(&arena, 4000), 0xFF, 4000);
  fsa_arena_clear(&arena);
  uint8_t *zero = fsa_arena_zero(&arena, 100, 40); /* the same memory again */
  for (int i = 0; i < 4000; i++) assert_int_equal(zero[i], 0);
  assert_null(fsa_arena_zero(&arena, SIZE_MAX / 2, 3));
  assert_non_null(fsa_arena_zero(&arena, 0, 8));
  assert_non_null(fsa_arena_zero(&arena, 8, 0));
  fsa_arena_done(&arena);
}

static void copies_end_in_nul(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  assert_string_equal(fsa_arena_copy(&arena, "abcdef", 3), "abc");
  assert_string_equal(fsa_arena_copy(&arena, NULL, 0), "");
  assert_null(fsa_arena_copy(&arena, "", SIZE_MAX));
  assert_string_equal(fsa_arena_printf(&arena, "%s-%d", "x", 5), "x-5");
  assert_string_equal(fsa_arena_printf(&arena, "%s", ""), "");
  fsa_arena_done(&arena);
}

static void growing(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  char *text = fsa_arena_grow(&arena, NULL, 0, 10);
  memcpy(text, "0123456789", 10);
  char *same = fsa_arena_grow(&arena, text, 10, 100);
  assert_ptr_equal(same, text); /* the newest one grows where it is */
  assert_non_null(fsa_arena_alloc(&arena, 1));
  char *moved = fsa_arena_grow(&arena, same, 100, 200);
  assert_ptr_not_equal(moved, same);
  assert_memory_equal(moved, "0123456789", 10);
  char *small = fsa_arena_grow(&arena, moved, 200, 5);
  assert_memory_equal(small, "01234", 5);
  char *large = fsa_arena_grow(&arena, small, 5, 1u << 20); /* no block holds it */
  assert_memory_equal(large, "01234", 5);
  fsa_arena_done(&arena);
}

/* Every size in turn: what stands behind the piece must stay. */
static void growing_keeps_neighbours(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  for (size_t size = 0; size < 200; size++) {
    char *first = fsa_arena_alloc(&arena, size);
    memset(first, 'a', size);
    char *grown = fsa_arena_grow(&arena, first, size, size + 7);
    assert_non_null(grown);
    memset(grown, 'b', size + 7);
    char *behind = fsa_arena_copy(&arena, "behind", 6);
    memset(grown, 'c', size + 7);
    assert_string_equal(behind, "behind");
  }
  fsa_arena_done(&arena);
}

static void growing_beyond_the_ceiling(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(256);
  char *text = fsa_arena_copy(&arena, "kept", 4);
  assert_null(fsa_arena_grow(&arena, text, 5, 1000));
  assert_null(fsa_arena_grow(&arena, text, 5, SIZE_MAX));
  assert_string_equal(text, "kept");
  assert_non_null(fsa_arena_grow(&arena, text, 5, 256)); /* exactly the ceiling, in place */
  assert_int_equal(arena.used, 256);
  fsa_arena_done(&arena);
}

static void clearing_keeps_one_block_but_no_giant(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  assert_non_null(fsa_arena_alloc(&arena, 100));
  size_t held = arena.held;
  fsa_arena_clear(&arena);
  assert_int_equal(arena.held, held);
  assert_int_equal(arena.used, 0);
  assert_non_null(fsa_arena_alloc(&arena, 64u << 20));
  fsa_arena_clear(&arena);
  assert_int_equal(arena.held, 0);
  assert_non_null(fsa_arena_alloc(&arena, 1));
  fsa_arena_done(&arena);
  FsaArena declared = {0};
  fsa_arena_clear(&declared);
  fsa_arena_done(&declared);
}

/* A giant in the middle must not make every later block a giant. */
static void blocks_stay_small_behind_a_giant(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  assert_non_null(fsa_arena_alloc(&arena, 8u << 20));
  size_t held = arena.held;
  assert_non_null(fsa_arena_alloc(&arena, 1));
  assert_true(arena.held - held <= 256u << 10);
  fsa_arena_done(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_are_aligned_and_apart),
      cmocka_unit_test(nothing_is_overwritten),
      cmocka_unit_test(the_ceiling_holds),
      cmocka_unit_test(zeroed_memory),
      cmocka_unit_test(copies_end_in_nul),
      cmocka_unit_test(growing),
      cmocka_unit_test(growing_keeps_neighbours),
      cmocka_unit_test(growing_beyond_the_ceiling),
      cmocka_unit_test(clearing_keeps_one_block_but_no_giant),
      cmocka_unit_test(blocks_stay_small_behind_a_giant),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
