/* No live host: the smallest correct answer to os/os.h, so that offline evidence works anywhere. */
#include "os/os.h"

int fsa_os_open(const char *root, FsaOs **ret_os) {
  (void)root;
  (void)ret_os;
  return FSA_E_UNSUPPORTED;
}
