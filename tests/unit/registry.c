/* The registry over the hosts that tests/evidence/make_folders.py makes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/evidence.h"
#include "evidence/registry.h"

#define FIXTURES FSA_BUILD_DIR "/evidence/folders/"
#define BOB "HKU\\S-1-5-21-1004336348-1177238915-682003330-1001"

typedef struct Host {
  FsaEvidence *evidence;
  FsaRegistry *registry;
  FsaArena arena;
  int problems, last_code;
  char last_source[256];
} Host;

static void tell(void *context, int code, const char *source, uint64_t offset,
                 const char *message) {
  Host *host = context;
  (void)offset;
  assert_true(code < 0 && message[0]);
  host->problems++;
  host->last_code = code;
  snprintf(host->last_source, sizeof host->last_source, "%s", source);
}

static void open_host(Host *host, const char *name) {
  char path[1024];
  FsaError error;
  memset(host, 0, sizeof *host);
  snprintf(path, sizeof path, "%s%s", FIXTURES, name);
  if (fsa_evidence_open(path, &host->evidence, &error) != FSA_OK)
    fail_msg("%s (tests/evidence/make_folders.py makes it)", error.message);
  assert_int_equal(fsa_registry_open(host->evidence, tell, host, &host->registry), FSA_OK);
}

static void close_host(Host *host) {
  fsa_registry_close(host->registry);
  fsa_evidence_close(host->evidence);
  fsa_arena_done(&host->arena);
}

static int find(Host *host, const char *path) {
  FsaRegKey key;
  return fsa_registry_find(host->registry, path, &host->arena, &key);
}

/* The decoded value at a path; NULL when it is not there. */
static const char *value_at(Host *host, const char *path, const char *name) {
  FsaRegKey key;
  FsaRegValue value;
  if (fsa_registry_find(host->registry, path, &host->arena, &key) != FSA_OK) return NULL;
  if (fsa_registry_value(host->registry, key, name, &host->arena, &value) != FSA_OK) return NULL;
  return fsa_registry_decode(&value, &host->arena).data;
}

static void test_machine_hives(void **state) {
  (void)state;
  Host host;
  open_host(&host, "volume");
  assert_int_equal(fsa_registry_machine_count(host.registry), 4);
  assert_int_equal(find(&host, "HKLM\\SYSTEM"), FSA_OK);
  assert_int_equal(find(&host, "\\hkey_local_machine\\software\\MICROSOFT\\"), FSA_OK);
  assert_int_equal(find(&host, "HKLM\\{AMCACHE}\\Root\\InventoryApplicationFile"), FSA_OK);
  assert_int_equal(find(&host, "HKCR"), FSA_OK);
  assert_int_equal(find(&host, "HKU\\S-1-5-18\\Software"), FSA_OK);
  assert_int_equal(find(&host, "HKU\\.DEFAULT\\Software"), FSA_OK);
  assert_int_equal(find(&host, "HKLM"), FSA_E_ABSENT);
  assert_int_equal(find(&host, "HKLM\\SYSTEMX"), FSA_E_ABSENT);
  assert_int_equal(find(&host, "HKLM\\SAM"), FSA_E_ABSENT);
  assert_int_equal(find(&host, ""), FSA_E_ABSENT);
  assert_int_equal(host.problems, 0); /* and no profile was looked for */
  close_host(&host);
}

static void test_current_control_set(void **state) {
  (void)state;
  Host host;
  FsaRegKey current, second, system;
  open_host(&host, "volume");
  assert_int_equal(
      fsa_registry_find(host.registry, "HKLM\\SYSTEM\\CurrentControlSet", &host.arena, &current),
      FSA_OK);
  assert_int_equal(
      fsa_registry_find(host.registry, "HKLM\\SYSTEM\\ControlSet002", &host.arena, &second),
      FSA_OK);
  assert_int_equal(current.handle, second.handle);
  assert_int_equal(fsa_registry_find(host.registry, "HKLM\\SYSTEM", &host.arena, &system), FSA_OK);
  assert_int_equal(fsa_registry_find_below(host.registry, system, "currentcontrolset\\Control",
                                           &host.arena, &current),
                   FSA_OK);
  close_host(&host);
}

static void test_users_by_sid(void **state) {
  (void)state;
  Host host;
  open_host(&host, "volume");
  assert_string_equal(value_at(&host, BOB "\\Environment", "OneDrive"), "bob");
  assert_string_equal(value_at(&host, BOB "_Classes\\Local Settings\\Software", "owner"), "bob");
  assert_string_equal(value_at(&host, "HKU\\S-1-5-19\\Environment", "OneDrive"), "localservice");
  assert_string_equal(value_at(&host, "HKU\\Default\\Environment", "OneDrive"), "template");
  assert_string_equal(value_at(&host, "HKU\\mallory\\Environment", "OneDrive"), "mallory");
  assert_int_equal(host.problems, 1); /* nobody knows mallory's SID */
  assert_int_equal(host.last_code, FSA_E_ABSENT);
  assert_non_null(strstr(host.last_source, "mallory"));
  close_host(&host);
}

static void test_a_profile_on_another_drive(void **state) {
  (void)state;
  Host host;
  open_host(&host, "kape");
  assert_string_equal(value_at(&host,
                               "HKU\\S-1-5-21-1004336348-1177238915-682003330-1002\\Environment",
                               "OneDrive"),
                      "eve");
  close_host(&host);
}

static void test_windows_xp(void **state) {
  (void)state;
  Host host;
  open_host(&host, "xp");
  const char *alice = "HKU\\S-1-5-21-1004336348-1177238915-682003330-500\\Environment";
  assert_string_equal(value_at(&host, alice, "OneDrive"), "alice");
  assert_int_equal(fsa_registry_root_count(host.registry), 4);
  assert_int_equal(host.problems, 0);
  close_host(&host);
}

static void test_logs_are_replayed_or_missed(void **state) {
  (void)state;
  Host host;
  open_host(&host, "dirty");
  assert_int_equal(find(&host, "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Late"), FSA_OK);
  assert_int_equal(find(&host, "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Early"), FSA_E_ABSENT);
  assert_int_equal(host.problems, 0);
  close_host(&host);
  open_host(&host, "stale");
  assert_int_equal(find(&host, "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Early"), FSA_OK);
  assert_int_equal(host.problems, 1);
  assert_int_equal(host.last_code, FSA_E_STALE);
  close_host(&host);
}

static void test_loose_hives_find_their_place(void **state) {
  (void)state;
  static const char *const paths[] = {
      "HKLM\\SYSTEM\\Select",      "HKLM\\SYSTEM (2)\\Select",
      "HKLM\\SOFTWARE\\Microsoft", "HKLM\\{AMCACHE}\\Root",
      "HKU\\user.dat\\Software",   "HKU\\classes.dat_Classes\\Local Settings",
      "HKLM\\odd.hiv\\Values",
  };
  Host host;
  open_host(&host, "loose");
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    assert_int_equal(find(&host, paths[i]), FSA_OK);
  assert_int_equal(host.problems, 1); /* the file called SAM is no hive */
  assert_int_equal(host.last_code, FSA_E_FORMAT);
  close_host(&host);
}

static void test_values_of_every_type(void **state) {
  (void)state;
  static const char *const expected[][2] = {
      {"", "the default value"},
      {"text", "C:\\x.exe"},
      {"expand", "%TEMP%\\x"},
      {"empty", ""},
      {"hidden tail", "seen"},
      {"odd size", "a"},
      {"nul\xe2\x90\x80name", "x"},
      {"binary", "000102030405060708090a0b0c0d0e0f10111213"},
      {"none", ""},
      {"dword", "4294967294"},
      {"short dword", "0102"},
      {"big endian", "258"},
      {"qword", "9223372036854775808"},
      {"link", "\\Registry\\Machine\\X"},
      {"multi", "[\"a \\\"b\\\"\",\"\",\"c\"]"},
      {"multi empty", "[]"},
      {"unknown type", "ff"},
  };
  Host host;
  open_host(&host, "loose");
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    const char *text = value_at(&host, "HKLM\\odd.hiv\\Values", expected[i][0]);
    if (!text) fail_msg("no value '%s'", expected[i][0]);
    assert_string_equal(text, expected[i][1]);
  }
  assert_string_equal(fsa_registry_type_name(FSA_REG_QWORD, &host.arena), "REG_QWORD");
  assert_string_equal(fsa_registry_type_name(0xFFFF0012, &host.arena), "0xffff0012");
  close_host(&host);
}

static void test_deleted_keys_come_when_asked_for(void **state) {
  (void)state;
  Host host;
  FsaRegKey root, *keys, values_key;
  FsaRegValue *values;
  size_t live, all;
  open_host(&host, "loose");
  assert_int_equal(fsa_registry_find(host.registry, "HKLM\\odd.hiv", &host.arena, &root), FSA_OK);
  assert_int_equal(fsa_registry_subkeys(host.registry, root, false, &host.arena, &keys, &live),
                   FSA_OK);
  assert_int_equal(fsa_registry_subkeys(host.registry, root, true, &host.arena, &keys, &all),
                   FSA_OK);
  assert_int_equal(all, live + 1);
  FsaRegKeyInfo info;
  assert_int_equal(fsa_registry_key_info(host.registry, keys[live], &host.arena, &info), FSA_OK);
  assert_string_equal(info.name.data, "Gone");
  assert_true(info.is_deleted);
  assert_int_equal(
      fsa_registry_find(host.registry, "HKLM\\odd.hiv\\Values", &host.arena, &values_key), FSA_OK);
  assert_int_equal(
      fsa_registry_values(host.registry, values_key, false, &host.arena, &values, &live), FSA_OK);
  assert_int_equal(fsa_registry_values(host.registry, values_key, true, &host.arena, &values, &all),
                   FSA_OK);
  assert_int_equal(all, live + 1);
  assert_true(values[live].is_deleted);
  close_host(&host);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void *ask_from_a_thread(void *context) {
  Host *host = context;
  FsaRegKey key;
  FsaArena arena = fsa_arena(0);
  static const char set[] = "HKLM\\SYSTEM\\CurrentControlSet";
  uintptr_t failures = 0;
  for (int i = 0; i < 50; i++) {
    failures += fsa_registry_find(host->registry, BOB "\\Environment", &arena, &key) != FSA_OK;
    failures += fsa_registry_find(host->registry, set, &arena, &key) != FSA_OK;
    failures += fsa_registry_root_count(host->registry) != 9;
  }
  fsa_arena_done(&arena);
  return (void *)failures;
}

static void test_threads_share_one_registry(void **state) {
  (void)state;
  Host host;
  pthread_t threads[4];
  open_host(&host, "volume");
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask_from_a_thread, &host), 0);
  for (size_t i = 0; i < 4; i++) {
    void *failures;
    pthread_join(threads[i], &failures);
    assert_null(failures);
  }
  assert_int_equal(host.problems, 1);
  close_host(&host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_machine_hives),
      cmocka_unit_test(test_current_control_set),
      cmocka_unit_test(test_users_by_sid),
      cmocka_unit_test(test_a_profile_on_another_drive),
      cmocka_unit_test(test_windows_xp),
      cmocka_unit_test(test_logs_are_replayed_or_missed),
      cmocka_unit_test(test_loose_hives_find_their_place),
      cmocka_unit_test(test_values_of_every_type),
      cmocka_unit_test(test_deleted_keys_come_when_asked_for),
      cmocka_unit_test(test_threads_share_one_registry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
