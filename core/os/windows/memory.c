/*
 * The address space of a process and its memory.
 *
 * A walk asks one question for each region (NtQueryVirtualMemory, class 0), one more for the name
 * of each mapping, and for the figures one for thousands of pages (class 4): a question for each
 * page is what makes such scans slow. Regions that nobody asked for are dropped as they pass.
 * [Microsoft: VirtualQueryEx, QueryWorkingSetEx, ReadProcessMemory; formats/nt_memory.h]
 */
#include "os/windows/memory.h"

#include <stdlib.h>
#include <string.h>

#include "formats/nt_memory.h"
#include "formats/nt_string.h"
#include "os/windows/device_path.h"

#define STATUS_FILE_INVALID ((NtStatus)0xC0000098) /* the mapping has no file [MS-ERREF] */

enum {
  PAGES_AT_ONCE = 4096, /* that one question is about: 64 KiB */
  NAME_BYTES = 16 + 2 * 32768,
};

/* ---- one region ------------------------------------------------------------------------------ */

/* FSA_E_ABSENT behind the last address of the address space, and when the process has ended. */
static int ask_basic(HANDLE handle, uint64_t address, FsaNtMemory *ret_memory) {
  uint8_t bytes[FSA_NT_MEMORY_BYTES];
  SIZE_T length = 0;
  const NtStatus status = nt.NtQueryVirtualMemory(handle, (void *)(uintptr_t)address,
                                                  NT_MEMORY_BASIC, bytes, sizeof bytes, &length);
  if (status == NT_INVALID_PARAMETER) return FSA_E_ABSENT;
  if (!NT_OK(status)) return windows_result(status);
  return fsa_nt_memory(fsa_bytes(bytes, sizeof bytes), ret_memory);
}

static unsigned protection_of(uint32_t told, bool is_shared) {
  const FsaNtAccess access = fsa_nt_access(told);
  unsigned protection = is_shared && !access.is_copied ? FSA_OS_SHARED : 0u;
  if (access.is_guard) protection |= FSA_OS_GUARD;
  if (access.may_read && !access.is_guard) protection |= FSA_OS_READ;
  if (access.may_write) protection |= FSA_OS_WRITE;
  if (access.may_execute) protection |= FSA_OS_EXECUTE;
  return protection;
}

/*
 * Memory that could be written when it was allocated, and cannot be now. What it was in between,
 * nobody remembers, so there is no "never"; images are always allocated as writable on copying.
 */
static int64_t was_writable(const FsaNtMemory *memory) {
  if (memory->type == FSA_NT_IMAGE || fsa_nt_access(memory->protection).may_write)
    return FSA_OS_UNKNOWN;
  return fsa_nt_access(memory->first_protection).may_write ? 1 : FSA_OS_UNKNOWN;
}

static FsaOsRegion region_of(const FsaNtMemory *memory) {
  const bool is_image = memory->type == FSA_NT_IMAGE;
  return (FsaOsRegion){
      .start = memory->start,
      .end = memory->start + memory->size,
      .protection = protection_of(memory->protection, memory->type == FSA_NT_MAPPED),
      .backing = is_image                        ? FSA_OS_IMAGE
                 : memory->type == FSA_NT_MAPPED ? FSA_OS_FILE
                                                 : FSA_OS_ANONYMOUS,
      .name = {"", 0},
      .allocation = memory->allocation,
      .allocation_size = memory->size,
      .first_protection = is_image ? FSA_OS_UNKNOWN
                                   : (int64_t)protection_of(memory->first_protection,
                                                            memory->type == FSA_NT_MAPPED),
      .was_writable = was_writable(memory),
      .resident_size = FSA_OS_UNKNOWN,
      .private_size = FSA_OS_UNKNOWN,
  };
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The name of the mapping that holds an address; size 0 when it has lost it. */
static int ask_name(FsaOsProcess *process, uint64_t address, uint8_t *buffer, FsaArena *arena,
                    FsaOsRegion *region) {
  SIZE_T length = 0;
  const NtStatus status =
      nt.NtQueryVirtualMemory(process->reading, (void *)(uintptr_t)address, NT_MEMORY_MAPPED_NAME,
                              buffer, NAME_BYTES, &length);
  if (status == STATUS_FILE_INVALID && region->backing == FSA_OS_FILE)
    region->backing = FSA_OS_ANONYMOUS;
  if (!NT_OK(status)) return FSA_OK;
  FsaBytes bytes = fsa_bytes(buffer, NAME_BYTES);
  const FsaBytes units = fsa_nt_string(&bytes, (uintptr_t)buffer, 0);
  if (bytes.bad || units.size == 0) return FSA_OK;
  /* Wine counts a NUL behind some names; no file's name can hold one */
  const FsaText native = fsa_text_from_utf16z(arena, units.data, units.size / 2);
  if (!native.data) return FSA_E_NOMEM;
  return windows_device_path(process->os, native, arena, &region->name);
}

/* ---- the walk -------------------------------------------------------------------------------- */

typedef struct Walk {
  FsaOsProcess *process;
  FsaOsRegions which;
  FsaArena *arena;
  uint8_t *name; /* room for one name */
  FsaOsRegion *regions;
  size_t count, room;
  uint64_t allocation, allocation_end; /* which the walk is in */
  size_t first;                        /* the first region that the list has of it */
} Walk;

static bool is_wanted(const Walk *walk, const FsaNtMemory *memory) {
  if (memory->state != FSA_NT_COMMITTED) return false;
  if (walk->which != FSA_OS_CODE_REGIONS) return true;
  if (fsa_nt_access(memory->protection).may_execute) return true;
  if (memory->type == FSA_NT_IMAGE) return memory->start == memory->allocation;
  return fsa_nt_access(memory->first_protection).may_execute;
}

static int make_room(Walk *walk) {
  if (walk->count < walk->room) return FSA_OK;
  if (walk->room == FSA_MAX_REGIONS) return FSA_E_LIMIT;
  const size_t room = walk->room ? walk->room * 2 : 256;
  FsaOsRegion *regions = fsa_arena_zero(walk->arena, room, sizeof *regions);
  if (!regions) return FSA_E_NOMEM;
  if (walk->count) memcpy(regions, walk->regions, walk->count * sizeof *regions);
  walk->regions = regions;
  walk->room = room;
  return FSA_OK;
}

/* An allocation's later regions are of the same mapping: it is asked for its name once. */
static int add_region(Walk *walk, const FsaNtMemory *memory) {
  int result = make_room(walk);
  if (result != FSA_OK) return result;
  FsaOsRegion region = region_of(memory);
  const FsaOsRegion *before = walk->first < walk->count ? &walk->regions[walk->first] : NULL;
  if (before) {
    region.name = before->name;
    region.backing = before->backing;
  } else if (region.backing != FSA_OS_ANONYMOUS)
    result = ask_name(walk->process, region.start, walk->name, walk->arena, &region);
  walk->regions[walk->count++] = region;
  return result;
}

/* All that was met of an allocation counts for its size, listed or not. */
static void end_allocation(Walk *walk) {
  for (; walk->first < walk->count; walk->first++)
    walk->regions[walk->first].allocation_size = walk->allocation_end - walk->allocation;
}

static int take(Walk *walk, const FsaNtMemory *memory) {
  if (memory->allocation != walk->allocation) {
    end_allocation(walk);
    walk->allocation = memory->allocation;
  }
  walk->allocation_end = memory->start + memory->size;
  return is_wanted(walk, memory) ? add_region(walk, memory) : FSA_OK;
}

static int walk_regions(Walk *walk) {
  for (uint64_t address = 0;;) {
    FsaNtMemory memory;
    int result = ask_basic(walk->process->reading, address, &memory);
    if (result == FSA_E_ABSENT && address != 0 && !windows_process_ended(walk->process)) break;
    if (result != FSA_OK) return result;
    if (memory.start > address || memory.start + memory.size <= address) return FSA_E_FORMAT;
    if (memory.allocation > memory.start) return FSA_E_FORMAT;
    result = take(walk, &memory);
    if (result != FSA_OK) return result;
    address = memory.start + memory.size;
  }
  end_allocation(walk);
  return FSA_OK;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Pages that are asked about together, of any regions. */
typedef struct Batch {
  FsaOsProcess *process;
  uint8_t *buffer;
  size_t count, room;
} Batch;

static void add_page(Batch *batch, uint64_t address) {
  const uint64_t entry[2] = {address, 0};
  _Static_assert(sizeof entry == FSA_NT_PAGE_BYTES, "MEMORY_WORKING_SET_EX_INFORMATION");
  memcpy(batch->buffer + batch->count++ * sizeof entry, entry, sizeof entry);
}

/* Asks and empties the batch; FSA_E_UNSUPPORTED where the system has no such question. */
static int ask_pages(Batch *batch, FsaBytes *ret_bytes) {
  SIZE_T length = 0;
  const size_t size = batch->count * FSA_NT_PAGE_BYTES;
  const NtStatus status = nt.NtQueryVirtualMemory(
      batch->process->reading, NULL, NT_MEMORY_WORKING_SET, batch->buffer, size, &length);
  if (!NT_OK(status)) return windows_result(status);
  batch->count = 0;
  *ret_bytes = fsa_bytes(batch->buffer, size);
  return FSA_OK;
}

static bool tells_original(const FsaOsProcess *process) {
  return process->os->build >= FSA_NT_BUILD_ORIGINAL;
}

/* ---- figures --------------------------------------------------------------------------------- */

static bool is_measured(const FsaOsRegion *region, FsaOsRegions which) {
  if (which == FSA_OS_REGIONS_IN_USE || (region->protection & FSA_OS_EXECUTE)) return true;
  return region->backing == FSA_OS_IMAGE && region->start == region->allocation;
}

/* Adds the answers of a batch to the regions from *cursor on, in which its pages lie. */
static int tally(Batch *batch, FsaOsRegion *regions, size_t region_count, size_t *cursor) {
  FsaBytes bytes;
  FsaNtPage page;
  const size_t count = batch->count;
  if (count == 0) return FSA_OK;
  const int result = ask_pages(batch, &bytes);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < count; i++) {
    if (fsa_nt_page(bytes, i, tells_original(batch->process), &page) != FSA_OK) return FSA_E_FORMAT;
    while (*cursor < region_count && page.address >= regions[*cursor].end) (*cursor)++;
    if (*cursor == region_count) return FSA_E_FORMAT;
    regions[*cursor].resident_size += page.is_resident ? FSA_NT_PAGE : 0;
    regions[*cursor].private_size += page.is_private ? FSA_NT_PAGE : 0;
  }
  return FSA_OK;
}

static int measure_all(Batch *batch, FsaOsRegion *regions, size_t count, FsaOsRegions which) {
  size_t cursor = 0;
  uint64_t asked = 0;
  for (size_t i = 0; i < count; i++) {
    const uint64_t pages = (regions[i].end - regions[i].start) / FSA_NT_PAGE;
    if (!is_measured(&regions[i], which) || pages > FSA_MAX_MEASURED_PAGES - asked) continue;
    asked += pages;
    regions[i].resident_size = regions[i].private_size = 0;
    for (uint64_t at = regions[i].start; at < regions[i].end; at += FSA_NT_PAGE) {
      add_page(batch, at);
      if (batch->count < batch->room) continue;
      const int result = tally(batch, regions, count, &cursor);
      if (result != FSA_OK) return result;
    }
  }
  return tally(batch, regions, count, &cursor);
}

/*
 * What nobody tells is unknown: of anonymous memory, how much is not in memory; on a system that
 * cannot tell trimmed pages, that none was changed.
 */
static void forget_unknown(const FsaOsProcess *process, FsaOsRegion *region) {
  if (region->resident_size == FSA_OS_UNKNOWN) return;
  if (region->backing == FSA_OS_ANONYMOUS ||
      (region->private_size == 0 && !tells_original(process)))
    region->private_size = FSA_OS_UNKNOWN;
}

/* Figures that cannot be had stay unknown: Wine has none. */
static int measure(FsaOsProcess *process, FsaOsRegion *regions, size_t count, FsaOsRegions which) {
  Batch batch = {.process = process, .room = PAGES_AT_ONCE};
  if (count == 0) return FSA_OK;
  batch.buffer = malloc((size_t)PAGES_AT_ONCE * FSA_NT_PAGE_BYTES);
  if (!batch.buffer) return FSA_E_NOMEM;
  const int result = measure_all(&batch, regions, count, which);
  free(batch.buffer);
  for (size_t i = 0; i < count; i++) {
    if (result == FSA_OK)
      forget_unknown(process, &regions[i]);
    else
      regions[i].resident_size = regions[i].private_size = FSA_OS_UNKNOWN;
  }
  return result == FSA_E_UNSUPPORTED ? FSA_OK : result;
}

int fsa_os_process_regions(FsaOsProcess *process, FsaOsRegions which, FsaArena *arena,
                           FsaOsRegion **ret_regions, size_t *ret_count) {
  HANDLE handle;
  int result = windows_process_reading(process, &handle);
  if (result != FSA_OK) return result;
  Walk walk = {.process = process, .which = which, .arena = arena};
  walk.name = malloc(NAME_BYTES);
  if (!walk.name) return FSA_E_NOMEM;
  result = walk_regions(&walk);
  free(walk.name);
  if (result == FSA_OK && which != FSA_OS_ALL_REGIONS)
    result = measure(process, walk.regions, walk.count, which);
  if (result != FSA_OK) return windows_process_ended(process) ? FSA_E_ABSENT : result;
  *ret_regions = walk.regions;
  *ret_count = walk.count;
  return FSA_OK;
}

int fsa_os_regions(FsaOs *os, int64_t pid, FsaArena *arena, FsaOsRegion **ret_regions,
                   size_t *ret_count) {
  FsaOsProcess *process;
  int result = fsa_os_process_open(os, pid, arena, &process);
  if (result != FSA_OK) return result;
  result = fsa_os_process_regions(process, FSA_OS_ALL_REGIONS, arena, ret_regions, ret_count);
  fsa_os_process_close(process);
  return result;
}

int fsa_os_region_at(FsaOsProcess *process, uint64_t address, FsaArena *arena,
                     FsaOsRegion *ret_region) {
  HANDLE handle;
  FsaNtMemory memory;
  int result = windows_process_reading(process, &handle);
  if (result == FSA_OK) result = ask_basic(handle, address, &memory);
  if (result != FSA_OK) return result;
  if (memory.state != FSA_NT_COMMITTED) return FSA_E_ABSENT;
  FsaOsRegion region = region_of(&memory);
  if (region.backing != FSA_OS_ANONYMOUS) {
    uint8_t *buffer = malloc(NAME_BYTES);
    if (!buffer) return FSA_E_NOMEM;
    result = ask_name(process, region.start, buffer, arena, &region);
    free(buffer);
  }
  /* its beginning in its allocation is known, its end is not asked for */
  region.allocation_size = region.end - region.allocation;
  if (result == FSA_OK) *ret_region = region;
  return result;
}

/* ---- changed pages --------------------------------------------------------------------------- */

static int list_private(Batch *batch, size_t room, FsaOsPrivatePages *pages) {
  FsaBytes bytes;
  FsaNtPage page;
  const size_t count = batch->count;
  const int result = ask_pages(batch, &bytes);
  if (result != FSA_OK) return result;
  for (size_t i = 0; i < count; i++) {
    if (fsa_nt_page(bytes, i, tells_original(batch->process), &page) != FSA_OK) return FSA_E_FORMAT;
    if (!page.is_private) continue;
    if (pages->count++ == 0) pages->first = page.address;
    if (pages->listed < room) pages->pages[pages->listed++] = page.address;
  }
  return FSA_OK;
}

static int find_private(Batch *batch, const FsaOsRegion *region, size_t room,
                        FsaOsPrivatePages *pages) {
  int result = FSA_OK;
  for (uint64_t at = region->start; at < region->end && result == FSA_OK; at += FSA_NT_PAGE) {
    add_page(batch, at);
    if (batch->count == batch->room || at + FSA_NT_PAGE >= region->end)
      result = list_private(batch, room, pages);
  }
  /* on an old system no page is known to be unchanged */
  if (result == FSA_OK && pages->count == 0 && !tells_original(batch->process))
    result = FSA_E_UNSUPPORTED;
  return result;
}

int fsa_os_private_pages(FsaOsProcess *process, const FsaOsRegion *region, FsaArena *arena,
                         FsaOsPrivatePages *ret_pages) {
  HANDLE handle;
  FsaOsPrivatePages pages = {0};
  int result = windows_process_reading(process, &handle);
  if (result != FSA_OK) return result;
  uint64_t room = arena ? (region->end - region->start) / FSA_NT_PAGE : 0;
  if (room > FSA_MAX_PRIVATE_PAGES) room = FSA_MAX_PRIVATE_PAGES;
  if (arena) pages.pages = fsa_arena_zero(arena, (size_t)room + 1, sizeof *pages.pages);
  if (arena && !pages.pages) return FSA_E_NOMEM;
  Batch batch = {.process = process, .room = PAGES_AT_ONCE};
  batch.buffer = malloc((size_t)PAGES_AT_ONCE * FSA_NT_PAGE_BYTES);
  if (!batch.buffer) return FSA_E_NOMEM;
  result = find_private(&batch, region, (size_t)room, &pages);
  free(batch.buffer);
  if (result == FSA_OK) *ret_pages = pages;
  return result;
}

/* Windows does not lend the file of a mapping, and what lies at its path may be another one. */
int fsa_os_region_file(FsaOsProcess *process, const FsaOsRegion *region, FsaOsFile *ret_file) {
  (void)process, (void)region, (void)ret_file;
  return FSA_E_UNSUPPORTED;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* Where a thread is cannot be asked without stopping it. */
int fsa_os_thread_instruction(FsaOsProcess *process, int64_t tid, FsaArena *arena,
                              uint64_t *ret_address) {
  (void)process, (void)tid, (void)arena, (void)ret_address;
  return FSA_E_UNSUPPORTED;
}

int fsa_os_thread_start(FsaOsProcess *process, int64_t tid, uint64_t *ret_address) {
  NtClientId client = {.UniqueProcess = (HANDLE)(uintptr_t)process->pid,
                       .UniqueThread = (HANDLE)(uintptr_t)tid};
  NtObjectAttributes attributes = {.Length = sizeof attributes};
  HANDLE thread;
  ULONG_PTR address = 0;
  ULONG length = 0;
  NtStatus status = nt.NtOpenThread(&thread, THREAD_QUERY_INFORMATION, &attributes, &client);
  if (status == NT_INVALID_PARAMETER) return FSA_E_ABSENT;
  if (!NT_OK(status)) return windows_result(status);
  status = nt.NtQueryInformationThread(thread, NT_THREAD_START_ADDRESS, &address, sizeof address,
                                       &length);
  nt.NtClose(thread);
  if (!NT_OK(status)) return windows_result(status);
  if (address == 0) return FSA_E_ABSENT; /* Wine, until the thread has run */
  *ret_address = address;
  return FSA_OK;
}

/* ---- contents -------------------------------------------------------------------------------- */

static int read_bytes(HANDLE handle, uint64_t address, void *buffer, size_t size,
                      size_t *ret_size) {
  SIZE_T done = 0;
  const NtStatus status =
      nt.NtReadVirtualMemory(handle, (void *)(uintptr_t)address, buffer, size, &done);
  if (status == NT_PARTIAL_COPY) {
    *ret_size = done < size ? done : size;
    return FSA_OK;
  }
  if (!NT_OK(status)) return windows_result(status);
  *ret_size = done;
  return FSA_OK;
}

static int read_whole(void *context, uint64_t address, void *buffer, size_t size) {
  FsaOsProcess *process = context;
  size_t got = 0;
  const int result = read_bytes(process->reading, address, buffer, size, &got);
  if (result != FSA_OK) return result;
  return got == size ? FSA_OK : FSA_E_ABSENT;
}

int windows_reader(FsaOsProcess *process, FsaNtReader *ret_reader) {
  HANDLE handle;
  const int result = windows_process_reading(process, &handle);
  if (result == FSA_OK) *ret_reader = (FsaNtReader){.context = process, .read = read_whole};
  return result;
}

/*
 * How many bytes from `address` on lie in pages that may be touched: committed, readable, and no
 * guards, which a look would take away.
 */
static size_t size_before_hole(HANDLE handle, uint64_t address, size_t size) {
  size_t readable = 0;
  while (readable < size) {
    FsaNtMemory memory;
    if (ask_basic(handle, address + readable, &memory) != FSA_OK) break;
    const FsaNtAccess access = fsa_nt_access(memory.protection);
    if (memory.state != FSA_NT_COMMITTED || !access.may_read || access.is_guard) break;
    const uint64_t end = memory.start + memory.size;
    if (end <= address + readable) break;
    readable = end - address < size ? (size_t)(end - address) : size;
  }
  return readable;
}

/* The same before a page of which the system says that it lies in a page file. */
static size_t size_before_swap(FsaOsProcess *process, uint64_t address, size_t size) {
  enum { AT_ONCE = 512 };
  uint8_t buffer[AT_ONCE * FSA_NT_PAGE_BYTES];
  Batch batch = {.process = process, .buffer = buffer, .room = AT_ONCE};
  FsaBytes bytes;
  FsaNtPage page;
  const uint64_t end = address + size;
  for (uint64_t at = address - address % FSA_NT_PAGE; at < end;) {
    for (; at < end && batch.count < AT_ONCE; at += FSA_NT_PAGE) add_page(&batch, at);
    const size_t count = batch.count;
    if (ask_pages(&batch, &bytes) != FSA_OK) return size; /* it does not say */
    for (size_t i = 0; i < count && fsa_nt_page(bytes, i, true, &page) == FSA_OK; i++)
      if (page.is_swapped_out) return page.address > address ? (size_t)(page.address - address) : 0;
  }
  return size;
}

int fsa_os_process_memory(FsaOsProcess *process, uint64_t address, void *buffer, size_t size,
                          size_t *ret_size) {
  HANDLE handle;
  int result = windows_process_reading(process, &handle);
  if (result != FSA_OK) return result;
  if (size > UINT64_MAX - address) size = (size_t)(UINT64_MAX - address);
  size_t readable = size_before_hole(handle, address, size), got = 0;
  if (readable) readable = size_before_swap(process, address, readable);
  if (readable) result = read_bytes(handle, address, buffer, readable, &got);
  if (got == 0 && windows_process_ended(process)) return FSA_E_ABSENT;
  if (result == FSA_OK) *ret_size = got;
  return result;
}

int fsa_os_memory_read(FsaOs *os, int64_t pid, uint64_t address, void *buffer, size_t size,
                       size_t *ret_size) {
  FsaArena arena = fsa_arena(0);
  FsaOsProcess *process;
  int result = fsa_os_process_open(os, pid, &arena, &process);
  if (result == FSA_OK) {
    result = fsa_os_process_memory(process, address, buffer, size, ret_size);
    fsa_os_process_close(process);
  }
  fsa_arena_done(&arena);
  return result;
}
