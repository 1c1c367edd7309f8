/*
 * Files that a query names and that are no evidence: rules, lists of names. They lie where the
 * program runs.
 */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

static int read_all(const FsaEvidence *file, size_t limit, FsaArena *arena, FsaBytes *ret_bytes,
                    FsaError *ret_error) {
  static const char *const any[] = {"**", NULL};
  const FsaFound *found;
  size_t count;
  int result = fsa_evidence_find(file, any, NULL, arena, NULL, &found, &count);
  if (result == FSA_OK && count == 0) result = FSA_E_ABSENT;
  if (result != FSA_OK) return result;
  FsaFile *opened;
  result = fsa_file_open(file, &found[0], &opened, ret_error);
  if (result != FSA_OK) return result;
  FsaBytes bytes;
  result = fsa_file_bytes(opened, limit, &bytes);
  const char *copy = result == FSA_OK ? fsa_arena_copy(arena, bytes.data, bytes.size) : NULL;
  if (result == FSA_OK && !copy) result = FSA_E_NOMEM;
  if (result == FSA_OK) *ret_bytes = fsa_bytes(copy, bytes.size);
  fsa_file_close(opened);
  return result;
}

int fsa_scan_read_input(FsaScan *scan, const char *path, size_t limit, FsaBytes *ret_bytes) {
  FsaError error = {0};
  FsaEvidence *file;
  int result = fsa_evidence_open(path, &file, &error);
  if (result != FSA_OK)
    return fsa_problem_in(scan, result, path, FSA_NO_OFFSET,
                          "the file %s that the query names cannot be read (%s)", path,
                          fsa_result_name(result));
  if (fsa_evidence_kind(file) != FSA_EVIDENCE_FILE) {
    fsa_evidence_close(file);
    return fsa_problem_in(scan, FSA_E_USAGE, path, FSA_NO_OFFSET, "%s is not a file: name one",
                          path);
  }
  result = read_all(file, limit, &scan->arena, ret_bytes, &error);
  fsa_evidence_close(file);
  if (result == FSA_OK) return FSA_OK;
  return fsa_problem_in(scan, result, path, FSA_NO_OFFSET, "%s cannot be read: %s", path,
                        error.message[0] ? error.message : fsa_result_name(result));
}
