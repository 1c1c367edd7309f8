/* Native paths as users know them. */
#include "formats/nt_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const FsaNtDrive drives[] = {
    {'C', {"\\Device\\HarddiskVolume1", 23}},
    {'D', {"\\Device\\HarddiskVolume12", 24}},
    {'S', {"\\??\\C:\\data", 11}}, /* subst */
};

static void shows(const char *native, const char *expected) {
  FsaArena arena = fsa_arena(0);
  FsaText path, text = {native, strlen(native)}, root = {"C:\\Windows", 10};
  assert_int_equal(fsa_nt_path(text, drives, 3, root, &arena, &path), FSA_OK);
  assert_int_equal(path.size, strlen(expected));
  assert_memory_equal(path.data, expected, path.size);
  fsa_arena_done(&arena);
}

static void devices_become_letters(void **state) {
  (void)state;
  shows("\\Device\\HarddiskVolume1\\Windows\\x.dll", "C:\\Windows\\x.dll");
  shows("\\device\\harddiskvolume12\\x", "D:\\x");
  shows("\\Device\\HarddiskVolume1", "C:");
  shows("\\Device\\HarddiskVolume2\\x", "\\Device\\HarddiskVolume2\\x");
  shows("\\Device\\HarddiskVolume123\\x", "\\Device\\HarddiskVolume123\\x");
}

static void links_of_the_object_manager(void **state) {
  (void)state;
  shows("\\??\\C:\\windows\\x.dll", "C:\\windows\\x.dll");
  shows("\\\\?\\c:\\x", "c:\\x");
  shows("\\??\\UNC\\server\\share\\x", "\\\\server\\share\\x");
  shows("\\SystemRoot\\System32\\x.sys", "C:\\Windows\\System32\\x.sys");
  shows("\\SystemRootX\\x", "\\SystemRootX\\x");
  shows("\\??\\pipe\\x", "\\??\\pipe\\x");
}

static void files_of_other_machines(void **state) {
  (void)state;
  shows("\\Device\\Mup\\server\\share\\x.exe", "\\\\server\\share\\x.exe");
  shows("\\Device\\Mup\\;LanmanRedirector\\;Z:0000000000012345\\server\\share\\x",
        "\\\\server\\share\\x");
  shows("\\Device\\LanmanRedirector\\;Z:1\\server\\share", "\\\\server\\share");
  shows("\\Device\\Mup", "\\Device\\Mup");
}

static void what_is_no_path_stays(void **state) {
  (void)state;
  shows("", "");
  shows("\\", "\\");
  shows("C:\\x", "C:\\x");
  shows("\\??\\", "\\??\\");
}

static void name_is(const char *path, const char *expected) {
  FsaText name = fsa_nt_path_name((FsaText){path, strlen(path)});
  assert_int_equal(name.size, strlen(expected));
  assert_memory_equal(name.data, expected, name.size);
}

static void names(void **state) {
  (void)state;
  name_is("C:\\Windows\\x.dll", "x.dll");
  name_is("C:\\a/b", "b");
  name_is("x", "x");
  name_is("C:\\", "");
  assert_null(fsa_nt_path_name((FsaText){NULL, 0}).data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(devices_become_letters),
      cmocka_unit_test(links_of_the_object_manager),
      cmocka_unit_test(files_of_other_machines),
      cmocka_unit_test(what_is_no_path_stays),
      cmocka_unit_test(names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
