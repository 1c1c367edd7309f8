/*
 * fsa_mutexes: the named objects of a Windows host - mutexes, events, semaphores, sections and all
 * others that stand in the object manager's directories - with who holds them. Programs use such
 * names to find their own copies, implants among them.
 *
 * How: the directories are walked from `\` down. Objects are opened to be asked, which changes
 * nothing about them. Who holds one is found in the table of all handles: our own handle on it
 * shows its address there, and whoever has a handle with that address holds it. Where addresses are
 * not told, copies of the handles of that type are asked for their names. [WDK; NtQueryMutant and
 * the directory calls are described by System Informer and ReactOS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "formats/object_name.h"
#include "fsa.h"
#include "os/handle_table.h"
#include "os/object_directory.h"
#include "os/os.h"

enum {
  SESSION,
  DIRECTORY,
  NAME,
  TYPE,
  NORMALIZED_NAME,
  OWNER_PID,
  OWNER_TID,
  HOLDER_PIDS,
  HOLDER_COUNT,
  IS_SIGNALED,
  IS_ABANDONED,
  COUNT,
  MAX_COUNT,
  SIZE,
  LINK_TARGET,
  HANDLE_COUNT,
  POINTER_COUNT,
  SDDL,
  ERROR,
};

static const FsaColumn columns[] = {
    [SESSION] = {"session", FSA_INTEGER, FSA_KEY,
                 "The session whose directory it stands in; 0 is that of services. NULL for "
                 "directories that belong to no session."},
    [DIRECTORY] = {"directory", FSA_TEXT, FSA_KEY,
                   "Where its name stands: \\BaseNamedObjects, \\Sessions\\1\\BaseNamedObjects, "
                   "...; never NULL."},
    [NAME] = {"name", FSA_TEXT, FSA_KEY, "Its name in the directory; never NULL."},
    [TYPE] = {"type", FSA_TEXT, FSA_KEY,
              "What it is, as Windows names it: Mutant (a mutex), Event, Semaphore, Section, "
              "Timer, Job, ALPC Port, SymbolicLink, Directory, ...; never NULL."},
    [NORMALIZED_NAME] = {"normalized_name", FSA_TEXT, FSA_COSTLY,
                         "The name with its changing parts replaced, to be counted over hosts: G "
                         "for a GUID, H for 6 and more hexadecimal digits, P for the pid of its "
                         "owner or of one of its holders, D for other digits; never NULL."},
    [OWNER_PID] = {"owner_pid", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                   "The process that has taken the mutex; NULL when nobody has, for other types "
                   "and when it may not be asked (error)."},
    [OWNER_TID] = {"owner_tid", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                   "Its thread; NULL as owner_pid."},
    [HOLDER_PIDS] = {"holder_pids", FSA_JSON, FSA_COSTLY | FSA_VARIES,
                     "The processes that hold a handle on it, ascending, as a JSON array; without "
                     "those whose handles could not be asked where addresses are not told. NULL "
                     "when the table of all handles could not be read."},
    [HOLDER_COUNT] = {"holder_count", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                      "How many processes these are; NULL as holder_pids."},
    [IS_SIGNALED] = {"is_signaled", FSA_BOOL, FSA_COSTLY | FSA_VARIES,
                     "1 when a wait for it would end at once: an event that is set, a mutex that "
                     "is free; NULL for types without such a state and when it may not be asked "
                     "(error)."},
    [IS_ABANDONED] = {"is_abandoned", FSA_BOOL, FSA_COSTLY | FSA_VARIES,
                      "1 when the last owner of the mutex ended without giving it back; NULL for "
                      "other types and when it may not be asked (error)."},
    [COUNT] = {"count", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
               "How often the owner has taken the mutex, or how often the semaphore may yet be "
               "taken; NULL for other types and when it may not be asked (error)."},
    [MAX_COUNT] = {"max_count", FSA_INTEGER, FSA_COSTLY,
                   "How often the semaphore may be taken at once; NULL as count, and for mutexes."},
    [SIZE] = {"size", FSA_INTEGER, FSA_COSTLY,
              "Bytes of a section; NULL for other types and when it may not be asked (error)."},
    [LINK_TARGET] = {"link_target", FSA_TEXT, FSA_COSTLY,
                     "Where a symbolic link leads; NULL for other types and when it may not be "
                     "asked (error)."},
    [HANDLE_COUNT] = {"handle_count", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                      "Open handles on it in all processes and the kernel, ours not counted; NULL "
                      "when it may not be asked (error)."},
    [POINTER_COUNT] = {"pointer_count", FSA_INTEGER, FSA_COSTLY | FSA_VARIES,
                       "The kernel's references on it, ours among them; NULL as handle_count."},
    [SDDL] = {"sddl", FSA_TEXT, FSA_COSTLY,
              "Its owner, its group and who may do what with it, in the Security Descriptor "
              "Definition Language; NULL when it may not be asked (error)."},
    [ERROR] = {"error", FSA_TEXT, FSA_HIDDEN | FSA_COSTLY,
               "Why it could not be asked: access, unsupported (types that cannot be opened "
               "without an effect) or another code; NULL when it could."},
};

/* An object as the query admits it. */
typedef struct Entry {
  const FsaOsObject *object;
  size_t first_holder, holder_count; /* in State.pids */
} Entry;

typedef struct State {
  Entry *entries;
  size_t count, index;
  int64_t *pids; /* the holders of all entries */
  bool are_holders_known;
  const char *told_directory; /* whose refusal was told ... */
  unsigned told_codes;        /* ... by which codes: bit -code */
} State;

/* ---- what is asked for ----------------------------------------------------------------------- */

static bool wants_holders(const FsaScan *scan) {
  return fsa_wants(scan, HOLDER_PIDS) || fsa_wants(scan, HOLDER_COUNT) ||
         fsa_wants(scan, NORMALIZED_NAME);
}

static bool wants_state(const FsaScan *scan) {
  if (fsa_wants(scan, NORMALIZED_NAME)) return true; /* the owner may stand in it */
  for (int column = OWNER_PID; column <= ERROR; column++)
    if (column != HOLDER_PIDS && column != HOLDER_COUNT && fsa_wants(scan, column)) return true;
  return false;
}

/* "\Sessions\1\..." is of session 1, "\BaseNamedObjects..." of session 0. */
static int64_t session_of(FsaText directory) {
  static const char sessions[] = "\\Sessions\\", services[] = "\\BaseNamedObjects";
  if (fsa_text_starts(directory.data, directory.size, services, sizeof services - 1)) return 0;
  if (!fsa_text_starts(directory.data, directory.size, sessions, sizeof sessions - 1))
    return FSA_OS_UNKNOWN;
  int64_t session = 0;
  size_t i = sizeof sessions - 1;
  const size_t first = i;
  for (; i < directory.size && directory.data[i] >= '0' && directory.data[i] <= '9'; i++) {
    session = session * 10 + (directory.data[i] - '0');
    if (session > UINT32_MAX) return FSA_OS_UNKNOWN;
  }
  const bool is_part = i == directory.size || directory.data[i] == '\\';
  return i > first && is_part ? session : FSA_OS_UNKNOWN;
}

static bool admits(const FsaScan *scan, const FsaOsObject *object) {
  const int64_t session = session_of(object->directory);
  return (session == FSA_OS_UNKNOWN ? !fsa_key(scan, SESSION)
                                    : fsa_admits_int(scan, SESSION, session)) &&
         fsa_admits_text(scan, TYPE, object->type.data, object->type.size) &&
         fsa_admits_text(scan, NAME, object->name.data, object->name.size) &&
         fsa_admits_text(scan, DIRECTORY, object->directory.data, object->directory.size);
}

/* ---- holders --------------------------------------------------------------------------------- */

/* A number that leads to an entry: one of our handles, or an object's address. */
typedef struct Mark {
  uint64_t number;
  uint32_t entry;
} Mark;

typedef struct Marks {
  Mark *marks;
  size_t count;
} Marks;

static int compare_marks(const void *a, const void *b) {
  const Mark *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

static const Mark *find_mark(const Marks *marks, uint64_t number) {
  const Mark wanted = {.number = number};
  if (!marks->count) return NULL;
  return bsearch(&wanted, marks->marks, marks->count, sizeof wanted, compare_marks);
}

/* That a process holds an entry. */
typedef struct Hold {
  int64_t pid;
  uint32_t entry;
} Hold;

static int compare_holds(const void *a, const void *b) {
  const Hold *x = a, *y = b;
  if (x->entry != y->entry) return x->entry < y->entry ? -1 : 1;
  return (x->pid > y->pid) - (x->pid < y->pid);
}

/* While holders are looked for. */
typedef struct Search {
  FsaScan *scan;
  State *state;
  FsaOsHandleTable *table;
  FsaOsOpenObject **open; /* of each entry; NULL = it cannot be opened */
  Marks ours;             /* our handles on them */
  Marks addresses;        /* where they lie */
  bool *has_address;      /* of each entry */
  Hold *holds;
  size_t hold_count, hold_room;
  FsaArena names; /* of one handle */
} Search;

static int add_hold(Search *search, int64_t pid, uint32_t entry) {
  /* handles come by process: most repetitions stand side by side */
  const Hold *last = search->hold_count ? &search->holds[search->hold_count - 1] : NULL;
  if (last && last->pid == pid && last->entry == entry) return FSA_OK;
  if (search->hold_count == search->hold_room) {
    const size_t room = search->hold_room ? search->hold_room * 2 : 1024;
    Hold *holds = realloc(search->holds, room * sizeof *holds); /* given back before the rows */
    if (!holds) return FSA_E_NOMEM;
    search->holds = holds;
    search->hold_room = room;
  }
  search->holds[search->hold_count++] = (Hold){.pid = pid, .entry = entry};
  return FSA_OK;
}

static int open_entries(Search *search) {
  FsaArena *arena = fsa_scan_arena(search->scan);
  const size_t count = search->state->count;
  search->open = fsa_arena_zero(arena, count, sizeof *search->open);
  search->has_address = fsa_arena_zero(arena, count, sizeof *search->has_address);
  search->ours.marks = fsa_arena_zero(arena, count, sizeof(Mark));
  search->addresses.marks = fsa_arena_zero(arena, count, sizeof(Mark));
  if (!search->open || !search->has_address || !search->ours.marks || !search->addresses.marks)
    return FSA_E_NOMEM;
  FsaOs *os = fsa_scan_os(search->scan);
  for (size_t i = 0; i < count; i++) {
    const int result =
        fsa_os_object_open(os, search->state->entries[i].object, arena, &search->open[i]);
    if (result == FSA_E_NOMEM) return result;
    if (result != FSA_OK) continue;
    const uint64_t number = (uint64_t)fsa_os_object_handle(search->open[i]);
    search->ours.marks[search->ours.count++] = (Mark){.number = number, .entry = (uint32_t)i};
  }
  qsort(search->ours.marks, search->ours.count, sizeof(Mark), compare_marks);
  return FSA_OK;
}

static void close_entries(Search *search) {
  if (!search->open) return;
  for (size_t i = 0; i < search->state->count; i++) fsa_os_object_close(search->open[i]);
}

/* Our own handle on an entry, which is there only for the look; NULL for any other. */
static const Mark *own_mark(const Search *search, const FsaOsTableHandle *handle) {
  if (!fsa_os_is_self(fsa_scan_os(search->scan), handle->pid)) return NULL;
  return find_mark(&search->ours, (uint64_t)handle->number);
}

/* Where the entries lie, by our handles on them. */
static void find_addresses(Search *search) {
  FsaOsTableHandle handle;
  while (fsa_os_handle_table_next(search->table, &handle) == FSA_ROW) {
    const Mark *mark = handle.object ? own_mark(search, &handle) : NULL;
    if (!mark || search->has_address[mark->entry]) continue;
    search->has_address[mark->entry] = true;
    search->addresses.marks[search->addresses.count++] =
        (Mark){.number = handle.object, .entry = mark->entry};
  }
  qsort(search->addresses.marks, search->addresses.count, sizeof(Mark), compare_marks);
}

static int hold_by_address(Search *search) {
  FsaOsTableHandle handle;
  fsa_os_handle_table_rewind(search->table);
  while (fsa_os_handle_table_next(search->table, &handle) == FSA_ROW) {
    const Mark *mark = handle.object ? find_mark(&search->addresses, handle.object) : NULL;
    if (!mark || own_mark(search, &handle)) continue;
    const int result = add_hold(search, handle.pid, mark->entry);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

/* ---- holders where addresses are not told ---------------------------------------------------- */

/* An entry by its whole name. */
typedef struct Named {
  FsaText path;
  uint32_t entry;
} Named;

typedef struct Names {
  Named *names;
  size_t count;
} Names;

static int compare_texts(FsaText a, FsaText b) {
  const size_t size = a.size < b.size ? a.size : b.size;
  const int order = size ? memcmp(a.data, b.data, size) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_named(const void *a, const void *b) {
  const Named *x = a, *y = b;
  return compare_texts(x->path, y->path);
}

static int name_entries(const Search *search, Names *names) {
  FsaArena *arena = fsa_scan_arena(search->scan);
  names->names = fsa_arena_zero(arena, search->state->count, sizeof *names->names);
  if (!names->names) return FSA_E_NOMEM;
  for (size_t i = 0; i < search->state->count; i++) {
    if (search->has_address[i]) continue;
    const FsaOsObject *object = search->state->entries[i].object;
    const FsaText path =
        fsa_text_from_utf16(arena, (const uint8_t *)object->path, object->path_units);
    if (!path.data) return FSA_E_NOMEM;
    names->names[names->count++] = (Named){.path = path, .entry = (uint32_t)i};
  }
  qsort(names->names, names->count, sizeof *names->names, compare_named);
  return FSA_OK;
}

/* True when an entry of the handle's type is looked for. */
static bool is_wanted_type(const Search *search, const Names *names,
                           const FsaOsTableHandle *handle) {
  for (size_t i = 0; handle->type.data && i < names->count; i++) {
    const FsaText type = search->state->entries[names->names[i].entry].object->type;
    if (compare_texts(type, handle->type) == 0) return true;
  }
  return false;
}

/* The answer of is_wanted_type() for each type's number: 0 = not asked yet. */
enum { TYPE_WANTED = 1, TYPE_UNWANTED = 2 };

static int hold_by_name(Search *search, const Names *names, int64_t *told_pid) {
  unsigned char types[FSA_MAX_OBJECT_TYPES] = {0};
  FsaOsTableHandle handle;
  fsa_os_handle_table_rewind(search->table);
  while (fsa_os_handle_table_next(search->table, &handle) == FSA_ROW) {
    if (handle.type_number >= FSA_MAX_OBJECT_TYPES || own_mark(search, &handle)) continue;
    unsigned char *type = &types[handle.type_number];
    if (!*type) *type = is_wanted_type(search, names, &handle) ? TYPE_WANTED : TYPE_UNWANTED;
    if (*type != TYPE_WANTED) continue;
    if (fsa_expired(search->scan)) return FSA_E_TIMEOUT;
    Named wanted = {0};
    int result = fsa_os_handle_name(search->table, &handle, &search->names, &wanted.path);
    if (result == FSA_E_NOMEM) return result;
    if (result == FSA_E_ACCESS && *told_pid != handle.pid) {
      *told_pid = handle.pid;
      char source[32];
      snprintf(source, sizeof source, "%lld", (long long)handle.pid);
      fsa_problem_in(search->scan, result, source, FSA_NO_OFFSET,
                     "its handles cannot be copied: what it holds is not known");
    }
    if (result != FSA_OK) continue;
    const Named *found = bsearch(&wanted, names->names, names->count, sizeof wanted, compare_named);
    if (found && (result = add_hold(search, handle.pid, found->entry)) != FSA_OK) return result;
    fsa_arena_clear(&search->names);
  }
  return FSA_OK;
}

/* Holds, by entry and pid, each once. */
static int keep_holders(Search *search) {
  State *state = search->state;
  if (search->hold_count) qsort(search->holds, search->hold_count, sizeof(Hold), compare_holds);
  state->pids =
      fsa_arena_zero(fsa_scan_arena(search->scan), search->hold_count + 1, sizeof *state->pids);
  if (!state->pids) return FSA_E_NOMEM;
  size_t kept = 0;
  for (size_t i = 0; i < search->hold_count; i++) {
    const Hold *hold = &search->holds[i];
    if (i && compare_holds(hold, hold - 1) == 0) continue;
    Entry *entry = &state->entries[hold->entry];
    if (entry->holder_count++ == 0) entry->first_holder = kept;
    state->pids[kept++] = hold->pid;
  }
  state->are_holders_known = true;
  return FSA_OK;
}

static int search_table(Search *search) {
  find_addresses(search);
  int result = hold_by_address(search);
  Names names = {0};
  if (result == FSA_OK) result = name_entries(search, &names);
  int64_t told_pid = -1;
  if (result == FSA_OK && names.count) result = hold_by_name(search, &names, &told_pid);
  return result == FSA_OK ? keep_holders(search) : result;
}

static int find_holders(FsaScan *scan, State *state) {
  Search search = {.scan = scan, .state = state};
  int result = open_entries(&search);
  if (result == FSA_OK) {
    /* with all of them open: our handles are in the table too */
    const int opened = fsa_os_handle_table_open(fsa_scan_os(scan), &search.table);
    if (opened == FSA_OK)
      result = search_table(&search);
    else
      fsa_problem(scan, opened, FSA_NO_OFFSET,
                  "the table of all handles cannot be read (%s): holders are not known",
                  fsa_result_name(opened));
  }
  fsa_os_handle_table_close(search.table);
  close_entries(&search);
  fsa_arena_done(&search.names);
  free(search.holds);
  return result;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void tell_gaps(FsaScan *scan, const FsaOsObjects *objects) {
  for (size_t i = 0; i < objects->gap_count; i++)
    fsa_problem_in(scan, objects->gaps[i].result, objects->gaps[i].directory.data, FSA_NO_OFFSET,
                   "the directory cannot be listed (%s)", fsa_result_name(objects->gaps[i].result));
}

static int open_host(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaArena *arena = fsa_scan_arena(scan);
  FsaOsObjects objects;
  int result = fsa_os_objects(fsa_scan_os(scan), arena, &objects);
  if (result != FSA_OK)
    return fsa_problem(scan, result, FSA_NO_OFFSET, "the named objects cannot be listed (%s)",
                       fsa_result_name(result));
  tell_gaps(scan, &objects);
  state->entries = fsa_arena_zero(arena, objects.count + 1, sizeof *state->entries);
  if (!state->entries) return FSA_E_NOMEM;
  for (size_t i = 0; i < objects.count; i++)
    if (admits(scan, &objects.objects[i]))
      state->entries[state->count++] = (Entry){.object = &objects.objects[i]};
  if (state->count == 0 || !wants_holders(scan)) return FSA_OK;
  result = find_holders(scan, state);
  if (result != FSA_OK)
    fsa_problem(scan, result, FSA_NO_OFFSET, "the holders cannot be found (%s)",
                fsa_result_name(result));
  return result;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A refusal is told once for each directory; the column `error` has it for each object. */
static void tell(FsaScan *scan, State *state, const FsaOsObject *object, int result) {
  if (result == FSA_E_ABSENT || result == FSA_E_UNSUPPORTED) return;
  if (state->told_directory != object->directory.data) {
    state->told_directory = object->directory.data;
    state->told_codes = 0;
  }
  const unsigned bit = 1u << -result;
  if (state->told_codes & bit) return;
  state->told_codes |= bit;
  fsa_problem_in(scan, result, object->directory.data, FSA_NO_OFFSET,
                 "%.200s (%s) cannot be asked (%s); further ones of the directory are not told",
                 object->name.data, object->type.data, fsa_result_name(result));
}

/* FSA_OK with the state, FSA_E_NOMEM, or another code that was told: the state is then unknown. */
static int ask(FsaScan *scan, State *state, const FsaOsObject *object,
               FsaOsObjectState *ret_state) {
  FsaArena *arena = fsa_row_arena(scan);
  FsaOsOpenObject *open;
  int result = fsa_os_object_open(fsa_scan_os(scan), object, arena, &open);
  if (result == FSA_OK) {
    result = fsa_os_object_state(open, arena, ret_state);
    fsa_os_object_close(open);
  }
  if (result != FSA_OK && result != FSA_E_NOMEM) tell(scan, state, object, result);
  return result;
}

static void set_state(FsaRow *row, const FsaOsObjectState *state) {
  fsa_row_known(row, OWNER_PID, state->owner_pid, FSA_OS_UNKNOWN);
  fsa_row_known(row, OWNER_TID, state->owner_tid, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_SIGNALED, state->is_signaled, FSA_OS_UNKNOWN);
  fsa_row_known(row, IS_ABANDONED, state->is_abandoned, FSA_OS_UNKNOWN);
  fsa_row_known(row, COUNT, state->count, FSA_OS_UNKNOWN);
  fsa_row_known(row, MAX_COUNT, state->most, FSA_OS_UNKNOWN);
  fsa_row_known(row, SIZE, state->size, FSA_OS_UNKNOWN);
  fsa_row_known(row, HANDLE_COUNT, state->handles, FSA_OS_UNKNOWN);
  fsa_row_known(row, POINTER_COUNT, state->pointers, FSA_OS_UNKNOWN);
  fsa_row_text(row, LINK_TARGET, state->link.data, state->link.size);
  fsa_row_text(row, SDDL, state->sddl.data, state->sddl.size);
}

enum { PID_CHARACTERS = 12 }; /* pids have 32 bits; a comma behind each */

static int set_holders(FsaScan *scan, const State *state, const Entry *entry, FsaRow *row) {
  if (!state->are_holders_known) return FSA_OK;
  fsa_row_int(row, HOLDER_COUNT, (int64_t)entry->holder_count);
  const size_t room = entry->holder_count * PID_CHARACTERS + 3;
  char *json = fsa_arena_alloc(fsa_row_arena(scan), room);
  if (!json) return FSA_E_NOMEM;
  size_t size = 0;
  json[size++] = '[';
  for (size_t i = 0; i < entry->holder_count; i++)
    size += (size_t)snprintf(json + size, room - size, "%s%u", i ? "," : "",
                             (unsigned)state->pids[entry->first_holder + i]);
  json[size++] = ']';
  fsa_row_text(row, HOLDER_PIDS, json, size);
  return FSA_OK;
}

static int set_normalized(FsaScan *scan, const State *state, const Entry *entry, int64_t owner,
                          FsaRow *row) {
  FsaArena *arena = fsa_row_arena(scan);
  int64_t *pids = fsa_arena_zero(arena, entry->holder_count + 1, sizeof *pids);
  if (!pids) return FSA_E_NOMEM;
  size_t count = entry->holder_count;
  if (count) memcpy(pids, state->pids + entry->first_holder, count * sizeof *pids);
  if (owner != FSA_OS_UNKNOWN) pids[count++] = owner;
  const FsaText text = fsa_object_name_normalize(arena, entry->object->name, pids, count);
  if (!text.data) return FSA_E_NOMEM;
  fsa_row_text(row, NORMALIZED_NAME, text.data, text.size);
  return FSA_OK;
}

static int set_details(FsaScan *scan, State *state, const Entry *entry, FsaRow *row) {
  int64_t owner = FSA_OS_UNKNOWN;
  if (wants_state(scan)) {
    FsaOsObjectState facts;
    const int result = ask(scan, state, entry->object, &facts);
    if (result == FSA_E_NOMEM) return result;
    if (result == FSA_OK) {
      set_state(row, &facts);
      owner = facts.owner_pid;
    } else {
      fsa_row_string(row, ERROR, fsa_result_name(result));
    }
  }
  if (!wants_holders(scan)) return FSA_OK;
  const int result = set_holders(scan, state, entry, row);
  if (result != FSA_OK || !fsa_wants(scan, NORMALIZED_NAME)) return result;
  return set_normalized(scan, state, entry, owner, row);
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  if (state->index == state->count) return FSA_OK;
  if (fsa_expired(scan)) return FSA_E_TIMEOUT;
  const Entry *entry = &state->entries[state->index++];
  const FsaOsObject *object = entry->object;
  fsa_row_source(row, object->directory.data, object->directory.size);
  fsa_row_known(row, SESSION, session_of(object->directory), FSA_OS_UNKNOWN);
  fsa_row_text(row, DIRECTORY, object->directory.data, object->directory.size);
  fsa_row_text(row, NAME, object->name.data, object->name.size);
  fsa_row_text(row, TYPE, object->type.data, object->type.size);
  const int result = set_details(scan, state, entry, row);
  return result == FSA_OK ? FSA_ROW : result;
}

const FsaTable fsa_table_mutexes = {
    .name = "mutexes",
    .summary = "One row for each mutex, event, section and other object that has a name on a "
               "Windows host.",
    .proves = "The object existed at the moment of the look, and a program gave it that name; the "
              "processes in holder_pids had it open.",
    .caveat = "Objects without a name and those in private namespaces have no row. A name is gone "
              "with the last handle on it, so a program that ended leaves none. Some directories "
              "are listed for administrators alone: a problem says so.",
    .example =
        "SELECT session, name, owner_pid, holder_pids FROM fsa_mutexes WHERE type = 'Mutant'",
    .sources = FSA_LIVE_WINDOWS,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open_host,
    .next = next,
};
