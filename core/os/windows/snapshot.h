/*
 * All processes at one moment, seen in more than one way.
 *
 * One snapshot serves a whole query: its pids, and what the list says of each of them. A snapshot
 * is shared by the processes that were opened from it and lives as long as one of them. It never
 * changes once it was taken.
 */
#ifndef FSA_OS_WINDOWS_SNAPSHOT_H
#define FSA_OS_WINDOWS_SNAPSHOT_H

#include "formats/nt_process.h"
#include "os/windows/host.h"

/* A process as the snapshot knows it. */
typedef struct WindowsKnown {
  int64_t pid;
  bool is_listed;     /* the list of processes has it; else only the other views do */
  FsaNtProcess facts; /* of the list */
} WindowsKnown;

typedef struct WindowsSnapshot {
  unsigned users; /* guarded by the host's lock */
  int64_t taken;  /* when the list was read, monotonic ns */
  int64_t cost;   /* how long taking it took, ns */
  FsaArena arena; /* of all below */
  WindowsKnown *processes;
  size_t count; /* ascending by pid */
  /* the pids that own handles, ascending; NULL where the table of handles cannot be had */
  int64_t *owners;
  size_t owner_count;
} WindowsSnapshot;

/*
 * The newest snapshot when it will do, else a new one; given back by windows_snapshot_drop(). With
 * `fresh` it must be younger than a moment (a join asks one query for each of its rows, and most of
 * the time should not go into snapshots), without it may have any age. An error of the list of
 * processes is the one error.
 */
int windows_snapshot(FsaOs *os, bool fresh, WindowsSnapshot **ret_snapshot);
void windows_snapshot_drop(FsaOs *os, WindowsSnapshot *snapshot); /* accepts NULL */

/* The process `pid`, or NULL. */
const WindowsKnown *windows_snapshot_find(const WindowsSnapshot *snapshot, int64_t pid);

/* 1 when `pid` owns handles, 0 when not, FSA_OS_UNKNOWN when the table cannot be had. */
int64_t windows_snapshot_owns(const WindowsSnapshot *snapshot, int64_t pid);

#endif
