/*
 * fsa_event_log: every record of every event log file (.evtx).
 *
 * Records are turned down by number and time from their own header, and by event id, provider,
 * channel and the like from the values of their template, before any text is made. Column names are
 * those of osquery's windows_eventlog where the fact is the same.
 */
#include "formats/evtx.h"
#include "fsa.h"

/* Rejected records between two looks at the deadline. */
#define CHECK_EVERY 1024u

enum {
  RECORD_ID,
  TIME,
  DATETIME,
  CHANNEL,
  PROVIDER_NAME,
  EVENTID,
  LEVEL,
  COMPUTER_NAME,
  USER_SID,
  DATA,
  PROVIDER_GUID,
  VERSION,
  TASK,
  OPCODE,
  KEYWORDS,
  PID,
  TID,
  ACTIVITY_ID,
  RELATED_ACTIVITY_ID,
  QUALIFIERS,
  IS_RECOVERED,
  EVENT,
  COLUMN_COUNT,
};

static const FsaColumn columns[] = {
    [RECORD_ID] = {"record_id", FSA_INTEGER, FSA_KEY,
                   "Number of the record in its log, from the record's header: numbers of one log "
                   "rise without a gap. Never NULL."},
    [TIME] = {"time", FSA_TIME, FSA_KEY,
              "When the record was written to this file, Unix seconds; in a log of forwarded "
              "events later than datetime. NULL when the record holds no true time."},
    [DATETIME] = {"datetime", FSA_TEXT, 0,
                  "When the event happened as its source says (TimeCreated), ISO 8601 in UTC with "
                  "100 ns; NULL when the event cannot be read."},
    [CHANNEL] = {"channel", FSA_TEXT, FSA_KEY,
                 "The channel the event was written to, such as Security; NULL when the event "
                 "cannot be read."},
    [PROVIDER_NAME] = {"provider_name", FSA_TEXT, FSA_KEY,
                       "The provider that made the event; NULL when the event cannot be read."},
    [EVENTID] = {"eventid", FSA_INTEGER, FSA_KEY,
                 "The event id, which means something only together with the provider; NULL when "
                 "the event cannot be read."},
    [LEVEL] = {"level", FSA_INTEGER, FSA_KEY,
               "0 always, 1 critical, 2 error, 3 warning, 4 information, 5 verbose; NULL when the "
               "event has none."},
    [COMPUTER_NAME] = {"computer_name", FSA_TEXT, FSA_KEY,
                       "The computer that wrote the event, as it was called then; NULL when the "
                       "event cannot be read."},
    [USER_SID] = {"user_sid", FSA_TEXT, FSA_KEY,
                  "SID of the user whose thread wrote the event; NULL when the event has none."},
    [DATA] = {"data", FSA_JSON, FSA_COSTLY,
              "What the event says, {\"EventData\": {...}} or {\"UserData\": {...}}: named data "
              "under their names, unnamed ones as the array Data. NULL when the event has none."},
    [PROVIDER_GUID] = {"provider_guid", FSA_TEXT, 0,
                       "GUID of the provider; NULL for providers that are not registered by one."},
    [VERSION] = {"version", FSA_INTEGER, 0,
                 "Version of the event's definition; NULL when the event has none."},
    [TASK] = {"task", FSA_INTEGER, 0,
              "Task of the provider, in Security the audit subcategory; NULL when it has none."},
    [OPCODE] = {"opcode", FSA_INTEGER, 0,
                "Operation within the task, 1 start, 2 stop; NULL when the event has none."},
    [KEYWORDS] = {"keywords", FSA_HEX, 0,
                  "Mask of keywords; in Security 0x20.. is audit success, 0x10.. audit failure "
                  "(bits 53 and 52). NULL when the event has none."},
    [PID] = {"pid", FSA_INTEGER, FSA_KEY,
             "Process that wrote the event, which need not be the one it is about; NULL when the "
             "event has none."},
    [TID] = {"tid", FSA_INTEGER, 0, "Thread that wrote the event; NULL when the event has none."},
    [ACTIVITY_ID] = {"activity_id", FSA_TEXT, 0,
                     "GUID that ties the events of one activity together; NULL when it has none."},
    [RELATED_ACTIVITY_ID] = {"related_activity_id", FSA_TEXT, 0,
                             "GUID of the activity that led to this one; NULL when it has none."},
    [QUALIFIERS] = {"qualifiers", FSA_INTEGER, FSA_HIDDEN,
                    "Upper half of a classic event's message id; NULL for other events."},
    [IS_RECOVERED] = {"is_recovered", FSA_BOOL, FSA_HIDDEN,
                      "1 when the log's own bookkeeping does not vouch for the record: a wrong "
                      "checksum, a chunk without header, a torn record. Never NULL."},
    [EVENT] = {"event", FSA_JSON, FSA_COSTLY | FSA_HIDDEN,
               "The whole event, {\"System\": {...}, \"EventData\": {...}}; NULL when it cannot be "
               "read."},
};

/* Which fact of an event fills which column. */
typedef struct Source {
  uint8_t column;
  uint8_t field; /* FsaEvtxField */
} Source;

static const Source sources[] = {
    {EVENTID, FSA_EVTX_EVENT_ID},
    {LEVEL, FSA_EVTX_LEVEL},
    {PID, FSA_EVTX_PROCESS_ID},
    {PROVIDER_NAME, FSA_EVTX_PROVIDER_NAME},
    {CHANNEL, FSA_EVTX_CHANNEL},
    {COMPUTER_NAME, FSA_EVTX_COMPUTER},
    {USER_SID, FSA_EVTX_USER_ID},
    {DATETIME, FSA_EVTX_TIME_CREATED},
    {PROVIDER_GUID, FSA_EVTX_PROVIDER_GUID},
    {VERSION, FSA_EVTX_VERSION},
    {TASK, FSA_EVTX_TASK},
    {OPCODE, FSA_EVTX_OPCODE},
    {KEYWORDS, FSA_EVTX_KEYWORDS},
    {TID, FSA_EVTX_THREAD_ID},
    {ACTIVITY_ID, FSA_EVTX_ACTIVITY_ID},
    {RELATED_ACTIVITY_ID, FSA_EVTX_RELATED_ACTIVITY_ID},
    {QUALIFIERS, FSA_EVTX_QUALIFIERS},
};

enum { SOURCE_COUNT = sizeof sources / sizeof *sources };

typedef struct State {
  FsaEvtx *log;
  FsaBuffer json;
  FsaArena scratch; /* text of rejected records */
  bool has_id_key, has_time_key;
  Source keyed[SOURCE_COUNT]; /* those with a constraint */
  size_t keyed_count;
  Source wanted[SOURCE_COUNT]; /* those the query uses */
  size_t wanted_count;
} State;

static void report(void *context, int code, uint64_t offset, const char *message) {
  fsa_problem(context, code, offset, "%s", message);
}

/* Asks once what the query wants, not for every record. */
static void plan(FsaScan *scan, State *s) {
  s->has_id_key = fsa_key(scan, RECORD_ID) != NULL;
  s->has_time_key = fsa_key(scan, TIME) != NULL;
  for (size_t i = 0; i < SOURCE_COUNT; i++) {
    bool is_key = columns[sources[i].column].flags & FSA_KEY;
    if (is_key && fsa_key(scan, sources[i].column)) s->keyed[s->keyed_count++] = sources[i];
    if (fsa_wants(scan, sources[i].column)) s->wanted[s->wanted_count++] = sources[i];
  }
}

static int open_log(FsaScan *scan, void *state) {
  State *s = state;
  FsaSource source;
  FsaText path;
  int rc = fsa_scan_open_file(scan, 0, &source, &path);
  if (rc != FSA_OK) return rc;
  rc = fsa_evtx_open(&source, report, scan, &s->log);
  if (rc == FSA_E_NOMEM) return fsa_problem(scan, rc, FSA_NO_OFFSET, "no memory to open the log");
  if (rc != FSA_OK) return rc;
  s->json = fsa_buffer(FSA_MAX_EVENT_JSON);
  plan(scan, s);
  return FSA_OK;
}

static void close_log(void *state) {
  State *s = state;
  fsa_evtx_close(s->log);
  fsa_buffer_done(&s->json);
  fsa_arena_done(&s->scratch);
}

/* True when the constraint on one column admits the current event. */
static bool admits_source(FsaScan *scan, State *s, Source source) {
  FsaEvtxValue value = fsa_evtx_field(s->log, source.field);
  if (columns[source.column].type == FSA_TEXT) {
    FsaText text = fsa_evtx_value_text(value, &s->scratch);
    bool admitted = text.data ? fsa_admits_text(scan, source.column, text.data, text.size)
                              : value.type != 0; /* no memory: SQLite decides */
    fsa_arena_clear(&s->scratch);
    return admitted;
  }
  int64_t number;
  return fsa_evtx_value_int(value, &number) && fsa_admits_int(scan, source.column, number);
}

/* The cheapest tests first: the record's header, then numbers, then text. */
static bool admits(FsaScan *scan, State *s, const FsaEvtxRecord *record) {
  if (s->has_id_key && !fsa_admits_int(scan, RECORD_ID, (int64_t)record->record_id)) return false;
  if (s->has_time_key && !fsa_admits_int(scan, TIME, record->time)) return false;
  for (size_t i = 0; i < s->keyed_count; i++)
    if (!admits_source(scan, s, s->keyed[i])) return false;
  return true;
}

static void set_source(FsaScan *scan, State *s, FsaRow *row, Source source) {
  FsaEvtxValue value = fsa_evtx_field(s->log, source.field);
  if (value.type == 0) return;
  uint64_t mask;
  int64_t number;
  FsaText text;
  switch (columns[source.column].type) {
  case FSA_TEXT:
    text = fsa_evtx_value_text(value, fsa_row_arena(scan));
    fsa_row_text(row, source.column, text.data, text.size);
    break;
  case FSA_HEX:
    if (fsa_evtx_value_u64(value, &mask)) fsa_row_hex(row, source.column, mask);
    break;
  default:
    if (fsa_evtx_value_int(value, &number)) fsa_row_int(row, source.column, number);
  }
}

/* The event, or its payload, as JSON. What cannot be read was told and stays NULL. */
static int set_json(FsaScan *scan, State *s, FsaRow *row, int column) {
  if (!fsa_wants(scan, column)) return FSA_OK;
  fsa_buffer_clear(&s->json);
  int rc = fsa_evtx_json(s->log, column == EVENT, &s->json);
  if (rc == FSA_E_NOMEM) return rc;
  if (rc != FSA_ROW) return FSA_OK;
  const char *copy = fsa_arena_copy(fsa_row_arena(scan), s->json.data, s->json.size);
  if (!copy) return FSA_E_NOMEM;
  fsa_row_text(row, column, copy, s->json.size);
  return FSA_OK;
}

static int set_row(FsaScan *scan, State *s, const FsaEvtxRecord *record, FsaRow *row) {
  fsa_row_offset(row, record->offset);
  fsa_row_int(row, RECORD_ID, (int64_t)record->record_id);
  if (record->time != INT64_MIN) fsa_row_int(row, TIME, record->time);
  fsa_row_bool(row, IS_RECOVERED, record->is_recovered);
  for (size_t i = 0; i < s->wanted_count; i++) set_source(scan, s, row, s->wanted[i]);
  int rc = set_json(scan, s, row, DATA);
  if (rc == FSA_OK) rc = set_json(scan, s, row, EVENT);
  return rc == FSA_OK ? FSA_ROW : rc;
}

static int next_record(FsaScan *scan, void *state, FsaRow *row) {
  State *s = state;
  FsaEvtxRecord record;
  int rc;
  for (unsigned rejected = 0; (rc = fsa_evtx_next(s->log, &record)) == FSA_ROW; rejected++) {
    if (admits(scan, s, &record)) return set_row(scan, s, &record, row);
    if (rejected % CHECK_EVERY == CHECK_EVERY - 1 && fsa_expired(scan)) return FSA_E_TIMEOUT;
  }
  return rc;
}

static const char *const where[] = {"Windows/System32/winevt/Logs/*.evtx", NULL};

const FsaTable fsa_table_event_log = {
    .name = "event_log",
    .summary = "One row for each record of each event log file.",
    .proves = "This record stands in the log. Who wrote it is not proved: any process may write in "
              "the name of many providers, and an administrator can edit a file.",
    .caveat = "Logs are rings: old records are overwritten. Cleared, stopped or edited logs leave "
              "gaps in record_id and not rows. An event still in the memory of a running log "
              "service is not in the file yet.",
    .example = "SELECT time, eventid, json_extract(nullif(data, ''), '$.EventData.TargetUserName') "
               "AS user "
               "FROM fsa_event_log WHERE channel = 'Security' AND eventid IN (4624, 4625)",
    .sources = FSA_LIVE_WINDOWS | FSA_WINDOWS_VOLUME | FSA_LOOSE_FILE,
    .subject = FSA_FILE,
    .subject_key = -1,
    .where = where,
    .probe = fsa_evtx_probe,
    .columns = columns,
    .column_count = COLUMN_COUNT,
    .state_size = sizeof(State),
    .open = open_log,
    .next = next_record,
    .close = close_log,
};
