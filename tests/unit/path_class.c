/* scoring/pack/path_class.c and near_name.c: places and names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "pack/near_name.h"
#include "pack/path_class.h"

static FsaText text_of(const char *text) {
  return (FsaText){text, strlen(text)};
}

static void test_places(void **state) {
  (void)state;
  static const struct {
    const char *path, *name;
  } cases[] = {
      {"C:\\Windows\\System32\\a.exe", "system"},
      {"\\Device\\HarddiskVolume3\\Windows\\a.exe", "system"},
      {"\\SystemRoot\\System32\\drivers\\a.sys", "system"},
      {"%SystemRoot%\\a.exe", "system"},
      {"c:\\program files (x86)\\a\\b.exe", "program"},
      {"C:\\ProgramData\\a.exe", "data"},
      {"C:\\Users\\Public\\a.exe", "data"},
      {"C:\\Users\\eve\\a.exe", "user"},
      {"c:\\%user%\\a.exe", "user"}, /* as keys have it */
      {"C:\\Users\\eve\\AppData\\Local\\Temp\\a.exe", "temp"},
      {"C:\\$Recycle.Bin\\x\\a.exe", "temp"},
      {"\\\\server\\share\\a.exe", "network"},
      {"/usr/bin/a", "system"},
      {"/usr/local/bin/a", "program"},
      {"/home/eve/a", "user"},
      {"/%USER%/a", "user"},
      {"/dev/shm/a", "temp"},
      {"/memfd:a (deleted)", "memory"},
      {"memfd:a", "memory"},
      {"/data/a", "other"},
      {"D:\\a.exe", "other"},
      {"a.exe", ""},
      {"\\\\.\\pipe\\a", ""},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(fsa_path_class_name(fsa_path_class(text_of(cases[i].path))), cases[i].name);
}

static void image(const char *command, const char *wanted) {
  FsaText found = fsa_path_image(text_of(command));
  assert_int_equal(found.size, strlen(wanted));
  assert_memory_equal(found.data, wanted, found.size);
}

static void test_images(void **state) {
  (void)state;
  image("\"C:\\a b\\c.exe\" -k x.exe", "C:\\a b\\c.exe");
  image("C:\\a b\\c.exe -k x", "C:\\a b\\c.exe");
  image("C:\\a.exe.config\\b.dll,Start", "C:\\a.exe.config\\b.dll");
  image("\\?"
        "?\\C:\\a.sys",
        "C:\\a.sys");
  image("/usr/bin/a --b", "/usr/bin/a");
  image("/memfd:a (deleted)", "/memfd:a (deleted)");
  image("C:\\a b\\c", "C:\\a b\\c");
  image("\"", "\"");
  image("", "");
}

static void test_near_names(void **state) {
  (void)state;
  static const char *const near[] = {"svch0st.exe",   "C:\\x\\SVCHOSTS.EXE",
                                     "scvhost.exe",   "lsas.exe",
                                     "explorerr.exe", "/usr/lib/systemd-journalb"};
  static const char *const far[] = {
      "svchost.exe", "C:\\Windows\\explorer.exe", "setup.exe", "", "cmdd.exe.exe", "a"};
  for (size_t i = 0; i < sizeof near / sizeof *near; i++)
    assert_true(fsa_is_near_system_name(text_of(near[i])));
  for (size_t i = 0; i < sizeof far / sizeof *far; i++)
    assert_false(fsa_is_near_system_name(text_of(far[i])));
}

static void test_vendors(void **state) {
  (void)state;
  assert_string_equal(fsa_vendor_token(text_of("C:\\ProgramData\\Adobe\\a.exe")), "adobe");
  assert_string_equal(fsa_vendor_token(text_of("microsoft")), "microsoft");
  assert_null(fsa_vendor_token(text_of("C:\\JetBrains\\IntelliJ\\idea.exe")));
  assert_null(fsa_vendor_token(text_of("")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_images),
      cmocka_unit_test(test_near_names),
      cmocka_unit_test(test_vendors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
