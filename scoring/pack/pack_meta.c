/* What the scorer knows about each pack query. See pack_meta.h. */
#include "pack/pack_meta.h"

#include <stddef.h>
#include <string.h>

#include "text/json.h"

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

/* A share, 0 to 1; what is none leaves the number as it is. */
static bool read_share(FsaJson *json, double *ret_share) {
  FsaJsonText text;
  char digits[32];
  if (fsa_json_kind(json) != FSA_JSON_NUMBER) return fsa_json_skip(json);
  if (!fsa_json_scalar(json, &text)) return false;
  if (text.size >= sizeof digits) return true;
  memcpy(digits, text.data, text.size);
  digits[text.size] = '\0';
  double share = g_ascii_strtod(digits, NULL);
  if (share >= 0 && share <= 1) *ret_share = share;
  return true;
}

static bool read_rule(FsaArena *arena, FsaJson *json, FsaRule *rule) {
  FsaJsonText name;
  *rule = (FsaRule){.id = "", .where = ""};
  if (!fsa_json_enter(json)) return false;
  while (fsa_json_member(json, &name)) {
    bool read = fsa_json_is(name, "id")      ? read_string(arena, json, &rule->id)
                : fsa_json_is(name, "where") ? read_string(arena, json, &rule->where)
                : fsa_json_is(name, "tpr")   ? read_share(json, &rule->tpr)
                : fsa_json_is(name, "fpr")   ? read_share(json, &rule->fpr)
                : fsa_json_is(name, "fixed") ? read_true(json, &rule->is_fixed)
                : fsa_json_is(name, "attack")
                    ? read_strings(arena, json, rule->attack, &rule->attack_count)
                    : fsa_json_skip(json);
    if (!read) return false;
  }
  return !json->why;
}

static bool read_attribute(FsaArena *arena, FsaJson *json, FsaAttribute *attribute) {
  FsaJsonText name;
  *attribute = (FsaAttribute){.family = "", .where = ""};
  if (!fsa_json_enter(json)) return false;
  while (fsa_json_member(json, &name)) {
    bool read = fsa_json_is(name, "family")      ? read_string(arena, json, &attribute->family)
                : fsa_json_is(name, "where")     ? read_string(arena, json, &attribute->where)
                : fsa_json_is(name, "frequency") ? read_share(json, &attribute->frequency)
                                                 : fsa_json_skip(json);
    if (!read) return false;
  }
  return !json->why;
}

/* Conditions beyond the ceiling are passed over: `fsa pack lint` tells of them. */
static size_t conditions_left(const FsaQueryMeta *query) {
  return FSA_MAX_CONDITIONS - query->rule_count - query->attribute_count;
}

static bool read_rules(FsaArena *arena, FsaJson *json, FsaQueryMeta *query) {
  if (fsa_json_kind(json) != FSA_JSON_ARRAY) return fsa_json_skip(json);
  query->rule_count = 0;
  size_t room = conditions_left(query);
  FsaRule *rules = fsa_arena_zero(arena, FSA_MAX_CONDITIONS, sizeof *rules), rule;
  fsa_json_enter(json);
  while (rules && fsa_json_item(json)) {
    if (!read_rule(arena, json, &rule)) return false;
    if (rule.where[0] && query->rule_count < room) rules[query->rule_count++] = rule;
  }
  query->rules = rules;
  return rules && !json->why;
}

static bool read_attributes(FsaArena *arena, FsaJson *json, FsaQueryMeta *query) {
  if (fsa_json_kind(json) != FSA_JSON_ARRAY) return fsa_json_skip(json);
  query->attribute_count = 0;
  size_t room = conditions_left(query);
  FsaAttribute *all = fsa_arena_zero(arena, FSA_MAX_CONDITIONS, sizeof *all), one;
  fsa_json_enter(json);
  while (all && fsa_json_item(json)) {
    if (!read_attribute(arena, json, &one)) return false;
    if (one.where[0] && query->attribute_count < room) all[query->attribute_count++] = one;
  }
  query->attributes = all;
  return all && !json->why;
}

/* The members that are plain texts. */
static const struct {
  const char *name;
  size_t offset;
} query_texts[] = {{"title", offsetof(FsaQueryMeta, title)},
                   {"pillar", offsetof(FsaQueryMeta, pillar)},
                   {"platform", offsetof(FsaQueryMeta, platform)},
                   {"source", offsetof(FsaQueryMeta, source)},
                   {"family", offsetof(FsaQueryMeta, family)},
                   {"next_step", offsetof(FsaQueryMeta, next_step)},
                   {"proves", offsetof(FsaQueryMeta, proves)},
                   {"does_not_prove", offsetof(FsaQueryMeta, does_not_prove)}};
#define QUERY_TEXTS (sizeof query_texts / sizeof *query_texts)

static const char **query_text(FsaQueryMeta *query, size_t at) {
  return (const char **)((char *)query + query_texts[at].offset);
}

static bool read_query_member(FsaArena *arena, FsaJson *json, FsaJsonText name,
                              FsaQueryMeta *query) {
  for (size_t i = 0; i < QUERY_TEXTS; i++)
    if (fsa_json_is(name, query_texts[i].name))
      return read_string(arena, json, query_text(query, i));
  if (fsa_json_is(name, "key")) return read_strings(arena, json, query->key, &query->key_count);
  if (fsa_json_is(name, "join")) return read_strings(arena, json, query->join, &query->join_count);
  if (fsa_json_is(name, "attack"))
    return read_strings(arena, json, query->attack, &query->attack_count);
  if (fsa_json_is(name, "awaits"))
    return read_strings(arena, json, query->awaits, &query->awaits_count);
  if (fsa_json_is(name, "whole")) return read_true(json, &query->is_whole);
  if (fsa_json_is(name, "tpr")) return read_share(json, &query->tpr);
  if (fsa_json_is(name, "fpr")) return read_share(json, &query->fpr);
  if (fsa_json_is(name, "rules")) return read_rules(arena, json, query);
  if (fsa_json_is(name, "attributes")) return read_attributes(arena, json, query);
  return fsa_json_skip(json);
}

static bool read_query(FsaPackMeta *meta, FsaJson *json, const char *query_name) {
  FsaQueryMeta *query = fsa_arena_zero(&meta->arena, 1, sizeof *query);
  FsaJsonText name;
  if (!query || !fsa_json_enter(json)) return false;
  query->name = query_name;
  for (size_t i = 0; i < QUERY_TEXTS; i++) *query_text(query, i) = "";
  while (fsa_json_member(json, &name))
    if (!read_query_member(&meta->arena, json, name, query)) return false;
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

static void put_text(FsaBuffer *out, const char *label, const char *text) {
  fsa_buffer_puts(out, label);
  fsa_buffer_json(out, text, strlen(text));
}

static void put_share(FsaBuffer *out, const char *label, double share) {
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  fsa_buffer_puts(out, label);
  fsa_buffer_puts(out, g_ascii_dtostr(digits, sizeof digits, share));
}

static void put_rules(FsaBuffer *out, const FsaQueryMeta *query) {
  fsa_buffer_puts(out, ",\"rules\":[");
  for (size_t i = 0; i < query->rule_count; i++) {
    const FsaRule *rule = &query->rules[i];
    put_text(out, i ? ",{\"id\":" : "{\"id\":", rule->id);
    put_text(out, ",\"where\":", rule->where);
    put_share(out, ",\"tpr\":", rule->tpr);
    put_share(out, ",\"fpr\":", rule->fpr);
    put_names(out, "attack", rule->attack, rule->attack_count);
    fsa_buffer_puts(out, rule->is_fixed ? ",\"fixed\":true}" : "}");
  }
  fsa_buffer_putc(out, ']');
}

static void put_attributes(FsaBuffer *out, const FsaQueryMeta *query) {
  fsa_buffer_puts(out, ",\"attributes\":[");
  for (size_t i = 0; i < query->attribute_count; i++) {
    const FsaAttribute *attribute = &query->attributes[i];
    put_text(out, i ? ",{\"family\":" : "{\"family\":", attribute->family);
    put_text(out, ",\"where\":", attribute->where);
    put_share(out, ",\"frequency\":", attribute->frequency);
    fsa_buffer_putc(out, '}');
  }
  fsa_buffer_putc(out, ']');
}

void fsa_query_meta_print(const FsaQueryMeta *query, FsaBuffer *out) {
  put_text(out, "{\"title\":", query->title);
  for (size_t i = 1; i < QUERY_TEXTS; i++) {
    fsa_buffer_printf(out, ",\"%s\":", query_texts[i].name);
    put_text(out, "", *query_text((FsaQueryMeta *)query, i));
  }
  put_names(out, "key", query->key, query->key_count);
  put_names(out, "join", query->join, query->join_count);
  put_names(out, "attack", query->attack, query->attack_count);
  if (query->awaits_count) put_names(out, "awaits", query->awaits, query->awaits_count);
  if (query->is_whole) fsa_buffer_puts(out, ",\"whole\":true");
  if (query->tpr > 0) put_share(out, ",\"tpr\":", query->tpr);
  if (query->fpr > 0) put_share(out, ",\"fpr\":", query->fpr);
  if (query->rule_count) put_rules(out, query);
  if (query->attribute_count) put_attributes(out, query);
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
