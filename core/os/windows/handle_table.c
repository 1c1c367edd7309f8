/* All handles of the host, in one answer of the kernel. */
#include "os/handle_table.h"

#include <stdlib.h>
#include <string.h>

#include "os/windows/handle_copy.h"

/* ---- types ----------------------------------------------------------------------------------- */

static NtStatus ask_types(void *context, void *buffer, ULONG length, ULONG *ret_length) {
  (void)context;
  return nt.NtQueryObject(NULL, NT_OBJECT_TYPES, buffer, length, ret_length);
}

static int add_type(FsaOsHandleTable *table, const FsaNtType *type, int shift) {
  const int index = type->index + shift;
  if (index < 0 || (size_t)index >= table->type_count) return FSA_OK; /* no such handle can be */
  HandleType *entry = &table->types[index];
  entry->utf16 = type->name;
  entry->name = fsa_text_from_utf16(&table->arena, type->name.data, type->name.size / 2);
  return entry->name.data ? FSA_OK : FSA_E_NOMEM;
}

static bool is_named(const FsaNtType *type, const WCHAR *name) {
  const size_t size = wcslen(name) * sizeof *name;
  return type->name.size == size && memcmp(type->name.data, name, size) == 0;
}

/* The type's number in the handle of ours that is known to be an event; -1 when it is not there. */
static int type_of_event(const FsaOsHandleTable *table, HANDLE event) {
  const uint64_t self = GetCurrentProcessId(), number = (uintptr_t)event;
  for (size_t i = 0; i < table->handles.count; i++) {
    const FsaNtHandle handle = fsa_nt_handles_at(&table->handles, i);
    if (handle.pid == self && handle.handle == number) return handle.type;
  }
  return -1;
}

/*
 * What must be added to a type's index to have the number that handles use. Nothing on Windows;
 * Wine counts the two differently, and a system that is yet to come may.
 */
static int find_shift(FsaOsHandleTable *table, FsaNtTypes types, HANDLE event) {
  FsaNtType type;
  const int used = type_of_event(table, event);
  while (used >= 0 && fsa_nt_types_next(&types, &type) == FSA_ROW)
    if (is_named(&type, L"Event")) return used - type.index;
  return 0;
}

/* What the types are called; one that is not told stays without a name. */
static int load_types(FsaOsHandleTable *table, HANDLE event) {
  table->type_count = FSA_MAX_OBJECT_TYPES;
  table->types = fsa_arena_zero(&table->arena, table->type_count, sizeof *table->types);
  if (!table->types) return FSA_E_NOMEM;
  FsaBytes bytes;
  int result = windows_ask(ask_types, NULL, 32u << 10, 4u << 20, &table->arena, &bytes);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  FsaNtTypes types;
  FsaNtType type;
  if (fsa_nt_types(bytes, (uintptr_t)bytes.data, &types) != FSA_OK) return FSA_OK;
  const int shift = find_shift(table, types, event);
  while (fsa_nt_types_next(&types, &type) == FSA_ROW) {
    result = add_type(table, &type, shift);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

/* ---- handles --------------------------------------------------------------------------------- */

/*
 * Not windows_ask(): a million handles are 40 MB, and an arena would keep every buffer that was too
 * small.
 */
static int load_handles(FsaOsHandleTable *table) {
  for (size_t room = 1u << 20; room <= FSA_MAX_HANDLE_BYTES;) {
    ULONG needed = 0;
    table->bytes = malloc(room);
    if (!table->bytes) return FSA_E_NOMEM;
    const NtStatus status =
        nt.NtQuerySystemInformation(NT_SYSTEM_HANDLES, table->bytes, (ULONG)room, &needed);
    if (NT_OK(status))
      return fsa_nt_handles(fsa_bytes(table->bytes, needed && needed <= room ? needed : room),
                            &table->handles);
    free(table->bytes);
    table->bytes = NULL;
    if (status != NT_INFO_LENGTH_MISMATCH && status != NT_BUFFER_TOO_SMALL &&
        status != NT_BUFFER_OVERFLOW)
      return windows_result(status);
    /* handles come and go while we ask: a little more than was needed just now */
    const size_t wanted = needed > room ? needed + needed / 8 : 0;
    room = wanted > room * 2 ? wanted : room * 2;
  }
  return FSA_E_LIMIT;
}

static int load(FsaOsHandleTable *table) {
  const HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
  if (!event) return windows_result_of_error(GetLastError());
  GetSystemTimeAsFileTime(&table->taken);
  int result = load_handles(table);
  if (result == FSA_OK) result = load_types(table, event);
  if (result == FSA_OK) result = windows_guard_new(&table->guard);
  CloseHandle(event);
  return result;
}

int fsa_os_handle_table_open(FsaOs *os, FsaOsHandleTable **ret_table) {
  FsaOsHandleTable *table = calloc(1, sizeof *table);
  if (!table) return FSA_E_NOMEM;
  table->os = os;
  table->arena = fsa_arena(0);
  table->owner_pid = -1;
  table->answer = malloc(sizeof *table->answer);
  const int result = table->answer ? load(table) : FSA_E_NOMEM;
  if (result != FSA_OK) {
    fsa_os_handle_table_close(table);
    return result;
  }
  *ret_table = table;
  return FSA_OK;
}

void fsa_os_handle_table_close(FsaOsHandleTable *table) {
  if (!table) return;
  windows_handle_owner_close(table);
  windows_guard_free(table->guard);
  fsa_arena_done(&table->arena);
  free(table->answer);
  free(table->bytes);
  free(table);
}

size_t fsa_os_handle_table_missing(const FsaOsHandleTable *table) {
  return table->handles.told - table->handles.count;
}

void fsa_os_handle_table_rewind(FsaOsHandleTable *table) {
  table->index = 0;
}

int fsa_os_handle_table_next(FsaOsHandleTable *table, FsaOsTableHandle *ret_handle) {
  if (table->index == table->handles.count) return FSA_OK;
  const FsaNtHandle handle = fsa_nt_handles_at(&table->handles, table->index++);
  *ret_handle = (FsaOsTableHandle){
      .pid = (int64_t)handle.pid,
      .number = (int64_t)handle.handle,
      .object = handle.object,
      .access = handle.access,
      .type_number = handle.type,
      .is_inheritable = handle.attributes & FSA_NT_HANDLE_INHERIT,
      .is_protected = handle.attributes & FSA_NT_HANDLE_PROTECT,
  };
  if (handle.type < table->type_count) ret_handle->type = table->types[handle.type].name;
  return FSA_ROW;
}
