/* Result codes and their names. */
#include "base/result.h"

#include <errno.h>

const char *fsa_result_name(int result) {
  switch (result) {
  case FSA_OK: return "ok";
  case FSA_ROW: return "row";
  case FSA_E_NOMEM: return "nomem";
  case FSA_E_FORMAT: return "format";
  case FSA_E_VERSION: return "version";
  case FSA_E_ACCESS: return "access";
  case FSA_E_ABSENT: return "absent";
  case FSA_E_TIMEOUT: return "timeout";
  case FSA_E_LIMIT: return "limit";
  case FSA_E_UNSUPPORTED: return "unsupported";
  case FSA_E_USAGE: return "usage";
  case FSA_E_IO: return "io";
  case FSA_E_STALE: return "stale";
  case FSA_E_CANCELLED: return "cancelled";
  default: return "unknown";
  }
}

int fsa_result_from_errno(int error) {
  switch (error) {
  case 0: return FSA_OK;
  case ENOMEM: return FSA_E_NOMEM;
  case ENOENT:
  case ENOTDIR:
  case ESRCH: return FSA_E_ABSENT;
  case EACCES:
  case EPERM: return FSA_E_ACCESS;
  case EMFILE:
  case ENFILE: return FSA_E_LIMIT;
  default: return FSA_E_IO;
  }
}
