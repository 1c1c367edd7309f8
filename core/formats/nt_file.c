/* The entries of a directory listing. */
#include "formats/nt_file.h"

/* FILE_FULL_DIR_INFORMATION: where its fields lie. */
enum {
  NEXT = 0,
  ATTRIBUTES = 56,
  NAME_LENGTH = 60, /* bytes */
  EA_SIZE = 64,     /* of a reparse point: its tag */
  NAME = 68,
};

int fsa_nt_entry_next(FsaBytes answer, size_t *at, FsaNtEntry *ret_entry) {
  if (*at >= answer.size) return FSA_OK;
  FsaBytes entry = fsa_slice(&answer, *at, answer.size - *at);
  uint32_t next = fsa_u32(&entry, NEXT);
  uint32_t length = fsa_u32(&entry, NAME_LENGTH);
  FsaNtEntry found = {.attributes = fsa_u32(&entry, ATTRIBUTES)};
  if (found.attributes & FSA_NT_REPARSE_POINT) found.tag = fsa_u32(&entry, EA_SIZE);
  FsaBytes name = fsa_slice(&entry, NAME, length);
  bool is_next_wrong = next && (next < NAME + length || next > entry.size);
  if (entry.bad || length % 2 || is_next_wrong) return FSA_E_FORMAT;
  found.name = name.data;
  found.units = length / 2;
  *at = next ? *at + next : answer.size;
  *ret_entry = found;
  return FSA_ROW;
}
