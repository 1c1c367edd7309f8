/* Keys and values, by native calls: the Win32 ones lose NULs in names and follow links. */
#include "os/registry.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/clock.h"
#include "formats/nt_key.h"
#include "os/windows/host.h"

struct FsaOsKey {
  HANDLE handle;
};

/* ---- opening --------------------------------------------------------------------------------- */

#define KEY_ACCESS (KEY_QUERY_VALUE | KEY_ENUMERATE_SUB_KEYS)

static NtStatus open_with(HANDLE *handle, FsaBytes path, ULONG attributes, ULONG options) {
  NtUnicodeString name = {
      .Length = (USHORT)path.size,
      .MaximumLength = (USHORT)path.size,
      .Buffer = (WCHAR *)(uintptr_t)path.data,
  };
  NtObjectAttributes object = {
      .Length = sizeof object, .ObjectName = &name, .Attributes = attributes};
  return nt.NtOpenKeyEx(handle, KEY_ACCESS, &object, options);
}

int fsa_os_key_open(FsaOs *os, FsaBytes path, bool follows, FsaOsKey **ret_key) {
  if (path.size > USHRT_MAX - 1) return FSA_E_LIMIT;
  const ULONG attributes = NT_OBJ_CASE_INSENSITIVE | (follows ? 0 : NT_OBJ_OPENLINK);
  const ULONG options = follows ? 0 : NT_KEY_OPEN_LINK;
  FsaOsKey *key = malloc(sizeof *key);
  if (!key) return FSA_E_NOMEM;
  NtStatus status = NT_ACCESS_DENIED;
  if (os->privileges & WINDOWS_MAY_BACK_UP)
    status = open_with(&key->handle, path, attributes, options | NT_KEY_BACK_UP);
  /* some keys refuse the privilege: those that a filter driver keeps, and those of Wine */
  if (!NT_OK(status) && status != NT_OBJECT_NAME_NOT_FOUND && status != NT_OBJECT_PATH_NOT_FOUND)
    status = open_with(&key->handle, path, attributes, options);
  if (!NT_OK(status)) {
    free(key);
    return windows_result(status);
  }
  *ret_key = key;
  return FSA_OK;
}

void fsa_os_key_close(FsaOsKey *key) {
  if (!key) return;
  nt.NtClose(key->handle);
  free(key);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* What is asked of a key: a call and what it is handed. */
typedef struct Question {
  NtStatus (*ask)(const struct Question *question, void *buffer, ULONG length, ULONG *ret_length);
  HANDLE key;
  ULONG index;
  NtUnicodeString name;
} Question;

#define ROOM 1024u /* most names and values fit */

/*
 * The answer in memory of `arena`. Values grow while they are read: the call is repeated with what
 * it says that it needs, or twice as much.
 */
static int answer(const Question *question, FsaArena *arena, FsaBytes *ret_bytes) {
  alignas(8) uint8_t first[ROOM];
  uint8_t *buffer = first;
  size_t room = sizeof first;
  for (;;) {
    ULONG length = 0;
    const NtStatus status = question->ask(question, buffer, (ULONG)room, &length);
    if (NT_OK(status)) {
      if (length > room) return FSA_E_FORMAT;
      if (buffer == first) buffer = (uint8_t *)fsa_arena_copy(arena, first, length);
      if (!buffer) return FSA_E_NOMEM;
      *ret_bytes = fsa_bytes(buffer, length);
      return FSA_OK;
    }
    if (status == NT_NO_MORE_ENTRIES) return FSA_E_ABSENT;
    if (status != NT_BUFFER_OVERFLOW && status != NT_BUFFER_TOO_SMALL)
      return windows_result(status);
    room = length > room ? length : room * 2;
    if (room > FSA_MAX_LIVE_VALUE) return FSA_E_LIMIT;
    buffer = fsa_arena_alloc(arena, room);
    if (!buffer) return FSA_E_NOMEM;
  }
}

static NtStatus ask_key(const Question *q, void *buffer, ULONG length, ULONG *ret_length) {
  return nt.NtQueryKey(q->key, NT_KEY_FULL, buffer, length, ret_length);
}

static NtStatus ask_subkey(const Question *q, void *buffer, ULONG length, ULONG *ret_length) {
  return nt.NtEnumerateKey(q->key, q->index, NT_KEY_NODE, buffer, length, ret_length);
}

static NtStatus ask_value(const Question *q, void *buffer, ULONG length, ULONG *ret_length) {
  return nt.NtEnumerateValueKey(q->key, q->index, NT_KEY_VALUE_FULL, buffer, length, ret_length);
}

static NtStatus ask_value_named(const Question *q, void *buffer, ULONG length, ULONG *ret_length) {
  NtUnicodeString name = q->name;
  return nt.NtQueryValueKey(q->key, &name, NT_KEY_VALUE_FULL, buffer, length, ret_length);
}

/* ---- facts ----------------------------------------------------------------------------------- */

static int facts_of(const FsaNtKey *told, FsaArena *arena, FsaOsKeyFacts *ret_facts) {
  FsaOsKeyFacts facts = {.name = told->name, .write_time = FSA_OS_UNKNOWN};
  fsa_time_from_filetime(told->write_time, &facts.write_time);
  if (told->class_name.size) {
    facts.class_name = fsa_text_from_utf16(arena, told->class_name.data, told->class_name.size / 2);
    if (!facts.class_name.data) return FSA_E_NOMEM;
  }
  *ret_facts = facts;
  return FSA_OK;
}

int fsa_os_key_facts(FsaOsKey *key, FsaArena *arena, FsaOsKeyFacts *ret_facts) {
  const Question question = {.ask = ask_key, .key = key->handle};
  FsaBytes bytes;
  FsaNtKey told;
  int result = answer(&question, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_key_full(bytes, &told);
  return result == FSA_OK ? facts_of(&told, arena, ret_facts) : result;
}

int fsa_os_subkey(FsaOsKey *key, uint32_t index, FsaArena *arena, FsaOsKeyFacts *ret_facts) {
  const Question question = {.ask = ask_subkey, .key = key->handle, .index = index};
  FsaBytes bytes;
  FsaNtKey told;
  int result = answer(&question, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_key_node(bytes, &told);
  return result == FSA_OK ? facts_of(&told, arena, ret_facts) : result;
}

static int value_of(const Question *question, FsaArena *arena, FsaOsKeyValue *ret_value) {
  FsaBytes bytes;
  FsaNtKeyValue told;
  int result = answer(question, arena, &bytes);
  if (result == FSA_OK) result = fsa_nt_key_value(bytes, &told);
  if (result != FSA_OK) return result;
  const FsaText name = fsa_text_from_utf16(arena, told.name.data, told.name.size / 2);
  if (!name.data) return FSA_E_NOMEM;
  *ret_value = (FsaOsKeyValue){.name = name, .type = told.type, .data = told.data};
  return FSA_OK;
}

int fsa_os_key_value(FsaOsKey *key, uint32_t index, FsaArena *arena, FsaOsKeyValue *ret_value) {
  const Question question = {.ask = ask_value, .key = key->handle, .index = index};
  return value_of(&question, arena, ret_value);
}

int fsa_os_key_value_named(FsaOsKey *key, FsaBytes name, FsaArena *arena,
                           FsaOsKeyValue *ret_value) {
  if (name.size > USHRT_MAX - 1) return FSA_E_ABSENT;
  const Question question = {
      .ask = ask_value_named,
      .key = key->handle,
      .name = {.Length = (USHORT)name.size,
               .MaximumLength = (USHORT)name.size,
               .Buffer = (WCHAR *)(uintptr_t)name.data},
  };
  return value_of(&question, arena, ret_value);
}
