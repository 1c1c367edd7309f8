/* Images in memory beside their files; see image_state.h. */
#include "catalog/image_state.h"

/* ---- headers --------------------------------------------------------------------------------- */

/*
 * Headers that differ. The page tells who did it: when it is the process's own, it was written to;
 * when it is still the mapped file's, the file at the path is another one. Where nobody tells, the
 * simpler thing is taken: to put another file in the place of one that is mapped takes a trick.
 */
static void judge_header(const FsaOsRegion *first, const FsaPeHeaders *headers,
                         FsaImageState *state) {
  const bool is_files = first->private_size == 0;
  state->is_header_erased = headers->is_erased && !is_files;
  state->is_header_modified = headers->is_changed && !is_files;
  state->is_entry_changed = headers->is_entry_changed;
  if (!headers->is_changed || is_files) state->is_replaced = headers->is_changed;
}

static int compare_header(FsaOsProcess *process, const FsaOsRegion *first, FsaImageState *state) {
  uint8_t bytes[FSA_OS_MODULE_HEAD];
  size_t size = 0;
  FsaPeHeaders headers;
  int result = fsa_os_process_memory(process, first->start, bytes, sizeof bytes, &size);
  if (result != FSA_OK || size == 0) return result;
  result = fsa_pe_headers(fsa_bytes(bytes, size), state->file, &headers);
  if (result == FSA_OK) judge_header(first, &headers, state);
  if (result == FSA_E_FORMAT) state->is_replaced = 1; /* what lies there is no program */
  return FSA_OK;
}

int fsa_image_state(FsaOsProcess *process, FsaOsModuleFiles *files, const FsaOsRegion *first,
                    FsaImageState *ret_state) {
  FsaImageState *state = ret_state;
  *state = (FsaImageState){.base = first->allocation,
                           .on_disk = FSA_OS_UNKNOWN,
                           .is_replaced = FSA_OS_UNKNOWN,
                           .is_header_erased = FSA_OS_UNKNOWN,
                           .is_header_modified = FSA_OS_UNKNOWN,
                           .is_entry_changed = FSA_OS_UNKNOWN};
  if (!files || first->name.size == 0) return FSA_OK;
  const int result = fsa_os_module_head(files, first->name, &state->file);
  if (result == FSA_OK || result == FSA_E_ABSENT) state->on_disk = result == FSA_OK;
  /* the region where the image begins may be gone, or no page of it can be read */
  if (result == FSA_OK && first->start == first->allocation)
    return compare_header(process, first, state);
  return result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED ? FSA_OK : result;
}

int64_t fsa_image_has_added_code(const FsaImageState *state, const FsaOsRegion *region) {
  FsaPe pe;
  FsaPeSection section;
  if (fsa_pe(state->file, &pe) != FSA_OK || pe.section_count == 0) return FSA_OS_UNKNOWN;
  /* sections closer together than pages: all of it is mapped alike */
  if (pe.section_alignment < FSA_PE_PAGE) return FSA_OS_UNKNOWN;
  /* more sections than the first bytes hold: what the others are is not known */
  if (!fsa_pe_section(state->file, &pe, pe.section_count - 1u, &section)) return FSA_OS_UNKNOWN;
  return !fsa_pe_is_code(state->file, &pe, region->start - region->allocation,
                         region->end - region->start);
}

/* ---- code ------------------------------------------------------------------------------------ */

enum { AT_ONCE = 64 * 1024 }; /* bytes that are compared together */

typedef struct Comparison {
  FsaScan *scan;
  FsaOsProcess *process;
  FsaPeImage image;
  uint8_t *memory, *expected; /* AT_ONCE each */
  FsaPeChanges changes;
} Comparison;

/* What cannot be read, swapped out or gone, is passed over. */
static int compare_range(Comparison *comparison, uint64_t address, uint64_t end) {
  while (address < end) {
    const size_t size = end - address < AT_ONCE ? (size_t)(end - address) : AT_ONCE;
    const uint64_t offset = address - comparison->image.base;
    size_t got = 0;
    if (fsa_expired(comparison->scan)) return FSA_E_TIMEOUT;
    if (offset > UINT32_MAX - AT_ONCE) return FSA_OK; /* no image reaches so far */
    int result =
        fsa_os_process_memory(comparison->process, address, comparison->memory, size, &got);
    if (result != FSA_OK) return result;
    if (got)
      result = fsa_pe_mapped(&comparison->image, (uint32_t)offset, comparison->expected, got);
    if (result != FSA_OK) return result;
    if (got)
      fsa_pe_changes(&comparison->image, (uint32_t)offset, comparison->memory, comparison->expected,
                     got, &comparison->changes);
    address += got;
    if (got < size) address = (address / FSA_PE_PAGE + 1) * FSA_PE_PAGE;
  }
  return FSA_OK;
}

/* Pages that lie side by side are compared together. */
static int compare_pages(Comparison *comparison, const FsaOsPrivatePages *pages) {
  int result = FSA_OK;
  for (size_t i = 0, run; i < pages->listed && result == FSA_OK; i += run) {
    for (run = 1; i + run < pages->listed; run++)
      if (pages->pages[i + run] != pages->pages[i] + run * FSA_PE_PAGE) break;
    result = compare_range(comparison, pages->pages[i], pages->pages[i] + run * FSA_PE_PAGE);
  }
  return result;
}

static int compare(Comparison *comparison, const FsaOsRegion *region, bool whole, FsaSource file,
                   FsaArena *arena) {
  FsaOsPrivatePages pages;
  comparison->memory = fsa_arena_alloc(arena, AT_ONCE);
  comparison->expected = fsa_arena_alloc(arena, AT_ONCE);
  if (!comparison->memory || !comparison->expected) return FSA_E_NOMEM;
  int result = fsa_pe_image(file, region->allocation, arena, &comparison->image);
  if (result != FSA_OK) return result;
  if (whole) return compare_range(comparison, region->start, region->end);
  result = fsa_os_private_pages(comparison->process, region, arena, &pages);
  return result == FSA_OK ? compare_pages(comparison, &pages) : result;
}

int fsa_image_changes(FsaScan *scan, FsaOsProcess *process, FsaOsModuleFiles *files,
                      const FsaOsRegion *region, bool whole, FsaPeChanges *ret_changes) {
  FsaOsModuleFile *file;
  Comparison comparison = {.scan = scan, .process = process};
  if (!files || region->name.size == 0) return FSA_E_UNSUPPORTED;
  int result = fsa_os_module_file_open(files, region->name, &file);
  if (result != FSA_OK) return result;
  FsaArena arena = fsa_arena(FSA_SUBJECT_MEMORY); /* not the subject's: it is given back at once */
  result = compare(&comparison, region, whole, fsa_os_module_file_source(file), &arena);
  fsa_arena_done(&arena);
  fsa_os_module_file_close(file);
  if (result == FSA_OK) *ret_changes = comparison.changes;
  return result;
}
