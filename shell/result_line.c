/* Writing osquery's lines. */
#include "result_line.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/result.h"

#define MAX_LINE (64u << 20) /* bytes of a status line or of what surrounds rows */
#define CALENDAR_TIME 64

/* ---- the parts that all lines have ------------------------------------------------------- */

/* asctime()'s form, as osquery prints it: "Mon May  2 22:27:32 2016 UTC". */
static void print_calendar(char out[CALENDAR_TIME], int64_t seconds) {
  static const char days[] = "ThuFriSatSunMonTueWed"; /* from 1970-01-01 on */
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char iso[FSA_TIME_TEXT]; /* "2016-05-02T22:27:32Z" */
  fsa_time_print(iso, seconds * FSA_NS_PER_SECOND, 0);
  const int month = (iso[5] - '0') * 10 + iso[6] - '0', day = (int)(seconds / 86400 % 7);
  snprintf(out, CALENDAR_TIME, "%.3s %.3s %c%c %.8s %.4s UTC", days + 3 * day,
           months + 3 * (month - 1), iso[8] == '0' ? ' ' : iso[8], iso[9], iso + 11, iso);
}

static void put_member(FsaBuffer *out, const char *name, const char *value) {
  fsa_buffer_printf(out, "\"%s\":", name);
  fsa_buffer_json(out, value, strlen(value));
}

static void put_decorations(FsaBuffer *out, const FsaHost *host) {
  const struct {
    const char *name, *value;
  } all[] = {{"host_uuid", host->uuid}, {"hostname", host->hostname}, {"evidence", host->evidence}};
  bool is_first = true;
  fsa_buffer_puts(out, ",\"decorations\":{");
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (!all[i].value) continue;
    if (!is_first) fsa_buffer_putc(out, ',');
    is_first = false;
    put_member(out, all[i].name, all[i].value);
  }
  fsa_buffer_putc(out, '}');
}

static void put_when(FsaBuffer *out, const FsaLineHost *host, int64_t time) {
  char calendar[CALENDAR_TIME];
  print_calendar(calendar, time);
  put_member(out, "hostIdentifier", host->identifier);
  fsa_buffer_putc(out, ',');
  put_member(out, "calendarTime", calendar);
  fsa_buffer_printf(out, ",\"unixTime\":%lld", (long long)time);
}

/* What follows the rows: `"action":"snapshot","name":...,"decorations":{...}}`. */
static void make_tail(FsaSnapshot *snapshot) {
  FsaBuffer *out = &snapshot->tail;
  put_member(out, "action", "snapshot");
  fsa_buffer_putc(out, ',');
  put_member(out, "name", snapshot->name);
  fsa_buffer_putc(out, ',');
  put_when(out, snapshot->host, snapshot->time);
  fsa_buffer_puts(out, ",\"epoch\":0,\"counter\":0,\"numerics\":false");
  put_decorations(out, snapshot->host->host);
  fsa_buffer_puts(out, "}\n");
}

void fsa_status_write(FsaWriter *writer, const FsaLineHost *host, FsaSeverity severity,
                      const char *file, const char *message) {
  FsaBuffer out = fsa_buffer(MAX_LINE);
  fsa_buffer_putc(&out, '{');
  put_when(&out, host, fsa_time_seconds(fsa_clock_now()));
  fsa_buffer_printf(&out, ",\"severity\":%d,", (int)severity);
  put_member(&out, "filename", file);
  fsa_buffer_puts(&out, ",\"line\":0,");
  put_member(&out, "message", message);
  fsa_buffer_putc(&out, ',');
  put_member(&out, "version", FSA_VERSION);
  put_decorations(&out, host->host);
  fsa_buffer_puts(&out, "}\n");
  if (!out.error) fsa_writer_put(writer, out.data, out.size);
  fsa_buffer_done(&out);
}

/* ---- rows -------------------------------------------------------------------------------- */

static void put_hex(FsaBuffer *out, const unsigned char *data, size_t size) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < size && !out->error; i++) {
    fsa_buffer_putc(out, digits[data[i] >> 4]);
    fsa_buffer_putc(out, digits[data[i] & 15]);
  }
}

/* All values are strings, NULL an empty one: that is osquery's form. */
static void put_value(FsaBuffer *out, const FsaCell *cell) {
  if (cell->kind == FSA_CELL_TEXT || cell->kind == FSA_CELL_JSON) {
    fsa_buffer_json(out, cell->data, cell->size);
    return;
  }
  fsa_buffer_putc(out, '"');
  if (cell->kind == FSA_CELL_INT) fsa_buffer_i64(out, cell->integer);
  if (cell->kind == FSA_CELL_REAL) fsa_buffer_put(out, cell->data, cell->size);
  if (cell->kind == FSA_CELL_BLOB) put_hex(out, (const unsigned char *)cell->data, cell->size);
  fsa_buffer_putc(out, '"');
}

static void encode_row(FsaSnapshot *snapshot, const FsaCell *cells) {
  FsaBuffer *out = &snapshot->row;
  fsa_buffer_clear(out);
  for (int i = 0; i < snapshot->column_count; i++) {
    fsa_buffer_putc(out, i ? ',' : '{');
    fsa_buffer_json(out, snapshot->names[i], strlen(snapshot->names[i]));
    fsa_buffer_putc(out, ':');
    put_value(out, &cells[i]);
  }
  fsa_buffer_putc(out, '}');
}

/* One row as a line of its own. */
static void write_event(FsaSnapshot *snapshot, const char *row, size_t size) {
  fsa_writer_puts(snapshot->writer, "{\"columns\":");
  fsa_writer_put(snapshot->writer, row, size);
  fsa_writer_putc(snapshot->writer, ',');
  fsa_writer_put(snapshot->writer, snapshot->tail.data, snapshot->tail.size);
}

/* The line has become too long: what was gathered goes out row by row, and so will the rest. */
static void split(FsaSnapshot *snapshot) {
  const uint64_t count = snapshot->row_count - snapshot->lost;
  for (uint64_t i = 0; i < count; i++) {
    size_t end = i + 1 < count ? snapshot->starts[i + 1] - 1 : snapshot->rows.size;
    write_event(snapshot, snapshot->rows.data + snapshot->starts[i], end - snapshot->starts[i]);
  }
  fsa_buffer_done(&snapshot->rows);
  snapshot->is_split = true;
}

/* Gathers the row for the snapshot line. */
static int keep_row(FsaSnapshot *snapshot) {
  const uint64_t kept = snapshot->row_count - snapshot->lost;
  if (kept == snapshot->room) {
    size_t room = snapshot->room ? snapshot->room * 2 : 256;
    size_t *starts = fsa_arena_grow(&snapshot->arena, snapshot->starts,
                                    snapshot->room * sizeof *starts, room * sizeof *starts);
    if (!starts) return FSA_E_NOMEM;
    snapshot->starts = starts;
    snapshot->room = room;
  }
  if (kept) fsa_buffer_putc(&snapshot->rows, ',');
  snapshot->starts[kept] = snapshot->rows.size;
  fsa_buffer_put(&snapshot->rows, snapshot->row.data, snapshot->row.size);
  snapshot->row_count++;
  return snapshot->rows.error;
}

void fsa_snapshot_begin(FsaSnapshot *snapshot, FsaWriter *writer, const FsaLineHost *host,
                        const char *name, int64_t time, size_t max_bytes, int column_count,
                        const char *const *names) {
  *snapshot = (FsaSnapshot){.writer = writer,
                            .host = host,
                            .name = name,
                            .time = time,
                            .max_bytes = max_bytes,
                            .column_count = column_count,
                            .names = names,
                            .rows = fsa_buffer(max_bytes + 1),
                            .row = fsa_buffer(FSA_MAX_RESULT_ROW),
                            .tail = fsa_buffer(MAX_LINE),
                            .arena = fsa_arena(0)};
  make_tail(snapshot);
}

int fsa_snapshot_row(FsaSnapshot *snapshot, const FsaCell *cells) {
  const size_t around = snapshot->tail.size + strlen("{\"snapshot\":[],");
  encode_row(snapshot, cells);
  if (snapshot->row.error == FSA_E_NOMEM || snapshot->tail.error) return FSA_E_NOMEM;
  if (snapshot->row.error || snapshot->row.size + around > snapshot->max_bytes) {
    snapshot->row_count++;
    snapshot->lost++;
    return FSA_OK;
  }
  if (!snapshot->is_split &&
      snapshot->rows.size + 1 + snapshot->row.size + around > snapshot->max_bytes)
    split(snapshot);
  if (!snapshot->is_split) return keep_row(snapshot);
  write_event(snapshot, snapshot->row.data, snapshot->row.size);
  snapshot->row_count++;
  return FSA_OK;
}

void fsa_snapshot_write(FsaSnapshot *snapshot) {
  if (snapshot->is_split) return; /* the rows are out */
  fsa_writer_puts(snapshot->writer, "{\"snapshot\":[");
  fsa_writer_put(snapshot->writer, snapshot->rows.data, snapshot->rows.size);
  fsa_writer_puts(snapshot->writer, "],");
  fsa_writer_put(snapshot->writer, snapshot->tail.data, snapshot->tail.size);
}

void fsa_snapshot_done(FsaSnapshot *snapshot) {
  fsa_buffer_done(&snapshot->rows);
  fsa_buffer_done(&snapshot->row);
  fsa_buffer_done(&snapshot->tail);
  fsa_arena_done(&snapshot->arena);
}
