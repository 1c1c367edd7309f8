/* scoring/case/row_pack.c, row_code.c and row_dictionary.c: what is packed comes back, and damage
 * is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "case/answer.h"
#include "case/row_pack.h"

#define QUERY 7

static const char known[] =
    "path\tname\tpid\nC:\\\\a\tb\t4\n\t\t\nx\t\xc3\xa4\t77\nC:\\\\a\tb\t5\n";

static FsaText text_of(const char *words) {
  return (FsaText){words, strlen(words)};
}

static FsaRowDictionaries *dictionaries_of(const char *words) {
  FsaRowDictionaries *all = fsa_row_dictionaries_new();
  FsaRowDictionary *dictionary;
  assert_int_equal(fsa_row_dictionary_new(NULL, text_of(words), &dictionary), FSA_OK);
  fsa_row_dictionaries_put(all, QUERY, dictionary);
  assert_true(fsa_row_dictionaries_memory(all) > strlen(words));
  return all;
}

static void dictionary_rows(void **state) {
  (void)state;
  FsaRowDictionaries *all = dictionaries_of(known);
  const FsaRowDictionary *rows = fsa_row_dictionaries_find(all, QUERY);
  assert_null(fsa_row_dictionaries_find(all, QUERY + 1));
  assert_int_equal(rows->count, 4);
  assert_int_equal(rows->column_count, 3);
  assert_int_equal(fsa_row_dictionary_cell(rows, 2, 2).size, 2);
  assert_memory_equal(fsa_row_dictionary_cell(rows, 2, 2).data, "77", 2);
  assert_int_equal(fsa_row_dictionary_cell(rows, 1, 1).size, 0);
  fsa_row_dictionaries_free(all);
}

/* What has grown has the rows that it had where they were. */
static void grown_dictionary(void **state) {
  (void)state;
  FsaRowDictionaries *all = dictionaries_of(known);
  const FsaRowDictionary *older = fsa_row_dictionaries_find(all, QUERY);
  FsaRowDictionary *grown, *none;
  assert_int_equal(fsa_row_dictionary_new(older, text_of("a\tb\n"), &none), FSA_E_FORMAT);
  assert_int_equal(fsa_row_dictionary_new(older, text_of("new\trow\t1\n\t\t2\n"), &grown), FSA_OK);
  assert_int_equal(grown->count, 6);
  for (uint32_t row = 0; row < older->count; row++) {
    assert_int_equal(grown->rows[row].size, older->rows[row].size);
    assert_memory_equal(grown->rows[row].data, older->rows[row].data, older->rows[row].size);
  }
  fsa_row_dictionaries_put(all, QUERY, grown); /* the older one is gone */
  assert_memory_equal(fsa_row_dictionary_cell(grown, 4, 1).data, "row", 3);
  assert_int_equal(fsa_row_dictionary_cell(grown, 2, 2).size, 2);
  assert_int_equal(fsa_row_dictionary_cell(grown, 5, 0).size, 0);
  fsa_row_dictionaries_free(all);
}

static void damaged_dictionaries(void **state) {
  (void)state;
  static const char *const damaged[] = {"",          "path",       "\n\n",          "a\tb\nc\n",
                                        "a\nb\tc\n", "a\tb\nc\td", "a\tb\nc\td\n\n"};
  FsaRowDictionary *dictionary;
  for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
    assert_int_equal(fsa_row_dictionary_new(NULL, text_of(damaged[i]), &dictionary), FSA_E_FORMAT);
}

/* Rows of nothing but tabs, which take more memory than they have bytes. */
static void hostile_dictionary(void **state) {
  (void)state;
  FsaBuffer text = fsa_buffer(FSA_MAX_DICTIONARY_BYTES);
  FsaRowDictionary *dictionary;
  for (size_t line = 0; text.size < FSA_MAX_DICTIONARY_BYTES / 2; line++) {
    fsa_buffer_puts(&text, line ? "" : "a");
    for (int i = 0; i < 255; i++) fsa_buffer_putc(&text, '\t');
    fsa_buffer_putc(&text, '\n');
  }
  FsaText all = {text.data, text.size}, some = {text.data, 257 + 256 * 100};
  assert_int_equal(fsa_row_dictionary_new(NULL, all, &dictionary), FSA_E_LIMIT);
  assert_int_equal(fsa_row_dictionary_new(NULL, some, &dictionary), FSA_OK);
  fsa_row_dictionary_unref(dictionary);
  fsa_buffer_done(&text);
}

/* Codes a row as what differs from row `like`. */
static void code_row(FsaRowCode *code, const FsaRowDictionary *rows, uint32_t like,
                     const char *const *words, FsaBuffer *lines) {
  FsaText values[3];
  bool same[3];
  for (size_t i = 0; i < 3; i++) {
    FsaText other = fsa_row_dictionary_cell(rows, like, i);
    values[i] = text_of(words[i]);
    same[i] = values[i].size == other.size && !memcmp(values[i].data, other.data, other.size);
  }
  fsa_row_code_row(code, rows, like, values, same, lines);
}

/* Packs an answer with a row of each kind; gives its text. */
static const char *pack_rows(const FsaRowDictionary *rows, FsaBuffer *packed) {
  static const char *const unlike[] = {"C:\\\\c", "", "6"};
  static const char *const like[] = {"x", "\xc3\xa4", "78"}, *const same[] = {"C:\\\\a", "b", "4"};
  static const char first[] = "\x1epath\tname\tpid\n\x1d"
                              "1000\t+\nnew\trow\t1\n";
  FsaRowCode code = fsa_row_code();
  FsaBuffer lines = fsa_buffer(4096);
  fsa_buffer_puts(&lines, first);
  fsa_row_code_lines(&code, 3, strlen(first));
  code_row(&code, rows, 2, like, &lines);
  code_row(&code, rows, 3, unlike, &lines);
  code_row(&code, rows, 0, same, &lines);
  code_row(&code, rows, 1, same, &lines);
  FsaRowPacker *packer = fsa_row_packer_new();
  FsaText text = {lines.data, lines.size};
  assert_int_equal(fsa_rows_pack_code(packer, QUERY, &code, text, packed), FSA_OK);
  fsa_row_packer_free(packer);
  fsa_buffer_done(&lines);
  fsa_buffer_done(&code.marks);
  return "\x1epath\tname\tpid\n\x1d"
         "1000\t+\nnew\trow\t1\nx\t\xc3\xa4\t78\nC:\\\\c\t\t6\n"
         "C:\\\\a\tb\t4\nC:\\\\a\tb\t4\n";
}

static void coded_text(void **state) {
  (void)state;
  FsaRowDictionaries *all = dictionaries_of(known);
  FsaBuffer packed = fsa_buffer(4096), out = fsa_buffer(4096);
  const char *wanted = pack_rows(fsa_row_dictionaries_find(all, QUERY), &packed);
  FsaRowUnpacker *unpacker = fsa_row_unpacker_new(all);
  for (size_t again = 0; again < 2; again++) { /* behind what is there already */
    assert_int_equal(fsa_rows_unpack(unpacker, fsa_bytes(packed.data, packed.size), &out), FSA_OK);
    assert_int_equal(out.size, (again + 1) * strlen(wanted));
    assert_memory_equal(out.data + again * strlen(wanted), wanted, strlen(wanted));
  }
  fsa_row_unpacker_free(unpacker);
  fsa_row_dictionaries_free(all);
  fsa_buffer_done(&packed);
  fsa_buffer_done(&out);
}

static void plain_text(void **state) {
  (void)state;
  FsaRowDictionaries *none = fsa_row_dictionaries_new();
  FsaRowUnpacker *unpacker = fsa_row_unpacker_new(none);
  FsaRowPacker *packer = fsa_row_packer_new();
  FsaBuffer packed = fsa_buffer(4096), out = fsa_buffer(4096);
  assert_int_equal(fsa_rows_pack(packer, text_of(known), &packed), FSA_OK);
  assert_int_equal(fsa_rows_unpack(unpacker, fsa_bytes(packed.data, packed.size), &out), FSA_OK);
  assert_string_equal(fsa_buffer_text(&out), known);
  assert_int_equal(fsa_rows_unpack(unpacker, fsa_bytes(packed.data, 3), &out), FSA_E_FORMAT);
  fsa_row_unpacker_free(unpacker);
  fsa_row_packer_free(packer);
  fsa_row_dictionaries_free(none);
  fsa_buffer_done(&packed);
  fsa_buffer_done(&out);
}

/* A case that lies in evidence may be damaged anywhere. */
static void damaged_packs(void **state) {
  (void)state;
  FsaRowDictionaries *all = dictionaries_of(known),
                     *less = dictionaries_of("path\tname\tpid\n\t\t\n");
  FsaBuffer packed = fsa_buffer(4096), out = fsa_buffer(1u << 20);
  pack_rows(fsa_row_dictionaries_find(all, QUERY), &packed);
  FsaRowUnpacker *unpacker = fsa_row_unpacker_new(all), *poor = fsa_row_unpacker_new(less);
  assert_int_equal(fsa_rows_unpack(poor, fsa_bytes(packed.data, packed.size), &out), FSA_E_FORMAT);
  for (size_t size = 0; size < packed.size; size++) {
    char *cut = malloc(size + 1);
    memcpy(cut, packed.data, size);
    assert_int_equal(fsa_rows_unpack(unpacker, fsa_bytes(cut, size), &out), FSA_E_FORMAT);
    free(cut);
  }
  for (size_t at = 0; at < packed.size; at++)
    for (unsigned bit = 0; bit < 8; bit++) {
      packed.data[at] = (char)(packed.data[at] ^ 1 << bit);
      fsa_buffer_clear(&out);
      int result = fsa_rows_unpack(unpacker, fsa_bytes(packed.data, packed.size), &out);
      assert_true(result == FSA_OK || result < 0);
      packed.data[at] = (char)(packed.data[at] ^ 1 << bit);
    }
  fsa_row_unpacker_free(unpacker);
  fsa_row_unpacker_free(poor);
  fsa_row_dictionaries_free(all);
  fsa_row_dictionaries_free(less);
  fsa_buffer_done(&packed);
  fsa_buffer_done(&out);
}

typedef struct Damage {
  const char *marks;
  size_t mark_size;
  const char *lines;
  size_t text_size;
} Damage;

/* Codes that no writer makes: steps outside, values that are missing, sizes that lie. */
static void damaged_codes(void **state) {
  (void)state;
  static const Damage damages[] = {
      {"\x00", 1, "", 1},       {"\x00", 1, "a", 1},
      {"\x00", 1, "a\n", 1},    {"\x00", 1, "a\n", 3},
      {"\x00", 1, "a\nb\n", 2}, {"\x01", 1, "", 11},
      {"\x01\x02", 2, "", 11},  {"\x09\x00", 2, "", 11},
      {"\x02\x00", 2, "", 11},  {"\x80\x80\x80\x80\x80\x80\x01\x00", 8, "", 11},
      {"\xff\xff", 2, "", 11},  {"\x01\x00", 2, "", 9},
      {"\x01\x00", 2, "", 12},  {"\x01\x00", 2, "a\n", 11},
  };
  FsaRowDictionaries *all = dictionaries_of(known);
  const FsaRowDictionary *rows = fsa_row_dictionaries_find(all, QUERY);
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    FsaBuffer out = fsa_buffer(4096);
    FsaText marks = {damages[i].marks, damages[i].mark_size}, lines = text_of(damages[i].lines);
    assert_int_equal(fsa_row_code_text(rows, marks, lines, damages[i].text_size, &out),
                     FSA_E_FORMAT);
    fsa_buffer_done(&out);
  }
  FsaBuffer out = fsa_buffer(4096);
  FsaText good = {"\x01\x00", 2};
  assert_int_equal(fsa_row_code_text(rows, good, text_of(""), 10, &out), FSA_OK);
  assert_string_equal(fsa_buffer_text(&out), "C:\\\\a\tb\t4\n");
  fsa_buffer_done(&out);
  fsa_row_dictionaries_free(all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dictionary_rows),      cmocka_unit_test(grown_dictionary),
      cmocka_unit_test(damaged_dictionaries), cmocka_unit_test(hostile_dictionary),
      cmocka_unit_test(coded_text),           cmocka_unit_test(plain_text),
      cmocka_unit_test(damaged_packs),        cmocka_unit_test(damaged_codes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
