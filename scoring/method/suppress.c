/* Known-good things. See suppress.h. */
#include "method/suppress.h"

#include <string.h>

#include "log/log_row.h"
#include "pack/path_class.h"
#include "text/csv.h"
#include "text/print.h"

#define SECONDS_OF_DAY 86400
#define JULIAN_1970 719163 /* GDate's day of 1970-01-01 */
#define SHA256_DIGITS 64

void fsa_suppressions_done(FsaSuppressions *suppressions) {
  if (suppressions->hashes) g_hash_table_destroy(suppressions->hashes);
  fsa_arena_done(&suppressions->arena);
}

bool fsa_day_read(const char *text, int64_t *ret_time) {
  unsigned parts[3] = {0}, part = 0;
  if (strlen(text) != 10) return false;
  for (size_t i = 0; i < 10; i++) {
    bool is_dash = i == 4 || i == 7;
    if (is_dash != (text[i] == '-') || (!is_dash && !g_ascii_isdigit(text[i]))) return false;
    if (is_dash)
      part++;
    else
      parts[part] = parts[part] * 10 + (unsigned)(text[i] - '0');
  }
  if (!g_date_valid_dmy((GDateDay)parts[2], (GDateMonth)parts[1], (GDateYear)parts[0]))
    return false;
  GDate date;
  g_date_clear(&date, 1);
  g_date_set_dmy(&date, (GDateDay)parts[2], (GDateMonth)parts[1], (GDateYear)parts[0]);
  *ret_time = ((int64_t)g_date_get_julian(&date) - JULIAN_1970) * SECONDS_OF_DAY;
  return true;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static FsaText copy_lower(FsaArena *arena, const char *text) {
  char *copy = fsa_arena_copy(arena, text, strlen(text));
  for (char *c = copy; c && *c; c++) *c = *c == '\\' ? '/' : g_ascii_tolower(*c);
  return (FsaText){copy, copy ? strlen(copy) : 0};
}

/* "QUERY KEY", the key with " | " between its columns, to the key as it is stored. */
static const char *take_key(FsaArena *arena, const char *text, FsaKnownGood *good) {
  const char *blank = strchr(text, ' ');
  if (!blank || !blank[1]) return "key= wants a query and a key";
  good->query = fsa_arena_copy(arena, text, (size_t)(blank - text));
  char **columns = g_strsplit(blank + 1, " | ", -1);
  char *key = g_strjoinv((char[]){FSA_KEY_SEPARATOR, '\0'}, columns);
  good->value = (FsaText){fsa_arena_copy(arena, key, strlen(key)), strlen(key)};
  g_free(key);
  g_strfreev(columns);
  return NULL;
}

/* What is wrong with a scope; NULL = nothing. */
static const char *take_scope(FsaArena *arena, const char *scope, FsaKnownGood *good) {
  static const char *const kinds[] = {[FSA_SCOPE_SHA256] = "sha256=",
                                      [FSA_SCOPE_PATH] = "path=",
                                      [FSA_SCOPE_SIGNER] = "signer=",
                                      [FSA_SCOPE_KEY] = "key="};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (!g_str_has_prefix(scope, kinds[i])) continue;
    const char *value = scope + strlen(kinds[i]);
    good->kind = (FsaScope)i;
    good->value = copy_lower(arena, value);
    if (!*value) return "the scope names nothing";
    if (good->kind == FSA_SCOPE_SHA256 && strlen(value) != SHA256_DIGITS)
      return "a sha256 has 64 hex digits";
    return good->kind == FSA_SCOPE_KEY ? take_key(arena, value, good) : NULL;
  }
  return "the scope is none of sha256=, path=, signer=, key=";
}

static const char *take_entry(FsaSuppressions *suppressions, const char *const *fields,
                              size_t count, int64_t now, FsaKnownGood *good) {
  int64_t date, expires;
  if (count < 5) return "scope, reason, author, date and expires are wanted";
  for (size_t i = 0; i < 5; i++)
    if (!fields[i][0]) return "no field may be empty: who hides something says why and until when";
  *good = (FsaKnownGood){.scope = fields[0],
                         .reason = fields[1],
                         .author = fields[2],
                         .date = fields[3],
                         .expires = fields[4]};
  if (!fsa_day_read(fields[3], &date) || !fsa_day_read(fields[4], &expires))
    return "dates are written as 2026-11-28";
  good->is_expired = now >= expires + SECONDS_OF_DAY;
  return take_scope(&suppressions->arena, fields[0], good);
}

static int refuse(FsaSuppressions *suppressions, const char *path, unsigned line, const char *why) {
  suppressions->message = line
                              ? fsa_arena_printf(&suppressions->arena, "%s:%u: %s", path, line, why)
                              : fsa_arena_printf(&suppressions->arena, "%s: %s", path, why);
  return FSA_E_FORMAT;
}

static int read_entries(FsaSuppressions *suppressions, const char *path, FsaText text,
                        int64_t now) {
  const char *fields[FSA_MAX_CSV_FIELDS];
  GArray *all = g_array_new(FALSE, FALSE, sizeof(FsaKnownGood));
  FsaCsv csv = fsa_csv(text);
  int result = FSA_OK;
  for (size_t count; (count = fsa_csv_next(&csv, &suppressions->arena, fields)) > 0;) {
    FsaKnownGood good;
    if (strcmp(fields[0], "scope") == 0) continue;
    const char *why = all->len == FSA_MAX_SUPPRESSIONS
                          ? "there are too many entries"
                          : take_entry(suppressions, fields, count, now, &good);
    if (why) {
      result = refuse(suppressions, path, csv.line, why);
      break;
    }
    good.line = csv.line;
    g_array_append_val(all, good);
  }
  suppressions->count = all->len;
  suppressions->all = fsa_arena_zero(&suppressions->arena, all->len + 1, sizeof(FsaKnownGood));
  if (suppressions->all && all->len)
    memcpy(suppressions->all, all->data, all->len * sizeof(FsaKnownGood));
  g_array_free(all, TRUE);
  return suppressions->all ? result : FSA_E_NOMEM;
}

static void index_hashes(FsaSuppressions *suppressions) {
  suppressions->hashes = g_hash_table_new(g_str_hash, g_str_equal);
  for (uint32_t i = 0; i < suppressions->count; i++) {
    const FsaKnownGood *good = &suppressions->all[i];
    if (good->kind == FSA_SCOPE_SHA256 && !good->is_expired)
      g_hash_table_insert(suppressions->hashes, (gpointer)good->value.data,
                          GUINT_TO_POINTER(i + 1));
  }
}

int fsa_suppressions_read(const char *path, int64_t now, FsaSuppressions *ret_suppressions) {
  *ret_suppressions = (FsaSuppressions){.arena = fsa_arena(0)};
  FsaSuppressions *suppressions = ret_suppressions;
  char *text = NULL;
  gsize size = 0;
  GError *error = NULL;
  int result = FSA_OK;
  if (path && !g_file_get_contents(path, &text, &size, &error)) {
    result = refuse(suppressions, path, 0, error->message);
    g_error_free(error);
  } else if (size > FSA_MAX_SUPPRESS_BYTES) {
    result = refuse(suppressions, path, 0, "the file is too long for a list of known-good things");
  } else if (path) {
    FsaText clean = fsa_text_clean(&suppressions->arena, text, size);
    result = read_entries(suppressions, path, clean, now);
  }
  g_free(text);
  index_hashes(suppressions);
  return result;
}

/* ---- finding ----------------------------------------------------------------------------------
 */

static bool matches_path(FsaText pattern, const FsaAnswerLine *row, FsaArena *arena) {
  static const char *const columns[] = {"path", "image", "binary_path", "module_path",
                                        "process_path"};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    FsaText value =
        fsa_path_image(fsa_row_value(row->columns, row->values, fsa_text(columns[i]), arena));
    char *path = value.size ? fsa_arena_copy(arena, value.data, value.size) : NULL;
    for (char *c = path; c && *c; c++) *c = *c == '\\' ? '/' : *c;
    if (path && fsa_text_glob(path, value.size, pattern.data, pattern.size)) return true;
  }
  return false;
}

static bool matches_signer(FsaText signer, const FsaAnswerLine *row, FsaArena *arena) {
  FsaText named = fsa_row_value(row->columns, row->values, fsa_text("signer"), arena);
  FsaText status = fsa_row_value(row->columns, row->values, fsa_text("signed_status"), arena);
  bool is_good = !status.size || fsa_text_same(status.data, status.size, "good", 4);
  return is_good && named.size && fsa_text_same(named.data, named.size, signer.data, signer.size);
}

static bool covers(const FsaKnownGood *good, const char *query, FsaText key,
                   const FsaAnswerLine *row, FsaArena *arena) {
  switch (good->kind) {
  case FSA_SCOPE_PATH: return matches_path(good->value, row, arena);
  case FSA_SCOPE_SIGNER: return matches_signer(good->value, row, arena);
  case FSA_SCOPE_KEY:
    return strcmp(good->query, query) == 0 &&
           fsa_text_same(key.data, key.size, good->value.data, good->value.size);
  default: return false; /* hashes are looked up */
  }
}

uint32_t fsa_suppressions_find(const FsaSuppressions *suppressions, const char *query, FsaText key,
                               const FsaAnswerLine *row, FsaArena *arena) {
  if (!suppressions->count) return 0;
  FsaText hash = fsa_row_value(row->columns, row->values, fsa_text("sha256"), arena);
  if (hash.size == SHA256_DIGITS) {
    char digits[SHA256_DIGITS + 1] = {0};
    for (size_t i = 0; i < SHA256_DIGITS; i++) digits[i] = g_ascii_tolower(hash.data[i]);
    uint32_t place = GPOINTER_TO_UINT(g_hash_table_lookup(suppressions->hashes, digits));
    if (place) return place;
  }
  for (uint32_t i = 0; i < suppressions->count; i++)
    if (!suppressions->all[i].is_expired && covers(&suppressions->all[i], query, key, row, arena))
      return i + 1;
  return 0;
}
