/* Finding the rows that several hosts give. See row_learner.h. */
#include "ingest/row_learner.h"

#include <string.h>

#define FIRST_ROWS 16   /* of an answer that begins a dictionary */
#define GROWTH 8        /* a dictionary grows by at least such a part of it */
#define YIELD 32        /* an answer is worth reading for such a part of its rows */
#define MOST_PASSED 256 /* answers that are passed over between two that are read */

/* What is being learned of one query. */
typedef struct Lesson {
  const FsaQueryMeta *meta;
  GHashTable *known;      /* artefacts of rows in the dictionary and in `rows` */
  FsaBuffer rows;         /* of the dictionary's next part */
  unsigned read;          /* answers that were worth reading */
  unsigned pass, passing; /* answers to pass over; and after the next one that is not worth it */
  bool is_full;
} Lesson;

struct FsaRowLearner {
  FsaCase *store;
  const FsaPackMeta *meta;
  FsaRowIndexes *indexes;
  FsaRowReader *reader;
  GHashTable *lessons; /* number of the query -> Lesson */
  FsaBuffer text;
};

static void free_lesson(gpointer data) {
  Lesson *lesson = data;
  g_hash_table_destroy(lesson->known);
  fsa_buffer_done(&lesson->rows);
  g_free(lesson);
}

FsaRowLearner *fsa_row_learner_new(FsaCase *store, const FsaPackMeta *meta) {
  FsaRowLearner *learner = g_new0(FsaRowLearner, 1);
  learner->store = store;
  learner->meta = meta;
  learner->indexes = fsa_row_indexes_new();
  learner->reader = fsa_row_reader_new(fsa_case_hash_key(store));
  learner->lessons = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_lesson);
  learner->text = fsa_buffer(FSA_MAX_ANSWER_BYTES);
  return learner;
}

void fsa_row_learner_free(FsaRowLearner *learner) {
  if (!learner) return;
  g_hash_table_destroy(learner->lessons);
  fsa_row_indexes_free(learner->indexes);
  fsa_row_reader_free(learner->reader);
  fsa_buffer_done(&learner->text);
  g_free(learner);
}

FsaRowIndexes *fsa_row_learner_indexes(FsaRowLearner *learner) {
  return learner->indexes;
}

static Lesson *lesson_of(FsaRowLearner *learner, int64_t query, const FsaQueryMeta *meta) {
  gint64 key = query;
  Lesson *lesson = g_hash_table_lookup(learner->lessons, &key);
  if (lesson) return lesson;
  lesson = g_new0(Lesson, 1);
  lesson->meta = meta;
  lesson->known = g_hash_table_new(g_direct_hash, g_direct_equal);
  lesson->rows = fsa_buffer(FSA_MAX_DICTIONARY_BYTES);
  g_hash_table_insert(learner->lessons, g_memdup2(&key, sizeof key), lesson);
  return lesson;
}

/* ---- dictionaries into indexes ----------------------------------------------------------------
 */

/* Makes the index of a query's dictionary, for those who read rows. */
static int publish(FsaRowLearner *learner, int64_t query, Lesson *lesson) {
  FsaRowDictionary *dictionary =
      fsa_row_dictionaries_find(fsa_case_dictionaries(learner->store), query);
  if (!dictionary || query > UINT32_MAX) return FSA_OK;
  FsaRowIndex *older = fsa_row_indexes_take(learner->indexes, lesson->meta);
  FsaRowIndex *index =
      fsa_row_index_new(dictionary, lesson->meta, (uint32_t)query, older, learner->reader);
  uint32_t first = older ? older->dictionary->count : 0;
  fsa_row_index_unref(older);
  if (!index) return FSA_E_FORMAT;
  for (uint32_t row = first; row < dictionary->count; row++) {
    FsaKnownRow *known = &index->known[row];
    if (fsa_case_find_artefact(learner->store, query, known->key_hash, &known->artefact))
      g_hash_table_add(lesson->known, GUINT_TO_POINTER(known->artefact));
  }
  fsa_row_indexes_put(learner->indexes, lesson->meta, index);
  return FSA_OK;
}

int fsa_row_learner_load(FsaRowLearner *learner) {
  GHashTableIter iterator;
  gpointer value;
  int result = FSA_OK;
  g_hash_table_iter_init(&iterator, learner->meta->queries);
  while (result == FSA_OK && g_hash_table_iter_next(&iterator, NULL, &value)) {
    const FsaQueryMeta *meta = value;
    int64_t query;
    if (!meta->key_count) continue;
    result = fsa_case_query(learner->store, (FsaText){meta->name, strlen(meta->name)}, &query);
    if (result == FSA_OK) result = publish(learner, query, lesson_of(learner, query, meta));
  }
  return result;
}

/* ---- learning ---------------------------------------------------------------------------------
 */

/* A row whose key is on another host too, and that is like none of the dictionary. */
static bool is_common(const Lesson *lesson, const FsaLearnedAnswer *answer, size_t row) {
  uint32_t artefact = answer->artefacts[row];
  return !answer->entry->rows[row].artefact && artefact <= answer->newest &&
         !g_hash_table_contains(lesson->known, GUINT_TO_POINTER(artefact));
}

static size_t count_common(const Lesson *lesson, const FsaLearnedAnswer *answer) {
  size_t count = 0;
  for (size_t row = 0; row < answer->entry->row_count; row++)
    count += is_common(lesson, answer, row);
  return count;
}

/* Some answers are passed over: more the more was learned, and many after one that brought little.
 */
static void pass_over(Lesson *lesson, bool was_worth) {
  if (was_worth) lesson->read++;
  lesson->passing = was_worth ? 0 : MIN(2 * lesson->passing + 1, MOST_PASSED);
  lesson->pass = MIN(lesson->passing + lesson->read / 4, MOST_PASSED);
}

static bool is_worth_reading(Lesson *lesson, const FsaLearnedAnswer *answer, bool has_dictionary) {
  size_t rows = answer->entry->row_count;
  if (lesson->is_full) return false;
  if (lesson->pass) {
    lesson->pass--;
    return false;
  }
  if (!has_dictionary) return rows >= FIRST_ROWS;
  bool is_worth = count_common(lesson, answer) > rows / YIELD;
  pass_over(lesson, is_worth);
  return is_worth;
}

static void add_row(Lesson *lesson, FsaText values, uint32_t artefact) {
  fsa_buffer_put(&lesson->rows, values.data, values.size);
  fsa_buffer_putc(&lesson->rows, '\n');
  g_hash_table_add(lesson->known, GUINT_TO_POINTER(artefact));
}

/* Adds rows of the answer: all of them to a new dictionary, else those that are common. */
static int take_rows(FsaRowLearner *learner, Lesson *lesson, const FsaLearnedAnswer *answer,
                     const FsaRowDictionary *dictionary) {
  FsaBytes packed = fsa_bytes(answer->entry->packed.data, answer->entry->packed.size);
  fsa_buffer_clear(&learner->text);
  int result = fsa_case_unpack(learner->store, packed, &learner->text);
  FsaText text = {learner->text.data, learner->text.size}, columns = {NULL, 0};
  if (dictionary) columns = dictionary->columns;
  FsaAnswerLine line = {0};
  for (size_t row = 0; result == FSA_OK && row < answer->entry->row_count; row++) {
    if (!fsa_answer_next(&text, &line)) return FSA_E_FORMAT;
    if (!columns.data) {
      columns = line.columns;
      fsa_buffer_put(&lesson->rows, columns.data, columns.size);
      fsa_buffer_putc(&lesson->rows, '\n');
    }
    bool fits = columns.size && columns.size == line.columns.size &&
                memcmp(columns.data, line.columns.data, columns.size) == 0;
    if (fits && (!dictionary || is_common(lesson, answer, row)))
      add_row(lesson, line.values, answer->artefacts[row]);
  }
  return result;
}

/* A dictionary that cannot grow is full. Where none can be made yet, another answer may do. */
static int grow(FsaRowLearner *learner, int64_t query, Lesson *lesson, bool has_dictionary) {
  int result = lesson->rows.error;
  if (result == FSA_OK)
    result =
        fsa_case_add_rows(learner->store, query, (FsaText){lesson->rows.data, lesson->rows.size});
  fsa_buffer_clear(&lesson->rows);
  if (result == FSA_OK) return publish(learner, query, lesson);
  lesson->is_full = has_dictionary;
  pass_over(lesson, false);
  return result == FSA_E_LIMIT ? FSA_OK : result;
}

int fsa_row_learner_learn(FsaRowLearner *learner, const FsaLearnedAnswer *answer) {
  const FsaPieceEntry *entry = answer->entry;
  if (!entry->meta || !entry->meta->key_count) return FSA_OK;
  Lesson *lesson = lesson_of(learner, answer->query, entry->meta);
  const FsaRowDictionary *dictionary =
      fsa_row_dictionaries_find(fsa_case_dictionaries(learner->store), answer->query);
  if (!is_worth_reading(lesson, answer, dictionary != NULL)) return FSA_OK;
  int result = take_rows(learner, lesson, answer, dictionary);
  if (result != FSA_OK) return result;
  bool is_due =
      !dictionary || lesson->rows.error || lesson->rows.size > dictionary->text.size / GROWTH;
  return is_due ? grow(learner, answer->query, lesson, dictionary != NULL) : FSA_OK;
}
