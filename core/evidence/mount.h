/*
 * Hives in their places: which files of the evidence are hives, where in the registry each belongs,
 * and reading one when it is first asked for. Of a running system the hives that are loaded are
 * those of live.h, the others files as everywhere.
 */
#ifndef FSA_EVIDENCE_MOUNT_H
#define FSA_EVIDENCE_MOUNT_H

#include <pthread.h>

#include "evidence/inside.h"
#include "evidence/live.h"
#include "evidence/registry.h"
#include "formats/regf.h"

/* A recovered key under its parent. */
typedef struct FsaDeletedKey {
  FsaRegfKey parent; /* 0 = unknown */
  FsaRegfKey key;
} FsaDeletedKey;

typedef struct FsaMountedHive {
  FsaRegistry *registry;
  const char *path;       /* "HKLM\SYSTEM" */
  const FsaLiveKey *live; /* its top key in the running system; NULL for a file */
  const FsaFound *found;  /* its file; NULL for a live one */
  const char *source;     /* its file as users know it; of a live one its path */
  bool is_system;         /* it has control sets */
  pthread_mutex_t lock;   /* guards what follows until it is set */
  int state;              /* FSA_ROW = not read yet, else what reading it gave */
  FsaFile *file;
  FsaRegf *regf;
  FsaDeletedKey *deleted; /* sorted by parent; NULL until asked for */
  size_t deleted_count;
} FsaMountedHive;

struct FsaRegistry {
  const FsaEvidence *evidence;
  FsaRegistryProblem *problem;
  void *context;
  pthread_mutex_t problem_lock;
  pthread_mutex_t lock; /* guards the arena, the list and has_users */
  FsaArena arena;
  FsaMountedHive **hives; /* room for FSA_MAX_HIVES; entries never change once counted */
  size_t count;           /* of all; grows once, under the lock */
  size_t machine_count;   /* of those known at opening */
  bool has_users;         /* the users' hives have been looked for */
  FsaLive *live;          /* NULL: all hives are files */
};

/* Tells a problem about `source`; safe from any thread. */
void fsa_registry_tell(FsaRegistry *registry, int code, const char *source, uint64_t offset,
                       const char *message);

/* An FsaRegfProblem; the context is the FsaMountedHive. */
void fsa_mount_tell(void *hive, int code, uint64_t offset, const char *message);

/* The problem callback of fsa_evidence_find(); the context is the FsaRegistry. */
void fsa_mount_tell_find(void *registry, int code, const char *path, const char *message);

/* The last part of a path as users see it, of either system. */
const char *fsa_mount_name(const char *path);

/* True when the running system has loaded the hive of `path`: its file need not be read. */
bool fsa_mount_is_loaded(const FsaRegistry *registry, const char *path);

/*
 * Mounts a file, or what is live (`found` NULL), at `path`, or at "`path` (2)" when that is taken;
 * *ret_hive (may be NULL) stays NULL beyond FSA_MAX_HIVES.
 */
int fsa_mount_add(FsaRegistry *registry, const char *path, const FsaFound *found,
                  FsaMountedHive **ret_hive);

/* Finds the machine's hives and, where the evidence is loose, all others. */
int fsa_mount_machine(FsaRegistry *registry);

/* Finds the users' hives, once. */
int fsa_mount_users(FsaRegistry *registry);

/* Reads the hive if that has not been done. An error was told. */
int fsa_mount_open(FsaMountedHive *hive);

/* Fills hive->deleted; the hive is open. */
int fsa_mount_recover(FsaMountedHive *hive);

/* Closes and frees all hives. */
void fsa_mount_close(FsaRegistry *registry);

#endif
