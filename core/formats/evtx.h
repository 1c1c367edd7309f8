/*
 * EVTX: the event log file of Windows Vista and later.
 *
 * Bytes in, facts out. The file is read through an FsaSource in windows of a few hundred kilobytes,
 * chunk by chunk, whatever its header says: a dirty or damaged header hides no record. What the
 * log's own bookkeeping does not vouch for is marked, and every disagreement is told to `problem`.
 * An event's facts can be asked for one by one before any text is made, so that a reader can turn
 * it down by record number, time, event id or provider for almost nothing. Sources and the JSON
 * mapping: docs/formats/evtx.md.
 *
 * Threads: one open log belongs to one thread at a time; different logs are independent.
 */
#ifndef FSA_FORMATS_EVTX_H
#define FSA_FORMATS_EVTX_H

#include "fsa.h"

typedef struct FsaEvtx FsaEvtx;

/* Told about what could not be read; `offset` is in the file. */
typedef void FsaEvtxProblem(void *context, int code, uint64_t offset, const char *message);

/* True when `head` (8 bytes are enough) is that of an event log. */
bool fsa_evtx_probe(FsaBytes head);

/*
 * Opens a log. `source` must live as long as the log. FSA_OK, FSA_E_FORMAT when it is no event log
 * (neither a file header nor a chunk where one belongs), FSA_E_NOMEM, or the source's own error.
 * `problem` may be NULL.
 */
int fsa_evtx_open(const FsaSource *source, FsaEvtxProblem *problem, void *context,
                  FsaEvtx **ret_evtx);
void fsa_evtx_close(FsaEvtx *evtx); /* accepts NULL */

typedef struct FsaEvtxRecord {
  uint64_t record_id; /* as the record's own header says */
  int64_t time;       /* written, ns since 1970 UTC; INT64_MIN = unknown */
  uint64_t offset;    /* in the file */
  uint32_t size;      /* bytes, header and trailing size included */
  bool is_recovered;  /* the log's bookkeeping does not vouch for it: damaged chunk, torn record */
} FsaEvtxRecord;

/*
 * The next record, in file order, which becomes the current one. FSA_ROW, FSA_OK behind the last,
 * FSA_E_NOMEM, or the source's error.
 */
int fsa_evtx_next(FsaEvtx *evtx, FsaEvtxRecord *ret_record);

/* A value as it stands in the log; lives until the next record. Read it with fsa_evtx_value_*(). */
typedef struct FsaEvtxValue {
  const uint8_t *data;
  uint32_t size; /* bytes */
  uint8_t type;  /* a BinXML type; 0 = there is no such value */
} FsaEvtxValue;

/* The facts of an event's System part. */
typedef enum FsaEvtxField {
  FSA_EVTX_PROVIDER_NAME,
  FSA_EVTX_PROVIDER_GUID,
  FSA_EVTX_EVENT_SOURCE_NAME,
  FSA_EVTX_EVENT_ID,
  FSA_EVTX_QUALIFIERS,
  FSA_EVTX_VERSION,
  FSA_EVTX_LEVEL,
  FSA_EVTX_TASK,
  FSA_EVTX_OPCODE,
  FSA_EVTX_KEYWORDS,
  FSA_EVTX_TIME_CREATED,
  FSA_EVTX_EVENT_RECORD_ID,
  FSA_EVTX_ACTIVITY_ID,
  FSA_EVTX_RELATED_ACTIVITY_ID,
  FSA_EVTX_PROCESS_ID,
  FSA_EVTX_THREAD_ID,
  FSA_EVTX_CHANNEL,
  FSA_EVTX_COMPUTER,
  FSA_EVTX_USER_ID,
  FSA_EVTX_FIELD_COUNT
} FsaEvtxField;

/* A fact of the current event's System part; type 0 when it has none or cannot be read. */
FsaEvtxValue fsa_evtx_field(FsaEvtx *evtx, FsaEvtxField field);

/*
 * A datum of the current event by its exact name: <Data Name='...'> of EventData, or a leaf element
 * of UserData. The first one where several have the name; type 0 when there is none.
 */
FsaEvtxValue fsa_evtx_datum(FsaEvtx *evtx, const char *name);

/*
 * The datum `index` in order, named or not; type 0 and *ret_name NULL behind the last. *ret_name
 * (may be NULL) has size 0 for one without a name, and lives until the next record.
 */
FsaEvtxValue fsa_evtx_datum_at(FsaEvtx *evtx, size_t index, FsaText *ret_name);

/*
 * The value as an integer: numbers, booleans, times (FILETIME: ns since 1970), literals of digits.
 * False when it is none.
 */
bool fsa_evtx_value_int(FsaEvtxValue value, int64_t *ret_integer);

/* The same without a sign, for masks and identifiers. */
bool fsa_evtx_value_u64(FsaEvtxValue value, uint64_t *ret_integer);

/*
 * The value as text, as in the JSON but without quotes. {NULL, 0} when there is none or memory ran
 * out.
 */
FsaText fsa_evtx_value_text(FsaEvtxValue value, FsaArena *arena);

/*
 * The current event as one JSON object, added to `buffer`: its payload ({"EventData": ...}), or the
 * whole event ({"System": ..., "EventData": ...}). FSA_ROW; FSA_OK when it has no payload;
 * FSA_E_FORMAT when it cannot be read (a problem was told), FSA_E_LIMIT, FSA_E_NOMEM.
 */
int fsa_evtx_json(FsaEvtx *evtx, bool with_system, FsaBuffer *buffer);

#endif
