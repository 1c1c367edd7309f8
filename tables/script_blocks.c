/*
 * fsa_script_blocks: what PowerShell ran, as it stood before it ran - event 4104 with its parts
 * joined.
 *
 * A long script is logged in parts. Parts arrive in any order, twice, in several files, or never.
 * Whole blocks are given as soon as their last part is seen, the others at the end, with a mark
 * where parts are missing. Event fields: Microsoft-Windows-PowerShell manifest, event 4104.
 */
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "base/siphash.h"
#include "formats/evtx.h"
#include "fsa.h"

#define EVENT_SCRIPT_BLOCK 4104
#define BUCKETS 4096u     /* of unfinished blocks, by id */
#define SEEN_FIRST 4096u  /* places of the table of known parts, to begin with */
#define CHECK_EVERY 1024u /* other records between two looks at the deadline */

enum {
  TIME,
  LAST_TIME,
  SCRIPT_BLOCK_ID,
  PARTS_SEEN,
  PARTS_TOTAL,
  IS_COMPLETE,
  SCRIPT_PATH,
  LEVEL,
  USER_SID,
  PID,
  COMPUTER_NAME,
  LENGTH,
  SHA256,
  SCRIPT_TEXT,
  SCRIPT_BLOCK_COUNT,
  DATETIME,
  RECORD_ID,
  IS_RECOVERED,
  COLUMN_COUNT,
};

static const FsaColumn columns[] = {
    [TIME] =
        {"time", FSA_TIME, 0,
         "When the earliest part was logged, Unix seconds; NULL when no part holds a true time."},
    [LAST_TIME] = {"last_time", FSA_TIME, 0,
                   "When the latest part was logged, Unix seconds; NULL as time."},
    [SCRIPT_BLOCK_ID] = {"script_block_id", FSA_TEXT, 0,
                         "GUID that PowerShell gave the block, the same in all of its parts."},
    [PARTS_SEEN] = {"parts_seen", FSA_INTEGER, 0,
                    "How many different parts were found; never NULL."},
    [PARTS_TOTAL] = {"parts_total", FSA_INTEGER, 0,
                     "How many parts the block has as its events say; NULL when they do not."},
    [IS_COMPLETE] =
        {"is_complete", FSA_BOOL, 0,
         "1 when every part was found; 0 when some are overwritten, cleared or in a log "
         "that was not at hand."},
    [SCRIPT_PATH] =
        {"script_path", FSA_TEXT, 0,
         "File the block came from; NULL when it was typed, piped in or made in memory."},
    [LEVEL] = {"level", FSA_INTEGER, 0,
               "3 (warning) when PowerShell itself found suspicious words in it, else 5 (verbose); "
               "NULL when the event has none."},
    [USER_SID] = {"user_sid", FSA_TEXT, 0,
                  "SID of the user who ran it; NULL when the event has none."},
    [PID] = {"pid", FSA_INTEGER, 0, "Process that ran it; NULL when the event has none."},
    [COMPUTER_NAME] =
        {"computer_name", FSA_TEXT, 0,
         "Computer that ran it, as it was called then; NULL when the event has none."},
    [LENGTH] = {"length", FSA_INTEGER, 0,
                "Length in bytes of the UTF-8 text of the parts that were found, without marks."},
    [SHA256] =
        {"sha256", FSA_TEXT, FSA_COSTLY,
         "SHA-256 of the whole text in UTF-8, line ends as they were run; NULL when parts are "
         "missing."},
    [SCRIPT_TEXT] = {"script_text", FSA_TEXT, FSA_COSTLY,
                     "The text, parts joined in order, line ends as they were run; missing parts "
                     "stand as <# fsa: part 2 of 5 is missing #>."},
    [SCRIPT_BLOCK_COUNT] = {"script_block_count", FSA_INTEGER, FSA_HIDDEN,
                            "The same as parts_total, under osquery's name; NULL as parts_total."},
    [DATETIME] = {"datetime", FSA_TEXT, FSA_HIDDEN,
                  "The same as time, ISO 8601 in UTC with 100 ns; NULL as time."},
    [RECORD_ID] = {"record_id", FSA_INTEGER, FSA_HIDDEN,
                   "Record number of the first part that was read; never NULL."},
    [IS_RECOVERED] =
        {"is_recovered", FSA_BOOL, FSA_HIDDEN,
         "1 when a part stood in a record that its log does not vouch for; never NULL."},
};

/* One event 4104. Texts are in the arena that it was read into. */
typedef struct Part {
  struct Part *next; /* with a higher number */
  uint32_t number;   /* from 1 */
  uint32_t total;    /* 0 = unknown */
  FsaText text;
} Part;

/* A script block, or what is known of it. */
typedef struct Block {
  struct Block *next_same_bucket;
  struct Block *older, *newer; /* in the order of first sight */
  FsaArena memory;             /* of everything in an unfinished block */
  FsaText id, script_path, user_sid, computer_name;
  FsaText source; /* path of the log with the first part; alive as long as the subject */
  uint64_t offset, record_id; /* of the first part */
  int64_t time, last_time;    /* INT64_MIN = unknown */
  int64_t level, pid;         /* INT64_MIN = none */
  uint32_t total;             /* 0 = unknown */
  uint32_t part_count;
  bool is_recovered;
  Part *parts; /* by number */
  Part *last;  /* the one with the highest number */
} Block;

typedef struct State {
  size_t file;  /* number of the next one */
  FsaEvtx *log; /* the one that is read now; NULL between files */
  FsaText path;
  FsaEvtxRecord record;
  FsaArena scratch; /* of the block that is read now */
  FsaSipKey key;
  uint64_t *seen; /* hashes of the parts that were taken; 0 = free place */
  size_t seen_room, seen_count;
  bool seen_full;
  Block *buckets[BUCKETS];
  Block *oldest, *newest;
  size_t pending_bytes, pending_count;
  bool room_told; /* that unfinished blocks were given for want of room */
  bool wants_text;
  bool at_end; /* all files are read: unfinished blocks follow */
} State;

/* For the reader of a log: problems belong to the file that is read now. */
typedef struct Reporter {
  FsaScan *scan;
  State *state;
} Reporter;

static void report(void *context, int code, uint64_t offset, const char *message) {
  const Reporter *reporter = context;
  fsa_problem_in(reporter->scan, code, reporter->state->path.data, offset, "%s", message);
}

/* ---- known parts ----------------------------------------------------------------------------- */

static uint64_t *seen_place(uint64_t *table, size_t room, uint64_t hash) {
  size_t at = (size_t)hash & (room - 1);
  while (table[at] && table[at] != hash) at = (at + 1) & (room - 1);
  return &table[at];
}

/* Doubles the table. At its ceiling, or without memory, no further parts are remembered. */
static void grow_seen(FsaScan *scan, State *s) {
  size_t room = s->seen_room ? 2 * s->seen_room : SEEN_FIRST;
  uint64_t *table = room <= 2 * (size_t)FSA_MAX_SCRIPT_SEEN ? calloc(room, sizeof *table) : NULL;
  if (!table) {
    s->seen_full = true;
    fsa_problem(scan, FSA_E_LIMIT, FSA_NO_OFFSET,
                "%zu parts are known; further duplicates will appear as rows", s->seen_count);
    return;
  }
  for (size_t i = 0; i < s->seen_room; i++)
    if (s->seen[i]) *seen_place(table, room, s->seen[i]) = s->seen[i];
  free(s->seen);
  s->seen = table;
  s->seen_room = room;
}

/* True when the same part - block, number and text - was taken before; remembers it. */
static bool is_known(FsaScan *scan, State *s, const Block *block, const Part *part) {
  uint64_t facts[4] = {fsa_siphash(s->key, block->id.data, block->id.size),
                       fsa_siphash(s->key, part->text.data, part->text.size), part->number,
                       part->total};
  uint64_t hash = fsa_siphash(s->key, facts, sizeof facts);
  if (hash == 0) hash = 1;
  if (s->seen_count >= s->seen_room / 2 && !s->seen_full) grow_seen(scan, s);
  if (!s->seen_room) return false;
  uint64_t *place = seen_place(s->seen, s->seen_room, hash);
  if (*place == hash) return true;
  if (!s->seen_full) {
    *place = hash;
    s->seen_count++;
  }
  return false;
}

/* ---- unfinished blocks ----------------------------------------------------------------------- */

static Block **bucket_of(State *s, FsaText id) {
  return &s->buckets[fsa_siphash(s->key, id.data, id.size) & (BUCKETS - 1)];
}

static Block *find_block(State *s, FsaText id) {
  for (Block *b = *bucket_of(s, id); b; b = b->next_same_bucket)
    if (b->id.size == id.size && memcmp(b->id.data, id.data, id.size) == 0) return b;
  return NULL;
}

static void add_block(State *s, Block *block) {
  Block **bucket = bucket_of(s, block->id);
  block->next_same_bucket = *bucket;
  *bucket = block;
  block->older = s->newest;
  if (s->newest)
    s->newest->newer = block;
  else
    s->oldest = block;
  s->newest = block;
  s->pending_count++;
  s->pending_bytes += block->memory.held;
}

static void free_block(Block *block) {
  if (!block) return;
  FsaArena memory = block->memory; /* the block itself lies in it */
  fsa_arena_done(&memory);
}

static void take_out(State *s, Block *block) {
  Block **at = bucket_of(s, block->id);
  while (*at != block) at = &(*at)->next_same_bucket;
  *at = block->next_same_bucket;
  *(block->older ? &block->older->newer : &s->oldest) = block->newer;
  *(block->newer ? &block->newer->older : &s->newest) = block->older;
  s->pending_count--;
  s->pending_bytes -= block->memory.held;
}

/* The place in the list where a part with this number belongs; *ret_found when one stands there. */
static Part **part_place(Block *block, uint32_t number, bool *ret_found) {
  Part **at = block->last && block->last->number < number ? &block->last->next : &block->parts;
  while (*at && (*at)->number < number) at = &(*at)->next;
  *ret_found = *at && (*at)->number == number;
  return at;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* "<# fsa: part 2 of 5 is missing #>" for the parts (from, to). */
static bool put_gap(FsaBuffer *text, uint32_t from, uint32_t to, uint32_t total) {
  if (from == to)
    fsa_buffer_printf(text, "<# fsa: part %u of %u is missing #>", from, total);
  else
    fsa_buffer_printf(text, "<# fsa: parts %u to %u of %u are missing #>", from, to, total);
  return text->error == FSA_OK;
}

/* The parts in order, with marks for those that are missing. */
static FsaText join(const Block *block, FsaArena *arena) {
  if (block->part_count == 1 && block->total == 1)
    return (FsaText){fsa_arena_copy(arena, block->parts->text.data, block->parts->text.size),
                     block->parts->text.size};
  FsaBuffer text = fsa_buffer(2 * FSA_MAX_SCRIPT_PENDING);
  uint32_t next = 1;
  for (const Part *part = block->parts; part; part = part->next) {
    if (part->number > next) put_gap(&text, next, part->number - 1, block->total);
    fsa_buffer_put(&text, part->text.data, part->text.size);
    next = part->number + 1;
  }
  if (next <= block->total) put_gap(&text, next, block->total, block->total);
  const char *copy = text.error ? NULL : fsa_arena_copy(arena, text.data, text.size);
  FsaText result = {copy, copy ? text.size : 0};
  fsa_buffer_done(&text);
  return result;
}

static size_t length_of(const Block *block) {
  size_t length = 0;
  for (const Part *part = block->parts; part; part = part->next) length += part->text.size;
  return length;
}

static void set_copy(FsaScan *scan, FsaRow *row, int column, FsaText text) {
  if (text.data)
    fsa_row_text(row, column, fsa_arena_copy(fsa_row_arena(scan), text.data, text.size), text.size);
}

static int set_text(FsaScan *scan, State *s, const Block *block, bool is_complete, FsaRow *row) {
  if (!s->wants_text) return FSA_OK;
  FsaArena *arena = fsa_row_arena(scan);
  FsaText text = join(block, arena);
  if (!text.data) return FSA_E_NOMEM;
  fsa_row_text(row, SCRIPT_TEXT, text.data, text.size);
  if (!is_complete || !fsa_wants(scan, SHA256)) return FSA_OK;
  char *digest = fsa_arena_alloc(arena, FSA_SHA256_TEXT);
  if (!digest) return FSA_E_NOMEM;
  fsa_sha256_text(text.data, text.size, digest);
  fsa_row_string(row, SHA256, digest);
  return FSA_OK;
}

static void set_times(FsaScan *scan, const Block *block, FsaRow *row) {
  if (block->time == INT64_MIN) return;
  fsa_row_int(row, TIME, block->time);
  fsa_row_int(row, LAST_TIME, block->last_time);
  char *text =
      fsa_wants(scan, DATETIME) ? fsa_arena_alloc(fsa_row_arena(scan), FSA_TIME_TEXT) : NULL;
  if (text) fsa_row_text(row, DATETIME, text, fsa_time_print(text, block->time, 7));
}

static int set_row(FsaScan *scan, State *s, const Block *block, FsaRow *row) {
  bool is_complete = block->total && block->part_count == block->total;
  fsa_row_source(row, block->source.data, block->source.size);
  fsa_row_offset(row, block->offset);
  set_times(scan, block, row);
  set_copy(scan, row, SCRIPT_BLOCK_ID, block->id);
  set_copy(scan, row, SCRIPT_PATH, block->script_path);
  set_copy(scan, row, USER_SID, block->user_sid);
  set_copy(scan, row, COMPUTER_NAME, block->computer_name);
  fsa_row_int(row, PARTS_SEEN, block->part_count);
  if (block->total) {
    fsa_row_int(row, PARTS_TOTAL, block->total);
    fsa_row_int(row, SCRIPT_BLOCK_COUNT, block->total);
  }
  fsa_row_bool(row, IS_COMPLETE, is_complete);
  if (block->level != INT64_MIN) fsa_row_int(row, LEVEL, block->level);
  if (block->pid != INT64_MIN) fsa_row_int(row, PID, block->pid);
  fsa_row_int(row, LENGTH, (int64_t)length_of(block));
  fsa_row_int(row, RECORD_ID, (int64_t)block->record_id);
  fsa_row_bool(row, IS_RECOVERED, block->is_recovered);
  int rc = set_text(scan, s, block, is_complete, row);
  return rc == FSA_OK ? FSA_ROW : rc;
}

/* Gives a block as a row and forgets it. */
static int give(FsaScan *scan, State *s, Block *block, FsaRow *row) {
  int rc = set_row(scan, s, block, row);
  free_block(block);
  return rc;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* A part's number or the count of parts; 0 = unknown, also where it is more than can be joined. */
static uint32_t datum_u32(FsaScan *scan, State *s, const char *name) {
  uint64_t number;
  if (!fsa_evtx_value_u64(fsa_evtx_datum(s->log, name), &number)) return 0;
  if (number <= FSA_MAX_SCRIPT_PARTS) return (uint32_t)number;
  fsa_problem_in(scan, FSA_E_LIMIT, s->path.data, s->record.offset, "%s is %llu, the most is %d",
                 name, (unsigned long long)number, FSA_MAX_SCRIPT_PARTS);
  return 0;
}

static int64_t field_int(State *s, FsaEvtxField field) {
  int64_t number;
  return fsa_evtx_value_int(fsa_evtx_field(s->log, field), &number) ? number : INT64_MIN;
}

static FsaText field_text(State *s, FsaEvtxField field, FsaArena *arena) {
  return fsa_evtx_value_text(fsa_evtx_field(s->log, field), arena);
}

/* An empty Path is the usual one. */
static FsaText path_text(State *s, FsaArena *arena) {
  FsaText text = fsa_evtx_value_text(fsa_evtx_datum(s->log, "Path"), arena);
  return text.size ? text : (FsaText){NULL, 0};
}

/* The current record as a block of one part; *ret_block NULL when it is no script block. */
static int read_block(FsaScan *scan, State *s, Block **ret_block) {
  *ret_block = NULL;
  FsaEvtxValue text = fsa_evtx_datum(s->log, "ScriptBlockText");
  FsaEvtxValue id = fsa_evtx_datum(s->log, "ScriptBlockId");
  if (text.type == 0 || id.type == 0)
    return fsa_problem_in(scan, FSA_E_FORMAT, s->path.data, s->record.offset,
                          "event 4104 without a text or without an id");
  FsaArena *memory = &s->scratch;
  fsa_arena_clear(memory);
  Block *b = fsa_arena_zero(memory, 1, sizeof *b);
  Part *part = b ? fsa_arena_zero(memory, 1, sizeof *part) : NULL;
  if (!part) return FSA_E_NOMEM;
  part->text = fsa_evtx_value_text(text, memory);
  b->id = fsa_evtx_value_text(id, memory);
  if (!part->text.data || !b->id.data)
    return fsa_problem_in(scan, FSA_E_FORMAT, s->path.data, s->record.offset,
                          "event 4104 whose text or id is no text");
  part->number = datum_u32(scan, s, "MessageNumber");
  part->total = datum_u32(scan, s, "MessageTotal");
  if (part->total && part->number > part->total) {
    fsa_problem_in(scan, FSA_E_FORMAT, s->path.data, s->record.offset,
                   "part %u of a script block of %u parts", part->number, part->total);
    part->number = part->total = 0; /* neither can be believed */
  }
  b->parts = part;
  b->part_count = 1;
  b->total = part->total;
  b->script_path = path_text(s, memory);
  b->user_sid = field_text(s, FSA_EVTX_USER_ID, memory);
  b->computer_name = field_text(s, FSA_EVTX_COMPUTER, memory);
  b->level = field_int(s, FSA_EVTX_LEVEL);
  b->pid = field_int(s, FSA_EVTX_PROCESS_ID);
  b->source = s->path;
  b->offset = s->record.offset;
  b->record_id = s->record.record_id;
  b->time = b->last_time = s->record.time;
  b->is_recovered = s->record.is_recovered;
  *ret_block = b;
  return FSA_OK;
}

static bool keep_text(FsaArena *memory, FsaText *text) {
  if (!text->data) return true;
  text->data = fsa_arena_copy(memory, text->data, text->size);
  return text->data != NULL;
}

/* A copy of the part with its text. */
static Part *keep_part(FsaArena *memory, const Part *part) {
  Part *copy = fsa_arena_zero(memory, 1, sizeof *copy);
  if (!copy) return NULL;
  *copy = *part;
  copy->next = NULL;
  return keep_text(memory, &copy->text) ? copy : NULL;
}

/* A copy of the block of one part that stays until more parts come. NULL without memory. */
static Block *keep_block(const Block *one) {
  FsaArena memory = fsa_arena(0);
  Block *block = fsa_arena_zero(&memory, 1, sizeof *block);
  if (block) {
    *block = *one;
    block->parts = block->last = keep_part(&memory, one->parts);
    if (block->parts && keep_text(&memory, &block->id) && keep_text(&memory, &block->script_path) &&
        keep_text(&memory, &block->user_sid) && keep_text(&memory, &block->computer_name)) {
      block->memory = memory;
      return block;
    }
  }
  fsa_arena_done(&memory);
  return NULL;
}

static void widen_times(Block *block, int64_t time) {
  if (time == INT64_MIN) return;
  if (block->time == INT64_MIN || time < block->time) block->time = time;
  if (block->last_time == INT64_MIN || time > block->last_time) block->last_time = time;
}

/*
 * Moves the only part of `one` into an unfinished block of the same id. FSA_E_NOMEM leaves both as
 * they were.
 */
static int merge(State *s, Block *block, Part **place, const Block *one) {
  size_t held = block->memory.held;
  Part *part = keep_part(&block->memory, one->parts);
  s->pending_bytes += block->memory.held - held;
  if (!part) return FSA_E_NOMEM;
  part->next = *place;
  *place = part;
  if (!part->next) block->last = part;
  block->part_count++;
  block->is_recovered |= one->is_recovered;
  widen_times(block, one->time);
  return FSA_OK;
}

/*
 * Puts a part where it belongs. *ret_done is the block that can be given now: a whole one, or one
 * that contradicts what is there; NULL when more parts are awaited. `one` is in the scratch memory.
 */
static int place_block(FsaScan *scan, State *s, Block *one, Block **ret_done) {
  const Part *part = one->parts;
  *ret_done = NULL;
  if (is_known(scan, s, one, part)) return FSA_OK;
  *ret_done = one;
  if (part->total <= 1 || part->number == 0 || part->number > part->total) return FSA_OK;
  Block *block = find_block(s, one->id);
  if (!block) {
    *ret_done = NULL;
    block = keep_block(one);
    if (block) add_block(s, block);
    return block ? FSA_OK : FSA_E_NOMEM;
  }
  bool found;
  Part **place = part_place(block, part->number, &found);
  if (found || block->total != part->total) {
    fsa_problem_in(scan, FSA_E_FORMAT, s->path.data, s->record.offset,
                   "part %u of %u of script block %s contradicts another; given on its own",
                   part->number, part->total, one->id.data);
    return FSA_OK;
  }
  int rc = merge(s, block, place, one);
  *ret_done = NULL;
  if (rc != FSA_OK || block->part_count < block->total) return rc;
  take_out(s, block);
  *ret_done = block;
  return FSA_OK;
}

/* When unfinished blocks hold too much, the oldest is given as it is. */
static Block *make_room(FsaScan *scan, State *s) {
  if (s->pending_bytes <= FSA_MAX_SCRIPT_PENDING && s->pending_count <= FSA_MAX_SCRIPT_BLOCKS)
    return NULL;
  Block *block = s->oldest;
  if (!s->room_told) /* once: each of these rows says that it is not complete */
    fsa_problem_in(scan, FSA_E_LIMIT, block->source.data, block->offset,
                   "%zu script blocks are unfinished; the oldest are given as they are",
                   s->pending_count);
  s->room_told = true;
  take_out(s, block);
  return block;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Opens the next file that can be read. FSA_OK without a log when there is none left. */
static int open_next(FsaScan *scan, State *s, Reporter *reporter) {
  while (!s->log && s->file < fsa_scan_file_count(scan)) {
    FsaSource source;
    if (fsa_scan_open_file(scan, s->file++, &source, &s->path) != FSA_OK) continue;
    if (fsa_evtx_open(&source, report, reporter, &s->log) == FSA_E_NOMEM) return FSA_E_NOMEM;
  }
  return FSA_OK;
}

/* The next event 4104 of any file. FSA_ROW, FSA_OK behind the last, or an error. */
static int next_event(FsaScan *scan, State *s, Reporter *reporter) {
  for (unsigned passed = 1;; passed++) {
    int rc = open_next(scan, s, reporter);
    if (rc != FSA_OK || !s->log) return rc;
    rc = fsa_evtx_next(s->log, &s->record);
    if (rc == FSA_E_NOMEM) return rc;
    if (rc != FSA_ROW) { /* its end, or a read that failed and was told */
      fsa_evtx_close(s->log);
      s->log = NULL;
    } else if (field_int(s, FSA_EVTX_EVENT_ID) == EVENT_SCRIPT_BLOCK)
      return FSA_ROW;
    if (passed % CHECK_EVERY == 0 && fsa_expired(scan)) return FSA_E_TIMEOUT;
  }
}

/* ---- the table ------------------------------------------------------------------------------- */

static int open_logs(FsaScan *scan, void *state) {
  State *s = state;
  uint64_t secret[2] = {(uint64_t)fsa_clock_monotonic(), (uint64_t)(uintptr_t)state};
  s->key.k0 = fsa_siphash((FsaSipKey){secret[0], secret[1]}, secret, sizeof secret);
  s->key.k1 = fsa_siphash((FsaSipKey){secret[1], s->key.k0}, secret, sizeof secret);
  s->wants_text = fsa_wants(scan, SCRIPT_TEXT) || fsa_wants(scan, SHA256);
  return FSA_OK;
}

static void close_logs(void *state) {
  State *s = state;
  fsa_evtx_close(s->log);
  fsa_arena_done(&s->scratch);
  free(s->seen);
  while (s->oldest) {
    Block *block = s->oldest;
    take_out(s, block);
    free_block(block);
  }
}

static int next_block(FsaScan *scan, void *state, FsaRow *row) {
  State *s = state;
  Reporter reporter = {scan, s};
  while (!s->at_end) {
    Block *block = make_room(scan, s);
    if (block) return give(scan, s, block, row);
    int rc = next_event(scan, s, &reporter);
    if (rc < 0) return rc;
    s->at_end = rc == FSA_OK;
    if (s->at_end) break;
    rc = read_block(scan, s, &block);
    if (rc == FSA_E_FORMAT) continue;
    if (rc == FSA_OK && block) rc = place_block(scan, s, block, &block);
    if (rc != FSA_OK) return rc;
    if (block) return give(scan, s, block, row);
  }
  if (!s->oldest) return FSA_OK;
  Block *block = s->oldest;
  take_out(s, block);
  return give(scan, s, block, row);
}

static const char *const where[] = {
    "Windows/System32/winevt/Logs/Microsoft-Windows-PowerShell%4Operational.evtx",
    "Windows/System32/winevt/Logs/PowerShellCore%4Operational.evtx",
    "Windows/System32/winevt/Logs/Archive-Microsoft-Windows-PowerShell%4Operational-*.evtx",
    "Windows/System32/winevt/Logs/Archive-PowerShellCore%4Operational-*.evtx",
    NULL,
};

const FsaTable fsa_table_script_blocks = {
    .name = "script_blocks",
    .summary = "One row for each PowerShell script block that was logged, its parts joined.",
    .proves =
        "PowerShell compiled this text on that computer; with script block logging on, "
        "everything it ran, else only what it found suspicious itself (level 3). A process may "
        "write such events in PowerShell's name.",
    .caveat =
        "Windows PowerShell 2 and tools that switch the logging off leave nothing. The log is "
        "a ring of 15 MB by default and old blocks lose their first parts first. PowerShell 7 "
        "has a log of its own.",
    .example = "SELECT time, user_sid, script_path, script_text FROM fsa_script_blocks "
               "WHERE level = 3 ORDER BY time DESC LIMIT 20",
    .sources = FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME | FSA_LOOSE_FILE,
    .subject = FSA_FILE_SET,
    .subject_key = -1,
    .where = where,
    .probe = fsa_evtx_probe,
    .columns = columns,
    .column_count = COLUMN_COUNT,
    .state_size = sizeof(State),
    .open = open_logs,
    .next = next_block,
    .close = close_logs,
};
