/* The service control manager. */
#include "os/services.h"

#include "formats/nt_service.h"
#include "os/windows/host.h"

/* Every type there is, those of newer systems included. [winnt.h: SERVICE_TYPE_ALL] */
#define ALL_TYPES 0x3FFu

/* ---- the list -------------------------------------------------------------------------------- */

/* The whole list in one answer, so that nothing is seen twice or not at all. */
static int ask_list(SC_HANDLE manager, FsaArena *arena, FsaBytes *ret_bytes, size_t *ret_count) {
  for (DWORD room = 256u << 10; room <= FSA_MAX_SYSTEM_ANSWER;) {
    DWORD missing = 0, count = 0, resume = 0;
    uint8_t *buffer = fsa_arena_alloc(arena, room);
    if (!buffer) return FSA_E_NOMEM;
    if (nt.EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, ALL_TYPES, SERVICE_STATE_ALL,
                                 buffer, room, &missing, &count, &resume, NULL)) {
      *ret_bytes = fsa_bytes(buffer, room);
      *ret_count = count;
      return FSA_OK;
    }
    const DWORD error = GetLastError();
    if (error != ERROR_MORE_DATA) return windows_result_of_error(error);
    room = room + missing + missing / 8 > room * 2 ? room + missing + missing / 8 : room * 2;
  }
  return FSA_E_LIMIT;
}

static int service_of(const FsaNtService *told, FsaArena *arena, FsaOsService *ret_service) {
  FsaOsService service = {
      .name = fsa_text_from_utf16(arena, told->name.data, told->name.size / 2),
      .display_name =
          fsa_text_from_utf16(arena, told->display_name.data, told->display_name.size / 2),
      .type = told->type,
      .state = told->state,
      .win32_exit_code = told->win32_exit_code,
      .service_exit_code = told->service_exit_code,
      .pid = told->pid,
  };
  if (!service.name.data || !service.display_name.data) return FSA_E_NOMEM;
  *ret_service = service;
  return FSA_OK;
}

static int read_list(SC_HANDLE manager, FsaArena *arena, FsaOsService **ret_services,
                     size_t *ret_count) {
  FsaBytes bytes;
  size_t count = 0;
  int result = ask_list(manager, arena, &bytes, &count);
  if (result != FSA_OK) return result;
  FsaOsService *services = fsa_arena_zero(arena, count, sizeof *services);
  if (!services) return FSA_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    FsaNtService told;
    result = fsa_nt_service(bytes, (uintptr_t)bytes.data, i, &told);
    if (result == FSA_OK) result = service_of(&told, arena, &services[i]);
    if (result != FSA_OK) return result;
  }
  *ret_services = services;
  *ret_count = count;
  return FSA_OK;
}

/* ---- calls ----------------------------------------------------------------------------------- */

int fsa_os_services(FsaOs *os, FsaArena *arena, FsaOsService **ret_services, size_t *ret_count) {
  (void)os;
  SC_HANDLE manager =
      nt.OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
  if (!manager) return windows_result_of_error(GetLastError());
  int result = read_list(manager, arena, ret_services, ret_count);
  nt.CloseServiceHandle(manager);
  return result;
}

int fsa_os_service_look(FsaOs *os, FsaText name, FsaArena *arena) {
  (void)os;
  WCHAR *wide;
  size_t units;
  int result = windows_wide(arena, name, &wide, &units);
  if (result != FSA_OK) return result;
  SC_HANDLE manager = nt.OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
  if (!manager) return windows_result_of_error(GetLastError());
  SC_HANDLE service = nt.OpenServiceW(manager, wide, SERVICE_QUERY_STATUS);
  result = service ? FSA_OK : windows_result_of_error(GetLastError());
  if (service) nt.CloseServiceHandle(service);
  nt.CloseServiceHandle(manager);
  return result;
}

int fsa_os_service_of_tag(FsaOs *os, int64_t pid, uint32_t tag, FsaArena *arena,
                          FsaText *ret_name) {
  (void)os;
  NtServiceTagQuery query = {.ProcessId = (ULONG)pid, .ServiceTag = tag};
  if (!nt.I_QueryTagInformation) return FSA_E_UNSUPPORTED;
  if (tag == 0) return FSA_E_ABSENT;
  const ULONG error = nt.I_QueryTagInformation(NULL, NT_SERVICE_NAME_OF_TAG, &query);
  if (error != ERROR_SUCCESS) return windows_result_of_error(error);
  if (!query.Buffer) return FSA_E_ABSENT;
  int result = windows_text(arena, query.Buffer, wcslen(query.Buffer), ret_name);
  LocalFree(query.Buffer);
  return result;
}
