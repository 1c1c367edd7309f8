/*
 * PE files, from hostile bytes: headers, sections, the image that they become and what differs from
 * it. The first byte chooses a base; the rest is the file and, from its middle, memory to compare.
 */
#include <stdlib.h>

#include "formats/pe.h"

static int read_bytes(void *context, uint64_t offset, void *buffer, size_t size, size_t *ret_size) {
  const FsaBytes *bytes = context;
  if (offset > bytes->size || size > bytes->size - offset) abort();
  if (size) memcpy(buffer, bytes->data + offset, size);
  *ret_size = size;
  return FSA_OK;
}

static void read_headers(FsaBytes bytes) {
  FsaPe pe;
  FsaPeSection section;
  FsaPeHeaders headers;
  const FsaBytes half = fsa_bytes(bytes.data + bytes.size / 2, bytes.size - bytes.size / 2);
  (void)fsa_pe_headers(half, bytes, &headers);
  if (fsa_pe_headers(bytes, bytes, &headers) == FSA_OK &&
      (headers.is_changed || headers.is_entry_changed))
    abort();
  if (fsa_pe(bytes, &pe) != FSA_OK) return;
  for (unsigned i = 0; fsa_pe_section(bytes, &pe, i, &section); i++)
    (void)fsa_pe_is_code(bytes, &pe, section.address, section.size);
}

/* Parts of an image are what the whole is. */
static void read_image(FsaBytes bytes, uint64_t base) {
  enum { WHOLE = 3 * FSA_PE_PAGE, PART = FSA_PE_PAGE + 3 };
  static uint8_t whole[WHOLE], part[PART];
  FsaArena arena = fsa_arena(64u << 20);
  FsaPeImage image;
  FsaPeChanges changes = {0};
  const FsaSource file = {.context = &bytes, .size = bytes.size, .read = read_bytes};
  if (fsa_pe_image(file, base, &arena, &image) == FSA_OK) {
    for (size_t i = 1; i < image.written_count; i++)
      if (image.written[i].address <= image.written[i - 1].address + image.written[i - 1].size)
        abort();
    const uint32_t address = image.pe.entry & ~(FSA_PE_PAGE - 1);
    if (fsa_pe_mapped(&image, address, whole, WHOLE) != FSA_OK) abort();
    if (address <= UINT32_MAX - WHOLE) {
      if (fsa_pe_mapped(&image, address + FSA_PE_PAGE - 2, part, PART) != FSA_OK) abort();
      if (memcmp(part, whole + FSA_PE_PAGE - 2, PART) != 0) abort();
      fsa_pe_changes(&image, address, whole, whole + FSA_PE_PAGE, WHOLE - FSA_PE_PAGE, &changes);
      if (changes.runs > changes.count || changes.count > WHOLE) abort();
    }
  }
  fsa_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const FsaBytes bytes = fsa_bytes(data + 1, size - 1);
  read_headers(bytes);
  read_image(bytes, (uint64_t)data[0] << 32 | 0x10000);
  return 0;
}
