/*
 * The files of this machine, for Windows.
 *
 * Names are opened natively and relative to the directory before, so that Win32 does not bend them:
 * a name that ends with a blank or a dot, "aux", and paths of any length are as reachable as the
 * others. Reparse points are never followed by the system: each component is opened as it is and
 * its tag looked at.
 *
 * What counts as what: symbolic links, junctions, mounted volumes and WSL's links are links.
 * Sockets, FIFOs and devices of WSL and the aliases of packaged programs are neither files nor
 * links. Everything else that has a tag is the file or directory itself. A cloud file (OneDrive)
 * whose content is not here is refused: reading it would fetch it, and so change the machine.
 */
#include "os/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/wtf8.h"
#include "formats/nt_file.h"
#include "formats/nt_reparse.h"
#include "os/windows/event_log.h"
#include "os/windows/host.h"
#include "os/windows/node.h"
#include "os/windows/volume.h"

struct FsaOsFolder {
  HANDLE handle;  /* NULL: the machine, whose entries are its drives */
  char *location; /* NULL: the machine */
};

struct FsaOsReader {
  HANDLE file;
  uint64_t size;
  WindowsClusters *clusters; /* NULL: the file itself can be read */
  WindowsExport *exported;   /* non-NULL: `file` is what a service wrote of its log */
};

/* ---- the way to a node ----------------------------------------------------------------------- */

/* True for what may stand first in a path below the machine: "C:", "Volume{...}". */
static bool is_volume(const char *name, size_t size) {
  if (size == 2 && name[1] == ':') return fsa_upper((uint8_t)name[0]) - 'A' < 26u;
  return size > 8 && memcmp(name, "Volume{", 7) == 0 && name[size - 1] == '}';
}

/*
 * One component in UTF-16. FSA_E_FORMAT for a name that Windows itself cannot open, though another
 * system may have put it on the disk: with the sign of a stream, with its own separator.
 */
static int name_of(const char *part, size_t size, WCHAR name[FSA_MAX_PATH], size_t *ret_units) {
  if (size > FSA_MAX_PATH) return FSA_E_ABSENT;
  if (memchr(part, '\\', size) || memchr(part, ':', size)) return FSA_E_FORMAT;
  size_t units = fsa_utf16_from_wtf8(name, part, size);
  if (units > WINDOWS_NAME_UNITS) return FSA_E_ABSENT;
  *ret_units = units;
  return FSA_OK;
}

static int open_volume(const char *part, size_t size, ACCESS_MASK access, ULONG options,
                       HANDLE *ret_handle) {
  WCHAR name[64];
  if (!is_volume(part, size) || size + 5 > sizeof name / sizeof *name) return FSA_E_ABSENT;
  size_t units = 0;
  for (const char *p = "\\??\\"; *p; p++) name[units++] = (WCHAR)*p;
  for (size_t i = 0; i < size; i++) name[units++] = (WCHAR)(uint8_t)part[i];
  name[units++] = L'\\'; /* its root directory; without it, the volume itself */
  NtStatus status = windows_node_open(NULL, name, units, access, options, ret_handle);
  return NT_OK(status) ? FSA_OK : windows_node_result(status);
}

/* Opens one component; the status too, for those who can do something about it. */
static int open_part(HANDLE at, const char *part, size_t size, ACCESS_MASK access, ULONG options,
                     HANDLE *ret_handle, NtStatus *ret_status) {
  WCHAR name[FSA_MAX_PATH];
  size_t units;
  options |= NT_FILE_OPEN_REPARSE_POINT;
  if (!at) return open_volume(part, size, access, options, ret_handle);
  int result = name_of(part, size, name, &units);
  if (result != FSA_OK) return result;
  *ret_status = windows_node_open(at, name, units, access, options, ret_handle);
  return NT_OK(*ret_status) ? FSA_OK : windows_node_result(*ret_status);
}

/*
 * True for the folder itself and for the root of a volume: whatever was mounted or linked to get
 * there, it is what was asked for.
 */
static bool is_root(const FsaOsFolder *folder, const char *path) {
  return !*path || (!folder->handle && !strchr(path, '/'));
}

/* FSA_E_ACCESS where `directory` is a link: what lies behind it has its own path. */
static int check_way(HANDLE directory) {
  uint32_t attributes, tag;
  int result = windows_node_tag(directory, &attributes, &tag);
  if (result != FSA_OK) return result;
  return windows_node_kind(attributes, tag) == FSA_NODE_DIRECTORY ? FSA_OK : FSA_E_ACCESS;
}

/*
 * Opens the directory that holds the last component of `path`; *ret_name is that component ("" for
 * the folder itself). *ret_holder is NULL for the machine, and given to close_holder().
 */
static int open_holder(const FsaOsFolder *folder, const char *path, HANDLE *ret_holder,
                       const char **ret_name) {
  HANDLE at = folder->handle;
  for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
    HANDLE next;
    NtStatus status;
    int result = open_part(at, path, (size_t)(slash - path), WINDOWS_LOOK, NT_FILE_DIRECTORY_FILE,
                           &next, &status);
    if (at != folder->handle) nt.NtClose(at);
    if (result != FSA_OK) return result;
    result = at ? check_way(next) : FSA_OK;
    at = next;
    if (result != FSA_OK) {
      nt.NtClose(at);
      return result;
    }
  }
  *ret_holder = at;
  *ret_name = path;
  return FSA_OK;
}

static void close_holder(const FsaOsFolder *folder, HANDLE holder) {
  if (holder != folder->handle) nt.NtClose(holder);
}

/* Opens what stands at `path`, never what a link there leads to. */
static int open_node(const FsaOsFolder *folder, const char *path, ACCESS_MASK access, ULONG options,
                     HANDLE *ret_handle) {
  HANDLE holder;
  const char *name;
  NtStatus status;
  int result = open_holder(folder, path, &holder, &name);
  if (result != FSA_OK) return result;
  result = open_part(holder, name, strlen(name), access, options, ret_handle, &status);
  close_holder(folder, holder);
  return result;
}

/* ---- directories ----------------------------------------------------------------------------- */

#define LISTING_BYTES (64u << 10)

static int compare_nodes(const void *a, const void *b) {
  return strcmp(((const FsaNode *)a)->name, ((const FsaNode *)b)->name);
}

typedef struct Entries {
  FsaArena *arena;
  FsaListing listing;
  size_t room;
} Entries;

static int add_node(Entries *entries, const char *name, FsaNodeKind kind) {
  FsaListing *listing = &entries->listing;
  if (!name) return FSA_E_NOMEM;
  if (listing->count == entries->room) {
    size_t more = entries->room ? entries->room * 2 : 32;
    FsaNode *grown = fsa_arena_grow(entries->arena, listing->nodes, entries->room * sizeof *grown,
                                    more * sizeof *grown);
    if (!grown) return FSA_E_NOMEM;
    listing->nodes = grown;
    entries->room = more;
  }
  listing->nodes[listing->count++] = (FsaNode){.name = name, .kind = kind};
  return FSA_OK;
}

static bool is_dots(const FsaNtEntry *entry) {
  static const uint8_t dots[] = {'.', 0, '.', 0};
  return (entry->units == 1 || entry->units == 2) &&
         memcmp(entry->name, dots, entry->units * 2) == 0;
}

static int add_answer(Entries *entries, FsaBytes answer) {
  FsaNtEntry entry;
  for (size_t at = 0;;) {
    int result = fsa_nt_entry_next(answer, &at, &entry);
    if (result != FSA_ROW) return result;
    if (is_dots(&entry)) continue;
    if (entries->listing.count == FSA_MAX_DIR_ENTRIES) {
      entries->listing.is_cut = true;
      return FSA_OK;
    }
    result = add_node(entries, fsa_wtf8_copy(entries->arena, entry.name, entry.units),
                      windows_node_kind(entry.attributes, entry.tag));
    if (result != FSA_OK) return result;
  }
}

static int list_directory(HANDLE directory, Entries *entries) {
  void *buffer = malloc(LISTING_BYTES);
  int result = buffer ? FSA_OK : FSA_E_NOMEM;
  for (BOOLEAN is_first = TRUE; result == FSA_OK && !entries->listing.is_cut; is_first = FALSE) {
    NtIoStatusBlock io = {0};
    NtStatus status =
        nt.NtQueryDirectoryFile(directory, NULL, NULL, NULL, &io, buffer, LISTING_BYTES,
                                NT_DIRECTORY_FULL, FALSE, NULL, is_first);
    if (status == NT_NO_MORE_FILES || (is_first && status == NT_NO_SUCH_FILE)) break;
    if (!NT_OK(status))
      result = windows_node_result(status);
    else if (io.Information == 0 || io.Information > LISTING_BYTES)
      result = FSA_E_IO;
    else
      result = add_answer(entries, fsa_bytes(buffer, io.Information));
  }
  free(buffer);
  return result;
}

static int list_machine(Entries *entries) {
  char letters[FSA_OS_DRIVES];
  size_t count = fsa_os_drives(letters);
  int result = FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result =
        add_node(entries, fsa_arena_printf(entries->arena, "%c:", letters[i]), FSA_NODE_DIRECTORY);
  return result;
}

int fsa_os_folder_list(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       FsaListing *ret_listing) {
  Entries entries = {.arena = arena};
  int result;
  if (!folder->handle && !*path) {
    result = list_machine(&entries);
  } else {
    HANDLE directory;
    result = open_node(folder, path, WINDOWS_LOOK | FILE_LIST_DIRECTORY, NT_FILE_DIRECTORY_FILE,
                       &directory);
    if (result != FSA_OK) return result;
    if (!is_root(folder, path)) result = check_way(directory);
    if (result == FSA_OK) result = list_directory(directory, &entries);
    nt.NtClose(directory);
  }
  if (result != FSA_OK) return result;
  FsaListing *listing = &entries.listing;
  if (listing->count) qsort(listing->nodes, listing->count, sizeof *listing->nodes, compare_nodes);
  *ret_listing = *listing;
  return FSA_OK;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

int fsa_os_folder_look(FsaOsFolder *folder, const char *path, FsaNodeKind *ret_kind) {
  if (!folder->handle && !*path) {
    *ret_kind = FSA_NODE_DIRECTORY;
    return FSA_OK;
  }
  HANDLE node;
  uint32_t attributes, tag;
  int result = open_node(folder, path, WINDOWS_LOOK, 0, &node);
  if (result != FSA_OK) return result;
  result = windows_node_tag(node, &attributes, &tag);
  nt.NtClose(node);
  if (result == FSA_OK)
    *ret_kind = is_root(folder, path) ? FSA_NODE_DIRECTORY : windows_node_kind(attributes, tag);
  return result;
}

int fsa_os_folder_link(FsaOsFolder *folder, const char *path, FsaArena *arena,
                       const char **ret_target) {
  HANDLE node;
  int result = open_node(folder, path, WINDOWS_LOOK, 0, &node);
  if (result != FSA_OK) return result;
  /* what the root of its volume is called in this folder */
  size_t first = folder->handle ? 0 : strcspn(path, "/");
  const char *volume = fsa_arena_printf(arena, "%s%.*s", first ? "/" : "", (int)first, path);
  uint8_t *data = fsa_arena_alloc(arena, MAXIMUM_REPARSE_DATA_BUFFER_SIZE);
  size_t size;
  if (!data || !volume) result = FSA_E_NOMEM;
  if (result == FSA_OK)
    result = windows_node_result(windows_node_ask(node, FSCTL_GET_REPARSE_POINT, NULL, 0, data,
                                                  MAXIMUM_REPARSE_DATA_BUFFER_SIZE, &size));
  if (result == FSA_OK)
    result = fsa_nt_link_target(fsa_bytes(data, size), volume, arena, ret_target);
  nt.NtClose(node);
  return result;
}

/* ---- readers --------------------------------------------------------------------------------- */

static int read_file(FsaOsReader *reader, uint64_t offset, void *buffer, size_t size,
                     size_t *ret_size) {
  const size_t most = 64u << 20; /* one call takes a ULONG */
  LARGE_INTEGER at = {.QuadPart = (LONGLONG)offset};
  NtIoStatusBlock io = {0};
  NtStatus status = nt.NtReadFile(reader->file, NULL, NULL, NULL, &io, buffer,
                                  (ULONG)(size < most ? size : most), &at, NULL);
  if (status == NT_END_OF_FILE)
    io.Information = 0;
  else if (status == NT_FILE_LOCK_CONFLICT && !reader->clusters) {
    /* a part that another program has locked: the disk knows no locks */
    const char *why;
    int result = windows_clusters_open(reader->file, &reader->clusters, &why);
    return result == FSA_OK
               ? windows_clusters_read(reader->clusters, offset, buffer, size, ret_size)
               : FSA_E_ACCESS;
  } else if (!NT_OK(status)) {
    return windows_node_result(status);
  }
  *ret_size = io.Information;
  return FSA_OK;
}

static int reader_read(void *context, uint64_t offset, void *buffer, size_t size,
                       size_t *ret_size) {
  FsaOsReader *reader = context;
  size_t done = 0, got = 0;
  do {
    if (offset > INT64_MAX - done) break; /* beyond what a file can hold */
    char *to = (char *)buffer + done;
    int result = reader->clusters
                     ? windows_clusters_read(reader->clusters, offset + done, to, size - done, &got)
                     : read_file(reader, offset + done, to, size - done, &got);
    if (result != FSA_OK) return result;
    done += got;
  } while (got && done < size);
  *ret_size = done;
  return FSA_OK;
}

static int size_of(HANDLE file, uint64_t *ret_size) {
  struct {
    int64_t allocated, end;
    uint32_t links;
    uint8_t is_deleted, is_directory;
  } told; /* FILE_STANDARD_INFORMATION */
  NtIoStatusBlock io;
  NtStatus status = nt.NtQueryInformationFile(file, &io, &told, sizeof told, NT_FILE_STANDARD);
  if (!NT_OK(status)) return windows_node_result(status);
  if (told.end < 0) return FSA_E_IO;
  *ret_size = (uint64_t)told.end;
  return FSA_OK;
}

/* Opens a filtered file once more, so that the system unpacks it; it must be the same one. */
static int open_unpacked(HANDLE holder, const char *name, HANDLE *file) {
  WCHAR wide[FSA_MAX_PATH];
  size_t units;
  HANDLE unpacked;
  uint64_t before = 0, after = 1;
  NtIoStatusBlock io;
  int result = name_of(name, strlen(name), wide, &units);
  if (result != FSA_OK) return result;
  NtStatus status = windows_node_open(holder, wide, units, WINDOWS_LOOK | FILE_READ_DATA,
                                      NT_FILE_NON_DIRECTORY_FILE, &unpacked);
  if (!NT_OK(status)) return windows_node_result(status);
  if (!NT_OK(nt.NtQueryInformationFile(*file, &io, &before, sizeof before, NT_FILE_INTERNAL)) ||
      !NT_OK(nt.NtQueryInformationFile(unpacked, &io, &after, sizeof after, NT_FILE_INTERNAL)) ||
      before != after) {
    nt.NtClose(unpacked);
    return FSA_E_ACCESS; /* it was swapped for a link between the two looks */
  }
  nt.NtClose(*file);
  *file = unpacked;
  return FSA_OK;
}

/* Refuses what is no regular file, and what is not here. */
static int admit_file(HANDLE holder, const char *name, HANDLE *file, const char **ret_why) {
  uint32_t attributes, tag;
  int result = windows_node_tag(*file, &attributes, &tag);
  if (result != FSA_OK) return result;
  if (windows_node_kind(attributes, tag) != FSA_NODE_FILE) return FSA_E_UNSUPPORTED;
  if (attributes & FSA_NT_ELSEWHERE) {
    *ret_why = "its content is not on this machine, and to read it would fetch it";
    return FSA_E_ABSENT;
  }
  bool is_filtered = attributes & FSA_NT_REPARSE_POINT && fsa_nt_reparse(tag) == FSA_NT_FILTERED;
  return is_filtered ? open_unpacked(holder, name, file) : FSA_OK;
}

/* Opens a file for reading, or to look at it and to read its clusters. */
static int open_file(HANDLE holder, const char *name, FsaOsReader *reader, const char **ret_why) {
  NtStatus status = 0;
  size_t size = strlen(name);
  int result = open_part(holder, name, size, WINDOWS_LOOK | FILE_READ_DATA,
                         NT_FILE_NON_DIRECTORY_FILE, &reader->file, &status);
  bool is_taken = status == NT_SHARING_VIOLATION;
  if (is_taken)
    result = open_part(holder, name, size, WINDOWS_LOOK, NT_FILE_NON_DIRECTORY_FILE, &reader->file,
                       &status);
  if (result != FSA_OK) return result;
  result = admit_file(holder, name, &reader->file, ret_why);
  if (result == FSA_OK) result = size_of(reader->file, &reader->size);
  if (result == FSA_OK && is_taken)
    result = windows_clusters_open(reader->file, &reader->clusters, ret_why);
  if (result != FSA_OK) nt.NtClose(reader->file);
  return result;
}

/*
 * The last way to an event log of this machine, when neither its file nor the clusters of it may be
 * read: what the service lets the caller see of its channel. Any failure leaves the reason at that.
 */
static int open_export(const FsaOsFolder *folder, const char *path, FsaOsReader *reader) {
  if (folder->handle) return FSA_E_ACCESS;
  int result = windows_export_open(path, &reader->exported, &reader->file);
  if (result == FSA_OK) {
    result = size_of(reader->file, &reader->size);
    if (result == FSA_OK) return FSA_OK;
    nt.NtClose(reader->file);
    windows_export_close(reader->exported);
  }
  return result == FSA_E_NOMEM ? result : FSA_E_ACCESS;
}

int fsa_os_reader_open(FsaOsFolder *folder, const char *path, FsaOsReader **ret_reader,
                       const char **ret_why) {
  HANDLE holder;
  const char *name;
  FsaOsReader *reader = calloc(1, sizeof *reader);
  if (!reader) return FSA_E_NOMEM;
  int result = open_holder(folder, path, &holder, &name);
  if (result == FSA_OK) {
    result = open_file(holder, name, reader, ret_why);
    close_holder(folder, holder);
  }
  if (result == FSA_E_ACCESS) result = open_export(folder, path, reader);
  if (result != FSA_OK) {
    free(reader);
    return result;
  }
  *ret_reader = reader;
  return FSA_OK;
}

void fsa_os_reader_close(FsaOsReader *reader) {
  if (!reader) return;
  windows_clusters_close(reader->clusters);
  nt.NtClose(reader->file);
  windows_export_close(reader->exported);
  free(reader);
}

FsaSource fsa_os_reader_source(FsaOsReader *reader) {
  return (FsaSource){.context = reader, .size = reader->size, .read = reader_read};
}

void *fsa_os_file_memory(size_t size) {
  return malloc(size ? size : 1);
}

/* ---- folders and the machine ----------------------------------------------------------------- */

/* The real path of an open folder, as links name it; NULL when it has none or memory ran out. */
static char *location_of(HANDLE handle) {
  WCHAR *real;
  size_t units;
  if (windows_path_of(handle, &real, &units) != FSA_OK) return NULL;
  FsaArena scratch = fsa_arena(0);
  const char *path = fsa_nt_machine_path(&scratch, (const uint8_t *)real, units);
  char *location = path ? strdup(path) : NULL;
  fsa_arena_done(&scratch);
  free(real);
  size_t size = location ? strlen(location) : 0;
  if (size > 1 && location[size - 1] == '/') location[size - 1] = '\0'; /* of a drive's root */
  return location;
}

int fsa_os_folder_open(const char *path, FsaOsFolder **ret_folder) {
  FsaOsFolder *folder = calloc(1, sizeof *folder);
  if (!folder) return FSA_E_NOMEM;
  (void)windows_enable(WINDOWS_MAY_BACK_UP); /* a mounted volume has the owners of its host */
  int result = windows_path_open(path, WINDOWS_LOOK | FILE_LIST_DIRECTORY, NT_FILE_DIRECTORY_FILE,
                                 &folder->handle);
  if (result != FSA_OK) {
    free(folder);
    return result;
  }
  folder->location = location_of(folder->handle);
  *ret_folder = folder;
  return FSA_OK;
}

int fsa_os_machine_open(FsaOsFolder **ret_folder) {
  nt_load();
  FsaOsFolder *folder = calloc(1, sizeof *folder);
  if (!folder) return FSA_E_NOMEM;
  *ret_folder = folder;
  return FSA_OK;
}

void fsa_os_folder_close(FsaOsFolder *folder) {
  if (!folder) return;
  if (folder->handle) nt.NtClose(folder->handle);
  free(folder->location);
  free(folder);
}

const char *fsa_os_folder_location(const FsaOsFolder *folder) {
  return folder->location;
}

/* True when a drive is another name for a folder: what it holds has its own path. */
static bool is_substituted(const WCHAR drive[3]) {
  WCHAR target[FSA_MAX_PATH];
  DWORD units = QueryDosDeviceW(drive, target, FSA_MAX_PATH);
  return units > 4 && wcsncmp(target, L"\\??\\", 4) == 0;
}

size_t fsa_os_drives(char ret_letters[FSA_OS_DRIVES]) {
  DWORD mask = GetLogicalDrives();
  size_t count = 0;
  for (unsigned i = 0; i < FSA_OS_DRIVES; i++) {
    WCHAR root[] = {(WCHAR)(L'A' + i), L':', L'\\', L'\0'}, drive[] = {root[0], L':', L'\0'};
    if (mask >> i & 1 && GetDriveTypeW(root) == DRIVE_FIXED && !is_substituted(drive))
      ret_letters[count++] = (char)('A' + i);
  }
  return count;
}
