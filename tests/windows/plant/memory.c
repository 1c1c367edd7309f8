/*
 * Puts states of memory there for injected_modules and modules to find: harmless, and nothing of
 * what is planted is ever executed. The bytes that stand for code are "MZ" and a text.
 *
 *   memory idle | rwx | flipped | dormant | guard | shared | view | patched | erased | entry |
 *          added | phantom | unlinked | renamed | circle | hollowed | thread
 *
 * Prints "ready PID ADDRESS" (PID of another process for hollowed). For each line that it reads it
 * prints the protection at ADDRESS; it ends with its input.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <winternl.h>

enum { PAGE = 4096 };

static const char planted[] = "MZ planted by a test, never executed";

/* A library that nothing here calls. */
#define LIBRARY L"winmm.dll"

static HANDLE child; /* of hollowed */

/* Not in the import library of ntdll. */
static FARPROC native(const char *name) {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
}

/* The address of a process's environment block. */
static char *block_of(HANDLE process) {
  union {
    FARPROC found;
    NTSTATUS(NTAPI *call)(HANDLE, PROCESSINFOCLASS, void *, ULONG, ULONG *);
  } query = {.found = native("NtQueryInformationProcess")};
  PROCESS_BASIC_INFORMATION basic = {0};
  ULONG length;
  return query.call(process, ProcessBasicInformation, &basic, sizeof basic, &length) < 0
             ? NULL
             : (char *)basic.PebBaseAddress;
}

/* ---- private memory and sections ------------------------------------------------------------- */

static void *private_page(DWORD protection, DWORD later) {
  DWORD before;
  char *page = VirtualAlloc(NULL, PAGE, MEM_COMMIT | MEM_RESERVE, protection);
  if (!page) return NULL;
  memcpy(page, planted, sizeof planted);
  return VirtualProtect(page, PAGE, later, &before) ? page : NULL;
}

static void *shared_page(void) {
  HANDLE section =
      CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE, 0, PAGE, NULL);
  char *page = MapViewOfFile(section, FILE_MAP_WRITE | FILE_MAP_EXECUTE, 0, 0, PAGE);
  if (page) memcpy(page, planted, sizeof planted);
  return page;
}

/* A view of the library: as a program is mapped (SEC_IMAGE), or as any file. */
static void *view_of_library(DWORD protection, DWORD access) {
  WCHAR path[2 * MAX_PATH];
  const UINT size = GetSystemDirectoryW(path, MAX_PATH);
  memcpy(path + size, L"\\" LIBRARY, sizeof L"\\" LIBRARY);
  HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL,
                            OPEN_EXISTING, 0, NULL);
  HANDLE section = CreateFileMappingW(file, NULL, protection, 0, 0, NULL);
  return MapViewOfFile(section, access, 0, 0, 0);
}

/* A thread that would begin in a page of data, and is suspended for ever. */
static void *page_of_thread(void) {
  union {
    void *page;
    LPTHREAD_START_ROUTINE start;
  } place = {.page = private_page(PAGE_READWRITE, PAGE_READWRITE)};
  return CreateThread(NULL, 0, place.start, NULL, CREATE_SUSPENDED, NULL) ? place.page : NULL;
}

/* ---- a library that was loaded --------------------------------------------------------------- */

/* Writes over bytes of code or headers and gives them their protection back. */
static void *overwrite(void *address, const void *bytes, size_t size) {
  DWORD before, ignored;
  if (!VirtualProtect(address, size, PAGE_EXECUTE_READWRITE, &before)) return NULL;
  memcpy(address, bytes, size);
  return VirtualProtect(address, size, before, &ignored) ? address : NULL;
}

/* Five bytes of a function that nobody here calls, in this process's own copy. */
static void *patched_function(void) {
  static const uint8_t bytes[5] = {0xCC, 0xCC, 0xCC, 0xCC, 0xCC};
  union {
    FARPROC function;
    void *address;
  } entry = {.function =
                 GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "Toolhelp32ReadProcessMemory")};
  /* behind its first bytes, which may hold jumps of their own */
  return entry.address ? overwrite((char *)entry.address + 1, bytes, sizeof bytes) : NULL;
}

static IMAGE_NT_HEADERS *headers_of(void *base) {
  return (IMAGE_NT_HEADERS *)((char *)base + ((IMAGE_DOS_HEADER *)base)->e_lfanew);
}

static void *without_header(void) {
  static const char zeroes[PAGE];
  void *base = LoadLibraryW(LIBRARY);
  return base ? overwrite(base, zeroes, sizeof zeroes) : NULL;
}

static void *with_another_entry(void) {
  void *base = LoadLibraryW(LIBRARY);
  if (!base) return NULL;
  DWORD *entry = &headers_of(base)->OptionalHeader.AddressOfEntryPoint;
  const DWORD other = *entry + 1;
  return overwrite(entry, &other, sizeof other) ? base : NULL;
}

/* The first page of a section without code. */
static void *with_more_code(void) {
  DWORD before;
  void *base = LoadLibraryW(LIBRARY);
  if (!base) return NULL;
  IMAGE_NT_HEADERS *headers = headers_of(base);
  IMAGE_SECTION_HEADER *section = IMAGE_FIRST_SECTION(headers);
  for (WORD i = 0; i < headers->FileHeader.NumberOfSections; i++, section++) {
    char *page = (char *)base + section->VirtualAddress;
    if (section->Characteristics & IMAGE_SCN_MEM_EXECUTE) continue;
    return VirtualProtect(page, PAGE, PAGE_EXECUTE_READ, &before) ? page : NULL;
  }
  return NULL;
}

/* ---- the loader's lists ---------------------------------------------------------------------- */

enum { LISTS = 3, BASE = 0x30, PATH = 0x48, NAME = 0x58 };

/* The record of a module: it begins with its links in the three lists. */
static char *record_of(const void *base) {
  const PEB *block = (const PEB *)block_of(GetCurrentProcess());
  char *loader = (char *)block->Ldr;
  LIST_ENTRY *head = (LIST_ENTRY *)(loader + 0x10);
  for (LIST_ENTRY *at = head->Flink; at != head; at = at->Flink)
    if (*(void **)((char *)at + BASE) == base) return (char *)at;
  return NULL;
}

static void *unlinked(void) {
  void *base = LoadLibraryW(LIBRARY);
  LIST_ENTRY *links = base ? (LIST_ENTRY *)record_of(base) : NULL;
  if (!links) return NULL;
  for (int i = 0; i < LISTS; i++) {
    links[i].Blink->Flink = links[i].Flink;
    links[i].Flink->Blink = links[i].Blink;
  }
  return base;
}

static void *renamed(void) {
  static WCHAR path[] = L"C:\\windows\\system32\\version9.dll";
  void *base = LoadLibraryW(LIBRARY);
  char *record = base ? record_of(base) : NULL;
  if (!record) return NULL;
  *(UNICODE_STRING *)(record + PATH) =
      (UNICODE_STRING){.Length = sizeof path - 2, .MaximumLength = sizeof path, .Buffer = path};
  *(UNICODE_STRING *)(record + NAME) =
      (UNICODE_STRING){.Length = 24, .MaximumLength = 26, .Buffer = path + 20};
  return base;
}

/* The list in load order leads from the library to itself, for ever. */
static void *in_a_circle(void) {
  void *base = LoadLibraryW(LIBRARY);
  LIST_ENTRY *links = base ? (LIST_ENTRY *)record_of(base) : NULL;
  if (!links) return NULL;
  links->Flink = links;
  return base;
}

/* ---- another process ------------------------------------------------------------------------- */

/*
 * This program once more, suspended for ever, and private memory in the place of its image. It is
 * ended without having run.
 */
static void *hollowed(void) {
  WCHAR path[MAX_PATH];
  STARTUPINFOW start = {.cb = sizeof start};
  PROCESS_INFORMATION made;
  void *base;
  union {
    FARPROC found;
    NTSTATUS(NTAPI *call)(HANDLE, void *);
  } unmap = {.found = native("NtUnmapViewOfSection")};
  GetModuleFileNameW(NULL, path, MAX_PATH);
  if (!CreateProcessW(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &start, &made))
    return NULL;
  child = made.hProcess;
  if (!ReadProcessMemory(child, block_of(child) + 0x10, &base, sizeof base, NULL)) return NULL;
  if (unmap.call(child, base) < 0) return NULL;
  void *page = VirtualAllocEx(child, base, PAGE, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
  return page && WriteProcessMemory(child, page, planted, sizeof planted, NULL) ? page : NULL;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void *plant(const char *what) {
  if (!strcmp(what, "idle")) return GetModuleHandleW(NULL);
  if (!strcmp(what, "rwx")) return private_page(PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_READWRITE);
  if (!strcmp(what, "flipped")) return private_page(PAGE_READWRITE, PAGE_EXECUTE_READ);
  if (!strcmp(what, "dormant")) return private_page(PAGE_EXECUTE_READWRITE, PAGE_READWRITE);
  if (!strcmp(what, "guard"))
    return private_page(PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_READWRITE | PAGE_GUARD);
  if (!strcmp(what, "shared")) return shared_page();
  if (!strcmp(what, "view"))
    return view_of_library(PAGE_EXECUTE_READ, FILE_MAP_READ | FILE_MAP_EXECUTE);
  if (!strcmp(what, "phantom")) return view_of_library(PAGE_READONLY | SEC_IMAGE, FILE_MAP_READ);
  if (!strcmp(what, "patched")) return patched_function();
  if (!strcmp(what, "erased")) return without_header();
  if (!strcmp(what, "entry")) return with_another_entry();
  if (!strcmp(what, "added")) return with_more_code();
  if (!strcmp(what, "unlinked")) return unlinked();
  if (!strcmp(what, "renamed")) return renamed();
  if (!strcmp(what, "circle")) return in_a_circle();
  if (!strcmp(what, "thread")) return page_of_thread();
  return strcmp(what, "hollowed") ? NULL : hollowed();
}

static void end(UINT code) {
  if (child) TerminateProcess(child, 0);
  /* not through the loader, whose lists may be broken */
  TerminateProcess(GetCurrentProcess(), code);
}

int main(int count, char **arguments) {
  char line[16];
  void *where = count == 2 ? plant(arguments[1]) : NULL;
  if (!where) end(1);
  printf("ready %lu 0x%llx\n", child ? GetProcessId(child) : GetCurrentProcessId(),
         (unsigned long long)(uintptr_t)where);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    MEMORY_BASIC_INFORMATION memory = {0};
    VirtualQuery(where, &memory, sizeof memory);
    printf("0x%lx\n", memory.Protect);
    fflush(stdout);
  }
  end(0);
}
