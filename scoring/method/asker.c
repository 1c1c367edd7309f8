/* Asking the facts of a query. See asker.h. */
#include "method/asker.h"

#include <string.h>

#include "pack/condition.h"

#define MEMO_SLOTS (1u << 15) /* answers of a circle that are remembered */

/* What was answered for some values. */
typedef struct Memo {
  uint64_t hash; /* of the values; 0 = nothing yet */
  uint64_t answer;
} Memo;

/* Facts that name the same columns. */
typedef struct Circle {
  FsaConditions *conditions;
  size_t facts[FSA_MAX_CONDITIONS]; /* that its conditions are */
  size_t fact_count;
  size_t columns[FSA_MAX_CONDITION_COLUMNS]; /* places among the asker's */
  size_t column_count;
  Memo *memo;
} Circle;

struct FsaAsker {
  Circle *circles;
  size_t circle_count;
  GPtrArray *columns; /* names, of all facts */
  char *faults[FSA_MAX_CONDITIONS];
};

/* ---- making -----------------------------------------------------------------------------------
 */

static size_t column_place(FsaAsker *asker, const char *name) {
  for (guint i = 0; i < asker->columns->len; i++)
    if (strcmp(asker->columns->pdata[i], name) == 0) return i;
  g_ptr_array_add(asker->columns, g_strdup(name));
  return asker->columns->len - 1;
}

static int compare_places(const void *a, const void *b) {
  size_t left = *(const size_t *)a, right = *(const size_t *)b;
  return left < right ? -1 : left > right;
}

/* What a fact names, sorted, into a circle of its own. */
static void read_columns(FsaAsker *asker, const FsaConditions *alone, Circle *circle) {
  size_t count;
  const char *const *names = fsa_conditions_columns(alone, &count);
  circle->column_count = 0;
  for (size_t i = 0; i < count; i++)
    circle->columns[circle->column_count++] = column_place(asker, names[i]);
  if (count) qsort(circle->columns, count, sizeof *circle->columns, compare_places);
}

static void join_circle(FsaAsker *asker, const Circle *alone, size_t fact) {
  size_t at = 0, size = alone->column_count * sizeof *alone->columns;
  while (at < asker->circle_count &&
         (asker->circles[at].column_count != alone->column_count ||
          memcmp(asker->circles[at].columns, alone->columns, size) != 0))
    at++;
  if (at == asker->circle_count) {
    asker->circles[at] = *alone;
    asker->circles[at].memo = g_new0(Memo, MEMO_SLOTS);
    asker->circle_count++;
  }
  asker->circles[at].facts[asker->circles[at].fact_count++] = fact;
}

/* The conditions of a circle, compiled together, name their columns in an order of their own. */
static void compile_circle(FsaAsker *asker, Circle *circle, const FsaModelQuery *query) {
  const char *where[FSA_MAX_CONDITIONS];
  size_t count;
  for (size_t i = 0; i < circle->fact_count; i++) where[i] = query->facts[circle->facts[i]].where;
  circle->conditions = fsa_conditions_new(where, circle->fact_count);
  const char *const *names = fsa_conditions_columns(circle->conditions, &count);
  for (size_t i = 0; i < count; i++) circle->columns[i] = column_place(asker, names[i]);
}

FsaAsker *fsa_asker_new(const FsaModelQuery *query) {
  FsaAsker *asker = g_new0(FsaAsker, 1);
  asker->circles = g_new0(Circle, query->fact_count + 1);
  asker->columns = g_ptr_array_new_with_free_func(g_free);
  for (size_t i = 0; i < query->fact_count; i++) {
    FsaConditions *alone = fsa_conditions_new(&query->facts[i].where, 1);
    Circle circle = {0};
    asker->faults[i] = g_strdup(fsa_conditions_fault(alone, 0));
    if (!asker->faults[i]) read_columns(asker, alone, &circle);
    if (!asker->faults[i]) join_circle(asker, &circle, i);
    fsa_conditions_free(alone);
  }
  for (size_t i = 0; i < asker->circle_count; i++) compile_circle(asker, &asker->circles[i], query);
  return asker;
}

void fsa_asker_free(FsaAsker *asker) {
  if (!asker) return;
  for (size_t i = 0; i < asker->circle_count; i++) {
    fsa_conditions_free(asker->circles[i].conditions);
    g_free(asker->circles[i].memo);
  }
  for (size_t i = 0; i < FSA_MAX_CONDITIONS; i++) g_free(asker->faults[i]);
  g_ptr_array_free(asker->columns, TRUE);
  g_free(asker->circles);
  g_free(asker);
}

const char *fsa_asker_fault(const FsaAsker *asker, size_t fact) {
  return asker->faults[fact];
}

const char *const *fsa_asker_columns(const FsaAsker *asker, size_t *ret_count) {
  *ret_count = asker->columns->len;
  return (const char *const *)asker->columns->pdata;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static uint64_t ask_circle(Circle *circle, const FsaRowPlan *plan, const FsaScannedRow *row,
                           FsaArena *arena) {
  FsaText values[FSA_MAX_CONDITION_COLUMNS];
  uint64_t answer = 0;
  for (size_t i = 0; i < circle->column_count; i++)
    values[i] = fsa_scan_text(row->values[plan->wanted_at[circle->columns[i]]], arena);
  uint64_t holds = fsa_conditions_ask(circle->conditions, values);
  for (size_t i = 0; i < circle->fact_count; i++)
    if (holds >> i & 1) answer |= UINT64_C(1) << circle->facts[i];
  return answer;
}

uint64_t fsa_asker_ask(FsaAsker *asker, const FsaRowPlan *plan, const FsaScannedRow *row,
                       FsaArena *arena) {
  uint64_t answer = 0;
  for (size_t c = 0; c < asker->circle_count; c++) {
    Circle *circle = &asker->circles[c];
    uint64_t hash = 1;
    for (size_t i = 0; i < circle->column_count; i++)
      hash += row->hashes[plan->wanted_at[circle->columns[i]]];
    Memo *memo = &circle->memo[hash % MEMO_SLOTS];
    if (memo->hash != hash || !hash) *memo = (Memo){hash, ask_circle(circle, plan, row, arena)};
    answer |= memo->answer;
  }
  return answer;
}
