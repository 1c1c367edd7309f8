/* scoring/pack/pack_meta.c: what is read of a query is printed again, so that a case needs no pack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "pack/pack_meta.h"

static const char full[] =
    "{\"queries\":{\"fsa_x\":{\"title\":\"x\",\"pillar\":\"running\",\"platform\":\"all\","
    "\"source\":\"fsa_x\",\"family\":\"process\",\"next_step\":\"look\",\"proves\":\"it runs\","
    "\"does_not_prove\":\"more\",\"key\":[\"path\"],\"join\":[\"path\",\"pid\"],"
    "\"attack\":[\"T1055\"],\"awaits\":[\"fsa_y\"],\"whole\":true,\"tpr\":0.5,\"fpr\":0.25,"
    "\"rules\":[{\"id\":\"r1\","
    "\"where\":\"path LIKE '%\\\"a%'\",\"tpr\":0.75,\"fpr\":0.125,\"attack\":[\"T1059\",\"T1204\"],"
    "\"fixed\":true},{\"id\":\"r2\",\"where\":\"1\",\"tpr\":0,\"fpr\":0,\"attack\":[]}],"
    "\"attributes\":[{\"family\":\"path\",\"where\":\"is_x = 1\",\"frequency\":0.5}]}}}";

static const FsaQueryMeta *read_one(FsaPackMeta *meta, const char *json) {
  const char *why = NULL;
  assert_int_equal(fsa_pack_meta_read(meta, json, strlen(json), &why), FSA_OK);
  return fsa_pack_meta_find(meta, (FsaText){"fsa_x", 5});
}

static void test_prints_what_it_read(void **state) {
  (void)state;
  FsaPackMeta meta = fsa_pack_meta();
  FsaBuffer out = fsa_buffer(8192);
  fsa_buffer_puts(&out, "{\"queries\":{\"fsa_x\":");
  fsa_query_meta_print(read_one(&meta, full), &out);
  fsa_buffer_puts(&out, "}}");
  assert_string_equal(fsa_buffer_text(&out), full);
  fsa_buffer_done(&out);
  fsa_pack_meta_done(&meta);
}

static void test_reads_rules(void **state) {
  (void)state;
  FsaPackMeta meta = fsa_pack_meta();
  const FsaQueryMeta *query = read_one(&meta, full);
  assert_int_equal(query->rule_count, 2);
  assert_true(query->rules[0].is_fixed && !query->rules[1].is_fixed);
  assert_string_equal(query->rules[0].where, "path LIKE '%\"a%'");
  assert_int_equal(query->rules[0].attack_count, 2);
  assert_int_equal(query->attribute_count, 1);
  assert_true(query->attributes[0].frequency > 0.49 && query->attributes[0].frequency < 0.51);
  fsa_pack_meta_done(&meta);
}

/* Shares outside 0..1, and members of another type than theirs, say nothing. */
static void test_passes_over_nonsense(void **state) {
  (void)state;
  FsaPackMeta meta = fsa_pack_meta();
  const FsaQueryMeta *query =
      read_one(&meta, "{\"queries\":{\"fsa_x\":{\"tpr\":7,\"fpr\":\"a\",\"rules\":{},\"title\":[1],"
                      "\"attributes\":[{\"family\":\"x\",\"frequency\":0.1}]}}}");
  assert_true(query->tpr == 0 && query->fpr == 0);
  assert_int_equal(query->rule_count, 0);
  assert_int_equal(query->attribute_count, 0); /* no condition, nothing to ask */
  assert_string_equal(query->title, "");
  fsa_pack_meta_done(&meta);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_prints_what_it_read),
      cmocka_unit_test(test_reads_rules),
      cmocka_unit_test(test_passes_over_nonsense),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
