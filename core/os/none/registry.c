/* No registry. */
#include "os/registry.h"

int fsa_os_key_open(FsaOs *os, FsaBytes path, bool follows, FsaOsKey **ret_key) {
  (void)os, (void)path, (void)follows, (void)ret_key;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_key_close(FsaOsKey *key) {
  (void)key;
}

int fsa_os_key_facts(FsaOsKey *key, FsaArena *arena, FsaOsKeyFacts *ret_facts) {
  (void)key, (void)arena, (void)ret_facts;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_subkey(FsaOsKey *key, uint32_t index, FsaArena *arena, FsaOsKeyFacts *ret_facts) {
  (void)key, (void)index, (void)arena, (void)ret_facts;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_key_value(FsaOsKey *key, uint32_t index, FsaArena *arena, FsaOsKeyValue *ret_value) {
  (void)key, (void)index, (void)arena, (void)ret_value;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_key_value_named(FsaOsKey *key, FsaBytes name, FsaArena *arena,
                           FsaOsKeyValue *ret_value) {
  (void)key, (void)name, (void)arena, (void)ret_value;
  return FSA_E_UNSUPPORTED;
}
