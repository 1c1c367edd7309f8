/* What the scorer knows about each pack query. See pack_meta.h. */
#include "pack_meta.h"

#include <string.h>

#include "json.h"

FsaPackMeta fsa_pack_meta(void) {
  return (FsaPackMeta){.arena = fsa_arena(FSA_MAX_META_BYTES),
                       .queries = g_hash_table_new(g_str_hash, g_str_equal)};
}

void fsa_pack_meta_done(FsaPackMeta *meta) {
  if (meta->queries) g_hash_table_destroy(meta->queries);
  meta->queries = NULL;
  fsa_arena_done(&meta->arena);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool read_string(FsaArena *arena, FsaJson *json, const char **ret_text) {
  FsaJsonText text;
  if (fsa_json_kind(json) != FSA_JSON_STRING) return fsa_json_skip(json);
  if (!fsa_json_scalar(json, &text)) return false;
  FsaText decoded = fsa_json_decode(arena, text);
  *ret_text = decoded.data ? fsa_arena_copy(arena, decoded.data, decoded.size) : NULL;
  return *ret_text != NULL;
}

static bool read_strings(FsaArena *arena, FsaJson *json, FsaText *list, size_t *count) {
  if (fsa_json_kind(json) != FSA_JSON_ARRAY) return fsa_json_skip(json);
  *count = 0;
  fsa_json_enter(json);
  while (fsa_json_item(json)) {
    const char *text = NULL;
    if (!read_string(arena, json, &text)) return false;
    if (text && *count < FSA_MAX_KEY_COLUMNS) list[(*count)++] = (FsaText){text, strlen(text)};
  }
  return !json->why;
}

static bool read_true(FsaJson *json, bool *ret_is_true) {
  FsaJsonText text;
  if (fsa_json_kind(json) != FSA_JSON_WORD) return fsa_json_skip(json);
  if (!fsa_json_scalar(json, &text)) return false;
  *ret_is_true = fsa_json_is(text, "true");
  return true;
}

static bool read_query(FsaPackMeta *meta, FsaJson *json, const char *query_name) {
  FsaQueryMeta *query = fsa_arena_zero(&meta->arena, 1, sizeof *query);
  FsaJsonText name;
  if (!query || !fsa_json_enter(json)) return false;
  *query = (FsaQueryMeta){
      .name = query_name, .title = "", .pillar = "", .platform = "", .source = "", .family = ""};
  struct {
    const char *name, **text;
  } const texts[] = {{"title", &query->title},
                     {"pillar", &query->pillar},
                     {"platform", &query->platform},
                     {"source", &query->source},
                     {"family", &query->family}};
  while (fsa_json_member(json, &name)) {
    const char **text = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
      if (fsa_json_is(name, texts[i].name)) text = texts[i].text;
    bool read = text ? read_string(&meta->arena, json, text)
                : fsa_json_is(name, "key")
                    ? read_strings(&meta->arena, json, query->key, &query->key_count)
                : fsa_json_is(name, "whole") ? read_true(json, &query->is_whole)
                : fsa_json_is(name, "join")
                    ? read_strings(&meta->arena, json, query->join, &query->join_count)
                    : fsa_json_skip(json);
    if (!read) return false;
  }
  g_hash_table_replace(meta->queries, (gpointer)query->name, query);
  return !json->why;
}

static bool read_queries(FsaPackMeta *meta, FsaJson *json) {
  FsaJsonText name;
  if (!fsa_json_enter(json)) return false;
  while (fsa_json_member(json, &name)) {
    FsaText decoded = fsa_json_decode(&meta->arena, name);
    const char *text =
        decoded.data ? fsa_arena_copy(&meta->arena, decoded.data, decoded.size) : NULL;
    if (!text || !read_query(meta, json, text)) return false;
  }
  return !json->why;
}

int fsa_pack_meta_read(FsaPackMeta *meta, const char *text, size_t size, const char **ret_why) {
  FsaJson json = fsa_json(text, size);
  FsaJsonText name;
  bool found = false;
  if (fsa_json_enter(&json))
    while (fsa_json_member(&json, &name)) {
      bool is_queries = fsa_json_is(name, "queries");
      found |= is_queries;
      if (is_queries ? !read_queries(meta, &json) : !fsa_json_skip(&json)) break;
    }
  if (found && !json.why) return FSA_OK;
  *ret_why = json.why ? json.why : "there is no object \"queries\" in it";
  return FSA_E_FORMAT;
}

/* ---- printing ---------------------------------------------------------------------------------
 */

static void put_names(FsaBuffer *out, const char *label, const FsaText *names, size_t count) {
  fsa_buffer_printf(out, ",\"%s\":[", label);
  for (size_t i = 0; i < count; i++) {
    if (i) fsa_buffer_putc(out, ',');
    fsa_buffer_json(out, names[i].data, names[i].size);
  }
  fsa_buffer_putc(out, ']');
}

void fsa_query_meta_print(const FsaQueryMeta *query, FsaBuffer *out) {
  struct {
    const char *name, *text;
  } const texts[] = {{"{\"title\":", query->title},
                     {",\"pillar\":", query->pillar},
                     {",\"platform\":", query->platform},
                     {",\"source\":", query->source},
                     {",\"family\":", query->family}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    fsa_buffer_puts(out, texts[i].name);
    fsa_buffer_json(out, texts[i].text, strlen(texts[i].text));
  }
  put_names(out, "key", query->key, query->key_count);
  put_names(out, "join", query->join, query->join_count);
  if (query->is_whole) fsa_buffer_puts(out, ",\"whole\":true");
  fsa_buffer_putc(out, '}');
}

/* ---- names ------------------------------------------------------------------------------------
 */

const FsaQueryMeta *fsa_pack_meta_find(const FsaPackMeta *meta, FsaText name) {
  char text[128];
  if (!name.data || name.size >= sizeof text) return NULL;
  memcpy(text, name.data, name.size);
  text[name.size] = '\0';
  return g_hash_table_lookup(meta->queries, text);
}

static bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The part from `at` to the next character that no query name has. */
static FsaText part_at(FsaText text, size_t at) {
  size_t to = at;
  while (to < text.size && is_name_character(text.data[to])) to++;
  return (FsaText){text.data + at, to - at};
}

FsaText fsa_query_name(const FsaPackMeta *meta, FsaText scheduled) {
  static const char prefix[] = "fsa_";
  FsaText found = {NULL, 0};
  for (size_t at = 0; at < scheduled.size; at++) {
    bool starts =
        at == 0 || scheduled.data[at - 1] == '_' || !is_name_character(scheduled.data[at - 1]);
    if (!starts || !is_name_character(scheduled.data[at])) continue;
    FsaText part = part_at(scheduled, at);
    if (fsa_pack_meta_find(meta, part)) return part;
    if (part.size > sizeof prefix - 1 && memcmp(part.data, prefix, sizeof prefix - 1) == 0)
      found = part;
  }
  return found;
}
