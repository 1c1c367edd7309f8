/*
 * The files behind images. A host has some thousands of them mapped ten times over: each is opened
 * once for its headers.
 */
#include "os/module.h"

#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "os/windows/device_path.h"

enum { SLOTS = 4096 }; /* lists of files by their paths' hashes */

/* What is remembered of a path. */
typedef struct Head {
  struct Head *next; /* in the slot's list */
  FsaText path;
  int result;     /* FSA_OK, or why there are no bytes */
  FsaBytes bytes; /* in the arena of the files */
} Head;

struct FsaOsModuleFiles {
  pthread_mutex_t lock; /* guards all below */
  FsaArena arena;
  Head *slots[SLOTS];
};

struct FsaOsModuleFile {
  HANDLE handle;
  uint64_t size;
};

int fsa_os_module_files_open(FsaOs *os, FsaOsModuleFiles **ret_files) {
  (void)os;
  FsaOsModuleFiles *files = calloc(1, sizeof *files);
  if (!files) return FSA_E_NOMEM;
  if (pthread_mutex_init(&files->lock, NULL) != 0) {
    free(files);
    return FSA_E_NOMEM;
  }
  files->arena = fsa_arena(FSA_MAX_MODULE_HEADS);
  *ret_files = files;
  return FSA_OK;
}

void fsa_os_module_files_close(FsaOsModuleFiles *files) {
  if (!files) return;
  pthread_mutex_destroy(&files->lock);
  fsa_arena_done(&files->arena);
  free(files);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int open_handle(FsaText path, HANDLE *ret_handle) {
  FsaArena arena = fsa_arena(0);
  WCHAR *wide;
  int result = windows_file_path(path, &arena, &wide);
  if (result == FSA_OK) {
    /* the right to back up opens what its list of rights would keep closed */
    const HANDLE handle =
        CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE)
      result = windows_result_of_error(GetLastError());
    else
      *ret_handle = handle;
  }
  fsa_arena_done(&arena);
  return result;
}

static int read_at(HANDLE handle, uint64_t offset, void *buffer, size_t size, size_t *ret_size) {
  size_t done = 0;
  while (done < size) {
    OVERLAPPED place = {.Offset = (DWORD)(offset + done),
                        .OffsetHigh = (DWORD)((offset + done) >> 32)};
    const size_t left = size - done;
    DWORD got = 0;
    if (!ReadFile(handle, (char *)buffer + done, left < 1u << 30 ? (DWORD)left : 1u << 30, &got,
                  &place)) {
      const DWORD error = GetLastError();
      if (error != ERROR_HANDLE_EOF) return windows_result_of_error(error);
    }
    if (got == 0) break;
    done += got;
  }
  *ret_size = done;
  return FSA_OK;
}

static int read_head(FsaText path, uint8_t *buffer, size_t *ret_size) {
  HANDLE handle;
  int result = open_handle(path, &handle);
  if (result != FSA_OK) return result;
  result = read_at(handle, 0, buffer, FSA_OS_MODULE_HEAD, ret_size);
  CloseHandle(handle);
  return result;
}

/* ---- heads ----------------------------------------------------------------------------------- */

static Head **slot_of(FsaOsModuleFiles *files, FsaText path) {
  const FsaSipKey key = {0, 0}; /* whoever makes paths collide slows down his own look-up alone */
  return &files->slots[fsa_siphash(key, path.data, path.size) % SLOTS];
}

static const Head *find(FsaOsModuleFiles *files, FsaText path) {
  for (const Head *head = *slot_of(files, path); head; head = head->next)
    if (head->path.size == path.size && memcmp(head->path.data, path.data, path.size) == 0)
      return head;
  return NULL;
}

/* NULL when memory or its ceiling ran out. */
static const Head *remember(FsaOsModuleFiles *files, FsaText path, int result, const void *bytes,
                            size_t size) {
  Head *head = fsa_arena_zero(&files->arena, 1, sizeof *head);
  const char *name = fsa_arena_copy(&files->arena, path.data, path.size);
  const char *copy = fsa_arena_copy(&files->arena, bytes, size);
  if (!head || !name || !copy) return NULL;
  Head **slot = slot_of(files, path);
  *head = (Head){
      .next = *slot, .path = {name, path.size}, .result = result, .bytes = fsa_bytes(copy, size)};
  *slot = head;
  return head;
}

/* Nobody waits while a file is read; two threads may then read the same one, and one is kept. */
int fsa_os_module_head(FsaOsModuleFiles *files, FsaText path, FsaBytes *ret_head) {
  uint8_t bytes[FSA_OS_MODULE_HEAD];
  size_t size = 0;
  pthread_mutex_lock(&files->lock);
  const Head *head = find(files, path);
  pthread_mutex_unlock(&files->lock);
  if (!head) {
    const int result = read_head(path, bytes, &size);
    pthread_mutex_lock(&files->lock);
    head = find(files, path);
    if (!head) head = remember(files, path, result, bytes, result == FSA_OK ? size : 0);
    pthread_mutex_unlock(&files->lock);
  }
  if (!head) return FSA_E_LIMIT;
  if (head->result == FSA_OK) *ret_head = head->bytes;
  return head->result;
}

/* ---- whole files ----------------------------------------------------------------------------- */

int fsa_os_module_file_open(FsaOsModuleFiles *files, FsaText path, FsaOsModuleFile **ret_file) {
  (void)files;
  LARGE_INTEGER size;
  FsaOsModuleFile *file = calloc(1, sizeof *file);
  if (!file) return FSA_E_NOMEM;
  int result = open_handle(path, &file->handle);
  if (result != FSA_OK) {
    free(file);
    return result;
  }
  if (!GetFileSizeEx(file->handle, &size)) {
    result = windows_result_of_error(GetLastError());
    fsa_os_module_file_close(file);
    return result;
  }
  file->size = (uint64_t)size.QuadPart;
  *ret_file = file;
  return FSA_OK;
}

void fsa_os_module_file_close(FsaOsModuleFile *file) {
  if (!file) return;
  CloseHandle(file->handle);
  free(file);
}

static int read_source(void *context, uint64_t offset, void *buffer, size_t size,
                       size_t *ret_size) {
  const FsaOsModuleFile *file = context;
  return read_at(file->handle, offset, buffer, size, ret_size);
}

FsaSource fsa_os_module_file_source(FsaOsModuleFile *file) {
  return (FsaSource){.context = file, .size = file->size, .read = read_source};
}
