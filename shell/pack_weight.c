/*
 * What a row of a query is worth as evidence: the `rule:` and `attribute:` lines of a header.
 *
 *   rule: ID | SQL condition | TPR | FPR | ATT&CK ids [| fixed]
 *   attribute: FAMILY | SQL condition | frequency among malicious things
 *
 * The bars that part the fields have a blank on both sides: || is SQL's.
 */
#include <string.h>

#include "base/result.h"
#include "pack.h"

#define MAX_WEIGHTS 64 /* rules of a query, and attributes */
#define MAX_PARTS 6

/* Cuts a value at its bars. The number of parts; 0 when there are too many or one is empty. */
static size_t split_bars(FsaArena *arena, const char *value, const char *parts[MAX_PARTS]) {
  size_t count = 0;
  for (;;) {
    const char *bar = strstr(value, " | ");
    size_t size = bar ? (size_t)(bar - value) : strlen(value);
    if (size == 0 || count == MAX_PARTS) return 0;
    parts[count] = fsa_arena_copy(arena, value, size);
    if (!parts[count++]) return 0;
    if (!bar) return count;
    value = bar + 3;
  }
}

int fsa_pack_add_rule(FsaArena *arena, FsaPackQuery *query, const char *value, size_t line) {
  const char *parts[MAX_PARTS];
  const size_t count = split_bars(arena, value, parts);
  FsaPackRule rule = {.line = line};
  if (count < 5 || query->rule_count == MAX_WEIGHTS) return FSA_E_FORMAT;
  if (count == 6 && strcmp(parts[5], "fixed") != 0) return FSA_E_FORMAT;
  if (!fsa_pack_read_share(parts[2], &rule.tpr) || !fsa_pack_read_share(parts[3], &rule.fpr))
    return FSA_E_FORMAT;
  rule.id = parts[0];
  rule.where = parts[1];
  rule.attack = fsa_pack_split(arena, strcmp(parts[4], "-") == 0 ? "" : parts[4]);
  rule.is_fixed = count == 6;
  if (!query->rules) query->rules = fsa_arena_zero(arena, MAX_WEIGHTS, sizeof rule);
  if (!query->rules || !rule.attack) return FSA_E_NOMEM;
  query->rules[query->rule_count++] = rule;
  return FSA_OK;
}

int fsa_pack_add_attribute(FsaArena *arena, FsaPackQuery *query, const char *value, size_t line) {
  const char *parts[MAX_PARTS];
  FsaPackAttribute attribute = {.line = line};
  if (split_bars(arena, value, parts) != 3 || query->attribute_count == MAX_WEIGHTS)
    return FSA_E_FORMAT;
  if (!fsa_pack_read_share(parts[2], &attribute.frequency)) return FSA_E_FORMAT;
  attribute.family = parts[0];
  attribute.where = parts[1];
  if (!query->attributes) query->attributes = fsa_arena_zero(arena, MAX_WEIGHTS, sizeof attribute);
  if (!query->attributes) return FSA_E_NOMEM;
  query->attributes[query->attribute_count++] = attribute;
  return FSA_OK;
}
