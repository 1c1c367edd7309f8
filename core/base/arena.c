/* The arena: a list of blocks, each twice as large as the one before up to a fixed size. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 4096u
#define LARGEST_BLOCK (256u << 10) /* a larger request gets a block of its own */
#define ALIGNMENT 16u

struct FsaArenaBlock {
  FsaArenaBlock *next;
  size_t size; /* bytes behind this header */
  size_t used;
  size_t padding;
};

_Static_assert(sizeof(FsaArenaBlock) % ALIGNMENT == 0, "the block's memory must stay aligned");

FsaArena fsa_arena(size_t limit) {
  return (FsaArena){.head = NULL, .used = 0, .limit = limit, .held = 0};
}

static uint8_t *block_memory(FsaArenaBlock *block) {
  return (uint8_t *)(block + 1);
}

static FsaArenaBlock *block_add(FsaArena *arena, size_t least) {
  size_t size = arena->head ? arena->head->size * 2 : FIRST_BLOCK;
  if (size > LARGEST_BLOCK) size = LARGEST_BLOCK;
  if (size < least) size = least;
  FsaArenaBlock *block = malloc(sizeof *block + size);
  if (!block) return NULL;
  *block = (FsaArenaBlock){.next = arena->head, .size = size, .used = 0, .padding = 0};
  arena->head = block;
  arena->held += size;
  return block;
}

void *fsa_arena_alloc(FsaArena *arena, size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (rounded == 0) rounded = ALIGNMENT;
  if (arena->limit && (arena->used > arena->limit || rounded > arena->limit - arena->used))
    return NULL;
  FsaArenaBlock *block = arena->head;
  if (!block || block->size - block->used < rounded) {
    block = block_add(arena, rounded);
    if (!block) return NULL;
  }
  void *memory = block_memory(block) + block->used;
  block->used += rounded;
  arena->used += rounded;
  return memory;
}

void *fsa_arena_zero(FsaArena *arena, size_t count, size_t size) {
  if (size && count > SIZE_MAX / size) return NULL;
  void *memory = fsa_arena_alloc(arena, count * size);
  if (memory) memset(memory, 0, count * size);
  return memory;
}

char *fsa_arena_copy(FsaArena *arena, const void *data, size_t size) {
  if (size == SIZE_MAX) return NULL;
  char *copy = fsa_arena_alloc(arena, size + 1);
  if (!copy) return NULL;
  if (size) memcpy(copy, data, size);
  copy[size] = '\0';
  return copy;
}

char *fsa_arena_vprintf(FsaArena *arena, const char *format, va_list arguments) {
  char small[256]; /* most texts fit: they are formatted once */
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(small, sizeof small, format, arguments);
  char *text = length < 0 ? NULL : fsa_arena_alloc(arena, (size_t)length + 1);
  if (text && (size_t)length < sizeof small)
    memcpy(text, small, (size_t)length + 1);
  else if (text)
    vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

char *fsa_arena_printf(FsaArena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *text = fsa_arena_vprintf(arena, format, arguments);
  va_end(arguments);
  return text;
}

/* Grows in place when `data` is the newest allocation of the newest block. */
static void *grow_in_place(FsaArena *arena, void *data, size_t old_rounded, size_t new_size) {
  FsaArenaBlock *block = arena->head;
  if (!block || !data || old_rounded > block->used) return NULL;
  if (block_memory(block) + block->used - old_rounded != (uint8_t *)data) return NULL;
  size_t rounded = (new_size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (rounded <= old_rounded) return data;
  size_t more = rounded - old_rounded;
  if (block->size - block->used < more) return NULL;
  if (arena->limit && more > arena->limit - arena->used) return NULL;
  block->used += more;
  arena->used += more;
  return data;
}

void *fsa_arena_grow(FsaArena *arena, void *data, size_t old_size, size_t new_size) {
  if (new_size > SIZE_MAX / 2) return NULL;
  size_t old_rounded = (old_size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (old_rounded == 0) old_rounded = ALIGNMENT;
  void *grown = grow_in_place(arena, data, old_rounded, new_size);
  if (grown) return grown;
  grown = fsa_arena_alloc(arena, new_size);
  if (grown && data && old_size) memcpy(grown, data, old_size < new_size ? old_size : new_size);
  return grown;
}

static void free_behind(FsaArena *arena, FsaArenaBlock *block) {
  while (block) {
    FsaArenaBlock *next = block->next;
    arena->held -= block->size;
    free(block);
    block = next;
  }
}

void fsa_arena_clear(FsaArena *arena) {
  arena->used = 0;
  FsaArenaBlock *block = arena->head;
  if (!block) return;
  if (block->size > LARGEST_BLOCK) { /* one huge row must not be held for the rest of the scan */
    fsa_arena_done(arena);
    return;
  }
  free_behind(arena, block->next);
  block->next = NULL;
  block->used = 0;
}

void fsa_arena_done(FsaArena *arena) {
  free_behind(arena, arena->head);
  arena->head = NULL;
  arena->used = 0;
  arena->held = 0;
}
