/* The names of all pipes, from the root of their file system. */
#include "os/pipe.h"

#include <stdlib.h>

#include "formats/nt_directory.h"
#include "os/windows/host.h"

#define LIST_BYTES (64u << 10)

/* The end of the path says that the root is meant, not the device. */
static NtStatus open_root(HANDLE *ret_root) {
  static WCHAR path[] = L"\\Device\\NamedPipe\\";
  NtUnicodeString name = {
      .Length = sizeof path - sizeof *path, .MaximumLength = sizeof path, .Buffer = path};
  NtObjectAttributes attributes = {.Length = sizeof attributes, .ObjectName = &name};
  NtIoStatusBlock done;
  return nt.NtOpenFile(ret_root, FILE_LIST_DIRECTORY | SYNCHRONIZE, &attributes, &done,
                       FILE_SHARE_READ | FILE_SHARE_WRITE,
                       NT_FILE_DIRECTORY_FILE | NT_FILE_SYNCHRONOUS_IO_NONALERT);
}

typedef struct List {
  FsaOsPipe *pipes;
  size_t count, room;
} List;

static int add(List *list, const FsaNtDirectoryFile *file, FsaArena *arena) {
  if (list->count == FSA_MAX_PIPES) return FSA_E_LIMIT;
  if (list->count == list->room) {
    const size_t room = list->room ? list->room * 2 : 256;
    FsaOsPipe *grown =
        fsa_arena_grow(arena, list->pipes, list->room * sizeof *grown, room * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    list->pipes = grown;
    list->room = room;
  }
  const FsaOsPipe pipe = {
      .name = fsa_text_from_utf16(arena, file->name.data, file->name.size / 2),
      .instances = file->end_of_file,
      .most_instances = file->most_instances,
  };
  if (!pipe.name.data) return FSA_E_NOMEM;
  list->pipes[list->count++] = pipe;
  return FSA_OK;
}

static int add_all(List *list, FsaBytes bytes, FsaArena *arena) {
  FsaNtFiles files = {.bytes = bytes};
  FsaNtDirectoryFile file;
  int result;
  while ((result = fsa_nt_files_next(&files, &file)) == FSA_ROW)
    if ((result = add(list, &file, arena)) != FSA_OK) break;
  return result;
}

/* Each call gives as many names as fit; the handle remembers where it is. */
static int list_root(HANDLE root, uint8_t *buffer, FsaArena *arena, List *list) {
  for (BOOLEAN restarts = TRUE;; restarts = FALSE) {
    NtIoStatusBlock done = {.Information = 0};
    const NtStatus status =
        nt.NtQueryDirectoryFile(root, NULL, NULL, NULL, &done, buffer, LIST_BYTES,
                                NT_DIRECTORY_PLAIN, FALSE, NULL, restarts);
    if (status == NT_NO_MORE_FILES) return FSA_OK;
    if (!NT_OK(status)) return windows_result(status);
    if (done.Information == 0 || done.Information > LIST_BYTES) return FSA_E_FORMAT;
    const int result = add_all(list, fsa_bytes(buffer, done.Information), arena);
    if (result != FSA_OK) return result;
  }
}

int fsa_os_pipes(FsaOs *os, FsaArena *arena, FsaOsPipe **ret_pipes, size_t *ret_count) {
  (void)os;
  HANDLE root;
  const NtStatus status = open_root(&root);
  if (!NT_OK(status)) return windows_result(status);
  uint8_t *buffer = malloc(LIST_BYTES);
  List list = {0};
  const int result = buffer ? list_root(root, buffer, arena, &list) : FSA_E_NOMEM;
  free(buffer);
  nt.NtClose(root);
  if (result != FSA_OK) return result;
  *ret_pipes = list.pipes;
  *ret_count = list.count;
  return FSA_OK;
}
