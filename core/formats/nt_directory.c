/* Lists of names, from the kernel's answers. */
#include "formats/nt_directory.h"

#include "formats/nt_string.h"

/* ---- objects --------------------------------------------------------------------------------- */

/* OBJECT_DIRECTORY_INFORMATION: two counted texts; the list ends with one of zeros. */
enum { OBJECT_NAME = 0, OBJECT_TYPE = 16, OBJECT_SIZE = 32 };

int fsa_nt_directory_next(FsaNtDirectory *directory, FsaNtDirectoryObject *ret_object) {
  FsaBytes bytes = directory->bytes;
  const size_t at = directory->at;
  if (at == bytes.size) return FSA_OK; /* a full buffer may lack the end */
  if (!fsa_bytes_need(&bytes, at, OBJECT_SIZE)) return FSA_E_FORMAT;
  if (fsa_u64(&bytes, at + 8) == 0 && fsa_u64(&bytes, at + OBJECT_TYPE + 8) == 0) return FSA_OK;
  const FsaNtDirectoryObject object = {
      .name = fsa_nt_string(&bytes, directory->address, at + OBJECT_NAME),
      .type = fsa_nt_string(&bytes, directory->address, at + OBJECT_TYPE),
  };
  if (bytes.bad) return FSA_E_FORMAT;
  directory->at = at + OBJECT_SIZE;
  *ret_object = object;
  return FSA_ROW;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* FILE_DIRECTORY_INFORMATION: four times lie between the index and the sizes. */
enum {
  FILE_NEXT = 0,
  FILE_END = 40,
  FILE_ALLOCATION = 48,
  FILE_ATTRIBUTES = 56,
  FILE_NAME_SIZE = 60,
  FILE_NAME = 64,
};

int fsa_nt_files_next(FsaNtFiles *files, FsaNtDirectoryFile *ret_file) {
  FsaBytes bytes = files->bytes;
  const size_t at = files->at;
  if (files->ended || bytes.size == 0) return FSA_OK;
  const uint32_t next = fsa_u32(&bytes, at + FILE_NEXT);
  const size_t size = fsa_u32(&bytes, at + FILE_NAME_SIZE) & ~(size_t)1;
  const FsaNtDirectoryFile file = {
      .end_of_file = (int64_t)fsa_u64(&bytes, at + FILE_END),
      .allocation = (int64_t)fsa_u64(&bytes, at + FILE_ALLOCATION),
      .attributes = fsa_u32(&bytes, at + FILE_ATTRIBUTES),
      .most_instances = (int32_t)fsa_u32(&bytes, at + FILE_ALLOCATION),
      .name = fsa_slice(&bytes, at + FILE_NAME, size),
  };
  /* the next entry lies behind this one's name */
  const bool is_last = next == 0;
  if (bytes.bad || (!is_last && next < FILE_NAME + size)) return FSA_E_FORMAT;
  files->at = at + next;
  files->ended = is_last;
  *ret_file = file;
  return FSA_ROW;
}
