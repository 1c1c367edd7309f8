/*
 * fsa_shimcache: the application compatibility cache, which remembers programs that Windows has
 * looked at, of every control set and every layout from Windows XP to 11.
 *
 * HKLM\SYSTEM\ControlSetNNN\Control\Session Manager\AppCompatCache (XP: AppCompatibility), or the
 * value alone as a loose file. Layouts: docs/formats/appcompatcache.md. Column names are osquery's
 * where the fact is the same, but for `position`, which osquery calls entry.
 */
#include "evidence/registry.h"
#include "formats/appcompatcache.h"
#include "formats/regf.h"
#include "fsa.h"

enum {
  POSITION,
  PATH,
  MODIFIED_TIME,
  EXECUTION_FLAG,
  IS_EXECUTED,
  CONTROL_SET,
  IS_CURRENT,
  FORMAT,
  FILE_SIZE,
  UPDATE_TIME,
  PACKAGE,
  INSERT_FLAGS,
  SHIM_FLAGS,
  DATA_SIZE,
  DATA,
  KEY,
  WRITTEN_TIME,
  ENTRY_OFFSET,
};

static const FsaColumn columns[] = {
    [POSITION] = {"position", FSA_INTEGER, 0,
                  "Place in the cache, 0 = the newest; the order is that of insertion or last use, "
                  "and holds within one control set only. NULL for a slot of Windows XP that its "
                  "list of use does not name."},
    [PATH] = {"path", FSA_TEXT, FSA_KEY,
              "The program as the cache wrote it: a path, often with \\??\\ or SYSVOL in front, or "
              "the tab-separated identity of a packaged app. NULL when it cannot be read."},
    [MODIFIED_TIME] = {"modified_time", FSA_TIME, FSA_KEY,
                       "Last modification of the file when it was looked at, Unix seconds: not a "
                       "time of execution. NULL when the entry has none."},
    [EXECUTION_FLAG] = {"execution_flag", FSA_BOOL, 0,
                        "Bit 0x2 of the insert flags, up to Windows 8.1: 1 = the process was "
                        "created. NULL where the layout has no flags (XP, 2003, 10 and later)."},
    [IS_EXECUTED] =
        {"is_executed", FSA_BOOL, 0,
         "What the entry says of execution in any layout: execution_flag, or on Windows "
         "10 and later whether the last four bytes of its data are 1. 0 is no proof "
         "that it never ran. NULL where the entry does not tell."},
    [CONTROL_SET] = {"control_set", FSA_INTEGER, 0,
                     "Number of the control set; NULL for a loose value."},
    [IS_CURRENT] = {"is_current", FSA_BOOL, 0,
                    "1 in the control set that Windows last ran with; NULL for a loose value or "
                    "when Select\\Current cannot be read."},
    [FORMAT] = {"format", FSA_TEXT, 0,
                "The layout: xp, 2003-x86, 2003-x64, vista-x86, vista-x64, 7-x86, 7-x64, 8.0, 8.1, "
                "10 or 10-creators (1703 and later, 11 included); never NULL."},
    [FILE_SIZE] = {"file_size", FSA_INTEGER, 0,
                   "Size of the file when it was looked at, bytes; NULL where the layout has none "
                   "(all but XP and 2003)."},
    [UPDATE_TIME] =
        {"update_time", FSA_TIME, 0,
         "When the entry was last touched, Unix seconds; NULL where the layout has none "
         "(all but XP)."},
    [PACKAGE] = {"package", FSA_TEXT, 0,
                 "Package of the program; NULL without one or where the layout has none (all but "
                 "8.0 and 8.1)."},
    [INSERT_FLAGS] = {"insert_flags", FSA_HEX, 0,
                      "Why it was inserted; only bit 0x2 is understood. NULL where the layout has "
                      "none."},
    [SHIM_FLAGS] = {"shim_flags", FSA_HEX, 0,
                    "Flags of the shim engine, not documented; NULL where the layout has none."},
    [DATA_SIZE] = {"data_size", FSA_INTEGER, 0,
                   "Size of the shim engine's data as the entry claims it, bytes; NULL where the "
                   "layout has none."},
    [DATA] = {"data", FSA_BLOB, FSA_COSTLY | FSA_HIDDEN,
              "The shim engine's data; NULL where there is none or it does not lie in the value."},
    [KEY] = {"key", FSA_TEXT, FSA_HIDDEN,
             "Registry key that holds the value; NULL for a loose value."},
    [WRITTEN_TIME] =
        {"written_time", FSA_TIME, 0,
         "Last write of that key, Unix seconds: normally the last shutdown, so nothing "
         "later can be in it. NULL for a loose value or when unknown."},
    [ENTRY_OFFSET] = {"entry_offset", FSA_INTEGER, FSA_HIDDEN,
                      "Byte offset of the entry in the value; never NULL."},
};

/* One value to be read. */
typedef struct Value {
  FsaBytes bytes;
  FsaText source;      /* the hive's or loose file's path */
  FsaText key;         /* data NULL for a loose value */
  uint64_t offset;     /* of the value in the hive; FSA_NO_OFFSET for a loose one */
  int64_t written;     /* INT64_MIN = unknown */
  int64_t control_set; /* -1 = none */
  int64_t is_current;  /* -1 = unknown */
} Value;

#define MAX_VALUES 4096u /* of all hives and loose files */
#define MAX_TOLD 100u    /* damaged entries of one value that get a problem each */

typedef struct State {
  Value *values;
  size_t count;
  size_t next;
  bool is_open;
  size_t told; /* damaged entries of the value at hand */
  FsaAppCompatCache cache;
} State;

/* A hive, or the value alone. */
static bool probe(FsaBytes head) {
  return fsa_regf_probe(head) || fsa_appcompat_probe(head);
}

static int add_value(FsaScan *scan, State *state, Value value) {
  if (state->count == MAX_VALUES)
    return fsa_problem_in(scan, FSA_E_LIMIT, value.source.data, FSA_NO_OFFSET,
                          "more than %u values: this one and others were left out", MAX_VALUES);
  state->values[state->count++] = value;
  return FSA_OK;
}

/* ---- hives ----------------------------------------------------------------------------------- */

/* Where the value stands below a control set; the second is that of Windows XP. */
static const char *const key_paths[] = {
    "Control\\Session Manager\\AppCompatCache",
    "Control\\Session Manager\\AppCompatibility",
};

/* Adds the value of one key of a control set, if it is there. */
static int read_key(FsaScan *scan, State *state, FsaRegistry *registry, FsaRegKey set,
                    const char *path, Value value) {
  FsaArena *arena = fsa_scan_arena(scan);
  FsaRegKey key;
  FsaRegKeyInfo info;
  FsaRegValue found;
  int result = fsa_registry_find_below(registry, set, path, arena, &key);
  if (result == FSA_OK) result = fsa_registry_key_info(registry, key, arena, &info);
  if (result == FSA_OK) result = fsa_registry_value(registry, key, "AppCompatCache", arena, &found);
  if (result == FSA_E_NOMEM) return result;
  if (result != FSA_OK) return FSA_OK;
  const char *whole = fsa_arena_printf(arena, "%s\\%s", value.key.data, path);
  if (!whole) return FSA_E_NOMEM;
  value.key = (FsaText){whole, strlen(whole)};
  value.bytes = found.data;
  value.offset = found.offset;
  value.written = info.write_time;
  if (found.is_partial)
    fsa_problem_in(scan, FSA_E_FORMAT, value.source.data, found.offset,
                   "%s\\AppCompatCache claims %u bytes, %zu could be read", whole, found.data_size,
                   found.data.size);
  return add_value(scan, state, value);
}

static int read_control_set(FsaScan *scan, State *state, FsaRegistry *registry,
                            const FsaControlSet *set) {
  Value value = {.source = fsa_registry_key_file(registry, set->key),
                 .key = set->path,
                 .control_set = set->number,
                 .is_current = set->is_current};
  int result = FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < sizeof key_paths / sizeof *key_paths; i++)
    result = read_key(scan, state, registry, set->key, key_paths[i], value);
  return result;
}

/* All control sets of one SYSTEM hive. */
static int read_hive(FsaScan *scan, State *state, FsaRegistry *registry, size_t index) {
  FsaText root, file;
  FsaControlSet *sets;
  size_t count;
  fsa_registry_root(registry, index, &root, &file);
  int result = fsa_registry_control_sets(registry, index, fsa_scan_arena(scan), &sets, &count);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK; /* it was told */
  size_t before = state->count;
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = read_control_set(scan, state, registry, &sets[i]);
  if (result == FSA_OK && state->count == before)
    fsa_problem_in(scan, FSA_E_ABSENT, file.data, FSA_NO_OFFSET,
                   "no control set of %s has an AppCompatCache value", root.data);
  return result;
}

static int read_registry(FsaScan *scan, State *state) {
  FsaRegistry *registry;
  int result = fsa_scan_registry(scan, &registry);
  if (result != FSA_OK) return result == FSA_E_ABSENT ? FSA_OK : result;
  size_t count = fsa_registry_machine_count(registry), systems = 0;
  for (size_t i = 0; result == FSA_OK && i < count; i++) {
    if (!fsa_registry_is_system(registry, i)) continue;
    systems++;
    result = read_hive(scan, state, registry, i);
  }
  if (result == FSA_OK && systems == 0)
    fsa_problem(scan, FSA_E_ABSENT, FSA_NO_OFFSET, "the evidence has no SYSTEM hive");
  return result;
}

/* ---- loose values ---------------------------------------------------------------------------- */

/* Adds file `index` when it is the value alone. *has_hive is set when it is anything else. */
static int read_file(FsaScan *scan, State *state, size_t index, bool *has_hive) {
  FsaSource source;
  FsaText path;
  uint8_t head[256];
  size_t size;
  int result = fsa_scan_open_file(scan, index, &source, &path);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK; /* it was told */
  result = source.read(source.context, 0, head, sizeof head, &size);
  if (result != FSA_OK) {
    fsa_problem_in(scan, result, path.data, 0, "reading failed (%s)", fsa_result_name(result));
    return FSA_OK;
  }
  if (!fsa_appcompat_probe(fsa_bytes(head, size))) {
    *has_hive = true;
    return FSA_OK;
  }
  Value value = {
      .offset = FSA_NO_OFFSET, .written = INT64_MIN, .control_set = -1, .is_current = -1};
  result = fsa_scan_file_bytes(scan, index, FSA_MAX_SHIMCACHE_BYTES, &value.bytes, &value.source);
  if (result != FSA_OK) return result == FSA_E_NOMEM ? result : FSA_OK;
  return add_value(scan, state, value);
}

static int open(FsaScan *scan, void *opaque) {
  State *state = opaque;
  state->values = fsa_arena_zero(fsa_scan_arena(scan), MAX_VALUES, sizeof *state->values);
  if (!state->values) return FSA_E_NOMEM;
  size_t count = fsa_scan_file_count(scan);
  bool has_hive = count == 0;
  int result = FSA_OK;
  for (size_t i = 0; result == FSA_OK && i < count; i++)
    result = read_file(scan, state, i, &has_hive);
  if (result == FSA_OK && has_hive) result = read_registry(scan, state);
  return result == FSA_E_LIMIT ? FSA_OK : result;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void tell(FsaScan *scan, State *state, int code) {
  const Value *value = &state->values[state->next];
  const FsaAppCompatCache *cache = &state->cache;
  const char *more = state->told == MAX_TOLD ? " (and others, which are not told)" : "";
  if (state->told++ > MAX_TOLD) return;
  if (value->key.data)
    fsa_problem_in(scan, code, value->source.data, value->offset,
                   "%s\\AppCompatCache, at %llu: %s%s", value->key.data,
                   (unsigned long long)cache->problem_at, cache->problem, more);
  else
    fsa_problem_in(scan, code, value->source.data, cache->problem_at, "%s%s", cache->problem, more);
}

static void set_time(FsaRow *row, int column, uint64_t filetime) {
  int64_t ns;
  if (fsa_time_from_filetime(filetime, &ns)) fsa_row_int(row, column, ns);
}

static void fill_value(FsaRow *row, const Value *value, const FsaAppCompatEntry *entry) {
  fsa_row_source(row, value->source.data, value->source.size);
  fsa_row_offset(row, value->key.data ? value->offset : entry->offset);
  fsa_row_text(row, KEY, value->key.data, value->key.size);
  if (value->control_set >= 0) fsa_row_int(row, CONTROL_SET, value->control_set);
  if (value->is_current >= 0) fsa_row_bool(row, IS_CURRENT, value->is_current == 1);
  if (value->written != INT64_MIN) fsa_row_int(row, WRITTEN_TIME, value->written);
}

static void fill_flags(FsaRow *row, const FsaAppCompatEntry *entry) {
  if (entry->executed != FSA_APPCOMPAT_UNKNOWN)
    fsa_row_bool(row, IS_EXECUTED, entry->executed == FSA_APPCOMPAT_YES);
  if (!entry->has_flags) return;
  fsa_row_bool(row, EXECUTION_FLAG, entry->executed == FSA_APPCOMPAT_YES);
  fsa_row_hex(row, INSERT_FLAGS, entry->insert_flags);
  fsa_row_hex(row, SHIM_FLAGS, entry->shim_flags);
}

static void fill_entry(FsaScan *scan, FsaRow *row, const FsaAppCompatEntry *entry) {
  FsaArena *arena = fsa_row_arena(scan);
  if (entry->position >= 0) fsa_row_int(row, POSITION, entry->position);
  if (entry->package.size) {
    FsaText package = fsa_text_from_utf16(arena, entry->package.data, entry->package.size / 2);
    fsa_row_text(row, PACKAGE, package.data, package.size);
  }
  if (entry->has_file_size && entry->file_size <= INT64_MAX)
    fsa_row_int(row, FILE_SIZE, (int64_t)entry->file_size);
  if (entry->has_data && entry->data_size <= INT64_MAX)
    fsa_row_int(row, DATA_SIZE, (int64_t)entry->data_size);
  if (fsa_wants(scan, DATA) && entry->data.size)
    fsa_row_blob(row, DATA, entry->data.data, entry->data.size);
  set_time(row, MODIFIED_TIME, entry->modified);
  set_time(row, UPDATE_TIME, entry->updated);
  fsa_row_int(row, ENTRY_OFFSET, (int64_t)entry->offset);
}

/* False when the keys say that nobody asked for this entry. */
static bool admits(FsaScan *scan, const FsaAppCompatEntry *entry, FsaText path) {
  int64_t modified;
  if (!fsa_admits_text(scan, PATH, path.data, path.size)) return false;
  return !fsa_time_from_filetime(entry->modified, &modified) ||
         fsa_admits_int(scan, MODIFIED_TIME, modified);
}

/* The next entry of the value at hand; FSA_OK at its end. */
static int next_entry(FsaScan *scan, State *state, FsaRow *row) {
  FsaAppCompatEntry entry;
  for (;;) {
    int result = fsa_appcompat_next(&state->cache, &entry);
    if (result == FSA_OK) return FSA_OK;
    if (result != FSA_ROW) {
      tell(scan, state, result);
      continue;
    }
    FsaText path = fsa_text_from_utf16(fsa_row_arena(scan), entry.path.data, entry.path.size / 2);
    if (!path.data) return FSA_E_NOMEM;
    if (!admits(scan, &entry, path)) continue;
    fsa_row_text(row, PATH, path.data, path.size);
    fsa_row_string(row, FORMAT, state->cache.format);
    fill_value(row, &state->values[state->next], &entry);
    fill_flags(row, &entry);
    fill_entry(scan, row, &entry);
    return FSA_ROW;
  }
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  for (; state->next < state->count; state->next++) {
    if (!state->is_open) {
      int result = fsa_appcompat_open(state->values[state->next].bytes, &state->cache);
      if (result != FSA_OK) {
        tell(scan, state, result);
        continue;
      }
      state->is_open = true;
      state->told = 0;
    }
    int result = next_entry(scan, state, row);
    if (result != FSA_OK) return result;
    state->is_open = false;
  }
  return FSA_OK;
}

static const char *const where[] = {"Windows/System32/config/SYSTEM", NULL};

const FsaTable fsa_table_shimcache = {
    .name = "shimcache",
    .summary = "Programs that the application compatibility cache of Windows remembers, in its "
               "order, for every control set.",
    .proves = "The file stood at this path with this modification time when Windows looked at it "
              "(before starting it, or merely when Explorer showed its folder); deleted files stay "
              "in the cache.",
    .caveat =
        "Windows writes the cache at shutdown: what ran since then is not in it, and an entry "
        "alone does not prove execution. It holds up to 96 (XP), 512 (2003) or 1024 "
        "entries; older ones were pushed out.",
    .example = "SELECT position, path, datetime(modified_time, 'unixepoch') AS modified FROM "
               "fsa_shimcache WHERE is_current IS NOT 0 ORDER BY position LIMIT 20",
    .sources = FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME | FSA_LOOSE_FILE,
    .subject = FSA_HIVES,
    .subject_key = -1,
    .where = where,
    .probe = probe,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .open = open,
    .next = next,
};
