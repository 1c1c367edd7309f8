/* Native opening of files and directories. [NtOpenFile; MS-FSCC 2.4] */
#include "os/windows/node.h"

#include "formats/nt_file.h"
#include "formats/nt_reparse.h"
#include "os/windows/host.h"

NtStatus windows_node_open(HANDLE root, const WCHAR *name, size_t units, ACCESS_MASK access,
                           ULONG options, HANDLE *ret_handle) {
  const ULONG share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  if (units > UINT16_MAX / sizeof *name) return NT_OBJECT_NAME_INVALID;
  NtUnicodeString text = {.Length = (USHORT)(units * sizeof *name),
                          .MaximumLength = (USHORT)(units * sizeof *name),
                          .Buffer = (WCHAR *)(uintptr_t)name};
  /* without it a directory would tell letter case apart that Windows' own programs do not */
  NtObjectAttributes attributes = {.Length = sizeof attributes,
                                   .RootDirectory = root,
                                   .ObjectName = &text,
                                   .Attributes = NT_OBJ_CASE_INSENSITIVE};
  NtIoStatusBlock io;
  return nt.NtOpenFile(ret_handle, access, &attributes, &io, share,
                       options | NT_FILE_OPEN_FOR_BACKUP_INTENT | NT_FILE_SYNCHRONOUS_IO_NONALERT);
}

int windows_node_result(NtStatus status) {
  switch (status) {
  case NT_NOT_A_DIRECTORY:
  case NT_NO_SUCH_FILE:
  case NT_OBJECT_NAME_INVALID:
  case NT_OBJECT_PATH_SYNTAX_BAD:
  case NT_DELETE_PENDING: return FSA_E_ABSENT;
  case NT_FILE_IS_A_DIRECTORY: return FSA_E_UNSUPPORTED;
  case NT_FILE_LOCK_CONFLICT: return FSA_E_ACCESS;
  case NT_TOO_MANY_OPENED_FILES: return FSA_E_LIMIT;
  default: return windows_result(status);
  }
}

int windows_node_tag(HANDLE handle, uint32_t *ret_attributes, uint32_t *ret_tag) {
  uint32_t told[2]; /* FILE_ATTRIBUTE_TAG_INFORMATION */
  NtIoStatusBlock io;
  NtStatus status =
      nt.NtQueryInformationFile(handle, &io, told, sizeof told, NT_FILE_ATTRIBUTE_TAG);
  if (!NT_OK(status)) return windows_node_result(status);
  *ret_attributes = told[0];
  *ret_tag = told[0] & FSA_NT_REPARSE_POINT ? told[1] : 0;
  return FSA_OK;
}

NtStatus windows_node_ask(HANDLE handle, ULONG code, const void *question, size_t question_size,
                          void *answer, size_t answer_size, size_t *ret_size) {
  NtIoStatusBlock io = {0};
  NtStatus status =
      nt.NtFsControlFile(handle, NULL, NULL, NULL, &io, code, (void *)(uintptr_t)question,
                         (ULONG)question_size, answer, (ULONG)answer_size);
  *ret_size = io.Information < answer_size ? io.Information : answer_size;
  return status;
}

FsaNodeKind windows_node_kind(uint32_t attributes, uint32_t tag) {
  if (attributes & FSA_NT_REPARSE_POINT) {
    FsaNtReparse reparse = fsa_nt_reparse(tag);
    if (reparse == FSA_NT_LINK) return FSA_NODE_LINK;
    if (reparse == FSA_NT_SPECIAL) return FSA_NODE_OTHER;
  }
  return attributes & FSA_NT_IS_DIRECTORY ? FSA_NODE_DIRECTORY : FSA_NODE_FILE;
}
