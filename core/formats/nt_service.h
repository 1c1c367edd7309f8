/*
 * What the service control manager of 64-bit Windows answers: ENUM_SERVICE_STATUS_PROCESSW[] of
 * EnumServicesStatusExW. Names are addresses into the same buffer. Source: Microsoft's
 * documentation of winsvc.h.
 *
 * And FailureActions, the value in which a service's key keeps what happens when it fails:
 * SERVICE_FAILURE_ACTIONSW as 32-bit programs have it, the actions behind it.
 */
#ifndef FSA_FORMATS_NT_SERVICE_H
#define FSA_FORMATS_NT_SERVICE_H

#include "base/bytes.h"
#include "base/result.h"

typedef struct FsaNtService {
  FsaBytes name, display_name; /* UTF-16, without the NUL */
  uint32_t type;               /* SERVICE_KERNEL_DRIVER, ...: bits */
  uint32_t state;              /* 1 stopped .. 7 paused */
  uint32_t win32_exit_code, service_exit_code;
  uint32_t pid; /* 0 = none */
} FsaNtService;

/*
 * Entry `index` of a buffer that stood at `address` when it was filled. FSA_E_FORMAT when it or a
 * name lies outside the bytes.
 */
int fsa_nt_service(FsaBytes bytes, uint64_t address, size_t index, FsaNtService *ret_service);

/* One thing that is done when a service fails. */
typedef struct FsaNtFailureAction {
  uint32_t type;  /* 0 nothing, 1 restart the service, 2 restart the computer, 3 run a command */
  uint32_t delay; /* ms */
} FsaNtFailureAction;

/*
 * Action `index` of a FailureActions value. FSA_ROW, FSA_OK behind the last, FSA_E_FORMAT when the
 * value is cut.
 */
int fsa_nt_failure_action(FsaBytes bytes, size_t index, FsaNtFailureAction *ret_action);

#endif
