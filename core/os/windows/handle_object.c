/* What handles lead to, asked of copies of them. */
#include <stdlib.h>
#include <string.h>

#include "formats/nt_security.h"
#include "formats/nt_sid.h"
#include "os/windows/device_path.h"
#include "os/windows/handle_copy.h"

/* What an answer holds; its address is the one that texts in it are counted from. */
static FsaBytes answer_bytes(const WindowsAnswer *answer) {
  const size_t most = sizeof answer->bytes;
  return fsa_bytes(answer->bytes, answer->size < most ? answer->size : most);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void ask_name(HANDLE handle, WindowsAnswer *answer) {
  answer->status =
      nt.NtQueryObject(handle, NT_OBJECT_NAME, answer->bytes, sizeof answer->bytes, &answer->size);
}

/* A call that cannot hang, made here. */
static int ask_directly(FsaOsHandleTable *table, const FsaOsTableHandle *handle, ACCESS_MASK access,
                        WindowsGuarded *call) {
  HANDLE copy;
  const int result = windows_handle_copy(table, handle, access, &copy);
  if (result != FSA_OK) return result;
  table->answer->size = 0;
  call(copy, table->answer);
  nt.NtClose(copy);
  return FSA_OK;
}

/* The text of the UNICODE_STRING that an answer begins with; FSA_E_ABSENT for an empty one. */
static int name_in(const WindowsAnswer *answer, FsaArena *arena, FsaText *ret_text) {
  FsaBytes name;
  if (!NT_OK(answer->status)) return windows_result(answer->status);
  if (fsa_nt_object_name(answer_bytes(answer), (uintptr_t)answer->bytes, &name) != FSA_OK)
    return FSA_E_FORMAT;
  if (name.size == 0) return FSA_E_ABSENT;
  const FsaText text = fsa_text_from_utf16(arena, name.data, name.size / 2);
  if (!text.data) return FSA_E_NOMEM;
  *ret_text = text;
  return FSA_OK;
}

int fsa_os_handle_name(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                       FsaText *ret_name) {
  const WindowsAnswer *answer = table->answer;
  int result = windows_handle_may_hang(handle)
                   ? windows_handle_ask(table, handle, 0, ask_name, &answer)
                   : ask_directly(table, handle, 0, ask_name);
  FsaText name;
  if (result == FSA_OK) result = name_in(answer, arena, &name);
  if (result == FSA_OK && windows_handle_is(handle, "File"))
    result = windows_device_path(table->os, name, arena, &name);
  if (result == FSA_OK) *ret_name = name;
  return result;
}

/* ---- targets --------------------------------------------------------------------------------- */

/* PROCESS_BASIC_INFORMATION: UniqueProcessId; THREAD_BASIC_INFORMATION: ClientId. */
enum { PROCESS_ID = 32, THREAD_PROCESS_ID = 16, THREAD_ID = 24 };

static void ask_process(HANDLE handle, WindowsAnswer *answer) {
  answer->status =
      nt.NtQueryInformationProcess(handle, NT_PROCESS_BASIC, answer->bytes, 48, &answer->size);
}

static void ask_thread(HANDLE handle, WindowsAnswer *answer) {
  answer->status =
      nt.NtQueryInformationThread(handle, NT_THREAD_BASIC, answer->bytes, 48, &answer->size);
}

#define TOKEN_USER_BYTES 256 /* a SID has 68 bytes at the most, TOKEN_USER 16 */

static void ask_token(HANDLE handle, WindowsAnswer *answer) {
  answer->status =
      nt.NtQueryInformationToken(handle, TokenUser, answer->bytes, TOKEN_USER_BYTES, &answer->size);
}

static void ask_mutant(HANDLE handle, WindowsAnswer *answer) {
  answer->status =
      nt.NtQueryMutant(handle, NT_MUTANT_OWNER, answer->bytes, sizeof(NtClientId), &answer->size);
}

/* TOKEN_USER: the address of the SID, which stands behind. */
static int user_in(const WindowsAnswer *answer, FsaArena *arena, FsaText *ret_user) {
  FsaBytes bytes = answer_bytes(answer);
  char text[FSA_NT_SID_TEXT];
  size_t size;
  const uint64_t at = fsa_u64(&bytes, 0) - (uintptr_t)answer->bytes;
  if (bytes.bad || at > bytes.size) return FSA_E_FORMAT;
  const int result = fsa_nt_sid_text(bytes, (size_t)at, text, &size);
  if (result != FSA_OK) return result;
  char *copy = fsa_arena_copy(arena, text, strlen(text));
  if (!copy) return FSA_E_NOMEM;
  *ret_user = (FsaText){copy, strlen(text)};
  return FSA_OK;
}

typedef enum TargetKind { TARGET_PROCESS, TARGET_THREAD, TARGET_TOKEN, TARGET_MUTANT } TargetKind;

static const struct {
  const char *type;
  ACCESS_MASK access; /* the least that is needed */
  WindowsGuarded *call;
} targets[] = {
    [TARGET_PROCESS] = {"Process", PROCESS_QUERY_LIMITED_INFORMATION, ask_process},
    [TARGET_THREAD] = {"Thread", THREAD_QUERY_LIMITED_INFORMATION, ask_thread},
    [TARGET_TOKEN] = {"Token", TOKEN_QUERY, ask_token},
    [TARGET_MUTANT] = {"Mutant", MUTANT_QUERY_STATE, ask_mutant},
};

#define TARGET_KINDS (sizeof targets / sizeof *targets)

static int target_in(const WindowsAnswer *answer, TargetKind kind, FsaArena *arena,
                     FsaOsHandleTarget *target) {
  if (!NT_OK(answer->status)) return windows_result(answer->status);
  FsaBytes bytes = answer_bytes(answer);
  switch (kind) {
  case TARGET_PROCESS: target->pid = (int64_t)fsa_u64(&bytes, PROCESS_ID); break;
  case TARGET_THREAD:
    target->pid = (int64_t)fsa_u64(&bytes, THREAD_PROCESS_ID);
    target->tid = (int64_t)fsa_u64(&bytes, THREAD_ID);
    break;
  case TARGET_TOKEN: return user_in(answer, arena, &target->user);
  case TARGET_MUTANT:
    target->pid = (int64_t)fsa_u64(&bytes, 0);
    target->tid = (int64_t)fsa_u64(&bytes, 8);
    if (target->pid == 0) return FSA_E_ABSENT;
    break;
  }
  return bytes.bad ? FSA_E_FORMAT : FSA_OK;
}

int fsa_os_handle_target(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                         FsaOsHandleTarget *ret_target) {
  size_t kind = 0;
  while (kind < TARGET_KINDS && !windows_handle_is(handle, targets[kind].type)) kind++;
  if (kind == TARGET_KINDS) return FSA_E_ABSENT;
  int result = ask_directly(table, handle, targets[kind].access, targets[kind].call);
  if (result != FSA_OK) return result;
  FsaOsHandleTarget target = {.pid = FSA_OS_UNKNOWN, .tid = FSA_OS_UNKNOWN};
  result = target_in(table->answer, (TargetKind)kind, arena, &target);
  if (result == FSA_OK) *ret_target = target;
  return result;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void ask_file(HANDLE handle, WindowsAnswer *answer) {
  NtIoStatusBlock done;
  answer->status = nt.NtQueryInformationFile(handle, &done, answer->bytes, sizeof(NtFileStandard),
                                             NT_FILE_STANDARD);
  answer->size = sizeof(NtFileStandard);
}

int fsa_os_handle_is_deleted(FsaOsHandleTable *table, const FsaOsTableHandle *handle,
                             bool *ret_is_deleted) {
  if (!windows_handle_is(handle, "File")) return FSA_E_ABSENT;
  const WindowsAnswer *answer;
  const int result = windows_handle_ask(table, handle, 0, ask_file, &answer);
  if (result != FSA_OK) return result;
  /* a device, and what is no file of a file system, has no such state */
  if (!NT_OK(answer->status)) return FSA_E_ABSENT;
  NtFileStandard file;
  memcpy(&file, answer->bytes, sizeof file);
  *ret_is_deleted = file.DeletePending != 0;
  return FSA_OK;
}

/* ---- sections -------------------------------------------------------------------------------- */

#define VIEW_UNMAP 2 /* the view is not for child processes */

/* Maps as little as can be, one page; what it holds is not read. */
static void ask_section(HANDLE handle, WindowsAnswer *answer) {
  const HANDLE ours = (HANDLE)(intptr_t)-1;
  NtSectionBasic section;
  SIZE_T size = 1, named = 0;
  void *view = NULL;
  if (NT_OK(nt.NtQuerySection(handle, NT_SECTION_BASIC, &section, sizeof section, NULL))) {
    answer->status = NT_OBJECT_NAME_NOT_FOUND; /* memory only */
    if (!(section.AllocationAttributes & (SEC_FILE | SEC_IMAGE))) return;
  }
  answer->status =
      nt.NtMapViewOfSection(handle, ours, &view, 0, 0, NULL, &size, VIEW_UNMAP, 0, PAGE_READONLY);
  if (!NT_OK(answer->status)) return;
  answer->status = nt.NtQueryVirtualMemory(ours, view, NT_MEMORY_MAPPED_NAME, answer->bytes,
                                           sizeof answer->bytes, &named);
  answer->size = (ULONG)named;
  nt.NtUnmapViewOfSection(ours, view);
}

int fsa_os_handle_section_file(FsaOsHandleTable *table, const FsaOsTableHandle *handle,
                               FsaArena *arena, FsaText *ret_path) {
  if (!windows_handle_is(handle, "Section")) return FSA_E_ABSENT;
  const WindowsAnswer *answer;
  const ACCESS_MASK access = SECTION_MAP_READ | (handle->access & SECTION_QUERY);
  /* a file on another machine may not answer */
  int result = windows_handle_ask(table, handle, access, ask_section, &answer);
  FsaText path;
  if (result == FSA_OK) result = name_in(answer, arena, &path);
  if (result == FSA_OK) result = windows_device_path(table->os, path, arena, &path);
  if (result == FSA_OK) *ret_path = path;
  return result;
}

/* ---- pipes ----------------------------------------------------------------------------------- */

#define PIPE_ROOT L"\\Device\\NamedPipe\\"
#define PIPE_ROOT_BYTES (sizeof PIPE_ROOT - sizeof(WCHAR))
#define CONNECTED 3u /* NamedPipeState */
#define WHO_MAY 7u   /* OWNER, GROUP and DACL_SECURITY_INFORMATION */

/* How an answer about a pipe is laid out. */
typedef struct PipeAnswer {
  NtIoStatusBlock done;
  NtPipeLocal local;
  ULONG creator, client; /* pids; 0 = not told */
  NtStatus local_status, security_status;
  ULONG security_size;
  _Alignas(16) uint8_t security[4096]; /* larger ones stay unknown */
  _Alignas(16) uint8_t name[65552];
} PipeAnswer;
_Static_assert(sizeof(PipeAnswer) <= sizeof((WindowsAnswer *)0)->bytes, "answers hold pipes");

/* Reads what the file system of pipes keeps; nothing of the pipe itself is read or changed. */
static void ask_pipe(HANDLE handle, WindowsAnswer *answer) {
  PipeAnswer *pipe = (PipeAnswer *)(void *)answer->bytes;
  ULONG size = 0;
  answer->status = nt.NtQueryObject(handle, NT_OBJECT_NAME, pipe->name, sizeof pipe->name, &size);
  if (!NT_OK(answer->status)) return;
  const NtUnicodeString *name = (const NtUnicodeString *)(const void *)pipe->name;
  if (name->Length <= PIPE_ROOT_BYTES || memcmp(name->Buffer, PIPE_ROOT, PIPE_ROOT_BYTES) != 0) {
    answer->status = NT_OBJECT_NAME_NOT_FOUND;
    return;
  }
  pipe->local_status = nt.NtQueryInformationFile(handle, &pipe->done, &pipe->local,
                                                 sizeof pipe->local, NT_FILE_PIPE_LOCAL);
  if (!nt.GetNamedPipeServerProcessId(handle, &pipe->creator)) pipe->creator = 0;
  if (!nt.GetNamedPipeClientProcessId(handle, &pipe->client)) pipe->client = 0;
  pipe->security_status = nt.NtQuerySecurityObject(handle, WHO_MAY, pipe->security,
                                                   sizeof pipe->security, &pipe->security_size);
}

/* What the server may do by NamedPipeConfiguration. */
static unsigned server_access(ULONG configuration) {
  static const unsigned access[] = {FSA_OS_READ, FSA_OS_WRITE, FSA_OS_READ | FSA_OS_WRITE};
  return configuration < 3 ? access[configuration] : 0;
}

static void set_local(const PipeAnswer *pipe, FsaOsPipeEnd *end) {
  if (!NT_OK(pipe->local_status)) return;
  end->is_end_known = true;
  end->is_server = pipe->local.NamedPipeEnd == 1;
  end->server_access = server_access(pipe->local.NamedPipeConfiguration);
  end->instances = pipe->local.CurrentInstances;
  end->most_instances = (int32_t)pipe->local.MaximumInstances;
}

static int set_security(const PipeAnswer *pipe, FsaArena *arena, FsaOsPipeEnd *end) {
  if (!NT_OK(pipe->security_status) || pipe->security_size > sizeof pipe->security) return FSA_OK;
  const FsaBytes bytes = fsa_bytes(pipe->security, pipe->security_size);
  const int result = fsa_nt_sddl(bytes, arena, &end->sddl);
  if (result == FSA_OK && end->sddl.size == 0) end->sddl.data = NULL; /* nothing was told */
  return result == FSA_E_NOMEM ? result : FSA_OK;
}

static int pipe_in(const WindowsAnswer *answer, FsaArena *arena, FsaOsPipeEnd *end) {
  const PipeAnswer *pipe = (const PipeAnswer *)(const void *)answer->bytes;
  FsaBytes name;
  if (!NT_OK(answer->status)) return windows_result(answer->status);
  if (fsa_nt_object_name(fsa_bytes(pipe->name, sizeof pipe->name), (uintptr_t)pipe->name, &name) !=
      FSA_OK)
    return FSA_E_FORMAT;
  end->name = fsa_text_from_utf16(arena, name.data + PIPE_ROOT_BYTES,
                                  (name.size - PIPE_ROOT_BYTES) / sizeof(WCHAR));
  if (!end->name.data) return FSA_E_NOMEM;
  if (pipe->creator) end->creator = pipe->creator;
  /* without a connection there is no client, whatever pid is left from the last one */
  const bool has_client = !NT_OK(pipe->local_status) || pipe->local.NamedPipeState == CONNECTED;
  if (pipe->client && has_client) end->client = pipe->client;
  set_local(pipe, end);
  return set_security(pipe, arena, end);
}

int fsa_os_handle_pipe(FsaOsHandleTable *table, const FsaOsTableHandle *handle, FsaArena *arena,
                       FsaOsPipeEnd *ret_end) {
  if (!windows_handle_is(handle, "File")) return FSA_E_ABSENT;
  const WindowsAnswer *answer;
  const ACCESS_MASK access = handle->access & (FILE_READ_ATTRIBUTES | READ_CONTROL);
  int result = windows_handle_ask(table, handle, access, ask_pipe, &answer);
  if (result != FSA_OK) return result;
  FsaOsPipeEnd end = {.creator = FSA_OS_UNKNOWN,
                      .client = FSA_OS_UNKNOWN,
                      .instances = FSA_OS_UNKNOWN,
                      .most_instances = FSA_OS_UNKNOWN};
  result = pipe_in(answer, arena, &end);
  if (result == FSA_OK) *ret_end = end;
  return result;
}
