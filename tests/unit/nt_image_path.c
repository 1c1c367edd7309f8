/* formats/nt_image_path: the spellings of ImagePath that real hives hold, and stranger ones. */
#include "formats/nt_image_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_path(const char *image, bool is_driver, const char *expected) {
  FsaArena arena = fsa_arena(0);
  FsaText path;
  assert_int_equal(fsa_nt_image_path((FsaText){image, strlen(image)}, is_driver,
                                  (FsaText){"D:\\WINNT", 8}, &arena, &path),
                   FSA_OK);
  if (expected) {
    assert_int_equal(path.size, strlen(expected));
    assert_memory_equal(path.data, expected, path.size);
  } else {
    assert_null(path.data);
  }
  fsa_arena_done(&arena);
}

static void commands_of_services(void **state) {
  (void)state;
  assert_path("C:\\a\\b.exe", false, "C:\\a\\b.exe");
  assert_path("\"C:\\Program Files\\x y\\z.exe\" -k \"a b\"", false,
              "C:\\Program Files\\x y\\z.exe");
  assert_path("%SystemRoot%\\system32\\svchost.exe -k netsvcs", false,
              "D:\\WINNT\\system32\\svchost.exe");
  assert_path("%systemroot%\\x.EXE", false, "D:\\WINNT\\x.EXE");
  assert_path("C:\\Program Files\\My App\\a.exe /service", false,
              "C:\\Program Files\\My App\\a.exe");
  assert_path("C:\\odd.exe.d\\x.exe -a", false, "C:\\odd.exe.d\\x.exe");
  assert_path("%ProgramFiles%\\V\\v.exe", false, "D:\\Program Files\\V\\v.exe");
  assert_path("%ProgramFiles(x86)%\\V\\v.exe", false, "D:\\Program Files (x86)\\V\\v.exe");
  assert_path("%ProgramData%\\v.exe", false, "D:\\ProgramData\\v.exe");
  assert_path("%SystemDrive%\\v.exe", false, "D:\\v.exe");
  assert_path("%APPDATA%\\v.exe", false, "%APPDATA%\\v.exe");
  assert_path("\\??\\C:\\x\\y.exe -s", false, "C:\\x\\y.exe");
  assert_path("system32\\x.exe", false, "D:\\WINNT\\system32\\x.exe");
  assert_path("  C:\\x.exe  ", false, "C:\\x.exe");
  assert_path("cmd /c start C:\\x.bat", false, "cmd");
  assert_path("\\\\server\\share\\x.exe /a", false, "\\\\server\\share\\x.exe");
  assert_path("\"C:\\unended", false, "C:\\unended");
}

static void paths_of_drivers(void **state) {
  (void)state;
  assert_path("\\SystemRoot\\System32\\drivers\\a.sys", true,
              "D:\\WINNT\\System32\\drivers\\a.sys");
  assert_path("system32\\DRIVERS\\b c.sys", true, "D:\\WINNT\\system32\\DRIVERS\\b c.sys");
  assert_path("\\??\\C:\\Program Files\\V M\\c.sys", true, "C:\\Program Files\\V M\\c.sys");
  assert_path("\\WINDOWS\\system32\\ntoskrnl.exe", true, "D:\\WINDOWS\\system32\\ntoskrnl.exe");
  assert_path("\\Device\\HarddiskVolume9\\x.sys", true, "\\Device\\HarddiskVolume9\\x.sys");
  assert_path("SysWOW64\\d.sys", true, "D:\\WINNT\\SysWOW64\\d.sys");
  assert_path("%SystemRoot%\\e.sys", true, "D:\\WINNT\\e.sys");
  assert_path("f.sys", true, "f.sys");
}

static void nothing(void **state) {
  (void)state;
  assert_path("", false, NULL);
  assert_path("   ", false, NULL);
  assert_path("\"\"", false, NULL);
  assert_path("", true, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(commands_of_services),
      cmocka_unit_test(paths_of_drivers),
      cmocka_unit_test(nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
