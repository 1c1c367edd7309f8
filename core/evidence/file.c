/* One open file of evidence. */
#include <stdlib.h>

#include "evidence/inside.h"
#include "evidence/path.h"

struct FsaFile {
  FsaTreeFile opened;
  uint8_t *bytes; /* NULL until fsa_file_bytes() */
  size_t size;
};

int fsa_file_open(const FsaEvidence *evidence, const FsaFound *found, FsaFile **ret_file,
                  FsaError *ret_error) {
  FsaFile *file = calloc(1, sizeof *file);
  if (!file)
    return fsa_error_set(ret_error, FSA_E_NOMEM, "cannot open %s: memory ran out", found->path);
  const char *why = NULL;
  int result = evidence->tree->ops->open(evidence->tree, found->opened, &file->opened, &why);
  if (result != FSA_OK) {
    free(file);
    return fsa_error_set(ret_error, result, "cannot open %s: %s; %s", found->path,
                         why ? why : fsa_error_reason(result), fsa_error_advice(result));
  }
  *ret_file = file;
  return FSA_OK;
}

void fsa_file_close(FsaFile *file) {
  if (!file) return;
  file->opened.close(file->opened.source.context);
  free(file->bytes);
  free(file);
}

FsaSource fsa_file_source(FsaFile *file) {
  return file->opened.source;
}

int fsa_file_bytes(FsaFile *file, size_t limit, FsaBytes *ret_bytes) {
  FsaSource *source = &file->opened.source;
  if (source->size > limit) return FSA_E_LIMIT;
  if (!file->bytes) {
    size_t size = (size_t)source->size;
    uint8_t *bytes = fsa_os_file_memory(size);
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
