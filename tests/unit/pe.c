/* PE files, honest, moved and hostile; images of them in memory. */
#include "formats/pe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A library for base 0x180000000: .text at 0x1000 (file 0x400), .data at 0x3000 (file 0x800,
 * longer in memory), .reloc at 0x5000 (file 0xA00). One relocation in a page, one over its edge.
 */
enum { HEADER = 0x80, OPTIONAL = HEADER + 24, SECTIONS = OPTIONAL + 240, FILE_SIZE = 0xC00 };
#define BASE UINT64_C(0x180000000)

static uint8_t file[FILE_SIZE];

static void put(size_t offset, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) file[offset + i] = (uint8_t)(value >> 8 * i);
}

static void put_section(unsigned index, const char *name, uint32_t address, uint32_t size,
                        uint32_t file_offset, uint32_t file_size, uint32_t characteristics) {
  size_t at = SECTIONS + index * 40u;
  memcpy(file + at, name, strlen(name));
  put(at + 8, size, 4);
  put(at + 12, address, 4);
  put(at + 16, file_size, 4);
  put(at + 20, file_offset, 4);
  put(at + 36, characteristics, 4);
}

static void put_directory(unsigned index, uint32_t address, uint32_t size) {
  put(OPTIONAL + 112 + index * 8u, address, 4);
  put(OPTIONAL + 116 + index * 8u, size, 4);
}

static int make_file(void **state) {
  (void)state;
  memset(file, 0, sizeof file);
  memcpy(file, "MZ", 2);
  put(60, HEADER, 4);
  memcpy(file + HEADER, "PE\0\0", 4);
  put(HEADER + 4, 0x8664, 2);
  put(HEADER + 6, 3, 2);
  put(HEADER + 8, 0x5F000000, 4);
  put(HEADER + 20, 240, 2);
  put(HEADER + 22, 0x2022, 2);
  put(OPTIONAL, 0x20B, 2);
  put(OPTIONAL + 16, 0x1010, 4);
  put(OPTIONAL + 24, BASE, 8);
  put(OPTIONAL + 32, 0x1000, 4);
  put(OPTIONAL + 36, 0x200, 4);
  put(OPTIONAL + 56, 0x6000, 4);
  put(OPTIONAL + 60, 0x400, 4);
  put(OPTIONAL + 108, 16, 4);
  put_section(0, ".text", 0x1000, 0x400, 0x400, 0x400, 0x60000020);
  put_section(1, ".data", 0x3000, 0x1800, 0x800, 0x200, 0xC0000040);
  put_section(2, ".reloc", 0x5000, 0x20, 0xA00, 0x200, 0x42000040);
  for (size_t i = 0x400; i < 0xA00; i++) file[i] = (uint8_t)i;
  put_directory(FSA_PE_RELOCATIONS, 0x5000, 24);
  put(0xA00, 0x1000, 4);
  put(0xA04, 12, 4);
  put(0xA08, 0xA100, 2); /* 64 bits at 0x1100 */
  put(0xA0A, 0xAFFC, 2); /* 64 bits at 0x1FFC, over the page's edge */
  put(0xA0C, 0x3000, 4);
  put(0xA10, 12, 4);
  put(0xA14, 0x3010, 2); /* 32 bits at 0x3010 */
  put(0x500, BASE + 0x3000, 8);
  put(0x810, (uint32_t)(BASE + 0x3000), 4);
  return 0;
}

static int read_from_file(void *context, uint64_t offset, void *buffer, size_t size,
                          size_t *ret_size) {
  (void)context;
  assert_true(offset <= sizeof file);
  if (size > sizeof file - offset) size = (size_t)(sizeof file - offset);
  memcpy(buffer, file + offset, size);
  *ret_size = size;
  return FSA_OK;
}

static FsaSource source(void) {
  return (FsaSource){.context = NULL, .size = sizeof file, .read = read_from_file};
}

static uint64_t value(const uint8_t *bytes, size_t offset, size_t size) {
  uint64_t sum = 0;
  for (size_t i = 0; i < size; i++) sum |= (uint64_t)bytes[offset + i] << 8 * i;
  return sum;
}

/* ---- headers --------------------------------------------------------------------------------- */

static void headers_are_read(void **state) {
  (void)state;
  FsaPe pe;
  FsaPeSection section;
  FsaBytes head = fsa_bytes(file, sizeof file);
  assert_int_equal(fsa_pe(head, &pe), FSA_OK);
  assert_true(pe.is_64 && pe.machine == 0x8664 && pe.base == BASE && pe.entry == 0x1010);
  assert_true(pe.image_size == 0x6000 && pe.headers_size == 0x400 && pe.timestamp == 0x5F000000);
  assert_true(pe.directories[FSA_PE_RELOCATIONS].size == 24);
  assert_true(fsa_pe_section(head, &pe, 2, &section));
  assert_string_equal(section.name, ".reloc");
  assert_int_equal(section.address, 0x5000);
  assert_false(fsa_pe_section(head, &pe, 3, &section));
}

static void a_small_optional_header_has_few_directories(void **state) {
  (void)state;
  FsaPe pe;
  put(HEADER + 20, 120, 2); /* room for one */
  put(OPTIONAL + 108, 0xFFFFFFFF, 4);
  put_directory(0, 0x11, 0x22);
  assert_int_equal(fsa_pe(fsa_bytes(file, sizeof file), &pe), FSA_OK);
  assert_true(pe.directories[0].address == 0x11 && pe.directories[1].address == 0);
}

static void damaged_headers_are_refused(void **state) {
  (void)state;
  FsaPe pe = {.entry = 7};
  FsaPeSection section;
  for (size_t size = 0; size < OPTIONAL + 112; size++)
    assert_int_equal(fsa_pe(fsa_bytes(file, size), &pe), FSA_E_FORMAT);
  assert_int_equal(pe.entry, 7);
  put(60, 0xFFFFFFF0, 4);
  assert_int_equal(fsa_pe(fsa_bytes(file, sizeof file), &pe), FSA_E_FORMAT);
  put(60, HEADER, 4);
  put(HEADER + 20, 40, 2);
  assert_int_equal(fsa_pe(fsa_bytes(file, sizeof file), &pe), FSA_E_FORMAT);
  put(HEADER + 20, 0xFFFF, 2);
  assert_int_equal(fsa_pe(fsa_bytes(file, sizeof file), &pe), FSA_OK);
  assert_false(fsa_pe_section(fsa_bytes(file, sizeof file), &pe, 0, &section));
}

static void code_is_where_sections_may_execute(void **state) {
  (void)state;
  FsaPe pe;
  FsaBytes head = fsa_bytes(file, sizeof file);
  put_section(1, ".more", 0x2000, 0x1800, 0x800, 0x200, 0x60000020);
  assert_int_equal(fsa_pe(head, &pe), FSA_OK);
  assert_true(fsa_pe_is_code(head, &pe, 0x1000, 0x1000));
  assert_true(fsa_pe_is_code(head, &pe, 0x1FFF, 1)); /* behind its bytes, in its page */
  assert_true(fsa_pe_is_code(head, &pe, 0x1800, 0x2800));
  assert_false(fsa_pe_is_code(head, &pe, 0x1800, 0x2801)); /* and a byte of what follows */
  assert_false(fsa_pe_is_code(head, &pe, 0, 0x2000));
  assert_false(fsa_pe_is_code(head, &pe, 0x5000, 0x1000));
  assert_false(fsa_pe_is_code(head, &pe, 0x1000, UINT64_MAX));
}

/* ---- headers in memory ----------------------------------------------------------------------- */

static void headers_in_memory(void **state) {
  (void)state;
  uint8_t memory[0x400];
  FsaPeHeaders headers;
  FsaBytes disk = fsa_bytes(file, 0x400), loaded = fsa_bytes(memory, sizeof memory);
  memcpy(memory, file, sizeof memory);
  memory[OPTIONAL + 24] ^= 0xFF; /* the true base */
  memory[OPTIONAL + 31] ^= 0xFF;
  assert_int_equal(fsa_pe_headers(loaded, disk, &headers), FSA_OK);
  assert_false(headers.is_erased || headers.is_changed || headers.is_entry_changed);
  memory[OPTIONAL + 17] = 0x33;
  assert_int_equal(fsa_pe_headers(loaded, disk, &headers), FSA_OK);
  assert_true(!headers.is_erased && headers.is_changed && headers.is_entry_changed);
  memset(memory, 0, 2);
  assert_int_equal(fsa_pe_headers(loaded, disk, &headers), FSA_OK);
  assert_true(headers.is_erased && headers.is_changed && !headers.is_entry_changed);
  memcpy(memory, file, sizeof memory);
  memory[HEADER] = 0;
  assert_int_equal(fsa_pe_headers(loaded, disk, &headers), FSA_OK);
  assert_true(headers.is_erased);
  assert_int_equal(fsa_pe_headers(loaded, fsa_bytes(memory, 3), &headers), FSA_E_FORMAT);
}

static void managed_headers_are_rewritten(void **state) {
  (void)state;
  FsaPeHeaders headers;
  put(OPTIONAL, 0x10B, 2);
  put(OPTIONAL + 92, 16, 4);
  put(OPTIONAL + 96 + FSA_PE_MANAGED * 8 + 4, 72, 4);
  assert_int_equal(fsa_pe_headers(fsa_bytes(file, 0x400), fsa_bytes(file, 0x400), &headers),
                   FSA_E_UNSUPPORTED);
}

/* ---- the mapped image ------------------------------------------------------------------------ */

static void sections_are_mapped(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaPeImage image;
  static uint8_t bytes[0x6000];
  assert_int_equal(fsa_pe_image(source(), BASE, &arena, &image), FSA_OK);
  assert_int_equal(fsa_pe_mapped(&image, 0, bytes, sizeof bytes), FSA_OK);
  assert_memory_equal(bytes, file, 0x400);
  assert_int_equal(bytes[0x400], 0);
  assert_memory_equal(bytes + 0x1000, file + 0x400, 0x400);
  assert_int_equal(bytes[0x1400], 0);
  assert_memory_equal(bytes + 0x3000, file + 0x800, 0x200);
  assert_int_equal(value(bytes, 0x3200, 8), 0);
  fsa_arena_done(&arena);
}

static void relocations_are_applied_to_any_part(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaPeImage image;
  static uint8_t whole[0x6000], part[0x6000];
  const uint64_t base = UINT64_C(0x7FF812340000);
  put_section(0, ".text", 0x1000, 0x2000, 0x400, 0x400, 0x60000020);
  assert_int_equal(fsa_pe_image(source(), base, &arena, &image), FSA_OK);
  assert_int_equal(fsa_pe_mapped(&image, 0, whole, sizeof whole), FSA_OK);
  assert_true(value(whole, 0x1100, 8) == base + 0x3000);
  assert_true(value(whole, 0x1FFC, 8) == base - BASE); /* zero in the file */
  assert_true(value(whole, 0x3010, 4) == (uint32_t)(base + 0x3000));
  for (size_t at = 0; at < sizeof whole; at += 0x1000)
    assert_int_equal(fsa_pe_mapped(&image, (uint32_t)at, part + at, 0x1000), FSA_OK);
  assert_memory_equal(part, whole, sizeof whole);
  assert_int_equal(fsa_pe_mapped(&image, 0x1FFE, part, 3), FSA_OK);
  assert_memory_equal(part, whole + 0x1FFE, 3);
  assert_int_equal(fsa_pe_mapped(&image, UINT32_MAX - 1, part, 2), FSA_OK);
  fsa_arena_done(&arena);
}

static void changes_are_counted_without_what_loading_writes(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaPeImage image;
  FsaPeChanges changes = {0};
  uint8_t expected[0x1000], memory[0x1000];
  put_directory(FSA_PE_IMPORT_ADDRESSES, 0x1200, 16);
  assert_int_equal(fsa_pe_image(source(), BASE, &arena, &image), FSA_OK);
  assert_int_equal(fsa_pe_mapped(&image, 0x1000, expected, sizeof expected), FSA_OK);
  memcpy(memory, expected, sizeof memory);
  memset(memory + 0x200, 0xEE, 16);
  fsa_pe_changes(&image, 0x1000, memory, expected, sizeof memory, &changes);
  assert_int_equal(changes.count, 0);
  for (size_t i = 0; i < 5; i++) memory[0x300 + i] = (uint8_t)~expected[0x300 + i];
  memory[0x1FF] ^= 1;
  memory[0x210] ^= 1;
  fsa_pe_changes(&image, 0x1000, memory, expected, sizeof memory, &changes);
  assert_int_equal(changes.count, 7);
  assert_int_equal(changes.runs, 3);
  assert_int_equal(changes.first, 0x11FF);
  assert_int_equal(changes.last, 0x1304);
  fsa_arena_done(&arena);
}

/* Imports whose addresses no directory names, delayed ones, a cookie: all below .data. */
static void what_loading_writes_is_found(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaPeImage image;
  put_directory(FSA_PE_IMPORTS, 0x3020, 40);
  memset(file + 0x800, 0, 0x200);
  put(0x820, 0x3060, 4);      /* names */
  put(0x820 + 16, 0x3080, 4); /* addresses */
  put(0x860, 1, 8);
  put(0x868, 1, 8);
  put_directory(FSA_PE_DELAYED_IMPORTS, 0x30A0, 64);
  put(0x8A0, 1, 4);
  put(0x8A0 + 12, 0x3150, 4); /* addresses */
  put(0x8A0 + 16, 0x3140, 4); /* names */
  put(0x940, 7, 8);
  put_directory(FSA_PE_LOAD_CONFIG, 0x3180, 0x60);
  put(0x980, 0x60, 4);
  put(0x980 + 0x58, BASE + 0x31F0, 8);
  assert_int_equal(fsa_pe_image(source(), BASE, &arena, &image), FSA_OK);
  assert_int_equal(image.written_count, 3);
  assert_true(image.written[0].address == 0x3080 && image.written[0].size == 16);
  assert_true(image.written[1].address == 0x3150 && image.written[1].size == 8);
  assert_true(image.written[2].address == 0x31F0 && image.written[2].size == 8);
  fsa_arena_done(&arena);
}

static void hostile_tables_end(void **state) {
  (void)state;
  FsaArena arena = fsa_arena(0);
  FsaPeImage image;
  uint8_t bytes[64];
  put_directory(FSA_PE_IMPORTS, 0x1000, 0xFFFFFFFF); /* descriptors of noise */
  put_directory(FSA_PE_IMPORT_ADDRESSES, 0xFFFFFFF0, 0xFFFFFFFF);
  put(0xA04, 4, 4); /* a block smaller than its head */
  assert_int_equal(fsa_pe_image(source(), 0, &arena, &image), FSA_OK);
  assert_int_equal(fsa_pe_mapped(&image, 0x1000, bytes, sizeof bytes), FSA_OK);
  put_directory(FSA_PE_RELOCATIONS, 0x5000, 0x7FFFFFFF);
  assert_int_equal(fsa_pe_image(source(), 0, &arena, &image), FSA_E_LIMIT);
  put_section(0, "huge", 0xFFFFF000, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF);
  put_directory(FSA_PE_RELOCATIONS, 0, 0);
  assert_int_equal(fsa_pe_image(source(), 0, &arena, &image), FSA_OK);
  assert_int_equal(fsa_pe_mapped(&image, 0xFFFFFFF0, bytes, 16), FSA_OK);
  put(OPTIONAL + 32, 16, 4); /* mapped as it lies */
  assert_int_equal(fsa_pe_image(source(), 0, &arena, &image), FSA_OK);
  assert_int_equal(fsa_pe_mapped(&image, 0, bytes, sizeof bytes), FSA_OK);
  assert_memory_equal(bytes, file, sizeof bytes);
  fsa_arena_done(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(headers_are_read, make_file),
      cmocka_unit_test_setup(a_small_optional_header_has_few_directories, make_file),
      cmocka_unit_test_setup(damaged_headers_are_refused, make_file),
      cmocka_unit_test_setup(code_is_where_sections_may_execute, make_file),
      cmocka_unit_test_setup(headers_in_memory, make_file),
      cmocka_unit_test_setup(managed_headers_are_rewritten, make_file),
      cmocka_unit_test_setup(sections_are_mapped, make_file),
      cmocka_unit_test_setup(relocations_are_applied_to_any_part, make_file),
      cmocka_unit_test_setup(changes_are_counted_without_what_loading_writes, make_file),
      cmocka_unit_test_setup(what_loading_writes_is_found, make_file),
      cmocka_unit_test_setup(hostile_tables_end, make_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
