/* No object directories. None can be listed, so nothing below is ever opened. */
#include "os/object_directory.h"

int fsa_os_objects(FsaOs *os, FsaArena *arena, FsaOsObjects *ret_objects) {
  (void)os;
  (void)arena;
  (void)ret_objects;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_object_open(FsaOs *os, const FsaOsObject *object, FsaArena *arena,
                       FsaOsOpenObject **ret_object) {
  (void)os;
  (void)object;
  (void)arena;
  (void)ret_object;
  return FSA_E_UNSUPPORTED;
}

void fsa_os_object_close(FsaOsOpenObject *object) {
  (void)object;
}

int64_t fsa_os_object_handle(const FsaOsOpenObject *object) {
  (void)object;
  return -1;
}

int fsa_os_object_state(FsaOsOpenObject *object, FsaArena *arena, FsaOsObjectState *ret_state) {
  (void)object;
  (void)arena;
  (void)ret_state;
  return FSA_E_UNSUPPORTED;
}
