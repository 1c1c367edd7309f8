/*
 * fsa_injected_modules: executable memory that no installed file accounts for - anonymous pages
 * that may run, programs that live in memory only, code that was changed after it was mapped.
 *
 * Linux: the kernel keeps, for every page of a file's mapping, whether it is still the file's. A
 * page that became the process's own in a code mapping was written to: by the process, through
 * ptrace or through /proc/PID/mem, whatever the mapping's protection says now. [proc(5) smaps;
 * Documentation/admin-guide/mm/pagemap.rst, bit 61]
 *
 * Windows: the same of every page of an image (QueryWorkingSetEx); the pages that changed are
 * compared with the file, relocated, since moving an image changes pages too. Beside that: images
 * that the loader's lists do not have, headers that are not the file's, a program's place without
 * the program, and threads that began outside of images. [formats/nt_memory.h, nt_modules.h, pe.h]
 */
#include <stdlib.h>

#include "catalog/image_state.h"
#include "catalog/runtimes.h"
#include "formats/nt_path.h"
#include "fsa.h"
#include "os/module.h"
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
  ALLOCATION,
  FIRST_PERMISSIONS,
  IS_IMAGE,
  IS_HOLLOWED,
  IS_UNLISTED,
  IS_HEADER_ERASED,
  IS_HEADER_MODIFIED,
  IS_ENTRY_CHANGED,
  IS_CODE_ADDED,
  CHANGED_BYTES,
  FIRST_CHANGED,
  RESIDENT_SIZE,
  PRIVATE_SIZE,
  PRIVATE_PAGES,
  FIRST_PRIVATE_PAGE,
  IS_EXPLAINED,
  RUNTIME,
  RUNTIME_FILE,
  THREADS_IN_REGION,
  THREAD_STARTS,
  FIRST_BYTES,
  COMPARE_FILES,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process; never NULL."},
    [KIND] = {"kind", FSA_TEXT, FSA_KEY,
              "The strongest reason for the row: hollowed, anonymous, heap, stack, memfd, "
              "phantom_image, unlinked_image, header_erased, modified_code, added_code, "
              "header_modified, shared_memory, deleted_file, mapped_executable, temporary_file, "
              "writable_code, replaced_file, once_writable, once_executable or thread_start; the "
              "is_ and was_ columns tell all of them. Never NULL."},
    [START] = {"start", FSA_HEX, 0, "First address; never NULL."},
    [END] = {"end", FSA_HEX, 0, "The address behind the last; never NULL."},
    [SIZE] = {"size", FSA_INTEGER, 0, "Bytes of the region; never NULL."},
    [PERMISSIONS] = {"permissions", FSA_TEXT, 0,
                     "r, w, x and p (private) or s (shared), '-' where not; never NULL."},
    [PATH] = {"path", FSA_TEXT, 0,
              "The mapped file, or the name in brackets that the kernel or the process gave; NULL "
              "for memory without a name, and where Windows has lost it."},
    [OFFSET] = {"offset", FSA_INTEGER, 0,
                "Where in the file the region begins, bytes; NULL without a file and on Windows."},
    [DEVICE] = {"device", FSA_INTEGER, 0,
                "Device number of the file; NULL without a file and on Windows."},
    [INODE] = {"inode", FSA_INTEGER, 0, "Inode of the file; NULL without a file and on Windows."},
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
                          "1 when it lies in /dev/shm, System V or anonymous shared memory, on "
                          "Windows in a section without a file; never NULL."},
    [IS_TEMPORARY] = {"is_temporary", FSA_BOOL, 0,
                      "1 when the file lies in /tmp or /var/tmp; never NULL."},
    [IS_MODIFIED] = {"is_modified", FSA_BOOL, 0,
                     "1 when pages of a file's code are the process's own: they were written to, "
                     "or the image was moved (changed_bytes tells). NULL when the kernel does not "
                     "tell and for memory without a file; before Windows 10 1709 never 0, unless "
                     "all of it was compared."},
    [WAS_WRITABLE] = {"was_writable", FSA_BOOL, 0,
                      "1 when a private mapping that cannot be written now could be before; NULL "
                      "when the kernel does not tell. Windows remembers how memory was allocated, "
                      "and nothing of images."},
    [IS_REPLACED] = {"is_replaced", FSA_BOOL, 0,
                     "1 when another file lies at the path than the one that is mapped, on Windows "
                     "by its header; NULL when either cannot be looked at, when it is deleted, and "
                     "in a recording."},
    [ON_DISK] = {"on_disk", FSA_INTEGER, 0,
                 "1 when a file lies at the path, as the process sees it, 0 when not; NULL without "
                 "a path or when it cannot be looked at."},
    [ALLOCATION] = {"allocation", FSA_HEX, 0,
                    "Where the allocation, the mapping or the image begins that it is a part of; "
                    "NULL on Linux."},
    [FIRST_PERMISSIONS] = {"first_permissions", FSA_TEXT, 0,
                           "The permissions that it was allocated with; NULL on Linux, which does "
                           "not tell, and for images, which are always mapped alike."},
    [IS_IMAGE] =
        {"is_image", FSA_BOOL, 0,
         "1 when it is mapped as a program or library; NULL on Linux, which maps all files "
         "alike."},
    [IS_HOLLOWED] = {"is_hollowed", FSA_BOOL, 0,
                     "1 when the process says that its program stands here, and no image does, or "
                     "that of a file with another name; NULL when it does not say, and on Linux."},
    [IS_UNLISTED] =
        {"is_unlisted", FSA_BOOL, 0,
         "1 when it is an image that none of the loader's lists has: taken out of them, "
         "mapped past the loader, or loaded for its resources only. NULL when they "
         "cannot be read, for other memory and on Linux."},
    [IS_HEADER_ERASED] = {"is_header_erased", FSA_BOOL, 0,
                          "1 when the image's header in memory is no header any more, and the "
                          "file's is; NULL when either cannot be read, for other memory and on "
                          "Linux."},
    [IS_HEADER_MODIFIED] = {"is_header_modified", FSA_BOOL, 0,
                            "1 when the image's header in memory differs from the file's where "
                            "loading changes nothing; NULL as is_header_erased. Where the system "
                            "does not tell changed pages, a replaced file looks so too."},
    [IS_ENTRY_CHANGED] = {"is_entry_changed", FSA_BOOL, 0,
                          "1 when the header in memory names another entry point than the file's; "
                          "NULL as is_header_erased."},
    [IS_CODE_ADDED] = {"is_code_added", FSA_BOOL, 0,
                       "1 when a part of it may be executed in which the file has no code; "
                       "NULL as is_header_erased."},
    [CHANGED_BYTES] = {"changed_bytes", FSA_INTEGER, 0,
                       "Bytes of an image's changed pages that are not the file's, after "
                       "relocation and without what loading writes; NULL when they were not "
                       "compared: no page was changed, or nobody tells which; and on Linux."},
    [FIRST_CHANGED] = {"first_changed", FSA_HEX, 0,
                       "Address of the first of them; NULL when there is none."},
    [RESIDENT_SIZE] = {"resident_size", FSA_INTEGER, FSA_VARIES,
                       "Bytes of it that are in memory; NULL when the kernel does not tell."},
    [PRIVATE_SIZE] = {"private_size", FSA_INTEGER, FSA_VARIES,
                      "Bytes in pages of the process's own, in memory or swapped out; NULL when "
                      "the kernel does not tell, and for anonymous memory on Windows."},
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
                           "be asked, and on Windows. A thread that runs cannot be asked."},
    [THREAD_STARTS] =
        {"thread_starts", FSA_INTEGER, FSA_VARIES,
         "Threads that began to run in it, as Windows remembers; NULL when none could "
         "be asked, and on Linux. A thread may have had its start changed."},
    [FIRST_BYTES] = {"first_bytes", FSA_TEXT, FSA_COSTLY,
                     "Its first 32 bytes as hexadecimal digits; of changed code, those of the "
                     "first changed page, on Windows from first_changed on. NULL when they cannot "
                     "be read, and in a recording."},
    [COMPARE_FILES] = {"compare_files", FSA_INTEGER, FSA_KEY | FSA_HIDDEN | FSA_ARGUMENT,
                       "Give here 1 to have the code of all images compared with their files, not "
                       "only changed pages (Windows; about 0.1 s a process); else 0, never NULL."},
};

enum { SHOWN_BYTES = 32 };

/* Why a region is a row. Numbers are 0, 1 or FSA_OS_UNKNOWN unless said otherwise. */
typedef struct Traits {
  bool is_anonymous, is_heap, is_stack, is_writable, is_deleted, is_memfd, is_shared_memory,
      is_temporary;
  int64_t is_modified, was_writable, is_replaced, on_disk;
  /* Windows */
  bool is_image;
  bool is_nameless;          /* an image whose file the system cannot name any more */
  bool is_mapped_executable; /* a file that may be executed and is not mapped as an image */
  bool was_executable;       /* it was allocated so, and may not be executed now */
  int64_t is_hollowed, is_unlisted, is_header_erased, is_header_modified, is_entry_changed,
      is_code_added;
  int64_t changed_bytes;  /* how many */
  uint64_t first_changed; /* address; meaningless without changed_bytes */
  int64_t thread_starts;  /* how many */
} Traits;

static const Traits nothing_known = {
    .is_modified = FSA_OS_UNKNOWN,
    .was_writable = FSA_OS_UNKNOWN,
    .is_replaced = FSA_OS_UNKNOWN,
    .on_disk = FSA_OS_UNKNOWN,
    .is_hollowed = FSA_OS_UNKNOWN,
    .is_unlisted = FSA_OS_UNKNOWN,
    .is_header_erased = FSA_OS_UNKNOWN,
    .is_header_modified = FSA_OS_UNKNOWN,
    .is_entry_changed = FSA_OS_UNKNOWN,
    .is_code_added = FSA_OS_UNKNOWN,
    .changed_bytes = FSA_OS_UNKNOWN,
    .thread_starts = FSA_OS_UNKNOWN,
};

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
  /* Windows */
  bool is_windows;
  bool compares_files; /* all code, not only changed pages */
  FsaOsModules modules;
  FsaText program;  /* its file; size 0 = unknown */
  uint64_t *starts; /* where its threads began, ascending; NULL = not told */
  size_t start_count;
  FsaImageState image; /* the one that was looked at last */
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

/* ---- the query ------------------------------------------------------------------------------- */

/* The heads of the files that are mapped are remembered for all processes of the query. */
static int begin(FsaScan *scan, void **ret_shared) {
  FsaOs *os = fsa_scan_os(scan);
  FsaOsModuleFiles *files;
  const int result = os ? fsa_os_module_files_open(os, &files) : FSA_E_UNSUPPORTED;
  if (result == FSA_OK) *ret_shared = files;
  return result == FSA_E_UNSUPPORTED ? FSA_OK : result;
}

static void end(void *shared) {
  fsa_os_module_files_close(shared);
}

/* ---- the process ----------------------------------------------------------------------------- */

static const FsaRuntime *runtime_of(FsaText name) {
  for (size_t i = 0; i < fsa_runtime_count; i++)
    if (fsa_text_glob(name.data, name.size, fsa_runtimes[i].file, strlen(fsa_runtimes[i].file)))
      return &fsa_runtimes[i];
  return NULL;
}

static void find_runtime(State *state) {
  for (size_t i = 0; i < state->count && !state->runtime; i++) {
    const FsaOsRegion *region = &state->regions[i];
    if (region->backing == FSA_OS_ANONYMOUS || !(region->protection & FSA_OS_EXECUTE)) continue;
    state->runtime =
        runtime_of(state->is_windows ? fsa_nt_path_name(region->name) : last_part(region->name));
    state->runtime_file = region->name;
  }
}

/* One problem for each process: what was refused once is refused for every region. */
static void tell_refusal(FsaScan *scan, State *state, int result, const char *what) {
  if (state->has_told_refusal || result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED) return;
  state->has_told_refusal = true;
  fsa_problem(scan, result, FSA_NO_OFFSET, "%s cannot be read (%s)", what, fsa_result_name(result));
}

static int by_number(const void *a, const void *b) {
  const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
  return (first > second) - (first < second);
}

/* Where the threads began: those that can be asked. */
static int ask_starts(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  int64_t *tids;
  size_t count;
  int result = fsa_os_threads(state->process, arena, &tids, &count), refused = FSA_OK;
  if (result == FSA_OK) {
    state->starts = fsa_arena_zero(arena, count + 1, sizeof *state->starts);
    if (!state->starts) return FSA_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
      result = fsa_os_thread_start(state->process, tids[i], &state->starts[state->start_count]);
      state->start_count += result == FSA_OK;
      if (result != FSA_OK && result != FSA_E_ABSENT) refused = result;
    }
    result = refused;
    qsort(state->starts, state->start_count, sizeof *state->starts, by_number);
  }
  if (result != FSA_OK) tell_refusal(scan, state, result, "where its threads began");
  if (state->start_count == 0) state->starts = NULL;
  return FSA_OK;
}

static int by_start(const void *a, const void *b) {
  const FsaOsRegion *first = a, *second = b;
  return (first->start > second->start) - (first->start < second->start);
}

/* The index of the region that holds an address among the first `count`; count when none does. */
static size_t region_of(const State *state, size_t count, uint64_t address) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (address < state->regions[middle].start)
      high = middle;
    else if (address >= state->regions[middle].end)
      low = middle + 1;
    else
      return middle;
  }
  return count;
}

/* Memory in which a thread began is looked at even when it cannot be executed at the moment. */
static int add_regions_of_threads(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  const size_t known = state->count;
  FsaOsRegion *regions = fsa_arena_zero(arena, known + state->start_count + 1, sizeof *regions);
  if (!regions) return FSA_E_NOMEM;
  if (known) memcpy(regions, state->regions, known * sizeof *regions);
  state->regions = regions;
  for (size_t i = 0; i < state->start_count; i++) {
    FsaOsRegion *region = &regions[state->count];
    if (region_of(state, known, state->starts[i]) < known) continue;
    if (state->count > known && state->starts[i] < regions[state->count - 1].end) continue;
    const int result = fsa_os_region_at(state->process, state->starts[i], arena, region);
    if (result == FSA_E_NOMEM) return result;
    state->count += result == FSA_OK && region->backing != FSA_OS_IMAGE;
  }
  qsort(regions, state->count, sizeof *regions, by_start);
  return FSA_OK;
}

/* What only Windows has: modules and lists, the program's place, threads' beginnings. */
static int open_windows(FsaScan *scan, State *state) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsImage image;
  state->compares_files =
      fsa_admits_int(scan, COMPARE_FILES, 1) && !fsa_admits_int(scan, COMPARE_FILES, 0);
  int result = fsa_os_modules(state->process, state->regions, state->count, arena, &state->modules);
  if (result != FSA_OK) return result;
  const int lists = state->modules.lists;
  if (lists != FSA_OK && lists != FSA_E_ABSENT)
    fsa_problem(scan, lists, state->modules.damage_at ? state->modules.damage_at : FSA_NO_OFFSET,
                "the loader's lists could not be read whole (%s)", fsa_result_name(lists));
  if (fsa_os_process_image(state->process, arena, &image) == FSA_OK) state->program = image.path;
  result = ask_starts(scan, state);
  return result == FSA_OK ? add_regions_of_threads(scan, state) : result;
}

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaOs *os = fsa_scan_os(scan);
  FsaArena *arena = fsa_scan_arena(scan);
  state->is_windows = fsa_os_family(os) == FSA_OS_WINDOWS;
  int result = fsa_os_process_open(os, fsa_scan_pid(scan), arena, &state->process);
  if (result == FSA_E_ABSENT) return FSA_OK;
  if (result == FSA_OK) {
    result = fsa_os_process_regions(state->process, FSA_OS_CODE_REGIONS, arena, &state->regions,
                                    &state->count);
    if (result == FSA_OK) find_runtime(state);
    if (result == FSA_OK && state->is_windows) result = open_windows(scan, state);
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

static Traits linux_traits(FsaScan *scan, State *state, const FsaOsRegion *region) {
  Traits traits = nothing_known;
  traits.is_anonymous = region->backing == FSA_OS_ANONYMOUS;
  traits.is_heap = is(region->name, "[heap]");
  traits.is_stack = is(region->name, "[stack]");
  traits.is_writable = (region->protection & FSA_OS_WRITE) != 0;
  traits.is_deleted = region->is_deleted;
  traits.is_memfd = region->is_deleted && begins(region->name, "/memfd:");
  traits.is_temporary = begins(region->name, "/tmp/") || begins(region->name, "/var/tmp/");
  traits.is_shared_memory = !traits.is_memfd && is_shared_memory(region);
  if (traits.is_anonymous) return traits;
  if (!(region->protection & FSA_OS_SHARED)) traits.is_modified = is_modified(scan, state, region);
  if (!traits.is_writable) traits.was_writable = region->was_writable;
  compare_file(scan, state, region, &traits);
  return traits;
}

/* ---- traits on Windows ----------------------------------------------------------------------- */

static const FsaOsModule *module_at(const FsaOsModules *modules, uint64_t base) {
  size_t low = 0, high = modules->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (modules->list[middle].base < base)
      low = middle + 1;
    else
      high = middle;
  }
  const bool is_found = low < modules->count && modules->list[low].base == base;
  return is_found ? &modules->list[low] : NULL;
}

static bool has_same_name(FsaText a, FsaText b) {
  a = fsa_nt_path_name(a);
  b = fsa_nt_path_name(b);
  return fsa_text_same(a.data, a.size, b.data, b.size);
}

/*
 * The program's place without the program. Names are compared without their folders: a volume may
 * be mounted in several places, and a file that was renamed while it runs is known by its new name
 * to both who are asked.
 */
static int64_t is_hollowed(const State *state, const FsaOsRegion *region) {
  const uint64_t base = state->modules.program_base;
  if (base == 0) return FSA_OS_UNKNOWN;
  if (base < region->allocation || base - region->allocation >= region->allocation_size) return 0;
  if (region->backing != FSA_OS_IMAGE || base != region->allocation) return 1;
  if (region->name.size == 0 || state->program.size == 0) return FSA_OS_UNKNOWN;
  return !has_same_name(region->name, state->program);
}

static int64_t count_starts(const State *state, const FsaOsRegion *region) {
  if (!state->starts) return FSA_OS_UNKNOWN;
  int64_t inside = 0;
  for (size_t i = 0; i < state->start_count; i++)
    inside += state->starts[i] >= region->start && state->starts[i] < region->end;
  return inside;
}

/* The bytes of changed pages; of all pages when the query asks for it. */
static void compare_code(FsaScan *scan, State *state, const FsaOsRegion *region, Traits *traits) {
  FsaPeChanges changes = {0};
  if (traits->is_modified != 1 && !state->compares_files) return;
  const int result = fsa_image_changes(scan, state->process, fsa_scan_shared(scan), region,
                                       state->compares_files, &changes);
  if (result != FSA_OK) {
    tell_refusal(scan, state, result, "a mapped file");
    return;
  }
  traits->changed_bytes = (int64_t)changes.count;
  traits->first_changed = region->allocation + changes.first;
  if (traits->is_modified == FSA_OS_UNKNOWN) traits->is_modified = changes.count > 0;
}

static void judge_image(FsaScan *scan, State *state, const FsaOsRegion *region, Traits *traits) {
  const FsaOsModule *module = module_at(&state->modules, region->allocation);
  if (module && module->lists != FSA_OS_UNKNOWN) traits->is_unlisted = module->lists == 0;
  if (state->image.base != region->allocation) {
    const size_t first = region_of(state, state->count, region->allocation);
    const FsaOsRegion *head = first < state->count ? &state->regions[first] : region;
    const int result = fsa_image_state(state->process, fsa_scan_shared(scan), head, &state->image);
    if (result != FSA_OK) tell_refusal(scan, state, result, "a mapped file");
  }
  const FsaImageState *image = &state->image;
  traits->is_nameless = region->name.size == 0;
  traits->on_disk = image->on_disk;
  traits->is_deleted = image->on_disk == 0;
  traits->is_replaced = image->is_replaced;
  traits->is_header_erased = image->is_header_erased;
  traits->is_header_modified = image->is_header_modified;
  traits->is_entry_changed = image->is_entry_changed;
  traits->is_code_added = fsa_image_has_added_code(image, region);
  compare_code(scan, state, region, traits);
}

static void judge_mapping(FsaScan *scan, const FsaOsRegion *region, Traits *traits) {
  FsaOsModuleFiles *files = fsa_scan_shared(scan);
  FsaBytes head;
  traits->is_mapped_executable = (region->protection & FSA_OS_EXECUTE) != 0;
  if (!files || region->name.size == 0) return;
  const int result = fsa_os_module_head(files, region->name, &head);
  if (result == FSA_OK || result == FSA_E_ABSENT) traits->on_disk = result == FSA_OK;
  traits->is_deleted = result == FSA_E_ABSENT;
}

static Traits windows_traits(FsaScan *scan, State *state, const FsaOsRegion *region) {
  static const char temporary[] = "*\\Temp\\*";
  const unsigned both = FSA_OS_WRITE | FSA_OS_EXECUTE;
  const bool was_executable =
      region->first_protection != FSA_OS_UNKNOWN && (region->first_protection & FSA_OS_EXECUTE);
  Traits traits = nothing_known;
  traits.is_image = region->backing == FSA_OS_IMAGE;
  traits.is_anonymous = region->backing == FSA_OS_ANONYMOUS;
  traits.is_shared_memory = traits.is_anonymous && (region->protection & FSA_OS_SHARED);
  traits.is_writable = (region->protection & both) == both;
  traits.is_temporary =
      fsa_text_glob(region->name.data, region->name.size, temporary, sizeof temporary - 1);
  traits.was_writable = region->was_writable;
  traits.was_executable = was_executable && !(region->protection & FSA_OS_EXECUTE);
  traits.is_hollowed = is_hollowed(state, region);
  traits.thread_starts = count_starts(state, region);
  if (!traits.is_anonymous && region->private_size != FSA_OS_UNKNOWN)
    traits.is_modified = region->private_size > 0;
  if (traits.is_image)
    judge_image(scan, state, region, &traits);
  else if (!traits.is_anonymous)
    judge_mapping(scan, region, &traits);
  return traits;
}

/*
 * Executable, or once so, or a place where a thread began: of images, the first two are nothing
 * new, and threads begin in their data only by the program's own doing.
 */
static bool is_looked_at(const State *state, const FsaOsRegion *region) {
  if (region->protection & FSA_OS_EXECUTE) return state->is_windows || !is_of_kernel(region);
  if (!state->is_windows || region->backing == FSA_OS_IMAGE) return false;
  const bool was_executable =
      region->first_protection != FSA_OS_UNKNOWN && (region->first_protection & FSA_OS_EXECUTE);
  return was_executable || count_starts(state, region) > 0;
}

/* The strongest reason; NULL when there is none. */
static const char *kind_of(const FsaOsRegion *region, const Traits *traits) {
  const bool is_executable = region->protection & FSA_OS_EXECUTE;
  if (traits->is_hollowed == 1) return "hollowed";
  if (traits->is_heap) return "heap";
  if (traits->is_stack) return "stack";
  if (traits->is_anonymous && is_executable)
    return traits->is_shared_memory ? "shared_memory" : "anonymous";
  if (traits->is_memfd) return "memfd";
  if (traits->is_nameless) return "phantom_image";
  if (traits->is_unlisted == 1) return "unlinked_image";
  if (traits->is_header_erased == 1) return "header_erased";
  if (traits->is_modified == 1 && traits->changed_bytes != 0) return "modified_code";
  if (traits->is_code_added == 1) return "added_code";
  if (traits->is_header_modified == 1) return "header_modified";
  if (traits->is_shared_memory && is_executable) return "shared_memory";
  if (traits->is_deleted) return "deleted_file";
  if (traits->is_mapped_executable) return "mapped_executable";
  if (traits->is_temporary) return "temporary_file";
  if (traits->is_writable) return "writable_code";
  if (traits->is_replaced == 1) return "replaced_file";
  if (is_executable && traits->was_writable == 1) return "once_writable";
  if (traits->was_executable) return "once_executable";
  if (traits->thread_starts > 0 && !is_executable) return "thread_start";
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

/* Gives the address of the first changed byte or page, or the region's start. */
static uint64_t set_private_pages(FsaScan *scan, State *state, FsaRow *row,
                                  const FsaOsRegion *region, const Traits *traits) {
  const bool has_changes = traits->changed_bytes > 0;
  const uint64_t start = has_changes ? traits->first_changed : region->start;
  if (traits->is_modified == FSA_OS_UNKNOWN || traits->is_anonymous) return start;
  if (!fsa_wants(scan, PRIVATE_PAGES) && !fsa_wants(scan, FIRST_PRIVATE_PAGE) &&
      !fsa_wants(scan, FIRST_BYTES))
    return start;
  FsaOsPrivatePages pages;
  int result = fsa_os_private_pages(state->process, region, NULL, &pages);
  if (result != FSA_OK) {
    tell_refusal(scan, state, result, "the page map");
    return start;
  }
  fsa_row_int(row, PRIVATE_PAGES, (int64_t)pages.count);
  if (pages.count == 0) return start;
  fsa_row_hex(row, FIRST_PRIVATE_PAGE, pages.first);
  return has_changes ? start : pages.first;
}

static void set_first_bytes(FsaScan *scan, State *state, FsaRow *row, uint64_t address) {
  static const char digits[] = "0123456789abcdef";
  if (!fsa_wants(scan, FIRST_BYTES)) return;
  uint8_t bytes[SHOWN_BYTES];
  size_t size;
  int result = fsa_os_process_memory(state->process, address, bytes, sizeof bytes, &size);
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

static void set_permissions(FsaScan *scan, FsaRow *row, int column, int64_t protection) {
  if (protection == FSA_OS_UNKNOWN) return;
  const char permissions[4] = {
      protection & FSA_OS_READ ? 'r' : '-', protection & FSA_OS_WRITE ? 'w' : '-',
      protection & FSA_OS_EXECUTE ? 'x' : '-', protection & FSA_OS_SHARED ? 's' : 'p'};
  fsa_row_text(row, column, fsa_arena_copy(fsa_row_arena(scan), permissions, 4), 4);
}

static void set_region(FsaScan *scan, FsaRow *row, const FsaOsRegion *region) {
  fsa_row_int(row, PID, fsa_scan_pid(scan));
  fsa_row_hex(row, START, region->start);
  fsa_row_hex(row, END, region->end);
  fsa_row_int(row, SIZE, (int64_t)(region->end - region->start));
  set_permissions(scan, row, PERMISSIONS, region->protection);
  set_permissions(scan, row, FIRST_PERMISSIONS, region->first_protection);
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

static void set_windows_traits(FsaRow *row, const FsaOsRegion *region, const Traits *traits) {
  fsa_row_hex(row, ALLOCATION, region->allocation);
  fsa_row_bool(row, IS_IMAGE, traits->is_image);
  fsa_row_known(row, IS_HOLLOWED, traits->is_hollowed, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_UNLISTED, traits->is_unlisted, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_HEADER_ERASED, traits->is_header_erased, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_HEADER_MODIFIED, traits->is_header_modified, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_ENTRY_CHANGED, traits->is_entry_changed, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_CODE_ADDED, traits->is_code_added, FSA_OS_UNKNOWN);
  fsa_row_known(row, CHANGED_BYTES, traits->changed_bytes, FSA_OS_UNKNOWN);
  if (traits->changed_bytes > 0) fsa_row_hex(row, FIRST_CHANGED, traits->first_changed);
  fsa_row_known(row, THREAD_STARTS, traits->thread_starts, FSA_OS_UNKNOWN);
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
    if (!is_looked_at(state, region)) continue;
    if (fsa_expired(scan)) return FSA_E_TIMEOUT;
    const Traits traits =
        state->is_windows ? windows_traits(scan, state, region) : linux_traits(scan, state, region);
    const char *kind = kind_of(region, &traits);
    if (!kind || !fsa_admits_text(scan, KIND, kind, strlen(kind))) continue;
    set_region(scan, row, region);
    fsa_row_string(row, KIND, kind);
    fsa_row_bool(row, COMPARE_FILES, state->compares_files);
    set_traits(row, &traits);
    if (state->is_windows) set_windows_traits(row, region, &traits);
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
              "has code in the pages of an unchanged file; debuggers, uprobes, security software "
              "and programs with text relocations change code too. On Windows an image that was "
              "loaded for its resources only is unlinked_image.",
    .example = "SELECT pid, kind, start, permissions, path FROM fsa_injected_modules "
               "WHERE NOT is_explained",
    .sources = FSA_LIVE_WINDOWS | FSA_LIVE_LINUX,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .begin = begin,
    .end = end,
    .open = open_process,
    .next = next,
    .close = close_process,
};
