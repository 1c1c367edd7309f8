/*
 * An arena: memory that is given out piece by piece and taken back at once.
 *
 * Not thread safe: one arena belongs to one thread at a time. Memory is not zeroed unless said so.
 */
#ifndef FSA_BASE_ARENA_H
#define FSA_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/printf.h"

typedef struct FsaArenaBlock FsaArenaBlock;

typedef struct FsaArena {
  FsaArenaBlock *head; /* the block that is filled now, older ones behind it */
  size_t used;         /* bytes given out since the last clear */
  size_t limit;        /* ceiling of `used`, bytes; 0 = none */
  size_t held;         /* bytes held from the system */
} FsaArena;

/* An empty arena with a ceiling in bytes (0: none). Allocates nothing. */
FsaArena fsa_arena(size_t limit);

/*
 * `size` bytes, aligned for any type; NULL when memory or the ceiling ran out. A size of 0 gives a
 * unique pointer.
 */
void *fsa_arena_alloc(FsaArena *arena, size_t size) __attribute__((malloc, warn_unused_result));

/*
 * `count` elements of `size` bytes, zeroed; NULL on overflow or when memory or the ceiling ran out.
 */
void *fsa_arena_zero(FsaArena *arena, size_t count, size_t size)
    __attribute__((malloc, warn_unused_result));

/* A copy of `size` bytes with a NUL behind them; NULL when memory ran out. */
char *fsa_arena_copy(FsaArena *arena, const void *data, size_t size)
    __attribute__((malloc, warn_unused_result));

/* printf into the arena; NUL-terminated; NULL when memory ran out. */
char *fsa_arena_printf(FsaArena *arena, const char *format, ...) FSA_PRINTF(2, 3)
    __attribute__((warn_unused_result));
char *fsa_arena_vprintf(FsaArena *arena, const char *format, va_list arguments) FSA_PRINTF(2, 0)
    __attribute__((warn_unused_result));

/*
 * The last allocation `data` of `old_size` bytes made `new_size` bytes long: in place where it is
 * the newest one and fits, else copied. NULL when memory ran out; `data` is then still good.
 */
void *fsa_arena_grow(FsaArena *arena, void *data, size_t old_size, size_t new_size)
    __attribute__((warn_unused_result));

/* Takes everything back but keeps one block for reuse. */
void fsa_arena_clear(FsaArena *arena);

/* Takes everything back and gives it to the system. Accepts an arena that was only declared {0}. */
void fsa_arena_done(FsaArena *arena);

#endif
