/* Reading a context: {"constraints": [{"name", "list": [{"op", "expr"}]}], "colsUsed": [...]}. */
#include "osquery/question.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Operators as osquery and SQLite number them; others are not for us. */
enum {
  OP_EQUAL = 2,
  OP_GREATER = 4,
  OP_LESS_EQUAL = 8,
  OP_LESS = 16,
  OP_GREATER_EQUAL = 32,
  OP_MATCH = 64,
  OP_LIKE = 65,
  OP_GLOB = 66,
  OP_REGEXP = 67,
  OP_IS = 72,
};

/* Reals below this are exact integers. */
#define EXACT 0x1p53

/* What is read into while the context is walked. */
typedef struct Reader {
  FsaQuestion *question;
  FsaArena *arena;
  FsaError *error;
} Reader;

static int fail(Reader *reader, int code, const char *format, const char *what) {
  *reader->error = (FsaError){.code = code};
  snprintf(reader->error->message, sizeof reader->error->message, format, what);
  return code;
}

static int no_memory(Reader *reader) {
  return fail(reader, FSA_E_NOMEM, "%s", "out of memory while the question was read");
}

/* ---- values ---- */

/* The number that a text is to SQLite; false when it is none, or one that we might compare
 * otherwise. */
static bool number_of(FsaText text, FsaNumber *ret_number) {
  char digits[64], *end;
  if (text.size == 0 || text.size >= sizeof digits) return false;
  if (strspn(text.data, "0123456789+-.eE \t\n\r") < text.size) return false;
  memcpy(digits, text.data, text.size);
  digits[text.size] = '\0';
  errno = 0;
  const int64_t integer = strtoll(digits, &end, 10);
  end += strspn(end, " \t\n\r");
  *ret_number = (FsaNumber){.integer = integer};
  if (*end == '\0' && end != digits && errno == 0) return true;
  const double real = strtod(digits, &end);
  end += strspn(end, " \t\n\r");
  *ret_number = (FsaNumber){.is_real = true, .real = real};
  return *end == '\0' && end != digits && fabs(real) < EXACT;
}

static FsaText text_of(const json_t *value) {
  if (!json_is_string(value)) return (FsaText){NULL, 0};
  return (FsaText){json_string_value(value), json_string_length(value)};
}

/* True when bytes that were no text may stand behind this one. */
static bool is_mended(FsaText text) {
  for (size_t i = 0; i + 3 <= text.size; i++)
    if (memcmp(text.data + i, "\xEF\xBF\xBD", 3) == 0) return true;
  return false;
}

/* An operator, which old cores write as a string; -1 when it is neither. */
static int op_of(const json_t *constraint) {
  const json_t *op = json_object_get(constraint, "op");
  if (json_is_string(op)) return (int)strtol(json_string_value(op), NULL, 10);
  return json_is_number(op) ? (int)json_number_value(op) : -1;
}

/*
 * One value of `=` as a key has it. False when the column's other conditions must do: beside a
 * number SQLite compares text as one ('05' = 5), a text that is no number never equals one, ''
 * stands for NULL, and U+FFFD for what was no text.
 */
static bool make_value(Reader *reader, FsaText text, FsaKeyOrder order, FsaKeyValue *ret_value) {
  FsaNumber number;
  const bool is_number = number_of(text, &number);
  if (text.size == 0 || is_number == (order == FSA_BY_TEXT) || is_mended(text)) return false;
  *ret_value =
      (FsaKeyValue){.text = {fsa_arena_copy(reader->arena, text.data, text.size), text.size},
                    .integer = is_number ? fsa_key_integer(number) : INT64_MIN};
  return ret_value->text.data != NULL;
}

/* ---- conditions on a key column ---- */

/* All `=` of a column together: AND and IN look the same here, and their union is right for both.
 */
static int add_equals(Reader *reader, FsaKey *key, const json_t *list, FsaKeyOrder order) {
  size_t index, count = 0;
  json_t *item;
  FsaKeyValue *values = fsa_arena_zero(reader->arena, json_array_size(list), sizeof *values);
  if (!values) return no_memory(reader);
  json_array_foreach(list, index, item) {
    if (op_of(item) != OP_EQUAL) continue;
    if (!make_value(reader, text_of(json_object_get(item, "expr")), order, &values[count++]))
      return FSA_OK;
  }
  if (count > 0 && count <= FSA_MAX_KEY_VALUES) fsa_key_equal(key, values, count, order);
  return FSA_OK;
}

static void add_bound(FsaKey *key, int op, FsaText text, FsaKeyOrder order) {
  FsaNumber number;
  if (!number_of(text, &number)) return;
  const FsaComparison comparison = op == OP_LESS         ? FSA_LESS
                                   : op == OP_LESS_EQUAL ? FSA_LESS_EQUAL
                                   : op == OP_GREATER    ? FSA_GREATER
                                                         : FSA_GREATER_EQUAL;
  fsa_key_bound(key, comparison, number, order);
}

static int add_condition(Reader *reader, FsaKey *key, int op, FsaText text, FsaKeyOrder order) {
  switch (op) {
  case OP_GREATER:
  case OP_GREATER_EQUAL:
  case OP_LESS:
  case OP_LESS_EQUAL: add_bound(key, op, text, order); return FSA_OK;
  case OP_LIKE:
  case OP_GLOB:
    if (order != FSA_BY_TEXT || !text.data || is_mended(text)) return FSA_OK;
    return fsa_key_pattern(key, reader->arena, text, op == OP_LIKE ? "%_" : "*?[") == FSA_OK
               ? FSA_OK
               : no_memory(reader);
  default: return FSA_OK;
  }
}

static int add_key(Reader *reader, const LayoutColumn *column, const json_t *list) {
  FsaQuestion *question = reader->question;
  const FsaTable *table = question->table;
  const bool is_source = column->part == LAYOUT_SOURCE;
  FsaKey *key = &question->keys[is_source ? table->column_count : column->column];
  const FsaKeyOrder order = layout_key_order(table, column);
  size_t index;
  json_t *item;
  int result = add_equals(reader, key, list, order);
  question->seeks |= key->value_count && (is_source || column->column == table->subject_key);
  json_array_foreach(list, index, item) {
    if (result != FSA_OK) return result;
    result = add_condition(reader, key, op_of(item), text_of(json_object_get(item, "expr")), order);
  }
  question->has_keys |= !fsa_key_is_open(key);
  question->has_arguments |= column->argument;
  return result;
}

/* ---- evidence ---- */

/* A join may say the same `=` twice. */
static bool is_named_already(const FsaQuestion *question, const char *name) {
  for (size_t i = 0; i < question->evidence_count; i++)
    if (strcmp(question->evidence[i], name) == 0) return true;
  return false;
}

/*
 * Evidence is what a scan is made of: a comparison that does not name it would filter the live
 * host's rows, to an empty answer.
 */
static int add_evidence(Reader *reader, const json_t *list) {
  FsaQuestion *question = reader->question;
  size_t index;
  json_t *item;
  question->evidence =
      fsa_arena_zero(reader->arena, json_array_size(list), sizeof *question->evidence);
  if (!question->evidence) return no_memory(reader);
  json_array_foreach(list, index, item) {
    const int op = op_of(item);
    const FsaText name = text_of(json_object_get(item, "expr"));
    if (op >= OP_GREATER && op <= OP_REGEXP)
      return fail(reader, FSA_E_USAGE,
                  "the evidence of fsa_%s must be named: evidence = 'PATH' or evidence IN (...); "
                  "leave it out for the live host",
                  question->table->name);
    if ((op != OP_EQUAL && op != OP_IS) || name.size == 0) continue;
    if (strlen(name.data) != name.size)
      return fail(reader, FSA_E_USAGE, "evidence has no name with a NUL in it (fsa_%s)",
                  question->table->name);
    if (question->evidence_count == FSA_MAX_ASKED_EVIDENCE)
      return fail(reader, FSA_E_LIMIT, "fsa_%s is asked of too much evidence at once",
                  question->table->name);
    if (is_named_already(question, name.data)) continue;
    const char *copy = fsa_arena_copy(reader->arena, name.data, name.size);
    if (!copy) return no_memory(reader);
    question->evidence[question->evidence_count++] = copy;
  }
  return FSA_OK;
}

/* ---- the context ---- */

/* True when `name` is the column's name in SQL. */
static bool is_named(const LayoutColumn *column, FsaText name) {
  const size_t size = strlen(column->name);
  if (column->part != LAYOUT_NS)
    return name.size == size && memcmp(name.data, column->name, size) == 0;
  return name.size == size + 3 && memcmp(name.data, column->name, size) == 0 &&
         memcmp(name.data + size, "_ns", 3) == 0;
}

/* The SQL column of that name; -1 when there is none. */
static int find_column(const FsaTable *table, FsaText name, LayoutColumn *ret_column) {
  const int count = layout_count(table);
  for (int i = 0; name.data && i < count; i++) {
    *ret_column = layout_column(table, i);
    if (is_named(ret_column, name)) return i;
  }
  return -1;
}

static int read_constraints(Reader *reader, const json_t *constraints) {
  size_t index;
  json_t *entry;
  json_array_foreach(constraints, index, entry) {
    const json_t *list = json_object_get(entry, "list"); /* "" from old cores: none */
    LayoutColumn column;
    if (json_array_size(list) == 0) continue;
    if (find_column(reader->question->table, text_of(json_object_get(entry, "name")), &column) < 0)
      continue;
    int result = FSA_OK;
    if (column.part == LAYOUT_ARGUMENT)
      result = add_evidence(reader, list);
    else if (column.key)
      result = add_key(reader, &column, list);
    if (result != FSA_OK) return result;
  }
  return FSA_OK;
}

static void use_column(FsaQuestion *question, int index) {
  const LayoutColumn column = layout_column(question->table, index);
  question->sent[index] = true;
  if (column.column >= 0) fsa_columns_add(&question->wanted, column.column);
}

/* The columns that the statement uses; old cores do not say it: then all of them. */
static void read_columns(FsaQuestion *question, const json_t *used) {
  const int count = layout_count(question->table);
  size_t index;
  json_t *name;
  LayoutColumn column;
  for (int i = 0; !json_is_array(used) && i < count; i++) use_column(question, i);
  json_array_foreach(used, index, name) {
    const int found = find_column(question->table, text_of(name), &column);
    if (found >= 0) use_column(question, found);
  }
}

static int read_context(Reader *reader, const json_t *context) {
  read_columns(reader->question, json_object_get(context, "colsUsed"));
  return read_constraints(reader, json_object_get(context, "constraints"));
}

/* A question that asks everything. */
static int begin(Reader *reader, const FsaTable *table) {
  const size_t keys = (size_t)table->column_count + 1;
  FsaQuestion *question = reader->question;
  *question = (FsaQuestion){.table = table};
  question->sent =
      fsa_arena_zero(reader->arena, (size_t)layout_count(table), sizeof *question->sent);
  question->keys = fsa_arena_alloc(reader->arena, keys * sizeof *question->keys);
  if (!question->sent || !question->keys) return no_memory(reader);
  for (size_t i = 0; i < keys; i++) question->keys[i] = fsa_key_open();
  return FSA_OK;
}

int fsa_question_read(const FsaTable *table, FsaText text, FsaArena *arena,
                      FsaQuestion *ret_question, FsaError *ret_error) {
  Reader reader = {.question = ret_question, .arena = arena, .error = ret_error};
  int result = begin(&reader, table);
  if (result != FSA_OK) return result;
  if (text.size == 0) return read_context(&reader, NULL);
  json_error_t where;
  /* a path may be no text, and osquery hands on what a statement compares with */
  if (!fsa_text_is_valid(text.data, text.size)) text = fsa_text_clean(arena, text.data, text.size);
  if (!text.data) return no_memory(&reader);
  /* colsUsedBitset needs 64 bits, which Jansson's integers have not; it is not read */
  json_t *context =
      json_loadb(text.data, text.size, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &where);
  if (!json_is_object(context)) {
    json_decref(context);
    return fail(&reader, FSA_E_FORMAT, "the context of the query is no JSON object (%s)",
                context ? "another value" : where.text);
  }
  result = read_context(&reader, context);
  json_decref(context);
  return result;
}
