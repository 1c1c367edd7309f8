/* Copies of other processes' handles. */
#include "os/windows/handle_copy.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

bool windows_handle_is(const FsaOsTableHandle *handle, const char *type) {
  return handle->type.data && strcmp(handle->type.data, type) == 0;
}

bool windows_handle_may_hang(const FsaOsTableHandle *handle) {
  return !handle->type.data || windows_handle_is(handle, "File");
}

/* ---- owners ---------------------------------------------------------------------------------- */

#define OURS ((HANDLE)(intptr_t)-1) /* this process, without being opened */

void windows_handle_owner_close(FsaOsHandleTable *table) {
  if (table->owner && table->owner != OURS) nt.NtClose(table->owner);
  table->owner = NULL;
  table->owner_pid = -1;
}

/* True when the process began after the table was made: its number was given out again. */
static bool is_newer(const FsaOsHandleTable *table, HANDLE process) {
  FILETIME created, ended, kernel, user;
  return GetProcessTimes(process, &created, &ended, &kernel, &user) &&
         CompareFileTime(&created, &table->taken) > 0;
}

/* Handles come by process: the one that was opened last serves the next handle too. */
static int open_owner(FsaOsHandleTable *table, int64_t pid) {
  if (table->owner_pid == pid) return table->owner_result;
  windows_handle_owner_close(table);
  table->owner_pid = pid;
  table->owner_result = FSA_OK;
  table->hung_in_owner = 0;
  if (fsa_os_is_self(table->os, pid)) {
    table->owner = OURS;
    return FSA_OK;
  }
  NtClientId id = {.UniqueProcess = (HANDLE)(uintptr_t)pid};
  NtObjectAttributes attributes = {.Length = sizeof attributes};
  HANDLE owner;
  const NtStatus status = nt.NtOpenProcess(
      &owner, PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION, &attributes, &id);
  if (!NT_OK(status)) {
    table->owner_result = status == NT_INVALID_PARAMETER ? FSA_E_ABSENT : windows_result(status);
  } else if (is_newer(table, owner)) {
    nt.NtClose(owner);
    table->owner_result = FSA_E_ABSENT;
  } else {
    table->owner = owner;
  }
  return table->owner_result;
}

/* ---- copies ---------------------------------------------------------------------------------- */

/* True when the copy is of the type that the table says; asked without anything that can hang. */
static bool has_type(const FsaOsHandleTable *table, const FsaOsTableHandle *handle, HANDLE copy) {
  alignas(16) uint8_t bytes[1024];
  ULONG size = 0;
  FsaBytes name;
  if (!NT_OK(nt.NtQueryObject(copy, NT_OBJECT_TYPE, bytes, sizeof bytes, &size))) return false;
  /* OBJECT_TYPE_INFORMATION begins as OBJECT_NAME_INFORMATION does */
  if (fsa_nt_object_name(fsa_bytes(bytes, sizeof bytes), (uintptr_t)bytes, &name) != FSA_OK)
    return false;
  const FsaBytes wanted = table->types[handle->type_number].utf16;
  return name.size == wanted.size && memcmp(name.data, wanted.data, name.size) == 0;
}

int windows_handle_copy(FsaOsHandleTable *table, const FsaOsTableHandle *handle, ACCESS_MASK access,
                        HANDLE *ret_copy) {
  const int result = open_owner(table, handle->pid);
  if (result != FSA_OK) return result;
  HANDLE copy;
  const NtStatus status = nt.NtDuplicateObject(table->owner, (HANDLE)(uintptr_t)handle->number,
                                               OURS, &copy, access, 0, 0);
  if (status == NT_INVALID_HANDLE) return FSA_E_ABSENT;
  if (!NT_OK(status)) return windows_result(status);
  if (!windows_handle_may_hang(handle) && !has_type(table, handle, copy)) {
    nt.NtClose(copy);
    return FSA_E_ABSENT;
  }
  *ret_copy = copy;
  return FSA_OK;
}

/* ---- hanging --------------------------------------------------------------------------------- */

/* Handles on one file hang together: the second one is not waited for. */
static bool has_hung(const FsaOsHandleTable *table, const FsaOsTableHandle *handle) {
  for (size_t i = 0; i < table->hung_count; i++) {
    const HungHandle *hung = &table->hung[i];
    if (hung->object && hung->object == handle->object) return true;
    if (hung->pid == handle->pid && hung->number == handle->number) return true;
  }
  return false;
}

int windows_handle_ask(FsaOsHandleTable *table, const FsaOsTableHandle *handle, ACCESS_MASK access,
                       WindowsGuarded *call, const WindowsAnswer **ret_answer) {
  if (has_hung(table, handle)) return FSA_E_TIMEOUT;
  HANDLE copy;
  int result = windows_handle_copy(table, handle, access, &copy);
  if (result != FSA_OK) return result;
  if (table->hung_count == FSA_MAX_HANGS || table->hung_in_owner == FSA_MAX_HANGS_PER_PROCESS) {
    nt.NtClose(copy);
    return FSA_E_LIMIT;
  }
  const DWORD limit = table->hung_count < FSA_GUARD_PATIENCE ? FSA_GUARD_MS : FSA_GUARD_SHORT_MS;
  result = windows_guard_call(table->guard, call, copy, limit, ret_answer);
  if (result == FSA_E_TIMEOUT) {
    table->hung[table->hung_count++] =
        (HungHandle){.pid = handle->pid, .number = handle->number, .object = handle->object};
    table->hung_in_owner++;
  }
  return result;
}
