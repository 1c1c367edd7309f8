/* The named objects of a Windows host: mutants, events, sections and all others that have a name in
 * the object manager's directories. Elsewhere: FSA_E_UNSUPPORTED. */
#ifndef FSA_OS_OBJECT_DIRECTORY_H
#define FSA_OS_OBJECT_DIRECTORY_H

#include "os/os.h"

typedef struct FsaOsObject {
  FsaText directory;    /* "\BaseNamedObjects" */
  FsaText name, type;   /* "Mutant", "Event", "Directory", "SymbolicLink", ... */
  const uint16_t *path; /* UTF-16, not ended: what the system calls it */
  size_t path_units;
} FsaOsObject;

/* A directory that could not be looked into. */
typedef struct FsaOsObjectGap {
  FsaText directory;
  int result; /* FSA_E_ACCESS, ... */
} FsaOsObjectGap;

typedef struct FsaOsObjects {
  FsaOsObject *objects; /* by directory; those of a directory in the system's order */
  FsaOsObjectGap *gaps;
  size_t count, gap_count;
} FsaOsObjects;

/*
 * All objects from `\` down; links are told, not followed. What lies deeper than
 * FSA_MAX_OBJECT_DEPTH, or beyond FSA_MAX_OBJECTS, is a gap with FSA_E_LIMIT.
 */
int fsa_os_objects(FsaOs *os, FsaArena *arena, FsaOsObjects *ret_objects);

/*
 * An object, opened to be asked, which changes nothing about it: no wait, no state reset. Lives in
 * the arena; closed by the caller.
 */
typedef struct FsaOsOpenObject FsaOsOpenObject;

/* FSA_E_UNSUPPORTED for types that cannot be opened without an effect (ports, devices, drivers). */
int fsa_os_object_open(FsaOs *os, const FsaOsObject *object, FsaArena *arena,
                       FsaOsOpenObject **ret_object);
void fsa_os_object_close(FsaOsOpenObject *object); /* accepts NULL */

/* The number of our own handle on it, by which it is found in a handle table that is opened now. */
int64_t fsa_os_object_handle(const FsaOsOpenObject *object);

/* What it tells; FSA_OS_UNKNOWN or data NULL where its type has no such thing, or is refused. */
typedef struct FsaOsObjectState {
  int64_t owner_pid, owner_tid; /* of a mutant that is taken */
  int64_t is_signaled;          /* 0, 1: a wait for it would end at once */
  int64_t is_abandoned;         /* 0, 1: a mutant's owner ended without giving it back */
  /* semaphore: how often it may yet be taken; mutant: how often its owner took it */
  int64_t count;
  int64_t most;     /* of a semaphore */
  int64_t size;     /* bytes of a section */
  int64_t handles;  /* open handles of all processes, ours not counted */
  int64_t pointers; /* references of the kernel */
  FsaText link;     /* where a symbolic link leads */
  FsaText sddl;     /* owner, group and who may do what with it */
} FsaOsObjectState;

int fsa_os_object_state(FsaOsOpenObject *object, FsaArena *arena, FsaOsObjectState *ret_state);

#endif
