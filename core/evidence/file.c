/* One open file of evidence. */
#include <stdlib.h>
#include <sys/mman.h>

#include "evidence/inside.h"
#include "evidence/path.h"

struct FsaFile {
  FsaTreeFile *opened;
  uint8_t *bytes; /* NULL until fsa_file_bytes() */
  size_t size;
};

int fsa_file_open(const FsaEvidence *evidence, const FsaFound *found, FsaFile **ret_file,
                  FsaError *ret_error) {
  FsaFile *file = calloc(1, sizeof *file);
  if (!file)
    return fsa_error_set(ret_error, FSA_E_NOMEM, "cannot open %s: memory ran out", found->path);
  int result = evidence->tree->ops->open(evidence->tree, found->opened, &file->opened);
  if (result != FSA_OK) {
    free(file);
    return fsa_error_set(ret_error, result, "cannot open %s: %s; %s", found->path,
                         fsa_error_reason(result), fsa_error_advice(result));
  }
  *ret_file = file;
  return FSA_OK;
}

void fsa_file_close(FsaFile *file) {
  if (!file) return;
  file->opened->close(file->opened);
  free(file->bytes);
  free(file);
}

FsaSource fsa_file_source(FsaFile *file) {
  return file->opened->source;
}

/*
 * Memory for a whole file: in huge pages where it fills some, as the first touch of each small one
 * is a third of a walk over a hive. The kernel is asked, and may say no.
 */
static uint8_t *memory_for(size_t size) {
  const size_t huge = 2u << 20;
  if (size < huge || size > SIZE_MAX - huge) return malloc(size ? size : 1);
  size_t rounded = (size + huge - 1) & ~(huge - 1);
  uint8_t *bytes = aligned_alloc(huge, rounded);
#ifdef MADV_HUGEPAGE
  if (bytes) (void)madvise(bytes, rounded, MADV_HUGEPAGE);
#endif
  return bytes;
}

int fsa_file_bytes(FsaFile *file, size_t limit, FsaBytes *ret_bytes) {
  FsaSource *source = &file->opened->source;
  if (source->size > limit) return FSA_E_LIMIT;
  if (!file->bytes) {
    size_t size = (size_t)source->size;
    uint8_t *bytes = memory_for(size);
    if (!bytes) return FSA_E_NOMEM;
    int result = source->read(source->context, 0, bytes, size, &size);
    if (result != FSA_OK) {
      free(bytes);
      return result;
    }
    file->bytes = bytes;
    file->size = size;
  }
  *ret_bytes = fsa_bytes(file->bytes, file->size);
  return FSA_OK;
}
