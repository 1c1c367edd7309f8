/* scoring/text/key.c: what is taken out of a value, and what must stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text/key.h"

static FsaText text(const char *data) {
  return (FsaText){data, strlen(data)};
}

static void check(const char *column, const char *value, const char *wanted) {
  FsaBuffer out = fsa_buffer(4096);
  fsa_key_put(&out, text(column), text(value));
  assert_string_equal(fsa_buffer_text(&out), wanted);
  fsa_buffer_done(&out);
}

static void paths(void **state) {
  (void)state;
  check("path", "C:\\Users\\Ada\\AppData\\x.EXE", "c:\\%USER%\\appdata\\x.exe");
  check("path", "C:\\Documents and Settings\\Ada Lovelace\\x", "c:\\%USER%\\x");
  check("path", "\\Device\\HarddiskVolume3\\Users\\Ada\\a", "\\device\\harddiskvolume3\\%USER%\\a");
  check("path", "C:\\Users\\Public\\x.exe", "c:\\users\\public\\x.exe");
  check("path", "/home/ada/.cache/X", "/%USER%/.cache/X");
  check("path", "/home/", "/home/");
  check("path", "/usr/bin/Xorg", "/usr/bin/Xorg"); /* the case of a Linux name is part of it */
  check("path", "C:", "C:");
  check("path", "", "");
}

static void numbers(void **state) {
  (void)state;
  check("name", "\\\\.\\pipe\\mojo.1234.5678.99", "\\\\.\\pipe\\mojo.{N}.{N}.99");
  check("name", "a12b", "a12b");
  check("name", "python3.11", "python3.11");
  check("name", "abc1234", "abc{N}");
  check("name", "deadbeef01", "{H}");
  check("name", "feedface", "feedface"); /* a word of letters is no number */
  check("name", "0x7f3a12345000", "0x{H}");
  check("name", "x_deadbeef01.tmp", "x_{H}.tmp");
  check("name", "deadbeef01xyz", "deadbeef01xyz");
}

static void identifiers(void **state) {
  (void)state;
  check("name", "{6f1C2a3b-0000-1111-2222-333344445555}", "{G}");
  check("name", "a-6f1c2a3b-0000-1111-2222-333344445555-b", "a-{G}-b");
  check("name", "6f1c2a3b-0000-1111-2222-33334444555", "{H}-{N}-{N}-{N}-{H}");
  check("name", "S-1-5-21-1-2-3-1001", "{S}");
  check("name", "HKU\\S-1-5-21-10-20-30-500\\Run", "hku\\{S}\\run");
  check("name", "S-1-5-18", "S-1-5-18"); /* LocalSystem is the same everywhere */
  check("name", "S-1-5-21-", "S-1-5-21-");
}

static void hashes_stay(void **state) {
  (void)state;
  check("sha256", "ABCDEF0123456789", "abcdef0123456789");
  check("file_md5", "00112233", "00112233");
  check("path", "00112233", "{H}");
}

static void numbers_alone_stay(void **state) {
  (void)state;
  check("eventid", "4104", "4104");
  check("eventid", "1102", "1102");
  check("port", "65535", "65535");
  check("value", "-32768", "-32768");
  check("value", "0", "0");
  check("value", "007", "{N}");
  check("value", "9223372036854775807", "9223372036854775807");
  check("value", "92233720368547758070", "{H}"); /* no integer has so many digits */
  check("name", "4104 ", "{N} ");
  check("name", "-", "-");
  check("name", "1.4104", "1.{N}");
}

static void separator_cannot_be_forged(void **state) {
  (void)state;
  check("name",
        "a\x1f"
        "b",
        "a?b");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths),       cmocka_unit_test(numbers),
      cmocka_unit_test(identifiers), cmocka_unit_test(separator_cannot_be_forged),
      cmocka_unit_test(hashes_stay), cmocka_unit_test(numbers_alone_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
