/*
 * fsa_injected_modules: executable memory that no installed file accounts for - anonymous pages
 * that may run, programs that live in memory only, code that was changed after it was mapped.
 *
 * How: the kernel keeps, for every page of a file's mapping, whether it is still the file's. A
 * page that became the process's own in a code mapping was written to: by the process, through
 * ptrace or through /proc/PID/mem, whatever the mapping's protection says now. [proc(5) smaps;
 * Documentation/admin-guide/mm/pagemap.rst, bit 61]
 */
#include <stdio.h>

#include "catalog/runtimes.h"
#include "fsa.h"
#include "os/os.h"

enum {
  PID,
  KIND,
  START,
  END,
  SIZE,
  PERMISSIONS,
  PATH,
  OFFSET,
  DEVICE,
  INODE,
  IS_ANONYMOUS,
  IS_WRITABLE,
  IS_DELETED,
  IS_MEMFD,
  IS_SHARED_MEMORY,
  IS_TEMPORARY,
  IS_MODIFIED,
  WAS_WRITABLE,
  IS_REPLACED,
  ON_DISK,
  RESIDENT_SIZE,
  PRIVATE_SIZE,
  PRIVATE_PAGES,
  FIRST_PRIVATE_PAGE,
  IS_EXPLAINED,
  RUNTIME,
  RUNTIME_FILE,
  THREADS_IN_REGION,
  FIRST_BYTES,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process; never NULL."},
    [KIND] = {"kind", FSA_TEXT, FSA_KEY,
              "The strongest reason for the row: anonymous, heap, stack, memfd, modified_code, "
              "deleted_file, shared_memory, temporary_file, writable_code, replaced_file or "
              "once_writable; the is_ and was_ columns tell all of them. Never NULL."},
    [START] = {"start", FSA_HEX, 0, "First address; never NULL."},
    [END] = {"end", FSA_HEX, 0, "The address behind the last; never NULL."},
    [SIZE] = {"size", FSA_INTEGER, 0, "Bytes of the region; never NULL."},
    [PERMISSIONS] = {"permissions", FSA_TEXT, 0,
                     "r, w, x and p (private) or s (shared), '-' where not; never NULL."},
    [PATH] = {"path", FSA_TEXT, 0,
              "The mapped file, or the name in brackets that the kernel or the process gave; NULL "
              "for memory without a name."},
    [OFFSET] = {"offset", FSA_INTEGER, 0,
                "Where in the file the region begins, bytes; NULL without a file."},
    [DEVICE] = {"device", FSA_INTEGER, 0, "Device number of the file; NULL without a file."},
    [INODE] = {"inode", FSA_INTEGER, 0, "Inode of the file; NULL without a file."},
    [IS_ANONYMOUS] = {"is_anonymous", FSA_BOOL, 0,
                      "1 when no file stands behind it, whatever it is called; never NULL."},
    [IS_WRITABLE] = {"is_writable", FSA_BOOL, 0,
                     "1 when it can be written and run at once; never NULL."},
    [IS_DELETED] = {"is_deleted", FSA_BOOL, 0,
                    "1 when the file lost its name: deleted, or replaced as an upgrade does "
                    "(on_disk tells them apart). Never NULL."},
    [IS_MEMFD] = {"is_memfd", FSA_BOOL, 0,
                  "1 when the file was made by memfd_create and never lay on a disk; never NULL."},
    [IS_SHARED_MEMORY] = {"is_shared_memory", FSA_BOOL, 0,
                          "1 when it lies in /dev/shm, System V or anonymous shared memory; never "
                          "NULL."},
    [IS_TEMPORARY] = {"is_temporary", FSA_BOOL, 0,
                      "1 when the file lies in /tmp or /var/tmp; never NULL."},
    [IS_MODIFIED] = {"is_modified", FSA_BOOL, 0,
                     "1 when pages of a file's code are the process's own: they were written to. "
                     "NULL when the kernel does not tell and for memory without a file."},
    [WAS_WRITABLE] = {"was_writable", FSA_BOOL, 0,
                      "1 when a private mapping that cannot be written now could be before; NULL "
                      "when the kernel does not tell."},
    [IS_REPLACED] = {"is_replaced", FSA_BOOL, 0,
                     "1 when another file lies at the path than the one that is mapped; NULL when "
                     "either cannot be looked at, when it is deleted, and in a recording."},
    [ON_DISK] = {"on_disk", FSA_INTEGER, 0,
                 "1 when a file lies at the path, as the process sees it, 0 when not; NULL without "
                 "a path or when it cannot be looked at."},
    [RESIDENT_SIZE] = {"resident_size", FSA_INTEGER, FSA_VARIES,
                       "Bytes of it that are in memory; NULL when the kernel does not tell."},
    [PRIVATE_SIZE] = {"private_size", FSA_INTEGER, FSA_VARIES,
                      "Bytes in pages of the process's own, in memory or swapped out; NULL when "
                      "the kernel does not tell."},
    [PRIVATE_PAGES] = {"private_pages", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                       "Pages of a file's code that are the process's own, counted in the page "
                       "map; NULL without a file and in a recording."},
    [FIRST_PRIVATE_PAGE] = {"first_private_page", FSA_HEX, FSA_COSTLY,
                            "Address of the first of them; NULL when there is none."},
    [IS_EXPLAINED] = {"is_explained", FSA_BOOL, 0,
                      "1 when a runtime that makes code is mapped into the process and the region "
                      "is of the kind it makes (anonymous, heap, memfd or shared memory); it does "
                      "not prove that the runtime made it. Never NULL."},
    [RUNTIME] = {"runtime", FSA_TEXT, 0, "That runtime; NULL when not explained."},
    [RUNTIME_FILE] = {"runtime_file", FSA_TEXT, 0,
                      "The mapped file that tells of it; NULL when not explained."},
    [THREADS_IN_REGION] = {"threads_in_region", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                           "Threads that wait in a system call made from it; NULL when none could "
                           "be asked. A thread that runs cannot be asked."},
    [FIRST_BYTES] = {"first_bytes", FSA_TEXT, FSA_COSTLY,
                     "Its first 32 bytes as hexadecimal digits; of changed code, those of the "
                     "first changed page. NULL when they cannot be read, and in a recording."},
};

enum { SHOWN_BYTES = 32 };

/* Why a region is a row. */
typedef struct Traits {
  bool is_anonymous, is_heap, is_stack, is_writable, is_deleted, is_memfd, is_shared_memory,
      is_temporary;
  int64_t is_modified;  /* 0, 1 or FSA_OS_UNKNOWN */
  int64_t was_writable; /* the same */
  int64_t is_replaced;  /* the same */
  int64_t on_disk;      /* the same */
} Traits;

typedef struct State {
  FsaOsProcess *process; /* NULL = it ended before it was looked at */
  FsaOsRegion *regions;
  size_t count, index;
  const FsaRuntime *runtime; /* the first whose file is mapped */
  FsaText runtime_file;
  uint64_t *instructions; /* of the threads that could be asked */
  size_t instruction_count;
  bool has_asked_threads;
  bool has_told_refusal;
} State;

/* ---- names ----------------------------------------------------------------------------------- */

static bool is(FsaText text, const char *other) {
  return text.size == strlen(other) && memcmp(text.data, other, text.size) == 0;
}

static bool begins(FsaText text, const char *prefix) {
  size_t size = strlen(prefix);
  return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/*
 * Code that the kernel itself maps into every process. A process cannot give these names: its own
 * begin with "[anon".
 */
static bool is_of_kernel(const FsaOsRegion *region) {
  static const char *const names[] = {"[vdso]",     "[vvar]",    "[vvar_vclock]",
                                      "[vsyscall]", "[vectors]", "[sigpage]"};
  if (region->inode != 0) return false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (is(region->name, names[i])) return true;
  return false;
}

static FsaText last_part(FsaText path) {
  size_t at = path.size;
  while (at > 0 && path.data[at - 1] != '/') at--;
  return (FsaText){path.data + at, path.size - at};
}

/* ---- the process ----------------------------------------------------------------------------- */

static const FsaRuntime *runtime_of(FsaText path) {
  FsaText name = last_part(path);
  for (size_t i = 0; i < fsa_runtime_count; i++)
    if (fsa_text_glob(name.data, name.size, fsa_runtimes[i].file, strlen(fsa_runtimes[i].file)))
      return &fsa_runtimes[i];
  return NULL;
}

static void find_runtime(State *state) {
  for (size_t i = 0; i < state->count && !state->runtime; i++) {
    const FsaOsRegion *region = &state->regions[i];
    if (region->inode == 0 || !(region->protection & FSA_OS_EXECUTE)) continue;
    state->runtime = runtime_of(region->name);
    state->runtime_file = region->name;
  }
}

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaArena *arena = fsa_scan_arena(scan);
  int result = fsa_os_process_open(fsa_scan_os(scan), fsa_scan_pid(scan), arena, &state->process);
  if (result == FSA_E_ABSENT) return FSA_OK;
  if (result == FSA_OK) {
    result = fsa_os_process_regions(state->process, FSA_OS_CODE_REGIONS, arena, &state->regions,
                                    &state->count);
    if (result == FSA_OK) find_runtime(state);
    if (result == FSA_OK || result == FSA_E_ABSENT || fsa_os_process_is_kernel(state->process))
      return FSA_OK;
    fsa_os_process_close(state->process);
  }
  return fsa_problem(scan, result, FSA_NO_OFFSET, "its memory map cannot be read (%s)",
                     fsa_result_name(result));
}

static void close_process(void *opaque) {
  State *state = opaque;
  fsa_os_process_close(state->process);
}

/* ---- traits ---------------------------------------------------------------------------------- */

/* One problem for each process: what was refused once is refused for every region. */
static void tell_refusal(FsaScan *scan, State *state, int result, const char *what) {
  if (state->has_told_refusal || result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED) return;
  state->has_told_refusal = true;
  fsa_problem(scan, result, FSA_NO_OFFSET, "%s cannot be read (%s)", what, fsa_result_name(result));
}

static int64_t is_modified(FsaScan *scan, State *state, const FsaOsRegion *region) {
  if (region->private_size != FSA_OS_UNKNOWN) return region->private_size > 0;
  FsaOsPrivatePages pages; /* a kernel without smaps may still have the page map */
  int result = fsa_os_private_pages(state->process, region, NULL, &pages);
  if (result == FSA_OK) return pages.count > 0;
  tell_refusal(scan, state, result, "the page map");
  return FSA_OS_UNKNOWN;
}

/* What lies at the path now, and whether it is what was mapped. */
static void compare_file(FsaScan *scan, State *state, const FsaOsRegion *region, Traits *traits) {
  FsaOsFile found, mapped;
  if (traits->is_memfd || !begins(region->name, "/")) return;
  int result = fsa_os_process_file(state->process, region->name, &found);
  if (result == FSA_E_ABSENT) traits->on_disk = 0;
  if (result != FSA_OK) {
    tell_refusal(scan, state, result, "a mapped file's path");
    return;
  }
  traits->on_disk = 1;
  if (traits->is_deleted) return;
  result = fsa_os_region_file(state->process, region, &mapped);
  if (result == FSA_OK)
    traits->is_replaced = found.inode != mapped.inode || found.device != mapped.device;
  else
    tell_refusal(scan, state, result, "a mapped file");
}

static bool is_shared_memory(const FsaOsRegion *region) {
  return begins(region->name, "/dev/shm/") || begins(region->name, "/SYSV") ||
         begins(region->name, "/dev/zero") || begins(region->name, "[anon_shmem:");
}

static Traits traits_of(FsaScan *scan, State *state, const FsaOsRegion *region) {
  Traits traits = {
      .is_anonymous = region->inode == 0,
      .is_heap = is(region->name, "[heap]"),
      .is_stack = is(region->name, "[stack]"),
      .is_writable = (region->protection & FSA_OS_WRITE) != 0,
      .is_deleted = region->is_deleted,
      .is_memfd = region->is_deleted && begins(region->name, "/memfd:"),
      .is_temporary = begins(region->name, "/tmp/") || begins(region->name, "/var/tmp/"),
      .is_modified = FSA_OS_UNKNOWN,
      .was_writable = FSA_OS_UNKNOWN,
      .is_replaced = FSA_OS_UNKNOWN,
      .on_disk = FSA_OS_UNKNOWN,
  };
  traits.is_shared_memory = !traits.is_memfd && is_shared_memory(region);
  if (traits.is_anonymous) return traits;
  if (!(region->protection & FSA_OS_SHARED)) traits.is_modified = is_modified(scan, state, region);
  if (!traits.is_writable) traits.was_writable = region->was_writable;
  compare_file(scan, state, region, &traits);
  return traits;
}

/* The strongest reason; NULL when there is none. */
static const char *kind_of(const Traits *traits) {
  if (traits->is_heap) return "heap";
  if (traits->is_stack) return "stack";
  if (traits->is_anonymous) return "anonymous";
  if (traits->is_memfd) return "memfd";
  if (traits->is_modified == 1) return "modified_code";
  if (traits->is_shared_memory) return "shared_memory";
  if (traits->is_deleted) return "deleted_file";
  if (traits->is_temporary) return "temporary_file";
  if (traits->is_writable) return "writable_code";
  if (traits->is_replaced == 1) return "replaced_file";
  if (traits->was_writable == 1) return "once_writable";
  return NULL;
}

/* A runtime makes code in memory, not in other people's files. */
static bool is_made_by_runtime(const Traits *traits) {
  return traits->is_anonymous || traits->is_memfd || traits->is_shared_memory;
}

/* ---- the costly columns ---------------------------------------------------------------------- */

static void ask_threads(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  int64_t *tids;
  size_t count;
  state->has_asked_threads = true;
  int result = fsa_os_threads(state->process, arena, &tids, &count);
  if (result == FSA_OK) {
    state->instructions = fsa_arena_zero(arena, count + 1, sizeof *state->instructions);
    if (!state->instructions) return;
    for (size_t i = 0; i < count; i++) {
      uint64_t address;
      int asked = fsa_os_thread_instruction(state->process, tids[i], arena, &address);
      if (asked == FSA_OK)
        state->instructions[state->instruction_count++] = address;
      else
        result = asked;
    }
  }
  if (result != FSA_OK) tell_refusal(scan, state, result, "where its threads are");
}

static void set_threads(FsaScan *scan, State *state, FsaRow *row, const FsaOsRegion *region) {
  if (!fsa_wants(scan, THREADS_IN_REGION)) return;
  if (!state->has_asked_threads) ask_threads(scan, state);
  if (state->instruction_count == 0) return;
  int64_t inside = 0;
  for (size_t i = 0; i < state->instruction_count; i++)
    inside += state->instructions[i] >= region->start && state->instructions[i] < region->end;
  fsa_row_int(row, THREADS_IN_REGION, inside);
}

/* Gives the address of the first changed page, or the region's start. */
static uint64_t set_private_pages(FsaScan *scan, State *state, FsaRow *row,
                                  const FsaOsRegion *region, const Traits *traits) {
  if (traits->is_modified == FSA_OS_UNKNOWN) return region->start;
  if (!fsa_wants(scan, PRIVATE_PAGES) && !fsa_wants(scan, FIRST_PRIVATE_PAGE) &&
      !fsa_wants(scan, FIRST_BYTES))
    return region->start;
  FsaOsPrivatePages pages;
  int result = fsa_os_private_pages(state->process, region, NULL, &pages);
  if (result != FSA_OK) {
    tell_refusal(scan, state, result, "the page map");
    return region->start;
  }
  fsa_row_int(row, PRIVATE_PAGES, (int64_t)pages.count);
  if (pages.count == 0) return region->start;
  fsa_row_hex(row, FIRST_PRIVATE_PAGE, pages.first);
  return pages.first;
}

static void set_first_bytes(FsaScan *scan, State *state, FsaRow *row, uint64_t address) {
  static const char digits[] = "0123456789abcdef";
  if (!fsa_wants(scan, FIRST_BYTES)) return;
  uint8_t bytes[SHOWN_BYTES];
  size_t size;
  int result = fsa_os_memory_read(fsa_scan_os(scan), fsa_scan_pid(scan), address, bytes,
                                  sizeof bytes, &size);
  if (result != FSA_OK) tell_refusal(scan, state, result, "its memory");
  if (result != FSA_OK || size == 0) return;
  char *text = fsa_arena_alloc(fsa_row_arena(scan), size * 2);
  if (!text) return;
  for (size_t i = 0; i < size; i++) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  fsa_row_text(row, FIRST_BYTES, text, size * 2);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void set_region(FsaScan *scan, FsaRow *row, const FsaOsRegion *region) {
  fsa_row_int(row, PID, fsa_scan_pid(scan));
  fsa_row_hex(row, START, region->start);
  fsa_row_hex(row, END, region->end);
  fsa_row_int(row, SIZE, (int64_t)(region->end - region->start));
  char permissions[4] = {region->protection & FSA_OS_READ ? 'r' : '-',
                         region->protection & FSA_OS_WRITE ? 'w' : '-',
                         region->protection & FSA_OS_EXECUTE ? 'x' : '-',
                         region->protection & FSA_OS_SHARED ? 's' : 'p'};
  fsa_row_text(row, PERMISSIONS, fsa_arena_copy(fsa_row_arena(scan), permissions, 4), 4);
  if (region->name.size) fsa_row_text(row, PATH, region->name.data, region->name.size);
  fsa_row_known(row, RESIDENT_SIZE, region->resident_size, FSA_OS_UNKNOWN);
  fsa_row_known(row, PRIVATE_SIZE, region->private_size, FSA_OS_UNKNOWN);
  if (region->inode == 0) return;
  fsa_row_int(row, OFFSET, (int64_t)region->file_offset);
  fsa_row_int(row, DEVICE, (int64_t)region->device);
  fsa_row_int(row, INODE, (int64_t)region->inode);
}

static void set_traits(FsaRow *row, const Traits *traits) {
  fsa_row_bool(row, IS_ANONYMOUS, traits->is_anonymous);
  fsa_row_bool(row, IS_WRITABLE, traits->is_writable);
  fsa_row_bool(row, IS_DELETED, traits->is_deleted);
  fsa_row_bool(row, IS_MEMFD, traits->is_memfd);
  fsa_row_bool(row, IS_SHARED_MEMORY, traits->is_shared_memory);
  fsa_row_bool(row, IS_TEMPORARY, traits->is_temporary);
  fsa_row_known(row, IS_MODIFIED, traits->is_modified, FSA_OS_UNKNOWN);
  fsa_row_known(row, WAS_WRITABLE, traits->was_writable, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_REPLACED, traits->is_replaced, FSA_OS_UNKNOWN);
  fsa_row_known(row, ON_DISK, traits->on_disk, FSA_OS_UNKNOWN);
}

static void set_runtime(FsaRow *row, const State *state, const FsaOsRegion *region,
                        const Traits *traits) {
  /* the kernel's own page */
  bool is_uprobe = traits->is_anonymous && is(region->name, "[uprobes]");
  bool is_explained = is_uprobe || (state->runtime && is_made_by_runtime(traits));
  fsa_row_bool(row, IS_EXPLAINED, is_explained);
  if (is_uprobe)
    fsa_row_string(row, RUNTIME, "uprobes");
  else if (is_explained) {
    fsa_row_string(row, RUNTIME, state->runtime->runtime);
    fsa_row_text(row, RUNTIME_FILE, state->runtime_file.data, state->runtime_file.size);
  }
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  while (state->index < state->count) {
    const FsaOsRegion *region = &state->regions[state->index++];
    if (!(region->protection & FSA_OS_EXECUTE) || is_of_kernel(region)) continue;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    Traits traits = traits_of(scan, state, region);
    const char *kind = kind_of(&traits);
    if (!kind || !fsa_admits_text(scan, KIND, kind, strlen(kind))) continue;
    set_region(scan, row, region);
    fsa_row_string(row, KIND, kind);
    set_traits(row, &traits);
    set_runtime(row, state, region, &traits);
    set_threads(scan, state, row, region);
    set_first_bytes(scan, state, row, set_private_pages(scan, state, row, region, &traits));
    return FSA_ROW;
  }
  return FSA_OK;
}

const FsaTable fsa_table_injected_modules = {
    .name = "injected_modules",
    .summary = "One row for each executable memory region that no unchanged, installed file "
               "accounts for.",
    .proves = "The region could be executed while it was looked at, and the marks that the columns "
              "name were on it; is_modified proves that code was written to after it was mapped.",
    .caveat = "Code that is made executable only for the moments in which it runs has no row, nor "
              "has code in the pages of an unchanged file; debuggers, uprobes and programs with "
              "text relocations change code too.",
    .example = "SELECT pid, kind, start, permissions, path FROM fsa_injected_modules "
               "WHERE NOT is_explained",
    .sources = FSA_LIVE_LINUX,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_process,
    .next = next,
    .close = close_process,
};
