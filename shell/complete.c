/* Completion. */
#include "complete.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "fsa.h"
#include "os/folder.h"

/* A completion in the making. */
typedef struct Maker {
  FsaArena *arena;
  FsaCompletion *completion;
  const char *word; /* what was typed of it */
  size_t size;
  bool failed; /* memory ran out */
} Maker;

static bool is_word_character(char c) {
  return isalnum((unsigned char)c) || c == '_';
}

static void offer_made(Maker *maker, const char *word) {
  if (!word) maker->failed = true;
  if (maker->failed || maker->completion->count == FSA_MAX_COMPLETIONS) return;
  maker->completion->words[maker->completion->count++] = word;
}

/* Offers prefix + name when what was typed is its beginning. The parts are copied. */
static void offer(Maker *maker, const char *prefix, const char *name, const char *end) {
  char *word = fsa_arena_printf(maker->arena, "%s%s%s", prefix, name, end);
  if (word && strncasecmp(word, maker->word, maker->size) != 0) return;
  offer_made(maker, word);
}

/* ---- SQL --------------------------------------------------------------------------------- */

/* A keyword in the letter case in which it was begun. */
static void offer_keyword(Maker *maker, const char *keyword, size_t size) {
  if (maker->size == 0 || size < maker->size || strncasecmp(keyword, maker->word, maker->size) != 0)
    return;
  char *word = fsa_arena_copy(maker->arena, keyword, size);
  bool is_upper = isupper((unsigned char)maker->word[0]);
  for (size_t i = 0; word && !is_upper && i < size; i++) word[i] = (char)tolower(word[i]);
  offer_made(maker, word);
}

static void offer_keywords(Maker *maker) {
  const char *keyword;
  int size;
  for (int i = 0; i < sqlite3_keyword_count(); i++)
    if (sqlite3_keyword_name(i, &keyword, &size) == SQLITE_OK)
      offer_keyword(maker, keyword, (size_t)size);
}

static void offer_tables(Maker *maker) {
  for (size_t i = 0; i < fsa_table_count; i++) offer(maker, "fsa_", fsa_tables[i]->name, "");
}

static void offer_columns(Maker *maker, const FsaTable *table) {
  static const char *const hidden[] = {"evidence", "source", "source_offset", "partial"};
  for (int i = 0; i < table->column_count; i++) offer(maker, "", table->columns[i].name, "");
  for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) offer(maker, "", hidden[i], "");
}

/* True when the text has the name as a word of its own. */
static bool mentions(FsaText text, const char *table) {
  size_t name_size = strlen(table);
  for (size_t at = 0; at < text.size;) {
    size_t end = at;
    while (end < text.size && is_word_character(text.data[end])) end++;
    if (end - at == name_size + 4 && strncasecmp(text.data + at, "fsa_", 4) == 0 &&
        strncasecmp(text.data + at + 4, table, name_size) == 0)
      return true;
    at = end + 1;
  }
  return false;
}

/* The columns of the tables that the statement names; of all tables while it names none. */
static void offer_known_columns(Maker *maker, FsaText before, FsaText line) {
  bool has_named = false;
  for (size_t i = 0; i < fsa_table_count; i++) {
    if (!mentions(before, fsa_tables[i]->name) && !mentions(line, fsa_tables[i]->name)) continue;
    has_named = true;
    offer_columns(maker, fsa_tables[i]);
  }
  if (has_named || maker->size == 0) return;
  for (size_t i = 0; i < fsa_table_count; i++) offer_columns(maker, fsa_tables[i]);
}

/* ---- dot commands ------------------------------------------------------------------------ */

static void offer_commands(Maker *maker) {
  for (const FsaDotCommand *command = fsa_dot_commands; command->name; command++)
    offer(maker, ".", command->name, "");
}

static void offer_path(Maker *maker, const char *folder, const char *name) {
  FsaPathKind kind;
  const char *path = fsa_arena_printf(maker->arena, "%s%s", folder, name);
  if (path && strncasecmp(path, maker->word, maker->size) != 0) return;
  const bool is_folder = path && fsa_path_kind(path, &kind) == 0 && kind == FSA_PATH_FOLDER;
  offer(maker, folder, name, is_folder ? "/" : "");
}

/* The names below a path's folder; folders with a slash behind them. */
static void offer_paths(Maker *maker) {
  const char *slash = memrchr(maker->word, '/', maker->size);
  size_t folder_size = slash ? (size_t)(slash - maker->word) + 1 : 0, count;
  char *folder = fsa_arena_copy(maker->arena, maker->word, folder_size);
  const char *const *names;
  if (!folder || fsa_folder_names(*folder ? folder : ".", maker->arena, &names, &count) != 0)
    return;
  for (size_t i = 0; i < count; i++) {
    bool is_hidden = names[i][0] == '.' && maker->size == folder_size;
    if (!is_hidden) offer_path(maker, folder, names[i]);
  }
}

static bool takes(FsaText command, const char *name) {
  return command.size == strlen(name) && memcmp(command.data, name, command.size) == 0;
}

static void offer_arguments(Maker *maker, FsaText command) {
  if (takes(command, ".mode"))
    for (const FsaMode *const *mode = fsa_modes; *mode; mode++) offer(maker, "", (*mode)->name, "");
  else if (takes(command, ".schema") || takes(command, ".columns") || takes(command, ".tables"))
    offer_tables(maker);
  else if (takes(command, ".evidence") || takes(command, ".read") || takes(command, ".output"))
    offer_paths(maker);
  else if (takes(command, ".headers") || takes(command, ".timer"))
    offer(maker, "", "on", ""), offer(maker, "", "off", "");
}

static void complete_command(Maker *maker, const char *line, size_t cursor) {
  size_t name_end = 0;
  while (name_end < cursor && !isspace((unsigned char)line[name_end])) name_end++;
  size_t start = name_end;
  while (start < cursor && isspace((unsigned char)line[start])) start++;
  if (name_end == cursor) start = 0;
  maker->completion->start = start;
  maker->word = line + start;
  maker->size = cursor - start;
  if (start == 0)
    offer_commands(maker);
  else
    offer_arguments(maker, (FsaText){line, name_end});
}

/* ---- the whole --------------------------------------------------------------------------- */

static int compare_words(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_words(FsaCompletion *completion) {
  size_t kept = 0;
  qsort(completion->words, completion->count, sizeof *completion->words, compare_words);
  for (size_t i = 0; i < completion->count; i++)
    if (kept == 0 || strcasecmp(completion->words[kept - 1], completion->words[i]) != 0)
      completion->words[kept++] = completion->words[i];
  completion->count = kept;
}

static void complete_sql(Maker *maker, FsaText before, const char *line, size_t cursor) {
  size_t start = cursor;
  while (start > 0 && is_word_character(line[start - 1])) start--;
  maker->completion->start = start;
  maker->word = line + start;
  maker->size = cursor - start;
  bool is_qualified = start > 0 && line[start - 1] == '.';
  offer_known_columns(maker, before, (FsaText){line, strlen(line)});
  if (is_qualified) return;
  offer_tables(maker);
  offer_keywords(maker);
}

int fsa_complete(FsaText before, const char *line, size_t cursor, FsaArena *arena,
                 FsaCompletion *ret_completion) {
  FsaCompletion completion = {0};
  completion.words = fsa_arena_zero(arena, FSA_MAX_COMPLETIONS, sizeof *completion.words);
  if (!completion.words) return FSA_E_NOMEM;
  Maker maker = {.arena = arena, .completion = &completion};
  if (before.size == 0 && line[0] == '.')
    complete_command(&maker, line, cursor);
  else
    complete_sql(&maker, before, line, cursor);
  if (maker.failed) return FSA_E_NOMEM;
  sort_words(&completion);
  *ret_completion = completion;
  return FSA_OK;
}

size_t fsa_completion_common(const FsaCompletion *completion) {
  if (completion->count == 0) return 0;
  size_t common = strlen(completion->words[0]);
  for (size_t i = 1; i < completion->count; i++)
    while (strncasecmp(completion->words[0], completion->words[i], common) != 0) common--;
  return common;
}
