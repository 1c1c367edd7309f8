/*
 * Clusters of a file, read from its volume. [Microsoft: FSCTL_GET_RETRIEVAL_POINTERS,
 * FSCTL_QUERY_FILE_REGIONS (since Windows 8), CreateFile on volumes]
 *
 * What is read is what the disk holds: what a program has written and the system has not yet put on
 * the disk is not among it. Registry hives are written together with their logs and checked when
 * they are read; other files may be torn.
 */
#include "os/windows/volume.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <winioctl.h>

#include "formats/nt_file.h"
#include "formats/nt_extents.h"
#include "os/windows/host.h"
#include "os/windows/node.h"

/* FSCTL_QUERY_FILE_REGIONS, which older headers lack: CTL_CODE(9, 161, METHOD_BUFFERED, any). */
#define QUERY_FILE_REGIONS 0x90284u

struct WindowsClusters {
  HANDLE volume;
  FsaNtFile file;
  FsaArena arena; /* of the extents */
};

/* ---- the volume ------------------------------------------------------------------------------ */

/* Reads whole sectors. */
static int volume_read(void *context, uint64_t offset, void *buffer, size_t size,
                       size_t *ret_size) {
  const WindowsClusters *clusters = context;
  LARGE_INTEGER at = {.QuadPart = (LONGLONG)offset};
  NtIoStatusBlock io = {0};
  NtStatus status =
      nt.NtReadFile(clusters->volume, NULL, NULL, NULL, &io, buffer, (ULONG)size, &at, NULL);
  if (!NT_OK(status) && status != NT_END_OF_FILE) return windows_node_result(status);
  *ret_size = NT_OK(status) ? io.Information : 0;
  return FSA_OK;
}

/*
 * Opens the volume that `file` stands on, by the name that it has whether or not it has a drive:
 * "\\?\Volume{...}\Windows\x" without what is behind the brace.
 */
static int open_volume(HANDLE file, WindowsClusters *clusters) {
  static const size_t before = 4; /* "\\?\" */
  WCHAR path[64];
  DWORD units = GetFinalPathNameByHandleW(file, NULL, 0, VOLUME_NAME_GUID);
  WCHAR *whole = units ? calloc(units + 1, sizeof *whole) : NULL;
  if (!whole) return units ? FSA_E_NOMEM : windows_result_of_error(GetLastError());
  units = GetFinalPathNameByHandleW(file, whole, units + 1, VOLUME_NAME_GUID);
  const WCHAR *brace = units ? wcschr(whole, L'}') : NULL;
  size_t size = brace ? (size_t)(brace + 1 - whole) : 0;
  if (size <= before || size >= sizeof path / sizeof *path) {
    free(whole);
    return FSA_E_UNSUPPORTED; /* a share: its disk is another machine's */
  }
  memcpy(path, L"\\??\\", before * sizeof *path);
  memcpy(path + before, whole + before, (size - before) * sizeof *path);
  free(whole);
  NtStatus status =
      windows_node_open(NULL, path, size, FILE_READ_DATA | SYNCHRONIZE, 0, &clusters->volume);
  return NT_OK(status) ? FSA_OK : windows_node_result(status);
}

/* Sizes of clusters and sectors. [MS-FSCC 2.5.8 FileFsSizeInformation] */
static int measure_volume(WindowsClusters *clusters) {
  struct {
    int64_t total, available;
    uint32_t sectors_per_cluster, bytes_per_sector;
  } told;
  NtIoStatusBlock io;
  NtStatus status =
      nt.NtQueryVolumeInformationFile(clusters->volume, &io, &told, sizeof told, NT_VOLUME_SIZE);
  if (!NT_OK(status)) return windows_node_result(status);
  uint64_t size = (uint64_t)told.sectors_per_cluster * told.bytes_per_sector;
  bool is_sound = size && size <= UINT32_MAX && (size & (size - 1)) == 0 &&
                  told.bytes_per_sector < FSA_NT_WINDOW;
  if (!is_sound) return FSA_E_IO;
  clusters->file.cluster_size = (uint32_t)size;
  clusters->file.sector_size = told.bytes_per_sector;
  return FSA_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* FSA_E_ABSENT when the file has no clusters: it is empty, or so small that the MFT holds it. */
static int find_extents(HANDLE file, WindowsClusters *clusters) {
  FsaNtExtents *extents = &clusters->file.extents;
  uint8_t answer[16384] __attribute__((aligned(8)));
  for (;;) {
    uint64_t from = extents->end; /* STARTING_VCN_INPUT_BUFFER */
    size_t size;
    NtStatus status = windows_node_ask(file, FSCTL_GET_RETRIEVAL_POINTERS, &from, sizeof from,
                                       answer, sizeof answer, &size);
    if (status == NT_END_OF_FILE) return extents->count ? FSA_OK : FSA_E_ABSENT;
    if (!NT_OK(status) && status != NT_BUFFER_OVERFLOW) return windows_node_result(status);
    int result = fsa_nt_extents_add(extents, fsa_bytes(answer, size), &clusters->arena);
    if (result < 0) return result;
    if (status != NT_BUFFER_OVERFLOW) return FSA_OK;
    if (result == FSA_OK) return FSA_E_IO; /* more, it said, and gave nothing */
  }
}

/*
 * How much of the file was ever written. A system that does not tell (Windows 7) is taken to have
 * written all of it: what it did not write is then what the disk held before.
 */
static uint64_t written_size(HANDLE file, uint64_t size) {
  uint8_t answer[4096] __attribute__((aligned(8)));
  size_t told;
  uint64_t end;
  NtStatus status =
      windows_node_ask(file, QUERY_FILE_REGIONS, NULL, 0, answer, sizeof answer, &told);
  if (status != 0 || fsa_nt_regions_end(fsa_bytes(answer, told), &end) != FSA_OK) return size;
  return end < size ? end : size;
}

/* Why the clusters would not tell the file's bytes; NULL when they do. */
static const char *unreadable(uint32_t attributes) {
  if (attributes & FSA_NT_ENCRYPTED)
    return "another program has it open, and its clusters are encrypted";
  if (attributes & FSA_NT_COMPRESSED)
    return "another program has it open, and its clusters are compressed";
  if (attributes & FSA_NT_REPARSE_POINT)
    return "another program has it open, and a filter of the system keeps its content elsewhere";
  return NULL;
}

static int size_of(HANDLE file, uint64_t *ret_size) {
  LARGE_INTEGER size;
  if (!GetFileSizeEx(file, &size)) return windows_result_of_error(GetLastError());
  *ret_size = (uint64_t)size.QuadPart;
  return FSA_OK;
}

static int prepare(HANDLE file, WindowsClusters *clusters, const char **ret_why) {
  uint32_t attributes, tag;
  int result = windows_node_tag(file, &attributes, &tag);
  if (result == FSA_OK) result = size_of(file, &clusters->file.size);
  if (result != FSA_OK) return result;
  *ret_why = unreadable(attributes);
  if (*ret_why) return FSA_E_ACCESS;
  result = find_extents(file, clusters);
  if (result == FSA_E_ABSENT && clusters->file.size == 0) result = FSA_OK;
  if (result == FSA_E_ABSENT) {
    *ret_why = "another program has it open, and it is so small that it has no clusters";
    return FSA_E_ACCESS;
  }
  if (result == FSA_OK) result = open_volume(file, clusters);
  if (result == FSA_OK) result = measure_volume(clusters);
  if (result != FSA_OK) {
    *ret_why = result == FSA_E_ACCESS
                   ? "another program has it open, and only an administrator may read its volume"
                   : "another program has it open, and its volume cannot be read";
    return result == FSA_E_NOMEM ? result : FSA_E_ACCESS;
  }
  clusters->file.valid_size = written_size(file, clusters->file.size);
  return FSA_OK;
}

int windows_clusters_open(HANDLE file, WindowsClusters **ret_clusters, const char **ret_why) {
  WindowsClusters *clusters = calloc(1, sizeof *clusters);
  if (!clusters) return FSA_E_NOMEM;
  clusters->arena = fsa_arena(0);
  clusters->file.volume = (FsaSource){.context = clusters, .read = volume_read};
  /* in whole pages, which every volume takes */
  clusters->file.window = VirtualAlloc(NULL, FSA_NT_WINDOW, MEM_COMMIT, PAGE_READWRITE);
  int result = clusters->file.window ? prepare(file, clusters, ret_why) : FSA_E_NOMEM;
  if (result != FSA_OK) {
    windows_clusters_close(clusters);
    return result;
  }
  *ret_clusters = clusters;
  return FSA_OK;
}

void windows_clusters_close(WindowsClusters *clusters) {
  if (!clusters) return;
  if (clusters->volume) nt.NtClose(clusters->volume);
  if (clusters->file.window) VirtualFree(clusters->file.window, 0, MEM_RELEASE);
  fsa_arena_done(&clusters->arena);
  free(clusters);
}

int windows_clusters_read(void *context, uint64_t offset, void *buffer, size_t size,
                          size_t *ret_size) {
  WindowsClusters *clusters = context;
  return fsa_nt_file_read(&clusters->file, offset, buffer, size, ret_size);
}
