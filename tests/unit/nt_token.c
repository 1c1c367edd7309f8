/* formats/nt_token, and the names in formats/nt_sid: what the NT kernel answers about tokens. */
#include "formats/nt_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "formats/nt_sid.h"

#define ADDRESS UINT64_C(0x1D0000) /* where the buffer lay when it was filled */

typedef struct Answer {
  uint8_t bytes[512];
  size_t size;
} Answer;

static void put(Answer *answer, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) answer->bytes[at + i] = (uint8_t)(value >> 8 * i);
  if (answer->size < at + size) answer->size = at + size;
}

/* A SID of the authority 5 at the end; gives its offset. */
static size_t add_sid(Answer *answer, const uint32_t *parts, size_t count) {
  const size_t at = answer->size;
  put(answer, at, 1, 1);
  put(answer, at + 1, count, 1);
  put(answer, at + 2, 0, 5);
  put(answer, at + 7, 5, 1);
  for (size_t i = 0; i < count; i++) put(answer, at + 8 + 4 * i, parts[i], 4);
  return at;
}

static FsaBytes bytes_of(const Answer *answer) {
  return fsa_bytes(answer->bytes, answer->size);
}

static void assert_sid(FsaBytes sid, const char *expected) {
  char text[FSA_NT_SID_TEXT];
  size_t size;
  assert_int_equal(fsa_nt_sid_text(sid, 0, text, &size), FSA_OK);
  assert_int_equal(size, sid.size);
  assert_string_equal(text, expected);
  assert_true(fsa_nt_sid_is(sid, expected));
}

static const uint32_t system_user[] = {18}, administrators[] = {32, 544};

/* ---- users and groups ------------------------------------------------------------------------ */

static Answer a_user(void) {
  Answer answer = {.size = 16};
  put(&answer, 8, 7, 4);
  put(&answer, 0, ADDRESS + add_sid(&answer, system_user, 1), 8);
  return answer;
}

static void the_user(void **state) {
  (void)state;
  Answer answer = a_user();
  FsaNtGroup user;
  assert_int_equal(fsa_nt_token_user(bytes_of(&answer), ADDRESS, &user), FSA_OK);
  assert_sid(user.sid, "S-1-5-18");
  assert_int_equal(user.attributes, 7);
  assert_int_equal(fsa_nt_sid_last(user.sid), 18);
  for (size_t size = 0; size < answer.size; size++)
    assert_int_equal(fsa_nt_token_user(fsa_bytes(answer.bytes, size), ADDRESS, &user),
                     FSA_E_FORMAT);
}

static void a_user_who_lies_elsewhere(void **state) {
  (void)state;
  static const uint64_t pointers[] = {0, ADDRESS - 1, ADDRESS + 4, ADDRESS + 512, UINT64_MAX};
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
    Answer answer = a_user();
    FsaNtGroup user;
    put(&answer, 0, pointers[i], 8);
    assert_int_equal(fsa_nt_token_user(bytes_of(&answer), ADDRESS, &user), FSA_E_FORMAT);
  }
  Answer answer = a_user();
  FsaNtGroup user;
  put(&answer, 17, 16, 1); /* more parts than a SID can have */
  assert_int_equal(fsa_nt_token_user(bytes_of(&answer), ADDRESS, &user), FSA_E_FORMAT);
}

static void an_owner_who_may_be_missing(void **state) {
  (void)state;
  Answer answer = {.size = 8};
  FsaBytes sid;
  assert_int_equal(fsa_nt_token_owner(bytes_of(&answer), ADDRESS, &sid), FSA_OK);
  assert_int_equal(sid.size, 0);
  put(&answer, 0, ADDRESS + add_sid(&answer, administrators, 2), 8);
  assert_int_equal(fsa_nt_token_owner(bytes_of(&answer), ADDRESS, &sid), FSA_OK);
  assert_sid(sid, "S-1-5-32-544");
}

static void groups(void **state) {
  (void)state;
  Answer answer = {.size = 8 + 2 * 16};
  FsaNtGroup group;
  put(&answer, 0, 2, 4);
  put(&answer, 16, FSA_NT_GROUP_DENY_ONLY, 4);
  put(&answer, 32, FSA_NT_GROUP_ENABLED | FSA_NT_GROUP_MANDATORY, 4);
  put(&answer, 8, ADDRESS + add_sid(&answer, administrators, 2), 8);
  put(&answer, 24, ADDRESS + add_sid(&answer, system_user, 1), 8);
  assert_int_equal(fsa_nt_token_group_count(bytes_of(&answer)), 2);
  assert_int_equal(fsa_nt_token_group(bytes_of(&answer), ADDRESS, 0, &group), FSA_ROW);
  assert_sid(group.sid, "S-1-5-32-544");
  assert_int_equal(group.attributes, FSA_NT_GROUP_DENY_ONLY);
  assert_int_equal(fsa_nt_token_group(bytes_of(&answer), ADDRESS, 1, &group), FSA_ROW);
  assert_sid(group.sid, "S-1-5-18");
  assert_int_equal(fsa_nt_token_group(bytes_of(&answer), ADDRESS, 2, &group), FSA_OK);
  put(&answer, 0, UINT32_MAX, 4); /* more than there are */
  assert_int_equal(fsa_nt_token_group(bytes_of(&answer), ADDRESS, 1u << 30, &group), FSA_E_FORMAT);
  assert_int_equal(fsa_nt_token_group_count(fsa_bytes(answer.bytes, 3)), 0);
}

static void integrity_levels(void **state) {
  (void)state;
  assert_string_equal(fsa_nt_integrity_name(0), "untrusted");
  assert_string_equal(fsa_nt_integrity_name(4096), "low");
  assert_string_equal(fsa_nt_integrity_name(8192), "medium");
  assert_string_equal(fsa_nt_integrity_name(8448), "medium_plus");
  assert_string_equal(fsa_nt_integrity_name(12288), "high");
  assert_string_equal(fsa_nt_integrity_name(16384), "system");
  assert_string_equal(fsa_nt_integrity_name(UINT32_MAX), "protected");
}

/* ---- privileges ------------------------------------------------------------------------------ */

static void privileges(void **state) {
  (void)state;
  Answer answer = {.size = 0};
  FsaNtPrivilege privilege;
  put(&answer, 0, 2, 4);
  put(&answer, 4, 20, 8);
  put(&answer, 12, FSA_NT_PRIVILEGE_ENABLED, 4);
  put(&answer, 16, 29, 8);
  put(&answer, 24, FSA_NT_PRIVILEGE_ENABLED | FSA_NT_PRIVILEGE_DEFAULT, 4);
  assert_int_equal(fsa_nt_token_privilege(bytes_of(&answer), 0, &privilege), FSA_ROW);
  assert_int_equal(privilege.number, 20);
  assert_int_equal(privilege.attributes, FSA_NT_PRIVILEGE_ENABLED);
  assert_int_equal(fsa_nt_token_privilege(bytes_of(&answer), 1, &privilege), FSA_ROW);
  assert_string_equal(fsa_nt_privilege_name(privilege.number), "SeImpersonatePrivilege");
  assert_int_equal(fsa_nt_token_privilege(bytes_of(&answer), 2, &privilege), FSA_OK);
  assert_int_equal(fsa_nt_token_privilege(fsa_bytes(answer.bytes, 27), 1, &privilege),
                   FSA_E_FORMAT);
  put(&answer, 4, 64, 8); /* a number that no set has room for */
  assert_int_equal(fsa_nt_token_privilege(bytes_of(&answer), 0, &privilege), FSA_E_FORMAT);
  put(&answer, 4, UINT64_C(1) << 32 | 20, 8);
  assert_int_equal(fsa_nt_token_privilege(bytes_of(&answer), 0, &privilege), FSA_E_FORMAT);
  assert_null(fsa_nt_privilege_name(0));
  assert_string_equal(fsa_nt_privilege_name(36), "SeDelegateSessionUserImpersonatePrivilege");
  assert_null(fsa_nt_privilege_name(37));
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void statistics(void **state) {
  (void)state;
  Answer answer = {.size = 56};
  FsaNtTokenStatistics found;
  put(&answer, 0, 0x12345, 8);
  put(&answer, 8, 0x3E7, 8);
  put(&answer, 0x18, 2, 4);
  put(&answer, 0x1C, FSA_NT_DELEGATION, 4);
  put(&answer, 0x30, 0x777, 8);
  assert_int_equal(fsa_nt_token_statistics(bytes_of(&answer), &found), FSA_OK);
  assert_int_equal(found.token_id, 0x12345);
  assert_int_equal(found.logon_id, 0x3E7);
  assert_int_equal(found.modified_id, 0x777);
  assert_false(found.is_primary);
  assert_string_equal(fsa_nt_level_name(found.level), "delegation");
  assert_int_equal(fsa_nt_token_statistics(fsa_bytes(answer.bytes, 55), &found), FSA_E_FORMAT);
  put(&answer, 0x18, 3, 4); /* a kind of token that there is not */
  assert_int_equal(fsa_nt_token_statistics(bytes_of(&answer), &found), FSA_E_FORMAT);
  assert_null(fsa_nt_level_name(4));
}

static void the_source(void **state) {
  (void)state;
  static const struct {
    const char bytes[17];
    size_t size;
  } sources[] = {{"seclogo\0........", 7}, {"User32 \0........", 6}, {"Advapi  ........", 6},
                 {"NtLmSsp \0.......", 7}, {"********........", 8}, {"\0\0\0\0\0\0\0\0........", 0}};
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    FsaBytes name;
    assert_int_equal(fsa_nt_token_source(fsa_bytes(sources[i].bytes, 16), &name), FSA_OK);
    assert_int_equal(name.size, sources[i].size);
  }
  FsaBytes name;
  assert_int_equal(fsa_nt_token_source(fsa_bytes(sources[0].bytes, 7), &name), FSA_E_FORMAT);
}

static void words(void **state) {
  (void)state;
  assert_string_equal(fsa_nt_elevation_name(3), "limited");
  assert_null(fsa_nt_elevation_name(0));
  assert_string_equal(fsa_nt_logon_type_name(FSA_NT_LOGON_NEW_CREDENTIALS), "New Credentials");
  assert_string_equal(fsa_nt_logon_type_name(2), "Interactive");
  assert_null(fsa_nt_logon_type_name(1));
  assert_null(fsa_nt_logon_type_name(99));
  assert_string_equal(fsa_nt_sid_name("S-1-5-18"), "NT AUTHORITY\\SYSTEM");
  assert_string_equal(fsa_nt_sid_name("S-1-5-32-544"), "BUILTIN\\Administrators");
  assert_null(fsa_nt_sid_name("S-1-5-21-1-2-3-500"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_user),
      cmocka_unit_test(a_user_who_lies_elsewhere),
      cmocka_unit_test(an_owner_who_may_be_missing),
      cmocka_unit_test(groups),
      cmocka_unit_test(integrity_levels),
      cmocka_unit_test(privileges),
      cmocka_unit_test(statistics),
      cmocka_unit_test(the_source),
      cmocka_unit_test(words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
