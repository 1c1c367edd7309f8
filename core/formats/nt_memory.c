/* The address space of a process as the NT kernel tells it; see nt_memory.h. */
#include "formats/nt_memory.h"

/* ---- MEMORY_BASIC_INFORMATION ---------------------------------------------------------------- */

int fsa_nt_memory(FsaBytes bytes, FsaNtMemory *ret_memory) {
  const FsaNtMemory memory = {
      .start = fsa_u64(&bytes, 0),
      .allocation = fsa_u64(&bytes, 8),
      .first_protection = fsa_u32(&bytes, 16),
      .size = fsa_u64(&bytes, 24), /* at 20: the partition's number since Windows 10, or padding */
      .state = fsa_u32(&bytes, 32),
      .protection = fsa_u32(&bytes, 36),
      .type = fsa_u32(&bytes, 40),
  };
  if (bytes.bad || memory.size == 0 || memory.size % FSA_NT_PAGE != 0) return FSA_E_FORMAT;
  if (memory.size > UINT64_MAX - memory.start) return FSA_E_FORMAT;
  *ret_memory = memory;
  return FSA_OK;
}

FsaNtAccess fsa_nt_access(uint32_t protection) {
  /* one of the low eight bits says what may be done, those above modify it */
  static const struct {
    uint32_t bit;
    FsaNtAccess access;
  } protections[] = {
      {0x02, {.may_read = true}},
      {0x04, {.may_read = true, .may_write = true}},
      {0x08, {.may_read = true, .may_write = true, .is_copied = true}},
      {0x10, {.may_execute = true}},
      {0x20, {.may_read = true, .may_execute = true}},
      {0x40, {.may_read = true, .may_write = true, .may_execute = true}},
      {0x80, {.may_read = true, .may_write = true, .may_execute = true, .is_copied = true}},
  };
  FsaNtAccess access = {false, false, false, false, false}; /* 0x01: PAGE_NOACCESS */
  for (size_t i = 0; i < sizeof protections / sizeof *protections; i++)
    if (protection & protections[i].bit) access = protections[i].access;
  access.is_guard = (protection & 0x100) != 0;
  return access;
}

/* ---- MEMORY_WORKING_SET_EX_INFORMATION ------------------------------------------------------- */

#define PAGE_VALID (UINT64_C(1) << 0)
#define PAGE_SHARED (UINT64_C(1) << 15)
#define PAGE_SHARED_ORIGINAL (UINT64_C(1) << 30)

/* Bits 22 and 23 of a page that is not valid; 0 also where the system does not tell. */
enum { LOCATION_UNKNOWN, LOCATION_RESIDENT, LOCATION_PAGE_FILE };

static unsigned location_of(uint64_t attributes) {
  return attributes & PAGE_VALID ? LOCATION_UNKNOWN : (unsigned)(attributes >> 22 & 3);
}

/*
 * A page that nobody touched yet, or one of which the system knows no place, tells nothing: only
 * one that is somewhere can have been written to.
 */
static bool is_private(uint64_t attributes, bool tells_original) {
  const bool is_valid = (attributes & PAGE_VALID) != 0;
  if (!tells_original) return is_valid && !(attributes & PAGE_SHARED);
  const unsigned location = location_of(attributes);
  const bool is_somewhere =
      is_valid || location == LOCATION_RESIDENT || location == LOCATION_PAGE_FILE;
  return is_somewhere && !(attributes & PAGE_SHARED_ORIGINAL);
}

int fsa_nt_page(FsaBytes bytes, size_t index, bool tells_original, FsaNtPage *ret_page) {
  if (index >= bytes.size / FSA_NT_PAGE_BYTES) return FSA_E_FORMAT;
  const uint64_t attributes = fsa_u64(&bytes, index * FSA_NT_PAGE_BYTES + 8);
  *ret_page = (FsaNtPage){
      .address = fsa_u64(&bytes, index * FSA_NT_PAGE_BYTES),
      .is_resident = (attributes & PAGE_VALID) != 0,
      .is_swapped_out = location_of(attributes) == LOCATION_PAGE_FILE,
      .is_private = is_private(attributes, tells_original),
      .is_original_known = tells_original,
  };
  return FSA_OK;
}
