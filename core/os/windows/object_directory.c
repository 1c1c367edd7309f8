/* The named objects of the host, from the object manager's directories. */
#include "os/object_directory.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "formats/nt_directory.h"
#include "formats/nt_handle.h"
#include "formats/nt_security.h"
#include "os/windows/host.h"

#define LIST_BYTES (64u << 10)

/* Rights to ask, which the Win32 headers do not name. [WDK, wdm.h] */
#define DIRECTORY_ASK 1u
#define STATE_ASK 1u /* events, semaphores, I/O completion ports */
#define LINK_ASK 1u

/* A UNICODE_STRING cannot be longer, in units. */
#define MOST_PATH_UNITS 32766u

/* ---- walking --------------------------------------------------------------------------------- */

typedef struct Walk {
  FsaArena *arena;
  uint8_t *buffer; /* LIST_BYTES */
  bool is_single;  /* only one entry a call can be had (Wine) */
  FsaOsObjects found;
  size_t room, gap_room;
} Walk;

/* What is listed now. */
typedef struct Place {
  FsaText text;         /* of the directory */
  const uint16_t *path; /* without a `\` at the end: empty for the root */
  size_t units;
} Place;

static void *grow(FsaArena *arena, void *array, size_t *room, size_t size) {
  const size_t more = *room ? *room * 2 : 64;
  void *grown = fsa_arena_grow(arena, array, *room * size, more * size);
  if (grown) *room = more;
  return grown;
}

static int add_gap(Walk *walk, const Place *place, int gap) {
  if (walk->found.gap_count == walk->gap_room) {
    FsaOsObjectGap *gaps =
        grow(walk->arena, walk->found.gaps, &walk->gap_room, sizeof *walk->found.gaps);
    if (!gaps) return FSA_E_NOMEM;
    walk->found.gaps = gaps;
  }
  walk->found.gaps[walk->found.gap_count++] =
      (FsaOsObjectGap){.directory = place->text, .result = gap};
  return FSA_OK;
}

static int add_object(Walk *walk, const Place *place, const FsaNtDirectoryObject *entry) {
  const size_t units = entry->name.size / 2, path_units = place->units + 1 + units;
  if (walk->found.count == FSA_MAX_OBJECTS || path_units > MOST_PATH_UNITS) return FSA_E_LIMIT;
  if (walk->found.count == walk->room) {
    FsaOsObject *objects =
        grow(walk->arena, walk->found.objects, &walk->room, sizeof *walk->found.objects);
    if (!objects) return FSA_E_NOMEM;
    walk->found.objects = objects;
  }
  uint16_t *path = fsa_arena_alloc(walk->arena, path_units * sizeof *path);
  const FsaOsObject object = {
      .directory = place->text,
      .name = fsa_text_from_utf16(walk->arena, entry->name.data, units),
      .type = fsa_text_from_utf16(walk->arena, entry->type.data, entry->type.size / 2),
      .path = path,
      .path_units = path_units,
  };
  if (!path || !object.name.data || !object.type.data) return FSA_E_NOMEM;
  if (place->units) memcpy(path, place->path, place->units * sizeof *path);
  path[place->units] = L'\\';
  if (units) memcpy(path + place->units + 1, entry->name.data, units * sizeof *path);
  walk->found.objects[walk->found.count++] = object;
  return FSA_OK;
}

static int add_entries(Walk *walk, const Place *place, size_t *ret_count) {
  FsaNtDirectory directory = {.bytes = fsa_bytes(walk->buffer, LIST_BYTES),
                              .address = (uintptr_t)walk->buffer};
  FsaNtDirectoryObject entry;
  size_t count = 0;
  int result;
  while ((result = fsa_nt_directory_next(&directory, &entry)) == FSA_ROW) {
    if ((result = add_object(walk, place, &entry)) != FSA_OK) return result;
    count++;
    if (walk->is_single) break;
  }
  if (result < 0) return result;
  *ret_count = count;
  return FSA_OK;
}

/* The system counts entries in `context`; one that is added or gone meanwhile may shift them. */
static int list_directory(Walk *walk, HANDLE handle, const Place *place) {
  ULONG context = 0, length;
  BOOLEAN restarts = TRUE;
  for (;;) {
    memset(walk->buffer, 0, 2 * 32); /* an answer may lack the entry of zeros that ends it */
    const NtStatus status = nt.NtQueryDirectoryObject(handle, walk->buffer, LIST_BYTES,
                                                      walk->is_single, restarts, &context, &length);
    if (status == NT_NO_MORE_ENTRIES) return FSA_OK;
    if (status == NT_NOT_IMPLEMENTED && !walk->is_single) {
      walk->is_single = true;
      continue;
    }
    if (!NT_OK(status)) return windows_result(status);
    size_t count;
    const int result = add_entries(walk, place, &count);
    if (result != FSA_OK || count == 0) return result;
    if (!walk->is_single && status != NT_MORE_ENTRIES) return FSA_OK;
    restarts = FALSE;
  }
}

static NtUnicodeString counted(const uint16_t *units, size_t count) {
  return (NtUnicodeString){.Length = (USHORT)(count * 2),
                           .MaximumLength = (USHORT)(count * 2),
                           .Buffer = (WCHAR *)(uintptr_t)units};
}

static int walk_directory(Walk *walk, const Place *place) {
  static const uint16_t root[] = {L'\\'};
  NtUnicodeString name = place->units ? counted(place->path, place->units) : counted(root, 1);
  NtObjectAttributes attributes = {.Length = sizeof attributes, .ObjectName = &name};
  HANDLE handle;
  const NtStatus status = nt.NtOpenDirectoryObject(&handle, DIRECTORY_ASK, &attributes);
  int result = windows_result(status);
  if (result == FSA_OK) {
    result = list_directory(walk, handle, place);
    nt.NtClose(handle);
  }
  if (result == FSA_E_ABSENT) return FSA_OK; /* it went meanwhile */
  return result == FSA_OK || result == FSA_E_NOMEM ? result : add_gap(walk, place, result);
}

static size_t depth_of(const FsaOsObject *object) {
  size_t depth = 0;
  for (size_t i = 0; i < object->path_units; i++) depth += object->path[i] == L'\\';
  return depth;
}

static bool is_directory(const FsaOsObject *object) {
  return strcmp(object->type.data, "Directory") == 0;
}

static int walk_object(Walk *walk, size_t index) {
  const FsaOsObject *object = &walk->found.objects[index];
  if (!is_directory(object)) return FSA_OK;
  const Place place = {
      .text = fsa_text_from_utf16(walk->arena, (const uint8_t *)object->path, object->path_units),
      .path = object->path,
      .units = object->path_units,
  };
  if (!place.text.data) return FSA_E_NOMEM;
  if (depth_of(object) >= FSA_MAX_OBJECT_DEPTH) return add_gap(walk, &place, FSA_E_LIMIT);
  return walk_directory(walk, &place);
}

int fsa_os_objects(FsaOs *os, FsaArena *arena, FsaOsObjects *ret_objects) {
  (void)os;
  Walk walk = {.arena = arena, .buffer = malloc(LIST_BYTES)};
  if (!walk.buffer) return FSA_E_NOMEM;
  const Place root = {.text = {"\\", 1}};
  int result = walk_directory(&walk, &root);
  for (size_t i = 0; result == FSA_OK && i < walk.found.count; i++) result = walk_object(&walk, i);
  free(walk.buffer);
  if (result == FSA_OK) *ret_objects = walk.found;
  return result;
}

/* ---- opening --------------------------------------------------------------------------------- */

typedef NtStatus(NTAPI *OpenCall)(HANDLE *, ACCESS_MASK, NtObjectAttributes *);

typedef enum Kind {
  MUTANT,
  EVENT,
  SEMAPHORE,
  TIMER,
  SECTION,
  SYMBOLIC_LINK,
  DIRECTORY,
  JOB,
  KEYED_EVENT,
  IO_COMPLETION,
  KINDS,
} Kind;

/* What is opened, and with which right to be asked. */
static const struct {
  const char *type;
  ACCESS_MASK access;
  OpenCall *call; /* in `nt`, which is filled at run time */
} kinds[KINDS] = {
    [MUTANT] = {"Mutant", MUTANT_QUERY_STATE, &nt.NtOpenMutant},
    [EVENT] = {"Event", STATE_ASK, &nt.NtOpenEvent},
    [SEMAPHORE] = {"Semaphore", STATE_ASK, &nt.NtOpenSemaphore},
    [TIMER] = {"Timer", TIMER_QUERY_STATE, &nt.NtOpenTimer},
    [SECTION] = {"Section", SECTION_QUERY, &nt.NtOpenSection},
    [SYMBOLIC_LINK] = {"SymbolicLink", LINK_ASK, &nt.NtOpenSymbolicLinkObject},
    [DIRECTORY] = {"Directory", DIRECTORY_ASK, &nt.NtOpenDirectoryObject},
    [JOB] = {"Job", JOB_OBJECT_QUERY, &nt.NtOpenJobObject},
    [KEYED_EVENT] = {"KeyedEvent", READ_CONTROL, &nt.NtOpenKeyedEvent},
    [IO_COMPLETION] = {"IoCompletion", STATE_ASK, &nt.NtOpenIoCompletion},
};

struct FsaOsOpenObject {
  HANDLE handle;
  Kind kind;
};

static NtStatus open_with(const FsaOsObject *object, Kind kind, ACCESS_MASK access,
                          HANDLE *ret_handle) {
  NtUnicodeString name = counted(object->path, object->path_units);
  /* the link itself is opened by the call for links alone: no attribute is needed for it */
  NtObjectAttributes attributes = {.Length = sizeof attributes, .ObjectName = &name};
  return (*kinds[kind].call)(ret_handle, access, &attributes);
}

int fsa_os_object_open(FsaOs *os, const FsaOsObject *object, FsaArena *arena,
                       FsaOsOpenObject **ret_object) {
  (void)os;
  size_t kind = 0;
  while (kind < KINDS && strcmp(object->type.data, kinds[kind].type) != 0) kind++;
  if (kind == KINDS || !*kinds[kind].call) return FSA_E_UNSUPPORTED;
  const ACCESS_MASK access = kinds[kind].access;
  FsaOsOpenObject *open = fsa_arena_zero(arena, 1, sizeof *open);
  if (!open) return FSA_E_NOMEM;
  open->kind = (Kind)kind;
  /* some may be asked for their state and not for who may use them, and the other way round */
  NtStatus status = open_with(object, open->kind, access | READ_CONTROL, &open->handle);
  if (status == NT_ACCESS_DENIED) status = open_with(object, open->kind, access, &open->handle);
  if (status == NT_ACCESS_DENIED)
    status = open_with(object, open->kind, READ_CONTROL, &open->handle);
  if (!NT_OK(status)) return windows_result(status);
  *ret_object = open;
  return FSA_OK;
}

void fsa_os_object_close(FsaOsOpenObject *object) {
  if (object) nt.NtClose(object->handle);
}

int64_t fsa_os_object_handle(const FsaOsOpenObject *object) {
  return (int64_t)(intptr_t)object->handle;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask_mutant(HANDLE handle, FsaOsObjectState *state) {
  NtMutantBasic basic;
  NtClientId owner;
  if (NT_OK(nt.NtQueryMutant(handle, NT_MUTANT_BASIC, &basic, sizeof basic, NULL))) {
    state->is_signaled = basic.CurrentCount > 0;
    state->is_abandoned = basic.AbandonedState != 0;
    state->count = 1 - (int64_t)basic.CurrentCount;
  }
  if (!NT_OK(nt.NtQueryMutant(handle, NT_MUTANT_OWNER, &owner, sizeof owner, NULL))) return;
  if (!owner.UniqueProcess) return;
  state->owner_pid = (int64_t)(intptr_t)owner.UniqueProcess;
  state->owner_tid = (int64_t)(intptr_t)owner.UniqueThread;
}

static void ask_event(HANDLE handle, FsaOsObjectState *state) {
  NtEventBasic basic;
  if (NT_OK(nt.NtQueryEvent(handle, NT_EVENT_BASIC, &basic, sizeof basic, NULL)))
    state->is_signaled = basic.EventState != 0;
}

static void ask_semaphore(HANDLE handle, FsaOsObjectState *state) {
  NtSemaphoreBasic basic;
  if (!NT_OK(nt.NtQuerySemaphore(handle, NT_SEMAPHORE_BASIC, &basic, sizeof basic, NULL))) return;
  state->is_signaled = basic.CurrentCount > 0;
  state->count = basic.CurrentCount;
  state->most = basic.MaximumCount;
}

static void ask_timer(HANDLE handle, FsaOsObjectState *state) {
  NtTimerBasic basic;
  if (NT_OK(nt.NtQueryTimer(handle, NT_TIMER_BASIC, &basic, sizeof basic, NULL)))
    state->is_signaled = basic.TimerState != 0;
}

static void ask_section(HANDLE handle, FsaOsObjectState *state) {
  NtSectionBasic basic;
  if (NT_OK(nt.NtQuerySection(handle, NT_SECTION_BASIC, &basic, sizeof basic, NULL)))
    state->size = basic.MaximumSize.QuadPart;
}

static int ask_link(HANDLE handle, FsaArena *arena, FsaOsObjectState *state) {
  WCHAR target[2048]; /* links lead to devices and directories; a longer one stays unknown */
  NtUnicodeString text = {.MaximumLength = sizeof target, .Buffer = target};
  if (!NT_OK(nt.NtQuerySymbolicLinkObject(handle, &text, NULL))) return FSA_OK;
  if (text.Length > sizeof target) return FSA_OK;
  return windows_text(arena, target, text.Length / sizeof *target, &state->link);
}

static void ask_counts(HANDLE handle, FsaOsObjectState *state) {
  alignas(8) uint8_t bytes[56];
  FsaNtObject object;
  if (!NT_OK(nt.NtQueryObject(handle, NT_OBJECT_BASIC, bytes, sizeof bytes, NULL))) return;
  if (fsa_nt_object(fsa_bytes(bytes, sizeof bytes), &object) != FSA_OK) return;
  state->handles = object.handles ? object.handles - 1 : 0; /* one is ours */
  state->pointers = object.pointers;
}

static int ask_security(HANDLE handle, FsaArena *arena, FsaOsObjectState *state) {
  alignas(8) uint8_t bytes[4096]; /* larger ones stay unknown */
  const ULONG who_may = 7;        /* OWNER, GROUP and DACL_SECURITY_INFORMATION */
  ULONG size = 0;
  if (!NT_OK(nt.NtQuerySecurityObject(handle, who_may, bytes, sizeof bytes, &size))) return FSA_OK;
  if (size > sizeof bytes) return FSA_OK;
  const int result = fsa_nt_sddl(fsa_bytes(bytes, size), arena, &state->sddl);
  if (result == FSA_OK && state->sddl.size == 0) state->sddl.data = NULL; /* nothing was told */
  return result == FSA_E_NOMEM ? result : FSA_OK;
}

int fsa_os_object_state(FsaOsOpenObject *object, FsaArena *arena, FsaOsObjectState *ret_state) {
  const int64_t unknown = FSA_OS_UNKNOWN;
  FsaOsObjectState state = {
      .owner_pid = unknown,
      .owner_tid = unknown,
      .is_signaled = unknown,
      .is_abandoned = unknown,
      .count = unknown,
      .most = unknown,
      .size = unknown,
      .handles = unknown,
      .pointers = unknown,
  };
  int result = FSA_OK;
  switch (object->kind) {
  case MUTANT: ask_mutant(object->handle, &state); break;
  case EVENT: ask_event(object->handle, &state); break;
  case SEMAPHORE: ask_semaphore(object->handle, &state); break;
  case TIMER: ask_timer(object->handle, &state); break;
  case SECTION: ask_section(object->handle, &state); break;
  case SYMBOLIC_LINK: result = ask_link(object->handle, arena, &state); break;
  default: break;
  }
  ask_counts(object->handle, &state);
  if (result == FSA_OK) result = ask_security(object->handle, arena, &state);
  if (result == FSA_OK) *ret_state = state;
  return result;
}
