/*
 * EVTX: file header, chunks and records; what stands inside a record is binxml.c's.
 *
 * The file header of a log that was not closed, or that an attacker touched, is wrong about its
 * chunks, so it is read, compared and not believed: every place where a chunk can be is looked at.
 * Sources: docs/formats/evtx.md.
 */
#include "formats/evtx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/printf.h"
#include "formats/binxml.h"

#define FILE_HEADER 4096u
#define CHUNK 65536u
#define CHUNK_HEADER 512u
#define RECORD_HEADER 24u
#define RECORD_LEAST 28u /* header and trailing size */
#define RECORD_MAGIC 0x00002A2Au
#define SECTOR 512u        /* chunks that were torn out of place begin at one */
#define WINDOW (4 * CHUNK) /* bytes read at once: stays in the processor's second cache */

enum { FLAG_DIRTY = 1, FLAG_NO_CHECKSUMS = 4 };

static const uint8_t file_magic[8] = "ElfFile";
static const uint8_t chunk_magic[8] = "ElfChnk";

/* Whether the current record's BinXML was looked at. */
typedef enum EventState { EVENT_UNREAD, EVENT_READ, EVENT_BROKEN } EventState;

struct FsaEvtx {
  FsaSource source;
  FsaEvtxProblem *problem;
  void *context;
  unsigned problem_count;
  uint64_t size;      /* of the file, as far as it could be read */
  uint8_t *window;    /* WINDOW bytes */
  uint64_t window_at; /* file offset */
  size_t window_size;
  bool is_dirty;
  bool has_checksums;
  uint32_t header_chunks; /* as the file header says; UINT32_MAX = it cannot be read */
  uint32_t found_chunks;
  uint64_t next_chunk; /* file offset */
  FsaBytes chunk;      /* in the window */
  uint64_t chunk_at;   /* file offset */
  bool is_vouched;     /* header and checksums of the chunk are right */
  size_t at, end;      /* of the records in the chunk */
  uint64_t last_id;    /* of the record before in this chunk; 0 = none */
  FsaEvtxRecord record;
  size_t event_at, event_end; /* BinXML of the current record in the chunk */
  EventState state;
  bool damage_told;
  FsaBinxml *binxml;
};

static void tell(FsaEvtx *e, int code, uint64_t offset, const char *format, ...) FSA_PRINTF(4, 5);

static void tell(FsaEvtx *e, int code, uint64_t offset, const char *format, ...) {
  if (!e->problem || e->problem_count > FSA_MAX_EVTX_PROBLEMS) return;
  char message[FSA_MAX_MESSAGE];
  if (e->problem_count++ == FSA_MAX_EVTX_PROBLEMS)
    format = "this log has more problems, which are not listed";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  e->problem(e->context, code, offset, message);
}

bool fsa_evtx_probe(FsaBytes head) {
  return fsa_bytes_match(&head, 0, file_magic, sizeof file_magic);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Fills the window from `offset`. A source that ends early makes the file shorter. */
static int fill_window(FsaEvtx *e, uint64_t offset) {
  size_t filled = 0, got = 0;
  uint64_t left = e->size > offset ? e->size - offset : 0;
  size_t wanted = left < WINDOW ? (size_t)left : WINDOW;
  while (filled < wanted) {
    int rc = e->source.read(e->source.context, offset + filled, e->window + filled, wanted - filled,
                            &got);
    if (rc != FSA_OK) {
      tell(e, rc, offset + filled, "reading %zu bytes failed", wanted - filled);
      return rc;
    }
    if (got == 0) {
      e->size = offset + filled;
      tell(e, FSA_E_IO, e->size, "the file became shorter while it was read");
      break;
    }
    filled += got;
  }
  e->window_at = offset;
  e->window_size = filled;
  return FSA_OK;
}

/* The bytes of the chunk's place at `offset`: 64 KiB, or what is left of the file. */
static int view_chunk(FsaEvtx *e, uint64_t offset, FsaBytes *ret_bytes) {
  uint64_t behind = offset + CHUNK < e->size ? offset + CHUNK : e->size;
  if (offset < e->window_at || behind > e->window_at + e->window_size) {
    int rc = fill_window(e, offset);
    if (rc != FSA_OK) return rc;
  }
  size_t start = (size_t)(offset - e->window_at);
  size_t left = e->window_size - start;
  *ret_bytes = fsa_bytes(e->window + start, left < CHUNK ? left : CHUNK);
  return FSA_OK;
}

/* ---- the file header ------------------------------------------------------------------------- */

static void read_file_header(FsaEvtx *e, FsaBytes head) {
  uint32_t flags = fsa_u32(&head, 120), checksum = fsa_u32(&head, 124);
  unsigned minor = fsa_u16(&head, 36), major = fsa_u16(&head, 38);
  e->header_chunks = fsa_u16(&head, 42);
  if (head.bad) {
    e->header_chunks = UINT32_MAX;
    tell(e, FSA_E_FORMAT, 0, "the file ends after %zu bytes, inside its header", head.size);
    return;
  }
  e->is_dirty = flags & FLAG_DIRTY;
  e->has_checksums = !(flags & FLAG_NO_CHECKSUMS);
  uint32_t actual = fsa_crc32(0, head.data, 120);
  if (e->has_checksums && actual != checksum)
    tell(e, FSA_E_FORMAT, 124, "file header: checksum %08x, computed %08x", checksum, actual);
  if (major != 3) tell(e, FSA_E_VERSION, 36, "format version %u.%u is not known", major, minor);
}

/* Finds out where chunks begin. */
static int start(FsaEvtx *e) {
  int rc = fill_window(e, 0);
  if (rc != FSA_OK) return rc;
  FsaBytes head = fsa_bytes(e->window, e->window_size);
  e->next_chunk = FILE_HEADER;
  e->has_checksums = true;
  e->header_chunks = UINT32_MAX;
  if (fsa_evtx_probe(head)) {
    read_file_header(e, head);
    return FSA_OK;
  }
  if (fsa_bytes_match(&head, 0, chunk_magic, sizeof chunk_magic))
    e->next_chunk = 0;
  else if (!fsa_bytes_match(&head, FILE_HEADER, chunk_magic, sizeof chunk_magic)) {
    tell(e, FSA_E_FORMAT, 0, "neither an event log's header nor a chunk (%zu bytes)", head.size);
    return FSA_E_FORMAT;
  }
  tell(e, FSA_E_FORMAT, 0, "the file header is gone; the chunks are read");
  return FSA_OK;
}

int fsa_evtx_open(const FsaSource *source, FsaEvtxProblem *problem, void *context,
                  FsaEvtx **ret_evtx) {
  FsaEvtx *e = calloc(1, sizeof *e);
  if (!e) return FSA_E_NOMEM;
  e->source = *source;
  e->size = source->size;
  e->problem = problem;
  e->context = context;
  e->window = malloc(WINDOW);
  int rc = e->window ? fsa_binxml_new(&e->binxml) : FSA_E_NOMEM;
  if (rc == FSA_OK) rc = start(e);
  if (rc == FSA_OK)
    *ret_evtx = e;
  else
    fsa_evtx_close(e);
  return rc;
}

void fsa_evtx_close(FsaEvtx *e) {
  if (!e) return;
  fsa_binxml_free(e->binxml);
  free(e->window);
  free(e);
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static bool is_zero(FsaBytes bytes) {
  return bytes.size == 0 ||
         (bytes.data[0] == 0 && memcmp(bytes.data, bytes.data + 1, bytes.size - 1) == 0);
}

/* Compares the checksums; true when both are right. */
static bool check_chunk(FsaEvtx *e, FsaBytes chunk) {
  if (!e->has_checksums) return true;
  uint32_t free_space = fsa_u32(&chunk, 48);
  uint32_t data = fsa_u32(&chunk, 52), header = fsa_u32(&chunk, 124);
  if (!fsa_bytes_has(&chunk, 0, CHUNK_HEADER)) return false;
  uint32_t actual = fsa_crc32(0, chunk.data, 120);
  actual = fsa_crc32(actual, chunk.data + 128, CHUNK_HEADER - 128);
  bool good = actual == header;
  if (!good)
    tell(e, FSA_E_FORMAT, e->chunk_at + 124, "chunk header: checksum %08x, computed %08x", header,
         actual);
  if (free_space < CHUNK_HEADER || free_space > chunk.size)
    return false; /* told by enter_chunk() */
  actual = fsa_crc32(0, chunk.data + CHUNK_HEADER, free_space - CHUNK_HEADER);
  if (actual == data) return good;
  tell(e, FSA_E_FORMAT, e->chunk_at + 52, "records of the chunk: checksum %08x, computed %08x",
       data, actual);
  return false;
}

/* Makes the place at e->next_chunk the current chunk. */
static void enter_chunk(FsaEvtx *e, FsaBytes chunk, bool has_header) {
  e->chunk = chunk;
  e->chunk_at = e->next_chunk;
  e->next_chunk += CHUNK;
  e->found_chunks++;
  e->at = CHUNK_HEADER;
  e->end = chunk.size;
  e->last_id = 0;
  e->is_vouched = has_header && check_chunk(e, chunk);
  if (chunk.size < CHUNK)
    tell(e, FSA_E_FORMAT, e->size, "the file ends %zu bytes before the end of its chunk",
         CHUNK - chunk.size);
  if (has_header) {
    uint32_t free_space = fsa_u32(&chunk, 48);
    if (free_space >= CHUNK_HEADER && free_space <= CHUNK)
      e->end = free_space < chunk.size ? free_space : chunk.size;
    else
      tell(e, FSA_E_FORMAT, e->chunk_at + 48, "chunk: free space at %u, outside of it", free_space);
  }
  if (!e->is_dirty && e->found_chunks > e->header_chunks) e->is_vouched = false;
  fsa_binxml_set_chunk(e->binxml, chunk);
}

/* A chunk that lost its magic still begins its records with one. */
static bool has_records(FsaBytes chunk) {
  return fsa_u32(&chunk, CHUNK_HEADER) == RECORD_MAGIC && !chunk.bad;
}

/* Where in this place another chunk begins; 0 when nowhere. */
static size_t find_displaced(FsaBytes place) {
  for (size_t at = SECTOR; at < place.size; at += SECTOR)
    if (fsa_bytes_match(&place, at, chunk_magic, sizeof chunk_magic)) return at;
  return 0;
}

/*
 * Tells, once and behind the last chunk, when a closed log holds another number of chunks than it
 * says.
 */
static void check_chunk_count(FsaEvtx *e) {
  if (!e->is_dirty && e->header_chunks != UINT32_MAX && e->found_chunks != e->header_chunks)
    tell(e, FSA_E_FORMAT, 42, "the file header counts %u chunks, %u were found", e->header_chunks,
         e->found_chunks);
  e->header_chunks = UINT32_MAX;
}

/* FSA_ROW with the next chunk entered, FSA_OK behind the last. */
static int next_chunk(FsaEvtx *e) {
  while (e->next_chunk < e->size) {
    FsaBytes place;
    int rc = view_chunk(e, e->next_chunk, &place);
    if (rc != FSA_OK) return rc;
    bool has_header = fsa_bytes_match(&place, 0, chunk_magic, sizeof chunk_magic);
    if (has_header || has_records(place)) {
      if (!has_header)
        tell(e, FSA_E_FORMAT, e->next_chunk, "chunk without its magic; its records are read");
      enter_chunk(e, place, has_header);
      return FSA_ROW;
    }
    size_t displaced = is_zero(place) ? 0 : find_displaced(place);
    if (displaced)
      tell(e, FSA_E_FORMAT, e->next_chunk, "no chunk here; one begins %zu bytes behind", displaced);
    else if (!is_zero(place))
      tell(e, FSA_E_FORMAT, e->next_chunk, "no chunk here: %zu bytes cannot be read", place.size);
    e->next_chunk += displaced ? displaced : CHUNK;
  }
  check_chunk_count(e);
  return FSA_OK;
}

/* ---- records --------------------------------------------------------------------------------- */

/* True when a whole record stands at `at`: magic, a size that fits, and its copy at the end. */
static bool is_record(FsaBytes *chunk, size_t at, size_t end) {
  if (at > end || end - at < RECORD_LEAST || fsa_u32(chunk, at) != RECORD_MAGIC) return false;
  size_t size = fsa_u32(chunk, at + 4);
  return size >= RECORD_LEAST && size <= end - at && fsa_u32(chunk, at + size - 4) == size;
}

/* The next whole record behind a damaged place; `end` when there is none. */
static size_t find_record(FsaBytes *chunk, size_t at, size_t end) {
  for (; at < end; at += 4)
    if (is_record(chunk, at, end)) return at;
  return end;
}

/* Takes the record at e->at, of which `size` bytes are there. */
static void take_record(FsaEvtx *e, size_t size, bool is_whole) {
  FsaEvtxRecord *r = &e->record;
  *r = (FsaEvtxRecord){.record_id = fsa_u64(&e->chunk, e->at + 8),
                       .time = INT64_MIN,
                       .offset = e->chunk_at + e->at,
                       .size = (uint32_t)size,
                       .is_recovered = !e->is_vouched || !is_whole};
  fsa_time_from_filetime(fsa_u64(&e->chunk, e->at + 16), &r->time);
  e->event_at = e->at + RECORD_HEADER;
  e->event_end = e->at + size - (is_whole ? 4 : 0);
  e->state = EVENT_UNREAD;
  e->damage_told = false;
  e->last_id = r->record_id;
  e->at += size;
}

/* A record that begins here but does not end well. True when its header is there to be served. */
static bool take_torn_record(FsaEvtx *e) {
  if (e->end - e->at < RECORD_LEAST || fsa_u32(&e->chunk, e->at) != RECORD_MAGIC) return false;
  size_t claimed = fsa_u32(&e->chunk, e->at + 4), next = find_record(&e->chunk, e->at + 4, e->end);
  size_t size = next - e->at;
  if (size < RECORD_LEAST) return false;
  if (claimed >= RECORD_LEAST && claimed < size) size = claimed;
  tell(e, FSA_E_FORMAT, e->chunk_at + e->at, "torn record: its size is %zu, %zu bytes follow",
       claimed, e->end - e->at);
  take_record(e, size, false);
  e->at = next;
  return true;
}

/* The next record of the chunk. False behind the last. */
static bool next_record(FsaEvtx *e) {
  while (e->at < e->end) {
    if (is_record(&e->chunk, e->at, e->end)) {
      take_record(e, fsa_u32(&e->chunk, e->at + 4), true);
      return true;
    }
    if (take_torn_record(e)) return true;
    size_t next = find_record(&e->chunk, e->at + 4, e->end);
    FsaBytes gap = fsa_slice(&e->chunk, e->at, next - e->at);
    if (!is_zero(gap) || next < e->end)
      tell(e, FSA_E_FORMAT, e->chunk_at + e->at, "no record where one belongs: %zu bytes skipped",
           gap.size);
    e->is_vouched = false;
    e->at = next;
  }
  return false;
}

int fsa_evtx_next(FsaEvtx *e, FsaEvtxRecord *ret_record) {
  while (!next_record(e)) {
    int rc = next_chunk(e);
    if (rc != FSA_ROW) return rc;
  }
  *ret_record = e->record;
  return FSA_ROW;
}

/* ---- the current event ----------------------------------------------------------------------- */

/* Tells once that a part of the current event is missing. */
static void tell_damage(FsaEvtx *e) {
  int damage = fsa_binxml_damage(e->binxml);
  if (e->damage_told || damage == FSA_OK) return;
  e->damage_told = true;
  tell(e, damage, e->record.offset, "record %llu: a part of its BinXML cannot be read%s",
       (unsigned long long)e->record.record_id,
       damage == FSA_E_LIMIT ? ": a ceiling was reached" : "");
}

/* Looks at the BinXML of the current record once. */
static bool read_event(FsaEvtx *e) {
  if (e->state == EVENT_UNREAD) {
    size_t at = e->event_at;
    int rc = fsa_binxml_set_event(e->binxml, e->event_at, e->event_end, &at);
    e->state = rc == FSA_OK ? EVENT_READ : EVENT_BROKEN;
    if (rc != FSA_OK)
      tell(e, rc, e->chunk_at + at, "record %llu: its BinXML cannot be read",
           (unsigned long long)e->record.record_id);
    else
      tell_damage(e);
  }
  return e->state == EVENT_READ;
}

FsaEvtxValue fsa_evtx_field(FsaEvtx *e, FsaEvtxField field) {
  if (!read_event(e)) return (FsaEvtxValue){NULL, 0, FSA_BINXML_NULL};
  return fsa_binxml_field(e->binxml, field);
}

FsaEvtxValue fsa_evtx_datum(FsaEvtx *e, const char *name) {
  if (!read_event(e)) return (FsaEvtxValue){NULL, 0, FSA_BINXML_NULL};
  FsaEvtxValue value = fsa_binxml_datum(e->binxml, name, strlen(name));
  tell_damage(e);
  return value;
}

FsaEvtxValue fsa_evtx_datum_at(FsaEvtx *e, size_t index, FsaText *ret_name) {
  if (ret_name) *ret_name = (FsaText){NULL, 0};
  if (!read_event(e)) return (FsaEvtxValue){NULL, 0, FSA_BINXML_NULL};
  FsaEvtxValue value = fsa_binxml_datum_at(e->binxml, index, ret_name);
  tell_damage(e);
  return value;
}

int fsa_evtx_json(FsaEvtx *e, bool with_system, FsaBuffer *buffer) {
  if (!read_event(e)) return FSA_E_FORMAT;
  int rc = fsa_binxml_json(e->binxml, with_system, buffer);
  tell_damage(e);
  if (rc == FSA_E_LIMIT)
    tell(e, rc, e->record.offset,
         "record %llu has no JSON: longer than %u bytes, or its chunk gives more than %u",
         (unsigned long long)e->record.record_id, FSA_MAX_EVENT_JSON, FSA_MAX_CHUNK_JSON);
  return rc;
}
