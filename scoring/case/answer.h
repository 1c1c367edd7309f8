/*
 * The state of one query's answer on one host, built from lines in any order.
 *
 * A snapshot (or a differential set with counter 0, or of a new epoch) resets: rows older than its
 * time are gone. Each row keeps the time of its last change; a change older than that, or than the
 * reset, changes nothing. So lines may come twice, late and from several servers' files, and the
 * state is the same: only (host, query, unixTime, row hash) decide.
 */
#ifndef FSA_SCORING_ANSWER_H
#define FSA_SCORING_ANSWER_H

#include <glib.h>

#include "log/log_row.h"

#define FSA_MAX_ANSWER_BYTES (512u << 20) /* text of one answer's rows */

typedef struct FsaAnswerRow {
  FsaLogRow row;
  int64_t time;         /* Unix seconds of the last change */
  bool is_present;      /* false: it was removed then, and an older line may still come */
  uint32_t copies;      /* how often the line had it that showed it then: a snapshot can twice */
  uint32_t entry, seen; /* the entry that had it last, and how often so far */
} FsaAnswerRow;

typedef struct FsaAnswer {
  FsaArena arena;
  FsaText columns;    /* of the row that was added last */
  GHashTable *rows;   /* hash -> FsaAnswerRow, in the arena */
  int64_t reset_time; /* Unix seconds of the newest reset; 0 = none seen */
  int64_t last_time;  /* of the newest line */
  int64_t epoch;      /* of the newest line */
  int64_t line_bytes; /* of the longest line that the state came from */
  uint32_t entry;     /* number of the one that is applied */
} FsaAnswer;

/* An answer without rows. NULL never: GLib ends the program when memory runs out. */
FsaAnswer *fsa_answer_new(void);
void fsa_answer_free(FsaAnswer *answer);

/* Drops what is older than `time`; a reset older than the newest one does nothing. */
void fsa_answer_reset(FsaAnswer *answer, int64_t time);

/* Begins an entry. A row that comes twice in one is two; in two entries it is the same, for lines
 * come twice. */
void fsa_answer_begin(FsaAnswer *answer);

/* Applies a row's change. True when it changed the state. FSA_E_NOMEM goes to *ret_result. */
bool fsa_answer_change(FsaAnswer *answer, const FsaLogRow *row, int64_t time, bool is_present,
                       int *ret_result);

/*
 * The rows as text, as a case keeps them, one a line: their values with tabs between them. A line
 * that begins with FSA_COLUMNS_MARK holds the columns of the rows behind it, one that begins with
 * FSA_STATE_MARK their time, a tab, and '+' or '-' (removed then). No value can hold either mark.
 */
#define FSA_COLUMNS_MARK '\x1e'
#define FSA_STATE_MARK '\x1d'

typedef struct FsaAnswerLine {
  int64_t time; /* Unix seconds */
  bool is_present;
  FsaText columns, values; /* log_row.h */
} FsaAnswerLine;

typedef struct FsaAnswerWriter {
  FsaBuffer text;
  size_t columns_at, columns_size; /* in `text`, of the last row */
  int64_t time;
  bool is_present, has_rows;
} FsaAnswerWriter;

/* A writer of text up to FSA_MAX_ANSWER_BYTES; to be given back with fsa_buffer_done(&text). */
FsaAnswerWriter fsa_answer_writer(void);

/* Empties for the next answer. */
void fsa_answer_writer_clear(FsaAnswerWriter *writer);

/* Appends one row and what must stand before it; gives the number of lines. */
size_t fsa_answer_write(FsaAnswerWriter *writer, const FsaAnswerLine *line);

/* Appends only what must stand before the row; gives the number of lines. */
size_t fsa_answer_write_marks(FsaAnswerWriter *writer, const FsaAnswerLine *line);

/* Writes all rows, in an order that only their contents decide: equal states are equal bytes. */
void fsa_answer_print(const FsaAnswer *answer, FsaAnswerWriter *writer);

/*
 * Takes the next row off the front of such text. `line` must be {0} before the first one and is
 * where the marks are kept. False at the end, and where the text is damaged: some is left then.
 */
bool fsa_answer_next(FsaText *text, FsaAnswerLine *line);

/* Reads such text into an empty answer; keys are made anew. FSA_OK, FSA_E_FORMAT or FSA_E_NOMEM. */
int fsa_answer_parse(FsaAnswer *answer, FsaText text, const FsaQueryMeta *meta,
                     FsaRowReader *reader);

#endif
