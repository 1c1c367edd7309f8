/* Services as the service control manager tells them. */
#include "formats/nt_service.h"

#define ENTRY_SIZE 56u
#define ACTIONS_HEAD 20u /* SERVICE_FAILURE_ACTIONSW with pointers of 4 bytes */

/* The text at an absolute address, which ends at its NUL. */
static FsaBytes text_at(FsaBytes *bytes, uint64_t base, uint64_t address) {
  if (address == 0) return fsa_bytes(NULL, 0);
  const size_t start = address < base || address - base > bytes->size
                           ? bytes->size + 1 /* outside: the read below says so */
                           : (size_t)(address - base);
  size_t end = start;
  while (fsa_u16(bytes, end) != 0) end += 2;
  return fsa_slice(bytes, start, end - start);
}

int fsa_nt_service(FsaBytes bytes, uint64_t address, size_t index, FsaNtService *ret_service) {
  if (index > bytes.size / ENTRY_SIZE) return FSA_E_FORMAT;
  const size_t at = index * ENTRY_SIZE;
  FsaNtService service = {
      .type = fsa_u32(&bytes, at + 16),
      .state = fsa_u32(&bytes, at + 20),
      .win32_exit_code = fsa_u32(&bytes, at + 28),
      .service_exit_code = fsa_u32(&bytes, at + 32),
      .pid = fsa_u32(&bytes, at + 44),
  };
  fsa_bytes_need(&bytes, at, ENTRY_SIZE);
  service.name = text_at(&bytes, address, fsa_u64(&bytes, at));
  service.display_name = text_at(&bytes, address, fsa_u64(&bytes, at + 8));
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_service = service;
  return FSA_OK;
}

int fsa_nt_failure_action(FsaBytes bytes, size_t index, FsaNtFailureAction *ret_action) {
  const uint32_t count = fsa_u32(&bytes, 12);
  if (bytes.bad) return FSA_E_FORMAT;
  if (index >= count) return FSA_OK;
  if (index > bytes.size / 8) return FSA_E_FORMAT;
  const size_t at = ACTIONS_HEAD + 8 * index;
  const FsaNtFailureAction action = {
      .type = fsa_u32(&bytes, at),
      .delay = fsa_u32(&bytes, at + 4),
  };
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_action = action;
  return FSA_ROW;
}
