/*
 * Lists of names, as the kernel of 64-bit Windows tells them: what lies in an object directory
 * (OBJECT_DIRECTORY_INFORMATION of NtQueryDirectoryObject) and in a directory of files, pipes
 * included (FILE_DIRECTORY_INFORMATION of NtQueryDirectoryFile [MS-FSCC 2.4.10]). Bytes in, facts
 * out; nothing here allocates; all may be used by several threads.
 */
#ifndef FSA_FORMATS_NT_DIRECTORY_H
#define FSA_FORMATS_NT_DIRECTORY_H

#include "base/bytes.h"
#include "base/result.h"

/* One object of a directory. Texts are UTF-16. */
typedef struct FsaNtDirectoryObject {
  FsaBytes name, type;
} FsaNtDirectoryObject;

typedef struct FsaNtDirectory {
  FsaBytes bytes;
  uint64_t address; /* where the bytes stood when they were filled */
  size_t at;        /* offset of the next entry */
} FsaNtDirectory;

/* FSA_ROW, FSA_OK behind the last (an entry of zeros), FSA_E_FORMAT when one is not whole. */
int fsa_nt_directory_next(FsaNtDirectory *directory, FsaNtDirectoryObject *ret_object);

/* One file of a directory. */
typedef struct FsaNtDirectoryFile {
  FsaBytes name;          /* UTF-16, without the directory */
  int64_t end_of_file;    /* bytes; of a pipe: instances that exist */
  int64_t allocation;     /* bytes */
  uint32_t attributes;    /* FILE_ATTRIBUTE_... */
  int32_t most_instances; /* of a pipe: how many there may be; -1 = any number */
} FsaNtDirectoryFile;

typedef struct FsaNtFiles {
  FsaBytes bytes;
  size_t at;  /* offset of the next entry */
  bool ended; /* the last one was given */
} FsaNtFiles;

/*
 * FSA_ROW, FSA_OK behind the last, FSA_E_FORMAT when an entry is not whole. The file system of
 * pipes tells instances in EndOfFile and their ceiling in the low half of AllocationSize; found by
 * what FindFirstFile shows for \\.\pipe\*, as DFIR-ORC's ObjInfo and System Informer read it.
 */
int fsa_nt_files_next(FsaNtFiles *files, FsaNtDirectoryFile *ret_file);

#endif
