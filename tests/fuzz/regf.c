/*
 * Registry hives and their logs. An input is a primary file, its size in the first four bytes
 * (little-endian), and behind it up to two logs of equal size.
 */
#include <stdlib.h>

#include "formats/regf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sink; /* keeps the reads */

static void ignore_problem(void *context, int code, uint64_t offset, const char *message) {
  (void)context;
  sink += (uint64_t)code + offset + (uint64_t)message[0];
}

static void read_text(FsaText text) {
  if (!fsa_text_is_valid(text.data, text.size)) abort();
}

static void read_values(FsaRegfValue *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    read_text(values[i].name);
    if (values[i].data.size < values[i].data_size && !values[i].is_partial) abort();
    for (size_t at = 0; at < values[i].data.size; at++) sink += values[i].data.data[at];
  }
}

static void read_key(FsaRegf *regf, FsaRegfKey key, FsaArena *arena) {
  FsaRegfKeyInfo info;
  FsaRegfValue *values;
  size_t count;
  if (fsa_regf_key_info(regf, key, arena, &info) != FSA_OK) abort();
  read_text(info.name);
  for (size_t at = 0; at < info.security.size; at++) sink += info.security.data[at];
  if (fsa_regf_values(regf, key, arena, ignore_problem, NULL, &values, &count) == FSA_OK)
    read_values(values, count);
  if (fsa_regf_deleted_values(regf, key, arena, &values, &count) == FSA_OK)
    read_values(values, count);
}

/* A key that is listed must also be found - under its own name the first one of that name is. */
static void find_again(FsaRegf *regf, FsaRegfKey parent, FsaRegfKey key, FsaArena *arena) {
  FsaRegfKeyInfo info;
  FsaRegfKey found;
  if (fsa_regf_key_info(regf, key, arena, &info) != FSA_OK) abort();
  if (fsa_regf_find(regf, parent, info.name.data, info.name.size, &found) != FSA_OK) abort();
}

/* Walks with an own stack; a hive cannot give more keys than it has bytes. */
static void read_tree(FsaRegf *regf, size_t size) {
  FsaArena arena = fsa_arena(0);
  FsaRegfKey *stack = malloc((size + 1) * sizeof *stack), *keys;
  size_t depth = 0, count, seen = 0;
  if (stack && fsa_regf_root(regf)) stack[depth++] = fsa_regf_root(regf);
  while (depth) {
    FsaRegfKey key = stack[--depth];
    fsa_arena_clear(&arena);
    if (++seen > size) abort();
    read_key(regf, key, &arena);
    if (fsa_regf_subkeys(regf, key, &arena, ignore_problem, NULL, &keys, &count) != FSA_OK)
      continue;
    for (size_t i = 0; i < count; i++) {
      if (i < 16) find_again(regf, key, keys[i], &arena);
      if (depth < size) stack[depth++] = keys[i];
    }
  }
  free(stack);
  fsa_arena_done(&arena);
}

static void read_deleted(FsaRegf *regf) {
  FsaArena arena = fsa_arena(0);
  const FsaRegfKey *keys;
  size_t count, below;
  const FsaRegfKey *subkeys;
  if (fsa_regf_deleted_keys(regf, &keys, &count) == FSA_OK)
    for (size_t i = 0; i < count; i++) {
      fsa_arena_clear(&arena);
      read_key(regf, keys[i], &arena);
      if (fsa_regf_deleted_subkeys(regf, keys[i], &subkeys, &below) != FSA_OK) abort();
    }
  fsa_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4) return 0;
  FsaBytes input = fsa_bytes(data, size);
  size_t primary_size = fsa_u32(&input, 0), rest = size - 4;
  if (primary_size > rest) primary_size = rest;
  size_t log_size = (rest - primary_size) / 2;
  FsaBytes primary = fsa_slice(&input, 4, primary_size);
  FsaBytes logs[2] = {fsa_slice(&input, 4 + primary_size, log_size),
                      fsa_slice(&input, 4 + primary_size + log_size, log_size)};
  FsaRegf *regf;
  if (fsa_regf_open(primary, logs, 2, ignore_problem, NULL, &regf) != FSA_OK) return 0;
  read_tree(regf, size + 1);
  read_deleted(regf);
  fsa_regf_close(regf);
  return 0;
}
