/*
 * Several subjects at once, rows in subject order.
 *
 * Workers take subjects in order and put finished batches into the subject's slot; the reader
 * empties slot after slot. A worker that is ahead waits when its slot holds FSA_QUEUE_BATCHES, so
 * memory is bounded; the slot that is read always has a worker, so nobody waits for ever. Batches
 * grow from one row, so that the first row is there at once.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

static void batch_free(Batch *batch) {
  if (!batch) return;
  FsaArena arena = batch->arena; /* the batch lies in its own arena */
  fsa_arena_done(&arena);
}

static Batch *batch_new(const FsaCursor *cursor, size_t rows) {
  FsaArena arena = fsa_arena(cursor->engine->memory);
  Batch *batch = fsa_arena_zero(&arena, 1, sizeof *batch);
  FsaRow **list = batch ? fsa_arena_zero(&arena, rows, sizeof *list) : NULL;
  if (!list) {
    fsa_arena_done(&arena);
    return NULL;
  }
  batch->rows = list;
  batch->arena = arena;
  return batch;
}

static FsaRow *row_new(FsaArena *arena, int column_count) {
  FsaRow *row = fsa_arena_alloc(arena, sizeof *row + (size_t)column_count * sizeof(FsaValue));
  if (row) row->values = (FsaValue *)(row + 1);
  return row;
}

static void default_source(const FsaScan *scan, FsaRow *row, FsaArena *arena) {
  if (row->source.data) return;
  char number[32];
  row->source = scan_source(scan, number);
  if (row->source.data == number)
    row->source.data = fsa_arena_copy(arena, number, row->source.size);
}

/* Fills one batch with up to `rows` rows. *ret_over: the subject has no more. */
static Batch *fill_batch(FsaScan *scan, size_t rows, bool *ret_over) {
  FsaCursor *cursor = scan->cursor;
  Batch *batch = batch_new(cursor, rows);
  if (!batch) return NULL;
  scan->row_arena = &batch->arena;
  while (batch->count < rows && batch->arena.used < FSA_BATCH_BYTES) {
    FsaRow *row = row_new(&batch->arena, cursor->table->column_count);
    if (!row) {
      fsa_problem(scan, FSA_E_NOMEM, FSA_NO_OFFSET, "memory ran out; rows so far are good");
      *ret_over = true;
      break;
    }
    if (scan_next(scan, row) != FSA_ROW) {
      *ret_over = true;
      break;
    }
    default_source(scan, row, &batch->arena);
    batch->rows[batch->count++] = row;
  }
  return batch;
}

/* Puts a batch into its slot, waiting while the reader is far behind. False when the scan was
 * cancelled. */
static bool hand_over(FsaCursor *cursor, Slot *slot, Batch *batch) {
  pthread_mutex_lock(&cursor->lock);
  while (slot->waiting >= FSA_QUEUE_BATCHES && !atomic_load(&cursor->cancelled))
    pthread_cond_wait(&cursor->changed, &cursor->lock);
  bool cancelled = atomic_load(&cursor->cancelled);
  if (!cancelled) {
    if (!slot->end) slot->end = &slot->first;
    *slot->end = batch;
    slot->end = &batch->next;
    slot->waiting++;
    pthread_cond_broadcast(&cursor->changed);
  }
  pthread_mutex_unlock(&cursor->lock);
  if (cancelled) batch_free(batch);
  return !cancelled;
}

static void run_subject(FsaCursor *cursor, size_t index) {
  Slot *slot = &cursor->slots[index];
  bool over = scan_start(&slot->scan, cursor, &cursor->subjects[index]) != FSA_OK;
  if (over) fsa_problem(&slot->scan, FSA_E_NOMEM, FSA_NO_OFFSET, "memory ran out");
  for (size_t rows = 1; !over && !atomic_load(&cursor->cancelled);) {
    Batch *batch = fill_batch(&slot->scan, rows, &over);
    if (!batch) {
      fsa_problem(&slot->scan, FSA_E_NOMEM, FSA_NO_OFFSET, "memory ran out; rows so far are good");
      break;
    }
    if (batch->count == 0)
      batch_free(batch);
    else if (!hand_over(cursor, slot, batch))
      break;
    rows = rows * 4 > FSA_BATCH_ROWS ? FSA_BATCH_ROWS : rows * 4;
  }
  scan_finish(&slot->scan);
}

/* The next subject for a worker; false when there is none. Not further ahead of the reader than the
 * window. */
static bool take_subject(FsaCursor *cursor, size_t *ret_index) {
  const size_t window = (size_t)cursor->jobs * 4;
  pthread_mutex_lock(&cursor->lock);
  while (cursor->next_subject < cursor->subject_count &&
         cursor->next_subject >= cursor->reader + window && !atomic_load(&cursor->cancelled))
    pthread_cond_wait(&cursor->changed, &cursor->lock);
  bool taken = cursor->next_subject < cursor->subject_count && !atomic_load(&cursor->cancelled);
  if (taken && cursor_is_late(cursor)) {
    cursor->is_late = true;
    taken = false;
    pthread_cond_broadcast(&cursor->changed);
  }
  if (taken) *ret_index = cursor->next_subject++;
  pthread_mutex_unlock(&cursor->lock);
  return taken;
}

static void *work(void *argument) {
  FsaCursor *cursor = argument;
  size_t index;
  while (take_subject(cursor, &index)) {
    run_subject(cursor, index);
    pthread_mutex_lock(&cursor->lock);
    cursor->slots[index].done = true;
    pthread_cond_broadcast(&cursor->changed);
    pthread_mutex_unlock(&cursor->lock);
  }
  return NULL;
}

int workers_start(FsaCursor *cursor) {
  cursor->slots = calloc(cursor->subject_count, sizeof *cursor->slots);
  if (!cursor->slots) return FSA_E_NOMEM;
  unsigned wanted = cursor->jobs;
  if (wanted > cursor->subject_count) wanted = (unsigned)cursor->subject_count;
  for (; cursor->thread_count < wanted; cursor->thread_count++)
    if (pthread_create(&cursor->threads[cursor->thread_count], NULL, work, cursor) != 0) break;
  if (cursor->thread_count == 0) { /* no threads to be had: the reader's own will do */
    free(cursor->slots);
    cursor->slots = NULL;
    cursor->jobs = 1;
  }
  return FSA_OK;
}

/* Waits for the slot's next batch; NULL when its subject is over, or will not be begun. */
static Batch *wait_batch(FsaCursor *cursor, Slot *slot) {
  pthread_mutex_lock(&cursor->lock);
  while (!slot->first && !slot->done && !cursor->is_late)
    pthread_cond_wait(&cursor->changed, &cursor->lock);
  Batch *batch = slot->first;
  if (batch) {
    slot->first = batch->next;
    if (!slot->first) slot->end = &slot->first;
    slot->waiting--;
    pthread_cond_broadcast(&cursor->changed);
  }
  pthread_mutex_unlock(&cursor->lock);
  return batch;
}

/* The reader leaves a subject: its problems become known, in subject order, and its memory goes. */
static void leave_slot(FsaCursor *cursor, Slot *slot) {
  scan_report(&slot->scan);
  scan_done(&slot->scan);
  pthread_mutex_lock(&cursor->lock);
  cursor->reader++;
  pthread_cond_broadcast(&cursor->changed);
  pthread_mutex_unlock(&cursor->lock);
}

int workers_next(FsaCursor *cursor, const FsaRow **ret_row) {
  for (;;) {
    if (cursor->batch && cursor->batch_row < cursor->batch->count) {
      *ret_row = cursor->batch->rows[cursor->batch_row++];
      return FSA_ROW;
    }
    batch_free(cursor->batch);
    cursor->batch = NULL;
    cursor->batch_row = 0;
    if (atomic_load(&cursor->engine->interrupted)) return FSA_E_CANCELLED;
    if (cursor->reader >= cursor->subject_count) return FSA_OK;
    Slot *slot = &cursor->slots[cursor->reader];
    cursor->batch = wait_batch(cursor, slot);
    if (cursor->batch) continue;
    if (cursor_is_late(cursor)) return FSA_E_TIMEOUT;
    leave_slot(cursor, slot);
  }
}

static void slot_done(Slot *slot) {
  for (Batch *batch = slot->first, *next; batch; batch = next) {
    next = batch->next;
    batch_free(batch);
  }
  if (slot->scan.cursor) scan_done(&slot->scan);
}

void workers_stop(FsaCursor *cursor) {
  pthread_mutex_lock(&cursor->lock);
  pthread_cond_broadcast(&cursor->changed);
  pthread_mutex_unlock(&cursor->lock);
  for (unsigned i = 0; i < cursor->thread_count; i++) pthread_join(cursor->threads[i], NULL);
  batch_free(cursor->batch);
  if (cursor->reader < cursor->subject_count && cursor->slots[cursor->reader].scan.cursor)
    scan_report(&cursor->slots[cursor->reader].scan);
  for (size_t i = 0; i < cursor->subject_count; i++) slot_done(&cursor->slots[i]);
  free(cursor->slots);
}
