/*
 * fsa_yara_memory: places in the memory of processes where strings of YARA rules stand.
 *
 *   SELECT pid, rule, string, address, path FROM fsa_yara_memory
 *   WHERE sigfile = '/rules/beacon.yar'
 *
 * Only memory that can hold foreign code is read, unless the query says all_regions = 1: executable
 * and anonymous, changed, deleted, memory-only or in a temporary folder. It is read in windows that
 * overlap, without stopping the process and without paging in what was swapped out; conditions are
 * decided over all of a process's memory together. [YARA 4 manual; proc(5)]
 */
#include "catalog/yara_rules.h"
#include "os/os.h"

enum {
  PID,
  RULE,
  STRING,
  ADDRESS,
  SIZE,
  DATA,
  START,
  END,
  PERMISSIONS,
  PATH,
  TAGS,
  META,
  SIGFILE,
  SIGRULE,
  ALL_REGIONS,
};

static const FsaColumn columns[] = {
    [PID] = {"pid", FSA_INTEGER, FSA_KEY, "The process; never NULL."},
    [RULE] = {"rule", FSA_TEXT, FSA_KEY, "Name of the rule that is true of it; never NULL."},
    [STRING] = {"string", FSA_TEXT, 0,
                "Identifier of the string that was found, $a; NULL in the one row of a rule that "
                "is true without one."},
    [ADDRESS] = {"address", FSA_HEX, 0, "Where it was found; NULL without a string."},
    [SIZE] = {"size", FSA_INTEGER, 0, "Bytes that matched; NULL without a string."},
    [DATA] = {"data", FSA_TEXT, FSA_COSTLY,
              "The first 512 of them as hexadecimal digits; NULL without a string."},
    [START] = {"start", FSA_HEX, 0,
               "First address of the region that holds it, as in fsa_injected_modules; NULL "
               "without a string."},
    [END] = {"end", FSA_HEX, 0, "The address behind the region; NULL without a string."},
    [PERMISSIONS] = {"permissions", FSA_TEXT, 0,
                     "Of the region: r, w, x and p (private) or s (shared), '-' where not; NULL "
                     "without a string."},
    [PATH] = {"path", FSA_TEXT, 0,
              "The mapped file of the region, or the name in brackets that the kernel gave; NULL "
              "for memory without a name and without a string."},
    [TAGS] = {"tags", FSA_JSON, FSA_COSTLY, "The rule's tags, a list of texts; never NULL."},
    [META] = {"meta", FSA_JSON, FSA_COSTLY,
              "The rule's meta data, an object; a name that the rule gives twice has a list of its "
              "values. NULL when it exceeds 1 MiB."},
    [SIGFILE] = {"sigfile", FSA_TEXT, FSA_KEY | FSA_HIDDEN | FSA_ARGUMENT,
                 "Give here the path of a file with rules, on the machine where this program runs, "
                 "or several by IN; NULL when the rules came as sigrule."},
    [SIGRULE] = {"sigrule", FSA_TEXT, FSA_KEY | FSA_HIDDEN | FSA_ARGUMENT,
                 "Give here the text of rules; NULL when they came as sigfile."},
    [ALL_REGIONS] = {"all_regions", FSA_INTEGER, FSA_KEY | FSA_HIDDEN | FSA_ARGUMENT,
                     "Give here 1 to have all readable memory scanned; else 0, never NULL."},
};

static const FsaYaraColumns shared_columns = {
    .rule = RULE, .tags = TAGS, .meta = META, .sigfile = SIGFILE, .sigrule = SIGRULE};

enum { HOLE_STEP = 4096 }; /* the smallest page: holes are passed over in steps of it */

typedef struct State {
  FsaScan *scan;
  bool all_regions;
  FsaOsRegion *regions; /* those that are scanned, by address */
  size_t region_count;
  FsaYaraBlock *blocks;
  size_t block_count;
  uint8_t *window;  /* the bytes of one block */
  size_t in_window; /* its index; block_count = none */
  size_t counted;   /* blocks whose holes are in `unread` */
  uint64_t unread;  /* bytes of holes */
  int failure;      /* FSA_OK or why memory could not be read at all */
  FsaYaraMatches matches;
  size_t match, hit; /* the next row */
} State;

static int begin(FsaScan *scan, void **ret_shared) {
  return fsa_yara_rules_begin(scan, &shared_columns, ret_shared);
}

/* ---- which memory ---------------------------------------------------------------------------- */

static bool starts(FsaText text, const char *prefix) {
  return text.size >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

/* Pages that the kernel lends to every process, and windows onto devices, whose reading may act. */
static bool is_out_of_bounds(const FsaOsRegion *region) {
  bool is_device = starts(region->name, "/dev/") && !starts(region->name, "/dev/shm/") &&
                   !starts(region->name, "/dev/zero");
  return is_device || starts(region->name, "[v");
}

static bool can_hold_foreign_code(const FsaOsRegion *region) {
  static const char *const loose[] = {"/tmp/", "/var/tmp/", "/dev/shm/", "/memfd:", "/SYSV"};
  static const char windows_temporary[] = "*\\Temp\\*";
  if (!(region->protection & FSA_OS_EXECUTE)) return false;
  if (region->backing == FSA_OS_ANONYMOUS || region->is_deleted || region->private_size > 0)
    return true;
  for (size_t i = 0; i < sizeof loose / sizeof *loose; i++)
    if (starts(region->name, loose[i])) return true;
  /* a file that lost its name on Windows */
  if (region->backing == FSA_OS_IMAGE && region->name.size == 0) return true;
  return fsa_text_glob(region->name.data, region->name.size, windows_temporary,
                       sizeof windows_temporary - 1);
}

/* Address space that was reserved and never used: sanitizers and runtimes reserve terabytes. */
static bool is_empty(const FsaOsRegion *region) {
  return region->backing == FSA_OS_ANONYMOUS && region->resident_size == 0 &&
         region->private_size == 0;
}

/* Keeps the regions to scan at the front of the list. */
static void choose_regions(State *state, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const FsaOsRegion *region = &state->regions[i];
    if (!(region->protection & FSA_OS_READ) || is_out_of_bounds(region)) continue;
    if (is_empty(region)) continue;
    if (state->all_regions || can_hold_foreign_code(region))
      state->regions[state->region_count++] = *region;
  }
}

static size_t count_blocks(const FsaOsRegion *region) {
  const uint64_t step = FSA_YARA_WINDOW - FSA_YARA_OVERLAP;
  uint64_t size = region->end - region->start;
  return size <= FSA_YARA_WINDOW ? 1 : (size_t)((size - FSA_YARA_WINDOW + step - 1) / step + 1);
}

static void add_blocks(State *state, const FsaOsRegion *region) {
  const uint64_t step = FSA_YARA_WINDOW - FSA_YARA_OVERLAP;
  size_t count = count_blocks(region);
  for (size_t i = 0; i < count; i++) {
    uint64_t address = region->start + i * step, left = region->end - address;
    state->blocks[state->block_count++] =
        (FsaYaraBlock){address, left < FSA_YARA_WINDOW ? (size_t)left : FSA_YARA_WINDOW};
  }
}

/* Cuts the regions into blocks, up to the ceiling. */
static int make_blocks(FsaScan *scan, State *state) {
  uint64_t total = 0;
  size_t kept = 0, blocks = 0;
  for (size_t i = 0; i < state->region_count; i++) {
    uint64_t size = state->regions[i].end - state->regions[i].start;
    if (size > FSA_MAX_YARA_MEMORY - total) continue; /* a smaller one may still fit */
    total += size;
    state->regions[kept++] = state->regions[i];
    blocks += count_blocks(&state->regions[kept - 1]);
  }
  if (kept < state->region_count)
    fsa_problem(scan, FSA_E_LIMIT, FSA_NO_OFFSET,
                "%zu of %zu regions were not scanned: with them it would be more than %llu MiB",
                state->region_count - kept, state->region_count, FSA_MAX_YARA_MEMORY >> 20);
  state->region_count = kept;
  state->blocks = fsa_arena_zero(fsa_scan_arena(scan), blocks, sizeof *state->blocks);
  if (!state->blocks) return FSA_E_NOMEM;
  size_t largest = 0;
  for (size_t i = 0; i < kept; i++) add_blocks(state, &state->regions[i]);
  for (size_t i = 0; i < blocks; i++)
    if (state->blocks[i].size > largest) largest = state->blocks[i].size;
  state->window = fsa_arena_alloc(fsa_scan_arena(scan), largest);
  state->in_window = blocks;
  return state->window ? FSA_OK : FSA_E_NOMEM;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Fills the window; what is swapped out or gone becomes zeroes. Gives the bytes of such holes. */
static uint64_t fill_window(State *state, const FsaYaraBlock *block) {
  FsaOs *os = fsa_scan_os(state->scan);
  int64_t pid = fsa_scan_pid(state->scan);
  uint64_t holes = 0;
  for (size_t at = 0; at < block->size;) {
    size_t got = 0;
    int result = fsa_os_memory_read(os, pid, block->address + at, state->window + at,
                                    block->size - at, &got);
    if (result != FSA_OK) state->failure = result;
    at += got;
    if (at == block->size) break;
    size_t hole = HOLE_STEP - (size_t)((block->address + at) % HOLE_STEP);
    if (result != FSA_OK || hole > block->size - at) hole = block->size - at;
    memset(state->window + at, 0, hole);
    holes += hole;
    at += hole;
  }
  return holes;
}

static const uint8_t *read_block(void *context, size_t index) {
  State *state = context;
  if (state->in_window == index) return state->window;
  if (state->failure != FSA_OK) return NULL;
  uint64_t holes = fill_window(state, &state->blocks[index]);
  if (state->failure != FSA_OK) return NULL;
  state->in_window = index;
  if (index >= state->counted) { /* not when a rule looks again */
    state->unread += holes;
    state->counted = index + 1;
  }
  return state->window;
}

static bool is_expired(void *context) {
  const State *state = context;
  return fsa_expired(state->scan);
}

static int scan_memory(FsaScan *scan, State *state) {
  const FsaYaraMemory memory = {.blocks = state->blocks,
                                .count = state->block_count,
                                .context = state,
                                .read = read_block,
                                .is_expired = is_expired};
  const FsaYaraOptions options = {.time_left = fsa_time_left(scan), .wants_hits = true};
  int result = fsa_yara_scan_memory(fsa_yara_rules(scan), &memory, &options, fsa_scan_arena(scan),
                                    &state->matches);
  if (result == FSA_E_LIMIT)
    return fsa_problem(scan, result, FSA_NO_OFFSET,
                       "the rules ask too much of this memory: a ceiling of libyara's was reached");
  if (result != FSA_OK) return result;
  if (state->failure != FSA_OK && state->failure != FSA_E_ABSENT)
    fsa_problem(scan, state->failure, FSA_NO_OFFSET, "its memory cannot be read (%s)",
                fsa_result_name(state->failure));
  if (state->unread)
    fsa_problem(scan, FSA_E_IO, FSA_NO_OFFSET,
                "%llu bytes were not scanned: swapped out, or unmapped meanwhile",
                (unsigned long long)state->unread);
  fsa_yara_rules_tell(scan, &state->matches);
  return FSA_OK;
}

/* The regions of the process; none when it has ended. */
static int find_regions(FsaScan *scan, State *state) {
  FsaOsProcess *process;
  FsaArena *arena = fsa_scan_arena(scan);
  int result = fsa_os_process_open(fsa_scan_os(scan), fsa_scan_pid(scan), arena, &process);
  size_t count = 0;
  if (result == FSA_OK) {
    const FsaOsRegions which = state->all_regions ? FSA_OS_REGIONS_IN_USE : FSA_OS_CODE_REGIONS;
    result = fsa_os_process_regions(process, which, arena, &state->regions, &count);
    fsa_os_process_close(process);
  }
  if (result == FSA_E_ABSENT) return FSA_OK; /* it ended before it was looked at */
  if (result != FSA_OK)
    return fsa_problem(scan, result, FSA_NO_OFFSET, "its memory regions cannot be listed (%s)",
                       fsa_result_name(result));
  choose_regions(state, count);
  return FSA_OK;
}

static int open_process(FsaScan *scan, void *opaque) {
  State *state = opaque;
  FsaOs *os = fsa_scan_os(scan);
  state->scan = scan;
  state->all_regions =
      fsa_admits_int(scan, ALL_REGIONS, 1) && !fsa_admits_int(scan, ALL_REGIONS, 0);
  if (!fsa_os_is_this_machine(os))
    return fsa_problem(scan, FSA_E_UNSUPPORTED, FSA_NO_OFFSET, "a recorded host has no memory");
  if (fsa_os_is_self(os, fsa_scan_pid(scan))) return FSA_OK;
  int result = find_regions(scan, state);
  if (result != FSA_OK || state->region_count == 0) return result;
  result = make_blocks(scan, state);
  return result == FSA_OK ? scan_memory(scan, state) : result;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The scanned region that holds an address. */
static const FsaOsRegion *region_of(const State *state, uint64_t address) {
  size_t low = 0, high = state->region_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const FsaOsRegion *region = &state->regions[middle];
    if (address < region->start)
      high = middle;
    else if (address >= region->end)
      low = middle + 1;
    else
      return region;
  }
  return NULL;
}

static int set_data(FsaScan *scan, const FsaYaraHit *hit, FsaRow *row) {
  static const char digits[] = "0123456789abcdef";
  const uint8_t *bytes = hit->data;
  char *text = fsa_arena_alloc(fsa_row_arena(scan), hit->data_size * 2 + 1);
  if (!text) return FSA_E_NOMEM;
  for (size_t i = 0; i < hit->data_size; i++) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  fsa_row_text(row, DATA, text, hit->data_size * 2);
  return FSA_OK;
}

static int set_region(FsaScan *scan, const FsaOsRegion *region, FsaRow *row) {
  unsigned p = region->protection;
  char permissions[] = {p & FSA_OS_READ ? 'r' : '-', p & FSA_OS_WRITE ? 'w' : '-',
                        p & FSA_OS_EXECUTE ? 'x' : '-', p & FSA_OS_SHARED ? 's' : 'p'};
  const char *copy = fsa_arena_copy(fsa_row_arena(scan), permissions, sizeof permissions);
  if (!copy) return FSA_E_NOMEM;
  fsa_row_hex(row, START, region->start);
  fsa_row_hex(row, END, region->end);
  fsa_row_text(row, PERMISSIONS, copy, sizeof permissions);
  if (region->name.size) fsa_row_text(row, PATH, region->name.data, region->name.size);
  return FSA_OK;
}

static int set_hit(FsaScan *scan, const State *state, const FsaYaraHit *hit, FsaRow *row) {
  fsa_row_string(row, STRING, hit->string);
  fsa_row_hex(row, ADDRESS, hit->offset);
  fsa_row_int(row, SIZE, (int64_t)hit->size);
  const FsaOsRegion *region = region_of(state, hit->offset);
  int result = region ? set_region(scan, region, row) : FSA_OK;
  return result == FSA_OK && fsa_wants(scan, DATA) ? set_data(scan, hit, row) : result;
}

/* The next match that the query admits; NULL at the end. */
static const FsaYaraMatch *current_match(FsaScan *scan, State *state) {
  for (; state->match < state->matches.count; state->match++, state->hit = 0) {
    const FsaYaraMatch *match = &state->matches.list[state->match];
    bool is_done = state->hit > 0 && state->hit >= match->hit_count;
    if (!is_done && fsa_admits_text(scan, RULE, match->rule, strlen(match->rule))) return match;
  }
  return NULL;
}

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  const FsaYaraMatch *match = current_match(scan, state);
  if (!match) return FSA_OK;
  size_t hit = state->hit++;
  fsa_row_int(row, PID, fsa_scan_pid(scan));
  fsa_row_int(row, ALL_REGIONS, state->all_regions);
  int result = fsa_yara_rules_row(scan, &shared_columns, match, row);
  if (result == FSA_OK && hit < match->hit_count)
    result = set_hit(scan, state, &match->hits[hit], row);
  return result == FSA_OK ? FSA_ROW : result;
}

const FsaTable fsa_table_yara_memory = {
    .name = "yara_memory",
    .summary = "One row for each place in a process's memory where a string of a matching YARA "
               "rule of the query stands.",
    .proves = "The bytes stood at the address when they were read, and the rule's condition holds "
              "for the process's scanned memory as a whole.",
    .caveat = "No row does not mean clean memory: code may be encrypted while it sleeps, swapped "
              "out or, without all_regions, not executable at the moment; this program's own "
              "memory is left out, since it holds the rules. With all_regions, programs that hold "
              "the rules or this query as text (shells, editors, scanners) are found too.",
    .example = "SELECT pid, rule, address, path FROM fsa_yara_memory WHERE sigrule = 'rule elf "
               "{ strings: $a = { 7f 45 4c 46 } condition: $a }'",
    .sources = FSA_LIVE_WINDOWS | FSA_LIVE_LINUX,
    .subject = FSA_PROCESS,
    .subject_key = PID,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .begin = begin,
    .end = fsa_yara_rules_end,
    .open = open_process,
    .next = next,
};
