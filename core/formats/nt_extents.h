/*
 * Where the clusters of a file lie on its volume, and the file's bytes read from there: the way to
 * a file that its owner lets nobody open.
 *
 * Windows tells the extents (FSCTL_GET_RETRIEVAL_POINTERS) and how much of the file was ever
 * written (FSCTL_QUERY_FILE_REGIONS); what lies behind that on the disk is another file's past.
 * [MS-FSCC 2.3.29 and 2.3.51; winioctl.h]
 */
#ifndef FSA_FORMATS_NT_EXTENTS_H
#define FSA_FORMATS_NT_EXTENTS_H

#include "fsa.h"

/* One run of clusters of the file. */
typedef struct FsaNtExtent {
  uint64_t vcn;   /* its first cluster in the file */
  uint64_t count; /* clusters */
  uint64_t lcn;   /* its first cluster on the volume; FSA_NT_HOLE = none: zeros */
} FsaNtExtent;

#define FSA_NT_HOLE UINT64_MAX

/* The extents of a file, by position and without gaps, from cluster 0 on. */
typedef struct FsaNtExtents {
  FsaNtExtent *list; /* from the arena */
  size_t count, room;
  uint64_t end; /* the cluster behind the last one: what is to be asked for next */
} FsaNtExtents;

/*
 * Adds what RETRIEVAL_POINTERS_BUFFER holds, the answer to a question for `extents->end`. FSA_ROW
 * when something was added, FSA_OK when it holds nothing new, FSA_E_FORMAT, FSA_E_LIMIT beyond
 * FSA_MAX_NT_EXTENTS.
 */
int fsa_nt_extents_add(FsaNtExtents *extents, FsaBytes answer, FsaArena *arena);

/*
 * The end of what was ever written, from FILE_REGION_OUTPUT. FSA_E_ABSENT when it tells of nothing
 * written, which is no answer, FSA_E_FORMAT.
 */
int fsa_nt_regions_end(FsaBytes answer, uint64_t *ret_end);

/* Bytes of the volume that are read at once. */
#define FSA_NT_WINDOW (256u << 10)

/* A file on a volume. */
typedef struct FsaNtFile {
  FsaNtExtents extents;
  uint32_t cluster_size; /* bytes; a power of two */
  uint32_t sector_size;  /* bytes; a power of two below FSA_NT_WINDOW */
  uint64_t size;         /* bytes of the file */
  uint64_t valid_size;   /* bytes that were ever written; zeros are read behind them */
  FsaSource volume;      /* is asked for whole sectors at multiples of the sector size only */
  uint8_t *window;       /* FSA_NT_WINDOW bytes, as the volume wants its buffers */
} FsaNtFile;

/*
 * The bytes of the file as FsaSource.read gives them. FSA_E_IO where the extents or the volume end
 * before what was written.
 */
int fsa_nt_file_read(FsaNtFile *file, uint64_t offset, void *buffer, size_t size, size_t *ret_size);

#endif
