/*
 * The list of processes, and who is missing from it.
 *
 * A process can be taken out of the kernel's list (its links are unhooked, or somebody stands
 * between us and the answer) and goes on: it still answers to its pid, and the table of handles
 * still names it. Both are asked, and whoever the list alone leaves out is part of the snapshot.
 * Processes come and go while we look: hidden is only who was there before and after a list that
 * does not have it.
 */
#include "os/windows/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "formats/nt_handle.h"
#include "os/windows/process.h"

enum {
  FIRST_LIST = 512u << 10, /* bytes: some hundred processes with their threads */
  FIRST_HANDLES = 4u << 20,
  SWEEP_MARGIN = 1024, /* how far above the highest known id is looked */
  ID_STEP = 4,         /* ids are multiples of it */
  LOOKS = 3,
  LOOK_PAUSE_MS = 10,
};

/* ---- sets of ids ----------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b) {
  const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static bool has_id(const int64_t *ids, size_t count, int64_t id) {
  return count && bsearch(&id, ids, count, sizeof *ids, compare_ids);
}

/* Sorted, each id once; gives how many are left. */
static size_t settle_ids(int64_t *ids, size_t count) {
  if (count == 0) return 0;
  qsort(ids, count, sizeof *ids, compare_ids);
  size_t kept = 1;
  for (size_t i = 1; i < count; i++)
    if (ids[i] != ids[kept - 1]) ids[kept++] = ids[i];
  return kept;
}

/* ---- the views ------------------------------------------------------------------------------- */

static NtStatus ask_system(void *context, void *buffer, ULONG length, ULONG *ret_length) {
  return nt.NtQuerySystemInformation(*(const int *)context, buffer, length, ret_length);
}

static int ask_list(FsaArena *arena, FsaNtProcesses *ret_list) {
  int class = NT_SYSTEM_PROCESSES;
  FsaBytes bytes;
  const int result = windows_ask(ask_system, &class, FIRST_LIST, FSA_MAX_NT_LIST, arena, &bytes);
  if (result == FSA_OK) *ret_list = fsa_nt_processes(bytes, (uintptr_t)bytes.data);
  return result;
}

static int compare_known(const void *a, const void *b) {
  return compare_ids(&((const WindowsKnown *)a)->pid, &((const WindowsKnown *)b)->pid);
}

static int read_list(FsaNtProcesses list, FsaArena *arena, WindowsKnown **ret_processes,
                     size_t *ret_count) {
  FsaNtProcesses counted = list;
  FsaNtProcess facts;
  size_t room = 0, count = 0;
  int result;
  while ((result = fsa_nt_processes_next(&counted, &facts)) == FSA_ROW) room++;
  if (result != FSA_OK) return result;
  WindowsKnown *processes = fsa_arena_zero(arena, room + 1, sizeof *processes);
  if (!processes) return FSA_E_NOMEM;
  while (count < room && fsa_nt_processes_next(&list, &facts) == FSA_ROW)
    processes[count++] = (WindowsKnown){.pid = facts.pid, .is_listed = true, .facts = facts};
  qsort(processes, count, sizeof *processes, compare_known);
  *ret_processes = processes;
  *ret_count = count;
  return FSA_OK;
}

/* The pid of each handle, those that stand together once; gives how many. NULL counts them. */
static size_t collect_owners(const FsaNtHandles *handles, int64_t *owners) {
  size_t count = 0;
  uint64_t last = UINT64_MAX;
  for (size_t i = 0; i < handles->count; i++) {
    const uint64_t pid = fsa_nt_handles_at(handles, i).pid;
    if (pid == last || pid > UINT32_MAX) continue;
    last = pid;
    if (owners) owners[count] = (int64_t)pid;
    count++;
  }
  return count;
}

/* The owners of all handles; whoever may not ask has one view less. */
static int read_owners(FsaArena *arena, int64_t **ret_owners, size_t *ret_count) {
  FsaArena scratch = fsa_arena(0);
  int class = NT_SYSTEM_HANDLES;
  FsaBytes bytes;
  FsaNtHandles handles;
  int result = windows_ask(ask_system, &class, FIRST_HANDLES, FSA_MAX_NT_LIST, &scratch, &bytes);
  if (result == FSA_OK) result = fsa_nt_handles(bytes, &handles);
  if (result == FSA_OK) {
    int64_t *owners = fsa_arena_zero(arena, collect_owners(&handles, NULL) + 1, sizeof *owners);
    if (owners) *ret_count = settle_ids(owners, collect_owners(&handles, owners));
    if (owners) *ret_owners = owners;
    if (!owners) result = FSA_E_NOMEM;
  }
  fsa_arena_done(&scratch);
  return result;
}

/* ---- who is missing -------------------------------------------------------------------------- */

typedef struct Suspect {
  int64_t pid;
  uint64_t create_time; /* 0 = it does not let itself be opened */
} Suspect;

typedef struct Suspects {
  Suspect *items;
  size_t count, room;
} Suspects;

static int add_suspect(Suspects *suspects, FsaArena *arena, Suspect suspect) {
  if (suspects->count == suspects->room) {
    const size_t size = sizeof *suspects->items, room = suspects->room ? suspects->room * 2 : 16;
    Suspect *items = fsa_arena_grow(arena, suspects->items, suspects->room * size, room * size);
    if (!items) return FSA_E_NOMEM;
    suspects->items = items;
    suspects->room = room;
  }
  suspects->items[suspects->count++] = suspect;
  return FSA_OK;
}

/*
 * True when a process that runs answers to `pid`; ended ones do as long as somebody holds them.
 * *ret_time is its start, or 0 when it refuses to be asked.
 */
static bool answers(int64_t pid, uint64_t *ret_time) {
  HANDLE handle;
  FsaNtTimes times;
  *ret_time = 0;
  const int result = windows_open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION, &handle);
  if (result == FSA_E_ACCESS) return true;
  if (result != FSA_OK) return false;
  const bool runs = windows_process_times(handle, &times) == FSA_OK && times.exit_time == 0;
  if (runs) *ret_time = times.create_time;
  nt.NtClose(handle);
  return runs;
}

/* All ids of the list, those of threads too: they share one table with the processes. */
static int ids_of_list(const WindowsSnapshot *snapshot, FsaArena *arena, int64_t **ret_ids,
                       size_t *ret_count) {
  size_t room = 0, count = 0;
  for (size_t i = 0; i < snapshot->count; i++)
    room += 1u + snapshot->processes[i].facts.threads_listed;
  int64_t *ids = fsa_arena_zero(arena, room + 1, sizeof *ids);
  if (!ids) return FSA_E_NOMEM;
  for (size_t i = 0; i < snapshot->count; i++) {
    const FsaNtProcess *facts = &snapshot->processes[i].facts;
    FsaNtThread thread;
    ids[count++] = facts->pid;
    for (uint32_t k = 0; k < facts->threads_listed; k++)
      if (fsa_nt_thread(facts, k, &thread)) ids[count++] = thread.tid;
  }
  *ret_count = settle_ids(ids, count);
  *ret_ids = ids;
  return FSA_OK;
}

/* Whoever answers to an id that the list does not have, or owns handles without being listed. */
static int suspect(const WindowsSnapshot *snapshot, FsaArena *arena, Suspects *suspects) {
  int64_t *ids, highest = 0;
  size_t count;
  int result = ids_of_list(snapshot, arena, &ids, &count);
  if (result != FSA_OK) return result;
  if (count) highest = ids[count - 1];
  if (snapshot->owner_count && snapshot->owners[snapshot->owner_count - 1] > highest)
    highest = snapshot->owners[snapshot->owner_count - 1];
  if (highest > FSA_MAX_PIDS) highest = FSA_MAX_PIDS;
  for (int64_t pid = ID_STEP; pid <= highest + SWEEP_MARGIN && result == FSA_OK; pid += ID_STEP) {
    uint64_t time;
    if (has_id(ids, count, pid)) continue;
    const bool owns = has_id(snapshot->owners, snapshot->owner_count, pid);
    /* one that refuses may have ended long ago, and only its handles say that it has not */
    if (answers(pid, &time) ? time || owns : owns)
      result = add_suspect(suspects, arena, (Suspect){pid, time});
  }
  return result;
}

/* Keeps those that a new list leaves out again and that are still there behind it. */
static int confirm(Suspects *suspects, FsaArena *arena) {
  FsaNtProcesses list;
  WindowsKnown *processes;
  int64_t *owners = NULL;
  size_t count, owner_count = 0, kept = 0;
  int result = ask_list(arena, &list);
  if (result == FSA_OK) result = read_list(list, arena, &processes, &count);
  if (result != FSA_OK) return result;
  if (read_owners(arena, &owners, &owner_count) == FSA_E_NOMEM) return FSA_E_NOMEM;
  for (size_t i = 0; i < suspects->count; i++) {
    const Suspect suspect = suspects->items[i];
    const WindowsKnown wanted = {.pid = suspect.pid};
    uint64_t time;
    if (bsearch(&wanted, processes, count, sizeof *processes, compare_known)) continue;
    const bool same = answers(suspect.pid, &time) && time && time == suspect.create_time;
    if (same || (!time && has_id(owners, owner_count, suspect.pid)))
      suspects->items[kept++] = suspect;
  }
  suspects->count = kept;
  return FSA_OK;
}

static int add_hidden(WindowsSnapshot *snapshot, const Suspects *suspects) {
  const size_t count = snapshot->count + suspects->count;
  WindowsKnown *processes = fsa_arena_zero(&snapshot->arena, count + 1, sizeof *processes);
  if (!processes) return FSA_E_NOMEM;
  memcpy(processes, snapshot->processes, snapshot->count * sizeof *processes);
  for (size_t i = 0; i < suspects->count; i++)
    processes[snapshot->count + i] = (WindowsKnown){.pid = suspects->items[i].pid};
  qsort(processes, count, sizeof *processes, compare_known);
  snapshot->processes = processes;
  snapshot->count = count;
  return FSA_OK;
}

static int find_hidden(WindowsSnapshot *snapshot) {
  FsaArena scratch = fsa_arena(0);
  Suspects suspects = {0};
  int result = suspect(snapshot, &scratch, &suspects);
  for (int i = 1; i < LOOKS && suspects.count && result == FSA_OK; i++) {
    Sleep(LOOK_PAUSE_MS);
    result = confirm(&suspects, &scratch);
  }
  if (result == FSA_OK && suspects.count) result = add_hidden(snapshot, &suspects);
  fsa_arena_done(&scratch);
  return result;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static int take(WindowsSnapshot *snapshot) {
  FsaNtProcesses list;
  snapshot->taken = fsa_clock_monotonic();
  int result = ask_list(&snapshot->arena, &list);
  if (result == FSA_OK)
    result = read_list(list, &snapshot->arena, &snapshot->processes, &snapshot->count);
  if (result != FSA_OK) return result;
  result = read_owners(&snapshot->arena, &snapshot->owners, &snapshot->owner_count);
  if (result == FSA_E_NOMEM) return result;
  result = find_hidden(snapshot);
  snapshot->cost = fsa_clock_monotonic() - snapshot->taken;
  return result;
}

static void release(WindowsSnapshot *snapshot) {
  fsa_arena_done(&snapshot->arena);
  free(snapshot);
}

void windows_snapshot_drop(FsaOs *os, WindowsSnapshot *snapshot) {
  if (!snapshot) return;
  pthread_mutex_lock(&os->lock);
  const bool is_last = --snapshot->users == 0;
  pthread_mutex_unlock(&os->lock);
  if (is_last) release(snapshot);
}

static WindowsSnapshot *kept(FsaOs *os, bool fresh) {
  pthread_mutex_lock(&os->lock);
  WindowsSnapshot *snapshot = os->snapshot;
  if (snapshot && fresh && fsa_clock_monotonic() - snapshot->taken > 3 * snapshot->cost)
    snapshot = NULL;
  if (snapshot) snapshot->users++;
  pthread_mutex_unlock(&os->lock);
  return snapshot;
}

int windows_snapshot(FsaOs *os, bool fresh, WindowsSnapshot **ret_snapshot) {
  WindowsSnapshot *snapshot = kept(os, fresh), *former;
  if (!snapshot) {
    snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot) return FSA_E_NOMEM;
    const int result = take(snapshot);
    if (result != FSA_OK) {
      release(snapshot);
      return result;
    }
    snapshot->users = 2; /* the host, and whoever asked */
    pthread_mutex_lock(&os->lock);
    former = os->snapshot;
    os->snapshot = snapshot;
    pthread_mutex_unlock(&os->lock);
    windows_snapshot_drop(os, former);
  }
  *ret_snapshot = snapshot;
  return FSA_OK;
}

const WindowsKnown *windows_snapshot_find(const WindowsSnapshot *snapshot, int64_t pid) {
  const WindowsKnown wanted = {.pid = pid};
  return snapshot->count ? bsearch(&wanted, snapshot->processes, snapshot->count,
                                   sizeof *snapshot->processes, compare_known)
                         : NULL;
}

int64_t windows_snapshot_owns(const WindowsSnapshot *snapshot, int64_t pid) {
  if (!snapshot->owners) return FSA_OS_UNKNOWN;
  return has_id(snapshot->owners, snapshot->owner_count, pid);
}
