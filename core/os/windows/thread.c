/* The threads of a process: those that the list has, or those that the kernel walks through. */
#include "os/windows/process.h"

#include <stdlib.h>

enum { THREADS_AT_ONCE = 64 };

static int compare_ids(const void *a, const void *b) {
  const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static int listed_threads(const FsaNtProcess *facts, FsaArena *arena, int64_t **ret_tids,
                          size_t *ret_count) {
  FsaNtThread thread;
  size_t count = 0;
  int64_t *tids = fsa_arena_zero(arena, facts->threads_listed + 1u, sizeof *tids);
  if (!tids) return FSA_E_NOMEM;
  for (uint32_t i = 0; i < facts->threads_listed; i++)
    if (fsa_nt_thread(facts, i, &thread)) tids[count++] = thread.tid;
  qsort(tids, count, sizeof *tids, compare_ids);
  *ret_tids = tids;
  *ret_count = count;
  return FSA_OK;
}

/* The id of an open thread; 0 when it is not told. */
static int64_t thread_id(HANDLE thread) {
  enum { BASIC_SIZE = 48, BASIC_TID = 24 }; /* THREAD_BASIC_INFORMATION */
  uint8_t buffer[BASIC_SIZE];
  ULONG length;
  if (!NT_OK(nt.NtQueryInformationThread(thread, NT_THREAD_BASIC, buffer, sizeof buffer, &length)))
    return 0;
  FsaBytes bytes = fsa_bytes(buffer, sizeof buffer);
  return (int64_t)fsa_u32(&bytes, BASIC_TID);
}

static int walked_threads(FsaOsProcess *process, FsaArena *arena, int64_t **ret_tids,
                          size_t *ret_count) {
  HANDLE handle, thread = NULL, next;
  int64_t *tids = NULL;
  size_t count = 0, room = 0;
  int result = nt.NtGetNextThread ? windows_process_reading(process, &handle) : FSA_E_UNSUPPORTED;
  while (result == FSA_OK && count < FSA_MAX_PIDS) {
    const NtStatus status =
        nt.NtGetNextThread(handle, thread, THREAD_QUERY_LIMITED_INFORMATION, 0, 0, &next);
    if (thread) nt.NtClose(thread);
    thread = NULL;
    if (!NT_OK(status)) {
      result = status == NT_NO_MORE_ENTRIES ? FSA_OK : windows_result(status);
      break;
    }
    thread = next;
    if (count == room) {
      room += THREADS_AT_ONCE;
      int64_t *more = fsa_arena_grow(arena, tids, count * sizeof *tids, room * sizeof *tids);
      if (!more) result = FSA_E_NOMEM;
      if (more) tids = more;
    }
    const int64_t tid = thread_id(thread);
    if (result == FSA_OK && tid) tids[count++] = tid;
  }
  if (thread) nt.NtClose(thread);
  if (result != FSA_OK) return result;
  if (count) qsort(tids, count, sizeof *tids, compare_ids);
  *ret_tids = tids;
  *ret_count = count;
  return FSA_OK;
}

int fsa_os_threads(FsaOsProcess *process, FsaArena *arena, int64_t **ret_tids, size_t *ret_count) {
  if (process->known && process->known->is_listed)
    return listed_threads(&process->known->facts, arena, ret_tids, ret_count);
  return walked_threads(process, arena, ret_tids, ret_count);
}
