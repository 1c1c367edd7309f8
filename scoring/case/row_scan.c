/* Reading what a score needs of a row. See row_scan.h. */
#include "case/row_scan.h"

#include <string.h>

#define OLDEST_TIME 946684800 /* 2000-01-01: earlier ones are durations or nonsense */
#define CLOCK_SKEW 86400      /* seconds that a host's clock may be ahead */

static bool same(FsaText a, FsaText b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static size_t plan_column(FsaRowPlan *plan, FsaText name) {
  for (size_t i = 0; i < plan->count; i++)
    if (same(plan->names[i], name)) return i;
  plan->names[plan->count] = name;
  plan->seeds[plan->count] = fsa_hash_seed(&plan->keys, name);
  return plan->count++;
}

FsaRowPlan fsa_row_plan(const FsaQueryMeta *meta, const char *const *wanted, size_t count,
                        FsaSipKey secret) {
  FsaRowPlan plan = {.keys = fsa_hash_keys(secret), .columns = fsa_buffer(FSA_MAX_ROW_BYTES)};
  for (size_t i = 0; meta && i < meta->key_count; i++)
    plan.key_at[plan.key_count++] = plan_column(&plan, meta->key[i]);
  for (size_t i = 0; meta && i < meta->join_count; i++)
    plan.join_at[plan.join_count++] = plan_column(&plan, meta->join[i]);
  for (size_t i = 0; i < count && i < FSA_MAX_WANTED; i++)
    plan.wanted_at[plan.wanted_count++] =
        plan_column(&plan, (FsaText){wanted[i], strlen(wanted[i])});
  return plan;
}

void fsa_row_plan_done(FsaRowPlan *plan) {
  fsa_buffer_done(&plan->columns);
}

/* ---- columns ----------------------------------------------------------------------------------
 */

bool fsa_is_first_seen_column(FsaText name) {
  static const char *const others[] = {"modified_time", "boot_time", "uptime", "change_time"};
  if (name.size < 4 || memcmp(name.data + name.size - 4, "time", 4) != 0) return false;
  if (name.size > 4 && memcmp(name.data, "last", 4) == 0) return false;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (same(name, (FsaText){others[i], strlen(others[i])})) return false;
  return true;
}

/* Takes the text up to the next tab off the front of `list`. False at its end. */
static bool next_field(FsaText *list, FsaText *ret_field) {
  if (!list->data) return false;
  const char *tab = memchr(list->data, '\t', list->size);
  size_t size = tab ? (size_t)(tab - list->data) : list->size;
  *ret_field = (FsaText){list->data, size};
  *list = tab ? (FsaText){tab + 1, list->size - size - 1} : (FsaText){NULL, 0};
  return true;
}

/* Columns of one query are the same from row to row, nearly always. */
static bool take_columns(FsaRowPlan *plan, FsaText columns) {
  FsaText known = {plan->columns.data, plan->columns.size}, name;
  if (known.size && same(known, columns)) return true;
  fsa_buffer_clear(&plan->columns);
  fsa_buffer_put(&plan->columns, columns.data, columns.size);
  plan->field_count = 0;
  while (next_field(&columns, &name)) {
    if (plan->field_count == FSA_MAX_ROW_COLUMNS) return false;
    size_t at = plan->field_count++;
    plan->planned[at] = 0;
    plan->is_time[at] = fsa_is_first_seen_column(name);
    for (size_t i = 0; i < plan->count; i++)
      if (same(plan->names[i], name)) plan->planned[at] = (uint8_t)(i + 1);
  }
  return !plan->columns.error;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void take_time(FsaScannedRow *row, FsaText value, int64_t line_time) {
  int64_t time;
  if (!fsa_json_integer((FsaJsonText){value.data, value.size, true}, &time)) return;
  if (time < OLDEST_TIME || time > line_time + CLOCK_SKEW) return;
  if (!row->first_seen || time < row->first_seen) row->first_seen = time;
}

bool fsa_row_scan(FsaRowPlan *plan, const FsaAnswerLine *line, FsaScannedRow *ret_row) {
  FsaText values = line->values, value;
  memset(ret_row->values, 0, plan->count * sizeof *ret_row->values);
  memset(ret_row->hashes, 0, plan->count * sizeof *ret_row->hashes);
  ret_row->first_seen = 0;
  if (!take_columns(plan, line->columns)) return false;
  for (size_t at = 0; at < plan->field_count; at++) {
    if (!next_field(&values, &value)) return false;
    if (plan->is_time[at]) take_time(ret_row, value, line->time);
    size_t planned = plan->planned[at];
    if (!planned-- || ret_row->values[planned].data || !value.size) continue;
    ret_row->values[planned] = value;
    ret_row->hashes[planned] = fsa_hash_value(&plan->keys, plan->seeds[planned], value);
  }
  return true;
}

FsaText fsa_scan_text(FsaText kept, FsaArena *arena) {
  bool is_plain = !kept.size || !memchr(kept.data, '\\', kept.size);
  return is_plain ? kept : fsa_json_decode(arena, (FsaJsonText){kept.data, kept.size, false});
}
