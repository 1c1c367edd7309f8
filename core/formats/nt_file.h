/*
 * Files as Windows tells them: their attributes, and the entries of a listed directory, with the
 * tag of reparse points that FileDirectoryInformation (nt_directory.h) lacks. [MS-FSCC 2.4.14
 * FileFullDirectoryInformation]
 */
#ifndef FSA_FORMATS_NT_FILE_H
#define FSA_FORMATS_NT_FILE_H

#include "fsa.h"

/* Attributes of files that matter here. [MS-FSCC 2.6] */
enum {
  FSA_NT_IS_DIRECTORY = 0x10,
  FSA_NT_REPARSE_POINT = 0x400,
  FSA_NT_COMPRESSED = 0x800,
  FSA_NT_ENCRYPTED = 0x4000,
  /* its content is elsewhere and would be fetched: FILE_ATTRIBUTE_OFFLINE, _RECALL_ON_OPEN,
   * _RECALL_ON_DATA_ACCESS */
  FSA_NT_ELSEWHERE = 0x1000 | 0x40000 | 0x400000,
};

/* One entry; the name lies in the answer. */
typedef struct FsaNtEntry {
  const uint8_t *name; /* UTF-16LE */
  size_t units;        /* of the name */
  uint32_t attributes; /* FSA_NT_IS_DIRECTORY | ... */
  uint32_t tag;        /* of a reparse point; 0 for others */
} FsaNtEntry;

/*
 * The entry at *at of an answer, and *at moved to the next one; *at is 0 first. FSA_ROW, FSA_OK
 * behind the last one, FSA_E_FORMAT.
 */
int fsa_nt_entry_next(FsaBytes answer, size_t *at, FsaNtEntry *ret_entry);

#endif
