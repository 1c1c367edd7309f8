/* Handles and objects, from the kernel's answers. */
#include "formats/nt_handle.h"

#include "formats/nt_string.h"

/* ---- all handles of the host ----------------------------------------------------------------- */

/* SYSTEM_HANDLE_INFORMATION_EX: count and a reserved word, 8 bytes each, then the entries. */
enum { HANDLES_HEAD = 16, HANDLE_SIZE = 40 };
enum {
  HANDLE_OBJECT = 0,
  HANDLE_PID = 8,
  HANDLE_VALUE = 16,
  HANDLE_ACCESS = 24, /* a back trace index of 16 bits behind it */
  HANDLE_TYPE = 30,
  HANDLE_ATTRIBUTES = 32,
};

int fsa_nt_handles(FsaBytes bytes, FsaNtHandles *ret_handles) {
  const uint64_t told = fsa_u64(&bytes, 0);
  if (!fsa_bytes_has(&bytes, 0, HANDLES_HEAD)) return FSA_E_FORMAT;
  const size_t room = (bytes.size - HANDLES_HEAD) / HANDLE_SIZE;
  *ret_handles = (FsaNtHandles){
      .bytes = bytes, .count = told < room ? (size_t)told : room, .told = (size_t)told};
  return FSA_OK;
}

FsaNtHandle fsa_nt_handles_at(const FsaNtHandles *handles, size_t index) {
  FsaBytes bytes = handles->bytes;
  const size_t at = HANDLES_HEAD + index * HANDLE_SIZE;
  return (FsaNtHandle){
      .object = fsa_u64(&bytes, at + HANDLE_OBJECT),
      .pid = fsa_u64(&bytes, at + HANDLE_PID),
      .handle = fsa_u64(&bytes, at + HANDLE_VALUE),
      .access = fsa_u32(&bytes, at + HANDLE_ACCESS),
      .type = fsa_u16(&bytes, at + HANDLE_TYPE),
      .attributes = fsa_u32(&bytes, at + HANDLE_ATTRIBUTES),
  };
}

/* ---- the types of objects -------------------------------------------------------------------- */

/*
 * OBJECT_TYPES_INFORMATION: the count, then at 8 the first entry. OBJECT_TYPE_INFORMATION is 104
 * bytes, its name behind it; the next entry stands at the next multiple of 8.
 */
enum { TYPES_FIRST = 8, TYPE_SIZE = 104, TYPE_INDEX = 90, TYPE_ALIGN = 8 };

/* Where a type's index is not told (before Windows 8.1): indexes 0 and 1 are no types. */
#define FIRST_TYPE_INDEX 2u

int fsa_nt_types(FsaBytes bytes, uint64_t address, FsaNtTypes *ret_types) {
  const uint32_t count = fsa_u32(&bytes, 0);
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_types = (FsaNtTypes){.bytes = bytes, .address = address, .at = TYPES_FIRST, .count = count};
  return FSA_OK;
}

int fsa_nt_types_next(FsaNtTypes *types, FsaNtType *ret_type) {
  if (types->position >= types->count) return FSA_OK;
  FsaBytes bytes = types->bytes;
  const size_t at = types->at;
  if (!fsa_bytes_need(&bytes, at, TYPE_SIZE)) return FSA_E_FORMAT;
  FsaNtType type = {.index = fsa_u8(&bytes, at + TYPE_INDEX),
                    .name = fsa_nt_string(&bytes, types->address, at)};
  const size_t end = fsa_nt_string_end(&bytes, types->address, at);
  /* the name stands behind its entry: entries that lead back would never end */
  if (bytes.bad || end < at + TYPE_SIZE) return FSA_E_FORMAT;
  if (type.index == 0) type.index = (uint16_t)(types->position + FIRST_TYPE_INDEX);
  types->at = (end + TYPE_ALIGN - 1) & ~(size_t)(TYPE_ALIGN - 1);
  types->position++;
  *ret_type = type;
  return FSA_ROW;
}

/* ---- one object ------------------------------------------------------------------------------ */

int fsa_nt_object_name(FsaBytes bytes, uint64_t address, FsaBytes *ret_name) {
  if (!fsa_bytes_need(&bytes, 0, FSA_NT_STRING_SIZE)) return FSA_E_FORMAT;
  const FsaBytes name = fsa_nt_string(&bytes, address, 0);
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_name = name;
  return FSA_OK;
}

/* OBJECT_BASIC_INFORMATION, 56 bytes. */
int fsa_nt_object(FsaBytes bytes, FsaNtObject *ret_object) {
  const FsaNtObject object = {
      .attributes = fsa_u32(&bytes, 0),
      .access = fsa_u32(&bytes, 4),
      .handles = fsa_u32(&bytes, 8),
      .pointers = fsa_u32(&bytes, 12),
  };
  if (bytes.bad) return FSA_E_FORMAT;
  *ret_object = object;
  return FSA_OK;
}
