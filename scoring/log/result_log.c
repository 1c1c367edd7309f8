/* The lines that osquery and its fleet managers write. See result_log.h for the dialects. */
#include "log/result_log.h"

#include <string.h>

/* What a line's object holds, before it is known what kind of line it is. */
typedef struct Line {
  FsaLogEntry entry;
  FsaText action;
  FsaJson snapshot, columns, diff, wrapped; /* readers before the value; data NULL = not there */
  bool has_time, has_severity, is_report, is_clipped;
  FsaText old_hostname; /* top level `hostname`: the identifier of old lines, else a decoration */
} Line;

typedef struct Reader {
  FsaArena *arena;
  const FsaLogSink *sink;
  const char *start; /* of the line, for offsets */
} Reader;

static int read_value(Reader *reader, FsaJson *json, unsigned wrappers);

static int reject(Reader *reader, const char *why, const FsaJson *json, size_t at, size_t lost) {
  size_t before = (size_t)(json->data - reader->start);
  return reader->sink->reject(reader->sink->context, why, before + at, lost);
}

/* ---- members of a line ------------------------------------------------------------------------
 */

static bool read_text(Reader *reader, FsaJson *json, FsaText *ret_text) {
  FsaJsonText text;
  FsaJsonKind kind = fsa_json_kind(json);
  if (kind == FSA_JSON_OBJECT || kind == FSA_JSON_ARRAY) return fsa_json_skip(json);
  if (!fsa_json_scalar(json, &text)) return false;
  if (kind == FSA_JSON_WORD) return true;
  FsaText decoded = fsa_json_decode(reader->arena, text);
  if (decoded.size) *ret_text = decoded;
  return true;
}

/* Integers stand as numbers since osquery 5.10 and as strings before. */
static bool read_integer(FsaJson *json, int64_t *ret_value, bool *ret_is_set) {
  FsaJsonText text;
  FsaJsonKind kind = fsa_json_kind(json);
  if (kind == FSA_JSON_OBJECT || kind == FSA_JSON_ARRAY) return fsa_json_skip(json);
  if (!fsa_json_scalar(json, &text)) return false;
  if (fsa_json_integer(text, ret_value) && ret_is_set) *ret_is_set = true;
  return true;
}

/* Keeps a reader before the value and passes it; what is kept is read strictly later. */
static bool keep_value(FsaJson *json, FsaJsonKind wanted, FsaJson *ret_value) {
  bool fits = fsa_json_kind(json) == wanted;
  FsaJson value = fsa_json(json->data + json->at, json->size - json->at);
  size_t start = json->at;
  bool is_nested = wanted == FSA_JSON_OBJECT || wanted == FSA_JSON_ARRAY;
  if (!(fits && is_nested ? fsa_json_pass : fsa_json_skip)(json)) return false;
  value.size = json->at - start;
  if (fits) *ret_value = value;
  return true;
}

static bool is_hostname(FsaJsonText name) {
  return fsa_json_is(name, "hostname") || fsa_json_is(name, "computer_name") ||
         fsa_json_is(name, "host_name");
}

static bool read_decorations(Reader *reader, FsaJson *json, Line *line) {
  if (fsa_json_kind(json) != FSA_JSON_OBJECT) return fsa_json_skip(json);
  FsaJsonText name;
  fsa_json_enter(json);
  while (fsa_json_member(json, &name)) {
    bool read = is_hostname(name) && !line->entry.hostname.data
                    ? read_text(reader, json, &line->entry.hostname)
                    : fsa_json_skip(json);
    if (!read) return false;
  }
  return !json->why;
}

static bool is_wrapper(FsaJsonText name) {
  return fsa_json_is(name, "data") || fsa_json_is(name, "details") || fsa_json_is(name, "event") ||
         fsa_json_is(name, "value") || fsa_json_is(name, "records");
}

/* What Fleet keeps of a report: rows without their time, and up to a ceiling for all hosts. */
static bool read_clipped(FsaJson *json, Line *line) {
  FsaJsonText text;
  line->is_report = true;
  if (fsa_json_kind(json) != FSA_JSON_WORD) return fsa_json_skip(json);
  if (!fsa_json_scalar(json, &text)) return false;
  line->is_clipped = fsa_json_is(text, "true");
  return true;
}

static bool read_member(Reader *reader, FsaJson *json, FsaJsonText name, Line *line) {
  FsaLogEntry *entry = &line->entry;
  if (fsa_json_is(name, "snapshot")) return keep_value(json, FSA_JSON_ARRAY, &line->snapshot);
  if (fsa_json_is(name, "columns")) return keep_value(json, FSA_JSON_OBJECT, &line->columns);
  if (fsa_json_is(name, "diffResults")) return keep_value(json, FSA_JSON_OBJECT, &line->diff);
  if (fsa_json_is(name, "decorations")) return read_decorations(reader, json, line);
  if (fsa_json_is(name, "name")) return read_text(reader, json, &entry->name);
  if (fsa_json_is(name, "action")) return read_text(reader, json, &line->action);
  if (fsa_json_is(name, "hostIdentifier")) return read_text(reader, json, &entry->host);
  if (fsa_json_is(name, "unixTime")) return read_integer(json, &entry->time, &line->has_time);
  if (fsa_json_is(name, "epoch")) return read_integer(json, &entry->epoch, NULL);
  if (fsa_json_is(name, "counter")) return read_integer(json, &entry->counter, NULL);
  if (fsa_json_is(name, "severity"))
    return read_integer(json, &entry->severity, &line->has_severity);
  if (fsa_json_is(name, "message")) return read_text(reader, json, &entry->message);
  if (is_hostname(name)) return read_text(reader, json, &line->old_hostname);
  if (fsa_json_is(name, "report_clipped")) return read_clipped(json, line);
  if (is_wrapper(name)) {
    FsaJsonKind kind = fsa_json_kind(json);
    return keep_value(json, kind == FSA_JSON_BAD ? FSA_JSON_OBJECT : kind, &line->wrapped);
  }
  return fsa_json_skip(json);
}

/* ---- what kind of line it is ------------------------------------------------------------------
 */

static int give(Reader *reader, Line *line, FsaLogForm form, FsaJson rows) {
  line->entry.form = form;
  line->entry.rows = rows;
  line->entry.rows_at = rows.data ? (size_t)(rows.data - reader->start) : 0;
  return reader->sink->entry(reader->sink->context, &line->entry);
}

static int give_diff(Reader *reader, Line *line) {
  FsaJson json = line->diff, added = {0}, removed = {0};
  FsaJsonText name;
  fsa_json_enter(&json);
  while (fsa_json_member(&json, &name)) {
    FsaJson *rows = fsa_json_is(name, "added")     ? &added
                    : fsa_json_is(name, "removed") ? &removed
                                                   : NULL;
    if (rows ? !keep_value(&json, FSA_JSON_ARRAY, rows) : !fsa_json_skip(&json)) break;
  }
  if (!added.data && !removed.data)
    return reject(reader, "diffResults without added or removed rows", &line->diff, 0,
                  line->entry.size);
  int result = removed.data ? give(reader, line, FSA_LOG_REMOVED, removed) : FSA_OK;
  return result == FSA_OK && added.data ? give(reader, line, FSA_LOG_ADDED, added) : result;
}

static bool text_is(FsaText text, const char *word) {
  return text.data && text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static int give_columns(Reader *reader, Line *line) {
  if (text_is(line->action, "added")) return give(reader, line, FSA_LOG_ADDED, line->columns);
  if (text_is(line->action, "removed")) return give(reader, line, FSA_LOG_REMOVED, line->columns);
  if (text_is(line->action, "snapshot"))
    return give(reader, line, FSA_LOG_SNAPSHOT_ROW, line->columns);
  return reject(reader, "columns without the action added, removed or snapshot", &line->columns, 0,
                line->entry.size);
}

/* Why the line cannot be used; NULL when it can. */
static const char *line_fault(const Line *line, bool has_rows) {
  if (line->is_clipped)
    return "a stored report of Fleet that was clipped: rows of hosts are missing";
  if (line->is_report) return "a stored report of Fleet: read the log destination instead";
  if (!has_rows && !line->has_severity)
    return "neither snapshot, columns, diffResults, severity nor a known wrapper";
  if (!line->entry.host.data) return "no hostIdentifier";
  if (!line->has_time || line->entry.time <= 0) return "no unixTime";
  if (!has_rows) return line->entry.message.data ? NULL : "a status without a message";
  return line->entry.name.data ? NULL : "no query name";
}

static int give_line(Reader *reader, Line *line, const FsaJson *json, size_t start) {
  bool has_rows = line->snapshot.data || line->columns.data || line->diff.data;
  if (!line->entry.host.data)
    line->entry.host = line->old_hostname;
  else if (!line->entry.hostname.data)
    line->entry.hostname = line->old_hostname;
  const char *fault = line_fault(line, has_rows);
  if (fault) return reject(reader, fault, json, start, line->entry.size);
  if (line->snapshot.data) return give(reader, line, FSA_LOG_SNAPSHOT, line->snapshot);
  if (line->columns.data) return give_columns(reader, line);
  if (line->diff.data) return give_diff(reader, line);
  return give(reader, line, FSA_LOG_STATUS, fsa_json(NULL, 0));
}

/* ---- wrappers ---------------------------------------------------------------------------------
 */

/* A line inside a string: offsets are then those of the string's beginning. */
static int read_string_value(Reader *reader, FsaJson *json, unsigned wrappers) {
  FsaJsonText text;
  size_t start = json->at;
  if (!fsa_json_scalar(json, &text)) return FSA_OK;
  FsaText inner = fsa_json_decode(reader->arena, text);
  if (!inner.data && text.size) return FSA_E_NOMEM;
  FsaJson line = fsa_json(inner.data, inner.size);
  if (fsa_json_kind(&line) != FSA_JSON_OBJECT)
    return reject(reader, "a text where a result line should be", json, start, json->at - start);
  Reader nested = {reader->arena, reader->sink, inner.data};
  int result = read_value(&nested, &line, wrappers + 1);
  if (result != FSA_OK || !line.why) return result;
  return reject(reader, line.why, json, start, json->at - start);
}

static int read_array(Reader *reader, FsaJson *json, unsigned wrappers) {
  fsa_json_enter(json);
  while (fsa_json_item(json)) {
    int result = read_value(reader, json, wrappers + 1);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

static int read_object(Reader *reader, FsaJson *json, unsigned wrappers) {
  size_t start = json->at;
  Line line = {.entry = {.counter = -1}};
  FsaJsonText name;
  fsa_json_enter(json);
  while (fsa_json_member(json, &name))
    if (!read_member(reader, json, name, &line)) break;
  if (json->why) return FSA_OK; /* the caller reports it */
  line.entry.size = json->at - start;
  bool is_line = line.snapshot.data || line.columns.data || line.diff.data;
  if (is_line || !line.wrapped.data) return give_line(reader, &line, json, start);
  int result = read_value(reader, &line.wrapped, wrappers + 1);
  if (result != FSA_OK || !line.wrapped.why) return result;
  return reject(reader, line.wrapped.why, &line.wrapped, line.wrapped.at, line.entry.size);
}

/* One value. An error of the JSON stays in `json`, for whoever knows how much is lost by it. */
static int read_value(Reader *reader, FsaJson *json, unsigned wrappers) {
  size_t start = json->at;
  FsaJsonKind kind = fsa_json_kind(json);
  if (wrappers > FSA_MAX_LOG_WRAPPERS) {
    fsa_json_skip(json);
    return reject(reader, "wrapped too deeply", json, start, json->at - start);
  }
  if (kind == FSA_JSON_OBJECT) return read_object(reader, json, wrappers);
  if (kind == FSA_JSON_ARRAY) return read_array(reader, json, wrappers);
  if (kind == FSA_JSON_STRING && wrappers) return read_string_value(reader, json, wrappers);
  if (!fsa_json_skip(json)) return FSA_OK;
  return reject(reader, "no object", json, start, json->at - start);
}

int fsa_result_log_read(const char *line, size_t size, FsaArena *arena, const FsaLogSink *sink) {
  Reader reader = {arena, sink, line};
  FsaJson json = fsa_json(line, size);
  while (fsa_json_kind(&json) != FSA_JSON_END) {
    size_t start = json.at;
    int result = read_value(&reader, &json, 0);
    if (result != FSA_OK) return result;
    if (json.why) return reject(&reader, json.why, &json, json.at, size - start);
  }
  return FSA_OK;
}

size_t fsa_result_log_complete(const char *data, size_t size) {
  FsaJson json = fsa_json(data, size);
  size_t complete = 0;
  while (fsa_json_kind(&json) != FSA_JSON_END && fsa_json_skip(&json)) complete = json.at;
  return complete;
}

const char *fsa_log_severity_name(int64_t severity) {
  static const char *const names[] = {"info", "warning", "error", "fatal"};
  return severity >= 0 && severity < 4 ? names[severity] : "unknown";
}
