/*
 * YARA rules of queries: they travel inside the SQL, so that a host needs no file of them.
 *
 * A query names its files in the header (`yara: ../rules/memory.yar`) and says where their text
 * goes: sigrule IN (@rules@). Each file becomes one string of the list, and so one namespace: the
 * user's rules may have names that ours have too.
 */
#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "os/folder.h"
#include "pack.h"
#include "terminal.h"

#define MAX_TEXTS 1024 /* files of rules of a query */
#define NO_SUCH_FILE "/no/such/file/only/the/rules/are/compiled"

static const char rules_mark[] = FSA_PACK_RULES;

static const char *const endings[] = {".yar", ".yara", NULL};

/* Files of rules. */
typedef struct Texts {
  FsaPack *pack;
  const char *list[MAX_TEXTS]; /* as SQL strings */
  size_t count;
} Texts;

/* ---- one text ---------------------------------------------------------------------------- */

/* Moves over blanks, and over comments that begin a line. */
static const char *skip_margin(const char *at) {
  for (;;) {
    while (isspace((unsigned char)*at)) at++;
    if (strncmp(at, "/*", 2) != 0 && strncmp(at, "//", 2) != 0) return at;
    const char *end = strstr(at + 2, at[1] == '*' ? "*/" : "\n");
    if (!end) return at + strlen(at);
    at = end + (at[1] == '*' ? 2 : 1);
  }
}

/* The rules as an SQL string, without what only their reader needs: comments, margins, blank lines.
 */
static const char *quote(FsaArena *arena, const char *text) {
  FsaBuffer out = fsa_buffer(FSA_MAX_PACK_SQL);
  fsa_buffer_putc(&out, '\'');
  for (text = skip_margin(text); *text; text = skip_margin(text)) {
    const size_t size = strcspn(text, "\n");
    for (size_t i = 0; i < size; i++) {
      if (text[i] == '\'') fsa_buffer_putc(&out, '\'');
      fsa_buffer_putc(&out, text[i]);
    }
    fsa_buffer_putc(&out, '\n');
    text += size;
  }
  fsa_buffer_putc(&out, '\'');
  const char *copy = out.error ? NULL : fsa_arena_copy(arena, out.data, out.size);
  fsa_buffer_done(&out);
  return copy;
}

/* The pack remembers each file once, for fsa_pack_check_yara(). */
static int remember(FsaPack *pack, const char *path, const char *quoted) {
  for (const FsaPackRules *known = pack->yara; known; known = known->next)
    if (strcmp(known->path, path) == 0) return FSA_OK;
  FsaPackRules *rules = fsa_arena_zero(&pack->arena, 1, sizeof *rules);
  const char *copy = fsa_arena_copy(&pack->arena, path, strlen(path));
  if (!rules || !copy) return FSA_E_NOMEM;
  *rules = (FsaPackRules){copy, quoted, pack->yara};
  pack->yara = rules;
  return FSA_OK;
}

static int add_text(Texts *texts, const char *path, const char *text) {
  if (texts->count == MAX_TEXTS) return fsa_pack_refuse(path, "too many files of rules");
  const char *quoted = quote(&texts->pack->arena, text);
  if (!quoted) return FSA_E_NOMEM;
  texts->list[texts->count++] = quoted;
  return remember(texts->pack, path, quoted);
}

static int add_file(void *context, const char *path) {
  Texts *texts = context;
  const char *text;
  const int result = fsa_pack_read(&texts->pack->arena, path, &text);
  return result == FSA_OK ? add_text(texts, path, text) : result;
}

/* ---- the files that a query names -------------------------------------------------------- */

/* The path of a file of rules, from the folder of the query's file on. False when it is too long.
 */
static bool resolve(const char *query, const char *name, char *path, size_t room) {
  const size_t folder = (size_t)(fsa_last_part(query) - query);
  const int written = snprintf(path, room, "%.*s%s", (int)folder, query, name);
  return written > 0 && (size_t)written < room;
}

/* "packs/running/../rules/y.yar" is "packs/rules/y.yar": no system resolves a compiled-in path. */
static void fold(char *path) {
  for (char *up; (up = strstr(path, "/../"));) {
    char *start = up;
    while (start > path && start[-1] != '/') start--;
    memmove(start, up + 4, strlen(up + 4) + 1);
  }
}

static int add_compiled_in(Texts *texts, const char *path) {
  for (const FsaPackFile *file = fsa_pack_files; file->path; file++)
    if (strcmp(file->path, path) == 0) return add_text(texts, path, file->text);
  return fsa_pack_refuse(path, "there is no such file of rules in this program");
}

static int add_named(const FsaPackQuery *query, Texts *texts) {
  char path[FSA_MAX_PATH];
  int result = FSA_OK;
  for (const char **name = query->yara; *name && result == FSA_OK; name++) {
    if (!resolve(query->path, *name, path, sizeof path))
      return fsa_pack_refuse(query->path, "the path of its rules is too long");
    if (texts->pack->is_compiled_in) fold(path);
    result = texts->pack->is_compiled_in ? add_compiled_in(texts, path) : add_file(texts, path);
  }
  return result;
}

/* ---- into the query ---------------------------------------------------------------------- */

static void put_texts(FsaBuffer *out, const Texts *texts, bool *is_first) {
  for (size_t i = 0; i < texts->count; i++) {
    fsa_buffer_printf(out, "%s%s", *is_first ? "" : ", ", texts->list[i]);
    *is_first = false;
  }
}

static int insert(FsaPack *pack, FsaPackQuery *query, const Texts *users) {
  Texts own = {.pack = pack};
  const char *mark = strstr(query->sql, rules_mark);
  bool is_first = true;
  int result = add_named(query, &own);
  if (result != FSA_OK || !mark) return result;
  FsaBuffer out = fsa_buffer(FSA_MAX_PACK_SQL);
  fsa_buffer_put(&out, query->sql, (size_t)(mark - query->sql));
  put_texts(&out, &own, &is_first);
  put_texts(&out, users, &is_first);
  fsa_buffer_puts(&out, mark + sizeof rules_mark - 1);
  query->sql = out.error ? NULL : fsa_arena_copy(&pack->arena, out.data, out.size);
  fsa_buffer_done(&out);
  return query->sql ? FSA_OK : FSA_E_NOMEM;
}

int fsa_pack_insert_yara(FsaPack *pack, const char *const *rules, size_t count) {
  Texts users = {.pack = pack};
  int result = FSA_OK;
  for (size_t i = 0; i < count && result == FSA_OK; i++)
    result = fsa_pack_walk(rules[i], endings, add_file, &users);
  if (result == FSA_OK && count && users.count == 0)
    result = fsa_pack_refuse(rules[0], "there is no .yar or .yara file");
  for (size_t i = 0; i < pack->count && result == FSA_OK; i++)
    if (pack->queries[i].yara) result = insert(pack, &pack->queries[i], &users);
  return result;
}

/* ---- do they compile? -------------------------------------------------------------------- */

/* NULL, or why libyara does not take these rules. */
static const char *compile(sqlite3 *db, FsaArena *arena, const char *quoted) {
  FsaBuffer sql = fsa_buffer(FSA_MAX_PACK_SQL);
  sqlite3_stmt *statement = NULL;
  fsa_buffer_printf(&sql, "SELECT 1 FROM fsa_yara_files WHERE path = '%s' AND sigrule = %s",
                    NO_SUCH_FILE, quoted);
  const char *why = sql.error ? "out of memory" : NULL;
  if (!why) {
    int result = sqlite3_prepare_v2(db, fsa_buffer_text(&sql), -1, &statement, NULL);
    if (result == SQLITE_OK) result = sqlite3_step(statement);
    const char *message = sqlite3_errmsg(db);
    if (result != SQLITE_DONE) why = fsa_arena_copy(arena, message, strlen(message));
    if (result != SQLITE_DONE && !why) why = "out of memory";
  }
  sqlite3_finalize(statement);
  fsa_buffer_done(&sql);
  return why;
}

size_t fsa_pack_check_yara(FsaPack *pack, sqlite3 *db) {
  size_t faults = 0;
  for (const FsaPackRules *rules = pack->yara; rules; rules = rules->next) {
    const char *why = compile(db, &pack->arena, rules->quoted);
    if (!why) continue;
    fsa_terminal_add("%s: %s", rules->path, why);
    faults++;
  }
  return faults;
}
