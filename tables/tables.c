/* fsa_tables: the tables of this program, from their descriptors. */
#include "fsa.h"

enum { NAME, SUMMARY, PROVES, CAVEAT, EXAMPLE, IS_LIVE_LINUX, IS_LIVE_WINDOWS, IS_OFFLINE };

static const FsaColumn columns[] = {
    [NAME] = {"name", FSA_TEXT, FSA_KEY, "The table's name in SQL; never NULL."},
    [SUMMARY] = {"summary", FSA_TEXT, 0, "What a row of it is; never NULL."},
    [PROVES] = {"proves", FSA_TEXT, 0, "What a row proves; never NULL."},
    [CAVEAT] = {"caveat", FSA_TEXT, 0, "What a missing row does not prove; never NULL."},
    [EXAMPLE] = {"example", FSA_TEXT, 0, "A query to begin with; never NULL."},
    [IS_LIVE_LINUX] = {"is_live_linux", FSA_BOOL, 0,
                       "1 when it can be asked of a live Linux host."},
    [IS_LIVE_WINDOWS] = {"is_live_windows", FSA_BOOL, 0,
                         "1 when it can be asked of a live Windows host."},
    [IS_OFFLINE] = {"is_offline", FSA_BOOL, 0,
                    "1 when it can be asked of copied evidence: a folder or a file."},
};

typedef struct State {
  size_t index;
} State;

static int next(FsaScan *scan, void *opaque, FsaRow *row) {
  State *state = opaque;
  for (; state->index < fsa_table_count; state->index++) {
    const FsaTable *table = fsa_tables[state->index];
    char *name = fsa_arena_printf(fsa_row_arena(scan), "fsa_%s", table->name);
    if (!name) return FSA_E_NOMEM;
    if (!fsa_admits_text(scan, NAME, name, strlen(name))) continue;
    fsa_row_string(row, NAME, name);
    fsa_row_string(row, SUMMARY, table->summary);
    fsa_row_string(row, PROVES, table->proves);
    fsa_row_string(row, CAVEAT, table->caveat);
    fsa_row_string(row, EXAMPLE, table->example);
    fsa_row_bool(row, IS_LIVE_LINUX, (table->sources & FSA_LIVE_LINUX) != 0);
    fsa_row_bool(row, IS_LIVE_WINDOWS, (table->sources & FSA_LIVE_WINDOWS) != 0);
    fsa_row_bool(row, IS_OFFLINE,
                 (table->sources & (FSA_WINDOWS_VOLUME | FSA_LINUX_ROOT | FSA_LOOSE_FILE)) != 0);
    state->index++;
    return FSA_ROW;
  }
  return FSA_OK;
}

const FsaTable fsa_table_tables = {
    .name = "tables",
    .summary = "One row for each table of this program: what it shows and what it proves.",
    .proves = "This program has the table; a fleet that mixes versions can be told apart.",
    .caveat = "That a table exists does not mean that this host has its sources: ask fsa_coverage.",
    .example = "SELECT name, summary FROM fsa_tables",
    .sources = FSA_ANYWHERE,
    .subject = FSA_HOST,
    .subject_key = -1,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .state_size = sizeof(State),
    .next = next,
};
