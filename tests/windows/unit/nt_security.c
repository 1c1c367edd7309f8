/* formats/nt_security against the system's own conversion of descriptors, there and back. */
#include "formats/nt_security.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <windows.h>

#include <sddl.h>

/* Of services, pipes, files and keys; each as Windows prints it. */
static const char *const texts[] = {
    "D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)(A;;CCLCSWLOCRRC;;;IU)",
    "O:SYG:SYD:(A;;CCLCSWRPLORC;;;AU)(D;;WP;;;WD)S:(AU;FA;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)",
    "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1-2-3-1001)",
    "O:BAG:BAD:AI(A;OICIID;FA;;;SY)(A;OICIIOID;GA;;;CO)(A;ID;FR;;;BU)",
    "D:(A;CI;KA;;;BA)(A;CI;KR;;;BU)(A;;0x100001;;;WD)",
    "D:(A;;GRGW;;;NS)(A;;GX;;;LS)",
    "O:S-1-5-21-1-2-3-1001G:BUD:",
};

static void texts_there_and_back(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    PSECURITY_DESCRIPTOR descriptor;
    ULONG size;
    FsaArena arena = fsa_arena(0);
    FsaText ours;
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorA(texts[i], SDDL_REVISION_1,
                                                                     &descriptor, &size));
    assert_int_equal(fsa_nt_sddl(fsa_bytes(descriptor, size), &arena, &ours), FSA_OK);
    assert_string_equal(ours.data, texts[i]);
    LocalFree(descriptor);
    fsa_arena_done(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(texts_there_and_back)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
