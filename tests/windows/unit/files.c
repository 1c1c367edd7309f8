/*
 * os/windows: files that need Windows' own ways. What Wine cannot answer (reparse points, clusters,
 * the volume) is answered by functions of ours in the call table.
 */
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <winioctl.h>

#include <cmocka.h>

#include "evidence/evidence.h"
#include "os/files.h"
#include "os/windows/nt.h"

static char root[MAX_PATH]; /* a folder of this program's own */
static Nt real;             /* the calls as they are */
static FsaArena arena;

/* ---- a folder -------------------------------------------------------------------------------- */

static void path_of(const char *name, char out[MAX_PATH]) {
  snprintf(out, MAX_PATH, "%s\\%s", root, name);
}

static void put(const char *name, const void *data, size_t size) {
  char path[MAX_PATH];
  path_of(name, path);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, size, file), size);
  fclose(file);
}

static void make_folder(const char *name) {
  char path[MAX_PATH];
  path_of(name, path);
  assert_true(CreateDirectoryA(path, NULL));
}

static int setup(void **state) {
  (void)state;
  char temporary[MAX_PATH];
  static int number;
  if (!GetTempPathA(sizeof temporary, temporary)) return -1;
  snprintf(root, sizeof root, "%sfsa-files-%lu-%d", temporary, GetCurrentProcessId(), number++);
  arena = fsa_arena(0);
  nt_load();
  real = nt;
  return CreateDirectoryA(root, NULL) ? 0 : -1;
}

/* `folder` begins with "\\\\?\\", so that every name in it is reached. */
static void remove_all(const wchar_t *folder) {
  wchar_t path[4096];
  WIN32_FIND_DATAW entry;
  swprintf(path, 4096, L"%ls\\*", folder);
  HANDLE search = FindFirstFileW(path, &entry);
  if (search == INVALID_HANDLE_VALUE) return;
  do {
    if (wcscmp(entry.cFileName, L".") == 0 || wcscmp(entry.cFileName, L"..") == 0) continue;
    swprintf(path, 4096, L"%ls\\%ls", folder, entry.cFileName);
    if (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
      remove_all(path);
    else
      DeleteFileW(path);
  } while (FindNextFileW(search, &entry));
  FindClose(search);
  RemoveDirectoryW(folder);
}

static int teardown(void **state) {
  (void)state;
  wchar_t whole[MAX_PATH + 4];
  nt = real;
  swprintf(whole, MAX_PATH + 4, L"\\\\?\\%hs", root);
  remove_all(whole);
  fsa_arena_done(&arena);
  return 0;
}

static FsaOsFolder *open_root(void) {
  FsaOsFolder *folder;
  assert_int_equal(fsa_os_folder_open(root, &folder), FSA_OK);
  return folder;
}

/* The file at `path` holds `size` bytes of `data`. */
static void assert_holds(FsaOsFolder *folder, const char *path, const void *data, size_t size) {
  FsaOsReader *reader;
  const char *why = NULL;
  uint8_t *buffer = malloc(size + 10);
  size_t got = 0;
  assert_non_null(buffer);
  assert_int_equal(fsa_os_reader_open(folder, path, &reader, &why), FSA_OK);
  FsaSource source = fsa_os_reader_source(reader);
  assert_int_equal(source.size, size);
  assert_int_equal(source.read(source.context, 0, buffer, size + 10, &got), FSA_OK);
  assert_int_equal(got, size);
  assert_memory_equal(buffer, data, size);
  if (size > 1) {
    assert_int_equal(source.read(source.context, 1, buffer, 1, &got), FSA_OK);
    assert_int_equal(buffer[0], ((const uint8_t *)data)[1]);
  }
  fsa_os_reader_close(reader);
  free(buffer);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void put_wide(const wchar_t *name, const char *text) {
  wchar_t path[MAX_PATH];
  DWORD written;
  swprintf(path, MAX_PATH, L"\\\\?\\%hs\\%ls", root, name);
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
  assert_true(file != INVALID_HANDLE_VALUE);
  assert_true(WriteFile(file, text, (DWORD)strlen(text), &written, NULL));
  CloseHandle(file);
}

static void names_that_win32_bends(void **state) {
  (void)state;
  put_wide(L"aux", "device");
  put_wide(L"dot.", "dot");
  put_wide(L"blank ", "blank");
  put_wide(L"\x00FC.txt", "umlaut");
  FsaOsFolder *folder = open_root();
  FsaListing listing;
  assert_int_equal(fsa_os_folder_list(folder, "", &arena, &listing), FSA_OK);
  static const char *const names[] = {"aux", "blank ", "dot.", "\xC3\xBC.txt"};
  assert_int_equal(listing.count, 4);
  for (size_t i = 0; i < listing.count; i++) assert_string_equal(listing.nodes[i].name, names[i]);
  assert_holds(folder, "aux", "device", 6);
  assert_holds(folder, "dot.", "dot", 3);
  assert_holds(folder, "blank ", "blank", 5);
  assert_holds(folder, "\xC3\xBC.TXT", "umlaut", 6); /* any letter case */
  fsa_os_folder_close(folder);
}

static const wchar_t unpaired[] = {L'x', 0xD800, L'y'};

/* One entry, whose name is no text. */
static NtStatus NTAPI list_unpaired(HANDLE handle, HANDLE event, void *apc, void *context,
                                    NtIoStatusBlock *io, void *buffer, ULONG size, int class,
                                    BOOLEAN single, NtUnicodeString *pattern, BOOLEAN restart) {
  (void)handle, (void)event, (void)apc, (void)context, (void)single, (void)pattern;
  const ULONG length = sizeof unpaired;
  assert_int_equal(class, NT_DIRECTORY_FULL);
  assert_true(size >= 68 + length);
  if (!restart) return NT_NO_MORE_FILES;
  memset(buffer, 0, 68);
  memcpy((char *)buffer + 60, &length, 4);
  memcpy((char *)buffer + 68, unpaired, length);
  io->Information = 68 + length;
  return 0;
}

/* Where that name stands, there is "file". */
static NtStatus NTAPI open_unpaired(HANDLE *handle, ACCESS_MASK access, NtObjectAttributes *object,
                                    NtIoStatusBlock *io, ULONG share, ULONG options) {
  NtUnicodeString *name = object->ObjectName;
  static WCHAR file[] = {L'f', L'i', L'l', L'e'};
  if (name->Length == sizeof unpaired && memcmp(name->Buffer, unpaired, sizeof unpaired) == 0)
    *name = (NtUnicodeString){sizeof file, sizeof file, file};
  return real.NtOpenFile(handle, access, object, io, share, options);
}

/* Wine cannot have such a file: the names of its host are UTF-8. */
static void a_name_that_is_no_text(void **state) {
  (void)state;
  FsaOsFolder *folder = open_root();
  FsaListing listing;
  put("file", "found", 5);
  nt.NtQueryDirectoryFile = list_unpaired;
  nt.NtOpenFile = open_unpaired;
  assert_int_equal(fsa_os_folder_list(folder, "", &arena, &listing), FSA_OK);
  assert_int_equal(listing.count, 1);
  assert_holds(folder, listing.nodes[0].name, "found", 5);
  fsa_os_folder_close(folder);
}

static void a_path_longer_than_win32_takes(void **state) {
  (void)state;
  char path[4000] = "", part[] = "a folder with a name of forty-one letters";
  wchar_t wide[4000];
  FsaOsFolder *folder = open_root();
  for (int i = 0; i < 10; i++) {
    snprintf(path + strlen(path), sizeof path - strlen(path), "%s%s", i ? "\\" : "", part);
    swprintf(wide, 4000, L"\\\\?\\%hs\\%hs", root, path);
    assert_true(CreateDirectoryW(wide, NULL));
  }
  swprintf(wide, 4000, L"\\\\?\\%hs\\%hs\\file", root, path);
  HANDLE file = CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
  assert_true(file != INVALID_HANDLE_VALUE);
  CloseHandle(file);
  snprintf(path + strlen(path), sizeof path - strlen(path), "\\file");
  for (char *p = path; *p; p++)
    if (*p == '\\') *p = '/';
  assert_holds(folder, path, "", 0);
  fsa_os_folder_close(folder);
}

static void paths_that_users_give(void **state) {
  (void)state;
  char path[MAX_PATH * 2];
  FsaNodeKind kind;
  uint64_t size;
  put("file", "12345", 5);
  for (int i = 0; i < 4; i++) {
    static const char *const forms[] = {"%s\\file", "%s/file", "\\\\?\\%s\\file",
                                        "%s\\.\\x\\..\\file"};
    snprintf(path, sizeof path, forms[i], root);
    assert_int_equal(fsa_os_path_look(path, &kind, &size), FSA_OK);
    assert_int_equal(kind, FSA_NODE_FILE);
    assert_int_equal(size, 5);
  }
  assert_true(SetCurrentDirectoryA(root));
  assert_int_equal(fsa_os_path_look("file", &kind, &size), FSA_OK);
  assert_true(SetCurrentDirectoryA("\\"));
  const char *folder, *name;
  assert_int_equal(fsa_os_path_split(path, &arena, &folder, &name), FSA_OK);
  assert_string_equal(name, "file");
  FsaOsFolder *opened;
  assert_int_equal(fsa_os_folder_open(folder, &opened), FSA_OK);
  assert_holds(opened, "file", "12345", 5);
  fsa_os_folder_close(opened);
  assert_int_equal(fsa_os_path_look("\\\\.\\C:", &kind, &size), FSA_OK);
  assert_int_equal(kind, FSA_NODE_OTHER);
  assert_int_equal(fsa_os_path_look("nul", &kind, &size), FSA_OK);
  assert_int_equal(kind, FSA_NODE_OTHER);
  assert_int_equal(fsa_os_path_look("", &kind, &size), FSA_E_ABSENT);
}

static void names_that_are_none(void **state) {
  (void)state;
  FsaOsFolder *folder = open_root();
  FsaNodeKind kind;
  put("file", "1", 1);
  assert_int_equal(fsa_os_folder_look(folder, "file:stream", &kind), FSA_E_FORMAT);
  assert_int_equal(fsa_os_folder_look(folder, "..\\x", &kind), FSA_E_FORMAT);
  assert_int_equal(fsa_os_folder_look(folder, "nothing", &kind), FSA_E_ABSENT);
  assert_int_equal(fsa_os_folder_look(folder, "file/below", &kind), FSA_E_ABSENT);
  assert_true(fsa_os_folder_look(folder, "..", &kind) < 0);
  fsa_os_folder_close(folder);
}

/* ---- reparse points -------------------------------------------------------------------------- */

static uint32_t told_tag, told_attributes;
static const char *told_target; /* of the junction */

/* True when the last part of the path of `handle` is "link". */
static bool is_link(HANDLE handle) {
  wchar_t path[MAX_PATH * 2];
  DWORD units = GetFinalPathNameByHandleW(handle, path, MAX_PATH * 2, 0);
  return units > 5 && wcscmp(path + units - 5, L"\\link") == 0;
}

static NtStatus NTAPI tell_tag(HANDLE handle, NtIoStatusBlock *io, void *buffer, ULONG size,
                               int class) {
  NtStatus status = real.NtQueryInformationFile(handle, io, buffer, size, class);
  if (class == NT_FILE_ATTRIBUTE_TAG && is_link(handle)) {
    uint32_t told[] = {told_attributes, told_tag};
    memcpy(buffer, told, sizeof told);
  }
  return status;
}

static NtStatus NTAPI tell_target(HANDLE handle, HANDLE event, void *apc, void *context,
                                  NtIoStatusBlock *io, ULONG code, void *in, ULONG in_size,
                                  void *out, ULONG out_size) {
  (void)handle, (void)event, (void)apc, (void)context, (void)in, (void)in_size;
  assert_int_equal(code, FSCTL_GET_REPARSE_POINT);
  size_t length = strlen(told_target) * 2;
  uint8_t *data = out;
  assert_true(out_size >= 16 + length);
  memset(data, 0, 16 + length);
  memcpy(data, &told_tag, 4);
  data[4] = (uint8_t)(8 + length);
  data[10] = (uint8_t)length;
  for (size_t i = 0; i < length / 2; i++) data[16 + 2 * i] = (uint8_t)told_target[i];
  io->Information = 16 + length;
  return 0;
}

static void no_call_follows_a_junction(void **state) {
  (void)state;
  FsaOsFolder *folder = open_root();
  FsaNodeKind kind;
  FsaListing listing;
  FsaOsReader *reader;
  const char *why = NULL, *target = NULL;
  make_folder("link");
  put("link\\file", "1", 1);
  told_tag = 0xA0000003u;
  told_attributes = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;
  told_target = "\\??\\D:\\Users";
  nt.NtQueryInformationFile = tell_tag;
  nt.NtFsControlFile = tell_target;
  assert_int_equal(fsa_os_folder_look(folder, "link", &kind), FSA_OK);
  assert_int_equal(kind, FSA_NODE_LINK);
  assert_int_equal(fsa_os_folder_list(folder, "link", &arena, &listing), FSA_E_ACCESS);
  assert_int_equal(fsa_os_folder_look(folder, "link/file", &kind), FSA_E_ACCESS);
  assert_int_equal(fsa_os_reader_open(folder, "link/file", &reader, &why), FSA_E_ACCESS);
  assert_int_equal(fsa_os_folder_link(folder, "link", &arena, &target), FSA_OK);
  assert_string_equal(target, "/D:/Users");
  fsa_os_folder_close(folder);
}

static void tags_of_files(void **state) {
  (void)state;
  FsaOsFolder *folder = open_root();
  FsaOsReader *reader;
  const char *why = NULL;
  put("link", "bytes", 5);
  nt.NtQueryInformationFile = tell_tag;
  told_attributes = FILE_ATTRIBUTE_REPARSE_POINT;
  told_tag = 0x80000017u; /* WOF: opened once more, so that it is unpacked */
  assert_holds(folder, "link", "bytes", 5);
  told_tag = 0x1234u; /* nobody's: what is stored */
  assert_holds(folder, "link", "bytes", 5);
  told_tag = 0xA000000Cu;
  assert_int_equal(fsa_os_reader_open(folder, "link", &reader, &why), FSA_E_UNSUPPORTED);
  assert_null(why);
  told_tag = 0x9000701Au; /* a cloud file, and it is not here */
  told_attributes |= 0x400000;
  assert_int_equal(fsa_os_reader_open(folder, "link", &reader, &why), FSA_E_ABSENT);
  assert_non_null(why);
  fsa_os_folder_close(folder);
}

/* ---- locked files ---------------------------------------------------------------------------- */

enum { CLUSTER = 4096, FILE_SIZE = 5 * CLUSTER + 100 };

static uint8_t volume_bytes[20 * CLUSTER];
static char volume_path[MAX_PATH];
static NtStatus volume_status;

/* The volume is a file of ours. */
static NtStatus NTAPI open_volume(HANDLE *handle, ACCESS_MASK access, NtObjectAttributes *object,
                                  NtIoStatusBlock *io, ULONG share, ULONG options) {
  const wchar_t *name = object->ObjectName->Buffer;
  if (object->RootDirectory || wcsncmp(name, L"\\??\\Volume{", 11) != 0)
    return real.NtOpenFile(handle, access, object, io, share, options);
  assert_int_equal(name[object->ObjectName->Length / 2 - 1], L'}'); /* not its root directory */
  if (volume_status) return volume_status;
  *handle = CreateFileA(volume_path, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
  return *handle == INVALID_HANDLE_VALUE ? NT_ACCESS_DENIED : 0;
}

static NtStatus NTAPI tell_sizes(HANDLE handle, NtIoStatusBlock *io, void *buffer, ULONG size,
                                 int class) {
  (void)handle, (void)io;
  static const uint32_t told[] = {1000, 0, 500, 0, CLUSTER / 512, 512};
  assert_int_equal(class, NT_VOLUME_SIZE);
  assert_int_equal(size, sizeof told);
  memcpy(buffer, told, sizeof told);
  return 0;
}

static void put64(uint8_t *at, uint64_t value) {
  memcpy(at, &value, sizeof value);
}

/* Two answers: clusters 0 and 1 at 10, a hole; then 3 to 5 at 2. All but the last 100 bytes
 * written. */
static NtStatus NTAPI tell_clusters(HANDLE handle, HANDLE event, void *apc, void *context,
                                    NtIoStatusBlock *io, ULONG code, void *in, ULONG in_size,
                                    void *out, ULONG out_size) {
  (void)handle, (void)event, (void)apc, (void)context;
  uint8_t *data = out;
  memset(data, 0, out_size < 64 ? out_size : 64);
  if (code == 0x90284) { /* FSCTL_QUERY_FILE_REGIONS */
    data[4] = data[8] = data[32] = 1;
    put64(data + 24, FILE_SIZE - 100);
    io->Information = 40;
    return 0;
  }
  assert_int_equal(code, FSCTL_GET_RETRIEVAL_POINTERS);
  assert_int_equal(in_size, 8);
  uint64_t from;
  memcpy(&from, in, sizeof from);
  data[0] = from ? 1 : 2;
  put64(data + 8, from);
  put64(data + 16, from ? 6 : 2);
  put64(data + 24, from ? 2 : 10);
  if (!from) {
    put64(data + 32, 3);
    put64(data + 40, UINT64_MAX);
  }
  io->Information = from ? 32 : 48;
  return from ? 0 : NT_BUFFER_OVERFLOW;
}

static NtStatus NTAPI tell_nothing(HANDLE handle, HANDLE event, void *apc, void *context,
                                   NtIoStatusBlock *io, ULONG code, void *in, ULONG in_size,
                                   void *out, ULONG out_size) {
  (void)handle, (void)event, (void)apc, (void)context, (void)io, (void)code, (void)in;
  (void)in_size, (void)out, (void)out_size;
  return NT_END_OF_FILE;
}

/* A file of FILE_SIZE bytes, which nobody else may open until the handle is closed. */
static HANDLE lock_file(void) {
  char path[MAX_PATH];
  static const uint8_t zeros[FILE_SIZE];
  put("locked", zeros, sizeof zeros);
  path_of("locked", path);
  HANDLE locked = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
  assert_true(locked != INVALID_HANDLE_VALUE);
  for (size_t i = 0; i < sizeof volume_bytes; i++)
    volume_bytes[i] = (uint8_t)(i / CLUSTER * 7 + i % 251);
  put("volume", volume_bytes, sizeof volume_bytes);
  path_of("volume", volume_path);
  volume_status = 0;
  nt.NtOpenFile = open_volume;
  nt.NtQueryVolumeInformationFile = tell_sizes;
  nt.NtFsControlFile = tell_clusters;
  return locked;
}

static void a_locked_file_is_read_from_its_volume(void **state) {
  (void)state;
  uint8_t expected[FILE_SIZE] = {0};
  HANDLE locked = lock_file();
  FsaOsFolder *folder = open_root();
  memcpy(expected, volume_bytes + 10 * CLUSTER, 2 * CLUSTER);
  memcpy(expected + 3 * CLUSTER, volume_bytes + 2 * CLUSTER, FILE_SIZE - 100 - 3 * CLUSTER);
  assert_holds(folder, "locked", expected, sizeof expected);
  fsa_os_folder_close(folder);
  CloseHandle(locked);
}

static void expect_refusal(FsaOsFolder *folder, const char *word) {
  FsaOsReader *reader;
  const char *why = NULL;
  assert_int_equal(fsa_os_reader_open(folder, "locked", &reader, &why), FSA_E_ACCESS);
  assert_non_null(why);
  if (!strstr(why, word)) fail_msg("'%s' says nothing of '%s'", why, word);
}

static void why_a_locked_file_cannot_be_read(void **state) {
  (void)state;
  HANDLE locked = lock_file();
  FsaOsFolder *folder = open_root();
  volume_status = NT_ACCESS_DENIED;
  expect_refusal(folder, "administrator");
  volume_status = NT_NOT_SUPPORTED;
  expect_refusal(folder, "cannot be read");
  nt.NtFsControlFile = tell_nothing;
  expect_refusal(folder, "no clusters");
  nt.NtFsControlFile = real.NtFsControlFile;
  expect_refusal(folder, "cannot be read"); /* Wine, as it is */
  fsa_os_folder_close(folder);
  CloseHandle(locked);
}

static void the_reason_reaches_the_user(void **state) {
  (void)state;
  HANDLE locked = lock_file();
  FsaEvidence *evidence;
  FsaError error;
  FsaFile *file;
  const FsaFound *found;
  size_t count;
  static const char *const patterns[] = {"locked", NULL};
  volume_status = NT_ACCESS_DENIED;
  assert_int_equal(fsa_evidence_open(root, &evidence, &error), FSA_OK);
  assert_int_equal(fsa_evidence_find(evidence, patterns, NULL, &arena, NULL, &found, &count),
                   FSA_OK);
  assert_int_equal(count, 1);
  assert_int_equal(fsa_file_open(evidence, &found[0], &file, &error), FSA_E_ACCESS);
  assert_non_null(strstr(error.message, "only an administrator may read its volume"));
  assert_null(strchr(found[0].path, '/')); /* joined as the user wrote it */
  fsa_evidence_close(evidence);
  CloseHandle(locked);
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void the_machine_is_its_drives(void **state) {
  (void)state;
  char letters[FSA_OS_DRIVES];
  FsaOsFolder *machine;
  FsaListing listing;
  FsaNodeKind kind;
  size_t count = fsa_os_drives(letters);
  assert_true(count >= 1);
  assert_int_equal(letters[0], 'C');
  assert_int_equal(fsa_os_machine_open(&machine), FSA_OK);
  assert_int_equal(fsa_os_folder_list(machine, "", &arena, &listing), FSA_OK);
  assert_int_equal(listing.count, count);
  assert_string_equal(listing.nodes[0].name, "C:");
  assert_int_equal(fsa_os_folder_look(machine, "C:/WINDOWS/system32", &kind), FSA_OK);
  assert_int_equal(kind, FSA_NODE_DIRECTORY);
  assert_int_equal(fsa_os_folder_look(machine, "pipe", &kind), FSA_E_ABSENT);
  assert_int_equal(fsa_os_folder_look(machine, "C:x/y", &kind), FSA_E_ABSENT);
  fsa_os_folder_close(machine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(names_that_win32_bends, setup, teardown),
      cmocka_unit_test_setup_teardown(a_name_that_is_no_text, setup, teardown),
      cmocka_unit_test_setup_teardown(a_path_longer_than_win32_takes, setup, teardown),
      cmocka_unit_test_setup_teardown(paths_that_users_give, setup, teardown),
      cmocka_unit_test_setup_teardown(names_that_are_none, setup, teardown),
      cmocka_unit_test_setup_teardown(no_call_follows_a_junction, setup, teardown),
      cmocka_unit_test_setup_teardown(tags_of_files, setup, teardown),
      cmocka_unit_test_setup_teardown(a_locked_file_is_read_from_its_volume, setup, teardown),
      cmocka_unit_test_setup_teardown(why_a_locked_file_cannot_be_read, setup, teardown),
      cmocka_unit_test_setup_teardown(the_reason_reaches_the_user, setup, teardown),
      cmocka_unit_test_setup_teardown(the_machine_is_its_drives, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
