/* Portable Executable: headers and sections; see pe.h. */
#include "formats/pe.h"

/* ---- headers --------------------------------------------------------------------------------- */

enum {
  DOS_HEADER = 64,
  FILE_HEADER = 24, /* with the signature in front of it */
  OPTIONAL_32 = 96, /* without directories */
  OPTIONAL_64 = 112,
  SECTION = 40,
  MAGIC_32 = 0x10B,
  MAGIC_64 = 0x20B,
};

static void read_optional(FsaBytes *head, size_t at, FsaPe *pe) {
  pe->entry = fsa_u32(head, at + 16);
  pe->base = pe->is_64 ? fsa_u64(head, at + 24) : fsa_u32(head, at + 28);
  pe->section_alignment = fsa_u32(head, at + 32);
  pe->file_alignment = fsa_u32(head, at + 36);
  pe->image_size = fsa_u32(head, at + 56);
  pe->headers_size = fsa_u32(head, at + 60);
  pe->checksum = fsa_u32(head, at + 64);
  pe->subsystem = fsa_u16(head, at + 68);
  pe->dll_characteristics = fsa_u16(head, at + 70);
}

/* Directories that do not fit the optional header, whatever their number says, are none. */
static void read_directories(FsaBytes *head, size_t at, size_t size, FsaPe *pe) {
  const size_t fixed = pe->is_64 ? OPTIONAL_64 : OPTIONAL_32;
  uint32_t count = fsa_u32(head, at + fixed - 4);
  if (count > FSA_PE_DIRECTORIES) count = FSA_PE_DIRECTORIES;
  for (uint32_t i = 0; i < count && fixed + i * 8 + 8 <= size; i++)
    pe->directories[i] =
        (FsaPeDirectory){fsa_u32(head, at + fixed + i * 8), fsa_u32(head, at + fixed + i * 8 + 4)};
}

int fsa_pe(FsaBytes head, FsaPe *ret_pe) {
  if (!fsa_bytes_match(&head, 0, "MZ", 2)) return FSA_E_FORMAT;
  const size_t header = fsa_u32(&head, DOS_HEADER - 4);
  if (head.bad || !fsa_bytes_match(&head, header, "PE\0\0", 4)) return FSA_E_FORMAT;
  const size_t optional = header + FILE_HEADER;
  FsaPe pe = {.header = header,
              .machine = fsa_u16(&head, header + 4),
              .section_count = fsa_u16(&head, header + 6),
              .timestamp = fsa_u32(&head, header + 8),
              .characteristics = fsa_u16(&head, header + 22)};
  const size_t size = fsa_u16(&head, header + 20);
  const uint16_t magic = fsa_u16(&head, optional);
  pe.is_64 = magic == MAGIC_64;
  if (head.bad || (!pe.is_64 && magic != MAGIC_32)) return FSA_E_FORMAT;
  if (size < (pe.is_64 ? (size_t)OPTIONAL_64 : (size_t)OPTIONAL_32)) return FSA_E_FORMAT;
  pe.sections = optional + size;
  read_optional(&head, optional, &pe);
  read_directories(&head, optional, size, &pe);
  if (head.bad) return FSA_E_FORMAT;
  *ret_pe = pe;
  return FSA_OK;
}

bool fsa_pe_section(FsaBytes head, const FsaPe *pe, unsigned index, FsaPeSection *ret_section) {
  if (index >= pe->section_count) return false;
  const size_t at = pe->sections + (size_t)index * SECTION;
  FsaPeSection section = {.size = fsa_u32(&head, at + 8),
                          .address = fsa_u32(&head, at + 12),
                          .file_size = fsa_u32(&head, at + 16),
                          .file_offset = fsa_u32(&head, at + 20),
                          .characteristics = fsa_u32(&head, at + 36)};
  if (head.bad) return false;
  memcpy(section.name, head.data + at, sizeof section.name);
  if (section.size == 0) section.size = section.file_size; /* as the loader takes it */
  *ret_section = section;
  return true;
}

/* The bytes that a section covers in memory: whole pages. */
static uint64_t section_end(const FsaPeSection *section) {
  const uint64_t end = (uint64_t)section->address + section->size;
  return (end + FSA_PE_PAGE - 1) / FSA_PE_PAGE * FSA_PE_PAGE;
}

bool fsa_pe_is_code(FsaBytes head, const FsaPe *pe, uint64_t address, uint64_t size) {
  FsaPeSection section;
  const uint64_t end = size > UINT64_MAX - address ? UINT64_MAX : address + size;
  uint64_t covered = address; /* sections stand in ascending order, or nothing is loaded */
  for (unsigned i = 0; covered < end && fsa_pe_section(head, pe, i, &section); i++)
    if ((section.characteristics & FSA_PE_MAY_EXECUTE) && section.address <= covered &&
        section_end(&section) > covered)
      covered = section_end(&section);
  return covered >= end;
}

static bool has_signature(FsaBytes bytes, const FsaPe *file) {
  return fsa_bytes_match(&bytes, 0, "MZ", 2) &&
         (!fsa_bytes_has(&bytes, file->header, 4) ||
          fsa_bytes_match(&bytes, file->header, "PE\0\0", 4));
}

int fsa_pe_headers(FsaBytes memory, FsaBytes file, FsaPeHeaders *ret_headers) {
  FsaPe pe, loaded;
  const int result = fsa_pe(file, &pe);
  if (result != FSA_OK) return result;
  if (!pe.is_64 && pe.directories[FSA_PE_MANAGED].size) return FSA_E_UNSUPPORTED;
  FsaPeHeaders headers = {.is_erased = !has_signature(memory, &pe)};
  size_t size = pe.headers_size < memory.size ? pe.headers_size : memory.size;
  if (size > file.size) size = file.size;
  /* the preferred base becomes the true one: 8 bytes, or 4 */
  const size_t base = pe.header + FILE_HEADER + (pe.is_64 ? 24 : 28);
  const size_t behind = base + (pe.is_64 ? 8 : 4);
  const size_t first = size < base ? size : base;
  headers.is_changed =
      (first && memcmp(memory.data, file.data, first) != 0) ||
      (size > behind && memcmp(memory.data + behind, file.data + behind, size - behind) != 0);
  if (fsa_pe(memory, &loaded) == FSA_OK) headers.is_entry_changed = loaded.entry != pe.entry;
  *ret_headers = headers;
  return FSA_OK;
}
